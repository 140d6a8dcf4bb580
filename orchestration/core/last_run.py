"""How the last run ended: `<data_dir>/last_run.json`, for who does not read Dagster's record (contract#command-health).

Written when a run has ended and its outcome was said, by the command line and by the daemon's sensor. A damaged record is none.
Belongs here: writing and reading it; names and counts only, never a person. Does not belong here: what follows from it
(`core.health`).
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import date
from typing import TYPE_CHECKING

from ingest import files
from orchestration.core.paths import DataPaths
from orchestration.core.run_report import RunReport

if TYPE_CHECKING:  # what sends messages takes its time to import
    from publish.alerts.send import Sent


@dataclass(frozen=True)
class LastRun:
    """`failed_checks`: those that count as errors; `not_pulled`: systems; `unsent`: recipients whose message did not leave.
    `seconds`: of each step that ended well; `began_at`, `ended_at`: seconds since 1970. An earlier version recorded none of
    these.
    """

    ended_on: date
    job: str
    succeeded: bool
    failed_steps: tuple[str, ...]
    failed_checks: tuple[str, ...]
    not_pulled: tuple[str, ...]
    unsent: int
    seconds: Mapping[str, float] = field(default_factory=dict)
    began_at: float | None = None
    ended_at: float | None = None


def remember_run(paths: DataPaths, report: RunReport, sent: "Sent", today: date) -> None:
    """Record a run that has ended. For the holder of the writer's lock."""
    run = LastRun(
        today, report.job, report.succeeded, tuple(sorted({f.step for f in report.failed_steps} | set(report.stopped_in))),
        tuple(sorted({c.name for c in report.checks if not c.passed and c.is_error})),
        tuple(d.system for d in report.not_pulled), len(sent.failed), dict(report.seconds), report.began_at,
        report.ended_at)
    files.write_json(paths.last_run, asdict(run))


def last_run(paths: DataPaths) -> LastRun | None:
    """The last run that ended; None when none is recorded."""
    recorded = files.read_cache(paths.last_run)
    try:
        return LastRun(
            date.fromisoformat(recorded["ended_on"]), str(recorded["job"]), recorded["succeeded"] is True,
            tuple(recorded["failed_steps"]), tuple(recorded["failed_checks"]), tuple(recorded["not_pulled"]),
            int(recorded["unsent"]), {str(step): float(n) for step, n in recorded.get("seconds", {}).items()},
            _moment(recorded.get("began_at")), _moment(recorded.get("ended_at")))
    except (TypeError, KeyError, ValueError, AttributeError):
        return None


def _moment(recorded: object) -> float | None:
    return float(recorded) if isinstance(recorded, int | float) else None
