"""National ids exist nowhere after validation: not in files, databases, logs, messages or Dagster's records, wherever and however
they were delivered."""

import csv
import re
from collections.abc import Callable
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import openpyxl

from demo.people import national_id
from demo.servers import SECRET, Day, Server
from ingest.canonical_tables import Kind, System, tables_of
from tests.support.command_line import Place, town
from tests.support.deliveries import as_text
from tests.support.post import webhook
from tests.support.written import SIMULATED, everything_written


def ids_below(folder: Path) -> set[str]:
    ids = set()
    for file in folder.rglob("*.csv"):
        with file.open(newline="", encoding="utf-8") as handle:
            ids |= {row["national_id"] for row in csv.DictReader(handle) if row.get("national_id")}
    return ids


def test_after_a_full_demo_run_no_national_id_is_found_anywhere(place: Place) -> None:
    assert place.do("demo", "--employees", "300", "--days", "12", as_it_is=True).code == 0
    ids = ids_below(place.data.joinpath(*SIMULATED))
    assert len(ids) > 300
    assert SECRET not in "".join(file.read_bytes().decode("latin-1") for file in place.data.rglob("*") if file.is_file())
    texts = everything_written(place.data)
    assert {".parquet", ".duckdb", ".db", ".json", ".log", ".html", ".xlsx", ".csv"} <= {f.suffix for f in texts}
    assert any("fødselsnummer" in text for file, text in texts.items() if file.suffix == ".html")  # the stories were unpacked
    for file, text in texts.items():
        digits = set(re.findall(r"(?<!\d)\d{11}(?!\d)", text)) | {
            m.replace(" ", "") for m in re.findall(r"(?<!\d)\d{6} \d{5}(?!\d)", text)}
        assert not digits & ids, file


# --- written in every way, in every place ------------------------------------------------------------------------------

FORMS: list[Callable[[str], str]] = [
    lambda i: i, lambda i: f"{i[:6]} {i[6:]}", lambda i: f"{i[:6]}-{i[6:]}", lambda i: f"{i[:6]}.{i[6:]}",
    lambda i: f"{i[:6]}\u00a0{i[6:]}", lambda i: f"{i[:6]}\t{i[6:]}", lambda i: f"{i[:6]}/{i[6:]}",
    lambda i: f"{i[:6]}\u2013{i[6:]}", lambda i: f"{i[:6]}\u200b{i[6:]}",
    lambda i: i.translate({n + 48: 0xFF10 + n for n in range(10)}), lambda i: f"fnr{i}",
    lambda i: f"P{i}", lambda i: f"{national_id(99)} og {i}", lambda i: f"1234 {i[:6]} {i[6:]} 56",
    lambda i: f"{i[:2]}.{i[2:4]}.{i[4:6]} - {i[6:9]} {i[9:]}"]


@cache
def ids_in(text: str) -> set[str]:
    """Every run of eleven digits in a text, whatever is neither a digit nor a letter between them, in digits of any script.

    Not the product's own way to find them: this one finds far more, of which the test knows those that it delivered.
    """
    text = re.sub(r"\\u([0-9a-fA-F]{4})", lambda m: chr(int(m.group(1), 16)), text)
    text = re.sub("[\u00ad\u200b-\u200f\u2060\ufeff]", "", text)
    if not text.isascii():
        text = re.sub(r"(?![0-9])\d", lambda m: str(int(m.group())), text)
    return {re.sub(r"\D", "", found) for found in re.findall(r"(?=(?<!\d)(\d(?:[^0-9A-Za-zÆØÅæøå]{0,3}\d){10})(?!\d))", text)}


def assert_nowhere(place: Place, delivered: set[str], *texts: str) -> None:
    """None of the delivered ids stands in a file below the data directory, or in what was printed or sent."""
    for where, text in [*((str(f), t) for f, t in everything_written(place.data).items()), *(("printed", t) for t in texts)]:
        as_utf8 = text.encode("latin-1", "ignore").decode("utf-8", "ignore")
        assert not (ids_in(text) | ids_in(as_utf8) | ids_in(where)) & delivered, where


class Ids:
    """Hands out ids that are all different, each written in the next form; remembers them."""

    def __init__(self) -> None:
        self.delivered = {national_id(99)}

    def next(self) -> str:
        digits = national_id(1000 + len(self.delivered))
        self.delivered.add(digits)
        return FORMS[len(self.delivered) % len(FORMS)](digits)

    def into(self, system: System, tables: dict[str, list[dict[str, Any]]], *, dates: bool = True) -> dict[str, Any]:
        """The tables with an id in each column of some row: in each text column of a row of its own; in those columns that may
        reject a row, all in one."""
        filled = {}
        for table in tables_of(system):
            rows = [dict(r) for r in tables[table.name]]
            texts = [c for c in table.columns if c.kind in (Kind.TEXT, Kind.NATIONAL_ID)]
            for form in range(2):  # two forms of each
                for number, column in enumerate(texts):
                    rows[(number + form * len(texts)) % len(rows)][column.name] = self.next()
            if dates and len(rows) > 20:
                rows[-1] |= {c.name: self.next() for c in table.columns if c not in texts}
            filled[table.name] = rows
        return filled


def test_a_national_id_in_any_column_heading_or_file_name_in_any_way_of_writing_is_repeated_nowhere(place: Place) -> None:
    """contract#leaks."""
    hrm, vfs = town(60)
    of_system: dict[System, Any] = {"hrm": hrm, "vfs": vfs}
    ids = Ids()
    for day in ("2025-03-08", "2025-03-10"):
        for system, tables in of_system.items():
            folder = place.deliver(system, day, ids.into(system, tables))
            for file in folder.glob("*.csv"):  # an extra column, its heading an id as well
                lines = file.read_text(encoding="utf-8").splitlines()
                file.write_text("\n".join(f'{line},"{ids.next()}"' for line in lines), encoding="utf-8")
    without = place.deliver("vfs", "2025-03-09", vfs)
    first = ids.next()
    (without / "persons.csv").write_text(f"{first},Test,Test,{first}\n", encoding="utf-8")
    with webhook() as hook:
        place.configure(alerts={"recipients": {"all": {
            "send_to": "${SEND_TO}", "identify_by": "name", "data_problems": True}}})
        place.environment = {"SEND_TO": hook.address}
        done = place.do("run", recorded=True)
        assert done.code == 3 and hook.posts
        looked = [place.do(*command).text for command in (
            ("status",), ("check-source", "hrm"), ("check-source", "vfs", "--json"), ("explain", first),
            ("propose", str(without / "persons.csv")), ("find", first), ("find", "test", "--json"),
            ("evidence", "--from", "2025-03-08", "--to", "2025-03-10", "--out", "data/evidence/pack"))]
        assert len(list((place.data / "evidence" / "pack").iterdir())) == 7
        assert_nowhere(place, ids.delivered, done.text, str(hook.posts), *looked)
    with_hash = {r["person_id"] for r in place.mart("employee_status") if re.search("[0-9a-f]{64}", r["person_id"])}
    # Two persons, and four of positions and accesses whose person VFS does not hold.
    assert len(with_hash) == 6 and len(place.mart("rejected_rows")) > 0


def test_an_export_with_ids_in_its_name_headings_and_cells_is_read_without_them(place: Place) -> None:
    """contract#leaks."""
    hrm, _ = town()
    place.deliver("hrm", "2025-03-10", hrm)
    ids = Ids()
    names = ["Id", "Fornavn", "Etternavn", "Skole", "Stilling", "Fra", "Til", ids.next(), "Notat", ids.next()]
    rows = [[f"P{n}", "Test", "Testesen", "S1", "Lærer", "01.08.2020", "", "", "", ""] for n in range(60)]
    for column in range(10):
        rows[column][column] = ids.next()
    for name, suffix in ((ids.next().replace("/", "_"), ".csv"), (ids.next().replace("/", "_"), ".xlsx")):
        file = place.root / "inbox" / f"ansatte {name}" / f"liste {name}{suffix}"
        file.parent.mkdir(parents=True)
        for headings in (names, [*names[:7], "Id", ids.next(), ids.next()]):
            if suffix == ".csv":
                file.write_text("\n".join(";".join(row) for row in [headings, *rows]), encoding="utf-8")
            else:
                book = openpyxl.Workbook()
                sheet: Any = book.active
                for row in [headings, *rows]:
                    sheet.append(row)
                book.save(file)
            place.configure(sources={"hrm": {"path": "inbox/hrm"}, "vfs": {
                "adapter": "export", "path": str(file), "tables": ["persons", "positions"], "columns": {
                    "person_id": "Id", "given_name": "Fornavn", "family_name": "Etternavn", "org_number": "Skole",
                    "role": "Stilling", "start_date": "Fra", "end_date": "Til"}}})
            done = [place.do("run"), place.do("check-source", "vfs"), place.do("propose", str(file))]
            assert done[0].code == (0 if headings is names else 3), done[0].text
            assert_nowhere(place, ids.delivered, *(d.text for d in done))


def test_a_roster_in_files_or_from_a_server_with_ids_everywhere_is_read_without_them(place: Place) -> None:
    """contract#leaks."""
    hrm, vfs = town(60)
    of_system: dict[System, Any] = {"hrm": hrm, "vfs": vfs}
    ids = Ids()
    texts = {system: {table.name: [{c.name: as_text(row.get(c.name)) for c in table.columns} for row in filled[table.name]]
                      for table in tables_of(system)}
             for system, tables in of_system.items() for filled in [ids.into(system, tables, dates=False)]}
    folder = place.root / f"pifu {ids.next().replace('/', '_')}"
    folder.mkdir()
    person = "<person><sourcedid><id>{0}</id></sourcedid><userid useridtype='workforceID'>{1}</userid><name><n>" \
             "<family>{2}</family><given>{3}</given></n></name><email>{4}</email></person>"
    member = "<membership><sourcedid><id>{0}</id></sourcedid><member><sourcedid><id>{1}</id></sourcedid><idtype>1</idtype>" \
             "<role roletype='{2}'><status>1</status><timeframe><begin>{3}</begin></timeframe></role></member></membership>"
    odd = [ids.next() for _ in range(3)]
    group = "<group><sourcedid><id>{0}</id></sourcedid><grouptype><typevalue>skole</typevalue></grouptype><description>" \
            "<short>{1}</short></description></group>"
    pifu = "".join(person.format(f"p{n}", n, "T", "T", "") for n in range(60)) + (
        person.format(odd[0], *(ids.next() for _ in range(4))) + group.format(odd[1], ids.next())
        + member.format(odd[1], odd[0], odd[2], "2020-08-01")
        + "".join(member.format(odd[1], f"p{n}", "02", ids.next() if n == 1 else "2020-08-01") for n in range(60)))
    (folder / f"fil {ids.next().replace('/', '_')}.xml").write_text(f"<enterprise>{pifu}</enterprise>", encoding="utf-8")
    roster = place.root / "roster"
    roster.mkdir()
    for name, lines in {
        "manifest.csv": ["propertyName,value", *(f"file.{n},bulk" for n in ("users", "roles", "orgs"))],
        "users.csv": [f"sourcedId,givenName,familyName,identifier,{ids.next()}", *(
            f'P{n},"{ids.next() if n == 1 else "T"}","T","{ids.next() if n == 2 else n}",""' for n in range(60)),
            f'"{odd[0]}",T,T,9,"{ids.next()}"'],
        "roles.csv": ["sourcedId,userSourcedId,role,orgSourcedId,beginDate", *(
            f'"{ids.next() if n == 3 else n}",P{n},"{f"ext:{ids.next()}" if n == 4 else "teacher"}",S1,' for n in range(60)),
            f'R,"{odd[0]}",teacher,"{odd[1]}",""'],
        "orgs.csv": ["sourcedId,name,type,parentSourcedId", f'S1,"{ids.next()}",school,', f'"{odd[1]}",x,"{ids.next()}",'],
    }.items():
        (roster / name).write_text("\n".join(lines) + "\n", encoding="utf-8")
    with Server(Day(date(2025, 3, 10), lambda: texts["hrm"], lambda: texts["vfs"])) as server:
        place.environment = server.environment
        served = {name: source | {"backoff_seconds": 0} for name, source in server.sources().items()}
        for hrm_source, vfs_source in (
                (served["visma_hrm"], served["oneroster"]), (served["fint"], {"adapter": "pifu", "path": str(folder)}),
                (served["fint"], {"adapter": "oneroster", "path": str(roster)}),
                (served["fint"] | {"url": f"{server.url}/{odd[0]}"}, {"adapter": "pifu", "path": str(folder / odd[1])})):
            place.configure(sources={"hrm": hrm_source, "vfs": vfs_source})
            done = [place.do("run"), place.do("check-source", "hrm"), place.do("check-source", "vfs")]
            assert_nowhere(place, ids.delivered, *(d.text for d in done))
            assert done[0].code in (0, 3) or "did not answer" in done[0].text or "there is" in done[0].text, done[0].text
    assert any(re.search("[0-9a-f]{64}", r["person_id"]) for r in place.mart("employee_status"))


def test_a_national_id_in_a_wrong_column_or_a_broken_file_is_not_repeated_anywhere(place: Place) -> None:
    secret = national_id(4711)
    hrm, vfs = town(60)
    for table in ("employees", "positions"):
        hrm[table][0] = {**hrm[table][0], "given_name": f"Test {secret}", "position_title": f"Lærer ({secret})"}
        hrm[table][0].pop("position_title" if table == "employees" else "given_name")
    hrm["positions"][1] = {**hrm["positions"][1], "start_date": secret}
    place.deliver("hrm", "2025-03-10", hrm)
    vfs["persons"][0] = {**vfs["persons"][0], "person_id": secret, "registered_by": secret}
    place.deliver("vfs", "2025-03-10", vfs)
    broken = place.deliver("vfs", "2025-03-09", vfs)
    (broken / "persons.csv").write_text(f'person_id,given_name,family_name\nA,"{secret},x\n')
    wide = place.deliver("vfs", "2025-03-08", vfs)
    (wide / "persons.csv").write_text(f"person_id,given_name,family_name\nA,B,C,{secret}\n")
    heading = place.deliver("hrm", "2025-03-09", hrm)
    (heading / "employees.csv").write_text(f"employee_number,{secret}\n001,x\n")
    with webhook() as hook:
        place.configure(alerts={"recipients": {"all": {
            "send_to": "${SEND_TO}", "identify_by": "name", "data_problems": True}}})
        place.environment = {"SEND_TO": hook.address}
        done = place.do("run")
        assert len(hook.posts) == 1 and secret not in str(hook.posts)
    assert done.code == 3
    assert secret not in done.text
    assert {(r["column_name"], r["reason"]) for r in place.mart("rejected_rows")} == {
        ("start_date", "not a date"), ("registered_by", "not one of hrm, manual")}
    for file, text in everything_written(place.data).items():
        assert secret not in text, file
