"""The `pifu` adapter: VFS's persons, positions and org units from PIFU-IMS XML, full files only.

Source of the rules: contract#adapter-pifu; the format: Utdanningsdirektoratet's PIFU-IMS SAS, version 1.3.
"""

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, Literal

from pydantic import Field

from ingest.assessable import COUNTERPARTS
from ingest.canonical_tables import System, tables_of
from ingest.dates import day_text
from ingest.errors import RefusedExtract
from ingest.sources.base import Progress, RawTable, SourceSettings, adapter
from ingest.sources.file_drop import FileDrop, FileDropAdapter, OneFileEach
from ingest.sources.rows import Rows, first
from ingest.sources.xml import BrokenXml, Element, child_text, children, name, pieces

_ORG_TYPES = {"skole": "school", "skoleeier": "kommune"}
_ROLES = {"02": "Lærer", "03": "Innholdsutvikler", "04": "Andre", "05": "Skoleledelse", "06": "Kontaktlærer",
          "07": "Administrator", "08": "Assistent"}
_PUPIL, _GUARDIAN = "01", "foresatt"


class PifuSettings(SourceSettings):
    """Settings of the adapter."""

    adapter: Literal["pifu"] = Field(description="PIFU-IMS XML of VFS.")
    path: Path = Field(description="An XML file, a folder of such files, or a folder with one subfolder per day (YYYY-MM-DD).")


@adapter(PifuSettings, systems=("vfs",))
class Pifu(FileDropAdapter):
    """PIFU-IMS files."""

    tables = ("persons", "positions", "org_units")
    carries = COUNTERPARTS
    suffixes = (".xml",)

    def __init__(self, system: System, settings: PifuSettings):
        super().__init__(settings.path)
        self.settings_fingerprint = json.dumps({"adapter": "pifu"})

    def read_files(self, files: FileDrop, progress: Progress) -> dict[str, RawTable]:
        gathered = _Gathered()
        for file in files.names():
            with files.open(file) as stream:
                _gather(file, stream, gathered)
        return gathered.tables(files.names()[0])


@dataclass
class _Gathered:
    """Persons, orgs and memberships, before it is known who is staff."""

    persons: dict[str, dict[str, str | None]] = field(default_factory=dict)
    orgs: dict[str, dict[str, str | None]] = field(default_factory=dict)
    members: list[dict[str, str | None]] = field(default_factory=list)
    other_ids: dict[str, str] = field(default_factory=dict)  # {old or duplicate id of a person: current id}
    one_file: OneFileEach = field(default_factory=lambda: OneFileEach("a school"))

    def tables(self, file: str) -> dict[str, RawTable]:
        rows = {t.name: Rows(t) for t in tables_of("vfs") if t.name in Pifu.tables}
        numbers = {org_id: org["number"] or org_id for org_id, org in self.orgs.items()}
        for org_id, org in self.orgs.items():
            rows["org_units"].add(org_number=numbers[org_id], name=org["name"], type=org["type"],
                                  parent_org_number=numbers.get(org["parent"] or ""))
        staff: set[str] = set()
        for member in self.members:
            if member["org"] not in self.orgs:
                continue  # a class or subject
            person = self.other_ids.get(member["person"] or "", member["person"] or "")
            staff.add(person)
            rows["positions"].add(
                position_id=":".join((person, member["org"] or "", member["role"] or "", day_text(member["begin"]) or "")),
                person_id=person, org_number=numbers[member["org"]], role=_ROLES.get(member["role"] or "", member["role"]),
                start_date=member["begin"], end_date=member["end"])
        for person_id, person in self.persons.items():
            if person_id in staff:
                rows["persons"].add(person_id=person_id, **person)
        return {table: r.table(file) for table, r in rows.items()}


def _gather(file: str, stream: BinaryIO, gathered: _Gathered) -> None:
    try:
        for root, whole in pieces(stream, "enterprise"):
            for element in root[:whole]:
                _add(element, file, gathered)
    except BrokenXml as error:
        raise RefusedExtract(error.problem, file=file, line=error.line, remedy="Deliver the whole file again") from None


def _add(element: Element, file: str, gathered: _Gathered) -> None:
    match name(element):
        case "properties":
            if (child_text(element, "type") or "full").lower() != "full":
                raise RefusedExtract("the file is not a full one", file=file, line=element.sourceline,
                                     remedy="Deliver one with <type>full</type>; others do not show what was removed")
        case "person":
            _person(element, gathered)
        case "group":
            _group(element, gathered)
        case "membership":
            _membership(element, file, gathered)


def _person(person: Element, gathered: _Gathered) -> None:
    ids = [(s.get("sourcedidtype"), child_text(s, "id")) for s in children(person, "sourcedid")]
    person_id = first(i for wanted in ("New", None, "Old", "Duplicate") for kind, i in ids if kind == wanted)
    if person_id is None:
        return
    gathered.other_ids |= {i: person_id for _, i in ids if i and i != person_id}
    users = {u.get("useridtype"): (u.text or "").strip() or None for u in children(person, "userid")}
    gathered.persons[person_id] = {
        "employee_number": users.get("workforceID"), "national_id": users.get("personNIN"),
        "given_name": child_text(person, "name", "n", "given"), "family_name": child_text(person, "name", "n", "family"),
        "email": child_text(person, "email")}


def _group(group: Element, gathered: _Gathered) -> None:
    kinds = {(v.text or "").strip().lower() for v in children(group, "grouptype", "typevalue")}
    kind = next((k for k in _ORG_TYPES if k in kinds), None)
    org_id = child_text(group, "sourcedid", "id")
    if kind is None or org_id is None:
        return
    number = next((child_text(p, "pifu_value") for p in children(group, "extension", "pifu_id")
                   if p.get("type") == "organizationNumber"), None)
    gathered.orgs[org_id] = {"number": number, "type": _ORG_TYPES[kind], "name": child_text(group, "description", "short"),
                          "parent": child_text(group, "relationship", "sourcedid", "id")}


def _membership(membership: Element, file: str, gathered: _Gathered) -> None:
    org = child_text(membership, "sourcedid", "id")
    if gathered.orgs.get(org or "", {}).get("type") == "school":  # a file for each school may repeat people, and the kommune
        gathered.one_file.stands(org, file, membership.sourceline)
    for member in children(membership, "member"):
        if child_text(member, "idtype") == "2":
            continue  # a group within a group
        for role in children(member, "role"):
            kind = (role.get("roletype") or "").strip()
            subroles = {kind.lower(), *((s.text or "").strip().lower() for s in children(role, "subrole"))}
            if kind == _PUPIL or any(_GUARDIAN in s for s in subroles) or child_text(role, "status") == "0":
                continue
            gathered.members.append({
                "org": org, "person": child_text(member, "sourcedid", "id"), "role": kind,
                "begin": child_text(role, "timeframe", "begin"), "end": child_text(role, "timeframe", "end")})
