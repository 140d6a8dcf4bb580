"""What is compared with the floors, and what each ratio should be."""

import sys
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

from rich.console import Console

from benchmarks.measure import Cost, in_turn, peak, ratio, run, timed, typical
from benchmarks.place import LAST, ROOT, Place, simulated, with_history
from benchmarks.pull import iterparse, parse
from demo.large import write_large
from demo.servers import Day, Server

err = Console(stderr=True)
Row = tuple[str, str, str]


def one_more_day(work: Path, employees: int, days: int, runs: int) -> list[Row]:
    """The daily run with `days` days behind it, against `dbt build` alone."""
    err.print(f"simulating and taking in {days} days of {employees} employees")
    place = Place(work / "daily")
    before = with_history(place, simulated(work, employees, days), days)
    built = place.copy("built")
    built.sluttdato_run(LAST)
    daily, alone = in_turn(runs, lambda: place.restored(before).sluttdato_run(LAST), lambda: built.dbt_build())
    return [
        (f"one more day, {employees} employees, {days} days behind it / dbt build alone", f"{ratio(daily, alone):.2f}", "<= 2.5"),
        ("  seconds", f"{typical(daily):.1f} / {typical(alone):.1f}", ""),
        ("  peak memory, MB", f"{peak(daily):.0f}", "< 1000"),
    ]


def history(work: Path, employees: int, short: int, long: int, runs: int) -> list[Row]:
    """The daily run after a long history against a short one, and what a day without changes adds."""
    err.print(f"simulating and taking in {long} days of {employees} employees")
    inbox = simulated(work, employees, long)
    short_place, long_place = Place(work / "short"), Place(work / "long")
    short_before, long_before = with_history(short_place, inbox, short), with_history(long_place, inbox, long)
    a, b = in_turn(runs, lambda: long_place.restored(long_before).sluttdato_run(LAST),
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
    here = {"PYTHONPATH": str(ROOT)}
    empty = place.copy("empty")
    whole, read = in_turn(runs, lambda: place.restored(empty).sluttdato_run(LAST), lambda: run(script, place.root, here))
    build = [place.dbt_build() for _ in range(runs)]
    allowed = 4 * typical(read) + typical(build)
    return [
        (f"one extract, {employees} employees / (4 x script + dbt build)", f"{typical(whole) / allowed:.2f}", "<= 1"),
        ("  seconds: run, script, dbt build", f"{typical(whole):.1f}, {typical(read):.1f}, {typical(build):.1f}", ""),
        ("  peak memory, MB", f"{peak(whole):.0f}", "< 6000"),
    ]


def pulls(work: Path, users: int, people: int, runs: int) -> list[Row]:
    """Pulling OneRoster users against a bare loop; parsing an answer of hrm_ws against lxml alone, and how memory grows."""
    here = {"PYTHONPATH": str(ROOT)}

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
    parsed, alone = in_turn(runs, lambda: timed(lambda: parse(largest)), lambda: timed(lambda: iterparse(largest)))

    vfs = {"persons": [{"person_id": f"P{n}", "employee_number": f"{n:06d}", "national_id": "", "given_name": "Test",
                        "family_name": "Testesen", "email": "", "login_enabled": "true"} for n in range(users)],
           "positions": [{"person_id": f"P{n}", "role": "Lærer", "org_number": "1", "start_date": "2020-08-01", "end_date": ""}
                         for n in range(users)],
           "accesses": [], "org_units": [{"org_number": "1", "name": "S", "type": "school", "parent_org_number": ""}]}
    err.print(f"pulling {users} users")
    with Server(Day(LAST, dict, lambda: vfs)) as server:
        pulled, bare = in_turn(runs, program("oneroster", server.url), program("bare", server.url))
    return [
        (f"OneRoster, {users} users / a bare requests loop", f"{ratio(pulled, bare):.2f}", "<= 1.3"),
        ("  seconds", f"{typical(pulled):.1f} / {typical(bare):.1f}", ""),
        (f"hrm_ws, {people} people parsed / lxml.iterparse alone", f"{ratio(parsed, alone):.2f}", "<= 2"),
        ("  seconds", f"{typical(parsed):.1f} / {typical(alone):.1f}", ""),
        (f"  peak memory, MB, of {', '.join(map(str, files))} people", ", ".join(f"{m:.0f}" for m in memory["parse"]), ""),
        ("  the same without the rows kept", ", ".join(f"{m:.0f}" for m in memory["forget"]), "flat"),
    ]
