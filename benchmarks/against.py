"""This checkout against another commit of the same repository, checked out side by side and run in turn by the same environment.

Each makes its place by its own code, from the same deliveries: the data directories of two versions may differ.
"""

import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console

from benchmarks.measure import Cost, cpu, in_turn, peak, ratio, typical
from benchmarks.place import LAST, ROOT, Place, simulated, with_history
from benchmarks.ratios import Row

err = Console(stderr=True)


@contextmanager
def checked_out(commit: str, work: Path) -> Iterator[Path]:
    """The commit's files, in a folder of their own; nothing of it is left in the repository."""
    folder = work / "commit"
    git = ["git", "-C", str(ROOT), "worktree"]
    subprocess.run([*git, "add", "--quiet", "--detach", str(folder), commit], check=True)
    try:
        yield folder
    finally:
        subprocess.run([*git, "remove", "--force", str(folder)], check=True)


def one_more_day(work: Path, code: Path, employees: int, days: int, runs: int) -> list[Row]:
    """The daily run with so many days behind it."""
    err.print(f"simulating and taking in {days} days of {employees} employees, twice")
    inbox = simulated(work, employees, days)

    def day_of(place: Place) -> Callable[[], Cost]:
        before = with_history(place, inbox, days)
        return lambda: place.restored(before).sluttdato_run(LAST)

    now, then = in_turn(runs, day_of(Place(work / "now")), day_of(Place(work / "then", code)))
    return _rows(f"one more day, {employees} employees, {days} days behind it", now, then, wall=0.6, cpu_at_most=0.5)


def one_extract(work: Path, code: Path, employees: int, runs: int) -> list[Row]:
    """The first run of all, on one extract of a very large municipality: with the parsing of the dbt project, once."""
    from demo.large import write_large

    places = [Place(work / "now"), Place(work / "then", code)]
    err.print(f"writing {employees} employees, twice")
    for place in places:
        write_large(place.inbox, employees=employees, day=LAST)

    def day_of(place: Place) -> Callable[[], Cost]:
        (place.root / "data").mkdir()
        empty = place.copy(f"{place.root.name}-before")
        return lambda: place.restored(empty).sluttdato_run(LAST)

    now, then = in_turn(runs, *map(day_of, places))
    return _rows(f"one extract, {employees} employees", now, then, wall=0.75)


def _rows(title: str, now: list[Cost], then: list[Cost], wall: float, cpu_at_most: float | None = None) -> list[Row]:
    return [
        (f"{title}: CPU", f"{ratio(now, then, cpu):.2f}", f"<= {cpu_at_most}" if cpu_at_most else ""),
        ("  seconds of CPU", f"{typical(now, cpu):.1f} / {typical(then, cpu):.1f}", ""),
        ("  wall", f"{ratio(now, then):.2f}", f"<= {wall}"),
        ("  seconds", f"{typical(now):.1f} / {typical(then):.1f}", ""),
        ("  peak memory", f"{peak(now) / peak(then):.2f}", "<= 1"),
        ("  MB", f"{peak(now):.0f} / {peak(then):.0f}", ""),
    ]
