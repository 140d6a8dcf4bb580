"""Backup and restore of what cannot be made anew (contract#command-backup): one tar file, every byte of which is checked.

    backup.json      form of the data directory, version of Sluttdato, day, fingerprint of the key
    landed/…         the files, by their paths below the data directory
    manifest.json    bytes and SHA-256 of each file
    SHA256           the digest of all bytes before this last member

Not compressed: nearly all of it is Parquet, which is. The last member has always the same length, so that any version can tell
a whole archive from a damaged one before it looks inside. A digest tells damage, not forgery: a member whose name leads elsewhere
is refused for itself.

Belongs here: what is kept, the archive, putting it back. Does not belong here: whether what is kept is sound (`check_sound` asks
those who know), and what a command prints (`cli.backup`).
"""

import hashlib
import json
import os
import tarfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path, PurePosixPath
from typing import Any, BinaryIO

from ingest import files, journal
from ingest.canonical_tables import SOURCES
from ingest.errors import Damaged, IngestError, WrongKey
from ingest.identity import fingerprint_of
from ingest.integrity import check_content
from orchestration.core import data_version
from orchestration.core.paths import DataPaths

Progress = Callable[[str], None]
_HEAD, _MANIFEST, _SEAL = "backup.json", "manifest.json", "SHA256"
_HEAD_HAS = {"written_by", "made_on", "key_fingerprint"}
_BLOCK, _PIECE, _SHOWN_EVERY = tarfile.BLOCKSIZE, 1 << 20, 1000
_NOTHING_RESTORED = "Nothing was restored. Take another backup"


def key_beside(archive: Path) -> Path:
    """Where the key lies that was kept with an archive."""
    return archive.with_name(f"{archive.name}.key")


class NotEmpty(IngestError):
    """A data directory holds something, and nothing is restored over it."""


@dataclass(frozen=True)
class Backup:
    """What an archive holds. `key_fingerprint`: which key the national ids in it are hashed with; None when none was used yet."""

    made_on: date
    files: int
    bytes: int
    key_fingerprint: str | None


def kept(paths: DataPaths) -> list[Path]:
    """What cannot be made anew, or marks the data directory as what it is."""
    return [paths.landed, paths.quarantined, paths.decisions, paths.alerts, paths.evidence, paths.demo, paths.told,
            paths.key_fingerprint, paths.version]


def check_sound(paths: DataPaths) -> None:
    """Raises Damaged when what is to be kept is not what was written: a backup of it would only look like one."""
    for system in SOURCES:
        check_content(paths.landed, system)
    for folder in (paths.decisions, paths.alerts):
        for file in sorted(folder.glob("*.jsonl")):
            journal.read_appended(file)


# --- making ----------------------------------------------------------------------------------------------------------


def make(paths: DataPaths, to: Path, made_on: date, *, key: bytes | None = None, progress: Progress = lambda _: None) -> Backup:
    """Write the archive `to`, and the key beside it where one is given; both are there when they are whole, and not before.

    The archive is read back before that. For the holder of the writer's lock. Raises Damaged.
    """
    progress("checking what is to be kept")
    check_sound(paths)
    fingerprint = paths.key_fingerprint.read_text(encoding="utf-8").strip() if paths.key_fingerprint.exists() else None
    temporary = to.with_name(f"{files.TEMPORARY_PREFIX}{to.name}")
    try:
        with _private(temporary) as handle:
            _write(_Hashed(handle), _to_keep(paths, progress), {
                **data_version.record(), "made_on": made_on.isoformat(), "key_fingerprint": fingerprint}, progress)
            handle.flush()
            os.fsync(handle.fileno())
        progress("reading the backup back")
        made = read(temporary)
        if key is not None:
            _write_key(key_beside(to), key)
        os.link(temporary, to)  # unlike a rename, never over something that came meanwhile
        files.flush(to.parent)
    finally:
        temporary.unlink(missing_ok=True)
    return made


def _to_keep(paths: DataPaths, progress: Progress) -> list[tuple[str, Path]]:
    """(name in the archive, file) of each file to keep. Of links only the inbox's is followed: it may be a folder of a share."""
    found: list[tuple[str, Path]] = []
    for top in kept(paths):
        for file in [top] if top.is_file() else _files_below(top):
            if file.is_symlink():
                progress(f"{file} is a link: not in the backup")
            elif not file.name.startswith(files.TEMPORARY_PREFIX):
                found.append((file.relative_to(paths.root).as_posix(), file))
    return found


def _files_below(folder: Path) -> Iterator[Path]:
    for entry in sorted(folder.iterdir()) if folder.is_dir() else ():
        if entry.is_dir() and (not entry.is_symlink() or (folder.name, entry.name) == ("decisions", "inbox")):
            yield from _files_below(entry)
        else:
            yield entry


def _write(archive: "_Hashed", to_keep: list[tuple[str, Path]], head: dict[str, Any], progress: Progress) -> None:
    _add(archive, _HEAD, _as_json(head))
    manifest = {}
    for number, (name, file) in enumerate(to_keep, start=1):
        content = file.read_bytes()  # at once: a file of the inbox may change while it is read
        manifest[name] = {"bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}
        _add(archive, name, content)
        if number % _SHOWN_EVERY == 0:
            progress(f"{number} of {len(to_keep)} files are in the backup")
    _add(archive, _MANIFEST, _as_json(manifest))
    archive.write(_seal(archive.digest))


def _add(archive: "_Hashed", name: str, content: bytes) -> None:
    archive.write(_member(name, content))


def _member(name: str, content: bytes) -> bytes:
    info = tarfile.TarInfo(name)
    info.size, info.mode = len(content), 0o600
    return info.tobuf(tarfile.PAX_FORMAT) + content + b"\0" * (-len(content) % _BLOCK)


def _seal(digest: str) -> bytes:
    """The last member, and tar's mark of the end."""
    return _member(_SEAL, digest.encode()) + b"\0" * 2 * _BLOCK


def _as_json(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, indent=1).encode()


class _Hashed:
    """A file to write to, with the digest of what was written."""

    def __init__(self, handle: BinaryIO):
        self._handle, self._hash = handle, hashlib.sha256()

    def write(self, content: bytes) -> None:
        self._handle.write(content)
        self._hash.update(content)

    @property
    def digest(self) -> str:
        return self._hash.hexdigest()


def _private(file: Path) -> BinaryIO:
    """A new file that only its owner can read; what a killed command left under that name is replaced."""
    file.unlink(missing_ok=True)
    return os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb")


def _write_key(file: Path, key: bytes) -> None:
    temporary = file.with_name(f"{files.TEMPORARY_PREFIX}{file.name}")
    with _private(temporary) as handle:
        handle.write(key + b"\n")
        handle.flush()
        os.fsync(handle.fileno())
    temporary.replace(file)


# --- reading ---------------------------------------------------------------------------------------------------------


def read(archive: Path) -> Backup:
    """What an archive holds, all of it checked. Raises Damaged, and NewerData for one of a newer version. Writes nothing."""
    with archive.open("rb") as handle:
        _check_seal(archive, handle)
        head, manifest = _read_members(archive, handle, lambda *_: None)
    return Backup(date.fromisoformat(head["made_on"]), len(manifest), archive.stat().st_size, head["key_fingerprint"])


def _check_seal(archive: Path, handle: BinaryIO) -> None:
    """Raises Damaged unless the file is whole, to the last byte."""
    length = len(_seal("0" * 64))
    left = os.fstat(handle.fileno()).st_size - length
    if left < 0:
        raise _damaged(archive, "this is no backup, or only the beginning of one")
    digest = hashlib.sha256()
    while left:
        piece = handle.read(min(left, _PIECE))
        if not piece:
            raise _damaged(archive, "the file became shorter while it was read")
        digest.update(piece)
        left -= len(piece)
    if handle.read() != _seal(digest.hexdigest()):
        raise _damaged(archive, "this is no backup, or it is damaged: its digest is not that of its content")


def _read_members(
    archive: Path, handle: BinaryIO, take: Callable[[str, bytes], None]
) -> tuple[dict[str, Any], dict[str, dict[str, Any]]]:
    """(head, manifest) of a whole archive; `take` gets name and content of each file. Raises Damaged, or NewerData."""
    handle.seek(0)
    found: dict[str, dict[str, Any]] = {}
    head, manifest = None, None
    try:
        with tarfile.open(fileobj=handle, mode="r:") as tar:
            for info in tar:
                content = _content(archive, tar, info)
                if head is None:
                    head = _head(archive, info.name, content)
                elif info.name == _MANIFEST:
                    manifest = json.loads(content)
                elif info.name != _SEAL:
                    _check_name(archive, info.name)
                    if info.name in found or manifest is not None:
                        raise _damaged(archive, f"{info.name} is in it twice, or behind the manifest")
                    found[info.name] = {"bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}
                    take(info.name, content)
    except (tarfile.TarError, ValueError, EOFError) as error:
        raise _damaged(archive, f"it cannot be read ({type(error).__name__})") from None
    if head is None or not isinstance(manifest, dict):
        raise _damaged(archive, "its manifest is missing")
    if wrong := sorted(name for name in {*manifest, *found} if manifest.get(name) != found.get(name)):
        raise _damaged(archive, f"{wrong[0]} is missing, or is not what was kept ({len(wrong)} such files)")
    return head, manifest


def _content(archive: Path, tar: tarfile.TarFile, info: tarfile.TarInfo) -> bytes:
    handle = tar.extractfile(info) if info.isreg() else None
    if handle is None:
        raise _damaged(archive, f"{info.name} is no file")
    return handle.read()


def _head(archive: Path, name: str, content: bytes) -> dict[str, Any]:
    head = json.loads(content) if name == _HEAD else None
    if not isinstance(head, dict) or type(head.get("form")) is not int or _HEAD_HAS - set(head):
        raise _damaged(archive, "this is no backup of Sluttdato")
    data_version.check_form(head, f"the backup {archive}")
    return head


def _check_name(archive: Path, name: str) -> None:
    """Raises Damaged for a file that would lie elsewhere than what is kept."""
    path = PurePosixPath(name)
    known = {top.name for top in kept(DataPaths(Path()))}
    if path.is_absolute() or ".." in path.parts or path.as_posix() != name or path.parts[0] not in known:
        raise _damaged(archive, "it holds a file that no backup holds")


def _damaged(archive: Path, problem: str) -> Damaged:
    return Damaged(archive, problem, _NOTHING_RESTORED)


# --- restoring -------------------------------------------------------------------------------------------------------


def check_empty(paths: DataPaths) -> None:
    """Raises NotEmpty when the data directory holds anything but what its lock needs."""
    own = {paths.writer_lock.name, paths.writer.name, paths.version.name}
    there = sorted(entry.name for entry in paths.root.iterdir() if entry.name not in own) if paths.root.is_dir() else []
    if there:
        raise NotEmpty(f"{paths.root} is not empty (there is {there[0]}): nothing is restored over it. Move it away, or set "
                       "another `data_dir`")


def restore(archive: Path, paths: DataPaths, *, key: bytes | None = None, progress: Progress = lambda _: None) -> Backup:
    """Put what an archive holds into an empty data directory, checked before and again while it is written.

    Killed in the middle, the data directory says so to whoever opens it. For the holder of the writer's lock. Raises NotEmpty,
    Damaged, NewerData, WrongKey.
    """
    check_empty(paths)
    progress(f"checking {archive}")
    backup = read(archive)
    if key is not None and fingerprint_of(key) != backup.key_fingerprint:
        raise WrongKey(f"{key_beside(archive)} holds another key than the one with which the national ids in {archive.name} were "
                       "hashed. Nothing was restored")
    data_version.mark_restoring(paths)
    written: list[Path] = []

    def take(name: str, content: bytes) -> None:
        if name == paths.version.name:
            return  # last of all, below
        file = paths.root / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
        files.flush(file)
        written.append(file)
        if len(written) % _SHOWN_EVERY == 0:
            progress(f"{len(written)} of {backup.files} files are restored")

    with archive.open("rb") as handle:
        _check_seal(archive, handle)
        head, _ = _read_members(archive, handle, take)
    if key is not None:
        paths.key_file.parent.mkdir(parents=True, exist_ok=True)
        _write_key(paths.key_file, key)
    for folder in {file.parent for file in written} | {paths.root}:
        files.flush(folder)
    data_version.take_over_restored(paths, {name: head[name] for name in data_version.record()})
    return backup
