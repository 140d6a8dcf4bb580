"""Coordinates of the report's charts, computed from numbers. The templates draw them as SVG."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from publish.labels import norwegian, number

_WIDTH, _HEIGHT, _LEFT, _BOTTOM, _TOP = 720, 220, 40, 26, 12
Series = Sequence[tuple[date, float]]


def _ceiling(highest: float) -> int:
    """A round number at or above `highest`, for the top of an axis."""
    step = 1
    while True:
        for factor in (1, 2, 3, 5):
            if step * factor >= highest:
                return step * factor
        step *= 10


def _axis(highest: float) -> list[dict[str, Any]]:
    """Ticks in whole numbers."""
    top = _ceiling(max(highest, 1))
    ticks = (0, top // 2, top) if top % 2 == 0 else (0, top)
    return [{"y": round(_y(tick, top), 1), "label": str(tick)} for tick in ticks]


def _y(value: float, top: float) -> float:
    return _HEIGHT - _BOTTOM - value / top * (_HEIGHT - _BOTTOM - _TOP)


def _x(number: int, count: int) -> float:
    return _LEFT + (_WIDTH - _LEFT - 8) * (number / max(1, count - 1))


def line(series: Series) -> dict[str, Any] | None:
    """One line over time; None when there are fewer than two points."""
    if len(series) < 2:
        return None
    top = _ceiling(max(1, *(v for _, v in series)))
    points = [(round(_x(n, len(series)), 1), round(_y(v, top), 1)) for n, (_, v) in enumerate(series)]
    marks = sorted({0, len(series) // 3, 2 * len(series) // 3, len(series) - 1})
    return {
        "width": _WIDTH, "height": _HEIGHT, "left": _LEFT, "base": _HEIGHT - _BOTTOM,
        "points": " ".join(f"{x},{y}" for x, y in points),
        "first_x": points[0][0], "last_x": points[-1][0], "last_y": points[-1][1],
        "axis": _axis(max(v for _, v in series)), "last": number(series[-1][1]),
        "ticks": [{"x": points[n][0], "label": norwegian(series[n][0]),
                   "anchor": "start" if n == 0 else "end" if n == len(series) - 1 else "middle"} for n in marks],
        "summary": f"{norwegian(series[0][0])}: {number(series[0][1])}. {norwegian(series[-1][0])}: "
                   f"{number(series[-1][1])}. Høyest: {number(max(v for _, v in series))}.",
    }


def spark(series: Series) -> str | None:
    """The points of a sparkline, 100 wide and 24 high; None when there are fewer than two."""
    if len(series) < 2:
        return None
    top = max(1, *(v for _, v in series))
    return " ".join(f"{100 * n / (len(series) - 1):.1f},{22 - 20 * v / top:.1f}" for n, (_, v) in enumerate(series))


def stacked(columns: Sequence[tuple[date, Sequence[int]]]) -> dict[str, Any] | None:
    """Stacked columns over time, one for each date; None when there are none."""
    if not columns:
        return None
    top = _ceiling(max(1, *(sum(parts) for _, parts in columns)))
    step = (_WIDTH - _LEFT - 8) / len(columns)
    width = min(26, step * 0.75)
    drawn = []
    for n, (_, parts) in enumerate(columns):
        x, below = _LEFT + step * n + (step - width) / 2, 0.0
        for kind, value in enumerate(parts):
            if value:
                y = _y(below + value, top)
                drawn.append({"x": round(x, 1), "y": round(y, 1), "width": round(width, 1), "kind": kind,
                              "height": round(_y(below, top) - y, 1)})
                below += value
    marks = sorted({0, len(columns) // 2, len(columns) - 1})
    return {"width": _WIDTH, "height": _HEIGHT, "left": _LEFT, "base": _HEIGHT - _BOTTOM, "drawn": drawn,
            "axis": _axis(max(sum(parts) for _, parts in columns)),
            "ticks": [{"x": round(_LEFT + step * (n + 0.5), 1), "label": norwegian(columns[n][0])} for n in marks]}


def bars(counts: Sequence[tuple[str, int]]) -> list[dict[str, Any]]:
    """Horizontal bars with label, count and width; the longest is 100 wide."""
    most = max((count for _, count in counts), default=1) or 1
    return [{"label": label, "count": count, "width": round(100 * count / most, 1)} for label, count in counts]
