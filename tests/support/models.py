"""The dbt project as compiled SQL, run in DuckDB directly: hundreds of evaluations a minute.

dbt itself compiles it, once for each state of the project: what it compiled is kept in `build/dbt/` of the checkout. Here it
is only executed, in dbt's own order. Of the six seconds that `dbt build` takes for a small town, the SQL takes a tenth.

Belongs here: seeds, models and data tests as dbt compiled them. Does not belong here: dbt's unit tests (`dbt_unit_tests`).
"""

import hashlib
import importlib.metadata
import json
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import Any

import duckdb
from filelock import FileLock

from ingest.policy import Policy
from ingest.sql import Row, literal, rows, scalar
from ingest.warehouse import create_tables, set_run
from orchestration.core import dbt
from orchestration.core.paths import DataPaths

CACHE = Path(__file__).resolve().parents[2] / "build" / "dbt"
_STATES_KEPT = 4  # so that going back and forth between branches compiles nothing


@dataclass(frozen=True)
class Seed:
    """A table that dbt makes from a csv file. `columns`: name to SQL type."""

    unique_id: str
    relation: str
    file: Path
    columns: dict[str, str]
    delimiter: str


@dataclass(frozen=True)
class Model:
    """A model. `relation`: schema.name; `kind`: TABLE or VIEW; `reads`: unique ids of the seeds, models and sources it names."""

    unique_id: str
    relation: str
    kind: str
    sql: str
    reads: tuple[str, ...]

    @property
    def schema(self) -> str:
        return self.relation.split(".")[0]

    @property
    def name(self) -> str:
        return self.relation.split(".")[1]


@dataclass(frozen=True)
class DataTest:
    """One data test: its query returns a row for each failure. `when_failed`: warn or fail."""

    unique_id: str
    sql: str
    when_failed: str
    reads: tuple[str, ...]


@dataclass(frozen=True)
class Models:
    """All seeds; all models, in an order in which each finds what it reads; all data tests; and dbt's manifest."""

    seeds: list[Seed]
    steps: list[Model]
    tests: list[DataTest]
    manifest: dict[str, Any]

    @cached_property
    def by_name(self) -> dict[str, Model]:
        return {model.name: model for model in self.steps}

    @cached_property
    def marts(self) -> list[str]:
        """The names of the marts, sorted."""
        return sorted(model.name for model in self.steps if model.schema == "marts")

    @cached_property
    def relations(self) -> dict[str, str]:
        """schema.name of each seed, model and source by its unique id."""
        sources = {key: f"{s['schema']}.{s['identifier']}" for key, s in self.manifest["sources"].items()}
        return sources | {node.unique_id: node.relation for node in (*self.seeds, *self.steps)}

    @cached_property
    def daily(self) -> list[Model]:
        """Those that a daily build makes: not the views below the marts, which follow from the code alone."""
        return [model for model in self.steps if model.schema == "marts" or model.kind == "TABLE"]

    def run(self, con: duckdb.DuckDBPyConnection) -> None:
        """Make every seed and model in the database `warehouse` of this connection."""
        for schema in sorted({node.relation.split(".")[0] for node in (*self.seeds, *self.steps)}):
            con.execute(f"CREATE SCHEMA IF NOT EXISTS warehouse.{schema}")
        for seed in self.seeds:
            columns = ", ".join(f'"{name}" {sql_type}' for name, sql_type in seed.columns.items())
            con.execute(f"CREATE OR REPLACE TABLE warehouse.{seed.relation} ({columns})")
            con.execute(f"COPY warehouse.{seed.relation} FROM {literal(seed.file)} "  # the statement of dbt-duckdb
                        f"(FORMAT CSV, HEADER true, DELIMITER {literal(seed.delimiter)})")
        self._make(con, self.steps)

    def _make(self, con: duckdb.DuckDBPyConnection, models: Sequence[Model]) -> None:
        for model in models:
            con.execute(f"CREATE OR REPLACE {model.kind} warehouse.{model.relation} AS {model.sql}")

    def build(self, warehouse: Path, daily: bool = False) -> list[dbt.NodeResult]:
        """What `dbt build` does to a warehouse, or the daily one, and what it reports."""
        with duckdb.connect(str(warehouse)) as con:
            if daily:
                self._make(con, self.daily)
            else:
                self.run(con)
            failures = [scalar(con, f"SELECT count(*) FROM ({test.sql})") for test in self.tests]
        nodes = self.daily if daily else [*self.seeds, *self.steps]
        made = [dbt.NodeResult(node.unique_id, "success", "OK", 0.0, None) for node in nodes]
        tested = [dbt.NodeResult(test.unique_id, test.when_failed if count else "pass", "", 0.0, count)
                  for test, count in zip(self.tests, failures, strict=True)]
        return made + tested


def compiled(cache: Path = CACHE) -> Path:
    """A data directory for which dbt has compiled the project as it is now; compiles when none is kept in `cache`.

    Any number of processes may ask at once: one compiles, the others wait. Whoever wants to change the folder copies it.
    """
    folder = cache / _fingerprint()
    cache.mkdir(parents=True, exist_ok=True)
    with FileLock(cache / ".lock"):
        if not folder.exists():
            unfinished = cache / "unfinished"
            shutil.rmtree(unfinished, ignore_errors=True)
            compile_project(unfinished)
            unfinished.rename(folder)
            kept = sorted((d for d in cache.iterdir() if d.is_dir()), key=lambda d: d.stat().st_mtime)
            for old in kept[:-_STATES_KEPT]:
                shutil.rmtree(old)
    return folder


def compile_project(folder: Path) -> None:
    """Have dbt compile the project in the data directory `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    warehouse = folder / "warehouse.duckdb"
    with duckdb.connect(str(warehouse)) as con:
        create_tables(con)
    dbt.manifest(folder, warehouse)
    dbt.invoke(["compile", "--no-introspect"], folder, warehouse)


def read_models(folder: Path) -> Models:
    """What dbt compiled in the data directory `folder`."""
    manifest = json.loads(DataPaths(folder).dbt_manifest.read_text(encoding="utf-8"))
    nodes: dict[str, dict[str, Any]] = manifest["nodes"]
    models = {k: n for k, n in nodes.items() if n["resource_type"] == "model"}
    ordered: dict[str, None] = {}

    def visit(key: str) -> None:
        if key in models and key not in ordered:
            for other in models[key]["depends_on"]["nodes"]:
                visit(other)
            ordered[key] = None

    for key in models:
        visit(key)
    return Models(
        [_seed(k, n) for k, n in nodes.items() if n["resource_type"] == "seed"],
        [Model(k, f"{models[k]['schema']}.{models[k]['name']}",
               "VIEW" if models[k]["config"]["materialized"] == "view" else "TABLE",
               models[k]["compiled_code"], tuple(models[k]["depends_on"]["nodes"])) for k in ordered],
        [DataTest(k, n["compiled_code"], "warn" if n["config"]["severity"].lower() == "warn" else "fail",
                  tuple(n["depends_on"]["nodes"]))
         for k, n in nodes.items() if n["resource_type"] == "test"],
        manifest)


def _seed(unique_id: str, node: dict[str, Any]) -> Seed:
    file = dbt.PROJECT / node["original_file_path"]
    delimiter = node["config"].get("delimiter") or ","
    heading = file.read_text(encoding="utf-8-sig").partition("\n")[0].strip().split(delimiter)
    types = node["config"]["column_types"]
    # dbt would guess the others; here they are text.
    return Seed(unique_id, f"{node['schema']}.{node['name']}", file, {c: types.get(c, "varchar") for c in heading}, delimiter)


def _fingerprint() -> str:
    """Of all that decides what dbt compiles: the project and where it stands, dbt's version, and this module."""
    digest = hashlib.sha256(f"{dbt.PROJECT}|{importlib.metadata.version('dbt-core')}|".encode() + Path(__file__).read_bytes())
    for file in sorted(dbt.PROJECT.rglob("*")):
        parts = file.relative_to(dbt.PROJECT).parts
        if file.suffix in (".sql", ".yml", ".md", ".csv") and not {"target", "logs"} & set(parts):
            digest.update("/".join(parts).encode() + b"|" + file.read_bytes())
    return digest.hexdigest()[:16]


def empty_warehouse() -> duckdb.DuckDBPyConnection:
    """An in-memory database called `warehouse` with the tables that ingest writes."""
    con = duckdb.connect()
    con.execute("SET threads = 1; ATTACH ':memory:' AS warehouse; USE warehouse")
    create_tables(con)
    return con


def evaluate(
    con: duckdb.DuckDBPyConnection, models: Models, as_of: date, policy: Policy, exceptions: list[Row]
) -> dict[str, list[Row]]:
    """The marts as of a day, as rows."""
    set_run(con, as_of, policy, exceptions)
    models.run(con)
    return {name: rows(con, f"FROM marts.{name}") for name in models.marts}
