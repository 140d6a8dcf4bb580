"""Finding somebody by name: with and without a case, in both systems or one, and what is in doubt about the answer."""

import pytest

from demo.people import national_id
from tests.support.command_line import Place, changed, town, without

WRONG_USE = 2


@pytest.fixture
def known(place: Place) -> Place:
    """A town where Kåre (001) left, HRM spells Siri (002) otherwise, Ola (003) has no profile, and VFS has a stranger."""
    hrm, vfs = town()
    vfs = changed(vfs, "persons", "person_id", "P001", given_name="Kåre", family_name="Lien")
    vfs = changed(vfs, "persons", "person_id", "P002", given_name="Siri", family_name="Dahl")
    for table in ("persons", "positions", "accesses"):
        vfs = without(vfs, table, "person_id", "P003")
    vfs["persons"].append({"person_id": "P900", "given_name": "Kari", "family_name": "Lien", "login_enabled": False})
    hrm = changed(hrm, "employees", "employee_number", "002", given_name="Siri", family_name="Dahl Moe")
    hrm = changed(hrm, "employees", "employee_number", "003", given_name="Ola", family_name="Dahl")
    hrm = changed(hrm, "positions", "position_id", "h001", end_date="2025-03-04")
    place.deliver("hrm", "2025-03-10", hrm)
    place.deliver("vfs", "2025-03-10", vfs)
    assert place.do("run").code == 0
    return place


def test_find_shows_everybody_with_such_a_name_in_either_system_and_whether_they_can_get_in(known: Place) -> None:
    """contract#command-find"""
    case, = {c["case_number"] for c in known.mart("cases", "person_id = 'P001'")}
    done = known.do("find", "lien", "kår")
    assert done.code == 0 and done.out.splitlines() == [
        "Kåre Lien (i HRM: Test001 Testesen): ansattnummer 001, profil P001",
        "  Lærer ved Fossen skole, tilgang: Lærer",
        "  har tilgang: ja, inaktiv i HRM, siste dag i HRM 04.03.2025",
        f"  sak: {case}"]
    assert known.do("find", "dahl").out.splitlines() == [
        "Ola Dahl: ansattnummer 003, ingen profil i VFS", "  ingen aktiv stilling i VFS", "  har tilgang: nei, aktiv i HRM",
        "Siri Dahl (i HRM: Siri Dahl Moe): ansattnummer 002, profil P002", "  Lærer ved Lia skole, tilgang: Lærer",
        "  har tilgang: ja, aktiv i HRM"]
    assert "Siri Dahl" in known.do("find", "MOE").out
    assert "uten ansattnummer, profil P900" in known.do("find", "kari lien").out
    answer = known.do("find", "dahl", "--json").json
    assert [(p["employee_number"], p["can_get_in"]) for p in answer["people"]] == [("003", False), ("002", True)]
    assert answer["as_of_date"] == "2025-03-10" and answer["doubts"] == []


def test_find_shows_fifty_and_says_how_many_more_and_when_nobody_fits_what_to_try(place: Place) -> None:
    hrm, vfs = town(60)
    place.deliver("hrm", "2025-03-10", hrm)
    place.deliver("vfs", "2025-03-10", vfs)
    assert place.do("find", "testesen").code == WRONG_USE
    place.do("run")
    done = place.do("find", "testesen")
    assert done.out.count("ansattnummer") == 50 and "… og 10 til." in done.out
    assert len(place.do("find", "testesen", "--json").json["people"]) == 60
    nobody = place.do("find", "ingen", national_id(7))
    assert nobody.code == 0 and "Ingen i HRM eller VFS har et navn med «ingen" in nobody.out
    assert "Prøv med færre ord" in nobody.out and national_id(7) not in nobody.text


def test_find_says_that_the_answer_is_made_from_older_extracts(place: Place) -> None:
    hrm, vfs = town()
    place.deliver("hrm", "2025-03-10", hrm)
    place.deliver("vfs", "2025-03-10", vfs)
    place.do("run")
    assert "!" not in place.do("find", "test001").out
    place.deliver("hrm", "2025-03-11", {**hrm, "positions": []})
    assert place.do("run", today="2025-03-11").code == 3
    doubted = place.do("find", "ingen-heter-dette", today="2025-03-11").out
    assert doubted.startswith("! HRM: uttrekk fra i går (10.03.2025). 1 nyere uttrekk er holdt tilbake.")


def test_explain_takes_a_name_that_fits_one_person_and_lists_those_whom_it_fits(known: Place) -> None:
    """contract#command-explain"""
    assert "Aktiv VFS - Inaktiv HRM, siden 10.03.2025" in known.do("explain", "kåre", "lien").out
    assert "Ola Dahl (ansatt 003 i HRM)" in known.do("explain", "Ola Dahl").out
    several = known.do("explain", "Dahl")
    assert several.code == WRONG_USE and "2 personer passer. Velg én" in several.err
    assert "profil P002" in several.out and "ansattnummer 003" in several.out
    assert known.do("explain", "Dahl", "--json").out == ""
    assert "nobody in the published set has that name" in known.do("explain", "nobody at all").err
