"""The metrics of the semantic layer are what plain Python counts in the marts: over everything, and by week and unit."""

from collections.abc import Iterator
from datetime import date, timedelta
from importlib.util import find_spec
from pathlib import Path
from statistics import median
from typing import Any

import duckdb
import pytest

from ingest.sql import Row, rows
from tests.support.models import compiled
from tests.support.semantic import SemanticLayer

with_metricflow = pytest.mark.skipif(
    find_spec("metricflow") is None, reason="metricflow is not installed: `make setup` installs it")


@pytest.fixture(scope="module")
def layer() -> SemanticLayer:
    return SemanticLayer(compiled() / "dbt" / "target" / "semantic_manifest.json")


@pytest.fixture(scope="module")
def con(demo_warehouse: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect(str(demo_warehouse), read_only=True) as con:
        yield con


@pytest.fixture(scope="module")
def marts(con: duckdb.DuckDBPyConnection) -> dict[str, list[Row]]:
    return {name: rows(con, f"FROM marts.{name}") for name in (
        "access_risk_daily", "case_history", "end_date_propagation", "finding_daily_counts")}


@pytest.fixture(scope="module")
def expected(marts: dict[str, list[Row]]) -> dict[str, Any]:
    """Each metric of everything."""
    as_of = marts["case_history"][0]["as_of_date"]
    total, = (r for r in marts["access_risk_daily"] if r["is_total"] and r["evaluation_date"] == as_of)
    units = [r for r in marts["access_risk_daily"] if not r["is_total"] and r["evaluation_date"] == as_of]
    cases, ends, counts = (marts[name] for name in ("case_history", "end_date_propagation", "finding_daily_counts"))
    dated = [c for c in cases if not c["is_age_lower_bound"]]
    old = [c for c in dated if as_of - c["opened_on"] >= timedelta(days=30)]
    quick = [c for c in old if c["resolved_on"] and c["days_to_resolve"] <= 30]
    decided = [e for e in ends if e["is_on_time"] is not None]
    on_time = [e for e in decided if e["is_on_time"]]
    return {
        "people_left_with_access": total["people_left_with_access"],
        "people_unknown_with_access": total["people_unknown_with_access"],
        "people_left_with_access_by_unit": sum(u["people_left_with_access"] for u in units),
        "people_checked": total["people_checked"],
        "share_left_with_access": total["people_left_with_access"] / total["people_checked"],
        "open_cases": total["open_cases"],
        "active_positions": total["active_positions"],
        "cases_ever": len(cases),
        "cases_resolved": sum(c["status"] == "resolved" for c in cases),
        "exposure_days": sum(c["exposure_days"] for c in cases),
        "oldest_case_days": max(c["age_days"] for c in cases if c["is_open"]),
        "cases_old_enough": len(old),
        "cases_opened_and_resolved_in_time": len(quick),
        "share_resolved_within_30_days": len(quick) / len(old),
        "median_days_to_resolve": median(c["days_to_resolve"] for c in dated if c["resolved_on"]),
        "reviews_overdue": sum(c["finding_type"] == "kommuneadmin_review" and c["status"] == "open" for c in cases),
        "end_dates": len(ends),
        "end_dates_decided": len(decided),
        "end_dates_on_time": len(on_time),
        "end_dates_on_time_share": len(on_time) / len(decided),
        "open_findings": sum(c["open_count"] for c in counts if c["evaluation_date"] == as_of),
        "new_findings": sum(c["opened_count"] or 0 for c in counts),
        "resolved_findings": sum(c["resolved_count"] or 0 for c in counts),
    }


def test_every_metric_is_the_figure_that_plain_python_counts_in_the_marts(
    layer: SemanticLayer, con: duckdb.DuckDBPyConnection, expected: dict[str, Any],
) -> None:
    assert expected.keys() == layer.metrics.keys()
    assert {name: layer.value(con, name) for name in layer.metrics} == pytest.approx(expected)
    assert all(expected.values())


@with_metricflow
def test_metricflow_gives_the_same_figures(
    layer: SemanticLayer, con: duckdb.DuckDBPyConnection, expected: dict[str, Any],
) -> None:
    assert {name: layer.ask(con, [name])[0][name] for name in layer.metrics} == pytest.approx(expected)


@with_metricflow
def test_the_figure_of_a_week_is_that_of_its_last_day(
    layer: SemanticLayer, con: duckdb.DuckDBPyConnection, marts: dict[str, list[Row]],
) -> None:
    last: dict[date, int] = {}
    for row in sorted(marts["access_risk_daily"], key=lambda row: row["evaluation_date"]):
        if row["is_total"]:
            day = row["evaluation_date"]
            last[day - timedelta(days=day.weekday())] = row["people_left_with_access"]
    asked = layer.ask(con, ["people_left_with_access"], ["metric_time__week"])
    assert {row["metric_time__week"].date(): row["people_left_with_access"] for row in asked} == last and len(last) > 4


@with_metricflow
def test_the_units_add_up_to_the_open_cases_of_the_kommune(
    layer: SemanticLayer, con: duckdb.DuckDBPyConnection, expected: dict[str, Any],
) -> None:
    by_unit = layer.ask(con, ["open_cases"], ["access_risk__org_name"])
    assert sum(row["open_cases"] for row in by_unit) == expected["open_cases"]
    assert "Uten enhet" in {row["access_risk__org_name"] for row in by_unit}
    by_type = layer.ask(con, ["exposure_days"], ["case__finding_type"])
    assert sum(row["exposure_days"] for row in by_type) == expected["exposure_days"]


def test_every_figure_of_a_day_says_that_days_do_not_add_up(layer: SemanticLayer) -> None:
    of_a_day = {measure["name"] for model in layer.models for measure in model["measures"] if measure["name"].endswith("_of_day")}
    last_day = {name for name, (_, measure) in layer.measures.items() if measure["non_additive_dimension"]}
    assert of_a_day == last_day and len(of_a_day) == 6
    assert all(metric["description"] and metric["label"] for metric in layer.metrics.values())
