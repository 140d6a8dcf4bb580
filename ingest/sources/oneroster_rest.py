"""OneRoster 1.2 over REST: every page of orgs and users, or nothing."""

import json
import re
from datetime import date
from typing import Annotated, Any, Literal

import requests
from pydantic import Field, SecretStr, model_validator

from ingest.assessable import COUNTERPARTS
from ingest.canonical_tables import System
from ingest.errors import PullFailed
from ingest.sources.base import Progress
from ingest.sources.http import BadAnswer, Client, HttpSettings, OAuth, WholeAnew, in_order, json_body
from ingest.sources.oneroster import Meaning, Roster, gather
from ingest.sources.pulled import Pulled, PulledTables, text

LISTINGS = ("orgs", "users")
_SAY_EVERY = 10
DEFAULT_SCOPE = "one-roster-api:https://purl.imsglobal.org/spec/or/v1p2/scope/roster-core.readonly"


class OneRosterSettings(HttpSettings):
    """Settings of the adapter: either `url` and the token's settings, or `path` to a CSV folder or zip."""

    adapter: Literal["oneroster"]
    url: str | None = None
    token_url: str | None = None
    client_id: str | None = None
    client_secret: SecretStr | None = None
    scope: str | None = DEFAULT_SCOPE
    tenant_id: str | None = None
    path: str | None = None
    employee_number_from: str | None = "identifier"
    national_id_from: str | None = None
    kommuneadmin_roles: tuple[str, ...] = ("districtAdministrator",)
    end_date: Literal["inclusive", "exclusive"] = "inclusive"
    page_size: Annotated[int, Field(ge=1, le=100)] = 100

    @model_validator(mode="after")
    def _one_way(self) -> "OneRosterSettings":
        if self.path:
            if self.url:
                raise ValueError("expected `url` or `path`, not both")
        elif not (self.url and self.token_url and self.client_id and self.client_secret):
            raise ValueError("expected url, token_url, client_id and client_secret; or path")
        return self

    @property
    def meaning(self) -> Meaning:
        return Meaning(self.employee_number_from, self.national_id_from, frozenset(self.kommuneadmin_roles),
                       self.end_date == "exclusive")

    @property
    def fingerprint(self) -> str:
        """What would make the same answers read otherwise."""
        return json.dumps(self.model_dump(mode="json", include={
            "adapter", "employee_number_from", "national_id_from", "kommuneadmin_roles", "end_date"}), sort_keys=True)


class OneRosterRest(Pulled):
    """One OneRoster service."""

    tables = ("persons", "positions", "accesses", "org_units")
    carries = COUNTERPARTS | {"accesses.kommuneadmin"}

    def __init__(self, system: System, settings: OneRosterSettings):
        self._settings = settings
        self.settings_fingerprint = settings.fingerprint

    def fetch(self, day: date, signature: str | None, say: Progress, *, few: bool = False) -> PulledTables:
        settings = self._settings
        settings.refuse_plain_http(settings.url, settings.token_url)
        oauth = OAuth("oneroster", settings, token_url=settings.token_url, client_id=settings.client_id,
                      client_secret=settings.client_secret, scope=settings.scope,
                      extra={"tenant_id": settings.tenant_id} if settings.tenant_id else None)
        client = Client("oneroster", settings, oauth=oauth)
        found = {name: self._page(client, name, 0)[0] if few else self._whole_listing(client, name, say) for name in LISTINGS}
        return PulledTables(Roster(settings.meaning, gather(found["orgs"]), gather(found["users"])).tables("oneroster"))

    def _whole_listing(self, client: Client, name: str, say: Progress) -> list[dict[str, Any]]:
        """All records of a listing. Pages that do not fit together are asked for anew, all of them."""
        for _ in range(self._settings.attempts):
            try:
                return self._once(client, name, say)
            except WholeAnew as error:
                reason = str(error)
        raise PullFailed(f"oneroster: {name} changed while it was read, {self._settings.attempts} times: {reason}. "
                         "The next run tries again; choose an hour when nobody works in VFS")

    def _once(self, client: Client, name: str, say: Progress) -> list[dict[str, Any]]:
        size = self._settings.page_size
        found, total, has_next = self._page(client, name, 0)
        ids = {r["sourcedId"] for r in found}

        def add(page: list[dict[str, Any]]) -> None:
            # At once, or a server that gives one page for ever would be asked for ever.
            ids.update(r["sourcedId"] for r in page)
            found.extend(page)
            if len(ids) < len(found):
                raise WholeAnew("a record came twice")
            if len(found) // size % _SAY_EVERY == 0:
                say(f"oneroster: {name}, {len(found)} records{f' of {total}' if total is not None else ''}")

        if len(ids) < len(found):
            raise WholeAnew("a record came twice")
        if total is not None:
            offsets = range(size, total, size) if len(found) < total else ()
            for more, told, follows in in_order(lambda o: self._page(client, name, o), offsets, self._settings.concurrency):
                has_next = follows
                if told is not None and told != total:
                    raise WholeAnew(f"{total} records became {told}")
                add(more)
                if len(more) < size and len(found) < total:
                    break
            if len(found) != total:
                raise WholeAnew(f"{total} records were announced, {len(found)} came")
            if has_next:
                raise WholeAnew(f"{total} records were announced, and more are linked to")
        else:
            more = found
            while more and (has_next or (has_next is None and len(more) >= size)):
                more, _, has_next = self._page(client, name, len(found))
                add(more)
        return found

    def _page(self, client: Client, name: str, offset: int) -> tuple[list[dict[str, Any]], int | None, bool | None]:
        """The records from `offset` on; how many there are in all, and whether more follow, where the server says so."""
        def take(answer: requests.Response) -> tuple[list[dict[str, Any]], int | None, bool | None]:
            body = json_body(answer)
            records = body.get(name) if isinstance(body, dict) else None
            if not isinstance(records, list) or not all(isinstance(r, dict) and text(r.get("sourcedId")) for r in records):
                raise BadAnswer(f"the answer holds no {name}")
            total = answer.headers.get("X-Total-Count", "").strip()
            links = answer.links
            return ([{**r, "sourcedId": text(r["sourcedId"])} for r in records],
                    int(total) if re.fullmatch(r"[0-9]{1,9}", total) else None, "next" in links if links else None)

        return client.get(f"{self._settings.url}/{name}", take, params={"limit": self._settings.page_size, "offset": offset})

