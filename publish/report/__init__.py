"""The report: static pages in bokmål that work from a file share, made from the marts and swapped together with them.

    report/index.html           the state at a glance: freshness, what cannot be assessed, counts, trends, causes, schools
    report/saker.html           every case, to search, sort and filter, each with its history
    report/skoler/<...>.html    the same for one school
    report/kommuneadmin.html    the kommuneadmin roster, to print and sign

    charts                      coordinates of the charts

Belongs here: what the pages show and how (`templates/`, `charts`). Does not belong here: what is a case (SQL), the words
for codes (`labels`), the history of a case (`explain`).
"""

import base64
import gzip
import hashlib
import json
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import duckdb
import jinja2
from markupsafe import Markup

from ingest.sql import Row, rows
from publish import labels, trust
from publish.deliveries import not_assessable
from publish.dossier import Dossier
from publish.explain import reasons_of, timeline
from publish.report import charts
from publish.worklists import by_school, file_stem

_HERE = Path(__file__).parent / "templates"
# So many cases keep a page below 2 MB and quick. A page with more cases says so and points to the schools' pages.
MOST_ROWS = 2000
# Deriving a history takes about a millisecond. If there are more cases, the first ones by status and age get a history.
MOST_HISTORIES = 3000


def write(
    con: duckdb.DuckDBPyConnection, folder: Path, cases: list[Row], roster: list[Row], freshness: list[Row], as_of: date
) -> None:
    """Write all pages into the new folder `folder`. `con` is the warehouse; `cases` and `roster` are the marts of those
    names, `freshness` is what `deliveries.freshness` returns."""
    folder.mkdir()
    ordered = sorted(cases, key=lambda c: (c["status"], c["problem_since"], c["case_number"], c["finding_type"]))
    histories = _histories(con, ordered[:MOST_HISTORIES])
    unknown = not_assessable(freshness)
    common = {"as_of": as_of, "trust": trust.lines(freshness), "group_lost": trust.GROUP_LOST,
              "is_in_doubt": trust.is_in_doubt(freshness), "unknown": unknown, "labels": labels}
    _page(folder / "index.html", "index.html", {**common, **_overview(con, ordered, unknown)})
    _page(folder / "saker.html", "cases.html", {
        **common, **_listed(ordered, histories), "title": "Alle saker", "worklist": "arbeidsliste"})
    _page(folder / "kommuneadmin.html", "kommuneadmin.html", {**common, "roster": roster})
    (folder / "skoler").mkdir()
    for org_number, school_cases in by_school(ordered).items():
        stem = file_stem(org_number)
        _page(folder / "skoler" / f"{stem}.html", "cases.html", {
            **common, **_listed(school_cases, histories), "title": school_cases[0]["org_name"] or org_number, "up": "../",
            "worklist": f"skoler/{stem}"})


@cache
def _templates() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_HERE), autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True,
        lstrip_blocks=True)
    environment.filters["norwegian"] = labels.norwegian
    environment.filters["file_stem"] = file_stem
    environment.globals.update(style=Markup(_text("report.css")), script=Markup(_text("report.js")), policy=_policy(),
                               full_name=labels.full_name)
    return environment


def _text(name: str) -> str:
    return (_HERE / name).read_text(encoding="utf-8")


def _policy() -> str:
    """The content security policy: nothing from outside, and only this style and this script, so that no data can run as code."""
    def allowed(name: str) -> str:
        return f"'sha256-{base64.b64encode(hashlib.sha256(_text(name).encode()).digest()).decode()}'"

    return (f"default-src 'none'; style-src {allowed('report.css')}; script-src {allowed('report.js')}; img-src data:; "
            "base-uri 'none'; form-action 'none'")


def _page(file: Path, template: str, values: dict[str, Any]) -> None:
    file.write_text(_templates().get_template(template).render({"up": "", **values}), encoding="utf-8")


def _listed(cases: list[Row], histories: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """The template values of a page with a list of cases. Details and histories are compressed: their texts repeat a lot."""
    shown = cases[:MOST_ROWS]
    details = {c["finding_id"]: {"why": c["why"], "remedy": c["remedy"], "excepted": c["exception_reason"],
                                 **histories.get(c["finding_id"], {})} for c in shown}
    packed = gzip.compress(json.dumps(details, ensure_ascii=False, separators=(",", ":")).encode(), mtime=0)
    return {
        "cases": shown, "more": len(cases) - len(shown), "details": base64.b64encode(packed).decode(),
        "types": [t for t in labels.FINDING_TYPES if any(c["finding_type"] == t for c in shown)],
        "schools": sorted({(c["org_name"] or c["org_number"], c["org_number"]) for c in shown if c["org_number"]}),
    }


def _histories(con: duckdb.DuckDBPyConnection, cases: list[Row]) -> dict[str, dict[str, Any]]:
    """{finding_id: {"reasons": [text], "events": [[day, system, text]]}}."""
    hrm_only = {c["employee_number"] for c in cases if c["finding_type"] == "ended_early_in_vfs" and c["employee_number"]}
    dossier = Dossier(con, {c["person_id"] for c in cases}, hrm_only, and_matched=True)
    histories = {}
    for case in cases:
        employees = {r["employee_number"] for r in dossier.rows("employees_of", [case["person_id"]])}
        if case["finding_type"] == "ended_early_in_vfs" and case["employee_number"]:
            employees.add(case["employee_number"])
        events = timeline(dossier, [case["person_id"]], sorted(employees))
        histories[case["finding_id"]] = {
            "reasons": reasons_of(dossier, case),
            "events": [[labels.norwegian(e.day), e.system, e.text] for e in events]}
    return histories


def _overview(con: duckdb.DuckDBPyConnection, cases: list[Row], unknown: list[str]) -> dict[str, Any]:
    """The template values of the first page, except freshness."""
    counts = rows(con, """
        SELECT evaluation_date AS day, finding_type, sum(open_count)::INTEGER AS open, sum(opened_count)::INTEGER AS opened,
          sum(resolved_count)::INTEGER AS resolved
        FROM marts.finding_daily_counts GROUP BY ALL ORDER BY ALL""")
    days = [d for (d,) in con.execute("""
        SELECT unnest(generate_series(greatest(first_day, as_of_date - 364), as_of_date, INTERVAL 1 DAY))::DATE
        FROM intermediate.int_evaluation_window""").fetchall()]
    by_type: dict[str, dict[date, int]] = {t: {} for t in labels.FINDING_TYPES}
    for c in counts:
        by_type[c["finding_type"]][c["day"]] = c["open"]
    series = {t: [(d, counted.get(d, 0)) for d in days] for t, counted in by_type.items()}
    total = [(d, sum(counted.get(d, 0) for counted in by_type.values())) for d in days]
    open_now = {t: sum(c["finding_type"] == t and c["status"] == "open" for c in cases) for t in labels.FINDING_TYPES}
    excepted = {t: sum(c["finding_type"] == t and c["status"] == "excepted" for c in cases) for t in labels.FINDING_TYPES}
    recent = days[-30:]
    weeks = _weeks(con)
    return {
        "tiles": [{"type": t, "open": open_now[t], "excepted": excepted[t], "is_unknown": t in unknown,
                   "spark": charts.spark(series[t]), "searched": t in labels.SEARCHED_IN_VFS} for t in labels.FINDING_TYPES],
        "open_total": sum(open_now.values()),
        "people": len({c["person_id"] for c in cases if c["status"] == "open"}),
        "opened_30": sum(c["opened"] for c in counts if c["day"] in set(recent)),
        "resolved_30": sum(c["resolved"] for c in counts if c["day"] in set(recent)),
        "trend": charts.line(total, "åpne saker"), "trend_table": total[::-7][:13],
        "weeks": weeks, "arrivals": charts.stacked(
            [(w["week"], [w["in_time"], w["late"], w["waiting"], w["failed"]]) for w in weeks]),
        "lag": charts.line([(w["week"], w["median_lag"]) for w in weeks if w["median_lag"] is not None], "dager"),
        "causes": charts.bars(_causes(con)), "per_school": _per_school(cases),
        "propagation_unknown": "end_date_propagation" in unknown,
    }


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


def _per_school(cases: list[Row]) -> list[dict[str, Any]]:
    schools = []
    for org_number, school_cases in by_school(cases).items():
        still_open = [c for c in school_cases if c["status"] == "open"]
        if still_open:
            schools.append({
                "org_number": org_number, "name": school_cases[0]["org_name"] or org_number, "open": len(still_open),
                "oldest": min(c["problem_since"] for c in still_open),
                "people": len({c["person_id"] for c in still_open})})
    most = max((s["open"] for s in schools), default=1)
    return [{**s, "share": round(100 * s["open"] / most)} for s in sorted(schools, key=lambda s: (-s["open"], s["name"]))]
