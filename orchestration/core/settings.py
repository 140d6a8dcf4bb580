"""The settings file (contract, section 8): where it lies, what may stand in it, and clear words when it is wrong.

Each value can be overridden by the environment: SLUTTDATO_ and the path in the file, joined by two underscores, as in
SLUTTDATO_POLICY__GRACE_DAYS=2. Secrets come from the environment only.
"""

import os
import re
from pathlib import Path
from typing import Annotated, Any, ClassVar, cast

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, ValidationInfo, field_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict, YamlConfigSettingsSource

from ingest.canonical_tables import SYSTEMS, System
from ingest.policy import Policy
from ingest.sources.base import Source
from ingest.sources.catalogue import AdapterSettings, make_source
from ingest.sources.http import environment_secret
from orchestration.core.paths import DataPaths
from publish.alerts.recipients import Alerts

CONFIG_VARIABLE = "SLUTTDATO_CONFIG"
DEFAULT_CONFIG = "sluttdato.yaml"
_SECRETS = {"password", "client_secret", "send_to"}
_NOT_SETTINGS = {CONFIG_VARIABLE, "SLUTTDATO_TODAY", "SLUTTDATO_ID_KEY", "SLUTTDATO_WAREHOUSE"}


class WrongSettings(Exception):
    """A setting is wrong or unknown. The text names its path in the file and what was expected."""


class Sources(BaseModel):
    """The source of each system: one adapter, or a list of them, each with its tables."""

    model_config = ConfigDict(extra="forbid")

    hrm: list[AdapterSettings]
    vfs: list[AdapterSettings]

    @field_validator("hrm", "vfs", mode="before")
    @classmethod
    def _one_or_several(cls, value: Any) -> Any:
        return value if isinstance(value, list) else [value]

    @field_validator("hrm", "vfs")
    @classmethod
    def _fit_together(cls, value: list[Any], info: ValidationInfo) -> list[Any]:
        make_source(cast(System, info.field_name), value)
        return value


class Schedule(BaseModel):
    """When Dagster runs by itself. Times are those of Oslo."""

    model_config = ConfigDict(extra="forbid")

    daily_at: str = "06:00"
    look_for_deliveries_every_seconds: Annotated[int, Field(ge=10)] = 60
    first_day: str = "2024-01-01"

    @field_validator("daily_at")
    @classmethod
    def _time_of_day(cls, value: str) -> str:
        if not re.fullmatch(r"([01]\d|2[0-3]):[0-5]\d", value):
            raise ValueError("expected a time as HH:MM, e.g. '06:00'")
        return value

    @field_validator("first_day")
    @classmethod
    def _day(cls, value: str) -> str:
        if not re.fullmatch(r"\d{4}-\d\d-\d\d", value):
            raise ValueError("expected a day as 'YYYY-MM-DD'")
        return value

    @property
    def cron(self) -> str:
        hour, minute = self.daily_at.split(":")
        return f"{int(minute)} {int(hour)} * * *"


class Retention(BaseModel):
    """How long landed extracts and resolved findings are kept; `sluttdato purge` removes what is older."""

    model_config = ConfigDict(extra="forbid")

    keep_days: Annotated[int, Field(ge=1)] = 730


class _YamlWithSecrets(YamlConfigSettingsSource):
    """The settings file, `${NAME}` in it replaced by that environment variable. A secret may not stand in it as it is."""

    def __call__(self) -> dict[str, Any]:
        return _with_environment(super().__call__(), "")


def _with_environment(value: Any, path: str) -> Any:
    if isinstance(value, dict):
        return {k: _with_environment(v, f"{path}.{k}" if path else str(k)) for k, v in value.items()}
    if isinstance(value, list):
        return [_with_environment(v, f"{path}.{n}") for n, v in enumerate(value)]
    if not isinstance(value, str):
        return value
    if path.rpartition(".")[2] in _SECRETS and not re.fullmatch(r"\$\{\w+\}", value):
        raise ValueError(f"{path}: a secret comes from the environment; write ${{NAME}} here, and set NAME there")
    try:
        return environment_secret(value)
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from None


class Settings(BaseSettings):
    """All settings. Relative paths are relative to the settings file."""

    model_config = SettingsConfigDict(env_prefix="SLUTTDATO_", env_nested_delimiter="__", extra="forbid")
    _file: ClassVar[Path | None] = None

    data_dir: Path = Path("data")
    sources: Sources = Sources.model_validate({s: {"adapter": "csv", "path": f"inbox/{s}"} for s in SYSTEMS})
    policy: Policy = Policy()
    schedule: Schedule = Schedule()
    retention: Retention = Retention()
    alerts: Alerts = Alerts()
    lock_patience_seconds: Annotated[float, Field(ge=0)] = 300

    @classmethod
    def settings_customise_sources(
        cls, settings_cls: type[BaseSettings], init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource, dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """The environment goes before the file."""
        return env_settings, _YamlWithSecrets(settings_cls, yaml_file=cls._file)

    def source(self, system: System) -> Source:
        """The source of one system's extracts."""
        return make_source(system, getattr(self.sources, system))

    @property
    def paths(self) -> DataPaths:
        """Every file and folder below `data_dir`."""
        return DataPaths(self.data_dir)


def find_config(given: Path | None) -> Path | None:
    """The settings file: the one given, else SLUTTDATO_CONFIG, else sluttdato.yaml here; None when there is none."""
    named = given or (Path(os.environ[CONFIG_VARIABLE]) if os.environ.get(CONFIG_VARIABLE) else None)
    if named:
        if not named.is_file():
            raise WrongSettings(f"the settings file {named} does not exist")
        return named
    default = Path(DEFAULT_CONFIG)
    return default if default.is_file() else None


def load_settings(given: Path | None = None) -> Settings:
    """Read the settings. Raises WrongSettings with one line for each thing wrong."""
    file = find_config(given)
    _refuse_unknown_variables()
    bound = type("Settings", (Settings,), {"_file": file, "__module__": __name__})
    try:
        settings = bound()
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f", line {mark.line + 1}" if mark else ""
        raise WrongSettings(f"{file}{where}: this is not YAML: {getattr(error, 'problem', error)}") from None
    except ValidationError as error:
        raise WrongSettings("\n".join(_explain(file, e) for e in error.errors())) from None
    except (TypeError, ValueError) as error:  # e.g. a file that is a list, or a variable that is not JSON
        raise WrongSettings(f"{file or 'environment'}: {error}") from None
    base = file.resolve().parent if file else Path.cwd()
    settings.data_dir = base / settings.data_dir
    for adapter in (*settings.sources.hrm, *settings.sources.vfs):
        if path := getattr(adapter, "path", None):
            setattr(adapter, "path", base / path)  # noqa: B010 (not every adapter reads files)
    return settings


def _refuse_unknown_variables() -> None:
    """pydantic-settings passes over variables with an unknown name; a misspelled override would silently do nothing."""
    known = {f"SLUTTDATO_{name.upper()}" for name in Settings.model_fields}
    for variable in os.environ:
        ours = variable.startswith("SLUTTDATO_") and variable not in _NOT_SETTINGS
        if ours and variable.split("__")[0].upper() not in known:
            raise WrongSettings(
                f"environment variable {variable}: no such setting; expected one of {', '.join(sorted(known))}, "
                "with __ between the levels")


def _path(location: tuple[Any, ...]) -> str:
    """The path in the file: without the adapter's name, and without the number of a single adapter."""
    parts = [str(p) for p in location]
    if parts[:1] == ["sources"] and len(parts) > 2:
        parts = [*parts[:2], *([] if parts[2] == "0" else parts[2:3]), *parts[4:]]
    return ".".join(parts)


def _explain(file: Path | None, error: Any) -> str:
    path = _path(error["loc"])
    place = f"{file or 'settings'}: {path}" if path else str(file or "settings")
    match error["type"]:
        case "extra_forbidden":
            expected = "there is no such setting; is it misspelled, or at the wrong level?"
        case "missing":
            expected = "this setting is needed"
        case _:
            # The value itself is left out: a secret put in the wrong place must not be printed.
            expected = error["msg"].removeprefix("Value error, ")
    return f"{place}: {expected}"
