"""docs/bi.md: its examples run, its joins hold, and it says of every number what adds up."""

import re
from pathlib import Path
from typing import Any

import duckdb
import pytest
import sqlglot

from ingest.sql import rows, scalar
from tests.support.models import Models

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "bi.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)


SQL = [statement.strip() for block in blocks("sql") for statement in block.split(";") if statement.strip()]


@pytest.mark.parametrize("statement", SQL)
def test_an_example_runs_and_finds_something_on_either_engine(con: duckdb.DuckDBPyConnection, statement: str) -> None:
    assert con.execute(statement).fetchall()
    as_postgres, as_duckdb = (sqlglot.transpile(statement, read=engine, write="duckdb") for engine in ("postgres", "duckdb"))
    # Where nulls come, first or last, is the engine's choice, and of no matter here.
    assert [text.replace(" NULLS FIRST", "") for text in as_postgres] == as_duckdb


@pytest.mark.parametrize("example", [block for block in blocks("python") if "sqlalchemy" not in block])
def test_an_example_in_python_runs(published_demo: Path, example: str) -> None:
    found: dict[str, Any] = {}
    exec(example.replace("data/published", str(published_demo.parent)), found)
    assert len(found["cases" if "cases" in found else "history"]) > 5


def test_the_weeks_of_the_example_are_those_of_their_last_days(con: duckdb.DuckDBPyConnection) -> None:
    example, = (statement for statement in SQL if "iso_week" in statement)
    counts = rows(con, "FROM finding_daily_counts")
    assert max(c["open_count"] or 0 for c in counts) > 1
    by_day: dict[Any, int] = {}
    for count in counts:
        by_day[count["evaluation_date"]] = by_day.get(count["evaluation_date"], 0) + (count["open_count"] or 0)
    by_week = {tuple(day.isocalendar())[:2]: number for day, number in sorted(by_day.items())}
    assert {(r["iso_year"], r["iso_week"]): r["open_findings"] for r in rows(con, example)} == by_week
    by_person = scalar(con, "SELECT count(*) FROM findings WHERE status = 'open'")
    assert by_week[max(by_week)] == by_person


def test_every_number_of_the_marts_has_a_row_that_says_what_adds_up(models: Models) -> None:
    columns = {f"{node['name']}.{name}" for node in models.manifest["nodes"].values()
               if node["resource_type"] == "model" and node["schema"] == "marts"
               for name, column in node["columns"].items() if column["data_type"] not in ("varchar", "date", "boolean")}
    described = re.findall(r"^\| `(\w+\.\w+)` \|", PAGE, re.MULTILINE)
    assert sorted(described) == sorted(columns)


def test_every_mart_is_named_with_its_grain_and_has_its_place_under_privacy(models: Models) -> None:
    for heading in ("## Which mart", "## Privacy"):
        section = PAGE.partition(heading)[2].partition("\n## ")[0]
        cells = re.findall(r"^\| (`.*?`) \|", section, re.MULTILINE)
        named = {name for cell in cells for name in re.findall(r"`([\w*]+)`", cell)}
        if "dim_*" in named:
            named = named - {"dim_*"} | {mart for mart in models.marts if mart.startswith("dim_")}
        assert named == set(models.marts), heading


def test_the_joins_lead_to_one_row(con: duckdb.DuckDBPyConnection) -> None:
    section = PAGE.partition("## Keys and joins")[2].partition("\n## ")[0]
    joins = 0
    for from_, to, on in re.findall(r"^\| (`.*?) \| (`\w+`) \| (.*?) \|$", section, re.MULTILINE):
        kind = re.search(r"status_of = '\w+'", on)
        for mart in re.findall(r"`(\w+)`", from_):
            for condition in re.findall(r"`(\w+(?: = \w+)?)`", on):
                left, _, right = condition.partition(" = ")
                other = to.strip("`")
                joined = f"{other}{f' AS other WHERE {kind[0]}' if kind else ''}"
                key = right or left
                assert scalar(con, f"SELECT count({key}) = count(DISTINCT {key}) FROM {joined}"), (mart, other)
                known = f"(SELECT {key} FROM {joined})"
                assert scalar(con, f"SELECT count({left}) FROM {mart} WHERE {left} NOT IN {known}") == 0, (mart, left, other)
                joins += 1
    assert joins > 15
