"""contract#more-machines: ten kommuner, two workers, and one of them loses its power in the middle."""

import json
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from unittest import mock

import dagster as dg
import pytest
import yaml

from orchestration.defs.many.kommune import KOMMUNER, check_name
from tests.support.command_line import Place, Prepared, make_place, town
from tests.support.many_workers import Machines, Started, machines
from tests.support.postgres_server import PostgresServer

TODAY = "2025-03-10"
NAMES = [f"k{number:02d}" for number in range(1, 11)]
BOUND = "k10"
Status = dg.DagsterRunStatus


@pytest.fixture
def places(tmp_path: Path, prepared: Prepared) -> dict[str, Place]:
    """Ten kommuner of ten people and two days; one is bound to the worker that holds its data."""
    (tmp_path / "kommuner").mkdir()
    hrm, vfs = town(10)
    places = {name: make_place(tmp_path / name, prepared) for name in NAMES}
    for name, place in places.items():
        (tmp_path / "kommuner" / f"{name}.yaml").write_text(yaml.safe_dump({
            "data_dir": f"../{name}/data",
            "schedule": {"look_for_deliveries_every_seconds": 10, **({"queue": "fjord"} if name == BOUND else {})},
            "sources": {s: {"adapter": "csv", "path": f"../{name}/inbox/{s}"} for s in ("hrm", "vfs")}}))
        for day in ("2025-03-09", TODAY):
            place.deliver("hrm", day, hrm)
            place.deliver("vfs", day, vfs)
    return places


@contextmanager
def instance_of(found: Machines) -> Iterator[dg.DagsterInstance]:
    with mock.patch.dict("os.environ", found.environment), dg.DagsterInstance.get() as instance:
        yield instance


def test_a_worker_that_dies_loses_nothing_and_who_is_bound_to_a_worker_runs_there(
    tmp_path: Path, places: dict[str, Place], postgres_server: PostgresServer
) -> None:
    with machines(tmp_path, postgres_server, tmp_path / "kommuner", TODAY) as found, instance_of(found) as instance:
        found.start("daemon", "dagster-daemon", "run", "--workspace", "workspace.yaml")
        dies = found.worker("dies", "dagster")
        found.worker("lives", "dagster", "fjord")
        # The sensor asks for the others. Who is bound has its folders elsewhere, and Dagster begins no run of this command anew.
        found.start("asks", "dagster", "job", "backfill", "--workspace", "workspace.yaml", "--job", "daily", "--noprompt",
                    "--partitions", BOUND).may_end = True

        def stopped_in_the_middle() -> str | None:
            """The kommune on which the worker was at work, if it has landed something and not published; then the worker stands
            still, and nothing of that can change any more."""
            if any(_is_in_the_middle(place, dies) for place in places.values()):
                os.killpg(dies.popen.pid, signal.SIGSTOP)
                for name, place in places.items():
                    if _is_in_the_middle(place, dies):
                        return name
                os.killpg(dies.popen.pid, signal.SIGCONT)
            return None

        killed = found.until("a worker is in the middle of a run", stopped_in_the_middle)
        dies.kill()

        def ended() -> list[dg.DagsterRun] | None:
            runs = instance.get_runs()
            last = {run.tags["dagster/partition"]: run for run in reversed(runs)}
            return runs if all(last[n].status is Status.SUCCESS for n in NAMES if n in last) and len(last) == len(NAMES) else None

        runs = found.until("every kommune has a run that ended well", ended)
        failed = [run for run in runs if run.status is Status.FAILURE]
        assert [run.tags["dagster/partition"] for run in failed] == [killed]
        again, = (run for run in runs if run.parent_run_id == failed[0].run_id)
        assert again.status is Status.SUCCESS
        assert "is not at work on it any more" in str(instance.all_logs(failed[0].run_id))
        bound, = (run for run in runs if run.tags["dagster/partition"] == BOUND)
        assert bound.tags["dagster-celery/queue"] == "fjord"
        for name in NAMES:
            check = dg.AssetCheckKey(KOMMUNER, check_name(name))
            last = instance.event_log_storage.get_latest_asset_check_execution_by_key([check])[check].evaluation
            assert last and last.passed, (name, last)
        assert {len(instance.all_logs(run.run_id)) <= 60 for run in runs} == {True}
    marts = [{mart: rows for mart, rows in place.all_marts().items() if mart != "extracts"} for place in places.values()]
    assert all(other == marts[0] for other in marts) and str(marts[0]["data_freshness"][0]["as_of_date"]) == TODAY


def _is_in_the_middle(place: Place, worker: Started) -> bool:
    try:
        holder = json.loads((place.data / ".writer.json").read_text())["pid"]
    except (OSError, ValueError):  # nobody is at work, or has just begun
        return False
    return worker.holds(holder) and (place.data / "landed" / "seen.json").exists() and not place.marts.exists()
