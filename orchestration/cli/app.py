"""The command line: `sluttdato ...` (contract#commands). Thin: it parses, calls, and tells.

Exit status: 0 done; 1 failed; 2 wrong use or settings; 3 done, but an extract was newly refused or quarantined.
Results go to standard output, progress and errors to standard error.
"""

import sys
from datetime import date, timedelta
from pathlib import Path
from typing import Annotated

import typer

from orchestration.cli import decisions as decisions_commands
from orchestration.cli.console import (
    FAILED,
    WITHHELD,
    WRONG_USE,
    Config,
    Json,
    WrongUse,
    err,
    out,
    parse_day,
    print_json,
    progress,
)
from orchestration.core import clock
from orchestration.core.demo_place import settings_in_force
from orchestration.core.lock import LockHeld, writer
from orchestration.core.settings import Settings, WrongSettings, load_settings

app = typer.Typer(
    no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, rich_markup_mode="rich",
    help="Finds the people who left the HRM system but can still get into Visma Flyt Skole.\n\n"
         "Start with [b]sluttdato demo[/b]: a simulated municipality. With your own files: describe them in "
         "sluttdato.yaml, then [b]sluttdato run[/b] each morning.")

def main() -> None:
    """Entry point of `sluttdato`: errors people can act on become one clear line and an exit status."""
    from filelock import Timeout

    from ingest.errors import IngestError
    from ingest.warehouse import WarehouseBusy
    from orchestration.core.dbt import DbtFailed

    try:
        app()
    except (WrongSettings, clock.WrongToday, WrongUse) as error:
        err.print(f"sluttdato: {error}", markup=False, soft_wrap=True)
        sys.exit(WRONG_USE)
    except (IngestError, LockHeld, WarehouseBusy, DbtFailed, Timeout, OSError) as error:
        err.print(f"sluttdato: {error}", markup=False, soft_wrap=True)
        sys.exit(FAILED)
    except KeyboardInterrupt:
        err.print("sluttdato: stopped; the next run goes on where this one was", markup=False)
        sys.exit(130)


# --- running -------------------------------------------------------------------------------------------------------


def _evaluate(settings: Settings, as_of: date, *, as_json: bool = False, deliveries: bool = False, anew: bool = False) -> int:
    """Run the daily job and tell what came of it; returns the exit status.

    `anew`: the warehouse was removed; what is withheld in the landed extracts was told when they came.
    """
    from orchestration.cli.runs import run_daily
    from orchestration.core.alerting import CHECK, outcome_of

    with progress() as say, writer(settings.data_dir, settings.lock_patience_seconds, say):
        outcome = run_daily(settings, as_of, deliveries=deliveries, say=say)
    if anew:
        outcome.withheld.clear()
    if as_json:
        print_json({"as_of_date": as_of, **vars(outcome), "told": vars(outcome.told)})
    else:
        for severity, name, says in outcome.failed_checks:
            err.print(f"check {'failed' if severity == 'ERROR' else 'warns'}: {name}: {says}", markup=False, soft_wrap=True)
        if outcome.told.failed:
            err.print(f"check failed: published.{CHECK}: {outcome_of(outcome.told)}", markup=False, soft_wrap=True)
        for line in [*outcome.not_pulled, *outcome.withheld]:
            err.print(line, markup=False, soft_wrap=True)
        if outcome.not_pulled:
            err.print("The marts are made from the extracts before it.", soft_wrap=True)
        if outcome.withheld:
            err.print("The marts are made from the extracts before it. `sluttdato status` shows the days; a quarantined extract "
                      "is let in by `sluttdato accept`.", soft_wrap=True)
        if outcome.success and outcome.published:
            extracts = f"{outcome.taken_in} {'landed' if anew else 'new'} extracts"
            out.print(f"As of {as_of}: {extracts}; published in {settings.published}", markup=False, soft_wrap=True)
        elif outcome.success:
            out.print(outcome.not_published_because or "nothing was published", markup=False, soft_wrap=True)
    if not outcome.success:
        for line in outcome.errors:
            err.print(f"sluttdato: {line}", markup=False, soft_wrap=True)
        err.print(f"The run {outcome.run_id} failed; what is published stands as it was. Run again when the cause is mended.",
                  markup=False, soft_wrap=True)
        return FAILED
    if outcome.not_pulled:
        return FAILED
    return WITHHELD if outcome.withheld else 0


@app.command()
def run(
    config: Config = None,
    as_of: Annotated[str | None, typer.Option(help="The day to speak about, YYYY-MM-DD. Default: today.")] = None,
    as_json: Json = False,
) -> None:
    """Take in what is delivered, evaluate, check, publish. Run it each morning, or let Dagster do it."""
    settings = settings_in_force(config)
    raise typer.Exit(_evaluate(settings, parse_day(as_of, "--as-of") or clock.today(), deliveries=True, as_json=as_json))


@app.command()
def rebuild(config: Config = None, as_json: Json = False) -> None:
    """Make all marts anew from the landed extracts. The result is the same, row for row; the sources are not asked."""
    from publish.snapshot import published_as_of

    settings = settings_in_force(config)
    as_of = published_as_of(settings.published) or clock.today()
    with progress() as say, writer(settings.data_dir, settings.lock_patience_seconds, say):
        for file in settings.data_dir.glob(f"{settings.warehouse.name}*"):
            file.unlink()
        raise typer.Exit(_evaluate(settings, as_of, as_json=as_json, anew=True))


@app.command()
def replay(
    as_of: Annotated[str, typer.Option(help="The day to speak about, YYYY-MM-DD.")],
    to: Annotated[Path, typer.Option(help="A folder to be made, for marts.duckdb and parquet/.")],
    config: Config = None,
) -> None:
    """The marts as they would have been on a past day, beside the published ones."""
    from orchestration.cli.replay import replay as replay_day

    settings = settings_in_force(config)
    day = parse_day(as_of, "--as-of")
    if to.exists() and any(to.iterdir() if to.is_dir() else [to]):
        raise WrongUse(f"--to {to}: there is something already; name a folder that does not exist or is empty")
    with progress() as say:
        rows = replay_day(settings, day, to, say)
    out.print(f"As of {day}: {len(rows)} marts, {sum(rows.values())} rows, in {to}", markup=False, soft_wrap=True)


# --- deciding ------------------------------------------------------------------------------------------------------


@app.command()
def accept(
    system: Annotated[str, typer.Argument(help="hrm or vfs")],
    day: Annotated[str, typer.Argument(metavar="DATE", help="The extract date, YYYY-MM-DD.")],
    reason: Annotated[str, typer.Option(help="Why it is right after all; it is kept with the decision.")],
    config: Config = None,
    as_json: Json = False,
) -> None:
    """Let a quarantined extract in, and evaluate anew. Look at its diff first: `sluttdato status` says where it lies."""
    from ingest.decisions import Decisions
    from ingest.landing import Landing
    from ingest.warehouse import open_warehouse
    from publish.snapshot import published_as_of

    settings = settings_in_force(config)
    extract_date = parse_day(day, "DATE")
    if system not in ("hrm", "vfs"):
        raise WrongUse(f"{system}: expected hrm or vfs")
    if not reason.strip():
        raise WrongUse("--reason: say why the extract is right after all")
    with progress() as say, writer(settings.data_dir, settings.lock_patience_seconds, say):
        with open_warehouse(settings.warehouse, say=say) as con:
            waiting = con.execute(
                "SELECT fingerprint FROM ingest.extracts WHERE system = ? AND extract_date = ? AND status = 'quarantined' "
                "ORDER BY arrival DESC LIMIT 1", [system, extract_date]).fetchone()
        if waiting is None:
            came = Landing(settings.landed).of_day(system, extract_date)
            raise WrongUse(f"{system} {extract_date}: no quarantined extract; "
                           + ("`sluttdato status` shows what became of it" if came else "none was taken in for that day"))
        Decisions(settings.data_dir / "decisions").accept(system, extract_date, waiting[0], reason, clock.today())
        as_of = max(filter(None, [published_as_of(settings.published), extract_date]))
        raise typer.Exit(_evaluate(settings, as_of, as_json=as_json))


app.add_typer(decisions_commands.app)


@app.command()
def purge(config: Config = None, yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False) -> None:
    """Remove what is older than `retention.keep_days`: landed extracts and resolved findings, for good."""
    from ingest import retention
    from ingest.decisions import Decisions
    from ingest.warehouse import open_warehouse
    from orchestration.core.alerting import alert_log
    from publish.snapshot import published_as_of, remove_old_sets

    settings = settings_in_force(config)
    before = clock.today() - timedelta(days=settings.retention.keep_days)
    if not yes and not typer.confirm(f"Remove for good what ended before {before}, below {settings.data_dir}?"):
        raise typer.Exit(FAILED)
    with progress() as say, writer(settings.data_dir, settings.lock_patience_seconds, say):
        Decisions(settings.data_dir / "decisions").purge(before, clock.today())
        alert_log(settings).purge(before)
        with open_warehouse(settings.warehouse, say=say) as con:
            days = retention.purge(con, settings.landed, settings.data_dir / "quarantined", before)
        for file in settings.data_dir.glob(f"{settings.warehouse.name}*"):
            file.unlink()
        status = _evaluate(settings, published_as_of(settings.published) or clock.today(), anew=True)
        if status != FAILED:
            remove_old_sets(settings.published, kept=1)
    out.print(f"{days} extract days before {before} removed", markup=False)
    raise typer.Exit(status)


# --- looking -------------------------------------------------------------------------------------------------------


@app.command()
def status(
    config: Config = None,
    days: Annotated[int, typer.Option(min=1, help="How many days to show.")] = 30,
    as_json: Json = False,
) -> None:
    """Which days each system has delivered, which were refused, quarantined or are missing; the open findings by type."""
    from orchestration.cli.status import read_status, show_status

    found = read_status(settings_in_force(config), clock.today(), days)
    if as_json:
        print_json(found)
    else:
        show_status(found, out)


@app.command()
def messages(
    config: Config = None,
    preview: Annotated[str | None, typer.Option(help="Show what would be sent to this recipient now; nothing is sent.")] = None,
    test: Annotated[str | None, typer.Option(help="Send this recipient a message that only says the address works.")] = None,
    last: Annotated[int, typer.Option(min=1, help="How many messages to list.")] = 20,
    as_json: Json = False,
) -> None:
    """What was told to whom, and whether it arrived; or what would be told now."""
    from orchestration.cli.show_messages import preview_message, show_messages, test_address

    settings = settings_in_force(config)
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


@app.command()
def explain(
    subject: Annotated[str, typer.Argument(help="A person or position of VFS, a position or employee number of HRM.")],
    config: Config = None,
    as_json: Json = False,
) -> None:
    """One person or position, in Norwegian: what HRM said and when, what VFS said and when, and why there is a finding."""
    from dataclasses import asdict

    from ingest.warehouse import open_warehouse
    from orchestration.cli.show_case import show_case
    from publish.explain import UnknownSubject
    from publish.explain import explain as explain_subject

    settings = settings_in_force(config)
    if not settings.warehouse.exists():
        raise WrongUse("nothing has been taken in yet; `sluttdato run` does that")
    with progress() as say, open_warehouse(settings.warehouse, read_only=True, say=say) as con:
        try:
            case = explain_subject(con, subject)
        except UnknownSubject:
            raise WrongUse(f"{subject}: neither system has held a person, employee or position with that id") from None
    if as_json:
        print_json(asdict(case))
    else:
        show_case(case, out)


@app.command(name="check-source")
def check_source(
    system: Annotated[str, typer.Argument(help="hrm or vfs")],
    config: Config = None,
    as_json: Json = False,
) -> None:
    """Ask a source for a few rows: does it answer, what does it tell, and what could not be told from it."""
    from dataclasses import asdict

    from ingest.errors import RefusedExtract
    from ingest.identity import load_key
    from ingest.inspection import look_into
    from ingest.intake import data_key_file
    from orchestration.cli.show_source import show_seen

    settings, today = settings_in_force(config), clock.today()
    if system not in ("hrm", "vfs"):
        raise WrongUse(f"{system}: expected hrm or vfs")
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    try:
        with progress() as say:
            key = load_key(data_key_file(settings.data_dir))
            seen = look_into(settings.source(system), today, key, pull=True, progress=say)
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


@app.command()
def propose(file: Annotated[Path, typer.Argument(help="A CSV or Excel export of VFS's employee search.")]) -> None:
    """Look at an export, and propose the settings that read it, in YAML to paste."""
    from ingest.errors import RefusedExtract
    from ingest.sources.propose import propose as propose_settings
    from orchestration.cli.show_source import show_proposal

    if not file.is_file():
        raise WrongUse(f"{file}: there is no such file")
    try:
        proposal = propose_settings(file)
    except RefusedExtract as error:
        err.print(f"sluttdato: {file.name}: {error.problem}. {error.remedy}", markup=False, soft_wrap=True)
        raise typer.Exit(FAILED) from None
    show_proposal(proposal, file, out)


@app.command(name="settings-schema")
def settings_schema() -> None:
    """Print a JSON schema of the settings file, with which an editor completes and checks it."""
    from orchestration.core.settings_reference import schema_text

    print(schema_text(), end="")


@app.command(name="dagster-home")
def dagster_home_(config: Config = None) -> None:
    """Prepare Dagster's home for these settings and print it, for `export DAGSTER_HOME=$(sluttdato dagster-home)`."""
    from orchestration.cli.runs import dagster_home

    print(dagster_home(settings_in_force(config)))


# --- demo ----------------------------------------------------------------------------------------------------------


@app.command()
def demo(
    config: Config = None,
    employees: Annotated[int, typer.Option(min=20, help="Employees in HRM.")] = 5000,
    days: Annotated[int, typer.Option(min=5, help="Days of extracts, the last one today's.")] = 60,
    seed: Annotated[int, typer.Option(help="Another seed, another municipality.")] = 1,
) -> None:
    """A simulated municipality, its HRM and VFS pulled day by day, evaluated, published. Nothing in it is real."""
    from demo.municipality import simulate
    from orchestration.cli.status import show_demo
    from orchestration.core import demo_place

    settings = load_settings(config)
    with progress() as say, writer(settings.data_dir, settings.lock_patience_seconds, say):
        demo_place.prepare(settings.data_dir)
        simulate(demo_place.systems(settings.data_dir), demo_place.truth(settings.data_dir), employees=employees, days=days,
                 last_day=clock.today(), seed=seed, progress=lambda day: say(f"simulating {day}"))
        requests, wrong = demo_place.pull_history(settings, clock.today(), say)
        out.print(f"{days} days of FINT, OneRoster and exports: {requests} requests, of which {wrong} went wrong on purpose and "
                  "were made again", soft_wrap=True)
        code = _evaluate(settings, clock.today(), deliveries=True)
    if code == FAILED:
        raise typer.Exit(FAILED)
    show_demo(settings, out)


if __name__ == "__main__":
    main()
