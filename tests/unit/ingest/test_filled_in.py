"""Worklists come back as people leave them: what can be understood is taken in, what cannot be is said, nothing is dropped."""

import io
import stat
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from demo.people import national_id
from ingest.decisions import Decisions
from ingest.filled_in import columns, inbox
from ingest.filled_in.inbox import Outcome
from ingest.filled_in.judging import Known
from tests.support import filled_in

TODAY, LATER = date(2026, 11, 27), date(2026, 12, 31)
HEADING = ["Sak", "Navn", "Status", "Behandles av", "Kommentar", "Nytt unntak til", "Begrunnelse", "Besluttet av"]
ROSTER = ["Person i VFS", "Navn", "Bekreftes til", "Bekreftet av"]
AN_EXCEPTION = ["Langtidssyk", "Rektor"]


def case(number: str, subject: str, name: str = "Test", **values: Any) -> dict[str, Any]:
    return {"case_number": number, "finding_type": "stale_position", "subject_id": subject, "given_name": name,
            "family_name": "Testesen", "as_of_date": TODAY, **values}


MARTS = Known(
    cases=[case("S-3F9A12C4", "v1", "Kari"), case("S-00123456", "v2"), case("S-ABCDEF01", "P3", "Pål"),
           case("S-ABCDEF01", "P4", "Pål"), case("S-12345678", "v5")],
    resolved=[case("S-0000AAAA", "v6", resolved_on=date(2026, 11, 20))],
    roster=[{"person_id": p, "given_name": "Admin", "family_name": p} for p in ("P009", "0071")])


@dataclass
class Desk:
    """A data directory's decisions, and the folder into which worklists are put."""

    root: Path
    marts: Known | None = field(default_factory=lambda: MARTS)
    today: date = TODAY

    @property
    def decisions(self) -> Decisions:
        return Decisions(self.root / "decisions")

    @property
    def inbox(self) -> Path:
        place = inbox.folder(self.decisions)
        place.mkdir(parents=True, exist_ok=True)
        return place

    def put(self, content: bytes, name: str = "liste.xlsx") -> Path:
        (self.inbox / name).write_bytes(content)
        return self.inbox / name

    def take_in(self) -> Outcome:
        return inbox.take_in(self.decisions, self.marts, self.today)

    def taken_in(self, content: bytes, name: str = "liste.xlsx") -> Outcome:
        self.put(content, name)
        return self.take_in()

    def letter(self, name: str = "liste.xlsx") -> str:
        return (self.inbox / "taken_in" / f"{self.today}-{name}.svar.txt").read_bytes().decode("utf-8-sig")

    def handled(self) -> list[tuple]:
        columns = ("case_number", "subject_id", "status", "handled_by", "comment")
        return [tuple(h[c] for c in columns) for h in self.decisions.handling()]

    def excepted(self) -> list[tuple]:
        columns = ("finding_type", "subject_id", "until", "reason", "approved_by")
        return [tuple(e[c] for c in columns) for e in self.decisions.exceptions()]

    def answers(self) -> list[tuple]:
        return [(a["line"], a["case_number"], a["outcome"]) for a in self.decisions.answers()]


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def row(number: Any = "S-3F9A12C4", *, status: Any = None, by: Any = None, comment: Any = None, until: Any = None,
        reason: Any = None, decided_by: Any = None) -> list[Any]:
    return [number, "Kari Testesen", status, by, comment, until, reason, decided_by]


def exception(until: Any = LATER, number: Any = "S-3F9A12C4") -> list[Any]:
    return row(number, until=until, reason=AN_EXCEPTION[0], decided_by=AN_EXCEPTION[1])


def sheet(*rows: list[Any]) -> bytes:
    return filled_in.workbook(("Saker", [HEADING, *rows]))


EXCEPTED = [("stale_position", "v1", LATER, "Langtidssyk", "Rektor")]
DONE = row(status="gjort", by="Åse", comment="Avsluttet i VFS")
HANDLED = [("S-3F9A12C4", "v1", "done", "Åse", "Avsluttet i VFS")]


# --- files as programs write them --------------------------------------------------------------------------------------

BOTH = [HEADING, [*DONE[:5], LATER, *AN_EXCEPTION]]
SERIAL = (LATER - date(1899, 12, 30)).days


def from_1904(book: openpyxl.Workbook) -> None:
    from openpyxl.utils.datetime import CALENDAR_MAC_1904

    book.epoch = CALENDAR_MAC_1904


def hidden_and_moved(book: openpyxl.Workbook) -> None:
    book.worksheets[0].insert_rows(1, 3)
    book.worksheets[0]["B1"] = "Alle saker"
    book.worksheets[0].auto_filter.ref = "A4:H5"
    book.worksheets[0].row_dimensions[5].hidden = True


WRITTEN: dict[str, bytes] = {
    "by openpyxl": filled_in.workbook(("Saker", BOTH)),
    "by xlsxwriter, with shared strings": filled_in.by_xlsxwriter("Saker", BOTH),
    "inline strings and a bare serial number": filled_in.inline("Saker", [HEADING, [*DONE[:5], SERIAL, *AN_EXCEPTION]]),
    "a serial number with a time": filled_in.inline("Saker", [HEADING, [*DONE[:5], SERIAL + 0.5, *AN_EXCEPTION]]),
    "days counted from 1904": filled_in.workbook(
        ("Saker", [HEADING, [*DONE[:5], (LATER - date(1904, 1, 1)).days, *AN_EXCEPTION]]), change=from_1904),
    "dates from 1904": filled_in.workbook(("Saker", BOTH), change=from_1904),
    "filtered, below title rows": filled_in.workbook(("Saker", BOTH), change=hidden_and_moved),
    "blank rows everywhere": filled_in.workbook(("Saker", [[], ["Saker per i dag"], [], HEADING, [], BOTH[1], [], []])),
    "columns moved and removed": filled_in.workbook(("Saker", [
        [HEADING[n] for n in (7, 5, 2, 0, 6, 3, 4)], [BOTH[1][n] for n in (7, 5, 2, 0, 6, 3, 4)]])),
    "a column of one's own": filled_in.workbook(("Saker", [["Mitt", *HEADING], ["x", *BOTH[1]]])),
    "headings again below": filled_in.workbook(("Saker", [HEADING, row("S-12345678"), ["Annen type"], HEADING, BOTH[1]])),
    "headings in capitals, with hints, NBSP and line breaks": filled_in.workbook(("Saker", [
        ["SAK", "navn", "status (under arbeid, venter, gjort)", "Behandles\xa0av", "Kommentar:", "Nytt unntak\ntil (fyll inn)",
         " begrunnelse ", "Besluttet  av*"], BOTH[1]])),
    "the other sheets gone, one on top without cases": filled_in.workbook(("Oversikt", [["Alle saker"], ["Status", 3]]),
                                                                          ("x", BOTH)),
    "CSV with semicolons": filled_in.text(BOTH),
    "CSV in Windows-1252": filled_in.text(BOTH, encoding="cp1252"),
    "CSV in UTF-8 without a mark": filled_in.text(BOTH, encoding="utf-8"),
    "CSV with commas": filled_in.text(BOTH, delimiter=","),
    "CSV with tabs": filled_in.text(BOTH, delimiter="\t"),
    "Unicode text of Excel": filled_in.text(BOTH, delimiter="\t", encoding="utf-16"),
    "UTF-16 without a mark": filled_in.text(BOTH, delimiter="\t", encoding="utf-16-le"),
    "CSV that says its delimiter": filled_in.text(BOTH, delimiter=",", before="sep=,\r\n"),
    "CSV below title lines": filled_in.text(BOTH, before="Alle saker;;\r\n;;\r\n"),
    "CSV with line ends of Unix": filled_in.text(BOTH, line_end="\n"),
}


@pytest.mark.parametrize("content", [pytest.param(c, id=name) for name, c in WRITTEN.items()])
def test_a_worklist_is_read_however_it_was_saved(desk: Desk, content: bytes) -> None:
    """contract#decisions-inbox"""
    outcome = desk.taken_in(content, "liste" if content.startswith(b"PK") else "liste.csv")
    assert outcome == Outcome(1) and desk.handled() == HANDLED and desk.excepted() == EXCEPTED


@pytest.mark.parametrize("written", [
    "31.12.2026", "31.12.26", "31/12-2026", "31/12/2026", "31-12-2026", "2026-12-31", "31. desember 2026", "31. des 2026",
    "31.des.26", "31122026", "31.12.2026 kl. 12.00", "2026-12-31 00:00:00", "2026-12-31T00:00:00", " 31.12.2026 ",
    "til 31.12.2026", "torsdag 31. desember 2026", "31.\u00a0desember\u00a02026", "31 12 2026", str(SERIAL), LATER])
def test_a_date_is_read_however_it_is_written_in_norway(desk: Desk, written: Any) -> None:
    """contract#decisions-inbox"""
    assert desk.taken_in(sheet(exception(written))) == Outcome(1)
    assert desk.excepted() == EXCEPTED


def test_the_day_comes_before_the_month(desk: Desk) -> None:
    desk.taken_in(sheet(exception("05/06/2027")))
    assert desk.excepted()[0][2] == date(2027, 6, 5)


# --- what was spoilt ---------------------------------------------------------------------------------------------------

N = national_id(7)
SPOILT: dict[str, tuple[list[list[Any]], str]] = {
    "a day that does not exist": ([exception("31.02.2027")], "«Nytt unntak til» kan ikke leses som en dato"),
    "a month that does not exist": ([exception("12/31/2026")], "kan ikke leses som en dato"),
    "a day without a year": ([exception("31.12")], "kan ikke leses som en dato"),
    "six digits": ([exception("311226")], "kan ikke leses som en dato"),
    "words": ([exception("til jul")], "kan ikke leses som en dato"),
    "an error of Excel as a date": ([exception("#VERDI!")], "kan ikke leses som en dato"),
    "a day that has passed": ([exception("26.11.2026")], "(26.11.2026) er passert"),
    "a day in the far future": ([exception("31.12.9999")], "er for langt fram"),
    "no reason": ([row(until=LATER, decided_by="Rektor")], "Unntaket er ikke tatt inn. «Begrunnelse» mangler."),
    "nobody who decided": ([row(until=LATER, reason="syk")], "«Besluttet av» mangler."),
    "only a reason": ([row(reason="syk")], "«Nytt unntak til» mangler. «Besluttet av» mangler."),
    "only who decided": ([row(decided_by="Rektor")], "«Nytt unntak til» mangler. «Begrunnelse» mangler."),
    "a text that is too long": ([row(until=LATER, reason="x" * 501, decided_by="y")], "«Begrunnelse» er for lang: 501 tegn"),
    "a comment that is too long": ([row(comment="x" * 501)], "«Kommentar» er for lang"),
    "a comment that is an error of Excel": ([row(comment="#REF!")], "«Kommentar» er en feilmelding fra Excel"),
    "an unknown status": ([row(status="snart")], "Skriv ett av ordene «under arbeid», «venter», «gjort», «åpen»"),
    "an unknown case": ([row("S-99999999", status="gjort")], "ingen åpen sak med dette nummeret"),
    "no case": ([row(None, status="gjort")], "«Sak» mangler i raden"),
    "a number that Excel took for a power": ([row("1,8E+308", status="gjort")], "Excel har gjort saksnummeret om til et tall"),
    "a number that Excel wrote out": ([row(12345 * 10**67, status="gjort")], "Excel har gjort saksnummeret om til et tall"),
    "a number cut short": ([row("S-3F9A", status="gjort")], "ingen åpen sak med dette nummeret"),
    "one case, two words": ([row(status="gjort"), row(status="venter")], "med noe annet. Ingen av dem er tatt inn"),
    "one case, two dates": ([exception(), exception("30.12.2026")], "med noe annet. Ingen av dem er tatt inn"),
    "a national id in a comment": ([row(status="gjort", comment=f"se {N}")], "inneholder et fødselsnummer"),
    "a national id in another column": ([[DONE[0], N, *DONE[2:]]], "inneholder et fødselsnummer"),
    "a national id as a number": ([[*DONE, int(N)]], "inneholder et fødselsnummer"),
    "a national id as the case": ([row(N, status="gjort")], "inneholder et fødselsnummer"),
    "a formula without a result": ([row(status='=IF(1=1,"gjort","")')], "en formel som ikke er regnet ut"),
}


@pytest.mark.parametrize(("rows", "said"), [pytest.param(*s, id=name) for name, s in SPOILT.items()])
def test_what_cannot_be_understood_is_said_and_leaves_the_rest_untouched(desk: Desk, rows: list[list[Any]], said: str) -> None:
    """contract#decisions-answer"""
    outcome = desk.taken_in(sheet(*rows, row("S-12345678", status="venter")))
    assert outcome.decisions == 1 and len(outcome.not_understood) == len(rows)
    assert all(said in line and "Kari" not in line and N not in line for line in outcome.not_understood)
    assert desk.handled() == [("S-12345678", "v5", "waiting", None, None)] and desk.excepted() == []
    assert [a[2] for a in desk.answers()] == [*["not_understood"] * len(rows), "taken_in"]
    letter = desk.letter()
    assert said in letter and letter.index("IKKE FORSTÅTT") < letter.index("\r\nTATT INN") and N not in letter
    for file in desk.root.rglob("*"):  # nor what Excel makes of it, without its zero
        assert N not in file.name and (file.is_dir() or N.lstrip("0").encode() not in file.read_bytes())


def test_the_status_of_a_row_is_taken_in_though_its_exception_is_not(desk: Desk) -> None:
    outcome = desk.taken_in(sheet(row(status="Under arbeid", until="snart", reason="x", decided_by="y")))
    assert outcome.decisions == 1 and len(outcome.not_understood) == 1
    assert desk.handled() == [("S-3F9A12C4", "v1", "in_progress", None, None)] and desk.excepted() == []
    assert "Status: under arbeid." in desk.letter() and "arket" not in outcome.not_understood[0]


@pytest.mark.parametrize("number", [
    "S-3F9A12C4", "s-3f9a12c4", "3F9A12C4", "S\u20133F9A12C4", "S 3F9A12C4", " S-3F9A12C4\u00a0", "'S-3F9A12C4"])
def test_a_case_number_is_known_however_it_is_written(desk: Desk, number: str) -> None:
    desk.taken_in(sheet(row(number, status="gjort")))
    assert [h[:3] for h in desk.handled()] == [("S-3F9A12C4", "v1", "done")]


@pytest.mark.parametrize("number", ["00123456", "123456", 123456, "S-00123456"])
def test_zeros_that_excel_took_from_an_old_number_are_put_back(desk: Desk, number: Any) -> None:
    desk.taken_in(sheet(row(number, status="gjort")))
    assert [h[:3] for h in desk.handled()] == [("S-00123456", "v2", "done")]


def test_a_case_of_two_findings_is_handled_and_excepted_for_both(desk: Desk) -> None:
    desk.taken_in(sheet([*row("S-ABCDEF01", status="venter")[:5], LATER, *AN_EXCEPTION]))
    assert [h[1] for h in desk.handled()] == ["P3", "P4"] == [e[1] for e in desk.excepted()]


def test_the_same_said_twice_counts_once_also_in_two_files(desk: Desk) -> None:
    """contract#said-twice"""
    desk.put(sheet(DONE, DONE, exception(number="S-12345678"), exception(number="S-12345678")))
    desk.put(filled_in.text([HEADING, DONE]), "kopi.csv")
    assert desk.take_in() == Outcome(2)
    assert desk.handled() == HANDLED and len(desk.excepted()) == 1


def test_of_two_files_that_disagree_neither_counts_and_both_are_told(desk: Desk) -> None:
    """contract#said-twice"""
    desk.put(sheet(row(status="gjort")))
    desk.put(sheet(row(status="venter"), row("S-12345678", status="venter")), "annen.xlsx")
    outcome = desk.take_in()
    assert outcome.decisions == 1 and len(outcome.not_understood) == 2 and len(desk.handled()) == 1
    assert "filen «annen.xlsx», ark «Saker», rad 2" in desk.letter() and "filen «liste.xlsx»" in desk.letter("annen.xlsx")


def test_an_unchanged_or_emptied_cell_is_no_decision_and_open_takes_a_status_back(desk: Desk) -> None:
    desk.taken_in(sheet(DONE))
    desk.today += timedelta(days=1)
    assert desk.taken_in(sheet(DONE, row("S-12345678"))) == Outcome()
    assert "Ingen beslutninger" in desk.letter()
    assert desk.taken_in(sheet(row()), "tom.xlsx") == Outcome() and desk.handled() == HANDLED
    assert desk.taken_in(sheet(row(status="Åpen", by="Åse")), "apen.xlsx") == Outcome(1)
    assert desk.handled()[1:] == [("S-3F9A12C4", "v1", None, "Åse", "Avsluttet i VFS")]


def test_what_stood_in_an_old_list_beforehand_takes_nothing_back(desk: Desk) -> None:
    """contract#old-list"""
    first = desk.today
    desk.taken_in(sheet(row(status="venter", by="Åse")))
    desk.today += timedelta(days=1)
    desk.taken_in(sheet(row(status="under arbeid", by="Bo")))
    desk.today += timedelta(days=1)

    def old(made_on: date, *rows: list[Any]) -> bytes:
        return filled_in.workbook(("Saker", [[columns.status_heading(made_on) if h == "Status" else h for h in HEADING], *rows]))

    handled = desk.handled()
    assert desk.taken_in(old(first, row(status="venter", by="Åse")), "gammel.xlsx") == Outcome()
    assert desk.handled() == handled
    assert "Endret etter at listen ble laget, og står: Status: under arbeid" in desk.letter("gammel.xlsx")
    assert desk.taken_in(old(first, row(status="gjort", by="Åse")), "skrevet i.xlsx") == Outcome(1)  # this somebody wrote
    assert desk.handled()[-1][2:4] == ("done", "Bo")
    assert desk.taken_in(old(first - timedelta(days=1), row(status="venter")), "eldre.xlsx") == Outcome(1)  # it was empty then
    assert desk.taken_in(sheet(row(status="under arbeid")), "uten dag.xlsx") == Outcome(1)


def test_a_claim_keeps_its_day_when_the_comment_changes_and_a_contradicted_one_can_be_said_anew(desk: Desk) -> None:
    """contract#claim"""
    desk.taken_in(sheet(row(status="gjort")))
    desk.today += timedelta(days=1)
    desk.taken_in(sheet(row(status="gjort", comment="sendt")))
    assert [h["claimed_on"] for h in desk.decisions.handling()] == [TODAY, TODAY]
    desk.today += timedelta(days=1)
    cases = [case("S-3F9A12C4", "v1", claim="contradicted", as_of_date=desk.today)]
    desk.marts = replace(MARTS, cases=cases)
    assert desk.taken_in(sheet(row(status="gjort")), "igjen.xlsx") == Outcome(1)
    assert desk.decisions.handling()[-1]["claimed_on"] == desk.today
    assert desk.taken_in(sheet(row(status="gjort"), row()), "og igjen.xlsx") == Outcome()
    desk.today += timedelta(days=1)  # nothing was published since: the contradiction is of the claim before
    assert desk.taken_in(sheet(row(status="gjort")), "og igjen.xlsx") == Outcome() and len(desk.handled()) == 3


def test_of_a_resolved_case_it_is_said_that_it_worked_and_nothing_is_recorded(desk: Desk) -> None:
    """contract#claim"""
    assert desk.taken_in(sheet(row("S-0000AAAA", status="gjort", until=LATER, reason="x", decided_by="y"))) == Outcome()
    assert "Saken er løst 20.11.2026: Det virket. Saken er løst 20.11.2026, så det er ingenting å unnta." in desk.letter()
    assert desk.handled() == [] == desk.excepted()


def test_an_exception_cannot_be_made_shorter_in_silence(desk: Desk) -> None:
    desk.taken_in(sheet(exception()))
    outcome = desk.taken_in(sheet(exception("01.12.2026")), "kortere.xlsx")
    assert "Et unntak gjelder allerede til 31.12.2026" in outcome.not_understood[0] and desk.excepted() == EXCEPTED


def test_a_kommuneadmin_is_confirmed_in_the_roster(desk: Desk) -> None:
    outcome = desk.taken_in(filled_in.workbook(("Saker", [HEADING]), ("Kommuneadmin", [
        ROSTER, ["P009", "x", LATER, "Kommunalsjef"], [71, "x", LATER, "Kommunalsjef"], ["P001", "x", LATER, "y"],
        [None, "x", LATER, "y"], ["P009", "x", None, None]])))
    assert outcome.decisions == 2 and len(outcome.not_understood) == 2
    assert "Personen er ikke kommuneadmin nå" in outcome.not_understood[0]
    assert desk.excepted() == [
        ("kommuneadmin_review", p, LATER, "bekreftet ved gjennomgang", "Kommunalsjef") for p in ("P009", "0071")]


def test_a_confirmation_needs_a_date_and_a_name(desk: Desk) -> None:
    outcome = desk.taken_in(filled_in.workbook(("Kommuneadmin", [ROSTER, ["P009", "x", LATER, None], ["0071", "x", None, "y"]])))
    without_name, without_date = outcome.not_understood
    assert "«Bekreftet av» mangler" in without_name and "«Bekreftes til» mangler" in without_date
    assert desk.excepted() == []


def test_a_worklist_of_an_earlier_version_is_understood(desk: Desk) -> None:
    heading = ["Sak", "Navn", "Status", "Unntatt til", "Unntak til", "Begrunnelse", "Besluttet av"]
    outcome = desk.taken_in(filled_in.text([heading, ["3F9A12C4", "x", "åpent", "", "31.12.2026", *AN_EXCEPTION],
                                            ["12345678", "x", "unntatt", "01.12.2026", "", "", ""]]), "liste.csv")
    assert outcome == Outcome(1) and desk.excepted() == EXCEPTED and desk.handled() == []


def test_a_column_that_stands_twice_is_a_doubt_only_where_its_cells_differ(desk: Desk) -> None:
    heading = [*HEADING, "Status"]
    outcome = desk.taken_in(filled_in.workbook(("Saker", [heading, [*row(status="gjort"), "venter"],
                                                          [*row("S-12345678", status="gjort"), "gjort"]])))
    assert outcome.decisions == 1 and "«Status» står to ganger, med ulikt innhold" in outcome.not_understood[0]


def test_a_sheet_that_was_filled_in_without_a_column_of_cases_is_told(desk: Desk) -> None:
    outcome = desk.taken_in(filled_in.workbook(("Saker", [HEADING, DONE]), ("Uten", [HEADING[1:], exception()[1:]])))
    assert outcome.decisions == 1 and outcome.not_understood == [
        "liste.xlsx: Arket «Uten» er fylt ut, men har ingen kolonne «Sak», så radene kan ikke kobles til saker."]
    assert "Arket «Uten»" in desk.letter()


# --- files and the folder ----------------------------------------------------------------------------------------------


def test_the_file_moves_with_its_answer_beside_it_and_nothing_is_overwritten(desk: Desk) -> None:
    """contract#decisions-answer"""
    for _ in range(3):
        desk.taken_in(sheet(DONE))
    place = desk.inbox / "taken_in"
    names = [f"{TODAY}-liste{n}.xlsx" for n in ("", " (2)", " (3)")]
    assert sorted(f.name for f in place.iterdir()) == sorted([*names, *(f"{n}.svar.txt" for n in names)])
    assert [p.name for p in desk.inbox.iterdir()] == ["taken_in"]
    raw = (place / f"{names[0]}.svar.txt").read_bytes()
    assert raw.startswith(b"\xef\xbb\xbf") and raw.count(b"\n") == raw.count(b"\r\n")
    assert stat.S_IMODE((place / names[0]).stat().st_mode) == 0o600
    assert desk.letter().split("\r\n")[:6] == [
        f"Svar på «liste.xlsx», lest {TODAY:%d.%m.%Y}", "", "1 rad er tatt inn.", "", "TATT INN",
        "  Ark «Saker», rad 2, sak S-3F9A12C4, Kari Testesen: Status: gjort. Behandles av: Åse. Kommentar: Avsluttet i VFS."]


def test_the_same_file_again_records_nothing_twice(desk: Desk) -> None:
    content = sheet([*DONE[:5], LATER, *AN_EXCEPTION], row("S-99999999", status="gjort"))
    desk.taken_in(content)
    before = [desk.decisions.handling(), desk.decisions.exceptions(), desk.decisions.answers()]
    desk.today += timedelta(days=1)
    assert desk.taken_in(content).decisions == 0
    assert [desk.decisions.handling(), desk.decisions.exceptions(), desk.decisions.answers()] == before
    assert "«Status: gjort» ble tatt inn fra denne raden 27.11.2026" in desk.letter()


class Killed(BaseException):
    """The process ends here."""


STEPS = ["Decisions.handle", "Decisions.except_", "Decisions.answer", "_letter", "_Memory.about_to_move", "_move",
         "_Memory.moved"]


@pytest.mark.parametrize("is_after", [False, True])
@pytest.mark.parametrize("step", STEPS)
def test_a_run_that_is_killed_is_done_again_and_records_nothing_twice(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, step: str, is_after: bool
) -> None:
    """contract#decisions-inbox"""
    desk.put(sheet([*DONE[:5], LATER, *AN_EXCEPTION], row("S-12345678", status="gjort")))
    desk.put(sheet(row("S-12345678", status="venter")), "annen.xlsx")
    *owner, name = step.split(".")
    target = getattr(inbox, owner[0]) if owner else inbox
    whole = getattr(target, name)

    def killed(*arguments: Any, **options: Any) -> Any:
        if is_after:
            whole(*arguments, **options)
        raise Killed

    with monkeypatch.context() as patch, pytest.raises(Killed):
        patch.setattr(target, name, killed)
        desk.take_in()
    desk.take_in()
    assert desk.handled() == HANDLED and desk.excepted() == EXCEPTED  # those who disagree still do
    assert sum(outcome == "not_understood" for _, _, outcome in desk.answers()) == 2
    assert [p.name for p in desk.inbox.iterdir()] == ["taken_in"] and "gjort" in desk.letter()


def test_a_file_with_a_national_id_is_not_kept_and_the_answer_repeats_what_was_understood(desk: Desk) -> None:
    """contract#leaks"""
    desk.taken_in(sheet(DONE, [None, N]), f"liste {N}.xlsx")
    names = [p.name for p in (desk.inbox / "taken_in").iterdir()]
    assert names == [f"{TODAY}-liste [national id].xlsx.svar.txt"] and [p.name for p in desk.inbox.iterdir()] == ["taken_in"]
    letter = (desk.inbox / "taken_in" / names[0]).read_text("utf-8-sig")
    assert "Den er derfor slettet." in letter and "Kommentar: Avsluttet i VFS." in letter and desk.handled() == HANDLED


def noted(book: openpyxl.Workbook) -> None:
    from openpyxl.comments import Comment

    book.worksheets[0]["A2"].comment = Comment(f"se {N}", "x")


def named(book: openpyxl.Workbook) -> None:
    book.create_sheet(N)


def hidden(book: openpyxl.Workbook) -> None:
    book.create_sheet("x").append([N])
    book["x"].sheet_state = "hidden"


@pytest.mark.parametrize("change", [noted, named, hidden])
def test_a_national_id_in_a_note_a_hidden_sheet_or_its_name_is_seen(desk: Desk, change: Callable) -> None:
    """contract#leaks"""
    desk.taken_in(filled_in.workbook(("Saker", [HEADING, DONE]), change=change))
    assert [p.name for p in (desk.inbox / "taken_in").iterdir()] == [f"{TODAY}-liste.xlsx.svar.txt"] and desk.handled() == HANDLED


@pytest.mark.parametrize("lock", ["~$liste.xlsx", "~$ste.xlsx", ".~lock.liste.xlsx#"])
def test_a_file_that_is_open_in_a_program_is_left_for_the_next_run(desk: Desk, lock: str) -> None:
    mark = desk.put(b"x", lock)
    outcome = desk.taken_in(sheet(DONE))
    assert outcome.decisions == 0 and not outcome.not_understood and "åpen i et annet program" in outcome.left[0]
    mark.unlink()
    assert desk.take_in() == Outcome(1)


def test_a_file_that_changes_while_it_is_read_is_left(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    file, read_bytes = desk.put(sheet(DONE)), Path.read_bytes

    def growing(path: Path) -> bytes:
        content = read_bytes(path)
        if path == file:
            path.write_bytes(content + b"x")
        return content

    with monkeypatch.context() as patch:
        patch.setattr(Path, "read_bytes", growing)
        assert "endret seg mens den ble lest" in desk.take_in().left[0] and desk.handled() == []
    assert file.exists()


def encrypted() -> bytes:
    return b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + "EncryptedPackage".encode("utf-16-le")


def a_document() -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("word/document.xml", "<w/>")
    return stream.getvalue()


UNREADABLE = {
    "with a password": ("liste.xlsx", encrypted(), "beskyttet med passord"),
    "old": ("liste.xls", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), ".xls"),
    "cut short": ("liste.xlsx", sheet(DONE)[:-400], "kan ikke leses som en Excel-arbeidsbok"),
    "a document": ("brev.docx", a_document(), "Word-dokument"),
    "a PDF": ("liste.pdf", b"%PDF-1.4", "PDF"),
    "empty": ("liste.csv", b"", "ingen kolonne «Sak»"),
    "without cases": ("liste.xlsx", filled_in.workbook(("Ark", [["Navn", "Status"], ["x", "gjort"]])), "ingen kolonne «Sak»"),
    "a stray quote": ("liste.csv", filled_in.text([HEADING, DONE, DONE]).replace(b";gjort;", b';"gjort;', 1), "anførselstegn"),
}


@pytest.mark.parametrize(("name", "content", "said"), [pytest.param(*u, id=i) for i, u in UNREADABLE.items()])
def test_a_file_that_cannot_be_read_is_left_once_and_answered_when_it_is_still_the_same(
    desk: Desk, name: str, content: bytes, said: str
) -> None:
    """contract#decisions-answer"""
    outcome = desk.taken_in(content, name)
    assert not outcome.not_understood and said in outcome.left[0] and (desk.inbox / name).exists()
    outcome = desk.take_in()
    assert said in outcome.not_understood[0] and not (desk.inbox / name).exists() and said in desk.letter(name)
    assert [a["outcome"] for a in desk.decisions.answers()] == ["not_understood"] and desk.handled() == []


def test_a_file_that_was_still_being_copied_is_taken_in_when_it_is_whole(desk: Desk) -> None:
    whole = sheet(DONE)
    assert desk.taken_in(whole[:1000]).left and desk.taken_in(whole) == Outcome(1)


def test_a_folder_is_told_and_what_systems_leave_behind_is_not(desk: Desk) -> None:
    (desk.inbox / "mars").mkdir()
    for name in ("Thumbs.db", "desktop.ini", ".DS_Store"):
        desk.put(b"x", name)
    assert desk.take_in().not_understood == ["mars: Mappen blir ikke lest. Legg filene rett i innboksen."]
    assert list(inbox.waiting(desk.decisions)) == ["mars"]


def test_before_anything_is_published_a_file_waits(desk: Desk) -> None:
    desk.marts = None
    assert "Ingenting er publisert ennå" in desk.taken_in(sheet(DONE)).left[0]
    desk.marts = MARTS
    assert desk.take_in() == Outcome(1)
