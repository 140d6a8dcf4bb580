"""The figures of the guards, against the same sentences in plain Python, over random histories; and some by hand."""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Any

import duckdb
import pytest

from ingest.canonical_tables import System, tables_of
from ingest.guard import ACTIVE, MAY_LOG_IN, Measured, Share
from ingest.policy import Policy
from ingest.versions import fold
from ingest.warehouse import create_tables
from tests.support import deliveries
from tests.support.landing_place import landing_at

LENIENT = Policy(max_drop_percent=100, max_loss_percent=100, max_growth_factor=1e9, min_lost_dates=1000, stopped_days=10)
Row = dict[str, Any]
State = Mapping[str, Mapping[tuple, Row]]


def day(number: int) -> date:
    return date(2025, 3, 10) + timedelta(days=number)


def measured_of(con: duckdb.DuckDBPyConnection, system: System) -> list[Measured]:
    found = con.execute(
        "SELECT figures FROM ingest.extracts WHERE system = ? AND status = 'accepted' ORDER BY extract_date", [system])
    return [Measured.from_json(text) for (text,) in found.fetchall()]


def is_active(row: Row, on: date) -> bool:
    return (row.get("start_date") or on) <= on <= (row.get("end_date") or on)


def expected(states: Sequence[tuple[date, State]], system: System, stopped_days: int) -> list[Measured]:
    """The figures of each state, as contract#guard-size, -keys, -end-dates and -owners say it."""
    people, owner = ("employees", "employee_number") if system == "hrm" else ("persons", "person_id")
    figures = []
    for number, (on, state) in enumerate(states):
        sizes = {t.name: len(state[t.name]) for t in tables_of(system) if t.name in (people, "positions", "accesses")}
        sizes[ACTIVE] = sum(is_active(r, on) for r in state["positions"].values())
        if system == "vfs":
            sizes[MAY_LOG_IN] = sum(r["login_enabled"] is not False for r in state["persons"].values())
        nobodys = sum((r[owner],) not in state[people] for r in state["positions"].values())
        gone, again, lost = {}, None, None
        if number:
            previous_day, previous = states[number - 1]
            gone = {t: Share(len(previous[t].keys() - state[t].keys()), len(previous[t])) for t in (people, "positions")}
            if system == "hrm":
                stopped = stopped_positions(states[:number], stopped_days)
                active = {k for k, r in state["positions"].items() if is_active(r, on)}
                again = Share(len(stopped & active), len(stopped))
                coming = [k for k, r in previous["positions"].items()
                          if r["end_date"] and r["end_date"] > previous_day and k in state["positions"]]
                lost = Share(sum(state["positions"][k]["end_date"] is None for k in coming), len(coming))
        figures.append(Measured(sizes, gone, Share(nobodys, len(state["positions"])), again, lost, stopped_days))
    return figures


def stopped_positions(states: Sequence[tuple[date, State]], stopped_days: int) -> set[tuple]:
    """The positions that had stopped being active in the days up to the last state."""
    last = states[-1][0]
    stopped = set()
    for key in {k for _, state in states for k in state["positions"]}:
        number = max(n for n, (_, state) in enumerate(states) if key in state["positions"])
        row = states[number][1]["positions"][key]
        stops = [row["end_date"] + timedelta(days=1)] if row["end_date"] else []
        stops += [states[number + 1][0]] if number + 1 < len(states) else []
        stop = min(stops, default=None)
        if stop and last - timedelta(days=stopped_days) < stop <= last and stop > (row["start_date"] or date.min):
            stopped.add(key)
    return stopped


@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize("system", ["hrm", "vfs"])
def test_figures_are_those_of_the_rules_whenever_they_are_measured(system: System, seed: int) -> None:
    """contract#guard-size, contract#guard-keys, contract#guard-end-dates, contract#guard-owners"""
    rng = Random(seed)
    with TemporaryDirectory() as folder:
        states = random_history(rng, Path(folder), system)
        every = landing_at(Path(folder)).all(system)
        at_once, day_by_day = duckdb.connect(), duckdb.connect()
        for con in (at_once, day_by_day):
            con.execute("SET threads = 1")
            create_tables(con)
        fold(at_once, system, every, set(), LENIENT)
        for last in range(1, len(every) + 1):
            fold(day_by_day, system, every[:last], set(), LENIENT)
    wanted = expected(states, system, LENIENT.stopped_days)
    assert measured_of(at_once, system) == wanted
    assert measured_of(day_by_day, system) == wanted


def random_history(rng: Random, root: Path, system: System) -> list[tuple[date, State]]:
    """Land some extracts of few people who come, go and come back; returns the state after each."""
    people, owner = ("employees", "employee_number") if system == "hrm" else ("persons", "person_id")
    states: list[tuple[date, State]] = []
    on = day(0)
    for number in range(rng.randint(3, 8)):
        on += timedelta(days=rng.choice([1, 1, 2, 5]))
        state: dict[str, dict[tuple, Row]] = {people: {}, "positions": {}}
        for n in range(6):
            if n == 0 or rng.random() < 0.7:
                login = {"login_enabled": rng.choice([None, True, False])} if system == "vfs" else {}
                state[people][(str(n),)] = {owner: str(n), **login}
            if n == 0 or rng.random() < 0.7:
                start, end = (rng.choice([None, day(rng.randint(-5, 25))]) for _ in range(2))
                before = states[-1][1]["positions"].get((f"p{n}",)) if states else None
                other = {"position_id": f"p{n}", owner: str(rng.choice([n, n, 9])), "org_number": "S", "start_date": start,
                         "end_date": end}
                state["positions"][(f"p{n}",)] = before if before and rng.random() < 0.5 else other
        if system == "vfs":
            state["accesses"] = {("0", str(g)): {"person_id": "0", "access_group": str(g), "org_number": "S"}
                                 for g in range(rng.randint(1, 3))}
        delta = number > 0 and rng.random() < 0.4
        tables = {name: list(rows.values()) for name, rows in state.items()}
        if delta:
            for name, rows in tables.items():
                rows += [{**r, "deleted": True} for k, r in states[-1][1][name].items() if k not in state[name]]
        deliveries.land(root, system, on, tables, kind="delta" if delta else "full")
        states.append((on, state))
    return states


def test_a_table_that_a_full_extract_does_not_deliver_has_no_size(tmp_path: Path) -> None:
    con = duckdb.connect()
    create_tables(con)
    tables = {"persons": [{"person_id": "A"}], "positions": [{"position_id": "v", "person_id": "A", "org_number": "S"}]}
    deliveries.land(tmp_path, "vfs", day(0), tables)
    deliveries.land(tmp_path, "vfs", day(1), tables, kind="delta")
    fold(con, "vfs", landing_at(tmp_path).all("vfs"), set(), LENIENT)
    full, delta = measured_of(con, "vfs")
    assert full.sizes == {"persons": 1, "positions": 1, ACTIVE: 1, MAY_LOG_IN: 1} and delta.sizes == {**full.sizes, "accesses": 0}


def test_of_what_was_sent_on_a_day_nothing_is_measured_so_no_guard_can_hold_it_back(tmp_path: Path) -> None:
    """contract#transfer"""
    con = duckdb.connect()
    create_tables(con)
    for number, count in enumerate((500, 0, 1, 900)):
        deliveries.land(tmp_path, "transfer", day(number), {"positions": [{"position_id": f"h{n}"} for n in range(count)]})
    fold(con, "transfer", landing_at(tmp_path).all("transfer"), set(), Policy())
    assert measured_of(con, "transfer") == [Measured({}, stopped_days=Policy().stopped_days)] * 4
