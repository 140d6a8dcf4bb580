"""Running a command as a whole process, or a function in this one, and pairs in turn, so that a slow machine slows both."""

import os
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from statistics import median

BIN = Path(sys.executable).parent


@dataclass(frozen=True)
class Cost:
    """Wall seconds, and the peak memory of the largest process in MB."""

    seconds: float
    peak_mb: float


def run(command: list[str], cwd: Path, environment: dict[str, str]) -> Cost:
    """Run one command to its end. Raises RuntimeError with the end of its output when it fails (0 and 3 are success)."""
    with (cwd / "benchmark.log").open("w") as log:
        started = time.perf_counter()
        process = subprocess.Popen(command, cwd=cwd, env={**os.environ, **environment, "DO_NOT_TRACK": "1"},
                                   stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - started
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode not in (0, 3):
        output = (cwd / "benchmark.log").read_text()[-2000:]
        raise RuntimeError(f"{' '.join(command)} ended with {process.returncode}:\n{output}")
    return Cost(seconds, usage.ru_maxrss / 1024)


def timed(function: Callable[[], None]) -> Cost:
    """The cost of a function in this process; its memory is not measured (0)."""
    started = time.perf_counter()
    function()
    return Cost(time.perf_counter() - started, 0)


def pairs(times: int, a: Callable[[], Cost], b: Callable[[], Cost]) -> tuple[list[Cost], list[Cost]]:
    """A and B in turn."""
    costs = [(a(), b()) for _ in range(times)]
    return [x for x, _ in costs], [y for _, y in costs]


def typical(costs: list[Cost]) -> float:
    """The median of the seconds."""
    return median(c.seconds for c in costs)


def ratio(a: list[Cost], b: list[Cost]) -> float:
    """The median of the ratios, pair by pair."""
    return median(x.seconds / y.seconds for x, y in zip(a, b, strict=True))


def peak(costs: list[Cost]) -> float:
    """The highest peak memory, MB."""
    return max(c.peak_mb for c in costs)
