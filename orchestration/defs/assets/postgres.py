"""`postgres`: the published set in PostgreSQL, where the settings name a database (contract#postgres).

A server that is down, or refuses, fails a check and not the run: what is published in files is published. The next run writes
what is published then. Does not belong here: how it is written (`publish.postgres`).
"""

from collections.abc import Iterator

import dagster as dg

from orchestration.core import dbt
from orchestration.core.run_report import PUBLISHED_ASSET
from orchestration.core.settings import Settings
from orchestration.defs.resources import Workplace, retried_when_it_can_pass
from publish.postgres.settings import NotPublished

POSTGRES_ASSET = "postgres"
HAS_THE_PUBLISHED_SET = "has_the_published_set"


def build(settings: Settings) -> list[dg.AssetsDefinition]:
    """The asset, which depends on the published set; none where no database is named."""
    if settings.publish.postgres.url is None:
        return []

    @dg.multi_asset(
        name=POSTGRES_ASSET, pool="warehouse",
        specs=[dg.AssetSpec(
            POSTGRES_ASSET, deps=[PUBLISHED_ASSET], group_name="publish", owners=["team:data-team"], kinds={"postgres"},
            skippable=True,
            description="The published marts as tables of a schema in PostgreSQL (`publish.postgres`), replaced in one "
                        "transaction. Never older than what is there.")],
        check_specs=[dg.AssetCheckSpec(
            HAS_THE_PUBLISHED_SET, asset=POSTGRES_ASSET,
            description="PostgreSQL has what is published. Where it could not be written, the next run writes what is due.")])
    def postgres(workplace: dg.ResourceParam[Workplace]) -> Iterator[dg.MaterializeResult | dg.AssetCheckResult]:
        from publish.postgres import tables

        target, paths = workplace.settings.publish.postgres, workplace.paths
        workplace.progress("publishing in PostgreSQL")
        with retried_when_it_can_pass():
            try:
                rows = tables.publish(
                    target, paths.published, dbt.contracts(paths.dbt_manifest), workplace.settings.kommune.number)
            except NotPublished as error:
                yield _check(passed=False, text=f"PostgreSQL does not have what is published: {error}. The next run writes it.")
                return
        yield dg.MaterializeResult(asset_key=POSTGRES_ASSET, metadata={
            "schema": target.schema_name, "dagster/row_count": sum(rows.values()),
            **{f"rows/{mart}": count for mart, count in rows.items()}})
        yield _check(passed=True, text="PostgreSQL has what is published.")

    return [postgres]


def _check(*, passed: bool, text: str) -> dg.AssetCheckResult:
    return dg.AssetCheckResult(asset_key=dg.AssetKey(POSTGRES_ASSET), check_name=HAS_THE_PUBLISHED_SET, passed=passed,
                               severity=dg.AssetCheckSeverity.ERROR, description=text)
