"""contract#kommuner-in-dagster: a partition for each kommune; what is one's stays one's."""

import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from unittest import mock

import dagster as dg
import pytest
import yaml

from orchestration.cli import runs
from orchestration.cli.runs import dagster_instance
from orchestration.core.run_report import BY_COMMAND_LINE
from orchestration.core.settings import load_settings
from orchestration.definitions import build_for_many
from orchestration.defs.many.in_time import InTime, NotDone
from orchestration.defs.many.kommune import KOMMUNE, KOMMUNER, TOLD, check_name
from publish.data_problems import STEPS
from tests.support.command_line import ExaminerHere, Place, Prepared, make_place, town
from tests.support.post import Webhook, webhook
from tests.unit.orchestration.test_lock import HOLDER

TODAY = "2025-03-10"
WELL, ILL, WRONG = "aure", "bø", "cirk"
MOST_EVENTS = 60


class Many:
    """Three kommuner: one in which all is well, one whose HRM delivers no positions, and one whose settings are wrong."""

    def __init__(self, root: Path, prepared: Prepared, hooks: dict[str, Webhook], instance: dg.DagsterInstance):
        self.folder, self.hooks, self.instance = root / "kommuner", hooks, instance
        self.folder.mkdir()
        self.places = {name: make_place(root / name, prepared) for name in (WELL, ILL, WRONG)}
        for name, place in self.places.items():
            (place.root / "secrets").mkdir()
            secret = place.root / "secrets" / "HOOK"
            secret.write_text(hooks[name].address)
            secret.chmod(0o600)
            self.configure(name)
            deliver(place)
        hrm, _ = town(60)
        self.places[ILL].deliver("hrm", TODAY, {**hrm, "positions": []})
        self.configure(WRONG, policy={"grace_days": "many"})
        self.definitions = build_for_many(self.folder)

    def configure(self, name: str, **settings: Any) -> None:
        (self.folder / f"{name}.yaml").write_text(yaml.safe_dump({
            "data_dir": f"../{name}/data", "secrets_dir": f"../{name}/secrets", "lock_patience_seconds": 30,
            "sources": {s: {"adapter": "csv", "path": f"../{name}/inbox/{s}"} for s in ("hrm", "vfs")},
            "alerts": {"recipients": {"it": {"send_to": "${HOOK}", "data_problems": True}}}, **settings}))

    def run(self, name: str, job: str = "daily") -> dg.ExecuteInProcessResult:
        return self.definitions.resolve_job_def(job).execute_in_process(
            instance=self.instance, partition_key=name, raise_on_error=False)

    def check(self, name: str) -> Any:
        """The last evaluation of a kommune's check."""
        key = dg.AssetCheckKey(KOMMUNER, check_name(name))
        return self.instance.event_log_storage.get_latest_asset_check_execution_by_key([key])[key].evaluation

    def tick(self, sensor: str, cursor: str | None) -> Any:
        with dg.build_sensor_context(
                instance=self.instance, cursor=cursor, repository_def=self.definitions.get_repository_def()) as context:
            return self.definitions.resolve_sensor_def(sensor).evaluate_tick(context)

    def messages(self, name: str) -> list[str]:
        return [post["message"] for post in self.hooks[name].posts]


def deliver(place: Place) -> None:
    hrm, vfs = town(60)
    for day in ("2025-03-09", TODAY):
        place.deliver("hrm", day, hrm)
        place.deliver("vfs", day, vfs)


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory, prepared: Prepared) -> Iterator[Many]:
    """The three, after one run of each, the one that is not well first."""
    with ExitStack() as stack:
        for patch in (mock.patch.dict("os.environ", {"SLUTTDATO_TODAY": TODAY}),
                      mock.patch("orchestration.defs.resources.Examiner", ExaminerHere),
                      mock.patch("orchestration.core.dbt.invoke", prepared.invoke)):
            stack.enter_context(patch)
        hooks = {name: stack.enter_context(webhook()) for name in (WELL, ILL, WRONG)}
        instance = stack.enter_context(dg.instance_for_test(overrides={"run_retries": {"enabled": True}}))
        many = Many(tmp_path_factory.mktemp("many"), prepared, hooks, instance)
        many.cursor = many.tick("tell_after_runs", None).cursor
        many.waiting = many.tick("delivery_landed", None)
        many.results = {name: many.run(name) for name in (ILL, WRONG, WELL)}
        yield many


def test_a_kommunes_marts_are_those_of_the_command_line_row_for_row(many: Many, tmp_path: Path, prepared: Prepared) -> None:
    alone = make_place(tmp_path / "alone", prepared)
    deliver(alone)
    assert alone.do("run").code == 0
    ours, theirs = many.places[WELL].all_marts(), alone.all_marts()
    for marts in (ours, theirs):
        marts.pop("alert_log"), marts.pop("extracts")  # who got messages, and when they came; the latter hashed with its own key
    assert ours == theirs and len(ours) > 10


def test_a_check_that_fails_for_one_is_not_hidden_by_anothers_that_passes(many: Many) -> None:
    assert many.results[ILL].success and many.results[WELL].success
    ill, well = many.check(ILL), many.check(WELL)
    assert well.passed and well.description == f"{WELL}: all is well.", well.description
    assert not ill.passed and ill.severity is dg.AssetCheckSeverity.ERROR
    assert "hrm 2025-03-10 quarantined: positions empty" in ill.description
    assert "data_freshness.extracts_are_let_in" in ill.description
    assert ill.metadata["errors"].value >= 1 and "failed/data_freshness.extracts_are_let_in" in ill.metadata
    names = {key.name for key in many.definitions.resolve_asset_graph().asset_check_keys}
    assert names == {check_name(name) for name in (WELL, ILL, WRONG)} and len(names) == 3


def test_dagster_takes_the_last_outcome_of_a_check_whatever_its_partition(tmp_path: Path) -> None:
    """Why each kommune has a check of its own, by name (ADR 18): if Dagster changes, so may we."""
    check = dg.AssetCheckKey(dg.AssetKey("a"), "c")
    with dg.instance_for_test(temp_dir=str(tmp_path)) as instance:
        for name, passed in ((ILL, False), (WELL, True)):
            instance.report_runless_asset_event(dg.AssetCheckEvaluation(
                asset_key=check.asset_key, check_name=check.name, passed=passed, partition=name))
        storage = instance.event_log_storage
        assert storage.get_asset_check_summary_records([check])[check].last_check_execution_record.evaluation.passed
        apart = {i.partition_key: i.latest_execution_status.value for i in storage.get_asset_check_partition_info([check])}
        assert apart == {ILL: "FAILED", WELL: "SUCCEEDED"}


def test_wrong_settings_of_one_fail_its_run_and_are_told_without_stopping_another(many: Many) -> None:
    result = many.results[WRONG]
    assert not result.success and "policy.grace_days" in many.check(WRONG).description
    failed, = (e.step_failure_data.error for e in result.all_events if e.is_step_failure)
    assert "policy.grace_days" in str(failed)
    assert not many.places[WRONG].marts.exists()


def test_a_run_records_few_events(many: Many) -> None:
    for name, result in many.results.items():
        assert len(many.instance.all_logs(result.run_id)) <= MOST_EVENTS, name
    steps = {node.name for job in many.definitions.resolve_all_job_defs() for node in job.nodes} - {"look_at_all"}
    assert steps <= STEPS.keys()


def test_nobodys_key_reaches_the_shared_record(many: Many) -> None:
    """contract#one-kommune-alone"""
    for result in many.results.values():
        text = "".join(entry.to_json() for entry in many.instance.all_logs(result.run_id))
        assert not any(key in text for key in ("h001", "v001", "P001", "Test001"))


def test_a_run_sends_its_messages_to_its_own_recipients(many: Many) -> None:
    """contract#one-kommune-alone"""
    assert any("Uttrekket er i karantene" in text for text in many.messages(ILL))
    assert not any("karantene" in text for text in many.messages(WELL)) and many.messages(WRONG) == []
    run = many.instance.get_run_by_id(many.results[ILL].run_id)
    assert run and run.tags[TOLD] == "true"


def test_a_run_that_was_killed_is_told_to_its_own_recipients_and_fails_its_check(many: Many) -> None:
    tell = many.tick("tell_after_runs", many.cursor)  # the run with wrong settings could not tell of itself
    assert tell.skip_message == f"{WRONG}: nobody can be told: its settings are wrong"
    job = many.definitions.resolve_job_def("daily")
    run = many.instance.create_run_for_job(job, status=dg.DagsterRunStatus.STARTED, tags={
        "dagster/partition": WELL, "dagster/max_retries": "2"})
    many.instance.report_run_failed(run)
    before = {name: len(many.messages(name)) for name in many.places}
    with mock.patch("orchestration.defs.sensors._came_from_a_code_location", lambda _: True):  # Dagster may resume it
        waits = many.tick("tell_after_runs", tell.cursor)
        assert waits.skip_message == "no run has ended that did not tell of itself"
        assert json.loads(waits.cursor)["waiting"] == [run.run_id] and many.check(WELL).passed
        with mock.patch("orchestration.defs.many.telling._RESUMED_WITHIN", -1):  # and did not
            told = many.tick("tell_after_runs", waits.cursor)
    assert f"{WELL}: Messages left for it" in told.skip_message
    assert "Den daglige kjøringen stoppet" in many.messages(WELL)[-1]
    assert {n: len(many.messages(n)) - c for n, c in before.items()} == {WELL: 1, ILL: 0, WRONG: 0}
    assert not many.check(WELL).passed and "it was killed" in many.check(WELL).description
    again = many.tick("tell_after_runs", told.cursor)
    assert again.skip_message == "no run has ended that did not tell of itself"
    assert many.run(WELL).success and many.check(WELL).passed  # begun anew, it goes on, and says that it is over
    assert "Problemer som er over (1)\n- Den daglige kjøringen stoppet" in many.messages(WELL)[-1]


def test_what_each_last_run_told_can_be_looked_at_again_and_who_has_not_run_fails(many: Many) -> None:
    result = many.definitions.resolve_job_def("all_kommuner").execute_in_process(instance=many.instance)
    passed = {e.check_name: e.passed for e in result.get_asset_check_evaluations()}
    assert passed == {check_name(WELL): True, check_name(ILL): False, check_name(WRONG): False}
    assert "quarantined" in many.check(ILL).description
    with mock.patch("orchestration.defs.many.kommune.time.time", lambda: 4e9):
        many.definitions.resolve_job_def("all_kommuner").execute_in_process(instance=many.instance)
    assert "no run has ended for 30 hours" in many.check(WELL).description


def test_the_schedule_asks_for_one_run_of_each_at_its_own_time(many: Many) -> None:
    many.configure(ILL, schedule={"daily_at": "05:30", "queue": "fjord"})
    definitions = build_for_many(many.folder)
    schedule = definitions.resolve_schedule_def("every_morning")
    assert schedule.cron_schedule == ["0 6 * * *", "30 5 * * *"]

    def asked(name: str, *at: int) -> list[dg.RunRequest]:
        with dg.build_schedule_context(scheduled_execution_time=datetime(*at, tzinfo=UTC), instance=many.instance,
                                       repository_def=definitions.get_repository_def()) as context:
            return list(definitions.resolve_schedule_def(name).evaluate_tick(context).run_requests or [])

    early, six, summer = asked("every_morning", 2025, 3, 10, 4, 30), asked("every_morning", 2025, 3, 10, 5), asked(
        "every_morning", 2025, 7, 1, 4)
    assert [r.partition_key for r in early] == [ILL] and [r.partition_key for r in six + summer] == [WELL, WRONG] * 2
    assert len({r.run_key for r in early + six + summer}) == 5
    assert early[0].tags["dagster/partition"] == ILL and early[0].tags["dagster-celery/queue"] == "fjord"
    assert "dagster-celery/queue" not in six[0].tags
    assert definitions.resolve_job_def("daily").run_tags["dagster/max_retries"] == "2"
    many.configure(ILL)
    assert [r.partition_key for r in asked("every_month", 2025, 4, 1, 10)] == [WELL, ILL, WRONG]


def test_who_is_bound_to_a_queue_does_not_run_elsewhere(many: Many) -> None:
    """contract#more-machines"""
    many.configure(ILL, schedule={"queue": "fjord"})
    run = dg.materialize(
        [many.definitions.resolve_assets_def(KOMMUNE)], partition_key=ILL, instance=many.instance, raise_on_error=False)
    many.configure(ILL)
    assert not run.success
    assert "bound to the queue fjord" in str([e.step_failure_data.error for e in run.all_events if e.is_step_failure])


def test_the_sensor_looks_at_each_kommune_with_a_cursor_of_its_own(many: Many) -> None:
    states = json.loads(many.waiting.cursor)
    assert states.keys() == {WELL, ILL} and many.waiting.run_requests == []
    assert "1 kommuner could not be looked at" in many.waiting.skip_message
    assert "2 kommuner have deliveries that are new or changed" in many.waiting.skip_message
    hrm, _ = town(60)
    many.places[WELL].deliver("hrm", TODAY, {**hrm, "employees": [{**e, "given_name": "Ny"} for e in hrm["employees"]]})
    first = many.tick("delivery_landed", many.waiting.cursor)  # another state than the one in the cursor
    assert first.run_requests == [] and json.loads(first.cursor).keys() == {WELL}
    second = many.tick("delivery_landed", first.cursor)
    request, = second.run_requests
    assert request.partition_key == WELL and request.run_key.startswith(f"{WELL} ")
    (many.places[WELL].inbox / "hrm" / TODAY / "employees.csv").write_bytes(b"")  # what is still being copied is left alone
    assert many.tick("delivery_landed", second.cursor).run_requests == []


def test_one_that_hangs_holds_no_other_back_and_is_not_asked_twice() -> None:
    let_go, asked = threading.Event(), []

    def look(name: str) -> str:
        asked.append(name)
        if name == ILL:
            let_go.wait()
        if name == WRONG:
            raise OSError("no such folder")
        return name

    in_time: InTime[str] = InTime(0.2)
    for _ in range(2):
        answers = in_time.ask(look, [ILL, WELL, WRONG])
        assert answers[WELL] == WELL and answers[WRONG] == NotDone("no such folder")
        assert isinstance(answers[ILL], NotDone) and "does a file system hang?" in answers[ILL].reason
    assert asked.count(ILL) == 1 and asked.count(WELL) == 2
    let_go.set()


def test_a_data_directory_does_not_close_the_runs_of_another_on_the_same_instance(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = tmp_path / "one" / "data" / "dagster"
    shared = [load_settings(_settings(tmp_path / name)) for name in ("one", "two")]
    one, two = shared
    monkeypatch.setenv("DAGSTER_HOME", str(home))
    home.mkdir(parents=True)
    started = dg.DagsterRunStatus.STARTED
    with dagster_instance(two) as instance:
        def begin(tags: dict[str, str]) -> str:
            return instance.create_run_for_job(_nothing, status=started, tags=tags).run_id

        own, others = (begin(runs._tags(s)) for s in (two, one))
        earlier, daemons = begin(BY_COMMAND_LINE), begin({})  # of a version that did not say whose it is; of the daemon

        def closed() -> set[str]:
            return {run.run_id for run in instance.get_runs() if run.status is not started}

        with dagster_instance(two):
            assert closed() == {own}
        with dagster_instance(one):  # the home is its own, so what does not say whose it is, is its own
            assert closed() == {own, others, earlier} and daemons not in closed()


def _settings(folder: Path) -> Path:
    folder.mkdir(parents=True)
    (folder / "sluttdato.yaml").write_text("data_dir: data\nsources: {hrm: {path: in/hrm}, vfs: {path: in/vfs}}")
    return folder / "sluttdato.yaml"


@dg.job
def _nothing() -> None:
    pass


def test_a_run_that_waits_for_another_says_so_in_the_event_log(many: Many) -> None:
    """contract#two-runs"""
    many.configure(ILL, lock_patience_seconds=0)
    holder = [sys.executable, "-c", HOLDER, str(many.places[ILL].data)]
    with subprocess.Popen(holder, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout and process.stdout.readline() == "held\n"
        result = many.run(ILL)
        process.kill()
    told = [entry.user_message for entry in many.instance.all_logs(result.run_id)]
    assert any(line.startswith(f"waiting: process {process.pid} ") for line in told)
    assert not result.success and "has been at work on" in many.check(ILL).description
