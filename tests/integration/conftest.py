"""Fixtures that several integration tests share."""

import shutil
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import duckdb
import pytest
from filelock import FileLock

from demo.municipality import simulate
from tests.support.models import Models
from tests.support.published import published_from, warehouse_of_the_demo


@pytest.fixture(scope="session")
def inbox(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The extracts of a small municipality, four days of it until 10 March 2025; they are only read."""
    folder = tmp_path_factory.mktemp("municipality")
    simulate(folder / "inbox", folder / "truth.json", employees=400, days=4, last_day=date(2025, 3, 10), truncated=False, seed=3)
    return folder / "inbox"


@pytest.fixture(scope="session")
def demo_warehouse(tmp_path_factory: pytest.TempPathFactory, models: Models, worker_id: str) -> Path:
    """The warehouse of a simulated municipality of 38 days, evaluated; made once for all workers, and only read."""
    if worker_id == "master":
        return warehouse_of_the_demo(tmp_path_factory.mktemp("demo"), models)
    folder = tmp_path_factory.getbasetemp().parent / "demo"
    with FileLock(f"{folder}.lock"):
        if not folder.exists():
            unfinished = folder.with_name("unfinished-demo")
            warehouse_of_the_demo(unfinished, models)
            unfinished.rename(folder)
    return folder / "warehouse.duckdb"


@pytest.fixture(scope="session")
def published_demo(tmp_path_factory: pytest.TempPathFactory, demo_warehouse: Path) -> Path:
    """`marts.duckdb` of the set published from it, only to be read."""
    copy = tmp_path_factory.mktemp("published") / "warehouse.duckdb"
    shutil.copyfile(demo_warehouse, copy)
    return published_from(copy, copy.with_name("published"))


@pytest.fixture(scope="module")
def con(published_demo: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection to it."""
    with duckdb.connect(str(published_demo), read_only=True) as con:
        yield con
