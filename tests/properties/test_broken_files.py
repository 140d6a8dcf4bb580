"""Whatever a file or folder holds: an extract or an error that names the file, and memory within a limit."""

import json
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from hypothesis import given, settings
from pydantic import TypeAdapter

from ingest.errors import RefusedExtract
from ingest.sources.catalogue import AdapterSettings, make_adapter
from tests.support.command_line import Place
from tests.support.taking_in import DAY, FEW, broken, take_in

COLUMNS = {"person_id": "Id", "given_name": "Fornavn", "family_name": "Etternavn", "registered_by": "Registrert",
           "org_number": "Skole", "role": "Stilling", "start_date": "Tilsatt fra", "end_date": "Tilsatt til"}
EXPORT = {"adapter": "export", "tables": ["persons", "positions"], "columns": COLUMNS}
EXPORT_WITH_TITLE = {**EXPORT, "skip_rows": 1, "values": {
    "registered_by": {"Manuelt": "manual", "HRM": "hrm"}, "org_number": {"Lia skole": "974000001"}}}
LINES = [["Ansattsøk"], list(COLUMNS.values()),
         ["P1", "Åse", "Testesen", "Manuelt", "Lia skole", "Lærer", "01.08.2020", ""],
         ["P1", "Åse", "Testesen", "Manuelt", "Lia skole", "Rektor", "01.08.2024", "20.06.2025"],
         ["P2", "Per", "Testesen", "HRM", "", "", "", ""]]
PIFU = """<?xml version="1.0" encoding="UTF-8"?><enterprise xmlns="http://pifu.no/xsd/pifu-ims_sas/pifu-ims_sas-v1">
<properties><type>full</type></properties>
<person><sourcedid><id>p1</id></sourcedid><userid useridtype='workforceID'>001</userid>
<name><n><family>Testesen</family><given>Test</given></n></name></person>
<group><sourcedid><id>org-1</id></sourcedid><grouptype><typevalue level="1">skoleeier</typevalue></grouptype>
<description><short>Eksempel kommune</short></description></group>
<group><sourcedid><id>org-2</id></sourcedid><grouptype><typevalue level="2">skole</typevalue></grouptype>
<description><short>Lia skole</short></description><relationship><sourcedid><id>org-1</id></sourcedid></relationship>
<extension><pifu_id type="organizationNumber"><pifu_value>974000001</pifu_value></pifu_id></extension></group>
<membership><sourcedid><id>org-2</id></sourcedid><member><sourcedid><id>p1</id></sourcedid><idtype>1</idtype>
<role roletype='02'><status>1</status></role></member></membership></enterprise>"""
ROSTER = {"manifest.csv": "propertyName,value\nmanifest.version,1.0\nfile.users,bulk\nfile.orgs,bulk\nfile.roles,bulk\n",
          "users.csv": "sourcedId,enabledUser,givenName,familyName,identifier\nu1,true,Test,Testesen,001\n",
          "roles.csv": "sourcedId,userSourcedId,role,beginDate,endDate,orgSourcedId\nr1,u1,teacher,2020-08-01,2025-06-20,o1\n",
          "orgs.csv": "sourcedId,name,type,identifier,parentSourcedId\no1,Lia skole,school,974000001,\n"}
FORMATS = {"e.csv": EXPORT_WITH_TITLE, "e.xlsx": EXPORT_WITH_TITLE, "p.xml": {"adapter": "pifu"},
           "o.zip": {"adapter": "oneroster"}}


def write_whole(file: Path) -> bytes:
    """Write a valid file in the format of its name; returns its content."""
    match file.suffix:
        case ".csv":
            file.write_text("\n".join(map(";".join, LINES)), encoding="utf-8")
        case ".xlsx":
            book = openpyxl.Workbook()
            for line in LINES:
                book.worksheets[0].append(line)
            book.save(file)
        case ".xml":
            file.write_text(PIFU, encoding="utf-8")
        case _:
            with zipfile.ZipFile(file, "w") as archive:
                for name, text in ROSTER.items():
                    archive.writestr(name, text)
    return file.read_bytes()


def read(file: Path) -> set[str]:
    """The names of the tables that the adapter for this file reads."""
    adapter = make_adapter("vfs", TypeAdapter(AdapterSettings).validate_python({**FORMATS[file.name], "path": str(file)}))
    return set(adapter.fetch(DAY, adapter.days(DAY).get(DAY), lambda _: None).read())


@pytest.mark.parametrize("name", FORMATS)
def test_whatever_the_bytes_there_are_tables_or_an_error_that_names_the_file(tmp_path: Path, name: str) -> None:
    file = tmp_path / name
    whole = write_whole(file)
    assert {"persons", "positions"} <= read(file)

    @settings(FEW, max_examples=150)
    @given(broken(whole))
    def check(content: bytes) -> None:
        file.write_bytes(content)
        try:
            tables = read(file)
        except RefusedExtract as refused:
            assert refused.problem and refused.file
        else:
            assert tables <= {"persons", "positions", "accesses", "org_units"}

    check()


@pytest.mark.parametrize("name", FORMATS)
def test_whatever_bytes_a_file_holds_the_command_names_the_file_or_succeeds(tmp_path: Path, name: str) -> None:
    file = tmp_path / name
    place = Place(tmp_path)
    place.configure(sources={"hrm": {"path": "inbox/hrm"}, "vfs": {**FORMATS[name], "path": name}})

    @FEW
    @given(broken(write_whole(file)))
    def check(content: bytes) -> None:
        file.write_bytes(content)
        done = place.do("check-source", "vfs")
        assert done.code in (0, 1) and (done.code == 0 or name in done.err or ".csv" in done.err), done.text
        assert not (place.data / "landed").exists()

    check()


def test_whatever_bytes_a_folder_holds_there_is_an_extract_or_an_error(tmp_path: Path) -> None:
    folder = tmp_path / "in" / DAY.isoformat()
    folder.mkdir(parents=True)
    whole = {"employees.csv": "employee_number,national_id,given_name\n001,,Test\n002,,Åse\n",
             "positions.csv": 'position_id,employee_number,org_number,start_date,end_date\nA1,001,S1,,\n"A2",002,S1,,\n'}
    for name, text in whole.items():
        (folder / name).write_text(text, encoding="utf-8")

    @FEW
    @given(broken(whole["positions.csv"].encode()))
    def check(content: bytes) -> None:
        (folder / "positions.csv").write_bytes(content)
        assert take_in(tmp_path, "hrm", {"adapter": "csv", "path": str(tmp_path / "in")})

    check()


# --- bombs ---------------------------------------------------------------------------------------------------------------

GIGABYTE = 1 << 30
MOST_MB = 400  # of a process of which the libraries alone take some 200


def _line_of_a_gigabyte(file: Path) -> None:
    with file.open("wb") as handle:
        handle.truncate(GIGABYTE)  # sparse: takes no room on the disk


def _excel(file: Path, sheet: str) -> None:
    book = openpyxl.Workbook()
    book.save(file)
    with zipfile.ZipFile(file) as archive:
        parts = {n: archive.read(n) for n in archive.namelist()}
    space = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    parts["xl/worksheets/sheet1.xml"] = sheet.replace("SPACE", space).encode()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)


def _zip_bomb(file: Path, member: str, piece: bytes = b"u1,x\n" * (1 << 17), times: int = 256) -> None:
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for name in ("manifest.csv", "orgs.csv", "roles.csv"):
            archive.writestr(name, "propertyName,value\nfile.users,bulk\nfile.orgs,bulk\nfile.roles,bulk\n")
        with archive.open(member, "w", force_zip64=True) as handle:
            for _ in range(times):
                handle.write(piece)


def _laughs(kind: str) -> str:
    return f"<!DOCTYPE {kind} [<!ENTITY a 'ha'>" + "".join(
        f"<!ENTITY {b} '{f'&{a};' * 10}'>" for a, b in zip("abcdefgh", "bcdefghi", strict=True)) + "]>"


def _sheet(rows: str, before: str = "") -> Callable[[Path], None]:
    return lambda file: _excel(file, f"{before}<worksheet xmlns='SPACE'><sheetData>{rows}</sheetData></worksheet>")


def _text(content: str) -> Callable[[Path], Any]:
    return lambda file: file.write_text(content)


CSV, ONEROSTER, PIFU_FILE = {"adapter": "csv", "path": "in"}, {"adapter": "oneroster"}, {"adapter": "pifu", "path": "p.xml"}
EXCEL_FILE = {**EXPORT, "path": "e.xlsx"}
TOO_LONG, NO_XML, NO_BOOK = "the line is longer than 4 MB", "the XML is broken", "the file is no Excel workbook"
# {name: (file, settings, function that writes it, why it is refused)}
BOMBS: dict[str, tuple[str, dict[str, Any], Callable[[Path], Any], str]] = {
    "a line of a gigabyte, csv": ("in/2025-03-10/positions.csv", CSV, _line_of_a_gigabyte, TOO_LONG),
    "a line of a gigabyte, export": ("e.csv", {**EXPORT, "path": "e.csv"}, _line_of_a_gigabyte, TOO_LONG),
    "a line of a gigabyte, oneroster": ("o/manifest.csv", {**ONEROSTER, "path": "o"}, _line_of_a_gigabyte, TOO_LONG),
    "a line of a gigabyte, pifu": ("p.xml", PIFU_FILE, _line_of_a_gigabyte, NO_XML),
    "a zip bomb, oneroster": ("r.zip", {**ONEROSTER, "path": "r.zip"}, lambda f: _zip_bomb(f, "users.csv"),
                              "the zip unpacks to more than 512 MB, or 100 times its size"),
    "a zip bomb, excel": ("e.xlsx", EXCEL_FILE, lambda f: _zip_bomb(f, "xl/worksheets/sheet1.xml"),
                          "unpacks to more than any export holds"),
    "a zip bomb of zeros, excel": ("e.xlsx", EXCEL_FILE, lambda f: _zip_bomb(
        f, "xl/worksheets/sheet1.xml", b"\0" * (1 << 20), 600), "unpacks to more than any export holds"),
    "a row far down, excel": ("e.xlsx", EXCEL_FILE, _sheet("<row r='999999999999'><c t='n'><v>1</v></c></row>"), "the sheet"),
    "cells far out, excel": ("e.xlsx", EXCEL_FILE, _sheet("".join(
        f"<row r='{n}'><c r='XFD{n}' t='n'><v>1</v></c></row>" for n in range(1, 20_001))), "the sheet"),
    "a billion laughs, excel": ("e.xlsx", EXCEL_FILE, _sheet("<row><c t='str'><v>&i;</v></c></row>", _laughs("SHEET")), NO_BOOK),
    "a billion laughs, pifu": ("p.xml", PIFU_FILE, _text(
        _laughs("SHEET") + "<enterprise><person><name><n><family>&i;</family></n></name></person></enterprise>"), NO_XML),
    "a billion laughs in an attribute, pifu": ("p.xml", PIFU_FILE, _text(
        _laughs("SHEET") + "<enterprise><person x='&i;'/></enterprise>"), NO_XML),
    "a billion laughs in the root, pifu": ("p.xml", PIFU_FILE, _text(
        "<?xml version='1.0'?>" + _laughs("enterprise") + "<enterprise>&i;</enterprise>"), NO_XML),
}
# (Not getrusage: its peak includes the parent's memory at the start of this process.)
IN_A_PROCESS = """
import json, re, sys
from pathlib import Path
from tests.support.taking_in import take_in
for place, system, settings in json.loads(sys.argv[1]):
    outcome = take_in(Path(place), system, settings)
    peak = int(re.search(r"VmHWM:\\s+(\\d+) kB", Path("/proc/self/status").read_text())[1]) / 1024
    print(json.dumps([getattr(outcome, "refused", outcome), peak]))
"""


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[str | None, float]]:
    """For each bomb: why it was refused, and the peak memory (MB) so far of the process that takes them all in."""
    given_ = []
    for file, source_settings, make, _ in BOMBS.values():
        place = tmp_path_factory.mktemp("bomb")
        (place / file).parent.mkdir(parents=True, exist_ok=True)
        make(place / file)
        if source_settings["adapter"] == "csv":
            ((place / file).parent / "employees.csv").write_text("employee_number\n001\n")
        given_.append((str(place), "hrm" if source_settings["adapter"] == "csv" else "vfs",
                       {**source_settings, "path": str(place / source_settings["path"])}))
    done = subprocess.run([sys.executable, "-c", IN_A_PROCESS, json.dumps(given_)], capture_output=True, text=True, check=False,
                          timeout=300, cwd=Path(__file__).parents[2])
    assert done.returncode == 0, done.stderr[-2000:]
    return dict(zip(BOMBS, map(json.loads, done.stdout.splitlines()), strict=True))


@pytest.mark.parametrize("name", BOMBS)
def test_a_bomb_is_refused_in_little_memory(outcomes: dict[str, tuple[str | None, float]], name: str) -> None:
    refused, peak = outcomes[name]
    file, _, _, why = BOMBS[name]
    assert refused and DAY.isoformat() in refused and peak < MOST_MB, outcomes[name]
    assert why in refused and Path(file).name in refused, refused
