"""Which of a run's outcomes are problems with the data."""

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from orchestration.core.alerting import problems_of, state_now
from orchestration.core.run_report import CheckOutcome, DeliveryOutcome, DeliveryStatus, FailedStep, RunReport
from orchestration.core.settings import load_settings
from publish import labels

DAY = date(2025, 3, 10)
WELL = RunReport("r1", "daily", succeeded=True, sources_asked=True)


def kinds(report: RunReport) -> list[tuple[str, str]]:
    return [(item.key[0], item.key[1]) for item in problems_of(report, DAY)]


def check(name: str, *, is_error: bool) -> CheckOutcome:
    return CheckOutcome("findings", name, passed=False, is_error=is_error, description="two rows")


@pytest.mark.parametrize(("outcome", "problems"), [
    (check("keys_are_unique", is_error=True), [("check_failed", "findings.keys_are_unique")]),
    (check("keys_are_unique", is_error=False), []),
    (check("folders_are_days", is_error=False), [("check_failed", "findings.folders_are_days")]),
    (check("no_unit_was_emptied", is_error=True), []),
    (check("end_dates_propagate", is_error=True), []),
    (check("is_let_in", is_error=True), []),
    (replace(check("keys_are_unique", is_error=True), passed=True), []),
])
def test_a_failed_check_is_a_problem_unless_another_message_covers_it(
    outcome: CheckOutcome, problems: list[tuple[str, str]]
) -> None:
    assert kinds(replace(WELL, checks=(outcome,))) == problems


def test_a_source_that_could_not_be_pulled_is_a_problem_and_a_withheld_extract_is_read_from_the_marts() -> None:
    report = replace(WELL, deliveries=(DeliveryOutcome("vfs", DAY, DeliveryStatus.NOT_PULLED, "no answer"),
                                       DeliveryOutcome("hrm", DAY, DeliveryStatus.QUARANTINED, "empty")))
    item, = problems_of(report, DAY)
    assert item.key == ("source_down", "vfs") and item.details["text"] == "no answer"


def test_a_run_that_failed_is_a_problem_that_names_its_steps() -> None:
    report = replace(WELL, succeeded=False, failed_steps=(FailedStep("published", "x"), FailedStep("evaluate", "y")))
    item, = problems_of(report, DAY)
    assert item.key == ("run_failed", "daily") and "den stoppet i evaluate, published;" in item.details["text"]
    item, = problems_of(replace(report, failed_steps=()), DAY)
    assert "den stoppet i oppstarten;" in item.details["text"] and "kjøring r1" in item.details["text"]


def test_after_a_run_that_failed_nothing_else_is_known(tmp_path: Path) -> None:
    file = tmp_path / "sluttdato.yaml"
    file.write_text("data_dir: data")
    state = state_now(load_settings(file), DAY, replace(WELL, succeeded=False))
    assert state.not_looked_at == {*labels.FINDING_TYPES, *labels.PROBLEMS} and not state.cases_are_known


@pytest.mark.parametrize(("report", "not_looked_at"), [
    (WELL, set()), (replace(WELL, sources_asked=False), {"source_down"}), (None, {"source_down"})])
def test_that_a_source_answers_again_is_known_only_when_it_was_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, report: RunReport | None, not_looked_at: set[str]
) -> None:
    file = tmp_path / "sluttdato.yaml"
    file.write_text("data_dir: data")
    settings = load_settings(file)
    settings.paths.published.mkdir(parents=True)
    settings.paths.marts.touch()
    monkeypatch.setattr("orchestration.core.alerting.read_state", lambda marts, problems, diffs, unknown: unknown)
    assert state_now(settings, DAY, report) == not_looked_at


def test_the_keys_that_a_check_names_are_kept_apart_from_its_text() -> None:
    rows = replace(check("rows_are_readable", is_error=True), description="2 rows cannot be read.\nhrm positions position_id=h1")
    item, = problems_of(replace(WELL, checks=(rows,)), DAY)
    assert item.details and item.details["text"] == "2 rows cannot be read."
    assert item.details["keys"] == "hrm positions position_id=h1"
