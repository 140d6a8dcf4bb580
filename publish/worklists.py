"""Worklists: an Excel workbook for the sysadmin and one for each school, and the same lists as CSV, made from `lists`.

    worklists/arbeidsliste.xlsx, arbeidsliste.csv
    report/skoler/<folder>/arbeidsliste.xlsx, arbeidsliste.csv

Each finding type has a sheet. What stands first on a sheet is what its print shows; then come the columns to fill in, which the
next run takes in when the file is dropped into the inbox; then the facts. Belongs here: what the files look like. Does not belong
here: what is a case, or what to do about it (SQL).
"""

import textwrap
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any, Literal

import xlsxwriter

from ingest.filled_in import columns
from ingest.sql import Row
from publish import labels, trust
from publish.cases import by_person
from publish.csv_files import csv_bytes
from publish.deliveries import not_assessable
from publish.labels import norwegian
from publish.lists import Lists
from publish.parallel import in_background
from publish.schools import School

_LONGEST_CELL = 32_000  # Excel's limit is 32,767 characters
_LINE, _HIGHEST_ROW = 15, 405  # points; Excel's limit is 409
FILE = "arbeidsliste"


@dataclass(frozen=True)
class _Column:
    """`fill_in`: what somebody may write there."""

    heading: str
    width: int
    value: Callable[[Row], Any] = lambda _: None
    wrapped: bool = False
    fill_in: Literal["status", "date", "text"] | None = None

    def heading_on(self, as_of: date) -> str:
        """The heading in a list of a day."""
        return columns.status_heading(as_of) if self.fill_in == "status" else self.heading


# What a print shows, then what is filled in, then the facts behind it.
_PRINTED = (
    _Column(columns.CASE, 13, lambda c: c["case_number"]),
    _Column("Navn", 22, labels.full_name),
    _Column("Ansattnummer", 13, lambda c: c["employee_number"]),
    _Column("Enhet", 20, lambda c: c["org_name"], wrapped=True),
    _Column("Rolle eller tilgang", 16, lambda c: c["role"] or c["access_groups"], wrapped=True),
    _Column("Siden", 11, lambda c: c["problem_since"]),
    _Column("Dato å fylle inn", 11, lambda c: c["date_to_set"]),
    _Column("Gjør dette", 58, lambda c: c["remedy"], wrapped=True),
)
_FILLED_IN = (
    _Column(columns.STATUS, 13, lambda c: labels.HANDLING.get(c["handling_status"]), fill_in="status"),
    _Column(columns.HANDLED_BY, 16, lambda c: c["handled_by"], fill_in="text"),
    _Column(columns.COMMENT, 24, lambda c: c["handling_comment"], wrapped=True, fill_in="text"),
    _Column(f"{columns.UNTIL} (fyll inn)", 12, fill_in="date"),
    _Column(columns.REASON, 24, wrapped=True, fill_in="text"),
    _Column(columns.DECIDED_BY, 16, fill_in="text"),
)
_FACTS = (
    _Column("Saken er", 9, lambda c: labels.FINDING_STATUSES[c["status"]]),
    _Column("Merknad", 26, labels.remark, wrapped=True),
    _Column("Unntatt til (gjelder nå)", 12, lambda c: c["excepted_until"]),
    _Column("Unntatt av", 16, lambda c: c["excepted_by"]),
    _Column("Flere saker for personen", 26, lambda c: c["other_cases"], wrapped=True),
    _Column("Profil i VFS", 12, lambda c: c["person_id"]),
    _Column("Kan være eldre", 9, lambda c: "ja" if c["is_age_lower_bound"] else None),
    _Column("Dager", 7, lambda c: c["age_days"]),
    _Column("Kan logge inn", 9, lambda c: labels.YES_NO[c["can_log_in"]]),
    _Column("Tilsatt fra", 11, lambda c: c["start_date"]),
    _Column("Tilsatt til (VFS)", 11, lambda c: c["vfs_end_date"]),
    _Column("Sluttdato (HRM)", 11, lambda c: c["hrm_end_date"] or c["last_held_on"]),
    _Column("Hvorfor", 46, lambda c: c["why"], wrapped=True),
)
_COLUMNS = _PRINTED + _FILLED_IN + _FACTS
_TYPE = _Column("Type", 30, lambda c: labels.FINDING_TYPES[c["finding_type"]])
_ROSTER = (
    _Column(columns.PERSON, 12, lambda r: r["person_id"]),
    _Column("Navn", 26, labels.full_name),
    _Column("Ansattnummer", 13, lambda r: r["employee_number"]),
    _Column("Tilgangsgruppe", 16, lambda r: r["access_group"]),
    _Column("Enhet", 20, lambda r: r["org_name"], wrapped=True),
    _Column("Status i HRM", 12, lambda r: labels.HRM_STATUSES[r["hrm_status"]]),
    _Column("Aktiv stilling i VFS", 10, lambda r: "ja" if r["has_active_position"] else "nei"),
    _Column("Grunn til gjennomgang", 30, lambda r: labels.REVIEW_REASONS.get(r["review_reason"]), wrapped=True),
    _Column("Bekreftet nå til", 12, lambda r: r["confirmed_until"]),
    _Column("Bekreftet nå av", 18, lambda r: r["confirmed_by"]),
    _Column(f"{columns.CONFIRM_UNTIL} (fyll inn)", 13, fill_in="date"),
    _Column(columns.CONFIRMED_BY, 18, fill_in="text"),
)
_RESOLVED = (
    _Column("Sak", 13, lambda c: c["case_number"]),
    _Column("Navn", 26, labels.full_name),
    _Column("Ansattnummer", 13, lambda c: c["employee_number"]),
    _Column("Enhet", 24, lambda c: c["org_name"]),
    _Column("Type", 34, lambda c: labels.FINDING_TYPES[c["finding_type"]]),
    _Column("Løst", 11, lambda c: c["resolved_on"]),
    _Column("Siden", 11, lambda c: c["problem_since"]),
    _Column("Dager", 7, lambda c: c["days_to_resolve"]),
    _Column("Merknad", 30, labels.resolved_remark),
)


_HOW_TO_FILL_IN = (
    "Fyll inn de gule kolonnene, lagre, og legg filen i innboksen for beslutninger (be den som drifter Sluttdato, vise deg "
    "mappen). Svaret ligger i mappen «taken_in» etter neste kjøring, og i rapporten. Det som er meldt gjort, kontrolleres mot "
    "neste uttrekk fra VFS.")
_SHEET_NOTES = {
    "unknown": "Kan ikke vurderes: Kilden leverer ikke det som trengs. At listen er tom, betyr ikke at alt er i orden.",
    "in_doubt": "Listen kan mangle noen: se arket Oversikt."}
_STATUSES = [*columns.STATUS_WORDS.values(), columns.NO_STATUS]


@dataclass(frozen=True)
class _List:
    """One worklist. `roster`: the kommuneadmin roster, only for the sysadmin, whose list has a sheet for every type, also empty
    ones."""

    file: Path
    title: str
    summary: list[str]
    cases: list[Row]
    resolved: list[Row]
    roster: list[Row] | None
    kommune: str
    freshness: list[Row]
    as_of: date


@contextmanager
def writing(folder: Path, of_schools: Path, lists: Lists) -> Iterator[None]:
    """Write the sysadmin's list into the new folder `folder`, and each school's into its own below `of_schools`, which are there,
    while the block runs; all are complete when it ends."""
    folder.mkdir()
    own = _List(folder / FILE, "Alle saker", [lists.headline.sentence(in_doubt=lists.is_in_doubt), lists.summary], lists.cases,
                lists.resolved, lists.roster, lists.kommune, lists.freshness, lists.as_of)
    with in_background(_write, [(own,), *((_of_school(s, of_schools, lists),) for s in lists.schools)]):
        yield


def _of_school(school: School, folder: Path, lists: Lists) -> _List:
    return _List(folder / school.folder / FILE, school.name, [school.summary(in_doubt=lists.is_in_doubt)], school.all_cases,
                 school.resolved, None, lists.kommune, lists.freshness, lists.as_of)


def _write(worklist: _List) -> None:
    """Write one list as a workbook and as CSV."""
    of_person = by_person(c for c in worklist.cases if c["status"] == "open")
    cases = [{**c, "other_cases": ", ".join(o["case_number"] for o in of_person.get(c["person_id"], ()) if o is not c)}
             for c in worklist.cases]
    _workbook(worklist, cases)
    _csv(worklist.file.with_suffix(".csv"), cases, worklist.as_of)


def _workbook(worklist: _List, cases: list[Row]) -> None:
    # All data is text: Excel must not turn it into formulas, links or numbers.
    book = xlsxwriter.Workbook(str(worklist.file.with_suffix(".xlsx")), {
        "in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False})
    day = worklist.as_of
    book.set_properties({"title": f"Sluttdato: {worklist.title}", "created": datetime(day.year, day.month, day.day)})
    formats = _formats(book)
    unknown = set(not_assessable(worklist.freshness))
    by_type: dict[str, list[Row]] = {t: [] for t in labels.FINDING_TYPES}
    for case in cases:
        by_type[case["finding_type"]].append(case)
    _overview(book, worklist, by_type, unknown, formats)
    for finding_type, of_type in by_type.items():
        if not of_type and worklist.roster is None:
            continue
        sheet = book.add_worksheet(labels.SHEETS[finding_type])
        _table(sheet, _COLUMNS, of_type, formats, worklist, printed=len(_PRINTED))
        if finding_type in unknown:
            sheet.write_string(len(of_type) + 2, 0, _SHEET_NOTES["unknown"])
        elif trust.is_in_doubt(worklist.freshness):
            sheet.write_string(len(of_type) + 2, 0, _SHEET_NOTES["in_doubt"], formats["bad"])
    if worklist.roster is not None:
        _table(book.add_worksheet("Kommuneadmin"), _ROSTER, worklist.roster, formats, worklist)
    if worklist.resolved:
        _table(book.add_worksheet("Løst siste 90 dager"), _RESOLVED, worklist.resolved, formats, worklist)
    book.close()


def _formats(book: xlsxwriter.Workbook) -> dict[str, Any]:
    def cell(**more: Any) -> Any:
        return book.add_format({"valign": "top", **more})

    heading = {"bold": True, "font_color": "white", "text_wrap": True, "valign": "top"}
    kinds = {"text": {}, "wrapped": {"text_wrap": True}, "date": {"num_format": "dd.mm.yyyy", "align": "left"}}
    return {
        "heading": book.add_format({**heading, "bg_color": "#1f4e79"}),
        "heading_number": book.add_format({**heading, "bg_color": "#1f4e79", "align": "right"}),
        "heading_to_fill_in": book.add_format({**heading, "bg_color": "#7a4a00"}),
        **{name: cell(**kind) for name, kind in kinds.items()},
        **{f"{name}_excepted": cell(**kind, font_color="#6b7280") for name, kind in kinds.items()},
        **{f"{name}_to_fill_in": cell(**kind, bg_color="#fff8e6", border=1, border_color="#d9c48f")
           for name, kind in kinds.items()},
        "title": book.add_format({"bold": True, "font_size": 16}), "good": book.add_format({"text_wrap": True}),
        "beside": cell(text_wrap=True, align="left", indent=2), "strong": book.add_format({"bold": True, "text_wrap": True}),
        "doubt": book.add_format({"bold": True, "font_color": "#8a5a00", "text_wrap": True}),
        "bad": book.add_format({"bold": True, "font_color": "#a3161f", "text_wrap": True}),
    }


def _overview(
    book: xlsxwriter.Workbook, worklist: _List, by_type: dict[str, list[Row]], unknown: set[str], formats: dict[str, Any]
) -> None:
    in_doubt = trust.is_in_doubt(worklist.freshness)
    sheet = book.add_worksheet("Oversikt")
    sheet.set_column(0, 0, 40)
    sheet.set_column(1, 2, 14)
    sheet.set_column(3, 3, 70)
    sheet.write_string(0, 0, worklist.title, formats["title"])
    sheet.write_string(1, 0, " – ".join(filter(None, [worklist.kommune, f"per {norwegian(worklist.as_of)}"])))
    line = 3
    for text in worklist.summary:
        sheet.merge_range(line, 0, line, 3, text, formats["strong"])
        line += 1
    for shown in trust.lines(worklist.freshness):
        sheet.merge_range(line, 0, line, 3, shown.whole, formats[shown.level])
        sheet.set_row(line, 15 * (1 + len(shown.whole) // 120))
        line += 1
    line += 1
    for column, heading in enumerate(("Type", "Åpne", "Unntatt", "  Hva det betyr")):
        sheet.write_string(line, column, heading, formats["heading_number" if column in (1, 2) else "heading"])
    for finding_type, of_type in by_type.items():
        line += 1
        sheet.write_string(line, 0, labels.FINDING_TYPES[finding_type], formats["text"])
        excepted = sum(c["status"] == "excepted" for c in of_type)
        if finding_type in unknown and not of_type:
            sheet.write_string(line, 1, "kan ikke vurderes", formats["doubt"])
        else:
            if in_doubt and len(of_type) == excepted:
                sheet.write_string(line, 1, "ingen kjente", formats["bad"])
            else:
                sheet.write_number(line, 1, len(of_type) - excepted, formats["text"])
            sheet.write_number(line, 2, excepted, formats["text"])
        sheet.write_string(line, 3, labels.MEANINGS[finding_type], formats["beside"])
        sheet.set_row(line, _height([(labels.MEANINGS[finding_type], 68)]))
    line += 1
    cases = [c for of_type in by_type.values() for c in of_type]
    excepted = sum(c["status"] == "excepted" for c in cases)
    sheet.write_string(line, 0, "Sum", formats["strong"])
    sheet.write_number(line, 1, len(cases) - excepted, formats["strong"])
    sheet.write_number(line, 2, excepted, formats["strong"])
    sheet.merge_range(line + 2, 0, line + 2, 3, _HOW_TO_FILL_IN, formats["good"])
    sheet.set_row(line + 2, 60)
    _to_print(sheet, worklist)


def _table(
    sheet: Any, listed: tuple[_Column, ...], rows: list[Row], formats: dict[str, Any], worklist: _List,
    printed: int | None = None,
) -> None:
    """A table with headings; its print has the first `printed` columns, or all."""
    last = max(1, len(rows))
    # Beside a heading is the button of its filter.
    sheet.set_row(0, _height((c.heading_on(worklist.as_of), c.width - 1) for c in listed))
    for line, row in enumerate(rows, start=1):
        sheet.set_row(line, _height((str(c.value(row) or ""), c.width) for c in listed if c.wrapped))
    for number, column in enumerate(listed):
        sheet.set_column(number, number, column.width)
        kind = "heading_to_fill_in" if column.fill_in else "heading"
        sheet.write_string(0, number, column.heading_on(worklist.as_of), formats[kind])
        if column.fill_in and rows:
            _check_what_is_filled_in(sheet, column, number, last, worklist.as_of)
        for line, row in enumerate(rows, start=1):
            value = column.value(row)
            kind = "to_fill_in" if column.fill_in else "excepted" if row.get("status") == "excepted" else None
            shape = "date" if isinstance(value, date) or column.fill_in == "date" else "wrapped" if column.wrapped else "text"
            shaped = formats[f"{shape}_{kind}" if kind else shape]
            if isinstance(value, date):
                sheet.write_datetime(line, number, value, shaped)
            elif isinstance(value, int):
                sheet.write_number(line, number, value, shaped)
            elif value is not None:
                sheet.write_string(line, number, str(value)[:_LONGEST_CELL], shaped)
            elif kind:
                sheet.write_blank(line, number, None, shaped)
    sheet.freeze_panes(1, 2)
    sheet.autofilter(0, 0, last, len(listed) - 1)
    if printed:
        sheet.print_area(0, 0, len(rows) + 2, printed - 1)
    sheet.repeat_rows(0)
    _to_print(sheet, worklist)


def _height(texts: Iterable[tuple[str, int]]) -> float:
    """The height of a row in which all of these texts show in columns of these widths; not every program finds it itself."""
    lines = max((len(textwrap.wrap(text[:_LONGEST_CELL], width)) for text, width in texts), default=1)
    return min(_HIGHEST_ROW, _LINE * max(1, lines))


def _check_what_is_filled_in(sheet: Any, column: _Column, number: int, last: int, as_of: date) -> None:
    """Drop-downs and date checks: what the sheet lets through is what is understood."""
    if column.fill_in == "status":
        sheet.data_validation(1, number, last, number, {
            "validate": "list", "source": _STATUSES, "error_title": "Status",
            "error_message": f"Velg en av disse: {', '.join(_STATUSES)}."})
    elif column.fill_in == "date":
        sheet.data_validation(1, number, last, number, {
            "validate": "date", "criteria": ">=", "value": datetime(as_of.year, as_of.month, as_of.day),
            "error_title": "Dato", "error_message": f"Skriv en dato som 31.12.{as_of.year}, fra og med i dag."})


def _to_print(sheet: Any, worklist: _List) -> None:
    """A4 landscape, as wide as the page, with kommune, list, date and page numbers on each page."""
    sheet.set_landscape()
    sheet.set_paper(9)
    sheet.set_margins(left=0.4, right=0.4, top=0.8, bottom=0.6)
    sheet.fit_to_pages(1, 0)
    names = " – ".join(filter(None, [worklist.kommune, worklist.title])).replace("&", "&&")
    sheet.set_header(f"&L{names[:150]}&C&A&Rper {norwegian(worklist.as_of)}")
    sheet.set_footer("&LInneholder personopplysninger&RSide &P av &N")


def _csv(file: Path, cases: list[Row], as_of: date) -> None:
    listed = (_COLUMNS[0], _TYPE, *_COLUMNS[1:])
    file.write_bytes(csv_bytes([c.heading_on(as_of) for c in listed], ([c.value(case) for c in listed] for case in cases)))
