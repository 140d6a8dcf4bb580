"""`evidence`: the auditor's pack of each month, a partition for each. No part of the daily job."""

import warnings

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

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", dg.BetaWarning)
        one_run = dg.BackfillPolicy.single_run()

        @dg.asset(
            key=KEY, partitions_def=months, backfill_policy=one_run, group_name="publish", owners=["team:data-team"],
            kinds={"html", "csv"}, pool="warehouse",
            description="The auditor's pack of a month, in `evidence/<YYYY-MM>/`: sources, what was withheld and let in, counts, "
                        "decisions, cases. Made from what is published; one that is there already is left as it is.",
        )
        def evidence(context: dg.AssetExecutionContext, workplace: dg.ResourceParam[Workplace]):
            made: dict[str, bool] = {}
            failed = []
            for month in context.partition_keys:
                workplace.progress(f"making the auditor's pack of {month}")
                with retried_when_it_can_pass():
                    try:
                        made[month] = make_month(workplace.settings, month, workplace.progress)
                    except (NotCovered, PackDiffers) as error:  # the others are made all the same
                        failed.append(str(error))
            if failed:
                raise dg.Failure("; ".join(failed), allow_retries=False)
            folder = workplace.paths.evidence
            return dg.MaterializeResult(metadata={
                "path": workplace.paths.shown(folder / context.partition_key if len(made) == 1 else folder),
                "is_new": any(made.values()), "packs": len(made)})

    return evidence
