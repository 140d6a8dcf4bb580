"""`hrm_extract` and `vfs_extract`: one partition for each extract date. Running one takes that day in again.

The daily run takes in whatever is delivered (`versions`) and reports each day here, so that the partitions show which
days are in. A partition run reads that day's delivery again, changed or not.
"""

from datetime import date

import dagster as dg

from ingest import intake
from ingest.canonical_tables import SYSTEMS, System
from ingest.landing import Landed
from ingest.versions import Verdict
from orchestration.core import clock
from orchestration.core.settings import Settings
from orchestration.defs.resources import Workplace, retried_when_it_can_pass

LET_IN = "is_let_in"
NOT_PULLED = "not pulled"


def extract_key(system: System) -> dg.AssetKey:
    return dg.AssetKey(f"{system}_extract")


def partitions(settings: Settings) -> dg.DailyPartitionsDefinition:
    """One partition a day, today's included."""
    return dg.DailyPartitionsDefinition(start_date=settings.schedule.first_day, timezone=clock.TIME_ZONE, end_offset=1)


def extract_metadata(landed: Landed, status: str, reason: str | None) -> dict[str, object]:
    """Counts and states only; a reason names figures, files and lines, never values."""
    return {
        "status": status, **({"reason": reason} if reason else {}),
        "dagster/row_count": sum(f.rows for f in landed.figures.values()),
        "kind": landed.kind, "arrival": landed.arrival, "fingerprint": landed.fingerprint[:12],
        "rejected_rows": sum(f.rejected for f in landed.figures.values()),
        **{f"warnings/{table}/{name}": count for table, figures in landed.figures.items()
           for name, count in figures.warnings.items() if count},
        **{f"extra_columns/{table}": ", ".join(columns) for table, columns in landed.extra_columns.items()},
    }


def report(context: dg.AssetExecutionContext, verdict: Verdict) -> None:
    """Show in Dagster what became of one day's delivery."""
    landed = verdict.landed
    key, day = extract_key(landed.system), landed.extract_date.isoformat()
    metadata = extract_metadata(landed, verdict.status, verdict.reason)
    if verdict.status == "accepted":
        context.log_event(dg.AssetMaterialization(key, partition=day, metadata=metadata))
    else:
        context.log_event(dg.AssetObservation(key, partition=day, metadata=metadata))
    context.log_event(dg.AssetCheckEvaluation(
        asset_key=key, check_name=LET_IN, passed=verdict.status in ("accepted", "replaced"),
        metadata={"extract_date": day, "status": verdict.status, **({"reason": verdict.reason} if verdict.reason else {})}))


def report_failed_pull(context: dg.AssetExecutionContext, system: System, day: date, reason: str) -> None:
    """Show in Dagster that a source could not be pulled."""
    metadata = {"status": NOT_PULLED, "reason": reason}
    context.log_event(dg.AssetObservation(extract_key(system), partition=day.isoformat(), metadata=metadata))
    context.log_event(dg.AssetCheckEvaluation(
        asset_key=extract_key(system), check_name=LET_IN, passed=False, metadata={"extract_date": day.isoformat(), **metadata}))


def build(settings: Settings) -> list[dg.AssetsDefinition]:
    """The extract assets of both systems."""
    return [_extract_asset(system, settings) for system in SYSTEMS]


def _extract_asset(system: System, settings: Settings) -> dg.AssetsDefinition:
    names = {"hrm": "the HRM system", "vfs": "Visma Flyt Skole"}

    @dg.asset(
        key=extract_key(system), group_name="ingest", owners=["team:data-team"], kinds={"csv", "parquet"},
        pool="warehouse", partitions_def=partitions(settings),
        description=f"One day's extract of {names[system]}: read, national ids hashed, checked, kept as Parquet. "
                    "Run a partition to take that day in again.",
        check_specs=[dg.AssetCheckSpec(
            LET_IN, asset=extract_key(system),
            description="The delivery could be had, and was neither refused nor quarantined.")],
    )
    def extract(context: dg.AssetExecutionContext, workplace: dg.ResourceParam[Workplace]):
        day = date.fromisoformat(context.partition_key)
        with retried_when_it_can_pass():
            verdict = _take_in_day(workplace, system, day)
        if verdict is None:
            source = workplace.settings.source(system)
            raise dg.Failure(f"{system} {day}: nothing is delivered. " + (
                "Its source only tells what is so today" if source.is_pulled else "Look at the path in the settings"),
                allow_retries=False)
        metadata = extract_metadata(verdict.landed, verdict.status, verdict.reason)
        passed = verdict.status in ("accepted", "replaced")
        if not passed:
            context.log_event(dg.AssetCheckEvaluation(
                asset_key=extract_key(system), check_name=LET_IN, passed=False,
                metadata={"extract_date": context.partition_key, "status": verdict.status, "reason": verdict.reason or ""}))
            raise dg.Failure(f"{system} {day} is {verdict.status}: {verdict.reason}", metadata=metadata, allow_retries=False)
        return dg.MaterializeResult(
            metadata=metadata, check_results=[dg.AssetCheckResult(check_name=LET_IN, passed=True)])

    return extract


def _take_in_day(workplace: Workplace, system: System, day: date) -> Verdict | None:
    """Land one day's delivery and judge it; None when nothing is delivered."""
    settings, landing = workplace.settings, workplace.landing
    taken = intake.land(landing, settings.source(system), day, workplace.key(), settings.policy, only=day,
                        pull=day == clock.today(), progress=workplace.say, examine=workplace.examiner.examine)
    if taken.failed:
        raise dg.Failure("; ".join(taken.failed), allow_retries=False)
    with workplace.warehouse() as con:
        verdicts = intake.fold_landed(con, landing, workplace.decisions, settings.policy, system, workplace.say)
        latest = landing.of_day(system, day)
        if not latest:
            return None
        for verdict in verdicts:
            if verdict.landed.key == latest[-1].key:
                return verdict
        status, reason = con.execute(
            "SELECT status, reason FROM ingest.extracts WHERE system = ? AND delivery = ?", [system, latest[-1].key]
        ).fetchone()
        return Verdict(latest[-1], status, reason)
