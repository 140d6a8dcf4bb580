"""dbt as this project runs it: where project, profile and target lie, and the manifest that Dagster's assets are made from.

All that dbt writes lies under the data directory. Nothing downloads: there are no dbt packages.
"""

import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from filelock import FileLock

from ingest import files
from publish.snapshot import Description

PROJECT = Path(__file__).resolve().parents[1] / "dbt_project"
EXECUTABLE = Path(sys.executable).with_name("dbt")
# Unit tests prove the rules when the code changes (`make test`); they say nothing of the day's data.
BUILD = ["build", "--exclude-resource-type", "unit_test"]


class DbtFailed(Exception):
    """dbt ended with an error. The text holds the end of what it said."""


def target_path(data_dir: Path) -> Path:
    return data_dir / "dbt" / "target"


def global_flags(data_dir: Path) -> list[str]:
    """Flags of every dbt command: project, profile, and where it may write."""
    return ["--project-dir", str(PROJECT), "--profiles-dir", str(PROJECT),
            "--target-path", str(target_path(data_dir)), "--log-path", str(data_dir / "dbt" / "logs")]


def environment(warehouse: Path) -> dict[str, str]:
    """Environment of a dbt process that works on `warehouse`."""
    return {"SLUTTDATO_WAREHOUSE": str(warehouse), "DBT_SEND_ANONYMOUS_USAGE_STATS": "false", "DO_NOT_TRACK": "1"}


def run(arguments: list[str], data_dir: Path, warehouse: Path) -> None:
    """Run one dbt command outside Dagster. Raises DbtFailed."""
    done = subprocess.run(
        [str(EXECUTABLE), "--quiet", *arguments, *global_flags(data_dir)], env={**os.environ, **environment(warehouse)},
        stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    if done.returncode:
        raise DbtFailed(f"dbt {arguments[0]} failed:\n{(done.stdout + done.stderr).strip()[-4000:]}")


def manifest(data_dir: Path, warehouse: Path, say: Callable[[str], None] = lambda _: None) -> Path:
    """The manifest of the project as it is now; parsed anew when the project changed."""
    path = target_path(data_dir) / "manifest.json"
    state_file = data_dir / "dbt" / "parsed.json"
    state = {"project": _fingerprint()}
    if path.exists() and _read(state_file) == state:
        return path
    data_dir.mkdir(parents=True, exist_ok=True)
    with FileLock(data_dir / ".parse.lock"):
        if not path.exists() or _read(state_file) != state:
            say("reading the dbt project")
            run(["parse"], data_dir, warehouse)
            files.write_json(state_file, state)
    return path


def descriptions(manifest_file: Path) -> dict[str, Description]:
    """What each mart and its columns mean, as the dbt project says."""
    nodes = json.loads(manifest_file.read_text(encoding="utf-8"))["nodes"].values()
    return {
        n["name"]: Description(n["description"], {c: v["description"] for c, v in n["columns"].items()})
        for n in nodes if n["resource_type"] == "model" and n["schema"] == "marts"
    }


def _fingerprint() -> str:
    digest = hashlib.sha256()
    for file in sorted(PROJECT.rglob("*")):
        if file.suffix in (".sql", ".yml", ".md") and not {"target", "logs"} & set(file.relative_to(PROJECT).parts):
            digest.update(f"{file.relative_to(PROJECT)}|".encode() + file.read_bytes())
    return digest.hexdigest()


def _read(file: Path) -> Any:
    try:
        return json.loads(file.read_text(encoding="utf-8"))
    except (FileNotFoundError, json.JSONDecodeError):
        return None
