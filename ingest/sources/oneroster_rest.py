"""OneRoster over REST: every page of orgs and users, or nothing."""

import re
from contextlib import suppress
from datetime import date
from typing import Any

import requests

from ingest.errors import PullFailed
from ingest.sources.base import Progress, RawTable
from ingest.sources.http import BadAnswer, Client, NothingThere, OAuth, json_body
from ingest.sources.oneroster_format import CARRIES, TABLES, NoStaff, OneRosterSettings, Roster, gather
from ingest.sources.pulled import Listing, Page, PulledAdapter, PulledTables, Record
from ingest.sources.rows import text

LISTINGS = ("orgs", "users")
_PAGES_BETWEEN_REPORTS = 10


class OneRosterRest(PulledAdapter):
    """A OneRoster service."""

    tables = TABLES
    carries = CARRIES

    def __init__(self, settings: OneRosterSettings):
        self._settings = settings
        self.settings_fingerprint = settings.fingerprint

    def fetch(self, day: date, signature: str | None, progress: Progress, *, few: bool = False) -> PulledTables:
        settings = self._settings
        if not (settings.url and settings.token_url and settings.client_id and settings.client_secret):
            raise ValueError("settings without an address and credentials")  # the settings' own validator refuses these
        settings.refuse_plain_http(settings.url, settings.token_url)
        oauth = OAuth("oneroster", settings, token_url=settings.token_url, client_id=settings.client_id,
                      client_secret=settings.client_secret, scope=settings.scope,
                      extra={"tenant_id": settings.tenant_id} if settings.tenant_id else None)
        client = Client("oneroster", settings, oauth=oauth)
        orgs = gather(self._whole(client, "orgs", progress))
        try:
            if few:
                return PulledTables(self._first_staff(client, orgs))
            return PulledTables(Roster(settings, orgs, gather(self._whole(client, "users", progress))).tables("oneroster"))
        except NoStaff as error:
            raise PullFailed(f"oneroster: {error}. Look at which users and roles VFS gives this client") from None

    def _first_staff(self, client: Client, orgs: dict[str, Any]) -> dict[str, RawTable]:
        """The tables of the first page of users that has staff. Raises NoStaff when none has."""
        came: dict[str, Record] = {}
        read = 0
        while (page := self._page(client, "users", read).records) and not came.keys() >= {user["sourcedId"] for user in page}:
            read += len(page)
            came |= {user["sourcedId"]: user for user in page}
            with suppress(NoStaff):
                return Roster(self._settings, orgs, gather(page)).tables("oneroster")
        return Roster(self._settings, orgs, gather(came.values())).tables("oneroster")

    def _whole(self, client: Client, name: str, progress: Progress) -> list[Record]:
        settings = self._settings

        def report(came: int, total: int | None) -> None:
            if came // settings.page_size % _PAGES_BETWEEN_REPORTS == 0:
                progress(f"oneroster: {name}, {came} records{f' of {total}' if total is not None else ''}")

        announced: int | None = None

        def ask(offset: int) -> Page:
            nonlocal announced
            try:
                page = self._page(client, name, offset)
            except NothingThere:  # how some servers say that nothing follows; the listing is held against the total
                if offset and announced is not None:
                    return Page([], announced)
                raise
            announced = page.total if announced is None else announced
            return page

        listing = Listing("oneroster", name, ask, lambda record: record["sourcedId"],
                          settings.page_size, settings.concurrency, until_empty=True,
                          advice="; choose an hour when nobody works in VFS")
        return listing.read(settings.attempts, report)

    def _page(self, client: Client, name: str, offset: int) -> Page:
        def parse(answer: requests.Response) -> Page:
            body = json_body(answer)
            records = body.get(name) if isinstance(body, dict) else None
            if not isinstance(records, list) or not all(isinstance(r, dict) and text(r.get("sourcedId")) for r in records):
                raise BadAnswer(f"the answer holds no {name}")
            total = answer.headers.get("X-Total-Count", "").strip()
            links = answer.links
            return Page([{**r, "sourcedId": text(r["sourcedId"])} for r in records],
                        int(total) if re.fullmatch(r"[0-9]{1,9}", total) else None, "next" in links if links else None)

        return client.get(f"{self._settings.url}/{name}", parse, params={"limit": self._settings.page_size, "offset": offset})

