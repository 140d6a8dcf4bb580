"""The dbt project as a whole: its unit tests pass, everything is described, and the marts are what dashboards rely on."""

import re
import shutil
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pytest
import yaml

from demo.municipality import simulate
from ingest.canonical_tables import TABLES
from ingest.policy import Policy
from ingest.warehouse import open_warehouse, set_run
from orchestration.core import dbt
from tests.support.command_line import Place, Prepared
from tests.support.dbt_unit_tests import unit_tests
from tests.support.models import Models, compile_project, empty_warehouse, read_models

# contract#stable-names: "A dashboard may rely on these names and types; a change is a breaking change."
MARTS = {
    "employee_status": "person_id employee_number given_name family_name match_method vfs_status hrm_status "
                       "active_vfs_positions:integer active_hrm_positions:integer is_active_vfs_inactive_hrm:boolean "
                       "is_inactive_with_access:boolean",
    "status_mismatches": "vfs_position_id finding_type status person_id employee_number given_name family_name org_number "
                         "org_name role start_date:date vfs_end_date:date can_log_in:boolean hrm_status cause hrm_position_id "
                         "hrm_end_date:date hrm_end_date_known_on:date last_held_on:date suggested_end_date:date "
                         "first_seen_on:date problem_since:date is_age_lower_bound:boolean days_open:integer remedy",
    "inactive_with_access": "person_id employee_number given_name family_name access_groups hrm_status "
                            "last_position_end_date:date status first_seen_on:date days_open:integer remedy",
    "access_without_position": "person_id employee_number given_name family_name org_number org_name access_groups status "
                               "first_seen_on:date days_open:integer remedy",
    "kommuneadmin_roster": "person_id access_group org_number employee_number given_name family_name registered_by "
                           "has_active_position:boolean hrm_status review_reason",
    "manual_registrations": "vfs_position_id person_id org_number org_name role start_date:date end_date:date is_backed:boolean "
                            "hrm_status age_days:integer",
    "end_date_propagation": "hrm_position_id vfs_position_id employee_number org_number hrm_end_date:date "
                            "hrm_end_date_known_on:date last_held_on:date is_backdated:boolean is_vanished:boolean "
                            "vfs_end_date:date propagated_on:date lag_days:integer is_on_time:boolean "
                            "exposure_days:integer status cause",
    "findings": "finding_id finding_type subject_id person_id org_number status first_seen_on:date last_seen_on:date "
                "resolved_on:date days_open:integer problem_since:date succeeded_by is_age_lower_bound:boolean",
    "finding_daily_counts": "evaluation_date:date finding_type org_number open_count:integer excepted_count:integer "
                            "opened_count:integer resolved_count:integer is_week_end:boolean is_month_end:boolean",
    "cases": "case_number finding_type subject_id status person_id employee_number given_name family_name org_number org_name "
             "cause suggested_end_date:date priority:integer has_left_with_access:boolean is_disputed:boolean first_seen_on:date "
             "problem_since:date age_days:integer age_bucket remedy",
    "case_history": "case_number finding_types person_id org_number org_name cause opened_on:date resolved_on:date "
                    "is_open:boolean is_age_lower_bound:boolean age_days:integer age_bucket days_to_resolve:integer "
                    "exposure_days:integer hrm_status",
    "access_risk_daily": "evaluation_date:date org_number org_name people_left_with_access:integer open_cases:integer "
                         "active_positions:integer people_checked:integer is_week_end:boolean is_month_end:boolean",
    "dim_date": "date_day:date year:integer month:integer month_name_nb iso_year:integer iso_week:integer school_year",
    "dim_finding_type": "finding_type label_nb label_en meaning_nb sort_order:integer severity vfs_search",
    "dim_cause": "cause label_nb label_en meaning_nb sort_order:integer",
    "dim_status": "status_of status label_nb label_en meaning_nb sort_order:integer",
    "settings_in_force": "name value default",
    "case_handling": "sequence_number:integer recorded_on:date case_number finding_type subject_id status handled_by comment "
                     "claimed_on:date source place",
    "decision_answers": "sequence_number:integer taken_in_on:date file sheet line:integer case_number person_id outcome text",
    "org_units": "org_number name type parent_org_number",
    "data_freshness": "system current_extract_date:date age_days:integer row_count:integer status withheld_extracts:integer "
                      "not_assessable unchanged_since:date kept_rows:integer",
}


@pytest.fixture(scope="module")
def manifest(models: Models) -> dict[str, Any]:
    return models.manifest


def models_of(manifest: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {n["name"]: n for n in manifest["nodes"].values() if n["resource_type"] == "model"}


def test_dbt_itself_passes_every_unit_test_that_is_executed_without_it(
    models: Models, prepared: Prepared, tmp_path: Path
) -> None:
    shutil.copytree(prepared.dbt_folder, tmp_path / "dbt")  # parsed already
    warehouse = tmp_path / "warehouse.duckdb"
    with open_warehouse(warehouse):
        pass
    empty = ["build", "--empty", "--exclude-resource-type", "test", "unit_test"]
    assert dbt.failures(dbt.invoke(empty, tmp_path, warehouse)) == []
    results = dbt.invoke(["test", "--select", "test_type:unit"], tmp_path, warehouse)
    assert dbt.failures(results) == []
    assert {r.status for r in results} == {"pass"}
    assert len(results) == len(unit_tests(models)) > 0


@pytest.mark.parametrize("mart", MARTS)
def test_a_mart_has_the_columns_and_types_that_dashboards_rely_on(manifest: dict[str, Any], mart: str) -> None:
    expected = {c.partition(":")[0]: c.partition(":")[2] or "varchar" for c in MARTS[mart].split()} | {
        "kommune_number": "varchar", "kommune_name": "varchar", "as_of_date": "date"}
    columns = {name: c["data_type"] for name, c in models_of(manifest)[mart]["columns"].items()}
    assert {name: columns.get(name) for name in expected} == expected


def test_every_mart_has_an_enforced_contract_tests_of_key_and_day_and_is_published(manifest: dict[str, Any]) -> None:
    marts = {name: m for name, m in models_of(manifest).items() if m["schema"] == "marts"}
    assert set(MARTS) <= set(marts)
    tested = {(manifest["nodes"][n["attached_node"]]["name"], n["test_metadata"]["name"]) for n in manifest["nodes"].values()
              if n["resource_type"] == "test" and n.get("test_metadata")}
    of_the_day = {d.split(".")[-1] for d in manifest["nodes"]["test.sluttdato.marts_are_of_the_runs_day"]["depends_on"]["nodes"]}
    published = {d.split(".")[-1] for e in manifest["exposures"].values() for d in e["depends_on"]["nodes"]}
    for name, mart in marts.items():
        assert mart["contract"]["enforced"], name
        assert mart["access"] == "public" and mart["group"], name
        assert (name, "unique_combination") in tested or name == "rejected_rows", name  # the same line may be wrong twice
        assert name in of_the_day, name
        assert name in published, name


def test_every_table_below_the_marts_has_several_readers_and_its_key_is_tested_if_it_has_one(
    models: Models, manifest: dict[str, Any]
) -> None:
    """A table of one reader costs a node of dbt each morning; as a view it costs nothing."""
    readers = {key: [c for c in children if c.startswith("model.")] for key, children in manifest["child_map"].items()}
    for model in models.steps:
        if model.schema == "intermediate":
            assert model.kind == "VIEW" or len(readers[model.unique_id]) > 1, model.name


def test_the_daily_build_leaves_what_follows_from_the_code_alone_and_a_new_warehouse_gets_all(
    place: Place, models: Models
) -> None:
    simulate(place.inbox, place.root / "truth.json", employees=20, days=1, last_day=date(2025, 3, 10), seed=5)
    assert place.do("run").code in (0, 3)
    warehouse = place.data / "warehouse.duckdb"
    warehouse_before = tables_of(warehouse)
    with duckdb.connect(str(warehouse)) as con:
        con.execute("DROP SCHEMA catalogue CASCADE")
    built = [{r.unique_id for r in dbt.build(place.data, warehouse)} for _ in range(2)]
    assert {kind: sum(key.startswith(kind) for key in built[0] - built[1]) for kind in ("seed", "model", "test")} == {
        "seed": len(list(dbt.PROJECT.glob("seeds/*.csv"))), "test": 0,
        "model": sum(m.kind == "VIEW" and m.schema != "marts" for m in models.steps)}
    assert built[1] < built[0]
    # Tests of other things execute that without dbt.
    assert {key for key in built[1] if key.startswith("model")} == {model.unique_id for model in models.daily}
    assert tables_of(warehouse) == warehouse_before
    with duckdb.connect(str(warehouse)) as con:
        con.execute("ALTER TABLE versions.hrm_org_units ADD COLUMN added VARCHAR")  # as a later version may
    assert {r.unique_id for r in dbt.build(place.data, warehouse)} == built[0]


def test_every_model_and_column_is_described(models: Models, manifest: dict[str, Any]) -> None:
    with empty_warehouse() as con:
        models.run(con)
        columns = con.execute(
            "SELECT table_name, column_name FROM duckdb_columns() WHERE schema_name IN ('staging', 'intermediate', 'marts')"
        ).fetchall()
    known = models_of(manifest)
    assert {t for t, _ in columns} == set(known)
    for name, model in known.items():
        assert model["description"], name
    missing = [(t, c) for t, c in columns if not known[t]["columns"].get(c, {}).get("description")]
    assert missing == []
    gone = [(name, c) for name, m in known.items() for c in m["columns"] if (name, c) not in set(columns)]
    assert gone == []


def test_the_sources_are_the_canonical_tables() -> None:
    declared = yaml.safe_load((dbt.PROJECT / "models/staging/_sources.yml").read_text())["sources"][0]["tables"]
    columns = {t["name"]: [c["name"] for c in t["columns"]] for t in declared}
    assert columns == {t.versions_name: [*(c.stored_name for c in t.columns), "valid_from", "valid_to"] for t in TABLES}


def test_every_mart_with_an_org_number_has_the_name_of_the_unit(manifest: dict[str, Any]) -> None:
    """contract#org-name"""
    marts = {name: m["columns"] for name, m in models_of(manifest).items() if m["schema"] == "marts"}
    with_unit = [name for name, columns in marts.items() if "org_number" in columns]
    assert len(with_unit) > 8 and [name for name in with_unit if "org_name" not in marts[name]] == []
    assert [name for name, columns in marts.items() if not {"kommune_number", "kommune_name"} <= set(columns)] == []


def test_no_model_reads_a_clock() -> None:
    for file in dbt.PROJECT.rglob("*.sql"):
        clock = re.search(r"(?<![\w.])(current_date|current_timestamp|now\(\)|today\(\))(?!\w)", file.read_text().lower())
        assert clock is None, file


def test_reading_the_project_gives_no_warning(prepared: Prepared) -> None:
    log = (prepared.dbt_folder / "logs" / "dbt.log").read_text()
    assert "[warn ]" not in log and "WARNING" not in log.upper().replace("[WARN ]", "WARNING")


@pytest.mark.parametrize("mart", sorted(f.stem for f in (dbt.PROJECT / "models" / "marts").glob("*.sql")))
def test_a_mart_left_over_from_another_day_fails_the_build(models: Models, mart: str) -> None:
    (day,) = (t for t in models.tests if t.unique_id == "test.sluttdato.marts_are_of_the_runs_day")
    assert day.when_failed == "fail"
    with empty_warehouse() as con:
        set_run(con, date(2025, 1, 9), Policy(), [])
        models.run(con)
        con.execute(f"CREATE OR REPLACE TABLE copied AS FROM marts.{mart} LIMIT 0; DROP {models.by_name[mart].kind} marts.{mart}")
        con.execute(f"CREATE TABLE marts.{mart} AS FROM copied; INSERT INTO marts.{mart} (as_of_date) VALUES ('2025-01-09')")
        assert con.execute(day.sql).fetchall() == []
        con.execute(f"INSERT INTO marts.{mart} (as_of_date) VALUES ('2025-01-08')")
        assert con.execute(day.sql).fetchall() == [(mart, date(2025, 1, 8))]


def test_a_seed_is_made_without_dbt_as_dbt_makes_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    project = tmp_path / "project"
    shutil.copytree(dbt.PROJECT, project, ignore=shutil.ignore_patterns("models", "seeds", "tests", "target", "logs"))
    (project / "models" / "marts").mkdir(parents=True)
    (project / "models" / "_groups.yml").write_text((dbt.PROJECT / "models" / "_groups.yml").read_text())
    (project / "seeds").mkdir(exist_ok=True)
    (project / "seeds" / "kinds.csv").write_text('code,label,days\na,"Rød, blå",1\nb,,\nc,"",02\n', encoding="utf-8")
    (project / "seeds" / "kinds.yml").write_text(yaml.safe_dump({"version": 2, "seeds": [{"name": "kinds", "config": {
        "schema": "codes", "column_types": {"code": "varchar", "label": "varchar", "days": "varchar"}}}]}))
    (project / "models" / "marts" / "labels.sql").write_text(
        "{{ config(contract={'enforced': false}) }} select label, days from {{ ref('kinds') }} where code <> 'b'")
    monkeypatch.setattr(dbt, "PROJECT", project)
    made = {}
    for how in ("dbt", "here"):
        folder = tmp_path / how
        compile_project(folder)
        results = (dbt.invoke(dbt.BUILD, folder, folder / "warehouse.duckdb") if how == "dbt"
                   else read_models(folder).build(folder / "warehouse.duckdb"))
        with duckdb.connect(str(folder / "warehouse.duckdb"), read_only=True) as con:
            made[how] = ([r.unique_id for r in results], [(r.columns, r.types, r.fetchall()) for r in (
                con.table("codes.kinds"), con.table("marts.labels"))])
    assert made["here"] == made["dbt"]
    assert made["here"][1][1][2] == [("Rød, blå", "1"), (None, "02")]


def test_what_dbt_compiled_makes_without_dbt_what_dbt_build_makes(place: Place, prepared: Prepared) -> None:
    simulate(place.inbox, place.root / "truth.json", employees=150, days=3, last_day=date(2025, 3, 10), seed=5)
    assert place.do("run").code in (0, 3)
    warehouse = place.data / "warehouse.duckdb"
    executed = prepared.models.build(warehouse), tables_of(warehouse)
    built = dbt.invoke(dbt.BUILD, place.data, warehouse), tables_of(warehouse)
    built_nodes = [r for r in built[0] if not r.unique_id.startswith("exposure.")]
    assert {(r.unique_id, r.status, r.failures or None) for r in executed[0]} == {
        (r.unique_id, r.status, r.failures or None) for r in built_nodes}
    assert len(executed[0]) == len(built_nodes) and "warn" in {r.status for r in built[0]}
    assert executed[1] == built[1] and any("findings" in name for name in executed[1])


def tables_of(warehouse: Path) -> dict[str, tuple[list, list]]:
    """Columns with types, and rows, of all that models make."""
    with duckdb.connect(str(warehouse), read_only=True) as con:
        names = con.execute("SELECT schema_name || '.' || table_name FROM duckdb_tables() WHERE schema_name IN "
                            "('intermediate', 'marts') UNION ALL SELECT schema_name || '.' || view_name FROM duckdb_views() "
                            "WHERE schema_name IN ('staging', 'marts')").fetchall()
        return {name: (con.execute(f"SELECT column_name, column_type FROM (DESCRIBE {name})").fetchall(),
                       sorted(con.execute(f"FROM {name}").fetchall(), key=str)) for (name,) in names}
