"""What a run did, as one typed value: deliveries, checks, failed steps, publication.

Dagster's events are the record of a run. Only this module knows their format: assets write the metadata made here, and
`RunReport.of` reads it back, from the events of a run in this process or from those that the instance keeps. So the command
line, the messages and the daemon's sensors see the same run.

Does not belong here: what is sent to whom (`alerting`, `publish.alerts`), what a command prints (`cli`).
Dagster is imported only where its events are read: importing it takes a second.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from ingest.canonical_tables import SOURCES, System

if TYPE_CHECKING:
    import dagster as dg

IS_LET_IN = "is_let_in"  # the check of an extract asset that carries a DeliveryOutcome
IS_AS_EXPECTED = "is_as_expected"  # the check of a versions table that carries its failed expectations
DECISIONS_ASSET = ["ingest", "case_handling"]
ARE_UNDERSTOOD = "decisions_are_understood"  # the check of DECISIONS_ASSET that carries a DecisionsOutcome
EVALUATE_STEP = "evaluate"  # the step that runs dbt
PUBLISHED_ASSET = "published"  # the asset whose materialization carries a Publication
PACKS_JOB = "auditors_pack"  # the job that makes what no run publishes
RUN_ASSET = ["ingest", "run"]  # the asset whose materialization carries whether the sources were asked
BY_COMMAND_LINE = {"sluttdato/run-by": "command line"}  # the tag of runs of the command line
SHOWN_OF_FINGERPRINT = 12  # characters of a fingerprint that identify a content
_SOURCES_ASKED = "sources_asked"
_UNEXPECTED = "unexpected"
_MOST_ATTEMPTS = 100  # of one run; a bound for a chain of runs that each resumed the one before
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
    """What became of one system's delivery of one day. `reason` has figures, files and lines, never values; `fingerprint` is
    the beginning of the fingerprint of its content, empty when none came."""

    system: System
    day: date
    status: DeliveryStatus
    reason: str | None = None
    fingerprint: str = ""

    def metadata(self) -> Metadata:
        """As metadata of the check IS_LET_IN on the asset `extract_asset(system)`."""
        return {"extract_date": self.day.isoformat(), "status": self.status.value,
                **({"reason": self.reason} if self.reason else {}),
                **({"fingerprint": self.fingerprint} if self.fingerprint else {})}


@dataclass(frozen=True)
class CheckOutcome:
    """How a check went. `name` is asset.check; `is_error`: it counts as an error, not as a warning.

    `unexpected`: of the check IS_AS_EXPECTED, the number of rows by failed expectation; None where nothing was examined.
    `figures`: the numbers of its metadata, from which messages make their words.
    """

    asset: str
    check: str
    passed: bool
    is_error: bool
    description: str
    partition: str | None = None
    unexpected: Mapping[str, int] | None = None
    figures: Mapping[str, float] = field(default_factory=dict, compare=False)

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


@dataclass(frozen=True)
class DecisionsOutcome:
    """What became of the filled-in worklists. `taken_in`: rows of which something was; `not_understood` and `left`: a line for
    each row of which something was not, and for each file that stays for the next run: files, places, numbers, never names."""

    taken_in: int = 0
    not_understood: tuple[str, ...] = ()
    left: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """The outcome in a line, with counts only."""
        if not self.not_understood:
            return f"{self.taken_in} decisions taken in; all were understood."
        return (f"{self.taken_in} decisions taken in; {len(self.not_understood)} were not understood: the answers in "
                "decisions/inbox/taken_in say which, and what to do.")

    def metadata(self) -> dict[str, Any]:
        """As metadata of the check ARE_UNDERSTOOD on DECISIONS_ASSET."""
        return {"taken_in": self.taken_in, "not_understood": list(self.not_understood), "left": list(self.left)}


def unexpected_metadata(unexpected: Mapping[str, int] | None) -> dict[str, Any]:
    """As metadata of the check IS_AS_EXPECTED: rows by failed expectation; None when nothing was examined."""
    return {} if unexpected is None else {_UNEXPECTED: dict(unexpected)}


def sources_asked_metadata(asked: bool) -> Metadata:
    """As metadata of the asset `ingest/run`: whether the run asked the sources for what they hold today."""
    return {_SOURCES_ASKED: asked}


def extract_asset(system: System) -> str:
    """The name of the asset of a system's extracts."""
    return f"{system}_extract"


_SYSTEM_OF: dict[str, System] = {extract_asset(system): system for system in SOURCES}


@dataclass(frozen=True)
class RunReport:
    """What a run that has ended did, each list in the order in which it happened.

    A run that resumed a failed one ran only what was left to do: of such a run, `deliveries`, `checks`, `publication` and what
    was asked are those of all its attempts, and of a check that was evaluated more than once, the last.

    `publication` is None when the run ended before that step. `sources_asked` is false when the run ended before that step,
    evaluated a past day, or used only what had landed. `partition`: the day that the run took in again. `stopped_in`: the steps
    that began and never ended, because the run was killed; `last_ended`: the last step that ended. `seconds`: of each step that
    ended well; `began_at`, `ended_at`: seconds since 1970, by Dagster's record, where it has them.
    """

    run_id: str
    job: str
    succeeded: bool
    deliveries: tuple[DeliveryOutcome, ...] = ()
    checks: tuple[CheckOutcome, ...] = ()
    failed_steps: tuple[FailedStep, ...] = ()
    publication: Publication | None = None
    sources_asked: bool = False
    partition: str | None = None
    stopped_in: tuple[str, ...] = ()
    last_ended: str | None = None
    intake_ended: bool = False
    decisions: DecisionsOutcome = DecisionsOutcome()
    seconds: Mapping[str, float] = field(default_factory=dict, compare=False)
    began_at: float | None = field(default=None, compare=False)
    ended_at: float | None = field(default=None, compare=False)

    @property
    def withheld(self) -> list[DeliveryOutcome]:
        """Deliveries that the run refused or quarantined, and those that no ended run has told yet."""
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

    @property
    def not_published_because(self) -> str | None:
        return self.publication.reason if self.publication else None

    @property
    def seconds_taken(self) -> float | None:
        return None if self.began_at is None or self.ended_at is None else round(self.ended_at - self.began_at, 3)

    @property
    def name(self) -> str:
        """The job, and the day that it took in again."""
        return f"{self.job} {self.partition}" if self.partition else self.job

    def after(self, earlier: "RunReport") -> "RunReport":
        """This report of a run that resumed `earlier`, with what that one did before it failed."""
        before = [d for d in earlier.deliveries if not (self.intake_ended and d.status is DeliveryStatus.NOT_PULLED)]
        return replace(
            self, deliveries=tuple(dict.fromkeys([*before, *self.deliveries])),
            checks=_last_of_each([*earlier.checks, *self.checks]), publication=self.publication or earlier.publication,
            sources_asked=self.sources_asked if self.intake_ended else earlier.sources_asked,
            decisions=self.decisions if self.intake_ended else earlier.decisions,
            intake_ended=self.intake_ended or earlier.intake_ended, last_ended=self.last_ended or earlier.last_ended,
            seconds={**earlier.seconds, **self.seconds}, began_at=earlier.began_at or self.began_at)

    def timed_by(self, instance: "dg.DagsterInstance") -> "RunReport":
        """This report, with when the run began and ended."""
        record = instance.get_run_record_by_id(self.run_id)
        return replace(self, began_at=record.start_time, ended_at=record.end_time) if record else self

    @classmethod
    def of(
        cls, run_id: str, job: str, events: "Iterable[dg.DagsterEvent]", *, succeeded: bool, partition: str | None = None
    ) -> "RunReport":
        """The report of a run from its events."""
        deliveries, checks, failed_steps = [], [], []
        publication, sources_asked, intake_ended, last_ended = None, False, False, None
        decisions = DecisionsOutcome()
        at_work: dict[str, None] = {}
        seconds: dict[str, float] = {}
        for event in events:
            kind, step = event.event_type_value, event.step_key or ""
            if kind in ("STEP_START", "STEP_RESTARTED"):
                at_work[step] = None
            elif kind in ("STEP_SUCCESS", "STEP_FAILURE", "STEP_SKIPPED"):
                at_work.pop(step, None)
                last_ended = step
            if kind == "STEP_SUCCESS":
                seconds[step] = event.step_success_data.duration_ms / 1000
            if kind == "ASSET_CHECK_EVALUATION":
                evaluation = event.asset_check_evaluation_data
                if evaluation.check_name == IS_LET_IN:
                    deliveries.append(_delivery(evaluation))
                elif evaluation.check_name == ARE_UNDERSTOOD:
                    decisions = _decisions(evaluation)
                checks.append(_check(evaluation))
            elif event.is_step_failure:
                failed_steps.append(FailedStep(step, _innermost(event.step_failure_data.error)))
            elif event.is_step_materialization:
                made = event.step_materialization_data.materialization
                if made.asset_key.path == [PUBLISHED_ASSET]:
                    publication = _publication(made.metadata)
                elif made.asset_key.path == RUN_ASSET:
                    sources_asked, intake_ended = bool(_values(made.metadata).get(_SOURCES_ASKED)), True
        return cls(run_id, job, succeeded, tuple(deliveries), _last_of_each(checks), tuple(failed_steps), publication,
                   sources_asked, partition, tuple(at_work), last_ended, intake_ended, decisions, seconds)

    @classmethod
    def of_recorded(cls, run: "dg.DagsterRun", instance: "dg.DagsterInstance") -> "RunReport":
        """The report of a run that the instance recorded, with the runs that it resumed, as far as they are still recorded."""
        attempts = [run]
        while (parent := _resumed_by(attempts[-1], instance)) and len(attempts) < _MOST_ATTEMPTS:
            attempts.append(parent)
        report = None
        for attempt in reversed(attempts):
            own = cls._of_one(attempt, instance)
            report = own.after(report) if report else own
        return report or cls._of_one(run, instance)

    @classmethod
    def _of_one(cls, run: "dg.DagsterRun", instance: "dg.DagsterInstance") -> "RunReport":
        import dagster as dg

        kind = dg.DagsterEventType
        kinds = {kind.ASSET_CHECK_EVALUATION, kind.STEP_FAILURE, kind.ASSET_MATERIALIZATION, kind.STEP_START,
                 kind.STEP_RESTARTED, kind.STEP_SUCCESS, kind.STEP_SKIPPED}
        events = [e.dagster_event for e in instance.all_logs(run.run_id, of_type=kinds) if e.dagster_event]
        return cls.of(run.run_id, run.job_name, events, succeeded=run.status == dg.DagsterRunStatus.SUCCESS,
                      partition=run.tags.get("dagster/partition")).timed_by(instance)


def _resumed_by(run: "dg.DagsterRun", instance: "dg.DagsterInstance") -> "dg.DagsterRun | None":
    """The run that this one resumed; None when it began anew. A run that resumes another runs only some steps or assets."""
    if not run.parent_run_id or (run.step_keys_to_execute is None and run.asset_selection is None):
        return None
    return instance.get_run_by_id(run.parent_run_id)


def _last_of_each(checks: Iterable[CheckOutcome]) -> tuple[CheckOutcome, ...]:
    """The last outcome of each check and partition, in the order in which these came."""
    last: dict[tuple[str, str | None], CheckOutcome] = {}
    for check in checks:
        last.pop((check.name, check.partition), None)
        last[check.name, check.partition] = check
    return tuple(last.values())


def _values(metadata: "dict[str, dg.MetadataValue[Any]] | Any") -> dict[str, Any]:
    return {name: value.value for name, value in metadata.items()}


def _delivery(evaluation: "dg.AssetCheckEvaluation") -> DeliveryOutcome:
    values = _values(evaluation.metadata)
    return DeliveryOutcome(_SYSTEM_OF[evaluation.asset_key.path[-1]], date.fromisoformat(values["extract_date"]),
                           DeliveryStatus(values["status"]), values.get("reason"), values.get("fingerprint", ""))


def _decisions(evaluation: "dg.AssetCheckEvaluation") -> DecisionsOutcome:
    values = _values(evaluation.metadata)
    return DecisionsOutcome(int(values["taken_in"]), tuple(values["not_understood"]), tuple(values["left"]))


def _check(evaluation: "dg.AssetCheckEvaluation") -> CheckOutcome:
    values = _values(evaluation.metadata)
    unexpected = values.get(_UNEXPECTED) if evaluation.check_name == IS_AS_EXPECTED else None
    figures = {name: value for name, value in values.items() if isinstance(value, int | float)}
    return CheckOutcome(evaluation.asset_key.path[-1], evaluation.check_name, evaluation.passed,
                        evaluation.severity.value == "ERROR", evaluation.description or "", evaluation.partition, unexpected,
                        figures)


def _publication(metadata: Any) -> Publication:
    values = _values(metadata)
    return Publication(bool(values["published"]), values.get("reason"))


def _innermost(error: Any) -> str:
    """The text of the first error in the chain of causes, without its class."""
    while error.cause:
        error = error.cause
    text = error.message.strip()
    return text.split(":", 1)[1].strip() if ":" in text.split("\n")[0] else text
