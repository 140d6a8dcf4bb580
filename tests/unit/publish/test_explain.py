"""The explanation of one case: what both systems had and when, and why there is or is not a finding.

All tests share one small town: dbt's models are compiled once a session, and run here once.
"""

from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from typing import Any

import duckdb
import pytest

from ingest.canonical_tables import SYSTEMS
from ingest.policy import Policy
from ingest.versions import fold
from publish.dossier import resolve
from publish.explain import Case, UnknownSubject, explain
from tests.support import deliveries
from tests.support.landing_place import landing_at
from tests.support.models import Models, empty_warehouse, evaluate

SCHOOL = {"org_number": "S1", "name": "Lia skole", "type": "school"}
Row = dict[str, Any]


def day(number: int) -> date:
    return date(2025, 3, 10) + timedelta(days=number - 1)


def employee(number: str, position: str | None = None, **dates: date | None) -> tuple[Row, list[Row]]:
    person = {"employee_number": number, "given_name": "Test", "family_name": f"Testesen{number}", "national_id": f"n{number}"}
    held = {"position_id": position, "employee_number": number, "org_number": "S1", "start_date": date(2020, 8, 1), **dates}
    return person, [held] if position else []


def person(name: str, number: str | None, position: str | None = None, **changed: Any) -> tuple[Row, list[Row]]:
    profile = {"person_id": name, "employee_number": number, "given_name": "Test", "family_name": f"Testesen{name}",
               "registered_by": "hrm"}
    held = {"position_id": position, "person_id": name, "org_number": "S1", "start_date": date(2020, 8, 1),
            "registered_by": "hrm", **changed}
    return profile, [held] if position else []


def hrm(*employees: tuple[Row, list[Row]]) -> Mapping[str, list[Row]]:
    return {"employees": [e for e, _ in employees], "positions": [p for _, held in employees for p in held],
            "org_units": [SCHOOL]}


def vfs(*persons: tuple[Row, list[Row]], accesses: tuple[str, ...] = ()) -> Mapping[str, list[Row]]:
    return {"persons": [p for p, _ in persons], "positions": [p for _, held in persons for p in held], "org_units": [SCHOOL],
            "accesses": [{"person_id": p, "access_group": "Lærer", "org_number": "S1"} for p in accesses]}


@pytest.fixture(scope="module")
def town(models: Models, tmp_path_factory: pytest.TempPathFactory) -> Iterator[duckdb.DuckDBPyConnection]:
    """P1 works; P2's job in HRM was ended back in time on the third day; P3 is unknown in HRM; P4 lost the position and kept an
    access; P5 came, went and came back; 9 is in HRM alone."""
    root = tmp_path_factory.mktemp("explain")
    with_end = employee("2", "h2", end_date=day(0))
    employees = [employee("1", "h1"), employee("2", "h2"), employee("4"), employee("9", "h9")]
    persons = [person("P1", "1", "v1"), person("P2", "2", "v2"), person("P3", None, "v3"), person("P4", "4", "v4")]
    deliveries.land(root, "hrm", day(1), hrm(*employees))
    deliveries.land(root, "hrm", day(3), hrm(employees[0], with_end, *employees[2:]))
    deliveries.land(root, "vfs", day(1), vfs(*persons, accesses=("P1", "P4")))
    deliveries.land(root, "vfs", day(2), vfs(*persons, person("P5", None), accesses=("P1", "P4")))
    deliveries.land(root, "vfs", day(3), vfs(*persons[:3], person("P4", "4"), accesses=("P1", "P4")))
    deliveries.land(root, "vfs", day(4), vfs(*persons[:3], person("P4", "4"), person("P5", "1"), accesses=("P1", "P4")))
    con = empty_warehouse()
    for system in SYSTEMS:
        fold(con, system, landing_at(root).all(system), set(), Policy())
    evaluate(con, models, day(4), Policy(), [])
    yield con
    con.close()


def reasons(case: Case, subject: str) -> list[str]:
    verdict, = [v for v in case.verdicts if v.subject == subject]
    return verdict.reasons


def events(case: Case) -> list[tuple[int, str, str]]:
    return [((e.day - day(0)).days, e.system, e.text) for e in case.timeline]


@pytest.mark.parametrize("subject", ["P2", "v2", "2", "h2"])
def test_any_id_of_either_system_leads_to_the_same_people(town: duckdb.DuckDBPyConnection, subject: str) -> None:
    assert resolve(town, subject) == (["P2"], ["2"])
    assert explain(town, subject).who == explain(town, "P2").who


def test_a_finding_leads_to_its_person_by_its_id_and_its_number(town: duckdb.DuckDBPyConnection) -> None:
    finding, = [f for v in explain(town, "P2").verdicts for f in v.findings]
    for name in (finding["finding_id"], finding["case_number"]):
        assert resolve(town, name) == (["P2"], ["2"])


def test_an_id_that_neither_system_has_held_is_unknown(town: duckdb.DuckDBPyConnection) -> None:
    with pytest.raises(UnknownSubject):
        explain(town, "nobody")


def test_a_position_in_order_is_explained_by_the_hrm_position_that_backs_it(town: duckdb.DuckDBPyConnection) -> None:
    case = explain(town, "P1")
    assert reasons(case, "v1") == [
        "Aktiv i VFS: 01.08.2020 – uten sluttdato, overført fra HRM.",
        "Koblet på ansattnummer til ansatt 1, som er aktiv i HRM.", "Har grunnlag i HRM-stilling h1 (ingen sluttdato)."]
    assert reasons(case, "P1") == ["Tilgangen «Lærer» ved Lia skole (S1) virker nå."]
    assert not any(v.findings for v in case.verdicts) and case.past_findings == [] and case.as_of_date == day(4)


def test_an_ended_job_is_explained_by_when_its_end_was_known_and_why_vfs_lacks_it(town: duckdb.DuckDBPyConnection) -> None:
    case = explain(town, "P2")
    assert reasons(case, "v2")[1:4] == [
        "Koblet på ansattnummer til ansatt 2, som er inaktiv i HRM.", "Ingen stilling i HRM gir grunnlag for den. HRM har:",
        "  – h2 ved Lia skole (S1): 01.08.2020 – 09.03.2025, sluttdatoen kjent siden 12.03.2025 (satt tilbake i tid)"]
    assert reasons(case, "v2")[4].startswith("HRM-stilling h2 (sluttdato 09.03.2025, kjent siden 12.03.2025): Slutt")
    assert [f["finding_type"] for v in case.verdicts for f in v.findings] == ["active_vfs_inactive_hrm"]
    assert events(case) == [
        (1, "HRM", "fra før: ansatt 2"), (1, "HRM", "fra før: stilling h2 ved Lia skole (S1), 01.08.2020 – uten sluttdato"),
        (1, "VFS", "fra før: profil P2"), (1, "VFS", "fra før: stilling v2 ved Lia skole (S1), 01.08.2020 – uten sluttdato"),
        (3, "HRM", "stilling h2 ved Lia skole (S1): sluttdato satt til 09.03.2025")]


def test_a_person_without_a_match_is_explained(town: duckdb.DuckDBPyConnection) -> None:
    case = explain(town, "v3")
    assert reasons(case, "v3")[1] == "Personen er ikke koblet til noen ansatt i HRM, verken på ansattnummer eller fødselsnummer."
    assert case.who == ["Test TestesenP3 (profil P3 i VFS): overført fra HRM, kan logge inn, ikke koblet til noen ansatt i HRM, "
                        "ukjent i HRM"]


def test_an_access_left_behind_is_explained_with_its_person(town: duckdb.DuckDBPyConnection) -> None:
    case = explain(town, "P4")
    assert reasons(case, "P4") == ["Tilgangen «Lærer» ved Lia skole (S1) virker nå, men personen har ingen aktiv stilling der."]
    assert (3, "VFS", "borte: stilling v4 ved Lia skole (S1), 01.08.2020 – uten sluttdato") in events(case)


def test_a_profile_that_came_back_has_an_event_for_each_change(town: duckdb.DuckDBPyConnection) -> None:
    assert [e for e in events(explain(town, "P5")) if "P5" in e[2]] == [
        (2, "VFS", "ny: profil P5"), (3, "VFS", "borte: profil P5"), (4, "VFS", "igjen: profil P5")]


def test_an_employee_whom_vfs_does_not_know_has_a_timeline_too(town: duckdb.DuckDBPyConnection) -> None:
    case = explain(town, "h9")
    assert case.who == ["Test Testesen9 (ansatt 9 i HRM)"] and case.verdicts == []
    assert events(case)[0] == (1, "HRM", "fra før: ansatt 9")
