"""Each limit of the guards, at it and on both sides of it."""

from datetime import date, timedelta
from typing import Any

import pytest

from ingest.guard import (
    ACTIVE,
    MAY_LOG_IN,
    Accepted,
    Measured,
    Reference,
    Share,
    in_words,
    reference_of,
    why_mistyped,
    why_quarantined,
)
from ingest.policy import Policy, Season

DAY = date(2025, 3, 10)
DEFAULTS = Policy()  # 10 % and 20 rows down, or half; twofold and 100 rows up


def day(number: int) -> date:
    return DAY + timedelta(days=number)


def sizes(positions: int, *, employees: int = 500, active: int = 50) -> dict[str, int]:
    return {"employees": employees, "positions": positions, ACTIVE: active}


def compared(
    before: dict[str, int] | None, after: dict[str, int], policy: Policy = DEFAULTS, on: date = DAY, **options: Any
) -> str | None:
    """Why sizes are held back, without the words that say where the reference comes from."""
    reference = Reference(before, "then") if before else None
    reason = in_words(why_quarantined(Measured(after), reference, policy, on, full=options.pop("full", True), **options))
    return reason and reason.replace(" (then)", "")


def judged(policy: Policy = DEFAULTS, on: date = DAY, **figures: Any) -> str | None:
    return in_words(why_quarantined(Measured({}, **figures), None, policy, on, full=False))


@pytest.mark.parametrize(("before", "after", "passes"), [
    (1000, 1000, True), (1000, 901, True), (1000, 900, True), (1000, 899, False),  # percent
    (100, 81, True), (100, 80, True), (100, 79, False),  # rows: 20 % of a small table may well go
    (18, 10, True), (18, 9, True), (18, 8, False), (18, 1, False), (3, 1, False), (2, 1, True),  # more than half never
    (1000, 1999, True), (1000, 2000, True), (1000, 2001, False),  # factor
    (50, 149, True), (50, 150, True), (50, 151, False),  # rows: a small table may grow threefold
    (0, 100, True), (0, 101, False),
])
def test_a_table_shrinks_or_swells_beyond_a_share_and_a_number_of_rows(before: int, after: int, passes: bool) -> None:
    """contract#guard-size"""
    word = "fell" if after < before else "rose"
    assert compared(sizes(before), sizes(after), full=False) == (None if passes else f"positions {word} from {before} to {after}")


@pytest.mark.parametrize(("policy", "before", "after", "passes"), [
    (Policy(max_drop_percent=0, min_drop_rows=0), 100, 100, True),
    (Policy(max_drop_percent=0, min_drop_rows=0), 100, 99, False),
    (Policy(max_drop_percent=2.5, min_drop_rows=0), 1000, 975, True),
    (Policy(max_drop_percent=2.5, min_drop_rows=0), 1000, 974, False),
    (Policy(max_drop_percent=100, max_loss_percent=100), 100, 1, True),
    (Policy(max_loss_percent=80), 18, 4, True),
    (Policy(max_loss_percent=80), 18, 3, False),
    (Policy(min_growth_rows=0), 10, 20, True),
    (Policy(min_growth_rows=0), 10, 21, False),
    (Policy(max_growth_factor=1.5, min_growth_rows=0), 10, 15, True),
    (Policy(max_growth_factor=1.5, min_growth_rows=0), 10, 16, False),
])
def test_the_limits_are_those_of_the_policy(policy: Policy, before: int, after: int, passes: bool) -> None:
    assert (compared(sizes(before), sizes(after), policy) is None) is passes


@pytest.mark.parametrize("name", ["employees", "persons", "positions", "accesses", ACTIVE, MAY_LOG_IN])
def test_every_size_is_guarded(name: str) -> None:
    """contract#guard-size"""
    assert compared({name: 1000}, {name: 900}, full=False) is None
    assert compared({name: 1000}, {name: 899}, full=False) == f"{name} fell from 1000 to 899"
    assert compared({name: 1000}, {}, full=False) is None and compared({}, {name: 1000}, full=False) is None  # not delivered


def test_every_figure_out_of_limits_is_named() -> None:
    assert compared(sizes(1000, employees=500, active=900), sizes(2500, employees=100, active=10)) == (
        "employees fell from 500 to 100; positions rose from 1000 to 2500; active positions fell from 900 to 10")


@pytest.mark.parametrize(("after", "expected"), [
    (sizes(0), "positions empty"), (sizes(0, employees=0), "employees and positions empty"), (sizes(1, active=0), None)])
def test_a_full_extract_with_an_empty_table_is_held_back_also_when_it_is_the_first(
    after: dict[str, int], expected: str | None
) -> None:
    """contract#quarantined"""
    assert compared(None, after) == expected
    assert compared(sizes(1), after, Policy(min_drop_rows=1000, max_loss_percent=100)) == expected


def test_accesses_may_be_empty_until_the_first_came() -> None:
    """contract#quarantined"""
    nothing, some = {"persons": 5, "positions": 5, "accesses": 0}, {"persons": 5, "positions": 5, "accesses": 1}
    assert compared(None, nothing) is None and compared(nothing, some, held_accesses=True) is None
    assert compared(None, nothing, held_accesses=True) == "accesses empty"
    assert compared(None, nothing, held_accesses=True, full=False) is None
    assert compared(None, {"persons": 5, "positions": 5}, held_accesses=True) is None  # nobody delivers them


def test_the_first_extract_is_compared_with_nothing() -> None:
    assert compared(None, sizes(1)) is None and compared(None, sizes(1_000_000)) is None
    assert reference_of(DAY, [], DEFAULTS) is None


def test_a_delta_is_judged_by_the_size_it_leads_to() -> None:
    assert compared(sizes(20), sizes(0), full=False) == "positions fell from 20 to 0"
    assert compared(None, sizes(0), full=False) is None


# --- the reference ---------------------------------------------------------------------------------------------------


def test_a_size_is_compared_with_the_largest_of_thirty_days() -> None:
    """contract#guard-size"""
    accepted = [Accepted(day(-31), sizes(99)), Accepted(day(-30), sizes(90, active=1)), Accepted(day(-1), sizes(80, active=70))]
    assert reference_of(DAY, accepted, DEFAULTS) == Reference(sizes(90, active=70), "the most in 30 days", {"days": 30})
    for days, largest in ((29, sizes(80, active=70)), (31, sizes(99, active=70))):
        reference = reference_of(DAY, accepted, Policy(reference_days=days))
        assert reference == Reference(largest, f"the most in {days} days", {"days": days})


def test_what_a_decision_let_in_is_the_new_measure_from_its_day_on() -> None:
    """contract#guard-size"""
    accepted = [Accepted(day(-9), sizes(100)), Accepted(day(-8), sizes(50), let_in=True),
                Accepted(day(-7), sizes(40), let_in=True), Accepted(day(-6), sizes(41))]
    assert reference_of(DAY, accepted, DEFAULTS) == Reference(
        sizes(41), "the most since the extract of 2025-03-03 was let in", {"let_in": "2025-03-03"})
    long_ago = [Accepted(day(-40), sizes(50), let_in=True), Accepted(day(-9), sizes(60))]
    assert reference_of(DAY, long_ago, DEFAULTS) == Reference(sizes(60), "the most in 30 days", {"days": 30})


def test_after_a_long_silence_the_previous_extract_is_the_measure() -> None:
    """contract#guard-size"""
    accepted = [Accepted(day(-50), sizes(100)), Accepted(day(-40), sizes(60))]
    assert reference_of(DAY, accepted, DEFAULTS) == Reference(sizes(60), "in the extract of 2025-01-29", {"of": "2025-01-29"})


def test_each_reason_is_stored_as_a_code_with_its_figures() -> None:
    reference = Reference(sizes(1000), "then", {"days": 30})
    measured = Measured(sizes(10), gone={"employees": Share(3, 4)}, ownerless=Share(6, 10), active_again=Share(7, 10),
                        dates_lost=Share(20, 30))
    assert [g.fact for g in why_quarantined(measured, reference, DEFAULTS, DAY, full=True)] == [
        {"code": "fell", "what": "positions", "before": 1000, "now": 10, "days": 30},
        {"code": "keys_gone", "what": "employees", "count": 3, "total": 4},
        {"code": "active_again", "count": 7, "total": 10}, {"code": "dates_lost", "count": 20, "total": 30},
        {"code": "ownerless", "count": 6, "total": 10}]
    empty, = why_quarantined(Measured({"employees": 0, "positions": 0}), None, DEFAULTS, DAY, full=True)
    assert empty.fact == {"code": "empty", "tables": ["employees", "positions"]}
    mistyped = why_mistyped(day(0), day(61), DEFAULTS)
    assert mistyped and mistyped.fact == {"code": "mistyped", "days": 61, "oldest": "2025-05-10"}


# --- keys, end dates, owners -----------------------------------------------------------------------------------------

SHARES = [
    (Share(0, 0), True), (Share(100, 1000), True), (Share(101, 1000), False),  # percent
    (Share(20, 100), True), (Share(21, 100), False),  # rows
    (Share(5, 10), True), (Share(6, 10), False),  # half
]


@pytest.mark.parametrize(("share", "passes"), [*SHARES, (Share(1, 1), False), (Share(2, 3), False)])
def test_keys_that_are_gone_hold_an_extract_back_whatever_came_instead(share: Share, passes: bool) -> None:
    """contract#guard-keys"""
    expected = None if passes else f"{share.count} of {share.total} employee keys of the extract before are gone"
    assert judged(gone={"employees": share, "positions": Share(0, 9)}) == expected
    assert (judged(gone={"persons": share}) is None) is passes and (judged(gone={"positions": share}) is None) is passes


@pytest.mark.parametrize(("share", "passes"), [*SHARES, (Share(4, 4), True), (Share(5, 5), False), (Share(5, 9), False)])
def test_ended_positions_that_are_active_again_hold_an_extract_back(share: Share, passes: bool) -> None:
    """contract#guard-end-dates"""
    expected = None if passes else f"{share.count} of {share.total} positions that had ended are active again"
    assert judged(active_again=share) == expected


@pytest.mark.parametrize(("share", "passes"), [
    (Share(19, 19), True), (Share(20, 20), False), (Share(20, 39), False), (Share(20, 40), True), (Share(21, 40), False),
    (Share(400, 1000), True)])
def test_end_dates_to_come_that_are_gone_hold_an_extract_back(share: Share, passes: bool) -> None:
    """contract#guard-end-dates"""
    assert judged(dates_lost=share) == (None if passes else f"{share.count} of {share.total} end dates yet to come are gone")


@pytest.mark.parametrize(("share", "passes"), [*SHARES, (Share(4, 4), True), (Share(5, 5), False)])
def test_positions_that_belong_to_nobody_hold_an_extract_back(share: Share, passes: bool) -> None:
    """contract#guard-owners"""
    assert judged(ownerless=share) == (None if passes else f"{share.count} of {share.total} positions belong to nobody")


def test_the_numbers_of_these_guards_are_settings() -> None:
    assert judged(Policy(min_loss_rows=4), ownerless=Share(4, 4)) and judged(Policy(min_loss_rows=4), active_again=Share(4, 4))
    few = Policy(min_lost_dates=3)
    assert judged(few, dates_lost=Share(3, 5)) and not judged(few, dates_lost=Share(2, 3))
    assert judged(Policy(max_loss_percent=60), gone={"persons": Share(6, 10)}) is None


@pytest.mark.parametrize(("asked", "began", "passes"), [
    (day(0), day(60), True), (day(0), day(61), False), (day(0), None, True), (day(0), day(-900), True)])
def test_an_extract_dated_long_before_all_others_is_held_back(asked: date, began: date | None, passes: bool) -> None:
    """contract#mistyped-year"""
    ground = why_mistyped(asked, began, DEFAULTS)
    assert (ground and ground.text) == (None if passes else
                      "dated 61 days before the oldest extract that was ever accepted (2025-05-10); is the year mistyped?")
    assert why_mistyped(asked, began, Policy(max_days_before_history=61)) is None


# --- seasons ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("on", "lowest"), [
    (date(2025, 7, 30), 900), (date(2025, 7, 31), 600), (date(2025, 8, 20), 600), (date(2025, 8, 21), 900)])
def test_when_the_school_year_changes_more_may_go(on: date, lowest: int) -> None:
    """contract#seasons"""
    assert compared(sizes(1000), sizes(lowest), on=on) is None
    assert compared(sizes(1000), sizes(lowest - 1), on=on) == f"positions fell from 1000 to {lowest - 1}"
    for gone, passes in ((1000 - lowest, True), (1001 - lowest, False)):
        share = Share(gone, 1000)
        reasons = [judged(on=on, gone={"persons": share}), judged(on=on, active_again=share), judged(on=on, ownerless=share)]
        assert [reason is None for reason in reasons] == [passes] * 3


@pytest.mark.parametrize(("on", "lowest"), [
    (date(2025, 7, 31), 900), (date(2025, 8, 1), 700), (date(2025, 8, 15), 700), (date(2025, 8, 16), 900)])
def test_a_season_has_limits_of_its_own_on_its_days(on: date, lowest: int) -> None:
    policy = Policy(seasons=[Season(first_day="08-01", last_day="08-15", max_drop_percent=30)])
    assert compared(sizes(1000), sizes(lowest), policy, on) is None
    assert compared(sizes(1000), sizes(lowest - 1), policy, on) == f"positions fell from 1000 to {lowest - 1}"


@pytest.mark.parametrize(("on", "highest"), [
    (date(2024, 12, 19), 2000), (date(2024, 12, 20), 5000), (date(2025, 1, 6), 5000), (date(2025, 1, 7), 2000)])
def test_a_season_over_new_year_holds_on_both_sides_of_it(on: date, highest: int) -> None:
    policy = Policy(seasons=[Season(first_day="12-20", last_day="01-06", max_growth_factor=5)])
    assert compared(sizes(1000), sizes(highest), policy, on) is None
    assert compared(sizes(1000), sizes(highest + 1), policy, on) is not None
    assert compared(sizes(1000), sizes(899), policy, on) is not None  # the season does not set this limit


def test_figures_are_the_same_after_they_were_stored() -> None:
    for measured in (Measured({"employees": 1}), Measured(
            sizes(5), {"positions": Share(1, 2)}, Share(3, 4), Share(5, 6), Share(7, 8), 365)):
        assert Measured.from_json(measured.as_json()) == measured
