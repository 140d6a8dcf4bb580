"""Visma.net's Employee API over real HTTP: everybody with all positions, or one clear error."""

from base64 import b64encode
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from demo.people import national_id
from demo.servers import SECRET, Faults, day_of
from ingest.dates import day_text
from ingest.door import CanonicalExtract, admit
from ingest.errors import PullFailed
from ingest.inspection import look_into
from ingest.sources.catalogue import AdapterSettings, make_source
from ingest.sources.csv_folder import CsvSettings
from ingest.sources.visma_net import canonical
from tests.support.visma_net_server import FAULTS, VismaNetServer

DAY = date(2025, 3, 10)
Rows = list[dict[str, Any]]


@pytest.fixture
def server(inbox: Path) -> Iterator[VismaNetServer]:
    with VismaNetServer(day_of(inbox, DAY)) as running:
        yield running


def source(server: VismaNetServer, **changed: Any) -> Any:
    values = server.settings() | {"backoff_seconds": 0, "page_size": 40} | changed
    return make_source("hrm", [TypeAdapter(AdapterSettings).validate_python(values)])


def pull(server: VismaNetServer, **changed: Any) -> CanonicalExtract:
    """The canonical tables, as validation makes them of a pull."""
    pulled = source(server, **changed)
    delivery, = pulled.deliveries(DAY, pull=True)
    return admit("hrm", DAY, pulled.fetch(delivery).read(), delta=False, key=b"key" * 8, max_rejected_percent=5)


def delivered(inbox: Path) -> CanonicalExtract:
    files = make_source("hrm", [CsvSettings(path=inbox / "hrm")])
    return admit("hrm", DAY, files.fetch(files.deliveries(DAY)[-1]).read(), delta=False, key=b"key" * 8, max_rejected_percent=5)


def rows(extract: CanonicalExtract, table: str, *columns: str) -> set[tuple]:
    return {tuple(row[c] for c in columns) for row in extract.tables[table].to_pylist()}


EMPLOYEE = ("employee_number", "national_id_hash", "given_name", "family_name")
POSITION = ("position_id", "employee_number", "org_number", "percentage", "start_date", "end_date")


@pytest.mark.parametrize("given", [{}, {"moments": True}, {"empty_pages": True}], ids=["dates", "moments", "empty pages"])
def test_it_delivers_what_the_files_deliver(inbox: Path, given: dict[str, bool]) -> None:
    """contract#adapter-visma-net"""
    files = delivered(inbox)
    with VismaNetServer(day_of(inbox, DAY), **given) as server:
        pulled = pull(server)
        assert 8 < len(server.requests) < 30
        assert not [r for r in server.requests if "onlyActive" in r or "fromLastChangedDate" in r]
    assert rows(pulled, "employees", *EMPLOYEE) == rows(files, "employees", *EMPLOYEE)
    assert rows(pulled, "positions", *POSITION) == rows(files, "positions", *POSITION)
    assert pulled.notes == {}


def test_somebody_who_left_long_ago_is_delivered_with_the_end(server: VismaNetServer) -> None:
    employee = server.employees[5]
    for position in employee["_embedded"]["positions"]:
        position["activeEnd"] = "2024-12-31"
    pulled = pull(server)
    assert (employee["number"],) in rows(pulled, "employees", "employee_number")
    assert {end for number, end in rows(pulled, "positions", "employee_number", "end_date") if number == employee["number"]} == {
        date(2024, 12, 31)}


def test_in_a_storm_of_faults_each_pull_is_right_or_fails_with_an_error(server: VismaNetServer) -> None:
    expected = pull(server).tables
    outcomes = []
    for seed in range(50):
        server.faults = Faults(0.1, FAULTS, seed=seed)
        try:
            pulled = pull(server, attempts=8)
        except PullFailed as error:
            assert "Traceback" not in str(error) and SECRET not in str(error) and len(str(error)) > 30
            outcomes.append("failed")
            continue
        assert pulled.tables == expected, seed
        outcomes.append("right")
    assert outcomes.count("right") > 25


def repeat(employees: Rows) -> None:
    employees.append(employees[0])


def lose_positions(employees: Rows) -> None:
    for employee in employees:
        del employee["_embedded"]


@pytest.mark.parametrize(("kind", "change", "message"), [
    ("cursor_twice", None, "employees changed while it was read, 2 times: a cursor came twice. The next run tries again"),
    ("page_twice", None, "employees changed while it was read, 2 times: an employee came twice"),
    ("no_list", None, "did not answer as it should, 2 times: the answer holds no list of employees"),
    (None, repeat, "employees changed while it was read, 2 times: an employee came twice"),
    (None, lose_positions, "no employee comes with positions, which the API embeds when it is asked to; look at `url`"),
])
def test_a_listing_that_is_not_whole_is_an_error(
    server: VismaNetServer, kind: str | None, change: Callable[[Rows], None] | None, message: str
) -> None:
    server.faults = Faults(1, (kind,)) if kind else Faults()
    if change:
        change(server.employees)
    with pytest.raises(PullFailed) as failure:
        pull(server, attempts=2)
    assert message in str(failure.value)


def unembedded(employee: dict[str, Any]) -> None:
    employee.pop("_embedded")


def without_key(employee: dict[str, Any]) -> None:
    employee["_embedded"].pop("positions")


def null(employee: dict[str, Any]) -> None:
    employee["_embedded"]["positions"] = None


@pytest.mark.parametrize("change", [unembedded, without_key, null])
@pytest.mark.parametrize("page_size", [40, 1])
def test_an_employee_whose_positions_are_not_told_beside_others_is_an_error(
    server: VismaNetServer, change: Callable[[dict[str, Any]], None], page_size: int
) -> None:
    """contract#adapter-visma-net"""
    server.employees[:] = server.employees[:60]
    change(server.employees[3])
    with pytest.raises(PullFailed, match=r"without positions beside others|positions are no list|not every employee comes"):
        pull(server, attempts=2, page_size=page_size)
    server.employees[3]["_embedded"] = {"positions": []}
    assert len(pull(server, attempts=2, page_size=page_size).tables["employees"]) == 60


def test_a_draft_need_have_no_positions(server: VismaNetServer) -> None:
    server.employees[:] = server.employees[:60]
    server.employees[3] |= {"isDraft": True, "_embedded": {}}
    assert len(pull(server).tables["employees"]) == 59


@pytest.mark.parametrize("cursor", ["x", {"nextToken": 7}, {"nextToken": {"x": 1}}, ["x"]])
def test_a_cursor_that_is_not_understood_is_no_end_of_the_listing(
    server: VismaNetServer, monkeypatch: pytest.MonkeyPatch, cursor: object
) -> None:
    monkeypatch.setattr("ingest.sources.visma_net.json_body", lambda _: {"data": server.employees[:1], "cursor": cursor})
    with pytest.raises(PullFailed, match="the answer's cursor cannot be read"):
        pull(server, attempts=2)


def test_a_server_that_names_cursors_forever_is_not_asked_forever(
    server: VismaNetServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    cursors = (b64encode(f"page {n}".encode()).decode() for n in range(10_000))
    monkeypatch.setattr("ingest.sources.visma_net.json_body", lambda _: {"data": [], "cursor": {"nextToken": next(cursors)}})
    with pytest.raises(PullFailed, match="one empty page followed another"):
        pull(server, attempts=2)
    assert len(server.requests) < 300


@pytest.mark.parametrize(("changed", "message"), [
    ({"client_secret": "wrong"}, "refuses (invalid_client); look at client id, client secret, scope and tenant"),
    ({"tenant_id": "another"}, "refuses (invalid_client); look at client id, client secret, scope and tenant"),
    ({"url": "{url}/v1"}, "answers 404: there is nothing at this address; look at `url`"),
    ({"url": "http://example.test/v2"}, "is not encrypted. Use https"),
])
def test_a_wrong_setting_is_named_in_the_error(server: VismaNetServer, changed: dict[str, str], message: str) -> None:
    with pytest.raises(PullFailed) as failure:
        pull(server, **{name: value.format(url=server.url) for name, value in changed.items()})
    assert message in str(failure.value) and SECRET not in str(failure.value)


def test_what_tells_the_unit_is_a_tax_unit_or_a_dimension(server: VismaNetServer) -> None:
    with pytest.raises(ValidationError, match="unit_from"):
        source(server, unit_from="costCenter")


def test_check_source_reads_one_page_and_gives_no_false_alarm(server: VismaNetServer) -> None:
    for employee in server.employees[:40]:  # all at one school, as may be on one page
        for position in employee["_embedded"]["positions"]:
            position["taxUnitIds"] = server.employees[0]["_embedded"]["positions"][0]["taxUnitIds"]
    seen = look_into(source(server), DAY, b"key" * 8, pull=True)
    assert seen and len(server.requests) == 1
    assert {t.name: t.rows for t in seen.tables}["employees"] == 40
    assert [a for a in seen.advice if "not a date" not in a] == []  # the demo's date that does not exist is a true one
    assert seen.not_delivered == ["org_units"]


# --- what the fields mean ----------------------------------------------------------------------------------------------


def one(**fields: Any) -> dict[str, Any]:
    """An employee with a position at tax unit 7, changed."""
    position = {"id": "p1", "activeStart": "2020-08-01", "taxUnitIds": [{"value": "7"}]} | fields.pop("position", {})
    return {"id": "e1", "number": "0071", "personNames": [{"firstName": "Test", "lastName": "Testesen"}],
            "_embedded": {"positions": [position]}} | fields


def read(*employees: dict[str, Any], day: date = DAY, unit_from: str = "taxUnitIds", **values: str) -> dict[str, Rows]:
    tables = canonical(employees, day, unit_from, {"org_number": values})
    return {name: raw.data.to_pylist() for name, raw in tables.items()}


@pytest.mark.parametrize(("own", "of_employee", "end"), [
    (None, None, None), ("2025-06-30", None, "2025-06-30"), (None, "2025-06-30", "2025-06-30"),
    ("2025-06-30", "2025-01-31T00:00:00", "2025-01-31"), ("31.12.2024", "2025-01-31", "2024-12-31"),
    ("9999-12-31", "2025-01-31", "2025-01-31"), ("2025-01-31", "1900-01-01", "2025-01-31"),
    ("2025-06-30", "unreadable", "unreadable"), ("9999-12-31", None, "9999-12-31"),
])
def test_a_position_ends_on_the_earliest_of_its_own_end_and_the_employees(
    own: str | None, of_employee: str | None, end: str | None
) -> None:
    """contract#adapter-visma-net"""
    position, = read(one(activeEnd=of_employee, position={"activeEnd": own}))["positions"]
    assert day_text(position["end_date"]) == end


@pytest.mark.parametrize("written", [["2025-01-31"], {"date": "2025-01-31"}, 20250131])
def test_a_day_of_another_shape_than_a_text_is_no_open_end(written: object) -> None:
    """contract#adapter-visma-net"""
    for employee in (one(position={"activeEnd": written}), one(activeEnd=written, position={"activeEnd": "2025-06-30"})):
        position, = read(employee)["positions"]
        assert position["end_date"] == "?"
    position, = read(one(position={"activeStart": written}))["positions"]
    assert position["start_date"] == "?"


MOVED = [{"value": "1", "activeEnd": "2024-07-31"}, {"value": "2", "activeStart": "2024-08-01", "activeEnd": "2025-07-31"},
         {"value": "3", "activeStart": "2025-08-01"}]


@pytest.mark.parametrize(("day", "position", "unit"), [
    ("2024-07-31", {}, "1"), ("2024-08-01", {}, "2"), ("2025-03-10", {}, "2"), ("2025-08-01", {}, "3"),
    ("2025-03-10", {"activeEnd": "2024-06-30"}, "1"),    # ended: the unit of its last day
    ("2025-03-10", {"activeStart": "2025-09-01"}, "3"),  # not begun: the unit of its first
    ("2025-03-10", {"activeStart": "2025-09-01", "activeEnd": "2024-01-01"}, "3"),
    ("2025-03-10", {"taxUnitIds": [{"value": "1", "activeEnd": "2025-03-10"}, {"value": "2", "activeStart": "2025-03-10"}]}, "2"),
    ("2025-03-10", {"taxUnitIds": [{"value": "1", "activeEnd": "2025-03-09"}]}, None),  # a gap is no unit, rather than the last
    ("2025-03-10", {"taxUnitIds": []}, None), ("2025-03-10", {"taxUnitIds": "1"}, None),
])
def test_of_a_timeline_the_value_of_the_day_holds(day: str, position: dict[str, Any], unit: str | None) -> None:
    """contract#adapter-visma-net"""
    found, = read(one(position={"taxUnitIds": MOVED} | position), day=date.fromisoformat(day))["positions"]
    assert found["org_number"] == unit


def test_a_dimension_may_tell_the_unit() -> None:
    dimensions = [{"dimension": "2", "dimensionValues": [{"value": "x"}]},
                  {"dimension": "1", "dimensionValues": [{"value": "410", "activeEnd": "2025-01-31"},
                                                         {"value": "420", "activeStart": "2025-02-01"}]}]
    employee = one(position={"accountingDimensions": dimensions})
    assert [p["org_number"] for p in read(employee, unit_from="accountingDimensions/1")["positions"]] == ["420"]
    assert [p["org_number"] for p in read(employee, unit_from="accountingDimensions/3")["positions"]] == [None]


def test_name_id_code_and_percentage_are_those_of_the_day() -> None:
    first, second = national_id(1), national_id(2)
    employee = one(
        personNames=[{"firstName": "A", "lastName": "Før", "activeEnd": "2024-12-31"},
                     {"firstName": "A", "lastName": "Etter", "activeStart": "2025-01-01"}],
        personIds=[{"typeOfId": "InternationalId", "id": "X1"}, {"typeOfId": "DNumber", "id": first},
                   {"typeOfId": "NationalID", "id": second}],
        position={"typeOfWork": [{"value": "2341104"}], "partTimeFactors": [
            {"value": 100, "activeEnd": "2024-12-31"}, {"value": 37.5, "activeStart": "2025-01-01"}]})
    tables = read(employee)
    assert [(e["family_name"], e["national_id"], e["email"]) for e in tables["employees"]] == [("Etter", second, None)]
    assert [(p["position_code"], p["percentage"]) for p in tables["positions"]] == [("2341104", "37.5")]
    before = read(employee | {"personIds": employee["personIds"][:2]}, day=date(2024, 12, 31))
    assert [(e["family_name"], e["national_id"]) for e in before["employees"]] == [("Før", first)]
    assert [p["percentage"] for p in before["positions"]] == ["100"]


def test_drafts_are_nobody_and_whoever_has_no_number_is_rejected_and_told() -> None:
    tables = canonical([one(isDraft=True), one(id="e2", number=None)], DAY, "taxUnitIds", {})
    extract = admit("hrm", DAY, tables, delta=False, key=b"key" * 8, max_rejected_percent=100)
    assert [(figures.rows, figures.rejected) for figures in extract.figures.values()] == [(0, 1), (0, 1)]


def test_positions_whose_unit_tells_no_school_are_counted_and_told() -> None:
    """contract#adapter-visma-net"""
    def notes(*units: str, few: bool = False, **values: str) -> list[tuple[str, int]]:
        employees = [one(id=f"e{n}", position={"id": f"p{n}", "taxUnitIds": [{"value": unit}]}) for n, unit in enumerate(units)]
        return [(n.name, n.count) for n in canonical(
            employees, DAY, "taxUnitIds", {"positions": {"org_number": values}}, few=few)["positions"].notes]

    assert notes("7", "8", "9", **{"7": "974000001", "8": "974000002"}) == [("unit_without_number", 1)]
    assert notes("974000001", "974000002") == []
    assert notes("7", "8", **{"7": "974000001", "8": "974000001"}) == [("one_unit", 2)]
    assert notes("7", "8", few=True, **{"7": "974000001", "8": "974000001"}) == []
    assert notes("7", **{"7": "974000001"}) == []
