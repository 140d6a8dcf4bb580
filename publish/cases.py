"""The cases of a published set: the rows of the mart `cases`, as people name them.

Belongs here: reading them, and finding the one somebody means. Does not belong here: what is a case (SQL in `dbt_project`).
"""

from pathlib import Path

import duckdb

from ingest.sql import Row, rows


class NoSuchCase(LookupError):
    """No case, or more than one, goes by what was given. The text says so."""


def read_cases(marts: Path) -> list[Row]:
    """All rows of the mart `cases` in a published file. Raises NoSuchCase when nothing is published."""
    if not marts.exists():
        raise NoSuchCase("nothing is published yet; `sluttdato run` does that")
    with duckdb.connect(str(marts), read_only=True) as con:
        return rows(con, "FROM cases ORDER BY case_number, finding_type")


def find_case(cases: list[Row], name: str) -> Row:
    """The case with this number or finding_id. Raises NoSuchCase."""
    found = [c for c in cases if name.strip().upper() == c["case_number"] or name.strip() == c["finding_id"]]
    if len(found) == 1:
        return found[0]
    if found:
        ids = ", ".join(c["finding_id"] for c in found)
        raise NoSuchCase(f"{name} is the number of several cases; say which by its finding_id: {ids}")
    raise NoSuchCase(f"{name}: no open case has this number or finding_id; the lists and `sluttdato explain` show them")
