"""Landing: each content once, in the order of arrival, and what is refused as a record alone."""

import json
import shutil
from datetime import date, timedelta
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from demo.people import national_id
from ingest.door import Figures
from ingest.errors import Damaged, DeliveryInProgress, PullFailed, RefusedExtract
from ingest.landing import Landed
from tests.support.landing_place import landing_at
from tests.support.memory_source import MemoryAdapter

DAY = date(2025, 3, 10)
NEXT = DAY + timedelta(days=1)
TABLES = {"employees": [{"employee_number": "1", "national_id": national_id(1)}],
          "positions": [{"position_id": "A1", "employee_number": "1", "org_number": "S1"}]}
OTHER = TABLES | {"employees": [{"employee_number": "1", "national_id": national_id(2)}]}


def take_in(root: Path, adapter: MemoryAdapter, day: date = DAY, *, key: bytes = b"key", limit: float = 5) -> Landed | None:
    source = adapter.source("hrm")
    delivery, = [d for d in source.deliveries(day, pull=True) if d.extract_date == day]
    return landing_at(root).take_in(source, delivery, key, limit)


def delivered(tables: dict = TABLES, **options: object) -> MemoryAdapter:
    adapter = MemoryAdapter()
    adapter.deliver(DAY, tables, **options)  # pyright: ignore[reportArgumentType]
    return adapter


def files(folder: Path) -> set[str]:
    return {file.name for file in folder.iterdir()}


def test_a_delivery_lands_whole_with_hashed_ids_and_its_figures(tmp_path: Path) -> None:
    adapter = delivered(TABLES | {"positions": [*TABLES["positions"], {"position_id": "A2"}]})
    landed = take_in(tmp_path / "landed", adapter, limit=50)
    assert landed is not None and landed.folder.parent == tmp_path / "landed" / "hrm" / "2025-03-10"
    assert landed.key == f"2025-03-10/001-{landed.fingerprint[:12]}" and landed.refused is None
    assert files(landed.folder) == {"extract.json", "employees.parquet", "positions.parquet", "rejected_rows.parquet"}
    assert landed.figures["positions"] == Figures(1, 1, 0, {"ends_before_start": 0})
    assert all(national_id(1).encode() not in f.read_bytes() for f in tmp_path.rglob("*") if f.is_file())
    assert landing_at(tmp_path / "landed").all("hrm") == [landed]  # what was returned is what is read again
    assert landing_at(tmp_path / "landed").all("vfs") == []


def test_the_same_content_again_has_no_effect(tmp_path: Path) -> None:
    adapter = delivered()
    assert take_in(tmp_path, adapter)
    before = {f: f.stat().st_mtime_ns for f in tmp_path.rglob("extract.json")}
    adapter.deliver(DAY, TABLES, signature="touched")
    assert take_in(tmp_path, adapter) is None
    assert {f: f.stat().st_mtime_ns for f in tmp_path.rglob("extract.json")} == before


def test_arrivals_are_counted_and_the_content_before_the_last_may_come_again(tmp_path: Path) -> None:
    adapter = delivered()
    take_in(tmp_path, adapter)
    adapter.deliver(DAY, OTHER)
    take_in(tmp_path, adapter)
    adapter.deliver(DAY, TABLES)
    take_in(tmp_path, adapter)
    adapter.deliver(NEXT, TABLES)
    take_in(tmp_path, adapter, NEXT)
    landed = landing_at(tmp_path).all("hrm")
    assert [(e.extract_date, e.arrival) for e in landed] == [(DAY, 1), (DAY, 2), (DAY, 3), (NEXT, 1)]
    assert landed[0].fingerprint == landed[2].fingerprint == landed[3].fingerprint != landed[1].fingerprint
    assert landing_at(tmp_path).of_day("hrm", NEXT) == landed[3:]


def test_extracts_are_ordered_by_day_and_arrival_beyond_the_ninth_and_the_thousandth(tmp_path: Path) -> None:
    for day, arrival in ((DAY, 1000), (DAY, 999), (NEXT, 1), (DAY, 10)):
        folder = tmp_path / "hrm" / day.isoformat() / f"{arrival:03d}-f"
        folder.mkdir(parents=True)
        (folder / "extract.json").write_text(json.dumps({
            "system": "hrm", "extract_date": day.isoformat(), "arrival": arrival, "fingerprint": "f", "kind": "full",
            "refused": None, "figures": {}, "active_positions": 0, "extra_columns": {}}))  # as an earlier version wrote it
    (tmp_path / "hrm" / DAY.isoformat() / ".incoming-003-f").mkdir()
    (tmp_path / "hrm" / DAY.isoformat() / ".incoming-003-f" / "extract.json").write_text("half")
    assert [(e.extract_date, e.arrival) for e in landing_at(tmp_path).all("hrm")] == [
        (DAY, 10), (DAY, 999), (DAY, 1000), (NEXT, 1)]


def test_the_fingerprint_depends_on_content_settings_limit_and_key(tmp_path: Path) -> None:
    def fingerprint(adapter: MemoryAdapter, key: bytes = b"key", limit: float = 5) -> str:
        landed = take_in(tmp_path / str(len(list(tmp_path.iterdir()))), adapter, key=key, limit=limit)
        assert landed
        return landed.fingerprint

    first = fingerprint(delivered())
    assert fingerprint(delivered(signature="another time")) == first
    resettled = delivered()
    resettled.settings_fingerprint = "other settings"
    others = [fingerprint(delivered(OTHER)), fingerprint(resettled), fingerprint(delivered(), b"other"),
              fingerprint(delivered(), limit=6)]
    assert len({first, *others}) == 5


@pytest.mark.parametrize("tables", [TABLES, TABLES | {"positions": [{"position_id": "A1"}]}])
def test_a_refused_delivery_has_a_record_and_no_table(tmp_path: Path, tables: dict) -> None:
    unreadable = RefusedExtract("the quotes are not closed", file="employees.csv", line=7) if tables is TABLES else None
    landed = take_in(tmp_path, delivered(tables, error=unreadable))
    assert landed is not None and files(landed.folder) == {"extract.json"}
    assert landed.figures == {}
    assert landed.refused == (
        "hrm 2025-03-10, employees.csv, line 7: the quotes are not closed" if unreadable else
        "hrm 2025-03-10, positions.csv, line 2, column employee_number: 1 of 1 rows cannot be used, more than 5 %; the first: "
        "employee_number: value is missing. Correct the file and deliver it again")
    assert take_in(tmp_path, delivered(tables, error=unreadable)) is None  # it is refused once


@pytest.mark.parametrize("error", [DeliveryInProgress("it grows"), PullFailed("it broke off")])
def test_a_delivery_that_could_not_be_read_whole_leaves_nothing_and_stays_pending(tmp_path: Path, error: Exception) -> None:
    adapter = delivered(error=error)
    with pytest.raises(type(error)):
        take_in(tmp_path, adapter)
    assert landing_at(tmp_path).all("hrm") == [] and not [f for f in tmp_path.rglob("*") if f.is_file()]
    assert len(landing_at(tmp_path).pending(adapter.source("hrm"), DAY)) == 1


def test_a_delivery_is_pending_when_its_signature_is_new_or_changed(tmp_path: Path) -> None:
    adapter = MemoryAdapter()
    for day in (NEXT, DAY):
        adapter.deliver(day, TABLES, signature="1")

    def pending(until: date = NEXT) -> list[date]:
        return [d.extract_date for d in landing_at(tmp_path).pending(adapter.source("hrm"), until)]

    assert pending() == [DAY, NEXT] and pending(DAY) == [DAY]
    take_in(tmp_path, adapter, DAY)
    assert pending() == [NEXT]
    take_in(tmp_path, adapter, NEXT)
    assert pending() == []
    read = adapter.fetched
    adapter.deliver(DAY, TABLES, signature="2")
    assert pending() == [DAY] and adapter.fetched == read  # nothing is opened to see that
    assert take_in(tmp_path, adapter, DAY) is None and pending() == []
    adapter.settings_fingerprint = "other settings"
    assert pending() == [DAY, NEXT]


def test_without_the_cache_of_signatures_everything_is_read_again_and_nothing_lands_twice(tmp_path: Path) -> None:
    adapter = delivered()
    take_in(tmp_path, adapter)
    for damage in ("", "{", None):
        cache = tmp_path / "seen.json"
        cache.unlink() if damage is None else cache.write_text(damage)
        assert len(landing_at(tmp_path).pending(adapter.source("hrm"), DAY)) == 1
        assert take_in(tmp_path, adapter) is None
        assert landing_at(tmp_path).pending(adapter.source("hrm"), DAY) == []


def test_what_is_pulled_may_always_have_changed(tmp_path: Path) -> None:
    adapter = delivered()
    adapter.is_pulled = True
    for _ in range(2):
        assert len(landing_at(tmp_path).pending(adapter.source("hrm"), DAY, pull=True)) == 1
        take_in(tmp_path, adapter)
    assert len(landing_at(tmp_path).all("hrm")) == 1
    assert landing_at(tmp_path).pending(adapter.source("hrm"), DAY, pull=False) == []


def test_a_delivery_of_vfs_records_what_cannot_be_assessed_from_it(tmp_path: Path) -> None:
    adapter = MemoryAdapter(carries=frozenset({"positions.registered_by", "persons.registered_by", "accesses.kommuneadmin"}))
    adapter.deliver(DAY, {"persons": [{"person_id": "P"}], "positions": [], "accesses": [], "org_units": []})
    source = adapter.source("vfs")
    landed = landing_at(tmp_path).take_in(source, source.deliveries(DAY)[0], b"key", 5)
    assert landed and "inactive_with_access" in landed.not_assessable and "manual_position" not in landed.not_assessable
    hrm = take_in(tmp_path, delivered())
    assert hrm and hrm.not_assessable == []


# --- damage (contract#damaged-extract, contract#damaged-record) --------------------------------------------------------


def landed_at(root: Path) -> Landed:
    """What a delivery became, as a later run sees it."""
    if not (root / "hrm").exists():
        take_in(root, delivered())
    return landing_at(root).all("hrm")[0]


def test_a_table_is_handed_out_only_as_it_was_written(tmp_path: Path) -> None:
    landed = landed_at(tmp_path)
    assert landed.table_file("positions") == landed.folder / "positions.parquet" and landed.table_file("org_units") is None
    file = landed.folder / "positions.parquet"
    whole = file.read_bytes()
    for damaged in (b"", whole[:len(whole) // 2], bytes(len(whole)), whole + b"x",
                    (landed.folder / "employees.parquet").read_bytes()):
        file.write_bytes(damaged)
        with pytest.raises(Damaged) as error:
            landed_at(tmp_path).table_file("positions")
        assert str(file) in str(error.value) and "Restore it from a backup" in str(error.value)
    file.unlink()
    for look in (lambda e: e.table_file("positions"), Landed.check_presence):
        with pytest.raises(Damaged, match=r"positions\.parquet: the landed table is missing"):
            look(landed_at(tmp_path))


def test_a_table_of_an_earlier_version_is_read_through_and_its_rows_are_counted(tmp_path: Path) -> None:
    landed = landed_at(tmp_path)
    record = json.loads((landed.folder / "extract.json").read_text())
    del record["sha256"]
    (landed.folder / "extract.json").write_text(json.dumps(record))
    (landed.folder / "rejected_rows.parquet").unlink()  # nothing was rejected, so nothing reads it
    file = landed.folder / "positions.parquet"
    assert landed_at(tmp_path).table_file("positions") == file
    landed_at(tmp_path).check_presence()
    whole = file.read_bytes()
    none = pq.read_table(file).slice(0, 0)
    pq.write_table(none, file)
    for damaged in (file.read_bytes(), whole[:len(whole) // 2], bytes(len(whole)), whole[:4] + bytes(40) + whole[44:]):
        file.write_bytes(damaged)
        with pytest.raises(Damaged, match="the landed table is damaged"):
            landed_at(tmp_path).table_file("positions")


@pytest.mark.parametrize(("content", "line"), [
    ("", 1), ('{"system": "hrm",\n "arr', 2), ("\0" * 40, 1), ("[]", 1), ("{}", 1), ('{"extract_date": "2025-03-10"}', 1)])
def test_a_record_that_cannot_be_read_is_an_error_with_file_and_line(tmp_path: Path, content: str, line: int) -> None:
    record = landed_at(tmp_path).folder / "extract.json"
    record.write_text(content)
    with pytest.raises(Damaged) as error:
        landing_at(tmp_path).all("hrm")
    assert f"{record}, line {line}:" in str(error.value) and "Restore it from a backup" in str(error.value)
    record.unlink()
    with pytest.raises(Damaged, match=r"extract\.json: the record of a landed extract is missing"):
        landing_at(tmp_path).all("hrm")


def test_the_record_of_another_extract_is_an_error(tmp_path: Path) -> None:
    adapter = delivered()
    take_in(tmp_path, adapter)
    adapter.deliver(NEXT, OTHER)
    take_in(tmp_path, adapter, NEXT)
    first, second = landing_at(tmp_path).all("hrm")
    (first.folder / "extract.json").write_bytes((second.folder / "extract.json").read_bytes())
    with pytest.raises(Damaged, match="the record is of another extract: hrm 2025-03-11 001-"):
        landing_at(tmp_path).all("hrm")


def test_a_day_whose_folder_was_deleted_is_taken_in_anew_though_its_delivery_was_seen(tmp_path: Path) -> None:
    adapter = delivered()
    landed = take_in(tmp_path, adapter)
    assert landed and landing_at(tmp_path).pending(adapter.source("hrm"), DAY) == []
    shutil.rmtree(landed.folder)
    assert len(landing_at(tmp_path).pending(adapter.source("hrm"), DAY)) == 1
    again = take_in(tmp_path, adapter)
    assert again and again.key == landed.key


@pytest.mark.parametrize("damage", ["[]", '{"hrm": 3}', '{"hrm": {"2025-03-10": 3}}', "\0\0", "\xff"])
def test_a_damaged_cache_of_what_was_seen_is_as_none(tmp_path: Path, damage: str) -> None:
    adapter = delivered()
    take_in(tmp_path, adapter)
    (tmp_path / "seen.json").write_bytes(damage.encode("latin-1"))
    assert len(landing_at(tmp_path).pending(adapter.source("hrm"), DAY)) == 1
    assert take_in(tmp_path, adapter) is None
