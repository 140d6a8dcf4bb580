"""Every path below the data directory comes from one object."""

import re
from datetime import date
from pathlib import Path

import pytest

from orchestration.core.paths import DataPaths
from orchestration.core.settings import load_settings

ROOT = Path(__file__).resolve().parents[3]


def test_nothing_else_builds_a_path_below_the_data_directory() -> None:
    for room in ("ingest", "publish", "orchestration", "demo"):
        for file in (ROOT / room).rglob("*.py"):
            text = file.read_text(encoding="utf-8")
            assert not re.search(r"data_dir\s*/|data_dir\.(joinpath|glob|rglob)|with_name\(\"(?!\{)", text), file


def test_all_paths_are_below_the_data_directory_and_no_two_are_the_same() -> None:
    names = [n for n, value in vars(DataPaths).items() if isinstance(value, property) and n != "holds_demo"]
    paths = DataPaths(Path("/data"))
    values = [getattr(paths, name) for name in names] + [paths.demo_exports(date(2025, 3, 10))]
    assert len(set(values)) == len(names) + 1 > 20
    assert all(value.is_relative_to("/data") for value in values)


def test_the_settings_give_the_paths_relative_to_the_settings_file(tmp_path: Path) -> None:
    file = tmp_path / "sluttdato.yaml"
    file.write_text("data_dir: elsewhere")
    assert load_settings(file).paths == DataPaths(tmp_path / "elsewhere")


@pytest.mark.parametrize(("path", "shown"), [("/data/quarantined/hrm/x.csv", "quarantined/hrm/x.csv"), ("/other/x", "/other/x")])
def test_a_path_is_shown_below_the_data_directory(path: str, shown: str) -> None:
    assert DataPaths(Path("/data")).shown(Path(path)) == shown


def test_removing_the_warehouse_removes_its_log_too_and_nothing_else(tmp_path: Path) -> None:
    for name in ("warehouse.duckdb", "warehouse.duckdb.wal", "other.duckdb"):
        (tmp_path / name).touch()
    DataPaths(tmp_path).remove_warehouse()
    assert [f.name for f in tmp_path.iterdir()] == ["other.duckdb"]
