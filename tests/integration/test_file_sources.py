"""Files of the systems' own formats: PIFU-IMS, OneRoster's CSV binding, exports of the employee search."""

import zipfile
from datetime import date
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from pydantic import TypeAdapter

from demo.people import national_id
from ingest.errors import PullFailed, RefusedExtract
from ingest.sources.catalogue import AdapterSettings, make_adapter

DAY = date(2025, 3, 10)
SHARED = Path(__file__).resolve().parents[2].parent / "shared" / "samples"  # beside the project
SAMPLE = SHARED / "pifu" / "PIFU-IMS_SAS_eksempel.xml"
Tables = dict[str, list[dict[str, Any]]]


def read(day: date = DAY, **values: Any) -> Tables:
    """The rows that an adapter of VFS reads, by table."""
    adapter = make_adapter("vfs", TypeAdapter(AdapterSettings).validate_python(values))
    tables = adapter.fetch(day, adapter.days(day).get(day), lambda _: None).read()
    return {name: table.data.to_pylist() for name, table in tables.items()}


# --- PIFU ------------------------------------------------------------------------------------------------------------


def pifu(*, persons: str = "", memberships: str = "", kind: str = "full") -> str:
    return f"""<?xml version="1.0" encoding="UTF-8"?><enterprise xmlns="http://pifu.no/xsd/pifu-ims_sas/pifu-ims_sas-v1">
<properties><type>{kind}</type></properties>{persons}
<group><sourcedid><id>org-1</id></sourcedid><grouptype><typevalue level="1">skoleeier</typevalue></grouptype>
<description><short>Eksempel kommune</short></description></group>
<group><sourcedid><id>org-2</id></sourcedid><grouptype><typevalue level="2">skole</typevalue></grouptype>
<description><short>Lia skole</short></description><relationship><sourcedid><id>org-1</id></sourcedid></relationship>
<extension><pifu_id type="organizationNumber"><pifu_value>974000001</pifu_value></pifu_id></extension></group>
<group><sourcedid><id>class</id></sourcedid><grouptype><typevalue level="1">basisgruppe</typevalue></grouptype></group>
{memberships}</enterprise>"""


def person(number: int, ids: str = "") -> str:
    return (f"<person>{ids or f'<sourcedid><id>p{number}</id></sourcedid>'}<userid useridtype='personNIN'>{national_id(number)}"
            f"</userid><userid useridtype='workforceID'>00{number}</userid><name><n><family>Testesen</family><given>Test{number}"
            f"</given></n></name></person>")


def member(who: str, role: str, *, org: str = "org-2", inner: str = "<status>1</status>") -> str:
    return (f"<membership><sourcedid><id>{org}</id></sourcedid><member><sourcedid><id>{who}</id></sourcedid><idtype>1</idtype>"
            f"<role roletype='{role}'>{inner}</role></member></membership>")


def test_pifu_gives_staff_at_schools_and_leaves_the_rest_out(tmp_path: Path) -> None:
    file = tmp_path / "pifu.xml"
    changed = ("<sourcedid sourcedidtype='Old'><id>old</id></sourcedid>"
               "<sourcedid sourcedidtype='New'><id>p1</id></sourcedid>")
    times = "<status>1</status><timeframe><begin>2020-08-01T00:00:00+02:00</begin><end>2025-06-20T00:00:00</end></timeframe>"
    file.write_text(pifu(
        persons=person(1, changed) + "".join(person(n) for n in range(2, 8)),
        memberships=member("old", "02", inner=times) + member("p2", "01") + member("p3", "04", org="org-1")
        + member("p4", "02", inner="<status>0</status>") + member("p5", "02", org="class")
        + member("p6", "04", inner="<subrole>Foresatt</subrole><status>1</status>")), encoding="utf-8")
    tables = read(adapter="pifu", path=file)
    assert [(p["person_id"], p["employee_number"], p["national_id"], p["given_name"]) for p in tables["persons"]] == [
        ("p1", "001", national_id(1), "Test1"), ("p3", "003", national_id(3), "Test3")]
    assert [(p["position_id"], p["org_number"], p["role"], p["start_date"], p["end_date"]) for p in tables["positions"]] == [
        ("p1:org-2:02:2020-08-01", "974000001", "Lærer", "2020-08-01T00:00:00+02:00", "2025-06-20T00:00:00"),
        ("p3:org-1:04:", "org-1", "Andre", None, None)]
    assert [(o["org_number"], o["name"], o["type"], o["parent_org_number"]) for o in tables["org_units"]] == [
        ("org-1", "Eksempel kommune", "kommune", None), ("974000001", "Lia skole", "school", "org-1")]


def test_a_school_in_two_pifu_files_is_refused_and_people_may_be_in_a_file_for_each_school(tmp_path: Path) -> None:
    """contract#adapter-pifu"""
    lia = pifu(persons=person(1) + person(2), memberships=member("p1", "02") + member("p2", "07", org="org-1"))
    other = pifu(persons=person(1) + person(2), memberships=member("p2", "02", org="org-3") + member("p2", "07", org="org-1"))
    other = other.replace("<id>org-2</id>", "<id>org-3</id>").replace("974000001", "974000003")
    (tmp_path / "lia.xml").write_text(lia, encoding="utf-8")
    (tmp_path / "other.xml").write_text(other, encoding="utf-8")
    assert {(p["person_id"], p["org_number"]) for p in read(adapter="pifu", path=tmp_path)["positions"]} == {
        ("p1", "974000001"), ("p2", "974000003"), ("p2", "org-1")}
    (tmp_path / "other.xml").write_text(lia, encoding="utf-8")  # as yesterday's file beside today's
    with pytest.raises(RefusedExtract, match=r"a school stands in two files, in lia\.xml too") as refused:
        read(adapter="pifu", path=tmp_path)
    assert refused.value.file == "other.xml" and refused.value.line


@pytest.mark.skipif(not SAMPLE.exists(), reason="the official PIFU-IMS sample is not there")
def test_the_official_pifu_sample(tmp_path: Path) -> None:
    tables = read(adapter="pifu", path=SAMPLE)
    assert [(p["person_id"], p["employee_number"], p["family_name"]) for p in tables["persons"]] == [
        ("global_ID_01235", "1384628", "Stor")]
    assert {o["type"] for o in tables["org_units"]} == {"kommune", "school"}
    assert "333000333" in {o["org_number"] for o in tables["org_units"]}
    assert {p["role"] for p in tables["positions"]} == {"Lærer"}


@pytest.mark.parametrize(("content", "problem"), [
    (pifu()[:-30], "the XML is broken, or breaks off"),
    ("<html><body>Log in</body></html>", "the document is no <enterprise>"),
    (pifu(kind="delta"), "the file is not a full one"),
    ("<?xml version='1.0'?><!DOCTYPE enterprise SYSTEM 'file:///etc/passwd'><enterprise/>", "declares a document type"),
    ("<enterprise><person>" + "x" * 12_000_000 + "</person></enterprise>", "the XML is broken"),
    ("", "the XML is broken"),
])
def test_xml_that_is_broken_or_of_another_kind_is_refused(tmp_path: Path, content: str, problem: str) -> None:
    file = tmp_path / "pifu.xml"
    file.write_text(content, encoding="utf-8")
    with pytest.raises(RefusedExtract) as refused:
        read(adapter="pifu", path=file)
    assert problem in refused.value.problem and refused.value.file == "pifu.xml"


# --- OneRoster CSV ---------------------------------------------------------------------------------------------------

USERS = "sourcedId,status,dateLastModified,enabledUser,username,userIds,givenName,familyName,identifier,email"
ROLES = "sourcedId,status,dateLastModified,userSourcedId,roleType,role,beginDate,endDate,orgSourcedId"
ORGS = "sourcedId,status,dateLastModified,name,type,identifier,parentSourcedId"


def roster(kind: str, *, users: list[str], roles: list[str], orgs: list[str] | None = None) -> dict[str, str]:
    files = {"manifest.csv": ["propertyName,value", "manifest.version,1.0", "oneroster.version,1.2",
                              *(f"file.{n},{kind}" for n in ("users", "roles", "orgs"))],
             "users.csv": [USERS, *users], "roles.csv": [ROLES, *roles], "orgs.csv": [ORGS, *(orgs or [])]}
    return {name: "\n".join(lines) + "\n" for name, lines in files.items()}


BULK = roster("bulk", users=[
    f'u1,,,true,user1,"{{national_id:{national_id(1)}}},{{Feide:u1@x.example}}",Test1,Testesen,001,a@x.example',
    "u2,,,false,user2,,Test2,Testesen,002,", "u3,,,true,user3,,Elev,Testesen,,"],
    roles=["r1,,,u1,primary,teacher,2020-08-01,2025-06-20,o1", "r2,,,u2,primary,districtAdministrator,,,o0",
           "r3,,,u3,primary,student,,,o1"],
    orgs=["o0,,,Eksempel kommune,district,964000000,", "o1,,,Lia skole,school,974000001,o0"])
STAMP = "2025-03-10T00:00:00Z"
DELTA = roster("delta", users=[f"u2,tobedeleted,{STAMP},,,,,,,", f"u4,active,{STAMP},true,user4,,Test4,Testesen,004,"],
               roles=[f"r1,active,{STAMP},u1,primary,teacher,2020-08-01,2025-03-01,o1",
                      f"r4,active,{STAMP},u4,primary,aide,,,o1"])


def write(folder: Path, files: dict[str, str]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8")


def positions_of(tables: Tables) -> set[tuple]:
    return {(p["position_id"], p["person_id"], p["org_number"], p["role"], p["start_date"], p["end_date"])
            for p in tables["positions"]}


def test_oneroster_csv_as_a_folder_and_as_a_zip(tmp_path: Path) -> None:
    write(tmp_path / "folder", BULK)
    with zipfile.ZipFile(tmp_path / "roster.zip", "w") as archive:
        for name, text in BULK.items():
            archive.writestr(f"export/{name}", text)
    options = {"adapter": "oneroster", "national_id_from": "userIds/national_id"}
    tables = read(path=str(tmp_path / "folder"), **options)
    assert tables == read(path=str(tmp_path / "roster.zip"), **options)
    assert [(p["person_id"], p["employee_number"], p["national_id"], p["login_enabled"]) for p in tables["persons"]] == [
        ("u1", "001", national_id(1), "true"), ("u2", "002", None, "false")]
    assert positions_of(tables) == {("r1", "u1", "974000001", "teacher", "2020-08-01", "2025-06-20")}
    assert [(a["person_id"], a["access_group"], a["org_number"]) for a in tables["accesses"]] == [
        ("u2", "Kommuneadmin", "964000000")]
    exclusive = read(path=str(tmp_path / "folder"), end_date="exclusive", **options)
    assert {p[-1] for p in positions_of(exclusive)} == {"2025-06-19"}


def test_a_oneroster_delta_is_applied_to_the_days_before_it(tmp_path: Path) -> None:
    write(tmp_path / "2025-03-08", BULK)
    write(tmp_path / "2025-03-10", DELTA)
    tables = read(adapter="oneroster", path=str(tmp_path))
    assert {p["person_id"] for p in tables["persons"]} == {"u1", "u4"}
    assert positions_of(tables) == {("r1", "u1", "974000001", "teacher", "2020-08-01", "2025-03-01"),
                                    ("r4", "u4", "974000001", "aide", None, None)}
    assert {p["person_id"] for p in read(date(2025, 3, 8), adapter="oneroster", path=str(tmp_path))["persons"]} == {"u1", "u2"}


@pytest.mark.parametrize(("files", "problem"), [
    (DELTA, "has no bulk delivery before it"),
    ({k: v for k, v in BULK.items() if k != "roles.csv"}, "a required file is missing"),
    (BULK | {"manifest.csv": "propertyName,value\nfile.users,bulk\n"}, "the manifest has no orgs, roles"),
    (BULK | {"users.csv": "sourcedId,givenName\nu1,Test,too,many\n"}, "more cells than the heading"),
    (BULK | {"users.csv": 'sourcedId,givenName\nu1,"Test\n'}, "quotes are not closed"),
    (BULK | {"roles.csv": "sourcedId,role\nr1,teacher\n"}, "a required column is missing"),
    (BULK | {"manifest.csv": "propertyName\nfile.users\n"}, "a required column is missing"),
    (BULK | {"manifest.csv": "propertyName,value\nfile.users,bulk\nfile.orgs"}, "fewer cells than the heading"),
])
def test_oneroster_csv_that_is_not_whole_is_refused(tmp_path: Path, files: dict[str, str], problem: str) -> None:
    write(tmp_path / "folder", files)
    with pytest.raises(RefusedExtract) as refused:
        read(adapter="oneroster", path=str(tmp_path / "folder"))
    assert problem in refused.value.problem


@pytest.mark.parametrize(("name", "kept", "line"), [
    ("users.csv", -len(",user3,,Elev,Testesen,,\n"), 4),  # without a line end: cut off in the last line
    ("roles.csv", -len(",o1\n"), 4), ("orgs.csv", -len(",974000001,o0\n"), 3)])
def test_a_row_with_fewer_cells_than_the_heading_is_refused_with_its_line(
    tmp_path: Path, name: str, kept: int, line: int
) -> None:
    """contract#adapter-oneroster"""
    for cut in (BULK[name][:kept], BULK[name][:kept] + "\n"):
        write(tmp_path / "folder", BULK | {name: cut})
        with pytest.raises(RefusedExtract, match="fewer cells than the heading") as refused:
            read(adapter="oneroster", path=str(tmp_path / "folder"))
        assert (refused.value.file, refused.value.line) == (name, line)


def zipped(file: Path, files: dict[str, str], *folders: str) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(file, "w") as archive:
        for folder in folders or ("",):
            for name, text in files.items():
                archive.writestr(f"{folder}{name}", text)


@pytest.mark.parametrize("folder", ["", "2025-03-10"])
def test_a_zip_beside_other_files_is_refused_and_alone_it_is_read(tmp_path: Path, folder: str) -> None:
    """contract#adapter-oneroster"""
    zipped(tmp_path / folder / "a.zip", BULK)
    assert len(read(adapter="oneroster", path=str(tmp_path))["persons"]) == 2
    for other in ("b.zip", "users.csv"):
        zipped(tmp_path / folder / other, BULK)
        with pytest.raises(RefusedExtract, match="there are several files") as refused:
            read(adapter="oneroster", path=str(tmp_path))
        assert "Leave one delivery in the folder, or name it in `path`" in str(refused.value.remedy)
        assert len(read(adapter="oneroster", path=str(tmp_path / folder / "a.zip"))["persons"]) == 2
        (tmp_path / folder / other).unlink()


def test_a_zip_that_holds_two_deliveries_is_refused(tmp_path: Path) -> None:
    """contract#adapter-oneroster"""
    zipped(tmp_path / "a.zip", BULK, "monday/", "tuesday/")
    with pytest.raises(RefusedExtract, match="the zip holds several files of this name"):
        read(adapter="oneroster", path=str(tmp_path / "a.zip"))


@pytest.mark.parametrize(("name", "row", "problem"), [
    ("users.csv", ",,,true,x,,Test9,Testesen,009,", "the row has no sourcedId"),
    ("roles.csv", " \u200b,,,u2,primary,teacher,,,o1", "the row has no sourcedId"),
    ("users.csv", "u1,,,true,x,,Test9,Testesen,009,", "the row has the sourcedId of an earlier one"),
    ("roles.csv", "r1\u00a0,,,u1,primary,student,,,o1", "the row has the sourcedId of an earlier one"),
    ("orgs.csv", "\u200bo1,,,Åsen skole,school,974000002,o0", "the row has the sourcedId of an earlier one")])
def test_a_record_without_an_id_or_with_that_of_another_is_refused(tmp_path: Path, name: str, row: str, problem: str) -> None:
    """contract#adapter-oneroster"""
    write(tmp_path / "folder", BULK | {name: BULK[name] + row + "\n"})
    with pytest.raises(RefusedExtract, match=problem) as refused:
        read(adapter="oneroster", path=str(tmp_path / "folder"))
    assert (refused.value.file, refused.value.line) == (name, len(BULK[name].splitlines()) + 1)


def test_identical_records_are_one_and_ids_are_cleaned_before_they_are_compared(tmp_path: Path) -> None:
    """contract#adapter-oneroster"""
    twice = {name: text + (text.splitlines()[1] + "\n" if name != "manifest.csv" else "") for name, text in BULK.items()}
    twice["roles.csv"] = twice["roles.csv"].replace(",u1,", ", u1\u200b,").replace(",o1", ",o1\u00a0")
    twice["users.csv"] = twice["users.csv"].replace("u1,,", "u1\u00a0,,")
    write(tmp_path / "plain", BULK)
    write(tmp_path / "twice", twice)
    assert read(adapter="oneroster", path=str(tmp_path / "twice")) == read(adapter="oneroster", path=str(tmp_path / "plain"))


def test_in_a_delta_the_last_of_several_records_of_one_id_holds(tmp_path: Path) -> None:
    write(tmp_path / "2025-03-09", BULK)
    more = f"r1,active,{STAMP},u1,primary,teacher,2020-08-01,2025-02-01,o1\n"
    write(tmp_path / "2025-03-10", DELTA | {"roles.csv": DELTA["roles.csv"] + more})
    tables = read(adapter="oneroster", path=tmp_path)
    assert ("r1", "u1", "974000001", "teacher", "2020-08-01", "2025-02-01") in positions_of(tables)


def test_roles_whose_user_is_not_delivered_are_counted(tmp_path: Path) -> None:
    """contract#adapter-oneroster"""
    def lost(folder: Path) -> list[tuple[str, int]]:
        adapter = make_adapter("vfs", TypeAdapter(AdapterSettings).validate_python({"adapter": "oneroster", "path": folder}))
        delivered = adapter.fetch(DAY, adapter.days(DAY).get(DAY), lambda _: None).read()
        return [(note.name, note.count) for table in delivered.values() for note in table.notes]

    roles = BULK["roles.csv"] + "r8,,,u8,primary,teacher,,,o1\nr9,,,u9,primary,student,,,o1\nr7,tobedeleted,,u7,,,,,\n"
    write(tmp_path / "bulk", BULK | {"roles.csv": roles})
    assert lost(tmp_path / "bulk") == [("roles_without_user", 2)]
    write(tmp_path / "days" / "2025-03-09", BULK)
    write(tmp_path / "days" / "2025-03-10", DELTA)  # whose removed user has a role left: that is known
    assert lost(tmp_path / "days") == []


# --- exports ---------------------------------------------------------------------------------------------------------

COLUMNS = {"person_id": "Id", "given_name": "Fornavn", "family_name": "Etternavn", "registered_by": "Registrert",
           "org_number": "Skole", "role": "Stilling", "start_date": "Tilsatt fra", "end_date": "Tilsatt til"}
EXPORT = {"adapter": "export", "tables": ["persons", "positions"], "skip_rows": 1, "columns": COLUMNS,
          "values": {"registered_by": {"Manuelt": "manual", "HRM": "hrm"}, "org_number": {"Lia skole": "974000001"}}}
HEADING = list(COLUMNS.values())
LINES = [["P1", "Åse", "Testesen", "Manuelt", "Lia skole", "Lærer", "01.08.2020", ""],
         ["P1", "Åse", "Testesen", "Manuelt", "Lia skole", "Rektor", "01.08.2024", "20.06.2025"],
         ["P2", "Per", "Testesen", "HRM", "", "", "", ""]]


def test_an_export_is_read_as_text_and_as_a_workbook_alike(tmp_path: Path) -> None:
    text = "\r\n".join(["Ansattsøk", *(";".join(row) for row in (HEADING, *LINES))]) + "\r\n"
    (tmp_path / "ansatte.csv").write_bytes(text.encode("cp1252"))
    book = openpyxl.Workbook()
    for row in (["Ansattsøk"], HEADING, *LINES):
        book.active.append([c or None for c in row])
    book.save(tmp_path / "ansatte.xlsx")
    tables = read(path=tmp_path / "ansatte.csv", encoding="windows-1252", **EXPORT)
    assert tables == read(path=tmp_path / "ansatte.xlsx", **EXPORT)
    assert [p["person_id"] for p in tables["persons"]] == ["P1", "P1", "P2"]  # validation drops identical rows
    assert [p["position_id"] for p in tables["positions"]] == ["P1:Lia skole:Lærer:2020-08-01", "P1:Lia skole:Rektor:2024-08-01"]


def test_an_export_without_a_mapped_column_is_refused_with_its_name(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("x\n" + ";".join(HEADING[1:]) + "\n")
    with pytest.raises(RefusedExtract, match="a required column is missing") as refused:
        read(path=tmp_path / "a.csv", **EXPORT)
    assert (refused.value.line, refused.value.column) == (2, "Id")
    with pytest.raises(PullFailed, match="there is no file ending in"):
        read(path=tmp_path / "nothing.csv", **EXPORT)


def test_an_export_without_mapped_columns_may_carry_any_canonical_one(tmp_path: Path) -> None:
    settings_ = {"adapter": "export", "path": tmp_path, "tables": ["positions"]}
    unmapped, mapped = (make_adapter("vfs", TypeAdapter(AdapterSettings).validate_python(values)) for values in (
        settings_, settings_ | {"columns": {"person_id": "Id", "org_number": "Org"}}))
    assert "positions.registered_by" in unmapped.carries and mapped.carries == frozenset()


def test_an_export_with_only_a_heading_has_no_rows(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("x\n" + ";".join(HEADING) + "\n")
    assert read(path=tmp_path / "a.csv", **EXPORT) == {"persons": [], "positions": []}
