"""Who must notice a change of the SQL: first dbt's unit tests of the model, then the corpus with the oracle and the data tests.

For each municipality only the changed model is computed, and then the models that read it, as long as rows differ.
"""

import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Executor, Future, ProcessPoolExecutor, wait
from contextlib import contextmanager
from functools import cache, cached_property
from multiprocessing import get_context

import duckdb

from ingest.sql import rows
from tests.mutation.corpus import Town, corpus
from tests.mutation.mutant import Key, Mutant, Outcome
from tests.mutation.progress import progress
from tests.mutation.sql_mutants import parse, written
from tests.properties.test_oracle_agrees import comparable
from tests.support.dbt_unit_tests import ColumnTypes, UnitTest, Unsupported, column_types, difference, prepare, unit_tests
from tests.support.models import DataTest, Model, Models, compiled, empty_warehouse, read_models

_AT_ONCE = 40  # changes of a model that a process tries before it takes others
_SECONDS = 20.0  # of the processor: a change may make a query that does not end
_Killers = list[tuple[int, str]]  # the number of a mutant, and who noticed it


class NotAsCompiled(Exception):
    """The unchanged project does not make the oracle's marts, or sqlglot's rewriting of it makes other rows."""


@cache
def models() -> Models:
    return read_models(compiled())


@cache
def _types() -> ColumnTypes:
    return column_types(models())


@cache
def _tests_of(model: str) -> list[tuple[UnitTest, duckdb.DuckDBPyConnection]]:
    return [(test, prepare(test, _types())) for test in unit_tests(models()) if test.model.name == model]


def outcomes(made: list[Mutant], processes: int, municipalities: int | None = None) -> list[Outcome]:
    """What became of each change; those of a macro that are one change of its source are one.

    `municipalities`: try only so many of the corpus, which has those with most rows first.
    """
    if not made:
        return []
    # A process that has used DuckDB must not be forked, so each is spawned.
    with ProcessPoolExecutor(processes, mp_context=get_context("spawn")) as executor:
        killers = _killed_by_unit_tests(executor, made)
        by_unit_tests = len(killers)
        alive = {n: mutant for n, mutant in enumerate(made) if mutant.key not in killers}
        progress("making the corpus of random municipalities")
        towns = corpus(executor)[:municipalities]
        for number, noticed in enumerate(_killed_by_corpus(executor, towns, alive), start=1):
            killers.update({made[n].key: killer for n, killer in noticed})
            progress(f"{number} of {len(towns)} municipalities, {len(killers)} changes of SQL noticed")
    print(f"\nSQL: {by_unit_tests} noticed by dbt's unit tests, {len(killers) - by_unit_tests} more by the corpus")
    return [Outcome(mutant, killers.get(key)) for key, mutant in {m.key: m for m in made}.items()]


def _killed_by_unit_tests(executor: Executor, made: list[Mutant]) -> dict[Key, str]:
    by_model: dict[str, list[Mutant]] = {}
    for mutant in made:
        by_model.setdefault(mutant.model, []).append(mutant)
    parts = [mutants[i:i + _AT_ONCE] for mutants in by_model.values() for i in range(0, len(mutants), _AT_ONCE)]
    results = executor.map(_failing_unit_tests, [part[0].model for part in parts], [[m.code for m in part] for part in parts])
    killers: dict[Key, str] = {}
    for part, result in zip(parts, results, strict=True):
        killers.update({mutant.key: killer for mutant, killer in zip(part, result, strict=True) if killer})
        progress(f"unit tests of {part[0].model}: {len(killers)} changes of SQL noticed")
    return killers


def _failing_unit_tests(model: str, codes: Sequence[str]) -> list[str | None]:
    """The unit test of the model that fails for each changed SQL. Raises NotAsCompiled when one fails for the unchanged."""
    unchanged = _failing_unit_test(model, written(parse(models().by_name[model].sql)))
    if unchanged:
        raise NotAsCompiled(f"{model}: {unchanged}")
    return [_failing_unit_test(model, code) for code in codes]


def _failing_unit_test(model: str, sql: str) -> str | None:
    for test, con in _tests_of(model):
        try:
            with _at_most(con):
                failed = difference(test, con, sql) is not None
        except (duckdb.Error, Unsupported):
            failed = True
        if failed:
            return test.name
    return None


def _killed_by_corpus(executor: Executor, towns: Sequence[Town], mutants: dict[int, Mutant]) -> Iterator[_Killers]:
    """What each municipality notices, in whatever order they are done; a change that is noticed is not tried again."""
    alive = dict(mutants)
    unchanged_too = 20  # in this many municipalities, check that sqlglot's rewriting changes no rows
    waiting = list(range(len(towns)))[::-1]
    running: set[Future[_Killers]] = set()
    while waiting or running:
        while waiting and len(running) < 2:
            town = towns[waiting.pop()]
            running.add(executor.submit(_noticed, town, {n: (m.model, m.code) for n, m in alive.items()}, unchanged_too > 0))
            unchanged_too -= 1
        done, running = wait(running, return_when=FIRST_COMPLETED)
        for future in done:
            killers = [(n, killer) for n, killer in future.result() if n in alive]
            noticed = {alive[n].key for n, _ in killers}
            alive = {n: m for n, m in alive.items() if m.key not in noticed}
            yield killers
        if not alive:
            waiting.clear()


def _noticed(town: Town, changes: dict[int, tuple[str, str]], unchanged_too: bool) -> _Killers:
    with empty_warehouse() as con:
        town.load(con)
        models().run(con)
        built = _Built(con, town)
        if unchanged_too:
            built.compare_unchanged()
        killers = []
        for number, (model, code) in changes.items():
            killer = built.noticed(models().by_name[model], code)
            if killer:
                killers.append((number, killer))
        return killers


class _Built:
    """A municipality with all models made, in which one model at a time is changed and changed back."""

    def __init__(self, con: duckdb.DuckDBPyConnection, town: Town):
        self.con, self.town = con, town
        self.rows = {m.unique_id: _multiset(con, f"FROM {m.relation}") for m in models().steps}
        wrong = [name for name in town.marts if not self._equals_the_oracles(name)]
        if wrong:
            raise NotAsCompiled(f"the unchanged project makes another {', '.join(wrong)} than the oracle")

    @cached_property
    def tests(self) -> list[DataTest]:
        """The data tests that fail a build, and do not fail this one."""
        return [t for t in models().tests if t.when_failed == "fail" and not _multiset(self.con, t.sql)]

    def compare_unchanged(self) -> None:
        for model in models().steps:
            if _multiset(self.con, _rewritten(model.name)) != self.rows[model.unique_id]:
                raise NotAsCompiled(f"sqlglot writes another {model.name} than it reads")

    def noticed(self, model: Model, code: str) -> str | None:
        try:
            with _at_most(self.con):
                if _multiset(self.con, code) == self.rows[model.unique_id]:
                    return None
                tests = self.tests  # looked at before anything is changed
                self.con.execute("BEGIN")
                try:
                    return self._noticed_downstream(model, code, tests)
                finally:
                    self.con.execute("ROLLBACK")
        except duckdb.Error as error:
            return f"{type(error).__name__}"

    def _noticed_downstream(self, changed: Model, code: str, tests: list[DataTest]) -> str | None:
        different: set[str] = set()
        for model in models().steps:
            if model is not changed and not different & set(model.reads):
                continue
            sql = code if model is changed else model.sql
            self.con.execute(f"CREATE OR REPLACE {model.kind} {model.relation} AS {sql}")
            if _multiset(self.con, f"FROM {model.relation}") != self.rows[model.unique_id]:
                different.add(model.unique_id)
                if model.name in self.town.marts and not self._equals_the_oracles(model.name):
                    return model.relation
        return next((_name(t) for t in tests if different & set(t.reads) and _multiset(self.con, t.sql)), None)

    def _equals_the_oracles(self, mart: str) -> bool:
        return comparable(mart, rows(self.con, f"FROM marts.{mart}")) == self.town.marts[mart]


@cache
def _rewritten(model: str) -> str:
    return written(parse(models().by_name[model].sql))


def _name(test: DataTest) -> str:
    return test.unique_id.split(".")[2]


def _multiset(con: duckdb.DuckDBPyConnection, sql: str) -> list[str]:
    return sorted(map(repr, con.execute(sql).fetchall()))


@contextmanager
def _at_most(con: duckdb.DuckDBPyConnection) -> Iterator[None]:
    """Interrupt the query when it has had its share of the processor; on a busy machine that may take long."""
    deadline = time.process_time() + _SECONDS
    done = threading.Event()

    def watch() -> None:
        while not done.wait(_SECONDS):
            if time.process_time() > deadline:
                con.interrupt()

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    try:
        yield
    finally:
        done.set()
        watcher.join()
