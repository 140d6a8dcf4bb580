"""A large kommune's worst mornings: 1 August with 330 people who left at 150 schools, 20,000 people to search, a roster of 60.

The lists are made by hand, around the warehouse of a small town. Belongs here: size, order, paper of several sheets.
"""

import subprocess
import time
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from random import Random
from typing import Any

import openpyxl
import pytest
from playwright.sync_api import Browser, Page

from demo.people import name
from ingest.warehouse import open_warehouse
from publish import people, report, worklists
from publish.lists import Lists
from publish.report import MOST_PEOPLE
from tests.support.browser import address, chromium, needed, watched
from tests.support.command_line import Place, Prepared, make_place, town
from tests.support.lists import case, lists

DAY = date(2025, 8, 1)
MOST_BYTES = 2_000_000
SCHOOLS, LEFT, ADMINS = 150, 330, 60


@pytest.fixture(scope="module")
def warehouse(tmp_path_factory: pytest.TempPathFactory, prepared: Prepared) -> Path:
    place: Place = make_place(tmp_path_factory.mktemp("large"), prepared)
    hrm, vfs = town()
    place.deliver("hrm", "2025-03-10", hrm)
    place.deliver("vfs", "2025-03-10", vfs)
    assert place.do("run").code == 0
    return place.data / "warehouse.duckdb"


@pytest.fixture(scope="module")
def browser(warehouse: Path) -> Iterator[Browser]:
    with chromium() as browser:
        yield browser


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    with watched(browser) as page:
        yield page


def written(folder: Path, warehouse: Path, made: Lists) -> Path:
    """The report and the workbooks of these lists, as a run writes them; the report's folder."""
    for school in made.schools:
        (folder / "report" / "skoler" / school.folder).mkdir(parents=True)
    (folder / "report").mkdir(exist_ok=True)
    with (worklists.writing(folder / "worklists", folder / "report" / "skoler", made),
          open_warehouse(warehouse, read_only=True) as con):
        report.write(con, folder / "report", made)
    return folder / "report"


def first_of_august() -> Lists:
    """330 people who left; each tenth has a position at a second school, and the last five are kommuneadmins too."""
    rng, cases = Random(1), []
    for n in range(LEFT):
        given, family = name(rng)
        person = {"person_id": f"P{n:04d}", "employee_number": f"{n:06d}", "given_name": given, "family_name": family,
                  "as_of_date": DAY, "problem_since": DAY, "first_seen_on": DAY, "change": "new"}
        at = f"{n % SCHOOLS:03d}"
        position = {"finding_type": "active_vfs_inactive_hrm", "org_number": at, "org_name": f"Skole {at}", "role": "Lærer",
                    "can_log_in": True, "date_to_set": DAY - timedelta(days=1), "remedy": (
                        f"Ansattkort > Stillinger > velg stillingen ved Skole {at} > sett «Tilsatt til» til 31.07.2025 > Lagre. "
                        "Stillingen og tilgangen avsluttes med en gang."),
                    "why": "Sluttdatoen ble satt tilbake i tid, og overføres ikke."}
        is_admin = n >= LEFT - 5
        cases.append(case(f"S-{n:08X}", **person, **position, priority=1 if is_admin else 2))
        if n % 10 == 0:
            other = f"{(n + 1) % SCHOOLS:03d}"
            cases.append(case(f"S-1{n:07X}", **person, **position | {"org_number": other, "org_name": f"Skole {other}"}))
        if is_admin:
            cases.append(case(f"S-2{n:07X}", **person, finding_type="kommuneadmin_review", org_number=None, org_name=None,
                              priority=1, remedy="Ansattkort > Info > fjern tilgangen «Kommuneadmin» > Lagre."))
    Random(2).shuffle(cases)
    return lists(cases, as_of=DAY)


def test_on_the_first_of_august_the_first_page_has_what_to_take_first_and_all_is_written_in_time(
    warehouse: Path, page: Page, tmp_path: Path
) -> None:
    """contract#priority"""
    made, before = first_of_august(), time.perf_counter()
    folder = written(tmp_path, warehouse, made)
    took = time.perf_counter() - before
    print(f"{len(made.cases)} cases at {len(made.schools)} schools: report and workbooks written in {took:.1f} s")
    assert took < 60
    for file in folder.rglob("*.html"):
        assert file.stat().st_size < MOST_BYTES, file
    assert len(list(folder.glob("skoler/*/arbeidsliste.xlsx"))) == SCHOOLS
    page.goto(address(folder / "index.html"))
    visits = page.locator(".visits > li")
    assert visits.count() == 10
    shown = [visit.locator(".person").inner_text() for visit in visits.all()]
    admins = {f"profil P{n:04d}" for n in range(LEFT - 5, LEFT)}
    assert {text[text.index("profil"):].split(",")[0] for text in shown[:5]} == admins
    assert all("2 saker i samme besøk" in text for text in shown[:5])  # the position and the access as kommuneadmin
    places = [visit.locator(".case").first.inner_text().split("Skole ")[1][:3] for visit in visits.all()]
    assert places[5:] == sorted(places[5:]) and places[5] == "000"
    rest = len(made.cases) - page.locator(".visits .case").count()
    assert f"{rest} saker til står i samme rekkefølge" in page.locator("section", has_text="Gjør dette i dag").inner_text()
    page.goto(address(folder / "saker.html"))
    assert page.locator("#antall").inner_text() == f"{len(made.cases)} saker"
    order = page.locator("#saker tbody tr").evaluate_all("rows => rows.map(row => row.id.slice(4))")
    assert order == [c["case_number"] for c in made.cases]
    page.goto(address(folder / "index.html"))
    sums = page.locator("table.bars").first.locator("tfoot td").first.inner_text()
    assert int(sums) == len(made.cases)
    book = openpyxl.load_workbook(tmp_path / "worklists" / "arbeidsliste.xlsx", read_only=True)
    summed, = (row[1].value for row in book["Oversikt"].iter_rows() if row[0].value == "Sum")
    assert summed == len(made.cases)


# --- finding people --------------------------------------------------------------------------------------------------


def everybody(count: int) -> list[dict[str, Any]]:
    """Rows of the mart `people`: a few that are looked for, and others."""
    rng = Random(3)
    row = {"other_name": None, "roles": "Lærer", "vfs_status": "active", "hrm_status": "active", "can_log_in": True,
           "can_get_in": True, "last_day_in_hrm": None, "case_numbers": None, "access_groups": "Lærer"}
    known = [{"given_name": "Åse", "family_name": "Tårnøy", "roles": "Rektor", "org_names": "Fossen skole",
              "hrm_status": "inactive", "last_day_in_hrm": date(2025, 7, 31), "case_numbers": "S-0000000A"},
             {"given_name": "Ærlend", "family_name": "Bjørge", "org_names": None, "roles": None, "access_groups": None,
              "can_get_in": False, "vfs_status": "inactive"},
             {"given_name": "Zoë", "family_name": "Ek", "org_names": None, "roles": None, "access_groups": None,
              "can_get_in": None}]
    for _ in range(count - len(known)):
        given, family = name(rng)
        known.append({"given_name": given, "family_name": family, "org_names": f"Skole {rng.randrange(150):03d}"})
    return [{**row, "person_id": f"{rng.getrandbits(48):012x}", "employee_number": f"{700000 + n}", **k}
            for n, k in enumerate(known)]


def test_twenty_thousand_people_can_be_searched_in_a_page_below_two_megabytes(
    warehouse: Path, page: Page, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """contract#command-find"""
    monkeypatch.setattr(people, "read_people", lambda _: everybody(MOST_PEOPLE))
    file = written(tmp_path, warehouse, lists([])) / "finn.html"
    print(f"{MOST_PEOPLE} people: {file.stat().st_size / 1e6:.2f} MB")
    assert file.stat().st_size < MOST_BYTES
    page.goto(address(file))
    assert page.locator("#funnet").inner_text() == f"{MOST_PEOPLE} personer å søke blant"
    for words in ("tårnøy", "TAARNOEY", "tarnoy aase", "ase tarnoy", "rektor åse", "700000 åse", "s-0000000a"):
        page.locator("#finn").fill(words)
        page.get_by_text("Åse Tårnøy").wait_for()
        assert page.locator("#personer li").count() == 1, words
        assert "Har tilgang: ja, inaktiv i HRM, siste dag i HRM 31.07.2025" in page.locator("#personer").inner_text()
    assert page.locator("#personer a").get_attribute("href") == "saker.html#sak-S-0000000A"
    for words, said in [("aerlend", "Har tilgang: nei"), ("zoe ek", "Har tilgang: ikke kjent, for kildene leverer ikke")]:
        page.locator("#finn").fill(words)
        page.get_by_text(said).wait_for()
    page.locator("#finn").fill("lærer")
    page.get_by_text("de første 50 vises. Skriv mer for å få færre.").wait_for()
    assert page.locator("#personer li").count() == 50
    page.locator("#finn").fill("ingen heter dette")
    page.get_by_text("Ingen personer").wait_for()


def test_more_people_than_a_page_can_hold_are_said_to_be_too_many(
    warehouse: Path, page: Page, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(people, "read_people", lambda _: everybody(MOST_PEOPLE + 1))
    page.goto(address(written(tmp_path, warehouse, lists([])) / "finn.html"))
    assert f"Det er {MOST_PEOPLE + 1} personer, for mange til å søke i her." in page.locator("main").inner_text()
    assert page.locator("#finn").count() == 0


# --- the roster on paper ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("admins", [ADMINS, 11, 12, 23, 24])
def test_each_sheet_of_the_roster_says_whose_it_is_and_the_signature_stands_by_the_last_names(
    warehouse: Path, page: Page, tmp_path: Path, admins: int
) -> None:
    roster = [{"person_id": f"P{n:04d}", "employee_number": f"{n:06d}", "given_name": "Test", "family_name": f"Testesen{n}",
               "access_group": "Kommuneadmin", "org_number": "K", "org_name": "Oppdikta kommune", "hrm_status": "active",
               "has_active_position": True, "registered_by": "hrm", "review_reason": "no_position" if n % 7 == 0 else None,
               "confirmed_until": None, "confirmed_by": None} for n in range(admins)]
    page.goto(address(written(tmp_path, warehouse, lists([], roster=roster)) / "kommuneadmin.html"))
    page.pdf(path=tmp_path / "roster.pdf", prefer_css_page_size=True)
    done = subprocess.run([needed("pdftotext"), "-layout", str(tmp_path / "roster.pdf"), "-"], capture_output=True, text=True,
                          check=True)
    sheets = done.stdout.split("\f")[:-1]
    for number, sheet in enumerate(sheets, start=1):
        assert "9999 Oppdikta kommune. Kommuneadministratorer i Visma Flyt Skole per 10.03.2025" in sheet
        assert f"Side {number} av {len(sheets)}" in sheet and "Tilgangsgruppe" in sheet and "Beholde?" in sheet
    signed, = (sheet for sheet in sheets if "Signatur:" in sheet)
    assert signed == sheets[-1] and all(f"P{n:04d}" in signed for n in range(admins - 3, admins))
    assert sum(sheet.count("☐ ja") for sheet in sheets) == admins and (len(sheets) > 2 or admins < ADMINS)
