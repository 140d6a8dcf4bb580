"""The words for what is wrong with the data: every guard and column has some."""

import re
from pathlib import Path

import pytest

from ingest.canonical_tables import TABLES
from publish.data_problems import (
    COLUMNS,
    GROUNDS,
    check_label,
    check_says,
    keys_in_norwegian,
    run_label,
    why_quarantined,
    why_refused,
)

ROOT = Path(__file__).resolve().parents[3]


def test_every_guard_and_column_has_words() -> None:
    guard = (ROOT / "ingest" / "guard.py").read_text(encoding="utf-8")
    figures = {"what": "positions", "before": 2, "now": 1, "count": 1, "total": 2, "tables": ["positions"], "days": 3,
               "oldest": "2025-03-01"}
    for code, words in GROUNDS.items():
        assert f'"{code}"' in guard and words(figures)
    assert len(re.findall(r"\bGround\(", guard)) == len(GROUNDS)
    assert {c.stored_name for t in TABLES for c in t.columns} <= COLUMNS.keys()


@pytest.mark.parametrize(("place", "words"), [
    ({}, "det kunne ikke leses"),
    ({"file": "positions.csv"}, "filen «positions.csv» kunne ikke brukes"),
    ({"file": "positions.csv", "line": 12, "column": "start_date"},
     "filen «positions.csv» kunne ikke brukes (linje 12, kolonne «start_date»)"),
    ({"file": "positions.csv", "column": "start_date, end_date"},
     "filen «positions.csv» kunne ikke brukes (kolonne «start_date», «end_date»)"),
])
def test_a_refusal_says_where_as_far_as_it_is_known(place: dict[str, str | int], words: str) -> None:
    assert why_refused([{"code": "refused", **place}]) == words


def test_what_an_earlier_version_held_back_is_told_without_figures() -> None:
    assert why_quarantined([]) == "det avviker mye fra uttrekkene før det" and why_refused([]) == "det kunne ikke leses"


@pytest.mark.parametrize(("what", "words"), [
    ({"days": 30}, "det høyeste antallet på 30 dager"), ({"of": "2025-03-01"}, "antallet i uttrekket av 01.03.2025"),
    ({"let_in": "2025-03-01"}, "det høyeste antallet siden uttrekket av 01.03.2025 ble sluppet inn"), ({}, "antallet før")])
def test_a_guard_says_what_a_number_is_compared_with(what: dict[str, str | int], words: str) -> None:
    fact = {"code": "fell", "what": "active positions", "before": 1800, "now": 1470, **what}
    assert why_quarantined([fact]) == f"antallet aktive stillinger er falt fra 1800 ({words}) til 1470"


@pytest.mark.parametrize(("keys", "words"), [
    ("hrm positions position_id=h1", "HRM stillinger stillings-id h1"),
    ("hrm employees employee_number=001, vfs persons person_id=p1 and 3 more",
     "HRM ansatte ansattnummer 001, VFS personer person-id p1 og 3 til"),
    ("001 / 1, 002 / 2", "001 / 1, 002 / 2"),
])
def test_the_keys_that_a_check_names_are_told_in_norwegian(keys: str, words: str) -> None:
    assert keys_in_norwegian(keys) == words


def test_a_rule_of_dbt_is_told_by_its_name_and_what_follows_from_it() -> None:
    assert check_label("cases.is_unique") == "En regel om dataene holder ikke («cases.is_unique»)"
    assert check_says("cases.is_unique", {"failing_rows": 3}) == (
        "det gjelder 3 rader, og det publiseres ikke noe nytt før det er rettet. Datateamet ser hvorfor i Dagster.")


def test_a_run_is_named_by_what_it_does() -> None:
    assert run_label("daily") == "Den daglige kjøringen stoppet" and run_label("another") == "En kjøring stoppet"
    assert run_label("one_day_again 2025-03-09") == "Kjøringen av én dag på nytt (09.03.2025) stoppet"
