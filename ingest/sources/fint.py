"""The `fint` adapter: HRM's employees, positions and org units from FINT Administrasjon (JSON/HAL).

Source of the rules: contract#adapter-fint. Every collection is read whole, never by `sinceTimeStamp`, which does not show
what was removed.
"""

import json
from collections.abc import Iterator
from datetime import date
from typing import Literal

import requests
from pydantic import Field, SecretStr

from ingest.canonical_tables import System, tables_of
from ingest.sources.base import Progress, RawTable, adapter
from ingest.sources.http import BadAnswer, Client, HttpSettings, OAuth, json_body
from ingest.sources.pulled import Listing, Page, PulledAdapter, PulledTables, Record
from ingest.sources.rows import Rows, as_list, first, text

COLLECTIONS = {
    "person": "administrasjon/personal/person",
    "personalressurs": "administrasjon/personal/personalressurs",
    "arbeidsforhold": "administrasjon/personal/arbeidsforhold",
    "organisasjonselement": "administrasjon/organisasjon/organisasjonselement",
}


class FintSettings(HttpSettings):
    """Settings of the adapter."""

    adapter: Literal["fint"] = Field(description="FINT Administrasjon (JSON/HAL).")
    url: str = Field(description="Address of the FINT environment, as in https://api.felleskomponent.no.")
    token_url: str = Field(description="Address of the server that gives the token.")
    client_id: str = Field(description="The client's id.")
    client_secret: SecretStr = Field(description="The client's secret.")
    username: str = Field(description="The client's user.")
    password: SecretStr = Field(description="The user's password.")
    scope: str = Field(default="fint-client", description="Scope of the token.")
    percent_scale: float = Field(default=100, gt=0, description="What FINT's `ansettelsesprosent` is divided by to give percent.")
    page_size: int = Field(default=1000, ge=1, description="Entries of a page.")


@adapter(FintSettings, systems=("hrm",))
class Fint(PulledAdapter):
    """One FINT environment."""

    tables = ("employees", "positions", "org_units")

    def __init__(self, system: System, settings: FintSettings):
        self._settings = settings
        self.settings_fingerprint = json.dumps({"adapter": "fint", "percent_scale": settings.percent_scale})

    def fetch(self, day: date, signature: str | None, progress: Progress, *, few: bool = False) -> PulledTables:
        settings = self._settings
        settings.refuse_plain_http(settings.url, settings.token_url)
        client = Client("fint", settings, oauth=OAuth(
            "fint", settings, token_url=settings.token_url, client_id=settings.client_id, client_secret=settings.client_secret,
            scope=settings.scope, username=settings.username, password=settings.password))
        return PulledTables(canonical(
            {name: self._page(client, path, 0).records if few else self._whole(client, name, path, progress)
             for name, path in COLLECTIONS.items()}, settings.percent_scale))

    def _whole(self, client: Client, name: str, path: str, progress: Progress) -> list[Record]:
        settings = self._settings
        listing = Listing(
            "fint", name, lambda offset: self._page(client, path, offset), lambda entry: first(_links(entry, "self")),
            settings.page_size, settings.concurrency, one="an entry", many="entries")
        return listing.read(settings.attempts, lambda came, total: progress(f"fint: {name}, {came} of {total}"))

    def _page(self, client: Client, path: str, offset: int) -> Page:
        def parse(answer: requests.Response) -> Page:
            body = json_body(answer)
            embedded = body.get("_embedded") if isinstance(body, dict) else None
            entries = embedded.get("_entries", []) if isinstance(embedded, dict) else None
            total = body.get("total_items") if isinstance(body, dict) else None
            if not isinstance(entries, list) or not isinstance(total, int) or not all(isinstance(e, dict) for e in entries):
                raise BadAnswer("the answer holds no entries and total_items")
            return Page(entries, total)

        return client.get(f"{self._settings.url}/{path}", parse, params={"size": self._settings.page_size, "offset": offset})


def canonical(collections: dict[str, list[Record]], percent_scale: float) -> dict[str, RawTable]:
    """The canonical tables of whole collections, their links resolved."""
    by_link = {name: {link: entry for entry in entries for link in _links(entry, "self")}
               for name, entries in collections.items()}
    rows = {t.name: Rows(t) for t in tables_of("hrm")}
    for resource in collections["personalressurs"]:
        person = _linked(resource, "person", by_link["person"]) or {}
        name = _object(person.get("navn"))
        contact = _object(person.get("kontaktinformasjon") or resource.get("kontaktinformasjon"))
        rows["employees"].add(
            employee_number=_identifier(resource.get("ansattnummer")), national_id=_identifier(person.get("fodselsnummer")),
            given_name=text(name.get("fornavn")), family_name=text(name.get("etternavn")),
            email=text(contact.get("epostadresse")))
    units = by_link["organisasjonselement"]
    numbers: dict[int, str | None] = {}  # by unit, computed once: many people work at one
    for position in collections["arbeidsforhold"]:
        employee = _linked(position, "personalressurs", by_link["personalressurs"]) or {}
        period = _object(position.get("gyldighetsperiode"))
        place = _linked(position, "arbeidssted", units)
        if id(place) not in numbers:
            numbers[id(place)] = next(_numbers_upward(place, units), None)
        rows["positions"].add(
            position_id=_identifier(position.get("systemId")), employee_number=_identifier(employee.get("ansattnummer")),
            org_number=numbers[id(place)], position_title=text(position.get("stillingstittel")),
            percentage=_percent(position.get("ansettelsesprosent"), percent_scale),
            start_date=text(period.get("start")), end_date=text(period.get("slutt")))
    for unit in collections["organisasjonselement"]:
        number = _identifier(unit.get("organisasjonsnummer"))
        if number:
            above = _above(unit, units)
            rows["org_units"].add(
                org_number=number, name=text(unit.get("navn")), type="school" if _links(unit, "skole") else None if above
                else "kommune", parent_org_number=next((n for n in _numbers_upward(above, units) if n != number), None))
    return {name: r.table(f"fint {name}") for name, r in rows.items()}


def _numbers_upward(unit: Record | None, units: dict[str, Record]) -> Iterator[str]:
    """The organisation numbers of a unit and those above it, nearest first."""
    visited: list[Record] = []
    while unit is not None and not any(unit is v for v in visited):
        visited.append(unit)
        if number := _identifier(unit.get("organisasjonsnummer")):
            yield number
        unit = _above(unit, units)


def _above(unit: Record, units: dict[str, Record]) -> Record | None:
    above = _linked(unit, "overordnet", units)
    return None if above is unit else above


def _object(value: object) -> Record:
    """The value if it is a JSON object, else an empty one."""
    return value if isinstance(value, dict) else {}


def _links(entry: Record, relation: str) -> list[str]:
    links = as_list(_object(entry.get("_links")).get(relation))
    return [_normalised(link["href"]) for link in links if isinstance(link, dict) and isinstance(link.get("href"), str)]


def _linked(entry: Record, relation: str, targets: dict[str, Record]) -> Record | None:
    for link in _links(entry, relation):
        if link in targets:
            return targets[link]
    return None


def _normalised(href: str) -> str:
    """A link to compare: without its host, which differs between FINT's gateways, and in lower case."""
    begins = href.find("://")
    return href[href.find("/", begins + 3 if begins >= 0 else 0):].rstrip("/").lower()


def _identifier(value: object) -> str | None:
    return text(value.get("identifikatorverdi")) if isinstance(value, dict) else text(value)


def _percent(value: object, scale: float) -> str | None:
    return f"{value / scale:g}" if isinstance(value, int | float) and not isinstance(value, bool) else None
