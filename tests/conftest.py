"""Fixtures that several test modules share.

What needs Dagster is imported by the fixtures that use it, so that the unit tests start in a second. In the tests' own
processes DuckDB has one thread: the tables are small, several processes share the cores, and more threads cost a quarter more.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb
import pytest

if TYPE_CHECKING:
    from tests.support.command_line import Place, Prepared
    from tests.support.models import Models
    from tests.support.postgres_server import PostgresServer


_connect = duckdb.connect


def _connect_with_one_thread(
    database: str | Path = ":memory:", read_only: bool = False, config: dict[str, Any] | None = None
) -> duckdb.DuckDBPyConnection:
    return _connect(database, read_only, {"threads": 1, **(config or {})})


def pytest_configure() -> None:
    duckdb.connect = _connect_with_one_thread


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest tests first, or the others' workers wait for them at the end."""
    items.sort(key=lambda item: "test_whatever_happens" not in item.nodeid)


@pytest.fixture(scope="session")
def models() -> Models:
    """The dbt project as compiled SQL."""
    from tests.support.models import compiled, read_models

    return read_models(compiled())


@pytest.fixture(scope="session")
def prepared(models: Models) -> Prepared:
    """What dbt compiled, for places."""
    from tests.support.command_line import Prepared
    from tests.support.models import compiled

    return Prepared(compiled() / "dbt", models)


@pytest.fixture
def place(tmp_path: Path, prepared: Prepared) -> Place:
    """An empty place to deliver to and run in."""
    from tests.support.command_line import make_place

    return make_place(tmp_path / "place", prepared)


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    """A PostgreSQL server of the tests' own; each test makes a database."""
    from tests.support.postgres_server import running

    with running() as server:
        yield server
