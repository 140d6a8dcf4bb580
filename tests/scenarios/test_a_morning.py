"""What the sysadmin sees from one morning to the next: cases, what worked and what did not, a perfect day, and one in doubt.

One place lives through six days; the pages and lists of each are kept, and looked at in a real browser, on paper and in a real
office program. Belongs here: what is seen. Does not belong here: what is a case, what a filled-in list may hold.
"""

import re
import shutil
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import openpyxl
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page

from publish.labels import FINDING_TYPES, SHEETS
from tests.support.browser import address, chromium, needed, watched
from tests.support.command_line import Place, Prepared, changed, make_place, town, without

FIRST, NEWS, WORKED, CONTRADICTED, PERFECT, WITHHELD = (f"2025-03-{day:02d}" for day in range(9, 15))
NOT_ALL_TAKEN_IN = 3


@dataclass(frozen=True)
class Morning:
    """What was published on a day. `cases` and `resolved`: rows of the marts, by number."""

    folder: Path
    cases: dict[str, dict[str, Any]]
    resolved: dict[str, dict[str, Any]]

    @property
    def report(self) -> Path:
        return self.folder / "report"

    @property
    def workbook(self) -> Path:
        return self.folder / "worklists" / "arbeidsliste.xlsx"

    def number(self, person_id: str) -> str:
        """The number of the one case of somebody."""
        number, = (n for n, c in {**self.resolved, **self.cases}.items() if c["person_id"] == person_id)
        return number


def seen(place: Place, keep: Path) -> Morning:
    shutil.copytree((place.data / "published").resolve(), keep)
    return Morning(keep, {c["case_number"]: c for c in place.mart("cases", "is_lead")},
                   {c["case_number"]: c for c in place.mart("resolved_cases")})


def say_done(morning: Morning, *numbers: str) -> Callable[[Path], None]:
    """Fill in the day's workbook, as the sysadmin does, and put it into a folder."""
    def put(inbox: Path) -> None:
        book = openpyxl.load_workbook(morning.workbook)
        for sheet in book.worksheets:
            headings = {str(cell.value).partition(" (")[0]: cell.column for cell in sheet[1]}  # «Status (per 10.03.2025)»
            for row in range(2, sheet.max_row + 1) if "Status" in headings else ():
                if sheet.cell(row, headings["Sak"]).value in numbers:
                    assert sheet.cell(row, headings["Status"]).value is None
                    sheet.cell(row, headings["Status"]).value = "gjort"
        book.save(inbox / "arbeidsliste.xlsx")
    return put


@pytest.fixture(scope="module")
def mornings(tmp_path_factory: pytest.TempPathFactory, prepared: Prepared) -> dict[str, Morning]:
    """P001 and P003 of Fossen skole left, and P002 of Lia skole can log in there; P009 is a kommuneadmin nobody knows. P001 and
    P003 are said to be done; only P001 is. Then all are. Then VFS's extract is withheld."""
    root = tmp_path_factory.mktemp("mornings")
    place = make_place(root / "place", prepared)
    place.configure(kommune={"number": "9999", "name": "Oppdikta kommune"})
    hrm, vfs = town()
    vfs["persons"].append({"person_id": "P009", "given_name": "Åse", "family_name": "Tårnøy", "registered_by": "manual"})
    vfs["accesses"].append({"person_id": "P009", "access_group": "Kommuneadmin", "org_number": "K"})
    days: dict[str, Morning] = {}

    def morning(day: str, hrm: dict[str, Any], vfs: dict[str, Any], code: int = 0) -> Morning:
        place.deliver("hrm", day, hrm)
        place.deliver("vfs", day, vfs)
        done = place.do("run", today=day)
        assert done.code == code, done.text
        days[day] = seen(place, root / day)
        return days[day]

    morning(FIRST, hrm, vfs)
    for ended in ("001", "003"):
        hrm = changed(hrm, "positions", "position_id", f"h{ended}", end_date="2025-03-04")
    hrm = changed(hrm, "positions", "position_id", "h002", org_number="S1")
    news = morning(NEWS, hrm, vfs)
    inbox = place.data / "decisions" / "inbox"
    say_done(news, news.number("P001"), news.number("P003"))(inbox)
    for table in ("positions", "accesses"):
        vfs = without(vfs, table, "person_id", "P001")
    morning(WORKED, hrm, vfs)
    contradicted = morning(CONTRADICTED, hrm, vfs)
    say_done(contradicted, contradicted.number("P003"))(inbox)
    for table in ("positions", "accesses"):
        for person in ("P002", "P003", "P009"):
            vfs = without(vfs, table, "person_id", person)
    vfs["accesses"].append({"person_id": "P004", "access_group": "Kommuneadmin", "org_number": "K", "start_date": "2019-01-01",
                            "end_date": "2019-12-31"})
    morning(PERFECT, changed(hrm, "positions", "position_id", "h002", end_date="2025-03-12"), vfs)
    morning(WITHHELD, hrm, {**vfs, "positions": []}, NOT_ALL_TAKEN_IN)
    return days


@pytest.fixture(scope="module")
def browser(mornings: dict[str, Morning]) -> Iterator[Browser]:
    with chromium() as browser:  # after the runs: they would find Playwright's event loop at work
        yield browser


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    with watched(browser, permissions=["clipboard-read", "clipboard-write"]) as page:
        yield page


def tab_to(page: Page, selector: str, most: int = 60) -> None:
    """Press Tab until what has the focus is such an element."""
    for _ in range(most):
        page.keyboard.press("Tab")
        if page.evaluate("selector => document.activeElement.matches(selector)", selector):
            return
    raise AssertionError(f"no Tab leads to {selector}")


def section(page: Page, heading: str) -> str:
    return page.locator("section", has=page.get_by_role("heading", name=heading, exact=True)).inner_text()


def printed(page: Page, file: Path, to: Path) -> list[str]:
    """The text of each sheet of paper of a page's print."""
    page.goto(address(file))
    page.pdf(path=to, prefer_css_page_size=True)
    return sheets(to)


def sheets(pdf: Path) -> list[str]:
    done = subprocess.run([needed("pdftotext"), "-layout", str(pdf), "-"], capture_output=True, text=True, check=True)
    return done.stdout.split("\f")[:-1]


def words(text: str) -> str:
    return " ".join(text.split())


# --- from one morning to the next ------------------------------------------------------------------------------------


def test_by_keyboard_only_the_sysadmin_copies_what_to_type_and_opens_the_story_of_a_case(
    mornings: dict[str, Morning], page: Page
) -> None:
    news = mornings[NEWS]
    page.goto(address(news.report / "index.html"))
    assert page.locator("h2").first.inner_text() == "Gjør dette i dag"
    first = page.locator(".visits > li").first
    assert "Åse Tårnøy" in first.inner_text()  # a kommuneadmin unknown in HRM comes first
    tab_to(page, ".copy[data-copy='001']")
    page.keyboard.press("Enter")
    page.get_by_text("Kopiert: 001").wait_for()
    assert page.evaluate("navigator.clipboard.readText()") == "001"
    assert page.locator("[role=status]#kopiert").inner_text() == "Kopiert: 001"
    page.keyboard.press("Tab")  # the focus stayed: the date comes next
    page.keyboard.press("Enter")
    page.get_by_text("Kopiert: 04.03.2025").wait_for()
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Shift+Tab")
    assert page.evaluate("document.activeElement.textContent") == news.number("P001")
    page.keyboard.press("Enter")
    page.locator(".story").wait_for()
    case = news.cases[news.number("P001")]
    assert case["why"] in page.locator(".story").inner_text() and case["remedy"] in page.locator(".story").inner_text()
    tab_to(page, f"#sak-{news.number('P001')} .open")
    page.keyboard.press("Enter")
    assert page.locator(".story").count() == 0


@pytest.mark.parametrize("form", ["{number}", "{old}", "{finding_id}"])
def test_a_link_to_a_case_opens_it_by_its_number_its_old_number_and_its_finding(
    mornings: dict[str, Morning], page: Page, form: str
) -> None:
    case = mornings[NEWS].cases[mornings[NEWS].number("P003")]
    name = form.format(number=case["case_number"], old=case["case_number"].removeprefix("S-"), finding_id=case["finding_id"])
    page.goto(f"{address(mornings[NEWS].report / 'saker.html')}#sak-{name}")
    page.locator(".story").wait_for()
    assert page.locator("tr.found").get_attribute("id") == f"sak-{case['case_number']}"
    page.goto("about:blank")
    page.goto(f"{address(mornings[PERFECT].report / 'saker.html')}#sak-{name}")  # it is solved there, and told as that
    assert "løst 13.03.2025\nDet virket." in page.locator("tr.found").inner_text()


def test_what_was_said_to_be_done_worked_or_is_told_in_red_until_it_is_said_anew(
    mornings: dict[str, Morning], page: Page
) -> None:
    """contract#claim"""
    worked, contradicted = mornings[WORKED], mornings[CONTRADICTED]
    page.goto(address(worked.report / "index.html"))
    number = worked.number("P001")
    assert f"{number} løst: Test001 Testesen, Aktiv VFS - Inaktiv HRM, Fossen skole, det virket" in section(page, "Siden i går")
    today = section(page, "Gjør dette i dag")
    assert "Test003" not in today and "1 sak som er meldt gjort, og kontrolleres mot neste uttrekk fra VFS." in today
    page.goto(address(contradicted.report / "index.html"))
    red = page.locator("section .state.bad", has_text="Meldt gjort, men VFS viser den fortsatt")
    assert f"{contradicted.number('P003')} Test003 Testesen" in red.inner_text()
    assert "Meldt gjort 11.03.2025, men VFS viser den fortsatt." in section(page, "Gjør dette i dag")
    assert "Ingen endringer" not in section(page, "Siden i går")
    # `say_done` found the status cell empty on both days, and the claim made anew held on the next.
    assert mornings[PERFECT].resolved[contradicted.number("P003")]["done_on"] is not None


def test_on_the_first_day_nothing_is_new_and_on_a_perfect_day_it_is_said_what_was_looked_at(
    mornings: dict[str, Morning], page: Page
) -> None:
    page.goto(address(mornings[FIRST].report / "index.html"))
    assert "funnet ved første kjøring" in section(page, "Siden i går")
    assert "Nye (" not in page.locator("main").inner_text()
    page.goto(address(mornings[PERFECT].report / "index.html"))
    assert section(page, "Gjør dette i dag").splitlines()[-1] == (
        "Ingen åpne saker. Kontrollert i dag: 7 personer, 3 stillinger, 4 tilganger mot HRM av 13.03.2025.")
    assert page.locator(".lead.clear").count() == 1 and page.locator(".bad").count() == 0


def test_a_day_whose_extract_was_withheld_is_red_and_never_an_all_clear(mornings: dict[str, Morning], page: Page) -> None:
    withheld = mornings[WITHHELD].report
    for file in ["index.html", "saker.html", "kommuneadmin.html", "finn.html", "skoler/S1/index.html"]:
        page.goto(address(withheld / file))
        text = page.locator("main").inner_text()
        assert not re.search(r"Ingen (åpne )?saker\.|Ingen åpne saker|Ingen endringer|Ingen enhet har åpne", text), file
        assert page.locator("#ferskhet .state.bad").count() == 1 and "1 nyere uttrekk er holdt tilbake." in text
    page.goto(address(withheld / "index.html"))
    assert page.locator(".clear").count() == 0 and page.locator(".headline.doubt").is_visible()
    assert "Ingen kjente endringer siden i går." in section(page, "Siden i går")


# --- schools ---------------------------------------------------------------------------------------------------------


def test_a_schools_page_leads_nowhere_out_of_its_folder_and_stays_when_all_is_solved(
    mornings: dict[str, Morning], page: Page
) -> None:
    for morning in mornings.values():
        for file in (morning.report / "skoler").glob("*/index.html"):
            page.goto(address(file))
            links = page.locator("[href], [src]").evaluate_all("all => all.map(e => e.getAttribute('href') || e.src)")
            folder = address(file.parent)
            outside = [link for link in links if not urljoin(page.url, link).startswith((folder, "data:"))]
            assert outside == [] and page.locator("nav").count() == 0
            linked = [file.parent / link for link in links if link.startswith("arbeidsliste")]
            assert len(linked) == 2 and all(f.exists() for f in linked)
    solved = mornings[PERFECT].report / "skoler" / "S1"
    page.goto(address(solved / "index.html"))
    assert page.locator(".lead").inner_text() == "Ingen saker."
    page.locator("#status").select_option("resolved")
    assert page.locator("#antall").inner_text() == "2 saker"
    over = openpyxl.load_workbook(solved / "arbeidsliste.xlsx")["Løst siste 90 dager"]
    assert {row[0].value for row in list(over.iter_rows())[1:]} == {
        mornings[PERFECT].number(person) for person in ("P001", "P003")}


def totals(morning: Morning, page: Page) -> set[int]:
    """How many cases are open, as each place says it."""
    page.goto(address(morning.report / "index.html"))
    said = re.search(r"(\d+) åp(?:en|ne) sak", section(page, "Åpne saker nå"))
    per_unit = [int(cell) for cell in page.locator("#skoler ~ table tbody tr td:nth-of-type(1)").all_inner_texts()]
    tiles = [int(cell) for cell in page.locator(".tile .count").all_inner_texts()]
    page.goto(address(morning.report / "saker.html"))
    rows = page.locator("#saker tbody tr[data-status=open]").count()
    listed = page.locator("#saker tbody tr:visible").count()
    overview = openpyxl.load_workbook(morning.workbook)["Oversikt"]
    summed, = (row[1].value for row in overview.iter_rows() if row[0].value == "Sum")
    opened = [c for c in morning.cases.values() if c["status"] == "open"]
    return {int(said[1]) if said else 0, sum(per_unit), sum(tiles), rows, listed, summed, len(opened)}


@pytest.mark.parametrize("day", [FIRST, NEWS, CONTRADICTED, PERFECT])
def test_the_number_of_open_cases_is_the_same_everywhere(mornings: dict[str, Morning], page: Page, day: str) -> None:
    assert len(totals(mornings[day], page)) == 1


# --- screens, paper and a checker ------------------------------------------------------------------------------------


@pytest.mark.parametrize("options", [
    {"viewport": {"width": 1280, "height": 900}}, {"viewport": {"width": 1280, "height": 900}, "color_scheme": "dark"},
    {"viewport": {"width": 390, "height": 844}}, {"viewport": {"width": 640, "height": 450}, "device_scale_factor": 2}],
    ids=["light", "dark", "phone", "zoomed to 200 %"])
def test_an_accessibility_checker_finds_nothing_serious_and_nothing_overflows(
    mornings: dict[str, Morning], browser: Browser, options: dict[str, Any]
) -> None:
    report, case = mornings[CONTRADICTED].report, mornings[CONTRADICTED].cases[mornings[CONTRADICTED].number("P003")]
    with watched(browser, **options, bypass_csp=True) as page:  # the checker's own script would be refused
        for file in ["index.html", "saker.html", "kommuneadmin.html", "finn.html", "svar.html", "skoler/S1/index.html"]:
            page.goto(address(report / file))
            if (row := page.locator(f"#sak-{case['case_number']}")).count():
                row.locator(".open").click()
                page.locator(".story").wait_for()
                assert {case["why"], case["remedy"]} <= set(page.locator(".story p").all_inner_texts())
                assert FINDING_TYPES[case["finding_type"]] in row.inner_text()
            elif file == "finn.html":
                page.locator("#finn").fill("test")
                page.locator("#personer li").first.wait_for()
            elif file == "kommuneadmin.html":
                reason = page.get_by_text("finnes ikke i HRM").bounding_box()
                assert reason and reason["x"] + reason["width"] <= options["viewport"]["width"]
            violations = [(v["id"], [n["target"] for n in v["nodes"]]) for v in Axe().run(page).response["violations"]
                          if v["impact"] in ("serious", "critical")]
            assert violations == [], file
            assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), file


def test_on_paper_each_case_has_its_type_why_it_is_one_and_what_to_do(
    mornings: dict[str, Morning], page: Page, tmp_path: Path
) -> None:
    news = mornings[NEWS]
    at_school = [c for c in news.cases.values() if c["org_number"] == "S1"]
    assert len(at_school) == 2
    for file, cases in [("saker.html", news.cases.values()), ("skoler/S1/index.html", at_school)]:
        printed(page, news.report / file, tmp_path / "page.pdf")
        raw = subprocess.run([needed("pdftotext"), "-raw", str(tmp_path / "page.pdf"), "-"], capture_output=True, text=True)
        for case in cases:
            for text in (FINDING_TYPES[case["finding_type"]], case["why"], case["remedy"]):
                assert words(text) in words(raw.stdout), file
    first = words("".join(printed(page, news.report / "index.html", tmp_path / "first.pdf")))
    assert all(words(c["remedy"]) in first for c in news.cases.values()) and "Side 1 av" in first and "Kopier" not in first


def test_the_workbooks_print_has_the_steps_whole_on_landscape_a4_with_kommune_and_page_numbers(
    mornings: dict[str, Morning], tmp_path: Path
) -> None:
    news = mornings[NEWS]
    done = subprocess.run(
        [needed("soffice", "libreoffice"), f"-env:UserInstallation={(tmp_path / 'profile').as_uri()}", "--headless",
         "--convert-to", "pdf", "--outdir", str(tmp_path), str(news.workbook)], capture_output=True, text=True, timeout=180)
    assert done.returncode == 0, done.stderr
    pdf = tmp_path / "arbeidsliste.pdf"
    about = subprocess.run([needed("pdfinfo"), str(pdf)], capture_output=True, text=True, check=True).stdout
    assert re.search(r"Page size: +84[12]\.\d+ x 59[45]\.\d+ pts \(A4\)", about), about
    pages = sheets(pdf)
    for number, sheet in enumerate(pages, start=1):
        assert "9999 Oppdikta kommune – Alle saker" in sheet and "per 10.03.2025" in sheet
        assert f"Side {number} av {len(pages)}" in sheet
    raw = words(subprocess.run([needed("pdftotext"), "-raw", str(pdf), "-"], capture_output=True, text=True, check=True).stdout)
    for case in news.cases.values():
        assert words(case["remedy"]) in raw and case["case_number"] in raw
        assert SHEETS[case["finding_type"]] in raw
