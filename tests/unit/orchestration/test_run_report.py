"""A run's report: to Dagster's events and back, the same from a run in this process and from what the instance recorded."""

from datetime import date

import dagster as dg
import pytest

from orchestration.core.run_report import (
    IS_LET_IN,
    PUBLISHED_ASSET,
    RUN_ASSET,
    CheckOutcome,
    DeliveryOutcome,
    DeliveryStatus,
    FailedStep,
    Publication,
    RunReport,
    extract_asset,
    sources_asked_metadata,
)

DAY = date(2025, 3, 10)
DELIVERIES = (
    DeliveryOutcome("hrm", DAY, DeliveryStatus.ACCEPTED), DeliveryOutcome("vfs", DAY, DeliveryStatus.REPLACED),
    DeliveryOutcome("hrm", date(2025, 3, 9), DeliveryStatus.REFUSED, "hrm 2025-03-09 is refused: no heading"),
    DeliveryOutcome("vfs", date(2025, 3, 9), DeliveryStatus.QUARANTINED, "positions empty"),
    DeliveryOutcome("vfs", DAY, DeliveryStatus.NOT_PULLED, "vfs 2025-03-10: no answer"))
NOT_PUBLISHED = Publication(published=False, reason="the published set is of a later day")


def executed(instance: dg.DagsterInstance, *, asked: bool = True, fails: bool = False) -> dg.ExecuteInProcessResult:
    """A run that logs what a run of ours logs."""
    @dg.asset(key=RUN_ASSET)
    def run(context: dg.AssetExecutionContext) -> dg.MaterializeResult:
        for d in DELIVERIES:
            context.log_event(dg.AssetCheckEvaluation(
                asset_key=dg.AssetKey(extract_asset(d.system)), check_name=IS_LET_IN, passed=d.status.is_let_in,
                metadata=d.metadata()))
        return dg.MaterializeResult(metadata=sources_asked_metadata(asked))

    @dg.asset(key=PUBLISHED_ASSET, deps=[run], check_specs=[dg.AssetCheckSpec("is_whole", asset=PUBLISHED_ASSET)])
    def published() -> dg.MaterializeResult:
        if fails:
            try:
                raise ValueError("no such column: x")
            except ValueError as error:
                raise RuntimeError("the step broke") from error
        return dg.MaterializeResult(metadata=NOT_PUBLISHED.metadata(), check_results=[dg.AssetCheckResult(
            passed=False, check_name="is_whole", severity=dg.AssetCheckSeverity.WARN, description="two rows")])

    return dg.materialize([run, published], instance=instance, raise_on_error=False)


@pytest.fixture(scope="module")
def instance() -> dg.DagsterInstance:
    return dg.DagsterInstance.ephemeral()


def report_of(result: dg.ExecuteInProcessResult) -> RunReport:
    return RunReport.of(result.run_id, result.job_def.name, result.all_events, succeeded=result.success)


def test_what_a_run_logged_comes_back_as_it_was(instance: dg.DagsterInstance) -> None:
    result = executed(instance)
    report = report_of(result)
    assert report.succeeded and report.deliveries == DELIVERIES and report.publication == NOT_PUBLISHED
    assert report.sources_asked and not report.published and report.failed_steps == ()
    assert report.checks[-1] == CheckOutcome("published", "is_whole", passed=False, is_error=False, description="two rows")
    assert [d.status for d in report.withheld] == ["refused", "quarantined"]
    assert [d.system for d in report.not_pulled] == ["vfs"] and report.taken_in == 4
    run = instance.get_run_by_id(result.run_id)
    assert run and RunReport.of_recorded(run, instance) == report


def test_a_step_that_failed_is_named_with_what_began_it(instance: dg.DagsterInstance) -> None:
    result = executed(instance, asked=False, fails=True)
    report = report_of(result)
    assert not report.succeeded and report.publication is None and not report.sources_asked
    assert report.failed_steps == (FailedStep("published", "no such column: x"),)
    run = instance.get_run_by_id(result.run_id)
    assert run and RunReport.of_recorded(run, instance) == report
