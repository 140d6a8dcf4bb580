"""The published set: it is complete or not published, never goes back in time, and the linked one is never removed."""

import json
import os
import shutil
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pyarrow.parquet
import pytest

from dbt_project import MARTS_VERSION
from ingest.errors import Damaged
from ingest.policy import Policy
from ingest.sql import scalar
from ingest.warehouse import create_tables, set_run
from publish import snapshot
from publish.contracts import Column, Contract, Open
from publish.snapshot import PublishedIsNewer, Readers, published_as_of, remove_old_sets

DAY = date(2025, 3, 10)
Between = Callable[[Path], None]


class House:
    """A warehouse with two marts, published in a folder. `between` is called with a set's folder before it is complete."""

    def __init__(self, root: Path) -> None:
        self.link = root / "published"
        self.con = duckdb.connect()
        self.between: Between = lambda folder: None
        create_tables(self.con)
        self.con.execute("CREATE SCHEMA marts; CREATE TABLE marts.alert_log (n INTEGER)")

    def write_report_and_worklists(self, con: duckdb.DuckDBPyConnection, folder: Path, *arguments: Any, **options: Any) -> None:
        """Replaces the report and the worklists, which read marts that this warehouse does not have."""
        (folder / "report").mkdir()
        (folder / "report" / "index.html").write_text("report")
        self.between(folder)

    def publish(self, day: date, text: str = "x", contracts: dict[str, Contract] | None = None) -> dict[str, int]:
        set_run(self.con, day, Policy(), [])
        self.con.execute("CREATE OR REPLACE TABLE marts.findings AS SELECT unnest([2, 1]) AS n, $1 AS word", [text])
        return snapshot.publish(self.con, self.link, day, contracts or {})

    def publish_again(self, mart: str) -> None:
        snapshot.publish_again(self.con, self.link, mart)

    def sets(self) -> list[str]:
        return sorted(s.name for s in self.link.with_name("published.d").iterdir())


@pytest.fixture
def house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> House:
    house = House(tmp_path / "data")
    monkeypatch.setattr(snapshot, "write_report_and_worklists", house.write_report_and_worklists)
    return house


def words(published: Path) -> list[str]:
    """The words in the three forms of the mart `findings`, and the as-of date in set.json."""
    with duckdb.connect(str(published / "marts.duckdb"), read_only=True) as con:
        in_forms = {scalar(con, f"SELECT any_value(word) FROM {name}") for name in (
            "findings", "marts.findings", f"read_parquet('{published / 'parquet' / 'findings.parquet'}')")}
    return [*in_forms, json.loads((published / "set.json").read_text())["as_of_date"]]


def test_a_set_is_complete_and_each_form_of_it_has_the_same_content(house: House) -> None:
    assert published_as_of(house.link) is None
    assert house.publish(DAY) == {"alert_log": 0, "findings": 2}
    assert house.link.is_symlink() and house.sets() == ["2025-03-10-000001"]
    assert {str(f.relative_to(house.link)) for f in house.link.rglob("*") if f.is_file()} == {
        "marts.duckdb", "set.json", "parquet/alert_log.parquet", "parquet/findings.parquet", "report/index.html",
        "open/marts.duckdb", "open/set.json"}
    assert words(house.link) == ["x", "2025-03-10"]
    assert json.loads((house.link / "set.json").read_text()) == {
        "as_of_date": "2025-03-10", "marts": {"alert_log": 0, "findings": 2}, "marts_version": MARTS_VERSION}
    assert published_as_of(house.link) == DAY


def test_readers_see_the_old_set_until_the_new_one_is_complete(house: House) -> None:
    house.publish(DAY, "old")
    seen: list[list[str]] = []
    house.between = lambda folder: seen.append(words(house.link))
    with duckdb.connect(str(house.link / "marts.duckdb"), read_only=True) as reader:
        house.publish(DAY + timedelta(days=1), "new")
        assert scalar(reader, "SELECT any_value(word) FROM findings") == "old"
    assert seen == [["old", "2025-03-10"]] and words(house.link) == ["new", "2025-03-11"]
    assert words(house.link.with_name("published.d") / house.sets()[0]) == ["old", "2025-03-10"]


def test_a_set_that_could_not_be_completed_leaves_nothing(house: House) -> None:
    house.publish(DAY, "old")

    def fails(folder: Path) -> None:
        raise KeyboardInterrupt

    house.between = fails
    with pytest.raises(KeyboardInterrupt):
        house.publish(DAY, "new")
    assert words(house.link) == ["old", "2025-03-10"] and house.sets() == ["2025-03-10-000001"]
    house.between = lambda folder: None
    house.publish(DAY, "newer")  # the warehouse can be published again
    assert words(house.link) == ["newer", "2025-03-10"]


def test_a_day_before_the_published_one_is_not_published_and_the_same_day_is(house: House) -> None:
    house.publish(DAY, "old")
    with pytest.raises(PublishedIsNewer, match="2025-03-09 is not published: the published set is of 2025-03-10"):
        house.publish(DAY - timedelta(days=1), "past")
    assert words(house.link) == ["old", "2025-03-10"]
    house.publish(DAY, "again")
    assert words(house.link) == ["again", "2025-03-10"] and house.sets() == ["2025-03-10-000001", "2025-03-10-000002"]


def test_leftovers_of_a_killed_run_are_ignored(house: House) -> None:
    (house.link.with_name("published.d") / ".incoming-2025-03-10-000007-12345678").mkdir(parents=True)
    house.link.with_name(".incoming-published").symlink_to("nowhere")
    house.publish(DAY)
    assert words(house.link) == ["x", "2025-03-10"] and house.link.resolve().name == "2025-03-10-000001"


def test_the_newest_sets_are_kept_and_older_ones_are_removed(house: House) -> None:
    for number in range(5):
        house.publish(DAY + timedelta(days=number))
    assert house.sets() == ["2025-03-12-000003", "2025-03-13-000004", "2025-03-14-000005"]


def test_the_published_set_is_never_removed_however_old(house: House) -> None:
    for number in range(3):
        house.publish(DAY + timedelta(days=number))
    house.link.unlink()
    house.link.symlink_to("published.d/2025-03-10-000001")
    remove_old_sets(house.link, kept=1)
    assert house.sets() == ["2025-03-10-000001", "2025-03-12-000003"]


def test_publishing_one_mart_again_links_all_other_files(house: House) -> None:
    house.publish(DAY, "x")
    before = house.link.resolve()
    house.con.execute("INSERT INTO marts.alert_log VALUES (1), (2); UPDATE marts.findings SET word = 'changed since'")
    house.publish_again("alert_log")
    after = house.link.resolve()
    assert (after.name, words(after)) == ("2025-03-10-000002", ["x", "2025-03-10"])
    with duckdb.connect(str(after / "marts.duckdb"), read_only=True) as con:
        assert con.execute("SELECT count(*), (SELECT count(*) FROM findings) FROM alert_log").fetchall() == [(2, 2)]
    assert duckdb.sql(f"SELECT count(*) FROM '{after}/parquet/alert_log.parquet'").fetchall() == [(2,)]
    assert json.loads((after / "set.json").read_text())["marts"] == {"alert_log": 2, "findings": 2}
    for name in ("report/index.html", "parquet/findings.parquet"):
        assert (before / name).samefile(after / name)
    with duckdb.connect(str(before / "marts.duckdb"), read_only=True) as con:  # a reader of the old set sees no change
        assert scalar(con, "SELECT count(*) FROM alert_log") == 0
    assert duckdb.sql(f"SELECT count(*) FROM '{before}/parquet/alert_log.parquet'").fetchall() == [(0,)]


LOG = Contract("Its log.", (Column("n", "INTEGER", "A number", is_nullable=False),))
FINDINGS = Contract("What's found", (Column("word"), Column("n", "INTEGER", "A 'number'", is_nullable=False)))


def test_the_published_file_has_the_columns_of_the_contracts_in_their_order_and_no_null_where_they_say_so(house: House) -> None:
    """contract#published-form"""
    house.publish(DAY, contracts={"findings": FINDINGS, "alert_log": LOG})
    house.con.execute("INSERT INTO marts.alert_log VALUES (1)")
    snapshot.publish_again(house.con, house.link, "alert_log", LOG)
    with duckdb.connect(str(house.link / "marts.duckdb"), read_only=True) as con:
        assert con.execute("SELECT table_name, comment FROM duckdb_tables() ORDER BY 1").fetchall() == [
            ("alert_log", "Its log."), ("findings", "What's found")]
        assert con.execute("SELECT table_name, column_name, data_type, is_nullable, comment FROM duckdb_columns() "
                           "WHERE NOT internal ORDER BY table_name, column_index").fetchall() == [
            ("alert_log", "n", "INTEGER", False, "A number"), ("findings", "word", "VARCHAR", True, None),
            ("findings", "n", "INTEGER", False, "A 'number'")]
    house.con.execute("INSERT INTO marts.alert_log VALUES (NULL)")
    with pytest.raises(duckdb.ConstraintException):
        house.publish(DAY, contracts={"alert_log": LOG})
    assert published_as_of(house.link) == DAY and len(house.sets()) == 2


def test_a_parquet_file_says_what_it_holds_of_which_day_and_version(house: House) -> None:
    """contract#published-form"""
    house.publish(DAY, contracts={"findings": FINDINGS})
    metadata = pyarrow.parquet.read_schema(house.link / "parquet" / "findings.parquet").metadata
    assert {k.decode(): v.decode() for k, v in metadata.items() if k.startswith(b"sluttdato.")} == {
        "sluttdato.as_of_date": "2025-03-10", "sluttdato.marts_version": MARTS_VERSION,
        "sluttdato.description": "What's found",
        "sluttdato.columns": json.dumps({"word": "", "n": "A 'number'"})}


# --- damage and rights (contract#damaged-record, contract#file-modes) --------------------------------------------------


def test_what_somebody_else_put_beside_the_sets_is_left_alone(house: House) -> None:
    house.publish(DAY)
    sets = house.link.with_name("published.d")
    for name in ("copy-of-old", "2025-03-10-x", "2025-03-10-000009 (1)"):
        (sets / name).mkdir()
    (sets / "2025-03-10-000008").write_text("a file")
    for number in range(4):
        house.publish(DAY + timedelta(days=number))
    assert house.sets() == ["2025-03-10-000008", "2025-03-10-000009 (1)", "2025-03-10-x", "2025-03-11-000003",
                            "2025-03-12-000004", "2025-03-13-000005", "copy-of-old"]


@pytest.mark.parametrize("damage", [None, "", "{", "[]", "{}", '{"as_of_date": 3}', "\0\0\0"])
def test_where_the_record_is_damaged_the_day_is_that_of_the_folder_and_the_next_set_is_whole(
        house: House, damage: str | None) -> None:
    house.publish(DAY)
    record = house.link / "set.json"
    record.unlink()
    if damage is not None:
        record.write_text(damage)
    assert published_as_of(house.link) == DAY
    with pytest.raises(Damaged, match=r"set\.json: the published set is damaged\. `sluttdato run` publishes it anew"):
        house.publish_again("alert_log")
    with pytest.raises(PublishedIsNewer):
        house.publish(DAY - timedelta(days=1))
    house.publish(DAY, "again")
    assert words(house.link) == ["again", "2025-03-10"]


def test_a_link_that_leads_nowhere_or_is_gone_is_made_anew_and_another_file_in_its_place_is_an_error(house: House) -> None:
    house.publish(DAY)
    house.link.unlink()
    assert published_as_of(house.link) is None
    house.publish(DAY, "once more")
    shutil.rmtree(house.link.resolve())
    assert published_as_of(house.link) == DAY
    house.publish(DAY, "again")
    assert words(house.link) == ["again", "2025-03-10"]
    house.link.unlink()
    shutil.copytree(house.link.with_name("published.d") / house.sets()[0], house.link)  # as a backup without links restores it
    with pytest.raises(Damaged, match=r"published: this is not the link .* Move it away"):
        house.publish(DAY)
    (house.link / "set.json").chmod(0o600)
    (house.link / "set.json").write_text("{")
    with pytest.raises(Damaged, match=r"set\.json, line 1: .* Move published away"):
        published_as_of(house.link)


@pytest.mark.parametrize("content", [b"", b"x" * 9999, bytes(9999)])
def test_damaged_marts_are_not_published_again_and_what_is_published_stays(house: House, content: bytes) -> None:
    house.publish(DAY)
    before = house.link.readlink()
    (house.link / "marts.duckdb").chmod(0o600)
    (house.link / "marts.duckdb").write_bytes(content)
    with pytest.raises(Damaged, match=r"marts\.duckdb"):
        house.publish_again("alert_log")
    assert house.link.readlink() == before and len(house.sets()) == 1


def test_nothing_is_published_from_a_warehouse_without_marts(house: House) -> None:
    house.publish(DAY)
    set_run(house.con, DAY, Policy(), [])
    house.con.execute("DROP SCHEMA marts CASCADE")
    with pytest.raises(Damaged, match="sluttdato rebuild"):
        snapshot.publish(house.con, house.link, DAY, {})
    assert words(house.link) == ["x", "2025-03-10"]


def modes(root: Path) -> set[tuple[str, int, int]]:
    return {("folder" if p.is_dir() else "file", p.stat().st_mode & 0o777, p.stat().st_gid)
            for p in [root, *root.rglob("*")] if not p.is_symlink()}


def test_a_set_is_for_its_owner_to_read_or_for_a_group_too_in_the_sets_before_as_well(house: House) -> None:
    before = os.umask(0)
    try:
        house.publish(DAY)
        house.publish_again("alert_log")
        own = os.getgid()
        sets = house.link.with_name("published.d")
        assert modes(sets) == {("folder", 0o700, own), ("file", 0o400, own)}
        group = next((g for g in os.getgroups() if g != own), own)
        snapshot.publish(house.con, house.link, DAY, {}, Readers(group))
        snapshot.publish_again(house.con, house.link, "alert_log", None, Readers(group))
        assert modes(sets) == {("folder", 0o750, group), ("file", 0o440, group)} and len(house.sets()) == 3
        house.publish(DAY)
        assert {(kind, mode) for kind, mode, _ in modes(sets)} == {("folder", 0o700), ("file", 0o400)}
    finally:
        os.umask(before)


@pytest.mark.parametrize("with_group", [False, True])
def test_a_wider_group_reads_what_is_open_and_passes_through_the_rest(house: House, with_group: bool) -> None:
    """contract#open-set"""
    own = os.getgid()
    others = [g for g in os.getgroups() if g != own] or ([own + 1, own + 2] if os.geteuid() == 0 else [])
    if not others:
        pytest.skip("the user of the tests is in one group only, and may give nothing to another")
    wide, group = others[0], own if with_group else None
    contracts = {"findings": Contract("", FINDINGS.columns, open=Open(("word",)))}
    set_run(house.con, DAY, Policy(), [])
    house.con.execute("CREATE TABLE marts.findings AS SELECT 1 AS n, 'x' AS word")
    snapshot.publish(house.con, house.link, DAY, contracts, Readers(group, wide))
    folder = house.link.resolve()
    opened = folder / "open"
    assert modes(opened) == {("folder", 0o750, wide), ("file", 0o440, wide)}
    for passed in (folder, folder.parent):
        assert (passed.stat().st_mode & 0o777, passed.stat().st_gid) == ((0o751, own) if with_group else (0o710, wide))
    rest = {(p.stat().st_mode & 0o777, p.stat().st_gid) for p in folder.rglob("*") if p != opened and opened not in p.parents}
    assert rest == ({(0o750, own), (0o440, own)} if with_group else {(0o700, own), (0o400, own)})
