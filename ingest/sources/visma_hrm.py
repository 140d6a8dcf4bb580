"""The `visma_hrm` adapter: HRM's employees and positions from Visma Enterprise HRM's `hrm_ws` (XML over HTTP).

Source of the rules: contract, section 9. The service gives all active people of an id range in one answer, without pages;
who left is absent from the next one. The answer is parsed as it comes and is never stored: it holds national ids.
"""

import json
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Annotated, Literal

import requests
import urllib3
from lxml import etree
from pydantic import Field, SecretStr

from ingest.contract import System, tables_of
from ingest.sources.base import Progress
from ingest.sources.http import BadAnswer, Client, HttpSettings, basic, ntlm
from ingest.sources.pulled import Pulled, PulledTables, Rows, merged
from ingest.sources.xml import BrokenXml, by_name, child_text, children, pieces, text_of

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
            for table, values in rows_of(person):
                rows[table].add(**values)
            if number == at_most:
                break
            if number % _SAY_EVERY == 0:
                say(f"visma_hrm: {number} people")
    except BrokenXml as error:
        raise BadAnswer(error.problem) from None
    except urllib3.exceptions.HTTPError:
        raise BadAnswer("the answer breaks off") from None
    return rows


def rows_of(person: etree._Element) -> Iterator[tuple[str, dict[str, str | None]]]:
    """The employees (one for each employment) and positions of one person, as (table, values)."""
    told = by_name(person)
    who = {"national_id": text_of(told.get("ssn")), "given_name": text_of(told.get("givenName")),
           "family_name": text_of(told.get("familyName")),
           "email": child_text(told["contactInfo"], "email") if "contactInfo" in told else None}
    for employment in children(person, "employments", "employment"):
        number = child_text(employment, "employeeId")
        yield "employees", {"employee_number": number, **who}
        for position in children(employment, "positions", "position"):
            row = _position(number, by_name(position))
            if row is not None:
                yield "positions", row


def _position(number: str | None, told: dict[str, etree._Element]) -> dict[str, str | None] | None:
    """One position; None of one that has ended on a day that HRM does not tell: absent, which counts as vanished."""
    start, end = text_of(told.get("positionStartDate")), text_of(told.get("positionEndDate"))
    info = by_name(told["positionInfo"]) if "positionInfo" in told else {}
    kind = info.get("positionType")
    if end is None and kind is not None and "sluttet" in f"{kind.get('value')} {kind.get('name')} {kind.text}".lower():
        return None
    code = info["positionCode"].attrib if "positionCode" in info else {}
    place = by_name(told["positionStatistics"]).get("businessNumber") if "positionStatistics" in told else None
    return {
        "position_id": f"{number}:{code.get('positionId', '').strip()}:{start or ''}" if number else None,
        "employee_number": number, "org_number": (place.get("value") or "").strip() if place is not None else None,
        "position_code": code.get("positionCode", "").strip(), "position_title": code.get("name", "").strip(),
        "percentage": _percentage(text_of(told.get("positionPercentage"))), "start_date": _day(start), "end_date": _day(end)}


def _percentage(value: str | None) -> str | None:
    """"100.0" as people write it: "100"."""
    try:
        return f"{float(value):g}" if value else None
    except ValueError:
        return value


def _day(value: str | None) -> str | None:
    return value[:10] if value and len(value) > 10 and value[10] in "T+Z " else value
