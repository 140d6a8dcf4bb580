"""Who must notice a change of a Python module: its unit tests, run in a process of their own on the changed source."""

import importlib.abc
import importlib.machinery
import os
import signal
import sys
from collections.abc import Iterator, Sequence
from multiprocessing import get_context
from types import CodeType, FrameType, ModuleType

from tests.mutation.mutant import Mutant, Outcome
from tests.mutation.python_mutants import ROOT

# The modules that decide, each with its unit tests.
TESTS = {
    "ingest/guard.py": "tests/unit/ingest/test_guard.py",
    "ingest/door.py": "tests/unit/ingest/test_door.py",
    "ingest/versions.py": "tests/unit/ingest/test_versions.py",
    "publish/alerts/due.py": "tests/unit/publish/test_due.py",
}
_SECONDS = 60  # of the processor: a change may make a loop that does not end


class NoTests(Exception):
    """A module has no unit tests, or they fail for the unchanged source."""


def outcomes(mutants: Sequence[Mutant], processes: int) -> Iterator[Outcome]:
    """The outcome of each mutant. Raises NoTests when the tests do not pass for the unchanged source."""
    files = sorted({mutant.where for mutant in mutants})
    for file in files:
        if not (ROOT / TESTS[file]).exists():
            raise NoTests(f"{file} has no unit tests: {TESTS[file]} is missing")
    if not mutants:
        return
    # A process for each mutant. The server it is forked from has imported what is slow to import, but not the changed module.
    context = get_context("forkserver")
    context.set_forkserver_preload(["duckdb", "hypothesis", "pyarrow", "pydantic", "pytest", "sqlglot", "yaml"])
    with context.Pool(processes, maxtasksperchild=1) as pool:
        unchanged = [Mutant(file, "", (), (ROOT / file).read_text(encoding="utf-8")) for file in files]
        for mutant, killed_by in zip(unchanged, pool.imap(_killed_by, unchanged, chunksize=1), strict=True):
            if killed_by:
                raise NoTests(f"{TESTS[mutant.where]} fails for the unchanged {mutant.where}: {killed_by}")
        for mutant, killed_by in zip(mutants, pool.imap(_killed_by, mutants, chunksize=1), strict=True):
            yield Outcome(mutant, killed_by)


def _killed_by(mutant: Mutant) -> str | None:
    """Run in a process of its own, which ends with it."""
    import pytest
    from hypothesis import settings

    module = mutant.where.removesuffix(".py").replace("/", ".")
    if module in sys.modules:
        raise RuntimeError(f"{module} was imported before it was changed")
    sys.meta_path.insert(0, _Changed(module, compile(mutant.code, str(ROOT / mutant.where), "exec")))
    settings.register_profile("mutation", database=None, derandomize=True)
    settings.load_profile("mutation")
    signal.signal(signal.SIGVTALRM, _give_up)
    signal.setitimer(signal.ITIMER_VIRTUAL, _SECONDS)
    failed = _FirstFailure()
    with open(os.devnull, "w") as nowhere:  # noqa: PTH123
        os.dup2(nowhere.fileno(), 1)
        os.dup2(nowhere.fileno(), 2)
    try:
        code = pytest.main(
            ["-x", "-q", "-c", os.devnull, "--rootdir", str(ROOT), "-p", "no:cacheprovider", "-p", "no:xdist", "-p", "no:cov",
             str(ROOT / TESTS[mutant.where])], plugins=[failed])
    except TimeoutError as error:  # where pytest does not take it for a failing test
        return str(error)
    return failed.name or f"pytest ended with {code}" if code != pytest.ExitCode.OK else None


class _FirstFailure:
    """Remembers the first test that failed."""

    name: str | None = None

    def pytest_runtest_logreport(self, report: object) -> None:
        if self.name is None and getattr(report, "failed", False):
            self.name = getattr(report, "nodeid", None)


class _Changed(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Imports one module from changed code, and leaves the others to Python."""

    def __init__(self, module: str, code: CodeType):
        self.module, self.code = module, code

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        if fullname != self.module:
            return None
        return importlib.machinery.ModuleSpec(fullname, self, origin=self.code.co_filename)

    def exec_module(self, module: ModuleType) -> None:
        exec(self.code, module.__dict__)


def _give_up(_signal: int, _frame: FrameType | None) -> None:
    raise TimeoutError(f"not ended after {_SECONDS} seconds of the processor")
