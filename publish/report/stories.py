"""What a page tells of each case: why it is one, what to do, who is involved, and what both systems said and when.

Belongs here: deriving it for many cases at once. Does not belong here: the sentences (SQL; `explain`), how they are shown.
"""

from typing import Any

import duckdb

from ingest.sql import Row, rows
from publish import labels
from publish.dossier import Dossier
from publish.explain import reasons_of, timeline, who
from publish.labels import norwegian

# Deriving a history takes about a millisecond. If there are more cases, the first ones in order get a history.
MOST_HISTORIES = 3000


def stories(con: duckdb.DuckDBPyConnection, cases: list[Row]) -> dict[str, dict[str, Any]]:
    """{case_number: {why, remedy, remark, excepted, comment}}, and for the first cases also {reasons, who, events}: texts, but
    an event is [day, system, text].

    `con` is the warehouse; `cases`: in order.
    """
    told = {c["case_number"]: {"why": c["why"], "remedy": c["remedy"], "remark": labels.remark(c), "excepted": _excepted(c),
                               "comment": _comment(c)} for c in cases}
    first = cases[:MOST_HISTORIES]
    others = _disputed_with(con)
    hrm_only = {c["employee_number"] for c in first if c["finding_type"] == "ended_early_in_vfs" and c["employee_number"]}
    involved = [others.get(c["person_id"], ([], [])) for c in first if c["is_disputed"]]
    dossier = Dossier(con, {c["person_id"] for c in first} | {p for persons, _ in involved for p in persons},
                      hrm_only | {e for _, employees in involved for e in employees}, and_matched=True)
    for case in first:
        persons, employees = others.get(case["person_id"], ([], [])) if case["is_disputed"] else ([], [])
        persons = [case["person_id"], *persons]
        numbers = {*employees, *(r["employee_number"] for r in dossier.rows("employees_of", persons))}
        if case["finding_type"] == "ended_early_in_vfs" and case["employee_number"]:
            numbers.add(case["employee_number"])
        told[case["case_number"]] |= {
            "reasons": reasons_of(dossier, case),
            "who": who(dossier, persons, sorted(numbers)) if case["is_disputed"] else [],
            "events": [[norwegian(e.day), e.system, e.text] for e in timeline(dossier, persons, sorted(numbers))]}
    return told


def _disputed_with(con: duckdb.DuckDBPyConnection) -> dict[str, tuple[list[str], list[str]]]:
    """{person_id: (other persons, other employees)} of everybody whose identity is disputed now."""
    return {r["person_id"]: (r["persons"] or [], r["employees"] or []) for r in rows(con, """
        SELECT person_id, list(DISTINCT other_person_id ORDER BY other_person_id) FILTER (other_person_id IS NOT NULL) AS persons,
          list(DISTINCT other_employee_number ORDER BY other_employee_number)
            FILTER (other_employee_number IS NOT NULL) AS employees
        FROM intermediate.int_identity__disputes WHERE to_day > (SELECT as_of_date FROM staging.stg_run) GROUP BY person_id""")}


def _excepted(case: Row) -> str | None:
    if case["excepted_until"] is None:
        return None
    by = f" av {case['excepted_by']}" if case["excepted_by"] else ""
    return f"Unntatt til {norwegian(case['excepted_until'])}{by}: {case['exception_reason']}"


def _comment(case: Row) -> str | None:
    """How far somebody has come with it, and what they noted."""
    status = labels.HANDLING.get(case["handling_status"])
    parts = [labels.capital(status or ""), case["handled_by"] or "", case["handling_comment"] or ""]
    return " – ".join(filter(None, parts)) or None
