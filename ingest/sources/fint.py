"""The `fint` adapter: HRM's employees, positions and org units from FINT Administrasjon (JSON/HAL).

Source of the rules: contract#adapter-fint. Every collection is read whole, never by `sinceTimeStamp`, which does not show
what was removed.
"""

import json
from collections.abc import Iterator
from datetime import date, datetime
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

import requests
from pydantic import Field, SecretStr

from ingest.canonical_tables import System, tables_of
from ingest.errors import PullFailed
from ingest.sources.base import Progress
from ingest.sources.http import BadAnswer, Client, HttpSettings, OAuth, WholeAnew, in_order, json_body
from ingest.sources.pulled import Pulled, PulledTables, Rows, as_list, text

COLLECTIONS = {
    "person": "administrasjon/personal/person",
    "personalressurs": "administrasjon/personal/personalressurs",
    "arbeidsforhold": "administrasjon/personal/arbeidsforhold",
    "organisasjonselement": "administrasjon/organisasjon/organisasjonselement",
}
_OSLO = ZoneInfo("Europe/Oslo")
Resource = dict[str, Any]


class FintSettings(HttpSettings):
    """Settings of the adapter. `percent_scale`: what FINT's `ansettelsesprosent` is divided by to give percent."""

    adapter: Literal["fint"]
    url: str
    token_url: str
    client_id: str
    client_secret: SecretStr
    username: str
    password: SecretStr
    scope: str = "fint-client"
    percent_scale: Annotated[float, Field(gt=0)] = 100
    page_size: Annotated[int, Field(ge=1)] = 1000


class Fint(Pulled):
    """One FINT environment."""

    tables = ("employees", "positions", "org_units")
    carries: frozenset[str] = frozenset()

    def __init__(self, system: System, settings: FintSettings):
        self._settings = settings
        self.settings_fingerprint = json.dumps({"adapter": "fint", "percent_scale": settings.percent_scale})

    def fetch(self, day: date, signature: str | None, say: Progress, *, few: bool = False) -> PulledTables:
        settings = self._settings
        settings.refuse_plain_http(settings.url, settings.token_url)
        client = Client("fint", settings, oauth=OAuth(
            "fint", settings, token_url=settings.token_url, client_id=settings.client_id, client_secret=settings.client_secret,
            scope=settings.scope, username=settings.username, password=settings.password))
        return PulledTables(canonical(
            {name: self._page(client, path, 0)[0] if few else self._whole(client, name, path, say)
             for name, path in COLLECTIONS.items()}, settings.percent_scale))

    def _whole(self, client: Client, name: str, path: str, say: Progress) -> list[Resource]:
        for _ in range(self._settings.attempts):
            try:
                return self._once(client, name, path, say)
            except WholeAnew as error:
                reason = str(error)
        raise PullFailed(f"fint: {name} changed while it was read, {self._settings.attempts} times: {reason}. "
                         "The next run tries again")

    def _once(self, client: Client, name: str, path: str, say: Progress) -> list[Resource]:
        size = self._settings.page_size
        found, total = self._page(client, path, 0)
        offsets = range(size, total, size) if len(found) < total else ()
        for more, told in in_order(lambda offset: self._page(client, path, offset), offsets, self._settings.concurrency):
            if told != total:
                raise WholeAnew(f"{total} entries became {told}")
            found.extend(more)
            say(f"fint: {name}, {len(found)} of {total}")
            if len(more) < size and len(found) < total:
                break
        if len(found) != total:
            raise WholeAnew(f"{total} entries were announced, {len(found)} came")
        selves = [links[0] for entry in found if (links := _links(entry, "self"))]
        if len(set(selves)) < len(selves):
            raise WholeAnew("an entry came twice")
        return found

    def _page(self, client: Client, path: str, offset: int) -> tuple[list[Resource], int]:
        def take(answer: requests.Response) -> tuple[list[Resource], int]:
            body = json_body(answer)
            embedded = body.get("_embedded") if isinstance(body, dict) else None
            entries = embedded.get("_entries", []) if isinstance(embedded, dict) else None
            total = body.get("total_items") if isinstance(body, dict) else None
            if not isinstance(entries, list) or not isinstance(total, int) or not all(isinstance(e, dict) for e in entries):
                raise BadAnswer("the answer holds no entries and total_items")
            return entries, total

        return client.get(f"{self._settings.url}/{path}", take, params={"size": self._settings.page_size, "offset": offset})


def canonical(found: dict[str, list[Resource]], percent_scale: float) -> dict[str, Any]:
    """The canonical tables of whole collections, their links resolved."""
    by_link = {name: {link: entry for entry in entries for link in _links(entry, "self")} for name, entries in found.items()}
    rows = {t.name: Rows(t) for t in tables_of("hrm")}
    for resource in found["personalressurs"]:
        person = _linked(resource, "person", by_link["person"]) or {}
        name = person.get("navn") if isinstance(person.get("navn"), dict) else {}
        contact = person.get("kontaktinformasjon") or resource.get("kontaktinformasjon") or {}
        rows["employees"].add(
            employee_number=_identifier(resource.get("ansattnummer")), national_id=_identifier(person.get("fodselsnummer")),
            given_name=text(name.get("fornavn")), family_name=text(name.get("etternavn")),
            email=text(contact.get("epostadresse")) if isinstance(contact, dict) else None)
    units = by_link["organisasjonselement"]
    numbers: dict[int, str | None] = {}  # the number that holds at a unit: many people work at one
    for position in found["arbeidsforhold"]:
        employee = _linked(position, "personalressurs", by_link["personalressurs"]) or {}
        period = position.get("gyldighetsperiode")
        period = period if isinstance(period, dict) else {}
        place = _linked(position, "arbeidssted", units)
        if id(place) not in numbers:
            numbers[id(place)] = next(_numbers_upward(place, units), None)
        rows["positions"].add(
            position_id=_identifier(position.get("systemId")), employee_number=_identifier(employee.get("ansattnummer")),
            org_number=numbers[id(place)], position_title=text(position.get("stillingstittel")),
            percentage=_percent(position.get("ansettelsesprosent"), percent_scale),
            start_date=_day(period.get("start")), end_date=_day(period.get("slutt")))
    for unit in found["organisasjonselement"]:
        number = _identifier(unit.get("organisasjonsnummer"))
        if number:
            above = _above(unit, units)
            rows["org_units"].add(
                org_number=number, name=text(unit.get("navn")), type="school" if _links(unit, "skole") else None if above
                else "kommune", parent_org_number=next((n for n in _numbers_upward(above, units) if n != number), None))
    return {name: r.table(f"fint {name}") for name, r in rows.items()}


def _numbers_upward(unit: Resource | None, units: dict[str, Resource]) -> Iterator[str]:
    """The organisation numbers of a unit and those above it, nearest first."""
    visited: list[Resource] = []
    while unit is not None and not any(unit is v for v in visited):
        visited.append(unit)
        if number := _identifier(unit.get("organisasjonsnummer")):
            yield number
        unit = _above(unit, units)


def _above(unit: Resource, units: dict[str, Resource]) -> Resource | None:
    above = _linked(unit, "overordnet", units)
    return None if above is unit else above


def _links(entry: Resource, relation: str) -> list[str]:
    links = entry.get("_links")
    told = links.get(relation) if isinstance(links, dict) else None
    return [_same(link["href"]) for link in as_list(told) if isinstance(link, dict) and isinstance(link.get("href"), str)]


def _linked(entry: Resource, relation: str, targets: dict[str, Resource]) -> Resource | None:
    for link in _links(entry, relation):
        if link in targets:
            return targets[link]
    return None


def _same(href: str) -> str:
    """A link without its host, which differs between FINT's gateways; the rest compares without regard to case."""
    begins = href.find("://")
    return href[href.find("/", begins + 3 if begins >= 0 else 0):].rstrip("/").lower()


def _identifier(value: object) -> str | None:
    return text(value.get("identifikatorverdi")) if isinstance(value, dict) else text(value)


def _percent(value: object, scale: float) -> str | None:
    return f"{value / scale:g}" if isinstance(value, int | float) and not isinstance(value, bool) else None


def _day(value: object) -> str | None:
    """The calendar day in Oslo of a point in time; what is no time is left as it is, for the door to reject."""
    told = text(value)
    try:
        moment = datetime.fromisoformat(told) if told else None
    except ValueError:
        return told
    if moment is None or moment.tzinfo is None:
        return told[:10] if told else None
    try:
        return moment.astimezone(_OSLO).date().isoformat()
    except OverflowError:  # 9999-12-31T23:59:59Z: that day will do
        return told[:10]
