"""Decisions that somebody filled into a list in Excel and saved as CSV: one row a case; a row with a date is an exception.

Belongs here: reading such a file. Does not belong here: recording decisions (`decisions`), looking up cases (`publish.cases`).
"""

import csv
import io
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

from ingest.errors import IngestError

CASE, UNTIL, REASON, BY = "Sak", "Unntak til", "Begrunnelse", "Besluttet av"


@dataclass(frozen=True)
class FilledIn:
    """One filled-in row: the case's number, the last day, why, and who answers for it; its line in the file."""

    line: int
    case: str
    until: date
    reason: str
    by: str


def read(file: Path) -> list[FilledIn]:
    """The rows with a date under «Unntak til». Semicolon, comma or tab; UTF-8 or Windows-1252; dates dd.mm.yyyy or ISO.

    Raises IngestError that names each line and column to mend; then none of the file counts.
    """
    raw = file.read_bytes()
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = raw.decode("cp1252", errors="replace")
    heading = text.split("\n", 1)[0]
    delimiter = max(";,\t", key=heading.count)
    rows = csv.DictReader(io.StringIO(text, newline=""), delimiter=delimiter)
    missing = [c for c in (CASE, UNTIL, REASON, BY) if c not in (rows.fieldnames or [])]
    if missing:
        raise IngestError(f"{file.name}, line 1: the columns {', '.join(missing)} are missing; use the CSV beside the worklist")
    filled_in, wrong = [], []
    for row in rows:
        cells = {c: (row[c] or "").strip().lstrip("'") for c in (CASE, UNTIL, REASON, BY)}
        if not cells[UNTIL]:
            continue
        until = _day(cells[UNTIL])
        if until is None:
            wrong.append(f"line {rows.line_num}, {UNTIL}: expected a date such as 31.12.2026")
        wrong += [f"line {rows.line_num}, {c}: is empty" for c in (CASE, REASON, BY) if not cells[c]]
        if until:
            filled_in.append(FilledIn(rows.line_num, cells[CASE], until, cells[REASON], cells[BY]))
    if wrong:
        raise IngestError(f"{file.name}: nothing was taken in. " + "; ".join(wrong))
    return filled_in


def _day(text: str) -> date | None:
    for form in ("%d.%m.%Y", "%Y-%m-%d"):
        try:
            return datetime.strptime(text, form).date()
        except ValueError:
            continue
    return None
