"""The whole pipeline on the systems' own protocols: the same findings as from files, where they are assessable."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import openpyxl
import pytest
import yaml

from demo import paga, pifu, stamdata3
from demo.municipality import simulate
from demo.people import national_id
from demo.servers import SECRET, Faults, Server, day_of
from tests.support.command_line import Done, Place, Prepared, make_place
from tests.support.visma_net_server import VismaNetServer

DAY = date(2025, 3, 10)


@pytest.fixture(scope="module")
def inbox(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("municipality")
    simulate(folder / "inbox", folder / "truth.json", employees=400, days=20, last_day=DAY, truncated=False, seed=8)
    return folder / "inbox"


@pytest.fixture
def server(inbox: Path) -> Iterator[Server]:
    with Server(day_of(inbox, DAY)) as running:
        yield running


@pytest.fixture
def visma_net(inbox: Path) -> Iterator[VismaNetServer]:
    with VismaNetServer(day_of(inbox, DAY)) as running:
        yield running


def from_files(place: Place, inbox: Path) -> Place:
    for system in ("hrm", "vfs"):
        target = place.inbox / system / DAY.isoformat()
        target.parent.mkdir(parents=True)
        target.symlink_to(inbox / system / DAY.isoformat())
    assert place.do("run").code == 0
    return place


def write_accesses(file: Path, server: Server) -> None:
    """The accesses as an Excel export of the employee search, with a title row and Norwegian headings."""
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.append(["Ansattsøk, utvalg: alle"])
    sheet.append(["Person", "Tilgangsgruppe", "Org.nr", "Fra", "Til"])
    for access in server.day.vfs["accesses"]:
        start = date.fromisoformat(access["start_date"]) if access["start_date"] else None
        sheet.append([access["person_id"], access["access_group"], access["org_number"], start, access["end_date"] or None])
    file.parent.mkdir(parents=True, exist_ok=True)
    book.save(file)


HEADINGS = {
    "employee_number": "Ansattnummer", "national_id": "Fødselsnummer", "given_name": "Fornavn", "family_name": "Etternavn",
    "email": "E-post", "position_id": "Stillingsid", "org_number": "Organisasjonsnummer", "position_code": "Stillingskode",
    "position_title": "Stilling", "percentage": "Stillingsprosent", "start_date": "Ansatt fra", "end_date": "Ansatt til"}


def write_flat(file: Path, server: Server) -> None:
    """HRM as one flat file: a row for each position, and one for each employee without; title, Windows-1252, a footer."""
    positions: dict[str, list[dict[str, str]]] = {}
    for position in server.day.hrm["positions"]:
        days = {c: ".".join(reversed((position[c] or "").split("-"))) for c in ("start_date", "end_date")}
        positions.setdefault(position["employee_number"], []).append({**position, **days})
    rows = [{**employee, **position} for employee in server.day.hrm["employees"]
            for position in positions.get(employee["employee_number"], [{}])]
    assert any("position_id" not in row for row in rows) and any(len(held) > 1 for held in positions.values())
    lines = ["sep=;", "Ansattliste", ";".join(HEADINGS.values()),
             *(";".join(row.get(column) or "" for column in HEADINGS) for row in rows), f"Antall rader: {len(rows)}"]
    file.write_bytes(("\r\n".join(lines) + "\r\n").encode("cp1252"))


def proposed(place: Place, file: Path, *options: str) -> list[dict[str, Any]]:
    """The sources of HRM that `sluttdato propose` proposes for a file."""
    return yaml.safe_load(place.do("propose", str(file), *options).out)["sources"]["hrm"]


Findings = set[tuple[str, str, str | None]]  # finding type, person, org number


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory, prepared: Prepared, inbox: Path) -> Place:
    """The municipality by its files, from which everything is assessable."""
    place = from_files(make_place(tmp_path_factory.mktemp("files"), prepared), inbox)
    assert {r["not_assessable"] for r in place.mart("data_freshness")} == {""}
    return place


def findings(place: Place) -> Findings:
    return {(f["finding_type"], f["person_id"], f["org_number"]) for f in place.mart("findings")}


# What is not assessable, by route (contract#adapters).
ORIGIN = {"manual_position", "manual_profile", "manual_registrations"}
ACCESSES = {"inactive_with_access", "access_without_position"}
KOMMUNEADMINS = {"kommuneadmin_review", "kommuneadmin_roster"}
ROUTES = {
    "visma_hrm + oneroster + export": ORIGIN, "fint + oneroster": ORIGIN | ACCESSES, "visma_net + oneroster": ORIGIN | ACCESSES,
    "csv + pifu": ORIGIN | ACCESSES | KOMMUNEADMINS, "stamdata3 + oneroster": ORIGIN | ACCESSES,
    "paga + oneroster": ORIGIN | ACCESSES, "flat HRM file + csv": set(),
}


def run_by(route: str, place: Place, inbox: Path, server: Server, visma_net: VismaNetServer) -> Done:
    settings = server.sources()
    match route:
        case "visma_hrm + oneroster + export":
            write_accesses(place.root / "exports" / "tilganger.xlsx", server)
            export = {"adapter": "export", "path": "exports/tilganger.xlsx", "tables": ["accesses"], "skip_rows": 1, "columns": {
                "person_id": "Person", "access_group": "Tilgangsgruppe", "org_number": "Org.nr", "start_date": "Fra",
                "end_date": "Til"}}
            sources = {"hrm": settings["visma_hrm"],
                       "vfs": [settings["oneroster"] | {"tables": ["persons", "positions", "org_units"]}, export]}
        case "fint + oneroster":
            sources = {"hrm": settings["fint"], "vfs": settings["oneroster"]}
        case "stamdata3 + oneroster":
            stamdata3.write(place.root / "stamdata3.xml", server.day.hrm)
            sources = {"hrm": {"adapter": "stamdata3", "path": "stamdata3.xml", "values": {
                "org_number": stamdata3.codes(server.day.hrm)}}, "vfs": settings["oneroster"]}
        case "paga + oneroster":
            paga.write(place.root / "paga", server.day.hrm)
            sources = {"hrm": {"adapter": "paga", "path": "paga"}, "vfs": settings["oneroster"]}
        case "visma_net + oneroster":
            sources = {"hrm": visma_net.settings("${VISMA_NET_SECRET}"), "vfs": settings["oneroster"]}
        case "flat HRM file + csv":
            write_flat(place.root / "ansatte.csv", server)
            target = place.inbox / "vfs" / DAY.isoformat()
            target.parent.mkdir(parents=True)
            target.symlink_to(inbox / "vfs" / DAY.isoformat())
            sources = {"hrm": proposed(place, place.root / "ansatte.csv"), "vfs": {"adapter": "csv", "path": "inbox/vfs"}}
        case _:
            pifu.write(place.root / "pifu.xml", server.day.vfs)
            sources = {"hrm": {"adapter": "csv", "path": str(inbox / "hrm")}, "vfs": {"adapter": "pifu", "path": "pifu.xml"}}
    place.configure(sources=sources)
    place.environment = server.environment | visma_net.environment
    server.faults, visma_net.faults = Faults(0.05, seed=4), Faults(0.05, seed=4)
    done = place.do("run")
    assert done.code == 0
    return done


def expected_by(route: str, files: Place) -> Findings:
    """The findings from files, as this route should give them. Every difference is one that the contract explains:

    * The source does not carry who registered a position, so none counts as `manual` (contract#listed-values). A manual
      position that is not backed becomes another type: stale for people at work, unknown for people unknown to HRM.
    * hrm_ws delivers people at work only: those who left before the first extract are unknown rather than inactive, and a
      position of theirs is unknown_in_hrm; a kommuneadmin among them is reviewed all the same.
    * A type that is not assessable is left out, rather than zero.
    """
    if not ROUTES[route]:
        return findings(files)
    status = {p["person_id"]: p["hrm_status"] for p in files.mart("employee_status")}
    gone = "unknown_in_hrm" if route.startswith("visma_hrm") else "active_vfs_inactive_hrm"
    otherwise = {"active": "stale_position", "not_started": "active_vfs_inactive_hrm", "inactive": gone,
                 "unknown": "unknown_in_hrm"}
    unbacked = {"manual_position", "active_vfs_inactive_hrm"}
    return {(otherwise[status[person]] if kind in unbacked else kind, person, org) for kind, person, org in findings(files)
            if kind in unbacked or kind not in ROUTES[route]}


@pytest.mark.parametrize("route", ROUTES)
def test_each_route_gives_the_findings_that_files_give_where_they_are_assessable(
    tmp_path: Path, prepared: Prepared, inbox: Path, files: Place, server: Server, visma_net: VismaNetServer, route: str
) -> None:
    real = make_place(tmp_path / "real", prepared)
    done = run_by(route, real, inbox, server, visma_net)
    freshness = {r["system"]: r for r in real.mart("data_freshness")}
    assert freshness["vfs"]["not_assessable"] == ", ".join(sorted(ROUTES[route]))
    assert freshness["hrm"]["not_assessable"] == "" and freshness["hrm"]["current_extract_date"] == DAY
    shown = real.do("status", "--json").json  # a count that is not assessable is null, not zero
    assert set(shown["not_assessable"]) == ROUTES[route]
    unmeasured = {kind for kind, counts in shown["findings"].items() if counts["open"] is None}
    assert unmeasured == ROUTES[route] & set(shown["findings"])
    assert ("Not assessable: the sources of VFS" in done.err) == ("kommuneadmin_roster" in ROUTES[route])
    expected = expected_by(route, files)
    assert len(expected) >= 10 and len({kind for kind, *_ in expected}) >= 4
    assert findings(real) == expected


def test_a_source_that_is_down_fails_the_run_and_the_marts_are_made_from_the_extracts_before(
    place: Place, server: Server
) -> None:
    settings = server.sources()
    place.configure(sources={"hrm": settings["fint"] | {"backoff_seconds": 0}, "vfs": settings["oneroster"] | {
        "backoff_seconds": 0, "attempts": 2}})
    place.environment = server.environment
    assert place.do("run").code == 0
    before = place.mart("status_mismatches")
    assert before and place.mart("data_freshness", "system = 'vfs'")[0]["not_assessable"] == (
        "access_without_position, inactive_with_access, manual_position, manual_profile, manual_registrations")
    server.faults = Faults(1, kinds=("reset",))
    done = place.do("run", today="2025-03-11")
    assert done.code == 1
    assert "vfs 2025-03-11: oneroster: " in done.err and "the connection breaks off. The next run tries again" in done.err
    assert {r["current_extract_date"] for r in place.mart("data_freshness")} == {DAY}
    assert [f["vfs_position_id"] for f in place.mart("status_mismatches")] == [f["vfs_position_id"] for f in before]
    # A past day is not pulled: the systems show only the present.
    server.faults, asked = Faults(), len(server.requests)
    assert place.do("run", "--as-of", "2025-03-10", today="2025-03-12").code == 0
    assert len(server.requests) == asked
    everything = "".join(f.read_bytes().decode("latin-1") for f in place.data.rglob("*") if f.is_file())
    assert SECRET not in everything + done.text and national_id(17) not in everything


@pytest.mark.parametrize(("source", "message"), [
    ({"adapter": "oneroster", "url": "https://x.test/y", "token_url": "https://x.test/t", "client_id": "a",
      "client_secret": "in clear"}, "sources.vfs.client_secret: a secret must not stand in the settings file"),
    ({"adapter": "oneroster", "url": "https://x.test/y", "token_url": "https://x.test/t", "client_id": "a",
      "client_secret": "${NOT_SET}"}, "sources.vfs.client_secret: the environment variable NOT_SET is not set"),
    ({"adapter": "oneroster", "url": "https://x.test/y"}, "expected url, token_url, client_id and client_secret; or path"),
    ({"adapter": "fint", "url": "https://x.test", "token_url": "https://x.test/t", "client_id": "a", "username": "b",
      "client_secret": "${S}", "password": "${S}"}, "sources.vfs: the adapter fint is for hrm"),
    ({"adapter": "oneroter"},
     "sources.vfs: expected an adapter: csv, export, fint, oneroster, paga, pifu, stamdata3, visma_hrm, visma_net"),
    ([{"adapter": "csv", "path": "a"}, {"adapter": "csv", "path": "b"}], "both csv and csv deliver persons; set `tables`"),
    ([{"adapter": "csv", "path": "a", "tables": ["persons"]}], "no adapter delivers positions, without which nothing"),
    ([{"adapter": "csv", "path": "a"}, {"adapter": "csv", "tables": ["accesses"]}], "sources.vfs.1.path: this setting is needed"),
])
def test_wrong_sources_are_named_by_their_path(place: Place, source: object, message: str) -> None:
    place.environment["S"] = "x"
    place.configure(sources={"hrm": {"path": "inbox/hrm"}, "vfs": source})
    done = place.do("run")
    assert done.code == 2 and message in done.err and "in clear" not in done.err


def test_check_source_shows_what_a_source_delivers_and_what_is_not_assessable(place: Place, server: Server) -> None:
    settings = server.sources()
    place.configure(sources={"hrm": settings["visma_hrm"], "vfs": settings["oneroster"] | {"employee_number_from": "nowhere"}})
    place.environment = server.environment
    hrm = place.do("check-source", "hrm")
    assert hrm.code == 0 and "employees, 347 rows seen" in hrm.out and "Not delivered: org_units" in hrm.out
    vfs = place.do("check-source", "vfs", "--json").json
    assert vfs["not_assessable"] == ["access_without_position", "inactive_with_access", "manual_position", "manual_profile",
                                     "manual_registrations"]
    persons, = [t for t in vfs["tables"] if t["name"] == "persons"]
    assert persons["filled"]["employee_number"] == 0 and persons["filled"]["national_id"] > 80
    assert any("0 % of people have an employee number" in line for line in vfs["advice"])
    assert len(server.requests) == 5  # two answers of hrm_ws, the orgs until an empty page, and one page of users
    assert not (place.data / "landed").exists()
    place.environment = server.environment | {"DEMO_PASSWORD": "wrong"}
    failed = place.do("check-source", "hrm")
    assert failed.code == 1 and "the credentials are not accepted" in failed.err


def test_propose_looks_at_an_export_and_what_it_proposes_reads_it(place: Place) -> None:
    export = place.root / "ansatte.csv"
    export.write_bytes("\r\n".join([
        "Ansattsøk 10.03.2025",
        "Bruker-ID;Ansattnr.;Fornavn;Etternavn;Skole;Org.nr;Stilling;Tilsatt fra;Tilsatt til;Registrert;Notat",
        "P1;001;Åse;Testesen;Lia skole;974000001;Lærer;01/08/2020;;Manuelt;x",
        "P2;002;Per;Tøv;Lia skole;974000001;Rektor;15/08/2021;;HRM;",
        "P3;;Ida;Tull;Lia skole;974000001;Vikar;15/08/2021;20/06/2025;Ukjent;"]).encode("cp1252"))
    proposal = place.do("propose", str(export)).out
    assert "# ? registered_by: 1 value is none of hrm, manual, nor known otherwise. Say under" in proposal
    assert "Ukjent" not in proposal
    assert "# not used: Skole, Notat" in proposal and "accesses cannot be read: which heading is access_group?" in proposal
    proposed = yaml.safe_load(proposal)
    place.configure(**proposed | {"sources": proposed["sources"] | {"hrm": {"path": "inbox/hrm"}}})
    seen = place.do("check-source", "vfs", "--json").json
    positions, = [t for t in seen["tables"] if t["name"] == "positions"]
    assert positions["rows"] == 3 and positions["filled"]["start_date"] == 100
    assert positions["rejected"] == {"registered_by: not one of hrm, manual": 1}


def test_what_is_proposed_for_a_flat_file_of_hrm_is_checked_and_runs(place: Place, inbox: Path, server: Server) -> None:
    file = place.root / "ansatte.csv"
    write_flat(file, server)
    shown = place.do("propose", str(file))
    assert shown.code == 0 and "# guessed by its headings: a file of hrm. If it is of vfs: --system vfs" in shown.out
    assert "# guessed" not in place.do("propose", str(file), "--system", "hrm").out
    assert "sources:\n  vfs:" in place.do("propose", str(file), "--system", "vfs").out
    assert place.do("propose", str(file), "--system", "hr").code == 2
    source, = proposed(place, file)
    assert source["tables"] == ["employees", "positions"] and source["columns"] == HEADINGS
    assert (source["encoding"], source["delimiter"], source["skip_rows"]) == ("windows-1252", ";", 1)
    place.configure(sources={"hrm": source, "vfs": {"path": str(inbox / "vfs")}})
    seen = place.do("check-source", "hrm")
    assert seen.code == 0 and "→ employees: 1 rows at the end of the file are a count or sum" in seen.out, seen.text
    shown = place.do("check-source", "hrm", "--json").json
    assert [table["rejected"] for table in shown["tables"]] == [{}, {"end_date: not a date": 1}]  # that the demo has
    assert shown["unusable"] == []
    assert place.do("run").code == 0
    assert {r["system"]: r["current_extract_date"] for r in place.mart("data_freshness")} == {"hrm": DAY, "vfs": DAY}
    everything = "".join(f.read_bytes().decode("latin-1") for f in place.data.rglob("*") if f.is_file())
    assert national_id(17) not in everything


@pytest.mark.parametrize(("name", "content", "line"), [
    ("a.xls", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, "the file is an old Excel file (.xls). Open it in Excel and"),
    ("a.xls", b"<html><table>", "the file is a web page (HTML), whatever its name says. Where it shows the list"),
    ("a.csv", "Nr;Org\n1;S1\n".encode("utf-16-le"), "is in UTF-16, without a byte order mark. Set `encoding: utf-16-le`"),
    ("a.csv", b"Nr;Org\n1,00E+05;S1\n", "no row of positions can be used ("),
])
@pytest.mark.parametrize("system", ["hrm", "vfs"])
def test_check_source_says_in_a_line_what_cannot_be_read(
    place: Place, system: str, name: str, content: bytes, line: str
) -> None:
    (place.root / name).write_bytes(content)
    people, number = {"hrm": ("employees", "employee_number"), "vfs": ("persons", "person_id")}[system]
    source = {"adapter": "export", "path": name, "tables": [people, "positions"], "columns": {
        number: "Nr", "given_name": "Nr", "family_name": "Nr", "org_number": "Org"}}
    place.configure(sources={"hrm": {"path": "none"}, "vfs": {"path": "none"}} | {system: source})
    done = place.do("check-source", system)
    assert done.code == 1
    assert any(name in told and line in told for told in done.err.splitlines()), done.text
