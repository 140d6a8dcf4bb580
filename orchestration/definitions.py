"""All of Dagster's definitions, from one factory. `defs` is what `workspace.yaml` loads."""

from collections.abc import Callable

import dagster as dg

from orchestration.core import dbt
from orchestration.core.demo_place import settings_in_force
from orchestration.core.settings import Settings
from orchestration.defs import checks, jobs, sensors
from orchestration.defs.assets import extracts, marts, published, versions
from orchestration.defs.resources import workplace_resource


def build_definitions(settings: Settings, say: Callable[[str], None] = lambda _: None) -> dg.Definitions:
    """The definitions for these settings. `say` gets a line on each longer step (the command line's progress)."""
    models = marts.build(dbt.manifest(settings.data_dir, settings.warehouse, say))
    mart_keys = sorted(k for k in models.keys if k.path[0] == "marts")
    return dg.Definitions(
        assets=[*extracts.build(settings), versions.take_in, models, published.build(mart_keys)],
        asset_checks=[checks.about_extracts, checks.about_people_and_deliveries, checks.about_messages],
        jobs=[jobs.daily, jobs.one_day_again],
        schedules=[jobs.schedule(settings)],
        sensors=[jobs.delivery_sensor(settings), *sensors.build(settings, [jobs.daily, jobs.one_day_again])],
        resources={"workplace": workplace_resource(settings, say)},
        executor=dg.in_process_executor,
    )


@dg.definitions
def defs() -> dg.Definitions:
    """What Dagster loads: the settings file of SLUTTDATO_CONFIG, else sluttdato.yaml where Dagster was started."""
    return build_definitions(settings_in_force())
