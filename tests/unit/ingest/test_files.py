"""Files and folders that are there whole or not at all, whatever breaks on the way."""

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
    assert file.read_text() == "old"
    files.remove_leftovers(tmp_path)
    assert names(tmp_path) == {"a.txt"}


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


def test_a_record_appended_behind_a_line_cut_short_is_whole(tmp_path: Path) -> None:
    file = tmp_path / "log" / "a.jsonl"
    assert files.read_appended(file) == []
    files.append_json(file, {"n": 1, "day": date(2025, 3, 10), "text": "a\nb\u2028c"})
    with file.open("a") as handle:
        handle.write('{"n": 2, "te')  # a run was killed here
    assert files.read_appended(file) == [{"n": 1, "day": "2025-03-10", "text": "a\nb\u2028c"}]
    files.append_json(file, {"n": 3})
    assert [r["n"] for r in files.read_appended(file)] == [1, 3]


def test_records_that_are_not_kept_go_and_a_missing_file_stays_missing(tmp_path: Path) -> None:
    file = tmp_path / "a.jsonl"
    files.keep_appended(file, [])
    assert not file.exists()
    for n in range(3):
        files.append_json(file, {"n": n})
    files.keep_appended(file, [{"n": 0}, {"n": 2}])
    files.append_json(file, {"n": 3})
    assert [r["n"] for r in files.read_appended(file)] == [0, 2, 3]


def test_leftovers_of_a_killed_run_go_and_nothing_else(tmp_path: Path) -> None:
    (tmp_path / "a" / ".incoming-b-1234").mkdir(parents=True)
    (tmp_path / "a" / ".incoming-b-1234" / "file").write_text("x")
    (tmp_path / ".incoming-c-1234").write_text("x")
    (tmp_path / "a" / "kept").write_text("x")
    files.remove_leftovers(tmp_path)
    assert sorted(p.name for p in tmp_path.rglob("*")) == ["a", "kept"]
