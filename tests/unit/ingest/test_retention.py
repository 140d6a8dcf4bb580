"""Retention: what ended long ago is gone from the disk, and nothing else is."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pyarrow.parquet as pq
import pytest

from ingest import retention
from ingest.canonical_tables import SOURCES, TABLES, owners_of
from ingest.policy import Policy
from ingest.sql import rows
from ingest.versions import fold
from ingest.warehouse import create_tables
from tests.support import deliveries
from tests.support.landing_place import landing_at

TOLERANT = Policy(max_loss_percent=100)  # in so small a house, most of it may leave


def day(number: int) -> date:
    return date(2025, 3, 10) + timedelta(days=number - 1)


@dataclass
class House:
    """Both systems over some days. Employees and persons have one position each, named after them."""

    root: Path
    con: duckdb.DuckDBPyConnection

    @property
    def landed(self) -> Path:
        return self.root / "landed"

    @property
    def quarantined(self) -> Path:
        return self.root / "quarantined"

    def hrm(self, number: int, *employees: str, ids: Mapping[str, str] | None = None) -> None:
        deliveries.land(self.landed, "hrm", day(number), {
            "employees": [{"employee_number": e, "national_id": (ids or {}).get(e)} for e in employees],
            "positions": [{"position_id": f"h{e}", "employee_number": e, "org_number": "S1"} for e in employees],
            "org_units": [{"org_number": "S1"}]})

    def vfs(self, number: int, persons: Mapping[str, str | None], *, ids: Mapping[str, str] | None = None) -> None:
        deliveries.land(self.landed, "vfs", day(number), {
            "persons": [{"person_id": p, "employee_number": e, "national_id": (ids or {}).get(p)} for p, e in persons.items()],
            "positions": [{"position_id": f"v{p}", "person_id": p, "org_number": "S1"} for p in persons],
            "accesses": [{"person_id": p, "access_group": "g", "org_number": "S1"} for p in persons],
            "org_units": [{"org_number": "S1", "name": "Lia skole", "type": "school"}]})

    def fold(self) -> None:
        for system in SOURCES:
            base = retention.restore(self.con, self.landed, system)
            fold(self.con, system, landing_at(self.landed).all(system), set(), TOLERANT, base)

    def purge(self, before: date) -> int:
        return retention.purge(self.con, self.landed, self.quarantined, before)

    def rebuilt(self) -> "House":
        """The same folders with a new warehouse."""
        house = make_house(self.root)
        house.fold()
        return house

    def known(self, table: str, column: str) -> set[str]:
        return {r[column] for r in rows(self.con, f"FROM versions.{table}")}

    def everything(self) -> dict[str, Any]:
        return {t.versions_name: rows(self.con, f"FROM versions.{t.versions_name} ORDER BY ALL") for t in TABLES}


def make_house(root: Path) -> House:
    con = duckdb.connect()
    con.execute("SET threads = 1")
    create_tables(con)
    return House(root, con)


@pytest.fixture
def house(tmp_path: Path) -> House:
    return make_house(tmp_path)


def days_with_tables(house: House, system: str) -> set[str]:
    return {f.parents[1].name for f in house.landed.glob(f"{system}/*/*/*.parquet")}


def fill(house: House, last: int, leaves_on: int) -> None:
    """Employee 2 and person Q, who are one, leave both systems on the same day; 1 and P stay."""
    for number in range(1, last + 1):
        house.hrm(number, *(["1", "2"] if number < leaves_on else ["1"]))
        house.vfs(number, {"P": "1", "Q": "2"} if number < leaves_on else {"P": "1"})
    house.fold()


def test_before_any_purge_there_is_no_base(house: House) -> None:
    assert retention.base_date(house.landed) is None and retention.restore(house.con, house.landed, "hrm") is None


def test_a_purge_deletes_extracts_and_people_who_were_gone_by_then(house: House) -> None:
    fill(house, last=5, leaves_on=3)
    house.quarantined.joinpath("hrm").mkdir(parents=True)
    for number in (3, 4):
        (house.quarantined / "hrm" / f"{day(number)}-abc.csv").write_text("x")
        (house.landed / "hrm" / f"{day(number)}").joinpath("result").write_text("x")
    assert house.purge(day(4)) == 3
    assert retention.base_date(house.landed) == day(3)
    assert days_with_tables(house, "hrm") == days_with_tables(house, "vfs") == {str(day(4)), str(day(5))}
    assert [f.name for f in house.quarantined.rglob("*.csv")] == [f"{day(4)}-abc.csv"]
    assert len(landing_at(house.landed).all("hrm")) == 5  # what became of each stays known
    after = house.rebuilt()
    assert after.known("hrm_employees", "employee_number") == {"1"} and after.known("vfs_persons", "person_id") == {"P"}
    assert after.known("vfs_accesses", "person_id") == {"P"} and after.known("hrm_positions", "position_id") == {"h1"}
    base = house.landed / "base" / str(day(3))
    assert {len(pq.read_table(base / f"{t}.parquet")) for t in ("hrm_employees", "vfs_persons", "vfs_org_units")} == {1}


def test_one_who_was_there_on_the_day_after_the_base_is_kept_with_all_that_was_before(house: House) -> None:
    fill(house, last=5, leaves_on=4)
    before = house.everything()
    house.purge(day(4))  # the base is of the third, when they were still there
    assert house.rebuilt().everything() == before


def test_a_version_that_ended_with_the_base_stays_ended(house: House) -> None:
    for number in range(1, 5):
        house.hrm(number, "1", ids={"1": "n" if number < 3 else "m"})
        house.vfs(number, {"P": "1"})
    house.fold()
    house.purge(day(4))
    assert [(r["national_id_hash"], r["valid_from"], r["valid_to"]) for r in rows(
        house.rebuilt().con, "FROM versions.hrm_employees ORDER BY valid_from")] == [("n", day(1), day(3)), ("m", day(3), None)]


def test_folding_goes_on_from_the_base_as_if_nothing_had_been_purged(house: House) -> None:
    fill(house, last=5, leaves_on=9)
    house.purge(day(4))
    for number in (6, 7):
        house.hrm(number, "1", *(["3"] if number == 7 else []))
        house.vfs(number, {"P": "1", "Q": "2"})
    house.fold()
    rebuilt = house.rebuilt()
    assert rebuilt.everything() == house.everything()
    assert [(r["employee_number"], r["valid_from"], r["valid_to"]) for r in rows(
        rebuilt.con, "FROM versions.hrm_employees ORDER BY 1")] == [
        ("1", day(1), None), ("2", day(1), day(6)), ("3", day(7), None)]


@pytest.mark.parametrize(("persons", "employees", "person_ids", "employee_ids", "kept"), [
    ({"Q": "2"}, ["2"], {}, {}, {"2"}),  # by number
    ({"Q": None}, ["2"], {"Q": "n"}, {"2": "n"}, {"2"}),  # by national id
    ({"Q": "2"}, ["2", "3"], {"Q": "n"}, {"3": "n"}, {"2", "3"}),  # by either: matching is decided elsewhere
    ({"Q": None}, ["2"], {}, {}, set()),
])
def test_an_employee_who_may_be_a_person_still_in_vfs_is_kept(
    house: House, persons: Mapping[str, str | None], employees: Sequence[str], person_ids: Mapping[str, str],
    employee_ids: Mapping[str, str], kept: set[str],
) -> None:
    for number in range(1, 5):
        house.hrm(number, "1", *(employees if number == 1 else ()), ids=employee_ids)
        house.vfs(number, persons, ids=person_ids)
    house.fold()
    house.purge(day(4))
    assert house.rebuilt().known("hrm_employees", "employee_number") == {"1"} | kept


@pytest.mark.parametrize("table", ["employees", "positions"])
def test_an_employee_of_whom_hrm_held_only_a_row_or_only_a_position_is_matched_by_number(house: House, table: str) -> None:
    house.hrm(1, "1")
    employee, position = {"employee_number": "2"}, {"position_id": "h2", "employee_number": "2", "org_number": "S1"}
    tables = {"employees": [{"employee_number": "1"}],
              "positions": [{"position_id": "h1", "employee_number": "1", "org_number": "S1"}]}
    tables[table].append(employee if table == "employees" else position)
    deliveries.land(house.landed, "hrm", day(2), tables)
    for number in (3, 4):
        house.hrm(number, "1")
    for number in range(1, 5):
        house.vfs(number, {"P": "2"})
    house.fold()
    house.purge(day(4))
    assert house.rebuilt().known(f"hrm_{table}", "employee_number") == {"1", "2"}


def test_people_who_hang_together_over_several_steps_are_all_kept(house: House) -> None:
    """P is there; employee 2 may be P or Q; employee 3 may be Q or R: the matching needs all of them."""
    for number in range(1, 5):
        house.hrm(number, "1", *(["2", "3"] if number == 1 else ()), ids={"2": "n", "3": "m"})
        house.vfs(number, {"P": "2"} | ({"Q": "3", "R": "3", "S": "9"} if number == 1 else {}), ids={"Q": "n"})
    house.fold()
    house.purge(day(4))
    after = house.rebuilt()
    assert after.known("vfs_persons", "person_id") == {"P", "Q", "R"}
    assert after.known("hrm_employees", "employee_number") == {"1", "2", "3"}


def test_a_system_that_has_not_delivered_since_keeps_its_newest_extract(house: House) -> None:
    for number in range(1, 6):
        house.hrm(number, "1")
    house.vfs(2, {"P": "1"})
    house.vfs(3, {})  # quarantined: it says nothing of who is there
    house.fold()
    house.purge(day(5))
    assert retention.base_date(house.landed) == day(2)
    assert days_with_tables(house, "hrm") == {str(day(n)) for n in (3, 4, 5)}
    assert house.rebuilt().known("vfs_persons", "person_id") == {"P"}


def test_one_who_has_nothing_left_but_an_access_is_kept(house: House) -> None:
    position = {"position_id": "vP", "person_id": "P", "org_number": "S1"}
    access = {"person_id": "Q", "access_group": "g", "org_number": "S1"}
    for number in range(1, 5):
        house.hrm(number, "1")
        persons = [{"person_id": "P"}, *([{"person_id": "Q"}] if number == 1 else [])]
        deliveries.land(house.landed, "vfs", day(number), {"persons": persons, "positions": [position], "accesses": [access]})
    house.fold()
    house.purge(day(4))
    assert house.rebuilt().known("vfs_persons", "person_id") == {"P", "Q"}


def test_a_warehouse_that_goes_on_is_not_set_back_to_the_base(house: House) -> None:
    fill(house, last=5, leaves_on=5)
    before = house.everything()
    house.purge(day(4))
    (house.landed / "base" / str(day(1))).mkdir()  # as a purge leaves it that was killed before it deleted the one before
    assert retention.restore(house.con, house.landed, "vfs") == day(3) == retention.base_date(house.landed)
    assert house.everything() == before and len(rows(house.con, "FROM ingest.extracts")) == 10


def test_where_nothing_is_that_old_nothing_is_deleted(house: House) -> None:
    fill(house, last=3, leaves_on=2)
    assert house.purge(day(1)) == 0
    assert retention.base_date(house.landed) is None and len(days_with_tables(house, "hrm")) == 3


def test_a_later_purge_replaces_the_base_and_an_earlier_one_changes_nothing(house: House) -> None:
    fill(house, last=6, leaves_on=3)
    house.purge(day(3))
    house.purge(day(5))
    base = house.landed / "base"
    assert [f.name for f in base.iterdir()] == [str(day(4))]
    assert house.purge(day(3)) == 0 and [f.name for f in base.iterdir()] == [str(day(4))]
    assert house.rebuilt().known("hrm_employees", "employee_number") == {"1"}


def test_what_a_killed_purge_left_is_deleted_by_the_next(house: House) -> None:
    fill(house, last=5, leaves_on=3)
    left = next(house.landed.glob(f"hrm/{day(2)}/*/employees.parquet"))
    content = left.read_bytes()
    house.purge(day(4))
    left.write_bytes(content)
    house.purge(day(4))
    assert not left.exists()


# Whom a purge keeps.

LAST = day(1)
GONE, HELD = date(2025, 3, 1), None


@pytest.fixture
def con() -> duckdb.DuckDBPyConnection:
    con = duckdb.connect()
    create_tables(con)
    return con


def hold(con: duckdb.DuckDBPyConnection, table: str, until: date | None, **columns: str) -> None:
    row = {**columns, "valid_from": date(2025, 1, 1), "valid_to": until}
    con.execute(f"INSERT INTO versions.{table} BY NAME SELECT unnest($row)", {"row": row})


def kept(con: duckdb.DuckDBPyConnection) -> set[tuple[str, str]]:
    retention._choose_kept(con, LAST)
    return set(con.execute("FROM kept").fetchall())


def test_whoever_is_still_there_keeps_everybody_they_may_be_matched_with_however_far(con: duckdb.DuckDBPyConnection) -> None:
    hold(con, "vfs_accesses", HELD, person_id="p1", access_group="A", org_number="S")
    hold(con, "vfs_persons", GONE, person_id="p1", employee_number="e1")
    hold(con, "hrm_positions", GONE, position_id="h1", employee_number="e1")  # by number, of an employee with no row
    hold(con, "hrm_employees", GONE, employee_number="e1", national_id_hash="x")
    hold(con, "vfs_persons", GONE, person_id="p2", national_id_hash="x")  # by national id
    hold(con, "vfs_persons", GONE, person_id="p2", employee_number="e2")
    hold(con, "hrm_employees", GONE, employee_number="e2")
    hold(con, "hrm_employees", GONE, employee_number="e3")
    hold(con, "vfs_persons", GONE, person_id="p3", employee_number="e3")
    assert kept(con) == {("persons", "p1"), ("employees", "e1"), ("persons", "p2"), ("employees", "e2")}


@pytest.mark.parametrize(("until", "is_kept"), [(date(2025, 3, 11), True), (LAST, False)])
def test_who_ended_on_the_last_day_is_not_kept(con: duckdb.DuckDBPyConnection, until: date, is_kept: bool) -> None:
    hold(con, "hrm_employees", until, employee_number="e1")
    assert bool(kept(con)) == is_kept


def test_each_table_but_the_org_units_has_owners_of_its_own_system() -> None:
    owners = {t.versions_name: o.versions_name for t in TABLES if (o := owners_of(t))}
    assert owners == {
        "hrm_employees": "hrm_employees", "hrm_positions": "hrm_employees", "vfs_persons": "vfs_persons",
        "vfs_positions": "vfs_persons", "vfs_accesses": "vfs_persons"}


# --- a transfer ------------------------------------------------------------------------------------------------------


def test_what_was_sent_of_those_who_stay_is_kept_and_of_others_it_goes(house: House) -> None:
    for number, *employees in ((1, "1", "2"), (2, "1"), (3, "1"), (4, "1")):
        house.hrm(number, *employees)
        house.vfs(number, {"P": "1"})
    for number, *sent in ((1, "h1", "h2"), (3, "h1"), (4,)):
        deliveries.land(house.landed, "transfer", day(number), {"positions": [
            {"position_id": p, "end_date": day(30)} for p in sent]})
    house.fold()
    before = rows(house.con, "FROM versions.transfer_positions WHERE position_id = 'h1' ORDER BY ALL")
    assert house.purge(day(4)) == 3
    after = house.rebuilt()
    assert rows(after.con, "FROM versions.transfer_positions ORDER BY ALL") == before
    assert [r["extract_date"] for r in rows(after.con, "SELECT extract_date FROM ingest.extracts WHERE system = 'transfer' "
                                                       "AND status = 'accepted' ORDER BY ALL")] == [day(1), day(3), day(4)]


def test_a_transfer_that_is_delivered_no_more_holds_no_purge_back(house: House) -> None:
    for number in (1, 2, 3, 4):
        house.hrm(number, "1")
        house.vfs(number, {"P": "1"})
    deliveries.land(house.landed, "transfer", day(1), {"positions": []})
    house.fold()
    house.purge(day(4))
    assert retention.base_date(house.landed) == day(3)


def test_a_base_from_before_there_were_transfers_is_read(house: House) -> None:
    fill(house, 4, 9)
    house.purge(day(3))
    base = house.landed / "base" / str(day(2))
    (base / "transfer_positions.parquet").unlink()
    record = json.loads((base / "base.json").read_text())
    del record["sha256"]["transfer_positions.parquet"]
    (base / "base.json").write_text(json.dumps(record))
    deliveries.land(house.landed, "transfer", day(4), {"positions": [{"position_id": "h1"}]})
    after = house.rebuilt()
    assert after.known("hrm_employees", "employee_number") and after.known("transfer_positions", "position_id") == {"h1"}


def test_a_base_of_an_earlier_version_tells_the_sizes_it_knows(house: House) -> None:
    fill(house, 4, 9)
    house.purge(day(3))
    base = house.landed / "base" / str(day(2))
    old = base / "extracts.parquet"
    house.con.execute(f"""
        COPY (SELECT * EXCLUDE (figures, kept_rows, may_miss_rows), '{{"employees": 50, "positions": 2}}' AS size_rows
              FROM read_parquet('{old}')) TO '{base / "new.parquet"}' (FORMAT parquet)""")
    (base / "new.parquet").replace(old)
    for file in ("kept_rows.parquet", "base.json"):
        (base / file).unlink()
    after = make_house(house.root)
    retention.restore(after.con, after.landed, "hrm")
    fold(after.con, "hrm", landing_at(after.landed).all("hrm"), set(), Policy(), day(2))
    assert [r["reason"] for r in rows(after.con, "SELECT reason FROM ingest.extracts ORDER BY extract_date")][-1] == (
        "employees fell from 50 to 2 (the most in 30 days)")
