"""dbt as this project runs it: in this process, on a given warehouse; and the manifest that Dagster's assets are made from.

In this process, because that saves seconds of start-up, and a killed run leaves no process behind that still writes. All that
dbt writes is below the data directory. Nothing downloads: there are no dbt packages.
Does not belong here: how Dagster shows what dbt did (`defs.assets.marts`).
"""

import hashlib
import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock

import dbt_project
from ingest import files
from orchestration.core.paths import DataPaths
from publish.contracts import Contract
from publish.contracts import contracts as mart_contracts

PROJECT = dbt_project.PROJECT
# Unit tests test the rules (`make test`), not the day's data.
BUILD = ["build", "--no-write-json", "--exclude-resource-type", "unit_test"]


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


def invoke(arguments: list[str], data_dir: Path, warehouse: Path) -> list[NodeResult]:
    """Run one dbt command on `warehouse`; returns what became of each node. Raises DbtFailed when dbt itself fails."""
    from dbt.adapters.duckdb.connections import DuckDBConnectionManager
    from dbt.cli.main import dbtRunner

    before, paths = Path.cwd(), DataPaths(data_dir)
    os.environ.update(SLUTTDATO_WAREHOUSE=str(warehouse), DBT_SEND_ANONYMOUS_USAGE_STATS="false", DO_NOT_TRACK="1")
    try:
        done = dbtRunner().invoke([
            # Logging every success takes a tenth of dbt's time. `dbt build` by hand logs everything.
            "--quiet", "--log-level-file", "warn", *arguments, "--project-dir", str(PROJECT), "--profiles-dir", str(PROJECT),
            "--target-path", str(paths.dbt_target), "--log-path", str(paths.dbt_logs)])
    finally:
        DuckDBConnectionManager.close_all_connections()  # or the warehouse would stay locked
        os.chdir(before)
    if done.exception:
        raise DbtFailed(f"dbt {arguments[0]}: {done.exception}")
    return [
        NodeResult(r.node.unique_id, str(r.status), (r.message or "").strip(), r.execution_time, r.failures)
        for r in getattr(done.result, "results", None) or []
    ]


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
                paths.dbt_partial_parse.unlink(missing_ok=True)  # it may be what is damaged
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
