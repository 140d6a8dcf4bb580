"""Finding a case by its number or finding_id, but never one of several."""

from pathlib import Path
from typing import Any

import duckdb
import pytest

from publish.cases import NoSuchCase, find_case, read_cases

CASES: list[dict[str, Any]] = [
    {"case_number": "A1B2", "finding_id": "f1", "finding_type": "x"},
    {"case_number": "C3D4", "finding_id": "f2", "finding_type": "x"},
    {"case_number": "C3D4", "finding_id": "f3", "finding_type": "y"}]


@pytest.mark.parametrize(("name", "finding_id"), [("A1B2", "f1"), (" a1b2 ", "f1"), ("f2", "f2"), (" f3", "f3")])
def test_a_case_is_found_by_its_number_however_typed_or_by_its_finding_id(name: str, finding_id: str) -> None:
    assert find_case(CASES, name)["finding_id"] == finding_id


@pytest.mark.parametrize(("name", "text"), [
    ("C3D4", "several cases; use a finding_id instead: f2, f3"), ("F1", "no open case"), ("A1B", "no open case"),
    ("", "no open case")])
def test_a_name_of_several_cases_or_none_is_an_error(name: str, text: str) -> None:
    with pytest.raises(NoSuchCase, match=text):
        find_case(CASES, name)


def test_cases_are_read_from_the_published_file_in_order(tmp_path: Path) -> None:
    file = tmp_path / "marts.duckdb"
    with pytest.raises(NoSuchCase, match="nothing is published yet"):
        read_cases(file)
    with duckdb.connect(str(file)) as con:
        con.execute("CREATE TABLE cases AS SELECT * FROM (VALUES ('C3D4', 'f3', 'y'), ('C3D4', 'f2', 'x'), ('A1B2', 'f1', 'x')) "
                    "v(case_number, finding_id, finding_type)")
    assert read_cases(file) == CASES
