"""Kept rows: what an extract's unreadable rows may have held is not gone (contract#rejected-row).

An unreadable row leaves a pattern: the part of its key that can be read, else whose row it is. The rows of the state before
that agree with it stay, unless the extract delivers their key readably. The runs of extracts over which a row is kept are

    ingest.kept_rows   system, table_name, key_values (as text, in the order of the key), kept_since, kept_to (null: still kept)

Belongs here: which rows are kept, since when, and what `ingest.rejected_rows` says of it. Does not belong here: what cannot be
read (`door`), folding (`versions`).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import duckdb

from ingest.canonical_tables import NATIONAL_ID_HASH, WITNESSES, System, Table, tables_of
from ingest.landing import REJECTED_ROWS, Landed
from ingest.sql import literal, scalar

# What an earlier version's file lacks is null.
_REJECTED = """
SELECT table_name, file, line, column_name, reason,
       coalesce(is_unreadable, reason NOT LIKE 'another row with the same key%') AS is_unreadable,
       coalesce(key_columns, []) AS key_columns, coalesce(key_values, []) AS key_values, owner, national_id_hash,
       file_row_number AS row_number
FROM (SELECT NULL::BOOLEAN AS is_unreadable, NULL::VARCHAR[] AS key_columns, NULL::VARCHAR[] AS key_values,
             NULL::VARCHAR AS owner, NULL::VARCHAR AS national_id_hash WHERE false
      UNION ALL BY NAME SELECT * FROM read_parquet({file}, file_row_number = true))"""

_KEPT_BY = "CREATE OR REPLACE TEMP TABLE kept_by (row_number BIGINT, table_name VARCHAR, key_values VARCHAR[])"


@dataclass(frozen=True)
class Kept:
    """Of an accepted extract: rows of the state after it that are there only because they were kept; unreadable rows of which
    nothing could be told, so that rows may be missing."""

    rows: int = 0
    may_miss: int = 0


class KeptRows:
    """The kept rows of one system, while its extracts are folded."""

    def __init__(self, con: duckdb.DuckDBPyConnection, system: System):
        self.con = con
        self.system: System = system
        self._open = 0  # how many rows are kept now
        self.count_open()

    def count_open(self) -> None:
        """Look anew at what is kept, after the versions were cut back."""
        self._open = scalar(self.con, "SELECT count(*) FROM ingest.kept_rows WHERE system = ? AND kept_to IS NULL", [self.system])

    def cut(self, day: date) -> None:
        """Forget what was kept from `day` on."""
        self.con.execute("DELETE FROM ingest.kept_rows WHERE system = ? AND kept_since >= ?", [self.system, day])
        self.con.execute("UPDATE ingest.kept_rows SET kept_to = NULL WHERE system = ? AND kept_to >= ?", [self.system, day])
        self.count_open()

    def may_concern(self, landed: Sequence[Landed]) -> set[str]:
        """Of extracts that follow the versions, by date, those with unreadable rows that may stand for rows of the state before.

        The state before each need not be known: what it can hold is in the versions now, or in an extract before it. Of a witness
        there are none: what happened on another day says nothing of this one.
        """
        if self.system in WITNESSES:
            return set()
        found: set[str] = set()
        for table in tables_of(self.system):
            patterns = [f"SELECT {n} AS step, * FROM ({_REJECTED.format(file=literal(file))}) WHERE is_unreadable "
                        f"AND table_name = '{table.name}'"
                        for n, e in enumerate(landed) if _rejects(e, table) and (file := e.table_file(REJECTED_ROWS))]
            if not patterns:
                continue
            self.con.execute(f"CREATE OR REPLACE TEMP TABLE patterns AS {' UNION ALL '.join(patterns)}")
            last = scalar(self.con, "SELECT coalesce(max(step), -1) FROM patterns")
            columns = ", ".join(c.stored_name for c in table.columns)
            held = [f"SELECT {columns}, -1 AS since FROM versions.{table.versions_name} WHERE valid_to IS NULL"]
            held += [f"SELECT {columns}, {n} FROM read_parquet({literal(file)})"
                     for n, e in enumerate(landed) if n < last and (file := e.table_file(table.name))]
            for condition in self._conditions(table):
                steps = self.con.execute(
                    f"SELECT DISTINCT p.step FROM ({' UNION ALL '.join(held)}) v JOIN patterns p ON {condition} "
                    "WHERE v.since < p.step").fetchall()
                found |= {landed[n].key for (n,) in steps}
            self.con.execute("DROP TABLE patterns")
        return found

    def find(self, landed: Landed) -> list[str]:
        """Fill, for each table with rows to keep, `kept_<table>`: rows that the extract does not deliver readably, with their old
        content. The versions must end before the extract. Returns the tables."""
        tables = []
        file = landed.table_file(REJECTED_ROWS)
        self.con.execute(_KEPT_BY)
        for table in tables_of(self.system):
            if not (file and _rejects(landed, table)):
                continue
            self.con.execute(f"""
                CREATE OR REPLACE TEMP TABLE patterns AS FROM ({_REJECTED.format(file=literal(file))})
                WHERE is_unreadable AND table_name = '{table.name}'""")
            key = _key_values(table, "v")
            parts = [f"SELECT v.*, {key} AS key_values, p.row_number FROM versions.{table.versions_name} v "
                     f"JOIN patterns p ON {condition} WHERE v.valid_to IS NULL" for condition in self._conditions(table)]
            if not parts:
                continue
            delivered = landed.table_file(table.name)
            known = f"SELECT {_key_values(table)} AS key_values FROM read_parquet({literal(delivered)})" if delivered else (
                "SELECT NULL::VARCHAR[] AS key_values WHERE false")
            self.con.execute(f"CREATE OR REPLACE TEMP TABLE agreeing AS SELECT * FROM ({' UNION ALL '.join(parts)}) "
                             f"ANTI JOIN ({known}) USING (key_values)")
            self.con.execute(f"INSERT INTO kept_by SELECT row_number, '{table.name}', key_values FROM agreeing")
            columns = ", ".join(c.stored_name for c in table.columns)
            self.con.execute(f"CREATE OR REPLACE TEMP TABLE kept_{table.name} AS SELECT DISTINCT {columns} FROM agreeing")
            self.con.execute("DROP TABLE agreeing; DROP TABLE patterns")
            tables.append(table.name)
        return tables

    def settle(self, landed: Landed, *, found: bool) -> int:
        """Bring the runs in line with an accepted extract; returns how many rows are kept. `found`: `find` was asked for it."""
        if not found and self._open:
            self.con.execute(_KEPT_BY)
        if found or self._open:
            self._settle_runs(landed)
        return self._open

    def _settle_runs(self, landed: Landed) -> None:
        run = f"r.system = '{self.system}' AND r.kept_to IS NULL"
        same = "k.table_name = r.table_name AND k.key_values = r.key_values"
        stays = f"EXISTS (SELECT 1 FROM kept_by k WHERE {same})"
        if landed.kind == "delta":
            # Absence means unchanged, and so still not readable.
            for table in tables_of(self.system):
                file = landed.table_file(table.name)
                known = (f"AND NOT EXISTS (SELECT 1 FROM read_parquet({literal(file)}) d WHERE {_key_values(table, 'd')} = "
                         "r.key_values)") if file else ""
                stays += f" OR (r.table_name = '{table.name}' {known})"
        self.con.execute(f"UPDATE ingest.kept_rows r SET kept_to = $day WHERE {run} AND NOT ({stays})",
                         {"day": landed.extract_date})
        self.con.execute(f"""
            INSERT INTO ingest.kept_rows SELECT DISTINCT '{self.system}', k.table_name, k.key_values, $day::DATE, NULL::DATE
            FROM kept_by k WHERE NOT EXISTS (SELECT 1 FROM ingest.kept_rows r WHERE {run} AND {same}) ORDER BY ALL""",
            {"day": landed.extract_date})
        self.count_open()

    def tell(self, landed: Sequence[Landed], *, found: bool = False) -> dict[str, int]:
        """Write the rejected rows of accepted extracts; returns by delivery how many unreadable ones leave nothing to go by.

        `found`: it is one extract that `find` was asked for, and that is settled.
        """
        told = [(e, file) for e in landed
                if any(f.rejected for f in e.figures.values()) and (file := e.table_file(REJECTED_ROWS))]
        if not told:
            return {}
        self.con.execute("DELETE FROM ingest.rejected_rows WHERE system = ? AND list_contains(?, delivery)",
                         [self.system, [e.key for e, _ in told]])
        rejected = " UNION ALL ".join(
            f"SELECT *, DATE '{e.extract_date}' AS extract_date, {literal(e.key)} AS delivery "
            f"FROM ({_REJECTED.format(file=literal(file))})" for e, file in told)
        self.con.execute(f"CREATE OR REPLACE TEMP TABLE rejected AS {rejected}")
        since = f"""
            SELECT k.row_number, min(r.kept_since) AS kept_since FROM kept_by k JOIN ingest.kept_rows r
            ON r.system = '{self.system}' AND r.kept_to IS NULL AND k.table_name = r.table_name AND k.key_values = r.key_values
            GROUP BY ALL""" if found else "SELECT NULL::BIGINT AS row_number, NULL::DATE AS kept_since WHERE false"
        owner_columns = " ".join(f"WHEN '{t.name}' THEN '{_owner_column(t)}'" for t in tables_of(self.system) if t.owner)
        self.con.execute(f"""
            INSERT INTO ingest.rejected_rows BY NAME
            WITH named AS (
              SELECT *, array_to_string(list_filter(list_transform(range(1, len(key_columns) + 1),
                lambda n: key_columns[n] || '=' || key_values[n]), lambda part: part IS NOT NULL), ', ') AS read FROM rejected
            )
            SELECT '{self.system}' AS system, extract_date, delivery, table_name, file, line, column_name, reason, is_unreadable,
                   CASE WHEN read <> '' OR owner IS NULL THEN read
                        ELSE CASE table_name {owner_columns} END || '=' || owner END AS key,
                   kept_since
            FROM named LEFT JOIN ({since}) USING (row_number) ORDER BY delivery, row_number""")
        missed = self.con.execute(
            "SELECT delivery, count(*) FROM rejected WHERE is_unreadable AND len(key_columns) = 0 AND owner IS NULL "
            "AND national_id_hash IS NULL GROUP BY ALL").fetchall()
        self.con.execute("DROP TABLE rejected")
        return dict(missed)

    def _conditions(self, table: Table) -> list[str]:
        """When versions `v` agree with `patterns p`: a condition for each kind of pattern there is, each for an equi-join."""
        conditions: list[str] = []
        groups = self.con.execute("SELECT DISTINCT key_columns FROM patterns WHERE len(key_columns) > 0 ORDER BY ALL").fetchall()
        texts = dict(zip(table.key, _key_texts(table, "v"), strict=True))
        ignored = {c.name for c in table.columns if c.ignore_case}
        for (columns,) in groups:
            if not set(columns) <= set(table.key):
                continue
            listed = f"[{', '.join(literal(c) for c in columns)}]"
            values = [f"p.key_values[{n}]" for n in range(1, len(columns) + 1)]
            same = [f"{texts[c]} IS NOT DISTINCT FROM {f'lower({value})' if c in ignored else value}"
                    for c, value in zip(columns, values, strict=True)]
            conditions.append(f"p.key_columns = {listed} AND {' AND '.join(same)}")
        counted = self.con.execute("""
            SELECT count(*) FILTER (owner IS NOT NULL), count(*) FILTER (owner IS NULL AND national_id_hash IS NOT NULL)
            FROM patterns WHERE len(key_columns) = 0""").fetchone()
        if counted and counted[0] and table.owner:
            conditions.append(f"len(p.key_columns) = 0 AND v.{_owner_column(table)} = p.owner")
        if counted and counted[1] and any(c.stored_name == NATIONAL_ID_HASH for c in table.columns):
            conditions.append(f"len(p.key_columns) = 0 AND p.owner IS NULL AND v.{NATIONAL_ID_HASH} = p.national_id_hash")
        return conditions


def _rejects(landed: Landed, table: Table) -> bool:
    figures = landed.figures.get(table.name)
    return bool(figures and figures.rejected)


def _owner_column(table: Table) -> str | None:
    """The column that a pattern's `owner` is looked for in: of a person whose id cannot be read, the employee number."""
    return "employee_number" if table.name == "persons" else table.owner


def _key_texts(table: Table, alias: str = "") -> list[str]:
    return [f"({k})::VARCHAR" for k in table.key_sql(alias)]


def _key_values(table: Table, alias: str = "") -> str:
    return f"[{', '.join(_key_texts(table, alias))}]"
