"""What the steps of a run share."""

from datetime import date
from pathlib import Path

import dagster as dg
import duckdb
import pytest

from ingest.errors import Damaged
from ingest.expectations import Examiner
from ingest.policy import Policy
from ingest.warehouse import WarehouseBusy, open_warehouse, row_counts, set_run
from orchestration.core.faults import Fault
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


@pytest.mark.parametrize("error", [Damaged(Path("a.json"), "x", "y"), dg.Failure("x"), OSError("no space")])
def test_what_cannot_pass_is_not_tried_again(error: Exception) -> None:
    with pytest.raises(type(error)), retried_when_it_can_pass():
        raise error


def test_an_error_that_nobody_foresaw_is_told_by_its_place_and_not_by_its_text(workplace: Workplace) -> None:
    """contract#damaged-record"""
    with pytest.raises(Fault) as fault, retried_when_it_can_pass():
        workplace.paths.shown(None)  # pyright: ignore[reportArgumentType]
    assert "AttributeError in orchestration/core/paths.py:" in str(fault.value)
    with pytest.raises(Fault) as fault, retried_when_it_can_pass():
        raise duckdb.ConversionException("Could not convert string 'Testesen' to DATE")
    assert "ConversionException in " in str(fault.value) and "Testesen" not in str(fault.value)
    assert fault.value.__suppress_context__ and fault.value.__cause__ is None  # nor does Dagster record it


def test_a_damaged_warehouse_is_made_anew_by_who_fills_it_and_by_nobody_else(workplace: Workplace) -> None:
    """contract#damaged-record"""
    with open_warehouse(workplace.paths.warehouse) as con:
        set_run(con, DAY, Policy(), [])
    workplace.paths.warehouse.write_bytes(b"x" * 9999)
    with pytest.raises(Damaged, match="sluttdato rebuild"), workplace.warehouse():
        pass
    assert workplace.bring_in_line(lambda con: row_counts(con, "ingest")["ingest", "run"]) == 0


def test_damage_that_shows_while_it_is_read_is_found_as_well(workplace: Workplace) -> None:
    tries: list[int] = []

    def work(con: duckdb.DuckDBPyConnection) -> int:
        tries.append(1)
        if len(tries) == 1:
            raise duckdb.IOException("Corrupt database file: computed checksum 1 does not match stored checksum 2 in block")
        return len(tries)

    assert workplace.bring_in_line(work) == 2
