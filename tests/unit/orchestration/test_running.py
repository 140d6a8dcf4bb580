"""What a command prints of a run, and its exit status."""

import json
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from orchestration.cli import running
from orchestration.core.run_report import CheckOutcome, DeliveryOutcome, DeliveryStatus, FailedStep, Publication, RunReport
from orchestration.core.settings import Settings, load_settings
from publish.alerts.send import Sent

DAY = date(2025, 3, 10)
WELL = RunReport("r1", "daily", succeeded=True, deliveries=(DeliveryOutcome("hrm", DAY, DeliveryStatus.ACCEPTED),),
                 publication=Publication(published=True), sources_asked=True)
QUARANTINED = DeliveryOutcome("vfs", DAY, DeliveryStatus.QUARANTINED, "positions empty")
REFUSED = DeliveryOutcome("vfs", DAY, DeliveryStatus.REFUSED, "vfs 2025-03-10: no heading")
NOT_PULLED = DeliveryOutcome("vfs", DAY, DeliveryStatus.NOT_PULLED, "vfs 2025-03-10: no answer")


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    file = tmp_path / "sluttdato.yaml"
    file.write_text("data_dir: data")
    return load_settings(file)


def evaluate(monkeypatch: pytest.MonkeyPatch, settings: Settings, report: RunReport, **options: Any) -> int:
    """The command's end, after a run with this report."""
    monkeypatch.setattr("orchestration.cli.runs.run_daily", lambda *_, **__: (report, Sent(["sysadmin"], [])))
    return running.evaluate(settings, DAY, **options)


@pytest.mark.parametrize(("report", "code"), [
    (WELL, 0),
    (replace(WELL, deliveries=(QUARANTINED,)), 3),
    (replace(WELL, deliveries=(REFUSED,)), 3),
    (replace(WELL, deliveries=(NOT_PULLED,)), 1),
    (replace(WELL, deliveries=(NOT_PULLED, QUARANTINED)), 1),
    (replace(WELL, succeeded=False, publication=None), 1),
    (replace(WELL, publication=Publication(published=False, reason="newer")), 0),
])
def test_the_exit_status(monkeypatch: pytest.MonkeyPatch, settings: Settings, report: RunReport, code: int) -> None:
    assert evaluate(monkeypatch, settings, report) == code


@pytest.mark.parametrize("rebuilt", [False, True])
def test_what_is_withheld_is_printed_until_a_run_that_said_so_has_ended_and_a_rebuild_says_nothing_anew(
    monkeypatch: pytest.MonkeyPatch, settings: Settings, capsys: pytest.CaptureFixture[str], rebuilt: bool
) -> None:
    report = replace(WELL, deliveries=(QUARANTINED,))
    with monkeypatch.context() as patch:
        def killed(*_: Any, **__: Any) -> None:
            raise KeyboardInterrupt

        patch.setattr("orchestration.cli.running._print_publication", killed)
        with pytest.raises(KeyboardInterrupt):
            evaluate(patch, settings, report, rebuilt=rebuilt)
    assert evaluate(monkeypatch, settings, replace(report, succeeded=False), rebuilt=rebuilt) == 1
    capsys.readouterr()
    assert evaluate(monkeypatch, settings, report, rebuilt=rebuilt) == 3
    assert "quarantined: vfs 2025-03-10: positions empty" in capsys.readouterr().err
    assert evaluate(monkeypatch, settings, report, rebuilt=rebuilt) == 0
    assert "quarantined" not in capsys.readouterr().err


def test_json_holds_the_whole_outcome(
    monkeypatch: pytest.MonkeyPatch, settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    report = replace(
        WELL, succeeded=False, deliveries=(*WELL.deliveries, QUARANTINED, REFUSED, NOT_PULLED),
        failed_steps=(FailedStep("published", "no such column"),), publication=None, checks=(
            CheckOutcome("findings", "is_unique", passed=False, is_error=False, description="two rows"),
            CheckOutcome("cases", "is_unique", passed=False, is_error=True, description="one row"),
            CheckOutcome("vfs_extract", "is_let_in", passed=False, is_error=True, description="")))
    assert evaluate(monkeypatch, settings, report, as_json=True) == 1
    assert json.loads(capsys.readouterr().out) == {
        "as_of_date": "2025-03-10", "success": False, "run_id": "r1", "errors": ["published: no such column"],
        "withheld": ["quarantined: vfs 2025-03-10: positions empty", "refused: vfs 2025-03-10: no heading"],
        "not_pulled": ["vfs 2025-03-10: no answer"], "taken_in": 3,
        "decisions": {"taken_in": 0, "not_understood": [], "left": []},
        "failed_checks": [["ERROR", "cases.is_unique", "one row"], ["WARN", "findings.is_unique", "two rows"]],
        "published": False, "not_published_because": None, "told": {"sent": ["sysadmin"], "failed": []}, "systems": {}}
