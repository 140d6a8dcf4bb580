"""`sluttdato run --all FOLDER`: the kommuner of a folder, each in a warm process (contract#run-all).

Belongs here: what a process does for one kommune, and what is said of each and of all. Does not belong here: the processes
(`core.workers`), which kommuner there are and what keeps them apart (`core.deployment`), the run itself (`running`).
"""

import logging
import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext, redirect_stderr, redirect_stdout
from datetime import date
from functools import partial
from io import StringIO
from pathlib import Path
from typing import Any

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from orchestration.cli import context
from orchestration.cli.console import FAILED, WITHHELD, WRONG_USE, err, out, print_json
from orchestration.cli.ending import ending
from orchestration.core import clock
from orchestration.core.deployment import Deployment
from orchestration.core.workers import Ended, Outcome, Tell, Work, Workers

LIMIT_MINUTES = 60
KOMMUNER_EACH = 25  # for each process: what libraries keep grows by a few MB with each
WORST_FIRST = (FAILED, WRONG_USE, WITHHELD, 0)  # an all-clear that is missing is worse than one that is late
NAMES = {0: "done", FAILED: "failed", WRONG_USE: "wrong settings", WITHHELD: "withheld"}
_HOME = "DAGSTER_HOME"
_NOTHING_KNOWN: Outcome = {"as_of_date": None, "new": None, "withheld": None, "people_left_with_access": None,
                           "is_at_least": False, "cpu_seconds": None, "run": None}


def run_all(folder: Path, as_of: date | None, *, workers: int | None, limit_minutes: float | None, as_json: bool) -> int:
    """Run all kommuner of a folder, as of a day, or each as of the day on which it is begun; one line for each as it ends.
    Returns the worst status.

    Raises WrongSettings where the folder or the environment is wrong, NoWorkers, and KeyboardInterrupt on SIGTERM, too.
    """
    deployment = Deployment(folder)
    names = deployment.biggest_first()
    at_work = Workers(workers or os.cpu_count() or 1, partial(get_ready, folder.absolute(), as_of),
                      60 * (limit_minutes or LIMIT_MINUTES), KOMMUNER_EACH)
    if os.environ.get(_HOME):
        err.print(f"{_HOME} is left aside: Dagster's record of each kommune lies in its own data directory.", soft_wrap=True)
    # Of a process that was killed, Python would say on standard error that it tidies up after it.
    os.environ["PYTHONWARNINGS"] = "ignore:resource_tracker"
    ended: list[Outcome] = []
    with stopped_by(signal.SIGTERM), _shown(len(names)) as show:
        for event in at_work.do(names):
            if isinstance(event, Ended):
                kommune = _outcome(event)
                ended.append(kommune)
                show(None)
                if not as_json:
                    _print_kommune(kommune)
            else:
                show(f"{event.name}: {event.line}")
    worst = next(status for status in WORST_FIRST if any(k["exit_status"] == status for k in ended))
    if as_json:
        ended.sort(key=lambda kommune: kommune["name"])
        print_json({"as_of_date": as_of or clock.today(), "exit_status": worst, "kommuner": ended})
    else:
        counts = {NAMES[status]: sum(k["exit_status"] == status for k in ended) for status in reversed(WORST_FIRST)}
        out.print(f"{len(ended)} kommuner: {', '.join(f'{count} {name}' for name, count in counts.items() if count)}",
                  markup=False, soft_wrap=True)
    return worst


def _outcome(event: Ended) -> Outcome:
    """What is said of a kommune; of one whose process could not say it, that it failed and why."""
    told = event.outcome or {**_NOTHING_KNOWN, "exit_status": FAILED, "messages": [event.failure]}
    return {"name": event.name, "status": NAMES[told["exit_status"]], **told, "seconds": round(event.seconds, 1),
            "worker": event.worker}


def _print_kommune(kommune: Outcome) -> None:
    facts = [kommune["status"]]
    if kommune["as_of_date"]:
        facts[0] += f", as of {kommune['as_of_date']}"
    if kommune["new"] is not None:
        facts.append(f"{kommune['new']} new, {kommune['withheld']} withheld")
    if kommune["people_left_with_access"] is not None:
        at_least = "at least " if kommune["is_at_least"] else ""
        facts.append(f"{at_least}{kommune['people_left_with_access']} who left can get in")
    facts.append(f"{kommune['seconds']:.0f} s")
    out.print(f"{kommune['name']}: {'; '.join(facts)}", markup=False, soft_wrap=True)
    for line in kommune["messages"]:
        err.print(f"{kommune['name']}: {line}", markup=False, soft_wrap=True)


@contextmanager
def _shown(total: int) -> Iterator[Callable[[str | None], None]]:
    """Yields a function that shows what somebody is doing, and with None that one more has ended; silent where standard error is
    no terminal."""
    if not err.is_terminal:
        yield lambda _: None
        return
    columns = (BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), TextColumn("{task.description}", markup=False))
    with Progress(*columns, console=err, transient=True) as progress:
        bar = progress.add_task("starting", total=total)
        yield lambda line: progress.update(bar, advance=0 if line else 1, description=line)


@contextmanager
def stopped_by(number: signal.Signals) -> Iterator[None]:
    """In the block, the signal is an interrupt, so that what must be done before the end is done."""
    def stop(*_: Any) -> None:
        raise KeyboardInterrupt

    before = signal.signal(number, stop)
    try:
        yield
    finally:
        signal.signal(number, before)


# What follows is done in the process of a worker.


def get_ready(folder: Path, as_of: date | None) -> Work:
    """Import what each run needs, and return what does one kommune."""
    import warnings

    import dbt.adapters.duckdb.connections
    import dbt.cli.main

    import orchestration.definitions
    from ingest import expectations, files

    del dbt, orchestration
    files.write_privately()
    os.environ.pop(_HOME, None)
    expectations.import_once()
    # What libraries log and warn of would be lines without a kommune, and might hold a cell.
    warnings.simplefilter("ignore")
    logging.basicConfig(handlers=[logging.NullHandler()], level=logging.WARNING, force=True)
    return partial(run_kommune, Deployment(folder), as_of)


def run_kommune(deployment: Deployment, as_of: date | None, name: str, tell: Tell) -> None:
    """Run one kommune, and tell its outcome: what a run of its own would have said and how it would have ended."""
    from orchestration.cli import running

    printed, began = StringIO(), time.process_time()

    def tell_outcome(ran: running.Ran) -> None:
        running.print_findings(ran)
        if ran.report.succeeded:
            if not ran.report.published:
                out.print(ran.report.not_published_because or running.NOTHING_PUBLISHED, markup=False, soft_wrap=True)
            running.print_freshness(ran.settings)
        running.print_failure(ran.report)
        tell(_ended(ran.status, printed, began) | {
            "as_of_date": ran.as_of.isoformat(), "new": ran.report.taken_in, "withheld": len(ran.withheld),
            **(_people(ran.settings.paths.marts) if ran.report.published else {}),
            "run": running.as_json_of(ran)})

    with redirect_stdout(printed), redirect_stderr(printed):
        try:
            settings = deployment.settings(name)
            context.use(settings)
            running.run_and_tell(settings, as_of or clock.today(), tell_outcome, nullcontext(tell), deliveries=True)
        except Exception as error:
            status, words = ending(error)
            out.print(words, markup=False, soft_wrap=True)
            tell(_ended(status, printed, began))
        finally:
            context.forget()


def _ended(status: int, printed: StringIO, began: float) -> Outcome:
    return {**_NOTHING_KNOWN, "exit_status": status, "cpu_seconds": round(time.process_time() - began, 1),
            "messages": printed.getvalue().splitlines()}


def _people(marts: Path) -> Outcome:
    """The headline figure; at least so many where somebody may be missing."""
    from ingest.warehouse import open_published
    from publish import deliveries, trust
    from publish.headline import headline

    with open_published(marts) as con:
        people, systems = headline(con), deliveries.freshness(con)
    return {"people_left_with_access": people.total if people else None,
            "is_at_least": trust.is_in_doubt(systems)}
