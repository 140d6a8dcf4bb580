"""Finding a case by its number, however somebody wrote it, or by a finding_id."""

from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pytest

from publish.cases import NoSuchCase, find_case, read_cases

CASES: list[dict[str, Any]] = [
    {"case_number": "S-0001B2C3", "finding_id": "f1", "finding_type": "x", "subject_id": "a"},
    {"case_number": "S-C3D40000", "finding_id": "f2", "finding_type": "y", "subject_id": "b"},
    {"case_number": "S-C3D40000", "finding_id": "f3", "finding_type": "y", "subject_id": "c"}]


@pytest.mark.parametrize(("name", "findings"), [
    ("S-0001B2C3", ["f1"]), (" s-0001b2c3 ", ["f1"]), ("0001b2c3", ["f1"]), ("f1", ["f1"]), ("S-C3D40000", ["f2", "f3"]),
    (" f3", ["f2", "f3"])])
def test_a_case_is_all_its_findings(name: str, findings: list[str]) -> None:
    """contract#pair"""
    assert [f["finding_id"] for f in find_case(CASES, name)] == findings


@pytest.mark.parametrize("name", ["F1", "S-A1B", "", "S-11111111"])
def test_a_name_of_no_case_is_an_error(name: str) -> None:
    with pytest.raises(NoSuchCase, match="no open case"):
        find_case(CASES, name)


def test_cases_are_read_from_the_published_file_in_order(tmp_path: Path) -> None:
    file = tmp_path / "marts.duckdb"
    with pytest.raises(NoSuchCase, match="nothing is published yet"):
        read_cases(file)
    with duckdb.connect(str(file)) as con:
        con.register("them", pa.Table.from_pylist(list(reversed(CASES))))
        con.execute("CREATE TABLE cases AS FROM them")
    assert read_cases(file) == CASES
