"""A run's report: to Dagster's events and back, the same from a run in this process and from what the instance recorded."""

from datetime import date

import dagster as dg
import pytest

from orchestration.core.run_report import (
    IS_AS_EXPECTED,
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
    unexpected_metadata,
)

DAY = date(2025, 3, 10)
DELIVERIES = (
    DeliveryOutcome("hrm", DAY, DeliveryStatus.ACCEPTED), DeliveryOutcome("vfs", DAY, DeliveryStatus.REPLACED),
    DeliveryOutcome("hrm", date(2025, 3, 9), DeliveryStatus.REFUSED, "hrm 2025-03-09 is refused: no heading", "abc"),
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
def instance(tmp_path_factory: pytest.TempPathFactory) -> dg.DagsterInstance:
    # With a folder of its own: else it leaves one to the collector, which warns in the middle of any other test.
    return dg.DagsterInstance.ephemeral(tempdir=str(tmp_path_factory.mktemp("dagster")))


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


def test_a_step_that_began_and_never_ended_is_where_the_run_was_stopped(instance: dg.DagsterInstance) -> None:
    result = executed(instance)
    events, step = list(result.all_events), "published"
    start = next(n for n, e in enumerate(events) if e.event_type_value == "STEP_START" and e.step_key == step)

    def cut(end: int) -> RunReport:
        return RunReport.of(result.run_id, "daily", events[:end], succeeded=False)

    assert (cut(start + 1).stopped_in, cut(start + 1).last_ended) == ((step,), "ingest__run")
    assert (cut(start).stopped_in, cut(start).last_ended) == ((), "ingest__run")
    assert report_of(result).stopped_in == () and cut(0).last_ended is None


def check(name: str, *, passed: bool, partition: str | None = None) -> CheckOutcome:
    return CheckOutcome("findings", name, passed=passed, is_error=True, description="", partition=partition)


FIRST = RunReport("r1", "daily", succeeded=False, deliveries=DELIVERIES, sources_asked=True, intake_ended=True,
                  checks=(check("a", passed=False), check("b", passed=True), check("c", passed=False, partition="1")),
                  failed_steps=(FailedStep("evaluate", "x"),), stopped_in=("published",), last_ended="evaluate")


def test_a_run_that_resumed_another_holds_what_that_one_did_and_of_each_check_the_last_evaluation() -> None:
    second = RunReport("r2", "daily", succeeded=True, checks=(check("b", passed=False), check("c", passed=True, partition="2")),
                       publication=NOT_PUBLISHED)
    whole = second.after(FIRST)
    assert (whole.run_id, whole.succeeded, whole.failed_steps, whole.stopped_in) == ("r2", True, (), ())
    assert whole.deliveries == DELIVERIES and whole.sources_asked and whole.publication == NOT_PUBLISHED
    assert [(c.check, c.partition, c.passed) for c in whole.checks] == [
        ("a", None, False), ("c", "1", False), ("b", None, False), ("c", "2", True)]


def test_a_source_that_answered_when_it_was_asked_again_is_not_down() -> None:
    again = RunReport("r2", "daily", succeeded=True, deliveries=DELIVERIES[:1], sources_asked=False, intake_ended=True)
    whole = again.after(FIRST)
    assert whole.not_pulled == [] and whole.deliveries == DELIVERIES[:4] and not whole.sources_asked


def test_the_rows_of_failed_expectations_come_back_and_none_when_nothing_was_examined(instance: dg.DagsterInstance) -> None:
    @dg.asset(check_specs=[dg.AssetCheckSpec(IS_AS_EXPECTED, asset="vfs_persons")])
    def vfs_persons() -> dg.MaterializeResult:
        return dg.MaterializeResult(check_results=[dg.AssetCheckResult(
            passed=False, check_name=IS_AS_EXPECTED, metadata=unexpected_metadata(found))])

    for found in ({"in_set/a": 3}, {}, None):
        report = report_of(dg.materialize([vfs_persons], instance=instance))
        assert [c.unexpected for c in report.checks] == [found]
