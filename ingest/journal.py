"""Files of records that only grow, one JSON value a line: what people decided, and which messages were sent.

They cannot be made anew, so damage is an error, never a record less. Beside each file lies its seal:

    exceptions.jsonl
    exceptions.jsonl.seal    how many bytes were written when a writer last said that it was done, and their SHA-256

Bytes before the seal's mark were acknowledged: they must be there, unchanged. Bytes after it are those of a writer that was
killed: a whole line counts, a line cut short was never acknowledged, and is moved to `exceptions.jsonl.cut`. A file without a
seal (an earlier version wrote none) is taken as it is, if every line can be read.

Belongs here: writing, reading and mending such a file. Does not belong here: what the records mean.
"""

import hashlib
import json
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from ingest import files
from ingest.errors import Damaged

SEAL, CUT = ".seal", ".cut"
Record = dict[str, Any]


def append_json(file: Path, *records: Record) -> None:
    """Add records; flushed to disk, and sealed, when this returns. Raises Damaged; then nothing is written.

    Only for the holder of the writer's lock.
    """
    file.parent.mkdir(parents=True, exist_ok=True)
    mend(file)
    whole, _ = _read(file)
    line = (b"\n" if whole and not whole.endswith(b"\n") else b"") + _lines(list(records))
    descriptor = os.open(file, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    with os.fdopen(descriptor, "ab") as handle:
        handle.write(line)
        handle.flush()
        os.fsync(handle.fileno())
    files.flush(file.parent)
    _seal(file, whole + line)


def keep_appended(file: Path, kept: list[Record]) -> None:
    """Replace the content with `kept`, atomically. A missing file stays missing. Only for the holder of the writer's lock."""
    if not file.exists():
        return
    before, after = _read(file)[0], _lines(kept)
    _seal(file, before, after)  # until the file is replaced, and from then on, one of the two is right
    files.write_text(file, after.decode())
    _seal(file, after)


def read_appended(file: Path) -> list[Record]:
    """The records; none when the file was never written. Raises Damaged when one cannot be read, or is gone."""
    whole, _ = _read(file)
    return [json.loads(line) for line in whole.split(b"\n") if line]


def mend(file: Path) -> str | None:
    """Move a line that a killed writer left cut short to `<file>.cut`, and seal a file that an earlier version wrote.

    Returns a sentence for people when something was moved. A file that is damaged otherwise is left as it is: who reads it says
    so. Only for the holder of the writer's lock.
    """
    try:
        whole, cut = _read(file)
    except Damaged:
        return None
    moved = file.with_name(f"{file.name}{CUT}")
    if cut:
        with moved.open("ab") as handle:
            handle.write(cut + b"\n")
            handle.flush()
            os.fsync(handle.fileno())
        os.truncate(file, len(whole))
        files.flush(file)
    if file.exists() and _sealed(file) != [_mark(whole)]:
        _seal(file, whole)
    if cut:
        return (f"{file}: the last line was cut short when a command was killed before it said that it was done; moved to "
                f"{moved.name}. If it was a decision, make it again")
    return None


def mend_all(folders: Iterable[Path]) -> list[str]:
    """Mend every such file in these folders; returns what to tell people."""
    return [told for folder in folders for file in sorted(folder.glob("*.jsonl")) if (told := mend(file))]


def _lines(records: list[Record]) -> bytes:
    return "".join(f"{json.dumps(r, ensure_ascii=False, default=str)}\n" for r in records).encode()


def _mark(content: bytes) -> dict[str, Any]:
    return {"bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}


def _seal(file: Path, *contents: bytes) -> None:
    files.write_json(file.with_name(f"{file.name}{SEAL}"), {"either": [_mark(c) for c in contents]})


def _sealed(file: Path) -> list[dict[str, Any]]:
    """The marks of the seal, one of which the file has; none when there is no seal, or none that can be read."""
    seal = files.read_cache(file.with_name(f"{file.name}{SEAL}"))
    marks = seal.get("either") if isinstance(seal, dict) else None
    return [m for m in marks if isinstance(m, dict) and isinstance(m.get("bytes"), int)] if isinstance(marks, list) else []


def _read(file: Path) -> tuple[bytes, bytes]:
    """The content up to the last whole line, and the line cut short behind it, if any. Raises Damaged."""
    while True:
        marks = _sealed(file)
        try:
            return _check(file, marks)
        except Damaged:
            if _sealed(file) == marks:
                raise
            # A writer was at work between the two readings: look again.


def _check(file: Path, marks: list[dict[str, Any]]) -> tuple[bytes, bytes]:
    try:
        content = file.read_bytes()
    except FileNotFoundError:
        content = None
    held = content or b""
    if marks and not any(_mark(held[:m["bytes"]]) == m for m in marks):
        expected = marks[-1]["bytes"]
        if content is None:
            raise _damaged(file, "the file is gone")
        _check_lines(file, held)
        if len(held) < expected:
            raise _damaged(file, f"the file ends here, after {len(held)} of {expected} bytes", line=held.count(b"\n") + 1)
        raise _damaged(file, f"one of its {held.count(10)} lines is not what was written")
    whole, end, cut = held.rpartition(b"\n")
    whole += end
    left_by_a_writer = bool(marks) or (cut.startswith(b"{") and b"\0" not in cut)
    if cut and (_is_record(cut) or not left_by_a_writer):
        whole, cut = whole + cut, b""
    _check_lines(file, whole)
    return whole, cut


def _check_lines(file: Path, content: bytes) -> None:
    """Raises Damaged for the first line that holds no record."""
    for number, line in enumerate(content.split(b"\n"), start=1):
        if line and not _is_record(line):
            raise _damaged(file, "the line cannot be read", line=number)


def _is_record(line: bytes) -> bool:
    try:
        return isinstance(json.loads(line.decode("utf-8")), dict)
    except ValueError:  # no JSON, or no UTF-8
        return False


def _damaged(file: Path, problem: str, *, line: int | None = None) -> Damaged:
    return Damaged(file, problem, (
        f"Restore it from a backup, with {file.name}{SEAL}. If it was changed on purpose, or cannot be restored, mend it by hand "
        f"and delete {file.name}{SEAL}: what it holds then counts"), line=line)
