"""Text files of delimited columns, read in memory: encodings, quotes, headings, and on which line something is wrong.

pyarrow parses; Python's slower csv module reads headings, and finds lines for error messages.
"""

import codecs
import csv
import io
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import IO, Annotated, Any

import pyarrow as pa
import pyarrow.csv as pa_csv
from pydantic import Field

from ingest.canonical_tables import Table, tables_of
from ingest.cells import clean
from ingest.errors import RefusedExtract

# Settings for all tables of a system, or below a table's name for that one.
Columns = Annotated[dict[str, str | dict[str, str]], Field(
    description="Canonical name: heading in the file; for all tables, or below a table's name.")]
Values = Annotated[dict[str, dict[str, str] | dict[str, dict[str, str]]], Field(
    description="Column: {value in the file: canonical value}; for all tables, or below a table's name.")]
DateFormat = Annotated[str | None, Field(
    description="A format of dates, as `%d/%m/%Y`, beside YYYY-MM-DD and dd.mm.yyyy, which are always read.")]

csv.field_size_limit(1 << 24)
_MAX_LINE_BYTES = 4 << 20  # less than the blocks in which pyarrow reads
_PIECE = 1 << 20


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
    """The content of a text file. Raises RefusedExtract at the first line longer than 4 MB, without reading on."""
    pieces: list[bytes] = []
    line, length = 1, 0
    while piece := stream.read(_PIECE):
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


class UnreadableRecord(Exception):
    """The record that begins on `line` is not valid CSV."""

    def __init__(self, line: int):
        self.line = line


@dataclass(frozen=True)
class Delimited:
    """The encoding and the delimiter of a text file."""

    encoding: str
    delimiter: str

    def read(self, file: str, content: bytes) -> tuple[bytes, list[str]]:
        """The content in UTF-8, and its heading. Raises RefusedExtract."""
        content = self.to_utf8(file, content)
        return content, self.heading(file, content)

    def to_utf8(self, file: str, content: bytes) -> bytes:
        """The content in UTF-8, without a byte order mark. Raises RefusedExtract."""
        encoding = self.encoding
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError as error:
            line = content.count(b"\n", 0, error.start) + 1
            raise RefusedExtract(
                f"the file cannot be decoded as {encoding}", file=file, line=line,
                remedy="Deliver it in that encoding, or set `encoding` (often windows-1252)",
            ) from None
        if "\0" in text:
            line = text.count("\n", 0, text.index("\0")) + 1
            raise RefusedExtract("the file holds NUL characters", file=file, line=line,
                                 remedy="Set `encoding` (perhaps utf-16), or deliver it again")
        return content.removeprefix(codecs.BOM_UTF8) if encoding == "utf-8" else text.removeprefix("\ufeff").encode()

    def records(self, content: bytes, *, strict: bool = False) -> Iterator[tuple[int, list[str]]]:
        """Yields (line on which it begins, cells) for each record; blank lines are skipped. Raises UnreadableRecord."""
        text = io.TextIOWrapper(io.BytesIO(content), encoding="utf-8", newline="")
        reader = csv.reader(text, delimiter=self.delimiter, strict=strict)
        begins = 1
        try:
            for cells in reader:
                if cells:
                    yield begins, cells
                begins = reader.line_num + 1
        except csv.Error:
            raise UnreadableRecord(begins) from None

    def heading(self, file: str, content: bytes) -> list[str]:
        """The cells of the first record, cleaned. Raises RefusedExtract when there is none, or a column is there twice."""
        try:
            _, cells = next(self.records(content, strict=False))
        except (StopIteration, UnreadableRecord):
            raise RefusedExtract("the file is empty, not even a heading", file=file, line=1,
                                 remedy="Deliver it again") from None
        heading = [clean(c) for c in cells]
        refuse_twice(heading, file, 1)
        return heading

    def parse(self, file: str, content: bytes, heading: list[str]) -> pa.Table:
        """The rows below the heading, as text columns. Raises RefusedExtract."""
        # Empty names would clash; they can only be extra columns.
        names = [h or f"unnamed column {i}" for i, h in enumerate(heading, start=1)]
        quotes = content.count(b'"')
        if quotes % 2:
            self._refuse_unreadable(file, content, len(names))
        try:
            return pa_csv.read_csv(
                pa.BufferReader(content),
                read_options=pa_csv.ReadOptions(column_names=names, skip_rows_after_names=1, block_size=8 << 20),
                parse_options=pa_csv.ParseOptions(
                    delimiter=self.delimiter, newlines_in_values=quotes > 0),
                convert_options=pa_csv.ConvertOptions(
                    column_types=dict.fromkeys(names, pa.string()), strings_can_be_null=True, null_values=[""]),
            )
        except pa.ArrowInvalid:
            # Its text is not passed on: it holds the row, perhaps with a national id.
            self._refuse_unreadable(file, content, len(names))
            raise RefusedExtract("the file cannot be parsed as CSV", file=file,
                                 remedy="Open it and look for stray quotes, then deliver it again") from None

    def _refuse_unreadable(self, file: str, content: bytes, width: int) -> None:
        """Raise RefusedExtract with the line that is wrong; return when Python's reader accepts every line."""
        try:
            for line, cells in self.records(content, strict=True):
                if len(cells) != width:
                    raise RefusedExtract(
                        f"the row has {len(cells)} cells, the heading {width}", file=file, line=line,
                        remedy="Was the file cut short? Or put quotes around cells that hold the delimiter; deliver it again",
                    )
        except UnreadableRecord as error:
            raise RefusedExtract("quotes are not closed", file=file, line=error.line,
                                 remedy="Correct the quotes from this line on, then deliver it again") from None

    def lines_of(self, content: bytes) -> Callable[[Sequence[int]], list[int]]:
        """A function from row numbers (from 0) to the lines on which these rows begin."""

        def lines_of(rows: Sequence[int]) -> list[int]:
            wanted, begins = set(rows), {}
            for number, (line, _) in enumerate(self.records(content, strict=False), start=-1):
                if number in wanted:
                    begins[number] = line
            return [begins[row] for row in rows]

        return lines_of
