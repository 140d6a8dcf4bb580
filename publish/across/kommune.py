"""How it stands in one kommune: one status, the first that holds, and what else there is to notice.

Belongs here: which status comes first, and their words. Does not belong here: reading (`figures`, `orchestration.core.overview`).
"""

from dataclasses import dataclass, field
from datetime import date

from ingest.canonical_tables import SYSTEMS
from publish import labels
from publish.across.figures import Figure, Figures

# In order: the first that holds is shown, and the worst stand first in the table.
STATUSES = {
    "wrong_settings": "feil i innstillingene",
    "unreadable": "kan ikke leses",
    "not_published": "ingenting er publisert",
    "failed": "siste kjøring feilet",
    "overdue": "ingen ny kjøring",
    "missing": "uttrekk mangler",
    "withheld": "uttrekk holdt tilbake",
    "stale": "uttrekk for gammelt",
    "noticed": "ferskt, med merknad",
    "fresh": "ferskt",
}
UNREADABLE = ("wrong_settings", "unreadable", "not_published")
_OF_SYSTEMS = ("missing", "withheld", "stale")


@dataclass(frozen=True)
class Run:
    """How the last run that ended did. `failed_checks`: how many; `not_pulled`: systems; `unsent`: messages."""

    ended_on: date
    succeeded: bool
    failed_checks: int = 0
    not_pulled: tuple[str, ...] = ()
    unsent: int = 0

    @property
    def is_in_doubt(self) -> bool:
        """Whether what is published may lack news for it."""
        return not self.succeeded or bool(self.failed_checks or self.not_pulled)


@dataclass(frozen=True)
class Kommune:
    """`name`: that of its settings file; `shown`: what people call it; `status`: a key of STATUSES; `figures`: None where there
    are none."""

    name: str
    shown: str
    status: str
    run: Run | None = None
    figures: Figures | None = None
    notes: tuple[str, ...] = field(default=())

    @property
    def is_read(self) -> bool:
        return self.figures is not None

    @property
    def people(self) -> Figure | None:
        return self.figures.people if self.figures else None


def is_overdue(run: Run | None, as_of: date, today: date, max_age_days: int) -> bool:
    """Whether no run has ended, or published, for so many days; also where that cannot be told."""
    return run is None or any(not 0 <= (today - day).days <= max_age_days for day in (run.ended_on, as_of))


def stands(name: str, shown: str, run: Run | None, figures: Figures, *, overdue: bool) -> Kommune:
    """A kommune whose published set could be read."""
    of_systems = {figures.statuses[system] for system in SYSTEMS}
    notes = tuple(_notes(run, figures))
    if run and not run.succeeded:
        status = "failed"
    elif overdue:
        status = "overdue"
    elif worst := next((s for s in _OF_SYSTEMS if s in of_systems), None):
        status = worst
    else:
        status = "noticed" if notes or figures.in_doubt else "fresh"
    return Kommune(name, shown, status, run, figures, notes)


def _notes(run: Run | None, figures: Figures) -> list[str]:
    notes = []
    if run is None:
        notes.append("Ingen kjøring er registrert.")
    elif run.succeeded:
        if run.failed_checks:
            notes.append(f"{labels.counted(run.failed_checks, 'kontroll', 'kontroller')} feilet.")
        if run.not_pulled:
            notes.append(f"{' og '.join(labels.SYSTEMS[s] for s in run.not_pulled)} svarte ikke.")
        if run.unsent:
            notes.append(f"{labels.counted(run.unsent, 'melding', 'meldinger')} ble ikke sendt.")
    witness = {system: status for system, status in figures.statuses.items() if system not in SYSTEMS and status != "fresh"}
    notes += [f"{labels.SYSTEMS[system]}: {labels.FRESHNESS[status]}." for system, status in witness.items()]
    if figures.is_end_dates_unassessable:
        notes.append("Om sluttdatoer kommer fram, kan ikke vurderes.")
    elif figures.end_dates is None:
        notes.append("Ingenting er vurdert ennå.")
    return notes
