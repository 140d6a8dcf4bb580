"""Where the demo lives: in the data directory itself, marked, so that it can never be mixed up with real data.

    <data_dir>/demo/systems/{hrm,vfs}/<day>   what the simulated systems hold, day by day
    <data_dir>/demo/exports/<day>             exports of VFS's employee search
    <data_dir>/demo/truth.json                what really happened

The simulated systems are asked over HTTP like real ones. Their servers are part of this process, on ports of this machine,
and end with it; their credentials guard nothing, so nobody has to set any.
"""

import shutil
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from ingest import intake
from ingest.canonical_tables import SYSTEMS, System
from ingest.identity import load_key
from ingest.landing import Landing
from ingest.sources.catalogue import AdapterSettings
from ingest.sources.file_drop import dated_folders
from orchestration.core import clock
from orchestration.core.settings import Settings, WrongSettings, load_settings
from publish.alerts.recipients import Alerts, Recipient

_FAULTS, _PULLS_A_DAY = 0.01, 3
_running: dict[tuple[Path, System], Any] = {}  # the servers of each data directory


def folder(data_dir: Path) -> Path:
    return data_dir / "demo"


def systems(data_dir: Path) -> Path:
    return folder(data_dir) / "systems"


def truth(data_dir: Path) -> Path:
    return folder(data_dir) / "truth.json"


def settings_in_force(config: Path | None = None) -> Settings:
    """The settings; where the data directory holds the demo, with the simulated systems as sources, as they are today.

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
        return with_demo_sources(settings, clock.today())
    return settings


def _delivered(path: Path | str) -> Path | None:
    """The path, when something was delivered there."""
    path = Path(path)
    return path if path.is_file() or (path.is_dir() and any(p for p in path.iterdir() if not p.name.startswith("."))) else None


def with_demo_sources(settings: Settings, today: date) -> Settings:
    """The settings, with the simulated systems as sources, as they were on the last simulated day up to `today`.

    Before the first simulated day they are left as they are: they deliver nothing.
    """
    days = dated_folders(systems(settings.data_dir) / "hrm", today)
    if days:
        from demo import exports

        day = max(days)
        hrm, vfs = (_server(settings.data_dir, s, day).sources(with_secrets=True) for s in SYSTEMS)
        manners = {"backoff_seconds": 0, "concurrency": 1}  # one request at a time: the same faults each time
        sources = {"hrm": [hrm["fint"] | manners],
                   "vfs": [vfs["oneroster"] | manners | {"tables": ["persons", "org_units"]},
                           *exports.sources(_exports(settings.data_dir, day))]}
        for system in SYSTEMS:
            setattr(settings.sources, system, TypeAdapter(list[AdapterSettings]).validate_python(sources[system]))
    # Nobody real is written to about people who are not; `sluttdato messages --preview` shows what would be sent.
    settings.alerts = Alerts(
        recipients={"sysadmin": Recipient(identify_by="name"), "datateam": Recipient(findings=False, data_problems=True)},
        report_url=(settings.published / "report").absolute().as_uri())
    return settings


def _exports(data_dir: Path, day: date) -> Path:
    return folder(data_dir) / "exports" / day.isoformat()


def _server(data_dir: Path, system: System, day: date) -> Any:
    """The server of one of the demo's systems, telling of `day`; begun when it is first asked for."""
    from demo.servers import Faults, Server, day_of

    shown = day_of(systems(data_dir), day)
    server = _running.get((data_dir, system))
    if server is None:
        server = _running[data_dir, system] = Server(shown, Faults(_FAULTS)).start()
    elif server.day.today != day:
        server.day = shown
    return server


def pull_history(settings: Settings, today: date, say: Callable[[str], None]) -> tuple[int, int]:
    """Pull every simulated day before `today` on that day; returns how many requests that took, and how many went wrong.

    Whoever runs a pipeline does this once a day; `today` is left to the daily run. For the holder of the writer's lock.
    """
    from demo import exports

    landing, key = Landing(settings.landed), load_key(intake.data_key_file(settings.data_dir))
    days = sorted(dated_folders(systems(settings.data_dir) / "hrm", today))

    def pull(system: System, day: date) -> None:
        for _ in range(_PULLS_A_DAY):
            taken = intake.land(landing, settings.source(system), day, key, settings.policy, pull=True)
            if not taken.failed:
                return
            say("; ".join(taken.failed))

    with ThreadPoolExecutor(len(SYSTEMS)) as pool:
        for number, day in enumerate(days, start=1):
            with_demo_sources(settings, day)
            exports.write(_exports(settings.data_dir, day), _running[settings.data_dir, "vfs"].day.vfs)
            if day < today:
                say(f"pulling both systems on {day} ({number} of {len(days)})")
                list(pool.map(pull, SYSTEMS, [day] * len(SYSTEMS)))
    servers = [_running[settings.data_dir, s] for s in SYSTEMS]
    return sum(len(s.requests) for s in servers), sum(s.faults.given for s in servers)


def prepare(data_dir: Path) -> None:
    """Make an empty place for a demo; an earlier demo is removed. For the holder of the writer's lock.

    Raises WrongSettings when the data directory holds anything else than a demo.
    """
    held = [p for p in data_dir.iterdir() if not p.name.startswith(".")]
    if {p.name for p in held} - {"dbt", "dagster"} and not folder(data_dir).is_dir():  # those are there before any data
        raise WrongSettings(f"{data_dir} holds data that is no demo. Set another `data_dir` for the demo, e.g. "
                            "SLUTTDATO_DATA_DIR=demo-data sluttdato demo")
    for system in SYSTEMS:
        if (data_dir, system) in _running:
            _running.pop((data_dir, system)).stop()
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
