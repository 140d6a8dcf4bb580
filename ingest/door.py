"""Validation: raw text tables become canonical tables. National ids are hashed here, in memory, before anything is kept.

Belongs here: what a readable row is, what is rejected, what is kept with a warning (contract#refused).
Does not belong here: how a source is read (`sources`), how the text of a cell (`cells`), a date (`dates`) or a national id
(`national_ids`) is read, whether the extract as a whole is plausible (`guard`).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import duckdb
import pyarrow as pa

from ingest.canonical_tables import (
    ERROR_VALUE,
    EXPONENT_FORM,
    LISTED_VALUES,
    NATIONAL_ID_HASH,
    Column,
    Kind,
    System,
    Table,
    tables_of,
)
from ingest.cells import clean, clean_sql, is_plain
from ingest.dates import is_no_day, read_day
from ingest.errors import RefusedExtract
from ingest.identity import hash_of, hash_sql, hmac_pads
from ingest.national_ids import LEAST_LENGTH, found_in, identifies, identifies_sql, may_hold_sql, redact, undivided_sql
from ingest.sources.base import RawTable
from ingest.sources.delimited import headings_to_tell
from ingest.sql import literal, rows, scalar

REJECTED_SCHEMA = pa.schema([
    ("table_name", pa.string()), ("file", pa.string()), ("line", pa.int64()),
    ("column_name", pa.string()), ("reason", pa.string()), ("is_unreadable", pa.bool_()),
    ("key_columns", pa.list_(pa.string())), ("key_values", pa.list_(pa.string())),
    ("owner", pa.string()), ("national_id_hash", pa.string()),
])
_DELETED = Column("deleted", Kind.BOOLEAN)
_IN_EXPONENT_FORM = ("in exponent form, which has lost digits. Export the column as text; in Excel, format it as text before the "
                     "numbers come in")
_ERROR_VALUE = "an error of the spreadsheet instead of a value. Correct its formula there, or widen the column, and export again"
# {what is no id, in any text: why its row is rejected}
_NO_IDS = {EXPONENT_FORM: _IN_EXPONENT_FORM, ERROR_VALUE: _ERROR_VALUE}
_ANOTHER_ROW = "another row with the same key stands further down"
_ANOTHER_ACCESS = "another row with the same key ends later, or stands further down"


@dataclass(frozen=True)
class Figures:
    """Counts of one table: rows kept, rows rejected, identical rows dropped, warnings by name."""

    rows: int
    rejected: int
    repeated: int
    warnings: dict[str, int]


@dataclass(frozen=True)
class CanonicalExtract:
    """Tables by name in their stored columns (plus `deleted` in a delta); the rejected rows; counts by table.

    `rejected`, as REJECTED_SCHEMA, tells of each row what could be read of its key: `key_columns` and `key_values` (null: empty,
    which is a value of it), whose it is (`owner`, `national_id_hash`), and whether it `is_unreadable`: no row with its key was
    kept. By table: `extra_columns`, ignored headings; `notes`, what the source has doubts about, {name of the warning: text}.
    """

    tables: dict[str, pa.Table]
    rejected: pa.Table
    figures: dict[str, Figures]
    extra_columns: dict[str, list[str]] = field(default_factory=dict)
    notes: dict[str, dict[str, str]] = field(default_factory=dict)


def connect() -> duckdb.DuckDBPyConnection:
    """An in-memory database that may not spill: a temporary file could hold a raw national id."""
    return duckdb.connect(":memory:", config={"temp_directory": ""})


def admit(
    system: System, extract_date: date, raw: dict[str, RawTable], *, delta: bool, key: bytes,
    max_rejected_percent: float,
) -> CanonicalExtract:
    """Validate every table of an extract, and hash its national ids. Raises RefusedExtract when too many rows are rejected."""
    tables, rejected, figures, extra, notes = {}, [], {}, {}, {}
    with connect() as con:
        for table in tables_of(system):
            if table.name not in raw:
                continue
            source = raw[table.name]
            total = source.data.num_rows
            _Reading(con, table, source, delta, key, extract_date).read()
            bad = scalar(con, "SELECT count(*) FROM readable WHERE problem IS NOT NULL") + scalar(
                con, "SELECT count(*) FROM repeated WHERE conflicts")
            repeated = scalar(con, "SELECT count(*) FILTER (NOT conflicts) FROM repeated")
            if total and bad * 100 > max_rejected_percent * total:
                raise _too_many(con, table, source, bad, total, max_rejected_percent)
            kept = con.execute(
                f"SELECT {', '.join(_stored(table, delta))} FROM readable WHERE problem IS NULL "
                "AND row_number NOT IN (SELECT row_number FROM repeated) ORDER BY row_number"
            ).to_arrow_table()
            con.register("kept", kept)
            tables[table.name] = kept
            warnings = _warnings(con, table) | {n.name: n.count for n in source.notes}
            figures[table.name] = Figures(kept.num_rows, bad, repeated, warnings)
            rejected.append(_rejected(con, table, source) if bad else REJECTED_SCHEMA.empty_table())
            if source.extra_columns:
                extra[table.name] = headings_to_tell(source.extra_columns)
            if source.notes:
                notes[table.name] = {n.name: n.text for n in source.notes}
            con.unregister("kept")
        _count_unknown_org_units(con, system, tables, figures)
    return CanonicalExtract(tables, pa.concat_tables(rejected), figures, extra, notes)


def _stored(table: Table, delta: bool) -> list[str]:
    return [c.stored_name for c in table.columns] + (["deleted"] if delta else [])


@dataclass(frozen=True)
class _Reading:
    """Reads one raw table."""

    con: duckdb.DuckDBPyConnection
    table: Table
    source: RawTable
    delta: bool
    key: bytes
    extract_date: date

    @property
    def columns(self) -> list[Column]:
        return [*self.table.columns, *([_DELETED] if self.delta else [])]

    def read(self) -> None:
        """Fill `readable`: row_number, the stored columns, `problem` ("column|reason", null when fine); and `repeated`."""
        delivered = self.source.data
        # DuckDB's own row_number() would make the rest of the statement run on one thread.
        self.con.register("delivered", delivered.append_column("row_number", pa.array(range(delivered.num_rows), pa.int64())))
        self.con.execute("CREATE OR REPLACE TEMP TABLE cells AS SELECT row_number, "
                         f"{', '.join(self._cell(c) for c in self.columns)} FROM delivered")
        self.con.unregister("delivered")
        texts = [c.name for c in self.columns if c.kind is Kind.TEXT]
        lengths = ", ".join(f"coalesce(max(strlen(raw_{name})), 0)" for name in texts)
        longest = dict(zip(texts, self.con.execute(f"SELECT {lengths} FROM cells").fetchall()[0], strict=True))
        joins, values, replaced = [], [], []
        for column in self.columns:
            match column.kind:
                case Kind.TEXT:  # to look for ids takes long; most columns are too short for one
                    joined = self._join_redacted(column) if longest[column.name] >= LEAST_LENGTH else None
                    value = f"coalesce(m_{column.name}.new, raw_{column.name})" if joined else f"raw_{column.name}"
                    replaced += [f"(m_{column.name}.new IS NOT NULL)::INTEGER"] if joined else []
                case Kind.DATE:
                    joined, value = self._join_days(column), f"m_{column.name}.new"
                case Kind.NATIONAL_ID:
                    joined, value = self._join_numbers(column), f"coalesce({undivided_sql('raw_national_id')}, m_national_id.new)"
                case Kind.BOOLEAN:
                    joined, value = None, f"CASE lower(raw_{column.name}) WHEN 'true' THEN true WHEN 'false' THEN false END"
                case _:
                    joined, value = None, f"lower(raw_{column.name})"
            joins += [joined] if joined else []
            values.append(f"{value} AS value_{column.name}")
        hashed = any(c.kind is Kind.NATIONAL_ID for c in self.columns)
        identified = f"CASE WHEN {identifies_sql('value_national_id')} THEN value_national_id END"
        unread = [f"(raw_{c.name} IS NOT NULL AND value_{c.name} IS NULL AND NOT coalesce(no_{c.name}, false)) AS unread_{c.name}"
                  for c in self.columns if c.kind is Kind.DATE]
        placeholders = [f"coalesce(no_{c.name}, false)::INTEGER" for c in self.columns if c.kind is Kind.DATE]
        no_days = [f"m_{c.name}.is_no_day AS no_{c.name}" for c in self.columns if c.kind is Kind.DATE]
        stored = [f"{hash_sql('digits')} AS {NATIONAL_ID_HASH}" if c.kind is Kind.NATIONAL_ID else f"value_{c.name} AS {c.name}"
                  for c in self.columns]
        self.con.execute(
            f"CREATE OR REPLACE TEMP TABLE readable AS "
            f"WITH valued AS (SELECT cells.*, {', '.join(values + no_days)}, {' + '.join(replaced) or 0} AS replaced "
            f"FROM cells {' '.join(joins)}), "
            f"identified AS (SELECT *, {identified if hashed else 'NULL'} AS digits, "
            f"{', '.join([*unread, '0 AS none'])} FROM valued) "
            f"SELECT row_number, {', '.join([*stored, *(f'unread_{c.name}' for c in self.columns if c.kind is Kind.DATE)])}, "
            f"CASE {' '.join(self._problems())} END AS problem, "
            f"{'raw_national_id IS NOT NULL AND digits IS NULL' if hashed else 'false'} AS wrong_check_digits, "
            f"{' + '.join(placeholders) or 0} AS placeholder_dates, replaced AS national_ids_replaced FROM identified",
            hmac_pads(self.key) if hashed else None,
        )
        self._find_repeated()

    def _cell(self, column: Column) -> str:
        """The text of a cell with its translation, null when nothing can be seen in it."""
        name = column.name
        if name not in self.source.data.column_names:
            return f"NULL::VARCHAR AS raw_{name}"
        text = f"nullif({name}, '')" if is_plain(self.source.data.column(name)) else clean_sql(name)
        if translations := self.source.translations.get(name):
            exact = {clean(k): v for k, v in translations.items()}
            whens = [f"WHEN {text} = {literal(k)} THEN {literal(v)}" for k, v in exact.items()]
            if column.kind is not Kind.TEXT or column.ignore_case:
                whens += [f"WHEN lower({text}) = lower({literal(k)}) THEN {literal(v)}" for k, v in exact.items()]
            text = f"CASE {' '.join(whens)} ELSE {text} END"
        return f"{text} AS raw_{name}"

    def _distinct(self, column: Column, condition: str) -> list[str]:
        return [text for (text,) in self.con.execute(
            f"SELECT DISTINCT raw_{column.name} FROM cells WHERE raw_{column.name} IS NOT NULL AND {condition}").fetchall()]

    def _join(self, column: Column, texts: Sequence[str], new: Sequence[Any], kind: pa.DataType, **more: pa.Array) -> str:
        """A join that puts a value beside each of some texts of a column, as m_<column>.new."""
        name = f"m_{column.name}"
        self.con.register("made", pa.table({"text": pa.array(texts, pa.string()), "new": pa.array(new, kind), **more}))
        self.con.execute(f"CREATE OR REPLACE TEMP TABLE {name} AS FROM made")
        self.con.unregister("made")
        return f"LEFT JOIN {name} ON {name}.text = raw_{column.name}"

    def _join_redacted(self, column: Column) -> str | None:
        """National ids in other columns: keyed hashes where rows must stay apart (contract#leaks)."""
        by: list[Callable[[str], str]] = []
        if column.is_id or column.name in self.table.key:
            by.append(lambda digits: hash_of(digits, self.key))
        redacted = {text: new for text in self._distinct(column, may_hold_sql(f"raw_{column.name}"))
                    if (new := redact(text, *by)) != text}
        return self._join(column, list(redacted), list(redacted.values()), pa.string()) if redacted else None

    def _join_days(self, column: Column) -> str:
        texts = self._distinct(column, "true")
        start_seen_on = self.extract_date if column.name == "start_date" else None
        days = [read_day(text, self.source.date_format, start_seen_on=start_seen_on) for text in texts]
        no_day = [day is not None and is_no_day(day) for day in days]
        return self._join(column, texts, [None if no else day for day, no in zip(days, no_day, strict=True)], pa.date32(),
                          is_no_day=pa.array(no_day, pa.bool_()))

    def _join_numbers(self, column: Column) -> str:
        """National ids in their own column that stand beside something else."""
        raw = f"raw_{column.name}"
        texts = self._distinct(column, f"{may_hold_sql(raw)} AND ({undivided_sql(raw)}) IS NULL")
        found = [{digits for digits in found_in(text) if identifies(digits)} for text in texts]
        return self._join(column, texts, [f.pop() if len(f) == 1 else None for f in found], pa.string())

    def _problems(self) -> list[str]:
        """The WHEN branches that reject a row. A key that is missing is told last: an adapter that makes it from other columns
        leaves it empty where one of these cannot be read, which is then the reason."""
        # A removal needs only its key.
        unless_gone = "NOT coalesce(lower(raw_deleted) = 'true', false) AND " if self.delta else ""
        missing = {c.name: f"raw_{c.name} IS NULL THEN '{c.name}|value is missing'" for c in self.columns if c.needed}
        return [*(f"WHEN {unless_gone}{test}" for name, test in missing.items() if name not in self.table.key),
                *(problem for c in self.columns if (problem := _problem(c))),
                *(f"WHEN {test}" for name, test in missing.items() if name in self.table.key)]

    def _find_repeated(self) -> None:
        """Fill `repeated`: rows that do not count because another with their key does, and whether they differ from that one.

        Of accesses the one that ends last counts, of other rows the last (contract#same-key-twice).
        """
        table, keys = self.table, [f"key_{n}" for n in range(len(self.table.key))]
        named = [f"{expression} AS {name}" for expression, name in zip(table.key_sql("r"), keys, strict=True)]
        content = ", ".join([c.compared("r") for c in table.columns] + (["coalesce(r.deleted, false)"] if self.delta else []))
        last = [*(["coalesce(deleted, false)"] if self.delta else []), "end_date DESC NULLS FIRST"] if (
            table.name == "accesses") else []
        spelling = [c.name for c in table.columns if c.ignore_case]
        self.con.execute(
            f"CREATE OR REPLACE TEMP TABLE repeated AS "
            f"WITH twice AS (SELECT {', '.join(named)} FROM readable r WHERE problem IS NULL GROUP BY ALL HAVING count(*) > 1), "
            f"same AS (SELECT r.*, twice.*, md5(({content})::VARCHAR) AS content FROM readable r JOIN twice ON "
            f"{' AND '.join(f'{e} IS NOT DISTINCT FROM {k}' for e, k in zip(table.key_sql('r'), keys, strict=True))} "
            f"WHERE r.problem IS NULL), "
            f"counting AS (SELECT *, content <> first_value(content) OVER (PARTITION BY {', '.join(keys)} "
            f"ORDER BY {', '.join([*last, 'row_number DESC'])}) AS conflicts FROM same) "
            f"SELECT row_number, conflicts FROM counting QUALIFY row_number() OVER (PARTITION BY {', '.join(keys)} "
            f"ORDER BY {', '.join(['conflicts', *spelling, 'row_number DESC'])}) > 1")


def _problem(column: Column) -> str | None:
    """The WHEN branch that rejects a cell; None when every text is valid."""
    raw, value = f"raw_{column.name}", f"value_{column.name}"
    match column.kind:
        case Kind.DATE:
            wrong, reason = f"unread_{column.name}", "not a date"
        case Kind.BOOLEAN:
            wrong, reason = f"{raw} IS NOT NULL AND {value} IS NULL", "not true or false"
        case Kind.ORIGIN | Kind.ORG_TYPE:
            listed = LISTED_VALUES[column.kind]
            wrong, reason = f"{value} NOT IN ({', '.join(map(literal, listed))})", f"not one of {', '.join(listed)}"
        case Kind.TEXT if column.is_id:
            return " ".join(f"WHEN {_matches(raw, form)} THEN '{column.name}|{reason}'" for form, reason in _NO_IDS.items())
        case _:
            return None
    return f"WHEN {wrong} THEN '{column.name}|{reason}'"


def _matches(text: str, form: str) -> str:
    return f"regexp_full_match({text}, {literal(form)})"


def _rejected(con: duckdb.DuckDBPyConnection, table: Table, source: RawTable) -> pa.Table:
    """The rejected rows as REJECTED_SCHEMA, in the order of the file."""
    same_key = " AND ".join(f"{a} IS NOT DISTINCT FROM {b}" for a, b in zip(table.key_sql("r"), table.key_sql("s"), strict=True))
    # As text, so that one statement serves every table; the few rows of it are made into lists here.
    key_values = [f"r.{c.stored_name}::VARCHAR AS key_{n}, {_is_readable(c)} AS is_readable_{n}"
                  for n, c in enumerate(table.key_columns)]
    owner_column = {"persons": "employee_number", "positions": table.owner, "accesses": table.owner}.get(table.name)
    owner = next((c for c in table.columns if c.name == owner_column), None)
    has_number = any(c.kind is Kind.NATIONAL_ID for c in table.columns)
    bad = rows(con, (
        f"WITH wrong AS (SELECT row_number, split_part(problem, '|', 1) AS column_name, split_part(problem, '|', 2) AS reason "
        f"FROM readable WHERE problem IS NOT NULL UNION ALL "
        f"SELECT row_number, '{', '.join(table.key)}', '{_ANOTHER_ACCESS if table.name == 'accesses' else _ANOTHER_ROW}' "
        f"FROM repeated WHERE conflicts), "
        f"standing AS (SELECT DISTINCT r.row_number FROM readable r JOIN wrong USING (row_number) JOIN readable s "
        f"ON {same_key} AND s.problem IS NULL WHERE {' AND '.join(_is_readable(c) for c in table.key_columns)}) "
        f"SELECT row_number, column_name, reason, standing.row_number IS NULL AS is_unreadable, {', '.join(key_values)}, "
        f"{f'CASE WHEN {_is_readable(owner)} THEN r.{owner.name} END' if owner else 'NULL'} AS owner, "
        f"{f'r.{NATIONAL_ID_HASH}' if has_number else 'NULL'} AS national_id_hash "
        f"FROM wrong JOIN readable r USING (row_number) LEFT JOIN standing USING (row_number) ORDER BY row_number"))
    lines = _lines(source, [r["row_number"] for r in bad])
    told = []
    for line, row in zip(lines, bad, strict=True):
        known = [n for n in range(len(table.key)) if row[f"is_readable_{n}"]]
        told.append({
            "table_name": table.name, "file": redact(source.file), "line": line, "column_name": row["column_name"],
            "reason": row["reason"], "is_unreadable": row["is_unreadable"], "key_columns": [table.key[n] for n in known],
            "key_values": [row[f"key_{n}"] for n in known], "owner": row["owner"], "national_id_hash": row["national_id_hash"]})
    return pa.Table.from_pylist(told, schema=REJECTED_SCHEMA)


def _is_readable(column: Column) -> str:
    """Whether the value of a cell of `readable r` is known; an empty one is, where it may be empty."""
    if column.kind is Kind.DATE:
        return f"NOT r.unread_{column.name}"
    is_text = " AND ".join(
        f"NOT coalesce({_matches(f'r.{column.name}', form)}, false)" for form in _NO_IDS) if column.is_id else "true"
    may_be_empty = not column.needed and column.name != "employee_number"
    return f"({is_text})" if may_be_empty else f"(r.{column.name} IS NOT NULL AND {is_text})"


def _lines(source: RawTable, row_numbers: list[int]) -> list[int] | list[None]:
    return source.lines_of(row_numbers) if row_numbers and source.lines_of else [None] * len(row_numbers)


def _too_many(
    con: duckdb.DuckDBPyConnection, table: Table, source: RawTable, bad: int, total: int, limit: float
) -> RefusedExtract:
    first = con.execute(
        "SELECT row_number, problem FROM readable WHERE problem IS NOT NULL UNION ALL "
        f"SELECT row_number, '{', '.join(table.key)}|{_ANOTHER_ROW}' FROM repeated WHERE conflicts ORDER BY 1 LIMIT 1").fetchone()
    row_number, problem = first or (0, "|")
    column, _, reason = problem.partition("|")
    return RefusedExtract(
        f"{bad} of {total} rows cannot be used, more than {limit:g} %; the first: {column}: {reason}",
        file=source.file, line=_lines(source, [row_number])[0], column=column,
        remedy="Correct the file and deliver it again",
    )


def _warnings(con: duckdb.DuckDBPyConnection, table: Table) -> dict[str, int]:
    """Counts of what is kept with a warning. National ids that stood in other columns count in rejected rows too."""
    warnings = {}
    names = {c.name for c in table.columns}
    if {"start_date", "end_date"} <= names:
        warnings["ends_before_start"] = scalar(con, "SELECT count(*) FROM kept WHERE end_date < start_date")
    of_kept = "problem IS NULL AND row_number NOT IN (SELECT row_number FROM repeated)"
    wrong, placeholders, replaced = con.execute(
        f"SELECT count(*) FILTER (wrong_check_digits AND {of_kept}), coalesce(sum(placeholder_dates) FILTER ({of_kept}), 0), "
        "coalesce(sum(national_ids_replaced), 0) FROM readable").fetchall()[0]
    if "national_id" in names:
        warnings["wrong_check_digits"] = wrong
    return warnings | {name: int(count) for name, count in (
        ("placeholder_dates", placeholders), ("national_ids_replaced", replaced)) if count}


def _count_unknown_org_units(
    con: duckdb.DuckDBPyConnection, system: System, tables: dict[str, pa.Table], figures: dict[str, Figures]
) -> None:
    """Count rows whose org unit is not among the extract's own; not done when it delivers no org units."""
    if "org_units" not in tables:
        return
    con.register("org_units", tables["org_units"])
    for name in ("positions", "accesses"):
        if name in tables:
            con.register("rows_", tables[name])
            figures[name].warnings["unknown_org_number"] = scalar(
                con, "SELECT count(*) FROM rows_ ANTI JOIN org_units USING (org_number)")
