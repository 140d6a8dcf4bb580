"""All of Dagster's definitions, from one factory. `defs` is what `workspace.yaml` loads."""

import os
from collections.abc import Callable
from pathlib import Path

import dagster as dg

from ingest import files
from orchestration.core import clock, dbt
from orchestration.core.demo_place import with_demo_sources
from orchestration.core.deployment import DEPLOYMENT_VARIABLE
from orchestration.core.settings import Settings, load_settings
from orchestration.defs import checks, jobs, sensors
from orchestration.defs.assets import evidence, extracts, marts, postgres, published, versions
from orchestration.defs.many import asking, kommune, telling
from orchestration.defs.many.partitions import Kommuner
from orchestration.defs.resources import workplace_resource


def build_definitions(settings: Settings, progress: Callable[[str], None] = lambda _: None) -> dg.Definitions:
    """The definitions for these settings. `progress` gets a line on each longer step (for the command line)."""
    models = marts.build(dbt.manifest(settings.data_dir, settings.paths.warehouse, progress))
    mart_keys = sorted(k for k in models.keys if k.path[0] == "marts")
    return dg.Definitions(
        assets=[*extracts.build(settings), versions.take_in, models, published.build(mart_keys), *postgres.build(settings),
                evidence.build(settings)],
        asset_checks=[checks.about_extracts, checks.about_people_and_deliveries, checks.about_messages],
        jobs=[jobs.daily, jobs.one_day_again, jobs.auditors_pack],
        schedules=[jobs.schedule(settings), jobs.every_month],
        sensors=[jobs.delivery_sensor(settings), sensors.build(settings, [jobs.daily, jobs.one_day_again, jobs.auditors_pack])],
        resources={"workplace": workplace_resource(settings, progress)},
        executor=dg.in_process_executor,
    )


def build_for_many(folder: Path) -> dg.Definitions:
    """The definitions for the kommuner whose settings files lie in a folder, with a partition for each."""
    kommuner = Kommuner.of(folder)
    return dg.Definitions.merge(kommune.build(kommuner, build_definitions), asking.build(kommuner), telling.build(kommuner))


@dg.definitions
def defs() -> dg.Definitions:
    """What Dagster loads: for the folder of SLUTTDATO_KOMMUNER all kommuner; else for the settings file of SLUTTDATO_CONFIG, or
    sluttdato.yaml where Dagster was started.

    Where the data directory holds the demo, its simulated systems are the sources.
    """
    files.write_privately()
    if folder := os.environ.get(DEPLOYMENT_VARIABLE):
        return build_for_many(Path(folder))
    settings = load_settings()
    return build_definitions(with_demo_sources(settings, clock.today()) if settings.paths.holds_demo else settings)
