"""What the report and the worklists are made of, read once from the marts.

Belongs here: reading it, and what is counted where. Does not belong here: what is a case (SQL), pages (`report`), workbooks
(`worklists`).
"""

from dataclasses import dataclass
from datetime import date
from typing import Any

import duckdb

from ingest.sql import Row, rows
from publish import deliveries, labels, trust
from publish.cases import in_order
from publish.headline import Headline, headline
from publish.labels import counted, norwegian
from publish.schools import School, schools

_WORDS = {"persons": ("person", "personer"), "positions": ("stilling", "stillinger"), "accesses": ("tilgang", "tilganger")}


@dataclass(frozen=True)
class Lists:
    """One day's lists. `cases`: each case once, in order (contract#pair); `resolved`: the mart `resolved_cases`, the latest
    first; `answers`: the rows of `decision_answers` of the last 30 days, the latest file first; `checked`: how many persons,
    positions and accesses VFS's current state holds; `first_day`: the first evaluation day, None before both systems have
    delivered."""

    as_of: date
    first_day: date | None
    kommune: str
    headline: Headline
    cases: list[Row]
    resolved: list[Row]
    roster: list[Row]
    freshness: list[Row]
    schools: list[School]
    answers: list[Row]
    checked: dict[str, int]

    @property
    def unknown(self) -> list[str]:
        """What cannot be assessed."""
        return deliveries.not_assessable(self.freshness)

    @property
    def trust(self) -> list[trust.Line]:
        """How far the lists can be trusted, in lines."""
        return trust.lines(self.freshness)

    @property
    def is_in_doubt(self) -> bool:
        """Whether a list without cases may only be a list without news."""
        return trust.is_in_doubt(self.freshness)

    @property
    def is_first_day(self) -> bool:
        """Whether nothing can be new, as there is no day before."""
        return self.as_of == self.first_day

    @property
    def summary(self) -> str:
        """How many cases are open, and for whom; what was checked when none is; in a sentence or two."""
        if self.open:
            people = len({c["person_id"] for c in self.open})
            doubt = " Tallene kan være for lave." if self.is_in_doubt else ""
            return (f"{counted(len(self.open), 'åpen sak', 'åpne saker')}, som gjelder "
                    f"{counted(people, 'person', 'personer')}.{doubt}")
        if self.is_in_doubt:
            return "Ingen kjente åpne saker. Listen kan mangle noen."
        checked = ", ".join(counted(self.checked[table], *words) for table, words in _WORDS.items())
        hrm = next(f["current_extract_date"] for f in self.freshness if f["system"] == "hrm")
        unknown = "; ".join(labels.NOT_ASSESSABLE[name] for name in self.unknown)
        return (f"Ingen åpne saker. Kontrollert i dag: {checked} mot HRM av {norwegian(hrm)}."
                + (f" Ikke kontrollert: {unknown}." if unknown else ""))

    @property
    def open(self) -> list[Row]:
        """The cases that are not excepted."""
        return [c for c in self.cases if c["status"] == "open"]


def read(con: duckdb.DuckDBPyConnection) -> Lists:
    """The lists of the warehouse, as it was evaluated."""
    run, = rows(con, "SELECT as_of_date, kommune_number, kommune_name FROM staging.stg_run")
    first = con.execute("SELECT first_day FROM intermediate.int_evaluation_window").fetchone()
    cases = in_order(rows(con, "FROM marts.cases WHERE is_lead"))
    figure = headline(con)
    assert figure is not None  # the warehouse holds every mart
    resolved = rows(con, """
        FROM marts.resolved_cases ORDER BY resolved_on DESC, family_name, given_name, case_number""")
    return Lists(
        as_of=run["as_of_date"], first_day=first[0] if first else None,
        kommune=" ".join(filter(None, [run["kommune_number"], run["kommune_name"]])), headline=figure, cases=cases,
        resolved=resolved, freshness=deliveries.freshness(con), schools=schools(con, cases, resolved), checked=_checked(con),
        answers=rows(con, """
            FROM marts.decision_answers WHERE taken_in_on > as_of_date - 30
            ORDER BY taken_in_on DESC, file, outcome <> 'not_understood', sequence_number"""),
        roster=rows(con, """
            FROM marts.kommuneadmin_roster ORDER BY family_name, given_name, person_id, access_group, org_name"""))


def _checked(con: duckdb.DuckDBPyConnection) -> dict[str, int]:
    def count(table: str) -> Any:
        return rows(con, f"""
            SELECT count(*)::INTEGER AS n FROM staging.stg_vfs__{table} WHERE to_day > (SELECT as_of_date FROM staging.stg_run)
            """)[0]["n"]

    return {table: count(table) for table in ("persons", "positions", "accesses")}
