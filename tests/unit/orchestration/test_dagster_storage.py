from pathlib import Path

import dagster as dg
import pytest

from orchestration.core.dagster_storage import EventLog, instance_at


@dg.asset(check_specs=[dg.AssetCheckSpec("is_made", asset="thing")])
def thing():
    yield dg.MaterializeResult(metadata={"rows": 3})
    yield dg.AssetCheckResult(check_name="is_made", passed=False)


@pytest.fixture
def home(tmp_path: Path) -> str:
    (tmp_path / "dagster.yaml").write_text("telemetry: {enabled: false}")
    return str(tmp_path)


def run(instance: dg.DagsterInstance) -> str:
    return dg.materialize([thing], instance=instance).run_id


def kinds(instance: dg.DagsterInstance, run_id: str) -> list[str]:
    return [e.dagster_event.event_type_value for e in instance.all_logs(run_id) if e.dagster_event]


def test_dagster_reads_what_was_recorded_as_if_it_had_recorded_it_itself(home: str) -> None:
    with instance_at(home) as ours:
        assert isinstance(ours.event_log_storage, EventLog)
        runs = [run(ours), run(ours)]
        told = [kinds(ours, run_id) for run_id in runs]
    with dg.DagsterInstance.from_config(home) as dagsters:
        assert [kinds(dagsters, run_id) for run_id in runs] == told
        assert kinds(dagsters, run(dagsters)) == told[0] and "ASSET_CHECK_EVALUATION" in told[0]
        made = dagsters.get_latest_materialization_event(dg.AssetKey("thing"))
        assert made and made.asset_materialization and made.asset_materialization.metadata["rows"].value == 3
        check = dg.AssetCheckKey(dg.AssetKey("thing"), "is_made")
        assert len(dagsters.event_log_storage.get_asset_check_execution_history(check, limit=9)) == 3


def test_only_the_files_of_all_runs_and_of_the_last_run_stay_open(home: str) -> None:
    def still_open() -> int:
        files = [p.readlink() for p in Path("/proc/self/fd").iterdir() if p.is_symlink()]
        return len({f for f in files if f.is_relative_to(home) and f.suffix == ".db" and f.parent.name == "runs"})

    with instance_at(home) as ours:
        first, last = run(ours), run(ours)
        assert first != last and 0 < still_open() <= 2
    assert still_open() == 0
