"""The dashboard for Apache Superset shows the figures of the marts, on DuckDB and PostgreSQL alike, and no persons.

`make bi` imports it into a Superset (`tests/bi`).
"""

from datetime import timedelta
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import duckdb
import pytest
import sqlglot

from dashboards import pack
from ingest.sql import Row, rows
from tests.support import superset

CHARTS = superset.read("charts")
DATASETS = superset.read("datasets")
DASHBOARD, = superset.read("dashboards").values()
# What tells who somebody is, or leads there.
PERSONAL = {"person_id", "employee_number", "given_name", "family_name", "hrm_position_id", "vfs_position_id", "finding_id",
            "subject_id", "why", "remedy"}


def named(title: str) -> dict[str, Any]:
    return next(chart for chart in CHARTS.values() if chart["slice_name"] == title)


def shown(con: duckdb.DuckDBPyConnection, title: str) -> list[Row]:
    chart = named(title)
    return rows(con, superset.query(chart, DATASETS[chart["dataset_uuid"]]))


def test_every_chart_is_on_the_dashboard_and_every_place_has_its_chart() -> None:
    places = [place for place in DASHBOARD["position"].values() if isinstance(place, dict) and place["type"] == "CHART"]
    assert sorted(p["meta"]["uuid"] for p in places) == sorted(CHARTS)
    assert all(p["meta"]["sliceName"] == CHARTS[p["meta"]["uuid"]]["slice_name"] for p in places)
    ids = [key for key, place in DASHBOARD["position"].items() if isinstance(place, dict)]
    children = [c for place in DASHBOARD["position"].values() if isinstance(place, dict) for c in place.get("children", [])]
    assert sorted([*children, "ROOT_ID", "HEADER_ID"]) == sorted(ids)


@pytest.mark.parametrize("title", [chart["slice_name"] for chart in CHARTS.values()])
def test_every_chart_has_figures(con: duckdb.DuckDBPyConnection, title: str) -> None:
    found = shown(con, title)
    assert found and all(any(value is not None for value in row.values()) for row in found)
    assert all(metric["d3format"] for dataset in DATASETS.values() for metric in dataset["metrics"])


@pytest.mark.parametrize("dataset", DATASETS.values(), ids=lambda dataset: dataset["table_name"])
def test_a_dataset_has_the_columns_it_names_and_no_persons(con: duckdb.DuckDBPyConnection, dataset: dict[str, Any]) -> None:
    made = con.sql(dataset["sql"])
    assert {c["column_name"]: c["type"] for c in dataset["columns"]} == dict(zip(made.columns, map(str, made.types), strict=True))
    assert not PERSONAL & set(made.columns)
    for metric in dataset["metrics"]:
        con.execute(f"SELECT {metric['expression']} FROM ({dataset['sql']})")


@pytest.mark.parametrize("title", [chart["slice_name"] for chart in CHARTS.values()])
def test_the_same_query_is_one_of_postgresql(title: str) -> None:
    chart = named(title)
    query = superset.query(chart, DATASETS[chart["dataset_uuid"]])
    assert sqlglot.transpile(query, read="postgres", write="duckdb") == sqlglot.transpile(query, read="duckdb", write="duckdb")


def test_the_figures_are_those_of_the_marts(con: duckdb.DuckDBPyConnection) -> None:
    risk, cases, ends = (rows(con, f"FROM {mart}") for mart in ("access_risk_daily", "case_history", "end_date_propagation"))
    total = {row["evaluation_date"]: row for row in risk if row["org_number"] == "all"}
    as_of = max(total)
    assert shown(con, "Har sluttet og kommer inn") == [{"personer_naa": total[as_of]["people_left_with_access"]}]
    assert total[as_of]["people_left_with_access"] > 0
    days = shown(con, "Har sluttet og kommer inn, dag for dag")
    assert [(r["evaluation_date"], r["personer"], r["personer_usikkert"]) for r in days] == [
        (day, row["people_left_with_access"], row["people_left_with_access"] if row["is_in_doubt"] else None)
        for day, row in sorted(total.items())]
    assert any(row["is_in_doubt"] for row in total.values())  # the demo cuts an extract off
    exposure = sum(case["exposure_days"] for case in cases)
    assert shown(con, "Eksponeringsdager") == [{"eksponeringsdager": exposure}] and exposure > 0
    assert sum(r["eksponeringsdager"] for r in shown(con, "Eksponeringsdager etter hva som var galt")) == exposure
    decided = [end["is_on_time"] for end in ends if end["is_on_time"] is not None]
    share, = shown(con, "Sluttdatoer i tide")
    assert float(share["andel_i_tide"]) == pytest.approx(sum(decided) / len(decided)) and 0 < len(decided) < len(ends)
    months = shown(con, "Sluttdatoer i tide, måned for måned")
    assert sum(m["avgjorte"] for m in months) == len(decided) and sum(m["antall"] for m in months) == len(ends)
    late = {r["cause"]: r["ikke_i_tide"] for r in shown(con, "Hvorfor sluttdatoer ikke kom i tide")}
    assert sum(late.values()) == decided.count(False) > 0 and None not in late
    oldest: dict[str, int] = {}
    for case in cases:
        if case["status"] == "open":
            oldest[case["org_name"]] = max(oldest.get(case["org_name"], 0), case["age_days"])
    assert {r["org_name"]: r["eldste"] for r in shown(con, "Eldste åpne saker, enhet for enhet")} == oldest
    reviews = [case for case in cases if case["finding_type"] == "kommuneadmin_review" and case["status"] == "open"]
    assert shown(con, "Kommuneadmin til gjennomgang") == [{"til_gjennomgang": len(reviews)}] and reviews
    old = [case for case in cases if not case["is_age_lower_bound"] and as_of - case["opened_on"] >= timedelta(days=30)]
    quick = [case for case in old if case["resolved_on"] and case["days_to_resolve"] <= 30]
    within, = shown(con, "Løst innen 30 dager")
    assert float(within["andel_lost_innen_30_dager"]) == pytest.approx(len(quick) / len(old))


def test_the_zip_is_the_same_each_time_and_holds_the_address_of_the_set(tmp_path: Path) -> None:
    uri = "duckdb:////data/published/marts.duckdb?access_mode=READ_ONLY"
    for name in ("first", "second"):
        pack.pack(tmp_path / name, uri)
    assert (tmp_path / "first").read_bytes() == (tmp_path / "second").read_bytes()
    with ZipFile(tmp_path / "first") as archive:
        assert f"sqlalchemy_uri: {uri}\n" in archive.read("sluttdato/databases/Sluttdato.yaml").decode()
        assert len(archive.namelist()) == 2 + len(DATASETS) + len(CHARTS) + 1
    assert "access_mode=READ_ONLY" in dict(pack.contents())["sluttdato/databases/Sluttdato.yaml"]
