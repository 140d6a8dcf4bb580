"""One end date, match or access changed in the delivered files changes exactly the expected findings and checks."""

from datetime import date
from typing import Any

import pytest

from tests.support.command_line import Place, changed, town

HRM, VFS = town(6)
DAYS = ("2025-03-07", "2025-03-10")


def with_access(person: str, org: str, group: str = "Lærer") -> dict[str, Any]:
    return {**VFS, "accesses": [*VFS["accesses"], {"person_id": person, "access_group": group, "org_number": org}]}


CASES: dict[str, tuple[dict, dict, set, set]] = {
    # name: (HRM and VFS on the last day, findings {(type, subject)}, failed checks)
    "nothing": (HRM, VFS, set(), set()),
    "end date back in time": (
        changed(HRM, "positions", "position_id", "h001", end_date="2025-03-05"), VFS,
        {("active_vfs_inactive_hrm", "v001")}, {"end_date_propagation.end_dates_propagate"}),
    "end date today": (changed(HRM, "positions", "position_id", "h001", end_date="2025-03-10"), VFS, set(), set()),
    "end date that arrived": (
        changed(HRM, "positions", "position_id", "h001", end_date="2025-03-12"),
        changed(VFS, "positions", "position_id", "v001", end_date="2025-03-12"), set(), set()),
    "position vanished": (
        {**HRM, "positions": HRM["positions"][1:]}, VFS,
        {("active_vfs_inactive_hrm", "v001")}, {"end_date_propagation.end_dates_propagate"}),
    "moved school": (
        {**HRM, "positions": [{**HRM["positions"][0], "org_number": "S2"}, *HRM["positions"][1:]]}, VFS,
        {("stale_position", "v001")}, set()),
    "match lost": (
        HRM, changed(VFS, "persons", "person_id", "P001", employee_number="X"),
        {("unknown_in_hrm", "v001")}, {"employee_status.match_rate_holds"}),
    "duplicate profile": (
        HRM, changed(VFS, "persons", "person_id", "P003", employee_number="001"),
        {("disputed_identity", "P001"), ("disputed_identity", "P003")}, {"findings.identities_are_certain"}),
    "access at another school": (HRM, with_access("P001", "S2"), {("access_without_position", "P001:S2")}, set()),
    "kommuneadmin without a position": (
        HRM, {**with_access("P001", "K", "Kommuneadmin"), "positions": VFS["positions"][1:], "accesses": [
            *VFS["accesses"][1:], {"person_id": "P001", "access_group": "Kommuneadmin", "org_number": "K"}]},
        {("kommuneadmin_review", "P001"), ("ended_early_in_vfs", "h001")}, {"kommuneadmin_roster.kommuneadmins_are_in_order"}),
    "access left behind": (
        {**HRM, "positions": HRM["positions"][1:]}, changed(VFS, "positions", "position_id", "v001", end_date="2025-03-09"),
        {("inactive_with_access", "P001")}, set()),
    "manual position": (
        HRM, {**VFS, "positions": [*VFS["positions"], {
            "position_id": "m1", "person_id": "P001", "org_number": "S2", "start_date": "2025-03-10",
            "registered_by": "manual"}]},
        {("manual_position", "m1")}, set()),
}


@pytest.mark.parametrize("case", CASES)
def test_exactly_the_expected_findings_and_checks_change(place: Place, case: str) -> None:
    hrm, vfs, findings, checks = CASES[case]
    for day, (h, v) in zip(DAYS, [(HRM, VFS), (hrm, vfs)], strict=True):
        place.deliver("hrm", day, h)
        place.deliver("vfs", day, v)
    done = place.do("run", "--json")
    assert done.code == 0
    assert {(f["finding_type"], f["subject_id"]) for f in place.mart("findings")} == findings
    assert {name for _, name, _ in done.json["failed_checks"]} == checks
    shown = {(c["finding_type"], name) for c in place.mart("cases") for name in DETAILS if c[name] is not None}
    assert shown == {(finding_type, name) for finding_type, _ in findings for name in SHOWN[finding_type]}


# What a case shows, beside what is in its finding, of the position or the list that it is on.
DETAILS = ("role", "start_date", "cause", "hrm_position_id", "suggested_end_date", "access_groups", "review_reason")
SHOWN = {
    "active_vfs_inactive_hrm": {"role", "start_date", "cause", "hrm_position_id", "suggested_end_date"},
    "stale_position": {"role", "start_date", "cause", "hrm_position_id"},
    "unknown_in_hrm": {"role", "start_date", "cause"},
    "manual_position": {"start_date", "cause"},
    "disputed_identity": set(),
    "access_without_position": {"access_groups"},
    "inactive_with_access": {"access_groups"},
    "kommuneadmin_review": {"access_groups", "review_reason"},
    "ended_early_in_vfs": {"start_date", "hrm_position_id"},
}


def test_a_case_of_an_end_date_that_did_not_arrive_shows_it_and_the_position(place: Place) -> None:
    for day in DAYS:
        place.deliver("hrm", day, changed(HRM, "positions", "position_id", "h001", end_date="2025-03-20"))
        place.deliver("vfs", day, VFS)
    assert place.do("run").code == 0
    case, = place.mart("cases")
    assert {name: case[name] for name in ("finding_type", "role", "hrm_position_id", "hrm_end_date", "suggested_end_date")} == {
        "finding_type": "end_date_not_propagated", "role": "Lærer", "hrm_position_id": "h001",
        "hrm_end_date": date(2025, 3, 20), "suggested_end_date": date(2025, 3, 20)}
