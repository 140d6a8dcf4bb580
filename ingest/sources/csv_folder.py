"""The `csv` adapter: one folder a day, `<path>/<YYYY-MM-DD>/<table>.csv` (contract#canonical-form).

Files are read into memory and parsed there (`delimited`), so that no raw national id touches the disk.
"""

import codecs
import hashlib
import json
import re
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Literal

import pyarrow as pa
from pydantic import BaseModel, ConfigDict, Field, field_validator

from ingest.assessable import EVERYTHING
from ingest.canonical_tables import ExtractKind, System, Table, tables_of
from ingest.errors import DeliveryInProgress, RefusedExtract
from ingest.sources.base import Digest, Progress, RawTable
from ingest.sources.delimited import Delimited, whole

Mapping = dict[str, str | dict[str, str]]
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")


@dataclass(frozen=True)
class CsvFiles:
    """The files of one folder, by name, in memory; `refused` when one of them cannot be held, with a digest instead."""

    folder: "CsvFolder"
    files: dict[str, bytes]
    kind: ExtractKind
    refused: RefusedExtract | None = None

    def digest(self, update: Digest) -> None:
        for name in sorted(self.files):
            update(f"|{name}|{len(self.files[name])}|".encode())
            update(self.files[name])

    def read(self) -> dict[str, RawTable]:
        if self.refused:
            raise self.refused
        return self.folder.read(self.files)


def dated_folders(path: Path, until: date) -> dict[date, Path]:
    """The folders below `path` that are named as a day, at the latest `until`."""
    found = {}
    for folder in sorted(path.iterdir()) if path.is_dir() else []:
        if not _DAY.fullmatch(folder.name) or not folder.is_dir():
            continue
        try:
            day = date.fromisoformat(folder.name)
        except ValueError:
            continue
        if day <= until:
            found[day] = folder
    return found


def known_encoding(value: str) -> str:
    """The encoding under its usual name. Raises ValueError when there is none of that name."""
    try:
        return codecs.lookup(value).name
    except LookupError:
        raise ValueError("expected an encoding such as utf-8, windows-1252 or iso-8859-1") from None


class CsvSettings(BaseModel):
    """Settings of one csv source. `columns` and `values` hold for all tables, or below a table's name for that one."""

    model_config = ConfigDict(extra="forbid")

    adapter: Literal["csv"] = "csv"
    tables: list[str] | None = None
    path: Path
    extract: ExtractKind = "full"
    columns: Mapping = {}
    encoding: str = "utf-8"
    delimiter: str = Field(",", min_length=1, max_length=1)
    date_format: str | None = None
    values: dict[str, dict[str, str] | dict[str, dict[str, str]]] = {}

    _encoding = field_validator("encoding")(known_encoding)


class CsvFolder:
    """Daily folders of CSV files of one system."""

    is_pulled = False

    def __init__(self, system: System, settings: CsvSettings):
        self._system, self._settings = system, settings
        self.tables = tuple(t.name for t in tables_of(system) if settings.tables is None or t.name in settings.tables)
        self.carries = EVERYTHING
        # What is full or a delta is so from its delivery on: a change of `extract` must not read earlier days otherwise.
        reading = settings.model_dump(mode="json", exclude={"path"}, exclude_none=True) | {"extract": "full"}
        self.settings_fingerprint = json.dumps(reading, sort_keys=True)

    @property
    def path(self) -> Path:
        return self._settings.path

    def days(self, until: date) -> dict[date, str]:
        """Folders named as a day, at the latest `until`; others are no deliveries."""
        return {day: self._signature(folder) for day, folder in dated_folders(self.path, until).items()}

    def fetch(self, day: date, signature: str | None, say: Progress, *, few: bool = False) -> "CsvFiles":
        folder = self.path / day.isoformat()
        files, refused = {}, None
        try:
            for file in self._files(folder):
                with file.open("rb") as stream:
                    try:
                        files[file.name] = whole(file.name, stream)
                    except RefusedExtract as error:
                        stream.seek(0)
                        files[file.name], refused = hashlib.file_digest(stream, "sha256").digest(), refused or error
        except OSError as error:
            raise DeliveryInProgress(f"{folder.name}: {error.strerror}") from error
        if self._signature(folder) != signature:
            raise DeliveryInProgress(f"{folder.name} changed while it was read")
        return CsvFiles(self, files, self._settings.extract, refused)

    def read(self, content: dict[str, bytes]) -> dict[str, RawTable]:
        """The canonical tables of a folder's files, given by name. Raises RefusedExtract."""
        wanted = [t for t in tables_of(self._system) if t.name in self.tables]
        missing = [f"{t.name}.csv" for t in wanted if not t.optional_file and f"{t.name}.csv" not in content]
        if missing:
            raise RefusedExtract(
                "a required file is missing", file=", ".join(missing),
                remedy="Deliver the whole folder again with all files, or correct `path` in the settings",
            )
        return {t.name: self._read_table(t, content[f"{t.name}.csv"]) for t in wanted if f"{t.name}.csv" in content}

    def _files(self, folder: Path) -> list[Path]:
        wanted = [folder / f"{name}.csv" for name in self.tables]
        return [f for f in wanted if f.is_file()]

    def _signature(self, folder: Path) -> str:
        parts = []
        for file in self._files(folder):
            stat = file.stat()
            parts.append(f"{file.name}:{stat.st_size}:{stat.st_mtime_ns}:{stat.st_ctime_ns}:{stat.st_ino}")
        return "|".join(parts)

    def _setting_for(self, setting: dict, table: Table) -> dict:
        """The part of `columns` or `values` that holds for one table: general entries, then the table's own."""
        general = {k: v for k, v in setting.items() if k not in {t.name for t in tables_of(self._system)}}
        return {**general, **setting.get(table.name, {})}

    def _read_table(self, table: Table, content: bytes) -> RawTable:
        file = f"{table.name}.csv"
        written = Delimited(self._settings.encoding, self._settings.delimiter)
        content, heading = written.read(file, content)
        wanted = {c.name: self._setting_for(self._settings.columns, table).get(c.name, c.name)
                  for c in table.columns}
        for column in table.columns:
            if column.required and wanted[column.name] not in heading:
                raise RefusedExtract(
                    "a required column is missing", file=file, line=1, column=wanted[column.name],
                    remedy=self._heading_advice(heading),
                )
        if self._settings.extract == "delta":
            wanted["deleted"] = self._setting_for(self._settings.columns, table).get("deleted", "deleted")
        present = {name: head for name, head in wanted.items() if head in heading}
        data = written.parse(file, content, heading)
        return RawTable(
            data=pa.table({name: data.column(head) for name, head in present.items()}),
            file=file,
            lines_of=written.lines_of(content),
            extra_columns=tuple(h for h in heading if h and h not in present.values()),
            date_format=self._settings.date_format,
            translations=self._setting_for(self._settings.values, table),
        )

    def _heading_advice(self, heading: list[str]) -> str:
        if len(heading) == 1:
            for other in (";", "\t", ","):
                if other != self._settings.delimiter and other in heading[0]:
                    return f"The heading looks separated by {other!r}: set `delimiter`"
        return "Deliver the column, or say under `columns` what it is called in the file"
