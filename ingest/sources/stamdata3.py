"""The `stamdata3` adapter: HRM's employees, positions and org units from Stamdata3 files, an extract of Unit4 ERP (Agresso).

Source of the rules: contract#adapter-stamdata3; what is known of the format, and from where: docs/sources.md.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Literal

from pydantic import Field

from ingest.canonical_tables import System
from ingest.dates import earliest, latest, read_day
from ingest.errors import RefusedExtract
from ingest.sources.base import Note, Progress, RawTable, SourceSettings, adapter
from ingest.sources.delimited import Values
from ingest.sources.file_drop import FileDrop, FileDropAdapter, OneFileEach
from ingest.sources.hrm_files import Employer, People
from ingest.sources.rows import first
from ingest.sources.xml import BrokenXml, Element, child_text, children, elements, name

_NORMAL = "N"  # the only status of a person whose meaning is known


class Stamdata3Settings(SourceSettings):
    """Settings of the adapter."""

    adapter: Literal["stamdata3"] = Field(description="Stamdata3 XML of Unit4 ERP (Agresso, ERP Kommune).")
    path: Path = Field(description="An XML file, a folder of such files, or a folder with one subfolder per day (YYYY-MM-DD).")
    company: str | None = Field(
        default=None, description="Only people of this CompanyCode; left out: files that hold more than one are refused.")
    place: list[str] = Field(
        default=["ORGANIZATIONAL_UNIT", "ORGANISATION"], min_length=1,
        description="ElementType of the relation that says where somebody works: of these the one that lasts longest.")
    values: Values = Field(default={})


@adapter(Stamdata3Settings, systems=("hrm",))
class Stamdata3(FileDropAdapter):
    """Stamdata3 files."""

    tables = ("employees", "positions", "org_units")
    suffixes = (".xml",)

    def __init__(self, system: System, settings: Stamdata3Settings):
        super().__init__(settings.path)
        self._settings = settings
        reading = {"company": settings.company, "place": settings.place, "values": settings.values}
        self.settings_fingerprint = json.dumps({"adapter": "stamdata3"} | reading)

    def read_files(self, files: FileDrop, progress: Progress) -> dict[str, RawTable]:
        reading = _Reading(self._settings)
        for file in files.names():
            with files.open(file) as stream:
                try:
                    reading.read(file, elements(stream, ("ExportInfo",), ("Resource", "Organisation", "NumberOfResources")))
                except BrokenXml as error:
                    raise RefusedExtract(error.problem, file=file, line=error.line,
                                         remedy="Deliver the whole Stamdata3 file again") from None
            progress(f"stamdata3: {reading.people.seen} people")
        return reading.tables(files.names()[0])


class _Reading:
    """Reads the elements of one or several files."""

    def __init__(self, settings: Stamdata3Settings):
        self.people = People(settings.values)
        self._employer = Employer(settings.company, "CompanyCode", "company")
        self._company, self._place = settings.company, settings.place
        self._other_status, self._one_file = 0, OneFileEach("a person")

    def read(self, file: str, found: Iterable[Element]) -> None:
        announced, before = 0, self.people.seen
        for element in found:
            match name(element):
                case "Resource":
                    self.people.seen += 1
                    if self._employer.counts(child_text(element, "CompanyCode"), file, element.sourceline):
                        self._person(element, file)
                case "Organisation":
                    if not self._company or child_text(element, "CompanyCode") in (None, self._company):
                        self.people.unit(child_text(element, "Id"), name=child_text(element, "Name"),
                                         parent=child_text(element, "ParentId"))
                case _:
                    text = (element.text or "").strip()[:9]
                    announced = int(text) if text.isdecimal() else 0
        if (held := self.people.seen - before) < announced:
            raise RefusedExtract(f"the file announces {announced} people (NumberOfResources) and holds {held}", file=file,
                                 remedy="Deliver the whole file again")

    def tables(self, file: str) -> dict[str, RawTable]:
        tables = self.people.tables(file)
        if self._other_status:
            note = Note("other_status", self._other_status, f"people have another status than {_NORMAL}, whose meaning is not "
                        "known: their dates alone say whether they are at work")
            tables["employees"] = replace(tables["employees"], notes=(note,))
        return tables

    def _person(self, person: Element, file: str) -> None:
        employments = children(person, "Employments", "Employment")
        number = first((child_text(person, "ResourceId"), *(e.get("ResourceId") for e in employments)))
        self._one_file.stands(number, file, person.sourceline)
        self._other_status += child_text(person, "Status") not in (_NORMAL, None)
        mails = children(person, "Addresses", "Address", "EMailList", "string")
        self.people.employee(
            employee_number=number, national_id=child_text(person, "SocialSecurityNumber"),
            given_name=child_text(person, "FirstName"), family_name=child_text(person, "Surname"),
            email=first((m.text or "").strip() for m in mails))
        for employment in employments:
            for place in self._places(employment) or self._places(person) or (None,):
                self._position(number, person, employment, place)

    def _places(self, owner: Element) -> Sequence[Element]:
        relations = children(owner, "Relations", "Relation")
        of_kind = ([r for r in relations if r.get("ElementType") == kind] for kind in self._place)
        return max(filter(None, of_kind), key=lambda those: max(map(_last_day, those)), default=[])

    def _position(self, number: str | None, person: Element, employment: Element, place: Element | None) -> None:
        """The employment at one unit, for the time that both last."""
        periods = [employment] if place is None else [employment, place]
        unit = None if place is None else child_text(place, "Value")
        code = child_text(employment, "PostCode")
        job = child_text(employment, "SequenceRef") or f"{child_text(employment, 'PostId') or ''}-{code or ''}"
        start = latest(*(child_text(p, "DateFrom") for p in periods))
        self.people.position(
            unit, position_id=number and ":".join((number, job, unit or "", start or "")), employee_number=number,
            position_code=code, position_title=child_text(employment, "PostCodeDescription"),
            percentage=child_text(employment, "Percentage"), start_date=start,
            end_date=earliest(*(child_text(p, "DateTo") for p in (person, *periods))))


def _last_day(relation: Element) -> date:
    """The last day of a relation; an open end is the last day of all, and so is one that cannot be read, which gets rejected."""
    return read_day(earliest(child_text(relation, "DateTo")) or "") or date.max
