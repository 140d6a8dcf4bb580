"""The settings of a command."""

from pathlib import Path

from orchestration.cli import json_log
from orchestration.core import clock, data_version
from orchestration.core.demo_place import with_demo_sources
from orchestration.core.settings import Settings, load_settings

_in_use: list[Settings] = []


def settings_of(config: Path | None) -> Settings:
    """The settings of a command's `--config`; where the data directory holds the demo, with its simulated systems as sources.

    Raises WrongSettings; NewerData when a newer version wrote the data directory, so that nobody misreads it.
    """
    settings = load_settings(config)
    _in_use[:] = [settings]
    if settings.logs.format == "json":
        json_log.begin()
    data_version.check(settings.paths)
    return with_demo_sources(settings, clock.today()) if settings.paths.holds_demo else settings


def in_use() -> Settings | None:
    """The settings of the command that runs; None when it has not read them, or needs none."""
    return _in_use[0] if _in_use else None
