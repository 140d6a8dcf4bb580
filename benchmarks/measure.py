"""Running a command as a whole process, or a function in this one, and several in turn, so that a slow machine slows all."""

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
    """Wall seconds, peak memory of the largest process in MB, and CPU seconds of all processes: the user's and the system's."""

    seconds: float
    peak_mb: float
    user: float = 0
    system: float = 0

    @property
    def cpu(self) -> float:
        return self.user + self.system


def run(command: list[str], cwd: Path, environment: dict[str, str]) -> Cost:
    """Run one command to its end. Raises RuntimeError with the end of its output when it fails (0 and 3 are success)."""
    with (cwd / "benchmark.log").open("w") as log:
        started = time.perf_counter()
        process = subprocess.Popen(command, cwd=cwd, env={**os.environ, **environment, "DO_NOT_TRACK": "1"},
                                   stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        _, status, usage = os.wait4(process.pid, 0)  # with the children that it waited for
        seconds = time.perf_counter() - started
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode not in (0, 3):
        output = (cwd / "benchmark.log").read_text()[-2000:]
        raise RuntimeError(f"{' '.join(command)} ended with {process.returncode}:\n{output}")
    return Cost(seconds, usage.ru_maxrss / 1024, usage.ru_utime, usage.ru_stime)


def timed(function: Callable[[], None]) -> Cost:
    """The cost of a function in this process; memory and CPU are not measured (0)."""
    started = time.perf_counter()
    function()
    return Cost(time.perf_counter() - started, 0)


def in_turn(times: int, *commands: Callable[[], Cost]) -> list[list[Cost]]:
    """A, B, C, A, B, C: the costs of A, those of B, those of C."""
    rounds = [[command() for command in commands] for _ in range(times)]
    return [list(costs) for costs in zip(*rounds, strict=True)]


def seconds(cost: Cost) -> float:
    return cost.seconds


def cpu(cost: Cost) -> float:
    return cost.cpu


def typical(costs: list[Cost], of: Callable[[Cost], float] = seconds) -> float:
    """The median, of the wall seconds unless something else is asked for."""
    return median(of(c) for c in costs)


def ratio(a: list[Cost], b: list[Cost], of: Callable[[Cost], float] = seconds) -> float:
    """The median of the ratios, round by round."""
    return median(of(x) / of(y) for x, y in zip(a, b, strict=True))


def peak(costs: list[Cost]) -> float:
    """The highest peak memory, MB."""
    return max(c.peak_mb for c in costs)
