"""The `visma_hrm` adapter: HRM's employees and positions from Visma Enterprise HRM's `hrm_ws` (XML over HTTP).

Source of the rules: contract, section 9. The service gives all active people of an id range in one answer, without pages;
who left is absent from the next one. The answer is parsed as it comes and is never stored: it holds national ids.
"""

import json
from datetime import date, timedelta
from functools import cache
from typing import Annotated, Literal

import requests
import urllib3
from lxml import etree
from pydantic import Field, SecretStr

from ingest.contract import System, tables_of
from ingest.sources.base import Progress
from ingest.sources.http import BadAnswer, Client, HttpSettings, basic, ntlm
from ingest.sources.pulled import Pulled, PulledTables, Rows, merged
from ingest.sources.xml import BrokenXml, child_text, local_name, pieces, text_of

_SAY_EVERY, _A_FEW = 1000, 100


class VismaHrmSettings(HttpSettings):
    """Settings of the adapter. `include_not_started_days`: also people who start within so many days; 0: none."""

    adapter: Literal["visma_hrm"]
    url: str
    company: str
    id_range: tuple[int, int] = (0, 99_999_999)
    username: str
    password: SecretStr
    auth: Literal["basic", "ntlm"] = "basic"
    include_not_started_days: Annotated[int, Field(ge=0)] = 0
    read_timeout_seconds: Annotated[float, Field(gt=0)] = 900  # the service may think for ten minutes


class VismaHrm(Pulled):
    """One `hrm_ws`."""

    tables = ("employees", "positions")
    carries: frozenset[str] = frozenset()

    def __init__(self, system: System, settings: VismaHrmSettings):
        self._settings = settings
        self.settings_fingerprint = json.dumps({"adapter": "visma_hrm"})

    def fetch(self, day: date, signature: str | None, say: Progress, *, few: bool = False) -> PulledTables:
        settings = self._settings
        settings.refuse_plain_http(settings.url)
        authenticate = ntlm if settings.auth == "ntlm" else basic
        client = Client("visma_hrm", settings, authenticate(settings.username, settings.password))
        start, end = settings.id_range
        addresses = [f"{settings.url}/secure/persons/company/{settings.company}/start-id/{start}/end-id/{end}"]
        if settings.include_not_started_days:
            until = day + timedelta(days=settings.include_not_started_days)
            addresses.append(f"{settings.url}/secure/persons/not-started/date-interval/{day}/{until}")
        at_most = _A_FEW if few else None
        answers = [client.get(a, lambda answer: _read(answer, say, at_most), accept="application/xml") for a in addresses]
        return PulledTables({name: merged([answer[name].table("visma_hrm") for answer in answers]) for name in self.tables})


def _read(answer: requests.Response, say: Progress, at_most: int | None = None) -> dict[str, Rows]:
    """The rows of one answer. Raises BadAnswer when it is no XML of persons, or breaks off."""
    if "html" in answer.headers.get("Content-Type", "").lower():
        raise BadAnswer("a web page instead of data")
    answer.raw.decode_content = True
    rows = {t.name: Rows(t) for t in tables_of("hrm") if t.name in VismaHrm.tables}
    try:
        for number, person in enumerate(pieces(answer.raw, "persons", frozenset({"person"})), start=1):
            read_person(person, rows["employees"], rows["positions"])
            if number == at_most:
                break
            if number % _SAY_EVERY == 0:
                say(f"visma_hrm: {number} people")
    except BrokenXml as error:
        raise BadAnswer(error.problem) from None
    except urllib3.exceptions.HTTPError:
        raise BadAnswer("the answer breaks off") from None
    return rows


def read_person(person: etree._Element, employees: Rows, positions: Rows) -> None:
    """Add the employees (one for each employment) and positions of one person, in the contract's order of columns.

    Each element is looked at once, in the order in which it comes: an answer has millions.
    """
    national_id = given_name = family_name = email = None
    employments: list[etree._Element] = []
    for told in person:
        match local_name(told.tag):
            case "ssn":
                national_id = text_of(told)
            case "givenName":
                given_name = text_of(told)
            case "familyName":
                family_name = text_of(told)
            case "contactInfo":
                email = child_text(told, "email")
            case "employments":
                employments += told
    for employment in employments:
        number, held = None, []
        for told in employment:
            match local_name(told.tag):
                case "employeeId":
                    number = text_of(told)
                case "positions":
                    held += told
        if local_name(employment.tag) == "employment":
            employees.append((number, national_id, given_name, family_name, email))
            for position in held:
                if local_name(position.tag) == "position":
                    _read_position(number, position, positions)


def _read_position(number: str | None, position: etree._Element, positions: Rows) -> None:
    """One position; none of one that has ended on a day that HRM does not tell: absent, which counts as vanished."""
    start = end = percentage = org_number = None
    position_id, code, title, kind = "", None, None, ""
    for told in position:
        match local_name(told.tag):
            case "positionStartDate":
                start = text_of(told)
            case "positionEndDate":
                end = text_of(told)
            case "positionPercentage":
                percentage = text_of(told)
            case "positionInfo":
                for info in told:
                    match local_name(info.tag):
                        case "positionCode":
                            position_id = (info.get("positionId") or "").strip()
                            code = (info.get("positionCode") or "").strip() or None
                            title = (info.get("name") or "").strip() or None
                        case "positionType":
                            kind = f"{info.get('value')} {info.get('name')} {info.text}".lower()
            case "positionStatistics":
                for place in told:
                    if local_name(place.tag) == "businessNumber":
                        org_number = (place.get("value") or "").strip() or None
    if end is not None or "sluttet" not in kind:
        positions.append((f"{number}:{position_id}:{start or ''}" if number else None, number, org_number, code, title,
                          _percentage(percentage), _day(start), _day(end)))


@cache
def _percentage(value: str | None) -> str | None:
    """"100.0" as people write it: "100"."""
    try:
        return f"{float(value):g}" if value else None
    except ValueError:
        return value


def _day(value: str | None) -> str | None:
    return value[:10] if value and len(value) > 10 and value[10] in "T+Z " else value
