"""Atomic writes: write beside, flush to disk, rename; or append a line, flushed."""

import json
import os
import shutil
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
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


def write_text(path: Path, text: str) -> None:
    """Replace a file's content atomically."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = _temporary_beside(path)
    temporary.write_text(text, encoding="utf-8")
    flush(temporary)
    temporary.replace(path)
    flush(path.parent)


def write_json(path: Path, value: Any) -> None:
    """Replace a JSON file's content atomically."""
    write_text(path, json.dumps(value, ensure_ascii=False, indent=1, sort_keys=True, default=str) + "\n")


def append_json(file: Path, record: dict[str, Any]) -> None:
    """Add a line to a file of JSON lines; flushed to disk when this returns."""
    file.parent.mkdir(parents=True, exist_ok=True)
    line = json.dumps(record, ensure_ascii=False, default=str)
    with file.open("a", encoding="utf-8") as handle:
        handle.write(f"\n{line}\n")  # the leading break separates it from a line cut short by a crash
        handle.flush()
        os.fsync(handle.fileno())
    flush(file.parent)


def keep_appended(file: Path, kept: list[dict[str, Any]]) -> None:
    """Replace the content of a file of JSON lines with `kept`, atomically. A missing file stays missing."""
    if file.exists():
        write_text(file, "".join(f"{json.dumps(record, ensure_ascii=False, default=str)}\n" for record in kept))


def read_appended(file: Path) -> list[dict[str, Any]]:
    """The records of a file of JSON lines. A line cut short by a crash was never finished, and is skipped."""
    if not file.exists():
        return []
    records = []
    for line in file.read_text(encoding="utf-8").split("\n"):
        try:
            records.append(json.loads(line))
        except json.JSONDecodeError:
            continue
    return records


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
        if leftover.is_dir():
            shutil.rmtree(leftover, ignore_errors=True)
        else:
            leftover.unlink(missing_ok=True)
