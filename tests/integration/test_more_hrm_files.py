"""Files of HRM systems, each in the shapes in which they are known: Stamdata3 of Unit4 ERP, and saved answers of Paga."""

from datetime import date
from pathlib import Path
from typing import Any

import pytest
from pydantic import TypeAdapter

from demo.people import national_id
from ingest.dates import earliest, latest
from ingest.door import admit
from ingest.errors import RefusedExtract
from ingest.sources.base import RawTable
from ingest.sources.catalogue import AdapterSettings, make_adapter

DAY = date(2025, 3, 10)
OPEN = "2099-12-31"
NUMBERS = {"values": {"org_number": {"011000": "974000001", "012000": "974000002"}}}
Row = dict[str, Any]


def raw(path: Path, adapter: str, **settings: Any) -> dict[str, RawTable]:
    made = make_adapter("hrm", TypeAdapter(AdapterSettings).validate_python({"adapter": adapter, "path": path} | settings))
    return made.fetch(DAY, made.days(DAY).get(DAY), lambda _: None).read()


def rows(tables: dict[str, RawTable], table: str = "positions") -> list[Row]:
    return tables[table].data.to_pylist()


def notes(tables: dict[str, RawTable]) -> dict[str, int]:
    return {note.name: note.count for table in tables.values() for note in table.notes}


def saved(path: Path, content: str, encoding: str = "utf-8") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content.encode(encoding))
    return path


# --- dates -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("written", "first", "last"), [
    (("2025-06-20", "2025-03-01", OPEN), "2025-03-01", "2025-06-20"),
    ((OPEN, "9999-12-31T23:59:59.9999999", "0001-01-01", None, " "), None, None),
    (("20.06.2025", "2025-03-01T00:00:00"), "2025-03-01", "2025-06-20"),
    (("2025-06-20", "no day"), "no day", "no day"),
    ((), None, None)])
def test_of_several_days_placeholders_say_nothing_and_what_cannot_be_read_goes_on_to_be_rejected(
    written: tuple[str | None, ...], first: str | None, last: str | None
) -> None:
    assert (earliest(*written), latest(*written)) == (first, last)


# --- Stamdata3 -------------------------------------------------------------------------------------------------------


def relation(value: str, kind: str = "ORGANIZATIONAL_UNIT", start: str = "2020-01-01", end: str = OPEN) -> str:
    return (f'<Relation Type="MNAL" Name="Organisasjonsenhet" ElementType="{kind}"><Value>{value}</Value><Value1>0</Value1>'
            f"<DateFrom>{start}</DateFrom><DateTo>{end}</DateTo></Relation>")


def employment(*relations: str, number: int = 1, start: str = "2020-01-01", end: str = OPEN, sequence: str = "349750") -> str:
    reference = f"<SequenceRef>{sequence}</SequenceRef><SequenceNo>1</SequenceNo>" if sequence else ""
    return (f'<Employment ResourceId="{number}"><EmploymentType>T</EmploymentType><MainPosition>true</MainPosition>'
            f"<Percentage>80</Percentage><PostId>4001</PostId><PostCode>7960</PostCode>"
            f"<PostCodeDescription>Lærer</PostCodeDescription><Relations>{''.join(relations)}</Relations>"
            f"<DateFrom>{start}</DateFrom><DateTo>{end}</DateTo>{reference}</Employment>")


def resource(*employments: str, number: int = 1, end: str = OPEN, more: str = "", company: str = "EK", status: str = "N") -> str:
    mails = f"<EMailList><string/><string>t{number}@x.example</string></EMailList>"
    return (f"<Resource><Addresses><Address>{mails}</Address></Addresses><Employments>{''.join(employments)}</Employments>{more}"
            f"<CompanyCode>{company}</CompanyCode><ResourceId>{number}</ResourceId><DateFrom>2009-07-01</DateFrom>"
            f"<DateTo>{end}</DateTo><FirstName>Test{number}</FirstName><Surname>Testesen</Surname><SocialSecurityNumber>{national_id(number)}</SocialSecurityNumber>"
            f"<Status>{status}</Status></Resource>")


def organisation(code: str, name: str, above: str = "", company: str = "EK") -> str:
    return (f"<Organisation><CompanyCode>{company}</CompanyCode><Name>{name}</Name><Id>{code}</Id><ParentId>{above}</ParentId>"
            "<DateFrom>0001-01-01T00:00:00</DateFrom><DateTo>9999-12-31T23:59:59.9999999</DateTo><Status>N</Status></Organisation>")


UNITS = (organisation("900000", "Eksempel kommune"), organisation("011000", "Lia skole", "900000"),
         organisation("011200", "SFO", "011000"), organisation("012000", "Åsen skole", "900000"))


def export(*resources: str, units: tuple[str, ...] = UNITS, head: str = "") -> str:
    return (f'<?xml version="1.0" encoding="utf-8"?>\n<ExportInfo xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">\n<Resources>\n'
            f"{''.join(resources)}</Resources>{head}<Organisations>{''.join(units)}</Organisations></ExportInfo>")


@pytest.fixture
def stamdata3(tmp_path: Path) -> Any:
    """Reads resources as one Stamdata3 file."""
    return lambda *resources, units=UNITS, head="", **settings: raw(
        saved(tmp_path / "s.xml", export(*resources, units=units, head=head)), "stamdata3", **NUMBERS | settings)


def test_a_stamdata3_file_gives_people_positions_and_units(stamdata3: Any) -> None:
    """contract#adapter-stamdata3."""
    tables = stamdata3(resource(employment(relation("1170", "COST_CENTER"), relation("011000"))), resource(number=2))
    assert rows(tables, "employees") == [
        {"employee_number": str(n), "national_id": national_id(n), "given_name": f"Test{n}", "family_name": "Testesen",
         "email": f"t{n}@x.example"} for n in (1, 2)]
    assert rows(tables) == [{
        "position_id": "1:349750:011000:2020-01-01", "employee_number": "1", "org_number": "974000001", "position_code": "7960",
        "position_title": "Lærer", "percentage": "80", "start_date": "2020-01-01", "end_date": None}]
    assert notes(tables) == {}
    admitted = admit("hrm", DAY, tables, delta=False, key=b"key", max_rejected_percent=0)
    assert {w: n for f in admitted.figures.values() for w, n in f.warnings.items() if n} == {}, "an open end is no doubt"


def test_the_other_known_shape_of_stamdata3_has_another_name_for_the_unit_and_no_sequence(stamdata3: Any) -> None:
    """contract#adapter-stamdata3."""
    job = employment(relation("012000", "ORGANISATION", "2023-05-01"), relation("5312", "COST_CENTER"), sequence="")
    (position,) = rows(stamdata3(resource(job)))
    assert (position["position_id"], position["org_number"]) == ("1:4001-7960:012000:2023-05-01", "974000002")


@pytest.mark.parametrize(("own", "place", "person", "end"), [
    (OPEN, OPEN, OPEN, None), ("2025-06-20", OPEN, OPEN, "2025-06-20"), (OPEN, "2025-05-31", OPEN, "2025-05-31"),
    ("2025-06-20", "2025-05-31", "2025-03-31", "2025-03-31"), ("2024-06-20", OPEN, "2025-03-31", "2024-06-20"),
    ("soon", OPEN, "2025-03-31", "soon")])
def test_a_stamdata3_position_ends_on_the_earliest_of_its_units_its_own_and_the_persons_end(
    stamdata3: Any, own: str, place: str, person: str, end: str | None
) -> None:
    """contract#adapter-stamdata3."""
    (position,) = rows(stamdata3(resource(employment(relation("011000", end=place), end=own), end=person)))
    assert position["end_date"] == end


def test_an_employment_at_two_units_is_two_positions_each_for_its_time(stamdata3: Any) -> None:
    """contract#adapter-stamdata3."""
    moved = employment(relation("011000", end="2025-01-31"), relation("012000", start="2025-02-01"), end="2025-06-20")
    assert [(p["position_id"], p["org_number"], p["start_date"], p["end_date"]) for p in rows(stamdata3(resource(moved)))] == [
        ("1:349750:011000:2020-01-01", "974000001", "2020-01-01", "2025-01-31"),
        ("1:349750:012000:2025-02-01", "974000002", "2025-02-01", "2025-06-20")]


def test_segments_of_one_job_have_ids_of_their_own(stamdata3: Any) -> None:
    """contract#adapter-stamdata3."""
    segments = [employment(relation("011000"), end="2024-07-31"), employment(relation("011000"), start="2024-08-01")]
    assert [p["position_id"] for p in rows(stamdata3(resource(*segments)))] == [
        "1:349750:011000:2020-01-01", "1:349750:011000:2024-08-01"]


def test_without_a_number_a_unit_has_that_of_the_nearest_unit_above_or_the_row_is_rejected(stamdata3: Any) -> None:
    """contract#adapter-stamdata3."""
    jobs = [resource(employment(relation(code)), number=n) for n, code in enumerate(("011200", "900000", "nowhere"), start=1)]
    tables = stamdata3(*jobs, resource(employment(), number=4))
    assert [p["org_number"] for p in rows(tables)] == ["974000001", None, None, None]
    rejected = admit("hrm", DAY, tables, delta=False, key=b"key", max_rejected_percent=100).rejected.to_pylist()
    assert [(r["table_name"], r["column_name"], r["reason"]) for r in rejected] == [
        ("positions", "org_number", "value is missing")] * 3


def test_a_person_may_have_a_unit_where_an_employment_has_none(stamdata3: Any) -> None:
    """contract#adapter-stamdata3."""
    person = resource(employment(relation("9", "FUNCTION")), more=f"<Relations>{relation('012000')}</Relations>")
    assert [p["org_number"] for p in rows(stamdata3(person))] == ["974000002"]


def test_positions_at_the_number_of_the_topmost_unit_are_counted(stamdata3: Any) -> None:
    """contract#adapter-stamdata3."""
    numbers = {"values": {"org_number": {"900000": "964000000", "011000": "974000001"}}}
    jobs = [resource(employment(relation(code)), number=n) for n, code in enumerate(("011000", "012000", "900000"), start=1)]
    tables = stamdata3(*jobs, **numbers)
    assert [p["org_number"] for p in rows(tables)] == ["974000001", "964000000", "964000000"]
    assert notes(tables) == {"topmost_org_number": 2}
    assert rows(tables, "org_units") == [
        {"org_number": "964000000", "name": "Eksempel kommune", "type": "kommune", "parent_org_number": None},
        {"org_number": "974000001", "name": "Lia skole", "type": None, "parent_org_number": "964000000"}]


def test_units_that_share_a_number_are_the_topmost_of_them(stamdata3: Any) -> None:
    """contract#adapter-stamdata3."""
    numbers = {"values": {"org_number": {"011200": "974000001", "011000": "974000001"}}}
    tables = stamdata3(resource(employment(relation("011200"))), **numbers)
    assert [(o["org_number"], o["name"], o["parent_org_number"]) for o in rows(tables, "org_units")] == [
        ("974000001", "Lia skole", None)]


def test_units_in_a_circle_end_nowhere(stamdata3: Any) -> None:
    circle = (organisation("1", "A", "2"), organisation("2", "B", "1"), *UNITS)
    tables = stamdata3(resource(employment(relation("1"))), resource(employment(relation("011000")), number=2), units=circle)
    assert [p["org_number"] for p in rows(tables)] == [None, "974000001"]
    tables = stamdata3(resource(employment(relation("1"))), units=circle, values={"org_number": {"1": "9", "2": "9"}})
    assert [(o["org_number"], o["parent_org_number"]) for o in rows(tables, "org_units")] == [("9", None)]


def test_another_relation_can_say_where_somebody_works(stamdata3: Any) -> None:
    """contract#adapter-stamdata3."""
    job = employment(relation("011000"), relation("1170", "WORKPLACE"))
    tables = stamdata3(resource(job), place=["WORKPLACE"], values={"org_number": {"1170": "974000009"}})
    assert [p["org_number"] for p in rows(tables)] == ["974000009"]


def test_a_status_whose_meaning_is_not_known_is_a_doubt_and_no_end(stamdata3: Any) -> None:
    """contract#adapter-stamdata3."""
    tables = stamdata3(resource(employment(relation("011000"))), resource(employment(relation("011000")), number=2, status="C"))
    assert len(rows(tables)) == 2 and notes(tables) == {"other_status": 1}


def test_of_several_companies_one_must_be_chosen(stamdata3: Any) -> None:
    """contract#adapter-stamdata3."""
    two = (resource(employment(relation("011000"))), resource(employment(relation("011000")), company="XX"))
    other = organisation("011000", "Another", company="XX")
    with pytest.raises(RefusedExtract, match="more than one employer") as refused:
        stamdata3(*two)
    assert (refused.value.file, refused.value.line, refused.value.remedy) == ("s.xml", 4, "Set `company`")
    tables = stamdata3(*two, units=(other, *UNITS), company="EK")
    assert len(rows(tables, "employees")) == len(rows(tables)) == 1
    assert "Another" not in {o["name"] for o in rows(tables, "org_units")}
    with pytest.raises(RefusedExtract, match="nobody can be read"):
        stamdata3(*two, company="YY")


@pytest.mark.parametrize(("announced", "fine"), [("1", True), ("2", True), ("3", False), ("", True), ("many", True)])
def test_a_file_that_holds_fewer_people_than_it_announces_is_refused(stamdata3: Any, announced: str, fine: bool) -> None:
    """contract#adapter-stamdata3."""
    given = [resource(employment(relation("011000")), number=n) for n in (1, 2)]
    head = f"<NumberOfResources>{announced}</NumberOfResources>"
    if fine:
        assert len(rows(stamdata3(*given, head=head))) == 2
        return
    with pytest.raises(RefusedExtract, match=r"announces 3 people \(NumberOfResources\) and holds 2"):
        stamdata3(*given, head=head)


def test_people_of_whom_nobody_can_be_read_are_no_empty_extract(stamdata3: Any) -> None:
    """contract#adapter-stamdata3."""
    with pytest.raises(RefusedExtract, match="nobody can be read: none of 1 people has an employee number"):
        stamdata3("<Resource><FirstName>Test1</FirstName></Resource>")
    with pytest.raises(RefusedExtract, match="no position stands at a unit with an organisation number") as refused:
        stamdata3(resource(employment(relation("011000"))), values={})
    assert "values: org_number" in (refused.value.remedy or "")


def test_a_person_without_a_number_goes_to_the_door_with_their_positions(stamdata3: Any) -> None:
    nameless = resource(employment(relation("011000"))).replace("<ResourceId>1</ResourceId>", "").replace(' ResourceId="1"', "")
    tables = stamdata3(nameless, resource(employment(relation("011000")), number=2))
    assert [p["employee_number"] for p in rows(tables, "employees")] == [None, "2"]
    assert [p["position_id"] for p in rows(tables)] == [None, "2:349750:011000:2020-01-01"]


def test_a_folder_of_files_is_one_extract_and_folders_named_by_day_are_days(tmp_path: Path) -> None:
    """contract#adapter-stamdata3."""
    for n in (1, 2):
        saved(tmp_path / DAY.isoformat() / f"{n}.xml", export(resource(employment(relation("011000")), number=n)))
    saved(tmp_path / "2025-03-09" / "1.xml", export(resource(employment(relation("011000")), number=3)))
    assert [e["employee_number"] for e in rows(raw(tmp_path, "stamdata3", **NUMBERS), "employees")] == ["1", "2"]


def test_a_person_in_two_files_of_one_delivery_is_refused(tmp_path: Path) -> None:
    """contract#adapter-stamdata3."""
    saved(tmp_path / "monday.xml", export(*(resource(employment(relation("011000")), number=n) for n in (1, 2))))
    saved(tmp_path / "tuesday.xml", export(resource(employment(relation("011000")), number=3), resource(
        employment(relation("011000")), number=2).replace("<ResourceId>2<", "<ResourceId>\u200b2<")))
    with pytest.raises(RefusedExtract, match=r"a person stands in two files, in monday\.xml too") as refused:
        raw(tmp_path, "stamdata3", **NUMBERS)
    assert refused.value.file == "tuesday.xml" and refused.value.line and "one day's files" in str(refused.value.remedy)


@pytest.mark.parametrize(("ends", "units"), [
    (("2024-12-31", OPEN), ["974000002"]), ((OPEN, "2024-12-31"), ["974000001"]), ((OPEN, OPEN), ["974000001"]),
    (("2024-12-31", "2024-12-31"), ["974000001"]), (("2024-12-31", "2025-06-20"), ["974000002"]),
    (("2025-06-20", ""), ["974000002"]), (("soon", OPEN), ["974000001"])])
def test_of_several_kinds_of_place_the_one_that_lasts_longest_counts_then_the_first(
    stamdata3: Any, ends: tuple[str, str], units: list[str]
) -> None:
    """contract#adapter-stamdata3."""
    job = employment(relation("012000", "ORGANISATION", end=ends[1]), relation("011000", end=ends[0]))
    assert [p["org_number"] for p in rows(stamdata3(resource(job)))] == units


def test_of_one_kind_of_place_the_relation_that_goes_on_tells_how_long_it_lasts(stamdata3: Any) -> None:
    """contract#adapter-stamdata3."""
    job = employment(relation("011000", end="2024-12-31"), relation("012000", start="2025-01-01"),
                     relation("011200", "ORGANISATION", end="2025-06-20"))
    assert [p["org_number"] for p in rows(stamdata3(resource(job)))] == ["974000001", "974000002"]


# --- Paga ------------------------------------------------------------------------------------------------------------


def job(unit: str = "12", status: str = "Aktiv", number: str = "1", start: str = "2020-08-01", end: str = "") -> str:
    named = f"<Arbeidsforholdnummer>{number}</Arbeidsforholdnummer>" if number else ""
    return (f'<Arbeidsforhold status="{status}">{named}<OrgUnitName>Lia</OrgUnitName><OrgUnitId>{unit}</OrgUnitId>'
            f"<IsHovedarbeidsforhold>J</IsHovedarbeidsforhold><Startdato>{start}</Startdato>{end}"
            '<Stillingskode><k:Kodeverdi xmlns:k="http://kodeverk.bluegarden.no/object/v1">7960</k:Kodeverdi>'
            '<k:Beskrivelse xmlns:k="http://kodeverk.bluegarden.no/object/v1">Lærer</k:Beskrivelse></Stillingskode></Arbeidsforhold>')


def person(*jobs: str, number: int = 1, end: str = "", employer: str = "2121200") -> str:
    return (f"<Ansatt><PersonID>#{number}</PersonID><StartDato>2020-08-01</StartDato>{end}<Fornavn>Test{number}</Fornavn>"
            f"<Etternavn>Testesen</Etternavn><AnsattNummer>0{number}</AnsattNummer><Fodselsnummer>{national_id(number)}"
            f"</Fodselsnummer><ArbeidsgiverNummer>{employer}</ArbeidsgiverNummer>{''.join(jobs)}</Ansatt>")


def people(*persons: str) -> str:
    return f'<AnsattList xmlns="http://ansattlist.bluegarden.no/object/v3_1">{"".join(persons)}</AnsattList>'


def answer(body: str) -> str:
    """As the service gives it."""
    return ('<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/"><soapenv:Header/><soapenv:Body>'
            f"{body}</soapenv:Body></soapenv:Envelope>")


def listed(code: str, name: str, above: str) -> str:
    return (f"<OrgUnit><OrgUnitId>{code}</OrgUnitId><OrgNavn>{name}</OrgNavn><GroupId>2121200/{code:0>10}</GroupId>"
            f"<ParentGroupId>2121200/{above:0>10}</ParentGroupId><ErAktiv>true</ErAktiv></OrgUnit>")


ORG_LIST = answer('<getOrgListResponse xmlns="http://bluegarden.no/organisation/structure/service/v31"><OrgList xmlns="http://'
                  f'bluegarden.no/organisation/structure/object/v31">{listed("0", "Eksempel kommune", "0")}'
                  f'{listed("12", "Lia skole", "0")}{listed("13", "SFO", "12")}</OrgList></getOrgListResponse>')
ORG_UNIT = answer('<getOrgUnitResponse xmlns="http://bluegarden.no/organisation/structure/service/v31"><OrgUnit>'
                  "<OrgNavn>Lia skole</OrgNavn><GroupId>2121200/0000000012</GroupId>"
                  "<ParentGroupId>2121200/0000000000</ParentGroupId><OrgnrBedrift>974000001</OrgnrBedrift></OrgUnit></getOrgUnitResponse>")


@pytest.fixture
def paga(tmp_path: Path) -> Any:
    """Reads answers in one folder, with those about the units."""
    def read(*answers: str, units: tuple[str, ...] = (ORG_LIST, ORG_UNIT), **settings: Any) -> dict[str, RawTable]:
        for n, content in enumerate((*answers, *units)):
            saved(tmp_path / "paga" / f"{n}.xml", content)
        return raw(tmp_path / "paga", "paga", **settings)

    return read


def test_paga_gives_people_positions_and_units(paga: Any) -> None:
    """contract#adapter-paga."""
    tables = paga(people(person(job(), job("13", number="2"))))
    assert rows(tables, "employees") == [{"employee_number": "01", "national_id": national_id(1), "given_name": "Test1",
                                          "family_name": "Testesen", "email": None}]
    assert rows(tables)[0] == {
        "position_id": "01:1", "employee_number": "01", "org_number": "974000001", "position_code": "7960",
        "position_title": "Lærer", "percentage": None, "start_date": "2020-08-01", "end_date": None}
    assert [(p["position_id"], p["org_number"]) for p in rows(tables)] == [("01:1", "974000001"), ("01:2", "974000001")]
    assert rows(tables, "org_units") == [
        {"org_number": "974000001", "name": "Lia skole", "type": None, "parent_org_number": None}]
    assert notes(tables) == {}


def test_answers_unit_by_unit_repeat_people_and_are_one_extract(paga: Any) -> None:
    """contract#adapter-paga."""
    message = '<v:GetAnsattListResultMessage xmlns:v="http://ansattlist.bluegarden.no/service/v3_1">{}</v:GetAnsattListResultMessage>'
    tables = paga(*(answer(message.format(people(*persons))) for persons in (
        [person(job())], [person(job("13", number="2")), person(job("0000000013"), number=2)], [])))
    admitted = admit("hrm", DAY, tables, delta=False, key=b"key", max_rejected_percent=0)
    assert admitted.tables["employees"]["employee_number"].to_pylist() == ["01", "02"]
    assert sorted(admitted.tables["positions"]["position_id"].to_pylist()) == ["01:1", "01:2", "02:1"]
    assert set(admitted.tables["positions"]["org_number"].to_pylist()) == {"974000001"}


@pytest.mark.parametrize("again", [job(), job("13"), job(status="Sluttet")])
def test_a_position_of_a_person_in_two_answers_is_refused(paga: Any, again: str) -> None:
    """contract#adapter-paga."""
    with pytest.raises(RefusedExtract, match=r"a position of a person stands in two files, in 0\.xml too") as refused:
        paga(people(person(job(), job("12", number="2"))), people(person(job(number="3"), again)))
    assert refused.value.file == "1.xml" and "one day's files" in str(refused.value.remedy)
    assert len(rows(paga(people(person(job())), people(person(job(number="3"))), units=(ORG_LIST, ORG_UNIT)))) == 2


def test_answers_about_units_may_come_in_any_order(paga: Any) -> None:
    """contract#adapter-paga."""
    tables = paga(people(person(job("13"))), units=(ORG_UNIT, ORG_LIST))
    assert [p["org_number"] for p in rows(tables)] == ["974000001"]


@pytest.mark.parametrize(("status", "own", "persons", "end"), [
    ("Aktiv", "", "", "open"), ("Permisjon", "", "", "open"), ("Sluttet", "", "", "absent"),
    ("Sluttet", f"<Stoppdato>{OPEN}</Stoppdato>", "", "absent"), ("sluttet", "", "", "absent"),
    ("Sluttet", "<Stoppdato>2025-02-28</Stoppdato>", "", "2025-02-28"),
    ("Sluttet", "<Sluttdato>2025-02-28</Sluttdato>", "", "2025-02-28"),
    ("Sluttet", "", "<SluttDato>2025-02-27</SluttDato>", "2025-02-27"),
    ("Sluttet", "", "<SluttDato>2025-03-09</SluttDato>", "2025-03-09"),
    ("Sluttet", "", "<SluttDato>2025-03-10</SluttDato>", "absent"),
    ("Sluttet", "", "<SluttDato>2025-08-31</SluttDato>", "absent"),
    ("Sluttet", "", "<SluttDato>soon</SluttDato>", "soon"),
    ("Sluttet", "<Stoppdato>2025-08-30</Stoppdato>", "<SluttDato>2025-08-31</SluttDato>", "2025-08-30"),
    ("Permisjon", "<Stoppdato>2025-06-20</Stoppdato>", "<SluttDato>2025-05-31</SluttDato>", "2025-05-31"),
    ("Aktiv", "<Stoppdato>2025-04-30</Stoppdato>", "<SluttDato>2025-05-31</SluttDato>", "2025-04-30"),
    ("Aktiv", "<Stoppdato>soon</Stoppdato>", "", "soon")])
def test_a_position_on_leave_is_one_and_an_ended_one_without_an_end_is_absent(
    paga: Any, status: str, own: str, persons: str, end: str
) -> None:
    """contract#adapter-paga."""
    found = [p["end_date"] or "open" for p in rows(paga(people(person(job(status=status, end=own), end=persons))))]
    assert found == ([] if end == "absent" else [end])


def test_without_a_number_a_paga_position_is_known_by_unit_and_start(paga: Any) -> None:
    """contract#adapter-paga."""
    assert [p["position_id"] for p in rows(paga(people(person(job(number="")))))] == ["01:12:2020-08-01"]


def test_a_paga_unit_has_the_number_that_the_settings_say_before_its_own(paga: Any) -> None:
    """contract#adapter-paga."""
    numbers = {"values": {"org_number": {"0000000013": "974000002", "0": "964000000"}}}
    tables = paga(people(person(job(), job("13", number="2"), job("0", number="3"), job("99", number="4"))), **numbers)
    assert [p["org_number"] for p in rows(tables)] == ["974000001", "974000002", "964000000", None]
    assert notes(tables) == {"topmost_org_number": 1}
    assert [(o["org_number"], o["type"], o["parent_org_number"]) for o in rows(tables, "org_units")] == [
        ("964000000", "kommune", None), ("974000001", None, "964000000"), ("974000002", None, "974000001")]


def test_of_several_employers_one_must_be_chosen(paga: Any) -> None:
    """contract#adapter-paga."""
    two = people(person(job()), person(job(), number=2, employer="3"))
    with pytest.raises(RefusedExtract, match=r"more than one employer \(ArbeidsgiverNummer\)") as refused:
        paga(two)
    assert refused.value.remedy == "Set `employer`" and refused.value.file == "0.xml"
    assert [e["employee_number"] for e in rows(paga(two, employer="2121200"), "employees")] == ["01"]
    with pytest.raises(RefusedExtract, match="no position stands at a unit with an organisation number"):
        paga(two, employer="3")  # whose units are others


@pytest.mark.parametrize(("body", "problem"), [
    (answer("<soapenv:Fault><faultcode>error</faultcode></soapenv:Fault>"), "answered with an error instead of a list"),
    (people("<Ansatt><Fornavn>Test1</Fornavn></Ansatt>"), "nobody can be read"),
])
def test_an_answer_that_is_no_list_of_people_is_refused(paga: Any, body: str, problem: str) -> None:
    """contract#adapter-paga."""
    with pytest.raises(RefusedExtract, match=problem):
        paga(body)


# --- both ------------------------------------------------------------------------------------------------------------

WHOLE = {"stamdata3": export(resource(employment(relation("011000")))), "paga": people(person(job()))}
WITHIN = {"stamdata3": ("<ExportInfo><Resources><Resource><FirstName>", "</FirstName></Resource></Resources></ExportInfo>"),
          "paga": ("<AnsattList><Ansatt><Fornavn>", "</Fornavn></Ansatt></AnsattList>")}
LAUGHS = ('<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "' + "ha" * 100 + '">' + "".join(
    f'<!ENTITY {b} "{f"&{a};" * 100}">' for a, b in zip("abcdefg", "bcdefgh", strict=True)) + "]>")


@pytest.mark.parametrize("adapter", WHOLE)
@pytest.mark.parametrize(("broken", "problem"), [
    (lambda whole, open_, close: whole[:-30], "the XML is broken, or breaks off"),
    (lambda whole, open_, close: "", "the XML is broken"),
    (lambda whole, open_, close: "<html><body>Log in</body></html>", "the document is no <"),
    (lambda whole, open_, close: f"<wrong>{open_}T{close}</wrong>", "the document is no <"),
    (lambda whole, open_, close: f"{open_}{'x' * 12_000_000}{close}", "the XML is broken"),
    (lambda whole, open_, close: f"{open_}Test1</FirstName></Fornavn>", "the XML is broken"),
    (lambda whole, open_, close: f"{LAUGHS}{open_}&h;{close}", "the XML is broken"),
    (lambda whole, open_, close: f"<!DOCTYPE x SYSTEM 'file:///etc/passwd'>{open_}T{close}", "declares a document type"),
    (lambda whole, open_, close: f"{open_}T{'<x>y</x>' * 5_000_000}{close}", "a part of the document is larger than 32 MB"),
])
def test_a_file_that_is_broken_or_a_bomb_is_refused_by_name(tmp_path: Path, adapter: str, broken: Any, problem: str) -> None:
    """contract#refused-extract."""
    file = saved(tmp_path / "f.xml", broken(WHOLE[adapter], *WITHIN[adapter]))
    with pytest.raises(RefusedExtract) as refused:
        raw(file, adapter)
    assert problem in refused.value.problem and refused.value.file == "f.xml"


@pytest.mark.parametrize("adapter", WHOLE)
def test_other_encodings_are_read_as_the_file_declares_them(tmp_path: Path, adapter: str) -> None:
    text = WHOLE[adapter].replace("Testesen", "Åsøy").removeprefix('<?xml version="1.0" encoding="utf-8"?>')
    file = saved(tmp_path / "f.xml", f'<?xml version="1.0" encoding="iso-8859-1"?>{text}', "iso-8859-1")
    tables = raw(file, adapter, values={"org_number": {"011000": "1", "12": "1"}})
    assert [e["family_name"] for e in rows(tables, "employees")] == ["Åsøy"]


@pytest.mark.parametrize("adapter", WHOLE)
def test_values_translate_other_columns_too_and_a_unit_once(tmp_path: Path, adapter: str) -> None:
    values = {"org_number": {"011000": "1", "12": "1", "1": "2"}, "position_title": {"Lærer": "Teacher"}}
    tables = raw(saved(tmp_path / "f.xml", WHOLE[adapter]), adapter, values=values)
    admitted = admit("hrm", DAY, tables, delta=False, key=b"key", max_rejected_percent=0)
    assert admitted.tables["positions"]["position_title"].to_pylist() == ["Teacher"]
    assert admitted.tables["positions"]["org_number"].to_pylist() == ["1"]


def test_many_people_are_read_in_little_memory_though_they_lie_deep(tmp_path: Path) -> None:
    """Together they are larger than any single part may be."""
    one = resource(employment(relation("011000"), relation("1170", "x" * 3000)))
    file = saved(tmp_path / "f.xml", export(*([one] * 12_000)))
    assert file.stat().st_size > 40 << 20
    assert len(rows(raw(file, "stamdata3", **NUMBERS), "employees")) == 12_000
