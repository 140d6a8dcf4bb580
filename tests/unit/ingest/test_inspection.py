"""What a look into a source shows: counts and advice, never a cell."""

from collections.abc import Mapping
from datetime import date, timedelta

import pytest

from demo.people import national_id
from ingest.canonical_tables import System
from ingest.errors import RefusedExtract
from ingest.inspection import Seen, look_into
from tests.support.memory_source import Lines, MemoryAdapter

DAY = date(2025, 3, 10)


def seen(tables: Mapping[str, Lines], system: System = "hrm", carries: frozenset[str] = frozenset()) -> Seen:
    adapter = MemoryAdapter(carries=carries)
    adapter.deliver(DAY, tables)
    result = look_into(adapter.source(system), DAY, b"key", pull=True)
    assert result is not None
    return result


POSITION = {"position_id": "A", "employee_number": "1", "org_number": "S1", "end_date": "2025-01-01"}
PEOPLE = [{"employee_number": str(n), "given_name": "Fiktine" if n else None} for n in range(3)]


def test_rows_shares_and_reasons_are_counted_and_no_cell_is_shown() -> None:
    positions = [POSITION, {**POSITION, "position_id": "B", "end_date": "Kvakbert"},
                 *({**POSITION, "position_id": name, "org_number": None} for name in "CD")]
    result = seen({"employees": [*PEOPLE, {"employee_number": "9", "national_id": national_id(5)}], "positions": positions})
    assert [(t.name, t.rows) for t in result.tables] == [("employees", 4), ("positions", 4)]
    assert result.not_delivered == ["org_units"]
    assert result.tables[0].filled == {"employee_number": 100, "given_name": 50, "national_id": 25}
    assert result.tables[1].rejected == {"end_date: not a date": 1, "org_number: value is missing": 2}
    assert result.advice == ["positions: 1 of 4 rows cannot be used (end_date: not a date).",
                             "positions: 2 of 4 rows cannot be used (org_number: value is missing)."]
    assert not any(word in repr(result) for word in ("Fiktine", "Kvakbert", national_id(5)))


@pytest.mark.parametrize(("people", "advice"), [
    ([{"person_id": "P", "given_name": "Test"}], "Nobody has an employee number or a national id"),
    ([{"person_id": "P", "employee_number": "1"}, {"person_id": "Q"}, {"person_id": "R"}], "Only 33 % of people have an"),
    ([{"person_id": "P", "employee_number": "1"}, {"person_id": "Q"}], None),
    ([{"person_id": "P", "national_id": national_id(1)}], "Only 0 % of people have an employee number"),
    ([], "No people came."),
])
def test_people_whom_nothing_would_match_are_pointed_out(people: Lines, advice: str | None) -> None:
    position = {"position_id": "v", "person_id": "P", "org_number": "S", "end_date": "2025-01-01"}
    given = seen({"persons": people, "positions": [position]}, "vfs").advice
    assert [a[:len(advice)] for a in given] == [advice] if advice else given == []


def test_positions_without_any_end_date_are_pointed_out() -> None:
    assert seen({"employees": PEOPLE, "positions": [{**POSITION, "end_date": None}]}).advice == [
        "No position has an end date. Does the source deliver end dates?"]
    assert seen({"employees": PEOPLE, "positions": []}).advice == []


def test_what_cannot_be_assessed_is_named_for_vfs_alone() -> None:
    persons = {"persons": [{"person_id": "P", "employee_number": "1"}]}
    assert seen({"employees": PEOPLE}).not_assessable == []
    missing = seen(persons, "vfs", frozenset({"persons.registered_by"})).not_assessable
    assert "manual_position" in missing and "manual_profile" not in missing


def test_the_newest_delivery_is_looked_into_and_nothing_is_no_fault() -> None:
    adapter = MemoryAdapter()
    assert look_into(adapter.source("hrm"), DAY, b"key", pull=True) is None
    adapter.deliver(DAY - timedelta(days=1), {"employees": []})
    adapter.deliver(DAY, {"employees": PEOPLE})
    adapter.deliver(DAY + timedelta(days=1), {"employees": PEOPLE[:1]})
    result = look_into(adapter.source("hrm"), DAY, b"key", pull=True)
    assert result and result.tables[0].rows == 3 and adapter.fetched == 1


def test_a_delivery_that_cannot_be_read_is_refused_with_its_reason() -> None:
    adapter = MemoryAdapter()
    adapter.deliver(DAY, {}, error=RefusedExtract("the quotes are not closed"))
    with pytest.raises(RefusedExtract, match="the quotes are not closed"):
        look_into(adapter.source("hrm"), DAY, b"key", pull=True)
