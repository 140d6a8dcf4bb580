"""The sysadmin decides in the workbook: it is edited, put into the inbox, and the next run takes it in and answers."""

import shutil
import subprocess
from datetime import date, timedelta
from pathlib import Path

import duckdb
import pytest

from demo.people import national_id
from ingest.filled_in import columns
from publish.labels import SHEETS
from tests.support import filled_in
from tests.support.browser import needed
from tests.support.command_line import Place, changed, town

LATER = date(2025, 4, 1)
NOT_TAKEN_IN = 3


def inbox(place: Place) -> Path:
    return place.data / "decisions" / "inbox"


def answer(place: Place) -> str:
    letter, = (inbox(place) / "taken_in").glob("*.svar.txt")
    return letter.read_text("utf-8-sig")


def case_number(place: Place) -> str:
    return place.mart("cases")[0]["case_number"]


HEADING = ["Sak", *columns.HANDLING, *columns.EXCEPTION]


def test_a_worklist_in_the_inbox_is_taken_in_by_the_next_run_and_shown_by_it(ended: Place) -> None:
    """contract#decisions-inbox"""
    number = case_number(ended)
    (inbox(ended) / "liste.xlsx").write_bytes(filled_in.by_xlsxwriter("Saker", [
        HEADING, [number, "under arbeid", "Åse", "ringt HRM", LATER, "har nøkler", "rektor"]]))
    assert "In decisions/inbox, taken in by the next run: liste.xlsx" in ended.do("status").out
    done = ended.do("run")
    assert done.code == 0 and "1 decisions taken in" in done.out
    case, = ended.mart("cases")
    assert (case["status"], case["excepted_until"], case["exception_reason"]) == ("excepted", LATER, "har nøkler")
    line, = ended.mart("case_handling")
    assert (line["case_number"], line["status"], line["handled_by"], line["comment"], line["recorded_on"]) == (
        number, "in_progress", "Åse", "ringt HRM", date(2025, 3, 10))
    told, = ended.mart("decision_answers")
    assert (told["file"], told["sheet"], told["line"], told["outcome"]) == ("liste.xlsx", "Saker", 2, "taken_in")
    assert f"sak {number}, Test001 Testesen: Status: under arbeid." in answer(ended)
    assert ended.do("status").out.count("liste.xlsx") == 0 and ended.do("run").code == 0


def test_what_was_not_understood_is_printed_ends_with_three_and_fails_a_check_without_names(ended: Place) -> None:
    """contract#exit-status"""
    (inbox(ended) / "liste.csv").write_bytes(filled_in.text([
        HEADING, [case_number(ended), "snart", "Åse Testesen"], ["S-00000000", "gjort"],
        [case_number(ended), "", "", national_id(7)]]))
    done = ended.do("run")
    assert done.code == NOT_TAKEN_IN and done.err.count("not taken in: liste.csv, linje") == 3
    assert "Testesen" not in done.err and national_id(7) not in done.text
    assert [a["outcome"] for a in ended.mart("decision_answers")] == ["not_understood"] * 3
    assert not any(national_id(7).encode() in f.read_bytes() for f in ended.data.rglob("*") if f.is_file())
    assert "Den er derfor slettet." in answer(ended) and ended.do("run").code == 0


def test_a_claim_is_pending_until_a_later_extract_of_vfs_confirms_or_contradicts_it(ended: Place) -> None:
    """contract#claim"""
    def claim(today: str) -> tuple:
        assert ended.do("run", today=today).code == 0
        with duckdb.connect(str(ended.data / "warehouse.duckdb"), read_only=True) as con:
            return con.execute("SELECT claim, handling_status FROM intermediate.int_case_handling").fetchall()[0]

    (inbox(ended) / "liste.csv").write_bytes(filled_in.text([HEADING, [case_number(ended), "gjort"]]))
    assert claim("2025-03-10") == ("pending", "done")
    _, vfs = town()
    ended.deliver("vfs", "2025-03-11", vfs)
    assert claim("2025-03-11") == ("contradicted", None)
    ended.deliver("vfs", "2025-03-12", changed(vfs, "positions", "position_id", "v001", end_date="2025-03-04"))
    assert claim("2025-03-12") == ("confirmed", "done")


def test_a_rebuild_and_a_replay_know_the_same_decisions_and_a_lost_one_stops_everything(ended: Place, tmp_path: Path) -> None:
    (inbox(ended) / "liste.csv").write_bytes(filled_in.text([HEADING, [case_number(ended), "venter"]]))
    ended.do("run")
    before = ended.mart("case_handling"), ended.mart("decision_answers")
    (inbox(ended) / "ny.csv").write_bytes(filled_in.text([HEADING, [case_number(ended), "gjort"]]))
    assert ended.do("rebuild").code == 0 and (ended.mart("case_handling"), ended.mart("decision_answers")) == before
    assert (inbox(ended) / "ny.csv").exists()  # a rebuild takes nothing in
    for name in ("handling.jsonl", "handling.jsonl.seal"):
        (ended.data / "decisions" / name).unlink()
    lost = ended.do("run")
    assert lost.code == 1 and "what was recorded about the case" in lost.err


def test_the_command_takes_in_one_file_and_leaves_it_where_it_is(ended: Place) -> None:
    file = ended.root / "liste.xlsx"
    file.write_bytes(filled_in.workbook(("Saker", [HEADING, [case_number(ended), "gjort"], ["S-00000000", "gjort"]])))
    for command in ("import-decisions", "import-exceptions"):
        done = ended.do(command, str(file))
        assert done.code == NOT_TAKEN_IN and "IKKE FORSTÅTT" in done.out and file.exists()
    ended.do("run")
    assert len(ended.mart("case_handling")) == 1


def office_edits(file: Path, to: Path, profile: Path, form: str, *lines: str) -> None:
    """Have LibreOffice open a workbook, run Basic on it, and save it as another file."""
    office = [needed("soffice", "libreoffice"), f"-env:UserInstallation={profile.as_uri()}", "--headless", "--norestore"]
    subprocess.run([*office, "--terminate_after_init"], capture_output=True, timeout=180, check=True)  # makes the profile
    library = profile / "user" / "basic" / "Standard"
    body = "\n".join(lines)
    module = f'''<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE script:module PUBLIC "-//OpenOffice.org//DTD OfficeDocument 1.0//EN" "module.dtd">
<script:module xmlns:script="http://openoffice.org/2000/script" script:name="Edit" script:language="StarBasic">
Function Found(sheet, heading)
  For column = 0 To 40
    If InStr(sheet.getCellByPosition(column, 0).String, heading) = 1 Then
      Found = sheet.getCellByPosition(column, 1)
      Exit Function
    End If
  Next
End Function
Sub Main
  Dim hidden(0) As New com.sun.star.beans.PropertyValue
  Dim how(1) As New com.sun.star.beans.PropertyValue
  hidden(0).Name = "Hidden"
  hidden(0).Value = True
  doc = StarDesktop.loadComponentFromURL("{file.resolve().as_uri()}", "_blank", 0, hidden)
  sheet = doc.Sheets.getByName("{SHEETS["active_vfs_inactive_hrm"]}")
{body}
  how(0).Name = "FilterName"
  how(0).Value = "{form}"
  how(1).Name = "FilterOptions"
  how(1).Value = "59,34,76,1,,0,false,true"
  doc.storeToURL("{to.resolve().as_uri()}", how)
  doc.close(True)
End Sub
</script:module>'''
    (library / "Edit.xba").write_text(module, encoding="utf-8")
    listed = library / "script.xlb"
    listed.write_text(listed.read_text("utf-8").replace("Module1", "Edit"), encoding="utf-8")
    done = subprocess.run([*office, "macro:///Standard.Edit.Main"], capture_output=True, text=True, timeout=180)
    assert to.exists(), done.stdout + done.stderr


@pytest.mark.parametrize("form", ["Calc MS Excel 2007 XML", "Text - txt - csv (StarCalc)"])
def test_what_libreoffice_saves_is_taken_in(ended: Place, tmp_path: Path, form: str) -> None:
    """contract#decisions-inbox"""
    shutil.copyfile(ended.data / "published" / "worklists" / "arbeidsliste.xlsx", tmp_path / "arbeidsliste.xlsx")
    serial = (LATER - date(1899, 12, 30)) // timedelta(days=1)
    saved = inbox(ended) / ("arbeidsliste.csv" if "csv" in form else "arbeidsliste.xlsx")
    office_edits(
        tmp_path / "arbeidsliste.xlsx", saved, tmp_path / "profile", form,
        *(f'  cell = Found(sheet, "{heading}")\n  cell.{kind} = {value}' for heading, kind, value in (
            ("Status", "String", '"Gjort"'), ("Kommentar", "String", '"Sluttdato satt, æøå"'),
            ("Nytt unntak til", "Value", serial), ("Begrunnelse", "String", '"Vikar"'),
            ("Besluttet av", "Formula", '"=""Rek"" &amp; ""tor"""'))),
        "  sheet.Columns.removeByIndex(1, 2)", "  sheet.Rows.insertByIndex(0, 2)",
        *(["  kept = sheet.Name", "  For Each other In doc.Sheets.ElementNames",
           "    If other &lt;&gt; kept Then doc.Sheets.removeByName(other)", "  Next"] if "csv" in form else []))
    done = ended.do("run")
    assert done.code == 0, done.text
    line, = ended.mart("case_handling")
    assert (line["status"], line["comment"], line["claimed_on"]) == ("done", "Sluttdato satt, æøå", date(2025, 3, 10))
    exception, = ended.mart("exceptions")
    assert (exception["until"], exception["reason"], exception["approved_by"]) == (LATER, "Vikar", "Rektor")


def test_the_programs_own_worklist_can_be_put_into_the_inbox_as_it_is(ended: Place) -> None:
    """contract#decisions-inbox"""
    for file in (ended.data / "published" / "worklists").glob("arbeidsliste.*"):
        (inbox(ended) / file.name).write_bytes(file.read_bytes())
    done = ended.do("run")
    assert done.code == 0, done.text
    assert ended.mart("case_handling") == [] == ended.mart("decision_answers")
    assert len(list((inbox(ended) / "taken_in").iterdir())) == 4
