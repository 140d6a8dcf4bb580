"""Asking for runs: each morning and each month for all kommuner, and for one when a delivery has landed for it."""

import hashlib
import json
from collections import Counter
from zoneinfo import ZoneInfo

import dagster as dg

from orchestration.core import clock
from orchestration.core.run_report import PACKS_JOB
from orchestration.core.settings import Settings
from orchestration.defs.jobs import delivered
from orchestration.defs.many.in_time import InTime, NotDone
from orchestration.defs.many.kommune import LOOK_JOB
from orchestration.defs.many.partitions import Kommuner

_SECONDS = 20  # for all kommuner together; Dagster ends a look after 60
_MOST_NAMED = 10


def build(kommuner: Kommuner) -> dg.Definitions:
    """The schedules and the sensor."""
    schedules = {name: kommuner.schedule(name) for name in kommuner.names}

    @dg.schedule(
        name="every_morning", job_name="daily", cron_schedule=sorted({s.cron for s in schedules.values()}),
        execution_timezone=clock.TIME_ZONE, default_status=dg.DefaultScheduleStatus.RUNNING,
        description="Asks for one run of each kommune, at its `schedule.daily_at`, Oslo time.")
    def every_morning(context: dg.ScheduleEvaluationContext) -> list[dg.RunRequest]:
        now = context.scheduled_execution_time.astimezone(ZoneInfo(clock.TIME_ZONE))
        return [dg.RunRequest(run_key=f"{now.date()} {name}", partition_key=name)
                for name, schedule in schedules.items() if schedule.daily_at == f"{now:%H:%M}"]

    @dg.schedule(
        name="every_month", job_name=PACKS_JOB, cron_schedule="0 12 1 * *", execution_timezone=clock.TIME_ZONE,
        default_status=dg.DefaultScheduleStatus.RUNNING,
        description="Asks for each kommune's auditor's pack of the month before, on the 1st at noon.")
    def every_month(context: dg.ScheduleEvaluationContext) -> list[dg.RunRequest]:
        month = context.scheduled_execution_time.astimezone(ZoneInfo(clock.TIME_ZONE)).strftime("%Y-%m")
        return [dg.RunRequest(run_key=f"{month} {name}", partition_key=name) for name in kommuner.names]

    every_noon = dg.ScheduleDefinition(
        name="every_noon", job_name=LOOK_JOB, cron_schedule="0 12 * * *", execution_timezone=clock.TIME_ZONE,
        default_status=dg.DefaultScheduleStatus.RUNNING,
        description="Looks whether every kommune has run, and how its last run ended.")

    in_time: InTime[list[str]] = InTime(_SECONDS)
    known = _KnownSettings(kommuner)

    @dg.sensor(
        name="delivery_landed", job_name="daily", default_status=dg.DefaultSensorStatus.RUNNING,
        minimum_interval_seconds=min(s.look_for_deliveries_every_seconds for s in schedules.values()),
        description="Asks for a kommune's run when new or changed files are in its sources' folders, or filled-in worklists in "
                    "its inbox of decisions, and did not change between two looks. Each kommune has a cursor of its own.")
    def delivery_landed(context: dg.SensorEvaluationContext) -> dg.SensorResult:
        before: dict[str, str] = json.loads(context.cursor) if context.cursor else {}
        after: dict[str, str] = {}
        requests, notes = [], Counter[str]()
        bound = [n for n in kommuner.names if schedules[n].queue]  # their folders lie on another machine
        for name, states in in_time.ask(lambda n: delivered(known.of(n)), [n for n in kommuner.names if n not in bound]).items():
            if isinstance(states, NotDone):
                context.log.warning(f"{name}: {states.reason}")
                notes["could not be looked at"] += 1
                if name in before:
                    after[name] = before[name]
            elif states:
                after[name] = state = hashlib.sha256("\n".join(states).encode()).hexdigest()[:32]
                if before.get(name) == state:
                    requests.append(dg.RunRequest(run_key=f"{name} {state}", partition_key=name))
                else:
                    notes["have deliveries that are new or changed; they are taken in when they no longer change"] += 1
        skipped = "; ".join(f"{count} kommuner {what}" for what, count in notes.items()) or "nothing new is delivered"
        return dg.SensorResult(run_requests=requests, cursor=json.dumps(after, sort_keys=True),
                               skip_reason=None if requests else dg.SkipReason(skipped))

    return dg.Definitions(schedules=[every_morning, every_month, every_noon], sensors=[delivery_landed])


class _KnownSettings:
    """The settings of each kommune, read again when its file is another: reading those of 300 each minute takes seconds."""

    def __init__(self, kommuner: Kommuner):
        self._kommuner = kommuner
        self._known: dict[str, tuple[tuple[int, int, int], Settings]] = {}

    def of(self, name: str) -> Settings:
        file = (self._kommuner.folder / f"{name}.yaml").stat()
        state = (file.st_ino, file.st_mtime_ns, file.st_size)
        known = self._known.get(name)
        if known is None or known[0] != state:
            known = self._known[name] = (state, self._kommuner.settings(name))
        return known[1]
