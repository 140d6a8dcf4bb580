"""The settings of a command."""

from pathlib import Path

from orchestration.core import clock
from orchestration.core.demo_place import with_demo_sources
from orchestration.core.settings import Settings, load_settings


def settings_of(config: Path | None) -> Settings:
    """The settings of a command's `--config`; where the data directory holds the demo, with its simulated systems as sources.

    Raises WrongSettings.
    """
    settings = load_settings(config)
    return with_demo_sources(settings, clock.today()) if settings.paths.holds_demo else settings
