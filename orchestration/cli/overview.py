"""The command `overview`: a page across the kommuner of a folder, without persons. The work is done by `core.overview`."""

import grp
from pathlib import Path
from typing import Annotated

import typer

from orchestration.cli.console import FAILED, WrongUse, err, out
from orchestration.core import clock


def overview(
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="A settings file <name>.yaml for each kommune.")],
    to: Annotated[Path, typer.Option("--to", metavar="DIR", help="A new folder, or one with an earlier overview.")],
    max_age: Annotated[int, typer.Option("--max-age", min=0, help="Days since the last run that are no reason to worry.")] = 1,
    group: Annotated[str | None, typer.Option("--group", metavar="GROUP", help="A group that may read it.")] = None,
) -> None:
    """How all kommuner of a folder stand, without persons: a page, CSV and JSON. Exit status 1 where one could not be read."""
    from orchestration.core import overview as across
    from orchestration.core.deployment import Deployment
    from publish.across.written import PAGE, files_of

    try:
        group_number = None if group is None else grp.getgrnam(group).gr_gid
    except KeyError:
        raise WrongUse(f"--group {group}: there is no such group on this machine") from None
    deployment, place, today = Deployment(folder), to.absolute(), clock.today()
    try:
        across.check_place(deployment, place)
    except across.WrongPlace as error:
        raise WrongUse(f"--to {error}") from None
    kommuner = across.look_at_all(
        deployment, today, max_age, lambda problem: err.print(problem, markup=False, soft_wrap=True))
    across.write(place, files_of(kommuner, today), group_number)
    unread = [k.name for k in kommuner if not k.is_read]
    out.print(f"{to / PAGE}: {len(kommuner)} kommuner" + (f", {len(unread)} of them could not be read: {', '.join(unread)}"
                                                         if unread else ""), markup=False, soft_wrap=True)
    if unread:
        raise typer.Exit(FAILED)
