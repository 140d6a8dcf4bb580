"""Which org units have a page and a workbook of their own, which cases are theirs, and in which folder they lie.

    report/skoler/<folder>/{index.html, arbeidsliste.xlsx, arbeidsliste.csv}

A folder can be shared with one school and nobody else: nothing in it names or links to others' cases. Belongs here: which unit
has what. Does not belong here: what the pages and workbooks show (`report`, `worklists`).
"""

import hashlib
import re
from dataclasses import dataclass, field

import duckdb

from ingest.sql import Row, rows
from publish.cases import in_order
from publish.labels import counted


@dataclass
class School:
    """One org unit: the cases at it, in order; those of people `with_access` to it and no position anywhere; and what was
    resolved at it."""

    org_number: str
    name: str
    cases: list[Row] = field(default_factory=list)
    with_access: list[Row] = field(default_factory=list)
    resolved: list[Row] = field(default_factory=list)

    @property
    def folder(self) -> str:
        return file_stem(self.org_number)

    def summary(self, *, in_doubt: bool) -> str:
        """How many cases are open at the school, in a sentence."""
        own = sum(c["status"] == "open" for c in self.cases)
        others = sum(c["status"] == "open" for c in self.with_access)
        parts = [f"{counted(own, 'åpen sak', 'åpne saker')} ved enheten"] if own else []
        if others:
            parts.append(f"{counted(others, 'person', 'personer')} uten stilling ved noen skole har tilgang her")
        if not parts:
            return "Ingen kjente saker. Listen kan mangle noen." if in_doubt else "Ingen saker."
        return f"{', og '.join(parts)}."

    @property
    def all_cases(self) -> list[Row]:
        """All cases that its page and workbook show, in order."""
        return in_order([*self.cases, *self.with_access])


def schools(con: duckdb.DuckDBPyConnection, cases: list[Row], resolved: list[Row]) -> list[School]:
    """Every school of the warehouse, and every other unit that ever had a case: its page stays when the last one is solved. By
    number. `cases` and `resolved` are the marts `cases` and `resolved_cases`."""
    found = {r["org_number"]: School(r["org_number"], r["name"] or r["org_number"]) for r in rows(con, """
        SELECT org_number, any_value(name) AS name FROM (
          SELECT org_number, name FROM marts.org_units WHERE type = 'school'
          UNION ALL SELECT f.org_number, u.name FROM marts.findings f LEFT JOIN marts.org_units u USING (org_number)
          WHERE f.org_number IS NOT NULL)
        GROUP BY org_number""")}

    def at(org_number: str, name: str | None = None) -> School:
        return found.setdefault(org_number, School(org_number, name or org_number))

    for case in cases:
        if case["org_number"]:
            at(case["org_number"], case["org_name"]).cases.append(case)
        for org_number in (case["access_org_numbers"] or "").split(", "):
            if org_number:
                at(org_number).with_access.append(case)
    for case in resolved:
        if case["org_number"]:
            at(case["org_number"], case["org_name"]).resolved.append(case)
    for school in found.values():
        school.cases, school.with_access = in_order(school.cases), in_order(school.with_access)
    return sorted(found.values(), key=lambda s: s.org_number)


def file_stem(org_number: str) -> str:
    """A file name for an org unit: its number where that is safe in a path, else a safe form of it with a hash."""
    safe = re.sub(r"[^0-9A-Za-z_-]", "_", org_number)[:40]
    return safe if safe == org_number else f"{safe}-{hashlib.sha256(org_number.encode()).hexdigest()[:6]}"
