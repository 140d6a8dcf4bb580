"""`dbt source freshness`, as somebody calls it, says how old each system's extract is on the as-of date."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from dbt_project import PROJECT
from orchestration.core import dbt
from tests.support.command_line import Place, town

DBT = Path(sys.executable).with_name("dbt")
DAY = 24 * 60 * 60  # in seconds


def freshness(place: Place, *arguments: str, as_it_is: bool = False) -> dict[str, tuple[str, int | None]]:
    """{table: (status, age in seconds; None where there is no day that an age could be counted from)}. `as_it_is`: by a process
    of its own, which takes seconds longer."""
    told, warehouse = place.root / "sources.json", place.data / "warehouse.duckdb"
    command = ["source", "freshness", "--output", str(told), *arguments]
    if as_it_is:
        subprocess.run(
            [DBT, *command, "--target-path", place.root / "target", "--log-path", place.root / "logs"], cwd=PROJECT, check=True,
            capture_output=True, timeout=600, env=os.environ | {"SLUTTDATO_WAREHOUSE": str(warehouse)})
    else:
        dbt.invoke(command, place.data, warehouse)
    results = json.loads(told.read_text())["results"]
    return {r["unique_id"].rsplit(".", 1)[1]: (
        r["status"], None if r["max_loaded_at"].startswith("0001-") else round(r["max_loaded_at_time_ago_in_s"]))
        for r in results}


def of_system(told: dict[str, tuple[str, int | None]], system: str) -> set[tuple[str, int | None]]:
    return {age for table, age in told.items() if table.startswith(f"{system}_")}


def test_the_age_of_an_extract_is_counted_to_the_as_of_date_whenever_it_is_asked_for(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    """contract#source-freshness"""
    monkeypatch.setenv("TZ", "Europe/Oslo")  # where some days have 23 hours
    hrm, vfs = town(40)
    place.deliver("hrm", "2025-03-28", hrm)
    place.deliver("vfs", "2025-03-31", vfs)
    assert place.do("run", today="2025-03-31").code == 0
    told = freshness(place, as_it_is=True)
    assert (of_system(told, "hrm"), of_system(told, "vfs")) == ({("pass", 3 * DAY)}, {("pass", 0)})
    assert of_system(told, "transfer") == {("pass", 0)}  # was never delivered
    assert of_system(freshness(place, "--vars", "max_extract_age_days: 2"), "hrm") == {("warn", 3 * DAY)}


def test_an_old_extract_is_a_warning_and_a_withheld_or_missing_system_an_error(place: Place) -> None:
    """contract#source-freshness"""
    hrm, vfs = town(40)
    place.deliver("hrm", "2025-03-10", hrm)
    assert place.do("run", today="2025-03-14").code == 0
    told = freshness(place)
    assert (of_system(told, "hrm"), of_system(told, "vfs")) == ({("warn", 4 * DAY)}, {("error", None)})
    place.deliver("vfs", "2025-03-14", vfs)
    place.deliver("hrm", "2025-03-14", {**hrm, "positions": hrm["positions"][:5]})
    assert place.do("run", today="2025-03-14").code == 3
    told = freshness(place)
    assert (of_system(told, "hrm"), of_system(told, "vfs")) == ({("error", None)}, {("pass", 0)})
