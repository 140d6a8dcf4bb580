"""Excel workbooks: the cells of one sheet as text, whatever the sheet says of its size.

Belongs here: cells, and the limits of a workbook. Does not belong here: what a column means (the adapters).
"""

import re
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from typing import IO, Any, BinaryIO

import pyarrow as pa

from ingest.cells import clean
from ingest.errors import RefusedExtract
from ingest.sources.delimited import is_footer, refuse_twice, the_one
from ingest.sources.file_drop import is_bomb
from ingest.sources.file_kinds import LOOKED_AT, refuse_no_workbook, refuse_no_workbook_inside

EXCEL = (".xlsx", ".xlsm", ".xls", ".xlsb")  # the last two are refused with what to do
_MAX_COLUMNS, _MAX_ROWS, _MAX_CELLS = 500, 1 << 20, 20_000_000
_FORMULA = re.compile(rb"<(?:[\w.-]{1,40}:)?f[\s/>]")  # the begin of one in the XML of a sheet
_LONGEST_TAG = 50  # bytes
_FROM_1904 = 1904


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


@dataclass(frozen=True)
class Sheet:
    """The cells of one sheet as text. `without_results`: by line, the columns in which a formula has no result.
    `is_from_1904`: days are counted from that year, where a cell holds a bare number."""

    name: str
    rows: list[list[str | None]]
    without_results: dict[int, tuple[str, ...]]
    is_from_1904: bool = False

    def unknown_below(self, line: int) -> tuple[int, str] | None:
        """The line and column of the first cell below a line that holds a formula without a result."""
        return min(((n, columns[0]) for n, columns in self.without_results.items() if n > line), default=None)


def sheet_table(file: str, stream: BinaryIO, sheet: str | None, skip_rows: int) -> SheetTable:
    """The table on one sheet, or on the only visible one that holds rows, below some title rows. Raises RefusedExtract."""
    read = read_sheet(file, stream, sheet)
    filled = {line: row for line, row in enumerate(read.rows, start=1) if line > skip_rows and any(row)}
    if not filled:
        raise RefusedExtract("the sheet is empty, not even a heading", file=file, remedy="Export it again, or set `sheet`")
    line = next(iter(filled))
    if unknown := read.unknown_below(line):
        raise RefusedExtract("cells hold formulas without results; the first", file=file, line=unknown[0], column=unknown[1],
                             remedy="Open the workbook in Excel, and save it")
    heading = [clean(h or "") for h in filled.pop(line)]
    refuse_twice(heading, file, line)
    footers = 0
    while filled and is_footer([c or "" for c in filled[max(filled)]]):
        del filled[max(filled)]
        footers += 1
    return SheetTable(heading, line, filled, footers)


def read_sheet(file: str, stream: BinaryIO, sheet: str | None) -> Sheet:
    """One sheet, or the only visible one that holds rows. Raises RefusedExtract."""
    with _book(file, stream) as book:
        return _sheet(file, _only(file, book) if sheet is None else _named(file, book, sheet))


def visible_sheets(file: str, stream: BinaryIO) -> tuple[list[Sheet], int]:
    """The visible sheets that hold rows (none: the first that is visible), and how many sheets there are. Raises
    RefusedExtract."""
    with _book(file, stream) as book:
        return [_sheet(file, s) for s in _candidates(file, book)], len(book.worksheets)


def all_sheets(file: str, stream: BinaryIO) -> list[Sheet]:
    """Every sheet with cells, hidden ones too. Raises RefusedExtract."""
    with _book(file, stream) as book:
        return [_sheet(file, s) for s in book.worksheets]


@contextmanager
def _book(file: str, stream: BinaryIO) -> Iterator[Any]:
    """A workbook, open. Raises RefusedExtract when it is none, or beyond the limits, also for what is read in it."""
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
            for sheet in book.worksheets:
                sheet.reset_dimensions()  # a sheet may state a size that is not its own, and openpyxl would believe it
            yield book
        finally:
            book.close()
    except RefusedExtract:
        raise
    except Exception:  # openpyxl raises many types, and their texts may hold cells
        raise RefusedExtract("the file is no Excel workbook, or a broken one", file=file,
                             remedy="Export it again, as .xlsx or CSV") from None


def _named(file: str, book: Any, name: str) -> Any:
    titles = [s.title for s in book.worksheets]
    title = the_one(clean(name), [clean(t) for t in titles], titles, file=file, what="sheets")
    if title is None:
        raise RefusedExtract("there is no sheet of that name", file=file, column=name, remedy="Correct `sheet`")
    return book[title]


def _only(file: str, book: Any) -> Any:
    found = _candidates(file, book)
    if len(found) > 1:
        raise RefusedExtract(f"{len(found)} sheets hold rows", file=file, remedy="Set `sheet` to the name of the one to read")
    return found[0]


def _candidates(file: str, book: Any) -> list[Any]:
    """The visible sheets that hold rows; the first visible one where none does. A hidden one is read only where it is named."""
    visible = [s for s in book.worksheets if s.sheet_state == "visible"]
    if not visible:
        raise RefusedExtract("no sheet is visible", file=file, remedy="Set `sheet`, or export it again")
    return ([s for s in visible if _holds_rows(s)] if len(visible) > 1 else []) or visible[:1]


def _holds_rows(sheet: Any) -> bool:
    """Whether a sheet holds any cell, or more rows than are looked at."""
    for number, row in enumerate(sheet.iter_rows(values_only=True, max_col=_MAX_COLUMNS)):
        if number > _MAX_ROWS or (row.count(None) < len(row) and any(map(_cell, row))):
            return True
    return False


def _sheet(file: str, sheet: Any) -> Sheet:
    rows: list[list[str | None]] = []
    cells = 0
    # A row or cell may have any number, and openpyxl yields all before it as empty.
    for row in sheet.iter_rows(values_only=True, max_col=_MAX_COLUMNS):
        width = len(row) if row.count(None) < len(row) else 0  # fast, for a gap of millions of rows
        while width and row[width - 1] is None:
            width -= 1
        rows.append([_cell(c) for c in row[:width]])
        cells += width
        if len(rows) > _MAX_ROWS or cells > _MAX_CELLS:
            raise RefusedExtract("the sheet has more cells than any export holds", file=file, remedy="Export it again")
    while rows and not rows[-1]:
        rows.pop()
    return Sheet(sheet.title, rows, _without_results(sheet), sheet.parent.epoch.year == _FROM_1904)


def _without_results(sheet: Any) -> dict[int, tuple[str, ...]]:
    """{line: columns} of the cells with a formula and no result: openpyxl tells them from empty cells only in what its parser
    sees. A result may be an empty text."""
    from openpyxl.utils import get_column_letter
    from openpyxl.worksheet import _reader as openpyxl_reader

    with sheet._get_source() as part:
        if not _holds_formulas(part):
            return {}
    found: dict[int, tuple[str, ...]] = {}

    class Formulas(openpyxl_reader.WorkSheetParser):
        def parse_cell(self, element: Any) -> dict[str, Any]:
            cell: dict[str, Any] = super().parse_cell(element)
            result = element.find(openpyxl_reader.VALUE_TAG)
            is_empty_text = result is not None and element.get("t") == "str"
            if cell["value"] is None and not is_empty_text and element.find(openpyxl_reader.FORMULA_TAG) is not None:
                found[cell["row"]] = (*found.get(cell["row"], ()), get_column_letter(cell["column"]))
            return cell

    with sheet._get_source() as part:
        for _ in Formulas(part, sheet._shared_strings, data_only=True).parse():
            pass
    return found


def _holds_formulas(part: IO[bytes]) -> bool:
    before = b""
    while piece := part.read(LOOKED_AT):
        text = before + piece.replace(b"\0", b"")  # of UTF-16
        if _FORMULA.search(text):
            return True
        before = text[-_LONGEST_TAG:]
    return False


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
