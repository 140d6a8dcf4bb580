"""What is due for whom: each event is sent once, whatever happens on the way, and none is silently lost."""

from contextlib import suppress
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from unittest import mock

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from publish.alerts.due import Event, Item, LookedAt, Memory, due, is_weekly_due
from publish.alerts.items import State
from publish.alerts.log import AlertLog
from publish.alerts.messages import Message, compose
from publish.alerts.recipients import Alerts, Recipient
from publish.alerts.send import send_all

DAY = date(2025, 3, 10)  # a Monday
ALL = LookedAt(finding_types=frozenset({"stale_position", "unknown_in_hrm", "active_vfs_inactive_hrm"}),
               kinds=frozenset({"source_down", "run_failed"}))
EVERYTHING = Recipient(send_to="json://x", escalate_after_days=[3, 7])


def case(name: str, *, since: date = DAY, status: str = "open", finding_type: str = "stale_position", org: str = "S1") -> Item:
    return Item((name, name.upper()), finding_type, status, since, org, details={
        "org_name": "Lia skole", "employee_number": "001", "given_name": "Test", "family_name": "Testesen"})


def state(day: date, *items: Item, resolved: tuple[dict[str, Any], ...] = (), **changed: Any) -> State:
    return State(day, list(items), list(resolved), [], **{"looked_at": ALL, **changed})


class Channel:
    """A channel that collects messages. By its `mode` it can be down, or be killed before or after a message arrives."""

    def __init__(self) -> None:
        self.arrived: list[Message] = []
        self.mode = "up"

    def __call__(self, address: str, message: Message) -> bool:
        if self.mode == "killed before":
            raise KeyboardInterrupt
        if self.mode != "down":
            self.arrived.append(message)
        if self.mode == "killed after":
            raise KeyboardInterrupt
        return self.mode == "up"


@pytest.fixture
def log(tmp_path: Path) -> AlertLog:
    return AlertLog(tmp_path)


def send(log: AlertLog, now: State, channel: Channel, recipient: Recipient = EVERYTHING) -> list[tuple[str, str]]:
    """Send as a run would; returns the events (kind, subject) of the message, if there was one."""
    before = len(log.messages())
    send_all(Alerts(recipients={"r": recipient}), now, log, channel)
    return [(e["event"], e["key"][0]) for m in log.messages()[before:] for e in m["events"]]


def test_a_case_is_sent_only_when_it_opens_reaches_an_age_step_and_is_resolved(log: AlertLog) -> None:
    channel = Channel()
    sent = [send(log, state(DAY + timedelta(days=n), case("a")), channel) for n in range(9)]
    assert sent == [[("opened", "a")], [], [], [("escalated", "a")], [], [], [], [("escalated", "a")], []]
    assert send(log, state(DAY + timedelta(days=9)), channel) == [("resolved", "a")]
    assert send(log, state(DAY + timedelta(days=10)), channel) == []
    assert len(channel.arrived) == 4
    assert channel.arrived[1].body.splitlines()[:2] == [
        "Saker som har stått lenge (1)",
        "- Aktiv stilling uten grunnlag i HRM, Lia skole, ansatt 001, siden 10.03.2025 (3 dager). Sak A, over 3 dager"]


def test_a_case_whose_end_date_was_lost_on_the_way_says_whom_to_ask(log: AlertLog) -> None:
    """contract#transfer-case"""
    channel = Channel()
    lost = case("a", finding_type="end_date_not_propagated")
    send(log, state(DAY, replace(lost, details={**(lost.details or {}), "cause": "not_sent"}),
                    replace(case("b"), details={**(lost.details or {}), "cause": "backdated"})), channel)
    assert ("Sak A. Sluttdatoen var ikke med i overføringen fra HRM etter at den ble kjent. Den som drifter overføringen, "
            "kan finne ut hvorfor.") in channel.arrived[0].body
    assert channel.arrived[0].body.count("overføringen") == 2 and "Sak B\n" in channel.arrived[0].body


def test_a_case_that_was_already_old_when_first_sent_is_not_sent_again_for_that_age(log: AlertLog) -> None:
    channel = Channel()
    assert send(log, state(DAY, case("a", since=DAY - timedelta(days=30))), channel) == [("opened", "a")]
    assert send(log, state(DAY + timedelta(days=5), case("a", since=DAY - timedelta(days=30))), channel) == []


def test_an_exception_is_sent_to_those_who_know_the_case_and_its_end_opens_the_case_again(log: AlertLog) -> None:
    channel = Channel()
    assert send(log, state(DAY, case("known"), case("never sent", status="excepted")), channel) == [("opened", "known")]
    both = case("known", status="excepted"), case("never sent", status="excepted")
    assert send(log, state(DAY, *both), channel) == [("excepted", "known")]
    assert send(log, state(DAY, *both), channel) == []
    again = send(log, state(DAY, case("known"), case("never sent")), channel)
    assert sorted(again) == [("opened", "known"), ("opened", "never sent")]


def test_a_case_that_becomes_another_type_is_one_case(log: AlertLog) -> None:
    channel = Channel()
    send(log, state(DAY, case("a")), channel)
    assert send(log, state(DAY, case("a", finding_type="active_vfs_inactive_hrm")), channel) == [("changed", "a")]
    assert send(log, state(DAY, case("a", finding_type="active_vfs_inactive_hrm")), channel) == []


def test_a_case_resolved_between_two_messages_is_sent_but_not_one_from_before_the_first(log: AlertLog) -> None:
    channel = Channel()
    gone = {"subject_id": "b", "case_number": "B", "finding_type": "stale_position", "org_number": "S1"}
    before = {**gone, "problem_since": DAY - timedelta(days=5)}
    assert send(log, state(DAY, case("a"), resolved=(before,)), channel) == [("opened", "a")]
    short_lived = state(DAY + timedelta(days=2), case("a"), resolved=({**gone, "problem_since": DAY + timedelta(days=1)},))
    assert send(log, short_lived, channel) == [("opened", "b"), ("resolved", "b")]
    assert "Nye saker" not in channel.arrived[-1].body and "Løst siden sist: 1" in channel.arrived[-1].body
    assert send(log, short_lived, channel) == []


def test_a_recipient_is_sent_only_cases_and_problems_that_concern_them(log: AlertLog) -> None:
    leader = replace_recipient(org_numbers=["S2"], finding_types=["stale_position"])
    items = [case("mine", org="S2"), case("elsewhere"), case("other type", org="S2", finding_type="unknown_in_hrm"),
             Item(("source_down", "hrm"), "source_down", "open", DAY, is_problem=True, details={
        "system": "vfs", "org_name": "Lia skole", "active_positions_before": 5, "emptied_on": DAY})]
    assert send(log, state(DAY, *items), Channel(), leader) == [("opened", "mine")]


def replace_recipient(**changed: Any) -> Recipient:
    return Recipient.model_validate({**EVERYTHING.model_dump(), "send_to": "json://x", **changed})


def test_after_a_run_that_failed_nothing_counts_as_resolved(log: AlertLog) -> None:
    channel, everything = Channel(), replace_recipient(data_problems=True)
    down = Item(("source_down", "hrm"), "source_down", "open", DAY, is_problem=True, details={
        "system": "vfs", "org_name": "Lia skole", "active_positions_before": 5, "emptied_on": DAY})
    assert send(log, state(DAY, case("a"), down), channel, everything) == [("opened", "a"), ("opened", "source_down")]
    failed = Item(("run_failed", "daily"), "run_failed", "open", DAY, is_problem=True, details={})
    assert send(log, state(DAY, failed, looked_at=LookedAt(), cases_are_known=False), channel, everything) == [
        ("opened", "run_failed")]
    healed = send(log, state(DAY, case("a")), channel, everything)
    assert sorted(healed) == [("resolved", "run_failed"), ("resolved", "source_down")]


@pytest.mark.parametrize("mode", ["down", "killed before", "killed after", "refused after"])
def test_an_event_that_may_not_have_arrived_is_sent_again_and_marked(log: AlertLog, mode: str) -> None:
    channel = Channel()
    channel.mode = mode
    try:
        assert send(log, state(DAY, case("a")), channel) == [("opened", "a")]
    except KeyboardInterrupt:
        assert mode.startswith("killed")
    channel.mode = "up"
    assert send(log, state(DAY, case("a")), channel) == [("opened", "a")]
    assert "Sak A (kan være sendt før)" in channel.arrived[-1].body
    assert [r["is_uncertain"] for r in log.rows() if r["event"] == "opened"] == [False, True]
    assert send(log, state(DAY, case("a")), channel) == []


def test_a_case_resolved_while_the_channel_was_down_is_still_sent(log: AlertLog) -> None:
    channel = Channel()
    channel.mode = "down"
    send(log, state(DAY, case("a")), channel)
    channel.mode = "up"
    assert send(log, state(DAY + timedelta(days=1)), channel) == [("opened", "a"), ("resolved", "a")]


def test_a_summary_comes_each_week_also_when_there_is_no_news(log: AlertLog) -> None:
    channel, weekly = Channel(), replace_recipient(weekly_summary="monday")
    quiet = [state(DAY + timedelta(days=n)) for n in range(-3, 9)]
    sent = []
    for now in quiet:
        before = len(channel.arrived)
        send(log, now, channel, weekly)
        sent.append(len(channel.arrived) - before)
    assert sent == [1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 1, 0]  # the first one at once, then Mondays
    assert not is_weekly_due(EVERYTHING, None, DAY)


@pytest.mark.parametrize(("identify_by", "shown"), [
    ("none", set()), ("employee_number", {"001"}), ("name", {"001", "Test Testesen"})])
def test_a_message_names_people_only_as_the_recipient_allows(identify_by: str, shown: set[str]) -> None:
    recipient = replace_recipient(identify_by=identify_by)
    item = case("a")
    body = compose(Alerts(), recipient, state(DAY, item), [Event("opened", item)], lambda e: False).body
    assert {word for word in ("001", "Test Testesen") if word in body} == shown


def test_a_long_list_names_the_newest_and_counts_the_rest() -> None:
    items = [case(f"c{n}", since=DAY - timedelta(days=n)) for n in range(5)]
    alerts = Alerts(newest=2, report_url="https://report.test/sluttdato/")
    body = compose(alerts, EVERYTHING, state(DAY, *items), [Event("opened", i) for i in items], lambda e: False).body
    assert "Nye saker (5)" in body and "Sak C0" in body and "Sak C1" in body and "Sak C2" not in body
    assert "- og 3 til, se listen" in body and "https://report.test/sluttdato/saker.html" in body


def test_a_school_leader_gets_a_link_to_the_schools_own_page_also_when_its_last_case_is_resolved() -> None:
    alerts, item = Alerts(report_url="https://report.test"), case("a")
    leader = replace_recipient(org_numbers=["S1"])
    gone = replace(item, status="resolved")
    for now, event in ((state(DAY, item), Event("opened", item)), (state(DAY), Event("resolved", gone))):
        assert "https://report.test/skoler/S1/index.html" in compose(alerts, leader, now, [event], bool).body


# --- any history -----------------------------------------------------------------------------------------------------

_STATUSES = st.sampled_from([None, None, "open", "open", "excepted"])
_TYPES = st.sampled_from(["stale_position", "unknown_in_hrm"])
_MODES = st.sampled_from(["up", "up", "up", "down", "killed before", "killed after", "refused after"])
_DAYS = st.lists(st.tuples(
    st.dictionaries(st.sampled_from("abc"), st.tuples(_STATUSES, _TYPES), max_size=3), _MODES, st.integers(1, 2)), max_size=14)


@given(_DAYS)
@settings(max_examples=100, deadline=None)
def test_whatever_happens_each_case_is_sent_once_or_marked_and_none_is_lost(days: list[tuple[dict[str, Any], str, int]]) -> None:
    """Random days of cases that open, change, are excepted and resolved, over a channel that fails in every way.

    At the end, with the channel up, a reader who knows only the messages that arrived knows the current state.
    """
    with TemporaryDirectory() as folder, mock.patch("os.fsync"):  # nobody pulls the plug here
        log, channel = AlertLog(Path(folder)), Channel()
        number = dict.fromkeys("abc", 0)
        present: set[str] = set()
        opened: dict[str, date] = {}
        resolved: list[dict[str, Any]] = []
        day = DAY
        everybody: set[tuple[str, str]] = set()
        last_state = state(day)
        for cases, mode, runs in days:
            now = {name: case for name, case in cases.items() if case[0]}
            for name in present - now.keys():
                resolved.append({"subject_id": name, "case_number": f"{name}{number[name]}", "finding_type": "stale_position",
                                 "org_number": "S1", "problem_since": opened[name]})
            for name in now.keys() - present:
                number[name] += 1
                opened[name] = day
            present = set(now)
            items = [Item((name, f"{name}{number[name]}"), finding_type, status, opened[name], "S1", details={})
                     for name, (status, finding_type) in now.items()]
            everybody |= {i.key for i in items if i.status == "open"}
            last_state = state(day, *items, resolved=tuple(resolved))
            channel.mode = mode
            for _ in range(runs):
                with suppress(KeyboardInterrupt):
                    send_all(Alerts(recipients={"r": EVERYTHING}), last_state, log, channel)
            day += timedelta(days=1)
        channel.mode = "up"
        send_all(Alerts(recipients={"r": EVERYTHING}), last_state, log, channel)
        before = len(log.messages())
        send_all(Alerts(recipients={"r": EVERYTHING}), last_state, log, channel)
        assert len(log.messages()) == before, "what was sent is sent again"

        memory = log.memory("r")
        for item in last_state.items:
            last = memory.reported.get(item.key)
            if item.status == "open":
                assert last and last.status == "open" and last.finding_type == item.finding_type and not last.is_uncertain
        known_open = {key for key, last in memory.reported.items() if last.status == "open"}
        assert known_open == {i.key for i in last_state.items if i.status == "open"}
        first = min((m["told_on"] for m in log.messages() if m["state"] == "sent"), default=None)
        lost = {k for k in everybody if k not in memory.reported or memory.reported[k].is_uncertain}
        since = {(r["subject_id"], r["case_number"]): r["problem_since"] for r in resolved}
        assert all(k in since and (first is None or since[k] <= first) for k in lost), "a case was never sent"
        # A case may be sent as opened twice without a mark only if it was sent as resolved or excepted in between.
        state_of: dict[str, str] = {}
        for row in [r for r in log.rows() if r["state"] == "sent" and r["event"] != "still_open"]:
            if row["event"] == "opened" and not row["is_uncertain"]:
                assert state_of.get(row["case_number"]) != "opened", "sent twice and not marked"
            state_of[row["case_number"]] = row["event"]


def test_the_memory_of_an_unknown_recipient_is_empty(log: AlertLog) -> None:
    assert log.memory("nobody") == Memory() and log.rows() == []
    assert due(EVERYTHING, [replace(case("a"), status="excepted")], Memory(), DAY, looked_at=ALL) == []


def test_a_purge_removes_old_events_of_problems_that_are_never_over(log: AlertLog) -> None:
    emptied = Item(("units_emptied", "vfs:S1"), "units_emptied", "open", DAY, is_problem=True, details={
        "system": "vfs", "org_name": "Lia skole", "active_positions_before": 5, "emptied_on": DAY})
    everything, channel = replace_recipient(data_problems=True), Channel()
    log.begin("r", DAY, [Event("opened", emptied)], 0, set(), is_problem_only=False)
    log.purge(DAY)
    assert len(log.messages()) == 1
    log.purge(DAY + timedelta(days=1))
    assert log.messages() == []
    assert send(log, state(DAY), channel, everything) == []


def test_a_purge_removes_old_events_of_resolved_cases_and_nothing_else(log: AlertLog) -> None:
    channel = Channel()
    send(log, state(DAY, case("gone"), case("still")), channel)
    send(log, state(DAY + timedelta(days=1), case("still")), channel)
    send(log, state(DAY + timedelta(days=2), case("still"), case("new")), channel)
    log.purge(DAY + timedelta(days=2))
    assert [(e["event"], e["key"][0]) for m in log.messages() for e in m["events"]] == [("opened", "still"), ("opened", "new")]
    assert all(m["state"] == "sent" for m in log.messages())
    assert send(log, state(DAY + timedelta(days=2), case("still"), case("new")), channel) == []


def contradicted(said_on: date) -> Item:
    told = case("a")
    return replace(told, details={**(told.details or {}), "claim": "contradicted", "claimed_on": said_on})


@pytest.mark.parametrize("mode", ["down", "killed before", "killed after", "refused after"])
def test_a_contradicted_claim_is_sent_once_or_marked_and_another_one_anew(log: AlertLog, mode: str) -> None:
    channel, said_on = Channel(), DAY - timedelta(days=1)
    send(log, state(DAY, case("a")), channel)
    channel.mode = mode
    with suppress(KeyboardInterrupt):
        assert send(log, state(DAY, contradicted(said_on)), channel) == [("contradicted", "a")]
    channel.mode = "up"
    assert send(log, state(DAY, contradicted(said_on)), channel) == [("contradicted", "a")]
    last = channel.arrived[-1]
    assert ("Meldt gjort, men VFS viser dem fortsatt (1)\n- Aktiv stilling uten grunnlag i HRM, Lia skole, ansatt 001, siden "
            "10.03.2025. Sak A. Meldt gjort 09.03.2025, men VFS viser den fortsatt (kan være sendt før)") in last.body
    assert last.title == "Advarsel – Sluttdato 10.03.2025: 1 meldt gjort som VFS fortsatt viser, 1 åpen"
    assert send(log, state(DAY, contradicted(said_on)), channel) == []
    log.purge(DAY + timedelta(days=1))
    three_days = state(DAY + timedelta(days=3), contradicted(said_on))
    assert send(log, three_days, channel) == [("escalated", "a")] and send(log, three_days, channel) == []
    assert send(log, state(DAY + timedelta(days=3), contradicted(DAY)), channel) == [("contradicted", "a")]
    assert send(log, state(DAY + timedelta(days=4)), channel) == [("resolved", "a")]


def test_a_log_of_an_earlier_version_tells_nothing_anew_and_nothing_as_over(log: AlertLog, tmp_path: Path) -> None:
    """Its case numbers lack `S-`; so do the fingerprints that are made of them."""
    def numbered(subject: str, number: str, since: date = DAY) -> Item:
        return replace(case(subject, since=since), key=(subject, number))

    old = [numbered("a", "3F9A12C4"), numbered("b", "00000012")]
    now = [numbered("a", "S-3F9A12C4"), numbered("b", "S-00000012")]
    stale = Item(("extract_stale", "0A0A0A0A"), "extract_stale", "open", DAY, is_problem=True)
    old_log, everything = AlertLog(tmp_path / "old"), replace_recipient(data_problems=True)
    opened = [Event("opened", i) for i in [*old, stale]]
    old_log.end(old_log.begin("r", DAY, opened, 0, set(), is_problem_only=False), sent=True)
    assert old_log.memory("r").reported.keys() == {i.key for i in [*now, stale]}
    assert send(old_log, state(DAY, *now, stale), Channel(), everything) == []
    assert send(old_log, state(DAY + timedelta(days=1), now[0], stale), Channel(), everything) == [("resolved", "b")]
    assert {r["case_number"] for r in old_log.rows()} == {"S-3F9A12C4", "S-00000012", None}

    log.end(log.begin("r", DAY, opened[:1], 0, set(), is_problem_only=False), sent=False)  # it may have arrived
    channel = Channel()
    assert send(log, state(DAY, now[0]), channel) == [("opened", "a")]
    assert "Sak S-3F9A12C4 (kan være sendt før)" in channel.arrived[0].body
    for kind, step in (("escalated", 7), ("changed", 0), ("excepted", 0), ("resolved", 0)):
        event = Event(kind, old[0], step)  # pyright: ignore[reportArgumentType]
        log.end(log.begin(kind, DAY, [event], 0, set(), is_problem_only=False), sent=False)
        assert log.memory(kind).uncertain == {replace(event, item=now[0]).fingerprint(kind)}
