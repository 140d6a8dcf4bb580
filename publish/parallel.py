"""Many small files at once: calls handed to other processes when there are enough of them to be worth starting a process.

Belongs here: starting the processes, waiting for them, and ending them with their parent. Does not belong here: what they do.
"""

import multiprocessing
import os
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from typing import Any

_WORTH_A_PROCESS = 150  # calls of a few milliseconds take as long as a process takes to start


@contextmanager
def in_background(function: Callable[..., None], calls: list[tuple[Any, ...]]) -> Iterator[None]:
    """Call `function` with each tuple of arguments in `calls` while the block runs; all calls are done when the block has ended.

    `function` must be importable by name. Few calls are made in this process after the block. Raises what a call raised.
    """
    processes = min(os.cpu_count() or 1, len(calls) // _WORTH_A_PROCESS)
    if not processes:
        yield
        for arguments in calls:
            function(*arguments)
        return
    # A fork would copy DuckDB's threads in the middle of their work.
    pool = ProcessPoolExecutor(processes, multiprocessing.get_context("spawn"), _end_with_parent)
    try:
        done = pool.map(function, *zip(*calls, strict=True), chunksize=20)
        yield
        list(done)
    finally:
        pool.shutdown(cancel_futures=True)


def _end_with_parent() -> None:
    """End this process when its parent ends: it must not go on writing where the next run works."""
    when_parent_ends(lambda: os._exit(1))


def when_parent_ends(then: Callable[[], object]) -> None:
    """Do something in this process when its parent ends, however that came."""
    parent = multiprocessing.parent_process()
    if parent is None:
        raise RuntimeError("this process has no parent process")

    def watch() -> None:
        parent.join()
        then()

    threading.Thread(target=watch, daemon=True).start()
