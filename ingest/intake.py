"""Taking in: every delivery not yet landed, in order, and the versions brought in line with all that landed.

The one place that strings the steps of `ingest` together. It takes the as-of date, never looks at a clock.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import duckdb

from ingest import retention
from ingest.decisions import Decisions
from ingest.errors import DeliveryInProgress
from ingest.landing import Landed, Landing
from ingest.policy import Policy
from ingest.sources.base import Source
from ingest.versions import Verdict, fold

Progress = Callable[[str], None]


@dataclass
class Intake:
    """What one run took in of one system: landed now, verdicts that are news, deliveries left for a later run."""

    system: str
    landed: list[Landed] = field(default_factory=list)
    verdicts: list[Verdict] = field(default_factory=list)
    postponed: list[str] = field(default_factory=list)

    @property
    def withheld(self) -> list[Verdict]:
        """Newly refused or quarantined."""
        return [v for v in self.verdicts if v.status in ("refused", "quarantined")]


def land(
    landing: Landing, source: Source, as_of: date, key: bytes, policy: Policy, *, only: date | None = None,
    progress: Progress = lambda _: None,
) -> Intake:
    """Land the deliveries that are new or changed, dated `as_of` at the latest (`only` one day, if given)."""
    intake = Intake(source.system)
    base_date = retention.base_date(landing.root)
    pending = [d for d in landing.pending(source, as_of) if only in (None, d.extract_date)]
    for number, delivery in enumerate(pending, start=1):
        if base_date and delivery.extract_date <= base_date:
            if not landing.of_day(source.system, delivery.extract_date):
                intake.postponed.append(
                    f"{source.system} {delivery.extract_date}: older than what the retention keeps ({base_date}); "
                    "left out")
            continue
        progress(f"{source.system}: taking in {delivery.extract_date} ({number} of {len(pending)})")
        try:
            landed = landing.take_in(source, delivery, key, policy.max_rejected_percent)
        except DeliveryInProgress as error:
            intake.postponed.append(
                f"{source.system} {delivery.extract_date}: {error}; it is taken in when it is complete")
            continue
        if landed:
            intake.landed.append(landed)
    return intake


def fold_landed(
    con: duckdb.DuckDBPyConnection, landing: Landing, decisions: Decisions, policy: Policy, system: str,
    progress: Progress = lambda _: None, until: date | None = None,
) -> list[Verdict]:
    """Judge and fold all that landed (dated `until` at the latest); returns the verdicts that are new."""
    base = retention.restore(con, landing.root, system)
    landed = [e for e in landing.all(system) if until is None or e.extract_date <= until]
    return fold(con, system, landed, decisions.accepted(system), policy, base, progress)


def data_key_file(data_dir: Path) -> Path:
    """Where the generated hashing key lies."""
    return data_dir / "secrets" / "id_key"
