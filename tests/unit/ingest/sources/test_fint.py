"""Entries of FINT as its known clients read them."""

from typing import Any

import pytest

from ingest.sources import fint, fint_format

Rows = list[dict[str, Any]]
BASE = "https://api.test/administrasjon"


def href(collection: str, entry: str) -> list[dict[str, str]]:
    return [{"href": f"{BASE}/{collection}/{entry}"}]


def identifier(value: str) -> dict[str, str]:
    return {"identifikatorverdi": value}


def period(start: str | None = "2020-08-01", end: str | None = None) -> dict[str, str]:
    return {**({"start": f"{start}T00:00:00Z"} if start else {}), **({"slutt": f"{end}T23:59:59Z"} if end else {})}


def unit(name: str, number: str | None = None, above: str | None = None, *, school: bool = False) -> dict[str, Any]:
    links = {"self": href("organisasjonselement", name), **({"overordnet": href("organisasjonselement", above)} if above else {}),
             **({"skole": href("skole", name)} if school else {})}
    return {"organisasjonsId": identifier(name), "navn": f"Enhet {name}", "_links": links,
            **({"organisasjonsnummer": identifier(number)} if number else {})}


def position(name: str = "A1", place: str = "school", kind: str = "F", **fields: Any) -> dict[str, Any]:
    return {"systemId": identifier(name), "ansettelsesprosent": 10000, "_links": {
        "personalressurs": href("personalressurs", "1"), "arbeidssted": href("organisasjonselement", place),
        "arbeidsforholdstype": href("arbeidsforholdstype", kind)}, **fields}


UNITS = [unit("kommune", "964000000"), unit("sector", "964000000", "kommune"), unit("school", "974000001", "sector", school=True),
         unit("department", None, "school"), unit("unnumbered", None, "sector", school=True)]


def read(*positions: dict[str, Any], units: list[dict[str, Any]] | None = None, employed: dict[str, str] | None = None,
         values: Any = None) -> tuple[Rows, Rows, dict[str, tuple[int, str]]]:
    """Positions, org units, and the doubts."""
    resource = {"ansattnummer": identifier("1001"), "_links": {"self": href("personalressurs", "1")},
                **({"ansettelsesperiode": employed} if employed else {})}
    resource["_links"]["person"] = href("person", "1")
    tables = fint_format.canonical({
        "person": [{"_links": {"self": href("person", "1")}}], "personalressurs": [resource], "arbeidsforhold": list(positions),
        "organisasjonselement": UNITS if units is None else units}, 100, values)
    return (tables["positions"].data.to_pylist(), tables["org_units"].data.to_pylist(),
            {n.name: (n.count, n.text) for t in tables.values() for n in t.notes})


def dates(**fields: Any) -> tuple[str | None, str | None]:
    employed = fields.pop("employed", None)
    (row,), *_ = read(position(**fields), employed=employed)
    return row["start_date"] and row["start_date"][:10], row["end_date"] and row["end_date"][:10]


@pytest.mark.parametrize(("fields", "expected"), [
    ({"gyldighetsperiode": period("2023-05-01"), "arbeidsforholdsperiode": period("2019-08-01", "2026-06-30")},
     ("2019-08-01", "2026-06-30")),
    ({"gyldighetsperiode": period("2023-01-01", "2023-12-31"), "arbeidsforholdsperiode": period("2019-08-01")},
     ("2019-08-01", None)),
    ({"gyldighetsperiode": period(end="2026-06-30")}, ("2020-08-01", "2026-06-30")),
    ({"gyldighetsperiode": period(end="2026-06-30"), "arbeidsforholdsperiode": {}}, ("2020-08-01", "2026-06-30")),
    ({"gyldighetsperiode": period(), "employed": period("2015-01-01", "2026-03-31")}, ("2020-08-01", "2026-03-31")),
    ({"gyldighetsperiode": period(end="2026-06-30"), "employed": period(end="2027-03-31")}, ("2020-08-01", "2026-06-30")),
    ({"gyldighetsperiode": period(), "employed": period("2015-01-01", "9999-12-31")}, ("2020-08-01", None)),
    ({"arbeidsforholdsperiode": {"start": None, "slutt": None}, "gyldighetsperiode": period(end="2026-06-30")},  # not given
     ("2020-08-01", "2026-06-30")),
    ({"gyldighetsperiode": {"start": "2020-08-01", "slutt": [2026, 6, 30]}}, ("2020-08-01", "?")),  # its row will be rejected
    ({"gyldighetsperiode": period(), "employed": {"slutt": {"dag": 30}}}, ("2020-08-01", "?")),
    ({"gyldighetsperiode": ["2020-08-01"]}, ("?", "?")),
])
def test_of_the_three_periods_the_jobs_own_goes_first_and_the_earliest_end_counts(
    fields: dict[str, Any], expected: tuple[str, str | None]
) -> None:
    """contract#adapter-fint"""
    assert dates(**fields) == expected


def test_a_position_of_a_type_that_has_ended_counts_as_absent_unless_its_end_is_told() -> None:
    """contract#adapter-fint"""
    positions, *_ = read(
        position("gone", kind="S", gyldighetsperiode=period()), position("small", kind="s"),
        position("object", arbeidsforholdstype={"kode": "S"}), position("stays", kind="SV", gyldighetsperiode=period()),
        position("told", kind="S", gyldighetsperiode=period(end="2026-06-30")))
    assert [p["position_id"] for p in positions] == ["stays", "told"]
    assert read(position(kind="S"), employed=period(end="2036-06-30"))[0] == []  # which says nothing of this position
    assert read(position(kind="S", gyldighetsperiode=period(end="9999-12-31")))[0] == []


def test_links_that_differ_in_capitals_are_one_unless_two_entries_differ_in_nothing_else() -> None:
    """contract#capitals"""
    resources = [{"ansattnummer": identifier(n), "_links": {"self": href("personalressurs", n)}} for n in ("aB", "Ab", "cd")]
    jobs = [position(n) | {"_links": {"personalressurs": href("PersonalRessurs" if n == "CD" else "personalressurs", n)}}
            for n in ("aB", "Ab", "AB", "CD", "c%64")]
    tables = fint_format.canonical(
        {"person": [], "personalressurs": resources, "arbeidsforhold": jobs, "organisasjonselement": []}, 100)
    assert tables["positions"].data["employee_number"].to_pylist() == ["aB", "Ab", None, "cd", "cd"]
    assert {n.name: n.count for n in tables["employees"].notes} == {"without_person": 3}


def test_units_that_share_a_number_are_one_of_the_name_and_type_of_the_topmost_in_whatever_order_they_come() -> None:
    """contract#adapter-fint"""
    expected = [("964000000", "Enhet kommune", "kommune", None), ("974000001", "Enhet school", "school", "964000000")]
    for units in (UNITS, UNITS[::-1]):
        _, rows, doubts = read(units=units)
        assert sorted((r["org_number"], r["name"], r["type"], r["parent_org_number"]) for r in rows) == expected
        assert doubts["shared_org_number"][0] == 1
    assert read(units=[UNITS[0], UNITS[2]])[2] == {}


def test_positions_at_the_topmost_number_are_counted_with_the_units_that_need_one_of_their_own() -> None:
    """contract#adapter-fint"""
    places = [position("A", "department"), position("B", "unnumbered"), position("C", "unnumbered"), position("D", "kommune")]
    positions, _, doubts = read(*places)
    assert [p["org_number"] for p in positions] == ["974000001", "964000000", "964000000", "964000000"]
    count, text = doubts["at_topmost_unit"]
    assert count == 3 and text.endswith("unnumbered, kommune")
    mapped = {"org_number": {"unnumbered": "974000002", "sector": "964000005"}}
    positions, units, doubts = read(*places, values=mapped)
    assert [p["org_number"] for p in positions] == ["974000001", "974000002", "974000002", "964000000"]
    assert ("974000002", "Enhet unnumbered", "school", "964000005") in {
        (u["org_number"], u["name"], u["type"], u["parent_org_number"]) for u in units}
    assert doubts.keys() == {"at_topmost_unit"} and doubts["at_topmost_unit"][0] == 1


def test_units_in_a_circle_and_above_nothing_end() -> None:
    units = [unit("a", None, "b"), unit("b", None, "a"), unit("c", "974000003", "x")]
    positions, units, _ = read(position(place="a"), units=units)
    assert positions[0]["org_number"] is None and [u["org_number"] for u in units] == ["974000003"]


def test_a_look_at_a_few_follows_links_to_whatever_page_they_stand_on(monkeypatch: pytest.MonkeyPatch) -> None:
    """check-source finds each person of the first positions, in collections of other orders that are longer than a page."""
    collections = {
        "person": [{"fodselsnummer": identifier(""), "navn": {"fornavn": f"Test{n}"}, "_links": {"self": href("person", str(n))}}
                   for n in range(400)],
        "personalressurs": [{"ansattnummer": identifier(f"{n:03d}"), "_links": {
            "self": href("personalressurs", str(n)), "person": href("person", str(n))}} for n in reversed(range(400))],
        "arbeidsforhold": [position(f"A{n}") | {"_links": {
            "personalressurs": href("personalressurs", str(n)), "arbeidssted": href("organisasjonselement", "school")}}
            for n in range(400)],
        "organisasjonselement": UNITS}
    asked = []

    def page(self: object, client: object, path: str, offset: int) -> fint.Page:
        entries = collections[path.rpartition("/")[2]]
        asked.append(path)
        return fint.Page(entries[offset:offset + 90], len(entries))

    monkeypatch.setattr(fint.Fint, "_page", page)
    settings = fint.FintSettings(adapter="fint", url="https://x.test", token_url="https://x.test/t", client_id="c",
                                 client_secret="s", username="u", password="p", page_size=90)  # pyright: ignore[reportArgumentType]
    tables = fint.Fint("hrm", settings).fetch(fint.date(2025, 3, 10), None, lambda _: None, few=True).read()
    positions, employees = tables["positions"].data.to_pylist(), tables["employees"].data.to_pylist()
    assert len(positions) == 90 and all(p["employee_number"] and p["org_number"] for p in positions)
    assert len(employees) == 90 and all(e["given_name"] for e in employees)
    assert asked.count("administrasjon/personal/person") == 1 and asked.count("administrasjon/personal/personalressurs") == 5
