"""Warm processes that do one task after another: each imports once what all tasks need, and is replaced now and then.

Processes and never threads, as dbt changes the directory and reads the environment; spawned and never forked, as a fork would
copy the threads of DuckDB in the middle of their work. Each has a pipe of its own, so one that is killed while it writes or
reads disturbs nobody else. A pool of the standard library breaks when one of its processes dies, and cannot end one that hangs.
Belongs here: starting, watching, replacing and ending processes, and leaving nothing of a task for the next. Does not belong
here: what a task is (`cli.run_all`).
"""

import contextlib
import gc
import logging
import multiprocessing
import os
import signal
import sys
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from multiprocessing.connection import Connection, Pipe, wait
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

from publish.parallel import when_parent_ends

Outcome = dict[str, Any]
Tell = Callable[[str | Outcome], None]  # a line of progress, or the outcome; of several outcomes the last holds
Work = Callable[[str, Tell], None]
_SPAWN = multiprocessing.get_context("spawn")
_ATTEMPTS = 2  # of a task whose process died
_STARTS_IN_VAIN = 3
_SECONDS_TO_LEAVE = 5
_GOES_ON = "What was done is kept; the next run goes on there"


class NoWorkers(Exception):
    """Processes end before they can do anything."""


@dataclass(frozen=True)
class Progress:
    """A line on what a task is doing."""

    name: str
    line: str


@dataclass(frozen=True)
class Ended:
    """A task has ended. `outcome`: what it told; None when it did not come to that, and then `failure` says why. `worker`: the
    number of its process, counted from 1 on."""

    name: str
    seconds: float
    outcome: Outcome | None
    failure: str | None
    worker: int


@dataclass
class _Worker:
    number: int
    process: BaseProcess
    pipe: "Connection[Any, Any]"
    is_ready: bool = False
    done: int = 0
    task: str | None = None
    began: float = 0
    line: str | None = None
    outcome: Outcome | None = None

    def begin(self, task: str) -> None:
        self.task, self.began, self.line, self.outcome = task, time.monotonic(), None, None
        with contextlib.suppress(OSError):  # it died meanwhile; its pipe says so at the next look
            self.pipe.send(task)

    def ended(self, failure: str | None = None) -> Ended:
        """The end of its task."""
        failure = None if self.outcome else failure
        ended = Ended(self.task or "", time.monotonic() - self.began, self.outcome, failure, self.number)
        self.task = None
        self.done += 1
        return ended

    def kill(self) -> None:
        """End it at once, with the processes that it started."""
        if self.process.is_alive():
            with contextlib.suppress(ProcessLookupError, PermissionError):  # it has no group of its own yet, or just ended
                os.killpg(self.process.pid or 0, signal.SIGKILL)
            self.process.kill()
        self.process.join()
        self.pipe.close()


@dataclass
class Workers:
    """`count` processes. In each, `prepare` is called once and returns what does a task; both must be importable by name.

    A task that takes longer than `limit_seconds` is ended with its process. One whose process dies is begun anew once, after
    all others. A process is replaced after `tasks_each`.
    """

    count: int
    prepare: Callable[[], Work]
    limit_seconds: float
    tasks_each: int
    _workers: list[_Worker] = field(default_factory=list, init=False)
    _started: int = field(default=0, init=False)
    _in_vain: int = field(default=0, init=False)

    def do(self, names: Sequence[str]) -> Iterator[Progress | Ended]:
        """Do the tasks, begun in this order; yields what happens. Raises NoWorkers."""
        waiting, deaths = deque(names), dict.fromkeys(names, 0)
        try:
            while waiting or any(w.task for w in self._workers):
                self._hand_out(waiting)
                for worker in self._heard(self._seconds_left()):
                    yield from self._listen(worker, waiting, deaths)
                for worker in [w for w in self._workers if w.task and time.monotonic() - w.began >= self.limit_seconds]:
                    self._remove(worker)
                    at = f" at «{worker.line}»" if worker.line else ""
                    yield worker.ended(f"it took longer than {self.limit_seconds / 60:g} minutes{at}, and was ended. {_GOES_ON}")
        finally:
            self._end()

    def _hand_out(self, waiting: deque[str]) -> None:
        for worker in [w for w in self._workers if w.is_ready and not w.task]:
            if worker.done >= self.tasks_each:
                self._remove(worker)
            elif waiting:
                worker.begin(waiting.popleft())
        while len(self._workers) < self.count and sum(not w.task for w in self._workers) < len(waiting):
            self._workers.append(self._new())

    def _new(self) -> _Worker:
        here, there = Pipe()
        process = _SPAWN.Process(target=_serve, args=(there, self.prepare), name="sluttdato-worker")
        process.start()
        there.close()
        self._started += 1
        return _Worker(self._started, process, here)  # pyright: ignore[reportArgumentType]  (Windows has another class)

    def _seconds_left(self) -> float | None:
        left = [w.began + self.limit_seconds - time.monotonic() for w in self._workers if w.task]
        return max(0, min(left)) if left else None

    def _heard(self, patience: float | None) -> list[_Worker]:
        """Those that said something, or died."""
        by_pipe = {w.pipe: w for w in self._workers}
        return [by_pipe[pipe] for pipe in wait(list(by_pipe), patience) if isinstance(pipe, Connection)]

    def _listen(self, worker: _Worker, waiting: deque[str], deaths: dict[str, int]) -> Iterator[Progress | Ended]:
        try:
            said = worker.pipe.recv()
        except (EOFError, OSError):
            yield from self._died(worker, waiting, deaths)
            return
        match said:
            case "ready":
                worker.is_ready, self._in_vain = True, 0
            case "done":
                yield worker.ended("it said nothing of how it ended")
            case {"progress": line}:
                worker.line = line
                yield Progress(worker.task or "", line)
            case {"outcome": outcome}:
                worker.outcome = outcome

    def _died(self, worker: _Worker, waiting: deque[str], deaths: dict[str, int]) -> Iterator[Ended]:
        worker.process.join(_SECONDS_TO_LEAVE)
        self._remove(worker)
        how = _how_it_ended(worker.process.exitcode)
        if not worker.is_ready:
            self._in_vain += 1
            if self._in_vain >= _STARTS_IN_VAIN:
                raise NoWorkers(f"{self._in_vain} processes one after the other {how} before they could begin")
        if worker.task:
            deaths[worker.task] += 1
            if worker.outcome is None and deaths[worker.task] < _ATTEMPTS:
                waiting.append(worker.task)  # last: where memory was short, the others are done by then
            else:
                yield worker.ended(f"the process at work on it {how}, and an earlier one died of it too. {_GOES_ON}")

    def _remove(self, worker: _Worker) -> None:
        self._workers.remove(worker)
        if worker.is_ready and not worker.task:
            _dismiss(worker)
        worker.kill()

    def _end(self) -> None:
        """End all: those that have nothing to do by themselves, the others at once."""
        for worker in [*self._workers]:
            self._remove(worker)


def _dismiss(worker: _Worker) -> None:
    with contextlib.suppress(OSError):
        worker.pipe.send(None)
    worker.process.join(_SECONDS_TO_LEAVE)


def _how_it_ended(code: int | None) -> str:
    if code is not None and code < 0:
        with contextlib.suppress(ValueError):
            return f"was killed by {signal.Signals(-code).name}"
    return f"ended with {code}"


def _serve(pipe: "Connection[Any, Any]", prepare: Callable[[], Work]) -> None:
    """The life of a process."""
    os.setpgid(0, 0)  # an interrupt at the terminal is for the parent, which ends this process and those that it starts
    when_parent_ends(lambda: os.killpg(0, signal.SIGKILL))  # with those that this process starts
    work = prepare()
    gc.collect()
    gc.freeze()  # what was imported stays, and need not be looked through again and again
    pipe.send("ready")

    def tell(said: str | Outcome) -> None:
        pipe.send({"progress": said} if isinstance(said, str) else {"outcome": said})

    while True:
        try:
            name = pipe.recv()
        except EOFError:
            break
        if name is None:
            break
        with nothing_left_behind():
            work(name, tell)
        pipe.send("done")


@contextmanager
def nothing_left_behind() -> Iterator[None]:
    """Afterwards the process is as before: environment, directory, umask, arguments, log handlers, where it prints to."""
    environment, directory, umask, arguments = dict(os.environ), Path.cwd(), os.umask(0), list(sys.argv)
    os.umask(umask)
    handlers = {logger: (list(logger.handlers), logger.level) for logger in _loggers()}
    printed_to = sys.stdout, sys.stderr
    try:
        yield
    finally:
        sys.stdout, sys.stderr = printed_to
        for logger in _loggers():
            before, level = handlers.get(logger, ([], logging.NOTSET))
            for handler in [h for h in logger.handlers if h not in before]:
                logger.removeHandler(handler)
                if not isinstance(handler, logging.StreamHandler) or isinstance(handler, logging.FileHandler):
                    handler.close()
            logger.setLevel(level)
        sys.argv[:] = arguments
        os.umask(umask)
        os.chdir(directory)
        if dict(os.environ) != environment:
            os.environ.clear()
            os.environ.update(environment)
        gc.collect()


def _loggers() -> list[logging.Logger]:
    return [logging.getLogger(), *(logger for logger in list(logging.root.manager.loggerDict.values())
                                   if isinstance(logger, logging.Logger))]


