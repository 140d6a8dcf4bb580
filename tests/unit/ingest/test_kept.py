"""Kept rows: what stays where a row could not be read, since when, and what is told of it."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from ingest import retention
from ingest.canonical_tables import System, tables_of
from ingest.policy import Policy
from ingest.sql import rows
from ingest.versions import fold
from ingest.warehouse import create_tables
from tests.support import deliveries
from tests.support.landing_place import landing_at

TOLERANT = Policy(max_loss_percent=100)
REJECTED = pa.schema([
    ("table_name", pa.string()), ("file", pa.string()), ("line", pa.int64()), ("column_name", pa.string()),
    ("reason", pa.string()), ("is_unreadable", pa.bool_()), ("key_columns", pa.list_(pa.string())),
    ("key_values", pa.list_(pa.string())), ("owner", pa.string()), ("national_id_hash", pa.string())])
Rows = Sequence[Mapping[str, Any]]


def day(number: int) -> date:
    return date(2025, 3, 10) + timedelta(days=number - 1)


def number_of(of: date | None) -> int | None:
    return (of - day(0)).days if of else None


def unreadable(table: str, key: Mapping[str, str | None] | None = None, **known: Any) -> dict[str, Any]:
    """A row that could not be read; `key`: what of its key can be."""
    key = key or {}
    return {"table_name": table, "file": f"{table}.csv", "line": 2, "column_name": "c", "reason": "not a date",
            "is_unreadable": True, "key_columns": list(key), "key_values": list(key.values()), **known}


@dataclass
class House:
    """One system over some days, each with some rows that could not be read."""

    root: Path
    system: System
    policy: Policy = field(default_factory=lambda: TOLERANT)
    con: duckdb.DuckDBPyConnection = field(default_factory=duckdb.connect)

    def __post_init__(self) -> None:
        self.con.execute("SET threads = 1")
        create_tables(self.con)

    @property
    def landed(self) -> Path:
        return self.root / "landed"

    def land(self, number: int, tables: Mapping[str, Rows], rejected: Rows = (), **options: Any) -> None:
        deliveries.land(self.landed, self.system, day(number), tables, **options)
        folder = landing_at(self.landed).of_day(self.system, day(number))[-1].folder
        pq.write_table(pa.Table.from_pylist([dict(r) for r in rejected], schema=REJECTED), folder / "rejected_rows.parquet")
        record = json.loads((folder / "extract.json").read_text())
        for row in rejected:
            record["figures"][row["table_name"]]["rejected"] += 1
        (folder / "extract.json").write_text(json.dumps(record))

    def fold(self, *, day_by_day: bool = False, frozen_until: date | None = None) -> None:
        every = landing_at(self.landed).all(self.system)
        for last in range(1 if day_by_day else len(every), len(every) + 1):
            fold(self.con, self.system, every[:last], set(), self.policy, frozen_until)

    def versions(self, table: str, *columns: str) -> list[tuple]:
        """The columns of each version, its first day, and the first on which it is gone."""
        found = self.con.execute(
            f"SELECT {', '.join(columns)}, valid_from, valid_to FROM versions.{self.system}_{table} ORDER BY ALL")
        return [(*row[:-2], number_of(row[-2]), number_of(row[-1])) for row in found.fetchall()]

    def told(self) -> list[tuple[int | None, str, int | None]]:
        """(day, key, day since which it is kept) of each rejected row."""
        found = self.con.execute("SELECT extract_date, key, kept_since FROM ingest.rejected_rows ORDER BY ALL").fetchall()
        return [(number_of(d), key, number_of(since)) for d, key, since in found]

    def counts(self) -> list[tuple[int, int]]:
        """(kept rows, rows that may be missing) of each extract."""
        return self.con.execute("SELECT kept_rows, may_miss_rows FROM ingest.extracts ORDER BY extract_date").fetchall()

    def everything(self) -> dict[str, Any]:
        tables = [f"versions.{t.versions_name}" for t in tables_of(self.system)]
        return {t: rows(self.con, f"FROM {t} ORDER BY ALL") for t in [
            *tables, "ingest.kept_rows", "ingest.rejected_rows", "ingest.extracts"]}


def employee(number: str, name: str | None = None, national_id: str | None = None) -> dict[str, Any]:
    return {"employee_number": number, "given_name": name, "national_id": national_id}


def position(position_id: str, owner: str, end: date | None = None, owned_by: str = "employee_number") -> dict[str, Any]:
    return {"position_id": position_id, owned_by: owner, "org_number": "S1", "end_date": end}


@pytest.fixture(params=[False, True], ids=["at once", "day by day"])
def day_by_day(request: pytest.FixtureRequest) -> bool:
    return request.param


@pytest.fixture
def house(tmp_path: Path) -> House:
    return House(tmp_path, "hrm")


def test_a_row_that_cannot_be_read_stays_as_it_was_for_as_long_as_it_cannot(house: House, day_by_day: bool) -> None:
    """contract#rejected-row"""
    everybody = [employee("1"), employee("2")]
    ended = position("h1", "1", day(0))
    bad = unreadable("positions", {"position_id": "h1"})
    for number in range(1, 7):
        is_bad = number in (2, 3, 5)
        house.land(number, {"employees": everybody, "positions": [position("h2", "2"), *([] if is_bad else [ended])]},
                   [bad] if is_bad else [])
    house.fold(day_by_day=day_by_day)
    assert house.versions("positions", "position_id", "end_date") == [("h1", day(0), 1, None), ("h2", None, 1, None)]
    assert house.told() == [(2, "position_id=h1", 2), (3, "position_id=h1", 2), (5, "position_id=h1", 5)]
    assert house.counts() == [(0, 0), (1, 0), (1, 0), (0, 0), (1, 0), (0, 0)]


def test_of_a_row_that_was_never_there_nothing_is_kept(house: House, day_by_day: bool) -> None:
    """contract#rejected-row"""
    tables = {"employees": [employee("1")], "positions": [position("h1", "1")]}
    house.land(1, tables, [unreadable("positions", {"position_id": "h9"})])
    house.land(2, tables, [unreadable("positions", {"position_id": "h9"})])
    house.land(3, {**tables, "positions": [position("h1", "1"), position("h9", "1")]})
    house.land(4, tables)
    house.land(5, tables, [unreadable("positions", {"position_id": "h9"})])  # gone the day before: it does not come back
    house.fold(day_by_day=day_by_day)
    assert house.versions("positions", "position_id") == [("h1", 1, None), ("h9", 3, 4)]
    assert house.told() == [(1, "position_id=h9", None), (2, "position_id=h9", None), (5, "position_id=h9", None)]
    assert house.counts() == [(0, 0)] * 5


def test_what_is_delivered_readably_too_is_not_kept(house: House) -> None:
    """contract#rejected-row, contract#same-key-twice"""
    house.land(1, {"employees": [employee("1", "Fik")], "positions": [position("h1", "1")]})
    house.land(2, {"employees": [employee("1", "Tøv")], "positions": [position("h1", "1")]},
               [unreadable("employees", {"employee_number": "1"}),
                {**unreadable("positions", {"position_id": "h1"}), "is_unreadable": False}])
    house.fold()
    assert house.versions("employees", "given_name") == [("Fik", 1, 2), ("Tøv", 2, None)]
    assert house.told() == [(2, "employee_number=1", None), (2, "position_id=h1", None)] and house.counts()[1] == (0, 0)


def test_of_a_key_that_cannot_be_read_all_of_the_same_employee_or_else_the_same_national_id_stay(
    house: House, day_by_day: bool
) -> None:
    """contract#rejected-row"""
    house.land(1, {"employees": [employee("1", None, "n1"), employee("2", None, "n2"), employee("3", None, "n1"), employee("4")],
                   "positions": [position("a1", "1"), position("b1", "1"), position("a2", "2"), position("c1", "1")]})
    house.land(2, {"employees": [employee("4")], "positions": [position("c1", "4")]},
               [unreadable("positions", owner="1"), unreadable("employees", national_id_hash="n1"), unreadable("positions"),
                unreadable("employees")])
    house.land(3, {"employees": [employee("4")], "positions": [position("c1", "4")]})
    house.fold(day_by_day=day_by_day)
    assert house.versions("positions", "position_id", "employee_number") == [
        ("a1", "1", 1, 3), ("a2", "2", 1, 2), ("b1", "1", 1, 3), ("c1", "1", 1, 2), ("c1", "4", 2, None)]
    assert house.versions("employees", "employee_number") == [("1", 1, 3), ("2", 1, 2), ("3", 1, 3), ("4", 1, None)]
    assert house.counts() == [(0, 0), (4, 2), (0, 0)]
    assert house.told() == [(2, "", 2), (2, "", None), (2, "", None), (2, "employee_number=1", 2)]


def test_a_person_whose_id_cannot_be_read_is_looked_for_by_employee_number(tmp_path: Path) -> None:
    """contract#rejected-row"""
    house = House(tmp_path, "vfs")
    persons = [{"person_id": p, "employee_number": n, "national_id": i} for p, n, i in (
        ("A", "1", None), ("B", "2", None), ("C", None, "n3"), ("D", "9", "n3"))]
    house.land(1, {"persons": persons, "positions": [position("v1", "A", owned_by="person_id")]})
    house.land(2, {"persons": persons[1:2], "positions": []}, [
        unreadable("persons", owner="1"), unreadable("persons", owner="8", national_id_hash="n3"),
        unreadable("positions", owner="A")])
    house.fold()
    assert house.versions("persons", "person_id") == [("A", 1, None), ("B", 1, None), ("C", 1, 2), ("D", 1, 2)]
    assert house.told() == [(2, "employee_number=1", 2), (2, "employee_number=8", None), (2, "person_id=A", 2)]


ACCESS = {"person_id": "A", "access_group": "Lærer", "org_number": "S1", "start_date": None, "position_id": None}


def accesses(house: House, number: int, of: Rows, rejected: Rows = (), **options: Any) -> None:
    persons = [{"person_id": "A"}, {"person_id": "B"}]
    positions = [position("v1", "A", owned_by="person_id")]
    house.land(number, {"persons": persons, "positions": positions, "accesses": of}, rejected, **options)


def test_of_a_key_that_can_be_read_in_part_all_that_agrees_stays(tmp_path: Path, day_by_day: bool) -> None:
    """contract#rejected-row: an empty start and position are values; capitals of the group do not matter."""
    house = House(tmp_path, "vfs")
    somebody_elses = {**ACCESS, "person_id": "B"}
    accesses(house, 1, [ACCESS, {**ACCESS, "org_number": "S2"}, somebody_elses, {**ACCESS, "start_date": day(0)},
                        {**ACCESS, "position_id": "v1"}, {**ACCESS, "access_group": "SFO"}])
    part = {"person_id": "A", "access_group": "LÆRER", "start_date": None, "position_id": None}  # the org number is not readable
    accesses(house, 2, [somebody_elses], [unreadable("accesses", part, owner="A")])
    accesses(house, 3, [somebody_elses], [unreadable("accesses", {**part, "start_date": "2025-03-09"}, owner="A")])
    house.fold(day_by_day=day_by_day)
    versions = house.versions("accesses", "person_id", "access_group", "org_number", "start_date", "position_id")
    assert [v for v in versions if v[-1] != 2] == [
        ("A", "Lærer", "S1", None, None, 1, 3), ("A", "Lærer", "S2", None, None, 1, 3), ("B", "Lærer", "S1", None, None, 1, None)]
    assert house.told() == [
        (2, "person_id=A, access_group=LÆRER", 2), (3, "person_id=A, access_group=LÆRER, start_date=2025-03-09", None)]
    assert house.counts() == [(0, 0), (2, 0), (0, 0)]


def test_a_group_in_other_capitals_is_the_same_access_with_another_spelling(tmp_path: Path, day_by_day: bool) -> None:
    """contract#canonical-form"""
    house = House(tmp_path, "vfs")
    for number, group in enumerate(("Lærer", "LÆRER", "LÆRER"), start=1):
        accesses(house, number, [{**ACCESS, "access_group": group}])
    house.fold(day_by_day=day_by_day)
    assert house.versions("accesses", "access_group") == [("LÆRER", 2, None), ("Lærer", 1, 2)]


def test_in_a_delta_a_row_stays_unread_until_it_is_delivered_again(house: House, day_by_day: bool) -> None:
    """contract#rejected-row, contract#full-or-delta"""
    bad = [unreadable("positions", {"position_id": "h1"})]
    house.land(1, {"employees": [employee("1")], "positions": [position("h1", "1"), position("h2", "1")]})
    house.land(2, {"employees": [], "positions": []}, bad, kind="delta")
    house.land(3, {"employees": [], "positions": [position("h2", "1", day(9))]}, kind="delta")
    house.land(4, {"employees": [], "positions": []}, bad, kind="delta")
    house.land(5, {"employees": [], "positions": [position("h1", "1", day(9))]}, kind="delta")
    house.land(6, {"employees": [], "positions": []}, bad, kind="delta")
    house.land(7, {"employees": [], "positions": [{**position("h1", "1"), "deleted": True}]}, kind="delta")
    house.fold(day_by_day=day_by_day)
    assert house.versions("positions", "position_id", "end_date") == [
        ("h1", day(9), 5, 7), ("h1", None, 1, 5), ("h2", day(9), 3, None), ("h2", None, 1, 3)]
    assert house.told() == [(2, "position_id=h1", 2), (4, "position_id=h1", 2), (6, "position_id=h1", 6)]
    assert [kept for kept, _ in house.counts()] == [0, 1, 1, 1, 0, 1, 0]


def test_what_is_kept_counts_as_delivered_for_the_guards(tmp_path: Path) -> None:
    """contract#rejected-row, contract#guard-keys"""
    everybody = [employee(str(n)) for n in range(9)]
    for folder, rejected, status in (("a", True, "accepted"), ("b", False, "quarantined")):
        house = House(tmp_path / folder, "hrm", Policy())
        positions = [position(f"h{n}", str(n)) for n in range(9)]
        house.land(1, {"employees": everybody, "positions": positions})
        house.land(2, {"employees": everybody, "positions": positions[:4]},
                   [unreadable("positions", {"position_id": f"h{n}"}) for n in range(4, 9)] if rejected else [])
        house.fold()
        assert rows(house.con, "SELECT status, active_positions, kept_rows FROM ingest.extracts ORDER BY extract_date")[1] == {
            "status": status, "active_positions": 9 if rejected else 4, "kept_rows": 5 if rejected else None}


def test_rows_kept_by_an_extract_that_no_longer_counts_are_forgotten(house: House) -> None:
    """contract#replaced-day, contract#late-extract"""
    full = {"employees": [employee("1")], "positions": [position("h1", "1")]}
    bad = unreadable("positions", {"position_id": "h1"})
    for number in (1, 2, 4):
        house.land(number, full if number == 1 else {**full, "positions": []}, [] if number == 1 else [bad])
    house.fold()
    assert house.told() == [(2, "position_id=h1", 2), (4, "position_id=h1", 2)]
    house.land(3, full)  # late
    house.fold()
    assert house.told() == [(2, "position_id=h1", 2), (4, "position_id=h1", 4)]
    house.land(2, full, arrival=2)
    house.fold()
    assert house.told() == [(4, "position_id=h1", 4)]
    again = House(house.root, "hrm")
    again.fold()
    assert again.everything() == house.everything()


def test_an_extract_of_an_earlier_version_says_that_rows_may_be_missing(house: House) -> None:
    full = {"employees": [employee("1")], "positions": [position("h1", "1")]}
    house.land(1, full)
    same_key = {**unreadable("positions"), "reason": "another row with the same key stands further down"}
    house.land(2, full, [unreadable("positions"), same_key])
    file = landing_at(house.landed).all("hrm")[-1].folder / "rejected_rows.parquet"
    pq.write_table(pq.read_table(file).select(["table_name", "file", "line", "column_name", "reason"]), file)
    house.fold()
    assert house.counts() == [(0, 0), (0, 1)]
    assert rows(house.con, "SELECT is_unreadable, key FROM ingest.rejected_rows ORDER BY ALL") == [
        {"is_unreadable": False, "key": ""}, {"is_unreadable": True, "key": ""}]


def test_what_is_kept_over_a_purge_is_kept_since_the_same_day(tmp_path: Path) -> None:
    """contract#rejected-row"""
    house = House(tmp_path, "hrm")
    bad = [unreadable("positions", {"position_id": "h1"})]
    for number in range(1, 6):
        house.land(number, {"employees": [employee("1"), employee("2")],
                            "positions": [position("h2", "2"), *([position("h1", "1")] if number == 1 else [])]},
                   bad if number > 1 else [])
    house.fold()
    told = [t for t in house.told() if t[0] and t[0] > 3]
    assert told == [(4, "position_id=h1", 2), (5, "position_id=h1", 2)]
    retention.purge(house.con, house.landed, tmp_path / "quarantined", day(4))
    again = House(tmp_path, "hrm")
    base = retention.restore(again.con, again.landed, "hrm")
    assert base == day(3)
    again.fold(frozen_until=base)
    assert again.told() == told and again.counts() == house.counts()
    assert again.versions("positions", "position_id") == house.versions("positions", "position_id")


def test_of_what_was_sent_on_another_day_nothing_is_kept(tmp_path: Path, day_by_day: bool) -> None:
    """contract#transfer"""
    house = House(tmp_path, "transfer")
    house.land(1, {"positions": [position("h1", "1", day(30)), position("h2", "2", day(30))]})
    house.land(2, {"positions": []}, [unreadable("positions", {"position_id": "h1"}), unreadable("positions", owner="2"),
                                      unreadable("positions")])
    house.fold(day_by_day=day_by_day)
    assert house.versions("positions", "position_id") == [("h1", 1, 2), ("h2", 1, 2)]
    assert house.told() == [(2, "", None), (2, "employee_number=2", None), (2, "position_id=h1", None)]
    assert house.counts() == [(0, 0), (0, 1)]
