"""`python -m benchmarks`: prints one table of ratios, each beside what it should be."""

import sys
import tempfile
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from benchmarks.measure import Cost, pairs, peak, ratio, run, timed, typical
from benchmarks.place import Place
from benchmarks.pull import iterparse, parse
from demo import municipality
from demo.large import write_large
from demo.servers import Day, Server

LAST = date(2026, 6, 12)
err = Console(stderr=True)
Row = tuple[str, str, str]


def one_more_day(work: Path, employees: int, days: int, runs: int) -> list[Row]:
    """The daily run with `days` days behind it, against `dbt build` alone."""
    place, before = _with_history(work, employees, days, [days])[days]
    built = place.copy("built")
    built.sluttdato_run(LAST)
    daily, alone = pairs(runs, lambda: place.restored(before).sluttdato_run(LAST), lambda: built.dbt_build())
    return [
        (f"one more day, {employees} employees, {days} days behind it / dbt build alone", f"{ratio(daily, alone):.2f}", "<= 2.5"),
        ("  seconds", f"{typical(daily):.1f} / {typical(alone):.1f}", ""),
        ("  peak memory, MB", f"{peak(daily):.0f}", "< 1000"),
    ]


def history(work: Path, employees: int, short: int, long: int, runs: int) -> list[Row]:
    """The daily run after a long history against a short one, and what a day without changes adds."""
    places = _with_history(work, employees, long, [short, long])
    (short_place, short_before), (long_place, long_before) = places[short], places[long]
    a, b = pairs(runs, lambda: long_place.restored(long_before).sluttdato_run(LAST),
                 lambda: short_place.restored(short_before).sluttdato_run(LAST))
    still = short_place
    rows, used = still.version_rows(), still.used_bytes()
    delivered, days = 0, 5
    for n in range(1, days + 1):
        for system in ("hrm", "vfs"):
            newest = (still.inbox / system / LAST.isoformat()).resolve()
            (still.inbox / system / (LAST + timedelta(days=n)).isoformat()).symlink_to(newest)
            delivered += sum(f.stat().st_size for f in newest.iterdir())
        still.sluttdato_run(LAST + timedelta(days=n))
    added, grown = still.version_rows() - rows, max(0, still.used_bytes() - used)
    return [
        (f"daily run after {long} days / after {short} days", f"{ratio(a, b):.2f}", "<= 1.2"),
        (f"{days} days without changes: rows added to the versions", str(added), "0"),
        ("  growth of the warehouse, % of what was delivered", f"{100 * grown / delivered:.2f}", "< 1"),
    ]


def large(work: Path, employees: int, runs: int) -> list[Row]:
    """One extract of a very large municipality, against a hand-written script and `dbt build`."""
    place = Place(work / "large")
    err.print(f"writing {employees} employees")
    write_large(place.inbox, employees=employees, day=LAST)
    run([sys.executable, "-c", f"from orchestration.core import dbt; from pathlib import Path; "
         f"dbt.manifest(Path({str(place.root / 'data')!r}), Path({str(place.warehouse)!r}))"], place.root, {})
    script = [sys.executable, "-m", "benchmarks.floor", str(place.inbox), LAST.isoformat()]
    here = {"PYTHONPATH": str(Path(__file__).parents[1])}
    empty = place.copy("empty")
    whole, read = pairs(runs, lambda: place.restored(empty).sluttdato_run(LAST), lambda: run(script, place.root, here))
    build = [place.dbt_build() for _ in range(runs)]
    allowed = 4 * typical(read) + typical(build)
    return [
        (f"one extract, {employees} employees / (4 x script + dbt build)", f"{typical(whole) / allowed:.2f}", "<= 1"),
        ("  seconds: run, script, dbt build", f"{typical(whole):.1f}, {typical(read):.1f}, {typical(build):.1f}", ""),
        ("  peak memory, MB", f"{peak(whole):.0f}", "< 6000"),
    ]


def pulls(work: Path, users: int, people: int, runs: int) -> list[Row]:
    """Pulling OneRoster users against a bare loop; parsing an answer of hrm_ws against lxml alone, and how memory grows."""
    here = {"PYTHONPATH": str(Path(__file__).parents[1])}

    def program(what: str, *arguments: str) -> Callable[[], Cost]:
        return lambda: run([sys.executable, "-m", "benchmarks.pull", what, *arguments], work, here)

    # First, while this process is small: a process's peak includes its parent's memory at its start.
    err.print(f"parsing {people} people")
    files = {count: work / f"{count}.xml" for count in (people // 100, people // 10, people)}
    for count, file in files.items():
        program("write", str(count), str(file))()
    memory = {what: [program(what, str(file))().peak_mb for file in files.values()] for what in ("parse", "forget")}
    for warm_up in (parse, iterparse):  # the first call also imports
        warm_up(str(files[people // 100]))
    largest = str(files[people])
    parsed, alone = pairs(runs, lambda: timed(lambda: parse(largest)), lambda: timed(lambda: iterparse(largest)))

    vfs = {"persons": [{"person_id": f"P{n}", "employee_number": f"{n:06d}", "national_id": "", "given_name": "Test",
                        "family_name": "Testesen", "email": "", "login_enabled": "true"} for n in range(users)],
           "positions": [{"person_id": f"P{n}", "role": "Lærer", "org_number": "1", "start_date": "2020-08-01", "end_date": ""}
                         for n in range(users)],
           "accesses": [], "org_units": [{"org_number": "1", "name": "S", "type": "school", "parent_org_number": ""}]}
    err.print(f"pulling {users} users")
    with Server(Day(LAST, dict, lambda: vfs)) as server:
        pulled, bare = pairs(runs, program("oneroster", server.url), program("bare", server.url))
    return [
        (f"OneRoster, {users} users / a bare requests loop", f"{ratio(pulled, bare):.2f}", "<= 1.3"),
        ("  seconds", f"{typical(pulled):.1f} / {typical(bare):.1f}", ""),
        (f"hrm_ws, {people} people parsed / lxml.iterparse alone", f"{ratio(parsed, alone):.2f}", "<= 2"),
        ("  seconds", f"{typical(parsed):.1f} / {typical(alone):.1f}", ""),
        (f"  peak memory, MB, of {', '.join(map(str, files))} people", ", ".join(f"{m:.0f}" for m in memory["parse"]), ""),
        ("  the same without the rows kept", ", ".join(f"{m:.0f}" for m in memory["forget"]), "flat"),
    ]


def _with_history(work: Path, employees: int, days: int, histories: list[int]) -> dict[int, tuple[Place, Place]]:
    """{days: (place, copy)} of one simulated municipality: so many days are taken in, the last day is delivered."""
    source = Place(work / f"source-{days}")
    err.print(f"simulating {days + 1} days of {employees} employees")
    municipality.simulate(source.inbox, work / "truth.json", employees=employees, days=days + 1, last_day=LAST, seed=1)
    made = {}
    for behind in histories:
        place = Place(work / f"after-{behind}")
        for system in ("hrm", "vfs"):
            (place.inbox / system).mkdir(parents=True, exist_ok=True)
            for n in range(1, behind + 1):
                _deliver(source, place, system, LAST - timedelta(days=n))
        err.print(f"taking in {behind} days")
        place.sluttdato_run(LAST - timedelta(days=1))
        for system in ("hrm", "vfs"):
            _deliver(source, place, system, LAST)
        made[behind] = (place, place.copy(f"before-{behind}"))
    return made


def _deliver(source: Place, place: Place, system: str, day: date) -> None:
    (place.inbox / system / day.isoformat()).symlink_to(source.inbox / system / day.isoformat())


def main(
    only: Annotated[list[str] | None, typer.Option(help="daily, history, pulls or large; may be given several times.")] = None,
    runs: Annotated[int, typer.Option(min=1, help="How often each is timed; the median counts.")] = 5,
    employees: int = 5000, large_employees: int = 1_000_000, long_history: int = 365,
) -> None:
    """Measure the pipeline against its floors. All take about half an hour and 5 GB below the temporary folder."""
    parts: dict[str, Callable[[Path], list[Row]]] = {
        "daily": lambda work: one_more_day(work, employees, 60, runs),
        "history": lambda work: history(work, employees, 30, long_history, runs),
        "pulls": lambda work: pulls(work, 50_000, 100_000, runs),
        "large": lambda work: large(work, large_employees, max(1, runs // 2)),
    }
    table = Table("figure", "measured", "should be")
    for name in only or parts:
        with tempfile.TemporaryDirectory(prefix="sluttdato-bench-") as work:
            for row in parts[name](Path(work)):
                table.add_row(*row)
    Console(width=130).print(table)


if __name__ == "__main__":
    typer.run(main)
