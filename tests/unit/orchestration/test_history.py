"""A purge of Dagster's record: what is older than the day is gone from every file, what is not stays."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import dagster as dg
import pytest

from orchestration.core.clock import TIME_ZONE
from orchestration.core.history import compact, purge_history

SECRET = "P-0042-names-a-row"


@pytest.fixture
def instance(tmp_path: Path) -> Iterator[dg.DagsterInstance]:
    (tmp_path / "dagster.yaml").write_text("telemetry: {enabled: false}")
    with dg.DagsterInstance.from_config(str(tmp_path)) as instance:
        yield instance


def run_with_a_check(instance: dg.DagsterInstance) -> str:
    """A run whose check, failure and log name a row, and an event of no run that does."""
    @dg.asset(check_specs=[dg.AssetCheckSpec("rows", asset="table")])
    def table() -> dg.MaterializeResult:
        print(SECRET)
        return dg.MaterializeResult(check_results=[dg.AssetCheckResult(
            passed=False, check_name="rows", description=SECRET, metadata={"keys": [SECRET]})])

    @dg.asset(deps=[table])
    def fails() -> None:
        raise ValueError(SECRET)

    result = dg.materialize([table, fails], instance=instance, raise_on_error=False)
    instance.report_runless_asset_event(dg.AssetCheckEvaluation(
        asset_key=dg.AssetKey("table"), check_name="rows", passed=True, description=SECRET))
    instance.report_runless_asset_event(dg.AssetObservation("table", description=SECRET))
    return result.run_id


def files_that_hold_the_secret(home: Path) -> set[str]:
    return {str(f.relative_to(home)) for f in home.rglob("*") if f.is_file() and SECRET.encode() in f.read_bytes()}


def test_what_is_older_than_the_day_is_gone_from_every_file(tmp_path: Path, instance: dg.DagsterInstance) -> None:
    run_id = run_with_a_check(instance)
    key = dg.AssetCheckKey(dg.AssetKey("table"), "rows")
    record = instance.get_run_record_by_id(run_id)
    assert record
    day = record.update_timestamp.astimezone(ZoneInfo(TIME_ZONE)).date()
    assert files_that_hold_the_secret(tmp_path)

    assert purge_history(instance, day) == 0
    assert instance.get_run_by_id(run_id)
    assert len(instance.event_log_storage.get_asset_check_execution_history(key, limit=9)) == 2

    assert purge_history(instance, day + timedelta(days=2)) == 1
    assert instance.get_run_by_id(run_id) is None
    assert instance.event_log_storage.get_asset_check_execution_history(key, limit=9) == []
    compact(tmp_path)
    assert files_that_hold_the_secret(tmp_path) == set()
    assert run_with_a_check(instance) != run_id  # the instance still works
