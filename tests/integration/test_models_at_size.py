"""Models over many rows and on several threads, which small examples do not cover."""

import json
from collections.abc import Iterator
from typing import Any

from tests.support.models import Models, empty_warehouse


def test_equal_periods_are_merged_into_one_however_duckdb_orders_them(models: Models) -> None:
    status, = [model.sql for model in models.steps if model.name == "int_hrm__status"]
    with empty_warehouse() as con:
        con.execute("SET threads = 4; SET preserve_insertion_order = false")
        con.execute("""
            CREATE SCHEMA intermediate;
            CREATE TABLE intermediate.int_hrm__active_positions AS
            SELECT (i % 40000)::VARCHAR AS employee_id, DATE '2025-01-01' AS from_day, DATE '2025-02-01' AS to_day
            FROM range(120000) t(i);
            CREATE TABLE intermediate.int_hrm__known_employees AS SELECT DISTINCT * FROM intermediate.int_hrm__active_positions;
            CREATE TABLE intermediate.int_hrm__positions AS
            SELECT *, NULL::DATE AS start_date, NULL::DATE AS end_date FROM intermediate.int_hrm__active_positions""")
        rows, employees = con.execute(f"SELECT count(*), count(DISTINCT employee_id) FROM ({status})").fetchone()
    assert rows == employees == 40000


def test_no_model_compares_every_row_with_every_other(models: Models) -> None:
    """DuckDB does so for an outer join whose condition uses only one side. (An inner join with the single row of `stg_run`,
    or with the days of a period, is allowed to.)"""
    with empty_warehouse() as con:
        models.run(con)
        plans = {model.name: con.execute(f"EXPLAIN (FORMAT json) {model.sql}").fetchone()[1] for model in models.steps}
    assert not [name for name, plan in plans.items() for node in _operators(json.loads(plan))
                if node["name"] == "BLOCKWISE_NL_JOIN" and node["extra_info"]["Join Type"] != "INNER"]


def _operators(nodes: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    for node in nodes:
        yield node
        yield from _operators(node["children"])
