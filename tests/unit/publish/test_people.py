"""Finding people: by parts of the name in either system, whatever the order and the keyboard, and by whole numbers."""

from typing import Any

import pytest

from publish.people import search


def person(given: str | None, family: str | None, **columns: Any) -> dict[str, Any]:
    return {"person_id": None, "employee_number": None, "given_name": given, "family_name": family, "other_name": None,
            "roles": None, "case_numbers": None, **columns}


PEOPLE = [
    person("Åse", "Bjørnstad", person_id="P1", employee_number="0042", roles="Faglig leder, Lærer"),
    person("Ase", "Berg", person_id="P2", employee_number="42", roles="Lærer"),
    person("Anne-Marie", "Lund", other_name="Anne Marie Særvåg", case_numbers="S-00000001, S-00000002"),
    person("André", "Müller", person_id="a1b2-c3", roles="SFO"),
    person(None, "Lærersen"),
    person("Aage", "Øyen"),
]


@pytest.mark.parametrize(("text", "found"), [
    ("åse", ["Åse"]), ("ÅSE", ["Åse"]), ("ase", ["Åse", "Ase"]), ("aase", ["Åse"]), ("A\u030ase", ["Åse"]), ("åge", ["Aage"]),
    ("bjornstad", ["Åse"]), ("bjoernstad", ["Åse"]), ("björn", ["Åse"]), ("bjørnstad åse", ["Åse"]), ("stad jør", ["Åse"]),
    ("oyen", ["Aage"]), ("andre muller", ["André"]), ("andré", ["André"]), ("marie anne", ["Anne-Marie"]),
    ("anne-marie", ["Anne-Marie"]), ("anne lund", ["Anne-Marie"]), ("særvåg", ["Anne-Marie"]), ("saervag", ["Anne-Marie"]),
    ("lund särvåg", ["Anne-Marie"]), ("åse lund", []), ("ø", ["Åse", "Aage"]), ("", []), (" ", []), ("-", []), ("%", []),
])
def test_somebody_is_found_by_parts_of_the_name_in_any_order_and_without_norwegian_letters_but_an_å_is_no_a(
    text: str, found: list[str]
) -> None:
    """contract#command-find"""
    assert [row["given_name"] for row in search(PEOPLE, text)] == found


@pytest.mark.parametrize(("text", "found"), [
    ("0042", ["Åse"]), ("42", ["Ase"]), ("p2", ["Ase"]), ("P", []), ("A1B2-C3", ["André"]), ("a1b2", []),
    ("s-00000002", ["Anne-Marie"]), ("lærer", ["Åse", "Ase", None]), ("leder", ["Åse"]), ("lede", []), ("berg lærer", ["Ase"]),
])
def test_a_number_an_id_and_a_word_of_a_role_fit_only_whole(text: str, found: list[str | None]) -> None:
    """contract#command-find"""
    assert [row["given_name"] for row in search(PEOPLE, text)] == found
