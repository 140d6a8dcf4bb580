"""Taking in: lands every new delivery, in order, and brings the versions in line with all landed extracts.

Only this module combines the steps of `ingest`. The as-of date is an argument; no clock is read.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import duckdb

from ingest import integrity, quarantine, retention
from ingest.canonical_tables import System
from ingest.decisions import Decisions
from ingest.errors import DeliveryInProgress, PullFailed
from ingest.guard import why_mistyped
from ingest.landing import Landed, Landing
from ingest.policy import Policy
from ingest.sources.base import Source
from ingest.sql import scalar
from ingest.versions import Verdict, fold

Progress = Callable[[str], None]


@dataclass
class Intake:
    """What one run took in of one system: landed now, deliveries left for a later run, and pulls that failed (with reasons)."""

    system: System
    landed: list[Landed] = field(default_factory=list)
    postponed: list[str] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)

    def new_doubts(self, landing: Landing) -> list[str]:
        """Lines about what is ignored, or taken in with a doubt, and was in no earlier extract: extra columns, and notes."""
        now = {e.key for e in self.landed}
        known = {(table, name) for e in landing.all(self.system) if e.key not in now
                 for by_table in (e.extra_columns, e.notes) for table, names in by_table.items() for name in names}
        lines = []
        for landed in self.landed:
            for table, figures in landed.figures.items():
                new = {name for names in (landed.extra_columns, landed.notes) for name in names.get(table, ())
                       if (table, name) not in known}
                known |= {(table, name) for name in new}
                where = f"{landed.system} {landed.extract_date}, {table}"
                if columns := [c for c in landed.extra_columns.get(table, ()) if c in new]:
                    lines.append(f"{where}: extra columns are ignored: {', '.join(columns)}")
                lines += [f"{where}: {figures.warnings[name]} {text}" for name, text in landed.notes.get(table, {}).items()
                          if name in new]
        return lines


def land(
    landing: Landing, source: Source, as_of: date, key: bytes, policy: Policy, *, only: date | None = None, pull: bool = False,
    progress: Progress = lambda _: None, examine: Callable[[Path], None] = lambda _: None, oldest_accepted: date | None = None,
) -> Intake:
    """Land the deliveries that are new or changed, dated `as_of` at the latest; with `only`, that day's, changed or not.

    `pull`: `as_of` is today, so sources that are pulled may be asked. `examine` gets the folder of each extract
    that landed and was not refused. `oldest_accepted`: the date of the system's oldest accepted extract (`oldest_accepted`).
    """
    intake = Intake(source.system)
    base_date = retention.base_date(landing.root)
    pending = ([d for d in source.deliveries(as_of, pull=pull) if d.extract_date == only] if only
               else landing.pending(source, as_of, pull=pull))
    for number, delivery in enumerate(pending, start=1):
        if base_date and delivery.extract_date <= base_date:
            if not landing.of_day(source.system, delivery.extract_date):
                intake.postponed.append(
                    f"{source.system} {delivery.extract_date}: older than what the retention keeps ({base_date}); "
                    "left out")
            continue
        progress(f"{source.system}: taking in {delivery.extract_date} ({number} of {len(pending)})")
        try:
            landed = landing.take_in(source, delivery, key, policy.max_rejected_percent, progress, oldest_accepted)
        except DeliveryInProgress as error:
            intake.postponed.append(
                f"{source.system} {delivery.extract_date}: {error}; it is taken in when it is complete")
            continue
        except PullFailed as error:
            intake.failed.append(f"{source.system} {delivery.extract_date}: {error}")
            continue
        if landed:
            intake.landed.append(landed)
            if not landed.refused:
                examine(landed.folder)
    return intake


def oldest_accepted(con: duckdb.DuckDBPyConnection, landing: Landing, policy: Policy, system: System) -> date | None:
    """The date of a system's oldest accepted extract; None when there is none.

    A warehouse that knows of no extract is a new one: then the oldest that landed and is not itself dated too long ago.
    """
    known = scalar(con, "SELECT min(extract_date) FILTER (status = 'accepted') FROM ingest.extracts WHERE system = ?", [system])
    return known or min((e.extract_date for e in landing.all(system) if not e.refused and not why_mistyped(
        e.extract_date, e.history_began_on, policy)), default=None)


def fold_landed(
    con: duckdb.DuckDBPyConnection, landing: Landing, decisions: Decisions, policy: Policy, system: System,
    quarantined: Path, progress: Progress = lambda _: None, until: date | None = None,
) -> list[Verdict]:
    """Assess and fold all landed extracts (dated `until` at the latest); returns the verdicts that are new.

    For each newly quarantined extract, a diff is written into the folder `quarantined`. Raises Damaged when something that landed
    is missing, or is not what was written.
    """
    landed = [e for e in integrity.check_landed(landing.root, system) if until is None or e.extract_date <= until]
    base = retention.restore(con, landing.root, system)
    verdicts = fold(con, system, landed, decisions.accepted(system), policy, base, progress)
    for verdict in verdicts:
        if verdict.status == "quarantined":
            quarantine.write_diff(con, quarantined, verdict.landed)
    return verdicts
