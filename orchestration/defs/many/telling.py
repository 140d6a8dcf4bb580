"""The sensor that tells of a run that could not tell of itself: it was killed, or failed before its messages were sent.

A run sends its own messages, on the machine where the data of its kommune lie. What is left, each kommune's own recipients get
from here, and its check on `kommuner` says that the run did not come to its end. What cannot be told yet waits in the cursor and
holds nothing back.
"""

import json
import logging
import time
from dataclasses import dataclass, field, replace

import dagster as dg

from orchestration.core import clock
from orchestration.core.after_run import remember
from orchestration.core.alerting import outcome_of, send_messages
from orchestration.core.lock import writer
from orchestration.core.run_report import PACKS_JOB, RunReport
from orchestration.core.settings import WrongSettings
from orchestration.defs.many.in_time import InTime, NotDone
from orchestration.defs.many.kommune import TOLD, failed_check
from orchestration.defs.many.partitions import PARTITION, Kommuner
from orchestration.defs.sensors import ended_runs, is_of_this_location, is_to_be_resumed

_log = logging.getLogger(__name__)
_JOBS = {"daily", PACKS_JOB}
_SECONDS_EACH, _SECONDS = 15, 25  # for one kommune, and after which no other is begun: Dagster ends a look after 60
_RESUMED_WITHIN = 600  # seconds
_MOST = 1000  # runs in the cursor


def build(kommuner: Kommuner) -> dg.Definitions:
    """The sensor on the end of every run of a kommune."""
    in_time: InTime[str] = InTime(_SECONDS_EACH)

    @dg.sensor(
        name="tell_after_runs", default_status=dg.DefaultSensorStatus.RUNNING,
        description="Tells of runs that were killed or failed before they told of themselves: each kommune's recipients, and its "
                    "check.")
    def tell_after_runs(context: dg.SensorEvaluationContext) -> dg.SkipReason:
        instance = context.instance
        if context.cursor is None:
            ended = ended_runs(instance, None)
            context.update_cursor(_Cursor(ended[-1].position if ended else 0).written())
            return dg.SkipReason("messages are sent about the runs that end from now on")
        cursor, began, told = _Cursor(**json.loads(context.cursor)), time.monotonic(), []
        ended = ended_runs(instance, cursor.after)
        new = [e.run for e in ended if e.run and e.run.job_name in _JOBS and is_of_this_location(context, e.run)]
        after = _Cursor(ended[-1].position if ended else cursor.after)
        for run in [*_runs(instance, cursor.waiting), *new]:
            name = run.tags.get(PARTITION, "")
            is_resumed = "dagster/auto_retry_run_id" in run.tags  # its last attempt is told
            if name not in kommuner.names or TOLD in run.tags or is_resumed or not _is_latest(instance, run, name):
                continue
            if is_to_be_resumed(instance, run) and not _is_long_ago(instance, run):
                after.waiting.append(run.run_id)
                continue
            if run.status is not dg.DagsterRunStatus.SUCCESS:
                instance.report_runless_asset_event(failed_check(name, _how_it_ended(instance, run)))
            after.untold.append(run.run_id)
        # Those whose turn did not come at the look before are the first at this one.
        due = [*_runs(instance, cursor.untold), *_runs(instance, after.untold)]
        after.untold.clear()
        for run in due:
            name = run.tags[PARTITION]
            if not _is_latest(instance, run, name):
                continue
            if time.monotonic() - began > _SECONDS:
                after.untold.append(run.run_id)
                continue
            answer = in_time.ask(lambda name, run=run: _tell(kommuner, instance, name, run), [name])[name]
            if isinstance(answer, NotDone):
                context.log.warning(f"{name}: {answer.reason}")
                after.untold.append(run.run_id)
                answer = answer.reason
            told.append(f"{name}: {answer}")
        context.update_cursor(after.written())
        return dg.SkipReason("; ".join(told) or "no run has ended that did not tell of itself")

    return dg.Definitions(sensors=[tell_after_runs])


@dataclass
class _Cursor:
    """`after`: the position among the ends of runs; `waiting`: runs that Dagster is about to resume; `untold`: runs about which
    messages are still to be sent."""

    after: int
    waiting: list[str] = field(default_factory=list)
    untold: list[str] = field(default_factory=list)

    def written(self) -> str:
        return json.dumps({"after": self.after, "waiting": self.waiting[-_MOST:], "untold": self.untold[-_MOST:]})


def _runs(instance: dg.DagsterInstance, run_ids: list[str]) -> list[dg.DagsterRun]:
    found = {r.run_id: r for r in instance.get_runs(dg.RunsFilter(run_ids=run_ids))} if run_ids else {}
    return [found[run_id] for run_id in run_ids if run_id in found]


def _is_long_ago(instance: dg.DagsterInstance, run: dg.DagsterRun) -> bool:
    """Whether Dagster would have resumed the run by now: of a backfill by its command line it only says that it will."""
    record = instance.get_run_record_by_id(run.run_id)
    return record is not None and time.time() - (record.end_time or 0) > _RESUMED_WITHIN


def _is_latest(instance: dg.DagsterInstance, run: dg.DagsterRun, name: str) -> bool:
    """Whether no later run of the kommune was asked for: a later one tells how things are when it ends."""
    latest = instance.get_runs(dg.RunsFilter(job_name=run.job_name, tags={PARTITION: name}), limit=1)
    return [r.run_id for r in latest] == [run.run_id]


def _how_it_ended(instance: dg.DagsterInstance, run: dg.DagsterRun) -> str:
    report = RunReport.of_recorded(run, instance)
    reason = "; ".join(failed.message for failed in report.failed_steps) or (
        "it was ended" if run.status is dg.DagsterRunStatus.CANCELED else "it was killed")
    return f"the run {run.run_id} did not come to its end: {reason}"


def _tell(kommuner: Kommuner, instance: dg.DagsterInstance, name: str, run: dg.DagsterRun) -> str:
    """Send what is due after a run to the recipients of its kommune. Raises LockHeld."""
    try:
        settings = kommuner.settings(name)
    except WrongSettings:
        return "nobody can be told: its settings are wrong"
    if settings.schedule.queue:
        return f"its recipients are told by its next run, on the worker of the queue {settings.schedule.queue}"
    # Named as the job's own report is: the next run that ends well is then the end of this failure.
    report = replace(RunReport.of_recorded(run, instance), partition=None)
    with writer(settings.data_dir, 0):
        sent = send_messages(settings, clock.today(), report)
        remember(settings, report, sent, _log.warning)
    return outcome_of(sent)
