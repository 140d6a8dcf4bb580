"""Helpers for DuckDB queries: one value, rows as dictionaries, whether a table is there; texts, paths and names as SQL.

Belongs here: what is independent of any table. Does not belong here: opening the warehouse (`warehouse`).
"""

from pathlib import Path
from typing import Any

import duckdb

Row = dict[str, Any]


def scalar(con: duckdb.DuckDBPyConnection, sql: str, parameters: object = None) -> Any:
    """The first column of the first row. Raises LookupError when the query returns no row."""
    row = con.execute(sql, parameters).fetchone()
    if row is None:
        raise LookupError("the query returned no row")
    return row[0]


def rows(con: duckdb.DuckDBPyConnection, sql: str, parameters: object = None) -> list[Row]:
    """The rows of a query as {column: value}."""
    cursor = con.execute(sql, parameters)
    names = [column[0] for column in cursor.description or ()]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def has_table(con: duckdb.DuckDBPyConnection, name: str) -> bool:
    """Whether a table of this name is there: in a file that an earlier version wrote, some are not."""
    return bool(scalar(con, "SELECT count(*) FROM duckdb_tables() WHERE table_name = ?", [name]))


def literal(value: str | Path) -> str:
    """A text or path as an SQL literal, where a statement takes no parameter."""
    return "'" + str(value).replace("'", "''") + "'"


def identifier(name: str) -> str:
    """A name of a table or column in SQL, also where it is a word of SQL."""
    return '"' + name.replace('"', '""') + '"'
