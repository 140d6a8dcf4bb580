"""Reading freshness and deliveries, from the warehouse and from a published file."""

from collections.abc import Iterator
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
    assert freshness == [{"system": "hrm", "not_assessable": []}, {"system": "vfs", "not_assessable": ["a", "b"]}]
    assert deliveries.not_assessable(freshness) == ["a", "b"]


def test_the_latest_delivery_of_each_day_is_read(con: duckdb.DuckDBPyConnection) -> None:
    newest = deliveries.newest_of_each_day(con, "vfs")
    assert [(str(d["extract_date"]), d["arrival"], d["status"]) for d in newest] == [
        ("2025-03-08", 2, "quarantined"), ("2025-03-09", 1, "accepted")]
