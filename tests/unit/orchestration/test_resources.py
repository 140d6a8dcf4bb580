"""What the steps of a run share."""

from datetime import date
from pathlib import Path

import dagster as dg
import duckdb
import pytest

from ingest.expectations import Examiner
from ingest.policy import Policy
from ingest.warehouse import WarehouseBusy, open_warehouse, set_run
from orchestration.core.settings import load_settings
from orchestration.defs.resources import Workplace, retried_when_it_can_pass

DAY = date(2025, 3, 10)


@pytest.fixture
def workplace(tmp_path: Path) -> Workplace:
    file = tmp_path / "sluttdato.yaml"
    file.write_text("data_dir: data")
    return Workplace(load_settings(file), lambda _: None, Examiner())


def test_a_run_resumed_after_taking_in_goes_on_with_the_day_that_was_left_in_the_warehouse(workplace: Workplace) -> None:
    with open_warehouse(workplace.paths.warehouse) as con:
        set_run(con, DAY, Policy(), [])
    assert workplace.as_of == DAY


def test_the_day_that_taking_in_sets_is_that_of_all_later_steps(workplace: Workplace) -> None:
    workplace.as_of = DAY
    assert workplace.as_of == DAY and not workplace.paths.warehouse.exists()


@pytest.mark.parametrize("error", [WarehouseBusy("held"), ConnectionError(), TimeoutError()])
def test_what_can_pass_is_tried_again(error: Exception) -> None:
    with pytest.raises(dg.RetryRequested), retried_when_it_can_pass():
        raise error


def test_what_cannot_pass_is_not_tried_again() -> None:
    with pytest.raises(duckdb.CatalogException), retried_when_it_can_pass():
        raise duckdb.CatalogException("no such table")
