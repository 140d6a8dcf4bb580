"""The demo in a data directory: its simulated systems as sources, pulling their history, removing an earlier demo.

A folder `demo` marks the data directory, so that the demo is never mixed with real data. The simulated systems are pulled over
HTTP like real ones. Their servers run in this process, on ports of this machine; their credentials are fixed and protect
nothing.

Belongs here: settings that read the demo. Does not belong here: when to use them (`cli.context` and `definitions` decide),
the simulation itself (`demo`).
"""

import shutil
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from pathlib import Path
from typing import Any

from ingest import intake
from ingest.canonical_tables import SYSTEMS, System
from ingest.identity import load_key
from ingest.landing import Landing
from ingest.sources.catalogue import AdapterSettings
from ingest.sources.file_drop import dated_folders
from orchestration.core.paths import DataPaths
from orchestration.core.settings import Settings, Sources, WrongSettings
from publish.alerts.recipients import Alerts, Recipient

_FAULTS, _PULLS_A_DAY = 0.01, 3
_running: dict[tuple[DataPaths, System], Any] = {}  # the servers of each data directory


def with_demo_sources(settings: Settings, today: date) -> Settings:
    """A copy of the settings of a data directory that holds the demo, with the simulated systems of `today` as sources.

    Raises WrongSettings when real deliveries would be taken into the demo.
    """
    for adapter in (adapter for system in settings.systems for adapter in settings.sources.of(system)):
        if real := _real_source(adapter):
            raise WrongSettings(
                f"{settings.data_dir} holds the demo, and {real} holds data of its own: they must not be mixed. "
                f"Remove the demo (delete {settings.data_dir}), or set another `data_dir`")
    return simulated(settings, today)


def _real_source(adapter: AdapterSettings) -> str | Path | None:
    """The address of a pulled source, or the path of one where something is delivered; else None."""
    url, path = getattr(adapter, "url", None), getattr(adapter, "path", None)
    if url or not path:
        return url
    path = Path(path)
    return path if path.is_file() or (path.is_dir() and any(p for p in path.iterdir() if not p.name.startswith("."))) else None


def simulated(settings: Settings, today: date) -> Settings:
    """A copy of the settings with the simulated systems as sources, as they were on the last simulated day up to `today`.

    Before the first simulated day the sources are left as they are: they deliver nothing.
    """
    sources = settings.sources
    if days := dated_folders(settings.paths.demo_systems / "hrm", today):
        sources = _sources_on(settings, max(days))
    # No message about simulated people is sent; `sluttdato messages --preview` shows what would be.
    alerts = Alerts(
        recipients={"sysadmin": Recipient(identify_by="name"), "datateam": Recipient(findings=False, data_problems=True)},
        report_url=settings.paths.report.absolute().as_uri())
    return settings.model_copy(update={"sources": sources, "alerts": alerts})


def _sources_on(settings: Settings, day: date) -> Sources:
    from demo import exports

    hrm, vfs = (_server(settings.paths, s, day).sources(with_secrets=True) for s in SYSTEMS)
    pace = {"backoff_seconds": 0, "concurrency": 1}  # one request at a time: the same faults each time
    return Sources.model_validate({
        "hrm": [hrm["fint"] | pace],
        "vfs": [vfs["oneroster"] | pace | {"tables": ["persons", "org_units"]},
                *exports.sources(settings.paths.demo_exports(day))]})


def _server(paths: DataPaths, system: System, day: date) -> Any:
    """The server of one of the demo's systems, showing `day`; started on first use."""
    from demo.servers import Faults, Server, day_of

    shown = day_of(paths.demo_systems, day)
    server = _running.get((paths, system))
    if server is None:
        server = _running[paths, system] = Server(shown, Faults(_FAULTS)).start()
    elif server.day.today != day:
        server.day = shown
    return server


def pull_history(settings: Settings, today: date, progress: Callable[[str], None]) -> tuple[int, int]:
    """Pull every simulated day before `today` on that day; returns how many requests that took, and how many went wrong.

    `today` is left to the daily run. For the holder of the writer's lock.
    """
    from demo import exports

    paths = settings.paths
    landing, key = Landing(paths.landed), load_key(paths.key_file, paths.key_fingerprint, paths.landed)
    days = sorted(dated_folders(paths.demo_systems / "hrm", today))

    def pull(system: System, on_day: Settings, day: date) -> None:
        for _ in range(_PULLS_A_DAY):
            taken = intake.land(landing, on_day.source(system), day, key, settings.policy, pull=True)
            if not taken.failed:
                return
            progress("; ".join(taken.failed))

    with ThreadPoolExecutor(len(SYSTEMS)) as pool:
        for number, day in enumerate(days, start=1):
            on_day = simulated(settings, day)
            exports.write(paths.demo_exports(day), _running[paths, "vfs"].day.vfs)
            if day < today:
                progress(f"pulling both systems on {day} ({number} of {len(days)})")
                list(pool.map(pull, SYSTEMS, [on_day] * len(SYSTEMS), [day] * len(SYSTEMS)))
    servers = [_running[paths, s] for s in SYSTEMS]
    return sum(len(s.requests) for s in servers), sum(s.faults.given for s in servers)


def prepare(paths: DataPaths) -> None:
    """Make an empty place for a demo; an earlier demo is removed. For the holder of the writer's lock.

    Raises WrongSettings when the data directory holds anything else than a demo.
    """
    held = [p for p in paths.root.iterdir() if not p.name.startswith(".")]
    kept = {paths.dbt, paths.dagster_home, paths.error_log, paths.version}  # created before any data
    if set(held) - kept and not paths.demo.is_dir():
        raise WrongSettings(f"{paths.root} holds data that is no demo. Set another `data_dir` for the demo, e.g. "
                            "SLUTTDATO_DATA_DIR=demo-data sluttdato demo")
    for system in SYSTEMS:
        if (paths, system) in _running:
            _running.pop((paths, system)).stop()
    for path in held:
        if path in (paths.demo, paths.version):
            continue
        if path.is_dir() and not path.is_symlink():
            if path != paths.dbt:  # holds no data of the demo, only dbt's parse of the project
                shutil.rmtree(path)
        else:
            path.unlink()
    shutil.rmtree(paths.demo, ignore_errors=True)  # last, so that an interrupted removal leaves a demo
    paths.demo.mkdir(parents=True)
