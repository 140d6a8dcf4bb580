"""Which deliveries count: the state after each extract, rows kept because they cannot be read, and every guard.

Belongs here: deliveries, states, verdicts, the policy's numbers. Does not belong here: what the states mean for people.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import lru_cache
from typing import Any

Row = dict[str, Any]
Key = tuple[Any, ...]
State = dict[str, dict[Key, Row]]  # {table: {key: row}}
ONE_DAY = timedelta(days=1)

KEYS = {
    "hrm": {"employees": ("employee_number",), "positions": ("position_id",), "org_units": ("org_number",)},
    "vfs": {"persons": ("person_id",), "positions": ("position_id",),
            "accesses": ("person_id", "access_group", "org_number", "start_date", "position_id"), "org_units": ("org_number",)},
    "transfer": {"positions": ("position_id",)},
}
NOT_EMPTY = {"hrm": ("employees", "positions"), "vfs": ("persons", "positions", "accesses")}
COUNTED = NOT_EMPTY
KEYS_GUARDED = {"hrm": ("employees", "positions"), "vfs": ("persons", "positions")}
OWNERS = {"hrm": ("employee_number", "employees"), "vfs": ("person_id", "persons")}


@dataclass(frozen=True)
class Unreadable:
    """A row that could not be read. `key`: the columns of its key that could, with their values (None: readable, and empty).

    `owner`: of positions and accesses the employee or person; of persons the employee number. None where unreadable or empty.
    """

    table: str
    key: Row = field(default_factory=dict)
    owner: str | None = None
    national_id: str | None = None

    @property
    def says_nothing(self) -> bool:
        return not self.key and self.owner is None and self.national_id is None


@dataclass(frozen=True, eq=False)
class Delivery:
    """A delivery as it arrives; `tables` hold the rows that can be read, with the canonical columns.

    `refused`: the file as a whole could not be taken in.
    """

    system: str
    extract_date: date
    kind: str
    tables: dict[str, list[Row]]
    unreadable: tuple[Unreadable, ...] = ()
    refused: bool = False


@dataclass(frozen=True)
class Season:
    """contract#seasons: `first_day` and `last_day` as MM-DD. Its percentage takes the place of max_drop_percent."""

    first_day: str
    last_day: str
    max_drop_percent: float | None = None
    max_growth_factor: float | None = None

    def holds(self, day: date) -> bool:
        month_day = day.strftime("%m-%d")
        if self.first_day <= self.last_day:
            return self.first_day <= month_day <= self.last_day
        return month_day >= self.first_day or month_day <= self.last_day


@dataclass(frozen=True)
class Policy:
    grace_days: int = 1
    kommuneadmin_groups: tuple[str, ...] = ("Kommuneadmin",)
    max_drop_percent: float = 10
    min_drop_rows: int = 20
    max_growth_factor: float = 2
    min_growth_rows: int = 100
    max_loss_percent: float = 50  # "more than half"
    min_loss_rows: int = 5  # "and at least 5", of end dates and owners
    min_lost_dates: int = 20  # "and at least 20", of dates yet to come
    reference_days: int = 30
    stopped_days: int = 365  # "in the year up to"
    max_days_before_history: int = 60
    max_extract_age_days: int = 3
    backed_ahead_days: int = 30
    seasons: tuple[Season, ...] = (Season("07-31", "08-20", 40),)

    def drop_percent(self, day: date) -> float:
        season = next((s for s in self.seasons if s.holds(day)), None)
        return self.max_drop_percent if season is None or season.max_drop_percent is None else season.max_drop_percent

    def growth_factor(self, day: date) -> float:
        season = next((s for s in self.seasons if s.holds(day)), None)
        return self.max_growth_factor if season is None or season.max_growth_factor is None else season.max_growth_factor

    def is_kommuneadmin_group(self, group: str) -> bool:
        """contract#kommuneadmin-roster: compared without regard to capitals and surrounding space."""
        return group.strip().lower() in {g.strip().lower() for g in self.kommuneadmin_groups}


@dataclass(eq=False)
class Extract:
    """An extract and the state of its system after it.

    `kept`: keys of the state that are there as they were, because the extract's rows of them could not be read, and since
    which extract. `rejected`: (table, kept since or None) of each row that could not be read. `may_miss_rows`: how many
    of these said nothing at all. `positions_seen`: of every position up to here its row as last seen, and the first extract
    since without it. `unreadable`: of a transfer, what could be told of the rows that could not be read.
    """

    day: date
    state: State
    kept: dict[tuple[str, Key], date] = field(default_factory=dict)
    rejected: list[tuple[str, date | None]] = field(default_factory=list)
    may_miss_rows: int = 0
    unreadable: tuple[Unreadable, ...] = ()
    by_decision: bool = False
    positions_seen: dict[Key, tuple[Row, date | None]] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class Verdict:
    """What becomes of a delivery: accepted, replaced, quarantined or refused, and the guards that would not let it in."""

    delivery: Delivery
    status: str
    guards: tuple[str, ...] = ()


def is_active(row: Row, day: date) -> bool:
    """contract#active: start_date <= d and d <= end_date, an empty date being open."""
    return (row.get("start_date") is None or row["start_date"] <= day) and is_not_ended(row, day)


def is_not_ended(row: Row, day: date) -> bool:
    return row.get("end_date") is None or day <= row["end_date"]


def ends_before_it_starts(row: Row) -> bool:
    return row.get("start_date") is not None and row.get("end_date") is not None and row["end_date"] < row["start_date"]


# --- the state after a delivery (1, 2, 7) ----------------------------------------------------------------------------


def _compared(column: str, value: Any) -> Any:
    """contract#capitals: access groups are compared without regard to capitals, in keys too."""
    return value.lower() if column == "access_group" and value is not None else value


def key_of(system: str, table: str, row: Row) -> Key:
    return tuple(_compared(c, row.get(c)) for c in KEYS[system][table])


def _rows_meant(pattern: Unreadable, system: str, before: dict[Key, Row]) -> set[Key]:
    """contract#rejected-row: the keys of the state before that an unreadable row may have been."""
    if pattern.key:
        return {k for k, row in before.items()
                if all(_compared(c, row.get(c)) == _compared(c, value) for c, value in pattern.key.items())}
    if pattern.owner is not None:
        owner = "employee_number" if pattern.table == "persons" else OWNERS[system][0]
        return {k for k, row in before.items() if row.get(owner) == pattern.owner}
    if pattern.national_id is not None:
        return {k for k, row in before.items() if row.get("national_id") == pattern.national_id}
    return set()


def extract_after(before: Extract | None, delivery: Delivery) -> Extract:
    """The extract that a delivery makes of the state before it."""
    if delivery.system == "transfer":
        return _transfer(delivery)
    extract = Extract(delivery.extract_date, {})
    for table in KEYS[delivery.system]:
        old = before.state[table] if before else {}
        old_kept = {k: since for (t, k), since in before.kept.items() if t == table} if before else {}
        delivered = {key_of(delivery.system, table, row): row for row in delivery.tables.get(table, [])}
        rows: dict[Key, Row] = {}
        kept: dict[Key, date] = {}
        if delivery.kind == "delta":
            rows = {k: row for k, row in old.items() if k not in delivered}
            kept = {k: since for k, since in old_kept.items() if k not in delivered}
        rows |= {k: row for k, row in delivered.items() if not (delivery.kind == "delta" and row.get("deleted"))}
        for pattern in delivery.unreadable:
            if pattern.table != table:
                continue
            meant = _rows_meant(pattern, delivery.system, old) - set(delivered)
            for k in meant:
                rows[k] = old[k]
                kept[k] = old_kept.get(k, delivery.extract_date)
            extract.rejected.append((table, min((kept[k] for k in meant), default=None)))
            extract.may_miss_rows += pattern.says_nothing
        extract.state[table] = rows
        extract.kept |= {(table, k): since for k, since in kept.items()}
    for k, (row, gone) in before.positions_seen.items() if before else ():
        extract.positions_seen[k] = (row, gone or extract.day)
    extract.positions_seen |= {k: (row, None) for k, row in extract.state["positions"].items()}
    return extract


def _transfer(delivery: Delivery) -> Extract:
    """contract#transfer: what was sent on a day. It is no state, so nothing of an earlier day is kept."""
    return Extract(
        delivery.extract_date, {"positions": {key_of("transfer", "positions", row): row for row in delivery.tables["positions"]}},
        rejected=[(row.table, None) for row in delivery.unreadable], unreadable=delivery.unreadable,
        may_miss_rows=sum(row.says_nothing for row in delivery.unreadable))


# --- the guards (7) --------------------------------------------------------------------------------------------------


@lru_cache(maxsize=100)  # of the last extracts, which are held against each other
def _sizes(extract: Extract, system: str) -> dict[str, int]:
    sizes = {t: len(extract.state[t]) for t in COUNTED[system]}
    sizes["active positions"] = sum(is_active(p, extract.day) for p in extract.state["positions"].values())
    if system == "vfs":
        sizes["persons who may log in"] = sum(p.get("login_enabled") is not False for p in extract.state["persons"].values())
    return sizes


def _references(earlier: list[Extract], day: date, policy: Policy) -> list[Extract]:
    """contract#guard-size: the accepted extracts of the 30 days before, back to the latest that a decision let in.

    Where there is none in these days, the extract before.
    """
    near = [e for e in earlier if e.day >= day - timedelta(days=policy.reference_days)] or earlier[-1:]
    let_in = [n for n, e in enumerate(near) if e.by_decision]
    return near[let_in[-1]:] if let_in else near


def _too_many(count: int, of: int, policy: Policy, day: date, at_least: int = 0) -> bool:
    """More than 10 % and more than 20; or more than half, and at least so many."""
    return (count > of * policy.drop_percent(day) / 100 and count > policy.min_drop_rows) or (
        count > of * policy.max_loss_percent / 100 and count >= at_least)


def stopped_before(last: Extract, policy: Policy) -> set[Key]:
    """The positions that stopped being active in the year up to an extract."""
    stopped = set()
    for k, (row, gone) in last.positions_seen.items():
        ended = row["end_date"] + ONE_DAY if row.get("end_date") else None
        first_day = min((d for d in (ended, gone) if d), default=None)
        if first_day is None or (row.get("start_date") and first_day <= row["start_date"]):
            continue
        if last.day - timedelta(days=policy.stopped_days) < first_day <= last.day:
            stopped.add(k)
    return stopped


def _guards(
    extract: Extract, earlier: list[Extract], delivery: Delivery, history_began_on: date | None, policy: Policy
) -> Iterator[str]:
    """The names of the guards that do not let the extract in."""
    system, day, state = delivery.system, extract.day, extract.state
    if history_began_on and day < history_began_on - timedelta(days=policy.max_days_before_history):
        yield "mistyped year"
    if system == "transfer":
        return
    if delivery.kind == "full":
        for table in NOT_EMPTY[system]:
            is_needed = table != "accesses" or any(e.state["accesses"] for e in earlier)
            if is_needed and not state[table]:
                yield f"empty {table}"
    owner, owners = OWNERS[system]
    ownerless = sum((p[owner],) not in state[owners] for p in state["positions"].values())
    if _too_many(ownerless, len(state["positions"]), policy, day, policy.min_loss_rows):
        yield "owners"
    if not earlier:
        return
    before = earlier[-1]
    references = [_sizes(e, system) for e in _references(earlier, day, policy)]
    for name, size in _sizes(extract, system).items():
        reference = max(r[name] for r in references)
        if _too_many(reference - size, reference, policy, day):
            yield f"size: {name} fell"
        if size > reference * policy.growth_factor(day) and size - reference > policy.min_growth_rows:
            yield f"size: {name} rose"
    for table in KEYS_GUARDED[system]:
        gone = set(before.state[table]) - set(state[table])
        if _too_many(len(gone), len(before.state[table]), policy, day):
            yield f"keys: {table}"
    if system == "hrm":
        stopped = stopped_before(before, policy)
        again = {k for k in stopped if k in state["positions"] and is_active(state["positions"][k], day)}
        if _too_many(len(again), len(stopped), policy, day, policy.min_loss_rows):
            yield "end dates: active again"
        coming = [k for k, p in before.state["positions"].items()
                  if p.get("end_date") and p["end_date"] > before.day and k in state["positions"]]
        lost = [k for k in coming if state["positions"][k].get("end_date") is None]
        if len(lost) > len(coming) * policy.max_loss_percent / 100 and len(lost) >= policy.min_lost_dates:
            yield "end dates: lost"


# --- verdicts --------------------------------------------------------------------------------------------------------

Accepts = frozenset[tuple[str, date]]


def _judge_system(
    deliveries: list[Delivery], histories: list[date | None], policy: Policy, accepts: Accepts
) -> tuple[list[Extract], list[Verdict]]:
    """Of one system's deliveries, as they arrived: the accepted extracts by day, and what became of each delivery."""
    extracts: list[Extract] = []
    verdicts: dict[int, Verdict] = {}
    for day in sorted({d.extract_date for d in deliveries}):
        earlier = list(extracts)
        for n in reversed([n for n, d in enumerate(deliveries) if d.extract_date == day]):
            delivery = deliveries[n]
            if delivery.refused:
                verdicts[n] = Verdict(delivery, "refused")
                continue
            if len(extracts) > len(earlier):  # one that arrived later counts
                verdicts[n] = Verdict(delivery, "replaced")
                continue
            extract = extract_after(earlier[-1] if earlier else None, delivery)
            guards = tuple(_guards(extract, earlier, delivery, histories[n], policy))
            if guards and (delivery.system, day) not in accepts:
                verdicts[n] = Verdict(delivery, "quarantined", guards)
                continue
            extract.by_decision = bool(guards)
            extracts.append(extract)
            verdicts[n] = Verdict(delivery, "accepted", guards)
    return extracts, [verdicts[n] for n in range(len(deliveries))]


def histories(deliveries: list[Delivery], policy: Policy, accepts: Accepts) -> list[date | None]:
    """Of each delivery of one system: the oldest accepted extract when it arrived; None where there was none, or where no
    earlier delivery is so much later that it could matter."""
    began: list[date | None] = []
    for n, delivery in enumerate(deliveries):
        limit = delivery.extract_date + timedelta(days=policy.max_days_before_history)
        known = None
        if any(d.extract_date > limit for d in deliveries[:n]):
            extracts, _ = _judge_system(deliveries[:n], began, policy, accepts)
            known = extracts[0].day if extracts else None
        began.append(known)
    return began


def judge(
    deliveries: list[Delivery], as_of: date, policy: Policy, accepts: Accepts = frozenset()
) -> tuple[dict[str, list[Extract]], list[Verdict]]:
    """The extracts that count, by system, oldest first, of deliveries in the order of their arrival; and all verdicts."""
    accepted: dict[str, list[Extract]] = {}
    verdicts: list[Verdict] = []
    for system in KEYS:
        arrived = [d for d in deliveries if d.system == system and d.extract_date <= as_of]
        accepted[system], of_system = _judge_system(arrived, histories(arrived, policy, accepts), policy, accepts)
        verdicts += of_system
    return accepted, verdicts
