"""A sample of each adapter: a tiny delivery of files, or a server that gives one, and what the adapter's settings change.

`tests/unit/ingest/sources/test_conformance.py` holds every adapter against its sample. A new adapter: a function here.
"""

import csv
import zipfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from demo import paga, stamdata3
from demo.people import national_id
from demo.servers import Day, Faults, Server
from ingest.canonical_tables import SYSTEMS, System
from tests.support.visma_net_server import VismaNetServer

DAY = date(2025, 3, 10)
Tables = dict[str, list[dict[str, str]]]


@dataclass
class Sample:
    """`settings` of one source, secrets in them as the environment gives them.

    `reading`: other values of those settings that make the same bytes read differently; `asking`: of those that do not.
    `break_midway` makes a fault in the middle of the delivery.
    """

    settings: dict[str, Any]
    break_midway: Callable[[], object]
    reading: dict[str, Any] = field(default_factory=dict)
    asking: dict[str, Any] = field(default_factory=dict)


MakeSample = Callable[[Path, System], AbstractContextManager[Sample]]
SAMPLES: dict[str, list[MakeSample]] = {}


def sample(adapter: str) -> Callable[[Callable[[Path, System], Iterator[Sample]]], MakeSample]:
    """Register a function (an empty folder, system) that yields a sample of an adapter."""
    def register(function: Callable[[Path, System], Iterator[Sample]]) -> MakeSample:
        made = contextmanager(function)
        SAMPLES.setdefault(adapter, []).append(made)
        return made

    return register


def _people(**columns: Callable[[int], str]) -> list[dict[str, str]]:
    return [{"given_name": f"Test{n}", "family_name": "Testesen", "email": "", "national_id": national_id(n),
             **{name: value(n) for name, value in columns.items()}} for n in range(1, 4)]


UNITS = [{"org_number": "K1", "name": "Eksempel kommune", "type": "kommune", "parent_org_number": ""},
         {"org_number": "S1", "name": "Lia skole", "type": "school", "parent_org_number": "K1"}]
TABLES: dict[System, Tables] = {
    "hrm": {
        "employees": _people(employee_number=lambda n: f"00{n}"),
        "positions": [{"position_id": f"A{n}", "employee_number": f"00{n}", "org_number": "S1", "position_code": "7960",
                       "position_title": "Lærer", "percentage": "100", "start_date": "2020-08-01",
                       "end_date": ""} for n in range(1, 4)],
        "org_units": UNITS},
    "vfs": {
        "persons": _people(person_id=lambda n: f"P{n}", employee_number=lambda n: f"00{n}", login_enabled=lambda n: "true"),
        "positions": [{"position_id": f"V{n}", "person_id": f"P{n}", "org_number": "S1", "role": "Lærer", "hrm_position_id": "",
                       "start_date": "2020-08-01", "end_date": "", "registered_by": "hrm"} for n in range(1, 4)],
        "accesses": [{"person_id": "P1", "access_group": "Kommuneadmin", "org_number": "K1", "start_date": "", "end_date": "",
                      "position_id": ""}],
        "org_units": UNITS},
    "transfer": {"positions": [{"position_id": f"A{n}", "employee_number": f"00{n}", "org_number": "S1",
                                "position_title": "Lærer", "start_date": "2020-08-01", "end_date": "2025-06-30"}
                               for n in range(1, 4)]},
}


def _cut(file: Path) -> Callable[[], object]:
    """A function that cuts the file in half, like a transfer that breaks off."""
    def cut() -> None:
        content = file.read_bytes()
        file.write_bytes(content[:len(content) // 2])

    return cut


# --- files -----------------------------------------------------------------------------------------------------------


@sample("csv")
def _csv(folder: Path, system: System) -> Iterator[Sample]:
    day = folder / DAY.isoformat()
    day.mkdir()
    for name, rows in TABLES[system].items():
        with (day / f"{name}.csv").open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, list(rows[0]), quoting=csv.QUOTE_ALL)
            writer.writeheader()
            writer.writerows(rows)
    yield Sample({"adapter": "csv", "path": str(folder)}, _cut(day / "positions.csv"),
                 reading={"columns": {"email": "E-post"}, "encoding": "cp1252", "delimiter": ";", "date_format": "%d/%m/%Y",
                          "values": {"type": {"Skole": "school"}}},
                 asking={"extract": "delta" if system in SYSTEMS else "full"})


@sample("export")
def _export(folder: Path, system: System) -> Iterator[Sample]:
    file = folder / "ansatte.csv"
    people, number = {"hrm": ("employees", "employee_number"), "vfs": ("persons", "person_id"), "transfer": (None, None)}[system]
    rows = [["Id", "Fornavn", "Etternavn", "Skole", "Fra", "Til"],
            *([f"P{n}", f'"Test{n}"', '"Testesen"', '"S1"', "01.08.2020", ""] for n in range(1, 4))]
    file.write_text("\n".join(";".join(row) for row in rows) + "\n", encoding="utf-8")
    columns = {number: "Id", "given_name": "Fornavn", "family_name": "Etternavn", "org_number": "Skole", "start_date": "Fra",
               "end_date": "Til"} if number else {"position_id": "Id", "end_date": "Til"}
    yield Sample({"adapter": "export", "path": str(file), "tables": [people, "positions"] if people else ["positions"],
                  "columns": columns}, _cut(file),
        reading={"columns": {}, "sheet": "Ark1", "skip_rows": 1, "encoding": "cp1252", "delimiter": ",",
                 "date_format": "%d/%m/%Y", "values": {"org_number": {"Lia skole": "S1"}}})


@sample("pifu")
def _pifu(folder: Path, system: System) -> Iterator[Sample]:
    file = folder / "pifu.xml"
    people = "".join(
        f"<person><sourcedid><id>P{n}</id></sourcedid><userid useridtype='personNIN'>{national_id(n)}</userid>"
        f"<name><n><family>Testesen</family><given>Test{n}</given></n></name></person>" for n in range(1, 4))
    members = "".join(
        f"<membership><sourcedid><id>S1</id></sourcedid><member><sourcedid><id>P{n}</id></sourcedid><idtype>1</idtype>"
        f"<role roletype='02'><status>1</status></role></member></membership>" for n in range(1, 4))
    file.write_text(
        f"<enterprise><properties><type>full</type></properties>{people}<group><sourcedid><id>S1</id></sourcedid><grouptype>"
        "<typevalue level='2'>skole</typevalue></grouptype><description><short>Lia skole</short></description></group>"
        f"{members}</enterprise>", encoding="utf-8")
    yield Sample({"adapter": "pifu", "path": str(file)}, _cut(file))


@sample("stamdata3")
def _stamdata3(folder: Path, system: System) -> Iterator[Sample]:
    file = folder / "stamdata3.xml"
    stamdata3.write(file, TABLES["hrm"])
    values = {"org_number": stamdata3.codes(TABLES["hrm"])}
    yield Sample({"adapter": "stamdata3", "path": str(file), "values": values}, _cut(file),
                 reading={"company": "EK", "place": ["WORKPLACE"], "values": {"org_number": {"000101": "S2"}}})


@sample("paga")
def _paga(folder: Path, system: System) -> Iterator[Sample]:
    paga.write(folder / "paga", TABLES["hrm"])
    yield Sample({"adapter": "paga", "path": str(folder / "paga")}, _cut(folder / "paga" / "ansatte.xml"),
                 reading={"employer": "1", "values": {"org_number": {"11": "S2"}}})


_ONEROSTER_READING = {"employee_number_from": "username", "national_id_from": "metadata/nin", "end_date": "exclusive",
                      "kommuneadmin_roles": ["systemAdministrator"]}
_ONEROSTER_ASKING = {"client_id": "another", "scope": "another", "tenant_id": "another", "page_size": 7}


@sample("oneroster")
def _oneroster_files(folder: Path, system: System) -> Iterator[Sample]:
    file = folder / "roster.zip"
    with zipfile.ZipFile(file, "w") as archive:
        for name, lines in {
            "manifest.csv": ["propertyName,value", *(f"file.{n},bulk" for n in ("users", "roles", "orgs"))],
            "users.csv": ["sourcedId,givenName,familyName,identifier", *(f"P{n},Test{n},Testesen,00{n}" for n in range(1, 4))],
            "roles.csv": ["sourcedId,userSourcedId,role,orgSourcedId", *(f"R{n},P{n},teacher,S1" for n in range(1, 4))],
            "orgs.csv": ["sourcedId,name,type,parentSourcedId", "S1,Lia skole,school,"],
        }.items():
            archive.writestr(name, "\n".join(lines) + "\n")
    yield Sample({"adapter": "oneroster", "path": str(file)}, _cut(file), _ONEROSTER_READING, _ONEROSTER_ASKING)


# --- servers ---------------------------------------------------------------------------------------------------------


@contextmanager
def _server(adapter: str) -> Iterator[tuple[Server, dict[str, Any]]]:
    """The demo's server of the tiny tables, and the settings that pull from it."""
    with Server(Day(DAY, lambda: TABLES["hrm"], lambda: TABLES["vfs"])) as server:
        yield server, server.sources(with_secrets=True)[adapter] | {"backoff_seconds": 0, "attempts": 2}


def _fault(server: Server, kind: str) -> Callable[[], object]:
    return lambda: setattr(server, "faults", Faults(1, kinds=(kind,)))


@sample("visma_hrm")
def _visma_hrm(folder: Path, system: System) -> Iterator[Sample]:
    with _server("visma_hrm") as (server, settings):
        yield Sample(settings, _fault(server, "broken_off"), asking={
            "company": "2", "id_range": [1, 9], "username": "another", "auth": "ntlm", "include_not_started_days": 7})


@sample("fint")
def _fint(folder: Path, system: System) -> Iterator[Sample]:
    with _server("fint") as (server, settings):
        yield Sample(settings, _fault(server, "one_missing"), reading={
            "percent_scale": 1, "values": {"org_number": {"S1": "974000001"}}}, asking={
            "client_id": "another", "username": "another", "scope": "another", "page_size": 2})


@sample("visma_net")
def _visma_net(folder: Path, system: System) -> Iterator[Sample]:
    with VismaNetServer(Day(DAY, lambda: TABLES["hrm"], lambda: TABLES["vfs"])) as server:
        yield Sample(
            server.settings() | {"backoff_seconds": 0, "attempts": 2, "page_size": 1},
            lambda: setattr(server, "faults", Faults(1, kinds=("cursor_twice",))),
            reading={"unit_from": "accountingDimensions/1", "values": {"org_number": {"unit-S1": "S2"}}},
            asking={"client_id": "another", "tenant_id": "another", "scope": "another", "page_size": 7})


@sample("oneroster")
def _oneroster_rest(folder: Path, system: System) -> Iterator[Sample]:
    with _server("oneroster") as (server, settings):
        yield Sample(settings | {"page_size": 10}, _fault(server, "page_twice"), _ONEROSTER_READING, _ONEROSTER_ASKING)
