"""What HRM holds in the words of FINT Administrasjon: linked collections; written from FINT's information model.

As real ones do, it tells one job in several ways (its own period, or a narrower one of validity; one entry, or a chain of
segments) and its end at the employee or at the job, ends in the last second of the last day, has departments without a
number below the schools, and a unit that shares the kommune's number.
"""

from collections.abc import Iterable
from datetime import date, timedelta
from typing import Any

from demo.people import serial

Row = dict[str, str]
_EVERY_NTH_HAS_SEGMENTS, _EVERY_NTH_IS_A_BUDGET_PERIOD, _EVERY_NTH_IS_AT_A_DEPARTMENT = 7, 3, 4
_SHARED = "sector"


def entries(hrm: dict[str, list[Row]], url: str) -> dict[str, list[Any]]:
    """The entries of each collection."""
    def link(*parts: str) -> list[dict[str, str]]:
        return [{"href": "/".join((url, "administrasjon", *parts))}]

    def unit(organisation_id: str) -> list[dict[str, str]]:
        return link("organisasjon", "organisasjonselement", "organisasjonsid", organisation_id)

    def position(p: Row, position_id: str, start: str, end: str) -> dict[str, Any]:
        number = serial(p["position_id"])
        period = _period(start, "" if end == ends.get(p["employee_number"]) else end)
        budget = number % _EVERY_NTH_IS_A_BUDGET_PERIOD == 0  # the year's budget, whatever the job's own period is
        return {
            "systemId": _identifier(position_id), "ansettelsesprosent": int(float(p["percentage"]) * 100),
            "stillingstittel": p["position_title"], "stillingsnummer": p["position_id"],
            **({"arbeidsforholdsperiode": period} if budget else {}),
            "gyldighetsperiode": _period("2020-01-01", "2020-12-31") if budget else period,
            "_links": {"self": link("personal", "arbeidsforhold", "systemid", position_id),
                       "arbeidsforholdstype": link("kodeverk", "arbeidsforholdstype", "systemid", "F"),
                       "personalressurs": link("personal", "personalressurs", "ansattnummer", p["employee_number"].upper()),
                       "arbeidssted": unit(p["org_number"] if number % _EVERY_NTH_IS_AT_A_DEPARTMENT
                                           else f"{p['org_number']}-department")}}

    positions = {p["position_id"]: p for p in hrm["positions"]}.values()
    ends = _told_at_the_employee(hrm["employees"], positions)
    kommune = next((o["org_number"] for o in hrm["org_units"] if o["type"] == "kommune"), "")
    return {
        "person": [{
            "fodselsnummer": _identifier(e["national_id"]), "navn": {"fornavn": e["given_name"], "etternavn": e["family_name"]},
            "kontaktinformasjon": {"epostadresse": e["email"]},
            "_links": {"self": link("personal", "person", "fodselsnummer", f"x{n}")}} for n, e in enumerate(hrm["employees"])],
        "personalressurs": [{
            "ansattnummer": _identifier(e["employee_number"]),
            "ansettelsesperiode": _period("1990-01-01", ends.get(e["employee_number"], "")), "_links": {
                "self": link("personal", "personalressurs", "ansattnummer", e["employee_number"]),
                "person": link("personal", "person", "fodselsnummer", f"x{n}")}} for n, e in enumerate(hrm["employees"])],
        "arbeidsforhold": [position(p, *segment) for p in positions for segment in _segments(p)],
        "organisasjonselement": [
            *({"organisasjonsId": _identifier(o["org_number"]), "organisasjonsnummer": _identifier(o["org_number"]),
               "navn": o["name"], "_links": {
                   "self": unit(o["org_number"]),
                   "overordnet": unit(_SHARED if o["parent_org_number"] else o["org_number"]),
                   **({"skole": [{"href": f"{url}/utdanning/{o['org_number']}"}]} if o["type"] == "school" else {})}}
              for o in hrm["org_units"]),
            *({"organisasjonsId": _identifier(f"{o['org_number']}-department"), "navn": "Avdeling", "_links": {
                "self": unit(f"{o['org_number']}-department"), "overordnet": unit(o["org_number"])}} for o in hrm["org_units"]),
            {"organisasjonsId": _identifier(_SHARED), "organisasjonsnummer": _identifier(kommune), "navn": "Oppvekst", "_links": {
                "self": unit(_SHARED), "overordnet": unit(kommune)}}],
    }


def _identifier(value: str) -> dict[str, str]:
    return {"identifikatorverdi": value}


def _period(start: str, end: str) -> dict[str, str]:
    return {"start": f"{start}T00:00:00Z", **({"slutt": f"{end}T23:59:59Z"} if end else {})}


def _told_at_the_employee(employees: list[Row], positions: Iterable[Row]) -> dict[str, str]:
    """{employee number: end} of every other one of those whose positions all end on one day."""
    ends: dict[str, set[str]] = {}
    for p in positions:
        ends.setdefault(p["employee_number"], set()).add(p["end_date"])
    return {e["employee_number"]: next(iter(of)) for n, e in enumerate(employees)
            if n % 2 and len(of := ends.get(e["employee_number"], set())) == 1 and of != {""}}


def _segments(p: Row) -> list[tuple[str, str, str]]:
    """(id, start, end) of a position: of some with a long past two segments, the first of which ended at the turn of a year."""
    start, end, number = p["start_date"], p["end_date"], serial(p["position_id"])
    if not number or number % _EVERY_NTH_HAS_SEGMENTS or not start < "2023-01-01" or (end and not end > "2024-01-01"):
        return [(p["position_id"], start, end)]
    turn = date(2023, 12, 31)
    return [(f"{p['position_id']}-1", start, turn.isoformat()), (p["position_id"], (turn + timedelta(days=1)).isoformat(), end)]
