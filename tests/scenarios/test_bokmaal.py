"""Everything that a sysadmin or an auditor reads is Norwegian: pages, workbooks, CSV, answers, packs, `find` and `explain`.

The place has a case of every type, and every kind of claim, decision and answer. What a place cannot hold at once (causes,
doubts, remedies, what is wrong with a file) is looked at where its words stand. Messages: `tests/unit/publish/test_messages.py`.
"""

import csv
import re
from collections.abc import Iterable, Iterator
from itertools import product
from pathlib import Path
from typing import Any

import duckdb
import pytest

from dbt_project.codes import SEEDS
from demo.people import national_id
from ingest.errors import RefusedExtract
from ingest.filled_in import answers, columns
from publish import data_problems, labels, report, trust
from tests.support import filled_in
from tests.support.bokmaal import codes, english_words, page_texts, script_texts, workbook_texts
from tests.support.command_line import Done, Place, Prepared, changed, make_place, town
from tests.support.lists import fresh

BEFORE, FIRST, SECOND = "2025-03-03", "2025-03-10", "2025-03-11"
MACROS = SEEDS.parent / "macros"
HEADING = [columns.CASE, *columns.HANDLING, *columns.EXCEPTION]
UNTIL_JUNE = ["", "", "", "30.06.2025", "vikar ut skoleåret", "rektor"]
NEWS = 3
ROSTER = [columns.PERSON, *columns.CONFIRMATION]


def not_norwegian(texts: Iterable[str]) -> dict[str, list[str]]:
    """The texts in which something is English or a code, with that."""
    return {text: found for text in dict.fromkeys(texts) if (found := english_words(text) + codes(text))}


# --- a place with everything -----------------------------------------------------------------------------------------


def before() -> tuple[dict[str, Any], dict[str, Any]]:
    """A town in which nothing is wrong yet, but for what only VFS holds."""
    hrm, vfs = town(24)
    vfs["persons"] = [
        *vfs["persons"], {"person_id": "P090", "given_name": "Test90", "family_name": "Testesen", "registered_by": "hrm"},
        {"person_id": "P091", "given_name": "Test91", "family_name": "Testesen", "registered_by": "manual"},
        {"person_id": "P092", "employee_number": "010", "given_name": "Test92", "family_name": "Testesen"}]
    vfs["positions"] = [
        *vfs["positions"], {"position_id": "v090", "person_id": "P090", "org_number": "S1", "registered_by": "hrm"},
        {"position_id": "v092", "person_id": "P092", "org_number": "S2", "start_date": "2020-08-01", "registered_by": "hrm"},
        {"position_id": "v103", "person_id": "P003", "org_number": "S2", "role": "Vikar", "registered_by": "manual"}]
    vfs["accesses"] = [
        *vfs["accesses"], {"person_id": "P091", "access_group": "Kommuneadmin", "org_number": "K"},
        {"person_id": "P012", "access_group": "Kommuneadmin", "org_number": "K"},
        {"person_id": "P007", "access_group": "SFO", "org_number": "S1"},
        {"person_id": "P008", "access_group": "Kontor", "org_number": "S1"}]
    return changed(hrm, "employees", "employee_number", "011", national_id=national_id(1)), changed(
        vfs, "persons", "person_id", "P011", national_id=national_id(2))


def after() -> tuple[dict[str, Any], dict[str, Any]]:
    """A case of every type: end dates too late and not transferred, a move, a position ended in VFS alone, somebody vanished."""
    hrm, vfs = before()
    for number, day in (("001", "2025-02-20"), ("005", "2025-06-30"), ("007", "2025-02-28"), ("014", "2025-03-01")):
        hrm = changed(hrm, "positions", "position_id", f"h{number}", end_date=day)
    hrm = changed(hrm, "positions", "position_id", "h002", org_number="S1")
    hrm = {**hrm, "positions": [p for p in hrm["positions"] if p["position_id"] != "h013"]}
    vfs = changed(vfs, "positions", "position_id", "v006", end_date="2025-03-04")
    vfs = changed(vfs, "persons", "person_id", "P012", registered_by="manual")
    return hrm, changed(vfs, "positions", "position_id", "v007", end_date="2025-02-28")


def decided(number: dict[str, str]) -> dict[str, bytes]:
    """Files for the inbox: a worklist with a row for every kind of answer, the roster, a part of it again, and no worklist."""
    worklist = [
        HEADING, [number["v001"], "gjort", "Åse", "avsluttet i dag"], [number["v002"], "gjort"], [number["v090"], "venter"],
        [number["v103"], "under arbeid", *UNTIL_JUNE[1:]], ["", "snart"],
        [number["v014"], "snart", "x" * 501, "#REF!", "i morgen"], [number["v014"], "", "", "", "31.03.2025", "kort", "rektor"],
        [number["v005"], "", "", "", "01.01.2020", "grunn", "rektor"],
        [number["P007"], "", "", "", "01.01.2999", "grunn", "rektor"], [number["P007"], "", "", "", "", "grunn", ""],
        ["S-00000000", "gjort"], ["", "gjort"], ["1,0E+07", "gjort"], [number["h006"], "venter"], [number["h006"], "gjort"],
        [number["v090"], "venter"], [number["P008:S1"], "", national_id(3)]]
    roster = [ROSTER, ["P091", "30.06.2025", "kommunalsjefen"], ["P012", "", "rektor"], ["P099", "30.06.2025", "rektor"],
              ["", "30.06.2025", "rektor"], ["P012", "i morgen", "rektor"]]
    return {"liste.xlsx": filled_in.workbook(("Saker", worklist), ("Kommuneadmin", roster)), "notat.pdf": b"%PDF-1.4",
            "igjen.csv": filled_in.text(worklist[:5])}


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory, prepared: Prepared) -> Place:
    """Two evaluations. Before the second, some cases are said to be done and much is filled in; HRM's newest extract is withheld,
    and a row of VFS cannot be read."""
    made = make_place(tmp_path_factory.mktemp("bokmaal"), prepared)
    made.configure(kommune={"number": "9999", "name": "Oppdikta kommune"})
    for day, (hrm, vfs) in ((BEFORE, before()), ("2025-03-05", after()), (FIRST, after())):
        made.deliver("hrm", day, hrm)
        made.deliver("vfs", day, vfs)
    assert made.do("run", today=FIRST).code == 0
    number = {c["subject_id"]: c["case_number"] for c in made.mart("cases")}
    (made.root / "gjort.csv").write_bytes(filled_in.text([HEADING, [number["v001"], "gjort"], [number["v013"], "gjort"]]))
    (made.root / "lenger.csv").write_bytes(filled_in.text([HEADING, [number["v014"], *UNTIL_JUNE]]))
    assert {made.do("import-decisions", name, today=FIRST).code for name in ("gjort.csv", "lenger.csv")} == {0}
    inbox = made.data / "decisions" / "inbox"
    for name, content in decided(number).items():
        (inbox / name).write_bytes(content)
    hrm, vfs = after()
    made.deliver("hrm", SECOND, {**hrm, "positions": []})
    vfs = changed(vfs, "positions", "position_id", "v001", end_date="2025-02-20")
    made.deliver("vfs", SECOND, changed(vfs, "positions", "position_id", "v015", start_date="ikke en dato"))
    assert made.do("run", today=SECOND).code == NEWS
    return made


def folder(place: Place) -> Path:
    return place.data / "published"


def test_the_place_has_cases_of_every_type_and_claims_and_decisions_of_every_kind(place: Place) -> None:
    cases = place.mart("cases")
    assert {c["finding_type"] for c in cases} == labels.FINDING_TYPES.keys()
    assert {c["claim"] for c in cases} == {None, "pending", "contradicted"} and place.mart("resolved_cases", "done_on NOT NULL")
    assert {c["status"] for c in cases} == {"open", "excepted"} and len({c["cause"] for c in cases}) > 5
    assert {a["outcome"] for a in place.mart("decision_answers")} == {"taken_in", "unchanged", "not_understood"}
    assert {f["status"] for f in place.mart("data_freshness")} == {"withheld", "fresh"}
    assert place.mart("kommuneadmin_roster", "confirmed_until NOT NULL")


def test_every_page_of_the_report_is_norwegian_with_its_hidden_texts_and_stories(place: Place) -> None:
    pages = sorted((folder(place) / "report").rglob("*.html"))
    # The data dictionary quotes the marts, which are described in English; what is around that is not.
    texts = [text for page in pages for text in page_texts(
        page.read_text("utf-8").partition("<p>Tabeller:" if page.name == "ordbok.html" else "</html>")[0])]
    script = (Path(report.__file__).parent / "templates" / "report.js").read_text("utf-8")
    assert len(pages) > 6 and any(text.startswith("fra før: ") for text in texts)
    assert not_norwegian([*texts, *script_texts(script)]) == {}


def test_workbooks_and_csv_files_are_norwegian_down_to_headers_and_what_a_cell_may_hold(place: Place) -> None:
    books = list(folder(place).rglob("*.xlsx"))
    texts = [text for book in books for text in workbook_texts(book)]
    lists = [file.read_text("utf-8-sig") for file in folder(place).rglob("*.csv") if "open" not in file.parts]
    assert len(books) > 2 and "Inneholder personopplysninger" in texts and len(lists) > 2
    assert not_norwegian([*texts, *lists]) == {}


def test_answers_to_worklists_are_norwegian(place: Place) -> None:
    letters = [f.read_text("utf-8-sig") for f in (place.data / "decisions" / "inbox" / "taken_in").glob("*.svar.txt")]
    texts = [line for letter in letters for line in letter.splitlines()]
    problems = [answers.unreadable(RefusedExtract(part, file="liste.xlsx", line=3)) for part in (*answers._UNREADABLE, "other")]
    assert len(letters) == 2 and len(texts) > 20
    assert not_norwegian([*texts, *problems]) == {}


def test_the_auditors_pack_is_norwegian(place: Place) -> None:
    done = place.do("evidence", "--from", BEFORE, "--to", SECOND, "--out", "pakke", today=SECOND)
    assert done.code == 0, done.err
    texts = page_texts((place.root / "pakke" / "revisjon.html").read_text("utf-8"))
    lists = [file.read_text("utf-8-sig") for file in (place.root / "pakke").glob("*.csv")]
    assert any("Det har ingen stillinger" in text for text in texts)
    assert not_norwegian([*texts, *lists]) == {}


def test_find_and_explain_are_norwegian_and_so_is_what_they_say_when_they_find_nobody(place: Place) -> None:
    with duckdb.connect(str(place.marts), read_only=True) as con:
        everybody = [p for (p,) in con.execute("SELECT DISTINCT person_id FROM cases").fetchall()]
    told: list[Done] = [place.do(*words, today=SECOND) for words in (
        *(("explain", person) for person in everybody), ("explain", "012"), ("explain", "Ukjent"), ("explain", "Testesen"),
        ("find", "Testesen"), ("find", "Ukjent"))]
    assert {done.code for done in told} == {0, 2}
    assert not_norwegian(line for done in told for line in done.text.splitlines()) == {}


# --- words that no place holds at once -------------------------------------------------------------------------------


def _seeds() -> Iterator[str]:
    for seed in SEEDS.glob("*.csv"):
        with seed.open(encoding="utf-8", newline="") as handle:
            yield from (value for row in csv.DictReader(handle) for name, value in row.items()
                        if value and (name.endswith("_nb") or name == "vfs_search"))


def _sentences_of_sql() -> Iterator[str]:
    for macro in ("why.sql", "remedies.sql"):
        sql = (MACROS / macro).read_text("utf-8")
        sql = re.sub(r"\{#.*?#\}|\{%.*?%\}|\{\{.*?\}\}|error\(.*?\)\n", " ", sql, flags=re.DOTALL)
        yield from (text for text in re.findall(r"'([^']*)'", sql) if " " in text)


def _doubts() -> Iterator[str]:
    for status, current, withheld, more in product(
            ("fresh", "withheld", "stale", "missing"), (True, False), (0, 1, 2),
            ({}, {"may_be_frozen": True, "is_too_old": True}, {"kept_rows": 1, "may_miss_rows": 1},
             {"kept_rows": 2, "may_miss_rows": 2, "not_assessable": list(labels.NOT_ASSESSABLE)})):
        changes = {"status": status, "withheld_extracts": withheld, "age_days": 4, **more}
        hrm, vfs = fresh(**changes)
        rows = [hrm, vfs, {**vfs, "system": "transfer", "not_assessable": []}]
        if not current:
            rows = [{**row, "current_extract_date": None} for row in rows]
        yield from (line.whole for line in trust.lines(rows))


def test_every_label_meaning_and_remedy_is_norwegian() -> None:
    texts = [*_seeds(), *_sentences_of_sql(), *data_problems.COLUMNS.values(), *labels.CHANGES.values()]
    assert len(texts) > 150
    assert not_norwegian(texts) == {}


def test_every_doubt_about_the_lists_is_norwegian() -> None:
    texts = set(_doubts())
    assert len(texts) > 20
    assert not_norwegian(texts) == {}
