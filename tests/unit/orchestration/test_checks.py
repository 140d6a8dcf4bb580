"""What the checks say of what the models found, from tables made by hand."""

import re
from datetime import date
from typing import Any

import duckdb
import pytest

from ingest.policy import Policy
from orchestration.defs import checks
from publish.data_problems import CHECKS, COMPARISONS
from publish.deliveries import freshness

DAY = date(2025, 3, 10)


@pytest.fixture
def con() -> duckdb.DuckDBPyConnection:
    con = duckdb.connect()
    con.execute("""
        CREATE SCHEMA marts; CREATE SCHEMA intermediate; CREATE SCHEMA staging;
        CREATE TABLE staging.stg_run AS SELECT DATE '2025-03-10' AS as_of_date;
        CREATE TABLE marts.data_freshness AS FROM (VALUES
          ('hrm', DATE '2025-03-10', 0, 0, ''), ('vfs', DATE '2025-03-09', 0, 0, ''))
          t(system, current_extract_date, kept_rows, may_miss_rows, not_assessable);
        CREATE TABLE marts.rejected_rows (
          system VARCHAR, extract_date DATE, table_name VARCHAR, file VARCHAR, line INTEGER, is_unreadable BOOLEAN, key VARCHAR,
          kept_since DATE);
        CREATE TABLE intermediate.int_kommuneadmin__groups (
          from_day DATE, to_day DATE, is_not_assessable BOOLEAN, candidate_groups VARCHAR[]);
        CREATE TABLE intermediate.int_kommuneadmin__exchanged_groups (person_id VARCHAR, access_group VARCHAR);
        CREATE TABLE staging.stg_vfs__accesses AS SELECT 'P1' AS person_id, DATE '9999-12-31' AS to_day""")
    return con


def reject(con: duckdb.DuckDBPyConnection, *rows: tuple[Any, ...]) -> None:
    con.executemany("INSERT INTO marts.rejected_rows VALUES (?, ?, ?, ?, ?, ?, ?, ?)", rows)


def test_rows_that_were_kept_are_named_by_key_and_those_of_which_nothing_is_known_are_counted(
    con: duckdb.DuckDBPyConnection
) -> None:
    """contract#rejected-row"""
    assert checks._readable(con, freshness(con)).passed
    reject(con, ("hrm", DAY, "positions", "p.csv", 2, True, "position_id=h1", date(2025, 3, 8)),
           ("hrm", DAY, "positions", "p.csv", 2, True, "position_id=h1", date(2025, 3, 8)),  # two errors on a line
           ("hrm", DAY, "positions", "p.csv", 3, True, "", None),
           ("hrm", DAY, "positions", "p.csv", 4, False, "position_id=h3", None),  # another row with the key counts
           ("hrm", date(2025, 3, 9), "employees", "e.csv", 9, True, "employee_number=9", None),  # an earlier extract
           ("vfs", date(2025, 3, 9), "persons", "v.csv", 5, True, "person_id=P1", date(2025, 3, 9)))
    con.execute("UPDATE marts.data_freshness SET kept_rows = 1; UPDATE marts.data_freshness SET may_miss_rows = 1 "
                "WHERE system = 'hrm'")
    result = checks._readable(con, freshness(con))
    assert not result.passed and result.severity.value == "ERROR"
    assert result.description == (
        "hrm positions: 2 rows cannot be read, the first since 2025-03-08; vfs persons: 1 rows cannot be read, the first since "
        "2025-03-09; what was known of them is kept (2 rows); of 1 nothing can be told: rows may be missing.\n"
        "hrm positions position_id=h1, vfs persons person_id=P1")
    assert {k: v.value for k, v in result.metadata.items()} == {
        "kept_rows": 2, "may_miss_rows": 1, "unreadable/hrm/positions": 2, "unreadable/vfs/persons": 1}


def test_at_most_ten_keys_are_named(con: duckdb.DuckDBPyConnection) -> None:
    """contract#rejected-row"""
    reject(con, *[("vfs", date(2025, 3, 9), "persons", "v.csv", n, True, f"person_id=P{n:02d}", DAY) for n in range(12)])
    con.execute("UPDATE marts.data_freshness SET kept_rows = 12 WHERE system = 'vfs'")
    described = checks._readable(con, freshness(con)).description or ""
    assert described.count("person_id") == 10 and described.endswith("P09 and 2 more")


@pytest.mark.parametrize(("to_day", "is_lost", "passed"), [
    ("2025-03-11", True, False), ("2025-03-10", True, True), ("2025-03-11", False, True)])
def test_that_no_group_set_is_found_is_told_with_the_groups_it_could_be(
    con: duckdb.DuckDBPyConnection, to_day: str, is_lost: bool, passed: bool
) -> None:
    """contract#renamed-group"""
    con.execute("INSERT INTO intermediate.int_kommuneadmin__groups "
                "VALUES (DATE '2025-03-01', ?, ?, ['Systemansvarlig', 'Admin'])", [to_day, is_lost])
    result = checks._kommuneadmin_groups(con, Policy(kommuneadmin_groups=["Kommuneadmin", "Lokal"]), [])
    assert result.passed == passed
    if not passed:
        assert result.severity.value == "ERROR" and result.metadata["candidate_groups"].value == 2
        assert "(`policy.kommuneadmin_groups`: Kommuneadmin, Lokal)" in (result.description or "")
        assert "where a set group stood: Admin, Systemansvarlig." in (result.description or "")


def test_a_table_of_accesses_without_a_single_one_is_a_doubt_and_one_that_is_not_delivered_is_none(
    con: duckdb.DuckDBPyConnection
) -> None:
    """contract#first-law"""
    assert checks._kommuneadmin_groups(con, Policy(), []).passed
    con.execute("UPDATE staging.stg_vfs__accesses SET to_day = DATE '2025-03-10'")  # ended today: none is left
    empty = checks._kommuneadmin_groups(con, Policy(), [])
    assert not empty.passed and "not one stands there" in (empty.description or "")
    assert checks._kommuneadmin_groups(con, Policy(), ["kommuneadmin_roster"]).passed


def test_every_check_has_a_norwegian_name_and_a_sentence_of_what_it_means_and_who_does_what() -> None:
    """contract#messages-in-norwegian"""
    ours = {spec.name for spec in checks.SPECS} | {"is_let_in", "is_as_expected", "messages_were_sent", "has_the_published_set"}
    assert ours == CHECKS.keys() and set(COMPARISONS) == set(checks._COMPARISONS)
    assert len({check.label for check in CHECKS.values()}) == len(CHECKS)
    for check in CHECKS.values():
        assert re.fullmatch(r"\w.+\. \w.+\.", check.says({})), check


def test_what_a_check_measured_is_in_the_figures_that_messages_are_made_of(con: duckdb.DuckDBPyConnection) -> None:
    frozen = [{"system": "hrm", "current_extract_date": DAY, "unchanged_since": date(2025, 3, 2)},
              {"system": "vfs", "current_extract_date": DAY, "unchanged_since": date(2025, 3, 9)}]
    figures = {name: value.value for name, value in checks._alive(frozen, Policy()).metadata.items()}
    assert figures == {"hrm/unchanged_days": 8, "vfs/unchanged_days": 1, "hrm/frozen_days": 8}
    assert "(HRM i 8 dager)" in CHECKS["sources_are_alive"].says(figures)
