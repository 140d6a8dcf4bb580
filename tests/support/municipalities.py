"""Small random municipalities: the deliveries of two systems over some days, with everything that goes wrong there.

A municipality is a start and a list of events, so that a failing one shrinks to few rows and few events. Events change one
row; happenings are what contract version 2 speaks of: numbers that change hands, chains of segments, groups renamed, rows that
cannot be read. Most municipalities have guards that let nearly everything through, or little else would be tested.
"""

from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import Any

from hypothesis import strategies as st

from ingest.canonical_tables import SOURCES, System, tables_of
from tests.oracle import oracle
from tests.oracle.extracts import Unreadable, histories

TableName = tuple[System, str]
DAY_ONE = date(2025, 3, 5)  # a Wednesday, so that a weekend comes soon

# Few values, some of them often: positions of the two systems must match often.
_NUMBERS = ["1", "1", "1", "2", "3"]
_NATIONAL_IDS = ["n1", "n2"]
_PERSONS = ["A", "A", "B", "C"]
_ORG_UNITS = ["S1", "S1", "S1", "S2", "K", "X"]
_HRM_POSITIONS = ["h1", "h2", "h3", "h4"]
_VFS_POSITIONS = ["v1", "v2", "v3", "v4"]
_GROUPS = ["Kommuneadmin", "Lærer", "SFO", "KOMMUNEADMIN", "lærer"]


# Limits that let through what a handful of people do; the contract's; limits that a handful reaches.
LENIENT: dict[str, Any] = {"max_drop_percent": 100, "max_loss_percent": 100, "min_growth_rows": 100, "min_lost_dates": 100}
CONTRACT: dict[str, Any] = {}
STRICT: dict[str, Any] = {
    "min_drop_rows": 1, "min_growth_rows": 1, "min_loss_rows": 2, "min_lost_dates": 1, "reference_days": 3, "stopped_days": 4,
    "max_days_before_history": 2}
_POLICIES = [
    LENIENT, LENIENT, LENIENT, LENIENT, CONTRACT, STRICT, {**STRICT, "max_loss_percent": 80, "max_drop_percent": 40},
    {**STRICT, "seasons": [{"first_day": "03-07", "last_day": "03-09", "max_drop_percent": 60, "max_growth_factor": 1.5}]},
    {**LENIENT, "min_loss_rows": 1, "max_loss_percent": 50}, {**LENIENT, "kommuneadmin_groups": ["kommuneADMIN", "SFO"]},
]


def oracle_policy(differing: dict[str, Any]) -> oracle.Policy:
    """The policy with these settings, as the oracle takes it."""
    values = dict(differing)
    if "seasons" in values:
        values["seasons"] = tuple(oracle.Season(**season) for season in values["seasons"])
    if "kommuneadmin_groups" in values:
        values["kommuneadmin_groups"] = tuple(values["kommuneadmin_groups"])
    return oracle.Policy(**values)


@dataclass(frozen=True)
class Arrival:
    """A delivery as it arrives: rows that can be read, and what can be told of those that cannot."""

    system: str
    extract_date: date
    kind: str
    tables: dict[str, list[dict[str, Any]]]
    unreadable: tuple[Unreadable, ...] = ()
    refused: bool = False


@dataclass
class Municipality:
    """Deliveries in the order in which they arrive, what people decided, and the settings of `policy` that differ."""

    arrivals: list[Arrival]
    as_of: date
    accepts: frozenset[tuple[str, date]] = frozenset()
    exceptions: list[dict[str, Any]] = field(default_factory=list)
    policy: dict[str, Any] = field(default_factory=dict)

    def oracle_policy(self) -> oracle.Policy:
        """The policy as the oracle takes it."""
        return oracle_policy(self.policy)

    def oracle_deliveries(self) -> list[oracle.Delivery]:
        """The deliveries as the oracle takes them."""
        return [oracle.Delivery(a.system, a.extract_date, a.kind, a.tables, a.unreadable, a.refused) for a in self.arrivals]

    def histories(self) -> list[date | None]:
        """Of each arrival: its system's oldest accepted extract when it arrived, as far as that could matter."""
        deliveries = self.oracle_deliveries()
        began: dict[int, date | None] = {}
        for system in SOURCES:
            arrived = [n for n, d in enumerate(deliveries) if d.system == system]
            of_system = histories([deliveries[n] for n in arrived], self.oracle_policy(), self.accepts)
            began |= dict(zip(arrived, of_system, strict=True))
        return [began[n] for n in range(len(deliveries))]


def _none_or(values: list[str]) -> st.SearchStrategy[str | None]:
    return st.one_of(st.none(), st.sampled_from(values))


def _dates(start: bool) -> st.SearchStrategy[date | None]:
    """Dates around the evaluated days; some starts lie about 30 days ahead, the limit for backing."""
    near = st.integers(-4, 9)
    far = st.sampled_from([-400, -400, -400, 29, 30, 31, 32, 36] if start else [-30, 60])
    return st.one_of(st.none(), st.one_of(near, far).map(lambda n: DAY_ONE + timedelta(days=n)))


_COLUMNS: dict[TableName, dict[str, st.SearchStrategy]] = {
    ("hrm", "employees"): {"national_id": _none_or(_NATIONAL_IDS), "given_name": _none_or(["Test"])},
    ("hrm", "positions"): {
        "employee_number": st.sampled_from(_NUMBERS), "org_number": st.sampled_from(_ORG_UNITS),
        "percentage": st.sampled_from(["100", "0"]), "start_date": _dates(True), "end_date": _dates(False)},
    ("hrm", "org_units"): {"name": _none_or(["Enhet"]), "type": _none_or(["kommune", "school", "other"])},
    ("vfs", "persons"): {
        "employee_number": _none_or([*_NUMBERS, "9"]), "national_id": _none_or(_NATIONAL_IDS), "given_name": _none_or(["Test"]),
        "family_name": _none_or(["Testesen"]), "login_enabled": st.sampled_from([None, True, True, False]),
        "registered_by": st.sampled_from([None, "hrm", "manual"])},
    ("vfs", "positions"): {
        "person_id": st.sampled_from(_PERSONS), "org_number": st.sampled_from(_ORG_UNITS),
        "hrm_position_id": _none_or(_HRM_POSITIONS), "start_date": _dates(True), "end_date": _dates(False),
        "registered_by": st.sampled_from([None, "hrm", "hrm", "manual"])},
    ("vfs", "accesses"): {"end_date": _dates(False)},
    ("vfs", "org_units"): {"name": _none_or(["Enhet"]), "type": _none_or(["kommune", "school", "other"])},
}

_KEYS: dict[TableName, st.SearchStrategy] = {
    ("hrm", "employees"): st.fixed_dictionaries({"employee_number": st.sampled_from(_NUMBERS)}),
    ("hrm", "positions"): st.fixed_dictionaries({"position_id": st.sampled_from(_HRM_POSITIONS)}),
    ("hrm", "org_units"): st.fixed_dictionaries({"org_number": st.sampled_from(_ORG_UNITS)}),
    ("vfs", "persons"): st.fixed_dictionaries({"person_id": st.sampled_from(_PERSONS)}),
    ("vfs", "positions"): st.fixed_dictionaries({"position_id": st.sampled_from(_VFS_POSITIONS)}),
    ("vfs", "accesses"): st.fixed_dictionaries({
        "person_id": st.sampled_from(_PERSONS), "access_group": st.sampled_from(_GROUPS),
        "org_number": st.sampled_from(_ORG_UNITS), "start_date": _dates(True), "position_id": _none_or(_VFS_POSITIONS)}),
    ("vfs", "org_units"): st.fixed_dictionaries({"org_number": st.sampled_from(_ORG_UNITS)}),
}


def _row(table: TableName) -> st.SearchStrategy[dict[str, Any]]:
    return st.tuples(_KEYS[table], st.fixed_dictionaries(_COLUMNS[table])).map(lambda parts: {**parts[0], **parts[1]})


_TABLES = list(_KEYS)
_TRANSFERRED: TableName = ("transfer", "positions")


@st.composite
def _events(draw: st.DrawFn, days: int) -> tuple[int, TableName, str, dict[str, Any]]:
    """(day, table, put | drop | change, row): a row comes or is replaced, goes, or one column of one row changes."""
    table = draw(st.sampled_from([t for t in _TABLES for _ in range(3 if t[1] == "positions" else 1)]))
    what = draw(st.sampled_from(["change", "change", "put", "drop"]))
    return draw(st.integers(1, days)), table, what, draw(_row(table))


@dataclass(frozen=True)
class Happening:
    """Something that happens in both systems or to a whole table on a day; `number`, `national_id`, `how`: to whom and how."""

    day: int
    what: str
    number: str
    national_id: str | None
    how: str


_HAPPENINGS = {
    "hand over": ["goes on", "ends", "gone", "replaced"],  # what becomes of the number's positions
    "hand back": ["goes on", "ends", "gone", "replaced"],
    "lend": ["ends", "gone", "replaced"],  # over, and back two days later
    "renumber": ["in HRM", "in both"],
    "mask": ["hrm", "vfs"],
    "chain": ["h1", "h2", "h3"],  # the first position of the chain
    "rename group": ["Kommune-admin", "kommuneadmin", "SFO"],
    "lose dates": ["hrm"],
    "forget a person": ["A", "B"],
    "new person": ["A", "B", "C"],
}


@st.composite
def _happenings(draw: st.DrawFn, days: int) -> Happening:
    what = draw(st.sampled_from(["chain", "hand over", "hand over", "hand back", *_HAPPENINGS]))
    day = draw(st.integers(0 if what == "chain" else 1, max(1, days - 2)))
    return Happening(day, what, draw(st.sampled_from(_NUMBERS)), draw(st.sampled_from(_NATIONAL_IDS)),
                     draw(st.sampled_from(_HAPPENINGS[what])))


State = dict[TableName, dict[tuple, dict[str, Any]]]


def _settle(state: State, national_id: str, with_access: bool) -> None:
    """Somebody at work, as both systems have it."""
    since = DAY_ONE - timedelta(days=400)
    state["hrm", "employees"]["1",] = {"employee_number": "1", "national_id": national_id, "given_name": "Test"}
    state["hrm", "positions"]["h1",] = {"position_id": "h1", "employee_number": "1", "org_number": "S1", "percentage": "100",
                                        "start_date": since, "end_date": None}
    state["vfs", "persons"]["A",] = {"person_id": "A", "employee_number": "1", "national_id": national_id, "given_name": "Test",
                                     "family_name": "Testesen", "login_enabled": None, "registered_by": None}
    state["vfs", "positions"]["v1",] = {"person_id": "A", "position_id": "v1", "org_number": "S1", "hrm_position_id": None,
                                        "start_date": since, "end_date": None, "registered_by": None}
    if with_access:
        access = {"person_id": "A", "access_group": "Kommuneadmin", "org_number": "K", "start_date": None, "position_id": None,
                  "end_date": None}
        state["vfs", "accesses"][_key(("vfs", "accesses"), access)] = access


def _happen(state: State, event: Happening, day: date) -> None:
    """Change the state of both systems."""
    employees, positions = state["hrm", "employees"], state["hrm", "positions"]
    persons, accesses = state["vfs", "persons"], state["vfs", "accesses"]
    if event.what in ("hand over", "hand back", "lend"):
        row = employees.get((event.number,), {"employee_number": event.number, "given_name": None})
        now = row.get("national_id")
        given = event.national_id if event.what == "hand back" else "n2" if now == "n1" else "n1"
        employees[event.number,] = {**row, "national_id": given}
        for key, p in list(positions.items()):
            if p["employee_number"] != event.number or event.how == "goes on":
                continue
            if event.how == "gone":
                del positions[key]
            else:
                positions[key] = {**p, "end_date": min(p["end_date"] or day, day - timedelta(days=1))}
        free = [h for h in _HRM_POSITIONS if (h,) not in positions]
        if event.how == "replaced" and free:
            positions[free[0],] = {"position_id": free[0], "employee_number": event.number, "org_number": "S1",
                                   "percentage": "100", "start_date": day, "end_date": None}
    elif event.what == "renumber":
        new = "4"
        if (event.number,) in employees:
            employees[new,] = {**employees.pop((event.number,)), "employee_number": new}
        for key, p in positions.items():
            if p["employee_number"] == event.number:
                positions[key] = {**p, "employee_number": new}
        for key, p in persons.items():
            if p["employee_number"] == event.number and event.how == "in both":
                persons[key] = {**p, "employee_number": new}
    elif event.what == "mask":
        table = employees if event.how == "hrm" else persons
        for key, row in table.items():
            table[key] = {**row, "national_id": None}
    elif event.what == "chain":
        ids = _HRM_POSITIONS[_HRM_POSITIONS.index(event.how):]
        start = DAY_ONE - timedelta(days=400) if event.how == "h1" else day - timedelta(days=20)
        for n, position in enumerate(ids):
            end_of_last = day - timedelta(days=2) if event.national_id == "n1" else None
            end = start + timedelta(days=9) if n < len(ids) - 1 else end_of_last
            positions[position,] = {"position_id": position, "employee_number": event.number, "org_number": "S1",
                                    "percentage": "100", "start_date": start, "end_date": end}
            start = (end or start) + timedelta(days=1)
    elif event.what == "rename group":
        for key, row in list(accesses.items()):
            if row["access_group"].lower() == "kommuneadmin":
                del accesses[key]
                renamed = {**row, "access_group": event.how}
                accesses[_key(("vfs", "accesses"), renamed)] = renamed
    elif event.what == "lose dates":
        for key, row in positions.items():
            positions[key] = {**row, "end_date": None}
    elif event.what == "forget a person":
        persons.pop((event.how,), None)
    else:
        persons[event.how,] = {"person_id": event.how, "employee_number": event.number, "national_id": event.national_id,
                               "given_name": "Test", "family_name": "Testesen", "login_enabled": None, "registered_by": None}


@dataclass(frozen=True)
class Spoiling:
    """A row that cannot be read, on some days: which one, and what of it can be. `twice`: it is delivered readably, too."""

    first_day: int
    days: int
    table: TableName
    row: int
    readable: frozenset[str]
    twice: bool


@st.composite
def _spoilings(draw: st.DrawFn, days: int) -> Spoiling:
    table = draw(st.sampled_from([
        _TRANSFERRED, *(t for t in _TABLES for _ in range(3 if t[1] in ("positions", "accesses") else 1))]))
    key = next(t.key for t in tables_of(table[0]) if t.name == table[1])
    some_of = st.frozensets(st.sampled_from([*key, "owner", "national_id"]))
    readable = draw(st.one_of(st.just(frozenset(key)), st.just(frozenset({"owner"})), some_of))
    return Spoiling(draw(st.integers(0, days)), draw(st.integers(1, 3)), table, draw(st.integers(0, 4)), readable,
                    draw(st.integers(0, 5)) == 5)


def unreadable(table: TableName, row: dict[str, Any], readable: frozenset[str]) -> Unreadable:
    """What can be told of a row of which only some columns can be read ("owner" and "national_id" are among them)."""
    described = next(t for t in tables_of(table[0]) if t.name == table[1])
    owner = "employee_number" if table[1] == "persons" else described.owner if table[1] in ("positions", "accesses") else None
    return Unreadable(
        table[1], {c: row.get(c) for c in described.key if c in readable},
        row.get(owner) if owner and (owner in readable or "owner" in readable) else None,
        row.get("national_id") if "national_id" in readable else None)


def _spoil(arrival: Arrival, spoilings: list[Spoiling]) -> Arrival:
    tables = {name: list(rows) for name, rows in arrival.tables.items()}
    told: list[Unreadable] = []
    for spoiling in spoilings:
        first = DAY_ONE + timedelta(days=spoiling.first_day)
        if spoiling.table[0] != arrival.system or not first <= arrival.extract_date < first + timedelta(days=spoiling.days):
            continue
        rows = tables[spoiling.table[1]]
        if not rows:
            continue
        row = rows[spoiling.row % len(rows)]
        told.append(unreadable(spoiling.table, row, spoiling.readable))
        if not spoiling.twice:
            rows.remove(row)
    return replace(arrival, tables=tables, unreadable=tuple(told))


@st.composite
def municipalities(draw: st.DrawFn) -> Municipality:
    """Some days of two systems, and often of what is sent between them.

    Full or delta extracts, days missing, late, refused, delivered twice, unreadable rows.
    """
    days = draw(st.one_of(st.integers(3, 8), st.integers(1, 8)))
    state: State = {}
    for table in _TABLES:
        largest = {"positions": 4, "employees": 4, "persons": 3, "accesses": 5, "org_units": 3}[table[1]]
        rows = draw(st.lists(_row(table), min_size=0 if table[1] in ("accesses", "org_units") else 1, max_size=largest))
        state[table] = {_key(table, row): row for row in rows}
    happenings = []
    if draw(st.booleans()):  # things happen to somebody whom both systems know
        _settle(state, draw(st.sampled_from(_NATIONAL_IDS)), draw(st.booleans()))
        happenings = draw(st.lists(_happenings(days), min_size=1, max_size=5))
        happenings += [replace(h, day=h.day + 2) for h in happenings if h.what == "lend"]
    events = draw(st.lists(_events(days), max_size=12))
    spoilings = draw(st.lists(_spoilings(days), max_size=4))
    seldom = st.sampled_from([False, False, False, True])
    active_only = draw(seldom)
    weekend_gaps = draw(seldom)
    delta = {"hrm": not active_only and draw(seldom), "vfs": draw(seldom)}
    frozen_from = {system: 2 if draw(seldom) and draw(seldom) else days for system in ("hrm", "vfs")}
    # What is sent: the HRM of the day itself or of the day before, nothing at all on some days.
    sends = draw(st.sampled_from([None, None, "today's", "yesterday's"]))
    arrivals: list[Arrival] = []
    delivered: dict[str, dict] = {}
    before: list[dict[str, Any]] = []
    for offset in range(days):
        day = DAY_ONE + timedelta(days=offset)
        for when, table, what, row in events:
            if when == offset:
                _apply(state[table], _key(table, row), what, row, draw)
        for happening in happenings:
            if happening.day == offset:
                _happen(state, happening, day)
        for system in ("hrm", "vfs"):
            outcome = draw(st.integers(0, 19))
            if (weekend_gaps and day.weekday() >= 5) or outcome >= 18:
                continue
            frozen = next((a for a in arrivals if a.system == system), None) if offset >= frozen_from[system] else None
            if outcome == 17:
                arrivals.append(Arrival(system, day, "full", {}, refused=True))
            elif frozen and frozen.kind == "full" and not frozen.refused and not delta[system]:
                arrivals.append(replace(frozen, extract_date=day))
            else:
                arrival = _arrival(system, day, state, active_only, delivered if delta[system] else None)
                arrivals.append(_spoil(arrival, spoilings))
        now = list(state["hrm", "positions"].values())
        if sends and draw(st.integers(0, 9)) < 8:
            arrivals.append(_spoil(_transfer(draw, day, now if sends == "today's" else before), spoilings))
        before = now
    if draw(st.booleans()) and arrivals:  # a day delivered twice: first what it replaces, an earlier day's content
        twice = draw(st.sampled_from(arrivals))
        earlier = next(a for a in arrivals if a.system == twice.system)
        if earlier.kind == "full" and twice.kind == "full":
            arrivals.insert(arrivals.index(twice), replace(earlier, extract_date=twice.extract_date))
    if draw(st.booleans()) and len(arrivals) > 1:  # some come late
        late = draw(st.sampled_from(arrivals))
        others_of_day = [a for a in arrivals if (a.system, a.extract_date) == (late.system, late.extract_date)]
        arrivals = [a for a in arrivals if a not in others_of_day] + others_of_day
    accepts = frozenset((a.system, a.extract_date) for a in arrivals if draw(st.integers(0, 5)) == 5)
    exceptions = draw(st.lists(_exceptions(), max_size=2))
    return Municipality(arrivals, DAY_ONE + timedelta(days=days - 1 + draw(st.sampled_from([0, 0, 1, 5]))), accepts, exceptions,
                        policy=draw(st.sampled_from(_POLICIES)))


def _transfer(draw: st.DrawFn, day: date, positions: list[dict[str, Any]]) -> Arrival:
    """Some of the positions, now and then one with an end date that HRM does not have; or a file that cannot be read."""
    sent = [p for p in positions if draw(st.integers(0, 2))]
    if sent and draw(st.integers(0, 9)) == 9:
        sent[-1] = {**sent[-1], "end_date": draw(_dates(False))}
    return Arrival("transfer", day, "full", {"positions": sent}, refused=draw(st.integers(0, 19)) == 19)


@st.composite
def _exceptions(draw: st.DrawFn) -> dict[str, Any]:
    approved = DAY_ONE + timedelta(days=draw(st.integers(0, 6)))
    return {
        "finding_type": draw(st.sampled_from(["active_vfs_inactive_hrm", "manual_position", "unknown_in_hrm", "stale_position",
                                              "inactive_with_access", "kommuneadmin_review"])),
        "subject_id": draw(st.sampled_from([*_VFS_POSITIONS, *_PERSONS])),
        "approved_on": approved, "until": approved + timedelta(days=draw(st.integers(0, 6))),
        "reason": "agreed", "approved_by": "somebody",
    }


def _key(table: TableName, row: dict[str, Any]) -> tuple:
    """The key of a row; access groups without regard to capitals."""
    names = next(t.key for t in tables_of(table[0]) if t.name == table[1])
    return tuple(row[n].lower() if n == "access_group" else row[n] for n in names)


def _apply(rows: dict[tuple, dict[str, Any]], key: tuple, what: str, row: dict[str, Any], draw: st.DrawFn) -> None:
    if what == "drop":
        rows.pop(key, None)
    elif what == "put" or key not in rows:
        rows[key] = row
    else:
        column = draw(st.sampled_from(sorted(row)))
        if rows[key].get(column, "") != row[column] and str(row[column]).lower() not in key and row[column] not in key:
            rows[key] = {**rows[key], column: row[column]}


def _arrival(
    system: str, day: date, state: dict[TableName, dict[tuple, dict[str, Any]]], active_only: bool,
    delivered: dict[str, dict] | None,
) -> Arrival:
    tables = {name: dict(rows) for (owner, name), rows in state.items() if owner == system}
    if system == "hrm" and active_only:
        tables["positions"] = {k: r for k, r in tables["positions"].items() if (r["end_date"] or day) >= day}
        held = {r["employee_number"] for r in tables["positions"].values()}
        tables["employees"] = {k: r for k, r in tables["employees"].items() if r["employee_number"] in held}
    if delivered is None:
        return Arrival(system, day, "full", {n: list(rows.values()) for n, rows in tables.items()})
    before = delivered.get(system)
    delivered[system] = tables
    if before is None:
        return Arrival(system, day, "full", {n: list(rows.values()) for n, rows in tables.items()})
    changed = {
        name: [r for k, r in rows.items() if before[name].get(k) != r]
        + [{**r, "deleted": True} for k, r in before[name].items() if k not in rows]
        for name, rows in tables.items()
    }
    return Arrival(system, day, "delta", changed)
