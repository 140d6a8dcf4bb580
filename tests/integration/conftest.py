"""Fixtures that several integration tests share."""

from datetime import date
from pathlib import Path

import pytest

from demo.municipality import simulate


@pytest.fixture(scope="session")
def inbox(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The extracts of a small municipality, four days of it until 10 March 2025; they are only read."""
    folder = tmp_path_factory.mktemp("municipality")
    simulate(folder / "inbox", folder / "truth.json", employees=400, days=4, last_day=date(2025, 3, 10), truncated=False, seed=3)
    return folder / "inbox"
