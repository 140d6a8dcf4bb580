"""After a run: what it found out is told to those whom it concerns, whether the command line ran it or Dagster's daemon.

Belongs here: what a run's record says of the data, the lock, and writing the outcome back to Dagster and to the published set.
Does not belong here: what is due, how it is said and sent (`publish.alerts`).
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

from ingest import quarantine
from ingest.landing import Landing
from ingest.warehouse import open_warehouse, set_alert_log
from orchestration.core.settings import Settings
from publish.alerts.due import Item
from publish.alerts.items import State, only_problems, problem, read_state
from publish.alerts.log import AlertLog
from publish.alerts.send import Sent, send_all
from publish.snapshot import publish_again, published_as_of

if TYPE_CHECKING:
    import dagster as dg

CHECK = "messages_were_sent"
# Told from the marts with more words, or to those who act on people rather than to those who look after the data.
_TOLD_OTHERWISE = {"is_let_in", "extracts_arrived", "extracts_are_recent", "extracts_are_let_in", CHECK,
                   "end_dates_propagate", "identities_are_certain", "kommuneadmins_are_in_order"}
# Checks that warn, and whose reason only the data team can mend.
_WARNINGS_TOLD = {"numbers_are_written_alike", "is_as_expected"}


@dataclass(frozen=True)
class RunRecord:
    """What Dagster knows of a run that has ended. `stopped_in`: the steps that failed; `asked_sources`: it took in deliveries."""

    run_id: str
    job: str
    succeeded: bool
    checks: list["dg.AssetCheckEvaluation"]
    stopped_in: list[str]
    asked_sources: bool = True


def alert_log(settings: Settings) -> AlertLog:
    return AlertLog(settings.data_dir / "alerts")


def problems_of(record: RunRecord, as_of: date) -> list[Item]:
    """What is wrong with the data, by a run's own record: sources not pulled, checks that failed, the run itself."""
    found: dict[tuple[str, str], Item] = {}
    for check in record.checks:
        told: dict[str, Any] = {name: value.value for name, value in check.metadata.items()}
        if told.get("status") == "not pulled":
            system = check.asset_key.path[-1].removesuffix("_extract")
            item = problem("source_down", system, as_of, str(told["reason"]), system=system)
        elif check.passed or check.check_name in _TOLD_OTHERWISE or (
                check.severity.value != "ERROR" and check.check_name not in _WARNINGS_TOLD):
            continue
        else:
            name = f"{check.asset_key.path[-1]}.{check.check_name}"
            item = problem("check_failed", name, as_of, check.description or "se kontrollen i Dagster")
        found[item.key] = item
    if not record.succeeded:
        steps = ", ".join(record.stopped_in) or "oppstarten"
        item = problem("run_failed", record.job, as_of, f"den stoppet i {steps}; det som er publisert, står som før. "
                                                        f"Se kjøring {record.run_id} i Dagster")
        found[item.key] = item
    return list(found.values())


def state_now(settings: Settings, today: date, record: RunRecord | None) -> State:
    """What there is to tell: of people and deliveries what is published; of the rest what the run's record says."""
    marts = settings.published / "marts.duckdb"
    problems = problems_of(record, today) if record else []
    if (record and not record.succeeded) or not marts.exists():
        return only_problems(today, problems)
    landing = Landing(settings.landed)
    diffs = {(e.system, e.extract_date): file for system in ("hrm", "vfs") for e in landing.all(system)
             if not e.refused and (file := quarantine.diff_file(landing.quarantined, e)).exists()}
    not_looked_at = frozenset() if record and record.asked_sources else frozenset({"source_down"})
    return read_state(marts, problems, diffs, not_looked_at)


def tell(settings: Settings, today: date, record: RunRecord, say: Callable[[str], None] = lambda _: None) -> Sent:
    """Send what is due after a run, and show it in the published set. Only for the holder of the writer's lock."""
    if not any(r.send_to for r in settings.alerts.recipients.values()):
        return Sent()
    say("sending messages")
    log = alert_log(settings)
    told = send_all(settings.alerts, state_now(settings, today, record), log)
    if (told.sent or told.failed) and published_as_of(settings.published):
        with open_warehouse(settings.warehouse, say=say) as con:
            set_alert_log(con, log.rows())
            publish_again(con, settings.published, "alert_log")
    return told


def report(instance: "dg.DagsterInstance", told: Sent) -> None:
    """Show in Dagster, on `published`, whether the messages left."""
    import dagster as dg

    if told.sent or told.failed:
        instance.report_runless_asset_event(dg.AssetCheckEvaluation(
            asset_key=dg.AssetKey("published"), check_name=CHECK, passed=not told.failed,
            severity=dg.AssetCheckSeverity.ERROR, description=outcome_of(told),
            metadata={"sent": len(told.sent), "failed": len(told.failed)}))


def outcome_of(told: Sent) -> str:
    """What became of the messages, in a line."""
    if told.failed:
        return (f"The message to {', '.join(told.failed)} did not leave: is `send_to` right, and does the channel answer? "
                "What it said is told by the next run.")
    return f"Messages left for {', '.join(told.sent)}." if told.sent else "Nothing new was to be told."


def record_of(run: "dg.DagsterRun", instance: "dg.DagsterInstance") -> RunRecord:
    """A run's record, read from Dagster's events; for runs of the daemon."""
    import dagster as dg

    def events(kind: dg.DagsterEventType) -> list[Any]:
        return [entry.dagster_event for entry in instance.all_logs(run.run_id, of_type=kind)]

    return RunRecord(
        run.run_id, run.job_name, run.status == dg.DagsterRunStatus.SUCCESS,
        [e.event_specific_data for e in events(dg.DagsterEventType.ASSET_CHECK_EVALUATION)],
        sorted({e.step_key for e in events(dg.DagsterEventType.STEP_FAILURE)}))
