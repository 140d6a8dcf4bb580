"""A past day, evaluated beside the published marts: its landed extracts are folded into a separate warehouse."""

import shutil
from collections.abc import Callable
from datetime import date
from pathlib import Path

from ingest import files, intake, retention
from ingest.canonical_tables import SYSTEMS
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
    landing, decisions = Landing(paths.landed), Decisions(paths.decisions)
    to = to.absolute()
    if to.exists():
        to.rmdir()
    with files.new_folder(to) as folder:
        scratch = DataPaths(folder / "scratch")
        with open_warehouse(scratch.warehouse) as con:
            for system in SYSTEMS:
                intake.fold_landed(con, landing, decisions, settings.policy, system, paths.quarantined, progress, until=as_of)
            set_run(con, as_of, settings.policy, decisions.exceptions(), decisions.purged_before())
            set_alert_log(con, alert_log(settings).rows())
        progress("evaluating: dbt build")
        manifest = dbt.manifest(settings.data_dir, paths.warehouse, progress)
        # A separate target folder, with a copy of dbt's parse: the daily run may use the other one at the same time.
        scratch.dbt_target.mkdir(parents=True)
        if paths.dbt_partial_parse.exists():
            shutil.copyfile(paths.dbt_partial_parse, scratch.dbt_partial_parse)
        if failed := dbt.failures(dbt.invoke(dbt.BUILD, scratch.root, scratch.warehouse)):
            raise dbt.DbtFailed("; ".join(failed))
        with open_warehouse(scratch.warehouse) as con:
            rows = write_set(con, folder, as_of, dbt.descriptions(manifest))
        shutil.rmtree(scratch.root)
    return rows
