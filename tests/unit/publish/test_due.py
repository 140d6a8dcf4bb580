"""What is due to one recipient (`publish.alerts.due`), for each thing that a recipient may have been sent before."""

from datetime import date, timedelta
from typing import Any, Literal

import pytest

from publish.alerts.due import Event, Item, LookedAt, Memory, Reported, age_step, due, is_weekly_due
from publish.alerts.recipients import Recipient

DAY = date(2025, 3, 12)  # a Wednesday
EVERYTHING = Recipient(escalate_after_days=[3, 7], data_problems=True)
KEY = ("v1", "ABCD1234")
CASES = LookedAt(finding_types=frozenset({"stale_position"}))


def item(
    status: Literal["open", "excepted"] = "open", *, age: int = 0, finding_type: str = "stale_position", **more: Any
) -> Item:
    return Item(KEY, finding_type, status, DAY - timedelta(days=age), **more)


def reported(status: Literal["open", "excepted", "resolved"] = "open", step: int = 0, **more: Any) -> Reported:
    return Reported("stale_position", status, step, DAY - timedelta(days=1), **more)


@pytest.mark.parametrize(("now", "last", "expected"), [
    (item(), None, [("opened", 0)]),
    (item(age=2), None, [("opened", 0)]),
    (item(age=3), None, [("opened", 3)]),
    (item(age=9), None, [("opened", 7)]),
    (item(), reported(), []),
    (item(age=3), reported(), [("escalated", 3)]),
    (item(age=7), reported(step=3), [("escalated", 7)]),
    (item(age=8), reported(step=7), []),
    (item(), reported(is_uncertain=True), [("opened", 0)]),
    (item(), reported("excepted"), [("opened", 0)]),
    (item(), reported("resolved"), [("opened", 0)]),
    (item(finding_type="manual_position", age=3), reported(), [("changed", 3)]),
    (item("excepted"), None, []),
    (item("excepted", age=3), reported(), [("excepted", 3)]),
    (item("excepted"), reported("excepted"), []),
    (None, None, []),
    (None, reported(), [("resolved", 0)]),
    (None, reported("excepted"), [("resolved", 0)]),
    (None, reported("resolved"), []),
    (None, reported(is_uncertain=True), [("opened", 0), ("resolved", 0)]),
])
def test_what_is_due_follows_from_the_case_and_the_last_report(
    now: Item | None, last: Reported | None, expected: list[tuple[str, int]]
) -> None:
    events = due(EVERYTHING, [now] if now else [], Memory({KEY: last} if last else {}), DAY, looked_at=CASES)
    assert [(e.kind, e.step) for e in events] == expected
    assert {e.item.key for e in events} <= {KEY}


def test_a_case_that_is_gone_is_resolved_as_it_was_reported_and_only_when_its_type_was_evaluated() -> None:
    (event,) = due(EVERYTHING, [], Memory({KEY: reported()}), DAY, looked_at=CASES)
    assert event.item == Item(KEY, "stale_position", "resolved", DAY - timedelta(days=1))
    assert (event.item.case_number, event.item.is_problem) == ("ABCD1234", False)
    assert due(EVERYTHING, [], Memory({KEY: reported()}), DAY, looked_at=LookedAt()) == []
    other = LookedAt(finding_types=frozenset({"manual_position"}))
    assert due(EVERYTHING, [], Memory({KEY: reported()}), DAY, looked_at=other) == []


CHECK, ROWS = ("check_failed", "cases.is_unique"), ("unexpected_rows", "vfs_persons/in_set/given_name")


@pytest.mark.parametrize(("key", "looked_at", "is_over"), [
    (CHECK, LookedAt(), False),
    (CHECK, LookedAt(problems=frozenset({CHECK})), True),
    (CHECK, LookedAt(problems=frozenset({("check_failed", "cases.is_unique_too")})), False),
    (CHECK, LookedAt(tables=frozenset({"cases.is_unique"})), False),
    (("source_down", "hrm"), LookedAt(problems=frozenset({("source_down", "vfs")})), False),
    (("extract_refused", "hrm:2025-03-10"), LookedAt(kinds=frozenset({"extract_refused"})), True),
    (("extract_refused", "hrm:2025-03-10"), LookedAt(kinds=frozenset({"extract_quarantined"})), False),
    (ROWS, LookedAt(tables=frozenset({"vfs_persons"})), True),
    (ROWS, LookedAt(tables=frozenset({"vfs_positions"})), False),
    (("units_emptied", "vfs:S1"), LookedAt(kinds=frozenset({"units_emptied"})), False),
    (("units_emptied", "vfs:S1"), LookedAt(problems=frozenset({("units_emptied", "vfs:S1")})), False),
])
def test_a_problem_is_over_only_when_it_was_looked_at_again(  # contract#first-law
    key: tuple[str, str], looked_at: LookedAt, is_over: bool
) -> None:
    told = Memory({key: Reported(key[0], "open", 0, DAY, is_problem=True)})
    events = due(EVERYTHING, [], told, DAY, looked_at=looked_at)
    assert [e.kind for e in events] == (["resolved"] if is_over else [])
    assert all(e.item.is_problem and e.item.case_number is None for e in events)


@pytest.mark.parametrize(("told", "now", "expected"), [
    (-1, -1, []), (-1, 0, ["escalated"]), (0, -1, []), (1, 1, []), (1, 2, ["escalated"]), (2, 1, [])])
def test_a_problem_that_got_worse_is_told_again_and_one_that_got_better_is_not(told: int, now: int, expected: list[str]) -> None:
    standing = Item(CHECK, "check_failed", "open", DAY - timedelta(days=30), is_problem=True, level=now)
    memory = Memory({CHECK: Reported("check_failed", "open", told, DAY, is_problem=True)})
    assert [e.kind for e in due(EVERYTHING, [standing], memory, DAY, looked_at=LookedAt())] == expected


def test_a_problem_that_passed_untold_is_told_with_its_end_also_when_the_message_was_lost() -> None:
    passed = Item(("extract_refused", "hrm:2025-01-10"), "extract_refused", "resolved", DAY, is_problem=True,)
    looked_at = LookedAt(kinds=frozenset({"extract_refused"}))
    lost = {passed.key: Reported("extract_refused", "open", 0, DAY, is_uncertain=True, is_problem=True)}
    told = {passed.key: Reported("extract_refused", "resolved", 0, DAY, is_problem=True)}
    for reported_before, expected in (({}, ["opened", "resolved"]), (lost, ["opened", "resolved"]), (told, [])):
        events = due(EVERYTHING, [], Memory(dict(reported_before)), DAY, looked_at=looked_at, short_lived=[passed])
        assert [e.kind for e in events] == expected
        assert all(e.item is passed for e in events)


def test_a_case_that_opened_and_was_resolved_between_two_messages_is_both() -> None:
    def kinds(recipient: Recipient, items: list[Item], memory: Memory) -> list[str]:
        return [e.kind for e in due(recipient, items, memory, DAY, looked_at=CASES, short_lived=[item(org_number="S1")])]

    assert kinds(EVERYTHING, [], Memory()) == ["opened", "resolved"]
    assert kinds(EVERYTHING, [item()], Memory()) == ["opened"]
    assert kinds(EVERYTHING, [], Memory({KEY: reported("resolved")})) == []
    assert kinds(Recipient(org_numbers=["S2"]), [], Memory()) == []


@pytest.mark.parametrize(("recipient", "now", "is_due"), [
    (Recipient(), item(), True),
    (Recipient(findings=False), item(), False),
    (Recipient(finding_types=["manual_position"]), item(), False),
    (Recipient(org_numbers=["S1"]), item(org_number="S1"), True),
    (Recipient(org_numbers=["S1"]), item(org_number="S2"), False),
    (Recipient(), item(is_problem=True), False),
    (Recipient(findings=False, data_problems=True), item(is_problem=True), True),
    (Recipient(org_numbers=["S1"]), item(finding_type="lists_outdated", is_problem=True), True),
    (Recipient(findings=False), item(finding_type="lists_outdated", is_problem=True), False),
    (Recipient(data_problems=True), item(finding_type="lists_outdated", is_problem=True), False),
])
def test_only_what_concerns_a_recipient_is_due(recipient: Recipient, now: Item, is_due: bool) -> None:
    assert bool(due(recipient, [now], Memory(), DAY, looked_at=LookedAt())) == is_due


def test_the_oldest_come_first_and_of_one_day_the_lower_key() -> None:
    ages = {("b", "1"): 0, ("c", "1"): 5, ("a", "1"): 0}
    items = [Item(key, "stale_position", "open", DAY - timedelta(days=age)) for key, age in ages.items()]
    assert [e.item.key[0] for e in due(EVERYTHING, items, Memory(), DAY, looked_at=LookedAt())] == ["c", "a", "b"]


@pytest.mark.parametrize(("kind", "step", "fingerprint"), [
    ("opened", 0, "b4556f2775d7d5f6"), ("opened", 7, "b4556f2775d7d5f6"), ("changed", 0, "b6e6b1544d5739e5"),
    ("escalated", 7, "d158d29984ccd5c8"), ("escalated", 30, "ec959072f180bbeb"), ("resolved", 0, "583b3ba4dace5ec9"),
])
def test_a_fingerprint_stays_what_it_is_in_the_logs_that_are_out_there(
    kind: Literal["opened", "changed", "escalated", "resolved"], step: int, fingerprint: str
) -> None:
    assert Event(kind, item(), step).fingerprint("it") == fingerprint


def test_an_event_has_no_step_until_one_is_reached() -> None:
    assert Event("opened", item()).step == 0
    assert [age_step(EVERYTHING, DAY - timedelta(days=age), DAY) for age in (0, 2, 3, 6, 7, 100)] == [0, 0, 3, 3, 7, 7]


@pytest.mark.parametrize(("weekday", "last_sent_on", "is_due"), [
    (None, None, False),
    ("wednesday", None, True),
    ("wednesday", DAY, False),
    ("wednesday", DAY - timedelta(days=1), True),
    ("tuesday", DAY - timedelta(days=1), False),
    ("tuesday", DAY - timedelta(days=2), True),
    ("thursday", DAY - timedelta(days=6), False),
    ("thursday", DAY - timedelta(days=7), True),
    ("monday", DAY - timedelta(days=2), False),
    ("friday", DAY - timedelta(days=6), True),
    ("saturday", DAY - timedelta(days=4), False),
    ("sunday", DAY - timedelta(days=4), True),
])
def test_a_summary_is_due_when_none_was_sent_since_the_latest_such_weekday(
    weekday: Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"] | None,
    last_sent_on: date | None, is_due: bool,
) -> None:
    assert is_weekly_due(Recipient(weekly_summary=weekday), last_sent_on, DAY) == is_due


# --- what whoever acts on the lists is told ----------------------------------------------------------------------------


def told(recipient: Recipient, now: Item) -> bool:
    return bool(due(recipient, [now], Memory(), DAY, looked_at=LookedAt()))


def test_a_withheld_system_is_told_to_whoever_acts_on_the_lists_and_not_twice_to_the_data_team() -> None:
    """contract#withheld-system"""
    withheld = Item(("lists_outdated", "hrm"), "lists_outdated", "open", DAY, is_problem=True)
    assert told(Recipient(), withheld) and told(Recipient(org_numbers=["S2"]), withheld)
    assert not told(Recipient(data_problems=True), withheld)
    assert not told(Recipient(findings=False), withheld)


def test_an_emptied_unit_is_told_once_and_is_never_over() -> None:
    """contract#emptied-org-unit"""
    emptied = Item(("units_emptied", "hrm:2025-03-10:S1"), "units_emptied", "open", DAY, "S1", is_problem=True)
    assert told(Recipient(), emptied) and told(Recipient(org_numbers=["S1"]), emptied)
    assert told(Recipient(findings=False, data_problems=True), emptied)
    assert not told(Recipient(org_numbers=["S2"]), emptied) and not told(Recipient(findings=False), emptied)
    memory = Memory(reported={emptied.key: Reported("units_emptied", "open", 0, DAY, is_problem=True)})
    impatient = Recipient(escalate_after_days=[1])
    looked_at = LookedAt(kinds=frozenset({"units_emptied"}))
    assert due(impatient, [emptied], memory, DAY + timedelta(days=3), looked_at=looked_at) == []
    assert due(impatient, [], memory, DAY + timedelta(days=3), looked_at=looked_at) == []


# --- said to be done, and contradicted ---------------------------------------------------------------------------------

SAID = date(2025, 3, 10)


def claimed(
    claim: str | None = "contradicted", claimed_on: date | None = SAID, status: Literal["open", "excepted"] = "open"
) -> Item:
    return item(status, org_number="S1", details={"claim": claim, "claimed_on": claimed_on})


@pytest.mark.parametrize(("now", "last", "expected"), [
    (claimed(), None, ["opened", "contradicted"]),
    (claimed(), reported(), ["contradicted"]),
    (claimed(), reported(contradicted_on=SAID), []),
    (claimed(claimed_on=DAY), reported(contradicted_on=SAID), ["contradicted"]),  # said again, and wrong again
    (claimed("pending"), reported(), []),
    (claimed(None, None), reported(), []),
    (claimed("pending", DAY), reported(contradicted_on=SAID), []),
    (claimed(status="excepted"), reported("excepted"), []),
    (claimed(), reported(is_uncertain=True), ["opened", "contradicted"]),
])
def test_a_claim_that_vfs_contradicts_is_told_once(now: Item, last: Reported | None, expected: list[str]) -> None:
    """contract#claim-told"""
    events = due(EVERYTHING, [now], Memory({KEY: last} if last else {}), DAY, looked_at=CASES)
    assert [e.kind for e in events] == expected


def test_a_contradicted_claim_is_told_to_whom_the_case_concerns() -> None:
    told_before = Memory({KEY: reported()})
    for recipient, kinds in ((Recipient(org_numbers=["S1"]), ["contradicted"]), (Recipient(org_numbers=["S2"]), [])):
        assert [e.kind for e in due(recipient, [claimed()], told_before, DAY, looked_at=CASES)] == kinds


def test_each_claim_that_is_contradicted_has_a_fingerprint_of_its_own() -> None:
    first, second = (Event("contradicted", claimed(claimed_on=day)).fingerprint("it") for day in (SAID, DAY))
    assert first != second and first == Event("contradicted", claimed(), 7).fingerprint("it")


def test_a_case_that_is_counted_under_another_subject_is_not_over() -> None:
    looked_at = LookedAt(finding_types=CASES.finding_types, counted_elsewhere=frozenset({KEY[0]}))
    assert due(EVERYTHING, [], Memory({KEY: reported()}), DAY, looked_at=looked_at) == []
