"""The `export` adapter: a CSV or Excel file, mapped by settings (contract#adapter-export): an export of VFS's employee search,
a flat file of HRM, or a list of what was transferred.

One row for each person, position or access; a person or employee may have several rows. Headings and values are the kommune's
own choice, so settings map them: `sluttdato propose FILE` proposes these settings (`propose`).
Belongs here: which rows hold what, and ids that the file lacks. Does not belong here: how text (`delimited`) and workbooks
(`excel`) are read.
"""

import json
import re
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any, BinaryIO, Literal

import pyarrow as pa
import pyarrow.compute
from pydantic import Field, field_validator

from ingest.assessable import EVERYTHING
from ingest.canonical_tables import ERROR_VALUE, EXPONENT_FORM, System, Table, tables_of
from ingest.cells import clean
from ingest.dates import day_text, read_day
from ingest.errors import RefusedExtract
from ingest.sources.base import Note, Progress, RawTable, SourceSettings, adapter
from ingest.sources.delimited import (
    Columns,
    DateFormat,
    Delimited,
    TextTable,
    Values,
    footer_notes,
    headings_for,
    known_encoding,
    part_for,
    the_one,
    whole,
)
from ingest.sources.excel import EXCEL, SheetTable, sheet_table
from ingest.sources.file_drop import FileDrop, FileDropAdapter

pc: Any = pyarrow.compute  # its functions are made at import, unknown to the type checker
# The columns that a table needs in the file.
NEEDED: dict[tuple[System, str], tuple[str, ...]] = {
    ("hrm", "employees"): ("employee_number",), ("hrm", "positions"): ("employee_number", "org_number"),
    ("hrm", "org_units"): ("org_number",), ("vfs", "persons"): ("person_id", "given_name", "family_name"),
    ("vfs", "positions"): ("person_id", "org_number"), ("vfs", "accesses"): ("person_id", "access_group", "org_number"),
    ("vfs", "org_units"): ("org_number",), ("transfer", "positions"): ("position_id", "end_date")}
# What the id of a position is made of where the file has none.
_ID_PARTS: dict[str, tuple[str, ...]] = {
    "hrm": ("employee_number", "org_number", "start_date"), "vfs": ("person_id", "org_number", "role", "start_date")}

_NO_ID = f"{ERROR_VALUE}|{EXPONENT_FORM}"
_NO_END_DATE = ("positions come without a last day: who has ended is told only by leaving the list. Export it with a last day, "
                "and set `columns: end_date`")


class ExportSettings(SourceSettings):
    """Settings of the adapter."""

    adapter: Literal["export"] = Field(description="A CSV or Excel file: an export of VFS's employee search, or a flat HRM file.")
    tables: list[Literal["employees", "persons", "positions", "accesses", "org_units"]] = Field(  # pyright: ignore[reportIncompatibleVariableOverride]  narrower: needed here
        description="The canonical tables that the file holds.")
    path: Path = Field(description="A file, a folder that holds one export, or a folder with one subfolder per day (YYYY-MM-DD).")
    columns: Columns = Field(default={})
    sheet: str | None = Field(default=None, description="The sheet of a workbook; left out: the only visible one with rows.")
    skip_rows: int = Field(default=0, ge=0, description="Title rows above the heading.")
    encoding: str = Field(default="utf-8", description="Encoding of a text file, as utf-8 or windows-1252.")
    delimiter: str = Field(default=";", min_length=1, max_length=1, description="What separates the cells of a text file.")
    date_format: DateFormat = None
    values: Values = Field(default={})

    _encoding = field_validator("encoding")(known_encoding)


@adapter(ExportSettings, systems=("hrm", "vfs", "transfer"))
class Export(FileDropAdapter):
    """Exports of VFS's employee search, flat files of HRM, and lists of what was transferred."""

    suffixes = (".csv", ".txt", ".xlsx", ".xlsm")

    def __init__(self, system: System, settings: ExportSettings):
        super().__init__(settings.path)
        self._system: System = system
        self._settings = settings
        self._wanted = [t for t in tables_of(system) if t.name in settings.tables]
        self.tables = tuple(t.name for t in self._wanted)
        # Without a mapping the file has canonical headings, and may carry whatever a csv source may.
        mapped = {f"{t.name}.{name}" for t in self._wanted for name in self._named(t) or [c.name for c in t.columns]}
        self.carries = frozenset() if system != "vfs" else frozenset(c for c in EVERYTHING if c in mapped) | (
            {"accesses.kommuneadmin"} if "accesses.access_group" in mapped else frozenset())
        self.settings_fingerprint = json.dumps(settings.model_dump(mode="json", exclude={"path"}), sort_keys=True)

    def read_files(self, files: FileDrop, progress: Progress) -> dict[str, RawTable]:
        if len(files.paths) > 1:
            raise RefusedExtract("there are several files", file=", ".join(files.names()),
                                 remedy="Leave one in the folder, or name it in `path`")
        file, = files.names()
        with files.open(file) as stream:
            read = self._read_excel(file, stream) if file.lower().endswith(EXCEL) else self._read_text(file, stream)
        data = read.data()
        columns = {t.name: self._columns(t, file, read) for t in self._wanted}
        notes = footer_notes(read.footers)
        tables: dict[str, RawTable] = {}
        for table in self._wanted:
            others = {heading for name, mapped in columns.items() if name != table.name for heading in mapped.values()}
            tables[table.name] = self._table(table, file, read, data, columns[table.name], others, files.day, notes)
            notes = ()  # of the file, and told once
        return tables

    def _read_text(self, file: str, stream: BinaryIO) -> TextTable:
        written = Delimited(self._settings.encoding, self._settings.delimiter)
        return written.table(file, whole(file, stream), self._settings.skip_rows)

    def _read_excel(self, file: str, stream: BinaryIO) -> SheetTable:
        return sheet_table(file, stream, self._settings.sheet, self._settings.skip_rows)

    def _named(self, table: Table) -> dict[str, str]:
        """{canonical column: heading} of one table, as the settings say."""
        named = {c.name for c in table.columns}
        return {name: heading for name, heading in headings_for(table, self._settings.columns).items() if name in named}

    def _columns(self, table: Table, file: str, read: TextTable | SheetTable) -> dict[str, str]:
        """{canonical column: heading in the file} of one table. Raises RefusedExtract when one is missing."""
        named = self._named(table)
        found = {name: the_one(heading, read.heading, file=file, line=read.line)
                 for name, heading in (named or {c.name: c.name for c in table.columns}).items()}
        for name in NEEDED[self._system, table.name]:
            if not found.get(name):
                raise RefusedExtract(
                    "a required column is missing", file=file, line=read.line, column=named.get(name, name),
                    remedy=f"Set the heading of `{name}` under `columns`, or export it with that column")
        for name, heading in named.items():
            if not found[name]:
                raise RefusedExtract("a column that the settings name is missing", file=file, line=read.line, column=heading,
                                     remedy=f"Correct `columns: {name}`, or export it with that column")
        return {name: heading for name, heading in found.items() if heading}

    def _table(
        self, table: Table, file: str, read: TextTable | SheetTable, data: pa.Table, columns: dict[str, str], others: set[str],
        day: date | None, notes: tuple[Note, ...],
    ) -> RawTable:
        filled = [_is_filled(data.column(h)) for h in _telling(table, columns, others)] or [
            _is_filled(column) for column in data.columns]
        rows = [n for n, holds in enumerate(_any(filled, data.num_rows)) if holds]
        made = pa.table({name: data.column(heading) for name, heading in columns.items()}).take(pa.array(rows, pa.int64()))
        values = part_for(table, self._settings.values)
        if table.name == "positions" and "position_id" not in columns:
            made = made.append_column("position_id", pa.array(self._made_ids(made, values, day), pa.string()))
        if table.name == "positions" and self._system == "hrm" and "end_date" not in columns and rows:
            notes += (Note("no_end_date", len(rows), _NO_END_DATE),)
        return RawTable(
            made, file, lines_of=lambda asked: read.lines_of([rows[n] for n in asked]), date_format=self._settings.date_format,
            translations=values, extra_columns=tuple(h for h in read.heading if h and h not in columns.values()), notes=notes)

    def _made_ids(self, rows: pa.Table, values: Mapping[str, Mapping[str, str]], day: date | None) -> list[str | None]:
        """Ids of positions for a file without them; none where a part of it cannot be read, so that the row stands for all
        positions of its owner (contract#rejected-row)."""
        def read(name: str, text: str) -> str | None:
            if name == "start_date":
                known = day_text(text, self._settings.date_format, start_seen_on=day) or ""
                return known if not text or read_day(known) else None
            if self._system == "hrm":  # of VFS, ids have always held what the file says
                text = {clean(k): v for k, v in values.get(name, {}).items()}.get(text, text)
            return None if (not text and name != "role") or re.fullmatch(_NO_ID, text) else text

        cells = {name: [clean(v or "") for v in rows.column(name).to_pylist()] for name in rows.column_names}
        known: dict[tuple[str, str], str | None] = {}
        ids: list[str | None] = []
        for n in range(rows.num_rows):
            parts = [(name, cells[name][n] if name in cells else "") for name in _ID_PARTS[self._system]]
            known |= {part: read(*part) for part in parts if part not in known}
            texts = [known[part] for part in parts]
            ids.append(":".join(t or "" for t in texts) if None not in texts else None)
        return _numbered(ids, list(zip(*cells.values(), strict=True))) if self._system == "hrm" else ids


def _telling(table: Table, columns: Mapping[str, str], others: set[str]) -> list[str]:
    """The headings of which one is filled where a row of the file holds a row of this table; none: any of the file's.

    A person may be without a position or access. `others`: the headings from which other tables are made.
    """
    match table.name:
        case "positions":
            own = [h for name, h in columns.items() if h not in others and name not in ("registered_by", table.owner)]
            return [*own, *(columns[name] for name in ("org_number",) if name in columns)]
        case "accesses":
            return [columns["access_group"]]
        case "org_units":
            return [columns["org_number"], *(h for h in columns.values() if h not in others)]
        case _:
            return []


def _is_filled(column: pa.ChunkedArray) -> Any:
    return pc.not_equal(pc.fill_null(pc.utf8_trim_whitespace(column), ""), "")


def _any(columns: list[Any], rows: int) -> list[bool]:
    """Row by row, whether any of some columns of booleans is true."""
    result = pa.array([False] * rows, pa.bool_())
    for column in columns:
        result = pc.or_(result, column)
    return result.to_pylist()


def _numbered(ids: list[str | None], rows: list[tuple[str, ...]]) -> list[str | None]:
    """Ids that rows which differ do not share: the second gets a 2, and so on, by content, so that the order of the file is of no
    matter."""
    contents: dict[str, set[tuple[str, ...]]] = {}
    for made, row in zip(ids, rows, strict=True):
        if made is not None:
            contents.setdefault(made, set()).add(row)
    places = {(made, row): n for made, found in contents.items() for n, row in enumerate(sorted(found), start=1)}
    return [f"{made}:{place}" if made is not None and (place := places[made, row]) > 1 else made
            for made, row in zip(ids, rows, strict=True)]
