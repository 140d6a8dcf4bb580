"""Reads a published set in one way, twice: before and after a line on standard input. Prints what it saw as JSON.

A program of its own, run by the Python of another environment: it imports nothing of the product.
"""

import json
import sys
from datetime import date
from pathlib import Path
from typing import Any

FIGURE = """SELECT evaluation_date, org_name, is_total, people_left_with_access FROM access_risk_daily
WHERE is_total AND evaluation_date = as_of_date"""
UNITS = "SELECT DISTINCT org_name FROM access_risk_daily ORDER BY org_name"


def by_duckdb(published: Path) -> tuple[list[Any], list[str]]:
    import duckdb

    with duckdb.connect(str(published / "marts.duckdb"), read_only=True) as con:
        return list(con.execute(FIGURE).fetchall()[0]), [name for (name,) in con.execute(UNITS).fetchall()]


def by_sqlalchemy(published: Path) -> tuple[list[Any], list[str]]:
    import sqlalchemy

    address = f"duckdb:///{published / 'marts.duckdb'}?access_mode=READ_ONLY"
    engine = sqlalchemy.create_engine(address, poolclass=sqlalchemy.pool.NullPool)
    with engine.connect() as con:
        assert "access_risk_daily" in sqlalchemy.inspect(engine).get_table_names()
        return list(con.execute(sqlalchemy.text(FIGURE)).fetchall()[0]), [name for (name,) in con.execute(sqlalchemy.text(UNITS))]


def by_pandas(published: Path) -> tuple[list[Any], list[str]]:
    import pandas as pd

    frame = pd.read_parquet(published / "parquet" / "access_risk_daily.parquet")
    assert frame["is_total"].dtype == bool and str(frame["people_left_with_access"].dtype) == "int32"
    day = frame[frame["is_total"] & (frame["evaluation_date"] == frame["as_of_date"])].iloc[0]
    figure = [bool(day["is_total"]), int(day["people_left_with_access"])]
    return [pd.Timestamp(day["evaluation_date"]).date(), day["org_name"], *figure], sorted(set(frame["org_name"]))


def by_polars(published: Path) -> tuple[list[Any], list[str]]:
    import polars as pl

    frame = pl.read_parquet(published / "parquet" / "access_risk_daily.parquet")
    assert frame.schema["evaluation_date"] == pl.Date and frame.schema["people_left_with_access"] == pl.Int32
    day = frame.filter(pl.col("is_total") & (pl.col("evaluation_date") == pl.col("as_of_date")))
    row = day.select("evaluation_date", "org_name", "is_total", "people_left_with_access").row(0)
    return list(row), sorted(set(frame["org_name"]))


WAYS = {"duckdb": by_duckdb, "sqlalchemy": by_sqlalchemy, "pandas": by_pandas, "polars": by_polars}


def main() -> None:
    way, published = sys.argv[1], Path(sys.argv[2])
    for _ in range(2):
        row, units = WAYS[way](published)
        assert isinstance(row[0], date) and row[2] is True and isinstance(row[3], int), row  # types right
        print(json.dumps([[str(row[0]), *row[1:]], sorted(units)]), flush=True)
        sys.stdin.readline()


if __name__ == "__main__":
    main()
