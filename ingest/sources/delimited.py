"""Text files of delimited columns, read in memory: encodings, quotes, headings, and on which line something is wrong.

pyarrow parses; Python's slower csv module reads headings, and finds lines for error messages. What stands above the heading or
below the last row, and is plainly no row, is passed over here.
"""

import codecs
import csv
import io
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import IO, Annotated, Any, NoReturn

import pyarrow as pa
import pyarrow.compute
import pyarrow.csv as pa_csv
from pydantic import Field

from ingest.canonical_tables import Table, tables_of
from ingest.cells import clean
from ingest.errors import RefusedExtract
from ingest.sources.base import Note
from ingest.sources.file_kinds import BYTE_ORDER_MARKS, LOOKED_AT, refuse_no_text

# Settings for all tables of a system, or below a table's name for that one.
Columns = Annotated[dict[str, str | dict[str, str]], Field(
    description="Canonical name: heading in the file; for all tables, or below a table's name.")]
Values = Annotated[dict[str, dict[str, str] | dict[str, dict[str, str]]], Field(
    description="Column: {value in the file: canonical value}; for all tables, or below a table's name.")]
DateFormat = Annotated[str | None, Field(
    description="A format of dates, as `%d/%m/%Y`, beside YYYY-MM-DD and dd.mm.yyyy, which are always read.")]

pc: Any = pyarrow.compute  # its functions are made at import, unknown to the type checker
csv.field_size_limit(1 << 24)
_MAX_LINE_BYTES = 4 << 20  # less than the blocks in which pyarrow reads
_PIECE = LOOKED_AT
# A first line by which Excel knows the delimiter.
_SAYS_DELIMITER = re.compile(rb'"?sep=([^\r\n"])"?[;,\t ]*(?:\r\n|\n|\r|$)', re.IGNORECASE)
_LINE_END = re.compile(rb"\r\n|\n|\r")
_LONGEST_FOOTER = 400  # bytes
_FOOTER = re.compile(
    r"(?:(?:totalt |total )?antall(?: \w+)?|(?:totalt|total|totalsum|sum|i alt)(?: antall)?(?: \w+)?|rader|rows|count)"
    r" ?[:=]? ?[0-9][0-9 ]*(?: \w+)?", re.IGNORECASE)
_FOOTER_WORDS = ("sum", "totalt", "total", "totalsum", "i alt")


def known_encoding(value: str) -> str:
    """The encoding of text under its usual name. Raises ValueError when there is none of that name."""
    try:
        b"x".decode(value, "ignore")  # codecs also knows encodings of bytes, such as hex, which this refuses
        return codecs.lookup(value).name
    except LookupError:
        raise ValueError("expected an encoding such as utf-8, windows-1252 or iso-8859-1") from None


def part_for(table: Table, setting: Mapping[str, Any]) -> dict[str, Any]:
    """The part of `columns` or `values` that holds for one table: general entries, then the table's own."""
    tables = {t.name for t in tables_of(table.system)}
    general = {name: value for name, value in setting.items() if name not in tables}
    own = setting.get(table.name)
    return {**general, **(own if isinstance(own, dict) else {})}


def headings_for(table: Table, columns: Mapping[str, Any]) -> dict[str, str]:
    """{canonical name: heading} of the part of `columns` that holds for one table, cleaned as headings in files are."""
    return {name: clean(heading) for name, heading in part_for(table, columns).items() if isinstance(heading, str)}


def whole(file: str, stream: IO[bytes]) -> bytes:
    """The content of a text file. Raises RefusedExtract when it is none, and at the first line longer than 4 MB, without reading
    on."""
    pieces: list[bytes] = []
    line, length = 1, 0
    while piece := stream.read(_PIECE):
        if not pieces:
            refuse_no_text(file, piece)
        last = max(piece.rfind(b"\n"), piece.rfind(b"\r"))
        length = length + len(piece) if last < 0 else len(piece) - last - 1
        line += piece.count(b"\n")
        if length > _MAX_LINE_BYTES:
            raise RefusedExtract("the line is longer than 4 MB", file=file, line=line, remedy="Deliver the file again")
        pieces.append(piece)
    return b"".join(pieces)


def headings_to_tell(headings: Iterable[str]) -> list[str]:
    """Headings that nothing is made of, to tell people: a row of data may have been taken for headings, so that one with digits
    or an address is only counted."""
    headings = list(headings)
    named = [h for h in headings if not re.search(r"[\d@]", h)]
    hidden = len(headings) - len(named)
    return named + ([f"{hidden} with digits or an address in the heading"] if hidden else [])


def refuse_twice(heading: list[str], file: str, line: int) -> None:
    """Raise RefusedExtract when a heading stands twice. It is not repeated: the row may be data, in a file without headings."""
    twice = [str(number) for number, h in enumerate(heading, start=1) if h and heading.count(h) > 1]
    if twice:
        raise RefusedExtract(
            "columns have the same heading, or the file has no row of headings", file=file, line=line,
            column=f"{', '.join(twice[:-1])} and {twice[-1]}", remedy="Deliver it with headings, each of them once")


def the_one(
    wanted: str, names: Sequence[str], among: Sequence[str] | None = None, *, file: str, line: int | None = None,
    what: str = "columns",
) -> str | None:
    """The one of some names (or what stands in its place in `among`) that is meant: the one written so, else the only one that
    differs in capitals alone; None when there is none. Raises RefusedExtract when there are several (contract#headings)."""
    among = names if among is None else among
    places = [n for n, name in enumerate(names) if name == wanted] or [
        n for n, name in enumerate(names) if name.lower() == wanted.lower()]
    if len(places) > 1:
        raise RefusedExtract(f"{len(places)} {what} differ from this only in capitals", file=file, line=line, column=wanted,
                             remedy="Write it in the settings as one of them is written, or rename the other")
    return among[places[0]] if places else None


def is_footer(cells: Sequence[str], *, is_whole: bool = True) -> bool:
    """Whether a row is plainly no row of data but a count or sum below them, in the only filled cell, as `Antall rader: 6` or
    `Totalt`. A word without a number needs a row that `is_whole`: it could be where a file was cut short (contract#footers)."""
    filled = [text for cell in cells if (text := clean(cell))]
    return len(filled) == 1 and (
        _FOOTER.fullmatch(filled[0]) is not None or (is_whole and filled[0].lower().rstrip(" :") in _FOOTER_WORDS))


def footer_notes(footers: int) -> tuple[Note, ...]:
    """What is told of footers."""
    text = "rows at the end of the file are a count or sum, and passed over: where you can, export without them"
    return (Note("footer_rows", footers, text),) if footers else ()


class UnreadableRecord(Exception):
    """The record that begins on `line` is not valid CSV."""

    def __init__(self, line: int):
        self.line = line


@dataclass(frozen=True)
class Delimited:
    """The encoding and the delimiter of a text file, as the settings say; a byte order mark and a line `sep=;` go before."""

    encoding: str
    delimiter: str

    def table(self, file: str, content: bytes, skip_rows: int = 0) -> "TextTable":
        """The table in a file, below some title rows. Raises RefusedExtract."""
        text, delimiter, above = self.decoded(file, content)
        for _ in range(skip_rows):
            end = _LINE_END.search(text)
            text, above = text[end.end():] if end else b"", above + 1
        while (end := _LINE_END.search(text)) and _is_blank(text[:end.start()], delimiter):
            text, above = text[end.end():], above + 1
        text, footers = _without_footers(text, delimiter)
        return TextTable(file, text, delimiter, above, footers)

    def decoded(self, file: str, content: bytes) -> tuple[bytes, str, int]:
        """The content in UTF-8 without a mark and without a line `sep=;`, the delimiter, and how many lines that took. Raises
        RefusedExtract."""
        text = self.to_utf8(file, content)
        if says := _SAYS_DELIMITER.match(text):
            return text[says.end():], says[1].decode("utf-8", "replace"), 1
        return text, self.delimiter, 0

    def to_utf8(self, file: str, content: bytes) -> bytes:
        """The content in UTF-8, without a byte order mark, which goes before the settings. Raises RefusedExtract."""
        mark = next((m for m in BYTE_ORDER_MARKS if content.startswith(m)), b"")
        encoding = BYTE_ORDER_MARKS.get(mark, self.encoding)
        unmarked = None if mark else utf16_without_mark(content)
        if unmarked and encoding not in (unmarked, "utf-16" if unmarked == "utf-16-le" else ""):
            raise RefusedExtract("the file is in UTF-16, without a byte order mark", file=file,
                                 remedy=f"Set `encoding: {unmarked}`")
        content = content[len(mark):]
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError as error:
            line = content.count(b"\n", 0, error.start) + 1
            raise RefusedExtract(
                f"the file cannot be decoded as {encoding}", file=file, line=line,
                remedy="Deliver it again: its first bytes say that it is in that encoding" if mark else
                "Deliver it in that encoding, or set `encoding` (often windows-1252)",
            ) from None
        if "\0" in text:
            line = text.count("\n", 0, text.index("\0")) + 1
            raise RefusedExtract("the file holds NUL characters", file=file, line=line,
                                 remedy="Set `encoding` (perhaps utf-16), or deliver it again")
        return content if encoding == "utf-8" else text.removeprefix("\ufeff").encode()


def utf16_without_mark(content: bytes) -> str | None:
    """The encoding of a content that is UTF-16 and does not say so, by the NUL bytes of its Latin letters."""
    begin = content[:4096]
    half = len(begin) // 2
    high, low = begin[0::2].count(0), begin[1::2].count(0)
    if half < 4 or abs(high - low) < half // 2 or min(high, low) > half // 20:
        return None
    return "utf-16-le" if low > high else "utf-16-be"


def records(content: bytes, delimiter: str, *, strict: bool = False) -> Iterator[tuple[int, list[str]]]:
    """Yields (line on which it begins, cells) for each record; blank lines are skipped. Raises UnreadableRecord."""
    text = io.TextIOWrapper(io.BytesIO(content), encoding="utf-8", newline="")
    reader = csv.reader(text, delimiter=delimiter, strict=strict)
    begins = 1
    try:
        for cells in reader:
            if cells:
                yield begins, cells
            begins = reader.line_num + 1
    except csv.Error:
        raise UnreadableRecord(begins) from None


def holds_rows(cell: str, width: int, delimiter: str) -> bool:
    """Whether a line of a cell is as wide as a row, or each break between its lines stands for the delimiters of one (the end of
    a row and the begin of the next)."""
    first, *others = re.split("\r\n|\n|\r", cell)
    counts = [line.count(delimiter) for line in (first, *others)]
    return bool(others) and (max(counts) >= width - 1 or sum(counts) >= len(others) * (width - 1))


@dataclass(frozen=True)
class TextTable:
    """The table in a text file: `content` is in UTF-8, from the heading on, with `above` lines before it in the file and without
    the `footers` at its end."""

    file: str
    content: bytes
    delimiter: str
    above: int
    footers: int

    @property
    def line(self) -> int:
        """The line of the heading."""
        return self.above + 1

    @cached_property
    def heading(self) -> list[str]:
        """The cells of the first record, cleaned. Raises RefusedExtract when there is none, or a column is there twice."""
        try:
            _, cells = next(records(self.content, self.delimiter))
        except (StopIteration, UnreadableRecord):
            raise RefusedExtract("the file is empty, not even a heading", file=self.file, line=self.line,
                                 remedy="Deliver it again") from None
        heading = [clean(c) for c in cells]
        refuse_twice(heading, self.file, self.line)
        return heading

    def data(self) -> pa.Table:
        """The rows below the heading, as text columns. Raises RefusedExtract."""
        # Empty names would clash; they can only be extra columns.
        names = [h or f"unnamed column {i}" for i, h in enumerate(self.heading, start=1)]
        quotes = self.content.count(b'"')
        if quotes % 2:
            self._refuse_unreadable(len(names))
        try:
            data = pa_csv.read_csv(
                pa.BufferReader(self.content),
                read_options=pa_csv.ReadOptions(column_names=names, skip_rows_after_names=1, block_size=8 << 20),
                parse_options=pa_csv.ParseOptions(
                    delimiter=self.delimiter, newlines_in_values=quotes > 0),
                convert_options=pa_csv.ConvertOptions(
                    column_types=dict.fromkeys(names, pa.string()), strings_can_be_null=True, null_values=[""]),
            )
        except pa.ArrowInvalid:
            # Its text is not passed on: it holds the row, perhaps with a national id.
            self._refuse_unreadable(len(names))
            raise RefusedExtract("the file cannot be parsed as CSV", file=self.file,
                                 remedy="Open it and look for stray quotes, then deliver it again") from None
        if quotes:
            self._refuse_swallowed(data)
        return data

    def _refuse_swallowed(self, data: pa.Table) -> None:
        """Raise RefusedExtract where a cell holds what must be rows: a quote that somebody wrote before one cell and a second in
        a row further down make one cell of all between them."""
        for number, cell in enumerate(next(records(self.content, self.delimiter))[1]):
            if holds_rows(cell, data.num_columns, self.delimiter):
                self._refuse_quote(self.line, number)
        for number, column in enumerate(data.columns):
            several_lines = pc.match_substring_regex(column, r"[\r\n]")
            if not pc.any(several_lines).as_py():
                continue
            for row in pc.indices_nonzero(several_lines).to_pylist():
                if holds_rows(column[row].as_py(), data.num_columns, self.delimiter):
                    self._refuse_quote(self.lines_of([row])[0], number)

    def _refuse_quote(self, line: int, number: int) -> NoReturn:
        raise RefusedExtract("a quote swallows whole rows", file=self.file, line=line, column=str(number + 1),
                             remedy="Correct the quotes from this line on, then deliver it again")

    def _refuse_unreadable(self, width: int) -> None:
        """Raise RefusedExtract with the line that is wrong; return when Python's reader accepts every line."""
        try:
            for line, cells in records(self.content, self.delimiter, strict=True):
                if len(cells) != width:
                    raise RefusedExtract(
                        f"the row has {len(cells)} cells, the heading {width}", file=self.file, line=self.above + line,
                        remedy="Was the file cut short? Or put quotes around cells that hold the delimiter; deliver it again",
                    )
        except UnreadableRecord as error:
            raise RefusedExtract("quotes are not closed", file=self.file, line=self.above + error.line,
                                 remedy="Correct the quotes from this line on, then deliver it again") from None

    def lines_of(self, rows: Sequence[int]) -> list[int]:
        """The lines on which rows, numbered from 0, begin."""
        wanted, begins = set(rows), {}
        for number, (line, _) in enumerate(records(self.content, self.delimiter), start=-1):
            if number in wanted:
                begins[number] = self.above + line
        return [begins[row] for row in rows]


def _is_blank(line: bytes, delimiter: str) -> bool:
    """Whether a line, which stands by itself, holds no cell in which anything can be seen."""
    return len(line) <= _LONGEST_FOOTER and line.count(b'"') % 2 == 0 and not any(map(clean, _cells_of(line, delimiter)))


def _cells_of(line: bytes, delimiter: str) -> list[str]:
    return next(csv.reader([line.decode("utf-8", "replace")], delimiter=delimiter), [])


def _without_footers(text: bytes, delimiter: str) -> tuple[bytes, int]:
    """The text without empty rows and footers at its end, and how many footers there were. Its first line stays."""
    end, footers = len(text), 0
    first = _LINE_END.search(text)
    width = text.count(delimiter.encode(), 0, first.start() if first else end)
    while True:
        stop = end - 1 if text[end - 1:end] in (b"\n", b"\r") else end
        begin = max(text.rfind(b"\n", 0, stop), text.rfind(b"\r", 0, stop)) + 1
        line = text[begin:stop]
        # A line with an open quote is the end of a cell of several lines.
        if not begin or len(line) > _LONGEST_FOOTER or line.count(b'"') % 2:
            break
        cells = _cells_of(line, delimiter)
        if is_footer(cells, is_whole=stop < end or len(cells) > width):
            footers += 1
        elif any(map(clean, cells)):
            break
        end = begin
    return text[:end], footers
