"""How things stand: the last run's record and the published set's figures, read in one place for `health` and `metrics`.

Belongs here: reading them. Does not belong here: what counts as a warning (`core.health`), names and labels of metrics
(`core.metrics`), printing (`cli`). Cheap: neither Dagster nor dbt is imported. Names of systems, steps, checks and types, and
counts; never a person.
"""

from dataclasses import dataclass, field
from datetime import date

import duckdb

from ingest.errors import IngestError
from ingest.sql import Row
from ingest.warehouse import open_published
from orchestration.core.last_run import LastRun, last_run
from orchestration.core.paths import DataPaths
from publish import deliveries, labels
from publish.headline import Headline, headline
from publish.trust import is_in_doubt

Counts = dict[str, dict[str, int | None]]


@dataclass(frozen=True)
class Standing:
    """`run`: None when none is recorded. `unreadable`: why the published set cannot be read, or that there is none; then nothing
    is known of it. `freshness`: what `deliveries.freshness` returns. `people`: who left and can get in, None where that is not
    known. `findings`: see `findings_by_type`."""

    run: LastRun | None
    unreadable: str | None = None
    freshness: list[Row] = field(default_factory=list)
    people: Headline | None = None
    findings: Counts = field(default_factory=dict)

    @property
    def as_of_date(self) -> date | None:
        return self.freshness[0]["as_of_date"] if self.freshness else None

    @property
    def not_assessable(self) -> list[str]:
        return deliveries.not_assessable(self.freshness)

    @property
    def is_in_doubt(self) -> bool:
        """Whether somebody may be missing from what is published: the news did not come, or the last run did not get to it."""
        return not self.freshness or is_in_doubt(self.freshness) or self.run is None or not self.run.succeeded


def standing(paths: DataPaths) -> Standing:
    """How things stand. Never raises for what is damaged."""
    run = last_run(paths)
    try:
        if not paths.marts.exists():
            return Standing(run, "nothing is published")
        with open_published(paths.marts) as con:
            freshness = deliveries.freshness(con)
            if not freshness:
                return Standing(run, "the published set says nothing of any system")
            return Standing(run, None, freshness, headline(con), findings_by_type(con, deliveries.not_assessable(freshness)))
    except (IngestError, OSError) as error:
        return Standing(run, str(error))


def findings_by_type(con: duckdb.DuckDBPyConnection, not_assessable: list[str]) -> Counts:
    """{type: {open, excepted}: count}; None instead of zero for a type that is not assessable. From the published marts."""
    counts: Counts = {
        t: dict.fromkeys(("open", "excepted"), None if t in not_assessable else 0) for t in labels.FINDING_TYPES}
    for finding_type, state, count in con.execute(
            "SELECT finding_type, status, count(*) FROM findings WHERE status <> 'resolved' GROUP BY ALL").fetchall():
        counts.setdefault(finding_type, dict.fromkeys(("open", "excepted"), 0))[state] = count
    return counts
