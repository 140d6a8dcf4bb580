"""Small random municipalities: the deliveries of two systems over some days, with everything that goes wrong there.

A municipality is a start and a list of events, so that a failing one shrinks to few rows and few events.
"""

from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from hypothesis import strategies as st

from ingest.canonical_tables import tables_of

DAY_ONE = date(2025, 3, 5)  # a Wednesday, so that a weekend comes soon

# Few values, some of them often: positions of the two systems must match often.
_NUMBERS = ["1", "1", "2", "3"]
_NATIONAL_IDS = ["n1", "n2"]
_PERSONS = ["A", "A", "B", "C"]
_ORG_UNITS = ["S1", "S1", "S1", "S2", "K", "X"]
_HRM_POSITIONS = ["h1", "h2", "h3", "h4"]
_VFS_POSITIONS = ["v1", "v2", "v3", "v4"]
_GROUPS = ["Kommuneadmin", "Lærer", "SFO"]


@dataclass(frozen=True)
class Arrival:
    """A delivery as it arrives."""

    system: str
    extract_date: date
    kind: str
    tables: dict[str, list[dict[str, Any]]]


@dataclass
class Municipality:
    """Deliveries in the order in which they arrive, and what people decided."""

    arrivals: list[Arrival]
    as_of: date
    accepts: frozenset[tuple[str, date]] = frozenset()
    exceptions: list[dict[str, Any]] = field(default_factory=list)
    strict_guard: bool = False


def _none_or(values: list[str]) -> st.SearchStrategy[str | None]:
    return st.one_of(st.none(), st.sampled_from(values))


def _dates(start: bool) -> st.SearchStrategy[date | None]:
    """Dates around the evaluated days; some starts lie about 30 days ahead, the limit for backing."""
    near = st.integers(-4, 9)
    far = st.sampled_from([-400, -400, -400, 29, 30, 31, 32, 36] if start else [-30, 60])
    return st.one_of(st.none(), st.one_of(near, far).map(lambda n: DAY_ONE + timedelta(days=n)))


_COLUMNS: dict[tuple[str, str], dict[str, st.SearchStrategy]] = {
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

_KEYS: dict[tuple[str, str], st.SearchStrategy] = {
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


def _row(table: tuple[str, str]) -> st.SearchStrategy[dict[str, Any]]:
    return st.tuples(_KEYS[table], st.fixed_dictionaries(_COLUMNS[table])).map(lambda parts: {**parts[0], **parts[1]})


_TABLES = list(_KEYS)


@st.composite
def _events(draw: st.DrawFn, days: int) -> tuple[int, tuple[str, str], str, dict[str, Any]]:
    """(day, table, put | drop | change, row): a row comes or is replaced, goes, or one column of one row changes."""
    table = draw(st.sampled_from([t for t in _TABLES for _ in range(3 if t[1] == "positions" else 1)]))
    what = draw(st.sampled_from(["change", "change", "put", "drop"]))
    return draw(st.integers(1, days)), table, what, draw(_row(table))


@st.composite
def municipalities(draw: st.DrawFn) -> Municipality:
    """Some days of two systems: full or delta extracts, days missing, late, delivered twice."""
    days = draw(st.integers(1, 8))
    state: dict[tuple[str, str], dict[tuple, dict[str, Any]]] = {}
    for table in _TABLES:
        largest = {"positions": 4, "employees": 4, "persons": 3, "accesses": 5, "org_units": 3}[table[1]]
        rows = draw(st.lists(_row(table), min_size=0 if table[1] in ("accesses", "org_units") else 1, max_size=largest))
        state[table] = {_key(table, row): row for row in rows}
    events = draw(st.lists(_events(days), max_size=14))
    active_only = draw(st.booleans())
    weekend_gaps = draw(st.booleans())
    delta = {"hrm": not active_only and draw(st.booleans()), "vfs": draw(st.booleans())}
    arrivals: list[Arrival] = []
    delivered: dict[str, dict] = {}
    for offset in range(days):
        day = DAY_ONE + timedelta(days=offset)
        for when, table, what, row in events:
            if when == offset:
                _apply(state[table], _key(table, row), what, row, draw)
        for system in ("hrm", "vfs"):
            if (weekend_gaps and day.weekday() >= 5) or draw(st.integers(0, 9)) == 9:
                continue
            arrivals.append(_arrival(system, day, state, active_only, delivered if delta[system] else None))
    if draw(st.booleans()) and arrivals:  # a day delivered twice: first what it replaces, an earlier day's content
        twice = draw(st.sampled_from(arrivals))
        earlier = next(a for a in arrivals if a.system == twice.system)
        if earlier.kind == "full" and twice.kind == "full":
            arrivals.insert(arrivals.index(twice), Arrival(twice.system, twice.extract_date, "full", earlier.tables))
    if draw(st.booleans()) and len(arrivals) > 1:  # some come late
        late = draw(st.sampled_from(arrivals))
        others_of_day = [a for a in arrivals if (a.system, a.extract_date) == (late.system, late.extract_date)]
        arrivals = [a for a in arrivals if a not in others_of_day] + others_of_day
    accepts = frozenset((a.system, a.extract_date) for a in arrivals if draw(st.integers(0, 5)) == 5)
    exceptions = draw(st.lists(_exceptions(), max_size=2))
    return Municipality(arrivals, DAY_ONE + timedelta(days=days - 1 + draw(st.sampled_from([0, 0, 1, 5]))), accepts, exceptions,
                        strict_guard=draw(st.booleans()))


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


def _key(table: tuple[str, str], row: dict[str, Any]) -> tuple:
    names = next(t.key for t in tables_of(table[0]) if t.name == table[1])
    return tuple(row[n] for n in names)


def _apply(rows: dict[tuple, dict[str, Any]], key: tuple, what: str, row: dict[str, Any], draw: st.DrawFn) -> None:
    if what == "drop":
        rows.pop(key, None)
    elif what == "put" or key not in rows:
        rows[key] = row
    else:
        column = draw(st.sampled_from(sorted(row)))
        if rows[key].get(column, "") != row[column] and row[column] not in key:
            rows[key] = {**rows[key], column: row[column]}


def _arrival(
    system: str, day: date, state: dict[tuple[str, str], dict[tuple, dict[str, Any]]], active_only: bool,
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
