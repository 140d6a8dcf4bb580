"""The dbt models and tests as compiled SQL, run in DuckDB directly: hundreds of evaluations a minute.

dbt itself compiles them, once a session; here they are only executed, in dbt's own order. Of the six seconds that
`dbt build` takes for a small town, the SQL takes a tenth.
"""

import json
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import duckdb

from ingest.policy import Policy
from ingest.warehouse import create_tables, set_run
from orchestration.core import dbt


@dataclass(frozen=True)
class Model:
    """One model: where it goes, what it is (TABLE or VIEW), and its SQL."""

    unique_id: str
    schema: str
    name: str
    kind: str
    sql: str


@dataclass(frozen=True)
class DataTest:
    """One data test: its query returns a row for each failure. `when_failed`: warn or fail."""

    unique_id: str
    sql: str
    when_failed: str


@dataclass(frozen=True)
class Models:
    """All models, in an order in which each finds what it reads, and all data tests."""

    steps: list[Model]
    tests: list[DataTest]

    def run(self, con: duckdb.DuckDBPyConnection) -> None:
        """Make every model in the database `warehouse` of this connection."""
        for model in self.steps:
            con.execute(f"CREATE OR REPLACE {model.kind} warehouse.{model.schema}.{model.name} AS {model.sql}")

    def build(self, warehouse: Path) -> list[dbt.NodeResult]:
        """What `dbt build` does to a warehouse and says of it."""
        with duckdb.connect(str(warehouse)) as con:
            for schema in sorted({model.schema for model in self.steps}):
                con.execute(f"CREATE SCHEMA IF NOT EXISTS {schema}")
            self.run(con)
            failures = [con.execute(f"SELECT count(*) FROM ({test.sql})").fetchone()[0] for test in self.tests]
        made = [dbt.NodeResult(model.unique_id, "success", "OK", 0.0, None) for model in self.steps]
        tested = [dbt.NodeResult(test.unique_id, test.when_failed if count else "pass", "", 0.0, count)
                  for test, count in zip(self.tests, failures, strict=True)]
        return made + tested


def compile_models(folder: Path) -> Models:
    """Have dbt compile the project in `folder`."""
    warehouse = folder / "warehouse.duckdb"
    with duckdb.connect(str(warehouse)) as con:
        create_tables(con)
    dbt.manifest(folder, warehouse)
    dbt.invoke(["compile", "--no-introspect"], folder, warehouse)
    nodes = json.loads((dbt.target_path(folder) / "manifest.json").read_text())["nodes"]
    models = {k: n for k, n in nodes.items() if n["resource_type"] == "model"}
    done: dict[str, None] = {}

    def visit(key: str) -> None:
        if key in models and key not in done:
            for other in models[key]["depends_on"]["nodes"]:
                visit(other)
            done[key] = None

    for key in models:
        visit(key)
    return Models(
        [Model(k, models[k]["schema"], models[k]["name"], "VIEW" if models[k]["config"]["materialized"] == "view" else "TABLE",
               models[k]["compiled_code"]) for k in done],
        [DataTest(k, n["compiled_code"], "warn" if n["config"]["severity"].lower() == "warn" else "fail")
         for k, n in nodes.items() if n["resource_type"] == "test"])


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
    return {m.name: rows(con, f"FROM marts.{m.name}") for m in models.steps if m.schema == "marts"}


def rows(con: duckdb.DuckDBPyConnection, sql: str) -> list[dict[str, Any]]:
    """The rows of a query as dictionaries."""
    cursor = con.execute(sql)
    names = [d[0] for d in cursor.description]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
