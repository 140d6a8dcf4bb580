"""Mutations of the delivered files: with one end date, one match or one access changed, exactly the expected changes."""

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
