"""The warehouse file: opening it (or a published one), and the tables that ingest writes and dbt reads.

    versions.<system>_<table>   the canonical columns, valid_from, valid_to (null: still valid)
    ingest.extracts             what became of each delivery
    ingest.rejected_rows        rejected rows of deliveries that count
    ingest.kept_rows            rows that stay because they could not be read, and over which extracts
    ingest.run                  one row: the as-of date, the policy's numbers, whose data it is
    ingest.exceptions           approved exceptions
    ingest.case_handling        how cases are handled, as it was filled in
    ingest.decision_answers     what became of the rows of worklists that were filled in
    ingest.alert_log            which messages were sent to whom

The as-of date and the policy reach dbt as a table, not as vars: with the same project and no vars that change, dbt
need not parse again each day.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from ingest.canonical_tables import TABLES
from ingest.errors import Damaged
from ingest.kommune import Kommune
from ingest.policy import Policy
from ingest.sql import scalar

_EXTRACTS = """
CREATE TABLE IF NOT EXISTS ingest.extracts (
  system VARCHAR, extract_date DATE, delivery VARCHAR, arrival INTEGER, fingerprint VARCHAR, kind VARCHAR,
  status VARCHAR, reason VARCHAR, row_count BIGINT, rejected_count BIGINT, active_positions BIGINT, not_assessable VARCHAR[],
  figures VARCHAR, kept_rows BIGINT, may_miss_rows BIGINT, reason_facts VARCHAR
)"""
_REJECTED_ROWS = """
CREATE TABLE IF NOT EXISTS ingest.rejected_rows (
  system VARCHAR, extract_date DATE, delivery VARCHAR, table_name VARCHAR, file VARCHAR, line BIGINT,
  column_name VARCHAR, reason VARCHAR, is_unreadable BOOLEAN, key VARCHAR, kept_since DATE
)"""
_KEPT_ROWS = """
CREATE TABLE IF NOT EXISTS ingest.kept_rows (
  system VARCHAR, table_name VARCHAR, key_values VARCHAR[], kept_since DATE, kept_to DATE
)"""
_RUN = """
CREATE TABLE IF NOT EXISTS ingest.run (
  as_of_date DATE, grace_days INTEGER, backed_ahead_days INTEGER, max_extract_age_days INTEGER,
  kommuneadmin_groups VARCHAR[], purged_before DATE, emptied_unit_positions INTEGER,
  max_unchanged_days_warned INTEGER, kommune_number VARCHAR, kommune_name VARCHAR
)"""
_SETTINGS_IN_FORCE = """
CREATE TABLE IF NOT EXISTS ingest.settings_in_force (
  name VARCHAR, value VARCHAR, default_value VARCHAR
)"""
_ACCESS_RISK_BEFORE_PURGE = """
CREATE TABLE IF NOT EXISTS ingest.access_risk_before_purge (
  evaluation_date DATE, org_number VARCHAR, people_left_with_access INTEGER, people_unknown_with_access INTEGER,
  open_cases INTEGER, active_positions INTEGER, people_checked INTEGER, is_in_doubt BOOLEAN
)"""
_EXCEPTIONS = """
CREATE TABLE IF NOT EXISTS ingest.exceptions (
  exception_id VARCHAR, finding_type VARCHAR, subject_id VARCHAR, approved_on DATE, until DATE, reason VARCHAR,
  approved_by VARCHAR, revoked_on DATE, revoked_by VARCHAR
)"""
_CASE_HANDLING = """
CREATE TABLE IF NOT EXISTS ingest.case_handling (
  sequence_number INTEGER, case_number VARCHAR, finding_type VARCHAR, subject_id VARCHAR, status VARCHAR, handled_by VARCHAR,
  comment VARCHAR, claimed_on DATE, recorded_on DATE, source VARCHAR, place VARCHAR
)"""
_DECISION_ANSWERS = """
CREATE TABLE IF NOT EXISTS ingest.decision_answers (
  sequence_number INTEGER, taken_in_on DATE, file VARCHAR, sheet VARCHAR, line INTEGER, case_number VARCHAR, person_id VARCHAR,
  outcome VARCHAR, text VARCHAR
)"""
_ALERT_LOG = """
CREATE TABLE IF NOT EXISTS ingest.alert_log (
  message_id VARCHAR, recipient VARCHAR, told_on DATE, event VARCHAR, finding_type VARCHAR, subject_id VARCHAR,
  case_number VARCHAR, org_number VARCHAR, case_count INTEGER, fingerprint VARCHAR, state VARCHAR, is_uncertain BOOLEAN
)"""


_NOBODYS = Kommune()

INGEST_TABLES = {
    "extracts": "What became of each delivery: accepted, replaced, quarantined or refused, and why.",
    "rejected_rows": "Rejected rows of extracts that count: file, line, column and reason.",
    "kept_rows": "Rows of a system's state that stay because an extract's row could not be read, and since when.",
    "run": "One row: the as-of date and the policy's numbers.",
    "settings_in_force": "The settings of `policy`, and their defaults.",
    "access_risk_before_purge": "Counts, without persons, of the days before the last purge.",
    "exceptions": "Approved exceptions from findings, with their expiry.",
    "case_handling": "How cases are handled, line by line as it was filled into worklists.",
    "decision_answers": "What became of each row of a filled-in worklist that held a decision.",
    "alert_log": "What was sent to whom, from the log of messages.",
}


class WarehouseBusy(Exception):
    """Another process holds the warehouse file."""


class WarehouseDamaged(Damaged):
    """The warehouse file is damaged. It can be made anew: delete it, and bring it in line with what landed."""

    def __init__(self, file: Path):
        super().__init__(file, "the warehouse is damaged", "`sluttdato rebuild` makes it anew from what landed; nothing is lost")


# What DuckDB says of a file that holds no database, or another than it wrote; of other trouble (a full disk) it says other words.
_DAMAGE = ("not a valid duckdb database", "corrupt database", "could not read enough bytes", "could not read from file",
           "failed to deserialize", "serialization error", "failure while replaying wal", "database has been invalidated",
           "checksum")


def is_damage(error: duckdb.Error | str) -> bool:
    """Whether an error of DuckDB, or its text, tells that a database file is damaged."""
    return any(words in str(error).lower() for words in _DAMAGE)


@contextmanager
def open_warehouse(
    path: Path, *, read_only: bool = False, patience_seconds: float = 60, progress: Callable[[str], None] = lambda _: None
) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection to the warehouse, its tables created unless `read_only`. Waits while another process holds the file.

    Raises WarehouseBusy after `patience_seconds`; the text names the process. Raises WarehouseDamaged, also for what the block
    reads.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    deadline = time.monotonic() + patience_seconds
    waiting = False
    while True:
        try:
            con = duckdb.connect(str(path), read_only=read_only)
            break
        except duckdb.Error as error:
            if is_damage(error):
                raise WarehouseDamaged(path) from None
            if "could not set lock" not in str(error).lower():
                raise
            if time.monotonic() > deadline:
                raise WarehouseBusy(f"{path} is held by another process: {error}") from None
            if not waiting:
                progress(f"{path.name} is held by another process; waiting")
                waiting = True
            time.sleep(0.2)
    try:
        con.execute("SET enable_progress_bar = false")
        if not read_only:
            create_tables(con)
        yield con
    except duckdb.Error as error:
        if is_damage(error):
            raise WarehouseDamaged(path) from None
        raise
    finally:
        con.close()


@contextmanager
def open_published(marts: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection to a published file, for reading. Raises Damaged when it cannot be read, also for what the block reads."""
    try:
        with duckdb.connect(str(marts), read_only=True) as con:
            yield con
    except duckdb.Error as error:
        if isinstance(error, duckdb.CatalogException | duckdb.BinderException):
            problem = "another version of Sluttdato wrote these marts"
        else:
            problem = "the published marts are damaged" if is_damage(error) else f"they cannot be read ({type(error).__name__})"
        raise Damaged(marts, problem, "`sluttdato run` publishes them anew") from None


def create_tables(con: duckdb.DuckDBPyConnection) -> None:
    """Create the tables that ingest writes, and the columns that an earlier version's tables lack."""
    con.execute("CREATE SCHEMA IF NOT EXISTS versions; CREATE SCHEMA IF NOT EXISTS ingest")
    for statement in (_EXTRACTS, _REJECTED_ROWS, _KEPT_ROWS, _RUN, _SETTINGS_IN_FORCE, _ACCESS_RISK_BEFORE_PURGE, _EXCEPTIONS,
                      _CASE_HANDLING, _DECISION_ANSWERS, _ALERT_LOG):
        con.execute(statement)
    # Extracts without figures are folded again, so that everything new is told of them too.
    for column in ("not_assessable VARCHAR[]", "figures VARCHAR", "kept_rows BIGINT", "may_miss_rows BIGINT",
                   "reason_facts VARCHAR"):
        con.execute(f"ALTER TABLE ingest.extracts ADD COLUMN IF NOT EXISTS {column}")
    con.execute("ALTER TABLE ingest.extracts DROP COLUMN IF EXISTS size_rows")
    for column in ("is_unreadable BOOLEAN", "key VARCHAR", "kept_since DATE"):
        con.execute(f"ALTER TABLE ingest.rejected_rows ADD COLUMN IF NOT EXISTS {column}")
    for column in ("emptied_unit_positions INTEGER", "max_unchanged_days_warned INTEGER", "kommune_number VARCHAR",
                   "kommune_name VARCHAR"):
        con.execute(f"ALTER TABLE ingest.run ADD COLUMN IF NOT EXISTS {column}")
    for column in ("exception_id VARCHAR", "revoked_on DATE", "revoked_by VARCHAR"):
        con.execute(f"ALTER TABLE ingest.exceptions ADD COLUMN IF NOT EXISTS {column}")
    for table in TABLES:
        columns = ", ".join(f"{c.stored_name} {c.sql_type}" for c in table.columns)
        con.execute(
            f"CREATE TABLE IF NOT EXISTS versions.{table.versions_name} ({columns}, valid_from DATE, valid_to DATE)")


def set_run(
    con: duckdb.DuckDBPyConnection, as_of: date, policy: Policy, exceptions: list[dict[str, Any]],
    purged_before: date | None = None, *, handling: list[dict[str, Any]] | None = None,
    answers: list[dict[str, Any]] | None = None, kommune: Kommune = _NOBODYS,
) -> None:
    """Store the as-of date, the policy's numbers, what people decided, and the kommune, for dbt. Replaces what was there.

    Access groups are in lower case, as they are compared (contract#capitals).
    """
    con.execute("BEGIN")
    con.execute("DELETE FROM ingest.run")
    con.execute("INSERT INTO ingest.run VALUES (?, ?, ?, ?, [lower(g) FOR g IN ?], ?, ?, ?, ?, ?)", [
        as_of, policy.grace_days, policy.backed_ahead_days, policy.max_extract_age_days,
        policy.kommuneadmin_groups, purged_before, policy.emptied_unit_positions, policy.max_unchanged_days_warned,
        kommune.number, kommune.name])
    con.execute("DELETE FROM ingest.exceptions")
    for e in exceptions:
        con.execute("INSERT INTO ingest.exceptions BY NAME SELECT unnest($row)", {"row": e})
    _replace_rows(con, "settings_in_force", policy.in_force())
    _replace_rows(con, "case_handling", handling or [])
    _replace_rows(con, "decision_answers", answers or [])
    con.execute("COMMIT")


def _replace_rows(con: duckdb.DuckDBPyConnection, table: str, records: list[dict[str, Any]]) -> None:
    """Replace the rows of a table in `ingest`; of a record, what is no column of the table is left out."""
    columns = [name for name, *_ in con.execute(f"DESCRIBE ingest.{table}").fetchall()]
    con.execute(f"DELETE FROM ingest.{table}")
    if records:
        con.register("records", pa.Table.from_pylist([{c: record[c] for c in columns} for record in records]))
        con.execute(f"INSERT INTO ingest.{table} BY NAME FROM records")
        con.unregister("records")


def as_of_date(con: duckdb.DuckDBPyConnection) -> date:
    """The as-of date that `set_run` stored. Raises LookupError when there is none."""
    return scalar(con, "SELECT as_of_date FROM ingest.run")


def row_counts(con: duckdb.DuckDBPyConnection, *schemas: str) -> dict[tuple[str, str], int]:
    """{(schema, table): rows} of all tables in these schemas."""
    tables = con.execute("SELECT schema_name, table_name FROM duckdb_tables() WHERE schema_name IN (SELECT unnest(?))",
                         [list(schemas)]).fetchall()
    return {(schema, name): scalar(con, f"SELECT count(*) FROM {schema}.{name}") for schema, name in tables}


def set_alert_log(con: duckdb.DuckDBPyConnection, rows: list[dict[str, Any]]) -> None:
    """Store the log of messages, rows with the columns of `ingest.alert_log`. Replaces what was there."""
    con.execute("BEGIN")
    con.execute("DELETE FROM ingest.alert_log")
    if rows:
        con.register("log", pa.Table.from_pylist(rows))
        con.execute("INSERT INTO ingest.alert_log BY NAME FROM log")
        con.unregister("log")
    con.execute("COMMIT")
