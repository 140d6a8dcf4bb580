"""What was taken in or decided, and is gone, is noticed (contract#damaged-extract, contract#damaged-record)."""

import shutil
from datetime import date, timedelta
from pathlib import Path

import duckdb
import pytest

from ingest.decisions import Decisions
from ingest.errors import Damaged
from ingest.intake import fold_landed
from ingest.integrity import check_content, check_known, check_landed
from ingest.policy import Policy
from ingest.warehouse import create_tables, set_run
from tests.support import deliveries
from tests.support.landing_place import landing_at

DAY = date(2025, 3, 10)
TABLES = {"employees": [{"employee_number": "1"}], "positions": [{"position_id": "A", "employee_number": "1", "org_number": "S"}]}


class House:
    """Two days of HRM, folded, and two exceptions, one of them revoked, which the warehouse knows."""

    def __init__(self, root: Path) -> None:
        self.root, self.landed = root, root / "landed"
        self.con = duckdb.connect()
        create_tables(self.con)
        self.decisions = Decisions(root / "decisions")
        for day in (DAY, DAY + timedelta(days=1)):
            deliveries.land(self.landed, "hrm", day, TABLES)
        self.ids = [self.decisions.except_("manual_position", s, DAY, DAY + timedelta(days=9), "x", "x") for s in "AB"]
        self.decisions.revoke(self.ids[1], DAY, "x", "x")
        self.run()

    def run(self) -> None:
        check_known(self.con, self.landed, self.decisions)
        fold_landed(self.con, landing_at(self.landed), self.decisions, Policy(), "hrm", self.root / "quarantined")
        set_run(self.con, DAY, Policy(), self.decisions.exceptions())

    def first(self) -> Path:
        return landing_at(self.landed).all("hrm")[0].folder


@pytest.fixture
def house(tmp_path: Path) -> House:
    return House(tmp_path)


def test_an_extract_that_was_taken_in_and_is_gone_is_an_error_until_it_is_back_or_taken_in_anew(house: House) -> None:
    kept = house.root / "kept"
    shutil.move(house.first(), kept)
    with pytest.raises(Damaged, match=r"hrm/2025-03-10/001-.*this landed extract was taken in, and is gone.*--without-lost"):
        house.run()
    deliveries.land(house.landed, "hrm", DAY, {**TABLES, "org_units": []})  # as the settings read it now
    house.run()


def test_all_of_them_gone_are_told_in_one_line(house: House) -> None:
    shutil.rmtree(house.landed)
    with pytest.raises(Damaged, match="and 1 more of hrm, was taken in, and is gone"):
        house.run()


def test_a_missing_table_is_noticed_though_nothing_reads_it_today(house: House) -> None:
    (house.first() / "positions.parquet").unlink()
    with pytest.raises(Damaged, match=r"positions\.parquet: the landed table is missing"):
        check_landed(house.landed, "hrm")
    with pytest.raises(Damaged):
        house.run()


def test_before_the_warehouse_is_removed_every_table_is_read(house: House) -> None:
    check_content(house.landed, "hrm")
    (house.first() / "positions.parquet").write_bytes(b"x")
    check_landed(house.landed, "hrm")
    with pytest.raises(Damaged, match=r"positions\.parquet: the landed table is damaged"):
        check_content(house.landed, "hrm")


@pytest.mark.parametrize(("gone", "file"), [
    (["exceptions.jsonl", "exceptions.jsonl.seal"], r"exceptions\.jsonl"),
    (["revocations.jsonl", "revocations.jsonl.seal"], r"revocations\.jsonl")])
def test_decisions_that_the_last_run_knew_and_that_are_gone_with_their_seals_are_an_error(
        house: House, gone: list[str], file: str) -> None:
    for name in gone:
        (house.decisions.root / name).unlink()
    with pytest.raises(Damaged, match=rf"{file}: what was recorded about the exception \w+ is gone.*--without-lost"):
        house.run()


def test_what_a_purge_removed_is_not_missed(house: House) -> None:
    house.decisions.purge(DAY + timedelta(days=30), DAY)
    house.run()
    assert house.decisions.exceptions() == []
