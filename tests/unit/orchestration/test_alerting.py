"""Which of a run's outcomes are problems with the data."""

from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from ingest.canonical_tables import SOURCES
from orchestration.core.alerting import looked_at_by, problems_of, remember_told, state_now, told_record
from orchestration.core.run_report import CheckOutcome, DeliveryOutcome, DeliveryStatus, FailedStep, Publication, RunReport
from orchestration.core.settings import Settings, load_settings
from publish.alerts.due import LookedAt
from publish.alerts.recipients import Alerts
from publish.alerts.send import Sent
from publish.data_problems import run_says

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
    assert item.key == ("source_down", "vfs") and item.details == {"system": "vfs"}


def how(report: RunReport) -> str:
    """How a run stopped, in the words of a message."""
    item, = problems_of(report, DAY)
    assert item.details
    return run_says(**item.details).partition(".")[0]


def test_a_run_that_failed_is_a_problem_that_names_its_steps() -> None:
    report = replace(WELL, succeeded=False, failed_steps=(FailedStep("published", "x"), FailedStep("evaluate", "y")))
    item, = problems_of(report, DAY)
    assert item.key == ("run_failed", "daily") and item.details["failed_in"] == ["evaluate", "published"]
    assert how(report) == "den stoppet i beregningen av sakene og publiseringen"
    assert how(replace(report, failed_steps=())) == "den stoppet i oppstarten" and item.details["run_id"] == "r1"
    item, = problems_of(replace(report, partition="2025-03-09"), DAY)
    assert item.key == ("run_failed", "daily 2025-03-09")


def test_a_run_that_was_killed_is_told_as_stopped_where_it_was() -> None:
    killed = replace(WELL, succeeded=False, stopped_in=("evaluate",), last_ended="take_in")
    assert how(killed) == "den ble avbrutt i beregningen av sakene"
    between = replace(killed, stopped_in=())
    assert how(between) == "den ble avbrutt etter innlesingen av uttrekkene"


def test_each_failed_expectation_is_a_problem_of_its_own_and_the_check_that_carries_them_is_none() -> None:
    rows = CheckOutcome("vfs_persons", "is_as_expected", passed=False, is_error=True, description="x",
                        unexpected={"in_set/a": 3, "not_null/b": 120})
    report = replace(WELL, checks=(rows, replace(rows, asset="hrm_employees", unexpected={}),
                                   replace(rows, asset="hrm_positions", unexpected=None)))
    items = problems_of(report, DAY)
    assert [(i.key, i.level, i.details["count"]) for i in items] == [
        (("unexpected_rows", "vfs_persons/in_set/a"), 1, 3), (("unexpected_rows", "vfs_persons/not_null/b"), 3, 120)]
    assert looked_at_by(report).tables == {"vfs_persons", "hrm_employees"}


def test_a_check_that_only_warned_is_told_again_when_it_fails() -> None:
    warned, failed = (problems_of(replace(WELL, checks=(check("sources_are_alive", is_error=is_error),)), DAY)[0].level
                      for is_error in (False, True))
    assert warned is not None and failed is not None and warned < failed


FAILED = check("keys_are_unique", is_error=True)
PASSED = replace(FAILED, passed=True)
KEY, DOWN, STOPPED = ("check_failed", FAILED.name), ("source_down", "vfs"), ("run_failed", "daily")
NO_ANSWER = DeliveryOutcome("vfs", DAY, DeliveryStatus.NOT_PULLED, "no answer")
PUBLISHED = Publication(published=True)


@pytest.mark.parametrize(("report", "problem", "is_over"), [  # contract#first-law
    (WELL, KEY, False),
    (replace(WELL, checks=(PASSED,)), KEY, True),
    (replace(WELL, checks=(FAILED,)), KEY, False),
    (replace(WELL, checks=(replace(FAILED, is_error=False),)), KEY, False),
    (replace(WELL, checks=(replace(FAILED, partition="2025-03-09"), PASSED)), KEY, False),
    (replace(WELL, checks=(PASSED,), succeeded=False), KEY, False),
    (WELL, DOWN, True),
    (replace(WELL, sources_asked=False), DOWN, False),
    (replace(WELL, deliveries=(NO_ANSWER,)), DOWN, False),
    (replace(WELL, publication=PUBLISHED), STOPPED, True),
    (replace(WELL, publication=Publication(published=False)), STOPPED, True),
    (WELL, STOPPED, False),  # a run of some steps only
    (replace(WELL, publication=PUBLISHED, job="one_day_again", partition="2025-03-09"), STOPPED, False),
    (replace(WELL, publication=PUBLISHED, succeeded=False), STOPPED, False),
    (replace(WELL, job="auditors_pack", partition="2025-03"), ("run_failed", "auditors_pack 2025-03"), True),
])
def test_a_problem_is_over_when_it_was_looked_at_again_and_found_in_order(
    report: RunReport, problem: tuple[str, str], is_over: bool
) -> None:
    assert (problem in looked_at_by(report).problems) == is_over


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    file = tmp_path / "sluttdato.yaml"
    file.write_text("data_dir: data")
    return load_settings(file)


def test_after_a_run_that_failed_nothing_else_is_known(settings: Settings) -> None:
    state = state_now(settings, DAY, replace(WELL, succeeded=False, checks=(PASSED,)))
    assert state.looked_at == LookedAt() and not state.cases_are_known
    assert looked_at_by(None) == LookedAt()


PUBLISHING = replace(WELL, publication=PUBLISHED, checks=(PASSED,))
ANSWERED = {("source_down", system) for system in SOURCES}


@pytest.mark.parametrize(("report", "is_latest", "is_new", "over"), [
    (PUBLISHING, True, True, {KEY, STOPPED, *ANSWERED}),
    (replace(PUBLISHING, publication=Publication(published=False)), True, False, {KEY, STOPPED, *ANSWERED}),
    (PUBLISHING, False, False, set()),
    (None, True, True, set()),
])
def test_of_a_published_set_something_is_over_only_after_the_run_that_made_it_and_when_none_came_later(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, report: RunReport | None, is_latest: bool, is_new: bool,
    over: set[tuple[str, str]],
) -> None:
    settings.paths.published.mkdir(parents=True)
    settings.paths.marts.touch()
    seen: dict[str, Any] = {}
    monkeypatch.setattr("orchestration.core.alerting.read_state", lambda marts, problems, diffs, **options: seen.update(options))
    state_now(settings, DAY, report, is_latest=is_latest)
    assert seen["is_new"] == is_new and seen["looked_at"].problems == over and seen["untold"] == set()


REFUSED = DeliveryOutcome("hrm", DAY, DeliveryStatus.REFUSED, "no heading", "abc")


def recipients(**of_all: dict[str, Any]) -> Alerts:
    return Alerts.model_validate({"recipients": of_all})


TEAM = recipients(team={"send_to": "json://x", "data_problems": True}, leader={"send_to": "json://x"})


@pytest.mark.parametrize(("alerts", "report", "sent", "is_told"), [  # contract#reported-once
    (Alerts(), replace(PUBLISHING, deliveries=(REFUSED,)), Sent(), True),
    (Alerts(), replace(WELL, deliveries=(REFUSED,)), Sent(), True),
    (Alerts(), replace(PUBLISHING, deliveries=(REFUSED,), succeeded=False), Sent(), False),
    (TEAM, replace(PUBLISHING, deliveries=(REFUSED,)), Sent(["team"], []), True),
    (TEAM, replace(PUBLISHING, deliveries=(REFUSED,)), Sent([], ["team"]), False),
    (TEAM, replace(PUBLISHING, deliveries=(REFUSED,)), Sent(["team"], ["leader"]), True),
    (TEAM, replace(WELL, deliveries=(REFUSED,)), Sent(), False),
    (recipients(team={"data_problems": True}), replace(WELL, deliveries=(REFUSED,)), Sent(), True),
])
def test_a_withheld_delivery_is_told_when_the_run_has_ended_well_and_its_message_has_left(
    settings: Settings, alerts: Alerts, report: RunReport, sent: Sent, is_told: bool
) -> None:
    settings = settings.model_copy(update={"alerts": alerts})
    remember_told(settings, report, sent)
    assert (told_record(settings).untold([REFUSED]) == []) == is_told


def test_the_keys_that_a_check_names_are_kept_apart_from_its_text() -> None:
    rows = replace(check("rows_are_readable", is_error=True), description="2 rows cannot be read.\nhrm positions position_id=h1")
    item, = problems_of(replace(WELL, checks=(rows,)), DAY)
    assert item.details == {"keys": "hrm positions position_id=h1", "figures": {}, "is_error": True}
