"""How far the lists can be trusted: which lines are shown, in which words, and what is good only without any doubt."""

from datetime import date
from typing import Any

import pytest

from publish import trust

DAY = date(2025, 7, 31)


def row(system: str = "hrm", **changed: Any) -> dict[str, Any]:
    """A row of `data_freshness` without any doubt, but for what is changed."""
    return {"system": system, "current_extract_date": DAY, "age_days": 0, "status": "fresh", "not_assessable": [],
            "withheld_extracts": 0, "is_too_old": False, "may_be_frozen": False, "unchanged_since": DAY, "kept_rows": 0,
            "may_miss_rows": 0, **changed}


@pytest.mark.parametrize(("freshness", "shown"), [
    (row(), [("good", "HRM: uttrekk fra i dag (31.07.2025).")]),
    (row(age_days=1), [("good", "HRM: uttrekk fra i går (31.07.2025).")]),
    (row(age_days=2), [("good", "HRM: uttrekk fra 31.07.2025, 2 dager gammelt.")]),
    (row(status="withheld", age_days=1, withheld_extracts=1), [
        ("bad", "HRM: uttrekk fra i går (31.07.2025). 1 nyere uttrekk er holdt tilbake. Listen kan mangle personer som sluttet "
                "etter 31.07.2025.")]),
    (row("vfs", status="withheld", age_days=5, withheld_extracts=2, is_too_old=True), [
        ("bad", "VFS: uttrekk fra 31.07.2025, 5 dager gammelt. 2 nyere uttrekk er holdt tilbake. Uttrekket er for gammelt. "
                "Listen kan mangle personer som har fått tilgang i VFS etter 31.07.2025, og vise saker som er ryddet siden "
                "da.")]),
    (row(status="missing", current_extract_date=None, age_days=None, withheld_extracts=3), [
        ("bad", "HRM: har ikke levert noe uttrekk som kan brukes. 3 uttrekk er holdt tilbake. Uten det kan ingenting vurderes: "
                "En tom liste betyr ikke at alt er i orden.")]),
    (row(may_be_frozen=True, unchanged_since=date(2025, 7, 20), kept_rows=1, may_miss_rows=2), [
        ("doubt", "HRM: uttrekk fra i dag (31.07.2025)."),
        ("doubt", "HRM: Alle uttrekk siden 20.07.2025 har hatt samme innhold. Kilden kan ha stoppet, og listen kan mangle det "
                  "som har skjedd siden da."),
        ("doubt", "HRM: 1 rad i uttrekket kan ikke leses. Det som var kjent om den, er beholdt. Endringer i raden vises ikke i "
                  "listen."),
        ("doubt", "HRM: 2 rader i uttrekket kan ikke leses i det hele tatt. Listen kan mangle dem som står der.")]),
    (row("vfs", not_assessable=["inactive_with_access", "kommuneadmin_roster"]), [
        ("doubt", "VFS: uttrekk fra i dag (31.07.2025)."),
        ("doubt", "Kan ikke vurderes: Inaktive med tilgang; hvem som er kommuneadmin. Kildene leverer ikke det som "
                  "trengs. Derfor kan disse listene mangle noen.")]),
    (row("vfs", not_assessable=["kommuneadmin_review"]), [
        ("doubt", "VFS: uttrekk fra i dag (31.07.2025)."),
        ("doubt", "Kommuneadmin: Ingen tilgang i VFS hører til en gruppe som er satt opp som kommuneadmin. Gruppen kan ha fått "
                  "nytt navn, eller være skrevet på en annen måte. Derfor kan listen over kommuneadministratorer mangle noen.")]),
    (row("transfer", age_days=1), [("good", "Overføringen: uttrekk fra i går (31.07.2025).")]),
    (row("transfer", status="withheld", age_days=5, withheld_extracts=1), [
        ("doubt", "Overføringen: uttrekk fra 31.07.2025, 5 dager gammelt. 1 nyere uttrekk er holdt tilbake. Årsaken til at en "
                  "sluttdato mangler i VFS, kan være en annen enn den som vises. Listene mangler ingen av den grunn.")]),
    (row("transfer", status="missing", current_extract_date=None, age_days=None, withheld_extracts=2), [
        ("doubt", "Overføringen: Ikke noe av det som er levert, kan brukes. 2 uttrekk er holdt tilbake. Årsaken til at en "
                  "sluttdato mangler i VFS, kan være en annen enn den som vises. Listene mangler ingen av den grunn.")]),
])
def test_each_doubt_is_told_with_what_it_means_for_the_lists(freshness: dict[str, Any], shown: list[tuple[str, str]]) -> None:
    """contract#withheld-system"""
    assert [(line.level, line.whole) for line in trust.lines([freshness])] == shown


@pytest.mark.parametrize(("changed", "is_in_doubt"), [
    ({}, False), ({"status": "withheld"}, True), ({"status": "stale"}, True), ({"status": "missing"}, True),
    ({"may_miss_rows": 1}, True), ({"kept_rows": 1}, False)])
def test_an_empty_list_is_in_doubt_while_news_is_withheld_old_or_missing(changed: dict[str, Any], is_in_doubt: bool) -> None:
    """contract#first-law"""
    assert trust.is_in_doubt([row(), row("vfs", **changed)]) == is_in_doubt
    assert not trust.is_in_doubt([row(), row("transfer", **changed)])
