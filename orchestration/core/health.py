"""Whether everything is as it should be, for a monitor: from what is recorded and published already (contract#command-health).

Belongs here: what counts as a warning, and what as critical. Does not belong here: what a system's freshness is (SQL,
`data_freshness`), reading it (`core.standing`), printing (`cli.health`). Cheap: neither Dagster nor dbt is imported. Names of
systems, steps and checks, and counts; never a person.
"""

from dataclasses import dataclass, field
from datetime import date
from enum import IntEnum
from typing import Any

from ingest.canonical_tables import WITNESSES
from orchestration.core.last_run import LastRun
from orchestration.core.paths import DataPaths
from orchestration.core.standing import Standing, standing
from publish.trust import is_in_doubt


class Level(IntEnum):
    """The exit statuses that monitors know."""

    OK = 0
    WARNING = 1
    CRITICAL = 2


@dataclass
class Health:
    """`systems`: {system: status and age}; `people_left_with_access`: None where it is not known, and with `is_at_least` somebody
    may be missing in it."""

    level: Level = Level.OK
    problems: list[str] = field(default_factory=list)
    last_run_on: date | None = None
    as_of_date: date | None = None
    systems: dict[str, dict[str, Any]] = field(default_factory=dict)
    withheld: int | None = None
    people_left_with_access: int | None = None
    is_at_least: bool = False

    def tell(self, level: Level, problem: str) -> None:
        self.level = max(self.level, level)
        self.problems.append(problem)

    def line(self) -> str:
        """All of it in a line; that nobody is known to get in is not said of a doubt."""
        ages = ", ".join(f"{name} {s['status']}" + (f" {s['age_days']} d" if s["age_days"] is not None else "")
                         for name, s in self.systems.items())
        people = self.people_left_with_access
        at_least = "at least " if self.is_at_least else ""
        facts = [f"last run {self.last_run_on or 'never'}", f"as of {self.as_of_date or 'nothing'}", ages,
                 "" if people is None else f"{at_least}{people} who left can get in"]
        return f"SLUTTDATO {self.level.name}: {'; '.join([*self.problems, *filter(None, facts)])}"


def health(paths: DataPaths, today: date, max_age_days: int) -> Health:
    """How things are. Never raises for what is damaged: that is critical."""
    found, now = Health(), standing(paths)
    _look_at_run(found, now.run, today, max_age_days)
    _look_at_published(found, now)
    return found


def _look_at_run(found: Health, run: LastRun | None, today: date, max_age_days: int) -> None:
    if run is None:
        found.tell(Level.CRITICAL, "no run is recorded")
        return
    found.last_run_on = run.ended_on
    if (age := (today - run.ended_on).days) > max_age_days:
        found.tell(Level.CRITICAL, f"the last run ended {age} days ago")
    if not run.succeeded:
        found.tell(Level.CRITICAL, f"the last run failed in {', '.join(run.failed_steps) or run.job}")
    elif run.failed_checks:
        found.tell(Level.WARNING, f"failed checks: {', '.join(run.failed_checks)}")
    if run.not_pulled:
        found.tell(Level.WARNING, f"did not answer: {', '.join(run.not_pulled)}")
    if run.unsent:
        found.tell(Level.WARNING, f"{run.unsent} messages did not leave")


def _look_at_published(found: Health, now: Standing) -> None:
    if now.unreadable:
        found.tell(Level.CRITICAL, now.unreadable)
        return
    found.as_of_date = now.as_of_date
    found.systems = {row["system"]: {"status": row["status"], "age_days": row["age_days"]} for row in now.freshness}
    found.withheld = sum(row["withheld_extracts"] for row in now.freshness)
    found.people_left_with_access = now.people.total if now.people else None
    found.is_at_least = is_in_doubt(now.freshness)
    for row in now.freshness:
        if row["status"] != "fresh":
            is_nothing = row["status"] == "missing" and row["system"] not in WITNESSES
            found.tell(Level.CRITICAL if is_nothing else Level.WARNING, f"{row['system']} is {row['status']}")
    if found.withheld:
        found.tell(Level.WARNING, f"{found.withheld} extracts are withheld")
