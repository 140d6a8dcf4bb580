"""Dagster's side: what is defined, what the sensor and the schedule do, one day again, checks and metadata."""

import shutil
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
from pydantic import SecretStr

from ingest.canonical_tables import TABLES
from orchestration.cli.runs import dagster_instance
from orchestration.core import dbt
from orchestration.core.run_report import RunReport
from orchestration.core.settings import Settings, load_settings
from orchestration.definitions import build_definitions
from orchestration.defs import jobs
from publish.data_problems import CHECKS, JOBS, STEPS, check_label
from publish.postgres.settings import Postgres
from tests.support.command_line import Place, Prepared, changed, make_place, town


@pytest.fixture
def settings(place: Place, monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.setenv("SLUTTDATO_TODAY", place.today)
    monkeypatch.delenv("DAGSTER_HOME", raising=False)
    return load_settings(place.root / "sluttdato.yaml")


@pytest.fixture
def instance(settings: Settings) -> Iterator[dg.DagsterInstance]:
    with dagster_instance(settings) as instance:
        yield instance


def test_every_asset_has_owner_group_kind_and_description(settings: Settings) -> None:
    settings = with_postgres(settings)
    graph = build_definitions(settings).resolve_asset_graph()
    keys = {k.to_user_string() for k in graph.materializable_asset_keys}
    assert {"hrm_extract", "vfs_extract", "transfer_extract", "published", "postgres", "marts/findings",
            *(f"versions/{t.versions_name}" for t in TABLES)} <= keys
    for key in graph.materializable_asset_keys:
        node = graph.get(key)
        assert node.owners and node.group_name and node.kinds and node.description, key
        assert node.pools == {"warehouse"}, key
    assert {graph.get(k).group_name for k in graph.materializable_asset_keys} == {
        "ingest", "marts", "publish"}


def test_a_model_is_described_by_words_and_a_reference_to_its_file_without_its_sql(settings: Settings) -> None:
    graph = build_definitions(settings).resolve_asset_graph()
    models = [graph.get(k) for k in graph.materializable_asset_keys if "dbt" in graph.get(k).kinds]
    assert len(models) == len(list((dbt.PROJECT / "models" / "marts").glob("*.sql")))
    for node in models:
        code, = node.metadata["dagster/code_references"].code_references
        file = Path(code.file_path)
        assert file.is_file() and file.stem == node.key.path[-1] and file.suffix in (".sql", ".csv"), node.key
        assert "```" not in node.description and "select" not in node.description and len(node.description) > 10, node.key


def test_every_test_of_dbt_is_a_check_in_dagster(settings: Settings, prepared: Prepared) -> None:
    """One that only warns would else be told nobody."""
    graph = build_definitions(settings).resolve_asset_graph()
    tests = {node["name"] for node in prepared.models.manifest["nodes"].values() if node["resource_type"] == "test"}
    assert len(tests) > 50 and tests - {key.name for key in graph.asset_check_keys} == set()


def with_postgres(settings: Settings) -> Settings:
    """The settings with a database that nobody asks for anything."""
    postgres = Postgres(url=SecretStr("postgresql://u:p@127.0.0.1:1/x"))
    return settings.model_copy(update={"publish": settings.publish.model_copy(update={"postgres": postgres})})


def test_postgres_has_an_asset_only_where_the_settings_name_a_database(settings: Settings) -> None:
    """contract#postgres"""
    for given, is_there in ((settings, False), (with_postgres(settings), True)):
        definitions = build_definitions(given)
        for job in ("daily", "one_day_again"):
            selected = definitions.resolve_job_def(job).asset_layer.selected_asset_keys
            assert (dg.AssetKey("postgres") in selected) == is_there
    graph = build_definitions(with_postgres(settings)).resolve_asset_graph()
    assert graph.get(dg.AssetKey("postgres")).parent_keys == {dg.AssetKey("published")}
    check = dg.AssetCheckKey(dg.AssetKey("postgres"), "has_the_published_set")
    assert graph.get(check).blocking is False


def test_data_flows_from_extract_to_published(settings: Settings) -> None:
    graph = build_definitions(settings).resolve_asset_graph()

    def upstream(key: dg.AssetKey) -> set[dg.AssetKey]:
        parents = graph.get(key).parent_keys
        return parents | {a for p in parents for a in upstream(p)}

    assert {dg.AssetKey("hrm_extract"), dg.AssetKey("vfs_extract"), dg.AssetKey(["versions", "vfs_accesses"])} <= upstream(
        dg.AssetKey("published"))


def test_what_was_sent_on_a_day_is_taken_in_when_it_is_delivered_and_no_run_fails_without_it(
    place: Place, settings: Settings, instance: dg.DagsterInstance
) -> None:
    """contract#transfer"""
    definitions = build_definitions(settings)
    for job, holds_hrm in (("daily", False), ("one_day_again", True)):
        selected = definitions.resolve_job_def(job).asset_layer.selected_asset_keys
        assert (dg.AssetKey("hrm_extract") in selected, dg.AssetKey("transfer_extract") in selected) == (holds_hrm, False)
    sources = {s: {"path": f"inbox/{s}"} for s in ("hrm", "vfs", "transfer")}
    place.configure(sources=sources)
    hrm, vfs = town()
    for system, tables in (("hrm", hrm), ("vfs", vfs), ("transfer", {"positions": [{"position_id": "h001"}]})):
        place.deliver(system, "2025-03-10", tables)
    assert place.do("run", recorded=True).code == 0
    assert instance.get_materialized_partitions(dg.AssetKey("transfer_extract")) == {"2025-03-10"}


def test_structural_tests_block_and_findings_about_people_do_not(settings: Settings) -> None:
    graph = build_definitions(settings).resolve_asset_graph()
    blocking = {k.name: graph.get(k).blocking for k in graph.asset_check_keys}
    assert blocking["periods_of_a_finding_do_not_overlap_or_touch"] is True
    assert blocking["active_positions_are_at_known_org_units"] is False
    for name in ("end_dates_propagate", "kommuneadmins_are_in_order", "extracts_are_recent", "is_as_expected"):
        assert blocking[name] is False


def test_every_check_step_and_job_has_words_in_messages(settings: Settings) -> None:
    """contract#messages-in-norwegian"""
    definitions = build_definitions(with_postgres(settings))
    checks = {key.name for key in definitions.resolve_asset_graph().asset_check_keys}
    assert checks > CHECKS.keys()
    for name in checks - CHECKS.keys():  # of dbt
        assert check_label(f"cases.{name}") == f"En regel om dataene holder ikke («cases.{name}»)"
    jobs = definitions.resolve_all_job_defs()
    assert {job.name for job in jobs} - {"__ASSET_JOB"} == JOBS.keys()
    assert {node.name for job in jobs for node in job.nodes} == STEPS.keys() - {"kommune"}  # see test_many


def test_the_schedule_is_in_oslo_at_the_time_set(place: Place, settings: Settings) -> None:
    place.configure(schedule={"daily_at": "05:45"})
    schedule = build_definitions(load_settings(place.root / "sluttdato.yaml")).resolve_schedule_def("every_morning")
    assert (schedule.cron_schedule, schedule.execution_timezone) == ("45 5 * * *", "Europe/Oslo")


def test_on_the_first_of_a_month_the_auditors_pack_of_the_month_before_is_asked_for() -> None:
    """contract#command-evidence"""
    assert (jobs.every_month.cron_schedule, jobs.every_month.execution_timezone) == ("0 12 1 * *", "Europe/Oslo")
    for tick, month in ((datetime(2025, 4, 1, 10, tzinfo=UTC), "2025-03"), (datetime(2026, 1, 1, 11, tzinfo=UTC), "2025-12")):
        request = jobs.every_month(dg.build_schedule_context(scheduled_execution_time=tick))
        assert isinstance(request, dg.RunRequest) and request.partition_key == month


def test_a_run_makes_the_auditors_pack_of_a_month_and_fails_for_one_that_is_not_evaluated(
    place: Place, settings: Settings, instance: dg.DagsterInstance
) -> None:
    """contract#command-evidence"""
    hrm, vfs = town()
    place.deliver("hrm", "2025-03-10", hrm)
    place.deliver("vfs", "2025-03-10", vfs)
    assert place.do("run", today="2025-04-01").code == 0
    job = build_definitions(settings).resolve_job_def("auditors_pack")
    assert job.asset_layer.selected_asset_keys == {dg.AssetKey("evidence")}
    for is_new in (True, False):
        result = job.execute_in_process(instance=instance, partition_key="2025-03")
        made, = result.asset_materializations_for_node("evidence")
        assert (made.metadata["path"].value, made.metadata["is_new"].value) == ("evidence/2025-03", is_new)
    assert (place.data / "evidence" / "2025-03" / "manifest.txt").exists()
    failed = job.execute_in_process(instance=instance, partition_key="2025-02", raise_on_error=False)
    run = instance.get_run_by_id(failed.run_id)
    assert run and "the first day that is evaluated is 2025-03-10" in RunReport.of_recorded(run, instance).failed_steps[0].message
    daily = build_definitions(settings).resolve_job_def("daily").asset_layer.selected_asset_keys
    assert dg.AssetKey("evidence") not in daily and dg.AssetKey("published") in daily


def test_the_sensor_waits_until_a_delivery_stands_still_and_asks_once(
    place: Place, settings: Settings, instance: dg.DagsterInstance
) -> None:
    sensor = build_definitions(settings).resolve_sensor_def("delivery_landed")
    cursor: str | None = None

    def tick() -> Any:
        nonlocal cursor
        with dg.build_sensor_context(instance=instance, cursor=cursor) as context:
            data = sensor.evaluate_tick(context)
        cursor = data.cursor
        return data

    assert tick().skip_message == "nothing new is delivered"
    hrm, vfs = town()
    place.deliver("hrm", "2025-03-10", hrm)
    assert "no longer change" in tick().skip_message
    place.deliver("vfs", "2025-03-10", vfs)
    assert "no longer change" in tick().skip_message
    first, again = tick(), tick()
    assert len(first.run_requests) == 1 and first.run_requests[0].run_key == again.run_requests[0].run_key
    assert place.do("run").code == 0
    assert tick().skip_message == "nothing new is delivered"
    (place.data / "decisions" / "inbox" / "liste.csv").write_text("Sak;Status\nS-00000000;gjort\n")
    assert "no longer change" in tick().skip_message and len(tick().run_requests) == 1
    assert place.do("run").code == 3
    assert tick().skip_message == "nothing new is delivered"


def test_a_decision_that_is_not_understood_fails_a_check_that_names_nobody(
    place: Place, settings: Settings, instance: dg.DagsterInstance
) -> None:
    """contract#decisions-answer"""
    hrm, vfs = town()
    place.deliver("hrm", "2025-03-10", hrm)
    place.deliver("vfs", "2025-03-10", vfs)
    assert place.do("run", recorded=True).code == 0
    (place.data / "decisions" / "inbox" / "liste.csv").write_text("Sak;Status;Behandles av\nS-00000000;gjort;Kari\n")
    assert place.do("run", recorded=True).code == 3
    run, = instance.get_runs(limit=1)
    report = RunReport.of_recorded(run, instance)
    check, = (c for c in report.checks if c.check == "decisions_are_understood")
    assert not check.passed and not check.is_error
    assert check.description.startswith("0 decisions taken in; 1 were not understood") and "Kari" not in check.description
    assert report.decisions.not_understood[0].startswith("liste.csv, linje 2, sak S-00000000: Det er ingen åpen sak")


def test_a_run_records_days_checks_and_figures(place: Place, settings: Settings, instance: dg.DagsterInstance) -> None:
    hrm, vfs = town(60)
    for day in ("2025-03-08", "2025-03-09"):
        place.deliver("hrm", day, hrm)
        place.deliver("vfs", day, vfs)
    place.deliver("hrm", "2025-03-10", {**hrm, "employees": [], "positions": []})
    place.deliver("vfs", "2025-03-10", {**vfs, "accesses": [{**a, "start_date": "1920-08-01"} for a in vfs["accesses"]]})
    (place.deliver("vfs", "2025-03-07", vfs) / "persons.csv").unlink()
    hrm = changed(hrm, "positions", "position_id", "h001", end_date="2025-03-01")
    place.deliver("hrm", "2025-03-09", hrm)
    assert place.do("run", recorded=True).code == 3

    days = instance.get_materialized_partitions(dg.AssetKey("hrm_extract"))
    assert days == {"2025-03-08", "2025-03-09"}
    seen = {o.asset_observation.partition: o.asset_observation.metadata["status"].value
            for system in ("hrm", "vfs") for o in instance.fetch_observations(dg.AssetKey(f"{system}_extract"), limit=9).records}
    assert seen == {"2025-03-10": "quarantined", "2025-03-07": "refused"}

    run = instance.get_latest_materialization_event(dg.AssetKey(["ingest", "run"])).asset_materialization
    assert run.metadata["sources_asked"].value is True and run.metadata["dagster/row_count"].value == 1
    findings = instance.get_latest_materialization_event(dg.AssetKey(["marts", "findings"])).asset_materialization
    assert findings.metadata["dagster/row_count"].value == 1

    def check(key: list[str], name: str) -> Any:
        record, = instance.event_log_storage.get_asset_check_execution_history(dg.AssetCheckKey(dg.AssetKey(key), name), limit=1)
        return record.event.dagster_event.event_specific_data

    propagation = check(["marts", "end_date_propagation"], "end_dates_propagate")
    assert not propagation.passed and propagation.severity == dg.AssetCheckSeverity.WARN
    assert propagation.metadata["cause/at_risk/backdated"].value == 1
    assert len(propagation.metadata["trend"].records) == 14
    withheld = check(["marts", "data_freshness"], "extracts_are_let_in")
    assert not withheld.passed and "hrm 2025-03-10 quarantined: employees and positions empty" in withheld.description
    dates = check(["versions", "vfs_accesses"], "is_as_expected")
    assert not dates.passed and dates.severity == dg.AssetCheckSeverity.WARN
    name = "expect_column_values_to_be_in_set/start_date_is_plausible"
    assert dates.metadata["unexpected"].value == {name: 61} and f"; {name}: 61 rows" in dates.description
    # Keys of people's rows are beside the extract, where the retention removes them, and not in Dagster's record.
    assert "v001" not in str(dates) and "v001" in Path(dates.metadata["keys_of_rows"].value).read_text()
    # A refused day stands as refused, whatever other days did.
    let_in = dg.AssetCheckKey(dg.AssetKey("vfs_extract"), "is_let_in")
    days = {(i.partition_key, i.latest_execution_status.value)
            for i in instance.event_log_storage.get_asset_check_partition_info([let_in])}
    assert days == {("2025-03-07", "FAILED"), ("2025-03-08", "SUCCEEDED"), ("2025-03-09", "SUCCEEDED"),
                    ("2025-03-10", "SUCCEEDED")}
    assert check(["versions", "vfs_persons"], "is_as_expected").passed


def test_a_run_of_a_past_day_or_of_what_has_landed_does_not_ask_the_sources(
    place: Place, settings: Settings, instance: dg.DagsterInstance, prepared: Prepared, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("orchestration.core.dbt.invoke", prepared.invoke)
    hrm, vfs = town()
    place.deliver("hrm", "2025-03-09", hrm)
    place.deliver("vfs", "2025-03-09", vfs)
    job = build_definitions(settings).resolve_job_def("daily")
    for config, asked in (({}, True), ({"deliveries": False}, False), ({"as_of": "2025-03-09"}, False)):
        result = job.execute_in_process(instance=instance, run_config={"ops": {"take_in": {"config": config}}})
        run = instance.get_run_by_id(result.run_id)
        assert run and RunReport.of_recorded(run, instance).sources_asked == asked, config


def test_one_day_can_be_run_again_from_dagster(
    place: Place, settings: Settings, instance: dg.DagsterInstance, prepared: Prepared, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("orchestration.core.dbt.invoke", prepared.invoke)
    hrm, vfs = town()
    place.deliver("hrm", "2025-03-10", {**hrm, "positions": []})
    place.deliver("vfs", "2025-03-10", vfs)
    job = build_definitions(settings).resolve_job_def("one_day_again")

    def run_day(day: str) -> dg.ExecuteInProcessResult:
        return job.execute_in_process(instance=instance, partition_key=day, raise_on_error=False)

    refused = run_day("2025-03-10")
    assert not refused.success
    failure, = [e for e in refused.all_events if e.is_step_failure and e.step_key == "hrm_extract"]
    assert "hrm 2025-03-10 is quarantined: positions empty" in failure.step_failure_data.error.to_string()
    missing = run_day("2025-03-09")
    assert "nothing is delivered" in next(
        e for e in missing.all_events if e.is_step_failure).step_failure_data.error.to_string()
    place.deliver("hrm", "2025-03-10", hrm)
    key = dg.AssetCheckKey(dg.AssetKey("hrm_extract"), "is_let_in")

    def let_in() -> dict[str | None, str]:
        return {i.partition_key: i.latest_execution_status.value
                for i in instance.event_log_storage.get_asset_check_partition_info([key])}

    assert let_in()["2025-03-10"] == "FAILED"
    assert run_day("2025-03-10").success
    assert let_in()["2025-03-10"] == "SUCCEEDED"
    assert [r["status"] for r in place.mart("extracts", "system = 'hrm'")] == ["replaced", "accepted"]


def test_a_broken_model_fails_the_run_names_it_and_publishes_nothing(
    place: Place, settings: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    hrm, vfs = town()
    place.deliver("hrm", "2025-03-10", hrm)
    place.deliver("vfs", "2025-03-10", vfs)
    broken = tmp_path / "dbt_project"
    shutil.copytree(dbt.PROJECT, broken, ignore=shutil.ignore_patterns("target", "logs"))
    (broken / "models/marts/org_units.sql").write_text("select no_such_column from {{ ref('stg_run') }}")
    monkeypatch.setattr(dbt, "PROJECT", broken)
    done = Place(place.root).do("run")  # dbt itself builds
    assert done.code == 1
    assert "org_units: " in done.err and "no_such_column" in done.err
    assert not place.marts.exists()
    monkeypatch.undo()
    assert place.do("run").code == 0


def test_an_expectation_that_raises_is_an_error_and_neither_passed_nor_failed(tmp_path: Path, prepared: Prepared) -> None:
    from ingest.expectations import Examiner, ExpectationRaised, results
    from tests.support.deliveries import land

    place = make_place(tmp_path / "raises", prepared)
    land(place.data / "landed", "hrm", date(2025, 3, 10), {"employees": [], "positions": []})
    folder = next((place.data / "landed").glob("hrm/*/*"))
    (folder / "positions.parquet").write_bytes(b"no parquet")
    examiner = Examiner()
    examiner.examine(folder)
    with pytest.raises(ExpectationRaised):
        examiner.finish()
    assert results(folder) == {}
