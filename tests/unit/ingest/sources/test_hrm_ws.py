"""Answers of hrm_ws as its known clients read them."""

from io import BytesIO
from typing import Any

import pytest

from ingest.sources import hrm_ws

Rows = list[dict[str, Any]]


def position(place: str | None = "974000001", code: str | None = "4", start: str | None = "2020-08-01", end: str = "",
             percentage: str = "100.0", valid_from: str = "2024-01-01") -> str:
    coded = f"<positionCode positionId='{code}' positionCode='7966' name='Lektor'/>" if code else ""
    placed = f"<positionStatistics><businessNumber value='{place}'/></positionStatistics>" if place else ""
    dates = (f"<positionStartDate>{start}</positionStartDate>" if start else "") + (
        f"<positionEndDate>{end}</positionEndDate>" if end else "")
    return (f"<position validFromDate='{valid_from}'><positionPercentage>{percentage}</positionPercentage>{dates}"
            f"<positionInfo>{coded}</positionInfo>{placed}</position>")


def employment(*positions: str, number: str = "1001", company: str = "", end: str = "", more: str = "") -> str:
    told = (f"<company>{company}</company>" if company else "") + (f"<endDate>{end}</endDate>" if end else "") + more
    return f"<employment>{told}<employeeId>{number}</employeeId><positions>{''.join(positions)}</positions></employment>"


def read(*employments: str, company: str = "1", root: str = "personsXML") -> tuple[Rows, Rows, dict[str, int]]:
    """Employees, positions, and the doubts about these."""
    person = f"<person><givenName>Test</givenName><employments>{''.join(employments)}</employments></person>"
    lines = [lines for _, lines in hrm_ws.read_people(BytesIO(f"<{root}>{person}</{root}>".encode()))]
    tables = hrm_ws.tables(lines, company)
    return (tables["employees"].data.to_pylist(), tables["positions"].data.to_pylist(),
            {note.name: note.count for note in tables["positions"].notes})


@pytest.mark.parametrize("root", ["personsXML", "persons"])
def test_both_roots_that_services_use_are_read(root: str) -> None:
    """contract#adapter-visma-hrm"""
    employees, positions, doubts = read(employment(position()), root=root)
    assert [e["employee_number"] for e in employees] == ["1001"] and doubts == {}
    assert [(p["position_id"], p["org_number"]) for p in positions] == [("1001:4:2020-08-01", "974000001")]


@pytest.mark.parametrize(("own", "of_employment", "expected"), [
    ("", "2026-06-30", "2026-06-30"), ("2026-06-30", "", "2026-06-30"), ("", "", None),
    ("2026-06-30", "2026-12-31", "2026-06-30"), ("2026-12-31", "30.06.2026", "2026-06-30"),
    ("9999-12-31", "2026-06-30", "2026-06-30"), ("2026-06-30", "1900-01-01", "2026-06-30"),
    ("2026-06-30", "2026-02-31", "2026-02-31"),  # cannot be read: its row will be rejected
])
def test_a_position_ends_on_the_earliest_of_its_own_end_and_that_of_its_employment(
    own: str, of_employment: str, expected: str | None
) -> None:
    """contract#adapter-visma-hrm"""
    _, positions, _ = read(employment(position(end=own), end=of_employment), employment(position(code="9"), number="1002"))
    assert [p["end_date"] for p in positions] == [expected, None]


def test_a_position_that_has_ended_on_no_day_is_absent_whatever_its_employment_says() -> None:
    """contract#adapter-visma-hrm"""
    def ended(end: str = "", employed_to: str = "") -> str:
        job = position(end=end).replace("<positionInfo>", "<positionInfo><positionType value='S' name='Sluttet'/>")
        return employment(job, end=employed_to)

    going_on = employment(position(), number="2")
    for others in ((going_on,), (going_on, employment(position(), number="3", end="2030-01-01"))):
        for one in (ended(), ended("9999-12-31"), ended(employed_to="2030-01-01"), ended("9999-12-31", "2030-01-01")):
            assert "1001" not in {p["employee_number"] for p in read(one, *others)[1]}
        assert "1001" in {p["employee_number"] for p in read(ended("2026-06-30"), *others)[1]}


def test_of_several_companies_only_the_one_that_was_asked_for_counts() -> None:
    """contract#adapter-visma-hrm"""
    answer = (employment(position(), company="<companyId>1</companyId>"),
              employment(position(), number="2001", company="<companyId>20</companyId>"), employment(position(), number="3001"))
    employees, positions, _ = read(*answer, company="001")
    assert [e["employee_number"] for e in employees] == [p["employee_number"] for p in positions] == ["1001", "3001"]
    assert len(read(answer[1], answer[2])[0]) == 2  # one company alone: whatever its number is
    with pytest.raises(hrm_ws.OtherCompanies, match="1, 20"):
        read(*answer, company="7")


def test_without_a_start_of_its_own_a_position_starts_when_it_is_valid_from() -> None:
    """contract#adapter-visma-hrm"""
    _, positions, _ = read(employment(position(start=None), position(code="5")))
    assert [(p["position_id"], p["start_date"]) for p in positions] == [
        ("1001:4:2024-01-01", "2024-01-01"), ("1001:5:2020-08-01", "2020-08-01")]


def test_without_a_code_the_rest_is_the_id_and_where_that_is_not_unique_the_place_or_the_number_tells_them_apart() -> None:
    """contract#adapter-visma-hrm"""
    def ids(*positions: str) -> list[str]:
        return [p["position_id"] for p in read(employment(*positions))[1]]

    assert ids(position(code=None)) == ["1001::2020-08-01"]
    assert ids(position(code=None), position("974000002", code=None)) == [
        "1001::2020-08-01:974000001", "1001::2020-08-01:974000002"]
    assert ids(position(), position("974000002"), position(code="5")) == [
        "1001:4:2020-08-01:974000001", "1001:4:2020-08-01:974000002", "1001:5:2020-08-01"]
    assert ids(position(), position(percentage="60.0")) == ["1001:4:2020-08-01:1", "1001:4:2020-08-01:2"]
    assert ids(position(), position()) == ["1001:4:2020-08-01"] * 2  # the same one twice


@pytest.mark.parametrize(("employment_of", "expected"), [
    (employment(position(place=None), company="<organizationNumber>964000000</organizationNumber>"), "964000000"),
    (employment(position(place=None), more="<businessNumber value='974000009'/>",
                company="<organizationNumber>964000000</organizationNumber>"), "974000009")])
def test_a_position_without_a_business_number_stands_at_its_employments_or_companys_and_is_counted(
    employment_of: str, expected: str
) -> None:
    """contract#adapter-visma-hrm"""
    _, positions, doubts = read(employment_of, employment(position(), number="1002"))
    assert [p["org_number"] for p in positions] == [expected, "974000001"] and doubts == {"at_company_number": 1}
    assert read(employment(position(place=None)))[1][0]["org_number"] is None  # the door rejects it
