"""Each limit of the guard, at it and on both sides of it."""

from datetime import date

import pytest

from ingest.guard import Size, guarded_tables, why_quarantined
from ingest.policy import Policy, Season

DAY = date(2025, 3, 10)
DEFAULTS = Policy()  # 10 % and 20 rows down; twofold and 100 rows up


def size(positions: int, *, employees: int = 500, active: int = 50) -> Size:
    return Size({"employees": employees, "positions": positions}, active)


def reason(before: Size | None, after: Size, policy: Policy = DEFAULTS, day: date = DAY, *, full: bool = True) -> str | None:
    return why_quarantined(after, before, policy, day, full=full)


@pytest.mark.parametrize(("before", "after", "passes"), [
    (1000, 1000, True), (1000, 901, True), (1000, 900, True), (1000, 899, False),  # percent
    (100, 81, True), (100, 80, True), (100, 79, False),  # rows: 20 % of a small table may well go
    (1000, 1999, True), (1000, 2000, True), (1000, 2001, False),  # factor
    (50, 149, True), (50, 150, True), (50, 151, False),  # rows: a small table may grow threefold
    (0, 100, True), (0, 101, False),
])
def test_a_table_shrinks_or_swells_beyond_a_share_and_a_number_of_rows(before: int, after: int, passes: bool) -> None:
    word = "fell" if after < before else "rose"
    assert reason(size(before), size(after), full=False) == (None if passes else f"positions {word} from {before} to {after}")


@pytest.mark.parametrize(("policy", "before", "after", "passes"), [
    (Policy(max_drop_percent=0, min_drop_rows=0), 100, 100, True),
    (Policy(max_drop_percent=0, min_drop_rows=0), 100, 99, False),
    (Policy(max_drop_percent=2.5, min_drop_rows=0), 1000, 975, True),
    (Policy(max_drop_percent=2.5, min_drop_rows=0), 1000, 974, False),
    (Policy(max_drop_percent=100, min_drop_rows=0), 100, 1, True),
    (Policy(min_growth_rows=0), 10, 20, True),
    (Policy(min_growth_rows=0), 10, 21, False),
    (Policy(max_growth_factor=1.5, min_growth_rows=0), 10, 15, True),
    (Policy(max_growth_factor=1.5, min_growth_rows=0), 10, 16, False),
])
def test_the_limits_are_those_of_the_policy(policy: Policy, before: int, after: int, passes: bool) -> None:
    assert (reason(size(before), size(after), policy) is None) is passes


def test_active_positions_are_guarded_like_rows() -> None:
    assert reason(size(1000, active=1000), size(1000, active=900)) is None
    assert reason(size(1000, active=1000), size(1000, active=899)) == "active positions fell from 1000 to 899"


def test_every_figure_out_of_limits_is_named() -> None:
    assert reason(size(1000, employees=500, active=900), size(2500, employees=100, active=10)) == (
        "employees fell from 500 to 100; positions rose from 1000 to 2500; active positions fell from 900 to 10")


@pytest.mark.parametrize(("after", "expected"), [
    (size(0), "positions empty"), (size(0, employees=0), "employees and positions empty"), (size(1, active=0), None)])
def test_a_full_extract_with_an_empty_table_is_held_back_also_when_it_is_the_first(after: Size, expected: str | None) -> None:
    assert reason(None, after) == expected
    assert reason(size(1), after, Policy(min_drop_rows=1000)) == expected


def test_the_first_extract_is_compared_with_nothing() -> None:
    assert reason(None, size(1)) is None and reason(None, size(1_000_000)) is None


def test_a_delta_is_judged_by_the_size_it_leads_to() -> None:
    assert reason(size(20), size(0), full=False) is None  # 20 rows are few
    assert reason(size(21), size(0), full=False) == "positions fell from 21 to 0"
    assert reason(None, size(0), full=False) is None


@pytest.mark.parametrize(("day", "lowest"), [
    (date(2025, 7, 31), 900), (date(2025, 8, 1), 600), (date(2025, 8, 15), 600), (date(2025, 8, 16), 900)])
def test_a_season_has_limits_of_its_own_on_its_days(day: date, lowest: int) -> None:
    policy = Policy(seasons=[Season(first_day="08-01", last_day="08-15", max_drop_percent=40)])
    assert reason(size(1000), size(lowest), policy, day) is None
    assert reason(size(1000), size(lowest - 1), policy, day) == f"positions fell from 1000 to {lowest - 1}"


@pytest.mark.parametrize(("day", "highest"), [
    (date(2024, 12, 19), 2000), (date(2024, 12, 20), 5000), (date(2025, 1, 6), 5000), (date(2025, 1, 7), 2000)])
def test_a_season_over_new_year_holds_on_both_sides_of_it(day: date, highest: int) -> None:
    policy = Policy(seasons=[Season(first_day="12-20", last_day="01-06", max_growth_factor=5)])
    assert reason(size(1000), size(highest), policy, day) is None
    assert reason(size(1000), size(highest + 1), policy, day) is not None
    assert reason(size(1000), size(899), policy, day) is not None  # the season does not set this limit


def test_people_and_positions_of_both_systems_are_guarded() -> None:
    assert guarded_tables("hrm") == ["employees", "positions"] and guarded_tables("vfs") == ["persons", "positions"]
