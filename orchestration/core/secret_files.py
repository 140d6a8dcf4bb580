"""What `${NAME}` in the settings stands for: the file NAME in `secrets_dir`, else the environment variable (contract#secrets).

Belongs here: finding one value, and refusing a file that others can read. Does not belong here: which settings are secret; that
is their type (`ingest.settings_model`). No value is ever part of an error.
"""

import os
import stat
from dataclasses import dataclass
from pathlib import Path

_OTHERS_CHANGE_OR_READ = stat.S_IROTH | stat.S_IWOTH


class WrongSecret(ValueError):
    """A value that `${NAME}` stands for is missing, or its file is not to be used. The text names NAME."""


@dataclass(frozen=True)
class SecretFiles:
    """The folder of `secrets_dir`; without one, all values come from the environment, if from anywhere."""

    folder: Path | None = None
    from_environment: bool = True

    def value(self, name: str) -> str:
        """The value of `${name}`, without the line end that an editor puts behind it. Raises WrongSecret."""
        file = self.folder / name if self.folder else None
        if file is not None and os.path.lexists(file):  # a link to nowhere is a mistake, no reason to look elsewhere
            return _content(file, name)
        if self.from_environment and (value := os.environ.get(name)):
            return value
        if not self.from_environment:
            raise WrongSecret(f"there is no file {name} in {self.folder} (secrets_dir)" if self.folder else
                              f"put it into a file {name} and set secrets_dir to its folder: with several kommuner, a secret is "
                              "never read from the environment")
        if self.folder is None:
            raise WrongSecret(f"the environment variable {name} is not set")
        raise WrongSecret(
            f"there is no file {name} in {self.folder} (secrets_dir), and the environment variable {name} is not set")


def secret_files(named: str | None, base: Path, *, from_environment: bool) -> SecretFiles:
    """The folder that `secrets_dir` names, relative to `base`. Raises WrongSecret when there is none."""
    if not named:
        return SecretFiles(None, from_environment)
    folder = base / named
    if not folder.is_dir():
        raise WrongSecret(f"secrets_dir: there is no folder {folder}")
    return SecretFiles(folder, from_environment)


def _content(file: Path, name: str) -> str:
    try:
        if _others_can_use(file):
            raise WrongSecret(f"others on this machine can read or change the file {file}; close it: chmod o= {file}")
        value = file.read_text(encoding="utf-8").rstrip("\r\n")
    except OSError as error:
        raise WrongSecret(f"the file of {name} cannot be read: {error.strerror}: {file}") from None
    except UnicodeDecodeError:
        raise WrongSecret(f"the file of {name} is no text in UTF-8: {file}") from None
    if not value:
        raise WrongSecret(f"the file of {name} is empty: {file}")
    return value


def _others_can_use(file: Path) -> bool:
    """Whether somebody who is neither owner nor in the group can get at the file. In a closed folder nobody can."""
    real = file.resolve(strict=True)
    return bool(real.stat().st_mode & _OTHERS_CHANGE_OR_READ and real.parent.stat().st_mode & stat.S_IXOTH)
