"""Many kommuner in one command, by warm processes: the same marts as alone, nothing of one with another, nobody held back."""

import json
import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import pytest
import yaml

from demo.people import national_id
from tests.support import deliveries, many
from tests.support.command_line import PROGRAM, Place, Prepared, make_place, marts_of, town
from tests.support.raw_server import RawServer
from tests.support.written import everything_written

TODAY = "2025-03-10"
DAYS = ("2025-03-08", "2025-03-10")


def named(tables: dict[str, Any], marker: str) -> dict[str, Any]:
    """The same people with the same ids, with names of their own."""
    return {table: [{**row, **({"family_name": f"{marker}sen"} if "family_name" in row else {}),
                     **({"national_id": national_id(int(row["employee_number"]))} if "given_name" in row else {})}
                    for row in rows] for table, rows in tables.items()}


def deliver(inbox: Path, marker: str) -> None:
    """Two days of 15 people, on the second of which a kommuneadmin has left, and can still get in."""
    hrm, vfs = (named(tables, marker) for tables in town(15))
    vfs["accesses"][-1]["end_date"] = ""
    left = {**hrm, "positions": [{**p, "end_date": "2025-03-04"} if p["position_id"] == "h001" else p for p in hrm["positions"]]}
    for day, of_day in zip(DAYS, (hrm, left), strict=True):
        deliveries.write_csv(inbox, "hrm", day, of_day)
        deliveries.write_csv(inbox, "vfs", day, vfs)


@dataclass
class Folder:
    """A folder of settings files, and the places that they name."""

    root: Path
    prepared: Prepared

    @property
    def kommuner(self) -> Path:
        return self.root / "kommuner"

    def data(self, name: str) -> Path:
        return self.root / "data" / name

    def add(self, name: str, **settings: Any) -> None:
        """One with 15 people; and what dbt has parsed, which takes seconds."""
        self.kommuner.mkdir(parents=True, exist_ok=True)
        deliver(self.root / "inbox" / name, name.capitalize())
        shutil.copytree(self.prepared.dbt_folder, self.data(name) / "dbt")
        sources = {s: {"adapter": "csv", "path": f"../inbox/{name}/{s}"} for s in ("hrm", "vfs")}
        (self.kommuner / f"{name}.yaml").write_text(yaml.safe_dump({
            "data_dir": f"../data/{name}", "sources": sources, **settings}))

    def start(self, *arguments: str, **environment: str) -> subprocess.Popen:
        kept = {k: v for k, v in os.environ.items() if not k.startswith("SLUTTDATO_") and k != "DAGSTER_HOME"}
        return subprocess.Popen([str(PROGRAM), "run", "--all", "kommuner", *arguments], cwd=self.root, text=True,
                                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                env={**kept, "SLUTTDATO_TODAY": TODAY, **environment})


@dataclass
class Everybody:
    """A run of all, as a user starts it, and what became of each."""

    folder: Folder
    code: int
    told: dict[str, Any]
    errors: str

    def of(self, name: str) -> dict[str, Any]:
        return next(kommune for kommune in self.told["kommuner"] if kommune["name"] == name)


@pytest.fixture(scope="module")
def everybody(tmp_path_factory: pytest.TempPathFactory, prepared: Prepared) -> Everybody:
    """Two kommuner with the same people, and one whose settings are wrong, by one process; run as it is."""
    folder = Folder(tmp_path_factory.mktemp("all"), prepared)
    folder.add("alfa")
    folder.add("feil", policy={"grace": 1})
    folder.add("zeta", lock_patience_seconds=7)
    home = folder.root / "somebody's"
    home.mkdir()
    process = folder.start("--workers", "1", "--json", DAGSTER_HOME=str(home))
    output, errors = process.communicate()
    assert list(home.iterdir()) == []
    return Everybody(folder, process.returncode, json.loads(output), errors)


def test_one_whose_settings_are_wrong_holds_no_other_back_and_the_worst_status_is_that_of_all(everybody: Everybody) -> None:
    """contract#run-all contract#run-all-status"""
    assert everybody.code == everybody.told["exit_status"] == 2
    assert [(k["name"], k["status"], k["exit_status"]) for k in everybody.told["kommuner"]] == [
        ("alfa", "done", 0), ("feil", "wrong settings", 2), ("zeta", "done", 0)]
    wrong, = everybody.of("feil")["messages"]
    assert "feil.yaml: policy.grace: there is no such setting" in wrong
    assert "DAGSTER_HOME is left aside" in everybody.errors and len(everybody.errors.splitlines()) == 1


def test_of_each_is_told_what_a_run_of_its_own_would_have_said(everybody: Everybody) -> None:
    """contract#run-all-status"""
    alfa, zeta = everybody.of("alfa"), everybody.of("zeta")
    for kommune in (alfa, zeta):
        assert (kommune["as_of_date"], kommune["new"], kommune["withheld"]) == (TODAY, 4, 0)
        assert kommune["people_left_with_access"] == 1
        assert kommune["run"]["success"] is True and kommune["run"]["run_id"] and kommune["seconds"] > 0
        assert kommune["messages"] == [
            "check warns: end_date_propagation.end_dates_propagate: 0 end dates did not arrive in VFS, 1 are at risk.",
            "check warns: kommuneadmin_roster.kommuneadmins_are_in_order: 1 inactive_in_hrm"]
    assert alfa["worker"] == zeta["worker"] == 1  # one process did both
    assert alfa["messages"] == zeta["messages"]


@pytest.mark.parametrize("name", ["alfa", "zeta"])
def test_the_marts_are_the_same_warm_or_cold_alone_or_after_another(
        everybody: Everybody, tmp_path: Path, prepared: Prepared, name: str) -> None:
    """contract#run-all"""
    alone = make_place(tmp_path / "alone", prepared)
    alone.today = TODAY
    alone.configure(lock_patience_seconds=7)
    deliver(alone.inbox, name.capitalize())
    assert alone.do("run").code == 0
    published = everybody.folder.data(name) / "published"
    assert marts_of(published / "marts.duckdb") == alone.all_marts()
    for mart, rows in alone.all_marts().items():
        with duckdb.connect() as con:
            read = con.execute("FROM read_parquet(?) ORDER BY ALL", [str(published / "parquet" / f"{mart}.parquet")])
            columns = [column[0] for column in read.description]
            assert [dict(zip(columns, row, strict=True)) for row in read.fetchall()] == rows, mart


def test_nothing_of_one_is_below_the_other_and_their_people_cannot_be_linked(everybody: Everybody) -> None:
    """contract#one-kommune-alone"""
    hashes = {}
    for name, other in (("alfa", "zeta"), ("zeta", "alfa")):
        data = everybody.folder.data(name)
        texts = everything_written(data)
        assert any(f"{name.capitalize()}sen" in text for text in texts.values())
        assert [str(file) for file, text in texts.items() if other in text.lower()] == []
        assert (data / "dagster" / "history").is_dir()
        hashes[name] = _hashes(data)
    assert len(hashes["alfa"]) == len(hashes["zeta"]) == 15 and not hashes["alfa"] & hashes["zeta"]


def _hashes(data: Path) -> set[str]:
    with duckdb.connect(str(data / "warehouse.duckdb"), read_only=True) as con:
        return {h for (h,) in con.execute("SELECT DISTINCT national_id_hash FROM versions.hrm_employees").fetchall()}


# --- faults. Here processes run kommuner as `Place.do` does: without dbt, Great Expectations and Dagster's records ----------


@pytest.fixture
def folder(tmp_path: Path, prepared: Prepared) -> Folder:
    return Folder(tmp_path, prepared)


def run_all(folder: Folder, *arguments: str) -> Any:
    """The command in this process, its workers in processes of their own."""
    place = Place(folder.root, today=TODAY)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("orchestration.cli.run_all.get_ready", many.get_ready)
        return place.do("run", "--all", "kommuner", *arguments, as_it_is=True)


def test_a_kommune_whose_process_is_killed_is_begun_anew_once_by_another_and_the_others_are_done(folder: Folder) -> None:
    """contract#run-all-limits"""
    for name in ("a", "b", "c"):
        folder.add(name)
    (folder.data("a") / many.KILLED_ONCE).touch()
    (folder.data("b") / many.KILLED_ALWAYS).touch()
    done = run_all(folder, "--workers", "1")
    assert done.code == 1
    lines = dict(line.split(": ", 1) for line in done.out.splitlines())
    # Its first process had taken them in.
    assert lines["a"].startswith(f"done, as of {TODAY}; 0 new, 0 withheld; 1 who left can get in; ")
    assert lines["c"].startswith(f"done, as of {TODAY}; 4 new, 0 withheld; 1 who left can get in; ")
    assert lines["b"].startswith("failed; ") and "b: the process at work on it was killed by SIGKILL" in done.err
    assert lines["3 kommuner"] == "2 done, 1 failed"
    assert [line for line in done.err.splitlines() if line[:3] not in ("a: ", "b: ", "c: ")] == []


def test_a_kommune_whose_source_hangs_is_ended_and_the_next_one_is_begun(folder: Folder) -> None:
    """contract#run-all-limits"""
    with RawServer(lambda *_: server.drip(b"")) as server:
        folder.add("hangs", secrets_dir="../secrets", sources={
            "hrm": {"adapter": "visma_hrm", "url": server.url, "company": "1", "username": "u", "password": "${PASSWORD}"},
            "vfs": {"adapter": "csv", "path": "../inbox/hangs/vfs"}})
        folder.add("wrong", policy={"grace": 1})
        (folder.root / "secrets").mkdir(mode=0o700)
        (folder.root / "secrets" / "PASSWORD").write_text("hemmelig")
        done = run_all(folder, "--workers", "1", "--limit-minutes", "0.2")
    assert done.code == 1 and "hemmelig" not in done.text
    assert [line.split(";")[0] for line in done.out.splitlines()] == [
        "hangs: failed", "wrong: wrong settings", "2 kommuner: 1 wrong settings, 1 failed"]
    assert "hangs: it took longer than 0.2 minutes" in done.err


@pytest.mark.parametrize(("arguments", "environment", "words"), [
    ([], {"SLUTTDATO_POLICY__GRACE_DAYS": "2"}, "environment variable SLUTTDATO_POLICY__GRACE_DAYS"),
    ([], {"SLUTTDATO_ID_KEY": "one key for everybody, long enough"}, "each kommune has a key of its own"),
    (["--config", "kommuner/a.yaml"], {}, "--config and --all"),
    (["--workers", "0"], {}, "--workers"),
])
def test_what_would_reach_into_all_kommuner_is_refused(
        folder: Folder, arguments: list[str], environment: dict[str, str], words: str) -> None:
    """contract#run-all"""
    folder.kommuner.mkdir()
    (folder.kommuner / "a.yaml").write_text("data_dir: ../data/a")
    done = Place(folder.root, today=TODAY, environment=environment).do("run", "--all", "kommuner", *arguments, as_it_is=True)
    assert done.code == 2 and words in done.err
    assert not (folder.root / "data").exists()


def test_options_for_all_are_nothing_for_one(place: Place) -> None:
    assert place.do("run", "--workers", "2").code == 2
