"""The same deliveries give the same marts: at once, day by day, late, rebuilt, replayed."""

from datetime import date, timedelta
from pathlib import Path

from demo.municipality import simulate
from tests.support.command_line import Place, Prepared, make_place, marts_of

LAST = date(2025, 3, 10)
DAYS = 8


def simulated(place: Place) -> Place:
    """A municipality of 60 employees delivers eight days, one of them cut off, none on weekends, HRM active people only."""
    place.today = LAST.isoformat()
    simulate(place.inbox, place.root / "truth.json", employees=60, days=DAYS, last_day=LAST, seed=4,
             active_only=True, weekend_gaps=True)
    return place


def test_day_by_day_at_once_late_rebuilt_and_replayed_end_the_same(tmp_path: Path, prepared: Prepared) -> None:
    at_once = simulated(make_place(tmp_path / "at_once", prepared))
    assert at_once.do("run").code in (0, 3)
    expected = at_once.all_marts()
    assert len(expected["findings"]) > 5

    daily = simulated(make_place(tmp_path / "daily", prepared))
    late = daily.inbox / "hrm" / "2025-03-06"
    held_back = daily.root / "on its way"
    late.rename(held_back)
    by_day = {}
    for day in (LAST - timedelta(days=3), LAST - timedelta(days=1)):
        assert daily.do("run", "--as-of", day.isoformat()).code in (0, 3)
        by_day[day] = daily.all_marts()
    held_back.rename(late)  # it arrives after later ones were taken in
    assert daily.do("run").code in (0, 3)
    assert daily.all_marts() == expected

    assert daily.do("rebuild").code == 0
    assert daily.all_marts() == expected

    # A past day, replayed with all that is known now, is that day with the late extract in time.
    past = LAST - timedelta(days=1)
    assert at_once.do("replay", "--as-of", past.isoformat(), "--to", "past").code == 0
    again = simulated(make_place(tmp_path / "again", prepared))
    assert again.do("run", "--as-of", past.isoformat()).code in (0, 3)
    assert marts_of(at_once.root / "past" / "marts.duckdb") == again.all_marts()
    assert at_once.all_marts() == expected  # what is published stands


def test_a_run_does_not_publish_a_day_older_than_the_published_one(place: Place) -> None:
    simulated(place)
    assert place.do("run").code in (0, 3)
    before = place.all_marts()
    done = place.do("run", "--as-of", "2025-03-08")
    assert done.code == 0
    assert "2025-03-08 is not published: the published set is of 2025-03-10" in done.out
    assert place.all_marts() == before
