"""The cases of a published set: the rows of the mart `cases`.

Belongs here: reading them, their order on every list, and finding those of a number or finding_id. Does not belong here: what
is a case (SQL in `dbt_project`).
"""

from collections.abc import Iterable
from pathlib import Path

from ingest.case_numbers import case_number
from ingest.sql import Row, rows
from ingest.warehouse import open_published


class NoSuchCase(LookupError):
    """No case has the given number or finding_id; or nothing is published. The text explains which."""


def read_cases(marts: Path) -> list[Row]:
    """All rows of the mart `cases` in a published file, by case number. Raises NoSuchCase when nothing is published."""
    if not marts.exists():
        raise NoSuchCase("nothing is published yet; `sluttdato run` does that")
    with open_published(marts) as con:
        return rows(con, "FROM cases ORDER BY case_number, finding_type, subject_id")


def find_case(cases: list[Row], name: str) -> list[Row]:
    """The findings of the case with this number or finding_id: one, or those of two persons who dispute an identity
    (contract#pair). Raises NoSuchCase."""
    number = case_number(name)
    named = {c["case_number"] for c in cases if c["case_number"] == number or c["finding_id"] == name.strip()}
    if not named:
        raise NoSuchCase(f"{name}: no open case has this number or finding_id; the lists and `sluttdato explain` show them")
    return [c for c in cases if c["case_number"] in named]


def in_order(cases: Iterable[Row]) -> list[Row]:
    """The cases as every list shows them: what to take first comes first, what is excepted last (contract#priority)."""
    return sorted(cases, key=lambda c: (
        c["status"] == "excepted", c["priority"], c["org_name"] if c["org_number"] else "\uffff", c["family_name"] or "",
        c["given_name"] or "", c["person_id"], c["case_number"]))


def by_person(cases: Iterable[Row]) -> dict[str, list[Row]]:
    """{person_id: their cases}, in the order in which the cases come: one visit to VFS settles all of a person's."""
    persons: dict[str, list[Row]] = {}
    for case in cases:
        persons.setdefault(case["person_id"], []).append(case)
    return persons
