"""Errors that nobody foresaw: a line and a log that say where, and never what (contract#damaged-record)."""

import sys
from pathlib import Path

import pytest

from orchestration.cli import app as cli
from orchestration.cli import context
from orchestration.core.faults import Fault, frames
from orchestration.core.settings import load_settings


def breaks() -> None:
    try:
        int("Testesen")
    except ValueError as error:
        raise KeyError("Testesen") from error


def fault() -> Fault:
    try:
        breaks()
    except KeyError as error:
        return Fault(error)
    raise AssertionError


def test_a_fault_names_kind_and_place_of_the_error_and_of_its_cause() -> None:
    here = "tests/unit/orchestration/test_faults.py"
    assert str(fault()).startswith(f"unforeseen error: KeyError in {here}:") and "Testesen" not in str(fault())
    assert [f.split(":")[0] for f in fault().frames] == [here, here, here]
    assert frames(ValueError("x")) == [] and "the program" in str(Fault(ValueError("x")))


@pytest.mark.parametrize("has_settings", [True, False])
def test_an_unforeseen_error_ends_a_command_with_a_line_and_status_1_and_is_written_down(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], has_settings: bool
) -> None:
    (tmp_path / "sluttdato.yaml").write_text("data_dir: data")
    settings = load_settings(tmp_path / "sluttdato.yaml")
    monkeypatch.setattr(cli, "app", breaks)
    monkeypatch.setattr(sys, "argv", ["sluttdato", "status", "Testesen"])
    monkeypatch.setattr(context, "_in_use", [settings] if has_settings else [])
    with pytest.raises(SystemExit) as stop:
        cli.main()
    told = capsys.readouterr().err
    assert stop.value.code == 1 and told.startswith("sluttdato: unforeseen error: KeyError in ") and "Traceback" not in told
    assert "Testesen" not in told
    log = tmp_path / "data" / "errors.log"
    assert log.exists() == has_settings and (str(log) in told) == has_settings
    if has_settings:
        assert log.read_text().startswith("sluttdato status: unforeseen error: KeyError") and "Testesen" not in log.read_text()
        assert "tests/unit/orchestration/test_faults.py:" in log.read_text()
        assert log.stat().st_mode & 0o077 == 0
