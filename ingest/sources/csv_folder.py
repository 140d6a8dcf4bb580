"""The `csv` adapter: one folder a day, `<path>/<YYYY-MM-DD>/<table>.csv` (contract#canonical-form).

Files are read into memory and parsed there (`delimited`), so that no raw national id touches the disk.
"""

import hashlib
import json
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Literal

import pyarrow as pa
from pydantic import Field, field_validator

from ingest.assessable import EVERYTHING
from ingest.canonical_tables import SOURCES, WITNESSES, ExtractKind, System, Table, tables_of
from ingest.errors import DeliveryInProgress, RefusedExtract
from ingest.sources.base import Digest, Progress, RawTable, SourceSettings, adapter
from ingest.sources.delimited import (
    Columns,
    DateFormat,
    Delimited,
    Values,
    footer_notes,
    headings_for,
    known_encoding,
    part_for,
    the_one,
    whole,
)
from ingest.sources.file_drop import FileDrop, FileDropAdapter, what_lies_in


@dataclass(frozen=True)
class CsvFiles:
    """The files of one folder in memory, by name. `refused`: one cannot be read into memory; its digest replaces its content.
    `listed`: what the folder holds, for an error (`what_lies_in`)."""

    folder: "CsvFolder"
    files: dict[str, bytes]
    kind: ExtractKind
    listed: str
    refused: RefusedExtract | None = None

    def digest(self, update: Digest) -> None:
        """Call `update` with the files' names and bytes."""
        for name in sorted(self.files):
            update(f"|{name}|{len(self.files[name])}|".encode())
            update(self.files[name])

    def read(self) -> dict[str, RawTable]:
        """The canonical tables. Raises RefusedExtract."""
        if self.refused:
            raise self.refused
        return self.folder.read(self.files, self.listed)


class CsvSettings(SourceSettings):
    """Settings of one csv source."""

    adapter: Literal["csv"] = Field(default="csv", description="Files in the canonical form, one folder per day.")
    path: Path = Field(description="The folder with one subfolder per day: `<path>/<YYYY-MM-DD>/<table>.csv`.")
    extract: ExtractKind = Field(
        default="full", description="Whether a day's files hold all rows, or (delta) what changed since the day before.")
    columns: Columns = Field(default={})
    encoding: str = Field(default="utf-8", description="Encoding of the files, as utf-8 or windows-1252.")
    delimiter: str = Field(default=",", min_length=1, max_length=1, description="What separates the cells.")
    date_format: DateFormat = None
    values: Values = Field(default={})

    _encoding = field_validator("encoding")(known_encoding)


@adapter(CsvSettings, systems=SOURCES)
class CsvFolder(FileDropAdapter):
    """Daily folders of CSV files of one system: always dated, and read into memory whole."""

    carries = EVERYTHING

    def __init__(self, system: System, settings: CsvSettings):
        super().__init__(settings.path)
        if system in WITNESSES and settings.extract == "delta":
            raise ValueError(
                f"extract: of {system} it is full, also where only changes are sent: a day's rows are what was sent that day")
        self._system: System = system
        self._settings = settings
        self.tables = tuple(t.name for t in tables_of(system) if settings.tables is None or t.name in settings.tables)
        # Switching `extract` must not change how earlier days were read, so it is not part of the fingerprint.
        reading = settings.model_dump(mode="json", exclude={"path"}, exclude_none=True) | {"extract": "full"}
        self.settings_fingerprint = json.dumps(reading, sort_keys=True)

    @property
    def is_pulled(self) -> bool:
        return False

    def files(self, path: Path) -> FileDrop:
        """The files of the wanted tables in the folder of a day, in whatever capitals."""
        wanted = {f"{name}.csv" for name in self.tables}
        return FileDrop({p.name: p for p in sorted(path.iterdir()) if p.name.lower() in wanted and p.is_file()}
                        if path.is_dir() else {})

    def fetch(self, day: date, signature: str | None, progress: Progress, *, few: bool = False) -> CsvFiles:
        folder = self.path / day.isoformat()
        contents: dict[str, bytes] = {}
        refused: RefusedExtract | None = None
        try:
            drop = self.files(folder)
            for name in drop.paths:
                with drop.open(name) as stream:
                    try:
                        contents[name] = whole(name, stream)
                    except RefusedExtract as error:
                        stream.seek(0)
                        contents[name], refused = hashlib.file_digest(stream, "sha256").digest(), refused or error
        except OSError as error:
            raise DeliveryInProgress(f"{folder.name}: {error.strerror}") from None
        if self.files(folder).signature() != signature:
            raise DeliveryInProgress(f"{folder.name} changed while it was read")
        return CsvFiles(self, contents, self._settings.extract, what_lies_in(folder), refused)

    def read(self, content: dict[str, bytes], listed: str) -> dict[str, RawTable]:
        """The canonical tables of a folder's files, given by name. `listed`: what the folder holds. Raises RefusedExtract."""
        wanted = [t for t in tables_of(self._system) if t.name in self.tables]
        files = {t.name: [name for name in sorted(content) if name.lower() == f"{t.name}.csv"] for t in wanted}
        for names in files.values():
            if len(names) > 1:
                raise RefusedExtract("the names of two files differ only in capitals", file=", ".join(names),
                                     remedy="Deliver one of them")
        missing = [f"{t.name}.csv" for t in wanted if not t.optional_file and not files[t.name]]
        if missing:
            raise RefusedExtract(
                f"a required file is missing{f'; the folder holds {listed}' if listed else ''}", file=", ".join(missing),
                remedy="Deliver the whole folder again with all files, or correct `path` in the settings",
            )
        return {t.name: self._read_table(t, files[t.name][0], content[files[t.name][0]]) for t in wanted if files[t.name]}

    def _read_table(self, table: Table, file: str, content: bytes) -> RawTable:
        read = Delimited(self._settings.encoding, self._settings.delimiter).table(file, content)
        named = headings_for(table, self._settings.columns)
        wanted = {c.name: named.get(c.name, c.name) for c in table.columns}
        if self._settings.extract == "delta":
            wanted["deleted"] = named.get("deleted", "deleted")
        found = {name: the_one(heading, read.heading, file=file, line=read.line) for name, heading in wanted.items()}
        for column in table.columns:
            if column.required and not found[column.name]:
                raise RefusedExtract(
                    "a required column is missing", file=file, line=read.line, column=wanted[column.name],
                    remedy=self._heading_advice(read.heading),
                )
        present = {name: heading for name, heading in found.items() if heading}
        data = read.data()
        return RawTable(
            data=pa.table({name: data.column(heading) for name, heading in present.items()}),
            file=file,
            lines_of=read.lines_of,
            extra_columns=tuple(h for h in read.heading if h and h not in present.values()),
            date_format=self._settings.date_format,
            translations=part_for(table, self._settings.values),
            notes=footer_notes(read.footers),
        )

    def _heading_advice(self, heading: list[str]) -> str:
        if len(heading) == 1:
            for other in (";", "\t", ","):
                if other != self._settings.delimiter and other in heading[0]:
                    return f"The heading looks separated by {other!r}: set `delimiter`"
        return "Deliver the column, or set its heading under `columns`"
