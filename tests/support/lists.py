"""Lists made by hand, for tests of what the report and the worklists show of them."""

from datetime import date
from typing import Any

from ingest.sql import Row
from publish.cases import in_order
from publish.headline import Headline
from publish.lists import Lists
from publish.schools import School

DAY = date(2025, 3, 10)
_EMPTY = dict.fromkeys((
    "given_name", "family_name", "role", "start_date", "vfs_end_date", "can_log_in", "hrm_status", "hrm_position_id",
    "hrm_end_date", "hrm_end_date_known_on", "last_held_on", "suggested_end_date", "date_to_set", "access_groups",
    "access_org_numbers", "review_reason", "excepted_until", "exception_reason", "excepted_by", "change", "handling_status",
    "handled_by", "handling_comment", "handled_on", "claimed_on", "claim"))


def case(number: str, **changed: Any) -> Row:
    """A row of the mart `cases`."""
    return {**_EMPTY, "case_number": number, "finding_id": f"f{number}", "finding_type": "unknown_in_hrm", "subject_id": "v1",
            "status": "open", "person_id": "P1", "employee_number": "001", "org_number": "S1", "org_name": "Lia skole",
            "cause": "no_counterpart", "priority": 2, "is_lead": True, "is_disputed": False, "ends_by_itself": False,
            "has_left_with_access": True, "first_seen_on": DAY, "problem_since": DAY, "is_age_lower_bound": False, "days_open": 0,
            "age_days": 0, "why": "Fordi", "remedy": "Gjør noe", "as_of_date": DAY, **changed}


def resolved(number: str, **changed: Any) -> Row:
    """A row of the mart `resolved_cases`."""
    return {"case_number": number, "finding_id": f"f{number}", "finding_type": "unknown_in_hrm", "subject_id": "v1",
            "person_id": "P1", "employee_number": "001", "given_name": None, "family_name": None, "org_number": "S1",
            "org_name": "Lia skole", "role": None, "problem_since": DAY, "first_seen_on": DAY, "resolved_on": DAY,
            "is_age_lower_bound": False, "days_to_resolve": 0, "done_on": None, "as_of_date": DAY, **changed}


def fresh(**changed: Any) -> list[Row]:
    """The mart `data_freshness`, with `changed` columns for VFS."""
    common = {"current_extract_date": DAY, "age_days": 0, "status": "fresh", "not_assessable": [], "withheld_extracts": 0,
              "is_too_old": False, "may_be_frozen": False, "unchanged_since": DAY, "kept_rows": 0, "may_miss_rows": 0}
    return [{"system": "hrm", **common}, {"system": "vfs", **common, **changed}]


def lists(cases: list[Row], **changed: Any) -> Lists:
    """Lists of these cases, with a school for each unit that they name."""
    schools: dict[str, School] = {}
    ordered = in_order(cases)
    for c in ordered:
        if c["org_number"]:
            name = c["org_name"]
            schools.setdefault(c["org_number"], School(c["org_number"], name)).cases.append(c)
    made: dict[str, Any] = {
        "as_of": DAY, "first_day": date(2025, 1, 1), "kommune": "9999 Oppdikta kommune",
        "headline": Headline(left=len({c["person_id"] for c in cases}), unknown=0), "cases": ordered, "resolved": [],
        "roster": [], "answers": [],
        "freshness": fresh(), "schools": list(schools.values()), "checked": {"persons": 40, "positions": 41, "accesses": 1}}
    return Lists(**made | changed)
