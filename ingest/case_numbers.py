"""Numbers of cases, `S-` and eight hexadecimal digits, as people and spreadsheets write them.

Belongs here: reading a number that somebody wrote. Does not belong here: which number a case has (SQL in `dbt_project`).
"""

import re

# Until version 0.2 a number had no `S-`, and spreadsheets took some for numbers: leading zeros may be gone.
_NUMBER = re.compile(r"(?:S[-\s\u2010-\u2015\u2212]*)?([0-9A-F]{8})", re.IGNORECASE)
_OLD = re.compile(r"[0-9A-F]{8}")
_LOST_ZEROS = re.compile(r"[0-9]{1,7}")


def case_number(text: str) -> str | None:
    """The number of a case as the marts have it, from one that somebody wrote; None when it is none."""
    written = text.strip().lstrip("'")
    if _LOST_ZEROS.fullmatch(written):
        written = written.zfill(8)
    found = _NUMBER.fullmatch(written)
    return f"S-{found[1].upper()}" if found else None


def current_number(number: str) -> str:
    """A number that was recorded, as it is written now; those of earlier versions lack `S-`."""
    return f"S-{number}" if _OLD.fullmatch(number) else number
