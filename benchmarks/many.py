"""Many kommuner of real sizes in one command on this machine, and what one costs warm and cold.

Sizes are the quantiles of the population of Norway's 357 kommuner on 1 January 2024 (Statistics Norway, table 07459, rounded),
interpolated on a logarithmic scale; of a hundred inhabitants 2.8 work in schools and have an account, which is 20,000 in the
largest. First all are run for the first time; then some of them, evenly by size, for one more day, and of these again some cold.
"""

import json
import math
import os
import shutil
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, timedelta
from itertools import pairwise
from pathlib import Path
from statistics import median
from typing import Any

from rich.console import Console

from benchmarks.measure import BIN
from benchmarks.place import LAST
from benchmarks.ratios import Row
from demo import municipality

INHABITANTS = ((0.0, 220), (0.1, 1_250), (0.25, 2_500), (0.5, 5_100), (0.75, 14_000), (0.9, 29_000), (0.97, 85_000),
               (1.0, 717_000))  # of this share of the kommuner, none has more
IN_SCHOOLS = 0.028
SMALLEST = 20  # what the simulation can do
err = Console(stderr=True)


def sizes(count: int, largest: int) -> list[int]:
    """Employees of `count` kommuner, the smallest first, none above `largest`."""
    ranks = [n / max(1, count - 1) for n in range(count)]
    return [min(largest, max(SMALLEST, round(_inhabitants(rank) * IN_SCHOOLS))) for rank in ranks]


def _inhabitants(rank: float) -> float:
    (low, few), (high, many) = next(pair for pair in pairwise(INHABITANTS) if rank <= pair[1][0])
    return math.exp(math.log(few) + (rank - low) / (high - low) * math.log(many / few))


@dataclass
class Run:
    """What a command took, with all processes that it started; CPU is user and system seconds."""

    seconds: float
    cpu: float
    told: dict[str, Any]
    memory: dict[int, list[float]] = field(default_factory=dict)  # {process: MB, second by second}


def sluttdato(root: Path, day: date, *arguments: str) -> Run:
    """Run a command to its end. Raises RuntimeError when it fails."""
    environment = {**os.environ, "SLUTTDATO_TODAY": day.isoformat(), "DO_NOT_TRACK": "1",
                   "PYTHONPATH": str(Path(__file__).parents[1])}
    output = root / "output.json"
    with output.open("w") as out, (root / "errors.log").open("w") as errors:
        began = time.perf_counter()
        process = subprocess.Popen([str(BIN / "sluttdato"), "run", "--json", *arguments], cwd=root, env=environment,
                                   stdin=subprocess.DEVNULL, stdout=out, stderr=errors)
        with _watched(process.pid) as memory:
            _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - began
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode not in (0, 3):
        raise RuntimeError(f"{arguments} ended with {process.returncode}:\n{(root / 'errors.log').read_text()[-3000:]}")
    return Run(seconds, usage.ru_utime + usage.ru_stime, json.loads(output.read_text()), memory)


@contextmanager
def _watched(parent: int) -> Iterator[dict[int, list[float]]]:
    """The memory of a process's children, second by second."""
    seen: dict[int, list[float]] = {}
    over = threading.Event()

    def watch() -> None:
        while not over.wait(1):
            for child in _children(parent):
                seen.setdefault(child, []).append(_resident_mb(child))

    watching = threading.Thread(target=watch)
    watching.start()
    try:
        yield seen
    finally:
        over.set()
        watching.join()


def _children(parent: int) -> list[int]:
    try:
        return [int(pid) for file in Path(f"/proc/{parent}/task").glob("*/children") for pid in file.read_text().split()]
    except OSError:
        return []


def _resident_mb(pid: int) -> float:
    try:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 2**20
    except (OSError, IndexError):
        return 0


def prepare(root: Path, employees: list[int], days: int) -> list[str]:
    """A folder of settings, and deliveries of `days` days; the names, the smallest first."""
    (root / "kommuner").mkdir()
    names = [f"k{n:03d}" for n in range(len(employees))]
    for n, (name, size) in enumerate(zip(names, employees, strict=True)):
        municipality.simulate(root / "inbox" / name, root / "truth" / f"{name}.json", employees=size, days=days, last_day=LAST,
                              seed=n + 1, truncated=False)
        (root / "kommuner" / f"{name}.yaml").write_text(
            f"data_dir: ../data/{name}\nsources:\n"
            + "".join(f"  {s}: {{adapter: csv, path: ../inbox/{name}/{s}}}\n" for s in ("hrm", "vfs")))
    return names


def cold_runs(root: Path, names: list[str]) -> dict[str, Run]:
    """A run of its own for each, of the last day; afterwards all is as before."""
    runs = {}
    for name in names:
        data, saved = root / "data" / name, root / "saved"
        shutil.copytree(data, saved, symlinks=True)
        err.print(f"cold: {name}")
        runs[name] = sluttdato(root, LAST, "--config", f"kommuner/{name}.yaml")
        shutil.rmtree(data)
        saved.rename(data)
    return runs


def evenly(names: list[str], count: int) -> list[str]:
    """So many of the names at most, evenly, with the first and the last."""
    count = min(count, len(names))
    return [names[round(n * (len(names) - 1) / max(1, count - 1))] for n in range(count)]


def rows(first: Run, warm: Run, cold: dict[str, Run], employees: dict[str, int]) -> list[Row]:
    """The table."""
    kommuner = {k["name"]: k for k in warm.told["kommuner"]}
    starting = (warm.cpu - sum(k["cpu_seconds"] for k in kommuner.values())) / len(kommuner)
    cold_cpu = sum(run.cpu for run in cold.values())
    warm_cpu = sum(kommuner[name]["cpu_seconds"] + starting for name in cold)
    workers = {pid: [mb for mb in memory if mb] for pid, memory in first.memory.items() if max(memory, default=0) > 200}
    thirds = [(median(m[len(m) // 3:2 * len(m) // 3]), median(m[2 * len(m) // 3:])) for m in workers.values() if len(m) > 5]
    sizes = sorted(employees.values())
    return [
        (f"{len(sizes)} kommuner, {sizes[0]} to {sizes[-1]} employees (median {median(sizes):.0f}), the first run: seconds",
         f"{first.seconds:.0f}", ""),
        ("  CPU seconds for each, its share of starting processes included", f"{first.cpu / len(sizes):.1f}", ""),
        ("  memory of a worker, MB: highest", f"{max(max(m) for m in workers.values()):.0f}" if workers else "", ""),
        ("    in the last third of its time / in the second", f"{median(b / a for a, b in thirds):.2f}" if thirds else "",
         "<= 1.1"),
        (f"one more day of {len(kommuner)} of them: seconds", f"{warm.seconds:.0f}", ""),
        ("  CPU seconds for each, its share of starting processes included", f"{warm.cpu / len(kommuner):.1f}", ""),
        ("    of these, starting processes", f"{starting:.1f}", ""),
        (f"warm / cold, CPU, the same {len(cold)} kommuner", f"{warm_cpu / cold_cpu:.2f}", "<= 0.35"),
        ("  CPU seconds for each, warm, cold", f"{warm_cpu / len(cold):.1f}, {cold_cpu / len(cold):.1f}", ""),
    ]


def measure(root: Path, kommuner: int, largest: int, workers: int, again: int, cold: int, days: int) -> list[Row]:
    """So many kommuner, none with more than `largest` employees, `workers` at a time; `again` of them, evenly by size, for one
    more day, and `cold` of these cold as well."""
    root.mkdir(parents=True, exist_ok=True)
    employees = sizes(kommuner, largest)
    err.print(f"simulating {len(employees)} kommuner, {sum(employees)} employees")
    names = prepare(root, employees, days)
    err.print("the first run of all")
    first = sluttdato(root, LAST - timedelta(days=1), "--all", "kommuner", "--workers", str(workers))
    some = evenly(names, again)
    alone = cold_runs(root, evenly(some, cold))
    (root / "again").mkdir()
    for name in some:
        shutil.copy(root / "kommuner" / f"{name}.yaml", root / "again")
    err.print(f"one more day of {len(some)}")
    warm = sluttdato(root, LAST, "--all", "again", "--workers", str(workers))
    return rows(first, warm, alone, dict(zip(names, employees, strict=True)))
