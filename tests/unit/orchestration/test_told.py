"""Which withheld deliveries have been told: by content, and again when the record is lost."""

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from ingest.warehouse import open_warehouse
from orchestration.core.run_report import DeliveryOutcome, DeliveryStatus
from orchestration.core.told import ToldRecord, withheld_now

DAY = date(2025, 3, 10)
REFUSED = DeliveryOutcome("hrm", DAY, DeliveryStatus.REFUSED, "no heading", "aaaa")


@pytest.fixture
def record(tmp_path: Path) -> ToldRecord:
    return ToldRecord(tmp_path / "told.json")


@pytest.mark.parametrize("other", [
    replace(REFUSED, system="vfs"), replace(REFUSED, day=date(2025, 3, 9)), replace(REFUSED, fingerprint="bbbb"),
    replace(REFUSED, status=DeliveryStatus.QUARANTINED)])
def test_what_was_told_is_known_by_system_day_status_and_content(record: ToldRecord, other: DeliveryOutcome) -> None:
    assert record.untold([REFUSED, other]) == [REFUSED, other]
    record.add([REFUSED])
    assert record.untold([REFUSED, replace(REFUSED, reason="in other words"), other]) == [other]
    record.add([other])
    assert record.untold([REFUSED, other]) == []


def test_the_same_content_twice_on_a_day_is_one(record: ToldRecord) -> None:
    assert record.untold([REFUSED, REFUSED]) == [REFUSED]


def test_a_delivery_that_is_withheld_again_is_told_again(record: ToldRecord) -> None:
    record.add([REFUSED])
    record.keep_only([REFUSED])
    assert record.untold([REFUSED]) == []
    record.keep_only([])
    assert record.untold([REFUSED]) == [REFUSED]


@pytest.mark.parametrize("content", ["", "{", "[]", "{}", "null", '{"withheld": [1]}', '{"withheld": null}', "\0\0\0"])
def test_without_a_readable_record_everything_is_told_again(record: ToldRecord, tmp_path: Path, content: str) -> None:
    record.add([REFUSED])
    (tmp_path / "told.json").write_text(content)
    assert record.untold([REFUSED]) == [REFUSED]
    record.add([REFUSED])
    assert record.untold([REFUSED]) == []


def test_the_record_holds_no_reason(record: ToldRecord, tmp_path: Path) -> None:
    record.add([REFUSED])
    assert "heading" not in (tmp_path / "told.json").read_text()


def test_what_is_withheld_now_is_read_from_the_warehouse_with_the_beginning_of_its_fingerprint(tmp_path: Path) -> None:
    with open_warehouse(tmp_path / "warehouse.duckdb") as con:
        for system, arrival, status in (
                ("vfs", 1, "quarantined"), ("hrm", 2, "accepted"), ("hrm", 1, "refused"), ("hrm", 3, "replaced")):
            con.execute("INSERT INTO ingest.extracts BY NAME SELECT ? AS system, ? AS extract_date, ? AS delivery, ? AS arrival, "
                        "? AS fingerprint, 'full' AS kind, ? AS status, 'why' AS reason, 0 AS row_count, 0 AS rejected_count",
                        [system, DAY, f"{DAY}/{arrival}", arrival, f"{arrival}" * 64, status])
        assert withheld_now(con) == [
            DeliveryOutcome("hrm", DAY, DeliveryStatus.REFUSED, "why", "1" * 12),
            DeliveryOutcome("vfs", DAY, DeliveryStatus.QUARANTINED, "why", "1" * 12)]
