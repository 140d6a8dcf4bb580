"""Fixtures that several test modules share."""

from pathlib import Path

import pytest

from orchestration import dbt
from tests.support.command_line import Place, make_place
from tests.support.models import Models, compile_models


@pytest.fixture(scope="session")
def models(tmp_path_factory: pytest.TempPathFactory) -> Models:
    """The dbt models, compiled once."""
    return compile_models(tmp_path_factory.mktemp("compiled"))


@pytest.fixture(scope="session")
def parsed_project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The `dbt` folder of a data directory after dbt has parsed the project."""
    data = tmp_path_factory.mktemp("parsed")
    dbt.manifest(data, data / "warehouse.duckdb")
    return data / "dbt"


@pytest.fixture
def place(tmp_path: Path, parsed_project: Path) -> Place:
    """An empty place to deliver to and run in."""
    return make_place(tmp_path / "place", parsed_project)
