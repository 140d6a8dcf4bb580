"""Whether a landed extract is plausible enough to be let in (contract#quarantined): not empty, not shrunk or grown
beyond the limits.

A verdict is a function of the landed extracts, the decisions and the policy, so the order of arrival does not matter.
"""

from dataclasses import dataclass
from datetime import date

from ingest.canonical_tables import System, tables_of
from ingest.policy import Policy


@dataclass(frozen=True)
class Size:
    """What is compared from one extract to the next: rows of the guarded tables, and active positions on the day."""

    rows: dict[str, int]
    active_positions: int

    def figures(self) -> dict[str, int]:
        return {**self.rows, "active positions": self.active_positions}


def guarded_tables(system: System) -> list[str]:
    return [t.name for t in tables_of(system) if t.guarded]


def why_quarantined(
    size: Size, previous: Size | None, policy: Policy, day: date, *, full: bool
) -> str | None:
    """The reason in figures, or None when the extract passes."""
    policy = policy.on(day)
    if full:
        empty = [name for name, rows in size.rows.items() if rows == 0]
        if empty:
            return f"{' and '.join(empty)} empty"
    if previous is None:
        return None
    reasons = []
    before = previous.figures()
    for name, rows in size.figures().items():
        change = rows - before[name]
        if -change * 100 > policy.max_drop_percent * before[name] and -change > policy.min_drop_rows:
            reasons.append(f"{name} fell from {before[name]} to {rows}")
        elif rows > policy.max_growth_factor * before[name] and change > policy.min_growth_rows:
            reasons.append(f"{name} rose from {before[name]} to {rows}")
    return "; ".join(reasons) or None
