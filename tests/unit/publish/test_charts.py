"""The charts of the report: higher values are drawn higher, all stays inside the chart, and zeros work."""

from datetime import date, timedelta
from typing import Any

import pytest

from publish.report import charts

DAY = date(2025, 3, 10)


def series(*values: float) -> list[tuple[date, float]]:
    return [(DAY + timedelta(days=n), v) for n, v in enumerate(values)]


def points(text: str) -> list[tuple[float, float]]:
    pairs = []
    for point in text.split():
        x, y = map(float, point.split(","))
        pairs.append((x, y))
    return pairs


def line(*values: float) -> dict[str, Any]:
    drawn = charts.line(series(*values))
    assert drawn is not None
    return drawn


def test_a_line_needs_two_points() -> None:
    for values in ((), (1,)):
        assert charts.line(series(*values)) is None and charts.spark(series(*values)) is None
    assert charts.stacked([]) is None and charts.bars([]) == []


@pytest.mark.parametrize(("highest", "ticks"), [
    (0, [0, 1]), (0.5, [0, 1]), (2, [0, 1, 2]), (3, [0, 3]), (4, [0, 5]), (6, [0, 5, 10]), (11, [0, 10, 20]), (31, [0, 25, 50]),
    (101, [0, 100, 200]), (3001, [0, 2500, 5000])])
def test_an_axis_is_in_whole_numbers_up_to_a_round_one_at_or_above_the_highest(highest: float, ticks: list[int]) -> None:
    assert [a["label"] for a in line(0, highest)["axis"]] == [str(tick) for tick in ticks]


def test_a_line_goes_from_the_left_to_the_right_edge_and_zero_lies_on_the_base() -> None:
    drawn = line(0, 50, 100, 0)
    (x0, y0), (_, y1), (_, y2), (x3, y3) = points(drawn["points"])
    assert (x0, x3) == (drawn["left"], drawn["width"] - 8) and y0 == y3 == drawn["base"]
    assert y2 == 12 and y1 == (y0 + y2) / 2  # a hundred is the top of the axis
    assert (drawn["last"], drawn["last_x"], drawn["last_y"]) == ("0", x3, y3)
    assert [round(a["y"], 1) for a in drawn["axis"]] == [y0, y1, y2]
    assert drawn["summary"] == "10.03.2025: 0. 13.03.2025: 0. Høyest: 100."


@pytest.mark.parametrize(("count", "days"), [(2, [0, 1]), (3, [0, 1, 2]), (10, [0, 3, 6, 9])])
def test_a_line_is_dated_at_its_ends_and_thirds(count: int, days: list[int]) -> None:
    ticks = line(*range(count))["ticks"]
    assert [t["label"] for t in ticks] == [(DAY + timedelta(days=n)).strftime("%d.%m.%Y") for n in days]
    assert [t["anchor"] for t in ticks] == ["start", *["middle"] * (len(days) - 2), "end"]


def test_a_sparkline_fills_its_frame() -> None:
    assert charts.spark(series(0, 4, 2)) == "0.0,22.0 50.0,2.0 100.0,12.0"
    assert charts.spark(series(0, 0)) == "0.0,22.0 100.0,22.0"


def test_stacked_parts_stand_on_each_other_and_empty_ones_are_not_drawn() -> None:
    drawn = charts.stacked([(DAY, [2, 0, 3]), (DAY + timedelta(days=1), [0, 0, 0]), (DAY + timedelta(days=2), [2, 3, 5])])
    assert drawn is not None
    assert [(p["kind"], p["x"] > 400) for p in drawn["drawn"]] == [
        (0, False), (2, False), (0, True), (1, True), (2, True)]
    low, high = drawn["drawn"][:2]
    assert low["y"] + low["height"] == pytest.approx(drawn["base"], abs=0.15)
    assert high["y"] + high["height"] == pytest.approx(low["y"], abs=0.15)
    assert high["height"] == pytest.approx(low["height"] * 1.5, abs=0.15)
    assert drawn["drawn"][-1]["y"] == pytest.approx(12)  # ten is the top of the axis
    assert all(drawn["left"] <= p["x"] and p["x"] + p["width"] <= drawn["width"] for p in drawn["drawn"])
    assert [t["label"] for t in drawn["ticks"]] == ["10.03.2025", "11.03.2025", "12.03.2025"]


def test_many_columns_do_not_overlap_and_a_few_have_at_most_the_full_width() -> None:
    many = charts.stacked([(DAY + timedelta(days=n), [1]) for n in range(200)])
    one = charts.stacked([(DAY, [1])])
    assert many and one and one["drawn"][0]["width"] == 26
    assert all(b["x"] - a["x"] > a["width"] for a, b in zip(many["drawn"], many["drawn"][1:], strict=False))


def test_the_longest_bar_is_a_hundred_wide() -> None:
    assert charts.bars([("a", 1), ("b", 4), ("c", 0)]) == [
        {"label": "a", "count": 1, "width": 25}, {"label": "b", "count": 4, "width": 100}, {"label": "c", "count": 0, "width": 0}]
