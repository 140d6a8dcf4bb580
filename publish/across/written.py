"""The overview's page, CSV files and JSON.

Belongs here: which columns there are, and what the page shows (`templates/`). Does not belong here: sums and words (`summary`).
"""

import json
from collections.abc import Sequence
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import jinja2
from markupsafe import Markup

from publish import labels, report
from publish.across import summary as words
from publish.across.figures import OUTCOMES, TREND_DAYS, EndDates, Figure
from publish.across.kommune import STATUSES, UNREADABLE, Kommune
from publish.across.summary import Sum, Summary, summarize
from publish.csv_files import csv_bytes
from publish.pages import environment, policy
from publish.report import charts

_TEMPLATES = Path(__file__).parent / "templates"
_STYLE = Path(report.__file__).parent / "templates" / "report.css"
PAGE = "index.html"
RECORD = "oversikt.json"  # by it, a folder is known as one of an overview
_LAST = "999999"


def files_of(kommuner: Sequence[Kommune], today: date) -> dict[str, bytes]:
    """{name: content} of every file, the page last."""
    # The worst first: who looks needs to see these.
    ordered = sorted(kommuner, key=lambda k: (list(STATUSES).index(k.status), k.shown.casefold(), k.name))
    together = summarize(ordered)
    return {"kommuner.csv": _kommuner(ordered), "sluttdatoer.csv": _end_dates(ordered), RECORD: _json(ordered, together, today),
            PAGE: _page(ordered, together, today)}


# --- CSV ---------------------------------------------------------------------------------------------------------------


def _kommuner(kommuner: Sequence[Kommune]) -> bytes:
    return csv_bytes(
        ("Kommune", "Innstillinger", "Status", "Vurdert per", "Siste kjøring", "Kjøring", "HRM", "Uttrekk fra HRM", "VFS",
         "Uttrekk fra VFS", "Kan komme inn, minst", "Kan komme inn", "Åpne saker, minst", "Åpne saker",
         "Kontrollerte personer, minst", "Kontrollerte personer", "Merknad"),
        ((k.shown, k.name, STATUSES[k.status], k.figures and k.figures.as_of, k.run and k.run.ended_on, _run(k),
          *(value for system in ("hrm", "vfs") for value in _system(k, system)),
          *(value for figure in (k.people, k.figures and k.figures.open_cases, k.figures and k.figures.people_checked)
            for value in (figure and figure.at_least, words.text(figure))), " ".join(k.notes)) for k in kommuner))


def _run(kommune: Kommune) -> str:
    if kommune.run is None:
        return words.UNKNOWN if kommune.status in ("wrong_settings", "unreadable") else "ikke registrert"
    return "vellykket" if kommune.run.succeeded else "feilet"


def _system(kommune: Kommune, system: str) -> tuple[str | None, date | None]:
    figures = kommune.figures
    return (labels.FRESHNESS[figures.statuses[system]], figures.extract_dates[system]) if figures else (None, None)


def _end_dates(kommuner: Sequence[Kommune]) -> bytes:
    return csv_bytes(
        ("Kommune", "Innstillinger", "Utfall", "Gruppe", "Sluttdatoer, minst", "Sluttdatoer"),
        ((k.shown, k.name, outcome, group, figure and figure.at_least, shown)
         for k in kommuner for outcome, group, figure, shown in _end_dates_of(k)))


def _end_dates_of(kommune: Kommune) -> list[tuple[str, str, Figure | None, str]]:
    """What is shown of a kommune: outcome, group, figure, text; a row without outcome where nothing can be told."""
    ends = kommune.figures and kommune.figures.end_dates
    if not ends:
        return [("alle", "alle", None, words.NOT_ASSESSABLE if _is_unassessable(kommune) else words.UNKNOWN)]
    return [(words.OUTCOME_LABELS[outcome], label, figure, words.text(figure))
            for outcome in OUTCOMES for label, figure in [("alle", ends[outcome].total), *_parts(outcome, ends[outcome])]]


def _parts(outcome: str, ends: EndDates) -> list[tuple[str, Figure]]:
    named = words.LAG_LABELS if outcome == "arrived" else labels.SHORT_CAUSES  # none is of what waits
    return [(label, ends.parts[code]) for code, label in named.items() if code in ends.parts]


def _is_unassessable(kommune: Kommune) -> bool:
    return bool(kommune.figures and kommune.figures.is_end_dates_unassessable)


# --- JSON --------------------------------------------------------------------------------------------------------------


def _json(kommuner: Sequence[Kommune], together: Summary, today: date) -> bytes:
    """With the codes of the marts. A count is `at_least`, and how far it is known."""
    found = {
        "made_by": "sluttdato overview", "day": today, "statuses": together.statuses,
        "people_left_with_access": _count(together.people),
        "end_dates": {"outcomes": _sums(together.outcomes), "lags": _sums(together.lags), "causes": _sums(together.causes),
                      "kommuner": together.assessed},
        "kommuner": [_kommune(k) for k in kommuner],
    }
    return (json.dumps(found, ensure_ascii=False, indent=1, default=str) + "\n").encode()


def _sums(sums: Sequence[Sum]) -> dict[str, Any]:
    return {s.code: {**_count(s.figure), "kommuner": s.kommuner} for s in sums}


def _count(figure: Figure | None) -> dict[str, Any]:
    if figure is None:
        return {"at_least": None, "known": "unknown"}
    return {"at_least": figure.at_least, "known": "few" if figure.is_hidden else "at_least" if figure.is_doubted else "exact"}


def _kommune(kommune: Kommune) -> dict[str, Any]:
    figures, run = kommune.figures, kommune.run
    ends = figures and figures.end_dates
    return {
        "name": kommune.name, "shown": kommune.shown, "status": kommune.status,
        "as_of_date": figures and figures.as_of, "is_in_doubt": figures is None or figures.in_doubt,
        "last_run": run and {"ended_on": run.ended_on, "succeeded": run.succeeded, "failed_checks": run.failed_checks,
                             "not_pulled": run.not_pulled, "unsent": run.unsent},
        "systems": {system: {"status": status, "current_extract_date": figures.extract_dates[system]}
                    for system, status in figures.statuses.items()} if figures else {},
        "people_left_with_access": _count(kommune.people), "open_cases": _count(figures and figures.open_cases),
        "people_checked": _count(figures and figures.people_checked),
        "end_dates": ends and {outcome: {**_count(e.total), "parts": {code: _count(f) for code, f in e.parts.items()}}
                               for outcome, e in ends.items()},
    }


# --- the page ----------------------------------------------------------------------------------------------------------


def _page(kommuner: Sequence[Kommune], together: Summary, today: date) -> bytes:
    style, script = _text(_STYLE) + _text(_TEMPLATES / "oversikt.css"), _text(_TEMPLATES / "oversikt.js")
    return _template().render(
        today=today, kommuner=[_row(k) for k in kommuner], together=together, sentence=words.sentence(together),
        doubts=words.doubts(together, len(kommuner)), statuses=STATUSES, causes=_bars(together.causes),
        lags=_bars(together.lags), outcomes=together.outcomes, text=words.text, labels=labels, trend_days=TREND_DAYS,
        style=Markup(style), script=Markup(script), policy=policy(style, script)).encode()


def _row(kommune: Kommune) -> dict[str, Any]:
    figures = kommune.figures
    ends = figures and figures.end_dates
    ended = words.NOT_ASSESSABLE if _is_unassessable(kommune) else words.UNKNOWN
    return {
        "shown": kommune.shown, "status": STATUSES[kommune.status], "order": list(STATUSES).index(kommune.status),
        "level": "good" if kommune.status == "fresh" else "bad" if kommune.status in (*UNREADABLE, "failed") else "doubt",
        "systems": [_system(kommune, system) for system in ("hrm", "vfs")], "run": kommune.run,
        "run_text": _run(kommune),
        "people": words.text(kommune.people), "people_order": _order(kommune.people),
        "has_people": bool(kommune.people and kommune.people.at_least),
        "cases": words.text(figures and figures.open_cases), "cases_order": _order(figures and figures.open_cases),
        # What is hidden is drawn as it is counted: as 1.
        "spark": charts.spark([(day, 1 if n is None else n) for day, n in figures.trend]) if figures else None,
        "notes": " ".join(kommune.notes),
        "ends": [(words.text(ends[o].total), _order(ends[o].total)) if ends else (ended, _LAST) for o in OUTCOMES],
    }


def _order(figure: Figure | None) -> str:
    """By what a count is sorted; what is not known counts as the most, for it is to be looked at first."""
    return f"{figure.at_least:06d}" if figure else _LAST


def _bars(sums: Sequence[Sum]) -> list[dict[str, Any]]:
    return [{**bar, "text": words.text(s.figure), "kommuner": s.kommuner}
            for bar, s in zip(charts.bars([(s.label, s.figure.at_least) for s in sums]), sums, strict=True)]


@cache
def _template() -> jinja2.Template:
    return environment(_TEMPLATES, _STYLE.parent).get_template("oversikt.html")  # the report's macros draw the bars


def _text(file: Path) -> str:
    return file.read_text(encoding="utf-8")
