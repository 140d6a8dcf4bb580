"""The `fint` adapter: HRM's employees, positions and org units from FINT Administrasjon (JSON/HAL).

Every collection is read whole, never by `sinceTimeStamp`, which does not show what was removed. Does not belong here: what an
entry means (`fint_format`).
"""

import json
from datetime import date
from typing import Literal

import requests
from pydantic import Field, SecretStr

from ingest.canonical_tables import System
from ingest.sources.base import Progress, adapter
from ingest.sources.delimited import Values
from ingest.sources.fint_format import canonical, links
from ingest.sources.http import BadAnswer, Client, HttpSettings, OAuth, json_body
from ingest.sources.pulled import Listing, Page, PulledAdapter, PulledTables, Record
from ingest.sources.rows import first

COLLECTIONS = {
    "person": "administrasjon/personal/person",
    "personalressurs": "administrasjon/personal/personalressurs",
    "arbeidsforhold": "administrasjon/personal/arbeidsforhold",
    "organisasjonselement": "administrasjon/organisasjon/organisasjonselement",
}
_FEW = 100


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
    values: Values = Field(
        default={}, description="Column: {value in FINT: canonical value}. Of `org_number` the keys are the `organisasjonsId` of "
        "units: it gives a number to a school that has none of its own.")


@adapter(FintSettings, systems=("hrm",))
class Fint(PulledAdapter):
    """One FINT environment."""

    tables = ("employees", "positions", "org_units")

    def __init__(self, system: System, settings: FintSettings):
        self._settings = settings
        self.settings_fingerprint = json.dumps(
            settings.model_dump(mode="json", include={"adapter", "percent_scale", "values"}), sort_keys=True)

    def fetch(self, day: date, signature: str | None, progress: Progress, *, few: bool = False) -> PulledTables:
        settings = self._settings
        settings.refuse_plain_http(settings.url, settings.token_url)
        client = Client("fint", settings, oauth=OAuth(
            "fint", settings, token_url=settings.token_url, client_id=settings.client_id, client_secret=settings.client_secret,
            scope=settings.scope, username=settings.username, password=settings.password))
        collections = self._few(client, progress) if few else {
            name: self._whole(client, name, path, progress) for name, path in COLLECTIONS.items()}
        return PulledTables(canonical(collections, settings.percent_scale, settings.values))

    def _few(self, client: Client, progress: Progress) -> dict[str, list[Record]]:
        """The first positions with what they link to, which may stand on any page; and all units."""
        positions = self._page(client, COLLECTIONS["arbeidsforhold"], 0).records[:_FEW]
        resources = self._linked_to(client, "personalressurs", positions)
        return {
            "arbeidsforhold": positions, "personalressurs": resources, "person": self._linked_to(client, "person", resources),
            "organisasjonselement": self._whole(client, "organisasjonselement", COLLECTIONS["organisasjonselement"], progress)}

    def _linked_to(self, client: Client, name: str, entries: list[Record]) -> list[Record]:
        wanted = {link.lower() for entry in entries for link in links(entry, name)}
        found: list[Record] = []
        came, page = 0, Page([{}])
        while page.records and wanted and (page.total is None or came < page.total):
            page = self._page(client, COLLECTIONS[name], came)
            came += len(page.records)
            for entry in page.records:
                if not wanted.isdisjoint(own := [link.lower() for link in links(entry, "self")]):
                    found.append(entry)
                    wanted.difference_update(own)
        return found

    def _whole(self, client: Client, name: str, path: str, progress: Progress) -> list[Record]:
        settings = self._settings
        listing = Listing(
            "fint", name, lambda offset: self._page(client, path, offset), lambda entry: first(links(entry, "self")),
            settings.page_size, settings.concurrency, one="an entry", many="entries")
        return listing.read(settings.attempts, lambda came, total: progress(f"fint: {name}, {came} of {total}"))

    def _page(self, client: Client, path: str, offset: int) -> Page:
        def parse(answer: requests.Response) -> Page:
            body = json_body(answer)
            embedded = body.get("_embedded") if isinstance(body, dict) else None
            entries = embedded.get("_entries", []) if isinstance(embedded, dict) else None
            total = body.get("total_items") if isinstance(body, dict) else None
            if not isinstance(entries, list) or not all(isinstance(e, dict) for e in entries) or type(total) is not int:
                raise BadAnswer("the answer holds no entries and total_items")
            return Page(entries, total)

        return client.get(f"{self._settings.url}/{path}", parse, params={"size": self._settings.page_size, "offset": offset})
