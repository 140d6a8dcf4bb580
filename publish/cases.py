"""The cases of a published set: the rows of the mart `cases`.

Belongs here: reading them, and finding one by its number or finding_id. Does not belong here: what is a case
(SQL in `dbt_project`).
"""

from pathlib import Path

from ingest.sql import Row, rows
from ingest.warehouse import open_published


class NoSuchCase(LookupError):
    """No case, or more than one, has the given number or finding_id; or nothing is published. The text explains which."""


def read_cases(marts: Path) -> list[Row]:
    """All rows of the mart `cases` in a published file, by case number. Raises NoSuchCase when nothing is published."""
    if not marts.exists():
        raise NoSuchCase("nothing is published yet; `sluttdato run` does that")
    with open_published(marts) as con:
        return rows(con, "FROM cases ORDER BY case_number, finding_type")


def find_case(cases: list[Row], name: str) -> Row:
    """The case with this number or finding_id. Raises NoSuchCase."""
    matching = [c for c in cases if name.strip().upper() == c["case_number"] or name.strip() == c["finding_id"]]
    if len(matching) == 1:
        return matching[0]
    if matching:
        ids = ", ".join(c["finding_id"] for c in matching)
        raise NoSuchCase(f"{name} is the number of several cases; use a finding_id instead: {ids}")
    raise NoSuchCase(f"{name}: no open case has this number or finding_id; the lists and `sluttdato explain` show them")
