"""Today's date; no other module reads the clock for it."""

import os
from datetime import date, datetime
from zoneinfo import ZoneInfo

TIME_ZONE = "Europe/Oslo"
TODAY_VARIABLE = "SLUTTDATO_TODAY"


class WrongToday(ValueError):
    """SLUTTDATO_TODAY is set, but not to a date."""


def today() -> date:
    """Today in Oslo, or the day that SLUTTDATO_TODAY sets. Raises WrongToday."""
    fixed = os.environ.get(TODAY_VARIABLE)
    if not fixed:
        return datetime.now(ZoneInfo(TIME_ZONE)).date()
    try:
        return date.fromisoformat(fixed)
    except ValueError:
        raise WrongToday(f"{TODAY_VARIABLE}={fixed}: expected a day as YYYY-MM-DD") from None


def day(given: str | None) -> date:
    """The day given as YYYY-MM-DD, or today. Raises ValueError."""
    return date.fromisoformat(given) if given else today()
