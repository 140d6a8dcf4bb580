"""The auditor's pack: what could not be assessed or trusted is never a zero, and months."""

import csv
import io
from datetime import date
from pathlib import Path

import duckdb
import pytest

from publish.evidence import month_of, remove_packs
from publish.evidence.contents import Contents, read_counts
from publish.evidence.written import write_files
from publish.labels import FINDING_TYPES

ONE, TWO = date(2025, 3, 1), date(2025, 3, 2)
KIND, OTHER = "inactive_with_access", "stale_position"
COUNT = {"open": 3, "excepted": 0, "opened": 1, "resolved": 0}


def contents(**changed: object) -> Contents:
    """A pack of two days, on the second of which HRM's newest extract is withheld and accesses are not delivered."""
    freshness = [{"evaluation_date": day, "system": system, "current_extract_date": ONE, "age_days": (day - ONE).days,
                  "status": "withheld" if (day, system) == (TWO, "hrm") else "fresh", "withheld_extracts": 0}
                 for day in (ONE, TWO) for system in ("hrm", "vfs")]
    counts = {(day, t): None if (day, t) == (TWO, KIND) else COUNT for day in (ONE, TWO) for t in FINDING_TYPES}
    return Contents(**{"first": ONE, "last": TWO, "first_evaluated": ONE, "max_extract_age_days": 3, "systems": ("hrm", "vfs"),
                       "freshness": freshness, "deliveries": [], "counts": counts, "decisions": [], "cases": [], **changed})


def test_a_type_that_could_not_be_assessed_on_a_day_has_no_count_there() -> None:
    """contract#not-assessable"""
    with duckdb.connect() as con:
        con.execute("CREATE SCHEMA published; CREATE SCHEMA intermediate")
        con.execute("CREATE TABLE intermediate.int_not_assessable AS "
                    "SELECT 'inactive_with_access' AS name, DATE '2025-03-02' AS from_day, DATE '2025-03-03' AS to_day")
        con.execute("CREATE TABLE published.finding_daily_counts AS SELECT unnest([DATE '2025-03-01', '2025-03-02']) AS "
                    "evaluation_date, 'inactive_with_access' AS finding_type, 2 AS open_count, 1 AS excepted_count, "
                    "0 AS opened_count, 0 AS resolved_count")
        counts = read_counts(con, ONE, TWO)
    assert counts[ONE, KIND] == {"open": 2, "excepted": 1, "opened": 0, "resolved": 0}
    assert counts[TWO, KIND] is None
    assert counts[TWO, OTHER] == {"open": 0, "excepted": 0, "opened": 0, "resolved": 0}


def test_page_and_file_say_what_could_not_be_assessed_and_which_days_may_lack_somebody() -> None:
    """contract#command-evidence"""
    files = write_files(contents(), "Oppdikta kommune")
    lines = list(csv.DictReader(io.StringIO(files["saker_per_dag.csv"].decode("utf-8-sig")), delimiter=";"))
    shown = {(line["Dag"], line["Type"]): (line["Åpne"], line["Kan mangle noen"]) for line in lines}
    assert shown["01.03.2025", FINDING_TYPES[KIND]] == ("3", "")
    assert shown["02.03.2025", FINDING_TYPES[KIND]] == ("kan ikke vurderes", "ja")
    assert shown["02.03.2025", FINDING_TYPES[OTHER]] == ("3", "ja")
    page = files["revisjon.html"].decode()
    assert "Dokumentasjon for revisor: Oppdikta kommune" in page
    assert "1 av 2 dager var uttrekket fra HRM eller VFS ikke ferskt" in page and "kunne ikke vurderes 1 av 2 dager" in page
    assert "kan mangle noen, se kildene over" in page
    assert "Ingen kjente saker ble åpnet eller løst disse dagene. Noen kan mangle" in page
    assert "Det som ble funnet da, er talt som nytt" in page
    assert "revisor:" not in write_files(contents(), "")["revisjon.html"].decode()


def test_what_people_wrote_is_text_and_neither_markup_nor_a_formula() -> None:
    from publish.evidence.contents import Decision

    files = write_files(contents(decisions=[Decision(ONE, "Unntak", "x", "@rektor", "<b>=1+1</b>")]), "")
    assert "&lt;b&gt;=1+1" in files["revisjon.html"].decode() and "'@rektor" in files["beslutninger.csv"].decode()


@pytest.mark.parametrize(("text", "first", "last"), [
    ("2024-02", date(2024, 2, 1), date(2024, 2, 29)), ("2025-12", date(2025, 12, 1), date(2025, 12, 31))])
def test_a_month_has_a_first_and_a_last_day(text: str, first: date, last: date) -> None:
    assert month_of(text) == (first, last)


@pytest.mark.parametrize("text", ["2025-13", "2025-1", "2025-03-01", ""])
def test_what_is_no_month_is_an_error(text: str) -> None:
    with pytest.raises(ValueError, match="expected a month"):
        month_of(text)


def test_packs_of_months_that_ended_before_a_day_are_removed_and_nothing_else(tmp_path: Path) -> None:
    for name in ("2025-01", "2025-02", "2025-02 kopi", "2025-03"):
        (tmp_path / name).mkdir()
    assert remove_packs(tmp_path, date(2025, 3, 31)) == 2
    assert {f.name for f in tmp_path.iterdir()} == {"2025-02 kopi", "2025-03"}
    assert remove_packs(tmp_path / "none", date(2025, 3, 1)) == 0
