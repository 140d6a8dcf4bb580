"""The one headline figure: people who have left, or are unknown in HRM, and can get in (contract#has-left-with-access).

Belongs here: reading it, and its words. Does not belong here: who has left and can get in (SQL; `employee_status`).
"""

from dataclasses import dataclass

import duckdb

from ingest.sql import rows


@dataclass(frozen=True)
class Headline:
    """People who have left with access and are not excepted in all their cases: those who `left`, and those `unknown` in HRM."""

    left: int
    unknown: int

    @property
    def total(self) -> int:
        return self.left + self.unknown

    def sentence(self, *, in_doubt: bool = False) -> str:
        """The figure in a sentence in bokmål, the same everywhere. `in_doubt`: somebody may be missing (`trust.is_in_doubt`)."""
        if not self.total:
            somebody = "Ingen" if not in_doubt else "Det er ikke kjent at noen"
            return f"{somebody} som har sluttet eller er ukjente i HRM, kommer inn i VFS."
        who = "1 person har sluttet eller er ukjent" if self.total == 1 else f"{self.total} personer har sluttet eller er ukjente"
        return f"{who} i HRM, og kommer fortsatt inn i VFS."


def headline(con: duckdb.DuckDBPyConnection) -> Headline:
    """The figure, from the warehouse or a published file."""
    counts = {r["hrm_status"]: r["people"] for r in rows(con, """
        SELECT hrm_status, count(*)::INTEGER AS people
        FROM marts.employee_status
        WHERE has_left_with_access AND NOT coalesce((
          SELECT bool_and(status = 'excepted') FROM marts.cases WHERE cases.person_id = employee_status.person_id), false)
        GROUP BY hrm_status""")}
    return Headline(left=counts.get("inactive", 0), unknown=counts.get("unknown", 0))
