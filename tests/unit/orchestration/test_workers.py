"""Warm processes that do one task after another."""

import logging
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from orchestration.core.workers import Ended, NoWorkers, Progress, Tell, Work, Workers, nothing_left_behind


def get_ready(folder: Path) -> Work:
    return partial(work, folder)


def work(folder: Path, name: str, tell: Tell) -> None:
    """What its name says."""
    tell(f"beginning {name}")
    attempts = [*folder.glob(f"{name}-*")]
    (folder / f"{name}-{len(attempts)}-{os.getpid()}").touch()
    if name.startswith("dies") and (name == "dies always" or not attempts):
        os.kill(os.getpid(), signal.SIGKILL)
    if name == "says and dies":
        tell({"pid": os.getpid()})
        os._exit(7)
    if name == "hangs":
        child = subprocess.Popen(["sleep", "600"])
        (folder / f"child-{child.pid}").touch()
        child.wait()
    tell({"pid": os.getpid()})


def cannot_begin() -> Work:
    os._exit(9)


def ended(workers: Workers, *names: str) -> dict[str, Ended]:
    found = {event.name: event for event in workers.do(names) if isinstance(event, Ended)}
    assert set(found) == set(names)
    return found


def wait_until(is_so: Callable[[], bool]) -> None:
    until = time.monotonic() + 30
    while not is_so() and time.monotonic() < until:
        time.sleep(0.05)
    assert is_so()


def is_gone(pid: int) -> bool:
    """Whether a process has ended; one that waits for somebody to ask how has."""
    try:
        return "\nState:\tZ" in Path(f"/proc/{pid}/status").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return True


def pids(folder: Path, name: str) -> list[int]:
    return [int(file.name.rsplit("-", 1)[1]) for file in folder.glob(f"{name}-*")]


def test_a_process_does_one_task_after_another_and_is_replaced_now_and_then(tmp_path: Path) -> None:
    """contract#run-all"""
    done = ended(Workers(1, partial(get_ready, tmp_path), 60, tasks_each=2), "a", "b", "c")
    a, b, c = (done[name].outcome for name in "abc")
    assert a == b != c and [done[name].worker for name in "abc"] == [1, 1, 2]
    assert all(is_gone(outcome["pid"]) for outcome in (a, c) if outcome)


def test_what_a_task_is_doing_is_told_while_it_does_it(tmp_path: Path) -> None:
    events = list(Workers(1, partial(get_ready, tmp_path), 60, 5).do(["a"]))
    assert events[0] == Progress("a", "beginning a") and isinstance(events[1], Ended)


def test_a_task_whose_process_dies_is_begun_anew_once_after_the_others_by_another(tmp_path: Path) -> None:
    """contract#run-all-limits"""
    done = ended(Workers(1, partial(get_ready, tmp_path), 60, 5), "dies once", "dies always", "a", "says and dies")
    assert done["dies once"].outcome and done["a"].outcome and not done["dies always"].outcome
    assert len(pids(tmp_path, "dies once")) == len(pids(tmp_path, "dies always")) == 2
    assert "killed by SIGKILL" in (done["dies always"].failure or "")
    assert done["says and dies"].outcome and len(pids(tmp_path, "says and dies")) == 1  # it had said how it ended


def test_a_task_that_hangs_is_ended_with_all_that_it_started_and_the_others_are_done(tmp_path: Path) -> None:
    """contract#run-all-limits"""
    done = ended(Workers(2, partial(get_ready, tmp_path), 2, 5), "hangs", "a", "b")
    assert done["a"].outcome and done["b"].outcome
    assert "longer than 0.0333333 minutes at «beginning hangs»" in (done["hangs"].failure or "")
    assert is_gone(*pids(tmp_path, "hangs")) and is_gone(*pids(tmp_path, "child"))


def test_processes_that_cannot_even_begin_are_not_started_for_ever() -> None:
    with pytest.raises(NoWorkers, match="ended with 9 before they could begin"):
        list(Workers(1, cannot_begin, 60, 5).do(["a", "b"]))


PARENT = """
import signal, sys
from functools import partial
from pathlib import Path
from orchestration.core.workers import Workers
from tests.unit.orchestration.test_workers import get_ready
if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.default_int_handler)  # ignored where the tests run in the background
    for event in Workers(1, partial(get_ready, Path(sys.argv[1])), 600, 5).do(["hangs"]):
        print(event)
"""


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT])
def test_when_the_parent_ends_nobody_is_left(tmp_path: Path, number: signal.Signals) -> None:
    """contract#run-all-limits"""
    program = tmp_path / "parent.py"
    program.write_text(PARENT)
    root = Path(__file__).parents[3]
    parent = subprocess.Popen([sys.executable, str(program), str(tmp_path)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                              env={**os.environ, "PYTHONPATH": str(root)})
    wait_until(lambda: bool(pids(tmp_path, "child")))
    parent.send_signal(number)
    parent.wait(60)
    wait_until(lambda: is_gone(*pids(tmp_path, "hangs")) and is_gone(*pids(tmp_path, "child")))


def test_nothing_of_a_task_is_left_for_the_next(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """contract#one-kommune-alone"""
    monkeypatch.setenv("SLUTTDATO_KEPT", "1")
    here, arguments, output = Path.cwd(), list(sys.argv), sys.stdout
    mask = os.umask(0o022)
    logger = logging.getLogger("tests.left.behind")
    try:
        with nothing_left_behind():
            os.environ["SLUTTDATO_NEW"] = "a secret"
            del os.environ["SLUTTDATO_KEPT"]
            os.chdir(tmp_path)
            os.umask(0o077)
            sys.argv.append("more")
            sys.stdout = sys.stderr
            handler = logging.FileHandler(tmp_path / "log")
            logger.addHandler(handler)
            logger.setLevel(logging.DEBUG)
        assert "SLUTTDATO_NEW" not in os.environ and os.environ["SLUTTDATO_KEPT"] == "1"
        assert (Path.cwd(), sys.argv, sys.stdout) == (here, arguments, output)
        assert os.umask(0o022) == 0o022
        assert logger.handlers == [] and logger.level == logging.NOTSET and handler.stream is None
    finally:
        os.umask(mask)
