"""Worklists: which list has a case, what it shows, and that a cell is text whatever the data is."""

import csv
from datetime import date
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from publish import labels, worklists
from publish.schools import School, file_stem
from tests.support.lists import DAY, Row, case, fresh, lists, resolved


def write(folder: Path, cases: list[Row], freshness: list[Row] | None = None, **changed: Any) -> Path:
    """Write all worklists of these cases; returns their folder, in which the schools' are in `skoler`."""
    made = lists(cases, freshness=freshness or fresh(), **changed)
    for school in made.schools:
        (folder / "worklists" / "skoler" / school.folder).mkdir(parents=True)
    (folder / "worklists").mkdir(exist_ok=True)
    with worklists.writing(folder / "worklists" / "all", folder / "worklists" / "skoler", made):
        pass
    return folder / "worklists"


def csv_rows(file: Path) -> list[dict[str, str]]:
    assert file.read_bytes().startswith(b"\xef\xbb\xbf")  # or Excel takes it for Windows-1252
    with file.open(newline="", encoding="utf-8-sig") as handle:
        return list(csv.DictReader(handle, delimiter=";"))


def sheet(file: Path, name: str) -> list[list[Any]]:
    return [[c.value for c in row] for row in openpyxl.load_workbook(file)[name].iter_rows()]


# --- which list ------------------------------------------------------------------------------------------------------


def test_a_case_is_on_the_list_of_its_school_and_one_without_a_school_only_on_the_sysadmins_list(tmp_path: Path) -> None:
    cases = [case("B", org_number="S2", org_name="S2"), case("A"), case("C", org_number=None, org_name="Uten enhet"), case("D")]
    folder = write(tmp_path, cases)
    assert {str(f.relative_to(folder)) for f in folder.rglob("*.*")} == {
        f"{place}/arbeidsliste.{kind}" for place in ("all", "skoler/S1", "skoler/S2") for kind in ("csv", "xlsx")}
    assert [[r["Sak"] for r in csv_rows(folder / place / "arbeidsliste.csv")] for place in ("all", "skoler/S1", "skoler/S2")] == [
        ["A", "D", "B", "C"], ["A", "D"], ["B"]]
    assert [r["Enhet"] for r in csv_rows(folder / "all/arbeidsliste.csv")] == ["Lia skole", "Lia skole", "S2", "Uten enhet"]
    assert [sheet(folder / f"skoler/{stem}/arbeidsliste.xlsx", "Oversikt")[0][0] for stem in ("S1", "S2")] == ["Lia skole", "S2"]


def test_a_schools_list_has_those_with_access_there_and_stays_when_the_last_case_is_solved(tmp_path: Path) -> None:
    guest = case("B", finding_type="inactive_with_access", org_number=None, org_name="Uten enhet", person_id="P2")
    schools = [School("S1", "Lia skole", cases=[case("A")], with_access=[guest]),
               School("S2", "Fossen skole", resolved=[resolved("C")])]
    folder = write(tmp_path, [case("A"), guest], schools=schools, resolved=[resolved("C")])
    assert [r["Sak"] for r in csv_rows(folder / "skoler/S1/arbeidsliste.csv")] == ["A", "B"]
    assert csv_rows(folder / "skoler/S2/arbeidsliste.csv") == []
    book = openpyxl.load_workbook(folder / "skoler/S2/arbeidsliste.xlsx")
    assert book.sheetnames == ["Oversikt", "Løst siste 90 dager"]
    assert [r[0] for r in sheet(folder / "skoler/S2/arbeidsliste.xlsx", "Oversikt")][3] == "Ingen saker."
    assert sheet(folder / "skoler/S2/arbeidsliste.xlsx", "Løst siste 90 dager")[1][0] == "C"


@pytest.mark.parametrize("org_number", ["974000001", "S-1_a"])
def test_an_org_number_that_is_safe_in_a_path_is_the_file_name(org_number: str) -> None:
    assert file_stem(org_number) == org_number


def test_any_other_org_number_has_a_safe_and_unique_file_name() -> None:
    odd = ["../x", "..", "a/b", "a_b", "a\\b", "a b", "Lia skole", "å", "x" * 40, "x" * 41, "x" * 42, "CON:", "a\n"]
    stems = [file_stem(o) for o in odd]
    assert len(set(stems)) == len(odd) and all(s.replace("-", "").replace("_", "").isalnum() and len(s) <= 47 for s in stems)


# --- cells -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", ["=1+1", "+47 12345678", "-", "@SUM(A1)", "\t=1", "\r=1", '=HYPERLINK("http://x.test","x")'])
def test_a_text_that_would_start_a_formula_is_text(tmp_path: Path, text: str) -> None:
    folder = write(tmp_path, [case("A", role=text, given_name=text)])
    row, = csv_rows(folder / "all/arbeidsliste.csv")
    assert row["Rolle eller tilgang"] == row["Navn"] == f"'{text}"
    cells = [c for s in openpyxl.load_workbook(folder / "all/arbeidsliste.xlsx") for r in s.iter_rows() for c in r]
    assert not any(c.data_type == "f" or c.hyperlink for c in cells)
    assert text.replace("\r", "") in {str(c.value).replace("\r", "").replace("_x000D_", "") for c in cells}


def test_ids_stay_text_and_other_cells_are_unchanged(tmp_path: Path) -> None:
    folder = write(tmp_path, [case("00012345", role="a=b;c\"d", date_to_set=DAY, can_log_in=False)])
    row, = csv_rows(folder / "all/arbeidsliste.csv")
    assert (row["Sak"], row["Ansattnummer"], row["Rolle eller tilgang"]) == ("00012345", "001", 'a=b;c"d')
    assert (row["Dato å fylle inn"], row["Kan logge inn"], row["Tilsatt fra"]) == ("10.03.2025", "nei", "")
    heading, values = sheet_of_one_type(folder)
    cells = dict(zip(heading, values, strict=True))
    assert (cells["Sak"], cells["Ansattnummer"], cells["Dager"]) == ("00012345", "001", 0)
    assert cells["Dato å fylle inn"].date() == DAY and cells["Tilsatt fra"] is None


def test_a_text_too_long_for_a_cell_is_cut_and_the_workbook_opens(tmp_path: Path) -> None:
    folder = write(tmp_path, [case("A", remedy="x" * 40_000)])
    longest = max(len(str(v)) for row in sheet_of_one_type(folder) for v in row)
    assert longest == 32_000


def sheet_of_one_type(folder: Path) -> list[list[Any]]:
    book = openpyxl.load_workbook(folder / "skoler/S1/arbeidsliste.xlsx")
    assert len(book.worksheets) == 2  # a school's workbook shows the types it has cases of
    return [[c.value for c in row] for row in book.worksheets[1].iter_rows()]


# --- what a list shows -----------------------------------------------------------------------------------------------


def test_what_to_take_first_stands_first_and_what_is_excepted_last(tmp_path: Path) -> None:
    """contract#priority"""
    cases = [case("E", priority=4), case("D", status="excepted", priority=1, excepted_until=DAY, excepted_by="Rektor"),
             case("C", priority=2, org_name="Å skole"), case("B", priority=2, org_name="Lia skole", family_name="B"),
             case("A", priority=2, org_name="Lia skole", family_name="A"),
             case("F", priority=1, org_number=None, org_name="Uten enhet")]
    folder = write(tmp_path, cases)
    assert [r["Sak"] for r in csv_rows(folder / "all/arbeidsliste.csv")] == ["F", "A", "B", "C", "E", "D"]
    last = csv_rows(folder / "all/arbeidsliste.csv")[-1]
    assert (last["Saken er"], last["Unntatt til (gjelder nå)"], last["Unntatt av"]) == ("unntatt", "10.03.2025", "Rektor")
    rows = openpyxl.load_workbook(folder / "all/arbeidsliste.xlsx")[labels.SHEETS["unknown_in_hrm"]]
    assert [rows.cell(n, 1).value for n in range(2, 8)] == ["F", "A", "B", "C", "E", "D"]
    assert [rows.cell(n, 8).font.color.rgb == "FF6B7280" for n in range(2, 8)] == [False] * 5 + [True]  # greyed


def test_one_visit_settles_all_of_a_persons_cases(tmp_path: Path) -> None:
    cases = [case("A"), case("B"), case("C", status="excepted"), case("D", person_id="P2")]
    listed = {r["Sak"]: r["Flere saker for personen"] for r in csv_rows(write(tmp_path, cases) / "all/arbeidsliste.csv")}
    assert listed == {"A": "B", "B": "A", "C": "A, B", "D": ""}


def test_what_can_be_filled_in_is_checked_by_the_sheet(tmp_path: Path) -> None:
    folder = write(tmp_path, [case("A", handling_status="waiting", handled_by="Test", handling_comment="ringt")])
    sheet_of_type = openpyxl.load_workbook(folder / "all/arbeidsliste.xlsx")[labels.SHEETS["unknown_in_hrm"]]
    heading = {c.value: c.column_letter for c in sheet_of_type[1]}
    checks = {str(v.sqref): (v.type, v.operator, v.formula1) for v in sheet_of_type.data_validations.dataValidation}
    assert checks[f"{heading['Status (per 10.03.2025)']}2"] == ("list", None, '"under arbeid,venter,gjort,åpen"')
    assert checks[f"{heading['Nytt unntak til (fyll inn)']}2"][:2] == ("date", "greaterThanOrEqual")
    row = {h: sheet_of_type[f"{letter}2"].value for h, letter in heading.items()}
    assert (row["Status (per 10.03.2025)"], row["Behandles av"], row["Kommentar"]) == ("venter", "Test", "ringt")


def test_each_sheet_prints_on_a4_with_the_steps_and_whose_list_it_is(tmp_path: Path) -> None:
    book = openpyxl.load_workbook(write(tmp_path, [case("A")]) / "all/arbeidsliste.xlsx")
    for one in book.worksheets:
        assert (one.page_setup.orientation, one.page_setup.paperSize) == ("landscape", 9)
        assert one.sheet_properties.pageSetUpPr.fitToPage
        assert one.oddHeader.left.text == "9999 Oppdikta kommune – Alle saker" and one.oddFooter.right.text == "Side &P av &N"
    listed = book[labels.SHEETS["unknown_in_hrm"]]
    last, = [c for c in listed[1] if c.value == "Gjør dette"]
    assert listed.print_area.endswith(f"!$A$1:${last.column_letter}$4")
    width = sum(listed.column_dimensions[c.column_letter].width for c in listed[1][:last.column])
    assert width < 175  # characters: A4 shows it at four fifths of its size


def overview(folder: Path) -> dict[str, list[Any]]:
    return {str(row[0]): list(row[1:3]) for row in sheet(folder / "all/arbeidsliste.xlsx", "Oversikt") if row[0]}


def test_the_overview_counts_open_and_excepted_cases_and_names_what_cannot_be_assessed(tmp_path: Path) -> None:
    unknown = fresh(not_assessable=["manual_position", "unknown_in_hrm"])
    folder = write(tmp_path, [case("A"), case("B", status="excepted"), case("C")], unknown)
    counts = overview(folder)
    assert counts["Ukjent i HRM"] == [2, 1]  # cases from before are counted
    assert counts["Manuelt registrert"] == ["kan ikke vurderes", None]
    assert counts["Sluttdato ikke overført"] == [0, 0] and counts["Sum"] == [2, 1]
    notes = {s.title: [r[0].value for r in s.iter_rows() if str(r[0].value).startswith("Kan ikke vurderes")]
             for s in openpyxl.load_workbook(folder / "all/arbeidsliste.xlsx").worksheets[1:]}
    assert {title for title, lines in notes.items() if lines} == {"Ukjent i HRM", "Manuelt registrert"}


def test_the_overview_shows_how_old_the_data_is(tmp_path: Path) -> None:
    late = fresh(current_extract_date=date(2025, 3, 5), age_days=5, status="stale", is_too_old=True)
    shown = overview(write(tmp_path, [], late))
    assert list(shown)[1:6] == [
        "9999 Oppdikta kommune – per 10.03.2025",
        "Det er ikke kjent at noen som har sluttet eller er ukjente i HRM, kommer inn i VFS.",
        "Ingen kjente åpne saker. Listen kan mangle noen.", "HRM: uttrekk fra i dag (10.03.2025).",
        "VFS: uttrekk fra 05.03.2025, 5 dager gammelt. Uttrekket er for gammelt. Listen kan mangle personer som har fått "
        "tilgang i VFS etter 05.03.2025, og vise saker som er ryddet siden da."]
    assert shown["Ukjent i HRM"] == ["ingen kjente", 0]
    other = tmp_path / "other"
    other.mkdir()
    assert any(line.startswith("VFS: har ikke levert") for line in overview(
        write(other, [], fresh(current_extract_date=None, status="missing"))))


def test_a_list_that_may_lack_somebody_says_so_on_its_sheet(tmp_path: Path) -> None:
    """contract#withheld-system"""
    folder = write(tmp_path, [case("A")], fresh(status="withheld", withheld_extracts=1))
    book = openpyxl.load_workbook(folder / "all/arbeidsliste.xlsx")
    told = {s.title for s in book.worksheets if any(str(r[0].value).startswith("Listen kan mangle noen") for r in s.iter_rows())}
    assert told == {*labels.SHEETS.values()}


def test_a_perfect_day_says_what_was_checked_and_a_doubtful_one_does_not(tmp_path: Path) -> None:
    assert "Ingen åpne saker. Kontrollert i dag: 40 personer, 41 stillinger, 1 tilgang mot HRM av 10.03.2025." in overview(
        write(tmp_path, []))
    (tmp_path / "other").mkdir()
    doubtful = overview(write(tmp_path / "other", [], fresh(status="stale", is_too_old=True)))
    assert not any(line.startswith("Ingen åpne saker") for line in doubtful)


def test_everybody_in_the_roster_is_on_the_sysadmins_last_sheet(tmp_path: Path) -> None:
    admin = {"person_id": "P1", "given_name": "Test", "family_name": None, "employee_number": None,
             "access_group": "Kommuneadmin", "org_number": "K",
             "org_name": "Oppdikta kommune", "hrm_status": "unknown", "has_active_position": False,
             "review_reason": "not_in_hrm",
             "confirmed_until": DAY, "confirmed_by": "Rådmann"}
    folder = write(tmp_path, [case("A")], roster=[admin])
    heading, row = sheet(folder / "all/arbeidsliste.xlsx", "Kommuneadmin")
    cells = dict(zip(heading, row, strict=True))
    assert (cells["Navn"], cells["Aktiv stilling i VFS"], cells["Bekreftet nå av"]) == ("Test", "nei", "Rådmann")
    assert (cells["Enhet"], cells["Status i HRM"], cells["Bekreftet av"]) == ("Oppdikta kommune", "ukjent", None)
    assert "Kommuneadmin" not in openpyxl.load_workbook(folder / "skoler/S1/arbeidsliste.xlsx").sheetnames
