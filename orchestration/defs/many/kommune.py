"""What a run does for a kommune, and what Dagster shows of it: a materialization and a check of its own.

Belongs here: what the shared instance records. That is read by whoever runs the deployment, so it holds names of checks, counts
and days, never a key of a person. Does not belong here: what is done (the job of `definitions`), asking for runs (`asking`).
"""

import hashlib
import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import dagster as dg
from pydantic import Field

from ingest.errors import IngestError
from orchestration.core import clock
from orchestration.core.after_run import remember
from orchestration.core.alerting import outcome_of
from orchestration.core.dbt import DbtFailed
from orchestration.core.faults import Fault
from orchestration.core.lock import LockHeld, writer
from orchestration.core.run_report import PACKS_JOB, CheckOutcome, RunReport
from orchestration.core.settings import Settings, WrongSettings
from orchestration.defs.jobs import RETRIED, run_here
from orchestration.defs.many.partitions import PARTITION, QUEUE, Kommuner
from publish.alerts.send import Sent

KOMMUNE, KOMMUNER = dg.AssetKey("kommune"), dg.AssetKey("kommuner")
LOOK_JOB = "all_kommuner"
TOLD = "sluttdato/told"  # the tag of a run that has sent its own messages
_MOST_LINES = 15  # of progress in the event log of a run; the first take-in of a year has hundreds
_MOST_NAMED = 10
_LONGEST = 500  # characters of a reason
_MAX_AGE = timedelta(hours=30)  # of the last run: one a day, and a morning that lasts
_FORESEEN = (WrongSettings, LockHeld, IngestError, DbtFailed, OSError)
Progress = Callable[[str], None]


class Evaluate(dg.Config):
    """Which day to evaluate."""

    as_of: str | None = Field(None, description="The as-of date, YYYY-MM-DD. Left out: today.")


class Month(dg.Config):
    """Which pack to make."""

    month: str | None = Field(None, description="The month, YYYY-MM. Left out: the one before this.")


def check_name(name: str) -> str:
    """The name of the check of a kommune: its own, as far as Dagster allows its letters."""
    plain = re.sub(r"\W", "_", name, flags=re.ASCII)
    return plain if plain == name else f"{plain}_{hashlib.sha256(name.encode()).hexdigest()[:6]}"


def build(kommuner: Kommuner, definitions_of: Callable[[Settings, Progress], dg.Definitions]) -> dg.Definitions:
    """Assets, checks and jobs. `definitions_of`: the definitions for one kommune."""

    @dg.asset(
        key=KOMMUNE, partitions_def=kommuner.partitions,
        group_name="kommuner", owners=["team:data-team"], kinds={"duckdb"},
        description="The published set of each kommune: takes in what is delivered, evaluates, checks, publishes, sends "
                    "messages. What came of it is the kommune's check on `kommuner`.")
    def kommune(context: dg.AssetExecutionContext, config: Evaluate):
        name = context.partition_key
        with _failures_shown(context, name):
            as_of, settings = clock.day(config.as_of), _settings_here(kommuner, context)
            progress = _Told(context)
            with writer(settings.data_dir, settings.lock_patience_seconds, progress):
                with dg.DagsterInstance.ephemeral() as in_memory:
                    report, sent = run_here(definitions_of(settings, progress), settings, in_memory, as_of, progress=progress,
                                            run_id=context.run.run_id)
                remember(settings, report, sent, progress)
            context.instance.add_run_tags(context.run.run_id, {TOLD: "true"})
            show_check(context, name, report, sent)
            if not report.succeeded:
                raise dg.Failure(_reasons(report), allow_retries=False)
        return dg.MaterializeResult(metadata={
            "as_of_date": as_of.isoformat(), "published": report.published, "taken_in": report.taken_in,
            **({"not_published_because": report.publication.reason}
               if report.publication and report.publication.reason else {})})

    @dg.asset(
        key="evidence", partitions_def=kommuner.partitions,
        group_name="kommuner", owners=["team:data-team"], kinds={"html", "csv"},
        description="The auditor's pack of a month, in each kommune's `evidence/<YYYY-MM>/`; the month before where none is "
                    "said. One that is there already is left as it is.")
    def evidence(context: dg.AssetExecutionContext, config: Month):
        from orchestration.core.evidence import make_month
        from publish.evidence import PackDiffers
        from publish.evidence.contents import NotCovered

        name = context.partition_key
        month = config.month or (clock.today().replace(day=1) - timedelta(days=1)).strftime("%Y-%m")
        with _failures_shown(context, name):
            settings = _settings_here(kommuner, context)
            try:
                made = make_month(settings, month, _Told(context))
            except (NotCovered, PackDiffers) as error:
                raise dg.Failure(f"{name}: {error}", allow_retries=False) from None
        return dg.MaterializeResult(metadata={
            "month": month, "path": settings.paths.shown(settings.paths.evidence / month), "is_new": made})

    @dg.multi_asset_check(
        name="look_at_all", can_subset=True,
        specs=[dg.AssetCheckSpec(check_name(name), asset=KOMMUNER, description=(
            f"{name}: its last run came to its end; no check that counts failed in it, nothing is withheld, every source "
            "answered, and every message left.")) for name in kommuner.names])
    def look_at_all(context: dg.AssetCheckExecutionContext) -> Iterator[dg.AssetCheckResult]:
        asked = {key.name for key in context.selected_asset_check_keys}
        for name in kommuner.names:
            if check_name(name) in asked:
                yield _as_recorded(context.instance, name)

    whole = dg.AssetSpec(
        KOMMUNER, group_name="kommuner", owners=["team:data-team"],
        description="All kommuner, a check for each. The checks are told by the runs themselves; `look_at_all` repeats what the "
                    "last run of each told, and fails for one that has not run.")
    return dg.Definitions(
        assets=[kommune, evidence, whole], asset_checks=[look_at_all], executor=dg.in_process_executor,
        jobs=[
            dg.define_asset_job("daily", selection=[KOMMUNE], config=kommuner.config, tags=RETRIED,
                                description="Takes in what is delivered for a kommune, evaluates, checks, publishes."),
            dg.define_asset_job(PACKS_JOB, selection=["evidence"], config=kommuner.config, tags=RETRIED,
                                description="Makes a kommune's auditor's pack of the month before."),
            dg.define_asset_job(LOOK_JOB, selection=dg.AssetSelection.checks(look_at_all),
                                description="Looks whether every kommune has run, and how its last run ended.")])


def _settings_here(kommuner: Kommuner, context: dg.AssetExecutionContext) -> Settings:
    """The settings of the run's kommune; raises Failure where its data lie elsewhere."""
    settings = kommuner.settings(context.partition_key)
    bound, here = settings.schedule.queue, context.run.tags.get(QUEUE)
    if bound and bound != here:
        raise dg.Failure(f"{context.partition_key} is bound to the queue {bound} (schedule.queue), and this run is in "
                         f"{here or 'none'}: start it from its job", allow_retries=False)
    return settings


class _Told:
    """Progress for the event log of a run, which keeps only so much; that a run waits is always told."""

    def __init__(self, context: dg.AssetExecutionContext):
        self._log, self._lines = context.log, 0

    def __call__(self, line: str) -> None:
        self._lines += 1
        if self._lines <= _MOST_LINES:
            self._log.info(line)
        elif self._lines == _MOST_LINES + 1:
            self._log.info("further lines of progress are left out")


@contextmanager
def _failures_shown(context: dg.AssetExecutionContext, name: str) -> Iterator[None]:
    """An error of a kommune's step becomes the check of the kommune, and one that nobody foresaw a Fault."""
    try:
        yield
    except dg.Failure:
        raise
    except _FORESEEN as error:
        _log_check(context, failed_check(name, str(error)))
        raise dg.Failure(f"{name}: {error}", allow_retries=False) from None
    except Exception as error:
        fault = Fault(error)
        _log_check(context, failed_check(name, str(fault)))
        raise fault from None


def show_check(context: dg.AssetExecutionContext, name: str, report: RunReport, sent: Sent) -> None:
    """The check of a kommune, from what a run of it did."""
    failed = [c for c in report.checks if not c.passed]
    errors, warnings = [c for c in failed if c.is_error], [c for c in failed if not c.is_error]
    parts = [_reasons(report)] if not report.succeeded else []
    parts += [f"{d.system} {d.day} {d.status.value}: {_short(d.reason or '')}" for d in [*report.withheld, *report.not_pulled]]
    parts += [f"failed: {_named(errors)}"] if errors else []
    parts += [outcome_of(sent)] if sent.failed else []
    is_error = bool(parts)
    parts += [f"warns: {_named(warnings)}"] if warnings else []
    _log_check(context, dg.AssetCheckEvaluation(
        asset_key=KOMMUNER, check_name=check_name(name), passed=not parts,
        severity=dg.AssetCheckSeverity.ERROR if is_error else dg.AssetCheckSeverity.WARN,
        description=f"{name}: {'; '.join(parts) or 'all is well.'}", metadata={
            "kommune": name, "run": dg.MetadataValue.dagster_run(context.run.run_id), "published": report.published,
            "checks": len(report.checks), "errors": len(errors), "warnings": len(warnings),
            **{f"failed/{c.name}": _short(c.description) for c in errors[:_MOST_NAMED]},
            **{f"warns/{c.name}": _short(c.description) for c in warnings[:_MOST_NAMED]}}))


def failed_check(name: str, reason: str) -> dg.AssetCheckEvaluation:
    """The check of a kommune whose run did not come to its end."""
    return dg.AssetCheckEvaluation(
        asset_key=KOMMUNER, check_name=check_name(name), passed=False, severity=dg.AssetCheckSeverity.ERROR,
        description=f"{name}: {_short(reason)}", metadata={"kommune": name})


def _log_check(context: dg.AssetExecutionContext, evaluation: dg.AssetCheckEvaluation) -> None:
    # Dagster takes and stores a check of any asset; its type for events names only what most steps log.
    context.log_event(evaluation)  # pyright: ignore[reportArgumentType]


def _reasons(report: RunReport) -> str:
    return "; ".join(f"{failed.step}: {_short(failed.message)}" for failed in report.failed_steps) or "the run failed"


def _short(text: str) -> str:
    """The first line: on the others stand keys of people, where there are any."""
    first = text.partition("\n")[0]
    return first if len(first) <= _LONGEST else f"{first[:_LONGEST]} …"


def _named(checks: list[CheckOutcome]) -> str:
    names = list(dict.fromkeys(c.name for c in checks))
    more = len(names) - _MOST_NAMED
    return ", ".join(names[:_MOST_NAMED]) + (f" and {more} more" if more > 0 else "")


def _as_recorded(instance: dg.DagsterInstance, name: str) -> dg.AssetCheckResult:
    """How the last run of a kommune ended, as it was recorded."""
    def result(text: str, *, passed: bool = False, severity: Any = dg.AssetCheckSeverity.ERROR, **metadata: Any):
        return dg.AssetCheckResult(asset_key=KOMMUNER, check_name=check_name(name), passed=passed, severity=severity,
                                   description=text, metadata={"kommune": name, **metadata})

    last = next(iter(instance.get_run_records(
        dg.RunsFilter(job_name="daily", tags={PARTITION: name}, statuses=[
            dg.DagsterRunStatus.SUCCESS, dg.DagsterRunStatus.FAILURE, dg.DagsterRunStatus.CANCELED]), limit=1)), None)
    if last is None:
        return result(f"{name}: no run has ended yet.")
    run, ended = last.dagster_run, last.end_time or 0.0
    if time.time() - ended > _MAX_AGE.total_seconds():
        return result(f"{name}: no run has ended for {_MAX_AGE.total_seconds() / 3600:g} hours; the last one is {run.run_id}.")
    told = [e.dagster_event for e in instance.all_logs(run.run_id, of_type=dg.DagsterEventType.ASSET_CHECK_EVALUATION)
            if e.dagster_event]
    if not told or run.status is not dg.DagsterRunStatus.SUCCESS:
        return result(f"{name}: the run {run.run_id} did not come to its end.")
    evaluation = told[-1].asset_check_evaluation_data
    return result(evaluation.description or "", passed=evaluation.passed, severity=evaluation.severity, **{
        key: value for key, value in evaluation.metadata.items() if key != "kommune"})
