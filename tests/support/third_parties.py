"""What the systems say as third parties have it: their clients, servers and files, in small; persons invented, ids synthetic.

`tests/unit/ingest/sources/test_third_parties.py` reads each by its adapter, and `make docs` writes the table of them into
`docs/third-parties.md`. Belongs here: one entry for each shape that somebody's public code reads or writes. Does not belong
here: what an adapter does with hostile or broken answers.
"""

import base64
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from demo.people import national_id
from ingest.canonical_tables import System

ROOT = Path(__file__).resolve().parents[2]
TABLE = ROOT / "docs" / "third-parties.md"
SHARED = ROOT.parent / "shared" / "samples"  # beside the project, where it is
Rows = list[tuple[str | None, ...]]


@dataclass(frozen=True)
class Paged:
    """A listing: its records by the name of the list, at most `cap` a page."""

    name: str
    records: list[Any]
    cap: int = 1000
    says_total: bool = True
    hal: bool = False  # FINT's envelope


@dataclass(frozen=True)
class Shape:
    """One way in which a third party has a system's data.

    `party`: whose public code or file shows it; `shows`: what is special; `settings`: of the source, `{url}` and `{folder}` in
    them filled in; `answers`: by path, or `files`: by name; `positions` and `people`: how it is to be read, as
    (position id, whose, org number, first day, last day) and (id, employee number); `doubts`: {warning: count}.
    """

    adapter: str
    system: System
    party: str
    shows: str
    settings: dict[str, Any]
    positions: Rows
    people: Rows
    answers: dict[str, bytes | Paged] = field(default_factory=dict)
    files: dict[str, str] = field(default_factory=dict)
    doubts: dict[str, int] = field(default_factory=dict)
    basic_only: bool = False


SHAPES: list[Shape] = []


# --- hrm_ws ----------------------------------------------------------------------------------------------------------

_HRM_WS = {"adapter": "visma_hrm", "url": "{url}/hrm_ws", "company": "1", "username": "u", "password": "p"}
_AT_WORK = "/hrm_ws/secure/persons/company/1/start-id/0/end-id/99999999"
SHAPES.append(Shape(
    "visma_hrm", "hrm", "FINTLabs/vigobas-visma-ma",
    "root `personsXML`; people yet to start asked for by company; an employment that has ended, its position open",
    _HRM_WS | {"include_not_started_days": 5000},
    [("1001:4:2020-08-01", "1001", "974000001", "2020-08-01", "2026-06-30"),
     ("1002:4:2027-08-01", "1002", "974000001", "2027-08-01", None)],
    [("1001", "1001"), ("1002", "1002")],
    answers={_AT_WORK: f"""<?xml version="1.0"?><personsXML>
<person personIdHRM="1"><authentication><userId>U1</userId></authentication>
<givenName>Fiktine</givenName><familyName>Testesen</familyName><ssn>{national_id(1)}</ssn><employments><employment>
<company><companyId>1</companyId><companyName>Oppdikta kommune</companyName></company><employeeId>1001</employeeId>
<category id="A"/><endDate>2026-06-30</endDate><positions><position isPrimaryPosition="true" validFromDate="2024-01-01">
<positionPercentage>100.0</positionPercentage><positionStartDate>2020-08-01</positionStartDate>
<chart id="1"><unit id="12" name="Lia skole"><manager id="9"/></unit></chart><positionInfo>
<positionCode name="Lektor" positionCode="7966" positionId="4"/><positionType value="FA"/></positionInfo>
<positionStatistics><businessNumber name="Lia skole" value="974000001"/></positionStatistics></position></positions>
</employment></employments></person></personsXML>""".encode(),
             "/hrm_ws/secure/persons/company/1/not-started/date-interval/2025-03-11/2038-11-17": b"""<personsXML>
<person personIdHRM="2"><givenName>Leknikus</givenName><familyName>Testesen</familyName><employments><employment>
<employeeId>1002</employeeId><positions><position><positionStartDate>2027-08-01</positionStartDate><positionInfo>
<positionCode positionId="4"/></positionInfo><positionStatistics><businessNumber value="974000001"/></positionStatistics>
</position></positions></employment></employments></person></personsXML>"""}))
SHAPES.append(Shape(
    "visma_hrm", "hrm", "vtfk/azf-dust-api",
    "root `persons`; numbers padded with spaces; a position on leave; another start than `validFromDate`; no chart", _HRM_WS,
    [("1001:4:2020-08-01", "1001", "974000001", "2020-08-01", None),
     ("1001:7:2021-08-01", "1001", "974000002", "2021-08-01", "2025-07-31")],
    [("1001", "1001")],
    answers={_AT_WORK: b"""<persons><person personIdHRM="1"><givenName>Fiktine</givenName><familyName>Testesen</familyName>
<ssn/><employments><employment><employeeId>1001   </employeeId><employmentPercentage>100.0</employmentPercentage><positions>
<position isPrimaryPosition="true" validFromDate="2024-01-01"><positionPercentage>60.0</positionPercentage>
<positionStartDate>2020-08-01</positionStartDate><leave><leaveFromDate>2025-01-01</leaveFromDate><leaveType>P   </leaveType>
</leave><positionInfo><positionCode positionCode="7966  " positionId="4 "/><positionType value="FA"/></positionInfo>
<positionStatistics><businessNumber value="974000001"/></positionStatistics></position>
<position isPrimaryPosition="false" validFromDate="2024-01-01"><positionPercentage>40.0</positionPercentage>
<positionStartDate>2021-08-01</positionStartDate><positionEndDate>2025-07-31</positionEndDate><positionInfo>
<positionCode positionId="7"/></positionInfo><positionStatistics><businessNumber value="974000002"/></positionStatistics>
</position></positions></employment></employments></person></persons>"""}))


# --- FINT ------------------------------------------------------------------------------------------------------------

_FINT = {"adapter": "fint", "url": "{url}", "token_url": "{url}/token", "client_id": "c", "client_secret": "s", "username": "u",
         "password": "p"}


def _fint(
    positions: list[dict[str, Any]], units: list[dict[str, Any]], employed: dict[str, str] | None = None
) -> dict[str, bytes | Paged]:
    def link(path: str) -> list[dict[str, str]]:
        return [{"href": f"https://gateway.invalid/administrasjon/{path}"}]

    def unit(name: str) -> list[dict[str, str]]:
        return link(f"organisasjon/organisasjonselement/organisasjonsid/{name}")

    resource = {"ansattnummer": {"identifikatorverdi": "1001"}, "_links": {
        "self": link("personal/personalressurs/ansattnummer/1001"), "person": link("personal/person/fodselsnummer/x")},
        **({"ansettelsesperiode": employed} if employed else {})}
    person = {"fodselsnummer": {"identifikatorverdi": national_id(1)}, "navn": {"fornavn": "Fiktine", "etternavn": "Testesen"},
              "_links": {"self": link("personal/person/fodselsnummer/x")}}
    entries = {
        "personal/person": [person], "personal/personalressurs": [resource],
        "personal/arbeidsforhold": [
            {**{k: v for k, v in p.items() if k not in ("at", "kind")}, "systemId": {"identifikatorverdi": p["systemId"]},
             "_links": {
                "personalressurs": link("personal/personalressurs/ansattnummer/1001"), "arbeidssted": unit(p["at"]),
                **({"arbeidsforholdstype": link(f"kodeverk/arbeidsforholdstype/systemid/{p['kind']}")} if "kind" in p else {})}}
            for p in positions],
        "organisasjon/organisasjonselement": [
            {"organisasjonsId": {"identifikatorverdi": u["id"]}, "navn": u["navn"], "_links": {
                "self": unit(u["id"]), **({"overordnet": unit(u["above"])} if "above" in u else {})},
             **({"organisasjonsnummer": {"identifikatorverdi": u["number"]}} if "number" in u else {})} for u in units]}
    return {f"/administrasjon/{path}": Paged("_entries", some, hal=True) for path, some in entries.items()}


SHAPES.append(Shape(
    "fint", "hrm", "FINTLabs (FINT Kontroll)",
    "`arbeidsforholdsperiode` goes before `gyldighetsperiode`; a type S (sluttet) has ended whatever its period says", _FINT,
    [("A", "1001", "974000001", "2019-08-01", "2026-06-30")], [("1001", "1001")],
    answers=_fint([
        {"systemId": "A", "at": "12", "ansettelsesprosent": 10000, "gyldighetsperiode": {"start": "2023-05-01T00:00:00Z"},
         "arbeidsforholdsperiode": {"start": "2019-08-01T00:00:00Z", "slutt": "2026-06-30T00:00:00Z"}, "kind": "F"},
        {"systemId": "B", "at": "12", "gyldighetsperiode": {"start": "2023-05-01T00:00:00Z"}, "kind": "S"}],
        [{"id": "1", "navn": "Oppdikta kommune", "number": "964000000"},
         {"id": "12", "navn": "Lia skole", "number": "974000001", "above": "1"}])))
SHAPES.append(Shape(
    "fint", "hrm", "FINTLabs/fint-kontroll-mock-service",
    "several units share the main number, and a department has none", _FINT,
    [("A", "1001", "821227062", "2021-08-01", None)], [("1001", "1001")],
    answers=_fint(
        [{"systemId": "A", "at": "3", "gyldighetsperiode": {"start": "2021-08-01T00:00:00Z"}}],
        [{"id": "1", "navn": "Kommune", "number": "821227062"},
         {"id": "2", "navn": "Skole A", "number": "821227062", "above": "1"}, {"id": "3", "navn": "Avdeling", "above": "2"}]),
    doubts={"shared_org_number": 1, "at_topmost_unit": 1}))
SHAPES.append(Shape(
    "fint", "hrm", "vtfk", "ends in the last second of the last day, also at the `ansettelsesperiode` of the employee", _FINT,
    [("A", "1001", "974000001", "2021-08-01", "2021-09-30"), ("B", "1001", "974000001", "2021-08-01", "2026-12-31")],
    [("1001", "1001")],
    answers=_fint([
        {"systemId": "A", "at": "12", "gyldighetsperiode": {"start": "2021-08-01T00:00:00Z", "slutt": "2021-09-30T23:59:59Z"}},
        {"systemId": "B", "at": "12", "gyldighetsperiode": {"start": "2021-08-01T00:00:00Z"}}],
        [{"id": "1", "navn": "Oppdikta kommune", "number": "964000000"},
         {"id": "12", "navn": "Lia skole", "number": "974000001", "above": "1"}],
        {"start": "2015-01-01T00:00:00Z", "slutt": "2026-12-31T23:59:59Z"})))


# --- OneRoster -------------------------------------------------------------------------------------------------------

_ONEROSTER = {"adapter": "oneroster", "url": "{url}/v1p2", "token_url": "{url}/token", "client_id": "c", "client_secret": "s"}
_ORGS = [{"sourcedId": "11000", "status": "active", "name": "Oppdikta kommune", "type": "district", "identifier": "964000000"},
         {"sourcedId": "11004", "status": "active", "name": "Lia skole", "type": "school", "identifier": "974000001",
          "parent": {"href": "orgs/11000", "sourcedId": "11000", "type": "org"}}]
_USER = {"status": "active", "enabledUser": "true", "givenName": "Fiktine", "familyName": "Testesen"}


def _org(name: str) -> dict[str, str]:
    return {"href": f"orgs/{name}", "sourcedId": name, "type": "org"}


SHAPES.append(Shape(
    "oneroster", "vfs", "FINTLabs/fint-oneroster-rest-provider",
    "1.1: one `role` and `orgs` of a user, no dates, `enabledUser` a boolean", _ONEROSTER,
    [("u1:teacher:11004:", "u1", "974000001", None, None)], [("u1", "1001")],
    answers={"/v1p2/orgs": Paged("orgs", _ORGS), "/v1p2/users": Paged("users", [
        _USER | {"sourcedId": "u1", "enabledUser": True, "username": "fiktine", "role": "teacher", "orgs": [_org("11004")],
                 "identifier": "1001"},
        _USER | {"sourcedId": "u2", "enabledUser": True, "username": "elev", "role": "student", "orgs": [_org("11004")]}])},
    doubts={"oneroster_1p1": 2}))
SHAPES.append(Shape(
    "oneroster", "vfs", "LongsightGroup/oneroster", "1.2: `roles` with dates, `userIds`, `enabledUser` a text", _ONEROSTER | {
        "employee_number_from": "userIds/employee"},
    [("u1:teacher:11004:2020-08-01", "u1", "974000001", "2020-08-01", "2026-06-30")], [("u1", "1001")],
    answers={"/v1p2/orgs": Paged("orgs", _ORGS), "/v1p2/users": Paged("users", [_USER | {
        "sourcedId": "u1", "username": "fiktine", "userIds": [{"type": "employee", "identifier": "1001"}], "roles": [
            {"roleType": "primary", "role": "teacher", "org": _org("11004"), "beginDate": "2020-08-01",
             "endDate": "2026-06-30"}]}])}))
SHAPES.append(Shape(
    "oneroster", "vfs", "Tools4everBV/HelloID-Conn-Prov-Source-OneRoster-v1.1-API, and servers of small pages",
    "tokens by HTTP Basic only; pages of two at most, without a total", _ONEROSTER,
    [(f"u{n}:aide:11004:", f"u{n}", "974000001", None, None) for n in range(5)], [(f"u{n}", f"100{n}") for n in range(5)],
    answers={"/v1p2/orgs": Paged("orgs", _ORGS, 2, says_total=False), "/v1p2/users": Paged("users", [
        _USER | {"sourcedId": f"u{n}", "identifier": f"100{n}", "roles": [{"role": "aide", "org": _org("11004")}]}
        for n in range(5)], 2, says_total=False)}, basic_only=True))
SHAPES.append(Shape(
    "oneroster", "vfs", "public sample packages of the CSV binding", "a district and its school share one identifier",
    {"adapter": "oneroster", "path": "{folder}"},
    [("r1", "u1", "974000001", "2020-08-01", None)], [("u1", "1001")],
    files={"manifest.csv": "propertyName,value\nmanifest.version,1.0\noneroster.version,1.2\nfile.orgs,bulk\nfile.users,bulk\n"
                           "file.roles,bulk\n",
           "orgs.csv": "sourcedId,status,dateLastModified,name,type,identifier,parentSourcedId\n"
                       "o0,,,Oppdikta kommune,district,974000001,\no1,,,Lia skole,school,974000001,o0\n",
           "users.csv": "sourcedId,status,dateLastModified,enabledUser,username,givenName,familyName,identifier\n"
                        "u1,,,true,fiktine,Fiktine,Testesen,1001\n",
           "roles.csv": "sourcedId,status,dateLastModified,userSourcedId,roleType,role,beginDate,endDate,orgSourcedId\n"
                        "r1,,,u1,primary,teacher,2020-08-01,,o0\n"},
    doubts={"shared_identifier": 1}))


# --- PIFU ------------------------------------------------------------------------------------------------------------


def _pifu(namespace: str) -> str:
    return f"""<?xml version="1.0" encoding="UTF-8"?><enterprise xmlns="{namespace}"><properties><type>full</type></properties>
<person><sourcedid><source>sas</source><id>p1</id></sourcedid><userid useridtype="workforceID">1001</userid>
<name><fn>Fiktine Testesen</fn><n><family>Testesen</family><given>Fiktine</given></n></name></person>
<group><sourcedid><id>o1</id></sourcedid><grouptype><scheme>pifu-ims-go-org</scheme><typevalue level="2">skole</typevalue>
</grouptype><description><short>Lia skole</short></description><extension><pifu_id type="organizationNumber">
<pifu_value>974000001</pifu_value></pifu_id></extension></group><membership><sourcedid><id>o1</id></sourcedid><member>
<sourcedid><id>p1</id></sourcedid><idtype>1</idtype><role roletype="02"><status>1</status></role></member></membership>
</enterprise>"""


for _party, _shows, _namespace in (
        ("Utdanningsdirektoratet/pifu", "version 1.3", "http://pifu.no/xsd/pifu-ims_sas/pifu-ims_sas-v1"),
        ("pifu_parser, and readers in PowerShell", "version 1.1, of another namespace",
         "http://pifu.no/xsd/pifu-ims_sas/pifu-ims_sas-1.1")):
    SHAPES.append(Shape(
        "pifu", "vfs", _party, _shows, {"adapter": "pifu", "path": "{folder}"}, [("p1:o1:02:", "p1", "974000001", None, None)],
        [("p1", "1001")], files={"pifu.xml": _pifu(_namespace)}))


# --- Stamdata3 and Paga ----------------------------------------------------------------------------------------------


def _stamdata3(unit: str, sequence: str, status: str = "N") -> str:
    return f"""<?xml version="1.0" encoding="utf-8"?><ExportInfo><Resources><Resource><Employments><Employment ResourceId="1">
<EmploymentType>T</EmploymentType><Percentage>80</Percentage><PostId>4001</PostId><PostCode>7960</PostCode><Relations>
<Relation Type="MNAL" Name="Organisasjonsenhet" ElementType="{unit}"><Value>011000</Value><Value1>0</Value1>
<DateFrom>2020-01-01</DateFrom><DateTo>2099-12-31</DateTo></Relation></Relations><DateFrom>2020-01-01</DateFrom>
<DateTo>2025-06-30</DateTo>{sequence}</Employment></Employments><CompanyCode>EK</CompanyCode><ResourceId>1</ResourceId>
<DateFrom>2009-07-01</DateFrom><DateTo>2099-12-31</DateTo><FirstName>Fiktine</FirstName><Surname>Testesen</Surname>
<Status>{status}</Status></Resource></Resources><Organisations><Organisation><CompanyCode>EK</CompanyCode><Name>Lia skole</Name>
<Id>011000</Id><ParentId>900000</ParentId></Organisation></Organisations></ExportInfo>"""


for _party, _shows, _unit, _sequence, _id in (
        ("StorFollo-IKT/stamdata3-py", "units of ElementType ORGANIZATIONAL_UNIT; employments with a SequenceRef",
         "ORGANIZATIONAL_UNIT", "<SequenceRef>349750</SequenceRef>", "1:349750:011000:2020-01-01"),
        ("docs.identum.no", "units of ElementType ORGANISATION; employments without a SequenceRef", "ORGANISATION", "",
         "1:4001-7960:011000:2020-01-01")):
    SHAPES.append(Shape(
        "stamdata3", "hrm", _party, _shows,
        {"adapter": "stamdata3", "path": "{folder}", "values": {"org_number": {"011000": "974000001"}}},
        [(_id, "1", "974000001", "2020-01-01", "2025-06-30")], [("1", "1")],
        files={"stamdata3.xml": _stamdata3(_unit, _sequence)}))


def _paga(end: str) -> str:
    return f"""<AnsattList xmlns="http://ansattlist.bluegarden.no/object/v3_1"><Ansatt><PersonID>#1</PersonID>
<StartDato>2020-08-01</StartDato><Fornavn>Fiktine</Fornavn><Etternavn>Testesen</Etternavn><AnsattNummer>01</AnsattNummer>
<ArbeidsgiverNummer>2121200</ArbeidsgiverNummer><Arbeidsforhold status="Permisjon"><Arbeidsforholdnummer>1</Arbeidsforholdnummer>
<OrgUnitName>Lia</OrgUnitName><OrgUnitId>12</OrgUnitId><Startdato>2020-08-01</Startdato>{end}</Arbeidsforhold></Ansatt></AnsattList>"""


def _soap(body: str) -> str:
    return f'<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body>{body}</s:Body></s:Envelope>'


for _party, _shows, _people in (
        ("FINTprosjektet/fint-bluegarden-adapter-sse", "a bare list; a position ends on its Stoppdato",
         _paga("<Stoppdato>2025-06-30</Stoppdato>")),
        ("FINTLabs/vigobas-paga-ma", "SOAP answers; a position ends on its Sluttdato", _soap(
            '<v:GetAnsattListResultMessage xmlns:v="http://ansattlist.bluegarden.no/service/v3_1">'
            f'{_paga("<Sluttdato>2025-06-30</Sluttdato>")}</v:GetAnsattListResultMessage>'))):
    SHAPES.append(Shape(
        "paga", "hrm", _party, _shows, {"adapter": "paga", "path": "{folder}"},
        [("01:1", "01", "974000001", "2020-08-01", "2025-06-30")], [("01", "01")],
        files={"ansatte.xml": _people, "enhet.xml": _soap(
            '<getOrgUnitResponse xmlns="http://bluegarden.no/organisation/structure/service/v31"><OrgUnit>'
            "<OrgNavn>Lia skole</OrgNavn><GroupId>2121200/0000000012</GroupId><ParentGroupId>2121200/0000000000</ParentGroupId>"
            "<OrgnrBedrift>974000001</OrgnrBedrift></OrgUnit></getOrgUnitResponse>")}))


# --- Visma.net -------------------------------------------------------------------------------------------------------

SHAPES.append(Shape(
    "visma_net", "hrm", "payroll-no/employee-public-api-docs",
    "ended people and positions are delivered; units and percentages are timelines", {
        "adapter": "visma_net", "url": "{url}/v2", "token_url": "{url}/token", "client_id": "c", "client_secret": "s",
        "tenant_id": "t", "values": {"org_number": {"unit-1": "974000001"}}},
    [("p1", "1001", "974000001", "2020-08-01", None), ("p2", "1002", "974000001", "2019-08-01", "2024-07-31")],
    [("1001", "1001"), ("1002", "1002")],
    answers={"/v2/employees": json.dumps({"data": [
        {"id": f"e{n}", "number": number, "isDraft": False, "personNames": [{"firstName": "Fiktine", "lastName": "Testesen"}],
         "personIds": [], "_embedded": {"positions": [
             {"id": f"p{n}", "typeOfPosition": "Ordinary", **dates, "partTimeFactors": [{"value": 100}], "taxUnitIds": [
                 {"value": "unit-0", "activeEnd": "1999-12-31"}, {"value": "unit-1", "activeStart": "2000-01-01"}]}]}}
        for n, number, dates in ((1, "1001", {"activeStart": "2020-08-01"}),
                                 (2, "1002", {"activeStart": "2019-08-01", "activeEnd": "2024-07-31"}))]}).encode()},
    doubts={"one_unit": 2}))


# --- serving and telling ---------------------------------------------------------------------------------------------


@contextmanager
def delivered(shape: Shape, folder: Path) -> Iterator[dict[str, Any]]:
    """The shape's files written, or its answers served; yields the settings of the source that reads it."""
    def filled(url: str) -> dict[str, Any]:
        return {k: v.replace("{url}", url).replace("{folder}", str(folder)) if isinstance(v, str) else v
                for k, v in shape.settings.items()}

    for name, content in shape.files.items():
        (folder / name).write_text(content, encoding="utf-8")
    if not shape.answers:
        yield filled("")
        return
    http = ThreadingHTTPServer(("127.0.0.1", 0), _handler(shape))
    thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield filled(f"http://127.0.0.1:{http.server_address[1]}") | {"backoff_seconds": 0, "attempts": 2}
    finally:
        http.shutdown()
        http.server_close()
        thread.join()


def _handler(shape: Shape) -> Callable[..., BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, format: str, *args: Any) -> None:
            """Requests are of no interest."""

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            basic = "Basic " + base64.b64encode(b"c:s").decode()
            if shape.basic_only and self.headers.get("Authorization") != basic:
                return self._give(401, b'{"error": "invalid_client"}')
            return self._give(200, b'{"access_token": "t", "token_type": "Bearer"}')

        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            answer = shape.answers.get(parts.path)
            if answer is None or isinstance(answer, bytes):
                return self._give(404 if answer is None else 200, answer or b"")
            query = {k: int(v[0]) for k, v in parse_qs(parts.query).items() if v[0].isdigit()}
            offset, limit = query.get("offset", 0), min(answer.cap, query.get("limit", query.get("size", answer.cap)))
            page, total = answer.records[offset:offset + limit], len(answer.records)
            body = {"total_items": total, "_embedded": {answer.name: page}} if answer.hal else {answer.name: page}
            headers = {"X-Total-Count": str(total)} if answer.says_total and not answer.hal else {}
            return self._give(200, json.dumps(body).encode(), headers)

        def _give(self, status: int, body: bytes, headers: dict[str, str] | None = None) -> None:
            self.send_response(status)
            for name, value in {"Content-Length": str(len(body)), **(headers or {})}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

    return Handler


def table() -> str:
    """The page that lists what is read of whom."""
    lines = ["# Third parties", "",
             "Each adapter is held against what public clients, servers and files of others say: "
             "`tests/unit/ingest/sources/test_third_parties.py` serves each of these over real HTTP, or writes its files, and "
             "compares what is read. `make docs` writes this page. The persons are invented.", "",
             "| adapter | who has it so | what it shows | read as | warnings |", "|---|---|---|---|---|"]
    lines += [f"| `{s.adapter}` | {s.party} | {s.shows} | {len(s.people)} people, {len(s.positions)} positions | "
              f"{', '.join(f'{count} {name}' for name, count in s.doubts.items())} |" for s in SHAPES]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    TABLE.write_text(table(), encoding="utf-8")
