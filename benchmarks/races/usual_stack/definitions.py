"""Dagster as its tutorial has it: each file is an asset, loaded into DuckDB; then `dbt build`: snapshots, models, tests."""

import os
import sys
from pathlib import Path

import dagster as dg
from dagster_dbt import DagsterDbtTranslator, DagsterDbtTranslatorSettings, DbtCliResource, DbtProject, dbt_assets
from load import TABLES, load

project = DbtProject(Path(__file__).parent)
as_checks = DagsterDbtTranslator(settings=DagsterDbtTranslatorSettings(enable_source_tests_as_checks=True))


def file_asset(system: str, table: str) -> dg.AssetsDefinition:
    @dg.asset(key=["raw", f"{system}_{table}"])
    def extract() -> dg.MaterializeResult:
        return dg.MaterializeResult(metadata={"rows": load(system, table, os.environ["DAY"])})
    return extract


@dbt_assets(manifest=project.manifest_path, dagster_dbt_translator=as_checks)
def models(context: dg.AssetExecutionContext, dbt: DbtCliResource):
    yield from dbt.cli(["build"], context=context).stream()


defs = dg.Definitions(
    assets=[*(file_asset(system, table) for system, table in TABLES), models],
    jobs=[dg.define_asset_job("daily", executor_def=dg.multiprocess_executor.configured({"max_concurrent": 1}))],  # one writes
    resources={"dbt": DbtCliResource(project_dir=project, dbt_executable=str(Path(sys.executable).parent / "dbt"))},
)
