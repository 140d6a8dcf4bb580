"""Where the demo lives: in the data directory itself, marked, so that it can never be mixed up with real data.

    <data_dir>/demo/inbox/{hrm,vfs}   what the simulated systems deliver
    <data_dir>/demo/truth.json        what really happened
"""

import shutil
from pathlib import Path

from ingest.contract import SYSTEMS
from ingest.sources import CsvSettings
from orchestration.settings import Settings, WrongSettings, load_settings


def folder(data_dir: Path) -> Path:
    return data_dir / "demo"


def inbox(data_dir: Path) -> Path:
    return folder(data_dir) / "inbox"


def truth(data_dir: Path) -> Path:
    return folder(data_dir) / "truth.json"


def settings_in_force(config: Path | None = None) -> Settings:
    """The settings; where the data directory holds the demo, with the demo's deliveries as sources.

    Raises WrongSettings when real deliveries would be taken into the demo.
    """
    settings = load_settings(config)
    if folder(settings.data_dir).is_dir():
        for adapter in (*settings.sources.hrm, *settings.sources.vfs):
            real = getattr(adapter, "url", None) or _delivered(adapter.path)
            if real:
                raise WrongSettings(
                    f"{settings.data_dir} holds the demo, and {real} holds data of its own: they must not be mixed. "
                    f"Remove the demo (delete {settings.data_dir}), or set another `data_dir`")
        return with_demo_sources(settings)
    return settings


def _delivered(path: Path | str) -> Path | None:
    """The path, when something was delivered there."""
    path = Path(path)
    return path if path.is_file() or (path.is_dir() and any(p for p in path.iterdir() if not p.name.startswith("."))) else None


def with_demo_sources(settings: Settings) -> Settings:
    """The settings, with the demo's deliveries as sources."""
    for system in SYSTEMS:
        setattr(settings.sources, system, [CsvSettings(path=inbox(settings.data_dir) / system)])
    return settings


def prepare(data_dir: Path) -> None:
    """Make an empty place for a demo; an earlier demo is removed. For the holder of the writer's lock.

    Raises WrongSettings when the data directory holds anything else than a demo.
    """
    held = [p for p in data_dir.iterdir() if not p.name.startswith(".")]
    if {p.name for p in held} - {"dbt", "dagster"} and not folder(data_dir).is_dir():  # those are there before any data
        raise WrongSettings(f"{data_dir} holds data that is no demo. Set another `data_dir` for the demo, e.g. "
                            "SLUTTDATO_DATA_DIR=demo-data sluttdato demo")
    for path in held:
        if path == folder(data_dir):
            continue
        if path.is_dir() and not path.is_symlink():
            if path.name != "dbt":  # nothing of the demo's data is in there but what dbt wrote about the project itself
                shutil.rmtree(path)
        else:
            path.unlink()
    shutil.rmtree(folder(data_dir), ignore_errors=True)  # last, so that a broken-off removal still is a demo
    folder(data_dir).mkdir(parents=True)
