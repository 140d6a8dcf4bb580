"""The `visma_hrm` adapter: HRM's employees and positions from Visma Enterprise HRM's `hrm_ws` (XML over HTTP).

Source of the rules: contract#adapter-visma-hrm. The service gives all active people of an id range in one answer, without pages;
who left is absent from the next one. The answer is parsed as it comes and is never stored: it holds national ids.
"""

import json
from datetime import date, timedelta
from itertools import chain
from typing import Literal

import requests
from pydantic import Field, SecretStr

from ingest.canonical_tables import System
from ingest.errors import PullFailed
from ingest.sources import hrm_ws
from ingest.sources.base import Progress, adapter
from ingest.sources.http import BadAnswer, Client, HttpSettings, NothingThere, basic, ntlm, stream
from ingest.sources.pulled import PulledAdapter, PulledTables
from ingest.sources.xml import BrokenXml


class VismaHrmSettings(HttpSettings):
    """Settings of the adapter."""

    adapter: Literal["visma_hrm"] = Field(description="Visma Enterprise HRM's `hrm_ws` (XML over HTTP).")
    url: str = Field(description="Address of the service, as in https://host/hrm_ws.")
    company: str = Field(description="The company's number in HRM.")
    id_range: tuple[int, int] = Field(default=(0, 99_999_999), description="The first and the last employee id to ask for.")
    username: str = Field(description="User of the web service.")
    password: SecretStr = Field(description="The user's password.")
    auth: Literal["basic", "ntlm"] = Field(
        default="basic", description="How the user is authenticated; ntlm needs pip install 'sluttdato[ntlm]'.")
    include_not_started_days: int = Field(default=0, ge=0, description="Also people who start within so many days; 0: none.")
    read_timeout_seconds: float = Field(
        default=900, gt=0, description="Seconds that the server may be silent; the service may think for ten minutes.")


@adapter(VismaHrmSettings, systems=("hrm",))
class VismaHrm(PulledAdapter):
    """One `hrm_ws`."""

    tables = ("employees", "positions")

    def __init__(self, system: System, settings: VismaHrmSettings):
        self._settings = settings
        self.settings_fingerprint = json.dumps({"adapter": "visma_hrm"})

    def fetch(self, day: date, signature: str | None, progress: Progress, *, few: bool = False) -> PulledTables:
        settings = self._settings
        settings.refuse_plain_http(settings.url)
        authenticate = ntlm if settings.auth == "ntlm" else basic
        client = Client("visma_hrm", settings, authenticate(settings.username, settings.password))
        start, end = settings.id_range
        persons = f"{settings.url}/secure/persons"
        of_company = f"{persons}/company/{settings.company}"

        def ask(address: str) -> list[bytes]:
            return client.get(address, lambda answer: _read(answer, progress, few), accept="application/xml")

        answers = [ask(f"{of_company}/start-id/{start}/end-id/{end}")]
        if settings.include_not_started_days:
            interval = f"not-started/date-interval/{day + timedelta(days=1)}/{day + timedelta(settings.include_not_started_days)}"
            try:
                answers.append(ask(f"{of_company}/{interval}"))
            except NothingThere:  # an older service has it without the company only
                answers.append(ask(f"{persons}/{interval}"))
        try:
            return PulledTables(hrm_ws.tables(chain.from_iterable(answers), settings.company))
        except hrm_ws.OtherCompanies as error:
            raise PullFailed(f"visma_hrm: the answer holds the companies {error}, and not {settings.company}; look at `company`"
                             ) from None


def _read(answer: requests.Response, progress: Progress, few: bool) -> list[bytes]:
    """The tab-separated lines of one answer (`hrm_ws`). Raises BadAnswer when it is no XML of persons, or breaks off."""
    lines, people = [], 0
    try:
        for number, some_lines in hrm_ws.read_people(stream(answer)):
            lines.append(some_lines)
            people += number
            progress(f"visma_hrm: {people} people")
            if few:
                break
    except BrokenXml as error:
        raise BadAnswer(error.problem) from None
    return lines
