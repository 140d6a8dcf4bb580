"""`published`: the marts as BI tools read them, swapped as a whole."""

import dagster as dg

from orchestration.core import dbt
from orchestration.core.privacy import open_way
from orchestration.core.run_report import PUBLISHED_ASSET, Publication
from orchestration.defs.resources import Workplace, retried_when_it_can_pass
from publish.snapshot import PublishedIsNewer, publish


def build(marts: list[dg.AssetKey]) -> dg.AssetsDefinition:
    """The asset that depends on all `marts`."""

    @dg.asset(
        key=PUBLISHED_ASSET, deps=marts, group_name="publish", owners=["team:data-team"], kinds={"duckdb", "parquet"},
        pool="warehouse",
        description="The published set: `published/marts.duckdb` and `published/parquet/`, all marts of one as-of date. "
                    "Never older than what is published already.",
    )
    def published(workplace: dg.ResourceParam[Workplace]):
        paths = workplace.paths
        workplace.progress("publishing")
        contracts = dbt.contracts(paths.dbt_manifest)
        with retried_when_it_can_pass():
            as_of, publishing = workplace.as_of, workplace.settings.publish
            try:
                open_way(paths, publishing.readers)
            except PermissionError:
                groups = " and ".join(filter(None, (publishing.group, publishing.open_group)))
                raise dg.Failure(
                    f"publish.group, publish.open_group: the user that runs Sluttdato does not own {paths.root}, or does not "
                    f"belong to {groups}", allow_retries=False) from None
            with workplace.warehouse() as con:
                try:
                    rows = publish(con, paths.published, as_of, contracts, publishing.readers)
                except PublishedIsNewer as error:
                    workplace.progress(str(error))
                    return dg.MaterializeResult(metadata=Publication(published=False, reason=str(error)).metadata())
        return dg.MaterializeResult(metadata={
            **Publication(published=True).metadata(), "as_of_date": as_of.isoformat(), "path": paths.shown(paths.published),
            "dagster/row_count": sum(rows.values()), **{f"rows/{mart}": count for mart, count in rows.items()}})

    return published
