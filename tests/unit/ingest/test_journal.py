"""Records that cannot be made anew: one that was acknowledged is never lost without a word (contract#damaged-record)."""

import json
import os
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from ingest import files
from ingest.errors import Damaged
from ingest.journal import append_json, keep_appended, mend, mend_all, read_appended


def numbers(file: Path) -> list[int]:
    return [record["n"] for record in read_appended(file)]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Three records."""
    file = tmp_path / "log" / "a.jsonl"
    for n in (1, 2, 3):
        append_json(file, {"n": n, "day": date(2025, 3, 10), "text": "Åse\nb\u2028c"})
    return file


def seal(file: Path) -> Path:
    return file.with_name(f"{file.name}.seal")


def test_records_come_back_as_they_were_written_and_a_file_never_written_holds_none(file: Path) -> None:
    assert read_appended(file.with_name("b.jsonl")) == []
    assert read_appended(file)[0] == {"n": 1, "day": "2025-03-10", "text": "Åse\nb\u2028c"} and numbers(file) == [1, 2, 3]


def _half(content: bytes) -> bytes:
    return content[:len(content) // 2]


def _without_last_line(content: bytes) -> bytes:
    return content[:content.rstrip(b"\n").rindex(b"\n") + 1]


def _stray_byte(content: bytes) -> bytes:
    at = content.index(b'"n": 2') + 2
    return content[:at] + b"\xff" + content[at + 1:]


DAMAGES: dict[str, tuple[Callable[[bytes], bytes | None], str]] = {
    "removed": (lambda _: None, "a.jsonl: the file is gone"),
    "emptied": (lambda _: b"", "a.jsonl, line 1: the file ends here, after 0 of 1"),
    "cut in half": (_half, "a.jsonl, line 2: the line cannot be read"),
    "cut at a line's end": (_without_last_line, "a.jsonl, line 3: the file ends here, after "),
    "filled with zeros": (lambda content: bytes(len(content)), "a.jsonl, line 1: the line cannot be read"),
    "a stray byte": (_stray_byte, "a.jsonl, line 2: the line cannot be read"),
    "another number": (lambda content: content.replace(b'"n": 2', b'"n": 7'), "one of its 3 lines is not what was written"),
    "a line gone": (lambda content: b"".join(content.splitlines(keepends=True)[::2]), "line 3: the file ends here"),
}


@pytest.mark.parametrize("name", DAMAGES)
def test_every_damage_is_an_error_with_file_line_and_remedy_until_it_is_restored(file: Path, name: str) -> None:
    damage, words = DAMAGES[name]
    before = file.read_bytes()
    damaged = damage(before)
    file.unlink() if damaged is None else file.write_bytes(damaged)
    for attempt in (read_appended, lambda file: append_json(file, {"n": 4})):
        with pytest.raises(Damaged) as error:
            attempt(file)
        assert words in str(error.value) and "Restore it from a backup" in str(error.value)
    assert mend(file) is None
    assert (file.read_bytes() if file.exists() else None) == damaged
    file.write_bytes(before)
    append_json(file, {"n": 4})
    assert numbers(file) == [1, 2, 3, 4]


def test_what_was_changed_on_purpose_counts_once_its_seal_is_deleted(file: Path) -> None:
    file.write_bytes(_without_last_line(file.read_bytes()))
    seal(file).unlink()
    assert numbers(file) == [1, 2]
    append_json(file, {"n": 9})
    assert numbers(file) == [1, 2, 9]


@pytest.mark.parametrize("cut", ['{"n": 4, "te', '{"n": 4, "text": "Å'.encode()[:-1].decode("latin-1"), "\0\0\0"])
def test_a_line_that_was_never_acknowledged_is_ignored_and_moved_with_a_word(file: Path, cut: str) -> None:
    with file.open("ab") as handle:
        handle.write(cut.encode("latin-1"))  # the writer was killed here, before it sealed the file
    assert numbers(file) == [1, 2, 3]
    told, = mend_all([file.parent, file.parent / "nowhere"])
    assert "a.jsonl" in told and "a.jsonl.cut" in told and "make it again" in told
    assert file.with_name("a.jsonl.cut").read_bytes() == cut.encode("latin-1") + b"\n"
    assert mend_all([file.parent]) == [] and numbers(file) == [1, 2, 3]
    append_json(file, {"n": 4})
    assert numbers(file) == [1, 2, 3, 4]


def test_a_writer_that_appends_behind_a_cut_line_mends_it_first(file: Path) -> None:
    with file.open("ab") as handle:
        handle.write(b'{"n": 4, "te')
    append_json(file, {"n": 5})
    assert numbers(file) == [1, 2, 3, 5] and file.with_name("a.jsonl.cut").exists()


def test_a_line_written_whole_counts_though_its_writer_was_killed_before_the_seal(file: Path) -> None:
    with file.open("ab") as handle:
        handle.write(b'{"n": 4}\n')
    assert numbers(file) == [1, 2, 3, 4]
    assert mend(file) is None
    file.write_bytes(_without_last_line(file.read_bytes()))
    with pytest.raises(Damaged):  # it is sealed by now
        read_appended(file)


@pytest.mark.parametrize("damage", [None, b"", b"{", bytes(100), b"[]", b'{"either": 3}', b'{"either": [{"bytes": "x"}]}'])
def test_a_seal_that_is_missing_or_damaged_is_made_anew_from_a_file_that_can_be_read(file: Path, damage: bytes | None) -> None:
    before = seal(file).read_bytes()
    seal(file).unlink() if damage is None else seal(file).write_bytes(damage)
    assert numbers(file) == [1, 2, 3]
    assert mend(file) is None and json.loads(seal(file).read_bytes()) == json.loads(before)


def test_a_file_of_an_earlier_version_is_read_and_sealed(tmp_path: Path) -> None:
    file = tmp_path / "a.jsonl"
    file.write_text('\n{"n": 1}\n\n{"n": 2}\n')  # it wrote a break before each line, too
    assert numbers(file) == [1, 2]
    mend(file)
    append_json(file, {"n": 3})
    assert numbers(file) == [1, 2, 3]
    file.write_text('{"n": 1}')  # without its last break
    seal(file).unlink()
    append_json(file, {"n": 2})
    assert numbers(file) == [1, 2]


@pytest.mark.parametrize(("content", "line"), [('{"n": 1}\n{"n": 2, "te\n{"n": 3}\n', 2), ("\0" * 30, 1), ("[1]\n", 1)])
def test_without_a_seal_a_line_of_any_other_kind_is_damage(tmp_path: Path, content: str, line: int) -> None:
    file = tmp_path / "a.jsonl"
    file.write_text(content)
    with pytest.raises(Damaged, match=f"a.jsonl, line {line}: the line cannot be read"):
        read_appended(file)


def test_what_is_kept_is_kept_and_a_missing_file_stays_missing(file: Path, tmp_path: Path) -> None:
    keep_appended(tmp_path / "missing.jsonl", [])
    assert not (tmp_path / "missing.jsonl").exists()
    keep_appended(file, [{"n": 1}, {"n": 3}])
    append_json(file, {"n": 4})
    assert numbers(file) == [1, 3, 4]
    keep_appended(file, [])
    assert numbers(file) == []


@pytest.mark.parametrize("when", ["before the file", "after the file"])
def test_killed_while_records_are_removed_the_file_is_the_old_or_the_new(
        file: Path, when: str, monkeypatch: pytest.MonkeyPatch) -> None:
    write_text = files.write_text
    written: list[Path] = []

    def killed(path: Path, text: str) -> None:
        if len(written) == (1 if when == "before the file" else 2):
            raise KeyboardInterrupt
        written.append(path)
        write_text(path, text)

    monkeypatch.setattr(files, "write_text", killed)
    with pytest.raises(KeyboardInterrupt):
        keep_appended(file, [{"n": 3}])
    monkeypatch.undo()
    expected = [1, 2, 3] if when == "before the file" else [3]
    assert numbers(file) == expected
    append_json(file, {"n": 4})
    assert numbers(file) == [*expected, 4]


def test_a_reader_between_file_and_seal_looks_again(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    read_cache, looks = files.read_cache, []

    def a_writer_comes_between(path: Path) -> object:
        seen = read_cache(path)
        if not looks:
            looks.append(path)
            keep_appended(file, [{"n": 3}])
        return seen

    monkeypatch.setattr(files, "read_cache", a_writer_comes_between)
    assert numbers(file) == [3]


def test_it_can_be_read_by_its_owner_only_whatever_the_umask(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        append_json(tmp_path / "a.jsonl", {"n": 1})
    finally:
        os.umask(before)
    assert (tmp_path / "a.jsonl").stat().st_mode & 0o777 == 0o600
