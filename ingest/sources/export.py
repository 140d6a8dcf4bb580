"""The `export` adapter: a CSV or Excel export of VFS's employee search, mapped by settings (contract#adapter-export).

One row for each person, position or access; a person who stands in several rows is one. Which heading is which column,
and what a value means, is the kommune's own choice, and so a setting: `sluttdato propose FILE` proposes them (`propose`).
"""

import json
from collections.abc import Callable, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Annotated, Any, BinaryIO, Literal

import pyarrow as pa
import pyarrow.compute as pc
from pydantic import BaseModel, ConfigDict, Field, field_validator

from ingest.assessable import EVERYTHING
from ingest.canonical_tables import System, Table, tables_of
from ingest.errors import RefusedExtract
from ingest.sources.base import Progress, RawTable
from ingest.sources.csv_folder import Mapping, known_encoding
from ingest.sources.delimited import Delimited, whole
from ingest.sources.lying import Lying, LyingFiles, is_bomb

EXCEL = (".xlsx", ".xlsm")
_MAX_COLUMNS, _MAX_ROWS, _MAX_CELLS = 500, 1 << 20, 20_000_000
# What a row must tell of a table for it to be made from the export.
NEEDED = {"persons": ("person_id", "given_name", "family_name"), "positions": ("person_id", "org_number"),
           "accesses": ("person_id", "access_group", "org_number"), "org_units": ("org_number",)}


class ExportSettings(BaseModel):
    """Settings of the adapter. `columns`: canonical name: heading. `skip_rows`: title rows above the heading."""

    model_config = ConfigDict(extra="forbid")

    adapter: Literal["export"]
    tables: list[Literal["persons", "positions", "accesses", "org_units"]]
    path: Path
    columns: Mapping = {}
    sheet: str | None = None
    skip_rows: Annotated[int, Field(ge=0)] = 0
    encoding: str = "utf-8"
    delimiter: str = Field(";", min_length=1, max_length=1)
    date_format: str | None = None
    values: dict[str, dict[str, str] | dict[str, dict[str, str]]] = {}

    _encoding = field_validator("encoding")(known_encoding)


class Export(Lying):
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

    def read_files(self, files: LyingFiles, say: Progress) -> dict[str, RawTable]:
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
        general = {k: v for k, v in self._settings.columns.items() if isinstance(v, str)}
        own = self._settings.columns.get(table.name, {})
        named = {c.name for c in table.columns}
        return {k: v for k, v in {**general, **(own if isinstance(own, dict) else {})}.items() if k in named}

    def _table(
        self, table: Table, file: str, heading: list[str], data: pa.Table, lines_of: Callable[[Sequence[int]], list[int]]
    ) -> RawTable:
        columns = self._columns(table) or {c.name: c.name for c in table.columns if c.name in heading}
        for name in NEEDED[table.name]:
            if columns.get(name) not in heading:
                raise RefusedExtract(
                    "a required column is missing", file=file, line=self._settings.skip_rows + 1, column=columns.get(name, name),
                    remedy=f"Say under `columns` what `{name}` is called in the file, or export it with that column")
        for name, head in columns.items():
            if head not in heading:
                raise RefusedExtract("a column that the settings name is missing", file=file, line=self._settings.skip_rows + 1,
                                     column=head, remedy=f"Correct `columns: {name}`, or export it with that column")
        made = pa.table({name: data.column(head) for name, head in columns.items()})
        # A row may tell of a person without a position or access; it is no position or access then.
        wanted = pa.array([True] * made.num_rows, pa.bool_())
        for name in NEEDED[table.name] if table.name != "persons" else ():
            wanted = pc.and_(wanted, pc.not_equal(pc.fill_null(pc.utf8_trim_whitespace(made.column(name)), ""), ""))
        rows = [n for n, keep in enumerate(wanted.to_pylist()) if keep]
        made = made.take(pa.array(rows, pa.int64()))
        if table.name == "positions" and "position_id" not in columns:
            made = made.append_column("position_id", _made_up_ids(made))
        general = {k: v for k, v in self._settings.values.items() if k not in NEEDED}
        return RawTable(
            made, file, lines_of=lambda asked: lines_of([rows[n] for n in asked]), date_format=self._settings.date_format,
            translations={**general, **self._settings.values.get(table.name, {})},
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
        heading = [h or "" for h in cells[0]]
        twice = sorted({h for h in heading if h and heading.count(h) > 1})
        if twice:
            raise RefusedExtract("a column stands twice in the heading", file=file, line=self._settings.skip_rows + 1,
                                 column=", ".join(twice), remedy="Export it with each column once")
        numbers = [n for n, row in enumerate(cells[1:]) if any(row)]
        data = pa.table({h: pa.array([cells[1:][n][i] if i < len(cells[1:][n]) else None for n in numbers], pa.string())
                         for i, h in enumerate(heading) if h})
        return heading, data, lambda rows: [numbers[r] + self._settings.skip_rows + 2 for r in rows]


def excel_rows(file: str, stream: BinaryIO, sheet: str | None) -> list[list[str | None]]:
    """The cells of one sheet as text. Raises RefusedExtract for what is no honest workbook."""
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
        told = 0
        # A row or cell may say to stand anywhere, and all before it are given as empty.
        for row in (book[sheet] if sheet else book.worksheets[0]).iter_rows(values_only=True, max_col=_MAX_COLUMNS):
            width = len(row) if row.count(None) < len(row) else 0  # at once for the millions of rows that a gap may hold
            while width and row[width - 1] is None:
                width -= 1
            rows.append([_cell(c) for c in row[:width]])
            told += width
            if len(rows) > _MAX_ROWS or told > _MAX_CELLS:
                raise RefusedExtract("the sheet has more cells than any export holds", file=file, remedy="Export it again")
        book.close()
        while rows and not rows[-1]:
            rows.pop()
    except RefusedExtract:
        raise
    except Exception:  # openpyxl raises whatever it stumbles over; its texts may hold cells
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


def _made_up_ids(rows: pa.Table) -> pa.Array:
    """An id for positions whose export has none: whose it is, where, as what, and since when."""
    parts = [rows.column(c).to_pylist() if c in rows.column_names else [None] * rows.num_rows
             for c in ("person_id", "org_number", "role", "start_date")]
    return pa.array([":".join((v or "").strip() for v in of) for of in zip(*parts, strict=True)], pa.string())
