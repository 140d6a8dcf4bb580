"""The archive: whole or nothing, whatever happens to it."""

import hashlib
import io
import json
import os
import shutil
import subprocess
import tarfile
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as how
from hypothesis import strategies as st

from ingest.decisions import Decisions
from ingest.errors import Damaged, WrongKey
from ingest.identity import load_key
from orchestration.core import backup, data_version
from orchestration.core.data_version import FORM, NewerData
from orchestration.core.lock import writer
from orchestration.core.paths import DataPaths
from tests.support import deliveries

DAY = date(2025, 3, 10)
TABLES = {"employees": [{"employee_number": "1"}], "positions": [{"position_id": "A", "employee_number": "1", "org_number": "S"}]}
LONG = "x" * 120 + " æøå.csv"


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> DataPaths:
    """A data directory with something of everything that is kept, and much that is not."""
    paths = DataPaths(tmp_path_factory.mktemp("house") / "data")
    with writer(paths.root, 0):
        load_key(paths.key_file, paths.key_fingerprint, paths.landed)
        deliveries.land(paths.landed, "hrm", DAY, TABLES)
        Decisions(paths.decisions).except_("manual_position", "A", DAY, DAY, "x", "x")
        for file in (paths.quarantined / "hrm" / LONG, paths.told,
                     paths.decisions / "inbox" / "taken_in" / "a.xlsx", paths.alerts / "empty", paths.evidence / "2025-02" / "a",
                     paths.warehouse, paths.published_sets / "1" / "x", paths.dbt_manifest, paths.dagster_home / "x",
                     paths.error_log):
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text("" if file.name == "empty" else "content")
    return paths


@pytest.fixture(scope="module")
def archive(house: DataPaths) -> Path:
    file = house.root.parent / "a.tar"
    with writer(house.root, 0):
        backup.make(house, file, DAY)
    return file


def contents(root: Path) -> dict[str, bytes]:
    return {p.relative_to(root).as_posix(): p.read_bytes() for p in root.rglob("*") if p.is_file()}


def restored(archive: Path, root: Path, **options: bytes) -> DataPaths:
    paths = DataPaths(root)
    with writer(root, 0):
        backup.restore(archive, paths, **options)
    return paths


def test_what_cannot_be_made_anew_is_restored_byte_by_byte_and_nothing_else(
    house: DataPaths, archive: Path, tmp_path: Path
) -> None:
    """contract#command-backup"""
    tops = {p.name for p in (house.landed, house.quarantined, house.decisions, house.alerts, house.evidence)}
    files = {house.told.name, house.key_fingerprint.name, house.version.name}
    expected = {n: c for n, c in contents(house.root).items() if n.split("/")[0] in tops | files}
    assert len(expected) > 10
    there = contents(restored(archive, tmp_path / "new").root)
    there.pop(".writer.lock", None)
    assert there == expected
    assert {p.stat().st_mode & 0o077 for p in (tmp_path / "new").rglob("*")} == {0}
    assert archive.stat().st_mode & 0o777 == 0o600


def test_any_program_that_reads_tar_reads_it(archive: Path) -> None:
    listed = subprocess.run(["tar", "-tf", archive], check=True, capture_output=True, text=True)
    assert listed.stderr == "" and "manifest.json" in listed.stdout.splitlines()


def nothing_is_restored(damaged: Path, root: Path) -> str:
    """What is told of a damaged archive."""
    with pytest.raises(Damaged) as error:
        restored(damaged, root)
    assert {p.name for p in root.iterdir()} <= {".writer.lock", "version.json"}
    data_version.check(DataPaths(root))  # and the data directory is as good as new
    return str(error.value)


@how(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_one_changed_byte_anywhere_is_told_and_nothing_restored(archive: Path, tmp_path: Path, data: st.DataObject) -> None:
    """contract#command-backup"""
    content = bytearray(archive.read_bytes())
    place = data.draw(st.integers(0, len(content) - 1))
    content[place] ^= data.draw(st.integers(1, 255))
    (tmp_path / "damaged").write_bytes(content)
    assert "is damaged" in nothing_is_restored(tmp_path / "damaged", tmp_path / "new")


@how(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_a_part_of_an_archive_is_no_backup(archive: Path, tmp_path: Path, data: st.DataObject) -> None:
    """contract#command-backup"""
    content = archive.read_bytes()
    (tmp_path / "damaged").write_bytes(content[:data.draw(st.integers(0, len(content) - 1))])
    assert "Nothing was restored" in nothing_is_restored(tmp_path / "damaged", tmp_path / "new")


@pytest.mark.parametrize("added", [b"\0", b"\0" * 512, b"x"])
def test_more_than_an_archive_is_no_backup(archive: Path, tmp_path: Path, added: bytes) -> None:
    (tmp_path / "damaged").write_bytes(archive.read_bytes() + added)
    nothing_is_restored(tmp_path / "damaged", tmp_path / "new")


def resealed(members: list[tuple[tarfile.TarInfo, bytes]]) -> bytes:
    """An archive of these members with the right digest, as somebody would forge it."""
    made = io.BytesIO()
    for info, content in members:
        info.size = len(content)
        made.write(info.tobuf(tarfile.PAX_FORMAT) + content + b"\0" * (-len(content) % 512))
    digest = hashlib.sha256(made.getvalue()).hexdigest().encode()
    last = tarfile.TarInfo("SHA256")
    last.size, last.mode = len(digest), 0o600
    return made.getvalue() + last.tobuf(tarfile.PAX_FORMAT) + digest + b"\0" * (512 - len(digest)) + b"\0" * 1024


Members = list[tuple[tarfile.TarInfo, bytes]]


def members(archive: Path) -> Members:
    with tarfile.open(archive) as tar:
        found = [(i, h.read()) for i in tar if (h := tar.extractfile(i))][:-1]
    return [(_named(info.name), content) for info, content in found]


def _named(name: str) -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.mode = 0o600
    return info


def _index(found: Members, name: str) -> int:
    return next(n for n, (info, _) in enumerate(found) if info.name == name)


def _elsewhere(name: str) -> Callable[[Members], None]:
    def add(found: Members) -> None:
        manifest = json.loads(found[-1][1])
        manifest[name] = {"bytes": 1, "sha256": hashlib.sha256(b"x").hexdigest()}
        found.insert(1, (_named(name), b"x"))
        found[-1] = (found[-1][0], json.dumps(manifest).encode())
    return add


def _link(found: Members) -> None:
    info = _named("decisions/inbox")
    info.type, info.linkname = tarfile.SYMTYPE, "/etc"
    found.insert(1, (info, b""))


def _without(name: str) -> Callable[[Members], None]:
    return lambda found: found.__delitem__(_index(found, name))


def _changed(name: str, content: bytes) -> Callable[[Members], None]:
    def change(found: Members) -> None:
        n = _index(found, name)
        found[n] = (found[n][0], content)
    return change


@pytest.mark.parametrize(("forge", "told"), [
    (_without("told.json"), "told.json is missing, or is not what was kept"),
    (_changed("told.json", b"other"), "told.json is missing, or is not what was kept"),
    (_without("manifest.json"), "its manifest is missing"),
    (_changed("manifest.json", b"{"), "it cannot be read"),
    (_without("backup.json"), "this is no backup of Sluttdato"),
    (_changed("backup.json", b"{}"), "this is no backup of Sluttdato"),
    (lambda found: found.append(found[1]), "is in it twice, or behind the manifest"),
    (_elsewhere("../outside"), "a file that no backup holds"),
    (_elsewhere("landed/../../outside"), "a file that no backup holds"),
    (_elsewhere("/tmp/outside"), "a file that no backup holds"),
    (_elsewhere("secrets/id_key"), "a file that no backup holds"),
    (_elsewhere("warehouse.duckdb"), "a file that no backup holds"),
    (_link, "decisions/inbox is no file"),
])
def test_an_archive_with_a_right_digest_is_judged_by_what_it_holds(
    archive: Path, tmp_path: Path, forge: Callable[[Members], None], told: str
) -> None:
    """contract#command-backup"""
    found = members(archive)
    (tmp_path / "same").write_bytes(resealed(found))
    backup.read(tmp_path / "same")  # nothing else is wrong with it
    forge(found)
    (tmp_path / "forged").write_bytes(resealed(found))
    assert told in nothing_is_restored(tmp_path / "forged", tmp_path / "new")


def test_a_newer_versions_archive_is_refused_with_words(archive: Path, tmp_path: Path) -> None:
    """contract#command-backup"""
    found = members(archive)
    head = json.loads(found[0][1]) | {"form": FORM + 1, "written_by": "9.1.0"}
    found[0] = (found[0][0], json.dumps(head).encode())
    (tmp_path / "newer").write_bytes(resealed(found))
    with pytest.raises(NewerData, match=r"newer was written by a newer version of Sluttdato \(9\.1\.0\)"):
        restored(tmp_path / "newer", tmp_path / "new")


def test_nothing_is_restored_over_anything(archive: Path, tmp_path: Path) -> None:
    """contract#command-backup"""
    (tmp_path / "data" / "inbox").mkdir(parents=True)
    with pytest.raises(backup.NotEmpty, match=r"is not empty \(there is inbox\)"):
        restored(archive, tmp_path / "data")
    assert not (tmp_path / "data" / "landed").exists()


def test_killed_while_it_restores_the_directory_says_that_it_is_not_whole(
    archive: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """contract#command-backup"""
    write, written = Path.write_bytes, list[Path]()

    def until_killed(file: Path, content: bytes) -> int:
        if len(written) == 3:
            raise KeyboardInterrupt
        written.append(file)
        return write(file, content)

    with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
        patched.setattr(Path, "write_bytes", until_killed)
        restored(archive, tmp_path / "new")
    with pytest.raises(Damaged, match=r"was cut short.*Delete what is in it, and restore again"), writer(tmp_path / "new", 0):
        pass


def test_killed_while_it_is_made_there_is_no_backup(house: DataPaths, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """contract#command-backup"""
    with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
        patched.setattr(backup, "read", lambda _: (_ for _ in ()).throw(KeyboardInterrupt))
        with writer(house.root, 0):
            backup.make(house, tmp_path / "a.tar", DAY)
    assert list(tmp_path.iterdir()) == []
    (tmp_path / ".incoming-a.tar").write_text("half")  # what a kill that nobody could answer leaves
    with writer(house.root, 0):
        backup.make(house, tmp_path / "a.tar", DAY)
    assert [p.name for p in tmp_path.iterdir()] == ["a.tar"]


def test_a_backup_never_replaces_a_file_that_came_meanwhile(house: DataPaths, tmp_path: Path) -> None:
    (tmp_path / "a.tar").write_text("another")
    with pytest.raises(FileExistsError), writer(house.root, 0):
        backup.make(house, tmp_path / "a.tar", DAY)
    assert [(p.name, p.read_text()) for p in tmp_path.iterdir()] == [("a.tar", "another")]


@pytest.mark.parametrize("damage", ["landed/hrm/2025-03-10/*/positions.parquet", "decisions/exceptions.jsonl"])
def test_what_is_damaged_is_not_kept_as_if_it_were_whole(house: DataPaths, tmp_path: Path, damage: str) -> None:
    """contract#command-backup"""
    paths = DataPaths(tmp_path / "data")
    shutil.copytree(house.root, paths.root)
    file, = paths.root.glob(damage)
    file.write_bytes(file.read_bytes()[:-3])
    with pytest.raises(Damaged), writer(paths.root, 0):
        backup.make(paths, tmp_path / "a.tar", DAY)
    assert [p.name for p in tmp_path.iterdir()] == ["data"]


def test_the_key_lies_beside_and_only_the_right_one_is_restored(house: DataPaths, tmp_path: Path) -> None:
    """contract#command-backup"""
    key = house.key_file.read_bytes().strip()
    with writer(house.root, 0):
        backup.make(house, tmp_path / "a.tar", DAY, key=key)
    kept = tmp_path / "a.tar.key"
    assert kept.read_bytes().strip() == key and kept.stat().st_mode & 0o777 == 0o600
    assert key not in (tmp_path / "a.tar").read_bytes()
    with pytest.raises(WrongKey, match=r"another key.*Nothing was restored"):
        restored(tmp_path / "a.tar", tmp_path / "new", key=b"another key, as long as one")
    assert restored(tmp_path / "a.tar", tmp_path / "new", key=key).key_file.read_bytes().strip() == key


def test_an_inbox_on_a_share_is_kept_and_other_links_are_told(house: DataPaths, tmp_path: Path) -> None:
    paths, lines = DataPaths(tmp_path / "data"), list[str]()
    shutil.copytree(house.root, paths.root)
    share = tmp_path / "share"
    (paths.decisions / "inbox").rename(share)
    (paths.decisions / "inbox").symlink_to(share)
    (paths.evidence / "link").symlink_to(share)
    with writer(paths.root, 0):
        backup.make(paths, tmp_path / "a.tar", DAY, progress=lines.append)
    assert f"{paths.evidence / 'link'} is a link: not in the backup" in lines
    there = restored(tmp_path / "a.tar", tmp_path / "new")
    assert (there.decisions / "inbox" / "taken_in" / "a.xlsx").read_text() == "content"
    assert not os.path.lexists(there.evidence / "link")
