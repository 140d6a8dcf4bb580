"""Lines of JSON on standard error: what each holds, and what none may hold."""

import json
import logging
import warnings
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from ingest.national_ids import found_in
from orchestration.cli import app, json_log, running
from orchestration.cli.console import progress_line
from orchestration.core.dbt import DbtFailed
from orchestration.core.run_report import CheckOutcome, DecisionsOutcome, DeliveryOutcome, DeliveryStatus, FailedStep, RunReport
from orchestration.core.settings import load_settings
from publish.alerts.send import Sent

DAY = date(2025, 3, 10)


@pytest.fixture(autouse=True)
def lines_of_json() -> Iterator[None]:
    json_log.begin()
    yield
    json_log.end()


def told(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in capsys.readouterr().err.splitlines()]


def test_every_line_of_a_run_is_an_object_with_time_level_event_run_and_day(capsys: pytest.CaptureFixture[str]) -> None:
    """contract#json-log"""
    with json_log.run_at_work("r1", DAY), progress_line() as progress:
        progress("evaluating: dbt build\nin two lines")
    json_log.write(logging.ERROR, "failed", "too late", exit_status=1)
    first, second = told(capsys)
    time = first.pop("time")
    assert time.endswith("+00:00") and len(time) == 29
    assert first == {"level": "info", "event": "progress", "run_id": "r1", "as_of_date": "2025-03-10",
                     "message": "evaluating: dbt build\nin two lines"}
    assert (second["run_id"], second["as_of_date"], second["level"], second["exit_status"]) == (None, None, "error", 1)


def test_what_others_log_and_warn_of_is_told_without_its_text(capsys: pytest.CaptureFixture[str]) -> None:
    """contract#json-log"""
    logging.getLogger("some.library").warning("Kari Nordmann could not be cast")
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        json_log.end()
        json_log.begin()  # as pytest, too, catches warnings
        warnings.warn("Kari Nordmann", UserWarning, stacklevel=1)
    lines = told(capsys)
    assert [(line["event"], line["level"], line["message"]) for line in lines] == [
        ("library", "warning", f"a line of {name}, not shown here") for name in ("some.library", "py.warnings")]


def test_a_national_id_in_a_path_is_replaced(capsys: pytest.CaptureFixture[str]) -> None:
    """contract#json-log"""
    number = "01815000036"  # synthetic
    assert found_in(number) == [number]
    json_log.write(logging.INFO, "note", f"passed over inbox/{number}", files=[number])
    line, = told(capsys)
    assert number not in str(line) and "[national id]" in line["message"] and line["files"] == ["[national id]"]


def test_the_outcome_of_a_run_is_told_event_by_event_without_persons(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """contract#json-log"""
    report = RunReport(
        "r1", "daily", succeeded=False, failed_steps=(
            FailedStep("evaluate", "cases: Could not convert string 'Kari' to INT32; keys: Duplicate key \"P001\""),
            FailedStep("published", "the disk is full")),
        deliveries=(DeliveryOutcome("vfs", DAY, DeliveryStatus.NOT_PULLED, "vfs 2025-03-10: no answer"),
                    DeliveryOutcome("hrm", DAY, DeliveryStatus.QUARANTINED, "positions empty")),
        checks=(CheckOutcome("a", "b", passed=False, is_error=True, description="2 people.\nP001, P002", figures={"people": 2}),
                CheckOutcome("a", "c", passed=True, is_error=True, description="Kari")),
        decisions=DecisionsOutcome(0, ("Kari.xlsx, row 3",), ("Kari.csv",)), began_at=1.0, ended_at=3.5)
    monkeypatch.setattr("orchestration.cli.runs.run_daily", lambda *_, **__: (report, Sent([], ["sysadmin"])))
    (tmp_path / "s.yaml").write_text("data_dir: data")
    settings = load_settings(tmp_path / "s.yaml")
    assert running.evaluate(settings, DAY) == 1
    captured = capsys.readouterr()
    assert captured.out == "" and "Kari" not in captured.err and "P001" not in captured.err
    lines = [json.loads(line) for line in captured.err.splitlines()]
    by_event = {event: [line for line in lines if line["event"] == event] for event in {line["event"] for line in lines}}
    assert [(c["check"], c["passed"], c["level"]) for c in by_event["check"]] == [
        ("a.c", True, "info"), ("a.b", False, "error"), ("published.messages_were_sent", False, "error")]
    assert by_event["check"][1]["message"] == "check failed: a.b: 2 people." and by_event["check"][1]["figures"] == {"people": 2}
    assert [(w["system"], w["extract_date"], w["status"]) for w in by_event["withheld"]] == [("hrm", "2025-03-10", "quarantined")]
    assert by_event["not_pulled"][0]["message"] == "vfs 2025-03-10: no answer"
    assert [s["message"] for s in by_event["step_failed"]] == ["evaluate: cases; keys", "published: the disk is full"]
    end, = by_event["run_ended"]
    assert lines[-1] == end
    assert end.items() >= {"level": "error", "as_of_date": "2025-03-10", "succeeded": False, "seconds": 2.5, "exit_status": 1,
                           "failed_checks": ["a.b"], "unsent": 1}.items()
    monkeypatch.setattr("orchestration.cli.runs.run_daily", lambda *_, **__: (replace(report, succeeded=True), Sent()))
    assert running.evaluate(settings, DAY, as_json=True) == 1
    captured = capsys.readouterr()
    assert json.loads(captured.out)["success"] and "run_ended" in captured.err


@pytest.mark.parametrize(("error", "status", "message"), [
    (DbtFailed("Could not convert string 'Kari'"), 1, "dbt failed"), (OSError(28, "no space left"), 1, "sluttdato: [Errno 28] "),
    (KeyboardInterrupt(), 130, "sluttdato: stopped"), (ValueError("Kari"), 1, "sluttdato: unforeseen error: ValueError"),
])
def test_an_error_that_ends_a_command_is_told_as_json(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], error: BaseException, status: int, message: str
) -> None:
    """contract#json-log"""
    def broken() -> None:
        raise error

    monkeypatch.setattr(app, "app", broken)
    monkeypatch.setattr("ingest.files.write_privately", lambda: None)
    with pytest.raises(SystemExit) as stop:
        app.main()
    line, = told(capsys)
    assert stop.value.code == status == line["exit_status"] and line["event"] == "failed" and line["level"] == "error"
    assert line["message"].startswith(message) and "Kari" not in line["message"]
