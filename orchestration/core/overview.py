"""The overview across the kommuner of a deployment: each looked at by itself, and the files written (contract#overview).

Belongs here: settings, last run and published set of each kommune; what one that cannot be read is. Does not belong here: what is
shown of it (`publish.across`). Neither Dagster nor dbt is imported.
"""

import os
import shutil
import uuid
from collections.abc import Callable
from datetime import date
from pathlib import Path

from ingest import files
from ingest.canonical_tables import SOURCES
from ingest.errors import IngestError
from ingest.national_ids import redact
from orchestration.core import data_version, faults
from orchestration.core.deployment import Deployment
from orchestration.core.last_run import last_run
from orchestration.core.settings import Settings, WrongSettings
from publish.across import figures
from publish.across.kommune import Kommune, Run, is_overdue, stands
from publish.across.written import PAGE, RECORD


class WrongPlace(Exception):
    """The overview cannot be written there. The text says why."""


def look_at_all(
    deployment: Deployment, today: date, max_age_days: int, problem: Callable[[str], None] = lambda _: None
) -> list[Kommune]:
    """How each kommune stands. One that cannot be read holds no other back; why is told to `problem`, and stands on no page."""
    return [_look_at(deployment, name, today, max_age_days, lambda text, name=name: problem(f"{name}: {text}"))
            for name in deployment.files]


def _look_at(deployment: Deployment, name: str, today: date, max_age_days: int, problem: Callable[[str], None]) -> Kommune:
    shown = redact(name)
    try:
        settings = deployment.settings(name)
        shown = redact(settings.kommune.name) or shown
        return _kommune(name, shown, settings, today, max_age_days, problem)
    except WrongSettings as error:
        problem(str(error))
        return Kommune(name, shown, "wrong_settings")
    except (IngestError, OSError) as error:
        problem(str(error))
    except Exception as error:  # of a file that nobody foresaw: the others are looked at all the same
        problem(str(faults.Fault(error)))
    return Kommune(name, shown, "unreadable")


def _kommune(
    name: str, shown: str, settings: Settings, today: date, max_age_days: int, problem: Callable[[str], None]
) -> Kommune:
    paths = settings.paths
    data_version.check(paths)
    run = _run(settings)
    if not paths.published.exists() and not paths.published.is_symlink():
        problem("nothing is published")
        return Kommune(name, shown, "not_published", run, notes=() if run else ("Ingen kjøring er registrert.",))

    def overdue(as_of: date) -> bool:
        return is_overdue(run, as_of, today, max_age_days)

    found = figures.read(
        paths.published, paths.root, today, settings.policy.max_extract_age_days,
        lambda as_of: run is None or run.is_in_doubt or overdue(as_of))
    return stands(name, shown, run, found, overdue=overdue(found.as_of))


def _run(settings: Settings) -> Run | None:
    found = last_run(settings.paths)
    if found is None:
        return None
    if not set(found.not_pulled) <= set(SOURCES):
        raise ValueError("the record of the last run names a system that is not known")
    return Run(found.ended_on, found.succeeded, len(found.failed_checks), found.not_pulled, found.unsent)


def check_place(deployment: Deployment, folder: Path) -> None:
    """Raises WrongPlace: a folder with something else in it stays as it is, and no kommune's place holds counts of others."""
    if owner := deployment.owner_of(folder):
        raise WrongPlace(f"{folder} is, holds or lies in a folder of {owner}; name one that belongs to none")
    if folder.exists() and not folder.is_dir():
        raise WrongPlace(f"{folder}: there is a file of this name")
    if folder.exists() and any(folder.iterdir()) and not (folder / RECORD).is_file():
        raise WrongPlace(f"{folder}: there is something else already, and it stays as it is; name a folder that does not exist, "
                         "is empty, or holds an earlier overview")


def write(folder: Path, made: dict[str, bytes], group: int | None = None) -> None:
    """Write the files into a folder, each replaced in one step, the page last. `group`, by number, may read them."""
    folder.mkdir(parents=True, exist_ok=True)
    _give_rights(folder, 0o700, group)
    new = folder / f"{files.TEMPORARY_PREFIX}{uuid.uuid4().hex[:8]}"
    new.mkdir(mode=0o700)
    try:
        for name, content in made.items():
            (new / name).write_bytes(content)
            _give_rights(new / name, 0o600, group)
            files.flush(new / name)
        for name in sorted(made, key=lambda name: name == PAGE):
            (new / name).replace(folder / name)
        files.flush(folder)
    finally:
        shutil.rmtree(new, ignore_errors=True)


def _give_rights(path: Path, mode: int, group: int | None) -> None:
    if group is not None:
        os.chown(path, -1, group)
        mode |= mode >> 3 & 0o050
    path.chmod(mode)
