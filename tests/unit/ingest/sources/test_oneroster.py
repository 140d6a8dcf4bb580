"""Users and orgs of OneRoster as servers and files of several makers have them."""

from pathlib import Path
from typing import Any

import pytest

from ingest.assessable import not_assessable
from ingest.errors import PullFailed, RefusedExtract
from ingest.sources import oneroster_rest
from ingest.sources.base import RawTable
from ingest.sources.http import NothingThere
from ingest.sources.oneroster_files import OneRosterFiles
from ingest.sources.oneroster_format import CARRIES, NoStaff, OneRosterSettings, Roster, gather
from ingest.sources.pulled import Page
from ingest.sources.rows import day_field

Rows = list[dict[str, Any]]
URL = {"url": "https://x.test/v1p2", "token_url": "https://x.test/t", "client_id": "c", "client_secret": "s"}
ORGS = [{"sourcedId": "o0", "name": "Eksempel kommune", "type": "district", "identifier": "964000000"},
        {"sourcedId": "o1", "name": "Lia skole", "type": "school", "identifier": "974000001", "parent": {"sourcedId": "o0"}}]


def settings(**changed: Any) -> OneRosterSettings:
    return OneRosterSettings(adapter="oneroster", **URL, **changed)


def tables(users: Rows, orgs: Rows = ORGS, **changed: Any) -> dict[str, RawTable]:
    return Roster(settings(**changed), gather(orgs), gather(users)).tables("oneroster")


def doubts(read: dict[str, RawTable]) -> dict[str, int]:
    return {note.name: note.count for table in read.values() for note in table.notes}


def user(name: str, *roles: str, org: str = "o1") -> dict[str, Any]:
    return {"sourcedId": name, "givenName": name, "roles": [{"role": r, "org": {"sourcedId": org}} for r in roles]}


def user_1p1(name: str, role: str, *orgs: str) -> dict[str, Any]:
    return {"sourcedId": name, "givenName": name, "role": role, "orgs": [{"sourcedId": o, "type": "org"} for o in orgs]}


def test_a_user_of_1p1_has_a_position_at_each_of_its_orgs_and_the_version_is_said() -> None:
    """contract#adapter-oneroster"""
    read = tables([user_1p1("u1", "teacher", "o0", "o1"), user_1p1("u2", "student", "o1"), user_1p1("u3", "administrator", "o1")])
    assert [p["person_id"] for p in read["persons"].data.to_pylist()] == ["u1", "u3"]
    assert [(p["position_id"], p["person_id"], p["org_number"], p["role"]) for p in read["positions"].data.to_pylist()] == [
        ("u1:teacher:o0:", "u1", "964000000", "teacher"), ("u1:teacher:o1:", "u1", "974000001", "teacher"),
        ("u3:administrator:o1:", "u3", "974000001", "administrator")]
    assert doubts(read) == {"oneroster_1p1": 3} and doubts(tables([user("u1", "teacher")])) == {}


def test_kommuneadmins_are_not_assessable_from_1p1_unless_one_of_its_roles_is_set() -> None:
    """contract#not-assessable"""
    users = [user_1p1("u1", "teacher", "o1"), user_1p1("u2", "administrator", "o0")]
    read = {name: raw.data for name, raw in tables(users).items()}
    assert "accesses" not in read
    assert {"kommuneadmin_roster", "end_date_propagation"} <= set(not_assessable(CARRIES, read))
    read = {name: raw.data for name, raw in tables(users, kommuneadmin_roles=("administrator",)).items()}
    assert [(a["person_id"], a["org_number"]) for a in read["accesses"].to_pylist()] == [("u2", "964000000")]
    assert "kommuneadmin_roster" not in not_assessable(CARRIES, read)


def test_orgs_that_share_an_identifier_are_one_unit_with_the_schools_name_and_type() -> None:
    """contract#adapter-oneroster"""
    shared = [{"sourcedId": "a", "name": "Eksempel kommune", "type": "district", "identifier": "974000001"},
              {"sourcedId": "b", "name": "Lia skole", "type": "school", "identifier": "974000001", "parent": {"sourcedId": "a"}},
              {"sourcedId": "c", "name": "Staten", "type": "state", "identifier": "800000000"},
              {"sourcedId": "d", "name": "Avdeling", "type": "other", "identifier": "974000001", "parent": {"sourcedId": "c"}}]
    for orgs in (shared, shared[::-1]):
        read = tables([user("u1", "teacher", org="a"), user("u2", "aide", org="b")], orgs)
        assert [(o["org_number"], o["name"], o["type"], o["parent_org_number"])
                for o in read["org_units"].data.to_pylist() if o["org_number"] != "800000000"] == [
                    ("974000001", "Lia skole", "school", "800000000")]
        assert {p["org_number"] for p in read["positions"].data.to_pylist()} == {"974000001"}
        assert doubts(read) == {"shared_identifier": 2}


@pytest.mark.parametrize("users", [[user("u1", "student"), user("u2", "student", "parent"), user("u3", "Lærar"), user("u4")],
                                   [user("u1", "districtAdministrator")]])
def test_users_of_whom_none_is_staff_are_an_error_that_says_what_was_seen(users: Rows) -> None:
    """contract#adapter-oneroster"""
    with pytest.raises(NoStaff) as error:
        tables(users)
    assert str(error.value) == {
        4: "4 users came, and none of them has a staff role (roles: 2 student, 1 parent, 1 of other names)",
        1: "1 users came, and none of them has a staff role (roles: 1 districtAdministrator)"}[len(users)]
    assert tables([])["persons"].data.num_rows == 0  # none came at all: the guards look at that


def rest(monkeypatch: pytest.MonkeyPatch, users: Rows, *, few: bool) -> dict[str, RawTable]:
    listings = {"orgs": ORGS, "users": users}
    monkeypatch.setattr(oneroster_rest.OneRosterRest, "_page",
                        lambda self, client, name, offset: Page(listings[name][offset:offset + 2], len(listings[name])))
    return oneroster_rest.OneRosterRest(settings(page_size=2)).fetch(
        oneroster_rest.date(2025, 3, 10), None, lambda _: None, few=few).read()


@pytest.mark.parametrize("few", [True, False])
def test_a_server_without_staff_fails_the_pull_and_pupils_first_are_no_false_alarm(
    monkeypatch: pytest.MonkeyPatch, few: bool
) -> None:
    pupils = [user(f"p{n}", "student") for n in range(5)]
    with pytest.raises(PullFailed, match=r"oneroster: 5 users came, and none .* \(roles: 5 student\)\. Look at which users"):
        rest(monkeypatch, pupils, few=few)
    read = rest(monkeypatch, [*pupils, user("u1", "teacher")], few=few)
    assert [p["org_number"] for p in read["positions"].data.to_pylist()] == ["974000001"]


@pytest.mark.parametrize(("total", "is_whole"), [(5, True), (6, False), (None, False)])
def test_a_server_that_has_nothing_after_the_last_page_is_read_where_its_total_says_that_all_came(
    monkeypatch: pytest.MonkeyPatch, total: int | None, is_whole: bool
) -> None:
    listings = {"orgs": ORGS, "users": [user(f"u{n}", "teacher") for n in range(5)]}

    def page(self: object, client: object, name: str, offset: int) -> Page:
        if offset >= len(listings[name]):
            raise NothingThere(f"oneroster: {name} answers 404")
        return Page(listings[name][offset:offset + 2], total if name == "users" else len(ORGS))

    monkeypatch.setattr(oneroster_rest.OneRosterRest, "_page", page)
    adapter = oneroster_rest.OneRosterRest(settings(page_size=2, attempts=2))
    if is_whole:
        assert adapter.fetch(oneroster_rest.date(2025, 3, 10), None, lambda _: None).read()["persons"].data.num_rows == 5
    else:
        with pytest.raises(PullFailed, match=r"6 records were announced, 5 came|users answers 404"):
            adapter.fetch(oneroster_rest.date(2025, 3, 10), None, lambda _: None)


USERS_1P1 = "sourcedId,status,dateLastModified,enabledUser,orgSourcedIds,role,username,userIds,givenName,familyName,identifier"


def write_1p1(folder: Path, *users: str, version: str = "1.1") -> None:
    folder.mkdir(parents=True)
    for name, lines in {
        "manifest.csv": ["propertyName,value", "manifest.version,1.0", f"oneroster.version,{version}", "file.orgs,bulk",
                         "file.users,bulk", "file.enrollments,absent"],
        "orgs.csv": ["sourcedId,status,dateLastModified,name,type,identifier,parentSourcedId",
                     "o0,,,Eksempel kommune,district,964000000,", "o1,,,Lia skole,school,974000001,o0"],
        "users.csv": [USERS_1P1, *users]}.items():
        (folder / name).write_text("\n".join(lines) + "\n", encoding="utf-8")


def test_files_of_1p1_have_the_role_and_orgs_of_a_user_beside_its_name(tmp_path: Path) -> None:
    """contract#adapter-oneroster"""
    write_1p1(tmp_path / "roster", 'u1,,,true,"o0, o1",teacher,kari,,Kari,Test,001', "u2,,,true,o1,student,elev,,Elev,Test,")
    adapter = OneRosterFiles(OneRosterSettings(adapter="oneroster", path=tmp_path / "roster"), tmp_path / "roster")
    read = adapter.fetch(oneroster_rest.date(2025, 3, 10), None, lambda _: None).read()
    assert [(p["person_id"], p["employee_number"]) for p in read["persons"].data.to_pylist()] == [("u1", "001")]
    assert [p["org_number"] for p in read["positions"].data.to_pylist()] == ["964000000", "974000001"]
    assert doubts(read) == {"oneroster_1p1": 2}
    write_1p1(tmp_path / "other", version="1.2")
    with pytest.raises(RefusedExtract, match="the manifest has no roles"):
        OneRosterFiles(settings(), tmp_path / "other").fetch(oneroster_rest.date(2025, 3, 10), None, lambda _: None).read()


def test_roles_of_another_shape_than_a_text_are_none() -> None:
    with pytest.raises(NoStaff, match=r"1 users came.*none at all"):
        tables([{"sourcedId": "u1", "role": {"a": 1}, "orgs": []}])
    assert tables([{"sourcedId": "u2", "role": "teacher", "orgs": {}}])["positions"].data["org_number"].to_pylist() == [None]


def test_names_of_roles_are_compared_without_capitals_and_shown_as_delivered() -> None:
    """contract#adapter-oneroster"""
    read = tables([user("u1", "Teacher"), user("u2", "AIDE"), user("u3", "DistrictAdministrator"), user("u4", "Student"),
                   user("u5", "EXT:vaktmester")])
    assert [p["role"] for p in read["positions"].data.to_pylist()] == ["Teacher", "AIDE", "EXT:vaktmester"]
    assert read["accesses"].data["person_id"].to_pylist() == ["u3"] and doubts(read) == {}
    read = tables([user("u1", "teacher"), user("u2", "Janitor")], kommuneadmin_roles=("janitor",))
    assert read["accesses"].data["person_id"].to_pylist() == ["u2"] and doubts(read) == {}


def test_users_with_roles_of_unknown_names_are_counted() -> None:
    """contract#adapter-oneroster"""
    left_out = [user("u2", "Lærar"), user("u3", "parent", "vikar"), {"sourcedId": "u4", "roles": ["teacher"]}]
    not_doubted = [user("u1", "teacher", "Lærar"), user("u5", "Parent", "student"), user("u6")]
    read = tables([*left_out, *not_doubted])
    assert read["persons"].data["person_id"].to_pylist() == ["u1"] and doubts(read) == {"other_roles": 3}


@pytest.mark.parametrize("roles", [None, [], ""])
def test_a_user_with_a_role_and_no_roles_is_one_of_1p1(roles: object) -> None:
    """contract#adapter-oneroster"""
    read = tables([user_1p1("u1", "teacher", "o1") | {"roles": roles}, user("u2", "aide")])
    assert read["persons"].data["person_id"].to_pylist() == ["u1", "u2"] and doubts(read) == {"oneroster_1p1": 1}


def test_a_role_that_is_to_be_deleted_is_absent() -> None:
    """contract#adapter-oneroster"""
    going = user("u1", "teacher", "districtAdministrator")
    going["roles"][0]["status"] = going["roles"][1]["status"] = "toBeDeleted"
    read = tables([going | {"role": "teacher"}, user("u2", "aide", "districtAdministrator")])
    assert {row["person_id"] for table in ("persons", "positions", "accesses") for row in read[table].data.to_pylist()} == {"u2"}


@pytest.mark.parametrize("end_date", ["inclusive", "exclusive"])
@pytest.mark.parametrize("written", [["2025-01-31"], {"date": "2025-01-31"}, 20250131, True])
def test_a_day_of_another_shape_than_a_text_is_no_open_end(written: object, end_date: str) -> None:
    """contract#adapter-oneroster"""
    one = user("u1", "teacher", "districtAdministrator")
    for role in one["roles"]:
        role |= {"beginDate": written, "endDate": written}
    read = tables([one], end_date=end_date)
    rows = [row for table in ("positions", "accesses") for row in read[table].data.to_pylist()]
    assert [(row["start_date"], row["end_date"]) for row in rows] == [("?", "?")] * 2


@pytest.mark.parametrize(("value", "day"), [
    (None, None), ("", None), (" ", None), ("2025-01-31", "2025-01-31"), ("soon", "soon"), ([], "?"), ({}, "?"), (0, "?"),
    (False, "?")])
def test_a_field_with_a_day_is_its_text_or_nothing_or_unreadable(value: object, day: str | None) -> None:
    assert day_field(value) == day
