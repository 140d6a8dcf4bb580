"""Deliveries in the published marts: how recent each system is, what cannot be assessed, and the delivery of each day.

Belongs here: reading `data_freshness`, `extracts` and `emptied_org_units`, the same way for the report, messages, checks and the
command line.
Does not belong here: which extract counts or is stale (SQL in `dbt_project`), words for people (`labels`).

`con` is the warehouse or a published file: `marts.<mart>` names a mart in both.
"""

from datetime import date, timedelta

import duckdb

from ingest.canonical_tables import SOURCES, WITNESSES
from ingest.sql import Row, has_table, rows

_ADDED: Row = {"unchanged_since": None, "may_be_frozen": False, "kept_rows": 0, "may_miss_rows": 0}


def freshness(con: duckdb.DuckDBPyConnection) -> list[Row]:
    """The rows of `data_freshness`, a witness after the systems; `not_assessable` is a list of names.

    A set that an earlier version published has fewer columns; the others say then that nothing is known.
    """
    return sorted(({**_ADDED, "is_too_old": row.get("status") == "stale", **row,
                    "not_assessable": [name for name in row["not_assessable"].split(", ") if name]}
                   for row in rows(con, "FROM marts.data_freshness")), key=lambda row: SOURCES.index(row["system"]))


def not_assessable(freshness_rows: list[Row]) -> list[str]:
    """The finding types, marts and review reasons that cannot be assessed; `freshness_rows` is what `freshness` returns."""
    return [name for row in freshness_rows for name in row["not_assessable"]]


def missing_since(row: Row) -> date | None:
    """The first day of which a system that is not fresh has not told; None when it is fresh, or never delivered, or a witness,
    whose days may be without anything to tell. `row` is one of `freshness`."""
    if row["status"] == "fresh" or row["current_extract_date"] is None or row["system"] in WITNESSES:
        return None
    return row["current_extract_date"] + timedelta(days=1)


def emptied_org_units(con: duckdb.DuckDBPyConnection) -> list[Row]:
    """The rows of `emptied_org_units`, the newest first; none in a set that an earlier version published."""
    if not has_table(con, "emptied_org_units"):
        return []
    return rows(con, "FROM marts.emptied_org_units ORDER BY emptied_on DESC, system, org_number")


def newest_of_each_day(con: duckdb.DuckDBPyConnection, system: str) -> list[Row]:
    """The rows of `extracts` of one system, the latest delivery of each extract date, oldest first."""
    return rows(con, "FROM marts.extracts WHERE system = ? AND is_latest_of_day ORDER BY extract_date", [system])
