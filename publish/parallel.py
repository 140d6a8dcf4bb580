"""Many small files at once: work handed to processes of their own, where there is enough of it to be worth their start.

Belongs here: starting them, waiting for them, and that none outlives the one who asked. Does not belong here: what they do.
"""

import multiprocessing
import os
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from typing import Any

_WORTH_A_PROCESS = 150  # calls of some milliseconds: as long as a process takes to start


@contextmanager
def beside(function: Callable[..., None], calls: list[tuple[Any, ...]]) -> Iterator[None]:
    """Make all `calls` (arguments of `function`, which a module must name) while the block runs; they are done at its end.

    Raises what a call raised.
    """
    processes = min(os.cpu_count() or 1, len(calls) // _WORTH_A_PROCESS)
    if not processes:
        yield
        for arguments in calls:
            function(*arguments)
        return
    # A fork would copy DuckDB's threads half way through what they do.
    pool = ProcessPoolExecutor(processes, multiprocessing.get_context("spawn"), _end_with_parent)
    try:
        done = pool.map(function, *zip(*calls, strict=True), chunksize=20)
        yield
        list(done)
    finally:
        pool.shutdown(cancel_futures=True)


def _end_with_parent() -> None:
    """A run that is killed leaves nobody behind who still writes where the next one works."""
    parent = multiprocessing.parent_process()
    if parent is None:
        raise RuntimeError("this is no process that another one began")

    def watch() -> None:
        parent.join()
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()
