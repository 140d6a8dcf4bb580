"""Dagster's own tool, `dg`, finds the project and its definitions, as a program of its own."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from orchestration.core import dagster_home
from orchestration.core.paths import DataPaths
from tests.support.command_line import Place

ROOT = Path(__file__).resolve().parents[2]
PROGRAM = Path(sys.executable).with_name("dg")
pytestmark = pytest.mark.skipif(not PROGRAM.exists() and "CI" not in os.environ, reason="dagster-dg-cli is not installed")


def dg(place: Place, *arguments: str) -> subprocess.CompletedProcess[str]:
    """`dg` in the checkout, as `make defs` calls it, with the data directory elsewhere."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith("SLUTTDATO_") and k != "DAGSTER_HOME"}
    return subprocess.run(
        [PROGRAM, *arguments], cwd=ROOT, capture_output=True, text=True, timeout=300,
        env=kept | {"SLUTTDATO_DATA_DIR": str(place.data), "PYTHONPATH": str(ROOT), "HOME": str(place.root),
                    "DAGSTER_HOME": str(dagster_home.prepare(DataPaths(place.data)))})


def test_dg_checks_and_lists_the_definitions_and_leaves_nothing_behind(place: Place) -> None:
    checked = dg(place, "check", "defs")
    assert checked.returncode == 0 and "All definitions loaded successfully." in checked.stdout + checked.stderr
    listed = dg(place, "list", "defs", "--json")
    assert (listed.returncode, listed.stderr) == (0, "")
    definitions = json.loads(listed.stdout)
    assert {"published", "marts/cases"} <= {asset["asset_key"] for asset in definitions["assets"]}
    assert "daily" in {job["name"] for job in definitions["jobs"]}
    folders = (place.root / ".dagster", place.root / ".dg", place.data / "dagster" / "logs")
    left = [file for folder in folders for file in folder.rglob("*") if file.is_file()]
    assert left == []  # e.g. events that wait to be sent home
