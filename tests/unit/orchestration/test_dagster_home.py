"""Dagster's home: a damaged record of past runs stops no run (contract#damaged-record)."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from orchestration.core import dagster_home
from orchestration.core.paths import DataPaths


@pytest.fixture
def paths(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> DataPaths:
    monkeypatch.delenv("DAGSTER_HOME", raising=False)
    return DataPaths(tmp_path)


@pytest.fixture
def database(paths: DataPaths) -> Path:
    file = paths.dagster_home / "history" / "runs.db"
    file.parent.mkdir(parents=True)
    with closing(sqlite3.connect(file)) as con:
        con.executescript("CREATE TABLE runs (id TEXT); " + "INSERT INTO runs VALUES (hex(randomblob(999)));" * 30)
    return file


def test_a_database_that_is_whole_stays(paths: DataPaths, database: Path) -> None:
    told: list[str] = []
    assert dagster_home.prepare(paths, told.append) == paths.dagster_home
    assert told == [] and database.exists()


@pytest.mark.parametrize("how", ["half", "zeros", "junk", "a torn end"])
def test_a_damaged_database_goes_aside_with_a_word(paths: DataPaths, database: Path, how: str) -> None:
    whole = database.read_bytes()
    database.write_bytes({"half": whole[:len(whole) // 2], "zeros": bytes(len(whole)), "junk": b"x" * 200,
                          "a torn end": whole[:-100]}[how])
    database.with_name("runs.db-wal").write_bytes(b"x")
    told: list[str] = []
    dagster_home.prepare(paths, told.append)
    assert "runs.db is damaged; moved aside as runs.db.damaged" in told[0] and len(told) == 1
    assert {f.name for f in database.parent.iterdir()} == {"runs.db.damaged"}


def test_an_empty_database_is_new_and_the_settings_are_made_anew(paths: DataPaths, database: Path) -> None:
    dagster_home.prepare(paths)
    settings = paths.dagster_home / "dagster.yaml"
    whole = settings.read_bytes()
    for damaged in (b"", bytes(20)):
        settings.write_bytes(damaged)
        database.write_bytes(b"")
        dagster_home.prepare(paths)
        assert settings.read_bytes() == whole and database.exists()
