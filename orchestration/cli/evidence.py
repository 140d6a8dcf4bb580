"""The command `evidence`: the auditor's pack of a period."""

from pathlib import Path
from typing import Annotated

import typer

from orchestration.cli.console import Config, WrongUse, needed_day, out, progress_line
from orchestration.cli.context import settings_of


def evidence(
    first: Annotated[str, typer.Option("--from", metavar="DATE", help="The first day, YYYY-MM-DD.")],
    last: Annotated[str, typer.Option("--to", metavar="DATE", help="The last day, YYYY-MM-DD.")],
    folder: Annotated[Path, typer.Option("--out", metavar="DIR", help="A new or empty folder.")],
    config: Config = None,
) -> None:
    """The auditor's pack: sources, what was withheld and let in, counts, decisions and cases of a period, with checksums."""
    from orchestration.core.evidence import make_pack
    from publish.evidence import PackDiffers
    from publish.evidence.contents import NotCovered

    settings = settings_of(config)
    from_day, to_day = needed_day(first, "--from"), needed_day(last, "--to")
    if from_day > to_day:
        raise WrongUse(f"--from {from_day} is after --to {to_day}")
    with progress_line() as progress:
        try:
            made = make_pack(settings, from_day, to_day, folder.absolute(), progress)
        except NotCovered as error:
            raise WrongUse(str(error)) from None
        except PackDiffers as error:
            raise WrongUse(f"--out {error}") from None
    out.print(f"{from_day} to {to_day}: {folder / 'revisjon.html'}" + ("" if made else " (uendret: the same pack was there)"),
              markup=False, soft_wrap=True)
