"""Calls in other processes: all are made, errors are raised, and no process is left behind."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from publish.parallel import in_background

MANY = 1000  # enough calls for other processes


@pytest.mark.parametrize("count", [0, 5, MANY])
def test_all_calls_are_made_while_the_block_runs(tmp_path: Path, count: int) -> None:
    with in_background(Path.write_text, [(tmp_path / str(n), str(n)) for n in range(count)]):
        pass
    assert {file.name: file.read_text() for file in tmp_path.iterdir()} == {str(n): str(n) for n in range(count)}


@pytest.mark.parametrize("count", [1, MANY])
def test_an_error_in_a_call_is_raised(tmp_path: Path, count: int) -> None:
    with pytest.raises(FileNotFoundError), in_background(Path.write_text, [(tmp_path / "missing" / "file", "x")] * count):
        pass


def test_an_error_in_the_block_ends_the_work(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError), in_background(Path.write_text, [(tmp_path / str(n), "x") for n in range(100 * MANY)]):
        1 / 0  # noqa: B018
    assert len(list(tmp_path.iterdir())) < 100 * MANY


def test_processes_end_when_their_parent_is_killed(tmp_path: Path) -> None:
    killed = subprocess.run([sys.executable, "-c", f"""
import os, signal
from pathlib import Path
from publish.parallel import in_background
with in_background(Path.write_text, [(Path({str(tmp_path)!r}, str(n)), "x") for n in range({100 * MANY})]):
    while not os.listdir({str(tmp_path)!r}):
        pass
    os.kill(os.getpid(), signal.SIGKILL)
"""], capture_output=True, timeout=60, check=False)  # returns when no process holds its output any more
    assert killed.returncode == -signal.SIGKILL
    assert 0 < len(list(tmp_path.iterdir())) < 100 * MANY
