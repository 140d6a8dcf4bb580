"""A past day, or another decision, evaluated beside the published marts: landed extracts are folded into a separate warehouse."""

import shutil
from collections.abc import Callable
from datetime import date
from pathlib import Path

from ingest import files, intake, retention
from ingest.canonical_tables import SOURCES
from ingest.decisions import Decisions
from ingest.errors import IngestError
from ingest.landing import Landing
from ingest.warehouse import open_warehouse, set_alert_log, set_run
from orchestration.core import dbt
from orchestration.core.alerting import alert_log
from orchestration.core.paths import DataPaths
from orchestration.core.settings import Settings
from publish.snapshot import write_set


def replay(settings: Settings, as_of: date, to: Path, progress: Callable[[str], None]) -> dict[str, int]:
    """Write the marts as of a day into the new folder `to`; returns {mart: rows}. Needs no lock: landed extracts do not change.

    Raises IngestError when the retention has removed what the day needs, DbtFailed when dbt fails.
    """
    paths = settings.paths
    base = retention.base_date(paths.landed)
    if base and as_of < base:
        raise IngestError(f"{as_of} cannot be replayed: what came before {base} was purged")
    decisions = Decisions(paths.decisions)
    to = to.absolute()
    if to.exists():
        to.rmdir()
    with files.new_folder(to) as folder:
        scratch = DataPaths(folder / "scratch")
        evaluate_beside(settings, as_of, scratch, decisions, paths.quarantined, progress)
        with open_warehouse(scratch.warehouse) as con:
            rows = write_set(con, folder, as_of, dbt.contracts(paths.dbt_manifest))
        shutil.rmtree(scratch.root)
    return rows


def evaluate_beside(
    settings: Settings, as_of: date, scratch: DataPaths, decisions: Decisions, quarantined: Path, progress: Callable[[str], None]
) -> None:
    """Fold what landed up to a day, with these decisions, into the warehouse of `scratch`, and evaluate it there.

    Raises DbtFailed when dbt fails.
    """
    paths, landing = settings.paths, Landing(settings.paths.landed)
    with open_warehouse(scratch.warehouse) as con:
        for system in SOURCES:
            intake.fold_landed(con, landing, decisions, settings.policy, system, quarantined, progress, until=as_of)
        set_run(con, as_of, settings.policy, decisions.exceptions(), decisions.purged_before(), handling=decisions.handling(),
                answers=decisions.answers(), kommune=settings.kommune)
        set_alert_log(con, alert_log(settings).rows())
    progress("evaluating: dbt build")
    dbt.manifest(settings.data_dir, paths.warehouse, progress)
    # A separate target folder, with a copy of dbt's parse: the daily run may use the other one at the same time.
    scratch.dbt_target.mkdir(parents=True)
    if paths.dbt_partial_parse.exists():
        shutil.copyfile(paths.dbt_partial_parse, scratch.dbt_partial_parse)
    if failed := dbt.failures(dbt.build(scratch.root, scratch.warehouse)):
        raise dbt.DbtFailed("; ".join(failed))
