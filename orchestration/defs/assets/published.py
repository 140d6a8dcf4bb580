"""`published`: the marts as BI tools read them, swapped as a whole."""

import dagster as dg

from orchestration.core import dbt
from orchestration.defs.resources import Workplace, relative, retried_when_it_can_pass
from publish.snapshot import PublishedIsNewer, publish


def build(marts: list[dg.AssetKey]) -> dg.AssetsDefinition:
    """The asset that depends on all `marts`."""

    @dg.asset(
        key="published", deps=marts, group_name="publish", owners=["team:data-team"], kinds={"duckdb", "parquet"},
        pool="warehouse",
        description="The published set: `published/marts.duckdb` and `published/parquet/`, all marts of one as-of date. "
                    "Never older than what is published already.",
    )
    def published(workplace: dg.ResourceParam[Workplace]):
        settings = workplace.settings
        workplace.say("publishing")
        texts = dbt.descriptions(dbt.target_path(settings.data_dir) / "manifest.json")
        with retried_when_it_can_pass(), workplace.warehouse() as con:
            try:
                rows = publish(con, settings.published, texts)
            except PublishedIsNewer as error:
                workplace.say(str(error))
                return dg.MaterializeResult(metadata={"published": False, "reason": str(error)})
            as_of = con.execute("SELECT as_of_date FROM ingest.run").fetchone()[0]
        return dg.MaterializeResult(metadata={
            "published": True, "as_of_date": as_of.isoformat(), "path": relative(settings.published, settings),
            "dagster/row_count": sum(rows.values()), **{f"rows/{mart}": count for mart, count in rows.items()}})

    return published
