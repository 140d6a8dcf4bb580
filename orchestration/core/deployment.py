"""A deployment: a folder of settings files, `<name>.yaml`, one for each kommune (contract#several-kommuner).

The kommuner are data controllers of their own. So nothing reaches them from outside their file but secrets, each from its own
`secrets_dir`; and a file that names a place below another's, or above it, is refused, whoever wrote it.
Belongs here: which kommuner there are, and what keeps them apart. Does not belong here: running them (`cli.run_all`, `defs`).
"""

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import yaml

from orchestration.core import clock
from orchestration.core.clock import TODAY_VARIABLE
from orchestration.core.demo_place import with_demo_sources
from orchestration.core.settings import CONFIG_VARIABLE, NAMED, Settings, WrongSettings, load_settings

DEPLOYMENT_VARIABLE = "SLUTTDATO_KOMMUNER"
_SUFFIX = ".yaml"
_ALLOWED = {TODAY_VARIABLE, DEPLOYMENT_VARIABLE, "SLUTTDATO_WAREHOUSE"}  # the last is set for each call of dbt


@dataclass(frozen=True)
class Deployment:
    """The kommuner of a folder. Raises WrongSettings when there are none, or when the environment would reach into all."""

    folder: Path

    def __post_init__(self) -> None:
        if not self.folder.is_dir():
            raise WrongSettings(f"{self.folder}: there is no such folder; expected one with a settings file <name>{_SUFFIX} for "
                                "each kommune")
        if not self.files:
            raise WrongSettings(f"{self.folder}: no settings file <name>{_SUFFIX} lies there; expected one for each kommune")
        _refuse_overrides(os.environ)

    @cached_property
    def files(self) -> dict[str, Path]:
        """{name: settings file}, in order of name. A file whose name begins with a point is none."""
        found = sorted(f for f in self.folder.iterdir() if f.suffix == _SUFFIX and f.is_file() and not f.name.startswith("."))
        return {file.stem: file.absolute() for file in found}

    def settings(self, name: str) -> Settings:
        """The settings of one kommune. Raises WrongSettings: what is wrong in its file, or whose place it names."""
        file = self.files.get(name)
        if file is None:
            raise WrongSettings(f"{self.folder}: there is no {name}{_SUFFIX}")
        settings = load_settings(file, secrets_from_environment=False)
        self._refuse_places_of_others(name, settings)
        return with_demo_sources(settings, clock.today()) if settings.paths.holds_demo else settings

    @cached_property
    def _places(self) -> dict[str, dict[str, Path]]:
        """{name: {setting: path}} as each file says, without a doubt about the rest of it: a mistake opens nobody's doors."""
        return {name: dict(_named_places(file)) for name, file in self.files.items()}

    def owner_of(self, place: Path) -> str | None:
        """The kommune whose data or secrets a place is, holds or lies in; None when it is nobody's."""
        place = place.resolve()
        return next((name for name, theirs in self._places.items() if any(_overlap(place, their) for their in theirs.values())),
                    None)

    def _refuse_places_of_others(self, name: str, settings: Settings) -> None:
        own = dict(_private(settings.data_dir, settings.secrets_dir)) | {
            f"sources.{system}.path": Path(path) for system in settings.systems
            for adapter in settings.sources.of(system) if (path := getattr(adapter, "path", None))}
        for setting, place in own.items():
            for other, theirs in self._places.items():
                for their_setting, their_place in theirs.items() if other != name else ():
                    if _overlap(place, their_place) and not _belongs_to(place, name, other):
                        raise WrongSettings(
                            f"{self.files[name]}: {setting}: {place} is, holds or lies in {their_setting} of {other}; each "
                            "kommune needs places of its own")


def _private(data_dir: Path, secrets_dir: Path | None) -> Iterator[tuple[str, Path]]:
    yield "data_dir", data_dir
    if secrets_dir:
        yield "secrets_dir", secrets_dir


def _named_places(file: Path) -> Iterator[tuple[str, Path]]:
    """The places of one kommune that nobody else may name, relative to its file; what cannot be read names none."""
    try:
        written: Any = yaml.load(file.read_bytes(), Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    except (yaml.YAMLError, OSError, ValueError):
        written = None
    written = written if isinstance(written, dict) else {}
    for setting, default in (("data_dir", "data"), ("secrets_dir", None)):
        named = written.get(setting, default)
        if isinstance(named, str):
            yield setting, file.parent / NAMED.sub(lambda match: os.environ.get(match.group(1), match.group(0)), named)


def _overlap(one: Path, other: Path) -> bool:
    a, b = one.resolve(), other.resolve()
    return a.is_relative_to(b) or b.is_relative_to(a)


def _belongs_to(place: Path, name: str, other: str) -> bool:
    """Of a place that two name, the one whose name is a part of the path keeps it: another's file cannot stop it."""
    parts = place.resolve().parts
    return name in parts and other not in parts


def _refuse_overrides(environment: Mapping[str, str]) -> None:
    """A variable would reach into every kommune, and one key for all would link their people."""
    for variable in sorted(environment):
        if variable.startswith("SLUTTDATO_") and variable not in _ALLOWED:
            remedy = {"SLUTTDATO_ID_KEY": "each kommune has a key of its own, in its data directory",
                      CONFIG_VARIABLE: "the folder holds the settings files"}.get(
                          variable, "write it into the settings file of the kommune that it is for")
            raise WrongSettings(f"environment variable {variable}: for several kommuner it must not be set; {remedy}")
