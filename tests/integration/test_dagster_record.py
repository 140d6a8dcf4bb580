"""Dagster's record, written with its files kept open, is one that Dagster reads."""

from pathlib import Path

import dagster as dg

from orchestration.core import dagster_home
from orchestration.core.dagster_record import own_instance
from orchestration.core.paths import DataPaths


@dg.asset(check_specs=[dg.AssetCheckSpec("is_seven", asset="number")])
def number():
    yield dg.MaterializeResult(metadata={"value": 7}, check_results=[dg.AssetCheckResult(passed=True, check_name="is_seven")])


def test_what_was_recorded_is_read_by_dagster_itself_and_no_file_stays_open(tmp_path: Path) -> None:
    home = dagster_home.prepare(DataPaths(tmp_path))
    with own_instance(home) as instance:
        runs = [dg.materialize([number], instance=instance) for _ in range(2)]
        assert instance.get_latest_materialization_event(dg.AssetKey("number"))
    assert not list(home.rglob("*-wal"))  # the last connection takes it away
    with dg.DagsterInstance.from_config(str(home)) as plain:
        for run in runs:
            recorded = [entry.dagster_event.event_type for entry in plain.all_logs(run.run_id) if entry.dagster_event]
            assert recorded.count(dg.DagsterEventType.ASSET_MATERIALIZATION) == 1
            assert recorded[-1] is dg.DagsterEventType.RUN_SUCCESS
        event = plain.get_latest_materialization_event(dg.AssetKey("number"))
        assert event and event.run_id == runs[1].run_id
        plain.delete_run(runs[0].run_id)
    with own_instance(home) as instance:
        assert [run.run_id for run in instance.get_runs()] == [runs[1].run_id]
