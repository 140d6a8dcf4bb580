"""Great Expectations: one suite for each canonical table, run on each landed extract.

Belongs here: what a landed extract should look like, beyond what validation enforces. Does not belong here: what is refused
or quarantined (`door`, `guard`), keys and relations of models (dbt), what compares systems or days (Dagster).

Results hold counts and keys, never values, and are kept beside the extract as `expectations.json`. Importing Great
Expectations takes seconds, so it works in a process of its own (`python -m ingest.expectations`), which reads folders
of landed extracts from its standard input while the parent goes on. A process that does many runs imports it once
(`import_once`), and examines by itself.
"""

import importlib.abc
import importlib.util
import os
import subprocess
import sys
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from importlib.machinery import ModuleSpec, PathFinder
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

from ingest import files
from ingest.canonical_tables import LISTED_VALUES, Kind, Table, owners_of, tables_of
from ingest.errors import IngestError
from ingest.landing import Landed, load
from ingest.short_lived import collecting_seldom
from ingest.sql import literal

if TYPE_CHECKING:  # a process that only reads results needs none of it
    import duckdb

RESULT_FILE = "expectations.json"
_MAX_KEYS = 10
_EARLIEST, _LATEST = date(1940, 1, 1), date(2100, 1, 1)


class ExpectationRaised(IngestError):
    """An expectation could not be evaluated. That is no result about the data."""


@dataclass(frozen=True)
class Expected:
    """The outcome of one expectation on a column: how many rows did not meet it, and up to 10 of their keys."""

    expectation: str
    column: str
    critical: bool
    success: bool
    unexpected_count: int
    keys: list[str]


# What Great Expectations imports for expectations that no suite here has: half of its start.
_NOT_NEEDED = {"altair", "scipy", "scipy.stats"}
_imported_once: list[str] = []
_TELLS_NOBODY = {"GX_ANALYTICS_ENABLED": "false", "DO_NOT_TRACK": "1"}


def import_once() -> None:
    """Import Great Expectations here; from now on this process examines by itself, with nothing kept from one run to the next."""
    os.environ.update(_TELLS_NOBODY)
    _imported_once[:] = [_great_expectations().__version__]


class _Later(importlib.abc.MetaPathFinder):
    """Modules that are not needed are loaded when something of them is used, by the standard library's LazyLoader."""

    def find_spec(self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None) -> ModuleSpec | None:
        spec = PathFinder.find_spec(fullname, path) if fullname in _NOT_NEEDED else None
        if spec and spec.loader:
            spec.loader = importlib.util.LazyLoader(spec.loader)
        return spec


def _great_expectations() -> Any:
    """Great Expectations, imported."""
    os.environ.setdefault("HOME", os.sep)  # it asks for one when it is imported; a service may have none
    later = _Later()
    sys.meta_path.insert(0, later)
    try:
        import great_expectations
    finally:
        sys.meta_path.remove(later)
    return great_expectations


class Examiner:
    """Examines landed extracts: in a process beside the caller, started with the first one; after `import_once` in this process,
    all of them when the caller waits for the results."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[str] | None = None
        self._waiting: list[Path] = []

    def examine(self, folder: Path) -> None:
        """Queue the extract in `folder`, unless it has results already."""
        if is_examined(folder):
            return
        if _imported_once:
            self._waiting.append(folder)
            return
        if self._process is None:
            environment = {**os.environ, **_TELLS_NOBODY,
                           "PYTHONPATH": os.pathsep.join([str(Path(__file__).parents[1]), *filter(None, [
                               os.environ.get("PYTHONPATH")])])}
            self._process = subprocess.Popen(
                [sys.executable, "-m", "ingest.expectations"], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE, text=True, env=environment)
        if folders := self._process.stdin:
            with suppress(BrokenPipeError):  # it has failed already; `finish` raises the reason
                folders.write(f"{folder}\n")
                folders.flush()

    def finish(self) -> None:
        """Wait until all are examined. Raises ExpectationRaised when an expectation raised or the process failed."""
        waiting, self._waiting = self._waiting, []
        if waiting:
            _examine_here(waiting)
        if self._process is None:
            return
        process, self._process = self._process, None
        _, errors = process.communicate()
        if process.returncode:
            raise ExpectationRaised(errors.strip() or f"the examination ended with {process.returncode}")

    def abandon(self) -> None:
        """Stop without waiting. Extracts without results are examined when they are queued again."""
        self._waiting.clear()
        if self._process is not None:
            self._process.kill()
            self._process.communicate()
            self._process = None


def results(folder: Path) -> dict[str, list[Expected]]:
    """{table: outcomes} of the extract in `folder`; empty when it was not examined."""
    return _results(folder) or {}


def is_examined(folder: Path) -> bool:
    """Whether the extract in `folder` has results that can be read."""
    return _results(folder) is not None


def _results(folder: Path) -> dict[str, list[Expected]] | None:
    try:
        return {table: [Expected(**e) for e in expected]
                for table, expected in files.read_cache(folder / RESULT_FILE).items()}
    except (AttributeError, TypeError):  # missing or damaged: it can be made anew
        return None


def _suite(gx: Any, table: Table, *, full: bool) -> Any:
    """The suite of a table. A critical failure is a fault of the pipeline, a warning one of the source's data.

    Deltas have a suite of their own with fewer expectations.
    """
    gxe = gx.expectations
    critical, warning = {"severity": "critical"}, {"severity": "warning"}
    expected = [gxe.ExpectColumnValuesToNotBeNull(column=c.stored_name, **critical) for c in table.columns if c.needed]
    expected.append(gxe.ExpectColumnValuesToBeUnique(column=_row_key(table), **critical))
    if full and table.guarded:
        expected.append(gxe.ExpectTableRowCountToBeBetween(min_value=1, **critical))  # the others pass on an empty table
    for column in table.columns:
        name = column.stored_name
        if column.kind in LISTED_VALUES:
            expected.append(gxe.ExpectColumnValuesToBeInSet(
                column=name, value_set=list(LISTED_VALUES[column.kind]), **critical))
        elif column.kind is Kind.NATIONAL_ID:
            expected.append(gxe.ExpectColumnValuesToMatchRegex(column=name, regex=r"^[0-9a-f]{64}$", **critical))
        elif column.kind is Kind.DATE:
            expected.append(gxe.ExpectColumnValuesToBeInSet(
                column=f"{name}_is_plausible", value_set=[1], mostly=0.99, **warning))
    names = {c.name for c in table.columns}
    if {"start_date", "end_date"} <= names:
        expected.append(gxe.ExpectColumnValuesToBeInSet(
            column="ends_after_start", value_set=[1], mostly=0.99, **warning))
    if full and _has_other_owners(table):  # a delta need not hold the owners of its rows
        expected.append(gxe.ExpectColumnValuesToBeInSet(
            column="owner_is_delivered", value_set=[1], mostly=0.99, **warning))
    return gx.ExpectationSuite(name=f"{table.versions_name}{'' if full else '_delta'}", expectations=expected)


def _has_other_owners(table: Table) -> bool:
    """Whether another table of the system lists those to whom the rows belong."""
    return owners_of(table) not in (None, table)


def _row_key(table: Table) -> str:
    """The column of the frame that identifies a row."""
    return table.key[0] if len(table.key) == 1 else "whole_key"


def _frame_sql(table: Table, folder: Path) -> str:
    """The columns that the suite needs. DuckDB computes flags, Great Expectations only compares them.

    Flags are 1, 0 or null. Columns that only need a value are reduced to 1 or null: Great Expectations hashes the whole
    frame, text far more slowly than numbers.
    """
    names = {c.name for c in table.columns}
    row_key = _row_key(table)
    flat_key = " || '|' || ".join(f"coalesce({k}::VARCHAR, '')" for k in table.key)
    columns = [row_key if row_key in names else f"{flat_key} AS {row_key}"]
    columns += [c.stored_name for c in table.content if c.kind in (*LISTED_VALUES, Kind.NATIONAL_ID)]
    columns += [f"CASE WHEN {c.stored_name} IS NOT NULL THEN 1 END AS {c.stored_name}" for c in table.columns
                if c.needed and c.name != row_key and c.stored_name not in columns]
    columns += [f"({c.name} BETWEEN DATE '{_EARLIEST}' AND DATE '{_LATEST}')::TINYINT AS {c.name}_is_plausible"
                for c in table.columns if c.kind is Kind.DATE]
    if {"start_date", "end_date"} <= names:
        columns.append("(start_date <= end_date)::TINYINT AS ends_after_start")
    owners = owners_of(table)
    if owners and _has_other_owners(table):
        known = f"SELECT {table.owner} FROM read_parquet({literal(folder / f'{owners.name}.parquet')})"
        columns.append(f"({table.owner} IN ({known}))::TINYINT AS owner_is_delivered")
    return f"SELECT {', '.join(columns)} FROM read_parquet({literal(folder / f'{table.name}.parquet')})"


class Examination:
    """Great Expectations, and a suite for each table that it meets. For a few extracts: it keeps what it finds."""

    def __init__(self) -> None:
        self._gx = _great_expectations()
        from great_expectations.data_context.types.base import ProgressBarsConfig

        self._context = self._gx.get_context(mode="ephemeral")
        self._context.variables.progress_bars = ProgressBarsConfig(globally=False)
        source = self._context.data_sources.add_pandas("landed")
        self._frames = source.add_dataframe_asset("table").add_batch_definition_whole_dataframe("whole")
        self._validations: dict[tuple[Table, bool], Any] = {}

    def _validation(self, table: Table, *, full: bool) -> Any:
        if (table, full) not in self._validations:
            suite = self._context.suites.add(_suite(self._gx, table, full=full))
            self._validations[table, full] = self._context.validation_definitions.add(
                self._gx.ValidationDefinition(name=suite.name, data=self._frames, suite=suite))
        return self._validations[table, full]

    def of_table(self, landed: Landed, table: Table, con: "duckdb.DuckDBPyConnection") -> list[dict[str, Any]]:
        """The outcomes of one table of an extract. Raises ExpectationRaised when an expectation could not be evaluated."""
        sql = _frame_sql(table, landed.folder)
        if landed.kind == "delta":
            sql = f"{sql} WHERE NOT coalesce(deleted, false)"
        frame = con.execute(sql).to_arrow_table().to_pandas()
        validated = self._validation(table, full=landed.kind == "full").run(
            batch_parameters={"dataframe": frame}, result_format={
                "result_format": "SUMMARY", "partial_unexpected_count": _MAX_KEYS,
                "unexpected_index_column_names": [_row_key(table)]})
        return [_outcome(landed, table, result) for result in validated.results]


def examine_folders(folders: Iterable[str], examination: Examination) -> None:
    """Examine the extracts in these folders, one after the other; the work of the process.

    Raises ExpectationRaised when an expectation could not be evaluated.
    """
    import duckdb

    with duckdb.connect(":memory:") as con:
        for line in folders:
            landed = load(Path(line.strip()))
            tables = [table for table in tables_of(landed.system) if landed.table_file(table.name)]
            files.write_json(landed.folder / RESULT_FILE, {t.name: examination.of_table(landed, t, con) for t in tables})


def _examine_here(folders: list[Path]) -> None:
    from great_expectations.data_context.data_context.context_factory import project_manager

    try:
        examine_folders(map(str, dict.fromkeys(folders)), Examination())
    except IngestError:
        raise
    except Exception as error:
        raise ExpectationRaised(_unforeseen(error)) from None
    finally:
        project_manager.set_project(None)  # or the results, with keys in them, would wait for the next kommune


def _unforeseen(error: Exception) -> str:
    """Its text may hold a cell."""
    return f"Great Expectations could not examine the extract: {type(error).__name__}"


def _outcome(landed: Landed, table: Table, result: Any) -> dict[str, Any]:
    """Counts and keys of one result. Raises ExpectationRaised when the expectation raised: its `success` is false then, too."""
    configuration = result.expectation_config
    if _raised(result.exception_info):
        raise ExpectationRaised(
            f"{landed.system} {landed.extract_date.isoformat()}, {table.name}: the expectation {configuration.type} "
            f"on {configuration.kwargs.get('column', 'the table')} could not be evaluated")
    counted = result.result.get("unexpected_count")
    return {
        "expectation": configuration.type, "column": configuration.kwargs.get("column", ""),
        "critical": str(configuration.severity).rsplit(".", 1)[-1].lower() == "critical",
        "success": bool(result.success), "unexpected_count": int(counted or 0) if counted is not None else int(
            not result.success),
        "keys": sorted({str(row[_row_key(table)]) for row in result.result.get("partial_unexpected_index_list") or []}),
    }


def _raised(exception_info: dict[str, Any]) -> bool:
    """GX gives one record, or one for each metric."""
    if "raised_exception" in exception_info:
        return bool(exception_info["raised_exception"])
    return any(info.get("raised_exception") for info in exception_info.values())


if __name__ == "__main__":
    files.write_privately()
    try:
        with collecting_seldom():
            examine_folders(sys.stdin, Examination())
    except IngestError as error:
        print(error, file=sys.stderr)
        sys.exit(1)
    except Exception as error:
        print(_unforeseen(error), file=sys.stderr)
        sys.exit(1)
    os._exit(0)  # all is written; unloading the imported modules would take a second, and the run waits
