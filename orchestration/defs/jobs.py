"""What runs when: the daily job, one day again, the auditor's pack, the schedules, and the sensor that sees a delivery land."""

import contextlib
import hashlib
import io
from collections.abc import Callable, Mapping
from datetime import date, timedelta

import dagster as dg

from ingest.canonical_tables import SOURCES, WITNESSES
from ingest.decisions import Decisions
from ingest.filled_in import inbox
from ingest.landing import Landing
from orchestration.core import clock
from orchestration.core.alerting import send_messages, show_in_dagster
from orchestration.core.run_report import PACKS_JOB, RunReport
from orchestration.core.settings import Settings
from orchestration.defs.assets import evidence, extracts
from publish.alerts.send import Sent

_EXTRACTS = dg.AssetSelection.assets(*(extracts.extract_key(s) for s in SOURCES))
_PACKS = dg.AssetSelection.assets(evidence.KEY)
# A day on which nothing was sent is a day like any other, and must not fail a run.
_MAY_BE_ABSENT = dg.AssetSelection.assets(*(extracts.extract_key(w) for w in WITNESSES))
# Dagster resumes a run with these tags when its process was killed, and not when a step failed: a step is tried again by
# itself where that can help (`retried_when_it_can_pass`). The second tag is for an instance with other settings.
RETRIED = {"dagster/max_retries": "2", "dagster/retry_on_asset_or_op_failure": "false"}

daily = dg.define_asset_job(
    "daily", selection=dg.AssetSelection.all() - _EXTRACTS - _PACKS, tags=RETRIED,
    description="Takes in every delivered extract not taken in yet, evaluates, checks, publishes.")


one_day_again = dg.define_asset_job(
    "one_day_again", selection=dg.AssetSelection.all() - _MAY_BE_ABSENT - _PACKS,
    description="Takes in the chosen day (its partition) of both systems again, then does what the daily job does.")


auditors_pack = dg.define_asset_job(
    PACKS_JOB, selection=_PACKS, tags=RETRIED, description="Makes the auditor's pack of the chosen month (its partition).")


@dg.schedule(
    job=auditors_pack, cron_schedule="0 12 1 * *", execution_timezone=clock.TIME_ZONE,
    default_status=dg.DefaultScheduleStatus.RUNNING,
    description="Makes the auditor's pack of the month before, on the 1st at noon: by then that month's last day is published.")
def every_month(context: dg.ScheduleEvaluationContext) -> dg.RunRequest:
    first = context.scheduled_execution_time.date().replace(day=1)
    return dg.RunRequest(partition_key=(first - timedelta(days=1)).strftime("%Y-%m"))


def run_here(
    definitions: dg.Definitions, settings: Settings, instance: dg.DagsterInstance, as_of: date, *, deliveries: bool = True,
    tags: Mapping[str, str] | None = None, run_id: str | None = None, progress: Callable[[str], None],
) -> tuple[RunReport, Sent]:
    """Run the daily job in this process, recorded in `instance`, and send messages. The caller holds the writer's lock.

    `run_id`: of this run, also for its messages; left out: a new one.
    """
    with contextlib.redirect_stdout(io.StringIO()):  # dbt's own lines; what failed is in its results
        result = definitions.resolve_job_def("daily").execute_in_process(
            instance=instance, raise_on_error=False, tags=dict(tags or {}), run_id=run_id,
            run_config={
                "ops": {"take_in": {"config": {"as_of": as_of.isoformat(), "deliveries": deliveries}}},
                "loggers": {"console": {"config": {"log_level": "CRITICAL"}}},
            })
    report, sent = RunReport.of(result.run_id, "daily", result.all_events, succeeded=result.success).timed_by(instance), Sent()
    if report.published or not report.succeeded:
        sent = send_messages(settings, as_of, report, progress)
        show_in_dagster(instance, sent)
    return report, sent


def schedule(settings: Settings) -> dg.ScheduleDefinition:
    """The daily run at `schedule.daily_at`, Oslo time."""
    return dg.ScheduleDefinition(
        name="every_morning", job=daily, cron_schedule=settings.schedule.cron, execution_timezone=clock.TIME_ZONE,
        default_status=dg.DefaultScheduleStatus.RUNNING,
        description=f"Runs the daily job at {settings.schedule.daily_at} Oslo time (`schedule.daily_at`).")


def delivered(settings: Settings) -> list[str]:
    """The state of each delivery and filled-in worklist that is new or changed."""
    landing, until = Landing(settings.paths.landed), clock.today()
    pending = [d for system in settings.systems for d in landing.pending(settings.source(system), until)]
    filled_in = inbox.waiting(Decisions(settings.paths.decisions))
    return [f"{d.system}|{d.extract_date}|{d.signatures}" for d in pending] + [f"{n}|{s}" for n, s in filled_in.items()]


def delivery_sensor(settings: Settings) -> dg.SensorDefinition:
    """Runs the daily job when a delivery or a filled-in worklist is new or changed, and did not change between two looks."""

    @dg.sensor(
        name="delivery_landed", job=daily, default_status=dg.DefaultSensorStatus.RUNNING,
        minimum_interval_seconds=settings.schedule.look_for_deliveries_every_seconds,
        description="Runs the daily job when new or changed files are in a source's folder, or filled-in worklists in the inbox "
                    "of decisions, and did not change between two looks: what is still being copied is left alone.")
    def delivery_landed(context: dg.SensorEvaluationContext):
        states = delivered(settings)
        if not states:
            context.update_cursor("")
            return dg.SkipReason("nothing new is delivered")
        state = hashlib.sha256("\n".join(states).encode()).hexdigest()
        if context.cursor != state:
            context.update_cursor(state)
            return dg.SkipReason(f"{len(states)} deliveries are new or changed; they are taken in when they no longer change")
        return dg.RunRequest(run_key=state)

    return delivery_landed
