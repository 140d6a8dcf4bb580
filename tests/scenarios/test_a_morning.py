"""The sysadmin's mornings, played through in a real browser and a real workbook: the first day, a case that is done, one that is
said to be done and is not, a day without news, and a perfect one. What a page or workbook says is in `publish`."""

import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlparse

import openpyxl
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page

from publish.labels import SHEETS
from tests.support.browser import address, chromium, watched
from tests.support.command_line import Place, Prepared, changed, make_place, town, without

FIRST, SECOND, THIRD, PERFECT = "2025-03-10", "2025-03-11", "2025-03-12", "2025-03-13"


@dataclass
class Mornings:
    """A town of two leavers. `reports`: the report of each day, as it was published that morning."""

    place: Place
    reports: dict[str, Path]
    numbers: dict[str, str]  # subject: case number

    def page(self, day: str, file: str = "index.html") -> str:
        name, mark, fragment = file.partition("#")
        return f"{address(self.reports[day] / 'report' / name)}{mark}{fragment}"


def fill_in(place: Place, number: str, **cells: str) -> None:
    """Fill in a case's row in the workbook as it is published, and drop it into the folder for decisions."""
    file = place.data / "decisions" / "inbox" / "arbeidsliste.xlsx"
    shutil.copyfile(place.data / "published" / "worklists" / "arbeidsliste.xlsx", file)
    file.chmod(0o600)
    book = openpyxl.load_workbook(file)
    sheet = book[SHEETS["active_vfs_inactive_hrm"]]
    heading = {str(c.value).partition(" (")[0]: c.column for c in sheet[1]}
    line = next(row[0].row for row in sheet.iter_rows() if row[0].value == number)
    for name, text in cells.items():
        sheet.cell(line, heading[name.replace("_", " ")]).value = text
    book.save(file)


def status_cell(place: Place, number: str) -> str | None:
    book = openpyxl.load_workbook(place.data / "published" / "worklists" / "arbeidsliste.xlsx")
    sheet = book[SHEETS["active_vfs_inactive_hrm"]]
    column = next(c.column for c in sheet[1] if str(c.value).startswith("Status"))
    return next(sheet.cell(row[0].row, column).value for row in sheet.iter_rows() if row[0].value == number)


@pytest.fixture(scope="module")
def mornings(tmp_path_factory: pytest.TempPathFactory, prepared: Prepared) -> Mornings:
    root = tmp_path_factory.mktemp("mornings")
    place = make_place(root / "place", prepared)
    place.configure(kommune={"number": "9999", "name": "Oppdikta kommune"})
    hrm, vfs = town()
    for number in ("001", "003"):
        hrm = changed(hrm, "positions", "position_id", f"h{number}", end_date="2025-03-04")
    reports = {}

    def morning(day: str, delivered: dict) -> None:
        place.deliver("hrm", day, hrm)
        place.deliver("vfs", day, delivered)
        done = place.do("run", today=day)
        assert done.code == 0, done.text
        reports[day] = shutil.copytree(place.data / "published", root / day)

    morning(FIRST, vfs)
    numbers = {c["subject_id"]: c["case_number"] for c in place.mart("cases")}
    for subject in ("v001", "v003"):  # both are said to be done; only one is
        fill_in(place, numbers[subject], Status="gjort", Behandles_av="Åse", Kommentar="sluttdato satt")
        assert place.do("run", today=FIRST).code == 0
    assert status_cell(place, numbers["v003"]) == "gjort"
    gone = without(without(vfs, "positions", "position_id", "v001"), "accesses", "position_id", "v001")
    morning(SECOND, gone)
    assert status_cell(place, numbers["v003"]) is None  # open again, so that it can be said anew
    fill_in(place, numbers["v003"], Status="gjort")
    morning(THIRD, gone)
    all_gone = without(without(gone, "positions", "position_id", "v003"), "accesses", "position_id", "v003")
    morning(PERFECT, all_gone)
    return Mornings(place, reports, numbers)


@pytest.fixture
def browser() -> Iterator[Browser]:
    with chromium() as browser:  # for one test: a run beside it would find Playwright's event loop at work
        yield browser


def tab_to(page: Page, wanted: str) -> None:
    """Press Tab until the focus is on an element of which a JavaScript expression is true."""
    for _ in range(40):
        page.keyboard.press("Tab")
        if page.evaluate(f"(element => {wanted})(document.activeElement)"):
            return
    pytest.fail(f"the keyboard does not reach {wanted}")


def shown(page: Page, heading: str) -> str:
    """The text of a section."""
    return " ".join(page.locator("section", has=page.get_by_role("heading", name=heading, exact=True)).inner_text().split())


def test_a_morning_by_keyboard_from_the_first_case_to_its_story(mornings: Mornings, browser: Browser) -> None:
    with watched(browser, permissions=["clipboard-read", "clipboard-write"]) as page:
        page.goto(mornings.page(FIRST))
        assert page.locator("h2").first.inner_text() == "Gjør dette i dag"
        assert page.locator(".headline").inner_text().startswith("2 personer har sluttet eller er ukjente i HRM")
        tab_to(page, "element.className === 'copy'")
        page.keyboard.press("Enter")
        page.locator("#kopiert", has_text="Kopiert: 001").wait_for()
        assert page.evaluate("navigator.clipboard.readText()") == "001"
        tab_to(page, "element.className === 'copy'")
        page.keyboard.press("Enter")
        page.locator("#kopiert", has_text="Kopiert: 04.03.2025").wait_for()
        assert page.evaluate("navigator.clipboard.readText()") == "04.03.2025"
        tab_to(page, f"element.textContent === '{mornings.numbers['v003']}'")
        page.keyboard.press("Enter")
        page.locator(".story").wait_for()
        assert "sett «Tilsatt til» til 04.03.2025 > Lagre. Stillingen og tilgangen avsluttes med en gang." in page.locator(
            ".story").inner_text()


def test_nothing_is_new_on_the_first_day(mornings: Mornings, browser: Browser) -> None:
    with watched(browser) as page:
        page.goto(mornings.page(FIRST))
        assert "funnet ved første kjøring" in shown(page, "Siden i går") and "Nye" not in shown(page, "Siden i går")
        page.goto(mornings.page(FIRST, "saker.html#nye"))
        page.locator("#antall", has_text="0 saker").wait_for()


def test_what_was_done_worked_and_what_was_not_is_contradicted_out_loud(mornings: Mornings, browser: Browser) -> None:
    """contract#claim"""
    worked, not_done = mornings.numbers["v001"], mornings.numbers["v003"]
    with watched(browser) as page:
        page.goto(mornings.page(SECOND))
        since = shown(page, "Siden i går")
        assert f"{worked} løst: Test001 Testesen, Aktiv VFS - Inaktiv HRM, Fossen skole, det virket" in since
        assert f"{not_done} Test003 Testesen" in page.locator(".state.bad li").inner_text()
        assert "Meldt gjort 10.03.2025, men VFS viser den fortsatt." in since
        page.goto(mornings.page(THIRD))  # said anew on the second day, and contradicted again
        assert "Meldt gjort 12.03.2025" not in shown(page, "Siden i går")
        assert "som er meldt gjort, og kontrolleres mot neste uttrekk fra VFS" in shown(page, "Gjør dette i dag")
        for link in (worked, worked.removeprefix("S-")):
            page.goto("about:blank")
            page.goto(mornings.page(SECOND, f"saker.html#sak-{link}"))
            row = page.locator(f"#sak-{worked}")
            row.wait_for()
            assert "løst 11.03.2025 Det virket." in " ".join(row.inner_text().split())
        page.goto(mornings.page(SECOND, "svar.html"))
        assert "Status: gjort." in page.locator("main").inner_text()


def test_a_perfect_day_says_what_was_checked_and_the_schools_page_and_workbook_stay(mornings: Mornings, browser: Browser) -> None:
    with watched(browser) as page:
        page.goto(mornings.page(PERFECT))
        assert "Ingen åpne saker. Kontrollert i dag: 6 personer, 4 stillinger, 5 tilganger mot HRM av 13.03.2025." in shown(
            page, "Gjør dette i dag")
        assert page.locator(".headline").inner_text() == "Ingen som har sluttet eller er ukjente i HRM, kommer inn i VFS."
        page.goto(mornings.page(PERFECT, "skoler/S1/index.html"))
        assert "Ingen saker." in page.locator("main").inner_text()
        page.select_option("#status", "resolved")
        assert page.locator("#saker tbody tr:visible").count() == 2
    book = openpyxl.load_workbook(mornings.reports[PERFECT] / "report" / "skoler" / "S1" / "arbeidsliste.xlsx")
    listed = [r[0].value for r in book["Løst siste 90 dager"].iter_rows()][1:]
    assert listed == [mornings.numbers["v003"], mornings.numbers["v001"]]


def test_a_schools_folder_leads_nowhere_else(mornings: Mornings, browser: Browser) -> None:
    folder = mornings.reports[FIRST] / "report" / "skoler" / "S1"
    with watched(browser) as page:
        page.goto(address(folder / "index.html"))
        links = page.eval_on_selector_all("a", "links => links.map(link => link.href)")
        assert page.locator("nav").count() == 0 and "Kopier ansattnummer 001" in page.locator(".step").first.inner_text()
    targets = {Path(unquote(urlparse(link).path)) for link in links}
    assert targets == {folder / f for f in ("index.html", "arbeidsliste.xlsx", "arbeidsliste.csv")}


def test_totals_agree_between_pages_workbook_and_marts(mornings: Mornings, browser: Browser) -> None:
    with watched(browser) as page:
        page.goto(mornings.page(FIRST))
        total = int(page.locator("tfoot .num").first.inner_text())
        assert f"{total} åpne saker" in shown(page, "Åpne saker nå")
        assert sum(int(c) for c in page.locator(".tile .count").all_inner_texts()) == total == 2
        page.goto(mornings.page(FIRST, "saker.html"))
        assert page.locator("#saker tbody tr:visible").count() == total
    book = openpyxl.load_workbook(mornings.reports[FIRST] / "worklists" / "arbeidsliste.xlsx")
    assert [r[1].value for r in book["Oversikt"].iter_rows() if r[0].value == "Sum"] == [total]


def test_anybody_is_found_with_or_without_a_case(mornings: Mornings, browser: Browser) -> None:
    with watched(browser) as page:
        page.goto(mornings.page(SECOND, "finn.html"))
        for text, found in (("test001", "nei, inaktiv i HRM, siste dag i HRM 04.03.2025"), ("testesen 003", "ja, inaktiv i HRM"),
                            ("P002", "ja, aktiv i HRM")):
            page.fill("#finn", text)
            page.locator("#funnet", has_text=re.compile("^1 person$")).wait_for()
            assert f"Har tilgang: {found}" in page.locator("#personer").inner_text()
        page.fill("#finn", "ukjent navn")
        page.locator("#funnet", has_text="Ingen personer").wait_for()


@pytest.mark.parametrize("options", [
    {"viewport": {"width": 1280, "height": 900}}, {"viewport": {"width": 1280, "height": 900}, "color_scheme": "dark"},
    {"viewport": {"width": 640, "height": 450}}, {"viewport": {"width": 390, "height": 844}}],
    ids=["light", "dark", "200 percent", "phone"])
def test_no_page_has_a_barrier_or_loses_the_reason(mornings: Mornings, browser: Browser, options: dict) -> None:
    with watched(browser, **options, bypass_csp=True) as page:  # the checker's own script would be refused
        for file in ("index.html", "saker.html", "finn.html", "svar.html", "kommuneadmin.html", "skoler/S1/index.html"):
            page.goto(mornings.page(SECOND, file))
            if file == "finn.html":
                page.fill("#finn", "test")
                page.locator("#personer li").first.wait_for()
            if page.locator(".open").count():
                page.locator(".open").first.click()
                page.locator(".story").wait_for()
                assert page.locator(".story", has_text="Sluttdatoen sto i HRM allerede i det første uttrekket").is_visible()
                assert page.locator(".what").first.is_visible() and page.locator(".status").first.is_visible()
            violations = [(v["id"], [n["target"] for n in v["nodes"]]) for v in Axe().run(page).response["violations"]
                          if v["impact"] in ("serious", "critical")]
            assert violations == [], file
            assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), file
