"""Who may read what lies below the data directory (contract#file-modes)."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from orchestration.core.lock import writer
from orchestration.core.paths import DataPaths
from orchestration.core.privacy import close_all, open_way
from publish.snapshot import Readers


@pytest.fixture
def paths(tmp_path: Path) -> Iterator[DataPaths]:
    """A data directory that an earlier version wrote, open to everybody."""
    before = os.umask(0)
    paths = DataPaths(tmp_path / "data")
    for file in (paths.warehouse, paths.warehouse.with_name("warehouse.duckdb.wal"), paths.landed / "hrm" / "a.parquet",
                 paths.decisions / "exceptions.jsonl", paths.dbt_manifest,
                 paths.published_sets / "2025-03-10-000001" / "set.json"):
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("x")
    paths.published.symlink_to("published.d/2025-03-10-000001")
    yield paths
    os.umask(before)


def mode(path: Path) -> int:
    return path.stat().st_mode & 0o777


def open_to_others(paths: DataPaths) -> list[str]:
    return sorted(str(p.relative_to(paths.root)) for p in paths.root.rglob("*") if not p.is_symlink() and mode(p) & 0o077)


def test_what_an_earlier_version_left_open_is_closed_but_for_the_published_sets(paths: DataPaths) -> None:
    (paths.root / "inbox").mkdir()  # a data directory in which somebody delivers
    close_all(paths)
    assert open_to_others(paths) == ["inbox", "published.d", "published.d/2025-03-10-000001",
                                     "published.d/2025-03-10-000001/set.json"]


def test_the_data_directory_itself_is_closed_unless_others_have_something_in_it(paths: DataPaths) -> None:
    open_way(paths, Readers())
    assert mode(paths.root) == 0o700
    paths.root.chmod(0o755)
    (paths.root / "inbox").mkdir()
    open_way(paths, Readers())
    assert mode(paths.root) == 0o755


def test_a_group_passes_through_the_data_directory_and_cannot_list_it(paths: DataPaths) -> None:
    group = next((g for g in os.getgroups() if g != os.getgid()), os.getgid())
    for readers in (Readers(group), Readers(open_group=group), Readers(group, group)):
        paths.root.chmod(0o700)
        open_way(paths, readers)
        assert (mode(paths.root), paths.root.stat().st_gid) == (0o710, group)


def test_where_two_groups_may_read_everybody_passes_through_and_nobody_can_list(paths: DataPaths) -> None:
    """contract#open-set"""
    open_way(paths, Readers(1, 2))
    assert mode(paths.root) == 0o711


def test_who_holds_the_writers_lock_writes_privately_and_closes_what_is_open(paths: DataPaths) -> None:
    with writer(paths.root, 0):
        assert not [p for p in open_to_others(paths) if not p.startswith("published.d")]
        (paths.landed / "new").write_text("x")
        assert mode(paths.landed / "new") == 0o600
