"""One writer at a time: changing anything below the data directory needs this lock."""

import json
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from ingest import files, journal
from orchestration.core import data_version
from orchestration.core.paths import DataPaths
from orchestration.core.privacy import close_all


class LockHeld(Exception):
    """Another process is at work and did not finish in time. The text names it."""


@contextmanager
def writer(
    data_dir: Path, patience_seconds: float, progress: Callable[[str], None] = lambda _: None
) -> Iterator[None]:
    """Hold the writer's lock of the data directory. Waits for another holder, and raises LockHeld after `patience_seconds`.

    Raises NewerData when a newer version wrote there, and Damaged after a restore that was cut short.
    The operating system releases the lock when a process dies; the next holder removes what it left half written.
    One process may hold it several times: a command, and the Dagster run that it starts.
    """
    files.write_privately()
    data_dir.mkdir(parents=True, exist_ok=True)
    paths = DataPaths(data_dir)
    holder = paths.writer
    lock = FileLock(paths.writer_lock.resolve(), is_singleton=True, thread_local=False)
    if lock.is_locked:
        with lock:
            yield
        return
    try:
        lock.acquire(timeout=0)
    except Timeout:
        progress(f"waiting: {_who(holder)} is at work on {data_dir}")
        try:
            lock.acquire(timeout=patience_seconds, poll_interval=0.2)
        except Timeout:
            raise LockHeld(
                f"{_who(holder)} has been at work on {data_dir} for longer than {patience_seconds:g} seconds of "
                "waiting. Try again when it is done, or raise `lock_patience_seconds`") from None
    try:
        data_version.take_over(paths)
        files.remove_leftovers(data_dir)
        for told in journal.mend_all([paths.decisions, paths.alerts]):
            progress(told)
        close_all(paths)
        holder.write_text(json.dumps({
            "pid": os.getpid(), "command": " ".join([Path(sys.argv[0]).name, *sys.argv[1:2]])}))
        yield
    finally:
        holder.unlink(missing_ok=True)
        lock.release()


def _who(holder: Path) -> str:
    held = files.read_cache(holder)
    if not isinstance(held, dict):
        return "another process"
    return f"process {held.get('pid')} ({held.get('command')})"
