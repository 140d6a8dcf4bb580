"""Worklists: which list has a case, and that a cell is text whatever the data is."""

import csv
from datetime import date
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from ingest.filled_in import reading
from publish import labels, worklists
from publish.worklists import by_school, file_stem

DAY = date(2025, 3, 10)
Row = dict[str, Any]


def case(number: str, **changed: Any) -> Row:
    """A row of the mart `cases`."""
    empty = dict.fromkeys((
        "given_name", "family_name", "role", "start_date", "vfs_end_date", "can_log_in", "hrm_status", "cause", "hrm_position_id",
        "hrm_end_date", "hrm_end_date_known_on", "last_held_on", "suggested_end_date", "access_groups", "review_reason",
        "excepted_until", "exception_reason"))
    return {**empty, "case_number": number, "finding_id": f"f{number}", "finding_type": "unknown_in_hrm", "subject_id": "v1",
            "status": "open", "person_id": "P1", "employee_number": "001", "org_number": "S1", "org_name": "Lia skole",
            "cause": "no_counterpart", "first_seen_on": DAY, "problem_since": DAY, "is_age_lower_bound": False, "days_open": 0,
            "age_days": 0, "why": "Fordi", "remedy": "Gjør noe", "as_of_date": DAY, **changed}


def fresh(**changed: Any) -> list[Row]:
    """The mart `data_freshness`, with `changed` columns for VFS."""
    common = {"current_extract_date": DAY, "age_days": 0, "status": "fresh", "not_assessable": [], "withheld_extracts": 0,
              "is_too_old": False, "may_be_frozen": False, "unchanged_since": DAY, "kept_rows": 0, "may_miss_rows": 0}
    return [{"system": "hrm", **common}, {"system": "vfs", **common, **changed}]


def write(folder: Path, cases: list[Row], freshness: list[Row] | None = None, roster: list[Row] | None = None) -> Path:
    """Write all worklists of these cases; returns their folder."""
    with worklists.writing(folder / "worklists", cases, roster or [], freshness or fresh(), DAY):
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
    cases = [case("B", org_number="S2", org_name=None), case("A"), case("C", org_number=None, org_name=None), case("D")]
    assert [(org, [c["case_number"] for c in listed]) for org, listed in by_school(cases).items()] == [
        ("S1", ["A", "D"]), ("S2", ["B"])]
    folder = write(tmp_path, cases)
    assert {str(f.relative_to(folder)) for f in folder.rglob("*.*")} == {
        f"{stem}.{kind}" for stem in ("arbeidsliste", "skoler/S1", "skoler/S2") for kind in ("csv", "xlsx")}
    assert [[r["Sak"] for r in csv_rows(folder / f"{stem}.csv")] for stem in ("arbeidsliste", "skoler/S1", "skoler/S2")] == [
        ["A", "B", "C", "D"], ["A", "D"], ["B"]]
    assert [r["Enhet"] for r in csv_rows(folder / "arbeidsliste.csv")] == ["Lia skole", "S2", "", "Lia skole"]
    assert [sheet(folder / f"skoler/{stem}.xlsx", "Oversikt")[0][0] for stem in ("S1", "S2")] == ["Lia skole", "S2"]


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
    row, = csv_rows(folder / "arbeidsliste.csv")
    assert row["Rolle eller tilgang"] == row["Navn"] == f"'{text}"
    cells = [c for s in openpyxl.load_workbook(folder / "arbeidsliste.xlsx") for r in s.iter_rows() for c in r]
    assert not any(c.data_type == "f" or c.hyperlink for c in cells)
    assert text.replace("\r", "") in {str(c.value).replace("\r", "").replace("_x000D_", "") for c in cells}


def test_ids_stay_text_and_other_cells_are_unchanged(tmp_path: Path) -> None:
    folder = write(tmp_path, [case("00012345", role="a=b;c\"d", suggested_end_date=DAY, can_log_in=False)])
    row, = csv_rows(folder / "arbeidsliste.csv")
    assert (row["Sak"], row["Ansattnummer"], row["Rolle eller tilgang"]) == ("00012345", "001", 'a=b;c"d')
    assert (row["Foreslått dato"], row["Kan logge inn"], row["Tilsatt fra"]) == ("10.03.2025", "nei", "")
    heading, values = sheet_of_one_type(folder)
    cells = dict(zip(heading, values, strict=True))
    assert (cells["Sak"], cells["Ansattnummer"], cells["Dager"]) == ("00012345", "001", 0)
    assert cells["Foreslått dato"].date() == DAY and cells["Tilsatt fra"] is None


def test_a_text_too_long_for_a_cell_is_cut_and_the_workbook_opens(tmp_path: Path) -> None:
    folder = write(tmp_path, [case("A", remedy="x" * 40_000)])
    longest = max(len(str(v)) for row in sheet_of_one_type(folder) for v in row)
    assert longest == 32_000


def sheet_of_one_type(folder: Path) -> list[list[Any]]:
    book = openpyxl.load_workbook(folder / "skoler/S1.xlsx")
    assert len(book.worksheets) == 2  # a school's workbook shows the types it has cases of
    return [[c.value for c in row] for row in book.worksheets[1].iter_rows()]


# --- what a list shows -----------------------------------------------------------------------------------------------


def test_cases_are_ordered_by_type_then_status_then_age(tmp_path: Path) -> None:
    older = date(2025, 1, 1)
    cases = [case("E", finding_type="kommuneadmin_review", review_reason="not_in_hrm", problem_since=date(2024, 1, 1)),
             case("D", status="excepted"), case("C"), case("B"), case("A"), case("O", problem_since=older),
             case("F", status="excepted", problem_since=older)]
    folder = write(tmp_path, cases)
    listed = [r["Sak"] for r in csv_rows(folder / "arbeidsliste.csv")]
    assert listed[-1] == "E" and {"".join(listed[:2]), "".join(listed[2:6])} == {"FD", "OABC"}
    sheets = openpyxl.load_workbook(folder / "arbeidsliste.xlsx").worksheets[1:]
    assert listed[:6] in [[s.cell(n, 1).value for n in range(2, 8)] for s in sheets]


def overview(folder: Path) -> dict[str, list[Any]]:
    return {row[0]: row[1:3] for row in sheet(folder / "arbeidsliste.xlsx", "Oversikt") if row[0]}


def test_the_overview_counts_open_and_excepted_cases_and_names_what_cannot_be_assessed(tmp_path: Path) -> None:
    unknown = fresh(not_assessable=["manual_position", "unknown_in_hrm"])
    folder = write(tmp_path, [case("A"), case("B", status="excepted"), case("C")], unknown)
    counts = overview(folder)
    assert counts["Ukjent i HRM"] == [2, 1]  # cases from before are counted
    assert counts["Manuelt registrert"] == ["kan ikke vurderes", None]
    assert counts["Sluttdato ikke overført"] == [0, 0]
    notes = {s.title: [r[0].value for r in s.iter_rows() if str(r[0].value).startswith("Kan ikke vurderes")]
             for s in openpyxl.load_workbook(folder / "arbeidsliste.xlsx").worksheets[1:]}
    assert {title for title, lines in notes.items() if lines} == {"Ukjent i HRM", "Manuelt registrert"}


def test_the_overview_shows_how_old_the_data_is(tmp_path: Path) -> None:
    late = fresh(current_extract_date=date(2025, 3, 5), age_days=5, status="stale", is_too_old=True)
    shown = overview(write(tmp_path, [], late))
    assert list(shown)[1:4] == [
        "Per 10.03.2025", "HRM: uttrekk fra i dag (10.03.2025).",
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
    book = openpyxl.load_workbook(folder / "arbeidsliste.xlsx")
    told = {s.title for s in book.worksheets if any(str(r[0].value).startswith("Listen kan mangle noen") for r in s.iter_rows())}
    assert told == {*labels.SHEETS.values()}


def test_a_csv_with_decisions_filled_in_is_read_back(tmp_path: Path) -> None:
    file = write(tmp_path, [case("A", given_name="=x"), case("B")]) / "arbeidsliste.csv"
    lines = file.read_text(encoding="utf-8-sig").splitlines()
    assert lines[1].endswith(";;;")
    file.write_text("\n".join([lines[0], f"{lines[1][:-2]}31.12.2025;Vikar;Rektor", lines[2]]), encoding="utf-8-sig")
    filled = next(r for r in reading.read(file.name, file.read_bytes()).rows if r["Begrunnelse"])
    assert (filled.place.line, *map(filled.__getitem__, ("Sak", "Nytt unntak til", "Besluttet av"))) == (
        2, "A", "31.12.2025", "Rektor")


def test_everybody_in_the_roster_is_on_the_sysadmins_last_sheet(tmp_path: Path) -> None:
    admin = {"person_id": "P1", "given_name": "Test", "family_name": None, "employee_number": None,
             "access_group": "Kommuneadmin", "org_number": "K", "hrm_status": "unknown", "has_active_position": False,
             "review_reason": "not_in_hrm",
             "confirmed_until": DAY, "confirmed_by": "Rådmann"}
    folder = write(tmp_path, [case("A")], roster=[admin])
    heading, row = sheet(folder / "arbeidsliste.xlsx", "Kommuneadmin")
    cells = dict(zip(heading, row, strict=True))
    assert (cells["Navn"], cells["Aktiv stilling i VFS"], cells["Bekreftet av"]) == ("Test", "nei", "Rådmann")
    assert "Kommuneadmin" not in openpyxl.load_workbook(folder / "skoler/S1.xlsx").sheetnames
