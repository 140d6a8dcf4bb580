"""Worklists: an Excel workbook for the sysadmin and one for each school, and the same lists as CSV, made from the mart `cases`.

    worklists/arbeidsliste.xlsx, arbeidsliste.csv
    worklists/skoler/<org_number>.xlsx, <org_number>.csv

Each finding type has a sheet. The last columns are for decisions: `sluttdato import-exceptions` reads a CSV in which they are
filled in. Belongs here: what the files look like. Does not belong here: what is a case, or what to do about it (SQL).
"""

import csv
import hashlib
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

import xlsxwriter

from ingest.sql import Row
from publish import labels, trust
from publish.deliveries import not_assessable
from publish.labels import norwegian
from publish.parallel import in_background

_LONGEST_CELL = 32_000  # Excel's limit is 32,767 characters


@dataclass(frozen=True)
class _Column:
    heading: str
    width: int
    value: Callable[[Row], Any]
    wrapped: bool = False


_COLUMNS = (
    _Column("Sak", 10, lambda c: c["case_number"]),
    _Column("Navn", 24, labels.full_name),
    _Column("Ansattnummer", 13, lambda c: c["employee_number"]),
    _Column("Person i VFS", 12, lambda c: c["person_id"]),
    _Column("Enhet", 24, lambda c: c["org_name"] or c["org_number"]),
    _Column("Rolle eller tilgang", 18, lambda c: c["role"] or c["access_groups"]),
    _Column("Siden", 11, lambda c: c["problem_since"]),
    _Column("Kan være eldre", 9, lambda c: "ja" if c["is_age_lower_bound"] else None),
    _Column("Dager", 7, lambda c: c["age_days"]),
    _Column("Kan logge inn", 9, lambda c: {True: "ja", False: "nei", None: None}[c["can_log_in"]]),
    _Column("Tilsatt fra", 11, lambda c: c["start_date"]),
    _Column("Tilsatt til (VFS)", 11, lambda c: c["vfs_end_date"]),
    _Column("Sluttdato (HRM)", 11, lambda c: c["hrm_end_date"] or c["last_held_on"]),
    _Column("Foreslått dato", 11, lambda c: c["suggested_end_date"]),
    _Column("Hvorfor", 46, lambda c: c["why"], wrapped=True),
    _Column("Gjør dette", 60, lambda c: c["remedy"], wrapped=True),
    _Column("Status", 9, lambda c: labels.FINDING_STATUSES[c["status"]]),
    _Column("Unntatt til", 11, lambda c: c["excepted_until"]),
    _Column("Unntak til", 11, lambda c: None),
    _Column("Begrunnelse", 24, lambda c: None),
    _Column("Besluttet av", 16, lambda c: None),
)
_TYPE = _Column("Type", 30, lambda c: labels.FINDING_TYPES[c["finding_type"]])


@contextmanager
def writing(folder: Path, cases: list[Row], roster: list[Row], freshness: list[Row], as_of: date) -> Iterator[None]:
    """Write all worklists into the new folder `folder` while the block runs; they are complete when it ends.

    `cases` and `roster` are the marts of those names, `freshness` is what `deliveries.freshness` returns.
    """
    folder.mkdir()
    schools = folder / "skoler"
    schools.mkdir()
    lists = [(folder / "arbeidsliste", "Alle saker", cases, freshness, as_of, roster)]
    lists += [(schools / file_stem(org_number), school_cases[0]["org_name"] or org_number, school_cases, freshness, as_of, None)
              for org_number, school_cases in by_school(cases).items()]
    with in_background(_write, lists):
        yield


def _write(
    file: Path, title: str, cases: list[Row], freshness: list[Row], as_of: date, roster: list[Row] | None
) -> None:
    """Write one list as a workbook and as CSV. The sysadmin's list has the roster and a sheet for every type, also empty ones."""
    _workbook(file.with_suffix(".xlsx"), title, cases, freshness, as_of, roster)
    _csv(file.with_suffix(".csv"), cases)


def by_school(cases: list[Row]) -> dict[str, list[Row]]:
    """{org_number: its cases}, in order of numbers; cases without an org unit are left out."""
    schools: dict[str, list[Row]] = {}
    for case in cases:
        if case["org_number"]:
            schools.setdefault(case["org_number"], []).append(case)
    return dict(sorted(schools.items()))


def file_stem(org_number: str) -> str:
    """A file name for an org unit: its number where that is safe in a path, else a safe form of it with a hash."""
    safe = re.sub(r"[^0-9A-Za-z_-]", "_", org_number)[:40]
    return safe if safe == org_number else f"{safe}-{hashlib.sha256(org_number.encode()).hexdigest()[:6]}"


def _workbook(
    file: Path, title: str, cases: list[Row], freshness: list[Row], as_of: date, roster: list[Row] | None
) -> None:
    # All data is text: Excel must not turn it into formulas, links or numbers.
    book = xlsxwriter.Workbook(str(file), {
        "in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False})
    book.set_properties({"title": f"Sluttdato: {title}", "created": datetime(as_of.year, as_of.month, as_of.day)})
    formats = {
        "heading": book.add_format(
            {"bold": True, "bg_color": "#1f4e79", "font_color": "white", "text_wrap": True, "valign": "top"}),
        "text": book.add_format({"valign": "top"}), "wrapped": book.add_format({"valign": "top", "text_wrap": True}),
        "date": book.add_format({"valign": "top", "num_format": "dd.mm.yyyy"}),
        "title": book.add_format({"bold": True, "font_size": 16}), "good": book.add_format(),
        "doubt": book.add_format({"bold": True, "font_color": "#8a5a00"}),
        "bad": book.add_format({"bold": True, "font_color": "#a3161f"}),
    }
    unknown = set(not_assessable(freshness))
    by_type: dict[str, list[Row]] = {t: [] for t in labels.FINDING_TYPES}
    for case in cases:
        by_type[case["finding_type"]].append(case)
    shown = [t for t, of_type in by_type.items() if of_type or roster is not None]
    _overview(book, title, as_of, freshness, by_type, unknown, formats)
    for finding_type in shown:
        sheet = book.add_worksheet(labels.SHEETS[finding_type])
        _table(sheet, _COLUMNS, sorted(by_type[finding_type], key=_order), formats)
        if finding_type in unknown:
            sheet.write_string(len(by_type[finding_type]) + 2, 0, "Kan ikke vurderes: kilden leverer ikke det som trengs. "
                               "At listen er tom, betyr ikke at alt er i orden.")
        elif trust.is_in_doubt(freshness):
            sheet.write_string(len(by_type[finding_type]) + 2, 0, "Listen kan mangle noen: se arket Oversikt.", formats["bad"])
    if roster is not None:
        _table(book.add_worksheet("Kommuneadmin"), _ROSTER, roster, formats)
    book.close()


_ROSTER = (
    _Column("Person i VFS", 12, lambda r: r["person_id"]),
    _Column("Navn", 28, labels.full_name),
    _Column("Ansattnummer", 13, lambda r: r["employee_number"]),
    _Column("Tilgangsgruppe", 16, lambda r: r["access_group"]),
    _Column("Enhet", 14, lambda r: r["org_number"]),
    _Column("HRM", 18, lambda r: labels.HRM_STATUSES[r["hrm_status"]]),
    _Column("Aktiv stilling i VFS", 10, lambda r: "ja" if r["has_active_position"] else "nei"),
    _Column("Hvorfor se på", 34, lambda r: labels.REVIEW_REASONS.get(r["review_reason"])),
    _Column("Bekreftet til", 12, lambda r: r["confirmed_until"]),
    _Column("Bekreftet av", 18, lambda r: r["confirmed_by"]),
)


def _order(case: Row) -> tuple:
    return case["status"], case["problem_since"], case["case_number"]


def _overview(
    book: xlsxwriter.Workbook, title: str, as_of: date, freshness: list[Row], by_type: dict[str, list[Row]], unknown: set[str],
    formats: dict[str, Any],
) -> None:
    in_doubt = trust.is_in_doubt(freshness)
    sheet = book.add_worksheet("Oversikt")
    sheet.set_column(0, 0, 40)
    sheet.set_column(1, 2, 14)
    sheet.set_column(3, 3, 90)
    sheet.write_string(0, 0, title, formats["title"])
    sheet.write_string(1, 0, f"Per {norwegian(as_of)}")
    line = 3
    for shown in trust.lines(freshness):
        sheet.write_string(line, 0, shown.whole, formats[shown.level])
        line += 1
    line += 1
    for column, heading in enumerate(("Type", "Åpne", "Unntatt", "Hva det betyr")):
        sheet.write_string(line, column, heading, formats["heading"])
    for finding_type, of_type in by_type.items():
        line += 1
        sheet.write_string(line, 0, labels.FINDING_TYPES[finding_type])
        excepted = sum(c["status"] == "excepted" for c in of_type)
        if finding_type in unknown and not of_type:
            sheet.write_string(line, 1, "kan ikke vurderes")
        else:
            if in_doubt and len(of_type) == excepted:
                sheet.write_string(line, 1, "ingen kjente", formats["bad"])
            else:
                sheet.write_number(line, 1, len(of_type) - excepted)
            sheet.write_number(line, 2, excepted)
        sheet.write_string(line, 3, labels.MEANINGS[finding_type])


def _table(sheet: Any, columns: tuple[_Column, ...], rows: list[Row], formats: dict[str, Any]) -> None:
    for number, column in enumerate(columns):
        sheet.set_column(number, number, column.width)
        sheet.write_string(0, number, column.heading, formats["heading"])
        for line, row in enumerate(rows, start=1):
            value = column.value(row)
            if isinstance(value, date):
                sheet.write_datetime(line, number, value, formats["date"])
            elif isinstance(value, int):
                sheet.write_number(line, number, value, formats["text"])
            elif value is not None:
                sheet.write_string(line, number, str(value)[:_LONGEST_CELL], formats["wrapped" if column.wrapped else "text"])
    sheet.freeze_panes(1, 2)
    sheet.autofilter(0, 0, max(1, len(rows)), len(columns) - 1)
    sheet.set_landscape()
    sheet.set_paper(9)
    sheet.fit_to_pages(1, 0)
    sheet.repeat_rows(0)


def _csv(file: Path, cases: list[Row]) -> None:
    """Write a CSV that a Norwegian Excel reads: semicolons, UTF-8 with BOM, dates as dd.mm.yyyy."""
    columns = (_COLUMNS[0], _TYPE, *_COLUMNS[1:])
    with file.open("w", newline="", encoding="utf-8-sig") as handle:
        writer = csv.writer(handle, delimiter=";")
        writer.writerow([c.heading for c in columns])
        for case in sorted(cases, key=lambda c: (list(labels.FINDING_TYPES).index(c["finding_type"]), _order(c))):
            writer.writerow([_cell(c.value(case)) for c in columns])


def _cell(value: Any) -> str:
    """The text of a cell. One that would start a formula in Excel gets a leading quote."""
    if value is None:
        return ""
    text = norwegian(value) if isinstance(value, date) else str(value)
    return f"'{text}" if text[:1] in ("=", "+", "-", "@", "\t", "\r") else text
