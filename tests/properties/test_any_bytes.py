"""Whatever a server answers: an extract or an error, nothing half taken in, and memory within a limit."""

import json
import re
import resource
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from demo import fint, hrm_ws, oneroster
from demo.servers import Day
from ingest.landing import Landed
from tests.support.taking_in import DAY, FEW, broken, take_in
from tests.support.visma_net_server import employees

HRM = {"employees": [{"employee_number": "001", "national_id": "", "given_name": "Test", "family_name": "Testesen", "email": ""}],
       "positions": [{"position_id": "A1", "employee_number": "001", "org_number": "S1", "position_title": "Lærer",
                      "percentage": "100", "start_date": "2020-08-01", "end_date": ""}],
       "org_units": [{"org_number": "S1", "name": "Lia skole", "type": "school", "parent_org_number": ""}]}
VFS = {"persons": [{"person_id": "P1", "employee_number": "001", "national_id": "", "given_name": "Test",
                    "family_name": "Testesen", "email": "", "login_enabled": "true"}],
       "positions": [{"person_id": "P1", "role": "Lærer", "org_number": "S1", "start_date": "2020-08-01", "end_date": ""}],
       "accesses": [], "org_units": HRM["org_units"]}


class StubServer:
    """A server that gives a token, and for each listing the body in `bodies`; after the first page of OneRoster's an empty one,
    where it `takes_offsets`."""

    def __init__(self) -> None:
        self.bodies: dict[str, bytes] = {}
        self.headers: dict[str, str] = {}
        self.takes_offsets = False
        stub = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, format: str, *args: Any) -> None:
                pass

            def do_POST(self) -> None:
                self.rfile.read(int(self.headers["Content-Length"]))
                self._give(b'{"access_token": "t", "token_type": "Bearer"}', {})

            def do_GET(self) -> None:
                last = self.path.split("?")[0].rsplit("/", 1)[-1]
                after = stub.takes_offsets and re.search(r"^/(orgs|users)\?.*offset=[1-9]", self.path)
                self._give(f'{{"{last}": []}}'.encode() if after else stub.bodies.get(last, b""), stub.headers)

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
def server() -> Iterator[StubServer]:
    running = StubServer()
    yield running
    running.stop()


def adapter(server: StubServer, name: str) -> tuple[str, dict[str, Any]]:
    common = {"adapter": name, "attempts": 2, "backoff_seconds": 0}
    token = {"token_url": f"{server.url}/token", "client_id": "a", "client_secret": "b"}
    user = {"username": "c", "password": "d"}
    return {"visma_hrm": ("hrm", {**common, **user, "url": server.url, "company": "1", "id_range": [0, 9]}),
            "fint": ("hrm", {**common, **user, **token, "url": server.url}),
            "visma_net": ("hrm", {**common, **token, "url": server.url, "tenant_id": "c"}),
            "oneroster": ("vfs", {**common, **token, "url": server.url})}[name]


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
    if name == "visma_net":
        return {"employees": {"data": employees(Day(DAY, lambda: HRM, lambda: VFS), moments=False), "cursor": {"nextToken": ""}}}
    if name == "oneroster":
        return {listing: {listing: records[:1]} for listing, records in oneroster.records(VFS).items()}
    return {collection: {"total_items": len(entries), "_embedded": {"_entries": entries}}
            for collection, entries in fint.entries(HRM, "http://x").items()}


@pytest.mark.parametrize("name", ["oneroster", "fint", "visma_net"])
def test_whatever_json_a_server_gives_there_is_an_extract_or_an_error(server: StubServer, tmp_path: Path, name: str) -> None:
    whole = pages(name)
    system, settings = adapter(server, name)
    server.takes_offsets = True
    outcomes: set[type] = set()

    @FEW
    @given(st.one_of([changed_somewhere(page).map(lambda new, name=listing: (name, new)) for listing, page in whole.items()]))
    def check(changed: tuple[str, Any]) -> None:
        bodies = whole | {changed[0]: changed[1]}
        server.bodies = {k: json.dumps(v).encode() for k, v in bodies.items()}
        outcome = take_in(tmp_path, system, settings)
        outcomes.add(type(outcome))
        assert not isinstance(outcome, str) or len(outcome) > 10

    check()
    assert outcomes == {Landed, str}


@pytest.mark.parametrize("name", ["visma_hrm", "visma_net", "oneroster", "fint"])
def test_whatever_bytes_a_server_gives_there_is_an_extract_or_an_error(server: StubServer, tmp_path: Path, name: str) -> None:
    system, settings = adapter(server, name)
    bodies = {"9": hrm_ws.at_work(HRM, DAY.isoformat()).encode()} if name == "visma_hrm" else {
        k: json.dumps(v).encode() for k, v in pages(name).items()}
    hit = list(bodies)[-1]

    @FEW
    @given(broken(bodies[hit]))
    def check(content: bytes) -> None:
        server.bodies = bodies | {hit: content}
        take_in(tmp_path, system, settings)

    check()
    server.bodies = bodies
    landed = take_in(tmp_path, system, settings)
    assert not isinstance(landed, Landed) or not landed.refused


def test_a_server_whose_listing_never_ends_is_not_asked_forever(server: StubServer, tmp_path: Path) -> None:
    records = oneroster.records(VFS)
    many = [{**records["users"][0], "sourcedId": f"u{n}"} for n in range(100)]
    server.bodies = {"orgs": json.dumps({"orgs": records["orgs"]}).encode(), "users": json.dumps({"users": many}).encode()}
    system, settings = adapter(server, "oneroster")
    server.takes_offsets = False
    assert "a record came twice" in str(take_in(tmp_path, system, settings))
    server.headers = {"X-Total-Count": "999999999"}
    try:
        assert re.search("records were announced|came twice", str(take_in(tmp_path, system, settings)))
    finally:
        server.headers = {}


def test_a_server_that_ignores_limit_and_offset_is_read_when_its_count_is_right(server: StubServer, tmp_path: Path) -> None:
    records = oneroster.records(VFS)
    many = [{**records["users"][0], "sourcedId": f"u{n}"} for n in range(250)]
    orgs = [{**records["orgs"][0], "sourcedId": f"o{n}"} for n in range(250)]
    server.bodies = {"orgs": json.dumps({"orgs": orgs}).encode(), "users": json.dumps({"users": many}).encode()}
    server.headers, server.takes_offsets = {"X-Total-Count": "250"}, False
    system, settings = adapter(server, "oneroster")
    try:
        landed = take_in(tmp_path, system, settings)
    finally:
        server.headers = {}
    assert isinstance(landed, Landed) and landed.figures["persons"].rows == 250


def test_a_compressed_answer_that_unpacks_beyond_the_limit_is_refused(server: StubServer, tmp_path: Path) -> None:
    import gzip

    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    server.headers = {"Content-Encoding": "gzip"}
    server.bodies = {name: gzip.compress(b'{"orgs": "' + b"x" * (80 << 20), 1) for name in ("orgs", "9")}
    try:
        system, settings = adapter(server, "oneroster")
        server.bodies["token"] = b""
        assert "larger than any page" in str(take_in(tmp_path, system, settings))
        system, settings = adapter(server, "visma_hrm")
        assert "the XML is broken" in str(take_in(tmp_path, system, settings))
    finally:
        server.headers = {}
    assert (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024 < 500
