"""Running the daily job from the command line: in this process, through Dagster, recorded in its instance."""

import contextlib
import hashlib
import os
from collections.abc import Callable, Iterator
from datetime import date
from typing import TYPE_CHECKING

from orchestration.core import dagster_home
from orchestration.core.run_report import BY_COMMAND_LINE, RunReport
from orchestration.core.settings import Settings
from publish.alerts.send import Sent

if TYPE_CHECKING:  # importing Dagster takes a second; commands that only read do not need it
    import dagster as dg

_DATA_DIRECTORY = "sluttdato/data-directory"  # the tag of a run with whose it is, on an instance that several share


@contextlib.contextmanager
def dagster_instance(settings: Settings, progress: Callable[[str], None] = lambda _: None) -> "Iterator[dg.DagsterInstance]":
    """The instance in Dagster's home; for the holder of the writer's lock."""
    from orchestration.core.dagster_storage import instance_at

    with instance_at(str(dagster_home.prepare(settings.paths, progress))) as instance:
        _close_killed_runs(instance, settings)
        yield instance


def _close_killed_runs(instance: "dg.DagsterInstance", settings: Settings) -> None:
    """Close open runs of the command line on this data directory: the caller holds its writer's lock, so their processes were
    killed. On an instance that several share, another's may be at work."""
    import dagster as dg

    own = _tags(settings)[_DATA_DIRECTORY]
    has_own_home = dagster_home.is_below(settings.paths)
    is_shared = bool(os.environ.get("DAGSTER_HOME"))
    open_runs = dg.RunsFilter(statuses=[dg.DagsterRunStatus.STARTED, dg.DagsterRunStatus.STARTING], tags=BY_COMMAND_LINE)
    for run in instance.get_runs(open_runs):
        place = run.tags.get(_DATA_DIRECTORY)  # earlier versions did not say it
        if place == own or (has_own_home and (place is None or not is_shared)):
            instance.report_run_failed(run, "The process was killed; the next run went on where it was.")


def _tags(settings: Settings) -> dict[str, str]:
    """The tags of a run of the command line. The data directory is told by a hash: others may read the instance."""
    place = hashlib.sha256(str(settings.data_dir.resolve()).encode()).hexdigest()[:16]
    return {**BY_COMMAND_LINE, _DATA_DIRECTORY: place}


def purge_dagster(settings: Settings, before: date) -> int | None:
    """Remove what Dagster recorded before a day; the number of runs removed. None when its home is elsewhere: what else is
    recorded there is not known here. The caller holds the writer's lock."""
    from orchestration.core.history import compact, purge_history

    if not dagster_home.is_below(settings.paths):
        return None
    with dagster_instance(settings) as instance:
        removed = purge_history(instance, before)
    compact(settings.paths.dagster_home)
    return removed


def run_daily(
    settings: Settings, as_of: date, *, deliveries: bool, progress: Callable[[str], None], run_id: str | None = None
) -> tuple[RunReport, Sent]:
    """Take in (unless `deliveries` is false), evaluate, check, publish, send messages. The caller holds the writer's lock."""
    from orchestration.definitions import build_definitions
    from orchestration.defs.jobs import run_here

    with dagster_instance(settings, progress) as instance:
        definitions = build_definitions(settings, progress)
        return run_here(definitions, settings, instance, as_of, deliveries=deliveries, tags=_tags(settings), run_id=run_id,
                        progress=progress)
