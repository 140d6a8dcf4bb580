"""The sensor that sends messages about runs that Dagster's daemon made, once they have ended, well or not.

Failed checks that do not block leave a run successful, so all checks of a run are reported, however it ended. The command line
sends its own messages.

A sensor with a cursor of its own and not a `dg.run_status_sensor`: that one moves on when it raises, so a message that could
not be sent at once, because the next run was at work, was never sent.
"""

import logging
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

import dagster as dg

from orchestration.core import clock
from orchestration.core.after_run import remember
from orchestration.core.alerting import outcome_of, send_messages, show_in_dagster
from orchestration.core.lock import LockHeld, writer
from orchestration.core.run_report import BY_COMMAND_LINE, RunReport
from orchestration.core.settings import Settings

_log = logging.getLogger(__name__)
# The next run may be at work; a look must not last longer than Dagster lets it, and the next look is soon.
_PATIENCE_SECONDS = 20
_MOST_RUNS = 200  # in one look
_ENDS = (dg.DagsterEventType.RUN_SUCCESS, dg.DagsterEventType.RUN_FAILURE, dg.DagsterEventType.RUN_CANCELED)


@dataclass(frozen=True)
class Ended:
    """A run that has ended. `position`: where its end stands among the events, a number that grows."""

    position: int
    run: dg.DagsterRun | None  # None when it was deleted


def build(settings: Settings, jobs: Sequence[Any]) -> dg.SensorDefinition:
    """The sensor on the end of every run of `jobs`. It tells of one run at a look, in the order in which they ended."""
    names = {job.name for job in jobs}

    @dg.sensor(
        name="tell_after_runs", default_status=dg.DefaultSensorStatus.RUNNING,
        description="Sends each recipient one digest of what is new after a run, its failed checks included, and of a run that "
                    "failed when Dagster does not resume it.")
    def tell_after_runs(context: dg.SensorEvaluationContext) -> dg.SkipReason:
        if context.cursor is None:
            ended = ended_runs(context.instance, None)
            context.update_cursor(str(ended[-1].position if ended else 0))
            return dg.SkipReason("messages are sent about the runs that end from now on")
        ended = ended_runs(context.instance, int(context.cursor))
        ours = [e for e in ended if e.run and e.run.job_name in names and is_of_this_location(context, e.run)]
        for now in ours:
            is_latest = now is ours[-1]
            reason = _tell(context.instance, settings, now.run, is_latest=is_latest) if now.run else None
            if isinstance(reason, _Wait):
                return dg.SkipReason(str(reason))
            context.update_cursor(str(now.position))
            if reason:
                return dg.SkipReason(reason)
        if ended:
            context.update_cursor(str(ended[-1].position))
        return dg.SkipReason("no run has ended since")

    return tell_after_runs


class _Wait(str):
    """Why nothing can be said of a run yet."""


def _tell(instance: dg.DagsterInstance, settings: Settings, run: dg.DagsterRun, *, is_latest: bool) -> str | _Wait | None:
    """Send what is due after a run; the outcome in words, or None when nothing is to be said of it."""
    if BY_COMMAND_LINE.items() <= run.tags.items():
        return None
    if is_to_be_resumed(instance, run):
        if "dagster/auto_retry_run_id" in run.tags:
            return None  # the run that resumes it is told, with what this one did
        if is_latest:
            return _Wait("Dagster is about to resume the run that failed; its last attempt is told")
    report = RunReport.of_recorded(run, instance)
    try:
        with writer(settings.data_dir, min(_PATIENCE_SECONDS, settings.lock_patience_seconds)):
            sent = send_messages(settings, clock.today(), report, is_latest=is_latest)
            show_in_dagster(instance, sent)
            remember(settings, report, sent, _log.warning)
    except LockHeld as held:
        return _Wait(f"{held}; the messages are sent then")
    return outcome_of(sent)


def is_to_be_resumed(instance: dg.DagsterInstance, run: dg.DagsterRun) -> bool:
    """Whether Dagster resumes this run, by its own word."""
    return (run.status is dg.DagsterRunStatus.FAILURE and instance.run_retries_enabled
            and run.tags.get("dagster/will_retry") == "true" and _came_from_a_code_location(run))


def _came_from_a_code_location(run: dg.DagsterRun) -> bool:
    """Dagster says that it resumes others too, and cannot."""
    return run.remote_job_origin is not None


def is_of_this_location(context: dg.SensorEvaluationContext, run: dg.DagsterRun) -> bool:
    """Whether a run is of the code location that the sensor is in: others on the instance may have jobs of the same name."""
    origin, here = run.remote_job_origin, context.code_location_origin
    return origin is None or here is None or origin.location_name == here.location_name


def ended_runs(instance: dg.DagsterInstance, after: int | None) -> list[Ended]:
    """The runs that ended after a position, in that order; with None, the last one of each kind of end."""
    found: dict[int, str] = {}
    seen_up_to = []
    for end in _ENDS:
        records = instance.fetch_run_status_changes(
            dg.RunStatusChangeRecordsFilter(end, after_storage_id=after), limit=1 if after is None else _MOST_RUNS,
            ascending=after is not None).records
        found |= {r.storage_id: r.event_log_entry.run_id for r in records}
        if after is not None and len(records) == _MOST_RUNS:  # there may be more ends of this kind
            seen_up_to.append(records[-1].storage_id)
    found = {position: run_id for position, run_id in found.items() if position <= min(seen_up_to, default=position)}
    runs = _runs(instance, found.values())
    return [Ended(position, runs.get(run_id)) for position, run_id in sorted(found.items())]


def _runs(instance: dg.DagsterInstance, run_ids: Collection[str]) -> dict[str, dg.DagsterRun]:
    """The runs as they are now, with the tags that they got when they ended."""
    return {run.run_id: run for run in instance.get_runs(dg.RunsFilter(run_ids=list(run_ids)))} if run_ids else {}
