"""Commands for decisions: accept an extract; except, confirm and revoke cases; list the exceptions.

Decisions about cases hold from the next run on; an accepted extract is evaluated at once.
"""

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.table import Table

from ingest.canonical_tables import System
from orchestration.cli.console import (
    WITHHELD,
    Config,
    Json,
    WrongUse,
    needed_day,
    out,
    parse_system,
    print_json,
    progress_line,
)
from orchestration.cli.context import settings_of
from orchestration.cli.running import evaluate
from orchestration.core import clock
from orchestration.core.lock import writer
from orchestration.core.settings import Settings

if TYPE_CHECKING:
    import duckdb

Until = Annotated[str, typer.Option(help="The last day it holds, YYYY-MM-DD.")]
By = Annotated[str, typer.Option("--by", help="Who answers for it.")]
_REVIEW = "kommuneadmin_review"


def accept(
    system: Annotated[str, typer.Argument(help="hrm, vfs or transfer")],
    day: Annotated[str, typer.Argument(metavar="DATE", help="The extract date, YYYY-MM-DD.")],
    reason: Annotated[str, typer.Option(help="Why it is right after all; it is kept with the decision.")] = "",
    by: Annotated[str, typer.Option("--by", help="Who answers for it; it is kept with the decision.")] = "",
    preview: Annotated[bool, typer.Option("--preview", help="Only show which cases would open and be resolved.")] = False,
    config: Config = None,
    as_json: Json = False,
) -> None:
    """Let a quarantined extract in, and evaluate again. Look first: `--preview`, and its diff, whose path `status` shows."""
    from ingest.decisions import Decisions
    from ingest.warehouse import open_warehouse
    from publish.snapshot import published_as_of

    settings = settings_of(config)
    extract_date, known = needed_day(day, "DATE"), parse_system(system)
    as_of = max(filter(None, [published_as_of(settings.paths.published), extract_date]))
    if preview:
        _preview(settings, known, extract_date, as_of, as_json=as_json)
        return
    needed = (("--reason", reason, "why the extract is right after all"), ("--by", by, "who answers for it"))
    for option, value, expected in needed:
        if not value.strip():
            raise WrongUse(f"{option} is missing or empty: expected {expected}")
    with progress_line() as progress, writer(settings.data_dir, settings.lock_patience_seconds, progress):
        with open_warehouse(settings.paths.warehouse, progress=progress) as con:
            fingerprint = _waiting(con, settings, known, extract_date)
        Decisions(settings.paths.decisions).accept(known, extract_date, fingerprint, reason, clock.today(), by)
        raise typer.Exit(evaluate(settings, as_of, as_json=as_json))


def _waiting(con: "duckdb.DuckDBPyConnection", settings: Settings, system: System, extract_date: date) -> str:
    """The fingerprint of the quarantined content of a day. Raises WrongUse when none is."""
    from ingest.landing import Landing

    waiting = con.execute(
        "SELECT fingerprint FROM ingest.extracts WHERE system = ? AND extract_date = ? AND status = 'quarantined' "
        "ORDER BY arrival DESC LIMIT 1", [system, extract_date]).fetchone()
    if waiting is None:
        came = Landing(settings.paths.landed).of_day(system, extract_date)
        raise WrongUse(f"{system} {extract_date}: no quarantined extract; "
                       + ("`sluttdato status` shows what became of it" if came else "none was taken in for that day"))
    return waiting[0]


def _preview(settings: Settings, system: System, extract_date: date, as_of: date, *, as_json: bool) -> None:
    from ingest.warehouse import open_warehouse
    from orchestration.cli import preview

    if not settings.paths.warehouse.exists():
        raise WrongUse("nothing has been taken in yet; `sluttdato run` does that")
    with progress_line() as progress:
        with open_warehouse(settings.paths.warehouse, read_only=True, progress=progress) as con:
            fingerprint = _waiting(con, settings, system, extract_date)
        shown = preview.preview(settings, system, extract_date, fingerprint, as_of, progress)
    if as_json:
        print_json(preview.as_json(shown))
    else:
        preview.show(shown, system, extract_date, out)


def except_(
    finding: Annotated[str, typer.Argument(help="The case's number, or a finding_id; the lists and `explain` show both.")],
    until: Until,
    reason: Annotated[str, typer.Option(help="Why this is as it should be.")],
    by: By,
    config: Config = None,
) -> None:
    """Approve a finding until a day: it stays in the marts as `excepted`. It holds from the next run on."""
    from publish.cases import NoSuchCase, find_case, read_cases

    settings = settings_of(config)
    try:
        case = find_case(read_cases(settings.paths.marts), finding)
    except NoSuchCase as error:
        raise WrongUse(str(error)) from None
    _approve(settings, [(finding["finding_type"], finding["subject_id"]) for finding in case], until, reason, by)


def confirm(
    person: Annotated[str, typer.Argument(help="The person_id of a kommuneadmin, as in the roster.")],
    until: Until,
    by: By,
    reason: Annotated[str, typer.Option(help="Why the person is to be kommuneadmin.")] = "bekreftet ved gjennomgang",
    config: Config = None,
) -> None:
    """Confirm until a day that a person is to be kommuneadmin. Unanswered, the review comes back the day after."""
    from ingest.warehouse import open_published

    settings = settings_of(config)
    marts = settings.paths.marts
    if not marts.exists():
        raise WrongUse("nothing is published yet; `sluttdato run` does that")
    with open_published(marts) as con:
        if not con.execute("SELECT 1 FROM kommuneadmin_roster WHERE person_id = ?", [person]).fetchone():
            raise WrongUse(f"{person}: nobody with this person_id is in the kommuneadmin roster")
    _approve(settings, [(_REVIEW, person)], until, reason, by)


def _approve(settings: Settings, findings: list[tuple[str, str]], until: str, reason: str, by: str) -> None:
    """Except findings: (finding_type, subject_id)."""
    from ingest.decisions import Decisions

    last, today = needed_day(until, "--until"), clock.today()
    if last < today:
        raise WrongUse(f"--until {until} has passed")
    if not reason.strip() or not by.strip():
        raise WrongUse("--reason and --by must not be empty")
    with progress_line() as progress, writer(settings.data_dir, settings.lock_patience_seconds, progress):
        decisions = Decisions(settings.paths.decisions)
        decided = [decisions.except_(finding_type, subject, today, last, reason, by) for finding_type, subject in findings]
    for (finding_type, subject), exception in zip(findings, decided, strict=True):
        out.print(f"{finding_type} on {subject} is excepted from {today} to {last} ({exception}); the next run shows it so.",
                  markup=False, soft_wrap=True)


def import_decisions(
    file: Annotated[Path, typer.Argument(help="A worklist, as .xlsx or CSV, that somebody filled in.")],
    config: Config = None,
) -> None:
    """Take in a worklist that somebody filled in, as `run` takes in what lies in decisions/inbox. The file stays where it is."""
    from ingest.decisions import Decisions
    from ingest.filled_in.inbox import take_in_file
    from orchestration.core.filled_in import published_cases

    settings = settings_of(config)
    if not file.is_file():
        raise WrongUse(f"{file}: there is no such file")
    cases = published_cases(settings)
    if cases is None:
        raise WrongUse("nothing is published yet; `sluttdato run` does that")
    with progress_line() as progress, writer(settings.data_dir, settings.lock_patience_seconds, progress):
        answer = take_in_file(file, Decisions(settings.paths.decisions), cases, clock.today())
    for line in answer.lines():
        out.print(line, markup=False, soft_wrap=True)
    if answer.decisions:
        out.print("The next run shows what was taken in.")
    if answer.not_understood():
        raise typer.Exit(WITHHELD)


def revoke(
    exception: Annotated[str, typer.Argument(help="The exception_id; `sluttdato exceptions` lists them.")],
    reason: Annotated[str, typer.Option(help="Why it no longer holds.")],
    by: By,
    config: Config = None,
) -> None:
    """Take an exception back. The finding is open again from the next run on, with its old first day."""
    from ingest.decisions import Decisions

    settings = settings_of(config)
    if not reason.strip() or not by.strip():
        raise WrongUse("--reason and --by must not be empty")
    with progress_line() as progress, writer(settings.data_dir, settings.lock_patience_seconds, progress):
        try:
            Decisions(settings.paths.decisions).revoke(exception, clock.today(), reason, by)
        except KeyError:
            raise WrongUse(f"{exception}: no exception with this id is in force; `sluttdato exceptions` lists them") from None
    out.print(f"{exception} is revoked; the next run shows the finding as open.", markup=False)


def exceptions(
    config: Config = None,
    everything: Annotated[bool, typer.Option("--all", help="Also those that have run out or were revoked.")] = False,
    as_json: Json = False,
) -> None:
    """The exceptions and confirmations in force: what, until when, why, and who answers for it."""
    from ingest.decisions import Decisions

    today = clock.today()
    listed = [{**e, "status": _status(e, today)} for e in Decisions(settings_of(config).paths.decisions).exceptions()]
    listed = [e for e in listed if everything or e["status"] == "in_force"]
    if as_json:
        print_json(listed)
        return
    if not listed:
        out.print("No exception is in force.")
        return
    columns = ("exception_id", "finding_type", "subject_id", "approved_on", "until", "status", "approved_by", "reason")
    table = Table(*columns, box=None, pad_edge=False)
    for e in listed:
        table.add_row(*(str(e[c]) for c in columns))
    out.print(table)


def _status(exception: dict[str, Any], today: date) -> str:
    if exception["revoked_on"]:
        return "revoked"
    return "in_force" if exception["until"] >= today else "expired"
