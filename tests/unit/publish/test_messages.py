"""The text of a digest: what is counted, what is named, and what a recipient does not see."""

import re
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from ingest.canonical_tables import TABLES
from ingest.expectations import _suite
from publish import data_problems, labels
from publish.alerts.due import Event, Item, LookedAt, Memory, due
from publish.alerts.items import State, only_problems, problem, removed_rows
from publish.alerts.messages import Message, compose
from publish.alerts.recipients import Alerts, Recipient
from publish.headline import Headline
from tests.support.bokmaal import codes, english_words

DAY = date(2025, 3, 10)
EVERYBODY = Recipient(data_problems=True)
STOPPED = problem("run_failed", "daily", DAY, failed_in=["published"], stopped_in=[], last_ended=None, run_id="r1")


def case(name: str, *, status: Any = "open", since: date = DAY, org: str | None = "S1", **details: Any) -> Item:
    person = {"org_name": "Lia skole", "employee_number": "001", "given_name": "Test", "family_name": None}
    return Item((name, name.upper()), "stale_position", status, since, org, details=person | details)


def message(*events: Event, items: tuple[Item, ...] = (), recipient: Recipient = EVERYBODY, alerts: Alerts | None = None,
            not_assessable: tuple[str, ...] = (), uncertain: tuple[str, ...] = ()) -> Message:
    state = State(DAY, list(items), [], list(not_assessable), LookedAt())
    return compose(alerts or Alerts(), recipient, state, list(events), lambda e: e.item.key[0] in uncertain)


def opened(*items: Item) -> list[Event]:
    return [Event("opened", i) for i in items]


@pytest.mark.parametrize(("events", "items", "title"), [
    ([], [], "ingenting nytt, ingen åpne"),
    (opened(case("a")), [case("a")], "1 ny sak, 1 åpen"),
    (opened(case("a"), case("b")), [case("a"), case("b"), case("c")], "2 nye saker, 3 åpne"),
    ([Event("resolved", case("a", status="resolved"))], [case("c", status="excepted")], "1 løst, ingen åpne"),
    ([Event("escalated", case("a"), 7), Event("changed", case("b")), Event("excepted", case("c", status="excepted"))],
     [case("a"), case("b")], "1 blitt noe annet, 1 har stått lenge, 1 unntatt, 2 åpne"),
    (opened(problem("source_down", "hrm", DAY, system="hrm")), [], "1 problem med dataene, ingen åpne"),
    (opened(problem("source_down", "hrm", DAY, system="hrm"), STOPPED, case("a")), [case("a")],
     "2 problemer med dataene, 1 ny sak, 1 åpen"),
    ([Event("resolved", STOPPED)], [], "1 problem er over, ingen åpne"),
    ([Event("resolved", STOPPED), Event("resolved", problem("extract_stale", "vfs", DAY))], [],
     "2 problemer er over, ingen åpne"),
])
def test_the_title_counts_what_is_new_what_is_over_and_what_is_open(
    events: list[Event], items: list[Item], title: str
) -> None:
    assert message(*events, items=tuple(items)).title.partition("Sluttdato ")[2] == f"10.03.2025: {title}"


def test_a_message_of_problems_alone_that_are_over_does_not_say_that_nothing_is_new() -> None:
    team = Recipient(findings=False, data_problems=True)
    assert message(Event("resolved", STOPPED), recipient=team).title == "Sluttdato 10.03.2025: 1 problem er over"


def test_after_a_run_that_failed_cases_are_not_counted() -> None:
    composed = compose(Alerts(), EVERYBODY, only_problems(DAY, [STOPPED]), opened(STOPPED), lambda e: False)
    assert composed.title == "Feil – Sluttdato 10.03.2025: 1 problem med dataene" and composed.still_open == 0
    assert composed.body == (
        "Problemer med dataene (1)\n- Den daglige kjøringen stoppet. Den stoppet i publiseringen. Det som er publisert, står som "
        "før. Datateamet ser hvorfor i Dagster, i kjøringen «r1».")


def test_a_recipient_of_problems_alone_is_shown_no_case() -> None:
    down = problem("extract_refused", "hrm:2025-03-09", DAY, facts=[{"code": "refused", "file": "positions.csv", "line": 12,
                                                                       "column": "start_date"}])
    composed = message(*opened(down), items=(case("a"), down), recipient=Recipient(findings=False, data_problems=True),
                       alerts=Alerts(report_url="https://report.test"))
    assert composed.title == "Advarsel – Sluttdato 10.03.2025: 1 problem med dataene"
    assert composed.body == (
        "Problemer med dataene (1)\n- HRM 09.03.2025: Uttrekket er avvist. Filen «positions.csv» kunne ikke brukes (linje 12, "
        "kolonne «start_date»). Datateamet ser den tekniske teksten i Dagster eller med «sluttdato status», og ber om et nytt.")


def test_a_problem_that_is_over_is_named_without_its_details() -> None:
    body = message(Event("resolved", problem("extract_stale", "vfs", DAY, current=DAY, age_days=7))).body
    assert "Problemer som er over (1)\n- VFS: Uttrekket er for gammelt\n" in body and "7 dager" not in body


@pytest.mark.parametrize(("about", "count", "line", "over"), [
    ("hrm_employees/expect_column_values_to_not_be_null/given_name", 3,
     "HRM, ansatte: 3 rader uten verdi for fornavn", "HRM, ansatte: rader uten verdi for fornavn"),
    ("vfs_accesses/expect_column_values_to_be_in_set/start_date_is_plausible", 1,
     "VFS, tilganger: 1 rad med en urimelig startdato", "VFS, tilganger: rader med en urimelig startdato"),
    ("vfs_persons/expect_table_row_count_to_be_between/", 1, "VFS, personer: ingen rader", "VFS, personer: ingen rader"),
    ("hrm_positions/expect_column_values_to_be_in_set/owner_is_delivered", 2,
     "HRM, stillinger: 2 rader som hører til noen som ikke er med i uttrekket",
     "HRM, stillinger: rader som hører til noen som ikke er med i uttrekket"),
    ("vfs_org_units/expect_something_new/type", 2, "VFS, enheter: 2 rader som ikke er som ventet",
     "VFS, enheter: rader som ikke er som ventet"),
])
def test_unexpected_rows_are_told_by_table_count_and_what_is_wrong(about: str, count: int, line: str, over: str) -> None:
    rows = problem("unexpected_rows", about, DAY, count=count)
    assert f"Problemer med dataene (1)\n- {line}\n" in message(*opened(rows)).body
    assert f"Problemer som er over (1)\n- {over}\n" in message(Event("resolved", problem("unexpected_rows", about, DAY))).body


class Recorder:
    """In place of Great Expectations: what it is asked to expect."""

    def __getattr__(self, name: str) -> Any:
        if name == "expectations":
            return self
        return lambda **options: SimpleNamespace(kind=re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower(), **options)


def test_every_expectation_of_the_suites_has_words() -> None:
    for table in TABLES:
        for e in _suite(Recorder(), table, full=True).expectations:
            words = data_problems.unexpected_rows(f"{table.versions_name}/{e.kind}/{getattr(e, 'column', '')}")
            assert e.kind.startswith("expect_") and "som ventet" not in words and "en kolonne" not in words, e


def test_a_case_that_opened_and_was_resolved_since_the_last_message_counts_as_resolved_alone() -> None:
    body = message(*opened(case("a")), Event("resolved", case("a", status="resolved"))).body
    assert "Nye saker" not in body and "Løst siden sist: 1" in body


def test_each_kind_of_event_has_its_section_with_its_own_words() -> None:
    old = case("b", since=DAY - timedelta(days=8))
    body = message(*opened(case("a")), Event("changed", case("d")), Event("escalated", old, 7), Event("excepted", case("c")),
                   uncertain=("a", "b", "c")).body
    assert [line for line in body.splitlines() if not line.startswith("-")][:8] == [
        "Nye saker (1)", "", "Saker som er blitt noe annet (1)", "", "Saker som har stått lenge (1)", "", "Unntatt (1)", ""]
    assert "Sak A (kan være sendt før)" in body
    assert "siden 02.03.2025 (8 dager). Sak B, over 7 dager (kan være sendt før)" in body
    assert "Sak C (kan være sendt før)" in body and body.count("kan være sendt før") == 3


def test_a_recipients_open_cases_are_counted_by_type() -> None:
    leader = Recipient(org_numbers=["S2"])
    items = (case("a"), case("b", org="S2"), case("c", org="S2"), case("d", org=None), case("e", org="S2", status="excepted"))
    composed = message(*opened(items[1]), items=items, recipient=leader)
    assert "Åpne saker i alt: 2\n- Aktiv stilling uten grunnlag i HRM: 2" in composed.body
    assert composed.still_open == 1  # the one that is new is not still open


def test_a_message_names_the_types_that_cannot_be_assessed_to_recipients_of_these_types() -> None:
    unknown = ("manual_position", "inactive_with_access")
    assert "Kan ikke vurderes nå: Manuelt registrert; Inaktive med tilgang" in message(not_assessable=unknown).body
    some = Recipient(finding_types=["stale_position", "manual_position"])
    assert message(not_assessable=unknown, recipient=some).body.endswith("Kan ikke vurderes nå: Manuelt registrert")
    assert "Kan ikke" not in message(not_assessable=unknown, recipient=Recipient(finding_types=["stale_position"])).body


@pytest.mark.parametrize(("since", "age"), [(DAY, ""), (DAY - timedelta(days=1), ""), (DAY - timedelta(days=2), " (2 dager)")])
def test_a_line_names_type_place_person_age_and_number(since: date, age: str) -> None:
    body = message(*opened(case("a", since=since))).body
    assert f"- Aktiv stilling uten grunnlag i HRM, Lia skole, ansatt 001, siden {since:%d.%m.%Y}{age}. Sak A" in body.splitlines()
    unnamed = message(*opened(case("a", org_name=None, employee_number=None))).body
    assert "- Aktiv stilling uten grunnlag i HRM, S1, siden 10.03.2025. Sak A" in unnamed.splitlines()


@pytest.fixture
def diff(tmp_path: Path) -> Path:
    file = tmp_path / "hrm" / "2025-03-09-abc.csv"
    file.parent.mkdir()
    rows = [f"employees,{n:02d},gone,{n:02d}," for n in range(22)] + ["positions,h1,gone,01,S1", "positions,h9,new,99,S1"]
    file.write_text("table_name,key,change,owner,org_number\n" + "\n".join(rows) + "\n")
    return file


def quarantined(diff: Path) -> Event:
    return Event("opened", problem(
        "extract_quarantined", "hrm:2025-03-09", DAY, system="hrm", day="2025-03-09", diff=diff, is_withheld=True,
        current=date(2025, 3, 8), facts=[{"code": "fell", "what": "employees", "before": 50, "now": 28, "days": 30}]))


def test_a_quarantined_extract_comes_with_whom_it_would_remove_and_how_to_accept_it(diff: Path) -> None:
    assert removed_rows(diff) == ({"employees": 22, "positions": 1}, [f"{n:02d}" for n in range(22)])
    lines = message(quarantined(diff)).body.splitlines()[1:5]
    assert lines == [
        "- HRM 09.03.2025: Uttrekket er i karantene. Antallet ansatte er falt fra 50 (det høyeste antallet på 30 dager) til 28. "
        "Til det er avgjort, lages listene av uttrekket fra 08.03.2025, og kan mangle det som har skjedd etter det. Datateamet "
        "slipper det inn eller ber om et nytt.",
        "  Ville ha fjernet: 22 ansatte, 1 stilling", f"  Gjelder: {', '.join(f'{n:02d}' for n in range(20))} og 2 til",
        "  Hele listen: «quarantined/hrm/2025-03-09-abc.csv». Er det riktig likevel: "
        "«sluttdato accept hrm 2025-03-09 --reason … --by …»"]


def test_whom_an_extract_would_remove_is_not_named_to_a_recipient_who_sees_no_people(diff: Path) -> None:
    body = message(quarantined(diff), recipient=Recipient(data_problems=True, identify_by="none")).body
    assert "Gjelder" not in body and "22 ansatte" in body


# --- what whoever acts on the lists is told ----------------------------------------------------------------------------


def outdated(**stopping: int) -> Item:
    return problem("lists_outdated", "hrm", DAY, system="hrm", current=date(2025, 3, 9), withheld=[DAY], stopping=stopping)


@pytest.mark.parametrize(("org_numbers", "count"), [
    (None, " 12 stillinger ville ha sluttet med det nyeste."), (["S2"], " 1 stilling ville ha sluttet med det nyeste."),
    (["S3"], "")])
def test_a_withheld_extract_is_told_in_words_of_what_it_means_for_the_lists(org_numbers: list[str] | None, count: str) -> None:
    """contract#withheld-system"""
    body = message(*opened(outdated(S1=11, S2=1)), recipient=Recipient(org_numbers=org_numbers)).body
    assert body.splitlines()[:2] == [
        "Problemer med dataene (1)",
        "- HRM: Listene er ikke oppdatert. De er laget av uttrekket fra 09.03.2025, og kan mangle det som har skjedd etter det. "
        f"Det som ble levert for 10.03.2025, er holdt tilbake.{count} Datateamet ser på det, og slipper det inn eller ber om et "
        "nytt. Sakene som står i listene, kan du arbeide videre med."]


def emptied(org: str) -> Item:
    return Item(("units_emptied", f"hrm:2025-03-10:{org}"), "units_emptied", "open", DAY, org, is_problem=True, details={
        "system": "hrm", "org_name": "Lia skole", "active_positions_before": 18, "emptied_on": DAY})


def test_the_new_cases_of_an_emptied_unit_are_counted_under_it_and_not_listed() -> None:
    """contract#emptied-org-unit"""
    of_unit = [case(name, first_seen_on=DAY) for name in "ab"]
    others = [case("c", org="S2", first_seen_on=DAY), case("d", since=date(2025, 3, 9), first_seen_on=date(2025, 3, 9))]
    composed = message(*opened(emptied("S1"), *of_unit, *others), items=(*of_unit, *others))
    sections = [section.splitlines() for section in composed.body.split("\n\n")]
    assert sections[0] == [
        "Enheter uten stillinger igjen (1)",
        "- Enhet Lia skole (S1): 18 stillinger borte fra HRM 10.03.2025. Er enheten lagt ned, eller mangler en del av uttrekket? "
        "2 nye saker, se listen."]
    assert sections[1][0] == "Nye saker (2)" and [line[-1] for line in sections[1][1:]] == ["C", "D"]
    assert composed.title == "Advarsel – Sluttdato 10.03.2025: 1 enhet uten stillinger, 4 nye saker, 4 åpne"
    assert "saker" not in message(*opened(emptied("S1")), recipient=Recipient(findings=False, data_problems=True)).body


def test_the_keys_of_people_in_a_checks_text_are_left_out_for_a_recipient_who_sees_no_people() -> None:
    failed = problem("check_failed", "rejected_rows.rows_are_readable", DAY, figures={"kept_rows": 2},
                     keys="hrm positions position_id=h1")
    assert "  Gjelder: HRM stillinger stillings-id h1" in message(*opened(failed)).body.splitlines()
    assert "h1" not in message(*opened(failed), recipient=Recipient(data_problems=True, identify_by="none")).body


# --- how grave it is ---------------------------------------------------------------------------------------------------

WITHHELD = problem("extract_refused", "hrm:2025-03-09", DAY, facts=[], is_withheld=True, current=DAY)


def severe(name: str) -> Item:
    return replace(case(name), finding_type="active_vfs_inactive_hrm")


@pytest.mark.parametrize(("events", "severity"), [
    ([], "info"),
    (opened(case("a")), "info"),
    (opened(case("a"), severe("b")), "warning"),
    ([Event("changed", severe("a"))], "warning"),
    ([Event("escalated", severe("a"), 7)], "info"),
    ([Event("excepted", severe("a"))], "info"),
    ([Event("resolved", severe("a"))], "info"),
    ([Event("contradicted", case("a", claim="contradicted", claimed_on=DAY))], "warning"),
    (opened(STOPPED), "failure"),
    (opened(problem("source_down", "hrm", DAY, system="hrm"), severe("a")), "failure"),
    (opened(WITHHELD), "failure"),
    (opened(replace(WITHHELD, details={"facts": [], "is_withheld": False})), "warning"),  # a newer one is used
    (opened(problem("extract_stale", "vfs", DAY, current=DAY, age_days=7)), "failure"),
    (opened(problem("check_failed", "x.match_rate_holds", DAY, figures={}, is_error=True)), "failure"),
    (opened(problem("check_failed", "x.folders_are_days", DAY, figures={}, is_error=False)), "warning"),
    (opened(problem("unexpected_rows", "vfs_persons/e/given_name", DAY, count=1, is_error=False)), "warning"),
    (opened(problem("unexpected_rows", "vfs_persons/e/given_name", DAY, count=1, is_error=True)), "failure"),
    ([Event("resolved", STOPPED), Event("resolved", WITHHELD)], "info"),
])
def test_a_message_is_as_grave_as_the_gravest_of_its_events(events: list[Event], severity: str) -> None:
    """contract#message-severity"""
    composed = message(*events)
    beginning = {"failure": "Feil – Sluttdato", "warning": "Advarsel – Sluttdato", "info": "Sluttdato"}[severity]
    assert composed.severity == severity and composed.title.startswith(f"{beginning} 10.03.2025: ")


def test_an_emptied_unit_and_lists_that_stand_still_have_a_severity_too() -> None:
    assert message(*opened(emptied("S1"))).severity == "warning"
    assert message(*opened(outdated()), recipient=Recipient()).severity == "failure"


# --- what matters most, first ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("headline", "recipient", "line"), [
    (Headline(70, 5), EVERYBODY, "75 personer har sluttet eller er ukjente i HRM, og kommer fortsatt inn i VFS."),
    (Headline(0, 1), EVERYBODY, "1 person har sluttet eller er ukjent i HRM, og kommer fortsatt inn i VFS."),
    (Headline(0, 0), EVERYBODY, "Ingen som har sluttet eller er ukjente i HRM, kommer inn i VFS."),
    (Headline(2, 0), Recipient(org_numbers=["S1"]),
     "I hele kommunen: 2 personer har sluttet eller er ukjente i HRM, og kommer fortsatt inn i VFS."),
])
def test_the_figure_that_matters_most_stands_first(headline: Headline, recipient: Recipient, line: str) -> None:
    """contract#has-left-with-access"""
    state = State(DAY, [case("a")], [], [], LookedAt(), headline=headline.sentence())
    body = compose(Alerts(), recipient, state, opened(case("a")), lambda _: False).body
    assert body.splitlines()[0] == line
    team = Recipient(findings=False, data_problems=True)
    assert "HRM" not in compose(Alerts(), team, state, [], lambda _: False).body


def of_unit(unit: str, count: int, *, priority: int, **details: Any) -> list[Item]:
    return [case(f"{unit}{n:02d}", org=unit, org_name=f"{unit} skole", priority=priority, family_name=f"Test{n:02d}", **details)
            for n in range(count)]


def new_cases(alerts: Alerts, *items: Item) -> list[str]:
    body = message(*opened(*items), items=items, alerts=alerts, recipient=Recipient(identify_by="none")).body
    section, = [s.splitlines() for s in body.split("\n\n") if s.startswith("Nye saker")]
    return section


def test_hundreds_of_new_cases_are_counted_by_unit_the_most_urgent_first() -> None:
    many = [*of_unit("Ask", 90, priority=4), *of_unit("Fossen", 9, priority=2, has_left_with_access=True),
            *of_unit("Lia", 3, priority=2, has_left_with_access=True), *of_unit("Dal", 1, priority=1),
            *of_unit("Ek", 2, priority=4)]
    lines = new_cases(Alerts(newest=4), *many)
    assert lines[:6] == [
        "Nye saker (105), de enhetene som haster mest først", "- Dal skole: 1 ny",
        "- Fossen skole: 9 nye, 9 av dem kan logge inn uten å være aktive i HRM",
        "- Lia skole: 3 nye, 3 av dem kan logge inn uten å være aktive i HRM", "- Ask skole: 90 nye",
        "- og 2 nye ved 1 enhet til"]
    assert lines[6] == "De som haster mest:"
    assert [line.rpartition(" ")[2] for line in lines[7:10]] == ["DAL00", "FOSSEN00", "FOSSEN01"]
    assert lines[10:] == ["- og 102 til, se listen"]


def test_as_many_new_cases_as_are_named_stand_one_by_one_and_those_of_one_unit_always() -> None:
    few = [*of_unit("Ask", 2, priority=4), *of_unit("Dal", 2, priority=2)]
    assert [line.rpartition(" ")[2] for line in new_cases(Alerts(newest=4), *few)[1:]] == ["DAL00", "DAL01", "ASK00", "ASK01"]
    one_unit = new_cases(Alerts(newest=2), *of_unit("Ask", 3, priority=4), *of_unit("Ask", 1, priority=1))
    assert one_unit[0] == "Nye saker (4)" and len(one_unit) == 4 and one_unit[3] == "- og 2 til, se listen"


def test_a_message_that_names_no_case_counts_them() -> None:
    assert new_cases(Alerts(newest=0), *of_unit("Ask", 2, priority=4), *of_unit("Dal", 2, priority=2)) == [
        "Nye saker (4), de enhetene som haster mest først", "- og 4 nye ved 2 enheter til"]


def test_cases_of_every_kind_stand_by_priority_unit_and_name() -> None:
    """contract#message-severity"""
    def person(name: str, org: str, priority: int | None, family: str) -> Item:
        return case(name, org_name=org, priority=priority, family_name=family)

    items = [person("e", "Ask", None, "Aas"), person("d", "Dal", 2, "Ås"), person("c", "Ask", 2, "Ås"),
             person("b", "Ask", 2, "Bø"), person("a", "Ek", 1, "Ås")]
    for kind in ("opened", "changed", "excepted", "escalated"):
        body = message(*(Event(kind, i) for i in items)).body
        assert re.findall(r"Sak ([A-E])\b", body) == ["A", "B", "C", "D", "E"], kind


# --- what is over ------------------------------------------------------------------------------------------------------


def resolved_since(recipient: Recipient, newest: int = 10) -> list[str]:
    gone = [Event("resolved", Item((name, f"S-{name}"), "stale_position", "resolved", DAY)) for name in ("v2", "v1", "v3")]
    rows = [{"subject_id": "v1", "case_number": "S-v1", "given_name": "Test", "family_name": "Testesen", "employee_number": "001",
             "org_name": "Lia skole", "done_on": DAY},
            {"subject_id": "v2", "case_number": "S-v2", "given_name": None, "family_name": None, "employee_number": "002",
             "org_name": "Å skole", "done_on": None}]
    body = compose(Alerts(newest=newest), recipient, State(DAY, [], rows, [], LookedAt()), gone, lambda _: False).body
    return body.split("\n\n")[0].splitlines()


def test_resolved_cases_are_named_as_the_recipient_allows_and_it_worked_where_somebody_said_that_it_was_done() -> None:
    assert resolved_since(Recipient(identify_by="name")) == [
        "Løst siden sist: 3", "- Aktiv stilling uten grunnlag i HRM. Sak S-v3",
        "- Aktiv stilling uten grunnlag i HRM, Lia skole, Test Testesen, ansatt 001. Sak S-v1: Det virket",
        "- Aktiv stilling uten grunnlag i HRM, Å skole, ansatt 002. Sak S-v2"]
    assert resolved_since(Recipient(identify_by="none"), newest=2)[2:] == [
        "- Aktiv stilling uten grunnlag i HRM, Lia skole. Sak S-v1: Det virket", "- og 1 til, se listen"]


def test_a_case_that_is_new_and_contradicted_is_listed_once() -> None:
    said = case("a", claim="contradicted", claimed_on=DAY)
    composed = message(Event("opened", said), Event("contradicted", said), items=(said,))
    assert composed.body.count("Sak A") == 1 and composed.title.endswith("1 meldt gjort som VFS fortsatt viser, 1 åpen")
    assert composed.still_open == 0


def test_who_gets_both_cases_and_data_problems_is_told_once_what_a_withheld_extract_means_for_the_lists() -> None:
    """contract#withheld-system"""
    both = Recipient(data_problems=True)
    events = due(both, [replace(WITHHELD, details={**WITHHELD.details}), outdated()], Memory(), DAY, looked_at=LookedAt())
    body = message(*events, recipient=both).body
    assert body.count("kan mangle det som har skjedd etter det") == 1 and "lages listene av uttrekket fra 10.03.2025" in body


# --- bokmål ------------------------------------------------------------------------------------------------------------

FIGURES = [
    {}, {"kept_rows": 1, "may_miss_rows": 2}, {"matched_percent": 40.5, "matched_percent_before": 98.0},
    {"matched_percent": 12.0}, {"hrm/positions/start_date": 45, "vfs/persons/national_id_hash": 30, "vfs/accesses/end_date": 9},
    {"hrm/frozen_days": 8, "vfs/frozen_days": 15, "hrm/unchanged_days": 8}, {"hrm/passed_over": 1, "vfs/passed_over": 3},
    dict.fromkeys(data_problems.COMPARISONS, 2) | {"positions_elsewhere": 60},
    {"is_assessable": 0, "persons": 0, "accesses": 3, "candidate_groups": 1}, {"is_assessable": 1, "persons": 2, "accesses": 3},
    {"is_assessable": 1, "persons": 0, "accesses": 0}, {"failing_rows": 1},
]
FACTS = [
    {"code": "mistyped", "days": 61, "oldest": "2025-05-10"}, {"code": "empty", "tables": ["employees", "persons", "accesses"]},
    {"code": "fell", "what": "active positions", "before": 1800, "now": 1470, "days": 30},
    {"code": "rose", "what": "persons who may log in", "before": 10, "now": 200, "let_in": "2025-03-01"},
    {"code": "fell", "what": "accesses", "before": 180, "now": 14, "of": "2025-03-01"},
    {"code": "keys_gone", "what": "persons", "count": 3, "total": 4}, {"code": "active_again", "count": 7, "total": 10},
    {"code": "dates_lost", "count": 20, "total": 30}, {"code": "ownerless", "count": 6, "total": 10},
]


def every_problem(diff: Path) -> list[Item]:
    names = [*data_problems.CHECKS, "unique_combination_cases_finding_id"]
    keys = "hrm positions position_id=h1, vfs accesses person_id=p1, 001 / 1 and 3 more"
    steps = [*data_problems.STEPS, "something_new"]
    columns = sorted({c.stored_name for t in TABLES for c in t.columns})
    return [
        *(problem("check_failed", f"cases.{name}", DAY, figures=figures, is_error=True, keys=keys)
          for name in names for figures in FIGURES),
        *(problem("run_failed", name, DAY, failed_in=failed, stopped_in=stopped, last_ended=ended, run_id="r1")
          for name in ("daily", "one_day_again 2025-03-09", "another")
          for failed, stopped, ended in ((steps, [], None), ([], steps, None), ([], [], "take_in"), ([], [], None))),
        problem("source_down", "vfs", DAY, system="vfs"),
        *(problem("extract_stale", system, DAY, current=current, age_days=7) for system in ("hrm", "vfs", "transfer")
          for current in (DAY, None)),
        *(problem("extract_quarantined", "hrm:2025-03-09", DAY, system="hrm", day="2025-03-09", diff=diff, facts=facts,
                  is_withheld=True, current=current) for facts in ([], FACTS) for current in (DAY, None)),
        *(problem("extract_refused", "vfs:2025-03-09", DAY, system="vfs", facts=[{"code": "refused", **place}], is_withheld=False)
          for place in ({}, {"file": "positions.csv"}, {"file": "a.csv, b.csv", "line": 12, "column": "start_date, end_date"})),
        *(problem("lists_outdated", "vfs", DAY, current=current, withheld=withheld, stopping={"S1": 1, "S2": 2})
          for current in (DAY, None) for withheld in ([], [DAY], [DAY, DAY])),
        *(problem("unexpected_rows", f"{t.versions_name}/{e}/{column}", DAY, count=count, is_error=False)
          for t in TABLES for e in (*data_problems._EXPECTATIONS, "expect_something_new", "expect_table_row_count_to_be_between")
          for column in ("start_date_is_plausible", "ends_after_start", "owner_is_delivered", "given_name") for count in (1, 3)),
        *(problem("unexpected_rows", f"vfs_persons/expect_column_values_to_not_be_null/{column}", DAY, count=1, is_error=False)
          for column in columns),
        emptied("S1"),
    ]


def every_case() -> list[Item]:
    return [replace(case(f"{finding_type}{n}", cause=cause, priority=1, claim="contradicted", claimed_on=DAY,
                         has_left_with_access=True, given_name="Ola", family_name="Testesen", org_name=f"Lia{n} skole"),
                    key=(f"v{n}", f"S-{n:08X}"), finding_type=finding_type, org_number=f"S{n}")
            for finding_type in labels.FINDING_TYPES for n, cause in enumerate(["not_sent", "sent_not_applied", *labels.CAUSES])]


@pytest.mark.parametrize("newest", [0, 3, 200])
def test_no_message_holds_an_english_word_or_a_code(diff: Path, newest: int) -> None:
    """contract#messages-in-norwegian"""
    items = [*every_problem(diff), *every_case()]
    kinds: list[Any] = ["opened", "changed", "escalated", "excepted", "contradicted", "resolved"]
    events = [Event(kind, i, 7) for kind in kinds for i in items if kind != "resolved" or i.finding_type != "units_emptied"]
    state = State(DAY, items, [], list(labels.NOT_ASSESSABLE), LookedAt(), headline=Headline(1, 2).sentence())
    for recipient in (Recipient(data_problems=True, identify_by="name"), Recipient(identify_by="none", org_numbers=["S1"])):
        for chosen in (events, [e for e in events if e.kind == "opened"], [e for e in events if e.kind == "resolved"], []):
            composed = compose(Alerts(newest=newest, report_url="https://report.test"), recipient, state, chosen, lambda _: True)
            text = f"{composed.title}\n{composed.body}"
            assert english_words(text) == [], text
            assert codes(text) == [], text
