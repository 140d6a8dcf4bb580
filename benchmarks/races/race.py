"""The race: earlier days are taken in, the last one is timed in turn. The table says what each costs and finds, and our share."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

from rich.console import Console
from rich.table import Table

from benchmarks.measure import Cost, cpu, in_turn, peak, ratio, typical
from benchmarks.place import LAST, Place, simulated, with_history
from benchmarks.races.rivals import KINDS, Found, Rival, Row, rivals

err = Console(stderr=True)


def main(work: Path, employees: int, days: int, runs: int, environment: Path, *, active_only: bool) -> Table:
    err.print(f"simulating {days + 1} days of {employees} employees")
    inbox = simulated(work, employees, days, active_only=active_only)
    err.print(f"taking in {days} days")
    us = Place(work / "us")
    before = with_history(us, inbox, days)
    others = rivals(work, environment)
    for rival in others:
        err.print(f"taking in {days} days: {rival.name}")
        rival.with_history(inbox, [LAST - timedelta(days=n) for n in range(days, 0, -1)])
    err.print(f"one more day, {runs} times each")
    ours, *theirs = in_turn(runs, lambda: us.restored(before).sluttdato_run(LAST), *map(last_day, others))

    title = f"one more day, {employees} employees, {days} days behind it; found: positions (people), + not ours, - ours only"
    table = Table("", "user CPU, s", "system", "wall", "MB", *KINDS, "left or unknown, can log in", "our CPU / theirs",
                  "should be", title=title)
    published = found_by_us(us)
    table.add_row("sluttdato", *costs(ours), *(told(kind, published) for kind in KINDS), able(published), "", "")
    for rival, cost in zip(others, theirs, strict=True):
        found = rival.found()
        table.add_row(rival.name, *costs(cost), *(told(kind, found, published) for kind in KINDS), able(found),
                      f"{ratio(ours, cost, cpu):.2f}", rival.at_most)
    return table


def last_day(rival: Rival) -> Callable[[], Cost]:
    return lambda: rival.restored().one_day(LAST)


def costs(of: list[Cost]) -> list[str]:
    user, system = typical(of, lambda c: c.user), typical(of, lambda c: c.system)
    return [f"{user:.1f}", f"{system:.1f}", f"{typical(of):.1f}", f"{peak(of):.0f}"]


def told(kind: str, found: Found, published: Found | None = None) -> str:
    """`12 (10) +1 -2`: positions, people, and the positions that we do not find so, and those that only we do."""
    mine = {row for row in found if row.kind == kind}
    words = [str(len(mine)), f"({len({row.person for row in mine})})"]
    if published is not None:
        ours = {row for row in published if row.kind == kind}
        words += [f"{sign}{len(rows)}" for sign, rows in (("+", mine - ours), ("-", ours - mine)) if rows]
    return " ".join(words)


def able(found: Found) -> str:
    """How many people who have left, or whom HRM does not know, can log in."""
    return str(len({row.person for row in found if row.kind != "stale_position" and row.can_log_in}))


def found_by_us(place: Place) -> Found:
    """What stands in the marts that are published."""
    import duckdb

    with duckdb.connect(str(place.published), read_only=True) as con:
        rows = con.execute("SELECT finding_type, vfs_position_id, person_id, can_log_in FROM status_mismatches "
                           "WHERE list_contains(?, finding_type)", [list(KINDS)]).fetchall()
    return {Row(*row) for row in rows}
