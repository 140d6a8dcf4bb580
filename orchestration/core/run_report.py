"""What a run did, as one typed value: deliveries, checks, failed steps, publication.

Dagster's events are the record of a run. Only this module knows their format: assets write the metadata made here, and
`RunReport.of` reads it back, from the events of a run in this process or from those that the instance keeps. So the command
line, the messages and the daemon's sensors see the same run.

Does not belong here: what is sent to whom (`alerting`, `publish.alerts`), what a command prints (`cli`).
Dagster is imported only where its events are read: importing it takes a second.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from ingest.canonical_tables import SYSTEMS, System

if TYPE_CHECKING:
    import dagster as dg

IS_LET_IN = "is_let_in"  # the check of an extract asset that carries a DeliveryOutcome
PUBLISHED_ASSET = "published"  # the asset whose materialization carries a Publication
RUN_ASSET = ["ingest", "run"]  # the asset whose materialization carries whether the sources were asked
_SOURCES_ASKED = "sources_asked"
Metadata = dict[str, str | bool]


class DeliveryStatus(StrEnum):
    """What became of a delivery. The values are those that Dagster's pages show, and those of `ingest.extracts`."""

    ACCEPTED = "accepted"
    REPLACED = "replaced"
    REFUSED = "refused"
    QUARANTINED = "quarantined"
    NOT_PULLED = "not pulled"

    @property
    def is_let_in(self) -> bool:
        return self in (DeliveryStatus.ACCEPTED, DeliveryStatus.REPLACED)

    @property
    def is_withheld(self) -> bool:
        return self in (DeliveryStatus.REFUSED, DeliveryStatus.QUARANTINED)


@dataclass(frozen=True)
class DeliveryOutcome:
    """What became of one system's delivery of one day. `reason` has figures, files and lines, never values."""

    system: System
    day: date
    status: DeliveryStatus
    reason: str | None = None

    def metadata(self) -> Metadata:
        """As metadata of the check IS_LET_IN on the asset `extract_asset(system)`."""
        return {"extract_date": self.day.isoformat(), "status": self.status.value,
                **({"reason": self.reason} if self.reason else {})}


@dataclass(frozen=True)
class CheckOutcome:
    """How a check went. `name` is asset.check; `is_error`: it counts as an error, not as a warning."""

    asset: str
    check: str
    passed: bool
    is_error: bool
    description: str

    @property
    def name(self) -> str:
        return f"{self.asset}.{self.check}"


@dataclass(frozen=True)
class FailedStep:
    """A step that ended with an error, and the innermost error's text."""

    step: str
    message: str


@dataclass(frozen=True)
class Publication:
    """Whether the marts were published, and if not, why."""

    published: bool
    reason: str | None = None

    def metadata(self) -> Metadata:
        """As metadata of the asset `published`."""
        return {"published": self.published, **({"reason": self.reason} if self.reason else {})}


def sources_asked_metadata(asked: bool) -> Metadata:
    """As metadata of the asset `ingest/run`: whether the run asked the sources for what they hold today."""
    return {_SOURCES_ASKED: asked}


def extract_asset(system: System) -> str:
    """The name of the asset that stands for a system's extracts."""
    return f"{system}_extract"


_SYSTEM_OF: dict[str, System] = {extract_asset(system): system for system in SYSTEMS}


@dataclass(frozen=True)
class RunReport:
    """What a run that has ended did, each list in the order in which it happened.

    `publication` is None when the run ended before that step. `sources_asked` is false when the run ended before that step,
    evaluated a past day, or used only what had landed.
    """

    run_id: str
    job: str
    succeeded: bool
    deliveries: tuple[DeliveryOutcome, ...] = ()
    checks: tuple[CheckOutcome, ...] = ()
    failed_steps: tuple[FailedStep, ...] = ()
    publication: Publication | None = None
    sources_asked: bool = False

    @property
    def withheld(self) -> list[DeliveryOutcome]:
        """Deliveries newly refused or quarantined."""
        return [d for d in self.deliveries if d.status.is_withheld]

    @property
    def not_pulled(self) -> list[DeliveryOutcome]:
        return [d for d in self.deliveries if d.status is DeliveryStatus.NOT_PULLED]

    @property
    def taken_in(self) -> int:
        """The number of deliveries that were assessed, whatever their status."""
        return len(self.deliveries) - len(self.not_pulled)

    @property
    def published(self) -> bool:
        return self.publication is not None and self.publication.published

    @classmethod
    def of(cls, run_id: str, job: str, events: "Iterable[dg.DagsterEvent]", *, succeeded: bool) -> "RunReport":
        """The report of a run from its events."""
        deliveries, checks, failed_steps = [], [], []
        publication, sources_asked = None, False
        for event in events:
            if event.event_type_value == "ASSET_CHECK_EVALUATION":
                evaluation = event.asset_check_evaluation_data
                if evaluation.check_name == IS_LET_IN:
                    deliveries.append(_delivery(evaluation))
                checks.append(CheckOutcome(
                    evaluation.asset_key.path[-1], evaluation.check_name, evaluation.passed,
                    evaluation.severity.value == "ERROR", evaluation.description or ""))
            elif event.is_step_failure:
                failed_steps.append(FailedStep(event.step_key or "", _innermost(event.step_failure_data.error)))
            elif event.is_step_materialization:
                made = event.step_materialization_data.materialization
                if made.asset_key.path == [PUBLISHED_ASSET]:
                    publication = _publication(made.metadata)
                elif made.asset_key.path == RUN_ASSET:
                    sources_asked = bool(_values(made.metadata).get(_SOURCES_ASKED))
        return cls(run_id, job, succeeded, tuple(deliveries), tuple(checks), tuple(failed_steps), publication, sources_asked)

    @classmethod
    def of_recorded(cls, run: "dg.DagsterRun", instance: "dg.DagsterInstance") -> "RunReport":
        """The report of a run that the instance recorded."""
        import dagster as dg

        kinds = {dg.DagsterEventType.ASSET_CHECK_EVALUATION, dg.DagsterEventType.STEP_FAILURE,
                 dg.DagsterEventType.ASSET_MATERIALIZATION}
        events = [e.dagster_event for e in instance.all_logs(run.run_id, of_type=kinds) if e.dagster_event]
        return cls.of(run.run_id, run.job_name, events, succeeded=run.status == dg.DagsterRunStatus.SUCCESS)


def _values(metadata: "dict[str, dg.MetadataValue[Any]] | Any") -> dict[str, Any]:
    return {name: value.value for name, value in metadata.items()}


def _delivery(evaluation: "dg.AssetCheckEvaluation") -> DeliveryOutcome:
    values = _values(evaluation.metadata)
    return DeliveryOutcome(_SYSTEM_OF[evaluation.asset_key.path[-1]], date.fromisoformat(values["extract_date"]),
                           DeliveryStatus(values["status"]), values.get("reason"))


def _publication(metadata: Any) -> Publication:
    values = _values(metadata)
    return Publication(bool(values["published"]), values.get("reason"))


def _innermost(error: Any) -> str:
    """The text of the first error in the chain of causes, without its class."""
    while error.cause:
        error = error.cause
    text = error.message.strip()
    return text.split(":", 1)[1].strip() if ":" in text.split("\n")[0] else text
