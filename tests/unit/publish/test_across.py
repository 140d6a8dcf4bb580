"""The overview across kommuner: what is hidden cannot be calculated, and a doubt is no all-clear (contract#overview)."""

import csv
import json
from datetime import date, timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import duckdb
import pytest

from ingest.errors import Damaged
from publish.across import figures
from publish.across.figures import EndDates, Figure, Figures, added
from publish.across.kommune import Kommune, Run, is_overdue, stands
from publish.across.summary import doubts, sentence, summarize, text
from publish.across.written import files_of
from tests.support.bokmaal import codes, english_words, page_texts

TODAY = date(2025, 3, 10)
RAN = Run(TODAY, succeeded=True)
CAUSES = ("backdated", "vanished", "not_transferred")


# --- a published set, as far as it is read --------------------------------------------------------------------------------


def published(
    folder: Path, *, people: int | None = 4, ends: dict[tuple[str, str | int], int] | None = None, as_of: date = TODAY,
    hrm: str = "fresh", may_miss: int | None = 0, not_assessable: str = "", days: int = 1
) -> Path:
    """`ends`: {(status, cause or lag): how many}."""
    (folder / "published" / "open").mkdir(parents=True)
    with duckdb.connect(str(folder / "published" / "open" / "marts.duckdb")) as con:
        con.execute("CREATE TABLE data_freshness (system VARCHAR, status VARCHAR, current_extract_date DATE, "
                    "may_miss_rows INTEGER, not_assessable VARCHAR, as_of_date DATE)")
        for system, status in (("hrm", hrm), ("vfs", "fresh")):
            con.execute("INSERT INTO data_freshness VALUES (?, ?, ?, ?, ?, ?)", [
                system, status, as_of, may_miss, not_assessable, as_of])
        con.execute("CREATE TABLE access_risk_daily (evaluation_date DATE, people_left_with_access INTEGER, open_cases INTEGER, "
                    "people_checked INTEGER, is_in_doubt BOOLEAN, is_total BOOLEAN, as_of_date DATE)")
        for day in range(days):
            con.execute("INSERT INTO access_risk_daily VALUES (?, ?, 9, 40, false, true, ?), (?, 99, 99, 99, false, false, ?)", [
                as_of - timedelta(days=day), people, as_of, as_of - timedelta(days=day), as_of])
    with duckdb.connect(str(folder / "published" / "marts.duckdb")) as con:
        con.execute("CREATE TABLE end_date_propagation (employee_number VARCHAR, status VARCHAR, cause VARCHAR, "
                    "lag_days INTEGER, hrm_end_date_known_on DATE, as_of_date DATE)")
        for (status, part), number in (ends or {}).items():
            con.execute("INSERT INTO end_date_propagation SELECT '001', ?, ?, ?, ?, ? FROM range(?)", [
                status, part if isinstance(part, str) else None, part if isinstance(part, int) else None,
                as_of, as_of, number])
    return folder


def read(folder: Path, *, today: date = TODAY, in_doubt: bool = False, **options: Any) -> Figures:
    made = published(folder, **options)
    return figures.read(made / "published", made, today, 3, lambda _: in_doubt)


def kommune(name: str, found: Figures, run: Run | None = RAN) -> Kommune:
    return stands(name, name, run, found, overdue=is_overdue(run, found.as_of, TODAY, 1))


def made(people: Figure | None, **parts: Figure) -> Kommune:
    """A kommune of which so much is known."""
    ends = {o: EndDates(dict(parts) if o == "failed" else {}) for o in figures.OUTCOMES}
    fresh, days = {"hrm": "fresh", "vfs": "fresh"}, {"hrm": TODAY, "vfs": TODAY}
    return kommune("x", Figures(TODAY, fresh, days, False, people, people, people, ((TODAY, None),), ends))


# --- what is hidden ---------------------------------------------------------------------------------------------------------


def test_small_counts_of_end_dates_are_hidden_and_so_is_a_total_that_would_tell_them(tmp_path: Path) -> None:
    """contract#overview"""
    hidden = Figure(1, is_hidden=True)
    ends = read(tmp_path / "a", ends={("failed", "backdated"): 5, ("failed", "vanished"): 1, ("pending", ""): 2}).end_dates
    assert ends and ends["failed"].parts == {"backdated": Figure(5), "vanished": hidden}
    assert text(ends["failed"].total) == "minst 6" and ends["waiting"].total == hidden and ends["arrived"].total == Figure(0)


def test_with_two_in_place_of_one_every_file_has_the_same_bytes(tmp_path: Path) -> None:
    """contract#overview"""
    def files_with(name: str, *small: int) -> dict[str, bytes]:
        a, b, c, d = small
        found = read(tmp_path / name, people=None, ends={
            ("failed", "backdated"): 5, ("failed", "vanished"): a, ("failed", "not_transferred"): b, ("propagated", 0): c,
            ("propagated", 3): 9, ("at_risk", ""): d})
        return files_of([kommune("Berg", found), made(Figure(4), vanished=Figure(7))], TODAY)

    assert files_with("one", 1, 1, 1, 1) == files_with("two", 2, 2, 2, 2) == files_with("both", 1, 2, 2, 1)
    assert files_with("three", 1, 1, 1, 3) != files_with("once more", 1, 1, 1, 1)


def test_a_sum_is_made_of_what_is_shown_and_of_a_hidden_count_it_holds_one() -> None:
    """contract#overview"""
    hidden = Figure(1, is_hidden=True)
    assert added([Figure(5), Figure(0), Figure(7)]) == Figure(12)
    assert added([Figure(5), hidden, hidden]) == Figure(7, is_doubted=True)
    assert added([Figure(5), None]) == Figure(5, is_doubted=True)
    assert added([Figure(5, is_doubted=True), Figure(1)]) == Figure(6, is_doubted=True)
    together = summarize([made(Figure(5), backdated=Figure(4), vanished=hidden), made(Figure(0), vanished=Figure(3))])
    assert [(c.code, text(c.figure), c.kommuner) for c in together.causes] == [("backdated", "4", 1), ("vanished", "minst 4", 2)]


def test_end_dates_are_counted_by_outcome_cause_and_lag_and_those_of_long_ago_are_not(tmp_path: Path) -> None:
    ends = read(tmp_path, ends={
        ("propagated", 0): 3, ("propagated", 1): 1, ("propagated", 7): 5, ("propagated", 8): 6, ("propagated", 31): 7,
        ("pending", ""): 2, ("at_risk", ""): 1, ("superseded", ""): 50}).end_dates
    assert ends and ends["arrived"] == EndDates({"0-1": Figure(4), "2-7": Figure(5), "8-30": Figure(6), "31+": Figure(7)})
    assert ends["arrived"].total == Figure(22)
    assert ends["waiting"].total == Figure(3) and ends["failed"].total == Figure(0)


# --- a doubt is no all-clear --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("options", "shown"), [
    ({"people": 4}, "4"), ({"people": 0}, "0"), ({"people": None}, "få"),
    ({"people": 4, "hrm": "withheld"}, "minst 4"), ({"people": 0, "hrm": "stale"}, "ingen kjente"),
    ({"people": None, "hrm": "stale"}, "få kjente"),
    ({"people": 0, "may_miss": 5}, "ingen kjente"), ({"people": 0, "may_miss": None}, "ingen kjente"),  # a hidden one is not none
    ({"people": 0, "in_doubt": True}, "ingen kjente"),
    ({"people": 0, "as_of": TODAY - timedelta(days=4)}, "ingen kjente"),  # what was fresh then is too old now
    ({"people": 0, "as_of": TODAY + timedelta(days=1)}, "ingen kjente"),
    ({"days": 0}, "ukjent"),
])
def test_that_nobody_gets_in_is_only_said_where_nothing_may_be_missing(
    tmp_path: Path, options: dict[str, Any], shown: str
) -> None:
    """contract#overview contract#first-law"""
    found = read(tmp_path, **options)
    assert text(found.people) == shown
    assert (text(found.end_dates["failed"].total) if found.end_dates else "ukjent") in ("0", "ingen kjente", "ukjent")


def test_the_one_figure_is_at_least_where_a_kommune_is_missing_doubted_or_hidden(tmp_path: Path) -> None:
    """contract#overview"""
    four, none = made(Figure(4)), made(Figure(0))
    unread = Kommune("b", "Berg", "unreadable")
    assert sentence(summarize([four, none])) == "4 personer har sluttet eller er ukjente i HRM, og kommer fortsatt inn i VFS."
    assert sentence(summarize([four, unread])).startswith("Minst 4 personer")
    assert sentence(summarize([none, none])).startswith("Ingen som")
    assert sentence(summarize([none, unread])).startswith("Det er ikke kjent at noen")
    few = made(Figure(1, is_hidden=True))
    assert sentence(summarize([four, few])).startswith("Minst 5 personer")
    assert doubts(summarize([four, few, unread, made(Figure(2, is_doubted=True))]), 4) == [
        "3 av 4 kommuner har ferske tall.", "1 kommune er ikke med i tallet: Berg.",
        "I 1 kommune kan listene mangle noen, fordi det siste fra HRM eller VFS ikke er med, eller noe ikke kan vurderes.",
        "I 1 kommune er tallet så lite at det ikke vises; hver av dem er regnet som minst 1."]


@pytest.mark.parametrize(("run", "options", "status"), [
    (RAN, {}, "fresh"),
    (Run(TODAY, succeeded=False), {"hrm": "withheld"}, "failed"),
    (None, {}, "overdue"),
    (Run(TODAY - timedelta(days=2), succeeded=True), {}, "overdue"),
    (RAN, {"as_of": TODAY - timedelta(days=2)}, "overdue"),  # runs that publish nothing
    (RAN, {"as_of": TODAY + timedelta(days=1)}, "overdue"),
    (RAN, {"hrm": "missing"}, "missing"), (RAN, {"hrm": "withheld"}, "withheld"), (RAN, {"hrm": "stale"}, "stale"),
    (Run(TODAY, succeeded=True, failed_checks=1), {}, "noticed"), (Run(TODAY, succeeded=True, unsent=1), {}, "noticed"),
    (RAN, {"may_miss": 3}, "noticed"), (RAN, {"not_assessable": "end_date_propagation"}, "noticed"),
])
def test_the_first_status_that_holds_is_shown(
    tmp_path: Path, run: Run | None, options: dict[str, Any], status: str
) -> None:
    """contract#overview"""
    found = read(tmp_path, in_doubt=run is None or run.is_in_doubt, **options)
    assert kommune("x", found, run).status == status


def test_what_a_source_does_not_deliver_is_not_counted_as_none(tmp_path: Path) -> None:
    """contract#overview"""
    found = read(tmp_path, not_assessable="end_date_propagation")
    assert found.end_dates is None and found.is_end_dates_unassessable
    made_files = files_of([kommune("Berg", found)], TODAY)
    assert "Berg;Berg;alle;alle;;kan ikke vurderes" in made_files["sluttdatoer.csv"].decode("utf-8-sig")
    assert json.loads(made_files["oversikt.json"])["kommuner"][0]["end_dates"] is None


# --- a file that is not to be trusted -----------------------------------------------------------------------------------------


def test_a_published_file_reads_nothing_outside_itself(tmp_path: Path) -> None:
    """contract#overview contract#one-kommune-alone"""
    place = published(tmp_path / "a")
    (tmp_path / "secret.csv").write_text("number\n7\n")
    with duckdb.connect(str(place / "published" / "open" / "marts.duckdb")) as con:
        con.execute("ALTER TABLE access_risk_daily RENAME TO old")
        con.execute(f"CREATE VIEW access_risk_daily AS SELECT * REPLACE ((SELECT number FROM '{tmp_path}/secret.csv')::INTEGER "
                    "AS people_left_with_access) FROM old")
    with pytest.raises(Damaged):
        figures.read(place / "published", place, TODAY, 3, lambda _: False)


def test_a_link_to_the_set_of_another_is_not_followed(tmp_path: Path) -> None:
    """contract#overview contract#one-kommune-alone"""
    theirs, own = published(tmp_path / "theirs"), tmp_path / "own"
    own.mkdir()
    (own / "published").symlink_to(theirs / "published")
    with pytest.raises(Damaged, match="outside"):
        figures.read(own / "published", own, TODAY, 3, lambda _: False)


# --- what people read ---------------------------------------------------------------------------------------------------------


def test_page_and_csv_are_norwegian_and_say_the_same(tmp_path: Path) -> None:
    """contract#overview"""
    ends: dict[tuple[str, str | int], int] = {("failed", "backdated"): 5, ("failed", "vanished"): 4, ("propagated", 3): 8}
    kommuner = [
        kommune("Åmot", read(tmp_path / "a", ends=ends, days=30)),
        kommune("Berg", read(tmp_path / "b", people=None, hrm="withheld", in_doubt=True), Run(TODAY, True, 2, ("hrm", "vfs"), 1)),
        kommune("Dal", read(tmp_path / "d", not_assessable="end_date_propagation"), None),
        Kommune("eid", "=Eid <b>", "wrong_settings"), Kommune("Fet", "Fet", "not_published", Run(TODAY, succeeded=False))]
    made_files = files_of(kommuner, TODAY)
    page = made_files["index.html"].decode()
    texts = page_texts(page)
    assert not [t for t in texts if english_words(t) + codes(t)]
    assert "<b>" not in page and "Minst 5 personer har sluttet" not in page and "Minst 9 personer" in page
    assert {"Sluttdato satt tilbake i tid", "2–7 dager", "få kjente",
            "2 kontroller feilet. HRM og VFS svarte ikke. 1 melding ble ikke sendt."} <= set(texts)
    table = list(csv.reader(StringIO(made_files["kommuner.csv"].decode("utf-8-sig")), delimiter=";"))
    assert [(row[0], row[2], row[10], row[11]) for row in table[1:]] == [
        ("'=Eid <b>", "feil i innstillingene", "", "ukjent"), ("Fet", "ingenting er publisert", "", "ukjent"),
        ("Dal", "ingen ny kjøring", "4", "4"), ("Berg", "uttrekk holdt tilbake", "1", "få kjente"), ("Åmot", "ferskt", "4", "4")]
    assert not [t for t in (cell for row in table for cell in row) if english_words(t) + codes(t)]
    for row in csv.reader(StringIO(made_files["sluttdatoer.csv"].decode("utf-8-sig")), delimiter=";"):
        assert not [cell for cell in row if english_words(cell) + codes(cell)]
    found = json.loads(made_files["oversikt.json"])
    assert found["people_left_with_access"] == {"at_least": 9, "known": "at_least"}
    assert found["end_dates"]["causes"]["backdated"] == {"at_least": 5, "known": "at_least", "kommuner": 1}
