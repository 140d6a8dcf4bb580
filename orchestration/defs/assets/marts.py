"""The marts as assets. One `dbt build` makes them, with all that lies below them.

Staging, intermediate models and the catalogue are no assets: Dagster would store four events for each in every run, which nobody
reads. What a mart is made from is shown as what it comes from: the versions.
"""

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
    """Marts are in a group of their own, have an owner, come from the sources that their models read, and say where their file
    is instead of showing its SQL. For one manifest: dagster-dbt asks for the spec of a model some thirty times."""

    def __init__(self) -> None:
        super().__init__()
        self._known: dict[str, dg.AssetSpec] = {}

    def get_description(self, dbt_resource_props: Mapping[str, Any]) -> str:
        return dbt_resource_props.get("description") or dbt_resource_props["name"]

    def get_asset_spec(self, manifest: Mapping[str, Any], unique_id: str, project: DbtProject | None) -> dg.AssetSpec:
        if unique_id not in self._known:
            self._known[unique_id] = self._spec(manifest, unique_id, project)
        return self._known[unique_id]

    def _spec(self, manifest: Mapping[str, Any], unique_id: str, project: DbtProject | None) -> dg.AssetSpec:
        spec = super().get_asset_spec(manifest, unique_id, project)
        if not unique_id.startswith("model."):
            return spec
        # In a checkout, or where the wheel is installed. dagster-dbt's own setting for this needs a DbtProject.
        code = dg.LocalFileCodeReference(file_path=str(dbt.PROJECT / manifest["nodes"][unique_id]["original_file_path"]))
        sources = sorted({source for node in _with_all_below(manifest, unique_id) for source in manifest["parent_map"][node]
                          if source.startswith("source.")})
        return spec.replace_attributes(
            group_name="marts", owners=["team:data-team"],
            deps=[self.get_asset_spec(manifest, source, project).key for source in sources],
            metadata={**spec.metadata, _CODE_REFERENCES: dg.CodeReferencesMetadataValue(code_references=[code])})


def _with_all_below(manifest: Mapping[str, Any], unique_id: str) -> set[str]:
    """A model and those that it is made from."""
    found, left = set[str](), [unique_id]
    while left:
        if (node := left.pop()) not in found:
            found.add(node)
            left += [parent for parent in manifest["parent_map"][node] if parent.startswith("model.")]
    return found


def build(manifest: Path) -> dg.AssetsDefinition:
    """The assets of the project that `manifest` describes."""

    @dbt_assets(manifest=manifest, select="resource_type:model,config.schema:marts", dagster_dbt_translator=Translator(),
                pool="warehouse", name=EVALUATE_STEP)
    def evaluate(context: dg.AssetExecutionContext, workplace: dg.ResourceParam[Workplace]):
        paths = workplace.paths
        workplace.progress("evaluating: dbt build")
        with retried_when_it_can_pass():  # waits for other readers of the warehouse; dbt would fail
            results = dbt.build(paths.root, paths.warehouse, _selection(context))
        with workplace.warehouse(read_only=True) as con:
            counts = {".".join(key): count for key, count in row_counts(con, "marts").items()}
        yield from _events(context, results, counts)
        if failed := dbt.failures(results):
            if any(map(is_damage, failed)):
                raise WarehouseDamaged(paths.warehouse)
            raise dg.Failure("; ".join(failed), allow_retries=False)

    return evaluate


def _selection(context: dg.AssetExecutionContext) -> list[str]:
    """None for all models, else the marts and checks chosen in Dagster, by dbt's names; each with what it is made from."""
    if not context.is_subset:
        return []
    checks = {key.name for key in context.selected_asset_check_keys}
    return sorted({f"+{key.path[-1]}" for key in context.selected_asset_keys} | checks)


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
