"""What a monitor is told of the last run and of the published set."""

import subprocess
import sys
from datetime import date, timedelta
from pathlib import Path

import pytest

from orchestration.core.health import Health, Level, _look_at_published, health
from orchestration.core.last_run import LastRun, last_run, remember_run
from orchestration.core.paths import DataPaths
from orchestration.core.run_report import CheckOutcome, DeliveryOutcome, DeliveryStatus, FailedStep, RunReport
from orchestration.core.standing import Standing
from publish.alerts.send import Sent
from publish.headline import Headline

DAY = date(2025, 3, 10)
CHECK = CheckOutcome("findings", "check", passed=False, is_error=True, description="P001 is named here")


def report(**known: object) -> RunReport:
    return RunReport("1", "daily", **{"succeeded": True, **known})  # type: ignore[arg-type]


@pytest.mark.parametrize(("run", "sent", "expected"), [
    (report(), Sent(), LastRun(DAY, "daily", True, (), (), (), 0)),
    (report(succeeded=False, failed_steps=(FailedStep("b", "x"),), stopped_in=("a",)), Sent(),
     LastRun(DAY, "daily", False, ("a", "b"), (), (), 0)),
    (report(checks=(CHECK,), deliveries=(DeliveryOutcome("hrm", DAY, DeliveryStatus.NOT_PULLED),)), Sent([], ["a"]),
     LastRun(DAY, "daily", True, (), ("findings.check",), ("hrm",), 1)),
])
def test_how_a_run_ended_is_recorded_by_names_and_counts(
    tmp_path: Path, run: RunReport, sent: Sent, expected: LastRun
) -> None:
    """contract#command-health"""
    paths = DataPaths(tmp_path)
    remember_run(paths, run, sent, DAY)
    assert last_run(paths) == expected
    assert "P001" not in paths.last_run.read_text()


@pytest.mark.parametrize(("run", "level", "told"), [
    (report(), Level.OK, None),
    (report(succeeded=False, failed_steps=(FailedStep("b", "x"),)), Level.CRITICAL, "the last run failed in b"),
    (report(checks=(CHECK,)), Level.WARNING, "failed checks: findings.check"),
    (report(deliveries=(DeliveryOutcome("hrm", DAY, DeliveryStatus.NOT_PULLED),)), Level.WARNING, "did not answer: hrm"),
])
def test_of_a_run_is_told_what_went_wrong(tmp_path: Path, run: RunReport, level: Level, told: str | None) -> None:
    """contract#command-health"""
    paths = DataPaths(tmp_path)
    remember_run(paths, run, Sent(), DAY)
    found = health(paths, DAY, 1)
    assert "nothing is published" in found.problems and found.level is Level.CRITICAL
    assert found.problems[:-1] == ([told] if told else [])
    only_run = Health()
    from orchestration.core.health import _look_at_run
    _look_at_run(only_run, last_run(paths), DAY, 1)
    assert only_run.level is level


@pytest.mark.parametrize(("days", "is_told"), [(0, False), (1, False), (2, True)])
def test_a_run_that_is_too_long_ago_is_critical(tmp_path: Path, days: int, is_told: bool) -> None:
    """contract#command-health"""
    paths = DataPaths(tmp_path)
    remember_run(paths, report(), Sent(), DAY)
    assert (f"the last run ended {days} days ago" in health(paths, DAY + timedelta(days=days), 1).problems) == is_told


@pytest.mark.parametrize("content", ["", "{", "[]", "{}", '{"ended_on": "x"}', '{"ended_on": 1}'])
def test_a_record_that_cannot_be_read_is_no_run_that_went_well(tmp_path: Path, content: str) -> None:
    """contract#command-health"""
    paths = DataPaths(tmp_path)
    paths.last_run.write_text(content)
    found = health(paths, DAY, 1)
    assert (found.level, found.problems[0]) == (Level.CRITICAL, "no run is recorded")


def test_a_published_set_that_cannot_be_read_is_critical(tmp_path: Path) -> None:
    """contract#command-health"""
    paths = DataPaths(tmp_path)
    remember_run(paths, report(), Sent(), DAY)
    paths.marts.parent.mkdir()
    paths.marts.write_text("no database")
    found = health(paths, DAY, 1)
    assert found.level is Level.CRITICAL and "the published marts are damaged" in found.line()


@pytest.mark.parametrize(("system", "known", "is_at_least"), [
    ("hrm", {}, False), ("hrm", {"status": "stale"}, True), ("hrm", {"status": "withheld"}, True),
    ("hrm", {"may_miss_rows": 2}, True),
    ("transfer", {"status": "stale"}, False),  # a witness makes no case, and hides none
])
def test_a_figure_that_may_lack_somebody_is_said_as_at_least(system: str, known: dict[str, object], is_at_least: bool) -> None:
    """contract#command-health"""
    row = {"system": system, "as_of_date": DAY, "status": "fresh", "age_days": 0, "withheld_extracts": 0, "may_miss_rows": 0,
           **known}
    found = Health()
    _look_at_published(found, Standing(None, None, [row], Headline(left=3, unknown=0)))
    assert ("at least 3 who left can get in" in found.line()) == is_at_least and "3 who left can get in" in found.line()


def test_the_worst_of_several_counts() -> None:
    found = Health()
    found.tell(Level.CRITICAL, "a")
    found.tell(Level.WARNING, "b")
    assert found.level is Level.CRITICAL and found.line().startswith("SLUTTDATO CRITICAL: a; b; last run never")


def test_neither_dagster_nor_dbt_is_imported() -> None:
    """contract#command-health"""
    code = ("import sys, orchestration.core.health, orchestration.cli.health\n"
            "print(sorted({'dagster', 'dbt', 'pandas', 'great_expectations', 'apprise'} & set(sys.modules)))")
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
