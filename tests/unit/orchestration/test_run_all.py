"""What `run --all` says of each kommune and of all, and how it ends."""

import json
import os
import signal
from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from orchestration.cli import run_all
from orchestration.core.workers import Ended, Outcome, Progress, Workers

DAY = date(2025, 3, 10)


def outcome(status: int, *messages: str, **facts: Any) -> Outcome:
    return {**run_all._NOTHING_KNOWN, "exit_status": status, "messages": list(messages), **facts}


DONE = outcome(0, as_of_date="2025-03-10", new=2, withheld=0, people_left_with_access=3)
EVENTS = {
    "a": Ended("a", 4.2, DONE, None, 1),
    "b": Ended("b", 1, {**DONE, "exit_status": 3, "withheld": 1, "is_at_least": True,
                        "messages": ["quarantined: x", "  more"]}, None, 2),
    "c": Ended("c", 0.1, outcome(2, "c.yaml: wrong"), None, 1),
    "d": Ended("d", 60, None, "it took longer", 2),
}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    def do(_: Workers, names: Sequence[str]) -> Iterator[Progress | Ended]:
        for name in sorted(names):
            yield Progress(name, "evaluating")
            yield EVENTS[name]

    monkeypatch.setattr(Workers, "do", do)
    return tmp_path


def run(folder: Path, names: str, *, as_json: bool = False) -> int:
    for name in names:
        (folder / f"{name}.yaml").write_text(f"data_dir: data/{name}")
    return run_all.run_all(folder, DAY, workers=2, limit_minutes=None, as_json=as_json)


@pytest.mark.parametrize(("names", "status"), [("a", 0), ("ab", 3), ("abc", 2), ("abcd", 1), ("bd", 1), ("ac", 2)])
def test_the_worst_status_is_that_of_all(folder: Path, names: str, status: int) -> None:
    """contract#run-all-status"""
    assert run(folder, names) == status


def test_each_has_a_line_and_below_it_what_is_to_be_said_with_its_name(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """contract#run-all-status"""
    run(folder, "abcd")
    said = capsys.readouterr()
    assert said.out.splitlines() == [
        "a: done, as of 2025-03-10; 2 new, 0 withheld; 3 who left can get in; 4 s",
        "b: withheld, as of 2025-03-10; 2 new, 1 withheld; at least 3 who left can get in; 1 s",
        "c: wrong settings; 0 s", "d: failed; 60 s",
        "4 kommuner: 1 done, 1 withheld, 1 wrong settings, 1 failed"]
    assert said.err.splitlines() == ["b: quarantined: x", "b:   more", "c: c.yaml: wrong", "d: it took longer"]


def test_scripts_get_one_document(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """contract#run-all-status"""
    run(folder, "abcd", as_json=True)
    said = capsys.readouterr()
    told = json.loads(said.out)
    assert said.err == "" and (told["as_of_date"], told["exit_status"]) == ("2025-03-10", 1)
    assert [(k["name"], k["status"], k["exit_status"], k["seconds"]) for k in told["kommuner"]] == [
        ("a", "done", 0, 4.2), ("b", "withheld", 3, 1), ("c", "wrong settings", 2, 0.1), ("d", "failed", 1, 60)]
    assert all(set(k) == set(told["kommuner"][0]) for k in told["kommuner"])


def test_a_request_to_end_is_an_interrupt() -> None:
    """contract#run-all-limits"""
    before = signal.getsignal(signal.SIGTERM)
    with pytest.raises(KeyboardInterrupt), run_all.stopped_by(signal.SIGTERM):
        os.kill(os.getpid(), signal.SIGTERM)
    assert signal.getsignal(signal.SIGTERM) is before
