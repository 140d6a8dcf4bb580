"""Decisions are kept as they were made: nothing is overwritten, nothing counts twice, and a purge lets go of what ended."""

import json
from datetime import date, timedelta
from pathlib import Path

import pytest

from demo.people import national_id
from ingest.decisions import Decisions
from ingest.errors import IngestError

DAY = date(2025, 3, 10)
LATER = DAY + timedelta(days=30)


@pytest.fixture
def decisions(tmp_path: Path) -> Decisions:
    return Decisions(tmp_path / "decisions")


def except_(
    decisions: Decisions, subject: str = "A1", *, on: date = DAY, until: date = LATER, reason: str = "Vikar", by: str = "Rektor"
) -> str:
    return decisions.except_("stale_position", subject, on, until, reason, by)


def lines(decisions: Decisions, name: str) -> int:
    file = decisions.root / f"{name}.jsonl"
    return len([line for line in file.read_text().splitlines() if line]) if file.exists() else 0


def test_contents_let_in_are_those_of_the_system(decisions: Decisions) -> None:
    assert decisions.accepted("hrm") == set()
    decisions.accept("hrm", DAY, "f1", "a school closed", DAY)
    decisions.accept("hrm", DAY, "f2", "once more", DAY)
    decisions.accept("vfs", LATER, "f3", "x", DAY)
    assert decisions.accepted("hrm") == {(DAY, "f1"), (DAY, "f2")} and decisions.accepted("vfs") == {(LATER, "f3")}


def test_a_decision_cut_short_by_a_crash_is_none_and_harms_no_other(decisions: Decisions) -> None:
    decisions.accept("hrm", DAY, "f1", "x", DAY)
    file = decisions.root / "accepted.jsonl"
    whole = file.read_text()
    with file.open("a") as handle:
        handle.write('{"system": "hrm", "extract_date": "2025-03-11", "finger')
    assert decisions.accepted("hrm") == {(DAY, "f1")}
    decisions.accept("hrm", LATER, "f2", "x", DAY)
    assert decisions.accepted("hrm") == {(DAY, "f1"), (LATER, "f2")}
    assert file.read_text().startswith(whole)  # what was decided stays as it was written


def test_the_same_exception_twice_is_recorded_once(decisions: Decisions) -> None:
    first = except_(decisions)
    assert except_(decisions) == first
    assert except_(decisions, on=DAY + timedelta(days=1)) == first  # the same one is in force
    assert lines(decisions, "exceptions") == 1
    others = {except_(decisions, "A2"), except_(decisions, until=DAY), except_(decisions, reason="x"), except_(decisions, by="x")}
    assert first not in others and len(others) == 4 and lines(decisions, "exceptions") == 5


def test_an_exception_decided_for_an_earlier_day_is_another(decisions: Decisions) -> None:
    assert except_(decisions) != except_(decisions, on=DAY - timedelta(days=1))


def test_an_exception_is_revoked_once_and_can_be_made_again_on_the_same_day(decisions: Decisions) -> None:
    first = except_(decisions)
    decisions.revoke(first, LATER, "It was wrong", "Rådmann")
    with pytest.raises(KeyError):
        decisions.revoke(first, LATER, "twice", "x")
    with pytest.raises(KeyError):
        decisions.revoke("NOBODY", LATER, "x", "x")
    second = except_(decisions)
    decisions.revoke(second, LATER, "x", "x")
    third = except_(decisions)
    assert len({first, second, third}) == 3
    assert [(e["exception_id"], e["revoked_on"], e["revoked_by"]) for e in decisions.exceptions()] == [
        (first, LATER, "Rådmann"), (second, LATER, "x"), (third, None, None)]


def test_an_exception_has_the_same_number_wherever_it_is_recorded(tmp_path: Path) -> None:
    assert except_(Decisions(tmp_path / "a")) == except_(Decisions(tmp_path / "b"))


def test_an_exception_that_an_earlier_version_wrote_without_a_number_has_its_own(decisions: Decisions) -> None:
    exception_id = except_(decisions)
    file = decisions.root / "exceptions.jsonl"
    record = json.loads(file.read_text())
    del record["exception_id"]
    file.write_text(json.dumps(record))
    file.with_name("exceptions.jsonl.seal").unlink()  # an earlier version wrote no seal either
    assert [e["exception_id"] for e in decisions.exceptions()] == [exception_id]
    decisions.revoke(exception_id, LATER, "x", "x")
    assert decisions.exceptions()[0]["revoked_on"] == LATER


def test_a_purge_lets_go_of_exceptions_that_ended_before_it(decisions: Decisions) -> None:
    horizon = DAY + timedelta(days=10)
    except_(decisions, "expired", until=horizon - timedelta(days=1))
    except_(decisions, "expires on the day", until=horizon)
    decisions.revoke(except_(decisions, "revoked before"), horizon - timedelta(days=1), "x", "x")
    decisions.revoke(except_(decisions, "revoked on the day"), horizon, "x", "x")
    except_(decisions, "goes on")
    decisions.accept("hrm", DAY, "f1", "x", DAY)
    assert decisions.purged_before() is None
    decisions.purge(horizon, LATER)
    assert [e["subject_id"] for e in decisions.exceptions()] == ["expires on the day", "revoked on the day", "goes on"]
    assert lines(decisions, "exceptions") == 3 and lines(decisions, "revocations") == 1
    assert decisions.accepted("hrm") == {(DAY, "f1")}
    assert decisions.purged_before() == horizon
    decisions.purge(DAY, LATER)
    assert decisions.purged_before() == horizon  # what is gone does not come back


@pytest.mark.parametrize("field", ["subject_id", "reason", "approved_by"])
def test_a_decision_that_holds_a_national_id_is_not_recorded(decisions: Decisions, field: str) -> None:
    fields = {"subject_id": "A1", "reason": "Vikar", "approved_by": "Rektor"} | {field: f"se {national_id(7)}"}
    with pytest.raises(IngestError) as error:
        decisions.except_("stale_position", approved_on=DAY, until=LATER, **fields)
    assert national_id(7) not in str(error.value) and lines(decisions, "exceptions") == 0


def handled(decisions: Decisions, number: str, on: date, status: str | None = "done") -> None:
    decisions.handle([{"case_number": number, "finding_type": "stale_position", "subject_id": number, "status": status,
                       "handled_by": "Åse", "comment": None, "claimed_on": on, "recorded_on": on, "source": "a.xlsx",
                       "place": "linje 2", "content": "c"}])


def test_how_a_case_is_handled_is_a_history_in_the_order_in_which_it_was_recorded(decisions: Decisions) -> None:
    handled(decisions, "S-1", DAY, "waiting")
    handled(decisions, "S-1", LATER)
    assert [(h["sequence_number"], h["status"], h["recorded_on"]) for h in decisions.handling()] == [
        (1, "waiting", DAY), (2, "done", LATER)]


def test_what_became_of_a_row_is_recorded_once(decisions: Decisions) -> None:
    answer = {"taken_in_on": DAY, "file": "a.xlsx", "sheet": None, "line": 2, "case_number": "S-1", "person_id": None,
              "outcome": "taken_in", "text": "x", "content": "c"}
    decisions.answer([answer, {**answer, "line": 3}])
    decisions.answer([answer, {**answer, "outcome": "unchanged"}, {**answer, "outcome": "not_understood"},
                      {**answer, "content": "d"}])
    assert [(a["line"], a["outcome"], a["content"]) for a in decisions.answers()] == [
        (2, "taken_in", "c"), (3, "taken_in", "c"), (2, "not_understood", "c"), (2, "taken_in", "d")]


def test_a_purge_lets_go_of_how_cases_were_handled_but_for_the_last_of_open_ones(decisions: Decisions) -> None:
    horizon = DAY + timedelta(days=10)
    for number, on in (("S-open", DAY), ("S-open", DAY + timedelta(days=1)), ("S-gone", DAY), ("S-new", horizon)):
        handled(decisions, number, on)
    decisions.answer([{"taken_in_on": on, "file": "a", "sheet": None, "line": n, "case_number": None, "person_id": None,
                       "outcome": "taken_in", "text": "x", "content": "c"} for n, on in enumerate((DAY, horizon))])
    decisions.purge(horizon, LATER, {"S-open"})
    assert [(h["case_number"], h["recorded_on"]) for h in decisions.handling()] == [
        ("S-open", DAY + timedelta(days=1)), ("S-new", horizon)]
    assert [a["taken_in_on"] for a in decisions.answers()] == [horizon]


def test_where_it_is_not_known_which_cases_are_open_a_purge_keeps_the_last_of_each(decisions: Decisions) -> None:
    for on in (DAY, DAY + timedelta(days=1)):
        handled(decisions, "S-1", on)
    decisions.purge(LATER, LATER)
    assert [h["recorded_on"] for h in decisions.handling()] == [DAY + timedelta(days=1)]
