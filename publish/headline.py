"""The one headline figure: people who have left, or are unknown in HRM, and can get in (contract#has-left-with-access).

Belongs here: reading it, and its words. Does not belong here: who has left and can get in (SQL; `access_risk_daily`).
"""

from dataclasses import dataclass

import duckdb

from ingest.sql import has_table, rows


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


def headline(con: duckdb.DuckDBPyConnection) -> Headline | None:
    """The figure, from the warehouse or a published file; None in a set that an earlier version published."""
    if not has_table(con, "access_risk_daily"):
        return None
    counts = rows(con, """
        SELECT people_left_with_access AS people, people_unknown_with_access AS unknown FROM marts.access_risk_daily
        WHERE is_total AND evaluation_date = as_of_date""")
    # Before both systems have delivered, nothing is evaluated, and every list is in doubt.
    return Headline(left=counts[0]["people"] - counts[0]["unknown"], unknown=counts[0]["unknown"]) if counts else Headline(0, 0)
