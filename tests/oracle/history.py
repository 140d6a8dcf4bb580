"""The facts over time, computed naively: of each evaluation day by itself, who could get in, and what stood.

Belongs here: the marts access_risk_daily, case_history and finding_daily_counts, and exposure days. Does not belong here: what is
known on one day, and what a finding is (`oracle`).
"""

from collections import defaultdict
from collections.abc import Callable, Iterable
from datetime import date, timedelta
from itertools import pairwise
from typing import Any

from tests.oracle.extracts import Row

ONE_DAY = timedelta(days=1)
IsExcepted = Callable[[Row, date], bool]


def name_of(today: Any, org_number: str | None) -> str:
    """contract#org-name: the name that holds now, else the last one known, VFS's before HRM's; else the number."""
    if org_number is None:
        return "Uten enhet"
    names = [today.org_units().get(org_number, {}).get("name")]
    for system in ("vfs", "hrm"):
        extracts = today.vfs if system == "vfs" else today.hrm
        names += [e.state["org_units"].get((org_number,), {}).get("name") for e in reversed(extracts)]
    return next((name for name in names if name), org_number)


def period_ends(day: date, as_of: date) -> Row:
    """contract#mart-finding-daily-counts"""
    return {"is_week_end": day.isoweekday() == 7 or day == as_of, "is_month_end": (day + ONE_DAY).day == 1 or day == as_of}


def daily_counts(findings: list[Row], worlds: list[Any], is_excepted: IsExcepted) -> list[Row]:
    """contract#mart-finding-daily-counts"""
    zeros = dict.fromkeys(("open_count", "excepted_count", "opened_count", "resolved_count"), 0)
    counts: dict[tuple, dict[str, Any]] = defaultdict(lambda: dict(zeros))
    days = [w.day for w in worlds]
    for day in days:
        for row in findings:
            entry = (day, row["finding_type"], row["org_number"])
            if row["first_seen_on"] <= day <= row["last_seen_on"]:
                counts[entry]["excepted_count" if is_excepted(row, day) else "open_count"] += 1
            if row["first_seen_on"] == day:
                counts[entry]["opened_count"] += 1
            if row["resolved_on"] == day and not row["is_succeeded"]:
                counts[entry]["resolved_count"] += 1
    rows = []
    for kind, org_number in {(kind, org) for _, kind, org in counts}:
        first = min(day for day, *pair in counts if pair == [kind, org_number])
        for world in worlds:
            if world.day >= first:
                numbers = counts.get((world.day, kind, org_number), zeros)
                unknown = kind in world.not_assessable()
                rows.append({"evaluation_date": world.day, "finding_type": kind, "org_number": org_number,
                             "org_name": name_of(worlds[-1], org_number), **(dict.fromkeys(zeros) if unknown else numbers),
                             **period_ends(world.day, days[-1])})
    return rows


def access_risk(findings: list[Row], worlds: list[Any], is_excepted: IsExcepted) -> list[Row]:
    """contract#mart-access-risk-daily; `open_cases` of what has a unit, for two persons in dispute are one case without one."""
    def ways_in(world: Any) -> list[Row]:
        return [*world.active_positions(), *world.effective_accesses()]

    def is_counted(world: Any, person_id: str) -> bool:
        of_person = [r for r in findings if r["person_id"] == person_id and r["first_seen_on"] <= world.day <= r["last_seen_on"]]
        all_excepted = bool(of_person) and all(is_excepted(r, world.day) for r in of_person)
        return world.has_left_with_access(person_id) and not all_excepted

    if not worlds:
        return []
    units = {*worlds[-1].org_units(), *(r["org_number"] for r in findings), None,
             *(row["org_number"] for world in worlds for row in ways_in(world))}
    rows = []
    for world in worlds:
        left = {(r["person_id"], r["org_number"]) for r in ways_in(world) if is_counted(world, r["person_id"])}
        for unit in [*units, "all"]:
            def at(org_number: str | None, unit: str | None = unit) -> bool:
                return unit in ("all", org_number)

            people = {p for p, o in left if at(o)}
            held = {k[0] for k in world.state("vfs", "persons")} if unit == "all" else set()
            rows.append({
                "evaluation_date": world.day, "org_number": unit,
                "org_name": "Hele kommunen" if unit == "all" else name_of(worlds[-1], unit), "is_total": unit == "all",
                "people_left_with_access": len(people),
                "people_unknown_with_access": sum(world.hrm_status(p) == "unknown" for p in people),
                "open_cases": None if unit in ("all", None) else sum(
                    r["org_number"] == unit and r["first_seen_on"] <= world.day <= r["last_seen_on"]
                    and not is_excepted(r, world.day) for r in findings),
                "active_positions": sum(at(p["org_number"]) for p in world.active_positions()),
                "people_checked": len(held | {r["person_id"] for r in ways_in(world) if at(r["org_number"])}),
                **period_ends(world.day, worlds[-1].day)})
    return rows


def exposure(worlds: list[Any], person_id: str, since: date, until: date, stands: Callable[[Any], bool]) -> int:
    """contract#exposure-days: days from `since` to before `until` on which the person could log in and something stood."""
    return sum(since <= w.day < until and w.can_log_in(person_id) and stands(w) for w in worlds)


def stands_position(position_id: str) -> Callable[[Any], bool]:
    """Whether a VFS position is active on a day."""
    return lambda world: any(p["position_id"] == position_id for p in world.active_positions())


def exposure_of_pair(worlds: list[Any], row: Row, person_id: str) -> int:
    """Of a row of end_date_propagation."""
    if row["status"] == "superseded":
        return 0
    last_day = row["hrm_end_date"] or row["last_held_on"]
    return exposure(worlds, person_id, last_day + ONE_DAY, date.max, stands_position(row["vfs_position_id"]))


def _age_bucket(days: int) -> str:
    ends = [-1, 7, 30, 90, 365]
    for number, (_, last) in enumerate(pairwise(ends), 1):
        if days <= last:
            return f"{number}: {ends[number - 1] + 1}–{last} dager"
    return "5: over 365 dager"


def case_history(
    findings: list[Row], worlds: list[Any], cases: Iterable[Row], on_vfs_positions: set[str]
) -> list[Row]:
    """contract#mart-case-history, but for disputed identities, where two persons may be one case; `cause` of open cases alone."""
    by_case: dict[tuple, list[Row]] = defaultdict(list)
    for row in findings:
        if row["finding_type"] in on_vfs_positions:
            by_case["position", row["subject_id"], row["problem_since"]].append(row)
        elif row["finding_type"] != "disputed_identity":
            by_case[row["finding_type"], row["subject_id"], row["first_seen_on"]].append(row)
    if not worlds:
        return []
    today = worlds[-1]
    described = {(c["finding_type"], c["subject_id"]): c for c in cases}
    history = []
    for of_case in by_case.values():
        last = max(of_case, key=lambda r: r["first_seen_on"])
        opened_on, resolved_on = last["problem_since"], last["resolved_on"]
        age = ((resolved_on or today.day) - opened_on).days
        case = described.get((last["finding_type"], last["subject_id"])) if resolved_on is None else None
        history.append({
            "finding_types": ", ".join(sorted({r["finding_type"] for r in of_case})), "finding_type": last["finding_type"],
            "person_id": last["person_id"], "org_number": last["org_number"], "org_name": name_of(today, last["org_number"]),
            "cause": case["cause"] if case else None, "opened_on": opened_on, "resolved_on": resolved_on,
            "status": last["status"], "is_open": resolved_on is None, "is_age_lower_bound": last["is_age_lower_bound"],
            "age_days": age, "age_bucket": _age_bucket(age),
            "days_to_resolve": (resolved_on - opened_on).days if resolved_on else None,
            "exposure_days": _exposure_of_case(worlds, last, last["finding_type"] in on_vfs_positions),
            "hrm_status": "active" if last["finding_type"] == "ended_early_in_vfs" else next(
                w for w in worlds if w.day == last["last_seen_on"]).hrm_status(last["person_id"])})
    return history


def _exposure_of_case(worlds: list[Any], row: Row, is_on_position: bool) -> int:
    kind, person = row["finding_type"], row["person_id"]
    until = row["resolved_on"] or date.max
    if kind == "ended_early_in_vfs":
        return 0
    if is_on_position:
        last_day = _last_day_of_work(worlds[-1], row)
        return exposure(worlds, person, last_day + ONE_DAY if last_day else row["problem_since"], until,
                        stands_position(row["subject_id"]))
    return exposure(worlds, person, row["problem_since"], until, lambda world: any(
        a["person_id"] == person and (kind != "access_without_position" or a["org_number"] == row["org_number"])
        for a in world.effective_accesses()))


def _last_day_of_work(today: Any, row: Row) -> date | None:
    """Of the position's own HRM position; of one that is backed still, the last of those that back it."""
    ends = today.hrm_ends()
    if row["finding_type"] == "end_date_not_propagated" and row["resolved_on"] is None:
        position = today.state("vfs", "positions").get((row["subject_id"],))
        return max((h["end_date"] for h in today.backing(position)), default=None) if position else None
    own = today.own_hrm_position(row["subject_id"])
    return (ends[own].end or ends[own].last_held_on) if own else None
