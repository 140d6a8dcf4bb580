"""Running the daily job from the command line: in this process, through Dagster, recorded in its instance."""

import contextlib
import io
from collections.abc import Callable, Iterator
from datetime import date
from typing import TYPE_CHECKING

from orchestration.core import dagster_home
from orchestration.core.alerting import send_messages, show_in_dagster
from orchestration.core.run_report import BY_COMMAND_LINE, RunReport
from orchestration.core.settings import Settings
from publish.alerts.send import Sent

if TYPE_CHECKING:  # importing Dagster takes a second; commands that only read do not need it
    import dagster as dg



@contextlib.contextmanager
def dagster_instance(settings: Settings, progress: Callable[[str], None] = lambda _: None) -> "Iterator[dg.DagsterInstance]":
    """The instance in Dagster's home; for the holder of the writer's lock."""
    import dagster as dg

    from orchestration.core.dagster_record import own_instance

    home = dagster_home.prepare(settings.paths, progress)
    with own_instance(home) if home == settings.paths.dagster_home else dg.DagsterInstance.from_config(str(home)) as instance:
        _close_killed_runs(instance)
        yield instance


def _close_killed_runs(instance: "dg.DagsterInstance") -> None:
    """Close open runs of the command line: the caller holds the writer's lock, so their processes were killed."""
    import dagster as dg

    open_runs = dg.RunsFilter(statuses=[dg.DagsterRunStatus.STARTED, dg.DagsterRunStatus.STARTING], tags=BY_COMMAND_LINE)
    for run in instance.get_runs(open_runs):
        instance.report_run_failed(run, "The process was killed; the next run went on where it was.")


def purge_dagster(settings: Settings, before: date) -> int | None:
    """Remove what Dagster recorded before a day; the number of runs removed. None when its home is elsewhere: what else is
    recorded there is not known here. The caller holds the writer's lock."""
    from orchestration.core.history import compact, purge_history

    home = settings.paths.dagster_home
    if dagster_home.prepare(settings.paths).resolve() != home.resolve():
        return None
    with dagster_instance(settings) as instance:
        removed = purge_history(instance, before)
    compact(home)
    return removed


def run_daily(
    settings: Settings, as_of: date, *, deliveries: bool, progress: Callable[[str], None]
) -> tuple[RunReport, Sent]:
    """Take in (unless `deliveries` is false), evaluate, check, publish, send messages. The caller holds the writer's lock."""
    from orchestration.definitions import build_definitions

    sent = Sent()
    with dagster_instance(settings, progress) as instance:
        job = build_definitions(settings, progress).resolve_job_def("daily")
        with contextlib.redirect_stdout(io.StringIO()):  # dbt's own lines; what failed is in its results
            result = job.execute_in_process(
                instance=instance, raise_on_error=False, tags=BY_COMMAND_LINE,
                run_config={
                    "ops": {"take_in": {"config": {"as_of": as_of.isoformat(), "deliveries": deliveries}}},
                    "loggers": {"console": {"config": {"log_level": "CRITICAL"}}},
                })
        report = RunReport.of(result.run_id, "daily", result.all_events, succeeded=result.success)
        if report.published or not report.succeeded:
            sent = send_messages(settings, as_of, report, progress)
            show_in_dagster(instance, sent)
    return report, sent
