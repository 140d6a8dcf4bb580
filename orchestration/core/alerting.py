"""After a run of the command line or of Dagster's daemon: sends its outcome to the recipients.

Belongs here: which of a run's outcomes are problems with the data, and recording in Dagster and in the published set
what became of the messages. Does not belong here: what is due, its text and sending it (`publish.alerts`).
"""

from collections.abc import Callable
from datetime import date
from typing import TYPE_CHECKING

from ingest import quarantine
from ingest.canonical_tables import SYSTEMS
from ingest.errors import Damaged
from ingest.landing import Landing
from ingest.warehouse import open_warehouse, set_alert_log
from orchestration.core.run_report import IS_LET_IN, PUBLISHED_ASSET, CheckOutcome, RunReport
from orchestration.core.settings import Settings
from publish.alerts.due import Item
from publish.alerts.items import State, only_problems, problem, read_state
from publish.alerts.log import AlertLog
from publish.alerts.send import Sent, send_all
from publish.snapshot import publish_again, published_as_of

if TYPE_CHECKING:
    import dagster as dg

MESSAGES_WERE_SENT = "messages_were_sent"
# Checks not reported here: other parts of the messages cover them in more detail.
_COVERED_OTHERWISE = {IS_LET_IN, "extracts_arrived", "extracts_are_recent", "extracts_are_let_in", MESSAGES_WERE_SENT,
                      "end_dates_propagate", "identities_are_certain", "kommuneadmins_are_in_order"}
# Checks that only warn, but that only the data team can fix.
_REPORTED_WARNINGS = {"numbers_are_written_alike", "is_as_expected"}


def alert_log(settings: Settings) -> AlertLog:
    """The log of messages of this data directory."""
    return AlertLog(settings.paths.alerts)


def problems_of(run: RunReport, as_of: date) -> list[Item]:
    """Problems with the data, from a run: sources not pulled, failed checks, the failed run itself."""
    problems = [problem("source_down", d.system, as_of, d.reason or "", system=d.system) for d in run.not_pulled]
    problems += [problem("check_failed", check.name, as_of, check.description or "se kontrollen i Dagster")
                 for check in run.checks if _is_problem(check)]
    if not run.succeeded:
        steps = ", ".join(sorted({failed.step for failed in run.failed_steps})) or "oppstarten"
        problems.append(problem("run_failed", run.job, as_of, f"den stoppet i {steps}; det som er publisert, står som før. "
                                                              f"Se kjøring {run.run_id} i Dagster"))
    return list({item.key: item for item in problems}.values())


def _is_problem(check: CheckOutcome) -> bool:
    return (not check.passed and check.check not in _COVERED_OTHERWISE
            and (check.is_error or check.check in _REPORTED_WARNINGS))


def state_now(settings: Settings, today: date, run: RunReport | None) -> State:
    """What there is to send: cases and deliveries from the published marts, problems from the run, if there was one."""
    paths = settings.paths
    problems = problems_of(run, today) if run else []
    if (run and not run.succeeded) or not paths.marts.exists():
        return only_problems(today, problems)
    landing = Landing(paths.landed)
    diffs = {(e.system, e.extract_date): file for system in SYSTEMS for e in landing.all(system)
             if not e.refused and (file := quarantine.diff_file(paths.quarantined, e)).exists()}
    not_looked_at = frozenset() if run and run.sources_asked else frozenset({"source_down"})
    return read_state(paths.marts, problems, diffs, not_looked_at)


def send_messages(
    settings: Settings, today: date, run: RunReport, progress: Callable[[str], None] = lambda _: None
) -> Sent:
    """Send what is due after a run, and show it in the published set. Only for the holder of the writer's lock."""
    if not any(r.send_to for r in settings.alerts.recipients.values()):
        return Sent()
    progress("sending messages")
    log, paths = alert_log(settings), settings.paths
    sent = send_all(settings.alerts, state_now(settings, today, run), log)
    if (sent.sent or sent.failed) and published_as_of(paths.published):
        with open_warehouse(paths.warehouse, progress=progress) as con:
            set_alert_log(con, log.rows())
            try:
                publish_again(con, paths.published, "alert_log", settings.publish.group_number)
            except Damaged as error:  # the messages have left; the next run publishes anew
                progress(str(error))
    return sent


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
