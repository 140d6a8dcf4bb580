"""Commands that only read: status, messages, find, explain, check-source, propose, settings-schema, dagster-home.

Only check-source reads from a source, and only `messages --test` sends anything. Does not belong here: printing (`status`,
`show_*`).
"""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from orchestration.cli.console import FAILED, Config, Json, WrongUse, err, out, parse_system, print_json, progress_line, say
from orchestration.cli.context import settings_of
from orchestration.core import clock

if TYPE_CHECKING:
    from orchestration.cli.show_people import Found
    from orchestration.core.settings import Settings


def status(
    config: Config = None,
    days: Annotated[int, typer.Option(min=1, help="How many days to show.")] = 30,
    as_json: Json = False,
) -> None:
    """Which days each system has delivered, which were refused, quarantined or are missing; the open findings by type."""
    from orchestration.cli.status import read_status, show_status

    status_now = read_status(settings_of(config), clock.today(), days)
    if as_json:
        print_json(status_now)
    else:
        show_status(status_now, out)


def messages(
    config: Config = None,
    preview: Annotated[str | None, typer.Option(help="Show what would be sent to this recipient now; nothing is sent.")] = None,
    test: Annotated[str | None, typer.Option(help="Send this recipient a message that only says the address works.")] = None,
    last: Annotated[int, typer.Option(min=1, help="How many messages to list.")] = 20,
    as_json: Json = False,
) -> None:
    """The messages that were sent, to whom, and whether they arrived; or the one that would be sent now."""
    from orchestration.cli.show_messages import preview_message, show_messages, test_address

    settings = settings_of(config)
    for name in filter(None, (preview, test)):
        if name not in settings.alerts.recipients:
            known = ", ".join(settings.alerts.recipients) or "none yet; see `alerts.recipients` in the settings"
            raise WrongUse(f"{name}: no such recipient; there is {known}")
    if test:
        raise typer.Exit(test_address(settings, test))
    if preview:
        preview_message(settings, preview, clock.today(), out)
    else:
        show_messages(settings, last, out, as_json=as_json)


def find(
    name: Annotated[list[str], typer.Argument(help="Words of the name, in any order; or an employee number, an id, a role.")],
    config: Config = None,
    as_json: Json = False,
) -> None:
    """Everybody whom all the words fit, in HRM or VFS, with or without a case: where, whether they can get in, their cases."""
    from orchestration.cli import show_people

    found = _find(settings_of(config), " ".join(name))
    if as_json:
        print_json(show_people.as_json(found))
    else:
        show_people.show_people(found, out)


def _find(settings: "Settings", words: str) -> "Found":
    """Whom the words fit in the published set. Raises WrongUse when nothing is published."""
    from orchestration.cli.show_people import find_people

    if not settings.paths.marts.exists():
        raise WrongUse("Ingenting er publisert ennå. Det gjør «sluttdato run».")
    return find_people(settings.paths.marts, words)


def explain(
    subject: Annotated[list[str], typer.Argument(
        help="A person or position of VFS, a position or employee number of HRM; or a name.")],
    config: Config = None,
    as_json: Json = False,
) -> None:
    """One person or position, in Norwegian: what HRM and VFS held and when, and why there is or is no finding."""
    from dataclasses import asdict

    from ingest.national_ids import redact
    from ingest.warehouse import open_warehouse
    from orchestration.cli.show_case import show_case
    from publish.explain import UnknownSubject
    from publish.explain import explain as explain_subject

    settings, words = settings_of(config), " ".join(subject)
    if not settings.paths.warehouse.exists():
        raise WrongUse("Ingenting er tatt inn ennå. Det gjør «sluttdato run».")
    with progress_line() as progress, open_warehouse(settings.paths.warehouse, read_only=True, progress=progress) as con:
        try:
            case = explain_subject(con, words)
        except UnknownSubject:
            known = _only_one_named(settings, words, as_json=as_json)
            if known is None:
                raise WrongUse(f"«{redact(words)}» er verken en profil, en ansatt, en stilling eller en sak i HRM eller VFS, og "
                               "ingen heter det.") from None
            case = explain_subject(con, known)
    if as_json:
        print_json(asdict(case))
    else:
        show_case(case, out)


def _only_one_named(settings: "Settings", words: str, *, as_json: bool) -> str | None:
    """The id or employee number of the one person whom the words fit; None when they fit nobody. Several are listed, and wrong
    use."""
    from orchestration.cli.show_people import show_people

    if not settings.paths.marts.exists():
        return None
    found = _find(settings, words)
    if len(found.people) > 1:
        if not as_json:
            show_people(found, out)
        raise WrongUse(f"{len(found.people)} personer passer. Velg én med ansattnummeret eller profilens id.")
    return next((row["person_id"] or row["employee_number"] for row in found.people), None)


def check_source(
    system: Annotated[str, typer.Argument(help="hrm, vfs or transfer")],
    config: Config = None,
    as_json: Json = False,
) -> None:
    """Read a few rows from a source: does it answer, what do they hold, and what cannot be assessed from it.

    Ends with status 1 when it cannot be read, or no row of a table can be used.
    """
    from dataclasses import asdict

    from ingest.errors import RefusedExtract
    from ingest.identity import load_key
    from ingest.inspection import look_into
    from orchestration.cli.show_source import show_seen

    settings, today, known = settings_of(config), clock.today(), parse_system(system)
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    try:
        with progress_line() as progress:
            key = load_key(settings.paths.key_file, settings.paths.key_fingerprint, settings.paths.landed)
            seen = look_into(settings.source(known), today, key, pull=True, progress=progress)
    except RefusedExtract as error:
        err.print(f"sluttdato: {error.describe(system, today)}", markup=False, soft_wrap=True)
        raise typer.Exit(FAILED) from None
    if seen is None:
        err.print(f"sluttdato: {system}: nothing is delivered up to {today}; look at `path`", markup=False, soft_wrap=True)
        raise typer.Exit(FAILED)
    if as_json:
        print_json(asdict(seen))
    else:
        show_seen(seen, out)
    for line in seen.unusable:
        err.print(f"sluttdato: {system}: {line}", markup=False, soft_wrap=True)
    if seen.unusable:
        raise typer.Exit(FAILED)


def propose(
    file: Annotated[Path, typer.Argument(help="A CSV or Excel file: an export of VFS's employee search, or a flat HRM file.")],
    system: Annotated[str | None, typer.Option(help="hrm or vfs; left out: guessed by the headings.")] = None,
) -> None:
    """Look at a CSV or Excel file of one system, and propose the settings that read it, in YAML to paste."""
    from ingest.errors import RefusedExtract
    from ingest.national_ids import redact
    from ingest.sources.propose import propose as propose_settings
    from orchestration.cli.show_source import show_proposal

    if not file.is_file():
        raise WrongUse(f"{redact(str(file))}: there is no such file")
    try:
        proposal = propose_settings(file, parse_system(system) if system else None)
    except RefusedExtract as error:
        line = f", line {error.line}" if error.line else ""
        err.print(f"sluttdato: {redact(file.name)}{line}: {error.problem}. {error.remedy}", markup=False, soft_wrap=True)
        raise typer.Exit(FAILED) from None
    show_proposal(proposal, file, out)


def settings_schema() -> None:
    """Print a JSON schema of the settings file, with which an editor completes and checks it."""
    from orchestration.core.settings_reference import schema_text

    print(schema_text(), end="")


def dagster_home(config: Config = None) -> None:
    """Prepare Dagster's home for these settings and print it, for `export DAGSTER_HOME=$(sluttdato dagster-home)`."""
    from orchestration.core.dagster_home import prepare

    print(prepare(settings_of(config).paths, say))
