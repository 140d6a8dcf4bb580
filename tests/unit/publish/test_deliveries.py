"""Reading freshness and deliveries, from the warehouse and from a published file."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import duckdb
import pytest

from publish import deliveries


@pytest.fixture(params=["warehouse", "published"])
def con(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """The marts in schema marts, as in the warehouse, or in schema main of a file called marts."""
    schema = "marts" if request.param == "warehouse" else "main"
    with duckdb.connect(str(tmp_path / ("warehouse.duckdb" if schema == "marts" else "marts.duckdb"))) as con:
        con.execute(f"""
            CREATE SCHEMA IF NOT EXISTS {schema};
            CREATE TABLE {schema}.data_freshness AS FROM (VALUES ('vfs', 'a, b'), ('hrm', '')) t(system, not_assessable);
            CREATE TABLE {schema}.extracts AS FROM (VALUES
              ('vfs', DATE '2025-03-09', 1, 'accepted', true), ('vfs', DATE '2025-03-09', 2, 'refused', false),
              ('vfs', DATE '2025-03-08', 1, 'refused', false), ('vfs', DATE '2025-03-08', 2, 'quarantined', true),
              ('hrm', DATE '2025-03-08', 3, 'accepted', true)) t(system, extract_date, arrival, status, is_latest_of_day)""")
        yield con


def test_what_cannot_be_assessed_is_a_list(con: duckdb.DuckDBPyConnection) -> None:
    freshness = deliveries.freshness(con)
    assert [(f["system"], f["not_assessable"]) for f in freshness] == [("hrm", []), ("vfs", ["a", "b"])]
    assert deliveries.not_assessable(freshness) == ["a", "b"]


def test_the_latest_delivery_of_each_day_is_read(con: duckdb.DuckDBPyConnection) -> None:
    newest = deliveries.newest_of_each_day(con, "vfs")
    assert [(str(d["extract_date"]), d["arrival"], d["status"]) for d in newest] == [
        ("2025-03-08", 2, "quarantined"), ("2025-03-09", 1, "accepted")]


def test_a_set_of_an_earlier_version_is_read_as_if_nothing_were_known_of_what_it_lacks(con: duckdb.DuckDBPyConnection) -> None:
    row, _ = deliveries.freshness(con)
    assert (row["unchanged_since"], row["kept_rows"], row["may_miss_rows"], row["is_too_old"]) == (None, 0, 0, False)
    assert deliveries.emptied_org_units(con) == []


def test_what_a_system_that_is_not_fresh_has_not_told_begins_the_day_after_its_current_extract() -> None:
    """contract#withheld-system"""
    row = {"system": "hrm", "status": "withheld", "current_extract_date": date(2025, 2, 28)}
    assert deliveries.missing_since(row) == date(2025, 3, 1)
    assert deliveries.missing_since({**row, "status": "fresh"}) is None
    assert deliveries.missing_since({"system": "hrm", "status": "missing", "current_extract_date": None}) is None


def test_a_transfer_that_is_not_fresh_leaves_no_day_untold() -> None:
    """contract#transfer-not-fresh"""
    row = {"system": "transfer", "status": "stale", "current_extract_date": date(2025, 2, 28)}
    assert deliveries.missing_since(row) is None


def test_a_witness_is_shown_after_the_systems(con: duckdb.DuckDBPyConnection) -> None:
    schema = con.execute("SELECT schema_name FROM duckdb_tables() LIMIT 1").fetchone()
    con.execute(f"INSERT INTO {schema[0] if schema else ''}.data_freshness VALUES ('transfer', '')")
    assert [f["system"] for f in deliveries.freshness(con)] == ["hrm", "vfs", "transfer"]
