"""The `paga` adapter: HRM's employees, positions and org units from saved answers of Paga's services (AnsattList, v3_1).

Source of the rules: contract#adapter-paga; what is known of the format, and from where: docs/sources.md.
"""

import json
from collections.abc import Iterable
from datetime import date
from pathlib import Path
from typing import Literal

from pydantic import Field

from ingest.canonical_tables import System
from ingest.dates import day_text, earliest, read_day
from ingest.errors import RefusedExtract
from ingest.sources.base import Progress, RawTable, SourceSettings, adapter
from ingest.sources.delimited import Values
from ingest.sources.file_drop import FileDrop, FileDropAdapter, OneFileEach
from ingest.sources.hrm_files import Employer, People
from ingest.sources.xml import BrokenXml, Element, child_text, children, elements, name

# A whole answer, with or without its envelope, or the list that it holds.
_ROOTS = ("Envelope", "GetAnsattListResultMessage", "AnsattList", "getOrgListResponse", "OrgList", "getOrgUnitResponse",
          "OrgUnit")
_ENDED = "sluttet"


class PagaSettings(SourceSettings):
    """Settings of the adapter."""

    adapter: Literal["paga"] = Field(description="Saved answers of Paga's services (Bluegarden, Visma): AnsattList XML.")
    path: Path = Field(description="An XML file, a folder of such files, or a folder with one subfolder per day (YYYY-MM-DD).")
    employer: str | None = Field(
        default=None, description="Only people of this ArbeidsgiverNummer; left out: files that hold more than one are refused.")
    values: Values = Field(default={})


@adapter(PagaSettings, systems=("hrm",))
class Paga(FileDropAdapter):
    """Answers of GetAnsattList, and of OrgStructure for the units."""

    tables = ("employees", "positions", "org_units")
    suffixes = (".xml",)

    def __init__(self, system: System, settings: PagaSettings):
        super().__init__(settings.path)
        self._settings = settings
        self.settings_fingerprint = json.dumps({"adapter": "paga", "employer": settings.employer, "values": settings.values})

    def read_files(self, files: FileDrop, progress: Progress) -> dict[str, RawTable]:
        reading = _Reading(self._settings, files.day or date.min)
        for file in files.names():
            with files.open(file) as stream:
                try:
                    reading.read(file, elements(stream, _ROOTS, ("Ansatt", "OrgUnit", "Fault")))
                except BrokenXml as error:
                    raise RefusedExtract(error.problem, file=file, line=error.line,
                                         remedy="Have the whole answer fetched again") from None
            progress(f"paga: {reading.people.seen} people")
        return reading.people.tables(files.names()[0])


def _same(code: str) -> str:
    """A unit's code to compare: `12`, `0000000012` and, in a group's id, `2121200/0000000012` are one."""
    return code.strip().rpartition("/")[2].lstrip("0") or "0"


class _Reading:
    """Reads the elements of one or several answers."""

    def __init__(self, settings: PagaSettings, day: date):
        self.people = People(settings.values, _same)
        self._employer = Employer(settings.employer, "ArbeidsgiverNummer", "employer")
        self._only, self._day = settings.employer, day
        self._one_file = OneFileEach("a position of a person")

    def read(self, file: str, found: Iterable[Element]) -> None:
        for element in found:
            match name(element):
                case "Ansatt":
                    self.people.seen += 1
                    if self._employer.counts(child_text(element, "ArbeidsgiverNummer"), file, element.sourceline):
                        self._person(element, file)
                case "OrgUnit":
                    self._unit(element)
                case _:
                    raise RefusedExtract("the service answered with an error instead of a list", file=file,
                                         line=element.sourceline, remedy="Have the answer fetched again")

    def _person(self, person: Element, file: str) -> None:
        number = child_text(person, "AnsattNummer")
        self.people.employee(
            employee_number=number, national_id=child_text(person, "Fodselsnummer"), given_name=child_text(person, "Fornavn"),
            family_name=child_text(person, "Etternavn"), email=child_text(person, "Email"))
        for job in children(person, "Arbeidsforhold"):
            # The schema has Stoppdato; a known reader looks for Sluttdato.
            own_end = earliest(child_text(job, "Stoppdato"), child_text(job, "Sluttdato"))
            end = earliest(child_text(person, "SluttDato"), own_end)
            unit, start = child_text(job, "OrgUnitId"), child_text(job, "Startdato")
            own = child_text(job, "Arbeidsforholdnummer") or f"{unit or ''}:{day_text(start) or ''}"
            position_id = number and f"{number}:{own}"
            self._one_file.stands(position_id, file, job.sourceline)
            has_ended = (job.get("status") or "").strip().lower() == _ENDED
            if has_ended and own_end is None and self._is_to_come(end):
                continue  # it has ended on a day that is not told: absent, which counts as vanished
            title = child_text(job, "Stillingskode", "Stillingsbetegnelse") or child_text(job, "Stillingskode", "Beskrivelse")
            self.people.position(
                unit, position_id=position_id, employee_number=number,
                position_code=child_text(job, "Stillingskode", "Kodeverdi"), position_title=title, start_date=start, end_date=end)

    def _is_to_come(self, end: str | None) -> bool:
        """Whether an end has not passed on the day of the extract; one that cannot be read goes on to be rejected."""
        day = read_day(end) if end else date.max
        return day is not None and day >= self._day

    def _unit(self, unit: Element) -> None:
        group = child_text(unit, "GroupId") or ""
        if self._only and group.rpartition("/")[0] not in (self._only, ""):
            return
        self.people.unit(child_text(unit, "OrgUnitId") or group or None, name=child_text(unit, "OrgNavn"),
                         parent=child_text(unit, "ParentGroupId"), number=child_text(unit, "OrgnrBedrift"))
