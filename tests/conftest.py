"""Fixtures that several test modules share."""

from pathlib import Path

import pytest

from tests.support.command_line import Place, Prepared, make_place
from tests.support.models import Models, compile_models


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest tests first, or the others' workers wait for them at the end."""
    items.sort(key=lambda item: "test_whatever_happens" not in item.nodeid)


@pytest.fixture(scope="session")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Prepared:
    """What dbt compiled, once."""
    data = tmp_path_factory.mktemp("prepared")
    models = compile_models(data)
    return Prepared(data / "dbt", models)


@pytest.fixture(scope="session")
def models(prepared: Prepared) -> Models:
    """The dbt models, compiled once."""
    return prepared.models


@pytest.fixture
def place(tmp_path: Path, prepared: Prepared) -> Place:
    """An empty place to deliver to and run in."""
    return make_place(tmp_path / "place", prepared)
