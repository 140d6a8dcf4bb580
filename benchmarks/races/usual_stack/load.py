"""A day's file becomes a table of DuckDB; a row delivered twice is there once."""

import duckdb

TABLES = [("hrm", "employees"), ("hrm", "positions"), ("vfs", "persons"), ("vfs", "positions"), ("vfs", "org_units")]


def load(system: str, table: str, day: str) -> int:
    with duckdb.connect("warehouse.duckdb") as con:
        con.execute("CREATE SCHEMA IF NOT EXISTS raw")
        con.execute(f"CREATE OR REPLACE TABLE raw.{system}_{table} AS SELECT DISTINCT *, DATE '{day}' AS extract_date "
                    f"FROM read_csv('inbox/{system}/{day}/{table}.csv', all_varchar = true)")
        return con.execute(f"SELECT count(*) FROM raw.{system}_{table}").fetchone()[0]
