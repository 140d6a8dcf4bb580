"""The marts of the contract, computed naively: each evaluation day by itself, then consecutive days joined into findings.

No intervals, no SQL, no code of the product. It may be slow; it must be plain. Anchors like contract#backed name its rules.
`extracts` says which deliveries count, `people` who the employees are.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cache
from typing import Any

from tests.oracle import history
from tests.oracle.extracts import (
    KEYS,
    Delivery,
    Extract,
    Key,
    Policy,
    Row,
    Season,
    Unreadable,
    ends_before_it_starts,
    is_active,
    is_not_ended,
    judge,
)
from tests.oracle.people import Employee, Staff

__all__ = [
    "KEYS", "Delivery", "Exception_", "Policy", "Season", "Unreadable", "World", "evaluate", "freshness", "unchanged_since"]

ONE_DAY = timedelta(days=1)
DEFAULTS = Policy()
ON_VFS_POSITIONS = {"active_vfs_inactive_hrm", "stale_position", "manual_position", "unknown_in_hrm", "end_date_not_propagated"}


@dataclass(frozen=True)
class Exception_:
    finding_type: str
    subject_id: str
    approved_on: date
    until: date


# --- known on one day ----------------------------------------------------------------------------------------------


@dataclass(eq=False)
class HrmEnd:
    """contract#end-date-of-a-position: the end of one HRM position as known on one day."""

    row: Row  # as last seen
    in_state: bool
    end: date | None
    known_on: date | None  # None without an end date
    last_held_on: date | None
    is_backdated: bool
    is_vanished: bool


@dataclass(eq=False)
class World:
    """Everything known on day `day`: the accepted extracts up to it, and what the contract derives from them."""

    day: date
    hrm: list[Extract]
    vfs: list[Extract]
    policy: Policy
    transfers: list[Extract] = field(default_factory=list)
    _memo: dict = field(default_factory=dict)

    def _once(self, name: str, compute: Any) -> Any:
        if name not in self._memo:
            self._memo[name] = compute()
        return self._memo[name]

    def state(self, system: str, table: str) -> dict[Key, Row]:
        extracts = {"hrm": self.hrm, "vfs": self.vfs, "transfer": self.transfers}[system]
        return extracts[-1].state[table] if extracts else {}

    def last_seen(self, system: str, table: str) -> dict[Key, Row]:
        def compute() -> dict[Key, Row]:
            rows: dict[Key, Row] = {}
            for extract in self.hrm if system == "hrm" else self.vfs:
                rows |= extract.state[table]
            return rows

        return self._once(f"{system}.{table}", compute)

    # contract#identity, contract#bearer

    @property
    def staff(self) -> Staff:
        return self._once("staff", lambda: Staff(self.hrm))

    def hrm_positions(self, employee: Employee) -> list[Row]:
        """The employee's positions in HRM's current state."""
        def compute() -> dict[int, list[Row]]:
            held = defaultdict(list)
            for p in self.state("hrm", "positions").values():
                held[id(self.holder(p))].append(p)
            return held

        return self._once("held", compute).get(id(employee), [])

    def holder(self, hrm_position: Row) -> Employee:
        return self.staff.holder(hrm_position["position_id"], hrm_position["employee_number"])

    def is_employed(self, employee: Employee) -> bool:
        return any(is_active(p, self.day) for p in self.hrm_positions(employee))

    def person(self, person_id: str) -> Row:
        """contract#missing-person: a person's row as last seen; empty where VFS never showed the person."""
        return self.last_seen("vfs", "persons").get((person_id,), {})

    def national_id_of(self, person_id: str) -> str | None:
        """A person's national id, too, is the last one seen, empty ones aside."""
        def compute() -> dict[str, str]:
            return {k[0]: row["national_id"] for e in self.vfs for k, row in e.state["persons"].items() if row.get("national_id")}

        return self._once("person ids", compute).get(person_id)

    def match(self, person_id: str) -> tuple[Employee | None, str]:
        """(employee, method) of a person, in the current state or as last seen."""
        return self._once(f"match {person_id}", lambda: self._match(person_id))

    def _match(self, person_id: str) -> tuple[Employee | None, str]:
        number = self.person(person_id).get("employee_number")
        if number in self.staff.bearers:
            return self._bearer(person_id, number), "employee_number"
        candidates = self.staff.with_national_id(self.national_id_of(person_id))
        if not candidates:
            return None, "none"
        newest = max(c.last_seen for c in candidates)
        candidates = [c for c in candidates if c.last_seen == newest]
        candidates = [c for c in candidates if self.is_employed(c)] or candidates
        lowest = min(c.number for c in candidates)
        return max((c for c in candidates if c.number == lowest), key=lambda c: c.tenures[-1]), "national_id"

    def _bearer(self, person_id: str, number: str) -> Employee:
        """The bearer who has the person's national id; else the one of the day on which VFS first showed the person."""
        national_id = self.national_id_of(person_id)
        his = [b for b in self.staff.bearers[number] if national_id is not None and b.national_id == national_id]
        if his:
            return max(his, key=lambda b: b.tenures[-1])
        return self.staff.on(number, next(e.day for e in self.vfs if (person_id,) in e.state["persons"]))

    def hrm_status(self, person_id: str) -> str:
        employee, _ = self.match(person_id)
        if employee is None:
            return "unknown"
        if self.is_employed(employee):
            return "active"
        later = any(p.get("start_date") and p["start_date"] > self.day and not ends_before_it_starts(p)
                    for p in self.hrm_positions(employee))
        return "not_started" if later else "inactive"

    def persons_in_use(self) -> set[str]:
        """Those with an active position or an effective access, missing from the state or not."""
        return self._once("persons_in_use", lambda: {
            row["person_id"] for row in [*self.active_positions(), *self.effective_accesses()]})

    def is_disputed(self, person_id: str) -> bool:
        """contract#disputed-identity"""
        national_id = self.national_id_of(person_id)
        employee, method = self.match(person_id)
        owners = self.staff.with_national_id(national_id)
        if len(owners) > 1:
            return True
        if employee is None:
            return False
        if method == "employee_number":
            if any(owner is not employee for owner in owners):
                return True
            if national_id is not None and employee.national_id is not None and national_id != employee.national_id:
                return True  # contradicted
            present = self.staff.present(employee.number)
            if present is not employee and self.is_employed(present):
                return True
        return any(other != person_id and self.match(other)[0] is employee for other in self.persons_in_use())

    def can_log_in(self, person_id: str) -> bool:
        """A person missing from the state counts as able to."""
        return self.state("vfs", "persons").get((person_id,), {}).get("login_enabled") is not False

    def has_left_with_access(self, person_id: str) -> bool:
        """contract#has-left-with-access"""
        return (self.hrm_status(person_id) in ("inactive", "unknown") and self.can_log_in(person_id)
                and person_id in self.persons_in_use())

    # contract#active, contract#effective-access, contract#backed

    def active_positions(self) -> list[Row]:
        return [p for p in self.state("vfs", "positions").values() if is_active(p, self.day)]

    def effective_accesses(self) -> list[Row]:
        def is_effective(access: Row) -> bool:
            if not self.can_log_in(access["person_id"]) or not is_active(access, self.day):
                return False
            position = self.state("vfs", "positions").get((access.get("position_id"),))
            if position is None or is_active(position, self.day):
                return True
            return position.get("end_date") is not None and position["end_date"] < self.vfs[-1].day

        return self._once("effective", lambda: [a for a in self.state("vfs", "accesses").values() if is_effective(a)])

    def org_units(self) -> dict[str, Row]:
        return {k[0]: r for k, r in (self.state("hrm", "org_units") | self.state("vfs", "org_units")).items()}

    def is_school(self, org_number: str) -> bool:
        unit = self.org_units().get(org_number)
        return unit is None or unit.get("type") in (None, "school")

    def backing(self, position: Row) -> list[Row]:
        """contract#backed: the HRM positions that back a VFS position."""
        employee, _ = self.match(position["person_id"])
        if employee is None:
            return []
        latest_start = self.day + timedelta(days=self.policy.backed_ahead_days)
        vfs_units = {k[0] for k in self.state("vfs", "org_units")}
        return [
            h for h in self.hrm_positions(employee)
            if is_not_ended(h, self.day) and not ends_before_it_starts(h)
            and (h.get("start_date") is None or h["start_date"] <= latest_start)
            and (h["org_number"] == position["org_number"]
                 or (h["position_id"] == position.get("hrm_position_id") and h["org_number"] not in vfs_units))
        ]

    def org_numbers_of_active_positions(self, person_id: str) -> set[str]:
        return {p["org_number"] for p in self.active_positions() if p["person_id"] == person_id}

    # contract#end-dates

    def hrm_ends(self) -> dict[str, HrmEnd]:
        return self._once("ends", lambda: {k[0]: self._hrm_end(k) for k in self.last_seen("hrm", "positions")})

    def _hrm_end(self, key: tuple) -> HrmEnd:
        holding = [e for e in self.hrm if key in e.state["positions"]]
        last = holding[-1]
        row = last.state["positions"][key]
        end = row.get("end_date")
        run = []
        for extract in reversed(holding):
            if extract.state["positions"][key].get("end_date") != end:
                break
            run.append(extract)
        known_on = run[-1].day
        in_state = last is self.hrm[-1]
        if in_state and end is None:
            return HrmEnd(row, True, None, None, None, False, False)
        if not in_state:
            first_absent = next(e for e in self.hrm if e.day > last.day)
            if end is None or end > first_absent.day:
                return HrmEnd(row, False, None, first_absent.day, last.day, False, True)
        otherwise = [e.day for e in holding if e.state["positions"][key].get("end_date") != end]
        return HrmEnd(row, in_state, end, known_on, None, bool(end and otherwise and end < otherwise[-1]), False)

    def has_arrived(self, end: date | None, position_id: str, extract: Extract) -> bool:
        row = extract.state["positions"].get((position_id,))
        if row is None:
            return True
        vfs_end = row.get("end_date")
        return vfs_end is not None and ((end is not None and vfs_end <= end) or vfs_end < extract.day)

    def continuations(self) -> dict[str, list[str]]:
        """contract#continuation: {HRM position: those that continue it}, both as last seen."""
        def continues(h: Row, other: Row) -> bool:
            return (h.get("start_date") is not None and not ends_before_it_starts(h)
                    and (other.get("start_date") is None or h["start_date"] > other["start_date"])
                    and other.get("end_date") is not None and h["start_date"] <= other["end_date"] + ONE_DAY)

        def compute() -> dict[str, list[str]]:
            of_one_unit = defaultdict(list)
            for h in self.last_seen("hrm", "positions").values():
                of_one_unit[id(self.holder(h)), h["org_number"]].append(h)
            return {other["position_id"]: [h["position_id"] for h in positions if continues(h, other)]
                    for positions in of_one_unit.values() for other in positions}

        return self._once("continuations", compute)

    def counterparts(self) -> list[tuple[str, Row]]:
        """contract#counterpart: (HRM position_id, VFS position as last seen) of every pair, persons as last seen too."""
        def is_counterpart(h: Row, v: Row) -> bool:
            if v.get("hrm_position_id") is not None:
                return v["hrm_position_id"] == h["position_id"]
            return ((v.get("registered_by") or "hrm") == "hrm" and v["org_number"] == h["org_number"]
                    and v.get("start_date") == h.get("start_date"))

        def compute() -> list[tuple[str, Row]]:
            vfs = self.last_seen("vfs", "positions")
            of_employee = defaultdict(list)
            for k, v in vfs.items():
                of_employee[id(self.match(v["person_id"])[0])].append((k, v))
            own = {(h["position_id"], k) for h in self.last_seen("hrm", "positions").values()
                   for k, v in of_employee[id(self.holder(h))] if is_counterpart(h, v)}
            with_own = {h for h, _ in own}
            pairs = set(own)
            to_follow = list(own)
            while to_follow:
                h, k = to_follow.pop()
                for continuation in self.continuations().get(h, []):
                    if continuation not in with_own and (continuation, k) not in pairs:
                        pairs.add((continuation, k))
                        to_follow.append((continuation, k))
            return [(h, vfs[k]) for h, k in sorted(pairs)]

        return self._once("pairs", compute)

    def hrm_positions_of(self, vfs_position_id: str) -> list[str]:
        """The HRM positions of which a VFS position is a counterpart."""
        def compute() -> dict[str, list[str]]:
            of = defaultdict(list)
            for h, v in self.counterparts():
                of[v["position_id"]].append(h)
            return of

        return self._once("hrm positions of", compute).get(vfs_position_id, [])

    def is_continued_at(self, hrm_position_id: str, vfs_position_id: str) -> bool:
        """The HRM position is continued by another that the VFS position is a counterpart of."""
        return any(c in self.hrm_positions_of(vfs_position_id) for c in self.continuations().get(hrm_position_id, []))

    def own_hrm_position(self, vfs_position_id: str) -> str | None:
        """contract#own-hrm-position: not continued by another of them first, then not arrived, then the latest known_on
        (none comes last), then the lowest id."""
        def order(h: str) -> tuple:
            end = self.hrm_ends()[h]
            return (self.is_continued_at(h, vfs_position_id), self.has_arrived(end.end, vfs_position_id, self.vfs[-1]),
                    -end.known_on.toordinal() if end.known_on else 0, h)

        return min(self.hrm_positions_of(vfs_position_id), key=order, default=None)

    def propagation(self, hrm_position_id: str, v: Row) -> Row | None:
        """The row of end_date_propagation of one pair; None when the HRM position has no end."""
        end = self.hrm_ends()[hrm_position_id]
        if not end.is_vanished and end.end is None:
            return None
        assert end.known_on is not None
        vid = v["position_id"]
        first_seen = next(e.day for e in self.vfs if (vid,) in e.state["positions"])
        since = [e for e in self.vfs if e.day >= first_seen]
        arrived = [self.has_arrived(end.end, vid, e) for e in since]
        propagated_on = None
        if arrived[-1]:
            status = "propagated"
            first_of_run = len(since) - 1
            while first_of_run > 0 and arrived[first_of_run - 1]:
                first_of_run -= 1
            propagated_on = max(since[first_of_run].day, end.known_on)
        else:
            current = self.state("vfs", "positions").get((vid,))
            others = [h for h in self.backing(current) if h["position_id"] != hrm_position_id] if (
                current and is_active(current, self.day)) else []
            age = (self.vfs[-1].day - end.known_on).days
            if others or self.is_continued_at(hrm_position_id, vid):
                status = "superseded"
            elif age > self.policy.grace_days:
                status = "failed"
            elif end.is_backdated or end.is_vanished:
                status = "at_risk"
            else:
                status = "pending"
        cause = None
        if status not in ("propagated", "superseded"):
            if (v.get("registered_by") or "hrm") == "manual":
                cause = "manual_position"
            elif any(a for a, e in zip(arrived[:-1], since[:-1], strict=True) if e.day >= end.known_on):
                cause = "overridden"
            elif told := self.told_by_transfer(end):
                cause = told
            elif end.is_backdated:
                cause = "backdated"
            elif end.is_vanished:
                cause = "vanished"
            elif v.get("end_date") is not None:
                cause = "date_differs"
            elif end.known_on == self.hrm[0].day:
                cause = "before_first_extract"
            else:
                cause = "not_transferred"
        return {
            "hrm_position_id": hrm_position_id, "vfs_position_id": vid, "employee_number": end.row["employee_number"],
            "org_number": end.row["org_number"], "hrm_end_date": end.end, "hrm_end_date_known_on": end.known_on,
            "last_held_on": end.last_held_on, "is_backdated": end.is_backdated, "is_vanished": end.is_vanished,
            "vfs_end_date": v.get("end_date"), "propagated_on": propagated_on,
            "lag_days": (propagated_on - end.known_on).days if propagated_on else None, "status": status, "cause": cause,
            "org_name": history.name_of(self, end.row["org_number"]),
            "is_on_time": {"propagated": bool(propagated_on and (propagated_on - end.known_on).days <= self.policy.grace_days),
                           "failed": False}.get(status),
        }

    def told_by_transfer(self, end: HrmEnd) -> str | None:
        """contract#transfer-cause: whether the end date was sent since it was known; None where the transfer cannot tell."""
        position_id = end.row["position_id"]
        since = [e for e in self.transfers if end.end and end.known_on and e.day >= end.known_on]
        if any(e.state["positions"].get((position_id,), {}).get("end_date") == end.end for e in since):
            return "sent_not_applied"
        for row in (row for e in since for row in e.unreadable):
            if row.key == {"position_id": position_id} or (not row.key and row.owner in (None, end.row["employee_number"])):
                return None
        sent = {k for e in self.transfers for k in e.state["positions"]}
        if sent and not sent & self.last_seen("hrm", "positions").keys():
            return None
        return "not_sent" if since else None

    # contract#findings: present on this day

    def present(self) -> dict[tuple[str, str], tuple[str | None, str | None]]:
        """{(finding type, subject): (person, org unit)}."""
        findings: dict[tuple[str, str], tuple[str | None, str | None]] = {}
        for p in self.active_positions():
            kind = self._finding_of_position(p)
            if kind:
                findings[kind, p["position_id"]] = (p["person_id"], p["org_number"])
        self._add_ended_early(findings)
        self._add_accesses(findings)
        for person_id, reason in self.kommuneadmins().items():
            if reason:
                findings["kommuneadmin_review", person_id] = (person_id, None)
        for person_id in self.persons_in_use():
            if self.is_disputed(person_id):
                findings["disputed_identity", person_id] = (person_id, None)
        return findings

    def _finding_of_position(self, p: Row) -> str | None:
        status = self.hrm_status(p["person_id"])
        by_hand = (p.get("registered_by") or "hrm") == "manual"
        backing = self.backing(p)
        if not backing:
            if status in ("inactive", "not_started"):
                return "active_vfs_inactive_hrm"
            if by_hand:
                return "manual_position"
            return "stale_position" if status == "active" else "unknown_in_hrm"
        if any(h.get("end_date") is None for h in backing):
            return None
        latest_end = max(h["end_date"] for h in backing)
        latest_known = max(known for h in backing if (known := self.hrm_ends()[h["position_id"]].known_on))
        outlives = p.get("end_date") is None or p["end_date"] > latest_end
        overdue = (self.vfs[-1].day - latest_known).days > self.policy.grace_days
        return "end_date_not_propagated" if outlives and overdue else None

    def _add_ended_early(self, findings: dict) -> None:
        at_unit = defaultdict(list)  # VFS positions as last seen, by employee and org unit
        for v in self.last_seen("vfs", "positions").values():
            at_unit[id(self.match(v["person_id"])[0]), v["org_number"]].append(v)
        for h in self.state("hrm", "positions").values():
            if not is_active(h, self.day):
                continue
            if h.get("start_date") and (self.vfs[-1].day - h["start_date"]).days <= self.policy.grace_days:
                continue
            there = at_unit[id(self.holder(h)), h["org_number"]]
            persons = [v["person_id"] for v in there]
            if not persons:
                continue
            open_now = [v for v in there if (v["position_id"],) in self.state("vfs", "positions") and is_not_ended(v, self.day)]
            if not open_now:
                findings["ended_early_in_vfs", h["position_id"]] = (min(persons), h["org_number"])

    def uncovered_accesses(self) -> list[Row]:
        return [a for a in self.effective_accesses() if not self.policy.is_kommuneadmin_group(a["access_group"])
                and a["org_number"] not in self.org_numbers_of_active_positions(a["person_id"])]

    def _add_accesses(self, findings: dict) -> None:
        for a in self.uncovered_accesses():
            person = a["person_id"]
            at_a_school = any(self.is_school(o) for o in self.org_numbers_of_active_positions(person))
            if not at_a_school:
                findings["inactive_with_access", person] = (person, None)
            elif self.is_school(a["org_number"]):
                findings["access_without_position", f"{person}:{a['org_number']}"] = (person, a["org_number"])

    def kommuneadmins(self) -> dict[str, str | None]:
        """{person: review reason or None} of everybody in the roster."""
        reasons: dict[str, str | None] = {}
        for a in self.effective_accesses():
            if not self.policy.is_kommuneadmin_group(a["access_group"]):
                continue
            person = a["person_id"]
            status = self.hrm_status(person)
            if status == "inactive":
                reasons[person] = "inactive_in_hrm"
            elif status == "unknown":
                reasons[person] = "not_in_hrm"
            elif not self.org_numbers_of_active_positions(person):
                reasons[person] = "no_position"
            elif (self.person(person).get("registered_by") or "hrm") == "manual":
                reasons[person] = "manual_profile"
            else:
                reasons[person] = None
        return reasons

    # contract#renamed-group

    def renamed_groups(self) -> set[tuple[str, str]] | None:
        """Why kommuneadmin_review is not assessable: the (group, org unit)s that may be what a set group became, all that stand
        where none was ever known; None where it is assessable."""
        def stands(extract: Extract) -> set[tuple[str, str]]:
            return {(a["access_group"].lower(), a["org_number"]) for a in extract.state["accesses"].values()}

        def set_ones(extract: Extract) -> set[tuple[str, str]]:
            return {(g, o) for g, o in stands(extract) if self.policy.is_kommuneadmin_group(g)}

        if not self.vfs or not stands(self.vfs[-1]) or set_ones(self.vfs[-1]):
            return None
        holding = [n for n, e in enumerate(self.vfs) if set_ones(e)]
        if not holding:
            return stands(self.vfs[-1])
        last, first_without = self.vfs[holding[-1]], self.vfs[holding[-1] + 1]
        had_stood = {o for n in holding for _, o in set_ones(self.vfs[n])}
        hrm = [e for e in self.hrm if e.day <= first_without.day]
        units = (hrm[-1].state["org_units"] if hrm else {}) | first_without.state["org_units"]
        appeared = {(g, o) for g, o in stands(first_without) - stands(last)
                    if o in had_stood or units.get((o,), {}).get("type") == "kommune"}
        return appeared or None

    def not_assessable(self) -> set[str]:
        return set() if self.renamed_groups() is None else {"kommuneadmin_review"}


# --- findings over the days (5) ------------------------------------------------------------------------------------


def _findings(worlds: list[World]) -> list[Row]:
    """Days strung together: one row for each unbroken time that a finding was present."""
    rows: list[Row] = []
    open_rows: dict[tuple[str, str], Row] = {}
    for world in worlds:
        present = world.present()
        for key, row in open_rows.items():  # contract#not-assessable: what was open stays as it was
            if key[0] in world.not_assessable():
                present.setdefault(key, (row["person_id"], row["org_number"]))
        for key in [k for k in open_rows if k not in present]:
            open_rows.pop(key)["resolved_on"] = world.day
        for key, (person, org) in present.items():
            if key not in open_rows:
                open_rows[key] = {"finding_type": key[0], "subject_id": key[1], "first_seen_on": world.day, "resolved_on": None,
                                  "is_succeeded": False}
                rows.append(open_rows[key])
            open_rows[key] |= {"person_id": person, "org_number": org, "last_seen_on": world.day}
    first_day = worlds[0].day if worlds else None
    chained = sorted((r for r in rows if r["finding_type"] in ON_VFS_POSITIONS), key=lambda r: r["first_seen_on"])
    for row in rows:
        row["problem_since"] = row["first_seen_on"]
    for row in chained:
        before = [r for r in chained if r["subject_id"] == row["subject_id"] and r["resolved_on"] == row["first_seen_on"]]
        if before:
            before[0]["is_succeeded"] = True
            row["problem_since"] = before[0]["problem_since"]
    for row in rows:
        row["is_age_lower_bound"] = row["problem_since"] == first_day
    return rows


def evaluate(
    deliveries: list[Delivery], as_of: date, policy: Policy = DEFAULTS, accepts: frozenset[tuple[str, date]] = frozenset(),
    exceptions: Iterable[Exception_] = (),
) -> dict[str, list[Row]]:
    """All marts as of a day, as rows with the contract's columns (no finding_id and remedy; `is_succeeded` for succeeded_by)."""
    accepted, _ = judge(deliveries, as_of, policy, accepts)
    exceptions = list(exceptions)

    @cache
    def world(hrm_count: int, vfs_count: int, day: date) -> World:
        return World(day, accepted["hrm"][:hrm_count], accepted["vfs"][:vfs_count], policy,
                     [e for e in accepted["transfer"] if e.day <= day])

    def on(day: date) -> World:
        return world(sum(e.day <= day for e in accepted["hrm"]), sum(e.day <= day for e in accepted["vfs"]), day)

    def is_excepted(row: Row, day: date) -> bool:
        return any(e.finding_type == row["finding_type"] and e.subject_id == row["subject_id"]
                   and e.approved_on <= day <= e.until for e in exceptions)

    days: list[date] = []
    if accepted["hrm"] and accepted["vfs"]:
        day = max(accepted["hrm"][0].day, accepted["vfs"][0].day)
        while day <= as_of:
            days.append(day)
            day += ONE_DAY
    findings = _findings([on(d) for d in days])
    for row in findings:
        row["status"] = "resolved" if row["resolved_on"] else "excepted" if is_excepted(row, as_of) else "open"
        row["days_open"] = ((row["resolved_on"] or as_of) - row["first_seen_on"]).days
    today = on(as_of)
    for row in findings:
        row["org_name"] = history.name_of(today, row["org_number"])
    marts = _marts(today, [r for r in findings if not r["resolved_on"]])
    marts["cases"] = _cases(today, findings, days, is_excepted)
    marts["findings"] = findings
    worlds = [on(d) for d in days]
    marts["finding_daily_counts"] = history.daily_counts(findings, worlds, is_excepted)
    marts["access_risk_daily"] = history.access_risk(findings, worlds, is_excepted)
    mismatches = [{**r, "subject_id": r["vfs_position_id"]} for r in marts["status_mismatches"]]
    marts["case_history"] = history.case_history(findings, worlds, mismatches, ON_VFS_POSITIONS)
    for row in marts["end_date_propagation"]:
        person = today.last_seen("vfs", "positions")[(row["vfs_position_id"],)]["person_id"]
        row["exposure_days"] = history.exposure_of_pair(worlds, row, person)
    came = {d.system for d in deliveries if d.extract_date <= as_of}
    marts["data_freshness"] = [freshness(s, accepted[s], deliveries, today, as_of, policy)
                               for s in KEYS if s != "transfer" or s in came]
    marts["rejected_rows"] = [
        {"system": s, "extract_date": e.day, "table_name": table, "kept_since": since}
        for s in KEYS for e in accepted[s] for table, since in e.rejected]
    return {name: [{**row, "as_of_date": as_of} for row in rows] for name, rows in marts.items()}


def _cases(today: World, findings: list[Row], days: list[date], is_excepted: Any) -> list[Row]:
    """contract#mart-cases, contract#priority, contract#change"""
    admins = {p for p in today.kommuneadmins() if today.hrm_status(p) in ("inactive", "unknown")}
    at_a_school_left = {"active_vfs_inactive_hrm", "stale_position", "inactive_with_access", "access_without_position"}

    def is_alike(one: Row, other: Row) -> bool:
        types = {one["finding_type"], other["finding_type"]}
        return one["subject_id"] == other["subject_id"] and (len(types) == 1 or types <= ON_VFS_POSITIONS)

    def change(row: Row) -> str | None:
        if today.day == days[0]:
            return None
        if row["first_seen_on"] == today.day:
            if row["problem_since"] < today.day:
                return "changed_type"
            returned = any(is_alike(row, r) and r["first_seen_on"] < row["problem_since"] for r in findings)
            return "returned" if returned else "new"
        return "exception_ended" if row["status"] == "open" and is_excepted(row, today.day - ONE_DAY) else None

    def priority(row: Row) -> int:
        if row["person_id"] in admins:
            return 1
        if today.has_left_with_access(row["person_id"]):
            return 2
        return 3 if row["finding_type"] in at_a_school_left else 4

    return [{
        "finding_type": r["finding_type"], "subject_id": r["subject_id"], "status": r["status"], "person_id": r["person_id"],
        "priority": priority(r), "change": change(r), "has_left_with_access": today.has_left_with_access(r["person_id"]),
        "is_disputed": r["person_id"] in today.persons_in_use() and today.is_disputed(r["person_id"]),
        "first_seen_on": r["first_seen_on"],
        "problem_since": r["problem_since"], "age_days": (today.day - r["problem_since"]).days,
        "org_name": history.name_of(today, r["org_number"]),
    } for r in findings if not r["resolved_on"]]


def freshness(
    system: str, extracts: list[Extract], deliveries: list[Delivery], today: World, as_of: date, policy: Policy
) -> Row:
    """contract#mart-data-freshness: the row of one system."""
    current = extracts[-1].day if extracts else None
    delivered = {d.extract_date for d in deliveries if d.system == system and d.extract_date <= as_of}
    withheld = [d for d in delivered if current is None or d > current]
    age = (as_of - current).days if current else None
    if age is None:
        status = "missing"
    elif withheld:
        status = "withheld"
    else:
        status = "stale" if age > policy.max_extract_age_days else "fresh"
    return {
        "system": system, "current_extract_date": current, "age_days": age,
        "row_count": sum(len(today.state(system, t)) for t in KEYS[system]),
        "status": status, "withheld_extracts": len(withheld),
        "not_assessable": ", ".join(sorted(today.not_assessable())) if system == "vfs" else "",
        "unchanged_since": unchanged_since(extracts) if system != "transfer" else None,
        "kept_rows": len(extracts[-1].kept) if extracts else 0,
    }


def unchanged_since(extracts: list[Extract]) -> date | None:
    """The first extract of the unbroken run up to the last that has the same state."""
    def content(extract: Extract) -> Any:
        return {t: {k: {c: v for c, v in row.items() if v is not None} for k, row in rows.items()}
                for t, rows in extract.state.items()}

    since = None
    for extract in reversed(extracts):
        if content(extract) != content(extracts[-1]):
            break
        since = extract.day
    return since


# --- the other marts (6) -------------------------------------------------------------------------------------------


def spellings(groups: Iterable[str]) -> dict[str, str]:
    """contract#capitals: {access group in small letters: its spelling, of several the first by code point}."""
    shown: dict[str, str] = {}
    for group in groups:
        shown[group.lower()] = min(group, shown.get(group.lower(), group))
    return shown


def _marts(today: World, present: list[Row]) -> dict[str, list[Row]]:
    units = today.org_units()
    persons = today.state("vfs", "persons")

    def name_of(org_number: str) -> str:
        return history.name_of(today, org_number)

    def who(person_id: str) -> Row:
        row = today.person(person_id)
        employee = today.match(person_id)[0]
        return {"employee_number": employee.number if employee else row.get("employee_number"),
                "given_name": row.get("given_name"), "family_name": row.get("family_name")}

    def of_type(*types: str) -> list[Row]:
        return [r for r in present if r["finding_type"] in types]

    def groups(person_id: str, org_number: str | None = None) -> str:
        return ", ".join(sorted(spellings(
            a["access_group"] for a in today.uncovered_accesses()
            if a["person_id"] == person_id and org_number in (None, a["org_number"])).values()))

    marts: dict[str, list[Row]] = {}
    marts["employee_status"] = []
    for person_id in {k[0] for k in persons} | today.persons_in_use():
        employee, method = today.match(person_id)
        active = [p for p in today.active_positions() if p["person_id"] == person_id]
        marts["employee_status"].append({
            "person_id": person_id, **who(person_id), "match_method": method, "vfs_status": "active" if active else "inactive",
            "hrm_status": today.hrm_status(person_id), "active_vfs_positions": len(active),
            "active_hrm_positions": sum(is_active(p, today.day) for p in today.hrm_positions(employee)) if employee else 0,
            "is_active_vfs_inactive_hrm": any(r["person_id"] == person_id for r in of_type("active_vfs_inactive_hrm")),
            "is_inactive_with_access": any(r["person_id"] == person_id for r in of_type("inactive_with_access")),
            "has_left_with_access": today.has_left_with_access(person_id)})
    marts["status_mismatches"] = [
        _mismatch(today, r, who, name_of)
        for r in of_type("active_vfs_inactive_hrm", "stale_position", "manual_position", "unknown_in_hrm")]
    ends = today.last_seen("vfs", "positions").values()
    marts["inactive_with_access"] = [{
        "person_id": r["subject_id"], **who(r["subject_id"]), "access_groups": groups(r["subject_id"]),
        "hrm_status": today.hrm_status(r["subject_id"]),
        "last_position_end_date": max((p["end_date"] for p in ends if p["person_id"] == r["subject_id"] and p.get("end_date")),
                                      default=None),
        "status": r["status"], "first_seen_on": r["first_seen_on"], "days_open": r["days_open"],
    } for r in of_type("inactive_with_access")]
    marts["access_without_position"] = [{
        "person_id": r["person_id"], **who(r["person_id"]), "org_number": r["org_number"], "org_name": name_of(r["org_number"]),
        "access_groups": groups(r["person_id"], r["org_number"]), "status": r["status"], "first_seen_on": r["first_seen_on"],
        "days_open": r["days_open"]} for r in of_type("access_without_position")]
    reasons = today.kommuneadmins()
    spelled: dict[tuple[str, str], list[str]] = defaultdict(list)
    for a in today.effective_accesses():
        if today.policy.is_kommuneadmin_group(a["access_group"]):
            spelled[a["person_id"], a["org_number"]].append(a["access_group"])
    marts["kommuneadmin_roster"] = [{
        "person_id": p, "access_group": g, "org_number": o, "org_name": name_of(o), **who(p),
        "registered_by": (today.person(p).get("registered_by") or "hrm") if today.person(p) else None,
        "has_active_position": bool(today.org_numbers_of_active_positions(p)), "hrm_status": today.hrm_status(p),
        "review_reason": reasons[p]} for (p, o), groups_there in spelled.items() for g in spellings(groups_there).values()]
    marts["manual_registrations"] = [{
        "vfs_position_id": p["position_id"], "person_id": p["person_id"], "org_number": p["org_number"],
        "org_name": name_of(p["org_number"]), "role": p.get("role"), "start_date": p.get("start_date"),
        "end_date": p.get("end_date"), "is_backed": bool(today.backing(p)), "hrm_status": today.hrm_status(p["person_id"]),
        "age_days": (today.day - p["start_date"]).days if p.get("start_date") else None,
    } for p in today.active_positions() if (p.get("registered_by") or "hrm") == "manual"]
    marts["end_date_propagation"] = [row for h, v in today.counterparts() if (row := today.propagation(h, v))] if (
        today.vfs and today.hrm) else []
    marts["org_units"] = [{"org_number": o, "org_name": name_of(o), "name": u.get("name"), "type": u.get("type") or "school",
                           "parent_org_number": u.get("parent_org_number")} for o, u in units.items()]
    return marts


def _mismatch(today: World, finding: Row, who: Any, name_of: Any) -> Row:
    p = today.state("vfs", "positions")[(finding["subject_id"],)]
    by_hand = (p.get("registered_by") or "hrm") == "manual"
    own = today.own_hrm_position(p["position_id"])
    end = today.hrm_ends()[own] if own else None
    suggested = (end.end or end.last_held_on) if end else None
    if suggested and p.get("start_date"):
        suggested = max(suggested, p["start_date"])
    if own is None or end is None:
        cause = "manual_position" if by_hand else "no_counterpart"
    else:
        propagation = today.propagation(own, p)
        cause = propagation["cause"] if propagation else None
        if cause is None:
            cause = "moved" if end.row["org_number"] != p["org_number"] else "not_started"
    return {
        "vfs_position_id": p["position_id"], "finding_type": finding["finding_type"], "status": finding["status"],
        "person_id": p["person_id"], **who(p["person_id"]), "org_number": p["org_number"], "org_name": name_of(p["org_number"]),
        "role": p.get("role"), "start_date": p.get("start_date"), "vfs_end_date": p.get("end_date"),
        "can_log_in": today.can_log_in(p["person_id"]), "hrm_status": today.hrm_status(p["person_id"]), "cause": cause,
        "hrm_position_id": own, "hrm_end_date": end.end if end else None,
        "hrm_end_date_known_on": end.known_on if end else None, "last_held_on": end.last_held_on if end else None,
        "suggested_end_date": suggested, "first_seen_on": finding["first_seen_on"], "problem_since": finding["problem_since"],
        "is_age_lower_bound": finding["is_age_lower_bound"], "days_open": finding["days_open"],
    }
