"""The dbt models as assets: staging, intermediate, marts. One `dbt build` for all of them."""

import os
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from importlib.metadata import version
from pathlib import Path
from typing import Any

import dagster as dg
from dagster_dbt import DagsterDbtTranslator, DbtCliResource, DbtProject, dbt_assets
from packaging.version import Version

from orchestration import dbt
from orchestration.resources import Workplace, retried_when_it_can_pass


class Dbt(DbtCliResource):
    """The resource without two steps of its start that cost seconds each: asking dbt for its version in a process of its
    own, and loading dbt into this process to look into the warehouse, which is done with DuckDB here.
    """

    @cached_property
    def _cli_version(self) -> Version:
        return Version(version("dbt-core"))

    def _initialize_dbt_core_adapter(self, args: Sequence[str]) -> None:
        return None


class Translator(DagsterDbtTranslator):
    """dbt's layers become groups; every model has an owner."""

    def get_asset_spec(self, manifest: Mapping[str, Any], unique_id: str, project: DbtProject | None) -> dg.AssetSpec:
        spec = super().get_asset_spec(manifest, unique_id, project)
        if not unique_id.startswith("model."):
            return spec
        layer = manifest["nodes"][unique_id]["fqn"][1]
        return spec.replace_attributes(group_name=layer, owners=["team:data-team"])


def build(manifest: Path) -> dg.AssetsDefinition:
    """The assets of the project that `manifest` describes."""

    @dbt_assets(manifest=manifest, dagster_dbt_translator=Translator(), pool="warehouse", name="evaluate")
    def evaluate(context: dg.AssetExecutionContext, workplace: dg.ResourceParam[Workplace]):
        settings = workplace.settings
        os.environ.update(dbt.environment(settings.warehouse))
        resource = Dbt(
            project_dir=str(dbt.PROJECT), profiles_dir=str(dbt.PROJECT), dbt_executable=str(dbt.EXECUTABLE))
        workplace.say("evaluating: dbt build")
        with retried_when_it_can_pass():
            invocation = resource.cli(dbt.BUILD, context=context, target_path=dbt.target_path(settings.data_dir))
            # Rows are counted when dbt is done: the warehouse is for one process at a time.
            events = list(invocation.stream())
            with workplace.warehouse(read_only=True) as con:
                yield from _with_row_counts(events, dict(_row_counts(con)))

    return evaluate


def _row_counts(con: Any) -> Iterator[tuple[tuple[str, ...], int]]:
    tables = con.execute(
        "SELECT schema_name, table_name FROM duckdb_tables() WHERE schema_name IN ('intermediate', 'marts')").fetchall()
    for schema, name in tables:
        yield (schema, name), con.execute(f"SELECT count(*) FROM {schema}.{name}").fetchone()[0]


def _with_row_counts(events: list[Any], counts: dict[tuple[str, ...], int]) -> Iterator[Any]:
    for event in events:
        key = None
        if isinstance(event, dg.AssetMaterialization):
            key = tuple(event.asset_key.path)
        yield event if key not in counts else event.with_metadata({**event.metadata, "dagster/row_count": counts[key]})
