"""A simulated municipality as readers see it: its warehouse, and the set published from it.

Taken in without Dagster and Great Expectations, which takes seconds instead of a minute. Belongs here: making it. Does not
belong here: what readers make of it.
"""

from datetime import date
from pathlib import Path

import duckdb
from pydantic import TypeAdapter

from demo.municipality import simulate
from ingest.canonical_tables import SOURCES
from ingest.kommune import Kommune
from ingest.policy import Policy
from ingest.sources.catalogue import AdapterSettings, make_source
from ingest.versions import fold
from ingest.warehouse import create_tables, set_run
from orchestration.core import dbt
from orchestration.core.paths import DataPaths
from publish import snapshot
from tests.support.landing_place import landing_at
from tests.support.models import Models, compiled

AS_OF = date(2025, 3, 10)


def warehouse_of_the_demo(folder: Path, models: Models, *, employees: int = 400, days: int = 38, seed: int = 1) -> Path:
    """Simulate, take in and evaluate; returns the warehouse's file."""
    simulate(folder / "inbox", folder / "truth.json", employees=employees, days=days, last_day=AS_OF, seed=seed,
             weekend_gaps=True)
    landing, file = landing_at(folder / "landed"), folder / "warehouse.duckdb"
    with duckdb.connect(str(file)) as con:
        create_tables(con)
        for system in SOURCES:
            if not (folder / "inbox" / system).is_dir():
                continue
            settings = TypeAdapter(AdapterSettings).validate_python({"adapter": "csv", "path": folder / "inbox" / system})
            source = make_source(system, [settings])
            for delivery in source.deliveries(AS_OF, pull=True):
                landing.take_in(source, delivery, b"a key for tests", 5)
            fold(con, system, landing.all(system), set(), Policy())
        set_run(con, AS_OF, Policy(), [], kommune=Kommune(number="0000", name="Eksempel kommune"))
        models.run(con)
    return file


def published_from(warehouse: Path, link: Path) -> Path:
    """Publish what a warehouse holds; returns the published file, which the next publication replaces."""
    with duckdb.connect(str(warehouse)) as con:
        snapshot.publish(con, link, AS_OF, dbt.contracts(DataPaths(compiled()).dbt_manifest))
    return link / "marts.duckdb"
