"""Validation: raw text tables become canonical tables. National ids are hashed here, in memory, before anything is kept.

Belongs here: what a readable row is, what is rejected, what is kept with a warning (contract#refused).
Does not belong here: how a source is read (`sources`), whether the extract as a whole is plausible (`guard`).
"""

from dataclasses import dataclass, field
from datetime import date

import duckdb
import pyarrow as pa

from ingest.canonical_tables import LISTED_VALUES, NATIONAL_ID_HASH, Column, Kind, System, Table, tables_of
from ingest.errors import RefusedExtract
from ingest.identity import check_digits_sql, digits_sql, hash_sql, hmac_pads, holds_national_id_sql
from ingest.sources.base import RawTable
from ingest.sql import literal, scalar

REJECTED_SCHEMA = pa.schema([
    ("table_name", pa.string()), ("file", pa.string()), ("line", pa.int64()),
    ("column_name", pa.string()), ("reason", pa.string()),
])


@dataclass(frozen=True)
class Figures:
    """Counts of one table: rows kept, rows rejected, identical rows dropped, warnings by name."""

    rows: int
    rejected: int
    repeated: int
    warnings: dict[str, int]


@dataclass(frozen=True)
class CanonicalExtract:
    """Tables by name in their stored columns (plus `deleted` in a delta); the rejected rows, as REJECTED_SCHEMA; counts by table.

    `active_positions`: positions active on the extract date; `extra_columns`: ignored headings by table.
    """

    tables: dict[str, pa.Table]
    rejected: pa.Table
    figures: dict[str, Figures]
    active_positions: int
    extra_columns: dict[str, list[str]] = field(default_factory=dict)


def connect() -> duckdb.DuckDBPyConnection:
    """An in-memory database that may not spill: a temporary file could hold a raw national id."""
    return duckdb.connect(":memory:", config={"temp_directory": ""})


def admit(
    system: System, extract_date: date, raw: dict[str, RawTable], *, delta: bool, key: bytes,
    max_rejected_percent: float,
) -> CanonicalExtract:
    """Validate every table of an extract, and hash its national ids. Raises RefusedExtract when too many rows are rejected."""
    tables, rejected, figures, extra, active = {}, [], {}, {}, 0
    with connect() as con:
        for table in tables_of(system):
            if table.name not in raw:
                continue
            source = raw[table.name]
            total = source.data.num_rows
            _read(con, table, source, delta=delta, key=key)
            bad = _rejected(con, table, source)
            repeated = scalar(con, "SELECT count(*) FILTER (NOT conflicts) FROM repeated")
            if total and bad.num_rows * 100 > max_rejected_percent * total:
                raise _too_many(bad, total, source.file, max_rejected_percent)
            kept = con.execute(
                f"SELECT {_stored_list(table, delta)} FROM readable WHERE problem IS NULL "
                "AND row_number NOT IN (SELECT row_number FROM repeated) ORDER BY row_number"
            ).to_arrow_table()
            con.register("kept", kept)
            tables[table.name] = kept
            figures[table.name] = Figures(kept.num_rows, bad.num_rows, repeated, _warnings(con, table))
            rejected.append(bad)
            if source.extra_columns:
                # A heading that is a number could be a national id.
                extra[table.name] = [h for h in source.extra_columns if not h.replace(" ", "").isdigit()]
            con.unregister("kept")
            if table.name == "positions":
                active = _count_active(con, kept, extract_date)
        _count_unknown_org_units(con, system, tables, figures)
    return CanonicalExtract(tables, pa.concat_tables(rejected), figures, active, extra)


def _stored_list(table: Table, delta: bool) -> str:
    return ", ".join([c.stored_name for c in table.columns] + (["deleted"] if delta else []))


def _read(
    con: duckdb.DuckDBPyConnection, table: Table, source: RawTable, *, delta: bool, key: bytes
) -> None:
    """Fill `readable`: row_number, the stored columns, `problem` ("column|reason", null when fine); and `repeated`."""
    columns = list(table.columns)
    if delta:
        columns.append(Column("deleted", Kind.BOOLEAN))
    # A removal needs only its key.
    gone = "lower(trim(raw_deleted)) = 'true' AND " if delta else ""
    missing = [
        f"WHEN {'' if c.name in table.key else f'NOT coalesce({gone}true, false) AND ' if gone else ''}"
        f"raw_{c.name} IS NULL THEN '{c.name}|value is missing'"
        for c in columns if c.needed
    ]
    # DuckDB's own row_number() would make the rest of the statement run on one thread.
    con.register("delivered", source.data.append_column("row_number", pa.array(range(source.data.num_rows), pa.int64())))
    con.execute(
        f"CREATE OR REPLACE TEMP TABLE readable AS "
        f"WITH raw AS (SELECT row_number, {', '.join(_raw(c, source) for c in columns)} FROM delivered), "
        f"valued AS (SELECT *, {', '.join(f'{_value(c, source.date_format)} AS {c.stored_name}' for c in columns)} FROM raw) "
        f"SELECT row_number, {', '.join(c.stored_name for c in columns)}, "
        f"CASE {' '.join(missing + [p for c in columns if (p := _problem(c))])} END AS problem, "
        f"{_wrong_check_digits(columns)} AS wrong_check_digits FROM valued",
        hmac_pads(key) if any(c.kind is Kind.NATIONAL_ID for c in columns) else None,
    )
    con.unregister("delivered")
    keys = ", ".join(table.key)
    stored = _stored_list(table, delta)
    # Of rows with one key the last is kept. Earlier ones with the same content are dropped, others conflict and are rejected.
    con.execute(
        f"CREATE OR REPLACE TEMP TABLE repeated AS "
        f"WITH twice AS (SELECT {keys} FROM readable WHERE problem IS NULL GROUP BY ALL HAVING count(*) > 1), "
        f"ranked AS (SELECT r.row_number, "
        f"md5(({', '.join('r.' + c.strip() for c in stored.split(','))})::VARCHAR) AS content, "
        f"first_value(content) OVER same_key AS kept_content, row_number() OVER same_key AS nth "
        f"FROM readable r JOIN twice t ON {' AND '.join(f'r.{k} IS NOT DISTINCT FROM t.{k}' for k in table.key)} "
        f"WHERE r.problem IS NULL "
        f"WINDOW same_key AS (PARTITION BY {', '.join('r.' + k for k in table.key)} ORDER BY r.row_number DESC)) "
        f"SELECT row_number, content <> kept_content AS conflicts FROM ranked WHERE nth > 1"
    )
    con.execute("CREATE OR REPLACE TEMP TABLE conflicting AS SELECT row_number FROM repeated WHERE conflicts")


def _raw(column: Column, source: RawTable) -> str:
    """The text of a cell with its translation, null when blank; a national id without spaces, dots and dashes."""
    name = column.name
    if name not in source.data.column_names:
        return f"NULL::VARCHAR AS raw_{name}"
    text = f"CASE WHEN trim({name}) <> '' THEN {name} END"
    if translations := source.translations.get(name):
        whens = " ".join(f"WHEN {literal(k)} THEN {literal(v)}" for k, v in translations.items())
        text = f"CASE trim({name}) {whens} ELSE {text} END"
    return f"{digits_sql(text) if column.kind is Kind.NATIONAL_ID else text} AS raw_{name}"


def _value(column: Column, date_format: str | None) -> str:
    """The stored value of a cell; null when it cannot be read."""
    raw = f"raw_{column.name}"
    match column.kind:
        case Kind.NATIONAL_ID:
            return hash_sql(raw)
        case Kind.DATE:
            text = f"trim({raw})"
            other = f"try_strptime({text}, {literal(date_format)})" if date_format else "NULL"
            if date_format and "%Y" in date_format:  # DuckDB takes 25 for the year 25
                other = f"CASE WHEN regexp_matches({text}, '\\d{{4}}') THEN {other} END"
            return (f"(CASE WHEN regexp_full_match({text}, '\\d{{4}}-\\d\\d-\\d\\d') THEN TRY_CAST({text} AS DATE) "
                    f"WHEN regexp_full_match({text}, '\\d{{1,2}}\\.\\d{{1,2}}\\.\\d{{4}}') THEN try_strptime({text}, '%d.%m.%Y') "
                    f"ELSE {other} END)::DATE")
        case Kind.BOOLEAN:
            return f"CASE lower(trim({raw})) WHEN 'true' THEN true WHEN 'false' THEN false END"
        case Kind.ORIGIN | Kind.ORG_TYPE:
            return f"lower(trim({raw}))"
        case _:
            return raw


def _problem(column: Column) -> str | None:
    """The WHEN branch that rejects a cell; None when every text is valid."""
    raw, value = f"raw_{column.name}", column.stored_name
    match column.kind:
        case Kind.NATIONAL_ID:
            return None
        case Kind.DATE:
            wrong, reason = f"{raw} IS NOT NULL AND {value} IS NULL", "not a date"
        case Kind.BOOLEAN:
            wrong, reason = f"{raw} IS NOT NULL AND {value} IS NULL", "not true or false"
        case Kind.ORIGIN | Kind.ORG_TYPE:
            listed = LISTED_VALUES[column.kind]
            wrong, reason = f"{value} NOT IN ({', '.join(map(literal, listed))})", f"not one of {', '.join(listed)}"
        case _:
            wrong, reason = holds_national_id_sql(raw), "holds a national id, which belongs in no such column"
    return f"WHEN {wrong} THEN '{column.name}|{reason}'"


def _wrong_check_digits(columns: list[Column]) -> str:
    """Whether the check digits are wrong; computed here because the number itself is not kept."""
    if not any(c.kind is Kind.NATIONAL_ID for c in columns):
        return "false"
    return f"coalesce(NOT {check_digits_sql('raw_national_id')}, false)"


def _rejected(con: duckdb.DuckDBPyConnection, table: Table, source: RawTable) -> pa.Table:
    rows = con.execute(
        "SELECT row_number, split_part(problem, '|', 1), split_part(problem, '|', 2) FROM readable "
        "WHERE problem IS NOT NULL "
        f"UNION ALL SELECT row_number, '{', '.join(table.key)}', 'another row with the same key stands further down' "
        "FROM conflicting ORDER BY 1"
    ).fetchall()
    lines = source.lines_of([r[0] for r in rows]) if rows and source.lines_of else [None] * len(rows)
    return pa.Table.from_pylist(
        [{"table_name": table.name, "file": source.file, "line": line, "column_name": column, "reason": reason}
         for line, (_, column, reason) in zip(lines, rows, strict=True)],
        schema=REJECTED_SCHEMA,
    )


def _too_many(bad: pa.Table, total: int, file: str, limit: float) -> RefusedExtract:
    first = bad.slice(0, 1).to_pylist()[0]
    return RefusedExtract(
        f"{bad.num_rows} of {total} rows cannot be used, more than {limit:g} %; the first: "
        f"{first['column_name']}: {first['reason']}",
        file=file, line=first["line"], column=first["column_name"],
        remedy="Correct the file and deliver it again",
    )


def _warnings(con: duckdb.DuckDBPyConnection, table: Table) -> dict[str, int]:
    warnings = {}
    names = {c.name for c in table.columns}
    if {"start_date", "end_date"} <= names:
        warnings["ends_before_start"] = scalar(con, "SELECT count(*) FROM kept WHERE end_date < start_date")
    if "national_id" in names:
        warnings["wrong_check_digits"] = scalar(con, (
            f"SELECT count(*) FROM readable WHERE wrong_check_digits AND problem IS NULL "
            f"AND {NATIONAL_ID_HASH} IS NOT NULL AND row_number NOT IN (SELECT row_number FROM repeated)"))
    return warnings


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


def _count_active(con: duckdb.DuckDBPyConnection, positions: pa.Table, day: date) -> int:
    con.register("positions", positions)
    return scalar(
        con, "SELECT count(*) FROM positions WHERE coalesce(start_date, $day) <= $day AND coalesce(end_date, $day) >= $day",
        {"day": day})
