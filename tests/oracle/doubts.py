"""What a run says loudly that it could not know (contract#refused): the conditions of the checks, as known on one day.

Belongs here: doubts about what was delivered. Does not belong here: doubts about a person, which are findings (`oracle`).
"""

from collections import Counter
from datetime import date

from tests.oracle.extracts import Delivery, Extract, is_active
from tests.oracle.oracle import World, freshness, unchanged_since


def doubts(today: World, deliveries: list[Delivery], as_of: date) -> list[str]:
    """Each doubt in a few words; empty when nothing is in doubt."""
    return doubts_about_news(today, deliveries, as_of) + doubts_about_what_was_known(today)


def doubts_about_news(today: World, deliveries: list[Delivery], as_of: date) -> list[str]:
    """What may have happened is not known; what was known before stands."""
    found = []
    for system, extracts in (("hrm", today.hrm), ("vfs", today.vfs)):
        shown = freshness(system, extracts, deliveries, today, as_of, today.policy)
        if shown["status"] != "fresh":
            found.append(f"{system} {shown['status']}")
        if not extracts:
            continue
        if extracts[-1].rejected:
            found.append(f"{system} has rows that cannot be read")
        since = unchanged_since(extracts)
        if since and (extracts[-1].day - since).days >= 7:
            found.append(f"{system} unchanged since {since}")
    return found


def doubts_about_what_was_known(today: World) -> list[str]:
    """Rows are missing, or belong to nobody, and may do so wrongly: findings may be gone that should stand."""
    found = []
    for system, extracts in (("hrm", today.hrm), ("vfs", today.vfs)):
        if extracts and extracts[-1].may_miss_rows:
            found.append(f"{system}: rows may be missing")
        found += [f"{system}: nobody is active at {org} any more" for org in units_emptied(extracts)]
    found += [f"{name} not assessable" for name in sorted(today.not_assessable())]
    if today.hrm and today.vfs:
        found += _match_rate(today) + _numbers_written_differently(today)
    return found


def units_emptied(extracts: list[Extract]) -> list[str]:
    """contract#emptied-org-unit: those with 5 or more active positions in the extract before, and none in the last one."""
    if len(extracts) < 2:
        return []
    before, now = (Counter(p["org_number"] for p in e.state["positions"].values() if is_active(p, e.day)) for e in extracts[-2:])
    return sorted(org for org, count in before.items() if count >= 5 and not now[org])


def _matched_percent(world: World) -> float | None:
    persons = [k[0] for k in world.state("vfs", "persons")]
    return 100 * sum(world.match(p)[0] is not None for p in persons) / len(persons) if persons else None


def _match_rate(today: World) -> list[str]:
    """contract#matched-share: fell by more than 10 points since the day before the newest extract, or is below half."""
    now = _matched_percent(today)
    newest = max(today.hrm[-1].day, today.vfs[-1].day)
    earlier = World(newest, [e for e in today.hrm if e.day < newest], [e for e in today.vfs if e.day < newest], today.policy)
    before = _matched_percent(earlier) if earlier.hrm and earlier.vfs else None
    if now is not None and (now < 50 or (before is not None and before - now > 10)):
        return [f"{now:.0f} % of the persons matched"]
    return []


def _bare(number: str) -> str:
    return "".join(number.split()).lstrip("0").lower()


def _numbers_written_differently(today: World) -> list[str]:
    """Numbers that would match if leading zeros, white space or capitals were dropped."""
    found = []
    known = today.staff.bearers.keys()
    bare = {_bare(n) for n in known} - {""}
    numbers = {p["employee_number"] for p in today.state("vfs", "persons").values() if p.get("employee_number")}
    if any(n not in known and _bare(n) in bare for n in numbers):
        found.append("numbers of VFS are written in another way than HRM's")
    employees = {k[0] for k in today.state("hrm", "employees")}
    bare = {_bare(n) for n in employees} - {""}
    owners = {p["employee_number"] for p in today.state("hrm", "positions").values()}
    if any(n not in employees and _bare(n) in bare for n in owners):
        found.append("numbers of HRM's positions are written in another way than those of its employees")
    return found
