"""The settings file (contract#settings-file): where it is, what it may hold, and clear errors when it is wrong.

Each value can be overridden by the environment: SLUTTDATO_ and the path in the file, joined by two underscores, as in
SLUTTDATO_POLICY__GRACE_DAYS=2. A secret never stands in the file: `${NAME}` there names it (`secret_files`).
"""

import grp
import os
import re
from pathlib import Path
from typing import Any, ClassVar, Literal, Self

import yaml
from pydantic import Field, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict, YamlConfigSettingsSource

from ingest.canonical_tables import SOURCES, SYSTEMS, System
from ingest.kommune import Kommune
from ingest.policy import Policy
from ingest.settings_model import FromFile, SettingsModel
from ingest.sources.base import Source
from ingest.sources.catalogue import AdapterSettings, make_source
from orchestration.core.paths import DataPaths
from orchestration.core.secret_files import SecretFiles, WrongSecret, secret_files
from publish.alerts.recipients import Alerts
from publish.postgres.settings import Postgres
from publish.snapshot import Readers

CONFIG_VARIABLE = "SLUTTDATO_CONFIG"
LOG_FORMAT_VARIABLE = "SLUTTDATO_LOGS__FORMAT"
DEFAULT_CONFIG = "sluttdato.yaml"
NAMED = re.compile(r"\$\{(\w+)\}")
_NOT_SETTINGS = {CONFIG_VARIABLE, "SLUTTDATO_KOMMUNER", "SLUTTDATO_TODAY", "SLUTTDATO_ID_KEY", "SLUTTDATO_WAREHOUSE"}


class WrongSettings(Exception):
    """A setting is wrong or unknown. The text names its path in the file and what was expected."""


class Sources(SettingsModel):
    """The source of each system, and of what HRM sends to VFS: one adapter, or a list of them, each with its tables."""

    hrm: list[AdapterSettings] = Field(description="The source of HRM: one adapter, or a list of them.")
    vfs: list[AdapterSettings] = Field(description="The source of VFS: one adapter, or a list of them.")
    transfer: list[AdapterSettings] = Field(default=[], description=(
        "The positions that HRM sends to VFS, for each day on which something is sent: with them, the causes tell an end date "
        "that was not sent from one that VFS did not take. Left out: that is not known."))

    @field_validator("hrm", "vfs", "transfer", mode="before", json_schema_input_type=AdapterSettings | list[AdapterSettings])
    @classmethod
    def _one_or_several(cls, value: Any) -> Any:
        return value if isinstance(value, list) else [value]

    @field_validator("hrm")
    @classmethod
    def _fit_together_in_hrm(cls, value: list[AdapterSettings]) -> list[AdapterSettings]:
        make_source("hrm", value)
        return value

    @field_validator("vfs")
    @classmethod
    def _fit_together_in_vfs(cls, value: list[AdapterSettings]) -> list[AdapterSettings]:
        make_source("vfs", value)
        return value

    @field_validator("transfer")
    @classmethod
    def _fit_together_in_transfer(cls, value: list[AdapterSettings]) -> list[AdapterSettings]:
        if value:
            make_source("transfer", value)
        return value

    def of(self, system: System) -> list[AdapterSettings]:
        """The adapters of one system; none where it is left out."""
        return getattr(self, system)


class Schedule(SettingsModel):
    """When Dagster runs by itself. Times are those of Oslo."""

    daily_at: str = Field(default="06:00", description="When Dagster runs by itself each day: HH:MM, Oslo time.")
    look_for_deliveries_every_seconds: int = Field(
        default=60, ge=10, description="How often Dagster looks for a delivery, in seconds.")
    first_day: str = Field(default="2024-01-01", description="The first day that Dagster shows as a partition: YYYY-MM-DD.")
    queue: str | None = Field(default=None, pattern=r"^[A-Za-z0-9_.-]+$", description=(
        "Of several kommuner on several machines: the Celery queue of the worker that holds this one's data directory. Left out: "
        "any worker."))

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


class Retention(SettingsModel):
    """How long landed extracts and resolved findings are kept; `sluttdato purge` removes what is older."""

    keep_days: int = Field(
        default=730, ge=1, description=(
            "Days to keep landed extracts, resolved findings and the auditor's packs; `sluttdato purge` removes the rest."))


class Publishing(SettingsModel):
    """Who may read the published set, and where else it is published."""

    group: str | None = Field(default=None, description=(
        "A group of this machine that may read the published set, e.g. that of the BI tool. Sluttdato's user must belong to it. "
        "Left out: only Sluttdato's user can read."))
    open_group: str | None = Field(default=None, description=(
        "A wider group that may read only the open set, `published/open/`, which is without persons. Sluttdato's user must "
        "belong to it. Left out: whoever may read the published set."))
    postgres: Postgres = Field(default=Postgres(), description="PostgreSQL as a second place for the published marts.")

    @field_validator("group", "open_group")
    @classmethod
    def _exists(cls, value: str | None) -> str | None:
        if value is not None:
            _group_number(value)
        return value

    @property
    def readers(self) -> Readers:
        """The groups, by number."""
        return Readers(_group_number(self.group), _group_number(self.open_group))


class Metrics(SettingsModel):
    """The metrics for Prometheus' node_exporter, written after each run."""

    textfile: Path | None = Field(default=None, description=(
        "The file to write metrics to, in the folder of node_exporter's textfile collector; its name must end in `.prom`. Left "
        "out: `metrics.prom` in the data directory."))
    group: str | None = Field(default=None, description=(
        "A group of this machine that may read the metrics, that of node_exporter's user; Sluttdato's user must belong to it. "
        "Needs `textfile`, in a folder that the group can reach. Left out: only Sluttdato's user can read."))

    @field_validator("textfile")
    @classmethod
    def _is_collected(cls, value: Path | None) -> Path | None:
        if value is not None and value.suffix != ".prom":
            raise ValueError("expected a file whose name ends in .prom: node_exporter reads no other")
        return value

    @field_validator("group")
    @classmethod
    def _exists(cls, value: str | None) -> str | None:
        if value is not None:
            _group_number(value)
        return value

    @model_validator(mode="after")
    def _can_be_reached(self) -> Self:
        if self.group is not None and self.textfile is None:
            raise ValueError("group needs textfile, in a folder that the group can reach: nobody else reaches the data directory")
        return self

    @property
    def readers(self) -> int | None:
        """The group, by number."""
        return _group_number(self.group)


class Logs(SettingsModel):
    """What the command line writes on standard error."""

    format: Literal["text", "json"] = Field(default="text", description=(
        "How the command line writes progress, outcomes and errors on standard error: `text` for people, `json` for what gathers "
        "logs, one object per line. In a container: `SLUTTDATO_LOGS__FORMAT=json`."))


def _group_number(group: str | None) -> int | None:
    """Raises ValueError where there is no such group."""
    try:
        return None if group is None else grp.getgrnam(group).gr_gid
    except KeyError:
        raise ValueError("there is no such group on this machine") from None


class _YamlWithSecrets(YamlConfigSettingsSource):
    """The settings file, `${NAME}` in it replaced by what it stands for (`secret_files`).

    A text that is not one such value as a whole is a FromFile: as a secret it is refused (`ingest.settings_model`).
    """

    def __init__(self, settings_cls: "type[Settings]", overridden: dict[str, Any]):
        file = settings_cls._file
        super().__init__(settings_cls, yaml_file=file)
        self._from_environment = settings_cls._secrets_from_environment
        self._base = file.resolve().parent if file else Path.cwd()
        self._overridden = overridden

    def __call__(self) -> dict[str, Any]:
        written = super().__call__()
        named = self._overridden.get("secrets_dir", written.get("secrets_dir"))
        # The folder's own name can come from the environment only, as systemd's ${CREDENTIALS_DIRECTORY} does.
        folder = _expanded(named, "secrets_dir", SecretFiles()) if isinstance(named, str) else None
        return _expanded(written, "", secret_files(folder, self._base, from_environment=self._from_environment))


def _expanded(value: Any, path: str, secrets: SecretFiles) -> Any:
    """Raises ValueError, with the path of the setting, when a `${NAME}` in it stands for nothing."""
    if isinstance(value, dict):
        return {k: _expanded(v, f"{path}.{k}" if path else str(k), SecretFiles() if k == "secrets_dir" and not path else secrets)
                for k, v in value.items()}
    if isinstance(value, list):
        return [_expanded(v, f"{path}.{n}", secrets) for n, v in enumerate(value)]
    if not isinstance(value, str):
        return value
    try:
        expanded = NAMED.sub(lambda match: secrets.value(match.group(1)), value)
    except WrongSecret as error:
        raise ValueError(f"{path}: {error}") from None
    return expanded if NAMED.fullmatch(value) else FromFile(expanded)


class Settings(SettingsModel, BaseSettings):
    """All settings of Sluttdato. Relative paths are relative to the settings file."""

    model_config = SettingsConfigDict(env_prefix="SLUTTDATO_", env_nested_delimiter="__", extra="forbid")
    _file: ClassVar[Path | None] = None
    _secrets_from_environment: ClassVar[bool] = True

    data_dir: Path = Field(default=Path("data"), description="The folder below which the pipeline writes everything.")
    secrets_dir: Path | None = Field(default=None, description=(
        "A folder with a file for each secret: `${NAME}` is the content of the file NAME in it, else the environment variable "
        "NAME. A file that others on the machine can read is refused."))
    kommune: Kommune = Field(default=Kommune(), description="Whose data this is.")
    sources: Sources = Field(
        default=Sources.model_validate({"hrm": {"path": "inbox/hrm"}, "vfs": {"path": "inbox/vfs"}}),
        description="Where the extracts of each system come from.")
    policy: Policy = Field(default=Policy(), description="Limits and groups of the rules.")
    schedule: Schedule = Field(default=Schedule(), description="When Dagster runs by itself.")
    retention: Retention = Field(default=Retention(), description="How long extracts and findings are kept.")
    publish: Publishing = Field(default=Publishing(), description="The published set.")
    alerts: Alerts = Field(default=Alerts(), description="Messages, and who gets them.")
    logs: Logs = Field(default=Logs(), description="What is written on standard error.")
    metrics: Metrics = Field(default=Metrics(), description="Metrics for monitoring.")
    lock_patience_seconds: float = Field(default=300, ge=0, description="Seconds that a run waits for another one to end.")

    @classmethod
    def settings_customise_sources(
        cls, settings_cls: type[BaseSettings], init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource, dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """The environment goes before the file."""
        return env_settings, _YamlWithSecrets(cls, env_settings())

    @property
    def systems(self) -> tuple[System, ...]:
        """Those that have a source."""
        return tuple(system for system in SOURCES if system in SYSTEMS or self.sources.of(system))

    def source(self, system: System) -> Source:
        """The source of one system's extracts. Raises WrongSettings where it has none."""
        if system not in self.systems:
            raise WrongSettings(f"sources.{system} is not set: say there where its extracts come from")
        return make_source(system, self.sources.of(system))

    @property
    def paths(self) -> DataPaths:
        """Every file and folder below `data_dir`."""
        return DataPaths(self.data_dir)


def find_config(given: Path | None) -> Path | None:
    """The settings file: the one given, else SLUTTDATO_CONFIG, else sluttdato.yaml here; None when there is none.

    Raises WrongSettings when the named file does not exist.
    """
    named = given or (Path(os.environ[CONFIG_VARIABLE]) if os.environ.get(CONFIG_VARIABLE) else None)
    if named:
        if not named.is_file():
            raise WrongSettings(f"the settings file {named} does not exist")
        return named
    default = Path(DEFAULT_CONFIG)
    return default if default.is_file() else None


def load_settings(given: Path | None = None, *, secrets_from_environment: bool = True) -> Settings:
    """Read the settings. Raises WrongSettings with one line for each error.

    `secrets_from_environment`: whether a `${NAME}` that has no file in `secrets_dir` may be a variable.
    """
    file = find_config(given)
    _refuse_unknown_variables()
    bound = type("Settings", (Settings,), {
        "__annotations__": {"_file": ClassVar[Path | None], "_secrets_from_environment": ClassVar[bool]}, "__module__": __name__,
        "_file": file, "_secrets_from_environment": secrets_from_environment})
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
    settings.secrets_dir = base / settings.secrets_dir if settings.secrets_dir else None
    settings.metrics.textfile = base / settings.metrics.textfile if settings.metrics.textfile else None
    for adapter in (adapter for system in settings.systems for adapter in settings.sources.of(system)):
        if path := getattr(adapter, "path", None):
            setattr(adapter, "path", base / path)  # noqa: B010  not every adapter reads files
    return settings


def _refuse_unknown_variables() -> None:
    """pydantic-settings ignores variables with an unknown name, so a misspelled override would have no effect."""
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
