"""People whose number, id, job or group is not what it was: nobody drops from the lists, and remedies say what is in doubt."""

from datetime import date
from typing import Any

import pytest

from tests.support.command_line import Place, changed, town, without

# Synthetic national ids: month + 80.
ONE, TWO = "01858512391", "02858512320"
BEFORE, AFTER = "2025-03-07", "2025-03-10"


def deliver(place: Place, *days: tuple[str, dict[str, Any], dict[str, Any]]) -> None:
    """Deliver (day, HRM, VFS), and run as of the last one."""
    for day, hrm, vfs in days:
        place.deliver("hrm", day, hrm)
        place.deliver("vfs", day, vfs)
    done = place.do("run")
    assert done.code == 0, done.text


def open_findings(place: Place) -> set[tuple[str, str]]:
    return {(f["finding_type"], f["subject_id"]) for f in place.mart("findings", "status = 'open'")}


def test_a_number_given_to_somebody_else_does_not_resolve_the_leavers_finding(place: Place) -> None:
    """contract#bearer, contract#bearer-of-a-person, contract#disputed-identity, contract#disputed-remedy"""
    hrm, vfs = town()
    hrm = changed(hrm, "employees", "employee_number", "001", national_id=ONE)
    vfs = changed(vfs, "persons", "person_id", "P001", national_id=ONE)
    left = changed(hrm, "positions", "position_id", "h001", end_date="2025-03-05")
    given_on = {**without(left, "positions", "position_id", "h001")}
    given_on = changed(given_on, "employees", "employee_number", "001", national_id=TWO, given_name="Ny")
    given_on = {**given_on, "positions": [*given_on["positions"], {
        "position_id": "h901", "employee_number": "001", "org_number": "S1", "start_date": "2025-03-10"}]}
    deliver(place, ("2025-03-04", hrm, vfs), (BEFORE, left, vfs), (AFTER, given_on, vfs))
    assert ("active_vfs_inactive_hrm", "v001") in open_findings(place)
    person, = place.mart("employee_status", "person_id = 'P001'")
    assert (person["employee_number"], person["hrm_status"], person["has_left_with_access"]) == ("001", "inactive", True)
    case, = place.mart("cases", "finding_type = 'active_vfs_inactive_hrm'")
    assert case["is_disputed"] and case["first_seen_on"] == date(2025, 3, 7)
    assert case["remedy"].startswith(
        "Avklar identiteten først: Ansattnummeret på profilen P001 (Test001 Testesen) i VFS brukes nå av en annen i HRM: "
        "ansatt 001 (Ny Testesen).")
    assert "brukes nå av en annen" in place.do("explain", "P001").out


def test_a_corrected_national_id_leaves_the_person_at_work(place: Place) -> None:
    """contract#bearer: a position that goes on"""
    hrm, vfs = town()
    hrm = changed(hrm, "employees", "employee_number", "001", national_id=ONE)
    deliver(place, (BEFORE, hrm, vfs), (AFTER, changed(hrm, "employees", "employee_number", "001", national_id=TWO), vfs))
    assert open_findings(place) == set()


def test_somebody_rehired_under_a_new_number_is_not_ordered_to_be_ended_before_the_identity_is_settled(place: Place) -> None:
    """contract#disputed-remedy"""
    hrm, vfs = town()
    hrm = changed(hrm, "employees", "employee_number", "001", national_id=ONE)
    vfs = changed(vfs, "persons", "person_id", "P001", national_id=ONE)
    rehired = without(without(hrm, "positions", "position_id", "h001"), "employees", "employee_number", "001")
    rehired = {
        **rehired,
        "employees": [*rehired["employees"], {"employee_number": "901", "national_id": ONE, "given_name": "Test001"}],
        "positions": [*rehired["positions"], {"position_id": "h901", "employee_number": "901", "org_number": "S1"}]}
    deliver(place, (BEFORE, hrm, vfs), (AFTER, rehired, vfs))
    assert open_findings(place) == {("active_vfs_inactive_hrm", "v001"), ("disputed_identity", "P001")}
    assert all(c["is_disputed"] and "ansatt 901 (Test001)" in c["remedy"] for c in place.mart("cases"))
    told = place.do("explain", "P001").out
    assert "profilen P001 (Test001 Testesen) i VFS er registrert på ansatt 901 (Test001) i HRM." in told
    assert "(ansatt 901 i HRM)" in told


@pytest.mark.parametrize("made_up", ["018585*****", "00000000000", "Ukjent", "11111111111"])
def test_a_masked_or_made_up_national_id_matches_no_stranger(place: Place, made_up: str) -> None:
    """contract#valid-national-ids, contract#invalid-national-id"""
    hrm, vfs = town()
    hrm = changed(hrm, "employees", "employee_number", "001", national_id=made_up)
    vfs = changed(vfs, "persons", "person_id", "P002", national_id=made_up, employee_number="")
    deliver(place, (AFTER, hrm, vfs))
    assert ("unknown_in_hrm", "v002") in open_findings(place)
    assert ("disputed_identity", "P002") not in open_findings(place)


def test_the_last_of_a_chain_of_segments_ended_back_in_time_tells_its_own_date_and_cause(place: Place) -> None:
    """contract#continuation, contract#own-hrm-position"""
    hrm, vfs = town()
    others = without(hrm, "positions", "position_id", "h001")["positions"]
    dates = [("2020-08-01", "2022-07-31"), ("2022-08-01", "2024-07-31"), ("2024-08-01", "")]
    segments = [{"position_id": f"s{n}", "employee_number": "001", "org_number": "S1", "start_date": start, "end_date": end}
                for n, (start, end) in enumerate(dates)]
    ended = [*segments[:-1], {**segments[-1], "end_date": "2025-03-05"}]
    vfs = changed(vfs, "positions", "position_id", "v001", hrm_position_id="s0")
    deliver(place, (BEFORE, {**hrm, "positions": [*others, *segments]}, vfs),
            (AFTER, {**hrm, "positions": [*others, *ended]}, vfs))
    case, = place.mart("status_mismatches")
    assert (case["vfs_position_id"], case["hrm_position_id"], case["cause"], case["suggested_end_date"]) == (
        "v001", "s2", "backdated", date(2025, 3, 5))
    statuses = {r["hrm_position_id"]: r["status"] for r in place.mart("end_date_propagation")}
    assert statuses == {"s0": "superseded", "s1": "superseded", "s2": "at_risk"}


def test_a_person_gone_from_vfs_whose_access_still_stands_is_matched_as_last_seen(place: Place) -> None:
    """contract#missing-person, contract#has-left-with-access"""
    hrm, vfs = town()
    left = without(without(hrm, "positions", "position_id", "h001"), "employees", "employee_number", "001")
    deliver(place, (BEFORE, hrm, vfs), (AFTER, left, without(vfs, "persons", "person_id", "P001")))
    assert ("active_vfs_inactive_hrm", "v001") in open_findings(place)
    person, = place.mart("employee_status", "person_id = 'P001'")
    assert (person["employee_number"], person["given_name"], person["hrm_status"], person["has_left_with_access"]) == (
        "001", "Test001", "inactive", True)


@pytest.mark.parametrize("group", [
    "kommuneadmin", "KOMMUNEADMIN", "Kommuneadmin\N{NO-BREAK SPACE}", "Kommune\N{SOFT HYPHEN}admin"])
def test_a_kommuneadmin_group_is_known_however_it_is_written(place: Place, group: str) -> None:
    """contract#capitals, contract#white-space, contract#kommuneadmin-roster"""
    hrm, vfs = town()
    vfs = {**vfs, "accesses": [*vfs["accesses"], {"person_id": "P009", "access_group": group, "org_number": "K"}],
           "persons": [*vfs["persons"], {"person_id": "P009", "given_name": "Test", "family_name": "Testesen"}]}
    deliver(place, (AFTER, hrm, vfs))
    assert [r["person_id"] for r in place.mart("kommuneadmin_roster")] == ["P009"]
    assert ("kommuneadmin_review", "P009") in open_findings(place)


def test_a_kommuneadmin_group_that_was_renamed_resolves_nobodys_review_and_is_told(place: Place) -> None:
    """contract#renamed-group, contract#last-seen-not-assessable"""
    hrm, vfs = town()
    stranger = {"person_id": "P009", "given_name": "Test", "family_name": "Testesen"}

    def with_group(group: str) -> dict[str, Any]:
        access = {"person_id": "P009", "access_group": group, "org_number": "K"}
        others = without(vfs, "accesses", "access_group", "Kommuneadmin")["accesses"]
        return {**vfs, "accesses": [*others, access], "persons": [*vfs["persons"], stranger]}

    deliver(place, (BEFORE, hrm, with_group("Kommuneadmin")), (AFTER, hrm, with_group("Kommune-admin")))
    assert ("kommuneadmin_review", "P009") in open_findings(place)
    finding, = place.mart("findings", "finding_type = 'kommuneadmin_review'")
    assert finding["last_seen_on"] == date(2025, 3, 10)
    assert "kommuneadmin_review" in place.mart("data_freshness", "system = 'vfs'")[0]["not_assessable"]


@pytest.mark.parametrize("no_date", ["9999-12-31", "31.12.2099", "2099-12-31T00:00:00"])
def test_a_date_that_means_none_makes_nobody_a_case(place: Place, no_date: str) -> None:
    """contract#placeholder-dates, contract#date-forms"""
    hrm, vfs = town()
    hrm = {**hrm, "positions": [{**p, "start_date": "1900-01-01", "end_date": no_date} for p in hrm["positions"]]}
    vfs = {**vfs, "positions": [{**p, "start_date": "01.01.1900"} for p in vfs["positions"]]}
    deliver(place, (BEFORE, hrm, vfs), (AFTER, changed(hrm, "positions", "position_id", "h001", end_date="2025-03-05"), vfs))
    assert open_findings(place) == {("active_vfs_inactive_hrm", "v001")}
    assert [r["hrm_end_date"] for r in place.mart("end_date_propagation")] == [date(2025, 3, 5)]
