"""The metrics of the semantic layer as tests ask for them: by MetricFlow where it is installed, and by SQL from the manifest.

The SQL made here knows simple and ratio metrics without a grouping, which is what the definitions need to be held against the
marts. Belongs here: asking. Does not belong here: what the metrics mean (`dbt_project/models/semantic`).
"""

import json
import re
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import duckdb

from ingest.sql import Row, rows, scalar

_AGGREGATED = {"sum": "sum({})", "max": "max({})", "median": "percentile_cont(0.5) WITHIN GROUP (ORDER BY {})"}
_DIMENSION = re.compile(r"\{\{ *Dimension\('\w+?__(\w+)'\) *\}\}")


def _column(dimension: re.Match[str]) -> str:
    return dimension[1]


class SemanticLayer:
    """dbt's semantic manifest."""

    def __init__(self, file: Path) -> None:
        self.text = file.read_text(encoding="utf-8")
        manifest = json.loads(self.text)
        self.metrics: dict[str, dict[str, Any]] = {metric["name"]: metric for metric in manifest["metrics"]}
        self.models: list[dict[str, Any]] = manifest["semantic_models"]
        self.measures = {measure["name"]: (model, measure) for model in self.models for measure in model["measures"]}

    def value(self, con: duckdb.DuckDBPyConnection, name: str) -> Any:
        """A metric of everything, by SQL made here."""
        metric = self.metrics[name]
        params = metric["type_params"]
        if metric["type"] == "ratio":
            share = [self.value(con, params[part]["name"]) for part in ("numerator", "denominator")]
            return float(share[0]) / float(share[1]) if share[1] else None
        assert metric["type"] == "simple", name
        model, measure = self.measures[params["measure"]["name"]]
        filters = [one["where_sql_template"] for one in (metric["filter"] or {"where_filters": []})["where_filters"]]
        where = " AND ".join(f"({_DIMENSION.sub(_column, one)})" for one in filters) or "true"
        relation = model["node_relation"]["relation_name"]
        if last := measure["non_additive_dimension"]:
            day = last["name"]
            where += f" AND {day} = (SELECT {last['window_choice']}({day}) FROM {relation} WHERE {where})"
        figure = _AGGREGATED[measure["agg"]].format(measure["expr"] or measure["name"])
        return scalar(con, f"SELECT {figure} FROM {relation} WHERE {where}")

    @cached_property
    def _engine(self) -> Any:
        from metricflow.engine.metricflow_engine import MetricFlowEngine
        from metricflow.protocols.sql_client import SqlEngine
        from metricflow.sql.render.duckdb_renderer import DuckDbSqlPlanRenderer
        from metricflow_semantics.model.dbt_manifest_parser import parse_manifest_from_dbt_generated_manifest
        from metricflow_semantics.model.semantic_manifest_lookup import SemanticManifestLookup

        client: Any = SimpleNamespace(sql_engine_type=SqlEngine.DUCKDB, sql_plan_renderer=DuckDbSqlPlanRenderer())
        return MetricFlowEngine(SemanticManifestLookup(parse_manifest_from_dbt_generated_manifest(self.text)), client)

    def ask(self, con: duckdb.DuckDBPyConnection, metrics: Sequence[str], by: Sequence[str] = ()) -> list[Row]:
        """Metrics, grouped by dimensions, as MetricFlow computes them."""
        from metricflow.engine.metricflow_engine import MetricFlowQueryRequest

        asked = MetricFlowQueryRequest.create(metric_names=list(metrics), group_by_names=list(by), order_by_names=list(by))
        return rows(con, self._engine.explain(asked).sql_statement.sql)
