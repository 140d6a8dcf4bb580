"""The published set in PostgreSQL, on a server of the tests' own (contract#postgres)."""

import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import duckdb
import psycopg
import pytest
from pydantic import SecretStr

from ingest.policy import Policy
from ingest.warehouse import create_tables, set_run
from publish import snapshot
from publish.contracts import Column, Contract
from publish.postgres import tables
from publish.postgres.settings import NotPublished, Postgres
from tests.support.command_line import Place, marts_of, town
from tests.support.postgres_server import PostgresServer

DAY = date(2025, 3, 10)
_AS_OF = Column("as_of_date", "DATE", "The day.", is_nullable=False)
CONTRACTS = {
    "dim_kind": Contract("The kinds.", (Column("code", is_nullable=False), Column("default"), _AS_OF), key=("code",)),
    "findings": Contract("What's found.", (
        Column("finding_id", description="Its 'id'.", is_nullable=False), Column("kind", foreign_key=("dim_kind", "code")),
        Column("days", "INTEGER"), Column("is_open", "BOOLEAN", is_nullable=False), _AS_OF), key=("finding_id",)),
    "counts": Contract("Counts.", (Column("org_number"), Column("people", "INTEGER"), _AS_OF), key=("org_number",)),
    "people": Contract("People.", (Column("person_id"), Column("name"), _AS_OF), key=("person_id",), is_key_of_some=True),
    "rejected": Contract("No key.", (Column("reason"), _AS_OF)),
}
AWKWARD = ["", "Ærlig \"Ø\" Å, ble'gg", "tab\tnewline\nbackslash \\N \\.", "𝄞", " ", "nul\0"]


@dataclass
class Town:
    """A published set of small marts, and the database that it is written to."""

    root: Path
    server: PostgresServer
    database: str

    def __post_init__(self) -> None:
        self.con = duckdb.connect()
        create_tables(self.con)
        self.con.execute("CREATE SCHEMA marts")
        self.contracts = dict(CONTRACTS)
        self.link = self.root / "published"

    def settings(self, **others: Any) -> Postgres:
        return Postgres(**{"url": SecretStr(self.server.url(self.database)), **others})

    def make(self, day: date = DAY, rows: int = 50) -> None:
        """Publish in files. Every row of every mart holds the day."""
        set_run(self.con, day, Policy(), [])
        people = ", ".join("(?)" for _ in AWKWARD)
        for mart, query in {
            "dim_kind": "SELECT unnest(['a', 'b']) AS code, 'x' AS \"default\"",
            "findings": f"SELECT 'f' || n AS finding_id, CASE n % 3 WHEN 0 THEN 'a' WHEN 1 THEN 'b' END AS kind, n AS days, "
                        f"n % 2 = 0 AS is_open FROM generate_series(1, {rows}) AS s(n)",
            "counts": "SELECT nullif(n, 0)::VARCHAR AS org_number, n AS people FROM range(3) AS s(n)",
            "people": f"SELECT NULL AS person_id, name FROM (VALUES {people}) AS s(name)",
            "rejected": "SELECT 'x' AS reason WHERE false",
        }.items():
            self.con.execute(f"CREATE OR REPLACE TABLE marts.{mart} AS SELECT *, DATE '{day}' AS as_of_date FROM ({query})",
                             AWKWARD if mart == "people" else None)
        snapshot.publish(self.con, self.link, day, self.contracts)

    def write(self, day: date | None = None, kommune_number: str = "3301", **settings: Any) -> dict[str, int]:
        """Write to PostgreSQL what is published; published anew of `day` if it is given. Pauses are no longer than none."""
        if day:
            self.make(day)
        return tables.publish(self.settings(**settings), self.link, self.contracts, kommune_number, lambda _: None)

    def refused(self, **settings: Any) -> str:
        with pytest.raises(NotPublished) as refused:
            self.write(**settings)
        assert self.server.password not in str(refused.value) and refused.value.__suppress_context__ | (
            refused.value.__context__ is None)
        return str(refused.value)

    def query(self, sql: str, user: str | None = None) -> list[tuple[Any, ...]]:
        with self.server.connect(self.database, user) as con:
            return con.execute(sql).fetchall()

    def do(self, *statements: str, user: str | None = None) -> None:
        with self.server.connect(self.database, user) as con:
            for statement in statements:
                con.execute(statement)

    def days(self, schema: str = "sluttdato") -> set[date]:
        """The days of all rows of the schema."""
        union = " UNION ".join(f"SELECT as_of_date FROM {schema}.{mart}" for mart in CONTRACTS)
        return {day for (day,) in self.query(union)}


@pytest.fixture
def town_set(tmp_path: Path, postgres_server: PostgresServer, monkeypatch: pytest.MonkeyPatch) -> Iterator[Town]:
    def no_report(con: duckdb.DuckDBPyConnection, folder: Path) -> None:
        """It reads marts that are not here."""

    monkeypatch.setattr(snapshot, "write_report_and_worklists", no_report)
    database = f"db_{uuid4().hex[:8]}"
    with postgres_server.connect() as con:
        con.execute(f"CREATE DATABASE {database}")  # pyright: ignore
    yield Town(tmp_path, postgres_server, database)
    with postgres_server.connect() as con:
        con.execute(f"DROP DATABASE {database} WITH (FORCE)")  # pyright: ignore


@contextmanager
def role(town_set: Town, name: str) -> Iterator[str]:
    """A role that may log in, for as long as a test needs it."""
    town_set.do(f"CREATE ROLE {name} LOGIN PASSWORD '{town_set.server.password}'")
    try:
        yield name
    finally:
        town_set.do(f"DROP OWNED BY {name}", f"DROP ROLE {name}")


# --- what is written ---------------------------------------------------------------------------------------------------


def test_every_mart_is_a_table_with_its_rows_comments_keys_and_types(town_set: Town) -> None:
    """contract#postgres"""
    assert town_set.write(DAY) == {"dim_kind": 2, "findings": 50, "counts": 3, "people": 6, "rejected": 0}
    assert town_set.query("SELECT finding_id, kind, days, is_open, as_of_date FROM sluttdato.findings WHERE days < 3") == [
        ("f1", "b", 1, False, DAY), ("f2", None, 2, True, DAY)]
    assert sorted(n for (n,) in town_set.query("SELECT name FROM sluttdato.people")) == sorted(
        text.replace("\0", "\ufffd") for text in AWKWARD)
    assert town_set.query("SELECT people FROM sluttdato.counts WHERE org_number IS NULL") == [(0,)]
    columns = town_set.query(
        "SELECT table_name, column_name, data_type, is_nullable, "
        "col_description(format('%I.%I', table_schema, table_name)::regclass, ordinal_position) FROM information_schema.columns "
        "WHERE table_schema = 'sluttdato' AND table_name IN ('findings', 'dim_kind') ORDER BY table_name, ordinal_position")
    assert columns == [
        ("dim_kind", "code", "text", "NO", None), ("dim_kind", "default", "text", "YES", None),
        ("dim_kind", "as_of_date", "date", "NO", "The day."),
        ("findings", "finding_id", "text", "NO", "Its 'id'."), ("findings", "kind", "text", "YES", None),
        ("findings", "days", "integer", "YES", None), ("findings", "is_open", "boolean", "NO", None),
        ("findings", "as_of_date", "date", "NO", "The day.")]
    assert town_set.query("SELECT obj_description('sluttdato.findings'::regclass)") == [("What's found.",)]
    is_older = town_set.query("SHOW server_version_num") < [("150000",)]
    keys = dict(town_set.query(
        "SELECT concat(conrelid::regclass, ' ', contype), pg_get_constraintdef(oid) FROM pg_constraint "
        "WHERE connamespace = 'sluttdato'::regnamespace AND contype IN ('p', 'u', 'f')"))
    assert keys == {
        "sluttdato.dim_kind p": "PRIMARY KEY (code)", "sluttdato.findings p": "PRIMARY KEY (finding_id)",
        "sluttdato.findings f": "FOREIGN KEY (kind) REFERENCES sluttdato.dim_kind(code) DEFERRABLE",
        "sluttdato.counts u": "UNIQUE (org_number)" if is_older else "UNIQUE NULLS NOT DISTINCT (org_number)",
        "sluttdato.people u": "UNIQUE (person_id)", "sluttdato.published_set p": "PRIMARY KEY (mart)"}
    assert town_set.query("SELECT mart, as_of_date, row_count, marts_version, kommune_number FROM sluttdato.published_set "
                          "WHERE mart = 'findings'") == [("findings", DAY, 50, "2.0", "3301")]


def test_a_row_that_breaks_a_key_leaves_the_old_set_and_is_not_told(town_set: Town) -> None:
    """contract#postgres"""
    town_set.write(DAY)
    town_set.make(DAY + timedelta(days=1))
    file = town_set.link.resolve() / "marts.duckdb"
    file.chmod(0o600)
    with duckdb.connect(str(file)) as con:
        con.execute("UPDATE findings SET kind = 'hemmelig' WHERE finding_id = 'f1'")
    refused = town_set.refused()
    assert refused == "the server reported an error (SQLSTATE 23503)" and town_set.days() == {DAY}


def test_the_role_of_readers_reads_everything_and_writes_nothing(town_set: Town) -> None:
    """contract#postgres"""
    with role(town_set, "leser"):
        town_set.write(DAY, reader_role="leser")
        for mart, count in town_set.write(reader_role="leser").items():
            assert town_set.query(f"SELECT count(*) FROM sluttdato.{mart}", "leser") == [(count,)]
        assert town_set.query("SELECT DISTINCT as_of_date FROM sluttdato.published_set", "leser") == [(DAY,)]
        for statement in ("DELETE FROM sluttdato.findings", "INSERT INTO sluttdato.rejected VALUES ('x', '2025-01-01')",
                          "UPDATE sluttdato.counts SET people = 1", "TRUNCATE sluttdato.people", "CREATE TABLE sluttdato.x ()",
                          "DROP TABLE sluttdato.findings"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                town_set.do(statement, user="leser")


def test_each_kommune_has_a_schema_of_its_own_and_never_gets_the_other_ones_rows(town_set: Town) -> None:
    """contract#postgres"""
    town_set.write(DAY, kommune_number="3301", schema="drammen")
    town_set.write(DAY + timedelta(days=1), kommune_number="5501", schema="tromso")
    assert (town_set.days("drammen"), town_set.days("tromso")) == ({DAY}, {DAY + timedelta(days=1)})
    assert "holds kommune 3301, not 5501" in town_set.refused(kommune_number="5501", schema="drammen")
    assert town_set.days("drammen") == {DAY}


def test_a_schema_never_goes_back_in_time(town_set: Town) -> None:
    """contract#postgres"""
    town_set.write(DAY)
    town_set.link.unlink()  # as when an older backup was restored
    town_set.make(DAY - timedelta(days=1))
    assert "2025-03-09 is not written: the schema sluttdato holds 2025-03-10" in town_set.refused()
    assert town_set.days() == {DAY}


def test_what_others_keep_in_the_schema_is_never_touched(town_set: Town) -> None:
    """contract#postgres"""
    town_set.make()
    town_set.do("CREATE TABLE public.people (n int)", "INSERT INTO public.people VALUES (7)")
    assert "holds people, not made by Sluttdato" in town_set.refused(schema="public")
    assert town_set.query("SELECT n FROM public.people") == [(7,)]


# --- readers -----------------------------------------------------------------------------------------------------------

ONE_LOOK = """
SELECT array_agg(DISTINCT as_of_date), count(*) FROM (
  SELECT as_of_date FROM sluttdato.findings UNION ALL SELECT as_of_date FROM sluttdato.counts
  UNION ALL SELECT as_of_date FROM sluttdato.dim_kind UNION ALL SELECT as_of_date FROM sluttdato.published_set) AS every"""


def test_readers_see_the_old_set_or_the_new_in_ten_swaps_and_neither_waits_for_the_other(town_set: Town) -> None:
    """contract#postgres"""
    town_set.write(DAY)
    town_set.do("CREATE VIEW public.of_a_reader AS SELECT finding_id, as_of_date FROM sluttdato.findings")
    seen: list[tuple[list[date], int]] = []
    failed: list[BaseException] = []
    is_over = threading.Event()

    def read() -> None:
        try:
            with town_set.server.connect(town_set.database) as con:
                con.execute("SET lock_timeout = '100ms'")
                while not is_over.is_set():
                    seen.extend(con.execute(ONE_LOOK).fetchall())
                    con.execute("SELECT count(*) FROM public.of_a_reader")
        except BaseException as error:
            failed.append(error)

    readers = [threading.Thread(target=read) for _ in range(3)]
    with town_set.server.connect(town_set.database) as slow, slow.transaction():
        slow.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        before = slow.execute(ONE_LOOK).fetchone()
        for reader in readers:
            reader.start()
        for number in range(1, 11):
            town_set.write(DAY + timedelta(days=number))
        after = slow.execute(ONE_LOOK).fetchone()
        is_over.set()
        for reader in readers:
            reader.join()
    assert not failed and before == after
    assert {(len(days), count) for days, count in seen} == {(1, 61)}
    assert len({days[0] for days, _ in seen}) > 2
    assert town_set.query("SELECT DISTINCT as_of_date FROM public.of_a_reader") == [(DAY + timedelta(days=10),)]


KILLED = """
import sys
from pathlib import Path
from pydantic import SecretStr
from publish.postgres import tables
from publish.postgres.settings import Postgres
from tests.integration.test_postgres import CONTRACTS
url, link, moment = sys.argv[1:]

def wait(*_):
    print("now", flush=True)
    sys.stdin.read()

setattr(tables._Schema, moment, wait)
tables.publish(Postgres(url=SecretStr(url)), Path(link), CONTRACTS, "3301")
"""


@pytest.mark.parametrize("moment", ["_bring_in_line", "_record", "free_room"])
def test_a_run_that_is_killed_leaves_the_old_set_and_nothing_that_stops_the_next(town_set: Town, moment: str) -> None:
    """contract#postgres"""
    relations = "SELECT relname FROM pg_class JOIN pg_namespace n ON n.oid = relnamespace WHERE nspname = 'sluttdato' ORDER BY 1"
    town_set.write(DAY)
    before = town_set.query(relations)
    if moment == "_bring_in_line":
        town_set.do("UPDATE sluttdato.published_set SET form = 'old'")
    town_set.make(DAY + timedelta(days=1))
    root = Path(__file__).resolve().parents[2]
    run = subprocess.Popen(
        [sys.executable, "-c", KILLED, town_set.server.url(town_set.database), str(town_set.link), moment], cwd=root,
        env={"PYTHONPATH": str(root), "PATH": "/usr/bin:/bin"}, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert run.stdout and run.stdin and run.stdout.readline() == "now\n"
    run.send_signal(signal.SIGKILL)
    run.wait()
    run.stdout.close()
    run.stdin.close()
    assert town_set.days() == {DAY + timedelta(days=1) if moment == "free_room" else DAY}
    town_set.write()
    assert town_set.days() == {DAY + timedelta(days=1)} and town_set.query(relations) == before


# --- another form ------------------------------------------------------------------------------------------------------


def test_a_new_version_alters_the_tables_in_place_and_views_of_readers_stay(town_set: Town) -> None:
    """contract#postgres"""
    town_set.write(DAY)
    town_set.do("CREATE VIEW public.mine AS SELECT finding_id, is_open FROM sluttdato.findings",
                "CREATE VIEW public.theirs AS SELECT days FROM sluttdato.findings")
    old = CONTRACTS["findings"]
    columns = [c for c in old.columns if c.name != "days"]
    town_set.contracts = {**CONTRACTS, "findings": replace(
        old, description="Found.", columns=(Column("why"), *columns[:-1], replace(columns[-1], description="Another day.")))}
    del town_set.contracts["rejected"]
    del town_set.contracts["dim_kind"]
    town_set.con.execute("DROP TABLE IF EXISTS marts.rejected")
    set_run(town_set.con, DAY, Policy(), [])
    town_set.con.execute("ALTER TABLE marts.findings DROP days; ALTER TABLE marts.findings ADD COLUMN why VARCHAR DEFAULT 'so'")
    snapshot.publish(town_set.con, town_set.link, DAY, town_set.contracts)
    assert "somebody's view needs a mart or column that this version no longer has" in town_set.refused()
    assert town_set.days() == {DAY}
    town_set.do("DROP VIEW public.theirs")
    town_set.write()
    assert town_set.query("SELECT count(*), count(*) FILTER (WHERE is_open) FROM public.mine") == [(50, 25)]
    assert town_set.query("SELECT DISTINCT why FROM sluttdato.findings") == [("so",)]
    assert town_set.query("SELECT to_regclass('sluttdato.rejected'), obj_description('sluttdato.findings'::regclass)") == [
        (None, "Found.")]
    assert "days" not in [c for (c,) in town_set.query(
        "SELECT column_name FROM information_schema.columns WHERE table_name = 'findings' AND table_schema = 'sluttdato'")]


def test_a_table_that_somebody_dropped_is_made_again(town_set: Town) -> None:
    town_set.write(DAY)
    town_set.do("DROP TABLE sluttdato.dim_kind CASCADE")
    town_set.write()
    assert town_set.days() == {DAY}
    assert town_set.query("SELECT conrelid::regclass::text FROM pg_constraint WHERE contype = 'f'") == [("sluttdato.findings",)]


def test_a_reader_that_keeps_a_transaction_open_puts_off_another_form_and_is_not_waited_for(
    town_set: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    """contract#postgres"""
    # Whoever waits for a lock, and whom all readers after it would wait for, is stopped with other words.
    monkeypatch.setattr(tables, "_LIMITS", {**tables._LIMITS, "lock_timeout": "0", "statement_timeout": "2s"})
    town_set.write(DAY)
    town_set.contracts["counts"] = replace(CONTRACTS["counts"], description="Other words.")
    with town_set.server.connect(town_set.database) as reader:
        with reader.transaction():
            reader.execute("SELECT count(*) FROM sluttdato.counts")
            assert "others hold locks on the tables" in town_set.refused()
        town_set.write()
    assert town_set.query("SELECT obj_description('sluttdato.counts'::regclass)") == [("Other words.",)]


def test_a_lock_that_is_let_go_in_time_is_only_waited_for(town_set: Town) -> None:
    town_set.write(DAY)
    town_set.contracts["counts"] = replace(CONTRACTS["counts"], description="Other words.")
    with town_set.server.connect(town_set.database) as reader:
        reader.autocommit = False
        reader.execute("SELECT count(*) FROM sluttdato.counts")
        pauses: list[float] = []

        def pause(seconds: float) -> None:
            pauses.append(seconds)
            reader.rollback()

        tables.publish(town_set.settings(), town_set.link, town_set.contracts, "3301", pause)
        assert len(pauses) == 1


def test_two_runs_at_once_do_not_mix(town_set: Town) -> None:
    town_set.write(DAY)
    with town_set.server.connect(town_set.database) as other, other.transaction():
        other.execute("SELECT pg_advisory_xact_lock(hashtextextended('sluttdato sluttdato', 0))")
        assert town_set.refused() == "another run is writing to the schema sluttdato"


# --- what is said of failures ------------------------------------------------------------------------------------------


def test_a_failure_is_told_in_our_words_without_address_and_password(town_set: Town) -> None:
    """contract#postgres"""
    town_set.make()
    url: Callable[..., SecretStr] = lambda *parts: SecretStr(town_set.server.url(*parts))  # noqa: E731
    no_connection = "no connection: does the server answer"
    assert no_connection in town_set.refused(url=url("no_such_database"))
    assert no_connection in town_set.refused(url=url(town_set.database, "nobody_known"))
    assert no_connection in town_set.refused(url=SecretStr(f"postgresql://u:{town_set.server.password}@127.0.0.1:1/x"))
    assert "it cannot be written (ProgrammingError)" in town_set.refused(url=SecretStr(f"postgresql//{town_set.server.password}"))
    assert "no role of the name in publish.postgres.reader_role" in town_set.refused(reader_role="nobody_known")
    with role(town_set, "uten_rett"):
        refused = town_set.refused(url=url(town_set.database, "uten_rett"))
        assert refused.startswith("the user may not do that") and refused.endswith("(SQLSTATE 42501)")
    assert town_set.query("SELECT to_regclass('sluttdato.findings')") == [(None,)]


# --- the command -------------------------------------------------------------------------------------------------------


def test_a_server_that_is_down_fails_a_check_and_not_the_run_and_the_next_run_writes_what_is_due(
    place: Place, town_set: Town
) -> None:
    """contract#postgres"""
    place.environment["PG_URL"] = town_set.server.url(town_set.database)
    place.configure(publish={"postgres": {"url": "${PG_URL}", "schema": "kommunen"}})
    hrm, vfs = town()
    place.deliver("hrm", "2025-03-10", hrm)
    place.deliver("vfs", "2025-03-10", vfs)
    with town_set.server.down():
        down = place.do("run", recorded=True)
    assert down.code == 0 and (place.data / "published" / "marts.duckdb").exists()
    assert ("check failed: postgres.has_the_published_set: PostgreSQL does not have what is published: no connection") in down.err
    assert "The next run writes it." in down.err
    up = place.do("run")
    assert up.code == 0 and "check failed" not in up.err
    for mart, rows in marts_of(place.marts).items():
        names = [f'"{column}"' for column in rows[0]] if rows else ["*"]
        written = town_set.query(f"SELECT {', '.join(names)} FROM kommunen.{mart}")
        assert sorted(map(repr, written)) == sorted(repr(tuple(r.values())) for r in rows), mart
    files = [file for file in place.root.rglob("*") if file.is_file() and not file.is_symlink()]
    secret = town_set.server.password.encode()
    assert len(files) > 50 and not [file for file in files if secret in file.read_bytes()]
    assert town_set.server.password not in down.text + up.text


def test_a_run_of_a_past_day_writes_what_is_published_and_never_the_past_day(place: Place, town_set: Town) -> None:
    """contract#postgres"""
    place.environment["PG_URL"] = town_set.server.url(town_set.database)
    place.configure(publish={"postgres": {"url": "${PG_URL}"}})
    for day in ("2025-03-09", "2025-03-10"):
        for system, delivered in zip(("hrm", "vfs"), town(), strict=True):
            place.deliver(system, day, delivered)
    assert place.do("run").code == 0
    assert place.do("run", "--as-of", "2025-03-09").code == 0
    assert town_set.query("SELECT DISTINCT as_of_date FROM sluttdato.data_freshness") == [(date(2025, 3, 10),)]
