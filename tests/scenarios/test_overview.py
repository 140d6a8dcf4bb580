"""`sluttdato overview`: kommuner that are fresh, withheld, failed, damaged, newer, never run and wrongly set (contract#overview).

Two runs of one kommune are enough: the others are copies of its data directory, and of what was published before the second.
"""

import csv
import json
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe

from orchestration.core.data_version import FORM
from tests.support.browser import address, chromium, watched
from tests.support.command_line import Done, Place, Prepared, changed, make_place, town

BEFORE, TODAY = "2025-03-09", "2025-03-10"
SOME_UNREAD, WRONG_USE = 1, 2


@dataclass(frozen=True)
class Made:
    """A folder with settings of several kommuner, and the overview that was made of it. `people`: what must stand nowhere."""

    place: Place
    done: Done
    people: set[str]

    @property
    def folder(self) -> Path:
        return self.place.root / "oversikt"

    @property
    def found(self) -> dict[str, Any]:
        return json.loads((self.folder / "oversikt.json").read_text(encoding="utf-8"))

    @property
    def kommuner(self) -> dict[str, dict[str, Any]]:
        return {k["name"]: k for k in self.found["kommuner"]}


def settings(place: Place, name: str, more: str = "") -> None:
    folder = place.root / "kommuner"
    folder.mkdir(exist_ok=True)
    (folder / f"{name}.yaml").write_text(
        f"data_dir: ../data-of/{name}\nkommune: {{name: {name.capitalize()} kommune}}\n"
        f"sources: {{hrm: {{path: ../inbox/{name}/hrm}}, vfs: {{path: ../inbox/{name}/vfs}}}}\n{more}", encoding="utf-8")


def copied(place: Place, *names: str) -> None:
    """Kommuner whose data directories are as that of the place is now."""
    for name in names:
        data = place.root / "data-of" / name
        shutil.copytree(place.data, data, symlinks=True, ignore=shutil.ignore_patterns("dbt", "landed", "warehouse*"))
        settings(place, name)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory, prepared: Prepared) -> Iterator[Made]:
    place = make_place(tmp_path_factory.mktemp("overview") / "place", prepared)
    hrm, vfs = town(40)
    for i in ("001", "003", "005", "007", "009"):
        hrm = changed(hrm, "positions", "position_id", f"h{i}", end_date="2025-03-01")
    place.deliver("hrm", BEFORE, hrm)
    place.deliver("vfs", BEFORE, vfs)
    assert place.do("run", today=BEFORE).code == 0
    copied(place, "fersk", "feilet", "skadet", "nyere")
    place.deliver("hrm", TODAY, {**hrm, "positions": hrm["positions"][:5]})
    assert place.do("run", today=TODAY).code == 3
    copied(place, "holdt")
    data = place.root / "data-of"
    run = json.loads((data / "feilet" / "last_run.json").read_text())
    (data / "feilet" / "last_run.json").write_text(json.dumps(run | {"succeeded": False, "failed_steps": ["marts"]}))
    damaged = (data / "skadet" / "published").resolve() / "open" / "marts.duckdb"
    damaged.chmod(0o600)
    damaged.write_bytes(damaged.read_bytes()[:4000])
    (data / "nyere" / "version.json").write_text(json.dumps({"form": FORM + 1, "written_by": "9.1.0"}))
    settings(place, "aldri")
    settings(place, "gal", "policy: {grace_dager: 1}\n")
    done = place.do("overview", "kommuner", "--to", "oversikt", today=TODAY)
    whole = place.all_marts()
    people = {str(row[column]) for table in (*hrm.values(), *vfs.values()) for row in table for column in (
        "given_name", "family_name", "person_id", "position_id", "hrm_position_id") if row.get(column)}
    people |= {row["case_number"] for row in whole["cases"]} | {row["finding_id"] for row in whole["findings"]}
    yield Made(place, done, people)


def test_each_kommune_has_a_row_and_one_that_cannot_be_read_holds_no_other_back(made: Made) -> None:
    """contract#overview"""
    assert made.done.code == SOME_UNREAD, made.done.text
    assert {name: k["status"] for name, k in made.kommuner.items()} == {
        "fersk": "fresh", "holdt": "withheld", "feilet": "failed", "skadet": "unreadable", "nyere": "unreadable",
        "aldri": "not_published", "gal": "wrong_settings"}
    assert "7 kommuner, 4 of them could not be read: aldri, gal, nyere, skadet" in made.done.out
    assert "grace_dager" in made.done.err and "written by a newer version" in made.done.err
    assert not any(word in file.read_text(encoding="utf-8") for file in made.folder.iterdir()
                   for word in ("grace_dager", str(made.place.root)))


def test_what_cannot_be_read_is_unknown_and_the_sum_is_at_least_that_of_the_others(made: Made) -> None:
    """contract#overview contract#first-law"""
    assert {name: k["people_left_with_access"] for name, k in made.kommuner.items()} == {
        "fersk": {"at_least": 5, "known": "exact"}, "holdt": {"at_least": 5, "known": "at_least"},
        "feilet": {"at_least": 5, "known": "at_least"},
        **{name: {"at_least": None, "known": "unknown"} for name in ("skadet", "nyere", "aldri", "gal")}}
    assert made.found["people_left_with_access"] == {"at_least": 15, "known": "at_least"}
    assert made.found["end_dates"]["kommuner"] == 3
    assert made.kommuner["fersk"]["end_dates"]["waiting"]["at_least"] == 5
    assert made.kommuner["holdt"]["end_dates"]["waiting"]["known"] == "at_least"
    rows = list(csv.DictReader(StringIO((made.folder / "kommuner.csv").read_text(encoding="utf-8-sig")), delimiter=";"))
    assert {row["Kommune"]: row["Kan komme inn"] for row in rows} == {
        "Fersk kommune": "5", "Holdt kommune": "minst 5", "Feilet kommune": "minst 5", "Skadet kommune": "ukjent",
        "Nyere kommune": "ukjent", "Aldri kommune": "ukjent", "gal": "ukjent"}


def test_no_byte_of_the_overview_is_about_a_person(made: Made) -> None:
    """contract#overview"""
    assert {"Test001", "P001", "v001"} <= made.people
    for file in made.folder.iterdir():
        content = file.read_text(encoding="utf-8")
        assert [word for word in made.people if word in content] == [], file


def test_the_overview_is_read_by_its_owner_and_made_anew_in_its_place_and_never_over_something_else(made: Made) -> None:
    """contract#overview"""
    place = made.place
    before = {file.name: file.read_bytes() for file in made.folder.iterdir()}
    assert before.keys() == {"index.html", "kommuner.csv", "sluttdatoer.csv", "oversikt.json"}
    assert made.folder.stat().st_mode & 0o777 == 0o700
    assert all(file.stat().st_mode & 0o777 == 0o600 for file in made.folder.iterdir())
    assert place.do("overview", "kommuner", "--to", "oversikt").code == SOME_UNREAD
    assert {file.name: file.read_bytes() for file in made.folder.iterdir()} == before
    for wrong, told in (("kommuner", "something else"), ("data-of/fersk/side", "fersk"), ("data-of", "holds"),
                        ("sluttdato.yaml", "file of this name")):
        refused = place.do("overview", "kommuner", "--to", wrong)
        assert refused.code == WRONG_USE and told in refused.err, refused.text
    assert place.do("overview", "inbox", "--to", "ny").code == WRONG_USE
    assert not (place.root / "ny").exists()


def test_when_no_run_has_ended_for_days_nothing_is_fresh(made: Made) -> None:
    """contract#overview contract#first-law"""
    later = made.place.do("overview", "kommuner", "--to", "senere", today="2025-03-11")
    assert later.code == SOME_UNREAD
    found = json.loads((made.place.root / "senere" / "oversikt.json").read_text(encoding="utf-8"))
    assert {k["name"]: k["status"] for k in found["kommuner"] if k["as_of_date"]} == {
        "fersk": "overdue", "feilet": "failed", "holdt": "withheld"}
    assert [k["people_left_with_access"] for k in found["kommuner"] if k["name"] == "fersk"] == [
        {"at_least": 5, "known": "at_least"}]


def test_the_page_needs_no_net_and_is_read_by_everybody_on_screen_and_sorted_by_keyboard(made: Made) -> None:
    """contract#overview"""
    with chromium() as browser:
        for options in ({"viewport": {"width": 1280, "height": 900}}, {"viewport": {"width": 390, "height": 800}},
                        {"viewport": {"width": 1280, "height": 900}, "color_scheme": "dark"}):
            with watched(browser, **options) as page:
                page.goto(address(made.folder / "index.html"))
                assert page.locator(".headline").inner_text().startswith("Minst 15 personer")
                assert [v["id"] for v in Axe().run(page).response["violations"]] == []
                assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        with watched(browser) as page:
            page.goto(address(made.folder / "index.html"))
            names = page.locator("section[aria-labelledby=kommuner] tbody th")
            assert names.first.inner_text() == "gal" and names.last.inner_text() == "Fersk kommune"
            page.get_by_role("button", name="Kommune", exact=True).first.press("Enter")
            assert names.first.inner_text() == "Aldri kommune"
            assert page.locator("th[aria-sort=ascending]").count() == 1
            page.screenshot(path=str(made.place.root / "page.png"), full_page=True)
