"""Dates as sources write them (contract#canonical-form): read here alone, for validation and for adapters that compute with days.

Belongs here: what text is which calendar day. Does not belong here: what a date means for a position (the models).
"""

import re
from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime, time, timedelta, timezone
from zoneinfo import ZoneInfo

from ingest.cells import clean

OSLO = ZoneInfo("Europe/Oslo")
# A date beyond these says that there is none.
FIRST_DAY, LAST_DAY = date(1901, 1, 1), date(2090, 12, 31)

_OFFSET = r"(?P<offset>Z|[+-][0-9]{2}(?::?[0-9]{2})?)"
_TIME = rf"(?P<time>[0-9]{{2}}:[0-9]{{2}}(?::[0-9]{{2}}(?:[.,][0-9]+)?)?)(?: ?{_OFFSET})?"
_YEAR_FIRST = r"(?P<y>[0-9]{4})-(?P<m>[0-9]{1,2})-(?P<d>[0-9]{1,2})"
_DAY_FIRST = r"(?P<d>[0-9]{1,2})\.(?P<m>[0-9]{1,2})\.(?P<y>[0-9]{4})"
# XML's dates may have an offset without a time.
_WRITTEN = [re.compile(rf"{day}(?:[T ]{_TIME}|{_OFFSET.replace('offset', 'zone')})?") for day in (_YEAR_FIRST, _DAY_FIRST)]
_WITH_TIME = re.compile(rf"(?P<day>.+?)(?:[T ]{_TIME})?")
_LATE = time(23, 59)
# What people write: the parts of a day with anything usual between them, a word before it and a time after it.
_MONTHS = {name: number for names in (
    ("januar", "februar", "mars", "april", "mai", "juni", "juli", "august", "september", "oktober", "november", "desember"),
    ("january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november", "december"))
    for number, name in enumerate(names, start=1)}
_AROUND = re.compile(r"^(?:(?:man|tirs|ons|tors|fre|lør|søn)dag,?|til og med|t\.?o\.?m\.?|til|innen)\s+(?:den\s+)?")
_CLOCK = re.compile(
    r"(?:[ t,]|\bkl\b)+[0-9]{1,2}[:.][0-9]{2}(?:[:.][0-9]{2}(?:[.,][0-9]+)?)?(?: ?(?:z|[ap]m|[+-][0-9]{2}:?[0-9]{2}))?$"
    r"|,? kl\.? ?[0-9]{1,2}(?:[:.][0-9]{2})?$")
_BETWEEN = r"(?: ?[./-] ?| )"
_BY_HAND = [re.compile(form) for form in (
    rf"(?P<d>[0-9]{{1,2}}){_BETWEEN}(?P<m>[0-9]{{1,2}}){_BETWEEN}(?P<y>[0-9]{{2}}|[0-9]{{4}})",
    r"(?P<d>[0-9]{1,2})[./ -]*(?P<m>[a-z]{3,9})[./ -]*(?P<y>[0-9]{2}|[0-9]{4})",
    rf"(?P<y>[0-9]{{4}}){_BETWEEN}(?P<m>[0-9]{{1,2}}){_BETWEEN}(?P<d>[0-9]{{1,2}})",
    r"(?P<d>[0-9]{2})(?P<m>[0-9]{2})(?P<y>20[0-9]{2})", r"(?P<y>20[0-9]{2})(?P<m>0[1-9]|1[0-2])(?P<d>[0-9]{2})")]
_SERIAL = re.compile(r"([0-9]{5})(?:[.,][0-9]+)?")
_DAY_0, _DAY_0_OF_1904 = date(1899, 12, 30), date(1904, 1, 1)
_SERIALS = range(34_000, 70_000)  # from 1993 to 2091
_STARTS_WITHIN_YEARS = 10


def read_day(written: str, date_format: str | None = None, *, start_seen_on: date | None = None) -> date | None:
    """The calendar day that a cleaned text says; None when it cannot be read.

    `date_format`: read too, as strptime does; `start_seen_on`: of a start, the day of the extract that holds it, which tells the
    century of a year written with two digits (`_in_its_century`). A moment with an offset is its day in Oslo, but from 23:59 on
    as written: that is a way to say "the whole day".
    """
    for form in _WRITTEN:
        if found := form.fullmatch(written):
            try:
                day = date(int(found["y"]), int(found["m"]), int(found["d"]))
                return _day_in_oslo(day, found["time"], found["offset"])
            except ValueError:
                return None
    day = _read_other(written, date_format.replace("%-", "%")) if date_format else None
    return _in_its_century(day, start_seen_on) if day and date_format and "%y" in date_format else day


def read_by_hand(text: str, *, is_from_1904: bool = False) -> date | None:
    """The calendar day that somebody wrote into a cell, in any way that is usual in Norway; None when it cannot be read, or could
    be another day. Day before month, always: 05/06/2026 is in June.

    Read are all that `read_day` reads, any of `. / -` and spaces between the parts, years of two digits, names of months, eight
    digits, a weekday or "til" before and a time after it, and the number by which Excel knows a day.
    """
    written = _AROUND.sub("", clean(text).lower()).rstrip(" .")
    if day := read_day(written.upper()):
        return day
    written = _CLOCK.sub("", written).rstrip(" .")
    if number := _SERIAL.fullmatch(written):
        days = int(number[1])
        return (_DAY_0_OF_1904 if is_from_1904 else _DAY_0) + timedelta(days=days) if days in _SERIALS else None
    for form in _BY_HAND:
        if found := form.fullmatch(written):
            try:
                return date(int(found["y"]) + (2000 if len(found["y"]) == 2 else 0), _month(found["m"]), int(found["d"]))
            except ValueError:
                return None
    return None


def _month(written: str) -> int:
    """The number of a month, or 0."""
    if written.isdigit():
        return int(written)
    names = (number for name, number in _MONTHS.items() if name.startswith(written) or written == f"{name[:3]}t")
    return next(names, 0)


def is_no_day(day: date) -> bool:
    """Whether a day is a placeholder for no date."""
    return not FIRST_DAY <= day <= LAST_DAY


def day_text(written: str | None, date_format: str | None = None, *, start_seen_on: date | None = None) -> str | None:
    """The day as YYYY-MM-DD, for adapters that put it into an id or compute with it; what cannot be read, as it is written."""
    day = read_day(clean(written), date_format, start_seen_on=start_seen_on) if written else None
    return day.isoformat() if day else written


def earliest(*written: str | None) -> str | None:
    """The earliest of some days as YYYY-MM-DD, empty ones and placeholders aside; one that cannot be read comes as it is written,
    so that its row is rejected."""
    return _choose(min, written)


def latest(*written: str | None) -> str | None:
    """The latest of some days, as `earliest`."""
    return _choose(max, written)


def _choose(choose: Callable[[list[date]], date], written: Iterable[str | None]) -> str | None:
    days: list[date] = []
    for text in filter(None, (clean(w) for w in written if w)):
        day = read_day(text)
        if day is None:
            return text
        if not is_no_day(day):
            days.append(day)
    return choose(days).isoformat() if days else None


def _in_its_century(day: date, start_seen_on: date | None) -> date:
    """The day that a year of two digits says, which Python takes for one from 1969 to 2068 (contract#two-digit-years).

    Nobody starts more than ten years after the day of the extract: such a start lies a century earlier. An end may lie as far
    ahead as 2068. The last day of the year 99 is no end: like 31.12.2099, it says that there is none.
    """
    if start_seen_on is None:
        return day.replace(year=2099) if (day.year, day.month, day.day) == (1999, 12, 31) else day
    seen = start_seen_on.year + _STARTS_WITHIN_YEARS, start_seen_on.month, start_seen_on.day
    return day.replace(year=day.year - 100) if (day.year, day.month, day.day) > seen else day


def _read_other(written: str, date_format: str) -> date | None:
    try:
        moment = datetime.strptime(written, date_format)
        offset = moment.strftime("%z") or None
        return _day_in_oslo(moment.date(), f"{moment:%H:%M:%S}", offset and offset[:5])
    except ValueError:
        pass
    found = _WITH_TIME.fullmatch(written)
    if not found or not found["time"]:
        return None
    try:
        return _day_in_oslo(datetime.strptime(found["day"], date_format).date(), found["time"], found["offset"])
    except ValueError:
        return None


def _day_in_oslo(day: date, at: str | None, offset: str | None) -> date:
    """Raises ValueError for a time or an offset that does not exist."""
    if at is None:
        return day
    hour, minute, second = (*(int(part) for part in at[:8].split(":")), 0)[:3]
    moment = time(hour, minute, second)
    if offset is None:
        return day
    there = UTC if offset == "Z" else timezone(_distance(offset))
    if moment >= _LATE:
        return day
    try:
        return datetime.combine(day, moment, there).astimezone(OSLO).date()
    except OverflowError:  # in the first or the last year of all
        return day


def _distance(offset: str) -> timedelta:
    minutes = int(offset[-2:]) if len(offset) > 3 else 0
    if minutes > 59:
        raise ValueError("no such offset")
    distance = timedelta(hours=int(offset[1:3]), minutes=minutes)
    return -distance if offset[0] == "-" else distance
