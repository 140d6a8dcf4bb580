"""dbt as this project runs it: in this process, on a given warehouse; and the manifest that Dagster's assets are made from.

In this process, because that saves seconds of start-up, and a killed run leaves no process behind that still writes. All that
dbt writes is below the data directory. Nothing downloads: there are no dbt packages.
Does not belong here: how Dagster shows what dbt did (`defs.assets.marts`).
"""

import hashlib
import json
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb
from filelock import FileLock

import dbt_project
from ingest import files
from ingest.sql import literal
from ingest.warehouse import open_warehouse
from orchestration.core.paths import DataPaths
from publish.contracts import Contract
from publish.contracts import contracts as mart_contracts

if TYPE_CHECKING:  # importing dbt takes two seconds
    from dbt.contracts.graph.manifest import Manifest

PROJECT = dbt_project.PROJECT
# Unit tests test the rules (`make test`), not the day's data.
BUILD = ["build", "--no-write-json", "--exclude-resource-type", "unit_test"]
# Without what follows from the code alone, once this project has built this warehouse: catalogue, views, the types of columns.
DAILY_BUILD = [*BUILD, "--exclude-resource-type", "seed", "--indirect-selection", "empty", "--exclude", "path:models/staging",
               "config.materialized:view,path:models/intermediate", "--vars", "{contracts_hold: true}"]
_MARKED = "catalogue.statuses"


class DbtFailed(Exception):
    """dbt ended with an error. The text names the model or test, and what happened."""


@dataclass(frozen=True)
class NodeResult:
    """What became of one model or test: status is success, pass, warn, fail, error or skipped; `failures` counts rows."""

    unique_id: str
    status: str
    message: str
    seconds: float
    failures: int | None


def build(data_dir: Path, warehouse: Path, select: Sequence[str] = ()) -> list[NodeResult]:
    """Make all models in `warehouse` and test them, or those selected, by dbt's names; returns what became of each node.

    What follows from the code alone is left as it is where this project has made it there before.
    """
    with open_warehouse(warehouse) as con:
        made_by = _made_by(con)
        # A comment on a table that dbt makes: whoever makes it by hand takes the comment away.
        is_made = (made_by,) in con.execute(
            "SELECT comment FROM duckdb_tables() WHERE schema_name || '.' || table_name = ?", [_MARKED]).fetchall()
    results = invoke([*(DAILY_BUILD if is_made else BUILD), *(["--select", *select] if select else [])], data_dir, warehouse)
    if not is_made and not select and not failures(results):
        with open_warehouse(warehouse) as con:
            con.execute(f"COMMENT ON TABLE {_MARKED} IS {literal(made_by)}")
    return results


def _made_by(con: duckdb.DuckDBPyConnection) -> str:
    """The state of the project, and of the tables that its views read."""
    columns = con.execute("SELECT schema_name, table_name, column_name, data_type FROM duckdb_columns() "
                          "WHERE schema_name IN ('versions', 'ingest') ORDER BY ALL").fetchall()
    return hashlib.sha256(f"{_fingerprint()} {columns}".encode()).hexdigest()


def invoke(arguments: list[str], data_dir: Path, warehouse: Path) -> list[NodeResult]:
    """Run one dbt command on `warehouse`; returns what became of each node. Raises DbtFailed when dbt itself fails."""
    from dbt.adapters.duckdb.connections import DuckDBConnectionManager

    before, paths = Path.cwd(), DataPaths(data_dir)
    os.environ.update(SLUTTDATO_WAREHOUSE=str(warehouse), DBT_SEND_ANONYMOUS_USAGE_STATS="false", DO_NOT_TRACK="1")
    try:
        result = _invoke(arguments, paths, _parsed(paths) if arguments[0] == "build" else None)
    finally:
        DuckDBConnectionManager.close_all_connections()  # or the warehouse would stay locked
        os.chdir(before)
    return [
        NodeResult(r.node.unique_id, str(r.status), (r.message or "").strip(), r.execution_time, r.failures)
        for r in getattr(result, "results", None) or []
    ]


def _invoke(arguments: list[str], paths: DataPaths, parsed: "Manifest | None" = None) -> Any:
    from dbt.cli.main import dbtRunner

    # What failed is in the results; to log every success takes a tenth of dbt's time. `dbt build` by hand logs everything.
    level = "warn" if arguments[0] == "parse" else "none"
    done = dbtRunner(manifest=parsed).invoke([
        "--quiet", "--log-level", level, "--log-level-file", level, *arguments, "--project-dir", str(PROJECT),
        "--profiles-dir", str(PROJECT), "--target-path", str(paths.dbt_target), "--log-path", str(paths.dbt_logs)])
    if done.exception:
        raise DbtFailed(f"dbt {arguments[0]}: {done.exception}")
    return done.result


_manifests: dict[tuple[Path, str], "Manifest"] = {}


def _parsed(paths: DataPaths) -> "Manifest":
    """The project as dbt has parsed it; once in this process."""
    state = PROJECT, _fingerprint()
    if state not in _manifests:
        _manifests.clear()
        _manifests[state] = _kept_parse(paths, state[1]) or _invoke(["parse", "--no-write-json"], paths)
    return _manifests[state]


def _kept_parse(paths: DataPaths, fingerprint: str) -> "Manifest | None":
    """What dbt kept when it parsed this very project; None where it did not, or what it kept cannot be read."""
    from dbt.contracts.graph.manifest import Manifest
    from dbt.parser.manifest import extended_mashumuro_decoder

    if files.read_cache(paths.dbt_parsed) != {"project": fingerprint}:
        return None
    try:
        return Manifest.from_msgpack(paths.dbt_partial_parse.read_bytes(), decoder=extended_mashumuro_decoder)
    except Exception:  # damaged, in whatever way: dbt makes it anew
        return None


def failures(results: list[NodeResult]) -> list[str]:
    """One line for each node that failed: models that broke, and tests of severity error."""
    return [f"{r.unique_id.split('.')[2]}: {r.message}" for r in results if r.status in ("error", "fail")]


def manifest(data_dir: Path, warehouse: Path, progress: Callable[[str], None] = lambda _: None) -> Path:
    """The manifest of the current project; parsed again when the project changed."""
    paths = DataPaths(data_dir)
    state = {"project": _fingerprint()}

    def is_current() -> bool:
        if files.read_cache(paths.dbt_parsed) != state:
            return False
        manifest = files.read_cache(paths.dbt_manifest)
        return isinstance(manifest, dict) and bool(manifest.get("nodes"))

    if not is_current():
        data_dir.mkdir(parents=True, exist_ok=True)
        with FileLock(paths.parse_lock):
            if not is_current():  # another process may have parsed it meanwhile
                progress("reading the dbt project")
                paths.dbt_parsed.unlink(missing_ok=True)  # until all is there: a process may be killed
                paths.dbt_partial_parse.unlink(missing_ok=True)  # it may be what is damaged
                if known := _manifests.get((PROJECT, state["project"])):  # parsed for another data directory
                    paths.dbt_target.mkdir(parents=True, exist_ok=True)
                    known.writable_manifest().write(str(paths.dbt_manifest))
                else:
                    invoke(["parse"], data_dir, warehouse)
                files.write_json(paths.dbt_parsed, state)
    return paths.dbt_manifest


def contracts(manifest_file: Path) -> dict[str, Contract]:
    """What the dbt project promises of each mart."""
    return mart_contracts(json.loads(manifest_file.read_text(encoding="utf-8")))


def _fingerprint() -> str:
    digest = hashlib.sha256()
    for file in sorted(PROJECT.rglob("*")):
        if file.suffix in (".sql", ".yml", ".md", ".csv") and not {"target", "logs"} & set(file.relative_to(PROJECT).parts):
            digest.update(f"{file.relative_to(PROJECT)}|".encode() + file.read_bytes())
    return digest.hexdigest()
