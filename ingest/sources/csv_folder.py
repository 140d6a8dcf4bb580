"""The `csv` adapter: one folder a day, `<path>/<YYYY-MM-DD>/<table>.csv` (contract, sections 2 and 9).

Files are read into memory and parsed there, so that no raw national id touches the disk. pyarrow parses; Python's
slower csv module is asked only where a person needs to know the line.
"""

import codecs
import csv
import io
import json
import re
from collections.abc import Callable, Iterator, Sequence
from datetime import date
from pathlib import Path
from typing import Literal

import pyarrow as pa
import pyarrow.csv as pa_csv
from pydantic import BaseModel, ConfigDict, Field, field_validator

from ingest.contract import ExtractKind, System, Table, tables_of
from ingest.errors import DeliveryInProgress, RefusedExtract
from ingest.sources.base import Delivery, RawTable

Mapping = dict[str, str | dict[str, str]]
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
csv.field_size_limit(1 << 24)


class _UnreadableRecord(Exception):
    """The record that begins on `line` is no CSV."""

    def __init__(self, line: int):
        self.line = line


class CsvSettings(BaseModel):
    """Settings of one csv source. `columns` and `values` hold for all tables, or below a table's name for that one."""

    model_config = ConfigDict(extra="forbid")

    adapter: Literal["csv"] = "csv"
    path: Path
    extract: ExtractKind = "full"
    columns: Mapping = {}
    encoding: str = "utf-8"
    delimiter: str = Field(",", min_length=1, max_length=1)
    date_format: str | None = None
    values: dict[str, dict[str, str] | dict[str, dict[str, str]]] = {}

    @field_validator("encoding")
    @classmethod
    def _known_encoding(cls, value: str) -> str:
        try:
            return codecs.lookup(value).name
        except LookupError:
            raise ValueError("expected an encoding such as utf-8, windows-1252 or iso-8859-1") from None


class CsvFolder:
    """Daily folders of CSV files of one system."""

    def __init__(self, system: System, settings: CsvSettings):
        self.system: System = system
        self.extract_kind: ExtractKind = settings.extract
        self._settings = settings
        reading = settings.model_dump(mode="json", exclude={"path"})
        self.settings_fingerprint = json.dumps(reading, sort_keys=True)

    @property
    def path(self) -> Path:
        return self._settings.path

    def deliveries(self, until: date) -> list[Delivery]:
        """Folders named as a day, at the latest `until`; others are no deliveries."""
        if not self.path.is_dir():
            return []
        found = []
        for folder in sorted(self.path.iterdir()):
            if not _DAY.fullmatch(folder.name) or not folder.is_dir():
                continue
            try:
                day = date.fromisoformat(folder.name)
            except ValueError:
                continue
            if day <= until:
                found.append(Delivery(self.system, day, folder, self._signature(folder)))
        return found

    def content(self, delivery: Delivery) -> dict[str, bytes]:
        try:
            files = {f.name: f.read_bytes() for f in self._files(delivery.path)}
        except OSError as error:
            raise DeliveryInProgress(f"{delivery.path.name}: {error.strerror}") from error
        if self._signature(delivery.path) != delivery.signature:
            raise DeliveryInProgress(f"{delivery.path.name} changed while it was read")
        return files

    def read(self, content: dict[str, bytes]) -> dict[str, RawTable]:
        missing = [f"{t.name}.csv" for t in tables_of(self.system)
                   if not t.optional_file and f"{t.name}.csv" not in content]
        if missing:
            raise RefusedExtract(
                "a required file is missing", file=", ".join(missing),
                remedy="Deliver the whole folder again with all files, or correct `path` in the settings",
            )
        return {t.name: self._read_table(t, content[f"{t.name}.csv"])
                for t in tables_of(self.system) if f"{t.name}.csv" in content}

    def _files(self, folder: Path) -> list[Path]:
        wanted = [folder / f"{t.name}.csv" for t in tables_of(self.system)]
        return [f for f in wanted if f.is_file()]

    def _signature(self, folder: Path) -> str:
        parts = []
        for file in self._files(folder):
            stat = file.stat()
            parts.append(f"{file.name}:{stat.st_size}:{stat.st_mtime_ns}:{stat.st_ctime_ns}:{stat.st_ino}")
        return "|".join(parts)

    def _setting_for(self, setting: dict, table: Table) -> dict:
        """The part of `columns` or `values` that holds for one table: general entries, then the table's own."""
        general = {k: v for k, v in setting.items() if k not in {t.name for t in tables_of(self.system)}}
        return {**general, **setting.get(table.name, {})}

    def _read_table(self, table: Table, content: bytes) -> RawTable:
        file = f"{table.name}.csv"
        content = self._to_utf8(file, content)
        heading = self._heading(file, content)
        wanted = {c.name: self._setting_for(self._settings.columns, table).get(c.name, c.name)
                  for c in table.columns}
        for column in table.columns:
            if column.required and wanted[column.name] not in heading:
                raise RefusedExtract(
                    "a required column is missing", file=file, line=1, column=wanted[column.name],
                    remedy=self._heading_advice(heading),
                )
        if self.extract_kind == "delta":
            wanted["deleted"] = self._setting_for(self._settings.columns, table).get("deleted", "deleted")
        present = {name: head for name, head in wanted.items() if head in heading}
        data = self._parse(file, content, heading)
        return RawTable(
            data=pa.table({name: data.column(head) for name, head in present.items()}),
            file=file,
            lines_of=self._lines_of(content),
            extra_columns=tuple(h for h in heading if h and h not in present.values()),
            date_format=self._settings.date_format,
            translations=self._setting_for(self._settings.values, table),
        )

    def _to_utf8(self, file: str, content: bytes) -> bytes:
        encoding = self._settings.encoding
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

    def _records(self, content: bytes, *, strict: bool) -> Iterator[tuple[int, list[str]]]:
        """(line on which it begins, cells) of each record; blank lines are none."""
        text = io.StringIO(content.decode(), newline="")
        reader = csv.reader(text, delimiter=self._settings.delimiter, strict=strict)
        begins = 1
        try:
            for cells in reader:
                if cells:
                    yield begins, cells
                begins = reader.line_num + 1
        except csv.Error:
            raise _UnreadableRecord(begins) from None

    def _heading(self, file: str, content: bytes) -> list[str]:
        try:
            _, cells = next(self._records(content, strict=False))
        except (StopIteration, _UnreadableRecord):
            raise RefusedExtract("the file is empty, not even a heading", file=file, line=1,
                                 remedy="Deliver it again") from None
        heading = [c.strip() for c in cells]
        twice = sorted({h for h in heading if h and heading.count(h) > 1})
        if twice:
            raise RefusedExtract("a column stands twice in the heading", file=file, line=1, column=", ".join(twice),
                                 remedy="Deliver it with each column once")
        return heading

    def _heading_advice(self, heading: list[str]) -> str:
        if len(heading) == 1:
            for other in (";", "\t", ","):
                if other != self._settings.delimiter and other in heading[0]:
                    return f"The heading looks separated by {other!r}: set `delimiter`"
        return "Deliver the column, or say under `columns` what it is called in the file"

    def _parse(self, file: str, content: bytes, heading: list[str]) -> pa.Table:
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
                    delimiter=self._settings.delimiter, newlines_in_values=quotes > 0),
                convert_options=pa_csv.ConvertOptions(
                    column_types=dict.fromkeys(names, pa.string()), strings_can_be_null=True, null_values=[""]),
            )
        except pa.ArrowInvalid:
            # Its text holds the offending row, and with it perhaps a national id: it goes no further.
            self._refuse_unreadable(file, content, len(names))
            raise RefusedExtract("the file cannot be parsed as CSV", file=file,
                                 remedy="Open it and look for stray quotes, then deliver it again") from None

    def _refuse_unreadable(self, file: str, content: bytes, width: int) -> None:
        """Find the line that is wrong; return when Python's reader finds nothing wrong."""
        try:
            for line, cells in self._records(content, strict=True):
                if len(cells) != width:
                    raise RefusedExtract(
                        f"the row has {len(cells)} cells, the heading {width}", file=file, line=line,
                        remedy="Put quotes around cells that hold the delimiter, then deliver it again",
                    )
        except _UnreadableRecord as error:
            raise RefusedExtract("quotes are not closed", file=file, line=error.line,
                                 remedy="Correct the quotes from this line on, then deliver it again") from None

    def _lines_of(self, content: bytes) -> Callable[[Sequence[int]], list[int]]:
        def lines_of(rows: Sequence[int]) -> list[int]:
            wanted, found = set(rows), {}
            for number, (line, _) in enumerate(self._records(content, strict=False), start=-1):
                if number in wanted:
                    found[number] = line
            return [found[row] for row in rows]

        return lines_of
