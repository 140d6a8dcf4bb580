"""The values of the report's first page: what to do today, what changed since yesterday, how it stands and how it goes.

Belongs here: counting and choosing. Does not belong here: what is a case (SQL), coordinates (`charts`), layout (`templates`).
"""

from datetime import date
from typing import Any

import duckdb

from ingest.sql import Row, rows
from publish import labels
from publish.cases import by_person
from publish.lists import Lists
from publish.report import charts

_MOST_VISITS, _MOST_IN_VISIT, _MOST_NEWS = 10, 5, 10


def overview(con: duckdb.DuckDBPyConnection, lists: Lists) -> dict[str, Any]:
    """The template values of the first page, without those that all pages have."""
    return {"headline": lists.headline, "sentence": lists.headline.sentence(in_doubt=lists.is_in_doubt), "summary": lists.summary,
            "nothing_open": not lists.open, **_today(lists), **_news(lists), **_counts(con, lists), **_propagation(con, lists),
            "per_unit": _per_unit(lists)}


def _today(lists: Lists) -> dict[str, Any]:
    """What to take first: a visit for each person, with all their cases. What waits for somebody or for the next extract is
    counted, and not shown."""
    waiting = [c for c in lists.open if c["handling_status"] == "waiting"]
    claimed = [c for c in lists.open if c["claim"] == "pending"]
    by_itself = [c for c in lists.open if c["ends_by_itself"]]
    later = {c["case_number"] for c in [*waiting, *claimed, *by_itself]}
    to_do = [c for c in lists.open if c["case_number"] not in later]
    visits = list(by_person(to_do).values())
    shown = sum(min(len(v), _MOST_IN_VISIT) for v in visits[:_MOST_VISITS])
    return {"visits": visits[:_MOST_VISITS], "most_in_visit": _MOST_IN_VISIT, "to_do": len(to_do), "shown": shown,
            "waiting": len(waiting), "claimed": len(claimed), "by_itself": len(by_itself)}


def _news(lists: Lists) -> dict[str, Any]:
    """What changed since yesterday; nothing is new on the first day."""
    changed = {change: [c for c in lists.cases if c["change"] == change] for change in labels.CHANGES}
    resolved = [c for c in lists.resolved if c["resolved_on"] == lists.as_of]
    contradicted = [c for c in lists.open if c["claim"] == "contradicted"]
    return {"is_first_day": lists.is_first_day, "most_news": _MOST_NEWS, "changed": changed, "resolved_today": resolved,
            "contradicted": contradicted, **_answers(lists),
            "is_quiet": not any(changed.values()) and not resolved and not contradicted}


def _answers(lists: Lists) -> dict[str, int]:
    """How many rows of filled-in worklists were taken in today and not understood in the last week."""
    week = [a for a in lists.answers if (lists.as_of - a["taken_in_on"]).days < 7]
    return {"not_understood": sum(a["outcome"] == "not_understood" for a in week),
            "taken_in_today": sum(a["outcome"] == "taken_in" and a["taken_in_on"] == lists.as_of for a in week)}


def _counts(con: duckdb.DuckDBPyConnection, lists: Lists) -> dict[str, Any]:
    """How many cases of each type are open, and how that went."""
    counts = _daily_counts(con)
    days = [d for (d,) in con.execute("""
        SELECT unnest(generate_series(greatest(first_day, as_of_date - 364), as_of_date, INTERVAL 1 DAY))::DATE
        FROM intermediate.int_evaluation_window""").fetchall()]
    by_type: dict[str, dict[date, int]] = {t: {} for t in labels.FINDING_TYPES}
    for c in counts:
        by_type[c["finding_type"]][c["day"]] = c["open"]
    # A day on which a type could not be assessed has no point: what was not looked at is not none.
    series = {t: [(d, n) for d in days if (n := counted.get(d, 0)) is not None] for t, counted in by_type.items()}
    total = rows(con, """
        SELECT evaluation_date AS day, open_cases AS open FROM marts.access_risk_daily
        WHERE is_total AND evaluation_date > as_of_date - 365 ORDER BY day""")

    def number(finding_type: str, status: str) -> int:
        return sum(c["finding_type"] == finding_type and c["status"] == status for c in lists.cases)

    return {
        "tiles": [{"type": t, "open": number(t, "open"), "excepted": number(t, "excepted"), "is_unknown": t in lists.unknown,
                   "spark": charts.spark(series[t])} for t in labels.FINDING_TYPES],
        "since": days[0] if days else None, "trend": charts.line([(t["day"], t["open"]) for t in total]),
        "trend_table": [(t["day"], t["open"]) for t in total[::-7][:13]]}


def _daily_counts(con: duckdb.DuckDBPyConnection) -> list[Row]:
    """Open findings by day and type; null where the type could not be assessed."""
    return rows(con, """
        SELECT evaluation_date AS day, finding_type, sum(open_count)::INTEGER AS open
        FROM marts.finding_daily_counts GROUP BY ALL ORDER BY ALL""")


def _propagation(con: duckdb.DuckDBPyConnection, lists: Lists) -> dict[str, Any]:
    """Whether end dates arrive, and why positions stand."""
    weeks = _weeks(con)
    return {
        "weeks": weeks, "arrivals": charts.stacked(
            [(w["week"], [w["in_time"], w["late"], w["waiting"], w["failed"]]) for w in weeks]),
        "lag": charts.line([(w["week"], w["median_lag"]) for w in weeks if w["median_lag"] is not None]),
        "causes": charts.bars(_causes(con)), "propagation_unknown": "end_date_propagation" in lists.unknown}


def _weeks(con: duckdb.DuckDBPyConnection) -> list[Row]:
    """The end dates that became known in the last 26 weeks, counted by week and outcome: week, in_time, late, waiting, failed,
    median_lag (days)."""
    return rows(con, """
        SELECT date_trunc('week', hrm_end_date_known_on)::DATE AS week,
          count(*) FILTER (status = 'propagated' AND lag_days <= run.grace_days)::INTEGER AS in_time,
          count(*) FILTER (status = 'propagated' AND lag_days > run.grace_days)::INTEGER AS late,
          count(*) FILTER (status IN ('pending', 'at_risk'))::INTEGER AS waiting,
          count(*) FILTER (status = 'failed')::INTEGER AS failed,
          median(lag_days) AS median_lag
        FROM marts.end_date_propagation CROSS JOIN staging.stg_run AS run
        WHERE status <> 'superseded' AND hrm_end_date_known_on > run.as_of_date - 26 * 7
        GROUP BY week ORDER BY week""")


def _causes(con: duckdb.DuckDBPyConnection) -> list[tuple[str, int]]:
    """The causes of open status mismatches, most frequent first: (Norwegian label, count)."""
    counts = con.execute("""
        SELECT cause, count(*) FROM marts.status_mismatches WHERE status = 'open' GROUP BY 1 ORDER BY 2 DESC, 1""").fetchall()
    return [(labels.SHORT_CAUSES[cause], count) for cause, count in counts]


def _per_unit(lists: Lists) -> list[dict[str, Any]]:
    """Open cases by org unit, the most first, those without a unit last: the sum is the number of open cases. `with_access`:
    people without any position who can get in at the unit; their cases belong to none."""
    units = [{"name": s.name, "folder": s.folder, **_of_unit([c for c in s.cases if c["status"] == "open"]),
              "with_access": sum(c["status"] == "open" for c in s.with_access)} for s in lists.schools]
    shown = sorted((u for u in units if u["open"] or u["with_access"]), key=lambda u: (-u["open"], u["name"]))
    if without := [c for c in lists.open if not c["org_number"]]:
        shown.append({"name": labels.NO_UNIT, "folder": None, **_of_unit(without), "with_access": 0})
    most = max((u["open"] for u in shown), default=0) or 1
    return [{**u, "share": round(100 * u["open"] / most)} for u in shown]


def _of_unit(cases: list[Row]) -> dict[str, Any]:
    oldest = min(cases, key=lambda c: c["problem_since"], default=None)
    return {"open": len(cases), "people": len({c["person_id"] for c in cases}),
            "oldest": oldest["problem_since"] if oldest else None,
            "is_lower_bound": bool(oldest and oldest["is_age_lower_bound"])}
