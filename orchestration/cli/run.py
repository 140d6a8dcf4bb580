"""The command `run`: one kommune (`running`), or all of a folder (`run_all`)."""

from pathlib import Path
from typing import Annotated

import typer

from orchestration.cli import run_all, running
from orchestration.cli.console import Config, Json, WrongUse, parse_day
from orchestration.cli.context import settings_of
from orchestration.core import clock


def run(
    config: Config = None,
    as_of: Annotated[str | None, typer.Option(help="The as-of date, YYYY-MM-DD. Default: today.")] = None,
    everyone: Annotated[Path | None, typer.Option(
        "--all", metavar="FOLDER", show_default=False,
        help="Run all kommuner of a folder, which has a settings file <name>.yaml for each: one line for each as it ends, "
             "the worst status at the end. One that fails holds no other back.")] = None,
    workers: Annotated[int | None, typer.Option(
        min=1, show_default=False, help="With --all: how many at a time. Default: the number of processors.")] = None,
    limit_minutes: Annotated[float | None, typer.Option(
        min=0.01, show_default=False,
        help="With --all: a kommune that takes longer is ended, and has failed. Default: 60.")] = None,
    as_json: Json = False,
) -> None:
    """Take in what is delivered, evaluate, check, publish. Run it each morning, or let Dagster do it."""
    day, today = parse_day(as_of, "--as-of"), clock.today()
    if everyone is None:
        if workers or limit_minutes:
            raise WrongUse("--workers and --limit-minutes belong to --all FOLDER")
        raise typer.Exit(running.evaluate(settings_of(config), day or today, deliveries=True, as_json=as_json))
    if config:
        raise WrongUse("--config and --all: the folder holds the settings files; name one of the two")
    raise typer.Exit(run_all.run_all(everyone, day, workers=workers, limit_minutes=limit_minutes, as_json=as_json))
