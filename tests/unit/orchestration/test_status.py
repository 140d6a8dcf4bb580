"""What `sluttdato status` shows, from a published file made by hand."""

from datetime import date
from pathlib import Path

import duckdb
import pytest

from orchestration.cli.status import read_status
from orchestration.core.settings import Settings, load_settings

TODAY = date(2025, 3, 10)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    file = tmp_path / "sluttdato.yaml"
    file.write_text("data_dir: data")
    return load_settings(file)


def publish(settings: Settings) -> None:
    settings.paths.published.mkdir(parents=True)
    with duckdb.connect(str(settings.paths.marts)) as con:
        con.execute("""
            CREATE TABLE data_freshness AS FROM (VALUES
              ('hrm', DATE '2025-03-10', DATE '2025-03-09', 1, 'fresh', ''),
              ('vfs', DATE '2025-03-10', DATE '2025-03-08', 2, 'stale', 'inactive_with_access, end_date_propagation'))
              t(system, as_of_date, current_extract_date, age_days, status, not_assessable);
            CREATE TABLE extracts AS FROM (VALUES
              ('hrm', DATE '2025-03-09', 1, 'replaced', NULL, false), ('hrm', DATE '2025-03-09', 2, 'accepted', NULL, true),
              ('hrm', DATE '2025-03-10', 1, 'quarantined', 'positions empty', true),
              ('vfs', DATE '2025-03-08', 1, 'accepted', NULL, true),
              ('vfs', DATE '2025-03-08', 2, 'refused', 'no heading', false))
              t(system, extract_date, arrival, status, reason, is_latest_of_day);
            CREATE TABLE findings AS FROM (VALUES
              ('stale_position', 'open'), ('stale_position', 'open'), ('stale_position', 'resolved'),
              ('inactive_with_access', 'excepted')) t(finding_type, status);
            CREATE TABLE access_risk_daily AS FROM (VALUES
              (DATE '2025-03-10', true, 3, 1, DATE '2025-03-10'), (DATE '2025-03-10', false, 2, 0, DATE '2025-03-10'),
              (DATE '2025-03-09', true, 4, 0, DATE '2025-03-10'))
              t(evaluation_date, is_total, people_left_with_access, people_unknown_with_access, as_of_date)""")


def test_of_a_system_without_a_delivery_every_day_is_missing_and_none_before_the_first_of_another(
        settings: Settings, tmp_path: Path) -> None:
    (tmp_path / "inbox/hrm/2025-03-10").mkdir(parents=True)
    (tmp_path / "inbox/hrm/2025-03-10/employees.csv").write_text("employee_number\n")
    status = read_status(settings, TODAY, 2)
    assert status["as_of_date"] is None and status["findings"] == {} and status["not_assessable"] == []
    assert status["systems"]["hrm"]["days"] == {"2025-03-10": "pending"}
    assert status["systems"]["vfs"] == {
        "current_extract_date": None, "age_days": None, "status": "missing", "withheld": [], "pending": [], "passed_over": [],
        "unchanged_since": None, "kept_rows": 0, "may_miss_rows": 0, "missing_since": None,
        "days": {"2025-03-09": "missing", "2025-03-10": "missing"}}


def test_of_each_day_the_accepted_delivery_counts_else_the_newest(settings: Settings) -> None:
    publish(settings)
    status = read_status(settings, TODAY, 3)
    assert status["as_of_date"] == TODAY
    assert status["systems"]["hrm"]["days"] == {
        "2025-03-09": "accepted", "2025-03-10": "quarantined"}
    assert status["systems"]["vfs"]["days"]["2025-03-08"] == "accepted"
    assert status["systems"]["hrm"]["withheld"] == [
        {"extract_date": TODAY, "status": "quarantined", "reason": "positions empty", "diff": None, "summary": []}]
    assert status["systems"]["vfs"]["withheld"] == [] and status["systems"]["vfs"]["age_days"] == 2


def test_a_type_that_cannot_be_assessed_has_no_zero(settings: Settings) -> None:
    publish(settings)
    status = read_status(settings, TODAY, 1)
    assert status["not_assessable"] == ["inactive_with_access", "end_date_propagation"]
    assert status["findings"]["stale_position"] == {"open": 2, "excepted": 0}
    assert status["findings"]["inactive_with_access"] == {"open": None, "excepted": 1}
    assert status["findings"]["unknown_in_hrm"] == {"open": 0, "excepted": 0}


def test_the_headline_is_that_of_the_whole_kommune_on_the_last_day(settings: Settings) -> None:
    """contract#has-left-with-access"""
    assert read_status(settings, TODAY, 1)["people_left_with_access"] is None
    publish(settings)
    assert read_status(settings, TODAY, 1)["people_left_with_access"] == 3


def test_on_a_day_before_every_delivery_that_day_is_missing(settings: Settings) -> None:
    publish(settings)
    assert read_status(settings, date(2025, 1, 1), 3)["systems"]["vfs"]["days"] == {"2025-01-01": "missing"}
