"""The format of FINT Administrasjon: entries of its collections become HRM's employees, positions and org units.

Source of the rules: contract#adapter-fint; the words: FINT's information model (administrasjon.personal, .organisasjon).
Does not belong here: requesting the collections (`fint`).
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from urllib.parse import unquote

from ingest.canonical_tables import tables_of
from ingest.dates import earliest
from ingest.national_ids import redact
from ingest.sources.base import Note, RawTable
from ingest.sources.delimited import Values, part_for
from ingest.sources.pulled import Record
from ingest.sources.rows import Rows, as_list, day_field, first, text

_MOST_UNITS = 5
_WITHOUT_PERSON = ("employees are linked to no person that came, and are without name and national id: they match by employee "
                   "number alone. Ask for access to FINT's persons")


def canonical(collections: dict[str, list[Record]], percent_scale: float, values: Values | None = None) -> dict[str, RawTable]:
    """The canonical tables of whole collections, their links resolved. `values` as in the settings."""
    by_link = {name: Targets(entries) for name, entries in collections.items()}
    rows = {t.name: Rows(t) for t in tables_of("hrm")}
    without_person = 0
    for resource in collections["personalressurs"]:
        person = by_link["person"].of(resource, "person") or {}
        without_person += not person
        name = _object(person.get("navn"))
        contact = _object(person.get("kontaktinformasjon") or resource.get("kontaktinformasjon"))
        rows["employees"].add(
            employee_number=_identifier(resource.get("ansattnummer")), national_id=_identifier(person.get("fodselsnummer")),
            given_name=text(name.get("fornavn")), family_name=text(name.get("etternavn")),
            email=text(contact.get("epostadresse")))
    units = Units(collections["organisasjonselement"], by_link["organisasjonselement"], _own_numbers(values))
    at_topmost: Counter[str] = Counter()  # by unit's id
    for position in collections["arbeidsforhold"]:
        employee = by_link["personalressurs"].of(position, "personalressurs") or {}
        start, end = _period(position.get("arbeidsforholdsperiode")) or _period(position.get("gyldighetsperiode")) or (None, None)
        if earliest(end) is None and _has_ended(position):
            continue  # on a day that is not known: absent, which counts as vanished
        _, employed_to = _period(employee.get("ansettelsesperiode")) or (None, None)
        place = by_link["organisasjonselement"].of(position, "arbeidssted")
        number = units.number_at(place)
        if place is not None and number in units.topmost:
            at_topmost[_identifier(place.get("organisasjonsId")) or "?"] += 1
        rows["positions"].add(
            position_id=_identifier(position.get("systemId")), employee_number=_identifier(employee.get("ansattnummer")),
            org_number=number, position_title=text(position.get("stillingstittel")),
            percentage=_percent(position.get("ansettelsesprosent"), percent_scale),
            start_date=start, end_date=earliest(end, employed_to))
    for row in units.rows():
        rows["org_units"].add(**row)
    notes = {"employees": (Note("without_person", without_person, _WITHOUT_PERSON),) if without_person else (),
             "positions": _at_topmost(at_topmost), "org_units": _shared(units.shared)}
    translations = {t.name: {c: v for c, v in part_for(t, values or {}).items() if c != "org_number"} for t in tables_of("hrm")}
    return {name: replace(r.table(f"fint {name}"), notes=notes.get(name, ()), translations=translations[name])
            for name, r in rows.items()}


class Units:
    """The organisation's elements. Those that share a number are one org unit (contract#adapter-fint).

    `topmost`: the numbers of elements with none above; `shared`: how many elements are one with another above or beside them.
    """

    def __init__(self, elements: list[Record], by_link: "Targets", own_numbers: Mapping[str, str]):
        self._by_link, self._own_numbers = by_link, own_numbers
        self._by_id = {i: e for e in elements if (i := _identifier(e.get("organisasjonsId")))}
        self._found: dict[int, str | None] = {}  # by place, computed once: many people work at one
        self._chains: dict[str, list[Record]] = {}  # of the topmost element of each number
        numbered = 0
        for element in elements:
            chain = list(self._upward(element))
            if number := self._number(element):
                numbered += 1
                if number not in self._chains or len(chain) < len(self._chains[number]):
                    self._chains[number] = chain
        self.topmost = {number for number, chain in self._chains.items() if len(chain) == 1}
        self.shared = numbered - len(self._chains)

    def number_at(self, place: Record | None) -> str | None:
        """The number of a place of work, or of the nearest element above that has one."""
        if id(place) not in self._found:
            self._found[id(place)] = first(self._number(e) for e in self._upward(place))
        return self._found[id(place)]

    def rows(self) -> Iterator[dict[str, str | None]]:
        """The org units: name and type of the topmost element of each number; what is topmost of all is the kommune."""
        for number, (element, *above) in self._chains.items():
            yield {"org_number": number, "name": first((text(element.get("navn")), text(element.get("organisasjonsnavn")))),
                   "type": "school" if links(element, "skole") else None if above else "kommune",
                   "parent_org_number": first(n for e in above if (n := self._number(e)) != number)}

    def _number(self, element: Record) -> str | None:
        return self._own_numbers.get(_identifier(element.get("organisasjonsId")) or "") or _identifier(
            element.get("organisasjonsnummer"))

    def _upward(self, element: Record | None) -> Iterator[Record]:
        """The element and those above it, nearest first."""
        visited: list[Record] = []
        while element is not None and not any(element is v for v in visited):
            visited.append(element)
            yield element
            element = self._by_link.of(element, "overordnet") or self._by_id.get(
                _identifier(element.get("overordnet")) or "")


def _own_numbers(values: Values | None) -> dict[str, str]:
    given = part_for(next(t for t in tables_of("hrm") if t.name == "positions"), values or {}).get("org_number")
    return given if isinstance(given, dict) else {}


def _at_topmost(places: Counter[str]) -> tuple[Note, ...]:
    if not places:
        return ()
    names = [redact(name) for name, _ in places.most_common(_MOST_UNITS)]
    more = f" and {len(places) - len(names)} more" if len(places) > len(names) else ""
    return (Note("at_topmost_unit", places.total(), (
        "positions stand at the topmost unit's number, which tells no schools apart. Units that are schools need a number of "
        f"their own, in FINT or by `values: {{org_number: {{organisasjonsId: number}}}}`: {', '.join(names)}{more}")),)


def _shared(count: int) -> tuple[Note, ...]:
    return (Note("shared_org_number", count, (
        "org units share their number with another, and are one with it, under the name of the topmost. If one is a school, give "
        "it its own number, in FINT or by `values: {org_number: {organisasjonsId: number}}`")),) if count else ()


def _has_ended(position: Record) -> bool:
    """Whether the position's `arbeidsforholdstype` is S (sluttet)."""
    kinds = [link.rpartition("/")[2] for link in links(position, "arbeidsforholdstype")]
    written = position.get("arbeidsforholdstype")
    kinds.append(text(_object(written).get("kode")) or _identifier(_object(written).get("systemId")) or text(written) or "")
    return "s" in (kind.lower() for kind in kinds)


def _object(value: object) -> Record:
    """The value if it is a JSON object, else an empty one."""
    return value if isinstance(value, dict) else {}


def links(entry: Record, relation: str) -> list[str]:
    links = as_list(_object(entry.get("_links")).get(relation))
    return [_path(link["href"]) for link in links if isinstance(link, dict) and isinstance(link.get("href"), str)]


class Targets:
    """The entries of a collection by the links to themselves. FINT's gateways differ in the capitals of a link; ids that differ
    in nothing else are told apart."""

    def __init__(self, entries: Iterable[Record]):
        self._exactly: dict[str, Record] = {}
        self._folded: dict[str, Record | None] = {}
        for entry in entries:
            for link in links(entry, "self"):
                self._exactly[link] = entry
                self._folded[link.lower()] = entry if self._folded.get(link.lower(), entry) is entry else None

    def of(self, entry: Record, relation: str) -> Record | None:
        """The first entry that another links to; None where it came not, or may be one of several."""
        for link in links(entry, relation):
            if found := self._exactly.get(link) or self._folded.get(link.lower()):
                return found
        return None


def _period(value: object) -> tuple[str | None, str | None] | None:
    """Start and end of a period; None where it says neither."""
    period = value if isinstance(value, dict) else {"start": day_field(value), "slutt": day_field(value)}
    told = day_field(period.get("start")), day_field(period.get("slutt"))
    return told if any(told) else None


def _path(href: str) -> str:
    """A link without its host, which differs between FINT's gateways, and as it is written without percent signs."""
    begins = href.find("://")
    return unquote(href[href.find("/", begins + 3 if begins >= 0 else 0):].rstrip("/"))


def _identifier(value: object) -> str | None:
    return text(value.get("identifikatorverdi")) if isinstance(value, dict) else text(value)


def _percent(value: object, scale: float) -> str | None:
    return f"{value / scale:g}" if isinstance(value, int | float) and not isinstance(value, bool) else None
