"""The rows of a worklist that came back, from a workbook or a text file, whatever was done to it on the way.

Rows and columns may have moved or be gone, anything may stand above the headings, and headings may come again further down.
Belongs here: rows with their places and cells by heading. Does not belong here: what they decide (`judging`).
"""

import hashlib
import io
import re
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import date

from ingest.cells import clean
from ingest.errors import RefusedExtract
from ingest.filled_in import columns
from ingest.national_ids import holds_national_id, identifies, redact
from ingest.sources import delimited, excel
from ingest.sources.file_kinds import BYTE_ORDER_MARKS

_ZIP = b"PK\x03\x04"
_DELIMITERS = ";\t,|"
_FORMULA_QUOTE = re.compile(r"^'(?=[=+\-@])")  # what the worklist puts before a text that would be a formula
_TEXTS = re.compile(r">([^<>]+)<")
_ATTRIBUTES = re.compile(r'="([^"]+)"')
_NAMES_THINGS = "xl/workbook.xml"
NO_CASES = "no column of cases"  # the problem of a file in which no row can be told from another


@dataclass(frozen=True)
class Place:
    """Where a row stands: the file, by its name and the digest of its content; the sheet (of a workbook); the line."""

    file: str
    sheet: str | None
    line: int
    content: str = ""

    def __str__(self) -> str:
        return f"ark «{self.sheet}», rad {self.line}" if self.sheet else f"linje {self.line}"


@dataclass(frozen=True)
class FilledRow:
    """One row below the headings: the cells that `columns` names, cleaned; '' where nothing stands.

    `written_twice`: headings that stand twice, with different cells in this row. `without_result`: whether a cell of the row
    holds a formula that was never calculated. `is_old`: of a worklist of an earlier version. `made_on`: the day of the worklist,
    where its headings say it.
    """

    place: Place
    cells: dict[str, str]
    written_twice: tuple[str, ...] = ()
    without_result: bool = False
    holds_national_id: bool = False
    is_old: bool = False
    is_from_1904: bool = False
    made_on: date | None = None

    def __getitem__(self, heading: str) -> str:
        return self.cells.get(heading, "")


@dataclass(frozen=True)
class FilledFile:
    """A file that was read. `holds_national_id`: anywhere in it, its name too; `without_key`: sheets that have columns to fill
    in, and cells in them, but none that says which row is whose."""

    name: str
    content: str
    rows: list[FilledRow]
    holds_national_id: bool
    without_key: list[str] = field(default_factory=list)


def read(name: str, content: bytes) -> FilledFile:
    """The rows of a file. Raises RefusedExtract when it is no workbook or text file of columns, or none with rows to know."""
    sheets = _workbook(name, content) if content.startswith(_ZIP) else [_text(name, content)]
    shown, digest = redact(name), hashlib.sha256(content).hexdigest()
    rows, without_key, has_key = [], [], False
    for sheet in sheets:
        table = _Table(shown, digest, sheet)
        rows += table.rows
        has_key = has_key or table.has_key
        without_key += [redact(sheet.name) or shown] if table.lacks_key else []
    if not has_key:
        raise RefusedExtract(NO_CASES, file=shown)
    found = holds_national_id(name) or any(_holds_national_id(text) for text in _all_texts(sheets, content))
    return FilledFile(shown, digest, rows, found, without_key)


class _Table:
    """What is known of a sheet."""

    def __init__(self, file: str, content: str, sheet: excel.Sheet):
        self.rows: list[FilledRow] = []
        self.has_key = self.lacks_key = False
        self._keyless: set[int] = set()
        headings: dict[int, str] = {}
        is_old, made_on = False, None
        for line, cells in enumerate(sheet.rows, start=1):
            found = {n: known for n, cell in enumerate(cells) if cell and (known := columns.known(cell))}
            keys, filled_in = _split(found.values())
            self.has_key = self.has_key or bool(keys)
            if keys and filled_in:
                headings = found
                is_old = any(columns.bare(c or "") == columns.OLD_UNTIL.lower() for c in cells)
                made_on = columns.made_on(cells)
            elif len(filled_in) > 1 and not headings:
                self._keyless = {n for n, h in found.items() if h in columns.FILLED_IN and h not in columns.HANDLING}
            elif headings:
                place = Place(file, redact(sheet.name) or None, line, content)
                without_result = bool(sheet.without_results.get(line))
                if any(cells) or without_result:
                    row = _row(place, headings, cells, sheet, without_result=without_result, is_old=is_old)
                    self.rows.append(replace(row, made_on=made_on))
            elif any(cells[n] for n in self._keyless if n < len(cells)):
                self.lacks_key = True


def _split(headings: Iterable[str]) -> tuple[set[str], set[str]]:
    found = set(headings)
    return found & {columns.CASE, columns.PERSON}, found & set(columns.FILLED_IN)


def _row(
    place: Place, headings: dict[int, str], cells: list[str | None], sheet: excel.Sheet, *, without_result: bool, is_old: bool
) -> FilledRow:
    values: dict[str, list[str]] = {}
    for n, heading in headings.items():
        text = _FORMULA_QUOTE.sub("", clean(cells[n] or "")) if n < len(cells) else ""
        values.setdefault(heading, [])
        if text and text not in values[heading]:
            values[heading].append(text)
    return FilledRow(
        place, {heading: (texts or [""])[0] for heading, texts in values.items()},
        tuple(heading for heading, texts in values.items() if len(texts) > 1), without_result,
        any(_holds_national_id(c) for c in cells if c), is_old, sheet.is_from_1904)


def _holds_national_id(text: str) -> bool:
    """Whether a text holds one, or is what Excel makes of one that begins with a zero."""
    return holds_national_id(text) or (re.fullmatch("[0-9]{10}", text) is not None and identifies(f"0{text}"))


def _workbook(name: str, content: bytes) -> list[excel.Sheet]:
    return excel.all_sheets(name, io.BytesIO(content))


def _text(name: str, content: bytes) -> excel.Sheet:
    """A text file as a sheet, in whatever encoding and with whatever delimiter it was saved. Raises RefusedExtract."""
    delimited.whole(name, io.BytesIO(content))  # refuses what is no text
    text = _decoded(name, content)
    for delimiter in _DELIMITERS:
        try:
            records = dict(delimited.records(text, delimiter))
        except delimited.UnreadableRecord as error:
            raise RefusedExtract("quotes are not closed", file=name, line=error.line) from None
        if any(all(_split([k for c in cells if (k := columns.known(c))])) for cells in records.values()):
            width = max(map(len, records.values()))
            for line, cells in records.items():
                if any(delimited.holds_rows(cell, width, delimiter) for cell in cells):
                    raise RefusedExtract("a quote swallows whole rows", file=name, line=line)
            return excel.Sheet("", [[*records.get(n, [])] for n in range(1, max(records) + 1)], {})
    raise RefusedExtract(NO_CASES, file=name)


def _decoded(name: str, content: bytes) -> bytes:
    """In UTF-8. A file without a byte order mark is in UTF-8, in UTF-16 or, as Excel saves CSV, in Windows-1252."""
    is_marked = content.startswith(tuple(BYTE_ORDER_MARKS))
    encoding = "utf-8" if is_marked else delimited.utf16_without_mark(content) or "utf-8"
    try:
        decoded = delimited.Delimited(encoding, ";").to_utf8(name, content)
    except RefusedExtract:
        if is_marked or encoding != "utf-8":
            raise
        decoded = content.decode("cp1252", errors="replace").encode()
    return _without_hint(decoded)


def _without_hint(text: bytes) -> bytes:
    """With an empty line in place of Excel's `sep=;`, so that lines keep their numbers."""
    first, end, rest = text.partition(b"\n")
    return end + rest if re.fullmatch(rb'"?sep=.[",;\t ]*\r?', first, re.IGNORECASE) else text


def _all_texts(sheets: list[excel.Sheet], content: bytes) -> Iterator[str]:
    """Every text in a file: cells, names of sheets, and in a workbook comments and all that is no cell."""
    for sheet in sheets:
        yield sheet.name
        yield from (cell for row in sheet.rows for cell in row if cell)
    if not content.startswith(_ZIP):
        return
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        for part in archive.namelist():
            yield part
            if part.endswith((".xml", ".vml", ".rels")):
                text = archive.read(part).decode("utf-8", "replace")
                yield from _TEXTS.findall(text)
                if part == _NAMES_THINGS:
                    yield from _ATTRIBUTES.findall(text)
