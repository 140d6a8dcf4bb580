"""The text of a digest: what is counted, what is named, and what a recipient does not see."""

import re
from datetime import date, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from ingest.canonical_tables import TABLES
from ingest.expectations import _suite
from publish import data_problems
from publish.alerts.due import Event, Item, LookedAt
from publish.alerts.items import State, only_problems, problem, removed_rows
from publish.alerts.messages import Message, compose
from publish.alerts.recipients import Alerts, Recipient

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
    ([], [], "ingenting nytt, 0 åpne"),
    (opened(case("a")), [case("a")], "1 ny sak, 1 åpne"),
    (opened(case("a"), case("b")), [case("a"), case("b"), case("c")], "2 nye saker, 3 åpne"),
    ([Event("resolved", case("a", status="resolved"))], [case("c", status="excepted")], "1 løst, 0 åpne"),
    ([Event("escalated", case("a"), 7), Event("changed", case("b")), Event("excepted", case("c", status="excepted"))],
     [case("a"), case("b")], "1 blitt noe annet, 1 har stått lenge, 1 unntatt, 2 åpne"),
    (opened(problem("source_down", "hrm", DAY, system="hrm")), [], "1 problem med dataene, 0 åpne"),
    (opened(problem("source_down", "hrm", DAY, system="hrm"), STOPPED, case("a")), [case("a")],
     "2 problemer med dataene, 1 ny sak, 1 åpne"),
    ([Event("resolved", STOPPED)], [], "1 problem er over, 0 åpne"),
    ([Event("resolved", STOPPED), Event("resolved", problem("extract_stale", "vfs", DAY))], [], "2 problemer er over, 0 åpne"),
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
        "Problemer med dataene (1)\n- Den daglige kjøringen stoppet: den stoppet i publiseringen. Det som er publisert, står som "
        "før. Datateamet ser hvorfor i Dagster, i kjøringen «r1».")


def test_a_recipient_of_problems_alone_is_shown_no_case() -> None:
    down = problem("extract_refused", "hrm:2025-03-09", DAY, facts=[{"code": "refused", "file": "positions.csv", "line": 12,
                                                                       "column": "start_date"}])
    composed = message(*opened(down), items=(case("a"), down), recipient=Recipient(findings=False, data_problems=True),
                       alerts=Alerts(report_url="https://report.test"))
    assert composed.title == "Advarsel – Sluttdato 10.03.2025: 1 problem med dataene"
    assert composed.body == (
        "Problemer med dataene (1)\n- HRM 09.03.2025: uttrekket er avvist: filen «positions.csv» kunne ikke brukes (linje 12, "
        "kolonne «start_date»). Datateamet ser den tekniske teksten i Dagster eller med «sluttdato status», og ber om et nytt.")


def test_a_problem_that_is_over_is_named_without_its_details() -> None:
    body = message(Event("resolved", problem("extract_stale", "vfs", DAY, current=DAY, age_days=7))).body
    assert "Problemer som er over (1)\n- VFS: uttrekket er for gammelt\n" in body and "7 dager" not in body


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
        "- HRM 09.03.2025: uttrekket er i karantene: antallet ansatte er falt fra 50 (det høyeste antallet på 30 dager) til 28. "
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
        "- HRM: listene er ikke oppdatert: de er laget av uttrekket fra 09.03.2025, og kan mangle det som har skjedd etter det. "
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
