"""Each mart as a table of one schema, all of them replaced in one transaction.

The transaction empties each table with DELETE and fills it with COPY. Readers see the old rows until it ends, and all new rows
after it; neither waits for the other, because nothing asks for a lock that conflicts with reading. Views of others, and rights
given by hand, stay, as the tables do. TRUNCATE, or renaming new tables into place, would ask for every table alone: that waits
for the slowest reader, everybody after it waits too, and views would go on showing the old tables. VACUUM frees the room of the
old rows.

Only where a table is missing or its contract has changed, its form is brought in line, in the same transaction. That needs the
tables alone; it does not wait for them, but is tried again a few times. What fails or is killed leaves the old set, and nothing
else.

Belongs here: SQL for PostgreSQL, and what may be said of a failure. Does not belong here: what a mart promises
(`publish.contracts`).
"""

import hashlib
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import Any, LiteralString

import duckdb
import psycopg
from psycopg import sql

from dbt_project import MARTS_VERSION
from ingest import files
from ingest.errors import Damaged
from ingest.sql import identifier
from ingest.warehouse import open_published
from publish.contracts import Column, Contract
from publish.postgres.settings import NotPublished, Postgres
from publish.snapshot import published_as_of

RECORD = "published_set"
_RECORD = Contract(
    "One row for each table of this schema: what it holds. All are replaced in one transaction.", (
        Column("mart", description="The table.", is_nullable=False),
        Column("as_of_date", "DATE", "The day that the set describes.", is_nullable=False),
        Column("row_count", "INTEGER", "Its rows.", is_nullable=False),
        Column("marts_version", description="The version of names, types and meanings of all marts.", is_nullable=False),
        Column("kommune_number", description="Whose data it is; empty where no number is set.", is_nullable=False),
        Column("form", description="A fingerprint of what the table should look like; another means that it is altered.",
               is_nullable=False),
    ), key=("mart",))
_TYPES: dict[str, LiteralString] = {"VARCHAR": "text", "DATE": "date", "INTEGER": "integer", "BOOLEAN": "boolean"}
_NULLS_NOT_DISTINCT_SINCE = 150_000
_ROWS_AT_ONCE = 10_000
# A server that no longer answers must not hold up a run for ever, nor a run that is gone the next one.
_CONNECTION: dict[str, Any] = {
    "connect_timeout": 10, "keepalives_idle": 30, "keepalives_interval": 10, "keepalives_count": 3, "tcp_user_timeout": 60_000,
    "application_name": "sluttdato", "client_encoding": "UTF8"}
_LIMITS = {"lock_timeout": "10s", "statement_timeout": "15min", "idle_in_transaction_session_timeout": "5min",
           "tcp_keepalives_idle": "30", "tcp_keepalives_interval": "10", "tcp_keepalives_count": "3"}
_ATTEMPTS, _SECONDS_BETWEEN = 5, 3.0
_MAY_PASS = {"55P03", "40P01", "40001"}  # a lock that others hold, a deadlock, a conflict
# What errors mean, by the server's code for them or its beginning.
_MEANINGS = {
    "28": "the server refused the login",
    "3D": "the server has no such database",
    "42501": "the user may not do that: it must own the schema and its tables, or have the right to create a schema",
    "42704": "the server has no role of the name in publish.postgres.reader_role",
    "2BP01": "somebody's view needs a mart or column that this version no longer has; remove the view",
    "55P03": "others hold locks on the tables: is there a session that has not ended its transaction?",
    "53": "the server has no room or no connection left",
    "57014": "the server took too long",
    "57": "the server is stopping",
    "08": "the connection broke",
}


def publish(
    settings: Postgres, link: Path, contracts: Mapping[str, Contract], kommune_number: str,
    pause: Callable[[float], None] = time.sleep,
) -> dict[str, int]:
    """Replace what the schema holds by the published set that `link` leads to; returns {mart: number of rows}.

    Raises NotPublished. For the holder of the writer's lock. `pause` waits some seconds.
    """
    url = settings.url
    if url is None:
        raise NotPublished("publish.postgres.url is not set")
    try:
        as_of, contents = published_as_of(link), files.read_cache(link / "set.json")
        if as_of is None or not isinstance(contents, dict) or contents.get("marts_version") != MARTS_VERSION:
            raise NotPublished("there is no published set of this version; the next run that publishes makes one")
        with (open_published(link.resolve() / "marts.duckdb") as marts,
              psycopg.connect(url.get_secret_value(), autocommit=True, prepare_threshold=None, **_CONNECTION) as server):
            schema = _Schema(server, settings.schema_name, {**contracts, RECORD: _RECORD})
            rows = _again_when_it_may_pass(lambda: schema.replace(marts, as_of, kommune_number, settings.reader_role), pause)
            schema.free_room()
            return rows
    except Damaged as error:
        raise NotPublished(str(error)) from None
    except psycopg.Error as error:
        raise NotPublished(_meaning(error)) from None


def _again_when_it_may_pass(work: Callable[[], dict[str, int]], pause: Callable[[float], None]) -> dict[str, int]:
    for _ in range(_ATTEMPTS - 1):
        try:
            return work()
        except psycopg.Error as error:
            if error.sqlstate not in _MAY_PASS:
                raise
        pause(_SECONDS_BETWEEN)
    return work()


def _without_nul(column: Column) -> str:
    """A text as the server can hold it: U+0000, the one character that it cannot, becomes U+FFFD."""
    return f"replace({identifier(column.name)}, chr(0), chr(65533))"


def _meaning(error: psycopg.Error) -> str:
    """An error in our words."""
    code = error.sqlstate
    if code:
        known = next((_MEANINGS[start] for start in (code, code[:2]) if start in _MEANINGS), "the server reported an error")
        return f"{known} (SQLSTATE {code})"
    if isinstance(error, psycopg.OperationalError):
        return "no connection: does the server answer, and are server, database, user and password in publish.postgres.url right?"
    return f"it cannot be written ({type(error).__name__}): is publish.postgres.url an address as postgresql://user:password@host/database?"


@dataclass(frozen=True)
class _Known:
    """What the schema says of one of its tables."""

    as_of: date
    kommune_number: str
    form: str


@dataclass(frozen=True)
class _Schema:
    """A schema of the server, and the contracts of the tables that it is to have."""

    server: psycopg.Connection[Any]
    name: str
    tables: Mapping[str, Contract]

    def replace(
        self, marts: duckdb.DuckDBPyConnection, as_of: date, kommune_number: str, reader_role: str | None
    ) -> dict[str, int]:
        """Replace all rows, in one transaction; returns {mart: number of rows}. Raises NotPublished, psycopg.Error."""
        with self.server.transaction():
            self._begin()
            known = self._known()
            self._refuse_what_would_be_lost(known, as_of, kommune_number)
            forms = {table: self._form(contract) for table, contract in self.tables.items()}
            here = self._relations()
            changed = [t for t in self.tables if t not in here or t not in known or known[t].form != forms[t]]
            gone = [t for t in known if t not in self.tables and t in here]
            if changed or gone:
                self._bring_in_line([t for t in known if t in here], changed, gone)
            self._run("SET CONSTRAINTS ALL DEFERRED")
            rows = {table: self._fill(table, marts) for table in self.tables if table != RECORD}
            self._record(rows, as_of, kommune_number, forms)
            if changed or gone:
                self._add_foreign_keys()
            if reader_role:
                self._let_read(reader_role)
        return rows

    def free_room(self) -> None:
        """Free the room of the rows that were replaced. What cannot be done now, the server does by itself later."""
        with suppress(psycopg.Error):
            self._run("VACUUM (ANALYZE, SKIP_LOCKED, TRUNCATE FALSE) {tables}",
                      tables=sql.SQL(", ").join(map(self._table, self.tables)))

    # --- what is there ---------------------------------------------------------------------------------------------------

    def _begin(self) -> None:
        for name, value in _LIMITS.items():
            self.server.execute("SELECT set_config(%s, %s, true)", (name, value))
        is_alone, = self._row("SELECT pg_try_advisory_xact_lock(hashtextextended(%s, 0))", f"sluttdato {self.name}")
        if not is_alone:
            raise NotPublished(f"another run is writing to the schema {self.name}")

    def _known(self) -> dict[str, _Known]:
        """What the schema says of its tables; nothing where it is new."""
        exists, = self._row("SELECT to_regclass(%s) IS NOT NULL", f"{self.name}.{RECORD}")
        if not exists:
            return {}
        found = self._run("SELECT mart, as_of_date, kommune_number, form FROM {table}", table=self._table(RECORD))
        return {mart: _Known(*rest) for mart, *rest in found}

    def _relations(self) -> set[str]:
        """The names of the tables and views in the schema."""
        found = self.server.execute(
            "SELECT relname FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace WHERE nspname = %s", (self.name,))
        return {name for (name,) in found}

    def _refuse_what_would_be_lost(self, known: Mapping[str, _Known], as_of: date, kommune_number: str) -> None:
        """Raises NotPublished where the schema holds a later day, another kommune, or somebody else's tables."""
        newest = max((k.as_of for k in known.values()), default=as_of)
        if newest > as_of:
            raise NotPublished(
                f"{as_of} is not written: the schema {self.name} holds {newest}, and dashboards would go back in time")
        others = {k.kommune_number for k in known.values()} - {kommune_number, ""}
        if others and kommune_number:
            raise NotPublished(f"the schema {self.name} holds kommune {', '.join(others)}, not {kommune_number}: give each "
                               "kommune a schema of its own (publish.postgres.schema)")
        if foreign := sorted((self._relations() & self.tables.keys()) - known.keys()):
            raise NotPublished(f"the schema {self.name} holds {', '.join(foreign)}, not made by Sluttdato: choose another schema "
                               "(publish.postgres.schema)")

    # --- form ------------------------------------------------------------------------------------------------------------

    @cached_property
    def _tells_nulls_apart(self) -> bool:
        """Whether a UNIQUE constraint of this server can only take nulls for different values."""
        return self.server.info.server_version < _NULLS_NOT_DISTINCT_SINCE

    def _form(self, contract: Contract) -> str:
        """A fingerprint of what a table should look like."""
        parts = (replace(contract, open=None), self._foreign_keys(contract), self._tells_nulls_apart)
        return hashlib.sha256(repr(parts).encode()).hexdigest()

    def _foreign_keys(self, contract: Contract) -> list[Column]:
        """The columns that refer to the key of another mart."""
        return [c for c in contract.columns if c.foreign_key and c.foreign_key[0] in self.tables
                and self.tables[c.foreign_key[0]].key == (c.foreign_key[1],)]

    def _bring_in_line(self, here: list[str], changed: list[str], gone: list[str]) -> None:
        """Give the changed tables the form of their contracts, empty, and drop those that are gone. All foreign keys are dropped.

        Raises psycopg.Error at once where somebody else uses one of the tables.
        """
        if here:
            self._run("LOCK TABLE {tables} IN ACCESS EXCLUSIVE MODE NOWAIT", tables=sql.SQL(", ").join(map(self._table, here)))
        exists, = self._row("SELECT count(*) FROM pg_namespace WHERE nspname = %s", self.name)
        if not exists:
            self._run("CREATE SCHEMA {schema}", schema=sql.Identifier(self.name))
        for table in here:
            self._drop_constraints(table, "f")
        for table in gone:
            self._run("DROP TABLE {table}", table=self._table(table))
        for table in changed:
            self._alter(table, self.tables[table])

    def _drop_constraints(self, table: str, kinds: str) -> None:
        found = self.server.execute(
            "SELECT conname FROM pg_constraint WHERE conrelid = to_regclass(%s) AND contype = ANY(%s)",
            (self._text(table), list(kinds))).fetchall()
        for (name,) in found:
            self._run("ALTER TABLE {table} DROP CONSTRAINT {name}", table=self._table(table), name=sql.Identifier(name))

    def _alter(self, table: str, contract: Contract) -> None:
        """Give a table its columns, its key and its comments; views of others on it stay. A new column stands last."""
        named = self._table(table)
        self._run("CREATE TABLE IF NOT EXISTS {table} ()", table=named)
        self._run("DELETE FROM {table}", table=named)
        self._drop_constraints(table, "pu")
        there = dict(self.server.execute(
            "SELECT attname, format_type(atttypid, atttypmod) FROM pg_attribute "
            "WHERE attrelid = to_regclass(%s) AND attnum > 0 AND NOT attisdropped", (self._text(table),)).fetchall())
        for name in there.keys() - {c.name for c in contract.columns}:
            self._run("ALTER TABLE {table} DROP COLUMN {column}", table=named, column=sql.Identifier(name))
        for column in contract.columns:
            parts = {"table": named, "column": sql.Identifier(column.name), "type": sql.SQL(_TYPES[column.type])}
            if column.name not in there:
                self._run("ALTER TABLE {table} ADD COLUMN {column} {type}", **parts)
            elif there[column.name] != _TYPES[column.type]:
                self._run("ALTER TABLE {table} ALTER COLUMN {column} TYPE {type} USING NULL", **parts)
            nullability = sql.SQL("DROP NOT NULL" if column.is_nullable else "SET NOT NULL")
            self._run("ALTER TABLE {table} ALTER COLUMN {column} {nullability}", **parts, nullability=nullability)
            self._run("COMMENT ON COLUMN {table}.{column} IS {text}", **parts, text=sql.Literal(column.description or None))
        self._run("COMMENT ON TABLE {table} IS {text}", table=named, text=sql.Literal(contract.description))
        if contract.key:
            self._run("ALTER TABLE {table} ADD {kind} ({columns})", table=named, kind=self._kind_of_key(contract),
                      columns=sql.SQL(", ").join(map(sql.Identifier, contract.key)))

    def _kind_of_key(self, contract: Contract) -> sql.SQL:
        """A primary key has no null; a key that has one holds of it too, where the server can and it is meant to."""
        if not any(c.is_nullable for c in contract.columns if c.name in contract.key):
            return sql.SQL("PRIMARY KEY")
        return sql.SQL("UNIQUE" if contract.is_key_of_some or self._tells_nulls_apart else "UNIQUE NULLS NOT DISTINCT")

    def _add_foreign_keys(self) -> None:
        """Checked when a transaction ends, so that tables can be emptied and filled in any order."""
        for table, contract in self.tables.items():
            for column in self._foreign_keys(contract):
                mart, key = column.foreign_key or ("", "")
                self._run("ALTER TABLE {table} ADD FOREIGN KEY ({column}) REFERENCES {other} ({key}) DEFERRABLE",
                          table=self._table(table), column=sql.Identifier(column.name), other=self._table(mart),
                          key=sql.Identifier(key))

    # --- rows ------------------------------------------------------------------------------------------------------------

    def _fill(self, table: str, marts: duckdb.DuckDBPyConnection) -> int:
        """Replace the rows of a table by those of the published file; returns how many there are."""
        columns = self.tables[table].columns
        values = [_without_nul(c) if c.type == "VARCHAR" else identifier(c.name) for c in columns]
        self._run("DELETE FROM {table}", table=self._table(table))
        rows = marts.execute(f"SELECT {', '.join(values)} FROM {identifier(table)}")
        statement = sql.SQL("COPY {table} ({columns}) FROM STDIN").format(
            table=self._table(table), columns=sql.SQL(", ").join(sql.Identifier(c.name) for c in columns))
        count = 0
        with self.server.cursor().copy(statement) as copy:
            while some := rows.fetchmany(_ROWS_AT_ONCE):
                count += len(some)
                for row in some:
                    copy.write_row(row)
        return count

    def _record(self, rows: Mapping[str, int], as_of: date, kommune_number: str, forms: Mapping[str, str]) -> None:
        self._run("DELETE FROM {table}", table=self._table(RECORD))
        with self.server.cursor() as cursor:
            cursor.executemany(
                sql.SQL("INSERT INTO {} (mart, as_of_date, row_count, marts_version, kommune_number, form) "
                        "VALUES (%s, %s, %s, %s, %s, %s)").format(self._table(RECORD)),
                [(table, as_of, rows.get(table, len(forms)), MARTS_VERSION, kommune_number, form)
                 for table, form in forms.items()])

    def _let_read(self, role: str) -> None:
        """Give a role the right to read, where it does not have it: the least that is needed changes nothing on most days."""
        named = sql.Identifier(role)
        may_use, = self._row("SELECT has_schema_privilege(%s, %s, 'USAGE')", role, self.name)
        if not may_use:
            self._run("GRANT USAGE ON SCHEMA {schema} TO {role}", schema=sql.Identifier(self.name), role=named)
        for table in self.tables:
            may_read, = self._row("SELECT has_table_privilege(%s, %s, 'SELECT')", role, self._text(table))
            if not may_read:
                self._run("GRANT SELECT ON {table} TO {role}", table=self._table(table), role=named)

    # --- statements ------------------------------------------------------------------------------------------------------

    def _table(self, name: str) -> sql.Identifier:
        return sql.Identifier(self.name, name)

    def _text(self, table: str) -> str:
        """A table's name, where a function takes it as a text."""
        return f"{identifier(self.name)}.{identifier(table)}"

    def _run(self, statement: LiteralString, **parts: sql.Composable) -> psycopg.Cursor[Any]:
        return self.server.execute(sql.SQL(statement).format(**parts))

    def _row(self, statement: LiteralString, *values: Any) -> tuple[Any, ...]:
        row = self.server.execute(statement, values).fetchone()
        if row is None:
            raise LookupError("the query returned no row")
        return row
