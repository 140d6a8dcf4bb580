"""Excel workbooks: the cells of one sheet as text, whatever the sheet says of its size.

Belongs here: cells, and the limits of a workbook. Does not belong here: what a column means (the adapters).
"""

import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, BinaryIO

import pyarrow as pa

from ingest.cells import clean
from ingest.errors import RefusedExtract
from ingest.sources.delimited import is_footer, refuse_twice, the_one
from ingest.sources.file_drop import is_bomb
from ingest.sources.file_kinds import LOOKED_AT, refuse_no_workbook, refuse_no_workbook_inside

EXCEL = (".xlsx", ".xlsm", ".xls", ".xlsb")  # the last two are refused with what to do
_MAX_COLUMNS, _MAX_ROWS, _MAX_CELLS = 500, 1 << 20, 20_000_000


@dataclass(frozen=True)
class SheetTable:
    """The table on a sheet: its headings, cleaned, the line on which they stand, and the rows below them that hold anything, by
    line. `footers`: how many rows at the end are passed over (`delimited.is_footer`)."""

    heading: list[str]
    line: int
    rows: dict[int, list[str | None]]
    footers: int

    def data(self) -> pa.Table:
        """The rows as text columns."""
        return pa.table({h: pa.array([row[i] if i < len(row) else None for row in self.rows.values()], pa.string())
                         for i, h in enumerate(self.heading) if h})

    def lines_of(self, rows: Sequence[int]) -> list[int]:
        """The lines of rows numbered from 0."""
        lines = list(self.rows)
        return [lines[row] for row in rows]


def sheet_table(file: str, stream: BinaryIO, sheet: str | None, skip_rows: int) -> SheetTable:
    """The table on one sheet, or the first, below some title rows. Raises RefusedExtract."""
    filled = {line: row for line, row in enumerate(sheet_rows(file, stream, sheet), start=1) if line > skip_rows and any(row)}
    if not filled:
        raise RefusedExtract("the sheet is empty, not even a heading", file=file, remedy="Export it again, or set `sheet`")
    line = next(iter(filled))
    heading = [clean(h or "") for h in filled.pop(line)]
    refuse_twice(heading, file, line)
    footers = 0
    while filled and is_footer([c or "" for c in filled[max(filled)]]):
        del filled[max(filled)]
        footers += 1
    return SheetTable(heading, line, filled, footers)


def sheet_rows(file: str, stream: BinaryIO, sheet: str | None) -> list[list[str | None]]:
    """The cells of one sheet as text. Raises RefusedExtract when it is no workbook, or beyond the limits."""
    import openpyxl

    refuse_no_workbook(file, stream.read(LOOKED_AT))
    stream.seek(0)
    try:
        with zipfile.ZipFile(stream) as archive:
            if is_bomb(archive):
                raise RefusedExtract("the workbook unpacks to more than any export holds", file=file, remedy="Export it again")
            refuse_no_workbook_inside(file, archive)
        book = openpyxl.load_workbook(stream, read_only=True, data_only=True, keep_links=False)
        try:
            return _cells(file, book, sheet)
        finally:
            book.close()
    except RefusedExtract:
        raise
    except Exception:  # openpyxl raises many types, and their texts may hold cells
        raise RefusedExtract("the file is no Excel workbook, or a broken one", file=file,
                             remedy="Export it again, as .xlsx or CSV") from None


def _cells(file: str, book: Any, sheet: str | None) -> list[list[str | None]]:
    name = book.worksheets[0].title if sheet is None else the_one(
        clean(sheet), [clean(n) for n in book.sheetnames], book.sheetnames, file=file, what="sheets")
    if name is None:
        raise RefusedExtract("there is no sheet of that name", file=file, column=sheet, remedy="Correct `sheet`")
    rows: list[list[str | None]] = []
    cells = 0
    book[name].reset_dimensions()  # a sheet may state a size that is not its own, and openpyxl would believe it
    # A row or cell may have any number, and openpyxl yields all before it as empty.
    for row in book[name].iter_rows(values_only=True, max_col=_MAX_COLUMNS):
        width = len(row) if row.count(None) < len(row) else 0  # fast, for a gap of millions of rows
        while width and row[width - 1] is None:
            width -= 1
        rows.append([_cell(c) for c in row[:width]])
        cells += width
        if len(rows) > _MAX_ROWS or cells > _MAX_CELLS:
            raise RefusedExtract("the sheet has more cells than any export holds", file=file, remedy="Export it again")
    while rows and not rows[-1]:
        rows.pop()
    return rows


def _cell(value: Any) -> str | None:
    match value:
        case None:
            return None
        case bool():
            return str(value).lower()
        case datetime() | date():
            return value.isoformat()[:10]
        case float() if value.is_integer():
            return str(int(value))
        case _:
            return str(value).strip() or None
