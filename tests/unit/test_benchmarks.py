"""What the pipeline is compared with answers the same question, also where a date is bad; the answers are told side by side."""

from pathlib import Path

import pytest

from benchmarks.floor import classify
from benchmarks.races.race import able, told
from benchmarks.races.rivals import Row
from benchmarks.races.with_pandas import search

DAY = "2026-06-12"


@pytest.fixture
def inbox(tmp_path: Path) -> Path:
    """1 works at the school; 2 has left; 3 moved to another school; 4's end date cannot be read; HRM does not know 5."""
    tables = {
        "hrm/employees": "employee_number,national_id\n1,\n2,\n3,\n4,\n",
        "hrm/positions": "position_id,employee_number,org_number,start_date,end_date\n"
                         "A1,1,900,2020-08-01,\nA2,2,900,2020-08-01,2026-05-31\nA3,3,901,,\nA4,4,900,2020-08-01,2026-02-31\n",
        "vfs/persons": "person_id,employee_number,national_id,login_enabled,registered_by\n"
                       + "".join(f"P{n},{n},,true,hrm\n" for n in range(1, 6)),
        "vfs/positions": "position_id,person_id,org_number,hrm_position_id,start_date,end_date,registered_by\n"
                         + "".join(f"V{n},P{n},900,,2020-08-01,,hrm\n" for n in range(1, 6)),
        "vfs/accesses": "person_id,access_group,org_number,start_date,position_id,end_date\nP1,Lærer,900,2020-08-01,V1,\n",
        "vfs/org_units": "org_number,name,type,parent_org_number\n900,Skole,school,\n901,Skole,school,\n",
    }
    for name, text in tables.items():
        system, table = name.split("/")
        file = tmp_path / system / DAY / f"{table}.csv"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    return tmp_path


def test_the_floor_reads_a_bad_end_date_as_none(inbox: Path) -> None:
    assert classify(inbox, DAY) == {"active_vfs_inactive_hrm": 1, "backed": 2, "stale_position": 1, "unknown_in_hrm": 1}


def test_pandas_finds_what_the_floor_finds(inbox: Path) -> None:
    found = search(inbox, DAY)
    assert set(zip(found["finding_type"], found["position_id"], strict=True)) == {
        ("active_vfs_inactive_hrm", "V2"), ("stale_position", "V3"), ("unknown_in_hrm", "V5")}


def test_a_rivals_answer_is_told_beside_ours() -> None:
    ours = {Row("unknown_in_hrm", "V1", "P1", True)}
    theirs = {Row("unknown_in_hrm", "V2", "P2", True), Row("unknown_in_hrm", "V3", "P2", True)}
    assert told("unknown_in_hrm", theirs, ours) == "2 (1) +2 -1"
    assert told("unknown_in_hrm", ours, ours) == "1 (1)"
    assert told("stale_position", theirs, ours) == "0 (0)"
    assert able(theirs | {Row("stale_position", "V4", "P4", True), Row("active_vfs_inactive_hrm", "V5", "P5", False)}) == "1"
