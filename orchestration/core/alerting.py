"""After a run of the command line or of Dagster's daemon: sends its outcome to the recipients.

Belongs here: which of a run's outcomes are problems with the data, and recording in Dagster and in the published set
what became of the messages. Does not belong here: what is due, its text and sending it (`publish.alerts`).
"""

from collections.abc import Callable
from datetime import date
from typing import TYPE_CHECKING

from ingest import quarantine
from ingest.canonical_tables import SOURCES
from ingest.errors import Damaged
from ingest.landing import Landing
from ingest.warehouse import open_warehouse, set_alert_log
from orchestration.core import dbt
from orchestration.core.run_report import (
    ARE_UNDERSTOOD,
    IS_AS_EXPECTED,
    IS_LET_IN,
    PACKS_JOB,
    PUBLISHED_ASSET,
    CheckOutcome,
    RunReport,
)
from orchestration.core.settings import Settings
from orchestration.core.told import ToldRecord
from publish.alerts.due import Item, LookedAt
from publish.alerts.items import State, only_problems, problem, read_state
from publish.alerts.log import AlertLog
from publish.alerts.send import Sent, send_all
from publish.snapshot import publish_again, published_as_of

if TYPE_CHECKING:
    import dagster as dg

MESSAGES_WERE_SENT = "messages_were_sent"
# Checks not reported here: other parts of the messages cover them in more detail.
_COVERED_OTHERWISE = {IS_LET_IN, IS_AS_EXPECTED, "extracts_arrived", "extracts_are_recent", "extracts_are_let_in",
                      MESSAGES_WERE_SENT, ARE_UNDERSTOOD, "end_dates_propagate", "identities_are_certain",
                      "kommuneadmins_are_in_order", "no_unit_was_emptied"}
# Checks that only warn, but that only the data team can fix.
_REPORTED_WARNINGS = {"sources_are_alive", "folders_are_days"}
_WARNING, _ERROR = -1, 0  # levels of a failed check: one that only warned is told again when it fails


def alert_log(settings: Settings) -> AlertLog:
    """The log of messages of this data directory."""
    return AlertLog(settings.paths.alerts)


def told_record(settings: Settings) -> ToldRecord:
    """The record of the withheld deliveries that were told."""
    return ToldRecord(settings.paths.told)


def problems_of(run: RunReport, as_of: date) -> list[Item]:
    """Problems with the data, from a run: sources not pulled, failed checks, unexpected rows, the failed run itself."""
    problems = [problem("source_down", d.system, as_of, system=d.system) for d in run.not_pulled]
    problems += [_failed_check(check, as_of) for check in run.checks if _is_problem(check)]
    problems += [problem("unexpected_rows", f"{check.asset}/{expectation}", as_of, len(str(count)), count=count,
                         is_error=check.is_error)
                 for check in run.checks for expectation, count in (check.unexpected or {}).items()]
    if not run.succeeded:
        problems.append(problem(
            "run_failed", run.name, as_of, failed_in=sorted({failed.step for failed in run.failed_steps}),
            stopped_in=sorted(run.stopped_in), last_ended=run.last_ended, run_id=run.run_id))
    return list({item.key: item for item in problems}.values())


def _failed_check(check: CheckOutcome, as_of: date) -> Item:
    """Of a check's text, which is in English, only the keys of people go on, if any: they are on a line of their own, because not
    every recipient may see them. The words are made from its figures."""
    return problem("check_failed", check.name, as_of, _ERROR if check.is_error else _WARNING, is_error=check.is_error,
                   figures=check.figures, keys=check.description.partition("\n")[2])


def _is_problem(check: CheckOutcome) -> bool:
    return (not check.passed and check.check not in _COVERED_OTHERWISE
            and (check.is_error or check.check in _REPORTED_WARNINGS))


def looked_at_by(run: RunReport | None) -> LookedAt:
    """What a run looked at again and found in order, as far as the published set does not hold it.

    A run that failed shows nothing to be over. What was not evaluated is not known to be over either, so a failed check is over
    only when it was evaluated and passed, a source that was down when it was asked and answered, and a failed run when a run
    of that job came to its end.
    """
    if run is None or not run.succeeded:
        return LookedAt()
    # A check that failed for one partition has not passed.
    problems = {("check_failed", c.name) for c in run.checks} - {("check_failed", c.name) for c in run.checks if not c.passed}
    if run.sources_asked:
        problems |= {("source_down", system) for system in SOURCES} - {("source_down", d.system) for d in run.not_pulled}
    if run.publication is not None or run.job == PACKS_JOB:
        problems.add(("run_failed", run.name))
    return LookedAt(problems=frozenset(problems), tables=frozenset(c.asset for c in run.checks if c.unexpected is not None))


def state_now(settings: Settings, today: date, run: RunReport | None, *, is_latest: bool = True) -> State:
    """What there is to send: cases and deliveries from the published marts, problems from the run, if there was one.

    `is_latest`: no later run has ended. Of an earlier one nothing is concluded to be over: a later one may know better.
    """
    paths = settings.paths
    problems = problems_of(run, today) if run else []
    if (run and not run.succeeded) or not paths.marts.exists():
        return only_problems(today, problems)
    landing = Landing(paths.landed)
    diffs = {(e.system, e.extract_date): file for system in SOURCES for e in landing.all(system)
             if not e.refused and (file := quarantine.diff_file(paths.quarantined, e)).exists()}
    untold = {(d.system, d.day, d.status.value) for d in told_record(settings).untold(run.withheld)} if run else set()
    return read_state(
        paths.marts, problems, diffs, looked_at=looked_at_by(run) if is_latest else LookedAt(),
        is_new=is_latest and (run is None or run.published), untold=untold)


def send_messages(
    settings: Settings, today: date, run: RunReport, progress: Callable[[str], None] = lambda _: None, *,
    is_latest: bool = True,
) -> Sent:
    """Send what is due after a run, and show it in the published set. Only for the holder of the writer's lock.

    `is_latest`: no later run has ended.
    """
    if not any(r.send_to for r in settings.alerts.recipients.values()):
        return Sent()
    progress("sending messages")
    log, paths = alert_log(settings), settings.paths
    sent = send_all(settings.alerts, state_now(settings, today, run, is_latest=is_latest), log)
    if (sent.sent or sent.failed) and published_as_of(paths.published):
        with open_warehouse(paths.warehouse, progress=progress) as con:
            set_alert_log(con, log.rows())
            try:
                contract = dbt.contracts(paths.dbt_manifest).get("alert_log")
                publish_again(con, paths.published, "alert_log", contract, settings.publish.readers)
            except Damaged as error:  # the messages have left; the next run publishes anew
                progress(str(error))
    return sent


def remember_told(settings: Settings, run: RunReport, sent: Sent) -> None:
    """Record that the deliveries withheld in a run have been told. Only after its end was said, and only for the holder of the
    writer's lock.

    Not after a run that failed, whose messages speak of the failure alone; nor while those who look after the data have not got
    their message: the next run then tells it again.
    """
    to_be_told = {name for name, r in settings.alerts.recipients.items() if r.send_to and r.data_problems}
    has_left = run.published or not to_be_told  # messages are sent only about what was published
    if run.succeeded and has_left and not to_be_told.intersection(sent.failed):
        told_record(settings).add(run.withheld)


def show_in_dagster(instance: "dg.DagsterInstance", sent: Sent) -> None:
    """Record on the asset `published` whether the messages were sent."""
    import dagster as dg

    if sent.sent or sent.failed:
        instance.report_runless_asset_event(dg.AssetCheckEvaluation(
            asset_key=dg.AssetKey(PUBLISHED_ASSET), check_name=MESSAGES_WERE_SENT, passed=not sent.failed,
            severity=dg.AssetCheckSeverity.ERROR, description=outcome_of(sent),
            metadata={"sent": len(sent.sent), "failed": len(sent.failed)}))


def outcome_of(sent: Sent) -> str:
    """What became of the messages, in a line."""
    if sent.failed:
        return (f"The message to {', '.join(sent.failed)} did not leave: is `send_to` right, and does the channel answer? "
                "The next run sends its content again.")
    return f"Messages left for {', '.join(sent.sent)}." if sent.sent else "Nothing new to send."
