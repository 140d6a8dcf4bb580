"""Dagster's record of runs in the data directory, and what a purge removes of it.

The record holds texts of checks, which may name rows, and captured logs. So it follows the retention as all else does.

Belongs here: removing from Dagster's storage what is older than a day. Does not belong here: the records that Dagster purges by
itself, those of schedules and sensors (`dagster.yaml`).
Dagster is imported only when something is removed: importing it takes a second.
"""

import sqlite3
from contextlib import closing, suppress
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from orchestration.core import clock

if TYPE_CHECKING:
    import dagster as dg

_RUNS_AT_ONCE = 100
_NO_RUN = ""  # the run_id of an event that belongs to no run
_PATIENCE_SECONDS = 30  # while Dagster's daemon writes


def purge_history(instance: "dg.DagsterInstance", before: date) -> int:
    """Remove the runs that ended before a day, with their events, checks and logs, and what was recorded outside runs before it.

    Returns the number of runs removed. What stays: of each asset its last materialization, which has figures only, the
    definitions of jobs, and runs that never ended. The days whose materializations are removed are shown as not taken in.
    """
    import dagster as dg
    from dagster._core.storage.event_log import SqliteEventLogStorage

    start = datetime.combine(before, time(), ZoneInfo(clock.TIME_ZONE)).astimezone(UTC)
    ended = dg.RunsFilter(updated_before=start, statuses=[
        dg.DagsterRunStatus.SUCCESS, dg.DagsterRunStatus.FAILURE, dg.DagsterRunStatus.CANCELED])
    storage = instance.event_log_storage
    removed = 0
    while runs := instance.get_runs(ended, limit=_RUNS_AT_ONCE):
        for run in runs:
            with suppress(NotImplementedError):  # logs that are kept elsewhere
                instance.compute_log_manager.delete_logs(prefix=[run.run_id])
            instance.delete_run(run.run_id)
            if isinstance(storage, SqliteEventLogStorage):  # a file for each run, in which deleted rows would be left
                for file in Path(storage.path_for_shard(run.run_id)).parent.glob(f"{run.run_id}.db*"):
                    file.unlink()
        removed += len(runs)
    _remove_events(instance, start)
    return removed


def compact(home: Path) -> None:
    """Rewrite the SQLite files of an instance in a folder, in which deleted rows are left otherwise."""
    for file in home.rglob("*.db"):
        with closing(sqlite3.connect(file, timeout=_PATIENCE_SECONDS, isolation_level=None)) as con:
            con.execute("VACUUM")
            con.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def _remove_events(instance: "dg.DagsterInstance", before: datetime) -> None:
    """Remove the evaluations of checks, which outlive their runs, and the events of no run.

    Dagster has no call for it; the tables are those of all its SQL storages, whose times are in UTC without saying so.
    """
    from dagster._core.storage.event_log.schema import AssetCheckExecutionsTable, SqlEventLogStorageTable
    from dagster._core.storage.event_log.sql_event_log import SqlEventLogStorage

    storage = instance.event_log_storage
    if not isinstance(storage, SqlEventLogStorage):
        return
    limit = before.replace(tzinfo=None)
    checks, events = AssetCheckExecutionsTable, SqlEventLogStorageTable
    of_no_run = events.delete().where((events.c.run_id == _NO_RUN) & (events.c.timestamp < limit))
    with storage.index_connection() as con:
        con.execute(checks.delete().where(checks.c.evaluation_event_timestamp < limit))
        con.execute(of_no_run)
    with storage.run_connection(_NO_RUN) as con:  # in SQLite a file of its own
        con.execute(of_no_run)
