"""A flat file of HRM, in the many ways in which kommuner have it: the same rows of each, or words for what the file is."""

import csv
import io
import unicodedata
import zipfile
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from pydantic import TypeAdapter

from demo.people import national_id
from ingest.canonical_tables import System
from ingest.door import CanonicalExtract, admit
from ingest.errors import PullFailed, RefusedExtract
from ingest.sources.base import RawTable
from ingest.sources.catalogue import AdapterSettings, make_adapter
from ingest.sources.propose import propose

DAY = date(2025, 3, 10)
THIRD_PARTY = Path(__file__).resolve().parents[2].parent / "shared" / "samples" / "third-party"  # beside the project
COLUMNS = {"employee_number": "Ansattnummer", "given_name": "Fornavn", "family_name": "Etternavn", "email": "E-post",
           "org_number": "Organisasjonsnummer", "position_code": "Kode", "position_title": "Stilling", "percentage": "Prosent",
           "start_date": "Ansatt frå", "end_date": "Ansatt til"}
HEADING = list(COLUMNS.values())
ROWS = [["1001", "Åse", "Tøv", "a@x.example", "974000001", "7963", "Lærer", "80", "01.08.2020", ""],
        ["1001", "Åse", "Tøv", "a@x.example", "974000002", "7963", "Lærer", "20", "15.08.2021", "20.06.2025"],
        ["1002", "Per", "Sørli; vikar", "p@x.example", "974000001", "7954", "Rektor", "100", "01.08.1998", "31.12.2024"],
        ["1003", "Ida", "Testesen", "", "", "", "", "", "", ""]]
FLAT: dict[str, Any] = {"adapter": "export", "tables": ["employees", "positions"], "columns": COLUMNS}


def raw(system: System = "hrm", **settings: Any) -> dict[str, RawTable]:
    adapter = make_adapter(system, TypeAdapter(AdapterSettings).validate_python(settings))
    return adapter.fetch(DAY, adapter.days(DAY).get(DAY), lambda _: None).read()


def taken(system: System = "hrm", **settings: Any) -> CanonicalExtract:
    return admit(system, DAY, raw(system, **settings), delta=False, key=b"key", max_rejected_percent=100)


def rows_of(extract: CanonicalExtract) -> dict[str, list[dict[str, Any]]]:
    return {name: sorted(table.to_pylist(), key=str) for name, table in extract.tables.items()}


def text(rows: list[list[str]] = ROWS, heading: list[str] = HEADING, *, delimiter: str = ";", end: str = "\n",
         quoting: Any = csv.QUOTE_MINIMAL, above: str = "", below: str = "") -> str:
    """A text file of some rows."""
    written = io.StringIO()
    csv.writer(written, delimiter=delimiter, lineterminator=end, quoting=quoting).writerows([heading, *rows])
    return above + written.getvalue() + below


def book(rows: list[list[Any]] = ROWS, heading: list[str] = HEADING, *, above: int = 0, sheets: tuple[str, ...] = ("Ark1",),
         part: Callable[[bytes], bytes] | None = None) -> bytes:
    """A workbook with the rows on its last sheet. `part` changes the XML of that sheet."""
    made = openpyxl.Workbook()
    made.remove(made.worksheets[0])
    for name in sheets:
        sheet = made.create_sheet(name)
        sheet.append(["noe annet"])
    sheet.delete_rows(1)
    for row in [*[["Ansattliste"]] * above, heading, *rows]:
        sheet.append([None if c == "" else c for c in row])
    kept = io.BytesIO()
    made.save(kept)
    if not part:
        return kept.getvalue()
    changed = io.BytesIO()
    with zipfile.ZipFile(kept) as before, zipfile.ZipFile(changed, "w", zipfile.ZIP_DEFLATED) as after:
        for name in before.namelist():
            content = before.read(name)
            after.writestr(name, part(content) if name == f"xl/worksheets/sheet{len(sheets)}.xml" else content)
    return changed.getvalue()


def as_excel_keeps_them(row: list[str]) -> list[Any]:
    """Numbers as numbers and dates as dates."""
    def cell(value: str) -> Any:
        if value.isdigit():
            return int(value)
        return date(int(value[6:]), int(value[3:5]), int(value[:2])) if value[2:3] == "." and value[-4:].isdigit() else value

    return [cell(c) for c in row]


def short(row: list[str]) -> list[str]:
    return [*row[:8], *(f"{c[:6]}{c[8:]}" for c in row[8:])]


def _sized(size: str) -> Callable[[bytes], bytes]:
    def sized(part: bytes) -> bytes:
        begin = part.index(b"<dimension ")
        return part[:begin] + f'<dimension ref="{size}"/>'.encode() + part[part.index(b"/>", begin) + 2:]

    return sized


CP1252 = {"encoding": "windows-1252"}
PLAIN = text()
# {how the file is: (its name, its content, its settings)}
WAYS: dict[str, tuple[str, bytes, dict[str, Any]]] = {
    "utf-8": ("f.csv", PLAIN.encode(), {}),
    "utf-8 with a byte order mark": ("f.csv", PLAIN.encode("utf-8-sig"), {}),
    "utf-8 with a mark, the settings say windows-1252": ("f.csv", PLAIN.encode("utf-8-sig"), CP1252),
    "windows-1252": ("f.txt", PLAIN.encode("cp1252"), CP1252),
    "iso-8859-1": ("f.csv", PLAIN.encode("latin-1"), {"encoding": "iso-8859-1"}),
    "utf-16 with a byte order mark, whatever the settings say": ("f.csv", PLAIN.encode("utf-16"), CP1252),
    "utf-16, the other way round": ("f.csv", b"\xfe\xff" + PLAIN.encode("utf-16-be"), {}),
    "utf-16 without a mark, as the settings say": ("f.csv", PLAIN.encode("utf-16-le"), {"encoding": "utf-16-le"}),
    "tabs": ("f.txt", text(delimiter="\t").encode(), {"delimiter": "\t"}),
    "commas": ("f.csv", text(delimiter=",").encode(), {"delimiter": ","}),
    "bars": ("f.csv", text(delimiter="|").encode(), {"delimiter": "|"}),
    "a line sep=, that is not the delimiter of the settings": ("f.csv", text(delimiter=",", above="sep=,\n").encode(), {}),
    "a line sep=; and a mark": ("f.csv", text(above="sep=;\r\n", end="\r\n").encode("utf-8-sig"), {"delimiter": ","}),
    "a line \"SEP=\t\"": ("f.csv", text(delimiter="\t", above='"SEP=\t"\n').encode(), {}),
    "CRLF": ("F.CSV", text(end="\r\n").encode(), {}),
    "CR": ("f.csv", text(end="\r").encode(), {}),
    "quotes around all cells": ("f.csv", text(quoting=csv.QUOTE_ALL).encode(), {}),
    "no end of the last line": ("f.csv", PLAIN.rstrip("\n").encode(), {}),
    "title rows": ("f.csv", text(above="Ansattliste\n\n").encode(), {"skip_rows": 2}),
    "a title row below a line sep=;": ("f.csv", text(above="sep=;\nAnsattliste;;\n").encode(), {"skip_rows": 1}),
    "an empty line above the heading": ("f.csv", text(above=f"\n{';' * 9}\n").encode(), {}),
    "empty lines and rows at the end": ("f.csv", text(below=f"{';' * 9}\n\n{';' * 9}\n \n").encode(), {}),
    "an empty row in the middle": ("f.csv", text([ROWS[0], [""] * 10, *ROWS[1:]]).encode(), {}),
    "a footer by itself": ("f.csv", text(below="\nAntall: 4\n").encode(), {}),
    "a footer in the first cell": ("f.csv", text(below=f"Antall rader: 4{';' * 9}\n").encode(), {}),
    "a footer in another cell": ("f.csv", text(below=f"{';' * 3}Totalt 4 ansatte{';' * 6}").encode(), {}),
    "several footers": ("f.csv", text(below=f"Sum\nTotalt{';' * 9}\n").encode(), {}),
    "empty columns at the end": ("f.csv", text([[*r, "", ""] for r in ROWS], [*HEADING, "", ""]).encode(), {}),
    "columns that nothing is made of": ("f.csv", text([[*r, "x"] for r in ROWS], [*HEADING, "Notat"]).encode(), {}),
    "headings in capitals": ("f.csv", text(heading=[h.upper() for h in HEADING]).encode(), {}),
    "headings in parts (NFD)": ("f.csv", text(heading=[unicodedata.normalize("NFD", h) for h in HEADING]).encode(), {}),
    "settings in parts (NFD)": ("f.csv", PLAIN.encode(), {
        "columns": {name: unicodedata.normalize("NFD", h) for name, h in COLUMNS.items()}}),
    "canonical headings in capitals": ("f.csv", text(heading=[name.upper() for name in COLUMNS]).encode(), {"columns": {}}),
    "white space around cells and headings": ("f.csv", text([[f" {c}\u00a0" for c in r] for r in ROWS],
                                                            [f"\u00a0{h} " for h in HEADING]).encode(), {}),
    "other dates": ("f.csv", text([[*r[:8], *(c.replace(".", "/") for c in r[8:])] for r in ROWS]).encode(), {
        "date_format": "%d/%m/%Y"}),
    "years of two digits": ("f.csv", text([short(r) for r in ROWS]).encode(), {"date_format": "%d.%m.%y"}),
    "a workbook of text": ("f.xlsx", book(), {}),
    "a workbook of numbers and dates": ("F.XLSX", book([as_excel_keeps_them(r) for r in ROWS]), {}),
    "a workbook with title rows, on another sheet": ("f.xlsx", book(above=2, sheets=("Om", "Ansatte å")), {
        "skip_rows": 2, "sheet": unicodedata.normalize("NFD", "ANSATTE Å")}),
    "a workbook with an empty row above and rows of white space below": (
        "f.xlsx", book([HEADING, *ROWS, [" ", "", " "], [""]], [""] * 10), {}),
    "a workbook with a footer": ("f.xlsx", book([*ROWS, ["", ""], ["Sum"], ["", "Totalt: 4"]]), {}),
    "a workbook that says it is one cell": ("f.xlsx", book(part=_sized("A1")), {}),
    "a workbook that says it is four cells": ("f.xlsx", book(part=_sized("A1:B2")), {}),
    "a workbook that says it is larger": ("f.xlsx", book(part=_sized("A1:AZ4000")), {}),
}
FOOTERS = {"a footer by itself": 1, "a footer in the first cell": 1, "a footer in another cell": 1, "several footers": 2,
           "a workbook with a footer": 2}


@pytest.fixture(scope="module")
def canonical(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[dict[str, Any]]]:
    file = tmp_path_factory.mktemp("plain") / "f.csv"
    file.write_text(PLAIN, encoding="utf-8")
    rows = rows_of(taken(**FLAT, path=file))
    assert [(e["employee_number"], e["given_name"], e["family_name"]) for e in rows["employees"]] == [
        ("1001", "Åse", "Tøv"), ("1002", "Per", "Sørli; vikar"), ("1003", "Ida", "Testesen")]
    assert [(p["position_id"], p["percentage"], p["start_date"], p["end_date"]) for p in rows["positions"]] == [
        ("1001:974000001:2020-08-01", "80", date(2020, 8, 1), None),
        ("1001:974000002:2021-08-15", "20", date(2021, 8, 15), date(2025, 6, 20)),
        ("1002:974000001:1998-08-01", "100", date(1998, 8, 1), date(2024, 12, 31))]
    return rows


@pytest.mark.parametrize("way", WAYS)
def test_a_flat_file_gives_the_same_rows_however_it_is_written(
    tmp_path: Path, canonical: dict[str, list[dict[str, Any]]], way: str
) -> None:
    """contract#files-as-they-are, contract#footers, contract#headings"""
    name, content, settings = WAYS[way]
    (tmp_path / name).write_bytes(content)
    extract = taken(**{**FLAT, "path": tmp_path, **settings})
    assert rows_of(extract) == canonical
    assert extract.rejected.num_rows == 0
    assert extract.figures["employees"].warnings.get("footer_rows", 0) == FOOTERS.get(way, 0)
    assert "footer_rows" not in extract.figures["positions"].warnings  # told once
    assert (way in FOOTERS) == bool(extract.notes)


def test_lines_are_those_of_the_file_whatever_stands_above(tmp_path: Path) -> None:
    """contract#files-as-they-are"""
    wrong = [ROWS[0], [*ROWS[1][:8], "i går", ""], ROWS[2]]
    for name, content, line in (
        ("f.csv", text(wrong, above="sep=;\nAnsattliste\n\n").encode("utf-8-sig"), 6), ("f.csv", text(wrong).encode(), 3),
        ("f.xlsx", book(wrong, above=2), 5), ("f.csv", text([ROWS[0], [""] * 10, *wrong[1:]], above="\n").encode(), 5)):
        (tmp_path / name).write_bytes(content)
        skip = 2 if content.startswith((b"PK", b"\xef")) else 0
        rejected, = taken(**FLAT, path=tmp_path / name, skip_rows=skip).rejected.to_pylist()
        assert (rejected["line"], rejected["column_name"], rejected["reason"]) == (line, "start_date", "not a date")
    (tmp_path / "f.csv").write_text(text(above="sep=;\nAnsattliste\n") + "1004;x\n", encoding="utf-8")
    with pytest.raises(RefusedExtract, match="the row has 2 cells, the heading 10") as refused:
        raw(**FLAT, path=tmp_path / "f.csv", skip_rows=1)
    assert refused.value.line == 8


# --- what the rows hold ----------------------------------------------------------------------------------------------


def flat(tmp_path: Path, *rows: list[str], **settings: Any) -> CanonicalExtract:
    (tmp_path / "f.csv").write_text(text(list(rows)), encoding="utf-8")
    return taken(**{**FLAT, "path": tmp_path / "f.csv", **settings})


def row(number: str = "1001", org: str = "S1", title: str = "Lærer", percent: str = "80", start: str = "01.08.2020",
        end: str = "", *, mail: str = "") -> list[str]:
    return [number, "Test", "Testesen", mail, org, "", title, percent, start, end]


def test_an_employee_in_several_rows_is_one_and_where_they_differ_the_last_counts(tmp_path: Path) -> None:
    """contract#adapter-export-rows"""
    extract = flat(tmp_path, row(), row(org="S2"), row("1002", mail="old@x.example"), row("1002", "S2", mail="new@x.example"))
    assert [(e["employee_number"], e["email"]) for e in extract.tables["employees"].to_pylist()] == [
        ("1001", None), ("1002", "new@x.example")]
    assert [(r["table_name"], r["line"]) for r in extract.rejected.to_pylist()] == [("employees", 4)]


def test_rows_of_one_employee_unit_and_start_that_differ_stay_apart_in_any_order(tmp_path: Path) -> None:
    """contract#adapter-export-rows"""
    rows = [row(percent="40"), row(percent="60"), row(title="Rektor"), row(percent="40")]
    expected = {("1001:S1:2020-08-01", "Lærer", "40"), ("1001:S1:2020-08-01:2", "Lærer", "60"),
                ("1001:S1:2020-08-01:3", "Rektor", "80")}
    for order in (rows, rows[::-1]):
        extract = flat(tmp_path, *order)
        kept = extract.tables["positions"].to_pylist()
        assert {(p["position_id"], p["position_title"], p["percentage"]) for p in kept} == expected
        assert extract.rejected.num_rows == 0
    open_and_ended = flat(tmp_path, row(end="01.02.2025"), row())
    assert {(p["position_id"], p["end_date"]) for p in open_and_ended.tables["positions"].to_pylist()} == {
        ("1001:S1:2020-08-01", None), ("1001:S1:2020-08-01:2", date(2025, 2, 1))}


@pytest.mark.parametrize(("changed", "column", "reason"), [
    ({"org": ""}, "org_number", "value is missing"),
    ({"org": "", "start": "", "percent": ""}, "org_number", "value is missing"),  # a title alone
    ({"org": "9,74E+08"}, "org_number", "in exponent form"),
    ({"org": "#I/T"}, "org_number", "an error of the spreadsheet"),
    ({"start": "i fjor"}, "start_date", "not a date"),
    ({"start": "#REF!"}, "start_date", "not a date"),
    ({"number": ""}, "employee_number", "value is missing"),
])
def test_a_row_of_hrm_that_cannot_be_read_is_rejected_and_stands_for_its_employees_positions(
    tmp_path: Path, changed: dict[str, str], column: str, reason: str
) -> None:
    """contract#adapter-export-rows, contract#rejected-row"""
    extract = flat(tmp_path, row("1002"), row(**changed))
    assert [p["employee_number"] for p in extract.tables["positions"].to_pylist()] == ["1002"]
    rejected, = [r for r in extract.rejected.to_pylist() if r["table_name"] == "positions"]
    assert (rejected["line"], rejected["column_name"]) == (3, column) and reason in rejected["reason"]
    assert rejected["is_unreadable"] and rejected["key_columns"] == []
    assert rejected["owner"] == (changed.get("number", "1001") or None)


def test_an_id_of_the_file_is_used_and_org_numbers_are_translated_before_an_id_is_made(tmp_path: Path) -> None:
    """contract#adapter-export-rows"""
    made = flat(tmp_path, row(org="Lia skole"), values={"org_number": {"Lia skole": "974000001"}})
    assert [(p["position_id"], p["org_number"]) for p in made.tables["positions"].to_pylist()] == [
        ("1001:974000001:2020-08-01", "974000001")]
    given = flat(tmp_path, row(title="A7"), row(org="", title="", percent="", start=""),
                 columns={**{n: h for n, h in COLUMNS.items() if n != "position_title"}, "position_id": "Stilling"})
    assert [p["position_id"] for p in given.tables["positions"].to_pylist()] == ["A7"] and given.rejected.num_rows == 0


def test_one_file_for_each_table_and_org_units_of_the_flat_one(tmp_path: Path) -> None:
    """contract#adapter-export-rows"""
    (tmp_path / "people.csv").write_text("Nr;Fornavn\n1001;Test\n1002;Test\n", encoding="utf-8")
    people = taken(adapter="export", path=tmp_path / "people.csv", tables=["employees"], columns={"employee_number": "Nr"})
    assert [e["employee_number"] for e in people.tables["employees"].to_pylist()] == ["1001", "1002"]
    (tmp_path / "f.csv").write_text("Nr;Org;Sted\n1001;S1;Lia skole\n1002;S1;Lia skole\n1003;;\n", encoding="utf-8")
    rest = taken(adapter="export", path=tmp_path / "f.csv", tables=["positions", "org_units"], columns={
        "employee_number": "Nr", "org_number": "Org", "org_units": {"name": "Sted"}})
    assert [u["name"] for u in rest.tables["org_units"].to_pylist()] == ["Lia skole"]
    assert [p["position_id"] for p in rest.tables["positions"].to_pylist()] == ["1001:S1:", "1002:S1:"]
    assert rest.rejected.num_rows == 0


VFS_COLUMNS = {"person_id": "Id", "given_name": "Fornavn", "family_name": "Etternavn", "registered_by": "Registrert",
               "org_number": "Skole", "role": "Stilling", "start_date": "Fra", "end_date": "Til", "access_group": "Gruppe"}


@pytest.mark.parametrize(("line", "rejected"), [
    ("P1;Test;T;HRM;;;;;", []),  # a person alone
    ("P1;Test;T;HRM;;Lærer;;;", [("positions", "org_number")]),
    ("P1;Test;T;HRM;;;01.08.2020;;", [("positions", "org_number")]),
    ("P1;Test;T;HRM;S1;Lærer;i fjor;;", [("positions", "start_date")]),
])
def test_a_row_of_vfs_with_a_role_or_a_date_and_no_unit_is_rejected(
    tmp_path: Path, line: str, rejected: list[tuple[str, str]]
) -> None:
    """contract#adapter-export-rows, contract#rejected-row"""
    (tmp_path / "f.csv").write_text(";".join(VFS_COLUMNS.values()) + f"\nP0;Test;T;HRM;S1;Lærer;01.08.2020;;\n{line}\n")
    extract = taken("vfs", adapter="export", path=tmp_path / "f.csv", tables=["persons", "positions"],
                    columns={n: h for n, h in VFS_COLUMNS.items() if n != "access_group"})
    assert [p["person_id"] for p in extract.tables["persons"].to_pylist()] == ["P0", "P1"]
    assert [p["position_id"] for p in extract.tables["positions"].to_pylist()] == ["P0:S1:Lærer:2020-08-01"]
    assert [(r["table_name"], r["column_name"]) for r in extract.rejected.to_pylist()] == rejected
    assert {(r["owner"], *r["key_columns"]) for r in extract.rejected.to_pylist()} <= {("P1",)}


def test_a_row_that_names_an_access_group_and_no_unit_is_rejected_and_a_row_without_a_group_is_no_access(tmp_path: Path) -> None:
    """contract#adapter-export-rows"""
    lines = [";".join(VFS_COLUMNS.values()), "P0;Test;T;;S1;;;;Lærer", "P1;Test;T;;S1;;;;", "P2;Test;T;;;;;;Lærer"]
    (tmp_path / "f.csv").write_text("\n".join(lines))
    extract = taken("vfs", adapter="export", path=tmp_path / "f.csv", tables=["accesses"], columns=VFS_COLUMNS)
    assert [a["person_id"] for a in extract.tables["accesses"].to_pylist()] == ["P0"]
    assert [(r["line"], r["column_name"], r["owner"]) for r in extract.rejected.to_pylist()] == [(4, "org_number", "P2")]


def test_a_start_of_two_digits_is_past_unless_near_and_an_end_may_be_far(tmp_path: Path) -> None:
    """contract#two-digit-years"""
    extract = flat(tmp_path, row(start="01.08.68", end="31.07.68"), row("1002", start="01.08.35", end="31.12.99"),
                   row("1003", start="10.03.35"), date_format="%d.%m.%y")
    assert {(p["position_id"], p["start_date"].year, p["end_date"] and p["end_date"].year)
            for p in extract.tables["positions"].to_pylist()} == {
        ("1001:S1:1968-08-01", 1968, 2068), ("1002:S1:1935-08-01", 1935, None), ("1003:S1:2035-03-10", 2035, None)}
    assert extract.figures["positions"].warnings["placeholder_dates"] == 1


# --- what is refused -------------------------------------------------------------------------------------------------

_OLE2 = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 1024


def _zip(*names: str) -> bytes:
    kept = io.BytesIO()
    with zipfile.ZipFile(kept, "w") as archive:
        for name in names:
            archive.writestr(name, "x")
    return kept.getvalue()


SAVE_AS = "Open it in Excel and save it as .xlsx"
# {name: content, what it is, what to do}
REFUSED: dict[str, tuple[str, bytes, str, str]] = {
    "an old Excel file": ("f.xls", _OLE2 + "Workbook".encode("utf-16-le"), "the file is an old Excel file (.xls)", SAVE_AS),
    "an old Excel file, renamed": ("f.csv", _OLE2 + "Book".encode("utf-16-le"), "the file is an old Excel file (.xls)", SAVE_AS),
    "a workbook with a password": ("f.xlsx", _OLE2 + "EncryptedPackage".encode("utf-16-le"), "an Excel file with a password",
                                   "without a password"),
    "a table in HTML named .xls": ("f.xls", b"\r\n<html xmlns:x='urn:schemas-microsoft-com:office:excel'><table>",
                                   "a web page (HTML)", "open it in Excel and save it as .xlsx"),
    "a login page named .csv": ("f.csv", b"\xef\xbb\xbf<!DOCTYPE html>\n<html><body>", "a web page (HTML)",
                                "export the list again"),
    "HTML in utf-16": ("f.xls", "\ufeff<html><table>".encode("utf-16-le"), "a web page (HTML)", "save it as .xlsx"),
    "an XML file of Excel": (
        "f.xls", b'<?xml version="1.0"?><Workbook xmlns="urn:schemas-microsoft-com:office:spreadsheet"><Table/>',
        "an XML file of Excel", SAVE_AS),
    "text named .xlsx": ("f.xlsx", PLAIN.encode("cp1252"), "a text file, and no Excel workbook", "Name it .csv"),
    "text named .xls": ("f.xls", PLAIN.encode("utf-16"), "a text file, and no Excel workbook", "Name it .csv"),
    "a workbook named .csv": ("f.csv", book(), "an Excel workbook", "Name it .xlsx"),
    "a binary workbook": ("f.xlsx", _zip("xl/workbook.bin"), "a binary Excel workbook (.xlsb)", SAVE_AS),
    "an OpenDocument file": ("f.xlsx", _zip("mimetype", "content.xml"), "an OpenDocument file (.ods)", "save it as .xlsx"),
    "a Word document": ("f.xlsx", _zip("word/document.xml"), "a Word document", "as CSV or .xlsx"),
    "a zip": ("f.xlsx", _zip("ansatte.csv"), "a zip file", "Unpack it"),
    "a zip named .csv": ("f.csv", _zip("ansatte.csv"), "a zip file", "Unpack it"),
    "a zip cut short": ("f.xlsx", book()[:900], "no Excel workbook, or a broken one", "Export it again"),
    "a PDF": ("f.csv", b"%PDF-1.7\n\x00\x01", "a PDF", "Export the list as CSV or .xlsx instead"),
    "a PDF named .xlsx": ("f.xlsx", b"%PDF-1.7\n", "a PDF", "as CSV or .xlsx"),
    "a picture": ("f.csv", b"\x89PNG\r\n\x1a\n\0\0", "a picture", "as CSV or .xlsx"),
    "utf-16 without a mark": ("f.csv", PLAIN.encode("utf-16-le"), "in UTF-16, without a byte order mark",
                              "Set `encoding: utf-16-le`"),
    "utf-16 without a mark, the other way": ("f.csv", PLAIN.encode("utf-16-be"), "in UTF-16, without",
                                             "Set `encoding: utf-16-be`"),
    "windows-1252 that is called utf-8": ("f.csv", PLAIN.encode("cp1252"), "cannot be decoded as utf-8", "often windows-1252"),
    "a mark that is not true": ("f.csv", b"\xef\xbb\xbf" + PLAIN.encode("cp1252"), "cannot be decoded as utf-8",
                                "its first bytes say"),
    "an empty file": ("f.csv", b"", "the file is empty", "Deliver it again"),
    "only a footer": ("f.csv", b"\n;;\n", "the file is empty", "Deliver it again"),
    "an empty sheet": ("f.xlsx", book([], [""]), "the sheet is empty", "Export it again"),
    "a last line cut short": ("f.csv", (PLAIN + "1004;Per").encode(), "the row has 2 cells, the heading 10", "cut short?"),
    "a last line cut short at a word": ("f.csv", (PLAIN + "Sum").encode(), "the row has 1 cells", "cut short?"),
    "a last line cut short in padding": ("f.csv", (PLAIN + "Totalt;;;").encode(), "the row has 4 cells", "cut short?"),
    "a word that is no footer": ("f.csv", (PLAIN + "Sumbu\n").encode(), "the row has 1 cells", "cut short?"),
    "a heading twice but for capitals": (
        "f.csv", text([], [*(h for h in HEADING if h != "Stilling"), "STILLING", "stilling"]).encode(),
        "2 columns differ from this only in capitals", "rename the other"),
    "several files": ("g.csv", PLAIN.encode(), "there are several files", "Leave one"),
}


@pytest.mark.parametrize("what", REFUSED)
def test_what_is_no_table_is_refused_by_what_it_is_and_what_to_do(tmp_path: Path, what: str) -> None:
    """contract#files-as-they-are, contract#refused-extract"""
    name, content, problem, remedy = REFUSED[what]
    (tmp_path / name).write_bytes(content)
    if what == "several files":
        (tmp_path / "f.csv").write_bytes(content)
    with pytest.raises(RefusedExtract) as refused:
        raw(**FLAT, path=tmp_path if what == "several files" else tmp_path / name)
    assert problem in refused.value.problem and remedy in (refused.value.remedy or ""), refused.value.describe("hrm", DAY)
    assert name in (refused.value.file or "")


def _formula(written: bytes) -> Callable[[bytes], bytes]:
    """Changes the cell that holds =DATE(2025,6,30)."""
    def changed(part: bytes) -> bytes:
        begin = part.index(b'<c r="J4"')
        return part[:begin] + written + part[part.index(b"</c>", begin) + 4:]

    return changed


LEFT = [ROWS[0], ROWS[1], [*ROWS[2][:9], "=DATE(2025,6,30)"]]


@pytest.mark.parametrize("written", [
    b'<c r="J4"><f>DATE(2025,6,30)</f><v></v></c>', b'<c r="J4"><f>DATE(2025,6,30)</f></c>', b'<c r="J4"><f ca="1"/></c>',
    b'<c r="J4" t="str"><f>J3</f></c>', b'<c r="J4"><f t="shared" si="7"/><v/></c>'])
def test_a_formula_without_a_result_is_no_empty_cell_and_refuses_the_workbook(tmp_path: Path, written: bytes) -> None:
    """contract#files-as-they-are, contract#refused-extract"""
    (tmp_path / "f.xlsx").write_bytes(book(LEFT, part=_formula(written)))
    with pytest.raises(RefusedExtract, match="cells hold formulas without results") as refused:
        raw(**FLAT, path=tmp_path / "f.xlsx")
    assert (refused.value.line, refused.value.column) == (4, "J") and "save it" in (refused.value.remedy or "")
    assert any("formulas without results" in q for q in propose(tmp_path / "f.xlsx").questions)


@pytest.mark.parametrize(("written", "end"), [
    (b'<c r="J4" t="str"><f>IF(A1="","",A1)</f><v></v></c>', None),
    (b'<c r="J4"><f>DATE(2025,6,30)</f><v>45838</v></c>', "45838"),
    (b'<c r="J4" t="str"><f>TEXT(1,2)</f><v>2025-06-30</v></c>', "2025-06-30"), (b'<c r="J4"/><c r="K4"></c>', None)])
def test_the_result_of_a_formula_is_read_and_may_be_an_empty_text(tmp_path: Path, written: bytes, end: str | None) -> None:
    """contract#files-as-they-are"""
    (tmp_path / "f.xlsx").write_bytes(book(LEFT, above=0, part=_formula(written)))
    assert raw(**FLAT, path=tmp_path / "f.xlsx")["positions"].data["end_date"].to_pylist()[-1] == end


def test_a_formula_above_the_heading_needs_no_result(tmp_path: Path) -> None:
    """contract#files-as-they-are"""
    (tmp_path / "f.xlsx").write_bytes(book([HEADING, *ROWS], ["=TODAY()"]))
    assert raw(**FLAT, path=tmp_path / "f.xlsx")["employees"].data.num_rows == 4


def sheets(**rows: list[list[str]]) -> bytes:
    """A workbook of several sheets; one whose name ends in `hidden` is."""
    made = openpyxl.Workbook()
    made.remove(made.worksheets[0])
    for name, lines in rows.items():
        sheet = made.create_sheet(name)
        for line in lines:
            sheet.append([c or None for c in line])
        sheet.sheet_state = "veryHidden" if name.startswith("very") else "hidden" if name.endswith("hidden") else "visible"
    kept = io.BytesIO()
    made.save(kept)
    return kept.getvalue()


TABLE, OTHER = [HEADING, *ROWS], [["Kode", "Navn"], ["7963", "Lærer"]]


def test_without_a_name_the_only_visible_sheet_with_rows_is_read(
    tmp_path: Path, canonical: dict[str, list[dict[str, Any]]]
) -> None:
    """contract#files-as-they-are"""
    file = tmp_path / "f.xlsx"
    for content in (sheets(a_hidden=OTHER, very_hidden=TABLE[:2], Ansatte=TABLE), sheets(Ark1=[], Ansatte=TABLE, Ark3=[[" "]])):
        file.write_bytes(content)
        assert rows_of(taken(**FLAT, path=file)) == canonical
    file.write_bytes(sheets(Skjema=OTHER, Ansatte=TABLE, Mer=OTHER, a_hidden=OTHER))
    with pytest.raises(RefusedExtract, match="3 sheets hold rows") as refused:
        raw(**FLAT, path=file)
    assert "Set `sheet`" in (refused.value.remedy or "")
    assert rows_of(taken(**FLAT, path=file, sheet="ansatte")) == canonical
    file.write_bytes(sheets(Ark1=[], a_hidden=TABLE))
    with pytest.raises(RefusedExtract, match="the sheet is empty"):
        raw(**FLAT, path=file)
    assert rows_of(taken(**FLAT, path=file, sheet="a_hidden")) == canonical


def test_a_proposal_names_the_sheet_that_fits_best_or_asks(tmp_path: Path) -> None:
    file = tmp_path / "f.xlsx"
    file.write_bytes(sheets(Kode=OTHER, Ansatte=TABLE, a_hidden=TABLE))
    proposal = propose(file)
    assert proposal.settings["sheet"] == "Ansatte" and proposal.settings["tables"] == ["employees", "positions"]
    assert any("3 sheets, of which 2 are visible and hold rows: `Ansatte` fits best" in q for q in proposal.questions)
    assert rows_of(taken(**{**proposal.settings, "columns": COLUMNS, "path": file}))["positions"]
    file.write_bytes(sheets(Januar=TABLE, Februar=TABLE))
    proposal = propose(file)
    assert "sheet" not in proposal.settings
    assert any("2 sheets, of which 2 are visible and hold rows: which is it? Set `sheet`" in q for q in proposal.questions)
    file.write_bytes(sheets(Ansatte=TABLE))
    assert not any("sheet" in q for q in propose(file).questions)


def _with(written: str, *places: tuple[int, int]) -> str:
    """A text with a quote before some cells, (line, column) from 0."""
    lines = [line.split(";") for line in written.splitlines()]
    for line, column in places:
        lines[line][column] = f'"{lines[line][column]}'
    return "\n".join(";".join(line) for line in lines) + "\n"


MANY = text([["1001", "Test", "Testesen", "", "S1", "", "Lærer", "80", "01.08.2020", ""]] * 30)


@pytest.mark.parametrize(("places", "line"), [
    (((3, 1), (9, 1)), 4), (((3, 0), (4, 0)), 4), (((7, 6), (8, 6)), 8), (((1, 9), (30, 9)), 2), (((0, 2), (5, 2)), 1)])
def test_quotes_that_swallow_whole_rows_are_refused_with_the_line_on_which_they_begin(
    tmp_path: Path, places: tuple[tuple[int, int], ...], line: int
) -> None:
    """contract#files-as-they-are, contract#refused-extract"""
    first, last = places
    swallowing = _with(MANY, first).splitlines()
    cells = swallowing[last[0]].split(";")
    cells[last[1]] += '"'  # the second closes the first
    swallowing[last[0]] = ";".join(cells)
    for end in ("\n", "\r\n", "\r"):
        (tmp_path / "f.csv").write_bytes(("Ansattliste" + end + end.join(swallowing) + end).encode())
        with pytest.raises(RefusedExtract, match="a quote swallows whole rows") as refused:
            raw(**FLAT, path=tmp_path / "f.csv", skip_rows=1)
        assert refused.value.line == line + 1


def test_a_cell_of_several_lines_is_one_cell(tmp_path: Path) -> None:
    """contract#files-as-they-are"""
    extract = flat(tmp_path, row(title="Lærer; vikar\nfra høsten; ca. 80 %\r\n\nse avtale"), row("1002"))
    assert [p["position_title"] for p in extract.tables["positions"].to_pylist()] == [
        "Lærer; vikar fra høsten; ca. 80 % se avtale", "Lærer"]


def test_two_headings_that_differ_in_capitals_are_two_columns_where_one_is_named_exactly(tmp_path: Path) -> None:
    """contract#headings"""
    (tmp_path / "f.csv").write_text("Nr;NR;nR\n1;2;3\n", encoding="utf-8")
    table = raw(adapter="export", path=tmp_path / "f.csv", tables=["employees"], columns={"employee_number": "NR"})["employees"]
    assert table.data.to_pylist() == [{"employee_number": "2"}] and table.extra_columns == ("Nr", "nR")


def test_what_lies_in_a_folder_is_counted_where_nothing_fits(tmp_path: Path) -> None:
    """contract#files-as-they-are"""
    for name in ("a.xls", "B.XLS", "c.pdf", f"d.{national_id(3)}", "~$e.xlsx", "Thumbs.db"):
        (tmp_path / name).write_bytes(b"x")
    counted = r"xlsm, but 1 ending in \.pdf and 2 ending in \.xls and 1 ending in something else; look"
    with pytest.raises(PullFailed, match=counted):
        raw(**FLAT, path=tmp_path)


def csv_day(tmp_path: Path, **files: str) -> Path:
    for name, content in files.items():
        path = tmp_path / DAY.isoformat() / name.replace("_", ".")
        path.parent.mkdir(exist_ok=True)
        path.write_text(content, encoding="utf-8")
    return tmp_path


def test_the_csv_adapter_reads_names_and_headings_in_any_capitals_and_refuses_two_that_differ_in_these(tmp_path: Path) -> None:
    """contract#headings, contract#files-as-they-are"""
    people = "EMPLOYEE_NUMBER\n1001\nAntall: 1\n"
    jobs = "Position_Id,employee_number,org_number,start_date,End_Date\nA,1001,S1,,\n,,,,\n"
    extract = taken(adapter="csv", path=csv_day(tmp_path, employees_CSV=people, Positions_CSV=jobs))
    assert [p["position_id"] for p in extract.tables["positions"].to_pylist()] == ["A"] and extract.rejected.num_rows == 0
    assert extract.figures["employees"].warnings["footer_rows"] == 1 and extract.tables["employees"].num_rows == 1
    csv_day(tmp_path, positions_csv=jobs)
    with pytest.raises(RefusedExtract, match="the names of two files differ only in capitals") as refused:
        raw(adapter="csv", path=tmp_path)
    assert refused.value.file == "Positions.CSV, positions.csv"


def test_the_csv_adapter_counts_what_lies_there_where_a_file_is_missing(tmp_path: Path) -> None:
    """contract#files-as-they-are"""
    path = csv_day(tmp_path, employees_csv="employee_number\n1\n", positions_xlsx="x")
    with pytest.raises(RefusedExtract, match=r"is missing; the folder holds 1 ending in \.csv and 1 ending in \.xlsx") as refused:
        raw(adapter="csv", path=path)
    assert refused.value.file == "positions.csv"


# --- samples of third parties, and proposals -------------------------------------------------------------------------

third_party = pytest.mark.skipif(not THIRD_PARTY.exists(), reason="the samples of third parties are not there")


@third_party
def test_of_a_file_whose_numbers_excel_has_mangled_no_row_is_kept() -> None:
    """contract#exponent-form"""
    proposal = propose(THIRD_PARTY / "mangled.csv")
    assert proposal.system == "vfs" and proposal.settings["encoding"] == "windows-1252"
    assert sum("values are in exponent form" in q for q in proposal.questions) == 3
    extract = taken("vfs", **proposal.settings)
    assert {name: table.num_rows for name, table in extract.tables.items()} == {"persons": 0, "positions": 0}
    assert extract.rejected.num_rows == 20


@third_party
def test_a_proposal_says_what_a_file_is_and_prints_no_cell_of_it() -> None:
    """contract#leaks"""
    with pytest.raises(RefusedExtract, match="the file is a web page"):
        propose(THIRD_PARTY / "html.xls")
    proposal = propose(THIRD_PARTY / "headerless.csv")
    assert proposal.settings["columns"] == {} and "does the file begin with a row of headings?" in proposal.questions[0]
    shown = str(proposal)
    assert not any(word in shown for word in ("Kari", "Ola", "0885663", "974000001"))


HRM_HEADINGS = ["Ansattnummer", "Fødselsnummer", "Fornavn", "Etternavn", "E-post", "Organisasjonsnummer", "Arbeidssted",
                "Stillingskode", "Stilling", "Stillingsprosent", "Ansatt fra", "Ansatt til"]


@pytest.mark.parametrize(("headings", "system", "tables"), [
    (HRM_HEADINGS, "hrm", ["employees", "positions"]),
    (["Ansattnr.", "Navn", "Orgnr", "Fra dato", "Til dato", "Prosent"], "hrm", ["employees", "positions"]),
    (["Ansattnummer", "Fornavn", "Etternavn", "Organisasjonsnummer", "Startdato"], "hrm", ["employees", "positions"]),
    (["Ansattnummer", "Fornavn", "Etternavn"], "hrm", ["employees"]),
    (["Id", "Ansattnr", "Fornavn", "Etternavn", "Org.nr", "Stilling", "Tilsatt fra"], "vfs", ["persons", "positions"]),
    (["Bruker-ID", "Tilgangsgruppe", "Orgnr"], "vfs", ["positions", "accesses"]),
])
def test_a_proposal_guesses_the_system_by_its_headings(
    tmp_path: Path, headings: list[str], system: str, tables: list[str]
) -> None:
    (tmp_path / "f.csv").write_text(text([["1"] * len(headings)], headings, above="sep=;\nUttrekk\n"), encoding="utf-8")
    proposal = propose(tmp_path / "f.csv")
    assert (proposal.system, proposal.settings["tables"], proposal.is_guessed) == (system, tables, True)
    assert proposal.settings["skip_rows"] == 1
    assert any("one column for the whole name" in q for q in proposal.questions) == ("Navn" in headings)
    assert propose(tmp_path / "f.csv", "vfs").system == "vfs"


def questions(tmp_path: Path, headings: list[str], *rows: list[str]) -> list[str]:
    (tmp_path / "f.csv").write_text(text(list(rows) or [["1"] * len(headings)], headings), encoding="utf-8")
    return propose(tmp_path / "f.csv", "hrm").questions


@pytest.mark.parametrize(("first", "last"), [
    ("F.o.m. dato", "T.o.m. dato"), ("fom", "tom"), ("Fra og med", "Til og med"), ("Start", "Slutt"), ("Startdato", "Sluttet")])
def test_a_proposal_knows_the_headings_of_the_first_and_the_last_day(tmp_path: Path, first: str, last: str) -> None:
    headings = ["Ansattnummer", "Orgnr", first, last]
    (tmp_path / "f.csv").write_text(text([["1001", "974000001", "01.08.2020", ""]], headings), encoding="utf-8")
    for system in ("hrm", "vfs"):
        columns = propose(tmp_path / "f.csv", system).settings["columns"]
        assert (columns["start_date"], columns["end_date"]) == (first, last)
    assert propose(tmp_path / "f.csv", "hrm").questions == []


def test_a_proposal_asks_for_the_days_it_does_not_find(tmp_path: Path) -> None:
    asked = questions(tmp_path, ["Ansattnummer", "Orgnr", "Startdato", "Opphør"], ["1001", "974000001", "", ""])
    assert asked == ["end_date: which heading says the last day? Without it who has ended cannot be told"]
    asked = questions(tmp_path, ["Ansattnummer", "Orgnr", "Sluttdato"], ["1001", "974000001", ""])
    assert [q[:48] for q in asked] == ["start_date: which heading says the first day? Wi"]
    assert questions(tmp_path, ["Ansattnummer", "Fornavn"])[0].startswith("positions cannot be read")


def test_a_proposal_asks_which_of_two_headings_is_a_column(tmp_path: Path) -> None:
    asked = questions(tmp_path, ["Ansattnummer", "Orgnr", "Fra", "Ansatt til", "Sluttdato"], ["1", "974000001", "", "", ""])
    assert asked == ["end_date: `Sluttdato` and `Ansatt til` could be it: which is?"]


def test_a_proposal_asks_where_most_org_numbers_or_an_id_are_none_and_shows_no_value(tmp_path: Path) -> None:
    """contract#leaks"""
    headings = ["Ansattnummer", "Orgnr", "Fra", "Til"]
    asked = questions(tmp_path, headings, ["1", "Lia", "", ""], ["2", "4711", "", ""], ["3", "974000001", "", ""],
                      ["4", "", "", ""])
    assert [q[:69] for q in asked] == ["org_number: 2 of 3 values are no organisation numbers (nine digits). "]
    assert not any("Lia" in q or "4711" in q for q in asked)
    assert questions(tmp_path, headings, ["1", "Lia", "", ""], ["3", "974000001", "", ""]) == []
    asked = questions(tmp_path, headings, ["#N/A", "974000001", "", ""])
    assert [q[:57] for q in asked] == ["employee_number: 1 values are errors of the spreadsheet: t"[:57]]


def test_positions_of_a_flat_file_without_a_last_day_are_counted_and_told(tmp_path: Path) -> None:
    """contract#files-as-they-are"""
    without = {name: heading for name, heading in COLUMNS.items() if name != "end_date"}
    extract = flat(tmp_path, row(), row("1002"), ["1003", *[""] * 9], columns=without)
    assert extract.figures["positions"].warnings["no_end_date"] == 2
    assert extract.notes["positions"]["no_end_date"].startswith(
        "positions come without a last day: who has ended is told only by leaving the list")
    assert extract.notes.keys() == {"positions"}
    assert not flat(tmp_path, row()).notes
    assert not flat(tmp_path, row(), tables=["employees"], columns=without).notes
