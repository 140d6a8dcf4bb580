"""The export for Apache Superset as tests read it: its datasets, and the query behind each chart.

Belongs here: what Superset makes of the YAML in `dashboards/superset`, in SQL that DuckDB and PostgreSQL both know. Does not
belong here: what is right (`tests/integration/test_dashboards.py`).
"""

from pathlib import Path
from typing import Any

import yaml

EXPORT = Path(__file__).resolve().parents[2] / "dashboards" / "superset"


def read(folder: str) -> dict[str, dict[str, Any]]:
    """{uuid: contents} of the files in a folder of the export."""
    contents = (yaml.safe_load(file.read_text(encoding="utf-8")) for file in sorted((EXPORT / folder).rglob("*.yaml")))
    return {content["uuid"]: content for content in contents}


def dimensions(chart: dict[str, Any]) -> list[str]:
    """The columns that a chart groups by, or shows row by row."""
    params = chart["params"]
    return [*filter(None, [params.get("x_axis")]), *params.get("groupby", []), *params.get("all_columns", [])]


def metrics(chart: dict[str, Any]) -> list[str]:
    """The metrics that a chart shows."""
    return [*filter(None, [chart["params"].get("metric")]), *chart["params"].get("metrics", [])]


def conditions(chart: dict[str, Any]) -> list[str]:
    """What a chart's rows must fulfil."""
    return [f"({one['sqlExpression']})" for one in chart["params"]["adhoc_filters"]]


def query(chart: dict[str, Any], dataset: dict[str, Any]) -> str:
    """The query behind a chart."""
    expressions = {metric["metric_name"]: metric["expression"] for metric in dataset["metrics"]}
    dates = {column["column_name"] for column in dataset["columns"] if column["is_dttm"]}
    by_month = chart["params"].get("time_grain_sqla") == "P1M"
    columns = [f"date_trunc('month', {name}) AS {name}" if by_month and name in dates else name for name in dimensions(chart)]
    shown = [*columns, *(f"{expressions[name]} AS {name}" for name in metrics(chart))]
    where = "".join(f" WHERE {' AND '.join(found)}" for found in [conditions(chart)] if found)
    grouped = [str(n) for n in range(1, len(columns) + 1)] if metrics(chart) else []
    by = f" GROUP BY {', '.join(grouped)} ORDER BY {', '.join(grouped)}" if grouped else ""
    return f"SELECT {', '.join(shown)} FROM ({dataset['sql']}) AS dataset{where}{by}"
