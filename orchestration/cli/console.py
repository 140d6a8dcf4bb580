"""What all commands share: where they write, how they show progress, options that several have, errors of use."""

import json
import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from ingest.canonical_tables import SOURCES, System
from orchestration.cli import json_log

FAILED, WRONG_USE, WITHHELD, STOPPED = 1, 2, 3, 130

out = Console(highlight=False)
err = Console(stderr=True, highlight=False)

Config = Annotated[Path | None, typer.Option(
    "--config", help="Settings file. Default: $SLUTTDATO_CONFIG, else ./sluttdato.yaml.", show_default=False)]
Json = Annotated[bool, typer.Option("--json", help="Print JSON for scripts.")]


class WrongUse(Exception):
    """A command was used wrongly. The text names what to do instead."""


def say(line: str, event: str = "note", level: int = logging.INFO, message: str | None = None, **facts: Any) -> None:
    """A line on standard error: as it is, or as JSON (`json_log`), there with these facts, and `message` instead, if any."""
    if json_log.is_on():
        json_log.write(level, event, line if message is None else message, **facts)
    else:
        err.print(line, markup=False, soft_wrap=True)


@contextmanager
def progress_line() -> Iterator[Callable[[str], None]]:
    """Yields a function that shows progress: on one changing line, or in lines when standard error is no terminal."""
    if json_log.is_on() or not err.is_terminal:
        yield lambda line: say(line, "progress")
        return
    with err.status("starting") as status:
        yield lambda line: status.update(line)


def parse_day(text: str | None, name: str) -> date | None:
    """A day given on the command line as `name`. Raises WrongUse."""
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise WrongUse(f"{name} {text}: expected a day as YYYY-MM-DD, e.g. 2026-08-17") from None


def needed_day(text: str, name: str) -> date:
    """A day that must be given on the command line as `name`. Raises WrongUse."""
    day = parse_day(text, name)
    if day is None:
        raise WrongUse(f"{name}: expected a day as YYYY-MM-DD, e.g. 2026-08-17")
    return day


def parse_system(text: str) -> System:
    """A system given on the command line. Raises WrongUse."""
    for system in SOURCES:
        if system == text:
            return system
    raise WrongUse(f"{text}: expected {', '.join(SOURCES[:-1])} or {SOURCES[-1]}")


def print_json(value: Any) -> None:
    print(json.dumps(value, ensure_ascii=False, indent=1, default=str))
