"""Atomic writes: write beside, flush to disk, rename. Who may read what is written. Caches that may be damaged.

Does not belong here: files of records that grow line by line (`journal`).
"""

import hashlib
import json
import os
import shutil
import stat
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

TEMPORARY_PREFIX = ".incoming-"


def _temporary_beside(path: Path) -> Path:
    return path.with_name(f"{TEMPORARY_PREFIX}{path.name}-{uuid.uuid4().hex[:8]}")


def flush(path: Path) -> None:
    """Flush a file's or folder's content to disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def write_text(path: Path, text: str, *, group: int | None = None) -> None:
    """Replace a file's content atomically. `group`, by number, may read it; else only its owner."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = _temporary_beside(path)
    try:
        temporary.write_text(text, encoding="utf-8")
        if group is not None:
            os.chown(temporary, -1, group)
            temporary.chmod(0o640)
        flush(temporary)
        temporary.replace(path)
    except OSError:  # e.g. a full disk, or a group that is not ours
        with suppress(OSError):
            temporary.unlink()
        raise
    flush(path.parent)


def write_json(path: Path, value: Any) -> None:
    """Replace a JSON file's content atomically."""
    write_text(path, json.dumps(value, ensure_ascii=False, indent=1, sort_keys=True, default=str) + "\n")


def read_cache(file: Path) -> Any:
    """The value in a JSON file that can be made anew; None when the file is missing or damaged."""
    try:
        return json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):  # ValueError: no JSON, or no UTF-8
        return None


def digest(file: Path) -> str:
    """The SHA-256 of a file's bytes."""
    with file.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()


@contextmanager
def new_folder(path: Path, *, before_rename: Callable[[], None] | None = None) -> Iterator[Path]:
    """A folder to fill, which appears under `path` only when the block ends without an error."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = _temporary_beside(path)
    temporary.mkdir()
    try:
        yield temporary
        with ThreadPoolExecutor() as pool:  # in parallel, waiting for the disk takes half as long
            list(pool.map(flush, temporary.rglob("*")))
        flush(temporary)
        if before_rename:
            before_rename()
        temporary.rename(path)
        flush(path.parent)
    except BaseException:
        shutil.rmtree(temporary, ignore_errors=True)
        raise


def remove_leftovers(root: Path) -> None:
    """Remove what a killed run left half written below `root`. Only for the holder of the writer's lock."""
    for leftover in root.rglob(f"{TEMPORARY_PREFIX}*"):
        if leftover.is_dir() and not leftover.is_symlink():
            shutil.rmtree(leftover, ignore_errors=True)
        else:
            leftover.unlink(missing_ok=True)


def write_privately() -> None:
    """From now on, what this process and its children write can be read by its owner only."""
    os.umask(0o077)


def tighten(path: Path, others: int = 0o000) -> None:
    """Take from a file or folder, and from everything below it, the rights of group and others, but those in `others`.

    Links are left alone: their targets have rights of their own.
    """
    mode = path.lstat().st_mode
    if stat.S_ISLNK(mode):
        return
    if mode & 0o077 & ~others:
        path.chmod(stat.S_IMODE(mode) & (0o700 | others))
    if stat.S_ISDIR(mode):
        with os.scandir(path) as entries:
            for entry in entries:
                tighten(Path(entry.path), others)
