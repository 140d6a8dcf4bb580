"""What people open in the morning: the report in a real browser, the worklists in a real office program."""

import csv
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from playwright.sync_api import Browser, Page

from ingest.warehouse import open_warehouse
from publish import lists
from publish import report as pages
from publish.labels import FINDING_TYPES, SHEETS
from tests.support.browser import address, chromium, needed, watched
from tests.support.command_line import Place, Prepared, changed, make_place, town

FORMULA, MARKUP = '=HYPERLINK("http://x.test","click")', "<script>document.title='run'</script>"


def odd_town() -> tuple[dict[str, Any], dict[str, Any]]:
    """HRM and VFS: 001, of a dangerous name, got an end date in the past; 003 moved, VFS has the old school; an admin is new."""
    hrm, vfs = town()
    hrm = changed(hrm, "positions", "position_id", "h001", end_date="2025-03-04")
    hrm = changed(hrm, "positions", "position_id", "h003", org_number="S2")
    vfs = changed(vfs, "persons", "person_id", "P001", given_name=FORMULA, family_name=MARKUP)
    vfs["persons"] = [*vfs["persons"], {"person_id": "P009", "given_name": "Test9", "family_name": "Testesen",
                                        "registered_by": "manual"}]
    vfs["accesses"] = [*vfs["accesses"], {"person_id": "P009", "access_group": "Kommuneadmin", "org_number": "K"}]
    return hrm, vfs


@pytest.fixture(scope="module")
def odd(tmp_path_factory: pytest.TempPathFactory, prepared: Prepared) -> Place:
    place = make_place(tmp_path_factory.mktemp("odd"), prepared)
    before, _ = town()
    hrm, vfs = odd_town()
    place.deliver("hrm", "2025-03-08", before)
    place.deliver("vfs", "2025-03-08", vfs)
    place.deliver("hrm", "2025-03-10", hrm)
    place.deliver("vfs", "2025-03-10", vfs)
    assert place.do("run").code == 0
    return place


def report(place: Place) -> Path:
    return place.data / "published" / "report"


def worklists(place: Place) -> Path:
    return place.data / "published" / "worklists"


# --- worklists -------------------------------------------------------------------------------------------------------


def sheet_rows(file: Path, sheet: str) -> list[dict[str, Any]]:
    heading, *rows = openpyxl.load_workbook(file)[sheet].iter_rows()
    return [{h.value: c.value for h, c in zip(heading, row, strict=True)} for row in rows if row[0].value]


def test_the_workbook_has_a_sheet_for_each_type_with_the_rows_of_the_marts(odd: Place) -> None:
    file = worklists(odd) / "arbeidsliste.xlsx"
    book = openpyxl.load_workbook(file)
    assert book.sheetnames == ["Oversikt", *SHEETS.values(), "Kommuneadmin"]
    listed = {row["Sak"]: row for sheet in SHEETS.values() for row in sheet_rows(file, sheet)}
    cases = odd.mart("cases")
    assert listed.keys() == {c["case_number"] for c in cases} and len(cases) == 3
    ended, = sheet_rows(file, SHEETS["active_vfs_inactive_hrm"])
    assert ended["Navn"] == f"{FORMULA} {MARKUP}" and ended["Siden"].date() == date(2025, 3, 10) and ended["Dager"] == 0
    assert ended["Dato å fylle inn"].date() == date(2025, 3, 4) and ended["Kan logge inn"] == "ja"
    assert ended["Hvorfor"].startswith("Sluttdatoen ble satt tilbake i tid")
    assert "«Tilsatt til» til 04.03.2025" in ended["Gjør dette"]
    for sheet in book.worksheets[1:]:
        assert sheet.freeze_panes == "C2" and sheet.auto_filter.ref
        assert not any(cell.data_type == "f" or cell.hyperlink for row in sheet.iter_rows() for cell in row)
    admin, = sheet_rows(file, "Kommuneadmin")
    assert (admin["Profil i VFS"], admin["Grunn til gjennomgang"]) == ("P009", "finnes ikke i HRM")


def test_a_school_has_a_workbook_of_its_own_with_its_own_cases(odd: Place) -> None:
    school_of = {c["case_number"]: c["org_number"] for c in odd.mart("cases") if c["org_number"]}
    files = sorted((report(odd) / "skoler").glob("*/*.xlsx"))
    assert {f.parent.name for f in files} == {"S1", "S2"} >= set(school_of.values())
    for file in files:
        sheets = [s for s in openpyxl.load_workbook(file).sheetnames if s != "Oversikt"]
        listed = {row["Sak"] for sheet in sheets for row in sheet_rows(file, sheet)}
        assert listed == {case for case, org in school_of.items() if org == file.parent.name}


def test_the_csv_beside_it_has_the_same_rows_and_no_cell_begins_a_formula(odd: Place) -> None:
    with (worklists(odd) / "arbeidsliste.csv").open(newline="", encoding="utf-8-sig") as handle:
        rows = list(csv.DictReader(handle, delimiter=";"))
    assert {r["Sak"]: r["Type"] for r in rows} == {c["case_number"]: FINDING_TYPES[c["finding_type"]] for c in odd.mart("cases")}
    assert any(r["Navn"] == f"'{FORMULA} {MARKUP}" for r in rows)
    assert not any(value[:1] in "=+-@\t\r" for r in rows for value in r.values() if value)


def test_libreoffice_opens_the_workbook_and_shows_the_same_rows(odd: Place, tmp_path: Path) -> None:
    office = needed("soffice", "libreoffice")
    for form in ("csv:Text - txt - csv (StarCalc):59,34,76,1,,0,false,true,true,false,false,-1", "pdf"):
        done = subprocess.run(
            [office, f"-env:UserInstallation={(tmp_path / 'profile').as_uri()}", "--headless", "--convert-to", form, "--outdir",
             str(tmp_path), str(worklists(odd) / "arbeidsliste.xlsx")], capture_output=True, text=True, timeout=180)
        assert done.returncode == 0, done.stderr
    assert (tmp_path / "arbeidsliste.pdf").read_bytes()[:5] == b"%PDF-"
    listed = {}
    for sheet in SHEETS.values():
        with (tmp_path / f"arbeidsliste-{sheet}.csv").open(newline="", encoding="utf-8") as handle:
            listed |= {r["Sak"]: r for r in csv.DictReader(handle, delimiter=";") if r["Sak"]}
    assert listed.keys() == {c["case_number"] for c in odd.mart("cases")}
    assert any(r["Navn"] == f"{FORMULA} {MARKUP}" and r["Siden"] == "10.03.2025" for r in listed.values())


def test_a_hostile_org_number_stays_inside_the_folder(place: Place) -> None:
    hrm, vfs = town()
    hostile = "../../../x"
    vfs = changed(changed(vfs, "positions", "position_id", "v001", org_number=hostile), "positions", "position_id", "v002",
                  org_number="a/b")
    place.deliver("hrm", "2025-03-10", hrm)
    place.deliver("vfs", "2025-03-10", vfs)
    assert place.do("run").code == 0
    assert {c["org_number"] for c in place.mart("cases")} >= {hostile, "a/b"}
    names = {f.parent.name for f in (report(place) / "skoler").glob("*/*.xlsx")}
    assert len(names) >= 2 and all("/" not in n and ".." not in n for n in names)
    assert not (place.data / "published.d").joinpath("x.xlsx").exists()


# --- the report ------------------------------------------------------------------------------------------------------


@pytest.fixture
def browser() -> Iterator[Browser]:
    with chromium() as browser:  # for one test: a run beside it would find Playwright's event loop at work
        yield browser


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    with watched(browser) as page:
        yield page


def test_the_first_page_shows_the_state_and_leads_to_every_case(odd: Place, page: Page) -> None:
    page.goto(address(report(odd) / "index.html"))
    assert "3 åpne saker, som gjelder 3 personer." in page.locator("section", has_text="Åpne saker nå").inner_text()
    assert page.locator(".headline").inner_text().startswith("2 personer har sluttet eller er ukjente i HRM, og kommer fortsatt")
    counts = {tile.locator(".name").inner_text(): tile.locator(".count").inner_text() for tile in page.locator(".tile").all()}
    expected = {label: str(sum(c["finding_type"] == t for c in odd.mart("cases"))) for t, label in FINDING_TYPES.items()}
    assert counts == expected
    assert page.locator("svg.chart").count() >= 1
    assert "HRM: uttrekk fra i dag (10.03.2025)" in page.locator("#ferskhet").inner_text()
    page.get_by_role("link", name="Aktiv stilling uten grunnlag i HRM").click()
    assert page.locator("#antall").inner_text() == "1 sak"
    assert page.locator("#saker tbody tr:visible").count() == 1


def test_a_case_shows_its_story_as_text_and_no_script_from_the_data_runs(odd: Place, page: Page) -> None:
    page.goto(address(report(odd) / "saker.html"))
    row = page.locator("tr[data-type=active_vfs_inactive_hrm]")
    assert f"{FORMULA} {MARKUP}" in row.inner_text()
    row.locator(".open").click()
    story = page.locator(".story")
    story.wait_for()
    text = story.inner_text()
    assert "sett «Tilsatt til» til 04.03.2025" in text
    assert "stilling h001 ved Fossen skole (S1): sluttdato satt til 04.03.2025" in text
    assert "Koblet på ansattnummer til ansatt 001, som er inaktiv i HRM." in text
    assert page.title() == "Alle saker – Sluttdato 10.03.2025"  # the markup in the name did not run
    row.locator(".open").click()
    assert page.locator(".story").count() == 0


def test_search_filters_and_sorting_by_keyboard_only(odd: Place, page: Page) -> None:
    page.goto(address(report(odd) / "saker.html"))
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.keyboard.press("Enter")
    for _ in range(12):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.id") == "sok":
            break
    page.keyboard.type("kommuneadmin test9")
    assert page.locator("#saker tbody tr:visible").count() == 1
    for _ in range(len("kommuneadmin test9")):
        page.keyboard.press("Backspace")
    assert page.locator("#antall").inner_text() == "3 saker"
    for _ in range(12):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.textContent") == "Hvem":
            break
    page.keyboard.press("Enter")
    names = [r.locator(".who").inner_text() for r in page.locator("#saker tbody tr").all()]
    assert names == sorted(names)
    page.keyboard.press("Enter")
    assert [r.locator(".who").inner_text() for r in page.locator("#saker tbody tr").all()] == sorted(names, reverse=True)
    assert page.locator("th[aria-sort=descending]").inner_text().startswith("Hvem")
    for _ in range(12):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.className") == "open":
            break
    page.keyboard.press("Enter")
    page.locator(".story").wait_for()
    assert page.evaluate("document.activeElement.getAttribute('aria-expanded')") == "true"


def test_a_policy_forbids_whatever_is_not_the_reports_own(odd: Place, browser: Browser) -> None:
    for file in report(odd).rglob("*.html"):
        text = file.read_text(encoding="utf-8")
        assert "Content-Security-Policy" in text and "default-src &#39;none&#39;" in text, file
        assert " style=" not in text and "onclick" not in text and "http://" not in text.replace("http://x.test", ""), file
    page = browser.new_page()  # not a watched one: its console reports what is refused
    page.goto(address(report(odd) / "index.html"))
    blocked = page.evaluate("""() => new Promise(done => {
        document.addEventListener('securitypolicyviolation', event => done(event.violatedDirective));
        const script = document.createElement('script'); script.textContent = 'window.bad = 1'; document.body.append(script);
        setTimeout(() => done('nothing was blocked'), 2000); })""")
    page.close()
    assert blocked.startswith("script-src")


def test_the_roster_prints_whole_with_room_to_sign(odd: Place, browser: Browser, tmp_path: Path) -> None:
    with watched(browser) as page:
        page.goto(address(report(odd) / "kommuneadmin.html"))
        page.emulate_media(media="print")
        assert page.locator("#roster tbody tr:not(.signed)").count() == len(odd.mart("kommuneadmin_roster"))
        assert page.locator(".signed").is_visible() and page.locator("th.sign").first.is_visible()
        assert not page.locator("nav").is_visible()
        printed = tmp_path / "roster.pdf"
        page.pdf(path=printed, prefer_css_page_size=True)
    text = subprocess.run([needed("pdftotext"), "-layout", str(printed), "-"], capture_output=True, text=True, check=True).stdout
    assert "P009" in text and "Signatur" in text and "Grunn til" in text and "finnes ikke" in text


def test_what_is_not_assessable_is_shown_as_that_and_not_as_zero(place: Place) -> None:
    hrm, vfs = town()
    place.configure(sources={"hrm": {"adapter": "csv", "path": "inbox/hrm"}, "vfs": [
        {"adapter": "csv", "path": "inbox/vfs", "tables": ["persons", "org_units"]},
        {"adapter": "export", "path": "positions.csv", "tables": ["positions"], "delimiter": ","}]})
    place.deliver("hrm", "2025-03-10", hrm)
    place.deliver("vfs", "2025-03-10", vfs)
    rows = ["position_id,person_id,org_number,start_date,end_date"] + [
        f"{p['position_id']},{p['person_id']},{p['org_number']},{p['start_date']}," for p in vfs["positions"]]
    (place.root / "positions.csv").write_text("\n".join(rows))
    done = place.do("run")
    assert done.code == 0, done.text
    with chromium() as browser, watched(browser) as page:
        page.goto(address(report(place) / "index.html"))
        shown = page.locator("#ferskhet").inner_text()
        assert "Kan ikke vurderes: " in shown and "Kildene leverer ikke det som trengs. Derfor kan disse listene mangle" in shown
        tile = page.locator(".tile", has_text="Inaktive med tilgang")
        assert tile.locator(".count").inner_text() == "kan ikke vurderes"
    overview = [[c.value for c in row] for row in openpyxl.load_workbook(worklists(place) / "arbeidsliste.xlsx")["Oversikt"]]
    assert ["Inaktive med tilgang", "kan ikke vurderes", None] in [row[:3] for row in overview]


def test_pages_stay_below_two_megabytes_however_many_cases_and_the_search_answers_at_once(
    odd: Place, browser: Browser, tmp_path: Path
) -> None:
    with open_warehouse(odd.data / "warehouse.duckdb", read_only=True) as con:
        read = lists.read(con)
        case, = [c for c in read.cases if c["finding_type"] == "active_vfs_inactive_hrm"]
        many = [{**case, "finding_id": f"{n:016x}", "case_number": f"S-{n:08X}", "family_name": f"Testesen{n}"}
                for n in range(4000)]
        (tmp_path / "report").mkdir()
        pages.write(con, tmp_path / "report", replace(read, cases=many, schools=[]))
    for file in (tmp_path / "report").rglob("*.html"):
        assert file.stat().st_size < 2_000_000, file
    with watched(browser) as page:
        page.goto(address(tmp_path / "report" / "saker.html"))
        assert "Listen viser de 1500 sakene som bør tas først. 2500 til står på sidene" in page.locator("main").inner_text()
        count = page.evaluate("""() => { const field = document.getElementById('sok'); field.value = 'testesen1234';
            field.dispatchEvent(new Event('input')); return document.getElementById('antall').textContent; }""")
        assert count == "1 sak"
