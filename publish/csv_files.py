"""CSV files that a Norwegian Excel reads: semicolons, UTF-8 with BOM, dates as dd.mm.yyyy, and no cell that is a formula.

Belongs here: how a value becomes a cell. Does not belong here: which columns there are.
"""

import csv
from collections.abc import Iterable, Sequence
from datetime import date
from io import StringIO
from typing import Any

from publish.labels import norwegian


def csv_bytes(headings: Sequence[str], lines: Iterable[Sequence[Any]]) -> bytes:
    """A whole file: the headings, then the lines."""
    written = StringIO(newline="")
    writer = csv.writer(written, delimiter=";")
    writer.writerow(headings)
    writer.writerows([cell(value) for value in line] for line in lines)
    return written.getvalue().encode("utf-8-sig")


def cell(value: Any) -> str:
    """The text of a cell. One that would start a formula in Excel gets a leading quote."""
    if value is None:
        return ""
    text = norwegian(value) if isinstance(value, date) else str(value)
    return f"'{text}" if text[:1] in ("=", "+", "-", "@", "\t", "\r") else text
