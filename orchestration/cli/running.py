"""Commands that make the marts anew: rebuild, replay, purge; running the daily job, and what a command prints of a run.

Does not belong here: the command `run` (`run`, `run_all`), how the job is run (`runs`), how a past day is evaluated (`replay`).
"""

import os
from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass
from datetime import date, timedelta
from logging import ERROR, INFO, WARNING
from pathlib import Path
from typing import Annotated, Any
from uuid import uuid4

import typer

from ingest.sql import Row
from orchestration.cli import json_log
from orchestration.cli.console import (
    FAILED,
    WITHHELD,
    Config,
    Json,
    WrongUse,
    needed_day,
    out,
    print_json,
    progress_line,
    say,
)
from orchestration.cli.context import settings_of
from orchestration.core import clock
from orchestration.core.lock import writer
from orchestration.core.run_report import (
    ARE_UNDERSTOOD,
    EVALUATE_STEP,
    IS_LET_IN,
    CheckOutcome,
    DeliveryOutcome,
    DeliveryStatus,
    FailedStep,
    RunReport,
)
from orchestration.core.settings import Settings
from publish.alerts.send import Sent


def rebuild(
    config: Config = None,
    without_lost: Annotated[bool, typer.Option(
        "--without-lost", help="Also when an extract or a decision that was known is gone: for good, without it.")] = False,
    as_json: Json = False,
) -> None:
    """Make all marts again from the landed extracts. The result is the same, row for row; the sources are not read."""
    from ingest.canonical_tables import SOURCES
    from ingest.integrity import check_content
    from publish.snapshot import published_as_of

    settings = settings_of(config)
    as_of = published_as_of(settings.paths.published) or clock.today()
    with progress_line() as progress, writer(settings.data_dir, settings.lock_patience_seconds, progress):
        for system in SOURCES:
            check_content(settings.paths.landed, system)  # or the warehouse would be gone, and could not be made anew
        if not without_lost:
            check_that_nothing_is_lost(settings)
        settings.paths.remove_warehouse()
        raise typer.Exit(evaluate(settings, as_of, as_json=as_json, rebuilt=True))


def replay(
    as_of: Annotated[str, typer.Option(help="The as-of date, YYYY-MM-DD.")],
    to: Annotated[Path, typer.Option(help="A new or empty folder for marts.duckdb and parquet/.")],
    config: Config = None,
) -> None:
    """The marts as they would have been on a past day, beside the published ones."""
    from orchestration.cli.replay import replay as replay_day

    settings = settings_of(config)
    day = needed_day(as_of, "--as-of")
    if to.exists() and any(to.iterdir() if to.is_dir() else [to]):
        raise WrongUse(f"--to {to}: there is something already; name a folder that does not exist or is empty")
    with progress_line() as progress:
        rows = replay_day(settings, day, to, progress)
    out.print(f"As of {day}: {len(rows)} marts, {sum(rows.values())} rows, in {to}", markup=False, soft_wrap=True)


def check_that_nothing_is_lost(settings: Settings) -> None:
    """Raises Damaged when something that the warehouse knows is gone: without the warehouse, nobody would know."""
    from ingest.decisions import Decisions
    from ingest.integrity import check_known
    from ingest.warehouse import WarehouseDamaged, open_warehouse

    paths = settings.paths
    if paths.warehouse.exists():
        try:
            with open_warehouse(paths.warehouse) as con:
                check_known(con, paths.landed, Decisions(paths.decisions))
        except WarehouseDamaged:
            pass  # it knows nothing any more


def purge(config: Config = None, yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False) -> None:
    """Remove what is older than `retention.keep_days` for good: landed extracts, resolved findings, auditor's packs, Dagster's
    record."""
    from ingest import retention
    from ingest.decisions import Decisions
    from ingest.warehouse import open_warehouse
    from orchestration.cli.runs import purge_dagster
    from orchestration.core import evidence
    from orchestration.core.alerting import alert_log
    from orchestration.core.filled_in import published_cases
    from publish.snapshot import published_as_of, remove_old_sets

    settings = settings_of(config)
    paths, before = settings.paths, clock.today() - timedelta(days=settings.retention.keep_days)
    if not yes and not typer.confirm(f"Remove for good what ended before {before}, below {settings.data_dir}?"):
        raise typer.Exit(FAILED)
    with progress_line() as progress, writer(settings.data_dir, settings.lock_patience_seconds, progress):
        check_that_nothing_is_lost(settings)
        cases = published_cases(settings)
        Decisions(paths.decisions).purge(before, clock.today(), {c["case_number"] for c in cases.cases} if cases else None)
        alert_log(settings).purge(before)
        with open_warehouse(paths.warehouse, progress=progress) as con:
            days = retention.purge(con, paths.landed, paths.quarantined, before)
        evidence.remove_old(settings, before)
        runs = purge_dagster(settings, before)
        paths.remove_warehouse()
        status = evaluate(settings, published_as_of(paths.published) or clock.today(), rebuilt=True)
        if status != FAILED:
            remove_old_sets(paths.published, kept=1)
    out.print(f"{days} extract days before {before} removed", markup=False)
    if runs is None:
        say(f"Dagster's record in {os.environ['DAGSTER_HOME']} is not below the data directory: remove there yourself "
            f"what ended before {before}.", level=WARNING)
    else:
        out.print(f"{runs} runs before {before} removed from Dagster's record", markup=False)
    raise typer.Exit(status)


NOTHING_PUBLISHED = "nothing was published"


@dataclass(frozen=True)
class Ran:
    """A run that has ended. `withheld`: the deliveries that no ended run has told before."""

    settings: Settings
    as_of: date
    report: RunReport
    sent: Sent
    withheld: list[DeliveryOutcome]

    @property
    def status(self) -> int:
        """The exit status."""
        if not self.report.succeeded or self.report.not_pulled:
            return FAILED
        return WITHHELD if self.withheld or self.report.decisions.not_understood else 0


def evaluate(settings: Settings, as_of: date, *, as_json: bool = False, deliveries: bool = False, rebuilt: bool = False) -> int:
    """Run the daily job and print its outcome; returns the exit status. `rebuilt`: the warehouse was removed."""
    def tell(ran: Ran) -> None:
        _print_outcome(ran, as_json=as_json, rebuilt=rebuilt)

    return run_and_tell(settings, as_of, tell, progress_line(), deliveries=deliveries).status


def run_and_tell(
    settings: Settings, as_of: date, tell: Callable[[Ran], None], shown: AbstractContextManager[Callable[[str], None]], *,
    deliveries: bool,
) -> Ran:
    """Run the daily job, and have its outcome told.

    Withheld deliveries that an ended run has told are not told again; others are, whichever run withheld them.
    """
    from orchestration.cli.runs import run_daily
    from orchestration.core.after_run import remember
    from orchestration.core.alerting import told_record

    with ExitStack() as at_work:  # what was told is recorded when all is told, before another run begins
        at_work.enter_context(json_log.run_at_work(run_id := str(uuid4()), as_of))
        with shown as progress:
            at_work.enter_context(writer(settings.data_dir, settings.lock_patience_seconds, progress))
            report, sent = run_daily(settings, as_of, deliveries=deliveries, progress=progress, run_id=run_id)
        ran = Ran(settings, as_of, report, sent, told_record(settings).untold(report.withheld))
        tell(ran)
        remember(settings, report, sent, say)
        _log_end(ran)
    return ran


def _log_end(ran: Ran) -> None:
    """The last line of a run's log."""
    report, status = ran.report, ran.status
    json_log.write(
        ERROR if status == FAILED else WARNING if status else INFO, "run_ended", f"the run ended with status {status}",
        job=report.job, succeeded=report.succeeded, published=report.published, taken_in=report.taken_in,
        withheld=len(ran.withheld), not_pulled=[d.system for d in report.not_pulled],
        failed_steps=sorted({f.step for f in report.failed_steps}),
        failed_checks=sorted({c.name for c in report.checks if not c.passed and c.is_error}), unsent=len(ran.sent.failed),
        seconds=report.seconds_taken, exit_status=status)


def _print_outcome(ran: Ran, *, as_json: bool, rebuilt: bool) -> None:
    if as_json:
        print_json(as_json_of(ran) | {"systems": {f["system"]: f["status"] for f in _freshness(ran.settings)}})
    if not as_json or json_log.is_on():
        print_findings(ran, as_json=as_json)
        if ran.report.succeeded:
            if not as_json:
                _print_publication(ran, "landed" if rebuilt else "new")
            print_freshness(ran.settings)
    print_failure(ran.report)


def print_findings(ran: Ran, *, as_json: bool = False) -> None:
    """Failed checks, deliveries that were not let in, decisions."""
    _print_checks(ran.report, ran.sent)
    _print_deliveries(ran.report, ran.withheld)
    _print_decisions(ran.report, as_json=as_json)


def print_failure(report: RunReport) -> None:
    """What failed, of a run that did."""
    if not report.succeeded:
        for failed in report.failed_steps:
            say(f"sluttdato: {failed.step}: {failed.message}", "step_failed", ERROR, f"{failed.step}: {_without_values(failed)}",
                step=failed.step)
        say(f"The run {report.run_id} failed; what is published has not changed. Run again when the cause is fixed.",
            "run_failed", ERROR)


def _without_values(failed: FailedStep) -> str:
    """Why a step failed, without what dbt says, as DuckDB quotes values: only which models and tests failed."""
    if failed.step != EVALUATE_STEP:
        return failed.message
    return "; ".join(part.split(":")[0] for part in failed.message.split("; "))


def as_json_of(ran: Ran) -> dict[str, Any]:
    """The outcome of a run for scripts."""
    report = ran.report
    return {
        "as_of_date": ran.as_of, "success": report.succeeded, "run_id": report.run_id,
        "errors": [f"{failed.step}: {failed.message}" for failed in report.failed_steps],
        "withheld": [_withheld_line(d) for d in ran.withheld], "not_pulled": [d.reason for d in report.not_pulled],
        "taken_in": report.taken_in, "decisions": vars(report.decisions),
        "failed_checks": [(_severity(c), c.name, c.description) for c in _failed_checks(report)],
        "published": report.published,
        "not_published_because": report.not_published_because, "told": vars(ran.sent)}


def _failed_checks(report: RunReport) -> list[CheckOutcome]:
    """Failed checks to show, without those shown as deliveries or messages."""
    from orchestration.core.alerting import MESSAGES_WERE_SENT

    failed = [c for c in report.checks if not c.passed and c.check not in (IS_LET_IN, ARE_UNDERSTOOD, MESSAGES_WERE_SENT)]
    return sorted(failed, key=lambda c: (_severity(c), c.name, c.description))


def _severity(check: CheckOutcome) -> str:
    return "ERROR" if check.is_error else "WARN"


def _withheld_line(delivery: DeliveryOutcome) -> str:
    if delivery.status is DeliveryStatus.REFUSED:
        return f"refused: {delivery.reason or ''}"  # the reason names system and day
    return f"quarantined: {delivery.system} {delivery.day}: {delivery.reason or ''}"


def _print_checks(report: RunReport, sent: Sent) -> None:
    from orchestration.core.alerting import MESSAGES_WERE_SENT, outcome_of
    from orchestration.core.run_report import PUBLISHED_ASSET

    for check in report.checks:
        if check.passed:
            json_log.write(INFO, "check", f"{check.name} passed", check=check.name, passed=True, partition=check.partition)
    for check in _failed_checks(report):
        how = "failed" if check.is_error else "warns"
        # The keys of people stand below the first line.
        say(f"check {how}: {check.name}: {check.description}", "check", ERROR if check.is_error else WARNING,
            f"check {how}: {check.name}: {check.description.partition(chr(10))[0]}", check=check.name, passed=False,
            partition=check.partition, figures=check.figures)
    if sent.failed:
        name = f"{PUBLISHED_ASSET}.{MESSAGES_WERE_SENT}"
        say(f"check failed: {name}: {outcome_of(sent)}", "check", ERROR, check=name, passed=False)


def _print_deliveries(report: RunReport, withheld: list[DeliveryOutcome]) -> None:
    for outcome in report.not_pulled:
        say(outcome.reason or "", "not_pulled", ERROR, system=outcome.system)
    for outcome in withheld:
        say(_withheld_line(outcome), "withheld", WARNING, system=outcome.system, extract_date=outcome.day,
            status=outcome.status.value)
    if report.not_pulled:
        say("The marts are made from the extracts before it.")
    if withheld:
        say("The marts are made from the extracts before it. `sluttdato status` shows the days; a quarantined extract "
            "is let in by `sluttdato accept`, and `--preview` shows first what would become of the cases.")


def _print_decisions(report: RunReport, *, as_json: bool) -> None:
    decisions = report.decisions
    if decisions.taken_in and not as_json:
        out.print(f"{decisions.taken_in} decisions taken in from worklists; the answers are in decisions/inbox/taken_in",
                  soft_wrap=True)
    for line in decisions.not_understood:
        say(f"not taken in: {line}", "decision_not_understood", WARNING, "a decision was not understood: see its answer")
    for line in decisions.left:
        say(f"left for the next run: {line}", "decision_left", WARNING, "a filled-in worklist is left for the next run")


def _freshness(settings: Settings) -> list[Row]:
    """How fresh each system is in the published set; empty when nothing is published."""
    from ingest.warehouse import open_published
    from publish import deliveries

    if not settings.paths.marts.exists():
        return []
    with open_published(settings.paths.marts) as con:
        return deliveries.freshness(con)


def print_freshness(settings: Settings) -> None:
    """That a run went well says nothing of what it had to go by."""
    from ingest.canonical_tables import WITNESSES

    for system in _freshness(settings):
        if system["system"] in WITNESSES and system["status"] != "fresh":
            line = "why an end date did not arrive is told from what came before. The lists lack nothing."
        elif system["status"] == "missing":
            line = "without it nothing can be assessed."
        elif system["status"] != "fresh":
            line = f"the lists are made from its extract of {system['current_extract_date']}, and lack what changed after it."
        else:
            continue
        say(f"{system['system']} is {system['status']}: {line}", "not_fresh", WARNING, system=system["system"],
            status=system["status"], age_days=system["age_days"])


def _print_publication(ran: Ran, extracts: str) -> None:
    if ran.report.published:
        line = f"As of {ran.as_of}: {ran.report.taken_in} {extracts} extracts; published in {ran.settings.paths.published}"
    else:
        line = ran.report.not_published_because or NOTHING_PUBLISHED
    out.print(line, markup=False, soft_wrap=True)
