"""The dbt models and the catalogue of codes as assets: staging, intermediate, marts. One `dbt build` for all of them."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import dagster as dg
from dagster_dbt import DagsterDbtTranslator, DbtProject, dbt_assets

from ingest.warehouse import WarehouseDamaged, is_damage, row_counts
from orchestration.core import dbt
from orchestration.core.run_report import EVALUATE_STEP
from orchestration.defs.resources import Workplace, retried_when_it_can_pass

_UNIQUE_ID = "dagster_dbt/unique_id"
_CODE_REFERENCES = "dagster/code_references"


class Translator(DagsterDbtTranslator):
    """Schemas become groups; every model has an owner, and says where its file is instead of showing its SQL."""

    def get_description(self, dbt_resource_props: Mapping[str, Any]) -> str:
        return dbt_resource_props.get("description") or dbt_resource_props["name"]

    def get_asset_spec(self, manifest: Mapping[str, Any], unique_id: str, project: DbtProject | None) -> dg.AssetSpec:
        spec = super().get_asset_spec(manifest, unique_id, project)
        if not unique_id.startswith(("model.", "seed.")):
            return spec
        node = manifest["nodes"][unique_id]
        # In a checkout, or where the wheel is installed. dagster-dbt's own setting for this needs a DbtProject.
        code = dg.LocalFileCodeReference(file_path=str(dbt.PROJECT / node["original_file_path"]))
        references = dg.CodeReferencesMetadataValue(code_references=[code])
        return spec.replace_attributes(group_name=node["schema"], owners=["team:data-team"],
                                       metadata={**spec.metadata, _CODE_REFERENCES: references})


def build(manifest: Path) -> dg.AssetsDefinition:
    """The assets of the project that `manifest` describes."""

    @dbt_assets(manifest=manifest, dagster_dbt_translator=Translator(), pool="warehouse", name=EVALUATE_STEP)
    def evaluate(context: dg.AssetExecutionContext, workplace: dg.ResourceParam[Workplace]):
        paths = workplace.paths
        workplace.progress("evaluating: dbt build")
        with retried_when_it_can_pass(), workplace.warehouse():
            pass  # waits for other readers of the warehouse; dbt would fail
        results = dbt.invoke([*dbt.BUILD, *_selection(context)], paths.root, paths.warehouse)
        with workplace.warehouse(read_only=True) as con:
            counts = {".".join(key): count for key, count in row_counts(con, "catalogue", "intermediate", "marts").items()}
        yield from _events(context, results, counts)
        if failed := dbt.failures(results):
            if any(map(is_damage, failed)):
                raise WarehouseDamaged(paths.warehouse)
            raise dg.Failure("; ".join(failed), allow_retries=False)

    return evaluate


def _selection(context: dg.AssetExecutionContext) -> list[str]:
    """dbt's arguments: none for all models, else the models and checks chosen in Dagster."""
    if not context.is_subset:
        return []
    checks = {key.name for key in context.selected_asset_check_keys}
    return ["--select", *sorted({key.path[-1] for key in context.selected_asset_keys} | checks)]


def _events(
    context: dg.AssetExecutionContext, results: list[dbt.NodeResult], rows: dict[str, int],
) -> Iterator[dg.MaterializeResult | dg.AssetCheckResult]:
    """dbt's results as Dagster's: a materialization for each model made, a check for each test run."""
    definition = context.assets_def
    models = {spec.metadata[_UNIQUE_ID]: spec.key for spec in definition.specs if _UNIQUE_ID in spec.metadata}
    checks = {spec.metadata[_UNIQUE_ID]: spec.key for spec in definition.check_specs}
    for result in results:
        if result.status == "success" and models.get(result.unique_id) in context.selected_asset_keys:
            key = models[result.unique_id]
            name = ".".join(key.path)
            yield dg.MaterializeResult(asset_key=key, metadata={
                "seconds": result.seconds, **({"dagster/row_count": rows[name]} if name in rows else {})})
    for result in results:
        key = checks.get(result.unique_id)
        if key and key in context.selected_asset_check_keys and result.status in ("pass", "warn", "fail", "error"):
            yield dg.AssetCheckResult(
                asset_key=key.asset_key, check_name=key.name, passed=result.status == "pass",
                severity=dg.AssetCheckSeverity.WARN if result.status == "warn" else dg.AssetCheckSeverity.ERROR,
                description=result.message or None, metadata={"failing_rows": result.failures or 0})
