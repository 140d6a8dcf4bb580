"""`evidence`: the auditor's pack of each month, a partition for each. No part of the daily job."""

import dagster as dg

from orchestration.core import clock
from orchestration.core.evidence import make_month
from orchestration.core.settings import Settings
from orchestration.defs.resources import Workplace, retried_when_it_can_pass
from publish.evidence import PackDiffers
from publish.evidence.contents import NotCovered

KEY = dg.AssetKey("evidence")


def build(settings: Settings) -> dg.AssetsDefinition:
    """The asset, with a partition for each month that is over."""
    months = dg.MonthlyPartitionsDefinition(
        start_date=settings.schedule.first_day[:7], fmt="%Y-%m", timezone=clock.TIME_ZONE)

    @dg.asset(
        key=KEY, partitions_def=months, group_name="publish", owners=["team:data-team"], kinds={"html", "csv"}, pool="warehouse",
        description="The auditor's pack of a month, in `evidence/<YYYY-MM>/`: sources, what was withheld and let in, counts, "
                    "decisions, cases. Made from what is published; one that is there already is left as it is.",
    )
    def evidence(context: dg.AssetExecutionContext, workplace: dg.ResourceParam[Workplace]):
        workplace.progress(f"making the auditor's pack of {context.partition_key}")
        with retried_when_it_can_pass():
            try:
                made = make_month(workplace.settings, context.partition_key, workplace.progress)
            except (NotCovered, PackDiffers) as error:
                raise dg.Failure(str(error), allow_retries=False) from None
        pack = workplace.paths.evidence / context.partition_key
        return dg.MaterializeResult(metadata={"path": workplace.paths.shown(pack), "is_new": made})

    return evidence
