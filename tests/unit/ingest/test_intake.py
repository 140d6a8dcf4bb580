"""Taking in: what is landed, put off or left out, and that one delivery's fault holds no other back."""

from datetime import date, timedelta
from pathlib import Path

import duckdb
import pytest

from ingest import intake
from ingest.decisions import Decisions
from ingest.errors import DeliveryInProgress, PullFailed, RefusedExtract
from ingest.policy import Policy
from ingest.sources.base import Note
from ingest.warehouse import create_tables
from tests.support.landing_place import landing_at
from tests.support.memory_source import MemoryAdapter, MemoryFetched, raw_table

DAY = date(2025, 3, 10)
NEXT, LAST = DAY + timedelta(days=1), DAY + timedelta(days=2)
TABLES = {"employees": [{"employee_number": "1"}], "positions": [{"position_id": "A", "employee_number": "1", "org_number": "S"}]}


@pytest.fixture
def adapter() -> MemoryAdapter:
    adapter = MemoryAdapter()
    for day in (LAST, DAY, NEXT):
        adapter.deliver(day, TABLES)
    return adapter


def land(root: Path, adapter: MemoryAdapter, until: date = LAST, **options: object) -> intake.Intake:
    landing = landing_at(root / "landed")
    return intake.land(landing, adapter.source("hrm"), until, b"key", Policy(), **options)  # pyright: ignore[reportArgumentType]


def test_deliveries_land_in_order_up_to_the_day_and_each_is_logged_and_examined(tmp_path: Path, adapter: MemoryAdapter) -> None:
    logged: list[str] = []
    examined: list[Path] = []
    taken = land(tmp_path, adapter, NEXT, progress=logged.append, examine=examined.append)
    assert [e.extract_date for e in taken.landed] == [DAY, NEXT] and examined == [e.folder for e in taken.landed]
    assert logged == ["hrm: taking in 2025-03-10 (1 of 2)", "hrm: taking in 2025-03-11 (2 of 2)"]
    assert [e.extract_date for e in land(tmp_path, adapter).landed] == [LAST]
    assert land(tmp_path, adapter) == intake.Intake("hrm")


def test_a_delivery_that_cannot_be_had_holds_no_other_back(tmp_path: Path, adapter: MemoryAdapter) -> None:
    examined: list[Path] = []
    adapter.deliver(DAY, {}, error=DeliveryInProgress("a file changed"))
    adapter.deliver(NEXT, {}, error=RefusedExtract("broken"))
    taken = land(tmp_path, adapter, examine=examined.append)
    assert taken.postponed == ["hrm 2025-03-10: a file changed; it is taken in when it is complete"]
    assert [(e.extract_date, bool(e.refused)) for e in taken.landed] == [(NEXT, True), (LAST, False)]
    assert examined == [taken.landed[1].folder]  # there is nothing to examine in a refused one
    adapter.deliver(DAY, {}, error=PullFailed("no answer"))
    assert land(tmp_path, adapter).failed == ["hrm 2025-03-10: no answer"]


def test_one_day_is_taken_in_again_when_it_is_named(tmp_path: Path, adapter: MemoryAdapter) -> None:
    land(tmp_path, adapter)
    read = adapter.fetched
    assert land(tmp_path, adapter, only=NEXT).landed == [] and adapter.fetched == read + 1


def test_what_is_older_than_the_retention_keeps_is_left_out(tmp_path: Path, adapter: MemoryAdapter) -> None:
    land(tmp_path, adapter, DAY)
    (tmp_path / "landed" / "base" / NEXT.isoformat()).mkdir(parents=True)
    adapter.deliver(DAY, TABLES, signature="touched")
    taken = land(tmp_path, adapter)
    assert taken.postponed == ["hrm 2025-03-11: older than what the retention keeps (2025-03-11); left out"]
    assert [e.extract_date for e in taken.landed] == [LAST]  # a day that had landed already is not reported


def test_extra_columns_are_named_once(tmp_path: Path, adapter: MemoryAdapter) -> None:
    def deliver(day: date, *extra: str, also: tuple[date, ...] = ()) -> list[str]:
        tables = {n: raw_table(rows, extra_columns=extra if n == "employees" else ()) for n, rows in TABLES.items()}
        adapter.delivered = dict.fromkeys((day, *also), ("", MemoryFetched(tables)))
        return land(tmp_path, adapter, LAST + timedelta(days=2)).new_doubts(landing_at(tmp_path / "landed"))

    assert deliver(DAY, "a", "b") == ["hrm 2025-03-10, employees: extra columns are ignored: a, b"]
    assert deliver(NEXT, "a", "b", "c") == ["hrm 2025-03-11, employees: extra columns are ignored: c"]
    assert deliver(LAST, "c") == []
    later = LAST + timedelta(days=1)
    assert deliver(later, "d", also=(later + timedelta(days=1),)) == ["hrm 2025-03-13, employees: extra columns are ignored: d"]


def test_a_doubt_of_the_source_is_told_once_with_its_count(tmp_path: Path, adapter: MemoryAdapter) -> None:
    def deliver(day: date, *notes: Note) -> list[str]:
        tables = {n: raw_table(rows, notes=notes if n == "employees" else ()) for n, rows in TABLES.items()}
        adapter.delivered = {day: ("", MemoryFetched(tables))}
        taken = land(tmp_path, adapter, LAST)
        assert taken.landed[0].figures["employees"].warnings.items() >= {n.name: n.count for n in notes}.items()
        return taken.new_doubts(landing_at(tmp_path / "landed"))

    assert deliver(DAY, Note("shared", 2, "that are one")) == ["hrm 2025-03-10, employees: 2 that are one"]
    assert deliver(NEXT, Note("shared", 3, "that are one")) == []
    assert deliver(LAST, Note("shared", 3, "that are one"), Note("old", 1, "that is old")) == [
        "hrm 2025-03-12, employees: 1 that is old"]


def test_the_oldest_accepted_extract_is_kept_with_each_that_lands(tmp_path: Path, adapter: MemoryAdapter) -> None:
    """contract#mistyped-year"""
    con = duckdb.connect()
    create_tables(con)
    landing, decisions = landing_at(tmp_path / "landed"), Decisions(tmp_path / "decisions")
    long_ago = DAY - timedelta(days=3650)

    def oldest() -> date | None:
        return intake.oldest_accepted(con, landing, Policy(), "hrm")

    def fold() -> dict[date, str]:
        verdicts = intake.fold_landed(con, landing, decisions, Policy(), "hrm", tmp_path / "quarantined")
        return {v.landed.extract_date: v.status for v in verdicts}

    assert oldest() is None
    assert [e.history_began_on for e in land(tmp_path, adapter, DAY).landed] == [None]
    assert oldest() == DAY  # the warehouse knows of nothing yet
    assert fold() == {DAY: "accepted"} and oldest() == DAY
    adapter.deliver(long_ago, TABLES)
    assert {e.history_began_on for e in land(tmp_path, adapter, oldest_accepted=oldest()).landed} == {DAY}
    assert fold() == {long_ago: "quarantined", NEXT: "accepted", LAST: "accepted"} and oldest() == DAY
    con.execute("DELETE FROM ingest.extracts")
    assert oldest() == DAY
    decisions.accept("hrm", long_ago, landing.of_day("hrm", long_ago)[0].fingerprint, "found in the archive", LAST)
    assert fold()[long_ago] == "accepted" and oldest() == long_ago


def test_folding_writes_a_diff_for_each_extract_newly_held_back(tmp_path: Path, adapter: MemoryAdapter) -> None:
    adapter.deliver(NEXT, TABLES | {"employees": []})
    land(tmp_path, adapter)
    con = duckdb.connect()
    create_tables(con)
    landing, decisions = landing_at(tmp_path / "landed"), Decisions(tmp_path / "decisions")

    def fold(until: date | None = None) -> list[tuple[date, str]]:
        verdicts = intake.fold_landed(con, landing, decisions, Policy(), "hrm", tmp_path / "quarantined", until=until)
        return [(v.landed.extract_date, v.status) for v in verdicts]

    assert fold(DAY) == [(DAY, "accepted")]
    assert fold() == [(NEXT, "quarantined"), (LAST, "accepted")]
    diff, = (tmp_path / "quarantined").rglob("*.csv")
    assert diff.name.startswith(NEXT.isoformat()) and "employees,1,gone,1," in diff.read_text()
    decisions.accept("hrm", NEXT, landing.of_day("hrm", NEXT)[0].fingerprint, "everybody left", LAST)
    assert fold() == [(NEXT, "accepted")]
