"""The first law (contract#first-law): whatever befalls one delivery, no finding that was open disappears in silence.

A realistic town of 30 to 80 people is delivered twice: as it was, and with one delivery damaged or withheld. On the day of the
damage, on the day after and at the end, each finding that is open in the undamaged run and not open in the damaged one must be

* **told otherwise**: another finding stands on the same position, or the same access; or
* **resolved by data that says so**: a row that was delivered says the thing itself. What counts as saying so:
    * the VFS position or the access is delivered with dates by which it is over, or with a login switched off;
    * HRM delivers a position that backs it, of the employee whom the undamaged run matched with the person as well;
    * VFS delivers an active position that covers the access, or that the person was said to lack;
    * the row is *absent* from a full extract that passed every guard: by contract#full-or-delta absence means gone. A handful
      of rows of a small town is less than any guard's limit, and a row that was left out cannot be told from a row that was
      removed. This is where the law ends, and the guards are as tight as the false alarms of an undamaged year let them be
      (`test_false_alarms`);
  what does *not* say so: that a person is matched with somebody else or with nobody, that it is not said any more who
  registered a profile, that the person has another group where the kommuneadmin's was, that a row cannot be read; or
* **in doubt, and said to be**: the run says loudly what it could not know, as the undamaged one did not.
    * What nobody could know yet, because it is news: a system is not fresh, rows cannot be read, a source is frozen.
    * What the damaged run itself had open the day before, and shows no more: only that the type is not assessable, rows may be
      missing of which nothing could be told, the match rate fell, numbers are written in two ways, an org unit was emptied, or
      the person's identity is disputed. That an extract is withheld or rows are kept excuses nothing here: what was known stands.

And whatever the data says: one delivery does not close more than half of what was known of one type, and at least MANY, in
silence. This is what the guards are for, in the words of whoever reads the lists.

Belongs here: the law, on the oracle and on the product. Does not belong here: kinds of damage (`tests/support/damage.py`).
"""

import os
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import partial
from typing import Any

import pytest
from hypothesis import strategies as st

from tests.oracle import oracle
from tests.oracle.doubts import doubts_about_news, doubts_about_what_was_known
from tests.oracle.extracts import Delivery, Key, is_active, is_not_ended, judge, key_of
from tests.oracle.people import Employee
from tests.properties.test_oracle_agrees import for_minutes, product_marts
from tests.support.damage import KINDS, Damage, damaged
from tests.support.models import Models
from tests.support.municipalities import Arrival, Municipality
from tests.support.town import Town, days_of

FIRST_DAY = date(2025, 3, 3)  # a Monday
DAYS = 9
MANY = 5  # as few as the guards look at (contract#guard-end-dates)
ON_ACCESSES = {"inactive_with_access", "access_without_position"}
Subject = tuple[str, str]


@dataclass(frozen=True)
class History:
    """A town, and what befalls one of its deliveries. `frozen`: so many deliveries more bring the content of the one before."""

    people: int
    number: int
    keep_ended_days: int | None
    hit: int
    damage: Damage
    frozen: int

    def undamaged(self) -> list[Delivery]:
        town = Town(self.people, FIRST_DAY, self.number, keep_ended_days=self.keep_ended_days, busy=8)
        return [d for day in days_of(town, FIRST_DAY + timedelta(days=DAYS)) for d in day]

    def with_damage(self, deliveries: list[Delivery]) -> tuple[list[Delivery], date]:
        """The deliveries with the damage, and its day."""
        n = max(2, self.hit % len(deliveries))
        hit = deliveries[n]
        of_system = [d for d in deliveries if d.system == hit.system]
        at = of_system.index(hit)
        arrived = {id(hit): damaged(hit, of_system[:at], self.damage)}
        for later in of_system[at + 1:at + 1 + self.frozen]:
            arrived[id(later)] = Delivery(later.system, later.extract_date, "full", of_system[at - 1].tables)
        return [arrived.get(id(d), d) for d in deliveries], hit.extract_date


HISTORIES = st.builds(
    History, st.integers(30, 80), st.integers(0, 10_000), st.sampled_from([None, None, 0, 365]), st.integers(0, 15),
    st.builds(Damage, st.sampled_from(sorted(KINDS)), st.integers(0, 11), st.integers(0, 39),
              st.sampled_from([1, 1, 0.5, 0.3, 0.15, 0.05, 0.02]), st.integers(0, 1000)),
    st.sampled_from([0, 0, 0, 0, 2, 6]))


@dataclass
class Run:
    """What one run says as of a day: its open findings, and what it doubts."""

    findings: dict[Subject, str | None]
    world: oracle.World
    about_news: list[str]
    about_what_was_known: list[str]
    unread: set[tuple[str, str, Key]] = field(default_factory=set)  # rows of the current extracts that neither read nor are kept


def runs_of_the_oracle(deliveries: list[Delivery], days: list[date], undamaged: list[Delivery] | None = None) -> list[Run]:
    """What the oracle says on each of the days. What is present on a day is what a run as of that day shows as open, but for
    findings of a type that is not assessable, which is a doubt."""
    policy = oracle.Policy()
    accepted, _ = judge(deliveries, days[-1], policy)
    runs = []
    for day in days:
        world = oracle.World(day, *([e for e in accepted[s] if e.day <= day] for s in ("hrm", "vfs")), policy)
        still_open = {finding: person for finding, (person, _) in world.present().items()}
        runs.append(Run(still_open, world, doubts_about_news(world, deliveries, day), doubts_about_what_was_known(world),
                        _unread(deliveries, undamaged or deliveries, world)))
    return runs


def _unread(deliveries: list[Delivery], undamaged: list[Delivery], world: oracle.World) -> set[tuple[str, str, Key]]:
    """The rows that the current extracts delivered so that they cannot be read, and of which the state holds nothing."""
    return {(d.system, table, key)
            for d, as_it_was in zip(deliveries, undamaged, strict=True)
            for extracts in (world.hrm if d.system == "hrm" else world.vfs,) if extracts and d.extract_date == extracts[-1].day
            for table in {u.table for u in d.unreadable}
            for key in {key_of(d.system, table, row) for row in as_it_was.tables[table]} - set(extracts[-1].state[table])}


def _same(a: Employee | None, b: Employee | None) -> bool:
    return (a is None) == (b is None) and (a is None or b is None or (a.number, a.ids[:1]) == (b.number, b.ids[:1]))


def why_gone(finding: Subject, person: str | None, was: Run, now: Run) -> str | None:
    """Which data says that the finding is no more; None where none does. That a row is absent says nothing while it is among
    those that cannot be read."""
    kind, subject = finding
    world = now.world
    is_same_employee = person is not None and _same(was.world.match(person)[0], world.match(person)[0])
    if kind in oracle.ON_VFS_POSITIONS:
        if any((other, subject) in now.findings for other in oracle.ON_VFS_POSITIONS):
            return "told otherwise"
        row = world.state("vfs", "positions").get((subject,))
        if row is None:
            return None if ("vfs", "positions", (subject,)) in now.unread else "VFS has the position no more"
        if not is_active(row, world.day):
            return "VFS says that the position is over"
        return "HRM says that it is backed" if world.backing(row) and is_same_employee else None
    if kind == "ended_early_in_vfs":
        row = world.state("hrm", "positions").get((subject,))
        if row is None or not is_active(row, world.day):
            return None if ("hrm", "positions", (subject,)) in now.unread else "HRM says that the position is over"
        there = [v for v in world.state("vfs", "positions").values()
                 if v["org_number"] == row["org_number"] and is_not_ended(v, world.day)
                 and world.match(v["person_id"])[0] is world.holder(row)]
        same = [v for v in there if _same(was.world.match(v["person_id"])[0], world.match(v["person_id"])[0])]
        return "VFS says that the position goes on" if same else None
    assert person is not None
    if any(key[0] == person for system, table, key in now.unread if table == "accesses"):
        return None
    in_use = person in world.persons_in_use()
    if kind in ON_ACCESSES:
        if any(other in ON_ACCESSES and who == person for (other, _), who in now.findings.items()):
            return "told otherwise"
        return "VFS says that there is no such access, or that a position covers it"
    if kind == "kommuneadmin_review":
        if person not in world.kommuneadmins():
            had, has = ({(a["access_group"], a["org_number"]) for a in w.effective_accesses() if a["person_id"] == person}
                        for w in (was.world, world))
            may_be_renamed = {org for _, org in had - has} & {org for _, org in has - had}
            return None if may_be_renamed else "VFS says that the person has the access no more"
        had, has = (w.person(person).get("registered_by") for w in (was.world, world))
        if was.world.kommuneadmins()[person] == "manual_profile" and has is None and had == "manual":
            return None
        return "both say that it is as it should be" if is_same_employee else None
    if not in_use or any(who == person for who in now.findings.values()):
        return "not in use any more, or told otherwise"
    others = [p for p in was.world.persons_in_use() if p != person and _same(
        was.world.match(p)[0], was.world.match(person)[0])]
    return "the other person is not in use any more" if others and not any(
        p in world.persons_in_use() for p in others) else None


def lost_in_silence(was: Run, before: Run, now: Run) -> list[Subject]:
    """The findings of the undamaged run that are open no more, though no data says so and the run doubts nothing; or most of
    those of a type that were known, whatever the data says.

    `before`: the damaged run of the day before.
    """
    if set(now.about_what_was_known) - set(was.about_what_was_known):
        return []
    may_miss_news = bool(set(now.about_news) - set(was.about_news))
    known = [f for f in was.findings if f in before.findings]
    closed = [f for f in known if f not in now.findings and why_gone(f, was.findings[f], was, now) != "told otherwise"]
    for kind in {kind for kind, _ in closed}:
        of_kind = [f for f in closed if f[0] == kind]
        if not may_miss_news and len(of_kind) >= MANY and 2 * len(of_kind) > sum(f[0] == kind for f in known):
            return of_kind
    return [f for f, person in was.findings.items() if f not in now.findings and why_gone(f, person, was, now) is None
            and ("disputed_identity", str(person)) not in now.findings and not (may_miss_news and f not in before.findings)]


def lost_by_the_oracle(history: History) -> list[tuple[date, Subject]]:
    """The findings lost in silence on the day of the damage, the day after and the last day, with the day."""
    undamaged = history.undamaged()
    arrived, day = history.with_damage(undamaged)
    last = FIRST_DAY + timedelta(days=DAYS)
    days = sorted({day, min(day + timedelta(days=1), last), last})
    before = runs_of_the_oracle(arrived, [d - timedelta(days=1) for d in days])
    return [(day, finding)
            for day, was, yesterday, now in zip(
                days, runs_of_the_oracle(undamaged, days), before, runs_of_the_oracle(arrived, days, undamaged), strict=True)
            for finding in lost_in_silence(was, yesterday, now)]


def findings_of_the_product(models: Models, deliveries: list[Delivery], as_of: date) -> dict[str, list[dict[str, Any]]]:
    """The product's marts of the deliveries up to a day."""
    arrivals = [Arrival(d.system, d.extract_date, d.kind, d.tables, d.unreadable, d.refused)
                for d in deliveries if d.extract_date <= as_of]
    return product_marts(models, Municipality(arrivals, as_of), folded_each_day=False)


def lost_by_the_product(models: Models, history: History) -> list[tuple[date, Subject]]:
    """The findings of the undamaged run that the product loses in silence on the day of the damage.

    What is open is the product's word, and so is what `data_freshness` says; which data says that a finding is no more, and
    which checks must fail, is the oracle's.
    """
    undamaged = history.undamaged()
    arrived, day = history.with_damage(undamaged)
    was, = runs_of_the_oracle(undamaged, [day])
    before, now = runs_of_the_oracle(arrived, [day - timedelta(days=1), day], undamaged)
    marts = findings_of_the_product(models, arrived, day)
    said = {f"{r['system']} {r['status']}" for r in marts["data_freshness"] if r["status"] != "fresh"}
    assert said == {d for d in now.about_news if d.split()[-1] in ("withheld", "stale", "missing")}
    kept = sum(len(extracts[-1].kept) for extracts in (now.world.hrm, now.world.vfs) if extracts)
    assert sum(row["kept_rows"] for row in marts["data_freshness"]) == kept
    now.findings = {(f["finding_type"], f["subject_id"]): f["person_id"] for f in marts["findings"] if f["status"] == "open"}
    return [(day, finding) for finding in lost_in_silence(was, before, now)]


MINUTES = float(os.environ.get("SLUTTDATO_PROPERTY_MINUTES", "0.3"))
SOAK_MINUTES = float(os.environ.get("SLUTTDATO_SOAK_MINUTES", "30"))


def nothing_is_lost(lost: Callable[[History], list[tuple[date, Subject]]]) -> Callable[[History], None]:
    def check(history: History) -> None:
        assert lost(history) == []

    return check


@pytest.mark.parametrize("hit", [10, 11], ids=["hrm", "vfs"])
@pytest.mark.parametrize("kind", sorted(KINDS))
def test_no_damage_to_a_whole_extract_closes_findings_in_silence(kind: str, hit: int) -> None:
    """contract#first-law"""
    for table in (1, 2):
        assert lost_by_the_oracle(History(60, 1, None, hit, Damage(kind, table), 0)) == []


def test_the_contract_loses_no_finding_in_silence() -> None:
    """contract#first-law"""
    print(f"{for_minutes(MINUTES, HISTORIES, nothing_is_lost(lost_by_the_oracle))} histories")


def test_the_product_loses_no_finding_in_silence(models: Models) -> None:
    """contract#first-law"""
    print(f"{for_minutes(MINUTES, HISTORIES, nothing_is_lost(partial(lost_by_the_product, models)))} histories")


@pytest.mark.soak
def test_soak_the_contract_loses_no_finding_in_silence() -> None:
    print(f"{for_minutes(SOAK_MINUTES / 2, HISTORIES, nothing_is_lost(lost_by_the_oracle))} histories")


@pytest.mark.soak
def test_soak_the_product_loses_no_finding_in_silence(models: Models) -> None:
    print(f"{for_minutes(SOAK_MINUTES / 2, HISTORIES, nothing_is_lost(partial(lost_by_the_product, models)))} histories")
