"""What is read from a published set for messages: each case once, the headline figure, and whose the resolved cases were."""

from datetime import date
from pathlib import Path

import duckdb
import pytest

from publish.alerts.due import LookedAt
from publish.alerts.items import State, read_state
from publish.headline import Headline

DAY = date(2025, 3, 10)
_TABLES = """
CREATE TABLE cases (case_number VARCHAR, finding_type VARCHAR, subject_id VARCHAR, status VARCHAR, person_id VARCHAR,
  org_number VARCHAR, problem_since DATE, is_lead BOOLEAN);
CREATE TABLE findings (case_number VARCHAR, finding_type VARCHAR, subject_id VARCHAR, status VARCHAR, person_id VARCHAR,
  org_number VARCHAR, problem_since DATE);
CREATE TABLE employee_status (person_id VARCHAR, employee_number VARCHAR, given_name VARCHAR, family_name VARCHAR,
  hrm_status VARCHAR, has_left_with_access BOOLEAN);
CREATE TABLE access_risk_daily (evaluation_date DATE, is_total BOOLEAN, people_left_with_access INTEGER,
  people_unknown_with_access INTEGER, as_of_date DATE);
INSERT INTO access_risk_daily VALUES ('2025-03-09', true, 9, 9, '2025-03-10'), ('2025-03-10', true, 4, 3, '2025-03-10'),
  ('2025-03-10', false, 2, 1, '2025-03-10');
CREATE TABLE org_units (org_number VARCHAR, name VARCHAR);
CREATE TABLE extracts (system VARCHAR, extract_date DATE, arrival INTEGER, status VARCHAR, reason VARCHAR, reason_facts VARCHAR,
  is_withheld BOOLEAN, as_of_date DATE);
CREATE TABLE data_freshness (system VARCHAR, current_extract_date DATE, age_days INTEGER, status VARCHAR, not_assessable VARCHAR,
  as_of_date DATE);
INSERT INTO data_freshness SELECT system, DATE '2025-03-09', 1, 'fresh', '', DATE '2025-03-10'
  FROM (VALUES ('hrm'), ('vfs')) AS systems(system);
INSERT INTO org_units VALUES ('S1', 'Lia skole');
INSERT INTO employee_status VALUES ('p1', '001', 'Test1', 'Testesen', 'inactive', true),
  ('p2', '002', NULL, NULL, 'unknown', true),
  ('p3', '003', NULL, NULL, 'unknown', true), ('p4', '004', NULL, NULL, 'inactive', false),
  ('p5', '005', NULL, NULL, 'unknown', true);
"""


@pytest.fixture
def marts(tmp_path: Path) -> Path:
    file = tmp_path / "marts.duckdb"
    with duckdb.connect(str(file)) as con:
        con.execute(_TABLES)
    return file


def read(marts: Path, *statements: str) -> State:
    with duckdb.connect(str(marts)) as con:
        for statement in statements:
            con.execute(statement)
    return read_state(marts, [], {}, looked_at=LookedAt(), is_new=True)


def case(subject: str, number: str, status: str = "open", person: str = "p1", *, is_lead: bool = True) -> str:
    return (f"INSERT INTO cases VALUES ('{number}', 'disputed_identity', '{subject}', '{status}', '{person}', 'S1', "
            f"DATE '2025-03-01', {is_lead})")


def resolved(subject: str, number: str, since: str = "2025-03-08", person: str = "p1") -> str:
    return (f"INSERT INTO findings VALUES ('{number}', 'stale_position', '{subject}', 'resolved', '{person}', 'S1', "
            f"DATE '{since}')")


def test_a_pair_of_persons_is_one_case_and_the_other_of_them_is_not_over(marts: Path) -> None:
    now = read(marts, case("p1", "S-0000000A"), case("p2", "S-0000000A", person="p2", is_lead=False))
    assert [i.key for i in now.items] == [("p1", "S-0000000A")]
    assert now.looked_at.counted_elsewhere == {"p2"}


def test_of_a_pair_nothing_is_resolved_while_the_case_is_open_and_afterwards_it_is_one(marts: Path) -> None:
    both = [resolved("p1", "S-0000000A"), resolved("p2", "S-0000000A", person="p2")]
    assert read(marts, case("p1", "S-0000000A"), *both).resolved == []
    now = read(marts, "DELETE FROM cases")
    assert [i.case_number for i in now.short_lived(date(2025, 3, 7))] == ["S-0000000A"]


def test_a_set_of_an_earlier_version_is_read_with_numbers_as_they_are_now(marts: Path) -> None:
    now = read(marts, case("p1", "0000000A"), resolved("p2", "0000000B"), "ALTER TABLE cases DROP is_lead",
               "ALTER TABLE extracts DROP reason_facts",
               "INSERT INTO extracts VALUES ('hrm', '2025-03-10', 1, 'quarantined', 'employees empty', true, '2025-03-10')")
    assert [i.case_number for i in now.items if not i.is_problem] == ["S-0000000A"]
    assert [r["case_number"] for r in now.resolved] == ["S-0000000B"]
    withheld, = (i for i in now.items if i.finding_type == "extract_quarantined")
    assert withheld.details and withheld.details["facts"] == [] and withheld.details["is_withheld"]


def test_a_resolved_case_says_whose_it_was_and_what_was_filled_in(marts: Path) -> None:
    now = read(marts, resolved("v1", "S-0000000B"), resolved("v2", "S-0000000C", person="gone"),
               "CREATE TABLE resolved_cases (case_number VARCHAR, handling_status VARCHAR, given_name VARCHAR)",
               "INSERT INTO resolved_cases VALUES ('S-0000000C', 'done', 'Test9')")
    first, second = now.resolved_case(("v1", "S-0000000B")), now.resolved_case(("v2", "S-0000000C"))
    assert (first["org_name"], first["given_name"], first["employee_number"]) == ("Lia skole", "Test1", "001")
    assert first.get("handling_status") is None
    assert (second["handling_status"], second["given_name"], second["employee_number"]) == ("done", "Test9", None)
    assert now.resolved_case(("v3", "S-0000000B")) == {}


def test_the_headline_is_that_of_the_whole_kommune_on_the_last_day(marts: Path) -> None:
    """contract#has-left-with-access"""
    assert read(marts).headline == Headline(left=1, unknown=3).sentence()


def test_a_set_that_an_earlier_version_published_has_no_headline(marts: Path) -> None:
    assert read(marts, "DROP TABLE access_risk_daily").headline is None


def test_that_nobody_has_left_is_not_said_for_certain_while_something_is_withheld(marts: Path) -> None:
    """contract#first-law"""
    nobody = "UPDATE access_risk_daily SET people_left_with_access = 0, people_unknown_with_access = 0"
    assert read(marts, nobody).headline == Headline(0, 0).sentence()
    withheld = "UPDATE data_freshness SET status = 'withheld' WHERE system = 'hrm'"
    assert read(marts, withheld).headline == Headline(0, 0).sentence(in_doubt=True) != Headline(0, 0).sentence()
