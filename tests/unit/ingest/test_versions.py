"""Folding: which versions a sequence of extracts leaves, whatever the order in which they arrive, and what became of each."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import duckdb
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.canonical_tables import tables_of
from ingest.door import admit
from ingest.errors import Damaged
from ingest.guard import ACTIVE, Measured
from ingest.landing import Landed
from ingest.policy import Policy
from ingest.sql import rows, scalar
from ingest.versions import fold
from ingest.warehouse import create_tables
from tests.support import deliveries
from tests.support.landing_place import landing_at
from tests.support.memory_source import raw_table

POLICY = Policy(max_drop_percent=0, min_drop_rows=0)  # any loss is held back
TOLERANT = Policy(max_loss_percent=100)  # in so small a house, most of it may leave
NAMES = Mapping[str, str | None]


def day(number: int) -> date:
    return date(2025, 3, 10) + timedelta(days=number - 1)


@dataclass
class House:
    """HRM's employees, by number and name, over some days; each has one position, which never changes."""

    root: Path
    policy: Policy = field(default_factory=lambda: TOLERANT)
    accepted: set[tuple[date, str]] = field(default_factory=set)
    con: duckdb.DuckDBPyConnection = field(default_factory=duckdb.connect)

    def __post_init__(self) -> None:
        self.con.execute("SET threads = 1")
        create_tables(self.con)

    def land(self, number: int, people: NAMES, *, gone: Sequence[str] = (), kind: str = "full", arrival: int = 1) -> None:
        employees = [{"employee_number": n, "given_name": name} for n, name in people.items()]
        employees += [{"employee_number": n, "deleted": True} for n in gone]
        position = {"position_id": "A1", "employee_number": "1", "org_number": "S1"}
        tables = {"employees": employees, "positions": [position]}
        deliveries.land(self.root, "hrm", day(number), tables, kind=kind, arrival=arrival)

    def landed(self) -> list[Landed]:
        return landing_at(self.root).all("hrm")

    def fold(self, frozen_until: date | None = None) -> list[tuple[int, int, str]]:
        """(day, arrival, status) of the verdicts that are new."""
        new = fold(self.con, "hrm", self.landed(), self.accepted, self.policy, frozen_until)
        return [((v.landed.extract_date - day(0)).days, v.landed.arrival, v.status) for v in new]

    def versions(self) -> list[tuple[str, str | None, int, int | None]]:
        """(employee, name, first day, first day no longer) of each version."""
        return self.con.execute(
            "SELECT employee_number, given_name, valid_from - $1, valid_to - $1 FROM versions.hrm_employees ORDER BY 1, 3",
            [day(0)]).fetchall()

    def statuses(self) -> list[tuple[int, int, str]]:
        return self.con.execute(
            "SELECT extract_date - $1, arrival, status FROM ingest.extracts ORDER BY ALL", [day(0)]).fetchall()


@pytest.fixture
def house(tmp_path: Path) -> House:
    return House(tmp_path / "landed")


def test_a_day_on_which_nothing_changes_adds_nothing(house: House) -> None:
    for number in (1, 2, 5):
        house.land(number, {"1": "Fik", "2": None})
        house.fold()
    assert house.versions() == [("1", "Fik", 1, None), ("2", None, 1, None)]
    assert scalar(house.con, "SELECT count(*) FROM versions.hrm_positions") == 1


def test_a_row_that_changes_begins_a_version_on_that_day(house: House) -> None:
    for number, name in ((1, "Fik"), (2, None), (3, "Fik"), (4, "Fik")):
        house.land(number, {"1": name})
    house.fold()
    assert house.versions() == [("1", "Fik", 1, 2), ("1", None, 2, 3), ("1", "Fik", 3, None)]


@pytest.mark.parametrize("one_by_one", [True, False])
def test_a_row_that_is_gone_and_comes_back_leaves_a_gap_of_those_days(house: House, one_by_one: bool) -> None:
    for number, people in ((1, {"1": "Fik", "2": "Tøv"}), (2, {"1": "Fik"}), (4, {"1": "Fik"}), (6, {"1": "Fik", "2": "Tøv"})):
        house.land(number, people)
        if one_by_one:
            house.fold()
    house.fold()
    assert house.versions() == [("1", "Fik", 1, None), ("2", "Tøv", 1, 2), ("2", "Tøv", 6, None)]


def test_a_delta_changes_what_it_names_and_removes_what_it_marks_and_leaves_the_rest(house: House) -> None:
    house.land(1, {"1": "Fik", "2": "Tøv", "3": "Dik"})
    house.land(2, {"1": "Fik", "2": "Nip", "4": "Lek"}, gone=["3", "nobody"], kind="delta")
    house.land(3, {"3": "Dik"}, kind="delta")
    house.land(4, {"1": "Fik", "4": "Lek"})
    house.fold()
    assert house.versions() == [
        ("1", "Fik", 1, None), ("2", "Tøv", 1, 2), ("2", "Nip", 2, 4), ("3", "Dik", 1, 2), ("3", "Dik", 3, 4),
        ("4", "Lek", 2, None)]


def test_a_delta_is_measured_by_what_there_is_after_it(house: House) -> None:
    house.land(1, {"1": "Fik", "2": "Tøv", "3": "Dik"})
    house.land(2, {"1": "Fik", "2": "Tøv"})
    house.land(3, {"1": "Nip", "4": "Lek"}, gone=["2"], kind="delta")
    house.fold()
    figures = scalar(house.con, "SELECT figures FROM ingest.extracts WHERE kind = 'delta'")
    assert Measured.from_json(figures).sizes == {"employees": 2, "positions": 1, ACTIVE: 1}
    assert scalar(house.con, "SELECT active_positions FROM ingest.extracts WHERE kind = 'delta'") == 1


def test_a_delta_before_any_full_extract_holds_what_it_does_not_remove(house: House) -> None:
    house.land(1, {"1": "Fik"}, gone=["2"], kind="delta")
    house.fold()
    assert house.versions() == [("1", "Fik", 1, None)]


def test_an_empty_part_of_a_key_is_a_value_of_it(tmp_path: Path) -> None:
    con = duckdb.connect()
    create_tables(con)
    access = {"person_id": "P1", "access_group": "Lærer", "org_number": "S1", "start_date": None, "position_id": None}
    person, position = {"person_id": "P1"}, {"position_id": "v1", "person_id": "P1", "org_number": "S1"}
    for number, end in ((1, None), (2, None), (3, day(9))):
        accesses = [{**access, "end_date": end}, {**access, "start_date": day(1)}]
        deliveries.land(tmp_path, "vfs", day(number), {"persons": [person], "positions": [position], "accesses": accesses})
        fold(con, "vfs", landing_at(tmp_path).all("vfs"), set(), TOLERANT)
    versions = con.execute("SELECT start_date, end_date, valid_from, valid_to FROM versions.vfs_accesses ORDER BY ALL")
    assert versions.fetchall() == [
        (day(1), None, day(1), None), (None, day(9), day(3), None), (None, None, day(1), day(3))]


def test_a_late_extract_is_folded_into_its_day(house: House) -> None:
    house.land(1, {"1": "Fik"})
    house.land(3, {"1": "Fik"})
    house.fold()
    house.land(2, {"1": "Tøv", "2": "Dik"})
    assert house.fold() == [(2, 1, "accepted")]
    assert house.versions() == [("1", "Fik", 1, 2), ("1", "Tøv", 2, 3), ("1", "Fik", 3, None), ("2", "Dik", 2, 3)]


def test_a_delta_after_a_late_extract_is_applied_to_it(house: House) -> None:
    house.land(1, {"1": "Fik"})
    house.land(3, {"2": "Dik"}, kind="delta")
    house.fold()
    house.land(2, {"1": "Tøv"})
    house.fold()
    assert house.versions() == [("1", "Fik", 1, 2), ("1", "Tøv", 2, None), ("2", "Dik", 3, None)]


def test_another_content_for_a_day_replaces_it_and_what_comes_after_stands(house: House) -> None:
    house.land(1, {"1": "Fik"})
    house.land(2, {"1": "Wrong", "2": "Wrong"})
    house.land(3, {"1": "Fik"})
    house.fold()
    house.land(2, {"1": "Tøv"}, arrival=2)
    assert house.fold() == [(2, 1, "replaced"), (2, 2, "accepted")]
    assert house.versions() == [("1", "Fik", 1, 2), ("1", "Tøv", 2, 3), ("1", "Fik", 3, None)]
    assert house.statuses() == [(1, 1, "accepted"), (2, 1, "replaced"), (2, 2, "accepted"), (3, 1, "accepted")]
    house.land(2, {"1": "Wrong", "2": "Wrong"}, arrival=3)  # that it holds after all is news, though its content is not
    assert house.fold() == [(2, 2, "replaced"), (2, 3, "accepted")]


def test_a_row_that_a_replaced_day_did_not_hold_was_there_all_along(house: House) -> None:
    house.land(1, {"1": "Fik", "2": "Tøv"})
    house.land(2, {"1": "Fik"})
    house.fold()
    assert house.versions() == [("1", "Fik", 1, None), ("2", "Tøv", 1, 2)]
    house.land(2, {"1": "Fik", "2": "Tøv"}, arrival=2)
    house.fold()
    assert house.versions() == [("1", "Fik", 1, None), ("2", "Tøv", 1, None)]


def test_a_quarantined_extract_changes_nothing_and_the_next_is_compared_with_the_one_before_it(tmp_path: Path) -> None:
    house = House(tmp_path, POLICY)
    house.land(1, {"1": "Fik", "2": "Tøv"})
    house.land(2, {"1": "Changed"})
    house.land(3, {"1": "Fik", "2": "Tøv"})
    assert house.fold() == [(1, 1, "accepted"), (2, 1, "quarantined"), (3, 1, "accepted")]
    assert house.versions() == [("1", "Fik", 1, None), ("2", "Tøv", 1, None)]
    recorded, = rows(house.con, "SELECT reason, figures, row_count FROM ingest.extracts WHERE status = 'quarantined'")
    assert recorded["reason"] == (
        "employees fell from 2 to 1 (the most in 30 days); 1 of 2 employee keys of the extract before are gone")
    assert Measured.from_json(recorded["figures"]).sizes == {"employees": 1, "positions": 1, ACTIVE: 1}
    assert recorded["row_count"] == 2


def test_a_quarantined_extract_that_is_let_in_counts_from_its_day(tmp_path: Path) -> None:
    house = House(tmp_path, POLICY)
    house.land(1, {"1": "Fik", "2": "Tøv"})
    house.land(2, {"1": "Fik"})
    house.land(3, {"1": "Fik"})  # held back as long as the second is
    assert house.fold() == [(1, 1, "accepted"), (2, 1, "quarantined"), (3, 1, "quarantined")]
    house.accepted = {(day(2), "another content")}
    assert house.fold() == []
    house.accepted = {(day(2), house.landed()[1].fingerprint)}
    assert house.fold() == [(2, 1, "accepted"), (3, 1, "accepted")]
    assert house.versions() == [("1", "Fik", 1, None), ("2", "Tøv", 1, 2)]
    assert scalar(house.con, "SELECT reason FROM ingest.extracts WHERE extract_date = $1", [day(2)]) == (
        "let in by decision: employees fell from 2 to 1 (the most in 30 days); "
        "1 of 2 employee keys of the extract before are gone")


def test_what_replaces_a_day_must_pass_too_or_the_day_stays_as_it_was(tmp_path: Path) -> None:
    house = House(tmp_path, POLICY)
    house.land(1, {"1": "Fik", "2": "Tøv"})
    house.land(2, {"1": "Fik", "2": "Tøv", "3": "Dik"})
    house.fold()
    house.land(2, {"1": "Fik"}, arrival=2)
    assert house.fold() == [(2, 2, "quarantined")]
    assert house.versions() == [("1", "Fik", 1, None), ("2", "Tøv", 1, None), ("3", "Dik", 2, None)]


def test_an_extract_that_no_longer_passes_is_taken_back(tmp_path: Path) -> None:
    house = House(tmp_path, TOLERANT)
    house.land(1, {"1": "Fik", "2": "Tøv"})
    house.land(2, {"1": "Dik"})
    assert house.fold() == [(1, 1, "accepted"), (2, 1, "accepted")]
    house.policy = POLICY
    assert house.fold() == [(2, 1, "quarantined")]
    assert house.versions() == [("1", "Fik", 1, None), ("2", "Tøv", 1, None)]


def test_a_refused_delivery_is_recorded_and_counts_for_nothing(house: House) -> None:
    house.land(1, {"1": "Fik"})
    house.land(2, {"1": "Tøv"})
    record = house.landed()[1].folder / "extract.json"
    record.write_text(record.read_text().replace('"refused": null', '"refused": "broken"'))
    assert house.fold() == [(1, 1, "accepted"), (2, 1, "refused")]
    assert house.versions() == [("1", "Fik", 1, None)]
    house.land(2, {"1": "Dik"}, arrival=2)
    assert house.fold() == [(2, 2, "accepted")]
    assert house.statuses() == [(1, 1, "accepted"), (2, 1, "refused"), (2, 2, "accepted")]


def test_a_content_held_back_again_is_no_news(tmp_path: Path) -> None:
    house = House(tmp_path, POLICY)
    house.land(1, {"1": "Fik", "2": "Tøv"})
    house.land(2, {"1": "Fik"})
    house.land(2, {"1": "Dik"}, arrival=2)
    assert house.fold() == [(1, 1, "accepted"), (2, 1, "quarantined"), (2, 2, "quarantined")]
    house.land(2, {"1": "Fik"}, arrival=3)
    assert house.fold() == []
    assert house.statuses()[1:] == [(2, n, "quarantined") for n in (1, 2, 3)]


def test_verdicts_stand_where_the_extracts_behind_them_are_purged(tmp_path: Path) -> None:
    house = House(tmp_path, POLICY)
    house.land(1, {"1": "Fik", "2": "Tøv"})
    house.land(2, {"1": "Fik"})
    house.land(3, {"1": "Fik", "2": "Tøv"})
    house.fold()
    for landed in house.landed()[:2]:
        for file in landed.folder.glob("*.parquet"):
            file.unlink()
    house.policy = TOLERANT  # would let the second in, and needs its file then
    before = house.versions()
    assert house.fold(frozen_until=day(2)) == [] and house.versions() == before
    house.land(4, {"1": "Nip", "2": "Tøv"})
    assert house.fold(frozen_until=day(2)) == [(4, 1, "accepted")]
    assert house.versions() == [("1", "Fik", 1, 4), ("1", "Nip", 4, None), ("2", "Tøv", 1, None)]


def test_a_delta_whose_files_are_purged_keeps_the_size_it_was_measured_at(tmp_path: Path) -> None:
    house = House(tmp_path, POLICY)
    house.land(1, {"1": "Fik", "2": "Tøv"})
    house.land(2, {"3": "Dik"}, kind="delta")
    house.fold()
    for file in house.landed()[1].folder.glob("*.parquet"):
        file.unlink()
    house.land(3, {"1": "Fik", "2": "Tøv"})
    assert house.fold(frozen_until=day(2)) == [(3, 1, "quarantined")]  # there were three


def test_rejected_rows_are_those_of_extracts_that_count(house: House) -> None:
    rejected = admit("hrm", day(1), {"employees": raw_table([{"employee_number": None}], "employees.csv")}, delta=False, key=b"k",
                     max_rejected_percent=100).rejected

    def land(number: int, arrival: int, name: str) -> None:
        house.land(number, {"1": name}, arrival=arrival)
        folder = house.landed()[-1].folder
        pq.write_table(rejected, folder / "rejected_rows.parquet")
        record = folder / "extract.json"
        record.write_text(record.read_text().replace('"rejected": 0', '"rejected": 1', 1))

    land(1, 1, "Fik")
    house.fold()
    land(1, 2, "Tøv")
    house.fold()
    house.fold()
    assert rows(house.con, "SELECT extract_date, delivery, table_name, file, line, column_name FROM ingest.rejected_rows") == [
        {"extract_date": day(1), "delivery": house.landed()[1].key, "table_name": "employees", "file": "employees.csv", "line": 2,
         "column_name": "employee_number"}]


def test_a_fold_that_breaks_leaves_everything_as_it_was(house: House) -> None:
    house.land(1, {"1": "Fik"})
    house.land(2, {"1": "Tøv"})
    house.fold()
    house.land(2, {"1": "Dik"}, arrival=2)

    def interrupted(_: str) -> None:
        raise KeyboardInterrupt

    def unchanged() -> bool:
        return (house.versions(), house.statuses()) == (
            [("1", "Fik", 1, 2), ("1", "Tøv", 2, None)], [(1, 1, "accepted"), (2, 1, "accepted")])

    with pytest.raises(KeyboardInterrupt):
        fold(house.con, "hrm", house.landed(), set(), house.policy, progress=interrupted)
    assert unchanged()
    (house.landed()[-1].folder / "positions.parquet").write_bytes(b"damaged")
    with pytest.raises(Damaged, match=r"positions\.parquet: the landed table is damaged"):
        house.fold()
    assert unchanged()


# --- any order -------------------------------------------------------------------------------------------------------

PEOPLE = st.dictionaries(st.sampled_from("123"), st.sampled_from(["Fik", "Tøv"]), min_size=1)
EXTRACTS = st.lists(st.tuples(st.sampled_from(["full", "full", "delta"]), PEOPLE, st.sets(st.sampled_from("123"))),
                    min_size=2, max_size=4)


@settings(max_examples=4, deadline=None, derandomize=True, database=None)
@given(EXTRACTS, st.sampled_from([TOLERANT, POLICY]), st.randoms(use_true_random=False))
def test_several_in_one_batch_leave_what_one_by_one_leaves_in_any_order(extracts: list[Any], policy: Policy, rng: Any) -> None:
    with TemporaryDirectory() as folder:
        landed = House(Path(folder) / "landed")
        kinds = ["full", *(kind for kind, _, _ in extracts[1:])]
        for number, (kind, (_, people, gone)) in enumerate(zip(kinds, extracts, strict=True), start=1):
            landed.land(number, people, gone=[g for g in gone if g not in people] if kind == "delta" else (), kind=kind)
        every = landed.landed()
        shuffled = rng.sample(every, len(every))
        one_by_one = [every[:n] for n in range(1, len(every) + 1)]
        any_order = [sorted(shuffled[:n], key=lambda e: e.extract_date) for n in range(1, len(every) + 1)]
        outcomes = []
        for batches in ([every], one_by_one, any_order):
            house = House(landed.root, policy)
            for batch in batches:
                fold(house.con, "hrm", batch, set(), policy)
            state = {t.name: rows(house.con, f"FROM versions.{t.versions_name} ORDER BY ALL") for t in tables_of("hrm")}
            outcomes.append((state, house.statuses()))
            house.con.close()
        assert outcomes[0] == outcomes[1] == outcomes[2]
