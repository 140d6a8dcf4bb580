"""The commands `backup` and `restore`: what cannot be made anew, in one checked file. The work is done by `core.backup`."""

import os
from pathlib import Path
from typing import Annotated

import typer

from orchestration.cli.console import Config, WrongUse, out, progress_line, say
from orchestration.cli.context import settings_of
from orchestration.core import clock
from orchestration.core.lock import writer
from orchestration.core.paths import DataPaths


def backup(
    to: Annotated[Path, typer.Option("--to", metavar="FILE", help="The file to make, outside data_dir.")],
    with_key: Annotated[bool, typer.Option("--with-key", help="Also the key of the national-id hash, as FILE.key.")] = False,
    config: Config = None,
) -> None:
    """Keep what cannot be made anew in one file: extracts as taken in, decisions, the record of messages. It is read back."""
    from ingest.identity import load_key
    from orchestration.cli.running import check_that_nothing_is_lost
    from orchestration.core import backup as backups

    settings = settings_of(config)
    paths, file = settings.paths, to.absolute()
    _check_target(paths, file, with_key=with_key)
    with progress_line() as progress, writer(settings.data_dir, settings.lock_patience_seconds, progress):
        check_that_nothing_is_lost(settings)
        key = load_key(paths.key_file, paths.key_fingerprint, paths.landed) if with_key else None
        made = backups.make(paths, file, clock.today(), key=key, progress=progress)
    out.print(f"{file}: {made.files} files, {made.bytes:,} bytes, read back and whole", markup=False, soft_wrap=True)
    if with_key:
        out.print(f"The key is in {backups.key_beside(file)}. Keep it apart: with both, national ids can be tried out.",
                  markup=False, soft_wrap=True)
    elif made.key_fingerprint:
        out.print("The key of the national-id hash is not in it (--with-key).")
    out.print("The settings file and secrets_dir are not in it.")


def _check_target(paths: DataPaths, file: Path, *, with_key: bool) -> None:
    """Raises WrongUse."""
    from orchestration.core import backup as backups

    if not paths.landed.is_dir():
        raise WrongUse(f"nothing has been taken in yet below {paths.root}: there is nothing to keep")
    for target in (file, *([backups.key_beside(file)] if with_key else [])):
        if os.path.lexists(target):
            raise WrongUse(f"--to {file}: there is {target.name} already; name a file that does not exist")
    if not file.parent.is_dir():
        raise WrongUse(f"--to {file}: there is no folder {file.parent}")
    if file.parent.resolve().is_relative_to(paths.root.resolve()):
        raise WrongUse(f"--to {file}: it lies below {paths.root}, and would be lost with it")


def restore(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="What `sluttdato backup` made.")],
    with_key: Annotated[bool, typer.Option("--with-key", help="Also the key of the national-id hash, from FILE.key.")] = False,
    config: Config = None,
) -> None:
    """Put a backup into an empty data directory. `sluttdato run` then makes the same marts."""
    from ingest.identity import KEY_VARIABLE
    from orchestration.core import backup as backups

    settings = settings_of(config)
    paths, archive = settings.paths, file.absolute()
    for needed in (archive, *([backups.key_beside(archive)] if with_key else [])):
        if not needed.is_file():
            raise WrongUse(f"{needed}: there is no such file")
    backups.check_empty(paths)
    key = backups.key_beside(archive).read_bytes().strip() if with_key else None
    with progress_line() as progress, writer(settings.data_dir, settings.lock_patience_seconds, progress):
        restored = backups.restore(archive, paths, key=key, progress=progress)
    out.print(f"{restored.files} files of {restored.made_on} restored to {paths.root}; `sluttdato run` makes the marts anew.",
              markup=False, soft_wrap=True)
    if restored.key_fingerprint and not with_key and KEY_VARIABLE not in os.environ:
        say(f"The key is not in it: put it into {paths.key_file} (mode 0600), or set {KEY_VARIABLE}, before the next run.")
