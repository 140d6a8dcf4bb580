"""The report: static pages in bokmål that work from a file share, made from the marts and swapped together with them.

    report/index.html                    what to do today, what changed since yesterday, how it stands and goes
    report/saker.html                    every case, to search, sort and filter, each with its history
    report/finn.html                     everybody in both systems, to search
    report/svar.html                     what became of worklists that were filled in
    report/kommuneadmin.html             the kommuneadmin roster, to print and sign
    report/ordbok.html                   what each mart and column means, for those who make their own reports
    report/skoler/<folder>/index.html    the cases of one school, without a way to others' (`publish.schools`)

    overview                    the values of the first page
    stories                     why a case is one, and what both systems said and when
    charts                      coordinates of the charts

Belongs here: what the pages show and how (`templates/`, `overview`, `charts`). Does not belong here: what is a case (SQL), the
words for codes (`labels`), what is read (`publish.lists`), the history of a case (`explain`).
"""

import base64
import gzip
import json
from functools import cache
from pathlib import Path
from typing import Any

import duckdb
import jinja2
from markupsafe import Markup

from ingest.sql import Row
from publish import dictionary, labels, people, trust
from publish.lists import Lists
from publish.pages import environment, policy
from publish.report.overview import overview
from publish.report.stories import stories
from publish.schools import School
from publish.worklists import FILE

_HERE = Path(__file__).parent / "templates"
# So many cases keep a page below 2 MB and quick. A page with more cases says so and points to the schools' pages.
MOST_ROWS = 1500
# So many people can be searched in a page of that size.
MOST_PEOPLE = 20_000
# So many of the roster's last rows stay on one sheet of paper with the signature.
_ROWS_WITH_SIGNATURE = 3


def write(con: duckdb.DuckDBPyConnection, folder: Path, lists: Lists) -> None:
    """Write all pages into `folder`, in which each school has its folder already. `con` is the warehouse."""
    told = stories(con, lists.cases)
    common = {"as_of": lists.as_of, "kommune": lists.kommune, "trust": lists.trust, "group_lost": trust.GROUP_LOST,
              "is_in_doubt": lists.is_in_doubt, "unknown": lists.unknown, "labels": labels}
    _page(folder / "index.html", "index.html", {**common, **overview(con, lists)})
    _page(folder / "finn.html", "people.html", {**common, **_people(people.read_people(con))})
    _page(folder / "saker.html", "all_cases.html", {
        **common, **_listed(lists.cases, lists.resolved, told), "summary": lists.summary, "worklist": f"../worklists/{FILE}"})
    signed = max(0, len(lists.roster) - _ROWS_WITH_SIGNATURE)
    _page(folder / "svar.html", "answers.html", {**common, "files": _answered(lists.answers)})
    _page(folder / "kommuneadmin.html", "kommuneadmin.html", {
        **common, "rows": lists.roster[:signed], "last_rows": lists.roster[signed:]})
    _page(folder / "ordbok.html", "dictionary.html", {
        **common, "marts": dictionary.read(), "codes": list(dictionary.code_labels())})
    for school in lists.schools:
        _page(folder / "skoler" / school.folder / "index.html", "school.html", {**common, **_of_school(school, lists, told)})


def _of_school(school: School, lists: Lists, told: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """The template values of a school's page."""
    return {**_listed(school.all_cases, school.resolved, told), "name": school.name, "worklist": FILE,
            "summary": school.summary(in_doubt=lists.is_in_doubt)}


def _people(everybody: list[Row]) -> dict[str, Any]:
    """The template values of the page on which anybody can be found."""
    if len(everybody) > MOST_PEOPLE:
        return {"people_count": len(everybody), "too_many": True, "people": ""}
    return {"people_count": len(everybody), "too_many": False, "people": packed([{
        "name": people.name(p), "ids": people.ids(p), "access": people.access(p), "place": people.place(p),
        "bad": bool(p["can_get_in"] and p["hrm_status"] in ("inactive", "unknown")),
        "cases": (p["case_numbers"] or "").split(", ") if p["case_numbers"] else []} for p in everybody])}


def _answered(answers: list[Row]) -> list[dict[str, Any]]:
    """The answers of each file, in their order."""
    files: dict[tuple[Any, str], list[Row]] = {}
    for answer in answers:
        files.setdefault((answer["taken_in_on"], answer["file"]), []).append(answer)
    return [{"day": day, "name": name, "answers": of_file} for (day, name), of_file in files.items()]


@cache
def _templates() -> jinja2.Environment:
    style, script = _text("report.css"), _text("report.js")
    made = environment(_HERE)
    made.globals.update(style=Markup(style), script=Markup(script), policy=policy(style, script))
    return made


def _text(name: str) -> str:
    return (_HERE / name).read_text(encoding="utf-8")


def _page(file: Path, template: str, values: dict[str, Any]) -> None:
    file.write_text(_templates().get_template(template).render(values), encoding="utf-8")


def _listed(cases: list[Row], resolved: list[Row], told: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """The template values of a page with a list of cases. What is told of each is compressed: the texts repeat a lot."""
    shown, over = cases[:MOST_ROWS], resolved[:max(0, MOST_ROWS - len(cases))]
    everything = [*shown, *over]
    return {
        "cases": shown, "more": len(cases) - len(shown), "resolved": over, "more_resolved": len(resolved) - len(over),
        "details": packed({c["case_number"]: told[c["case_number"]] for c in shown}),
        "types": [t for t in labels.FINDING_TYPES if any(c["finding_type"] == t for c in everything)],
        "units": sorted({(c["org_name"], c["org_number"]) for c in everything if c["org_number"]}),
    }


def packed(data: Any) -> str:
    """Data for a page's script: JSON, compressed, in base64."""
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"), default=str)
    return base64.b64encode(gzip.compress(text.encode(), mtime=0)).decode()
