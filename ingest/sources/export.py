"""The `export` adapter: a CSV or Excel export of VFS's employee search, mapped by settings (contract#adapter-export).

One row for each person, position or access; a person may have several rows. Headings and values are the kommune's own choice,
so settings map them: `sluttdato propose FILE` proposes these settings (`propose`).
"""

import json
from collections.abc import Callable, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any, BinaryIO, Literal

import pyarrow as pa
import pyarrow.compute
from pydantic import Field, field_validator

from ingest.assessable import EVERYTHING
from ingest.canonical_tables import System, Table, tables_of
from ingest.cells import clean
from ingest.errors import RefusedExtract
from ingest.sources.base import Progress, RawTable, SourceSettings, adapter
from ingest.sources.delimited import (
    Columns,
    DateFormat,
    Delimited,
    Values,
    headings_for,
    known_encoding,
    part_for,
    refuse_twice,
    whole,
)
from ingest.sources.file_drop import FileDrop, FileDropAdapter, is_bomb

pc: Any = pyarrow.compute  # its functions are made at import, unknown to the type checker
EXCEL = (".xlsx", ".xlsm")
_MAX_COLUMNS, _MAX_ROWS, _MAX_CELLS = 500, 1 << 20, 20_000_000
# The columns that a table needs in the export.
NEEDED = {"persons": ("person_id", "given_name", "family_name"), "positions": ("person_id", "org_number"),
           "accesses": ("person_id", "access_group", "org_number"), "org_units": ("org_number",)}


class ExportSettings(SourceSettings):
    """Settings of the adapter."""

    adapter: Literal["export"] = Field(description="A CSV or Excel export of VFS's employee search.")
    tables: list[Literal["persons", "positions", "accesses", "org_units"]] = Field(  # pyright: ignore[reportIncompatibleVariableOverride]  narrower: needed here
        description="The canonical tables that the export holds.")
    path: Path = Field(description="A file, a folder that holds one export, or a folder with one subfolder per day (YYYY-MM-DD).")
    columns: Columns = Field(default={})
    sheet: str | None = Field(default=None, description="The sheet of a workbook; left out: the first.")
    skip_rows: int = Field(default=0, ge=0, description="Title rows above the heading.")
    encoding: str = Field(default="utf-8", description="Encoding of a text file, as utf-8 or windows-1252.")
    delimiter: str = Field(default=";", min_length=1, max_length=1, description="What separates the cells of a text file.")
    date_format: DateFormat = None
    values: Values = Field(default={})

    _encoding = field_validator("encoding")(known_encoding)


@adapter(ExportSettings, systems=("vfs",))
class Export(FileDropAdapter):
    """Exports of VFS's employee search."""

    suffixes = (".csv", ".txt", *EXCEL)

    def __init__(self, system: System, settings: ExportSettings):
        super().__init__(settings.path)
        self._settings = settings
        self._wanted = [t for t in tables_of(system) if t.name in settings.tables]
        self.tables = tuple(t.name for t in self._wanted)
        # Without a mapping the file has canonical headings, and may carry whatever a csv source may.
        mapped = {f"{t.name}.{name}" for t in self._wanted for name in self._columns(t) or [c.name for c in t.columns]}
        self.carries = frozenset(c for c in EVERYTHING if c in mapped) | (
            {"accesses.kommuneadmin"} if "accesses.access_group" in mapped else frozenset())
        self.settings_fingerprint = json.dumps(settings.model_dump(mode="json", exclude={"path"}), sort_keys=True)

    def read_files(self, files: FileDrop, progress: Progress) -> dict[str, RawTable]:
        parts: dict[str, list[RawTable]] = {}
        for file in files.names():
            with files.open(file) as stream:
                read = self._read_excel if file.lower().endswith(EXCEL) else self._read_text
                heading, data, lines_of = read(file, stream)
            for table in self._wanted:
                parts.setdefault(table.name, []).append(self._table(table, file, heading, data, lines_of))
        for name, tables in parts.items():
            if len(tables) > 1:
                raise RefusedExtract(f"there are several files with {name}", file=", ".join(files.names()),
                                     remedy="Leave one export in the folder, or name it in `path`")
        return {name: tables[0] for name, tables in parts.items()}

    def _columns(self, table: Table) -> dict[str, str]:
        """{canonical column: heading} of one table."""
        named = {c.name for c in table.columns}
        return {name: heading for name, heading in headings_for(table, self._settings.columns).items() if name in named}

    def _table(
        self, table: Table, file: str, heading: list[str], data: pa.Table, lines_of: Callable[[Sequence[int]], list[int]]
    ) -> RawTable:
        columns = self._columns(table) or {c.name: c.name for c in table.columns if c.name in heading}
        for name in NEEDED[table.name]:
            if columns.get(name) not in heading:
                raise RefusedExtract(
                    "a required column is missing", file=file, line=self._settings.skip_rows + 1, column=columns.get(name, name),
                    remedy=f"Set the heading of `{name}` under `columns`, or export it with that column")
        for name, head in columns.items():
            if head not in heading:
                raise RefusedExtract("a column that the settings name is missing", file=file, line=self._settings.skip_rows + 1,
                                     column=head, remedy=f"Correct `columns: {name}`, or export it with that column")
        made = pa.table({name: data.column(head) for name, head in columns.items()})
        # A row may hold a person without a position or access.
        wanted = pa.array([True] * made.num_rows, pa.bool_())
        for name in NEEDED[table.name] if table.name != "persons" else ():
            wanted = pc.and_(wanted, pc.not_equal(pc.fill_null(pc.utf8_trim_whitespace(made.column(name)), ""), ""))
        rows = [n for n, keep in enumerate(wanted.to_pylist()) if keep]
        made = made.take(pa.array(rows, pa.int64()))
        if table.name == "positions" and "position_id" not in columns:
            made = made.append_column("position_id", _derived_ids(made))
        return RawTable(
            made, file, lines_of=lambda asked: lines_of([rows[n] for n in asked]), date_format=self._settings.date_format,
            translations=part_for(table, self._settings.values),
            extra_columns=tuple(h for h in heading if h and h not in columns.values()))

    def _read_text(self, file: str, stream: BinaryIO) -> tuple[list[str], pa.Table, Callable[[Sequence[int]], list[int]]]:
        written = Delimited(self._settings.encoding, self._settings.delimiter)
        content = written.to_utf8(file, whole(file, stream))
        skip = self._settings.skip_rows
        content = content.split(b"\n", skip)[-1] if content.count(b"\n") >= skip else b""
        heading = written.heading(file, content)
        lines_of = written.lines_of(content)
        return heading, written.parse(file, content, heading), lambda rows: [line + skip for line in lines_of(rows)]

    def _read_excel(self, file: str, stream: BinaryIO) -> tuple[list[str], pa.Table, Callable[[Sequence[int]], list[int]]]:
        cells = excel_rows(file, stream, self._settings.sheet)[self._settings.skip_rows:]
        if not cells:
            raise RefusedExtract("the sheet is empty, not even a heading", file=file, remedy="Export it again, or set `sheet`")
        heading = [clean(h or "") for h in cells[0]]
        refuse_twice(heading, file, self._settings.skip_rows + 1)
        numbers = [n for n, row in enumerate(cells[1:]) if any(row)]
        data = pa.table({h: pa.array([cells[1:][n][i] if i < len(cells[1:][n]) else None for n in numbers], pa.string())
                         for i, h in enumerate(heading) if h})
        return heading, data, lambda rows: [numbers[r] + self._settings.skip_rows + 2 for r in rows]


def excel_rows(file: str, stream: BinaryIO, sheet: str | None) -> list[list[str | None]]:
    """The cells of one sheet as text. Raises RefusedExtract when it is no workbook, or beyond the limits."""
    import zipfile

    import openpyxl

    broken = RefusedExtract("the file is no Excel workbook, or a broken one", file=file,
                            remedy="Export it again, as .xlsx or CSV")
    try:
        with zipfile.ZipFile(stream) as archive:
            if is_bomb(archive):
                raise RefusedExtract("the workbook unpacks to more than any export holds", file=file, remedy="Export it again")
        book = openpyxl.load_workbook(stream, read_only=True, data_only=True, keep_links=False)
        if sheet is not None and sheet not in book.sheetnames:
            raise RefusedExtract("there is no sheet of that name", file=file, column=sheet, remedy="Correct `sheet`")
        rows: list[list[str | None]] = []
        cells = 0
        # A row or cell may have any number, and openpyxl yields all before it as empty.
        for row in (book[sheet] if sheet else book.worksheets[0]).iter_rows(values_only=True, max_col=_MAX_COLUMNS):
            width = len(row) if row.count(None) < len(row) else 0  # fast, for a gap of millions of rows
            while width and row[width - 1] is None:
                width -= 1
            rows.append([_cell(c) for c in row[:width]])
            cells += width
            if len(rows) > _MAX_ROWS or cells > _MAX_CELLS:
                raise RefusedExtract("the sheet has more cells than any export holds", file=file, remedy="Export it again")
        book.close()
        while rows and not rows[-1]:
            rows.pop()
    except RefusedExtract:
        raise
    except Exception:  # openpyxl raises many types, and their texts may hold cells
        raise broken from None
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


def _derived_ids(rows: pa.Table) -> pa.Array:
    """Ids of positions for an export without them: person, org unit, role and start date."""
    parts = [rows.column(c).to_pylist() if c in rows.column_names else [None] * rows.num_rows
             for c in ("person_id", "org_number", "role", "start_date")]
    return pa.array([":".join((v or "").strip() for v in values) for values in zip(*parts, strict=True)], pa.string())
