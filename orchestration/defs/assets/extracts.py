"""`hrm_extract`, `vfs_extract` and `transfer_extract`: one partition for each extract date. Running one takes that day in again.

The daily run takes in whatever is delivered (`versions`) and reports each day here, so that the partitions show which
days are in. A partition run reads that day's delivery again, changed or not.
"""

import warnings
from datetime import date
from typing import Any

import dagster as dg
import duckdb

from ingest import intake, integrity
from ingest.canonical_tables import SOURCES, System
from ingest.landing import Landed
from ingest.sql import rows
from ingest.versions import Verdict
from orchestration.core import clock
from orchestration.core.run_report import IS_LET_IN, SHOWN_OF_FINGERPRINT, DeliveryOutcome, DeliveryStatus, extract_asset
from orchestration.core.settings import Settings
from orchestration.defs.resources import Workplace, retried_when_it_can_pass


def extract_key(system: System) -> dg.AssetKey:
    return dg.AssetKey(extract_asset(system))


def partitions(settings: Settings) -> dg.DailyPartitionsDefinition:
    """One partition a day, today's included."""
    return dg.DailyPartitionsDefinition(start_date=settings.schedule.first_day, timezone=clock.TIME_ZONE, end_offset=1)


def show_verdict(context: dg.AssetExecutionContext, verdict: Verdict) -> None:
    """Show in Dagster what became of one day's delivery."""
    outcome = outcome_of(verdict)
    metadata = _metadata(outcome, verdict.landed)
    event = dg.AssetMaterialization if outcome.status is DeliveryStatus.ACCEPTED else dg.AssetObservation
    context.log_event(event(extract_key(outcome.system), partition=outcome.day.isoformat(), metadata=metadata))
    _show_check(context, outcome)


def show_outcome(context: dg.AssetExecutionContext, outcome: DeliveryOutcome) -> None:
    """Show what became of a delivery of which nothing is taken in now: it was withheld by an earlier run, or did not come."""
    context.log_event(dg.AssetObservation(
        extract_key(outcome.system), partition=outcome.day.isoformat(), metadata=outcome.metadata()))
    _show_check(context, outcome)


def show_failed_pull(context: dg.AssetExecutionContext, system: System, day: date, reason: str) -> None:
    """Show in Dagster that a source could not be pulled."""
    show_outcome(context, DeliveryOutcome(system, day, DeliveryStatus.NOT_PULLED, reason))


def _show_check(context: dg.AssetExecutionContext, outcome: DeliveryOutcome) -> None:
    # Each day has a partition of its own: a refused day is not hidden by another one that passes.
    # Dagster takes and stores a check of any asset; its type for events names only what most steps log.
    context.log_event(dg.AssetCheckEvaluation(  # pyright: ignore[reportArgumentType]
        asset_key=extract_key(outcome.system), check_name=IS_LET_IN, passed=outcome.status.is_let_in,
        metadata=outcome.metadata(), partition=outcome.day.isoformat()))


def outcome_of(verdict: Verdict) -> DeliveryOutcome:
    """A verdict as the report of a run holds it."""
    landed = verdict.landed
    return DeliveryOutcome(landed.system, landed.extract_date, DeliveryStatus(verdict.status), verdict.reason,
                           landed.fingerprint[:SHOWN_OF_FINGERPRINT])


def _metadata(outcome: DeliveryOutcome, landed: Landed) -> dict[str, Any]:
    """Counts and states only; a reason has figures, files and lines, never values."""
    return {
        **outcome.metadata(),
        "dagster/row_count": sum(f.rows for f in landed.figures.values()),
        "kind": landed.kind, "arrival": landed.arrival,
        "rejected_rows": sum(f.rejected for f in landed.figures.values()),
        **{f"warnings/{table}/{name}": count for table, figures in landed.figures.items()
           for name, count in figures.warnings.items() if count},
        **{f"extra_columns/{table}": ", ".join(columns) for table, columns in landed.extra_columns.items()},
    }


def build(settings: Settings) -> list[dg.AssetsDefinition]:
    """The extract assets of both systems, and of what HRM sends to VFS."""
    return [_extract_asset(system, settings) for system in SOURCES]


def _extract_asset(system: System, settings: Settings) -> dg.AssetsDefinition:
    names = {"hrm": "the HRM system", "vfs": "Visma Flyt Skole", "transfer": "what HRM sent to Visma Flyt Skole"}
    days = partitions(settings)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", dg.PreviewWarning)  # checks by partition; test_orchestration tests what is used of them
        let_in = dg.AssetCheckSpec(
            IS_LET_IN, asset=extract_key(system), partitions_def=days,
            description="The delivery of the day could be had, and was neither refused nor quarantined.")

    @dg.asset(
        key=extract_key(system), group_name="ingest", owners=["team:data-team"], kinds={"csv", "parquet"},
        pool="warehouse", partitions_def=days,
        description=f"One day's extract of {names[system]}: read, national ids hashed, checked, kept as Parquet. "
                    "Run a partition to take that day in again.",
        check_specs=[let_in],
    )
    def extract(context: dg.AssetExecutionContext, workplace: dg.ResourceParam[Workplace]):
        day = date.fromisoformat(context.partition_key)
        with retried_when_it_can_pass():
            verdict = _take_in_day(context, workplace, system, day)
        if verdict is None:
            source = workplace.settings.source(system)
            raise dg.Failure(f"{system} {day}: nothing is delivered. " + (
                "Its source only has today's state" if source.is_pulled else "Look at the path in the settings"),
                allow_retries=False)
        outcome = outcome_of(verdict)
        metadata = _metadata(outcome, verdict.landed)
        if not outcome.status.is_let_in:
            _show_check(context, outcome)
            raise dg.Failure(f"{system} {day} is {outcome.status}: {outcome.reason}", metadata=metadata, allow_retries=False)
        return dg.MaterializeResult(metadata=metadata, check_results=[
            dg.AssetCheckResult(check_name=IS_LET_IN, passed=True, metadata=outcome.metadata())])

    return extract


def _take_in_day(context: dg.AssetExecutionContext, workplace: Workplace, system: System, day: date) -> Verdict | None:
    """Land one day's delivery and assess it; None when nothing is delivered. Shows what became of other days because of it."""
    settings, landing = workplace.settings, workplace.landing
    with workplace.warehouse() as con:
        oldest = intake.oldest_accepted(con, landing, settings.policy, system)
    taken = intake.land(landing, settings.source(system), day, workplace.key(), settings.policy, only=day,
                        pull=day == clock.today(), progress=workplace.progress, examine=workplace.examiner.examine,
                        oldest_accepted=oldest)
    if taken.failed:
        raise dg.Failure("; ".join(taken.failed), allow_retries=False)

    def assess(con: duckdb.DuckDBPyConnection) -> Verdict | None:
        integrity.check_known(con, landing.root, workplace.decisions)
        verdicts = intake.fold_landed(con, landing, workplace.decisions, settings.policy, system, workplace.paths.quarantined,
                                      workplace.progress)
        latest = landing.of_day(system, day)
        for verdict in verdicts:
            if not latest or verdict.landed.key != latest[-1].key:
                show_verdict(context, verdict)
        if not latest:
            return None
        for verdict in verdicts:
            if verdict.landed.key == latest[-1].key:
                return verdict
        known, = rows(con, "SELECT status, reason FROM ingest.extracts WHERE system = ? AND delivery = ?",
                      [system, latest[-1].key])
        return Verdict(latest[-1], known["status"], known["reason"])

    return workplace.bring_in_line(assess)
