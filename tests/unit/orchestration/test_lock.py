"""One writer at a time, across processes."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from orchestration.core.lock import LockHeld, writer
from orchestration.core.paths import DataPaths

HOLDER = """
import sys
from pathlib import Path
from orchestration.core.lock import writer
with writer(Path(sys.argv[1]), 0):
    print("held", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def holder(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """Another process that holds the data directory until its input ends."""
    with subprocess.Popen([sys.executable, "-c", HOLDER, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                          text=True) as process:
        assert process.stdout and process.stdout.readline() == "held\n"
        yield process
        process.kill()


def test_who_does_not_wait_is_given_the_holder_and_the_remedy(tmp_path: Path, holder: subprocess.Popen[str]) -> None:
    lines: list[str] = []
    with pytest.raises(LockHeld, match=rf"process {holder.pid} \(.*longer than 0 seconds.*lock_patience_seconds"), writer(
            tmp_path, 0, lines.append):
        pass
    assert lines == [f"waiting: process {holder.pid} (-c {tmp_path}) is at work on {tmp_path}"]


def test_the_lock_of_a_process_that_was_killed_is_free(tmp_path: Path, holder: subprocess.Popen[str]) -> None:
    holder.kill()
    holder.wait()
    with writer(tmp_path, 0):
        assert DataPaths(tmp_path).writer.exists()
    assert not DataPaths(tmp_path).writer.exists()


def test_one_process_may_hold_it_several_times_over(tmp_path: Path) -> None:
    with writer(tmp_path, 0):
        with writer(tmp_path, 0):
            pass
        assert DataPaths(tmp_path).writer.exists()  # the inner one lets go of nothing
