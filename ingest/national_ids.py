"""National ids in text: finding them, however a person may have written them, and taking them out (contract#national-ids).

Found are eleven digits with valid check digits. They may be divided by spaces, dashes, dots and slashes, be written with the
digits of any script, and stand beside letters or other groups of digits. A group of digits is taken whole or not at all.
Belongs here: what a national id is, in Python and as SQL. Does not belong here: hashing and the key (`identity`).
"""

import re
import unicodedata
from collections.abc import Callable, Iterator

from ingest.cells import FORMAT, SPACE

PLACEHOLDER = "[national id]"

# Weights of the two check digits (Skatteetaten). From 2032 the first check is relaxed: remainders 0 to 3 are
# valid (navikt/fnrvalidator); the second stays strict.
_K1 = (3, 7, 6, 1, 8, 9, 4, 5, 2, 1)
_K2 = (5, 4, 3, 2, 7, 6, 5, 4, 3, 2, 1)
# A day (of a D-number with 40 more) and a month (of an H-number with 40 more, of a synthetic number with 80 more).
_DAY_AND_MONTH = "(?:[04][1-9]|[1256][0-9]|[37][01])(?:[048][1-9]|[159][0-2])"

_DASHES = "\\-\u02d7\u058a\u05be\u1400\u1806\u2010-\u2015\u2043\u207b\u208b\u2212\u2796\u2e17\u2e1a\u2e3a\u2e3b" \
          "\u2e40\u301c\u3030\u30a0\ufe31\ufe32\ufe58\ufe63\uff0d"
_DOTS = ".\u00b7\u0387\u2022\u2024-\u2027\u2219\u22c5\u3002\u30fb\ufe52\uff0e\uff61\uff65"
_SLASHES = "/\\\\\u2044\u2215\u29f8\uff0f\uff3c_\uff3f"
_DIVIDERS = _DASHES + _DOTS + _SLASHES
_MARK = re.compile(rf"[{FORMAT}]")
_DIVIDED = re.compile(rf"\d+(?:(?:[{SPACE}]+|[{_DIVIDERS}]){{1,3}}\d+)*")
_GROUP = re.compile(r"\d+")
# What a keyed hash looks like: digits in it are nobody's number.
_HASH = re.compile(r"[0-9a-f]{64,}")
LEAST_LENGTH = 11  # characters of a text that holds a national id
_ENOUGH = re.compile(rf"(?:\d\D*){{{LEAST_LENGTH}}}")


def has_check_digits(digits: str) -> bool:
    """Whether eleven ASCII digits have valid check digits."""
    numbers = [int(d) for d in digits]
    return (sum(w * n for w, n in zip(_K1, numbers, strict=False)) % 11 <= 3
            and sum(w * n for w, n in zip(_K2, numbers, strict=True)) % 11 == 0)


def identifies(digits: str) -> bool:
    """Whether eleven ASCII digits are a national id that may identify somebody: a day and a month first, valid check digits."""
    return re.match(_DAY_AND_MONTH, digits) is not None and has_check_digits(digits)


def redact(text: str, replacement: Callable[[str], str] = lambda _: PLACEHOLDER) -> str:
    """The text with each national id in it replaced; `replacement` gets its eleven digits."""
    text, found = _search(text)
    for begin, end, digits in reversed(found):
        text = text[:begin] + replacement(digits) + text[end:]
    return text


def found_in(text: str) -> list[str]:
    """The eleven digits of each national id in a text."""
    return [digits for _, _, digits in _search(text)[1]]


def holds_national_id(text: str) -> bool:
    """Whether a text holds a national id, however it is written."""
    return bool(found_in(text))


def _search(text: str) -> tuple[str, list[tuple[int, int, str]]]:
    """The text, if it holds any without characters that cannot be seen beside its digits; (begin, end, eleven digits) of each."""
    if len(text) < LEAST_LENGTH or not _ENOUGH.search(text):
        return text, []
    seen = text if text.isascii() else _without_marks(text)
    hashes = [m.span() for m in _HASH.finditer(seen)] if len(seen) >= 64 else []
    found = [place for run in _DIVIDED.finditer(seen) for place in _in_run(seen, run)
             if not any(begin <= place[0] and place[1] <= end for begin, end in hashes)]
    return (seen, found) if found else (text, [])


def _in_run(text: str, run: re.Match[str]) -> Iterator[tuple[int, int, str]]:
    """The national ids in a run of groups of digits that only dividers part, from the left, none twice."""
    groups = [m.span() for m in _GROUP.finditer(text, *run.span())]
    first = 0
    while first < len(groups):
        count, last = 0, first
        while last < len(groups) and count < LEAST_LENGTH:
            count += groups[last][1] - groups[last][0]
            last += 1
        if count == LEAST_LENGTH:
            begin, end = groups[first][0], groups[last - 1][1]
            digits = "".join(str(int(c)) for c in text[begin:end] if c.isdecimal())
            if has_check_digits(digits):
                yield begin, end, digits
                first = last
                continue
        first += 1


def _without_marks(text: str) -> str:
    """Without format characters, and without the marks on digits and dividers, such as a line below them."""
    kept: list[str] = []
    for c in text:
        if _MARK.match(c) or (kept and unicodedata.category(c)[0] == "M" and not kept[-1].isalpha()):
            continue
        kept.append(c)
    return "".join(kept)


# --- in SQL ----------------------------------------------------------------------------------------------------------


def may_hold_sql(column: str) -> str:
    """False for nearly every cleaned text that holds no national id, true for each that holds one, but for a hash."""
    return (f"(strlen({column}) >= {LEAST_LENGTH} AND "
            f"regexp_matches({column}, '(?:\\p{{Nd}}[{SPACE}{_DIVIDERS}\\p{{M}}]*){{{LEAST_LENGTH - 1}}}\\p{{Nd}}'))")


def undivided_sql(column: str) -> str:
    """The eleven ASCII digits of a cleaned text that holds nothing but these and dividers; null for any other."""
    digits = f"regexp_replace({column}, '[ {_DIVIDERS}]+', '', 'g')"
    return (f"CASE WHEN regexp_full_match({column}, '[0-9]{{{LEAST_LENGTH}}}') THEN {column} "
            f"WHEN regexp_full_match({digits}, '[0-9]{{{LEAST_LENGTH}}}') THEN {digits} END")


def identifies_sql(digits: str) -> str:
    """`identifies`, of a text expression; null for null."""
    def weighted(weights: tuple[int, ...]) -> str:
        # As one number: taking a text apart digit by digit takes three times as long.
        return " + ".join(f"{w} * (TRY_CAST({digits} AS BIGINT) // {10 ** (10 - i)} % 10)" for i, w in enumerate(weights))

    return (f"(regexp_full_match({digits}, '{_DAY_AND_MONTH}[0-9]{{7}}') AND ({weighted(_K1)}) % 11 <= 3 "
            f"AND ({weighted(_K2)}) % 11 = 0)")
