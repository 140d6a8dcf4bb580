"""The dbt models as compiled SQL, run in DuckDB directly: hundreds of evaluations a minute, for property-based tests.

dbt itself compiles them, once a session; here they are only executed, in dbt's own order.
"""

import json
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import duckdb

from ingest.policy import Policy
from ingest.warehouse import create_tables, set_run
from orchestration import dbt


@dataclass(frozen=True)
class Models:
    """(schema, name, materialization, SQL) in an order in which each finds what it reads."""

    steps: list[tuple[str, str, str, str]]

    def run(self, con: duckdb.DuckDBPyConnection) -> None:
        """Make every model in the database `warehouse` of this connection."""
        for schema, name, kind, sql in self.steps:
            con.execute(f"CREATE OR REPLACE {kind} warehouse.{schema}.{name} AS {sql}")


def compile_models(folder: Path) -> Models:
    """Have dbt compile the project in `folder`."""
    warehouse = folder / "warehouse.duckdb"
    with duckdb.connect(str(warehouse)) as con:
        create_tables(con)
    dbt.invoke(["compile", "--no-introspect"], folder, warehouse)
    manifest = json.loads((dbt.target_path(folder) / "manifest.json").read_text())
    models = {k: n for k, n in manifest["nodes"].items() if n["resource_type"] == "model"}
    done: dict[str, None] = {}

    def visit(key: str) -> None:
        if key in models and key not in done:
            for other in models[key]["depends_on"]["nodes"]:
                visit(other)
            done[key] = None

    for key in models:
        visit(key)
    return Models([(models[k]["schema"], models[k]["name"], "VIEW" if models[k]["config"]["materialized"] == "view" else "TABLE",
                    models[k]["compiled_code"]) for k in done])


def empty_warehouse() -> duckdb.DuckDBPyConnection:
    """An in-memory database called `warehouse` with the tables that ingest writes, and dbt's schemas."""
    con = duckdb.connect()
    con.execute("SET threads = 1; ATTACH ':memory:' AS warehouse; USE warehouse")
    create_tables(con)
    for schema in ("staging", "intermediate", "marts"):
        con.execute(f"CREATE SCHEMA {schema}")
    return con


def evaluate(
    con: duckdb.DuckDBPyConnection, models: Models, as_of: date, policy: Policy, exceptions: list[dict[str, Any]]
) -> dict[str, list[dict[str, Any]]]:
    """The marts as of a day, as rows."""
    set_run(con, as_of, policy, exceptions)
    models.run(con)
    return {name: rows(con, f"FROM marts.{name}") for schema, name, _, _ in models.steps if schema == "marts"}


def rows(con: duckdb.DuckDBPyConnection, sql: str) -> list[dict[str, Any]]:
    """The rows of a query as dictionaries."""
    cursor = con.execute(sql)
    names = [d[0] for d in cursor.description]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
