"""The command `health`: for monitors, by exit status and in a line. What counts as what is told by `core.health`."""

from dataclasses import asdict
from typing import Annotated

import typer

from orchestration.cli.console import Config, Json, out, print_json
from orchestration.cli.context import settings_of
from orchestration.core import clock


def health(
    config: Config = None,
    max_age: Annotated[int, typer.Option("--max-age", min=0, help="Days since the last run that are no reason to worry.")] = 1,
    as_json: Json = False,
) -> None:
    """For monitors: one line, and exit status 0 (all is well), 1 (look at it) or 2 (it does not work)."""
    from ingest.errors import IngestError
    from orchestration.core.health import Health, Level
    from orchestration.core.health import health as look

    try:
        found = look(settings_of(config).paths, clock.today(), max_age)
    except (IngestError, OSError) as error:  # e.g. a newer version's data directory
        found = Health()
        found.tell(Level.CRITICAL, str(error))
    if as_json:
        print_json({**asdict(found), "level": found.level.name.lower()})
    else:
        out.print(found.line(), markup=False, soft_wrap=True)
    raise typer.Exit(int(found.level))
