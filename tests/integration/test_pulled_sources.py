"""Pulled sources against servers over real HTTP: the right extract or one clear error."""

import ssl
from collections.abc import Iterator
from datetime import date, datetime
from io import BytesIO
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from pydantic import TypeAdapter

from demo.servers import SECRET, Faults, Server, day_of
from ingest.canonical_tables import tables_of
from ingest.dates import day_text
from ingest.errors import PullFailed
from ingest.sources import fint, hrm_ws, oneroster_format
from ingest.sources.catalogue import AdapterSettings, make_source
from ingest.sources.csv_folder import CsvSettings
from ingest.sources.xml import BrokenXml

DAY = date(2025, 3, 10)
Tables = dict[str, list[dict[str, Any]]]


@pytest.fixture
def server(inbox: Path) -> Iterator[Server]:
    with Server(day_of(inbox, DAY)) as running:
        yield running


def settings(server: Server, name: str, **changed: Any) -> Any:
    values = server.sources(with_secrets=True)[name] | {"backoff_seconds": 0} | changed
    return TypeAdapter(AdapterSettings).validate_python(values)


SYSTEM = {"visma_hrm": "hrm", "fint": "hrm", "oneroster": "vfs"}


def pull(server: Server, name: str, **changed: Any) -> Tables:
    source = make_source(SYSTEM[name], [settings(server, name, **changed)])
    delivery, = source.deliveries(DAY, pull=True)
    return {table: raw.data.to_pylist() for table, raw in source.fetch(delivery).read().items()}


def delivered(inbox: Path, system: str) -> Tables:
    source = make_source(system, [CsvSettings(path=inbox / system)])
    content = source.fetch(source.deliveries(DAY)[-1])
    return {table: raw.data.to_pylist() for table, raw in content.read().items()}


def rows(table: list[dict[str, Any]], *columns: str) -> set[tuple]:
    """These columns of each row, dates as validation reads them."""
    return {tuple(day_text(row.get(c)) if c.endswith("_date") else row.get(c) for c in columns) for row in table}


def active(positions: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Positions as delivered, without the demo's date that does not exist."""
    return [p for p in positions if p["end_date"] != "31.02.2026"]


def test_fint_delivers_what_the_files_deliver(server: Server, inbox: Path) -> None:
    pulled, files = pull(server, "fint"), delivered(inbox, "hrm")
    columns = ("employee_number", "national_id", "given_name", "family_name", "email")
    assert rows(pulled["employees"], *columns) == rows(files["employees"], *columns)
    columns = ("position_id", "employee_number", "org_number", "position_title", "percentage", "start_date", "end_date")
    of_id = {p["position_id"]: p for p in pulled["positions"] if p["position_id"] != "A0"}
    segments = {i.removesuffix("-1"): of_id.pop(i) for i in list(of_id) if i.endswith("-1")}
    jobs = [p | {"start_date": segments.get(i, p)["start_date"]} for i, p in of_id.items()]
    assert rows(jobs, *columns) == rows(active(files["positions"]), *columns) and len(segments) > 5
    assert {p["end_date"] for p in segments.values()} == {"2023-12-31"}
    assert rows(pulled["org_units"], "org_number", "name") == rows(files["org_units"], "org_number", "name")


def test_hrm_ws_delivers_people_at_work_with_all_their_positions(server: Server, inbox: Path) -> None:
    pulled, files = pull(server, "visma_hrm"), delivered(inbox, "hrm")
    positions = active(files["positions"])
    at_work = {p["employee_number"] for p in positions if not p["end_date"] or p["end_date"] >= DAY.isoformat()}
    assert rows(pulled["employees"], "employee_number", "national_id") == {
        r for r in rows(files["employees"], "employee_number", "national_id") if r[0] in at_work}
    columns = ("employee_number", "org_number", "percentage", "start_date", "end_date")
    assert rows(active(pulled["positions"]), *columns) >= {r for r in rows(positions, *columns) if r[0] in at_work}
    known = {f"{p['employee_number']}:{position_id}:{p['start_date']}" for p in files["positions"]
             for position_id in (p["position_id"], "")}  # some have no code
    assert {p["position_id"] for p in pulled["positions"]} <= known


def test_oneroster_delivers_staff_their_positions_and_the_kommuneadmins(server: Server, inbox: Path) -> None:
    pulled, files = pull(server, "oneroster"), delivered(inbox, "vfs")
    with_role = {p["person_id"] for p in files["positions"]} | {
        a["person_id"] for a in files["accesses"] if a["access_group"] == "Kommuneadmin"}
    columns = ("person_id", "employee_number", "national_id", "given_name", "family_name")
    assert rows(pulled["persons"], *columns) == {r for r in rows(files["persons"], *columns) if r[0] in with_role}
    columns = ("person_id", "org_number", "start_date", "end_date")
    assert rows(pulled["positions"], *columns) == rows(files["positions"], *columns)
    assert rows(pulled["accesses"], "person_id", "access_group", "org_number") == {
        r for r in rows(files["accesses"], "person_id", "access_group", "org_number") if r[1] == "Kommuneadmin"}
    assert {o["type"] for o in pulled["org_units"]} == {"kommune", "school", "other"}


@pytest.mark.parametrize("name", SYSTEM)
def test_in_a_storm_of_faults_each_pull_is_right_or_fails_with_an_error(server: Server, name: str) -> None:
    expected = {table: sorted(map(repr, lines)) for table, lines in pull(server, name).items()}
    outcomes = []
    for seed in range(50):
        server.faults = Faults(0.2, seed=seed)
        try:
            pulled = pull(server, name, attempts=8, concurrency=1 + seed % 3)
        except PullFailed as error:
            assert "Traceback" not in str(error) and SECRET not in str(error) and len(str(error)) > 30
            outcomes.append("failed")
            continue
        assert {table: sorted(map(repr, lines)) for table, lines in pulled.items()} == expected, seed
        outcomes.append("right")
    assert outcomes.count("right") > 25


@pytest.mark.parametrize(("changed", "message"), [
    ({"client_secret": "wrong"}, "the token server http://127.0.0.1"),
    ({"token_url": "{url}/nowhere"}, "gives no token; look at `token_url`"),
    ({"url": "{url}/wrong/path"}, "answers 404 (unknownobject): there is nothing at this address; look at `url`"),
    ({"page_size": 100, "url": "http://example.test/x"}, "is not encrypted. Use https"),
    ({"url": "http://127.0.0.1:1/x"}, "nobody listens there"),
])
def test_a_wrong_setting_is_named_in_the_error(server: Server, changed: dict[str, Any], message: str) -> None:
    values = {k: v.format(url=server.url) if isinstance(v, str) else v for k, v in changed.items()}
    with pytest.raises(PullFailed) as failure:
        pull(server, "oneroster", attempts=2, **values)
    assert message in str(failure.value) and SECRET not in str(failure.value)


def test_credentials_that_hrm_ws_does_not_accept_are_an_error(server: Server) -> None:
    with pytest.raises(PullFailed, match="answers 401: the credentials are not accepted; look at the user and password"):
        pull(server, "visma_hrm", password="wrong")


def test_a_server_that_stays_down_is_an_error_after_all_attempts(server: Server) -> None:
    server.faults = Faults(1, kinds=("status_503",))
    with pytest.raises(PullFailed, match="did not answer as it should, 4 times: status 503"):
        pull(server, "visma_hrm", attempts=4)
    assert len(server.requests) == 4


def test_a_listing_that_keeps_changing_is_an_error(server: Server) -> None:
    server.faults = Faults(1, kinds=("one_missing",))
    with pytest.raises(PullFailed, match=r"changed while it was read, 3 times: a record came twice"):
        pull(server, "oneroster", attempts=3)


def test_only_a_run_as_of_today_pulls(server: Server) -> None:
    source = make_source("vfs", [settings(server, "oneroster")])
    assert source.deliveries(DAY) == [] and len(source.deliveries(DAY, pull=True)) == 1


def test_credentials_are_not_sent_along_to_another_host(server: Server) -> None:
    server.faults = Faults(1, kinds=("redirect",))
    with pytest.raises(PullFailed, match=r"redirects to http://localhost:.* and credentials are not sent along"):
        pull(server, "visma_hrm")
    assert len(server.requests) == 1  # the other name is the same server, and would have counted the request


def test_a_server_is_given_the_time_it_asks_for(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    waited: list[float] = []

    def sleep(seconds: float) -> None:
        waited.append(seconds)
        server.faults = Faults()

    monkeypatch.setattr("ingest.sources.http.client.time.sleep", sleep)
    server.faults = Faults(1, kinds=("wait",))
    assert pull(server, "visma_hrm")["employees"]
    assert waited == [7]
    server.faults = Faults(1, kinds=("wait",))
    with pytest.raises(PullFailed, match="asks to wait 7 seconds, more than `max_retry_after_seconds`"):
        pull(server, "visma_hrm", max_retry_after_seconds=5)


def test_an_expired_token_is_renewed_once_for_each_expiry(server: Server) -> None:
    pull(server, "oneroster")
    assert len(server.tokens) == 1
    server.faults = Faults(1, kinds=("expired",))  # each request finds its token expired, the renewed one too
    with pytest.raises(PullFailed, match=r"answers 401 .unauthorisedrequest.: the credentials are not accepted"):
        pull(server, "oneroster")


def certificate(folder: Path) -> tuple[Path, Path]:
    """A certificate of its own authority for 127.0.0.1, and its key."""
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    key = ec.generate_private_key(ec.SECP256R1())
    made = (x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(datetime(2020, 1, 1)).not_valid_after(datetime(2100, 1, 1))
            .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
            .sign(key, hashes.SHA256()))
    (folder / "cert.pem").write_bytes(made.public_bytes(serialization.Encoding.PEM))
    (folder / "key.pem").write_bytes(key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()))
    return folder / "cert.pem", folder / "key.pem"


def test_a_certificate_is_verified_and_ones_own_authority_can_be_named(inbox: Path, tmp_path: Path) -> None:
    cert, key = certificate(tmp_path)
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(cert, key)
    with Server(day_of(inbox, DAY), tls=tls) as server:
        with pytest.raises(PullFailed, match=r"127\.0\.0\.1's certificate is not trusted"):
            pull(server, "visma_hrm")
        assert server.requests == []
        assert pull(server, "visma_hrm", ca_bundle=str(cert))["employees"]
        assert pull(server, "fint", ca_bundle=str(cert))["employees"]


def test_moments_in_utc_are_days_in_oslo_and_records_to_be_deleted_are_left_out() -> None:
    position = {"systemId": {"identifikatorverdi": "A"}, "gyldighetsperiode": {"start": "2025-06-30T22:00:00Z", "slutt": None}}
    collections = {name: [position] if name == "arbeidsforhold" else [] for name in fint.COLLECTIONS}
    read = fint.canonical(collections, 100)["positions"].data.to_pylist()
    assert rows(read, "position_id", "start_date", "end_date") == {("A", "2025-07-01", None)}
    kept = oneroster_format.gather([{"sourcedId": "a", "status": "toBeDeleted"}, {"sourcedId": "b", "status": "active"}])
    assert set(kept) == {"b"}


HRM_WS = """<persons xmlns="urn:hrm">
  <person><employments><employment><positions><position><positionStartDate>2020-08-01</positionStartDate></position></positions>
  </employment></employments><ssn/></person>
  <person><employments><employment><positions>
    <position><positionInfo><positionCode positionId='1 '/><positionType>Sluttet</positionType></positionInfo></position>
    <position><positionEndDate>2025-01-31</positionEndDate><positionInfo><positionCode positionId='3'/>
      <positionType value='X' name='SLUTTET'/></positionInfo></position>
    <position><positionPercentage>100.0</positionPercentage><positionStartDate>2020-08-01T00:00:00+02:00</positionStartDate>
      <positionInfo><positionCode positionId='2' positionCode='6559 ' name='Lærer&#9;"kort"'/></positionInfo>
      <positionStatistics><chart/><businessNumber value=' 974000001'/></positionStatistics></position>
    </positions><employeeId>
      007 </employeeId></employment>
    <employment><employeeId>008</employeeId></employment></employments>
    <ssn> </ssn><contactInfo><email>a@b.invalid</email></contactInfo><givenName>Anne <!-- x -->Marie</givenName></person>
  <other><ssn>1</ssn></other>
  <person/>
</persons>"""


@pytest.mark.parametrize("change", [
    ("", ""), (" xmlns=", " xmlns:old="), ("<persons xmlns=", "<p:persons xmlns:p="),
    ("urn:hrm", "urn:a?b&amp;c")], ids=["default", "none", "the root's alone", "odd"])
def test_hrm_ws_is_read_in_any_order_and_namespace(change: tuple[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    text = HRM_WS.replace(*change)
    text = text.replace("</persons>", "</p:persons>") if "<p:persons" in text else text
    for block in (1, 7, *range(100, len(text), 100), 100_000):  # wherever the stream is cut
        monkeypatch.setattr("ingest.sources.xml._BLOCK_BYTES", block)
        read = hrm_ws.tables((lines for _, lines in hrm_ws.read_people(BytesIO(text.encode()))), "1")
        employees, positions = (read[name].data.to_pylist() for name in ("employees", "positions"))
        assert [(e["employee_number"], e["national_id"], e["given_name"], e["email"]) for e in employees] == [
            (None, None, None, None), ("007", None, "Anne Marie", "a@b.invalid"), ("008", None, "Anne Marie", "a@b.invalid")]
        assert [tuple(p.values()) for p in positions] == [
            (None, None, None, None, None, None, "2020-08-01", None),
            ("007:3:", "007", None, None, None, None, None, "2025-01-31"),
            ("007:2:2020-08-01", "007", "974000001", "6559", 'Lærer "kort"', "100", "2020-08-01T00:00:00+02:00", None)]
        assert {name: raw.data.column_names for name, raw in read.items()} == {
            t.name: [c.name for c in t.columns] for t in tables_of("hrm") if t.name in read}


def test_a_document_with_another_root_is_refused() -> None:
    inside = f"<other>{HRM_WS}</other>"
    for text in (inside, inside.replace("</other>", "<persons/></other>"), HRM_WS.replace("persons", "people"), "<persons>"):
        with pytest.raises(BrokenXml):
            list(hrm_ws.read_people(BytesIO(text.encode())))
    assert list(hrm_ws.read_people(BytesIO(b"<persons/>"))) == []


def test_a_proxy_is_used_for_a_source_unless_its_host_is_excepted(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    monkeypatch.setenv("no_proxy", "")
    with pytest.raises(PullFailed, match="did not answer as it should"):
        pull(server, "visma_hrm", attempts=1)
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    assert pull(server, "visma_hrm")["employees"]
