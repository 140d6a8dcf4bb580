"""Settings of the policy: which season holds, and which numbers are none."""

from datetime import date
from typing import Any

import pytest
from pydantic import ValidationError

from ingest.policy import Policy, Season


def test_of_several_seasons_the_first_listed_holds() -> None:
    policy = Policy(max_drop_percent=10, seasons=[
        Season(first_day="08-01", last_day="08-07", max_drop_percent=50),
        Season(first_day="07-01", last_day="08-31", max_drop_percent=30, max_growth_factor=4)])
    figures = [(p.max_drop_percent, p.max_growth_factor) for p in (
        policy.on(date(2025, 8, 3)), policy.on(date(2025, 8, 8)), policy.on(date(2025, 9, 1)))]
    assert figures == [(50, 2), (30, 4), (10, 2)]
    assert policy.max_drop_percent == 10  # a season changes nothing for other days


def test_when_the_school_year_changes_more_may_go_unless_the_settings_say_otherwise() -> None:
    """contract#seasons"""
    days = [date(2025, 7, 30), date(2025, 7, 31), date(2025, 8, 20), date(2025, 8, 21)]
    assert [Policy().on(d).max_drop_percent for d in days] == [10, 40, 40, 10]
    assert [Policy(seasons=[]).on(d).max_drop_percent for d in days] == [10, 10, 10, 10]


def test_a_season_of_one_day_and_one_of_a_leap_day() -> None:
    one_day = Season(first_day="08-01", last_day="08-01")
    assert [one_day.holds(date(2025, m, d)) for m, d in ((7, 31), (8, 1), (8, 2))] == [False, True, False]
    leap = Season(first_day="02-29", last_day="03-01")
    assert [leap.holds(d) for d in (date(2024, 2, 29), date(2025, 2, 28), date(2025, 3, 1))] == [True, False, True]


def test_a_season_over_new_year_holds_from_its_first_to_its_last_day() -> None:
    winter = Season(first_day="12-20", last_day="01-06")
    days = [date(2024, 12, 19), date(2024, 12, 20), date(2024, 12, 31), date(2025, 1, 1), date(2025, 1, 6), date(2025, 1, 7)]
    assert [winter.holds(d) for d in days] == [False, True, True, True, True, False]


@pytest.mark.parametrize("settings", [
    {"max_drop_percent": -1}, {"max_drop_percent": 100.5}, {"max_growth_factor": 1}, {"min_drop_rows": -1},
    {"grace_days": -1}, {"max_loss_percent": 101}, {"min_loss_rows": -1}, {"reference_days": -1}, {"min_match_percent": 101},
    {"grace_days": 1.5}, {"max_rejected_percent": 101}, {"no_such_setting": 1},
    {"seasons": [{"first_day": "02-30", "last_day": "03-01"}]}, {"seasons": [{"first_day": "8-1", "last_day": "08-02"}]},
    {"seasons": [{"first_day": "2025-08-01", "last_day": "08-02"}]}, {"seasons": [{"first_day": "08-01"}]},
    {"seasons": [{"first_day": "08-01", "last_day": "08-02", "grace_days": 3}]},
])
def test_a_number_or_season_that_cannot_be_meant_is_refused(settings: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Policy.model_validate(settings)
