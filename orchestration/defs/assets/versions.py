"""`versions` and `ingest`: taking in what is delivered, and folding it into the versions of each system's rows."""

import dagster as dg
import duckdb
from pydantic import Field

from ingest import intake, integrity
from ingest.canonical_tables import SOURCES, TABLES
from ingest.filled_in import inbox
from ingest.versions import Verdict
from ingest.warehouse import INGEST_TABLES, row_counts, set_alert_log, set_run
from orchestration.core import clock
from orchestration.core.alerting import alert_log, told_record
from orchestration.core.filled_in import published_cases
from orchestration.core.run_report import (
    ARE_UNDERSTOOD,
    DECISIONS_ASSET,
    RUN_ASSET,
    DecisionsOutcome,
    DeliveryOutcome,
    sources_asked_metadata,
)
from orchestration.core.told import withheld_now
from orchestration.defs.assets import extracts
from orchestration.defs.resources import Workplace, retried_when_it_can_pass


class TakeIn(dg.Config):
    """What to take in, and which day to evaluate."""

    as_of: str | None = Field(None, description="The as-of date, YYYY-MM-DD. Left out: today.")
    deliveries: bool = Field(True, description="Take in new deliveries; false: only what has landed already.")


def _specs() -> list[dg.AssetSpec]:
    deps = [extracts.extract_key(s) for s in SOURCES]
    common = {"owners": ["team:data-team"], "kinds": {"duckdb"}, "group_name": "ingest", "deps": deps}
    versions = [
        dg.AssetSpec(["versions", t.versions_name], description=(
            f"Table `{t.name}` of {t.system.upper()}: each row's content, from the first extract that held it "
            "(valid_from) to the first that no longer did (valid_to)."),
            metadata={"dagster/column_schema": dg.TableSchema(columns=[
                *(dg.TableColumn(c.stored_name, c.sql_type) for c in t.columns),
                dg.TableColumn("valid_from", "DATE"), dg.TableColumn("valid_to", "DATE")])}, **common)
        for t in TABLES
    ]
    return versions + [dg.AssetSpec(["ingest", name], description=text, **common) for name, text in INGEST_TABLES.items()]


@dg.multi_asset(
    name="take_in", specs=_specs(), pool="warehouse", check_specs=[dg.AssetCheckSpec(
        ARE_UNDERSTOOD, asset=DECISIONS_ASSET,
        description="Every row of the filled-in worklists that were taken in was understood. Warns; the answer beside each file "
                    "says what was not.")],
)
def take_in(context: dg.AssetExecutionContext, config: TakeIn, workplace: dg.ResourceParam[Workplace]):
    """Land every delivery up to the as-of date, examine it, fold it; take in worklists that were filled in; and store for dbt
    which day to evaluate."""
    workplace.as_of = as_of = clock.day(config.as_of)
    is_today = as_of == clock.today()
    settings, landing, decisions = workplace.settings, workplace.landing, workplace.decisions
    policy, progress = settings.policy, workplace.progress

    with retried_when_it_can_pass():
        if config.deliveries:
            key = workplace.key()
            oldest = workplace.bring_in_line(
                lambda con: {s: intake.oldest_accepted(con, landing, policy, s) for s in settings.systems})
            for system in settings.systems:
                taken = intake.land(landing, settings.source(system), as_of, key, policy, pull=is_today, progress=progress,
                                    examine=workplace.examiner.examine, oldest_accepted=oldest[system])
                for line in [*taken.postponed, *taken.new_doubts(landing)]:
                    context.log.info(line)
                    progress(line)
                for reason in taken.failed:  # the marts are made from the extracts before it
                    extracts.show_failed_pull(context, system, as_of, reason)

        decided = DecisionsOutcome()
        if config.deliveries:
            found = inbox.take_in(decisions, published_cases(settings), clock.today())
            decided = DecisionsOutcome(found.decisions, tuple(found.not_understood), tuple(found.left))

        told = told_record(settings)

        def fold_all(con: duckdb.DuckDBPyConnection) -> tuple[
                list[Verdict], list[DeliveryOutcome], dict[tuple[str, str], int]]:
            integrity.check_known(con, landing.root, decisions)
            verdicts = [v for system in SOURCES for v in intake.fold_landed(
                con, landing, decisions, policy, system, workplace.paths.quarantined, progress)]
            withheld = withheld_now(con)
            told.keep_only(withheld)
            set_run(con, as_of, policy, decisions.exceptions(), decisions.purged_before(), handling=decisions.handling(),
                    answers=decisions.answers(), kommune=settings.kommune)
            set_alert_log(con, alert_log(settings).rows())
            return verdicts, told.untold(withheld), row_counts(con, "versions", "ingest")

        verdicts, untold, counts = workplace.bring_in_line(fold_all)
        for verdict in verdicts:
            extracts.show_verdict(context, verdict)
        shown = {extracts.outcome_of(verdict) for verdict in verdicts}
        for outcome in untold:  # of runs that were killed before their end
            if outcome not in shown:
                extracts.show_outcome(context, outcome)
    asked = sources_asked_metadata(config.deliveries and is_today)
    for key_path, count in counts.items():
        yield dg.MaterializeResult(asset_key=list(key_path), metadata={
            "dagster/row_count": count, **(asked if list(key_path) == RUN_ASSET else {})})
    yield dg.AssetCheckResult(
        check_name=ARE_UNDERSTOOD, asset_key=DECISIONS_ASSET, passed=not decided.not_understood,
        severity=dg.AssetCheckSeverity.WARN, description=decided.text, metadata=decided.metadata())
