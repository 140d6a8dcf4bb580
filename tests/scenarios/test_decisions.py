"""What people decide about cases: exceptions, confirmations of kommuneadmins."""

from datetime import date

import pytest

from demo.people import national_id
from tests.support.command_line import Place, town

WRONG_USE = 2


def case_number(place: Place) -> str:
    case, = place.mart("cases")
    return case["case_number"]


def test_an_exception_makes_the_finding_excepted_from_the_next_run_on_until_it_expires(ended: Place) -> None:
    done = ended.do("except", case_number(ended), "--until", "2025-03-11", "--reason", "holds the keys", "--by", "the principal")
    assert done.code == 0
    assert ended.do("run").code == 0
    case, = ended.mart("cases")
    assert (case["status"], case["excepted_until"], case["exception_reason"]) == ("excepted", date(2025, 3, 11), "holds the keys")
    assert ended.do("run", today="2025-03-12").code == 0
    finding, = ended.mart("findings")
    assert finding["status"] == "open" and finding["first_seen_on"].isoformat() == "2025-03-10"
    exception, = ended.mart("exceptions")
    assert exception["status"] == "expired" and exception["approved_by"] == "the principal"


@pytest.mark.parametrize(("finding", "options", "message"), [
    ("NONSENSE", {}, "no open case has this number"), (None, {"--until": "2025-01-01"}, "has passed"),
    (None, {"--reason": " "}, "must not be empty"), (None, {"--until": "11.03.2025"}, "expected a day as YYYY-MM-DD"),
])
def test_an_exception_without_case_day_or_reason_is_wrong_use(
    ended: Place, finding: str | None, options: dict, message: str
) -> None:
    given = {"--until": "2025-03-11", "--reason": "x", "--by": "y", **options}
    done = ended.do("except", finding or case_number(ended), *(word for pair in given.items() for word in pair))
    assert done.code == WRONG_USE and message in done.err
    assert ended.do("exceptions").out == "No exception is in force.\n"


def test_a_decision_may_not_hold_a_national_id(ended: Place) -> None:
    done = ended.do("except", case_number(ended), "--until", "2025-03-11", "--reason", f"is {national_id(7)}", "--by", "y")
    assert done.code == 1 and "holds a national id" in done.err
    assert ended.do("exceptions", "--all").out == "No exception is in force.\n"


def test_an_exception_is_listed_and_can_be_revoked(ended: Place) -> None:
    ended.do("except", case_number(ended), "--until", "2025-04-01", "--reason", "x", "--by", "y")
    exception, = ended.do("exceptions", "--json").json
    assert (exception["finding_type"], exception["subject_id"], exception["until"]) == (
        "active_vfs_inactive_hrm", "v001", "2025-04-01")
    assert ended.do("run").code == 0 and ended.mart("cases")[0]["status"] == "excepted"
    assert ended.do("revoke", exception["exception_id"], "--reason", "no longer", "--by", "z").code == 0
    assert ended.do("run").code == 0 and ended.mart("cases")[0]["status"] == "open"
    again = ended.do("revoke", exception["exception_id"], "--reason", "no longer", "--by", "z")
    assert again.code == WRONG_USE and "no exception with this id is in force" in again.err
    assert ended.do("exceptions", "--json").json == []
    listed, = ended.do("exceptions", "--all", "--json").json
    assert (listed["status"], listed["revoked_by"]) == ("revoked", "z")


def test_a_kommuneadmin_is_confirmed_until_a_day_and_comes_back_unanswered(place: Place) -> None:
    hrm, vfs = town()
    admin = {"person_id": "P009", "access_group": "Kommuneadmin", "org_number": "K"}
    place.deliver("hrm", "2025-03-10", hrm)
    place.deliver("vfs", "2025-03-10", {**vfs, "accesses": [*vfs["accesses"], admin], "persons": [
        *vfs["persons"], {"person_id": "P009", "given_name": "Test9", "family_name": "Testesen", "registered_by": "manual"}]})
    place.do("run")
    review = "finding_type = 'kommuneadmin_review'"
    assert [c["status"] for c in place.mart("cases", review)] == ["open"]
    assert place.do("confirm", "P002", "--until", "2025-06-01", "--by", "y").code == WRONG_USE
    assert place.do("confirm", "P009", "--until", "2025-03-11", "--by", "the chief").code == 0
    place.do("run")
    assert [c["status"] for c in place.mart("cases", review)] == ["excepted"]
    entry, = place.mart("kommuneadmin_roster")
    assert (entry["confirmed_until"], entry["confirmed_by"], entry["review_reason"]) == (
        date(2025, 3, 11), "the chief", "not_in_hrm")
    place.do("run", today="2025-03-12")
    assert [c["status"] for c in place.mart("cases", review)] == ["open"]
    assert place.mart("kommuneadmin_roster")[0]["confirmed_until"] is None
