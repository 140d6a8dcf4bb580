"""The diff of a quarantined extract: who would be gone, who would be new, as of its day."""

import csv
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest

from ingest import quarantine
from ingest.landing import Landed
from ingest.policy import Policy
from ingest.versions import fold
from ingest.warehouse import create_tables
from tests.support import deliveries
from tests.support.landing_place import landing_at

DAY = date(2025, 3, 10)
NEXT = DAY + timedelta(days=1)


def hrm(*employees: str, gone: Sequence[str] = (), org: str = "S1") -> Mapping[str, Sequence[Mapping[str, Any]]]:
    return {"employees": [{"employee_number": e} for e in employees] + [{"employee_number": e, "deleted": True} for e in gone],
            "positions": [{"position_id": f"h{e}", "employee_number": e, "org_number": org} for e in employees]
            + [{"position_id": f"h{e}", "employee_number": e, "org_number": org, "deleted": True} for e in gone]}


@pytest.fixture
def con() -> duckdb.DuckDBPyConnection:
    con = duckdb.connect()
    create_tables(con)
    return con


def held_back(con: duckdb.DuckDBPyConnection, root: Path, system: Any = "hrm") -> tuple[Landed, Path]:
    """Fold all but the newest extract, and compare that one with what there is."""
    *before, newest = landing_at(root / "landed").all(system)
    fold(con, system, before, set(), Policy())
    return newest, quarantine.write_diff(con, root / "quarantined", newest)


def lines(file: Path) -> list[tuple[str, ...]]:
    with file.open(newline="", encoding="utf-8") as handle:
        heading, *rows = csv.reader(handle)
    assert heading == ["table_name", "key", "change", "owner", "org_number", "org_name", "end_date_before", "end_date_after"]
    return [tuple(line[:5]) for line in rows if line[2] in ("gone", "new")]


def test_of_a_full_extract_absence_is_gone_and_an_unknown_key_is_new(con: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    deliveries.land(tmp_path / "landed", "hrm", DAY, hrm("1", "2"))
    deliveries.land(tmp_path / "landed", "hrm", NEXT, hrm("2", "3"))
    newest, file = held_back(con, tmp_path)
    assert file == tmp_path / "quarantined" / "hrm" / f"{NEXT}-{newest.fingerprint[:12]}.csv"
    assert lines(file) == [
        ("employees", "1", "gone", "1", ""), ("employees", "3", "new", "3", ""),
        ("positions", "h1", "gone", "1", "S1"), ("positions", "h3", "new", "3", "S1")]
    assert [f.name for f in file.parent.iterdir()] == [file.name]


def test_of_a_delta_only_a_removal_of_what_is_there_is_gone(con: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    deliveries.land(tmp_path / "landed", "hrm", DAY, hrm("1", "2", "4"))
    deliveries.land(tmp_path / "landed", "hrm", NEXT, hrm("2", "3", gone=["1", "nobody"]), kind="delta")
    _, file = held_back(con, tmp_path)
    assert [line[:3] for line in lines(file)] == [
        ("employees", "1", "gone"), ("employees", "3", "new"), ("positions", "h1", "gone"), ("positions", "h3", "new")]


def test_a_row_that_only_changes_is_neither_gone_nor_new(con: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    deliveries.land(tmp_path / "landed", "hrm", DAY, hrm("1"))
    deliveries.land(tmp_path / "landed", "hrm", NEXT, hrm("1", org="S2"))
    _, file = held_back(con, tmp_path)
    assert lines(file) == []


def test_a_late_extract_is_compared_with_the_state_of_its_day(con: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    landed = tmp_path / "landed"
    for number, employees in ((0, ["1", "2"]), (2, ["1", "3"])):
        deliveries.land(landed, "hrm", DAY + timedelta(days=number), hrm(*employees))
    fold(con, "hrm", landing_at(landed).all("hrm"), set(), Policy())
    deliveries.land(landed, "hrm", NEXT, hrm("1"))
    late = landing_at(landed).of_day("hrm", NEXT)[0]
    assert [line[:3] for line in lines(quarantine.write_diff(con, tmp_path / "quarantined", late))] == [
        ("employees", "2", "gone"), ("positions", "h2", "gone")]


def test_a_content_in_place_of_an_accepted_day_is_compared_with_the_day_before(
    con: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    landed = tmp_path / "landed"
    deliveries.land(landed, "hrm", DAY, hrm("1", "2", "4"))
    deliveries.land(landed, "hrm", NEXT, hrm("1", "2", "3"))  # 4 is gone already, 3 not there yet
    fold(con, "hrm", landing_at(landed).all("hrm"), set(), Policy())
    deliveries.land(landed, "hrm", NEXT, hrm("1"), arrival=2)
    again = landing_at(landed).all("hrm")[-1]
    assert [line[:3] for line in lines(quarantine.write_diff(con, tmp_path / "quarantined", again))] == [
        ("employees", "2", "gone"), ("positions", "h2", "gone")]


def test_in_vfs_the_owner_is_the_person(con: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    for day, persons in ((DAY, "PQ"), (NEXT, "P")):
        deliveries.land(tmp_path / "landed", "vfs", day, {
            "persons": [{"person_id": p} for p in persons],
            "positions": [{"position_id": f"v{p}", "person_id": p, "org_number": "S1"} for p in persons]})
    _, file = held_back(con, tmp_path, "vfs")
    assert lines(file) == [("persons", "Q", "gone", "Q", ""), ("positions", "vQ", "gone", "Q", "S1")]


def test_a_folder_with_a_quote_in_its_name_is_written_to(con: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    root = tmp_path / "kommune's"
    deliveries.land(root / "landed", "hrm", DAY, hrm("1", "2"))
    deliveries.land(root / "landed", "hrm", NEXT, hrm("1"))
    _, file = held_back(con, root)
    assert len(lines(file)) == 2
