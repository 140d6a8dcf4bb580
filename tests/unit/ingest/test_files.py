"""Files and folders that are there whole or not at all, whatever breaks on the way."""

import os
import stat
from datetime import date
from pathlib import Path

import pytest

from ingest import files


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def test_a_file_is_replaced_as_a_whole_and_leaves_nothing_beside_it(tmp_path: Path) -> None:
    file = tmp_path / "new" / "a.json"
    files.write_json(file, {"b": date(2025, 3, 10), "a": "Åse"})
    files.write_json(file, {"a": "Åse", "b": 2})
    assert file.read_text(encoding="utf-8") == '{\n "a": "Åse",\n "b": 2\n}\n' and names(file.parent) == {"a.json"}


def test_a_write_that_breaks_leaves_the_old_content(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "a.txt"
    files.write_text(file, "old")

    def disk_is_full(_: Path) -> None:
        raise OSError("no space left on device")

    monkeypatch.setattr(files, "flush", disk_is_full)
    with pytest.raises(OSError, match="no space"):
        files.write_text(file, "new")
    assert file.read_text() == "old" and names(tmp_path) == {"a.txt"}


def test_a_group_that_may_read_is_given_the_file_before_it_has_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files.write_text(tmp_path / "a.txt", "new", group=os.getgid())
    assert stat.S_IMODE((tmp_path / "a.txt").stat().st_mode) == 0o640

    def is_no_member(*_: object) -> None:
        raise PermissionError("not permitted")

    monkeypatch.setattr(os, "chown", is_no_member)
    with pytest.raises(PermissionError):
        files.write_text(tmp_path / "a.txt", "newer", group=1)
    assert (tmp_path / "a.txt").read_text() == "new" and names(tmp_path) == {"a.txt"}


def test_a_new_folder_appears_only_when_it_is_complete(tmp_path: Path) -> None:
    target = tmp_path / "new" / "folder"
    with files.new_folder(target) as folder:
        (folder / "inner").mkdir()
        (folder / "inner" / "file").write_text("x")
        assert not target.exists()
    assert (target / "inner" / "file").read_text() == "x" and names(target.parent) == {"folder"}


def test_a_new_folder_vanishes_when_its_block_or_the_last_check_fails(tmp_path: Path) -> None:
    def fails() -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt), files.new_folder(tmp_path / "a") as folder:
        (folder / "file").write_text("x")
        raise KeyboardInterrupt
    with pytest.raises(KeyboardInterrupt), files.new_folder(tmp_path / "a", before_rename=fails) as folder:
        (folder / "file").write_text("x")
    assert names(tmp_path) == set()


def test_leftovers_of_a_killed_run_go_and_nothing_else(tmp_path: Path) -> None:
    (tmp_path / "a" / ".incoming-b-1234").mkdir(parents=True)
    (tmp_path / "a" / ".incoming-b-1234" / "file").write_text("x")
    (tmp_path / ".incoming-c-1234").write_text("x")
    (tmp_path / "a" / "kept").write_text("x")
    files.remove_leftovers(tmp_path)
    assert sorted(p.name for p in tmp_path.rglob("*")) == ["a", "kept"]


def test_a_leftover_link_goes_and_not_what_it_points_to(tmp_path: Path) -> None:
    (tmp_path / "kept").mkdir()
    (tmp_path / ".incoming-published").symlink_to("kept")
    files.remove_leftovers(tmp_path)
    assert names(tmp_path) == {"kept"}


@pytest.mark.parametrize("damage", [None, b"", b"{", b"\xff\xfe{}", bytes(20)])
def test_a_cache_that_is_missing_or_damaged_is_none(tmp_path: Path, damage: bytes | None) -> None:
    file = tmp_path / "a.json"
    files.write_json(file, {"a": 1})
    assert files.read_cache(file) == {"a": 1}
    file.unlink() if damage is None else file.write_bytes(damage)
    assert files.read_cache(file) is None


def test_rights_of_others_go_but_those_that_are_given_and_links_are_not_followed(tmp_path: Path) -> None:
    (tmp_path / "a" / "b").mkdir(parents=True)
    (tmp_path / "a" / "b" / "file").write_text("x")
    (tmp_path / "elsewhere").write_text("x")
    (tmp_path / "a" / "link").symlink_to(tmp_path / "elsewhere")
    for path, mode in (("a", 0o777), ("a/b", 0o755), ("a/b/file", 0o646), ("elsewhere", 0o644)):
        (tmp_path / path).chmod(mode)

    def modes() -> list[int]:
        return [(tmp_path / p).stat().st_mode & 0o777 for p in ("a", "a/b", "a/b/file", "elsewhere")]

    files.tighten(tmp_path / "a", 0o050)
    assert modes() == [0o750, 0o750, 0o640, 0o644]
    files.tighten(tmp_path / "a")
    assert modes() == [0o700, 0o700, 0o600, 0o644]
