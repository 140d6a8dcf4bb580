"""`versions` and `ingest`: taking in what is delivered, and folding it into what each system said, and from when to when."""

import dagster as dg
from pydantic import Field

from ingest import intake
from ingest.canonical_tables import SYSTEMS, TABLES
from ingest.warehouse import INGEST_TABLES, set_alert_log, set_run
from orchestration.core import clock
from orchestration.core.alerting import alert_log
from orchestration.defs.assets import extracts
from orchestration.defs.resources import Workplace, retried_when_it_can_pass


class TakeIn(dg.Config):
    """What to take in, and of which day to speak."""

    as_of: str | None = Field(None, description="The as-of date, YYYY-MM-DD. Left out: today.")
    deliveries: bool = Field(True, description="Take in new deliveries; false: only what has landed already.")


def _specs() -> list[dg.AssetSpec]:
    deps = [extracts.extract_key(s) for s in SYSTEMS]
    common = {"owners": ["team:data-team"], "kinds": {"duckdb"}, "group_name": "ingest", "deps": deps}
    versions = [
        dg.AssetSpec(["versions", t.versions_name], description=(
            f"What {t.system.upper()} said in `{t.name}`: each row's content, from the first extract that held it "
            "(valid_from) to the first that no longer did (valid_to)."),
            metadata={"dagster/column_schema": dg.TableSchema(columns=[
                *(dg.TableColumn(c.stored_name, c.sql_type) for c in t.columns),
                dg.TableColumn("valid_from", "DATE"), dg.TableColumn("valid_to", "DATE")])}, **common)
        for t in TABLES
    ]
    return versions + [dg.AssetSpec(["ingest", name], description=text, **common) for name, text in INGEST_TABLES.items()]


@dg.multi_asset(
    name="take_in", specs=_specs(), pool="warehouse",
)
def take_in(context: dg.AssetExecutionContext, config: TakeIn, workplace: dg.ResourceParam[Workplace]):
    """Land every delivery up to the as-of date, examine it, fold it, and say of which day dbt is to speak."""
    as_of = clock.day(config.as_of)
    settings, landing, decisions = workplace.settings, workplace.landing, workplace.decisions
    policy = settings.policy

    def say(line: str) -> None:
        context.log.info(line)
        workplace.say(line)

    with retried_when_it_can_pass():
        if config.deliveries:
            key = workplace.key()
            for system in SYSTEMS:
                taken = intake.land(
                    landing, settings.source(system), as_of, key, policy, pull=as_of == clock.today(), progress=workplace.say,
                    examine=workplace.examiner.examine)
                for line in [*taken.postponed, *taken.new_extra_columns(landing)]:
                    say(line)
                for reason in taken.failed:  # the marts are made all the same, from what came before
                    extracts.report_failed_pull(context, system, as_of, reason)
        with workplace.warehouse() as con:
            for system in SYSTEMS:
                for verdict in intake.fold_landed(con, landing, decisions, policy, system, workplace.say):
                    extracts.report(context, verdict)
            set_run(con, as_of, policy, decisions.exceptions(), decisions.purged_before())
            set_alert_log(con, alert_log(settings).rows())
            rows = {
                (schema, name): con.execute(f"SELECT count(*) FROM {schema}.{name}").fetchone()[0]
                for schema, name in con.execute(
                    "SELECT schema_name, table_name FROM duckdb_tables() WHERE schema_name IN ('versions', 'ingest')"
                ).fetchall()
            }
    for (schema, name), count in rows.items():
        yield dg.MaterializeResult(asset_key=[schema, name], metadata={"dagster/row_count": count})
