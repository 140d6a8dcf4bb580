"""The `visma_net` adapter: HRM's employees and positions from Visma.net's Employee API v2 (JSON, pages by cursor).

Source of the rules: contract#adapter-visma-net. Everybody is read, with all positions: the API's filters `onlyActive` and
`fromLastChangedDate` would lose whoever left on a day set back. Most fields are timelines: several values, each with its days.
"""

import json
import re
from collections.abc import Iterable
from dataclasses import replace
from datetime import date
from typing import Literal

import requests
from pydantic import Field, SecretStr

from ingest.canonical_tables import System, Table, tables_of
from ingest.cells import clean
from ingest.dates import is_no_day, read_day
from ingest.errors import PullFailed
from ingest.sources.base import Note, Progress, RawTable, adapter
from ingest.sources.delimited import Values, part_for
from ingest.sources.http import BadAnswer, Client, HttpSettings, OAuth, json_body
from ingest.sources.pulled import Listing, ListingChanged, Page, PulledAdapter, PulledTables, Record
from ingest.sources.rows import Rows, as_list, day_field, first, text

JSON_V2 = "application/vnd.no.payroll.employee.V2.0+json"
_NORWEGIAN_IDS = ("nationalid", "dnumber")  # in this order, where somebody has both on one day
_MOST_EMPTY_PAGES = 100


class VismaNetSettings(HttpSettings):
    """Settings of the adapter."""

    adapter: Literal["visma_net"] = Field(description="Visma.net's Employee API v2 (JSON).")
    url: str = Field(default="https://api.employeecore.hrm.visma.net/v2", description="Address of the API.")
    token_url: str = Field(
        default="https://connect.visma.com/connect/token", description="Address of Visma Connect, which gives the token.")
    client_id: str = Field(description="The application's id in Visma Developer Portal.")
    client_secret: SecretStr = Field(description="The application's secret.")
    tenant_id: str = Field(description="The company's tenant id; a token is for one tenant.")
    scope: str = Field(default="visma_net_employee:employees:read", description="Scope of the token.")
    unit_from: str = Field(
        default="taxUnitIds", pattern="^(taxUnitIds|accountingDimensions/.+)$",
        description="What tells a position's unit: `taxUnitIds`, or a dimension, as in `accountingDimensions/1`. The API gives "
                    "its own ids: say under `values` which organisation numbers they are.")
    values: Values = Field(default={})
    page_size: int = Field(default=50, ge=1, description="Employees of a page.")


@adapter(VismaNetSettings, systems=("hrm",))
class VismaNet(PulledAdapter):
    """One company in Visma.net."""

    tables = ("employees", "positions")

    def __init__(self, system: System, settings: VismaNetSettings):
        self._settings = settings
        self.settings_fingerprint = json.dumps(
            {"adapter": "visma_net", "unit_from": settings.unit_from, "values": settings.values}, sort_keys=True)

    def fetch(self, day: date, signature: str | None, progress: Progress, *, few: bool = False) -> PulledTables:
        settings = self._settings
        settings.refuse_plain_http(settings.url, settings.token_url)
        pages = _Pages(settings, Client("visma_net", settings, oauth=OAuth(
            "visma_net", settings, token_url=settings.token_url, client_id=settings.client_id,
            client_secret=settings.client_secret, scope=settings.scope, extra={"tenant_id": settings.tenant_id})))
        employees = pages.ask(0).records if few else pages.whole(progress)
        if lacking := sum(map(_lacks_positions, employees)):
            who = "no employee comes" if lacking == len(employees) else f"not every employee comes ({lacking} do not)"
            raise PullFailed(f"visma_net: {who} with positions, which the API embeds when it is asked to; look at "
                             "`url`, and ask for the scope that reads positions")
        return PulledTables(canonical(employees, day, settings.unit_from, settings.values, few=few))


class _Pages:
    """The listing of employees. Each page but the last names the cursor of the next; the number of employees is not told."""

    def __init__(self, settings: VismaNetSettings, client: Client):
        self._settings, self._client = settings, client
        self._next: dict[int, str | None] = {}  # the cursor of the page that begins at an offset
        self._used: set[str] = set()

    def whole(self, progress: Progress) -> list[Record]:
        """Every employee. Raises PullFailed when the pages do not fit together."""
        settings = self._settings
        listing = Listing("visma_net", "employees", self.ask, lambda employee: text(employee["id"]), settings.page_size,
                          settings.concurrency, one="an employee", many="employees")
        return listing.read(settings.attempts, lambda came, _: progress(f"visma_net: {came} employees"))

    def ask(self, offset: int) -> Page:
        """The page that begins at an offset, after the page before it. Empty ones between others are passed over."""
        if offset == 0:
            self._next, self._used = {0: None}, set()
        if offset not in self._next:
            return Page([], has_next=False)
        records, cursor = self._request(self._next[offset])
        for _ in range(_MOST_EMPTY_PAGES):
            if records or cursor is None:
                break
            records, cursor = self._request(self._unused(cursor))
        else:
            raise ListingChanged("one empty page followed another")
        if cursor is not None:
            self._next[offset + len(records)] = self._unused(cursor)
        return Page(records, has_next=cursor is not None)

    def _unused(self, cursor: str) -> str:
        if cursor in self._used:
            raise ListingChanged("a cursor came twice")
        self._used.add(cursor)
        return cursor

    def _request(self, cursor: str | None) -> tuple[list[Record], str | None]:
        # The other parameters belong to every page: the cursor does not remember them.
        params = {"embed": "(positions)", "page-size": self._settings.page_size, **({"cursor": cursor} if cursor else {})}
        return self._client.get(f"{self._settings.url}/employees", _read, params=params, accept=JSON_V2)


def _read(answer: requests.Response) -> tuple[list[Record], str | None]:
    """The employees of a page, and the cursor of the next one; None after the last."""
    body = json_body(answer)
    employees = body.get("data") if isinstance(body, dict) else None
    if not isinstance(employees, list) or not all(isinstance(e, dict) and text(e.get("id")) for e in employees):
        raise BadAnswer("the answer holds no list of employees")
    for employee in employees:
        positions = _embedded(employee).get("positions", [])
        if not isinstance(positions, list) or not all(isinstance(p, dict) for p in positions):
            raise BadAnswer("the answer holds an employee whose positions are no list")
    if 0 < sum(map(_lacks_positions, employees)) < len(employees):
        raise BadAnswer("the answer holds employees without positions beside others that have them")
    cursor = body.get("cursor")
    token = cursor.get("nextToken") if isinstance(cursor, dict) else cursor
    # What is no cursor that we know is not the end of the listing.
    if token and not (isinstance(cursor, dict) and isinstance(token, str)):
        raise BadAnswer("the answer's cursor cannot be read")
    return employees, token or None


def canonical(employees: Iterable[Record], day: date, unit_from: str, values: dict, *, few: bool = False) -> dict[str, RawTable]:
    """The canonical tables of employees with their positions, of each timeline the value of `day`."""
    tables = {t.name: t for t in tables_of("hrm")}
    rows = {name: Rows(tables[name]) for name in VismaNet.tables}
    units: list[str] = []
    for employee in employees:
        if employee.get("isDraft") is True:  # not yet employed: nobody has confirmed it
            continue
        number, name = text(employee.get("number")), _holding(employee.get("personNames"), day)
        rows["employees"].add(
            employee_number=number, national_id=_national_id(employee.get("personIds"), day),
            given_name=text(name.get("firstName")), family_name=text(name.get("lastName")))
        for position in _embedded(employee).get("positions", []):
            start, end = day_field(position.get("activeStart")), _earliest(position.get("activeEnd"), employee.get("activeEnd"))
            at = max(min(day, _day(end) or day), _day(start) or date.min)  # where `day` is none of its days, the nearest of them
            unit = text(_holding(_units(position, unit_from), at).get("value"))
            units += [unit] if unit else []
            rows["positions"].add(
                position_id=text(position.get("id")), employee_number=number, org_number=unit,
                position_code=text(_holding(position.get("typeOfWork"), at).get("value")),
                percentage=_percentage(_holding(position.get("partTimeFactors"), at).get("value")),
                start_date=start, end_date=end)
    named = {name: replace(r.table(f"visma_net {name}"), translations=part_for(tables[name], values)) for name, r in rows.items()}
    return named | {"positions": replace(named["positions"], notes=tuple(_doubts(units, tables["positions"], values, few)))}


def _doubts(units: list[str], positions: Table, values: dict, few: bool) -> list[Note]:
    """Positions whose unit tells no school. A few of them may well be at one unit."""
    numbers = {clean(unit): number for unit, number in part_for(positions, values).get("org_number", {}).items()}
    told = [numbers.get(clean(unit), clean(unit)) for unit in units]
    unknown = sum(clean(unit) not in numbers and not re.fullmatch("[0-9]{9}", clean(unit)) for unit in units)
    doubts = []
    if unknown:
        doubts.append(Note("unit_without_number", unknown, "positions are at a unit whose id is no organisation number, so that "
                           "they back nothing in VFS: say which number it is, under `values: {org_number: {…}}`"))
    elif len(told) > 1 and len(set(told)) == 1 and not few:
        doubts.append(Note("one_unit", len(told), "positions, all there are, are at one unit, which tells no schools apart: set "
                           "`unit_from` to what does"))
    return doubts


def _lacks_positions(employee: Record) -> bool:
    """Whether the positions of somebody employed are not told, which is another thing than none."""
    return employee.get("isDraft") is not True and "positions" not in _embedded(employee)


def _embedded(employee: Record) -> Record:
    embedded = employee.get("_embedded")
    return embedded if isinstance(embedded, dict) else {}


def _units(position: Record, unit_from: str) -> object:
    """The timeline of a position's unit."""
    field, _, dimension = unit_from.partition("/")
    if not dimension:
        return position.get(field)
    return next((d.get("dimensionValues") for d in as_list(position.get(field))
                 if isinstance(d, dict) and text(d.get("dimension")) == dimension), None)


def _national_id(ids: object, day: date) -> str | None:
    """The Norwegian id of the day. Ids of other countries and passports identify nobody here."""
    kinds = {kind: [i for i in as_list(ids) if isinstance(i, dict) and str(i.get("typeOfId")).lower() == kind]
             for kind in _NORWEGIAN_IDS}
    return first(text(_holding(entries, day).get("id")) for entries in kinds.values())


def _holding(timeline: object, day: date) -> Record:
    """The entry of a timeline that holds on a day, of several the one that began last; empty where none does."""
    entries = [e for e in as_list(timeline) if isinstance(e, dict)]
    starts = [(_day(e.get("activeStart")) or date.min, e) for e in entries]
    holding = [(start, e) for start, e in starts if start <= day <= (_day(e.get("activeEnd")) or date.max)]
    return max(holding, key=lambda pair: pair[0], default=(None, {}))[1]


def _earliest(*ends: object) -> str | None:
    """The end that comes first, as written. One that cannot be read goes before all: it is for validation to tell."""
    written = [end for end in map(day_field, ends) if end]
    unread = first(end for end in written if read_day(clean(end)) is None)
    return unread or min((end for end in written if _day(end)), key=lambda end: _day(end) or date.max, default=first(written))


def _day(written: object) -> date | None:
    """A day; None where there is none, or it cannot be read."""
    day = read_day(clean(given)) if (given := text(written)) else None
    return None if day is None or is_no_day(day) else day


def _percentage(value: object) -> str | None:
    return f"{value:g}" if isinstance(value, int | float) and not isinstance(value, bool) else text(value)
