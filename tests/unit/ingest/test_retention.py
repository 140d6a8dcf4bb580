"""Whom a purge keeps."""

from datetime import date

import duckdb
import pytest

from ingest.canonical_tables import TABLES, owners_of
from ingest.retention import _choose_kept
from ingest.warehouse import create_tables

LAST = date(2025, 3, 10)
GONE, HELD = date(2025, 3, 1), None


@pytest.fixture
def con() -> duckdb.DuckDBPyConnection:
    con = duckdb.connect()
    create_tables(con)
    return con


def hold(con: duckdb.DuckDBPyConnection, table: str, until: date | None, **columns: str) -> None:
    row = {**columns, "valid_from": date(2025, 1, 1), "valid_to": until}
    con.execute(f"INSERT INTO versions.{table} BY NAME SELECT unnest($row)", {"row": row})


def kept(con: duckdb.DuckDBPyConnection) -> set[tuple[str, str]]:
    _choose_kept(con, LAST)
    return set(con.execute("FROM kept").fetchall())


def test_whoever_is_still_there_keeps_everybody_they_may_be_matched_with_however_far(con: duckdb.DuckDBPyConnection) -> None:
    hold(con, "vfs_accesses", HELD, person_id="p1", access_group="A", org_number="S")
    hold(con, "vfs_persons", GONE, person_id="p1", employee_number="e1")
    hold(con, "hrm_positions", GONE, position_id="h1", employee_number="e1")  # by number, of an employee with no row
    hold(con, "hrm_employees", GONE, employee_number="e1", national_id_hash="x")
    hold(con, "vfs_persons", GONE, person_id="p2", national_id_hash="x")  # by national id
    hold(con, "vfs_persons", GONE, person_id="p2", employee_number="e2")
    hold(con, "hrm_employees", GONE, employee_number="e2")
    hold(con, "hrm_employees", GONE, employee_number="e3")
    hold(con, "vfs_persons", GONE, person_id="p3", employee_number="e3")
    assert kept(con) == {("persons", "p1"), ("employees", "e1"), ("persons", "p2"), ("employees", "e2")}


@pytest.mark.parametrize(("until", "is_kept"), [(date(2025, 3, 11), True), (LAST, False)])
def test_who_ended_on_the_last_day_is_not_kept(con: duckdb.DuckDBPyConnection, until: date, is_kept: bool) -> None:
    hold(con, "hrm_employees", until, employee_number="e1")
    assert bool(kept(con)) == is_kept


def test_each_table_but_the_org_units_has_owners_of_its_own_system() -> None:
    owners = {t.versions_name: o.versions_name for t in TABLES if (o := owners_of(t))}
    assert owners == {
        "hrm_employees": "hrm_employees", "hrm_positions": "hrm_employees", "vfs_persons": "vfs_persons",
        "vfs_positions": "vfs_persons", "vfs_accesses": "vfs_persons"}
