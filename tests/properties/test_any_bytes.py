"""Whatever a server or a folder gives: an extract, or a word, and nothing half taken in; and never more than so much memory."""

import json
import re
import resource
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from datetime import date
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import openpyxl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter

from demo.servers import fint_entries, hrm_ws_xml, oneroster_records
from ingest.errors import PullFailed
from ingest.landing import Landed, Landing
from ingest.sources.catalogue import AdapterSettings, make_source
from tests.support.command_line import Place

DAY = date(2025, 3, 10)
HRM = {"employees": [{"employee_number": "001", "national_id": "", "given_name": "Test", "family_name": "Testesen", "email": ""}],
       "positions": [{"position_id": "A1", "employee_number": "001", "org_number": "S1", "position_title": "Lærer",
                      "percentage": "100", "start_date": "2020-08-01", "end_date": ""}],
       "org_units": [{"org_number": "S1", "name": "Lia skole", "type": "school", "parent_org_number": ""}]}
VFS = {"persons": [{"person_id": "P1", "employee_number": "001", "national_id": "", "given_name": "Test",
                    "family_name": "Testesen", "email": "", "login_enabled": "true"}],
       "positions": [{"person_id": "P1", "role": "Lærer", "org_number": "S1", "start_date": "2020-08-01", "end_date": ""}],
       "accesses": [], "org_units": HRM["org_units"]}
FEW = settings(max_examples=30, deadline=None, database=None, derandomize=True, suppress_health_check=list(HealthCheck))


class Says:
    """A server that gives a token, and of each listing the body set here."""

    def __init__(self) -> None:
        self.bodies: dict[str, bytes] = {}
        self.headers: dict[str, str] = {}
        says = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, format: str, *args: Any) -> None:
                pass

            def do_POST(self) -> None:
                self.rfile.read(int(self.headers["Content-Length"]))
                self._give(b'{"access_token": "t", "token_type": "Bearer"}', {})

            def do_GET(self) -> None:
                last = self.path.split("?")[0].rsplit("/", 1)[-1]
                self._give(says.bodies.get(last, b""), says.headers)

            def _give(self, body: bytes, headers: dict[str, str]) -> None:
                self.send_response(200)
                for name, value in {"Content-Length": str(len(body)), **headers}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body)

        self._http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._http.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._http.server_address[1]}"
        Thread(target=self._http.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    def stop(self) -> None:
        self._http.shutdown()
        self._http.server_close()


@pytest.fixture(scope="module")
def says() -> Iterator[Says]:
    server = Says()
    yield server
    server.stop()


def adapter(says: Says, name: str) -> tuple[str, dict[str, Any]]:
    common = {"adapter": name, "attempts": 2, "backoff_seconds": 0}
    token = {"token_url": f"{says.url}/token", "client_id": "a", "client_secret": "b"}
    user = {"username": "c", "password": "d"}
    return {"visma_hrm": ("hrm", {**common, **user, "url": says.url, "company": "1", "id_range": [0, 9]}),
            "fint": ("hrm", {**common, **user, **token, "url": says.url}),
            "oneroster": ("vfs", {**common, **token, "url": says.url})}[name]


def take_in(root: Path, system: Any, told: dict[str, Any]) -> Landed | str:
    """What became of today's delivery: landed (refused or not), or why it could not be had."""
    landing = Landing(root / "landed")
    before = {e.key for e in landing.all(system)}
    source = make_source(system, [TypeAdapter(AdapterSettings).validate_python(told)])
    delivery, = source.deliveries(DAY, pull=True)
    try:
        landed = landing.take_in(source, delivery, b"key", 5)
    except PullFailed as error:
        assert {e.key for e in landing.all(system)} == before
        return str(error)
    finally:
        assert not list(root.rglob(".incoming-*"))
    for extract in [landed] if landed else []:
        files = {f.name for f in extract.folder.iterdir()}
        assert files == {"extract.json"} if extract.refused else files > {"extract.json", "rejected_rows.parquet"}
        return extract
    return "the same again"


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | st.just("\ud800") | st.just("x" * 5000),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3), max_leaves=6)


def changed_somewhere(value: Any) -> st.SearchStrategy[Any]:
    """The value, with any part of it replaced by anything at all, or missing."""
    options = [ANYTHING]
    if isinstance(value, dict):
        for key, inner in value.items():
            options.append(changed_somewhere(inner).map(lambda new, key=key: {**value, key: new}))
            options.append(st.just({k: v for k, v in value.items() if k != key}))
    elif isinstance(value, list) and value:
        options.append(changed_somewhere(value[0]).map(lambda new: [new, *value[1:]]))
        options.append(st.just(value * 2))
    return st.one_of(options)


def pages(name: str) -> dict[str, Any]:
    if name == "oneroster":
        return {listing: {listing: records[:1]} for listing, records in oneroster_records(VFS).items()}
    return {collection: {"total_items": len(entries), "_embedded": {"_entries": entries}}
            for collection, entries in fint_entries(HRM, "http://x").items()}


@pytest.mark.parametrize("name", ["oneroster", "fint"])
def test_whatever_json_a_server_gives_there_is_an_extract_or_a_word(says: Says, tmp_path: Path, name: str) -> None:
    whole = pages(name)
    system, told = adapter(says, name)
    outcomes: set[type] = set()

    @FEW
    @given(st.one_of([changed_somewhere(page).map(lambda new, of=of: (of, new)) for of, page in whole.items()]))
    def check(changed: tuple[str, Any]) -> None:
        bodies = whole | {changed[0]: changed[1]}
        says.bodies = {k: json.dumps(v).encode() for k, v in bodies.items()}
        outcome = take_in(tmp_path, system, told)
        outcomes.add(type(outcome))
        assert not isinstance(outcome, str) or len(outcome) > 10

    check()
    assert outcomes == {Landed, str}


def broken(whole: bytes) -> st.SearchStrategy[bytes]:
    place = st.integers(0, len(whole))
    return st.binary(max_size=100) | st.builds(
        lambda cut, at, junk: (whole[:at] + junk + whole[at + len(junk):])[:cut], place, place, st.binary(max_size=12))


@pytest.mark.parametrize("name", ["visma_hrm", "oneroster", "fint"])
def test_whatever_bytes_a_server_gives_there_is_an_extract_or_a_word(says: Says, tmp_path: Path, name: str) -> None:
    system, told = adapter(says, name)
    bodies = {"9": hrm_ws_xml(HRM, DAY).encode()} if name == "visma_hrm" else {
        k: json.dumps(v).encode() for k, v in pages(name).items()}
    hit = list(bodies)[-1]

    @FEW
    @given(broken(bodies[hit]))
    def check(content: bytes) -> None:
        says.bodies = bodies | {hit: content}
        take_in(tmp_path, system, told)

    check()
    says.bodies = bodies
    landed = take_in(tmp_path, system, told)
    assert not isinstance(landed, Landed) or not landed.refused


def test_whatever_bytes_a_folder_holds_there_is_an_extract_or_a_word(tmp_path: Path) -> None:
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


@pytest.mark.parametrize("name", ["e.csv", "e.xlsx", "p.xml", "o.zip"])
def test_whatever_bytes_a_file_holds_the_command_ends_with_a_word(tmp_path: Path, name: str) -> None:
    file = tmp_path / name
    columns = {"person_id": "Id", "org_number": "Org", "given_name": "Fornavn", "family_name": "Etternavn"}
    lines = [list(columns.values()), ["P1", "S1", "Test", "Testesen"]]
    match file.suffix:
        case ".csv":
            file.write_text("\n".join(map(";".join, lines)))
        case ".xlsx":
            book = openpyxl.Workbook()
            for line in lines:
                book.active.append(line)
            book.save(file)
        case ".xml":
            file.write_text("<enterprise><person><sourcedid><id>P1</id></sourcedid></person></enterprise>")
        case _:
            with zipfile.ZipFile(file, "w") as archive:
                archive.writestr("manifest.csv", "propertyName,value\nfile.users,bulk\nfile.orgs,bulk\nfile.roles,bulk\n")
                archive.writestr("users.csv", "sourcedId\nu1\n")
    export = {"adapter": "export", "tables": ["persons", "positions"], "columns": columns}
    told = {".csv": export, ".xlsx": export, ".xml": {"adapter": "pifu"}, ".zip": {"adapter": "oneroster"}}[file.suffix]
    place = Place(tmp_path)
    place.configure(sources={"hrm": {"path": "inbox/hrm"}, "vfs": {**told, "path": name}})

    @FEW
    @given(broken(file.read_bytes()))
    def check(content: bytes) -> None:
        file.write_bytes(content)
        done = place.do("check-source", "vfs")
        assert done.code in (0, 1) and (done.code == 0 or name in done.err or ".csv" in done.err), done.text
        assert not (place.data / "landed").exists()

    check()


def test_a_server_that_never_comes_to_an_end_is_not_asked_for_ever(says: Says, tmp_path: Path) -> None:
    records = oneroster_records(VFS)
    many = [{**records["users"][0], "sourcedId": f"u{n}"} for n in range(100)]
    says.bodies = {"orgs": json.dumps({"orgs": records["orgs"]}).encode(), "users": json.dumps({"users": many}).encode()}
    system, told = adapter(says, "oneroster")
    assert "a record came twice" in str(take_in(tmp_path, system, told))
    says.headers = {"X-Total-Count": "999999999"}
    try:
        assert re.search("records were announced|came twice", str(take_in(tmp_path, system, told)))
    finally:
        says.headers = {}


def test_a_server_that_ignores_limit_and_offset_is_taken_at_its_word(says: Says, tmp_path: Path) -> None:
    records = oneroster_records(VFS)
    many = [{**records["users"][0], "sourcedId": f"u{n}"} for n in range(250)]
    orgs = [{**records["orgs"][0], "sourcedId": f"o{n}"} for n in range(250)]
    says.bodies = {"orgs": json.dumps({"orgs": orgs}).encode(), "users": json.dumps({"users": many}).encode()}
    says.headers = {"X-Total-Count": "250"}
    system, told = adapter(says, "oneroster")
    try:
        landed = take_in(tmp_path, system, told)
    finally:
        says.headers = {}
    assert isinstance(landed, Landed) and landed.figures["persons"].rows == 250


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


def _zip_bomb(file: Path, member: str) -> None:
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for name in ("manifest.csv", "orgs.csv", "roles.csv"):
            archive.writestr(name, "propertyName,value\nfile.users,bulk\nfile.orgs,bulk\nfile.roles,bulk\n")
        with archive.open(member, "w", force_zip64=True) as handle:
            for _ in range(256):
                handle.write(b"u1,x\n" * (1 << 17))


LAUGHS = "<!DOCTYPE SHEET [<!ENTITY a 'ha'>" + "".join(
    f"<!ENTITY {b} '{f'&{a};' * 10}'>" for a, b in zip("abcdefgh", "bcdefghi", strict=True)) + "]>"
EXPORT = {"adapter": "export", "tables": ["persons", "positions"], "columns": {
    "person_id": "Id", "org_number": "Org", "given_name": "Fornavn", "family_name": "Etternavn"}}
BOMBS: dict[str, tuple[str, dict[str, Any], Any]] = {
    "a line of a gigabyte, csv": ("in/2025-03-10/positions.csv", {"adapter": "csv", "path": "in"}, _line_of_a_gigabyte),
    "a line of a gigabyte, export": ("e.csv", {**EXPORT, "path": "e.csv"}, _line_of_a_gigabyte),
    "a line of a gigabyte, oneroster": ("o/manifest.csv", {"adapter": "oneroster", "path": "o"}, _line_of_a_gigabyte),
    "a line of a gigabyte, pifu": ("p.xml", {"adapter": "pifu", "path": "p.xml"}, _line_of_a_gigabyte),
    "a zip bomb, oneroster": ("r.zip", {"adapter": "oneroster", "path": "r.zip"}, lambda f: _zip_bomb(f, "users.csv")),
    "a zip bomb, excel": ("e.xlsx", {**EXPORT, "path": "e.xlsx"}, lambda f: _zip_bomb(f, "xl/worksheets/sheet1.xml")),
    "a row far down, excel": ("e.xlsx", {**EXPORT, "path": "e.xlsx"}, lambda f: _excel(
        f, "<worksheet xmlns='SPACE'><sheetData><row r='999999999999'><c t='n'><v>1</v></c></row></sheetData></worksheet>")),
    "cells far out, excel": ("e.xlsx", {**EXPORT, "path": "e.xlsx"}, lambda f: _excel(
        f, "<worksheet xmlns='SPACE'><sheetData>" + "".join(
            f"<row r='{n}'><c r='XFD{n}' t='n'><v>1</v></c></row>" for n in range(1, 20_001)) + "</sheetData></worksheet>")),
    "a billion laughs, excel": ("e.xlsx", {**EXPORT, "path": "e.xlsx"}, lambda f: _excel(
        f, LAUGHS + "<worksheet xmlns='SPACE'><sheetData><row><c t='str'><v>&i;</v></c></row></sheetData></worksheet>")),
    "a billion laughs, pifu": ("p.xml", {"adapter": "pifu", "path": "p.xml"}, lambda f: f.write_text(
        LAUGHS + "<enterprise><person><name><n><family>&i;</family></n></name></person></enterprise>")),
    "a billion laughs in an attribute, pifu": ("p.xml", {"adapter": "pifu", "path": "p.xml"}, lambda f: f.write_text(
        LAUGHS + "<enterprise><person x='&i;'/></enterprise>")),
}
# (Not getrusage: its peak counts what the parent held when it began this process.)
IN_A_PROCESS = """
import json, re, sys
from pathlib import Path
from tests.properties.test_any_bytes import take_in
for place, system, told in json.loads(sys.argv[1]):
    outcome = take_in(Path(place), system, told)
    peak = int(re.search(r"VmHWM:\\s+(\\d+) kB", Path("/proc/self/status").read_text())[1]) / 1024
    print(json.dumps([getattr(outcome, "refused", outcome), peak]))
"""


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[str | None, float]]:
    """Of each bomb why it was refused, and the peak memory (MB) until then of the process that took them all in."""
    given_ = []
    for file, told, make in BOMBS.values():
        place = tmp_path_factory.mktemp("bomb")
        (place / file).parent.mkdir(parents=True, exist_ok=True)
        make(place / file)
        if told["adapter"] == "csv":
            ((place / file).parent / "employees.csv").write_text("employee_number\n001\n")
        given_.append((str(place), "hrm" if told["adapter"] == "csv" else "vfs", {**told, "path": str(place / told["path"])}))
    done = subprocess.run([sys.executable, "-c", IN_A_PROCESS, json.dumps(given_)], capture_output=True, text=True, check=False,
                          timeout=300, cwd=Path(__file__).parents[2])
    assert done.returncode == 0, done.stderr[-2000:]
    return dict(zip(BOMBS, map(json.loads, done.stdout.splitlines()), strict=True))


@pytest.mark.parametrize("name", BOMBS)
def test_a_bomb_is_refused_in_little_memory(outcomes: dict[str, tuple[str | None, float]], name: str) -> None:
    refused, peak = outcomes[name]
    assert refused and DAY.isoformat() in refused and peak < MOST_MB, outcomes[name]


def test_a_compressed_answer_that_swells_is_not_taken(says: Says, tmp_path: Path) -> None:
    import gzip

    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    says.headers = {"Content-Encoding": "gzip"}
    says.bodies = {name: gzip.compress(b'{"orgs": "' + b"x" * (80 << 20), 1) for name in ("orgs", "9")}
    try:
        system, told = adapter(says, "oneroster")
        says.bodies["token"] = b""
        assert "larger than any page" in str(take_in(tmp_path, system, told))
        system, told = adapter(says, "visma_hrm")
        assert "the XML is broken" in str(take_in(tmp_path, system, told))
    finally:
        says.headers = {}
    assert (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024 < 500
