"""What looks like a day without news, and is a doubt: frozen sources, emptied units, misnamed folders, numbers written otherwise.

Through the command line: what `run` and `status` say, and what the report and messages make of it.
"""

from datetime import date, timedelta
from typing import Any

import openpyxl
import pytest

from tests.support.command_line import Place, changed, town, without

DAY = date(2025, 3, 10)
Tables = dict[str, Any]


def deliver_daily(place: Place, hrm: Tables, vfs: Tables, days: int) -> None:
    """The same content on each of the last `days` days up to DAY."""
    for back in range(days):
        place.deliver("hrm", DAY - timedelta(days=back), hrm)
        place.deliver("vfs", DAY - timedelta(days=back), vfs)


# --- sources_are_alive -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("days", "told"), [(7, None), (8, "warns"), (14, "warns"), (15, "failed")])
def test_a_source_whose_extracts_are_the_same_for_a_week_may_be_frozen_and_after_two_it_fails(
    place: Place, days: int, told: str | None
) -> None:
    """contract#frozen-source"""
    hrm, vfs = town()
    deliver_daily(place, hrm, vfs, days)
    place.deliver("vfs", DAY, changed(vfs, "persons", "person_id", "P001", email="test@kommune.test"))
    done = place.do("run")
    assert done.code == 0
    since = DAY - timedelta(days=days - 1)
    line = (f"check {told}: data_freshness.sources_are_alive: hrm: every extract since {since} has the same content "
            f"({days - 1} days)")
    assert (line in done.err) if told else ("sources_are_alive" not in done.err)
    assert "vfs: every extract" not in done.err
    assert {f["system"]: f["unchanged_since"] for f in place.mart("data_freshness")} == {"hrm": since, "vfs": DAY}


def test_a_single_old_extract_is_stale_and_not_frozen(place: Place) -> None:
    """contract#frozen-source"""
    hrm, vfs = town()
    place.deliver("hrm", "2025-02-01", hrm)
    place.deliver("vfs", "2025-03-10", vfs)
    done = place.do("run")
    assert "extracts_are_recent" in done.err and "sources_are_alive" not in done.err


# --- no_unit_was_emptied ---------------------------------------------------------------------------------------------


def town_with_a_third_school(positions: int) -> tuple[Tables, Tables]:
    """A town of 40 in which the first so many work at S3, Bakken skole."""
    hrm, vfs = town(40)
    for n in range(1, positions + 1):
        hrm = changed(hrm, "positions", "position_id", f"h{n:03d}", org_number="S3")
        vfs = changed(vfs, "positions", "position_id", f"v{n:03d}", org_number="S3")
        vfs = changed(vfs, "accesses", "person_id", f"P{n:03d}", org_number="S3")
    for tables in (hrm, vfs):
        tables["org_units"] = [*tables["org_units"], {"org_number": "S3", "name": "Bakken skole", "type": "school"}]
    return hrm, vfs


@pytest.mark.parametrize(("positions", "is_told"), [(4, False), (5, True)])
def test_a_unit_that_lost_all_its_positions_is_named_with_their_number(place: Place, positions: int, is_told: bool) -> None:
    """contract#emptied-org-unit"""
    hrm, vfs = town_with_a_third_school(positions)
    place.deliver("hrm", "2025-03-09", hrm)
    place.deliver("vfs", "2025-03-09", vfs)
    for n in range(1, positions + 1):
        hrm = without(hrm, "positions", "position_id", f"h{n:03d}")
    place.deliver("hrm", "2025-03-10", hrm)
    place.deliver("vfs", "2025-03-10", vfs)
    done = place.do("run")
    assert done.code == 0
    line = ("check failed: emptied_org_units.no_unit_was_emptied: "
            f"Bakken skole (S3): {positions} active positions in hrm before, none now")
    assert (line in done.err) == is_told
    assert len(place.mart("cases")) == positions
    # The day after it is over, whatever became of the unit: an event, not a state.
    place.deliver("hrm", "2025-03-11", hrm)
    assert "no_unit_was_emptied" not in place.do("run", today="2025-03-11").err


# --- folders_are_days ------------------------------------------------------------------------------------------------


def test_a_folder_that_is_no_day_or_a_day_to_come_is_passed_over_and_told_by_run_and_status(place: Place) -> None:
    """contract#no-day"""
    hrm, vfs = town()
    place.deliver("hrm", "2025-03-10", hrm)
    place.deliver("vfs", "2025-03-10", vfs)
    for name in ("20250310", "10.03.2025", "2025-03-10 (1)", "2052-03-10"):
        place.deliver("hrm", name, hrm)
    (place.inbox / "vfs" / ".lock").touch()
    done = place.do("run")
    assert done.code == 0
    assert ("check warns: data_freshness.folders_are_days: Passed over, being no day (YYYY-MM-DD) up to today: "
            "hrm: 10.03.2025, 2025-03-10 (1), 20250310, 2052-03-10.") in done.err
    shown = place.do("status", "--json").json["systems"]
    assert shown["hrm"]["passed_over"] == ["10.03.2025", "2025-03-10 (1)", "20250310", "2052-03-10"]
    assert shown["vfs"]["passed_over"] == []
    assert "passed over, no day up to today: 10.03.2025, 2025-03-10 (1)" in place.do("status").out
    # A folder of a day after the as-of date is no mistake.
    assert "hrm: 10.03.2025, 2025-03-10 (1), 20250310, 2052-03-10." in place.do("run", "--as-of", "2025-03-09").err


# --- match_rate_holds, numbers_are_written_alike ----------------------------------------------------------------------


@pytest.mark.parametrize(("unmatched", "is_told"), [(10, False), (11, True)])
def test_a_share_below_half_fails_on_any_day(place: Place, unmatched: int, is_told: bool) -> None:
    """contract#matched-share"""
    hrm, vfs = town(20)
    for n in range(1, unmatched + 1):
        vfs = changed(vfs, "persons", "person_id", f"P{n:03d}", employee_number=f"X{n}")
    place.deliver("hrm", "2025-03-10", hrm)
    place.deliver("vfs", "2025-03-10", vfs)
    done = place.do("run")
    assert ("check failed: employee_status.match_rate_holds: Only 45 % of the VFS persons match an employee, less than 50 %"
            in done.err) == is_told
    assert ("match_rate_holds" in done.err) == is_told


def test_numbers_written_otherwise_in_one_table_of_a_system_are_told(place: Place) -> None:
    """contract#matched-share"""
    hrm, vfs = town(20)
    few = 8  # with more than half of the positions written otherwise, the extract is withheld
    hrm["positions"] = hrm["positions"][few:] + [
        {**p, "employee_number": p["employee_number"].lstrip("0"), "org_number": p["org_number"].lower()}
        for p in hrm["positions"][:few]]
    vfs["positions"] = vfs["positions"][few:] + [{**p, "person_id": p["person_id"].lower()} for p in vfs["positions"][:few]]
    place.deliver("hrm", "2025-03-10", hrm)
    place.deliver("vfs", "2025-03-10", vfs)
    done = place.do("run")
    assert ("8 employee numbers of HRM positions and HRM employees, 8 person ids of VFS positions and VFS persons, "
            "2 org numbers of HRM and VFS (s1 / S1, s2 / S2) would match if leading zeros") in done.err
    assert "1 / 001, 2 / 002, 3 / 003" in done.err and "and 6 more" in done.err


@pytest.mark.parametrize(("written", "is_told"), [("NO{}MVA", True), ("{}", False)])
def test_that_no_position_of_hrm_is_at_a_unit_of_vfs_is_told(place: Place, written: str, is_told: bool) -> None:
    """contract#matched-share"""
    hrm, vfs = town(20)
    hrm["positions"] = [{**p, "org_number": written.format(p["org_number"])} for p in hrm["positions"]]
    place.deliver("hrm", "2025-03-10", hrm)
    place.deliver("vfs", "2025-03-10", vfs)
    done = place.do("run")
    assert ("None of the 20 active positions of HRM is at a unit where VFS ever had one" in done.err) == is_told


# --- 1 August: the extract with the summer's endings is withheld -------------------------------------------------------


@pytest.fixture
def summer(place: Place) -> Place:
    """A town of 60 whose HRM ends 40 positions at once and loses the end date of another; that extract is withheld."""
    hrm, vfs = town(60)
    hrm = changed(hrm, "positions", "position_id", "h060", end_date="2025-06-30")
    for day in ("2025-03-08", "2025-03-09"):
        place.deliver("hrm", day, hrm)
        place.deliver("vfs", day, vfs)
    hrm["positions"] = [{**p, "end_date": "2025-03-09" if int(p["employee_number"]) <= 40 else None} for p in hrm["positions"]]
    place.deliver("hrm", "2025-03-10", hrm)
    place.deliver("vfs", "2025-03-10", vfs)
    assert place.do("run").code == 3
    return place


def test_a_run_that_went_well_says_what_it_had_to_go_by(summer: Place) -> None:
    """contract#withheld-system"""
    again = summer.do("run")
    assert again.code == 0
    assert "hrm is withheld: the lists are made from its extract of 2025-03-09, and lack what changed after it." in again.err
    assert summer.do("run", "--json").json["systems"] == {"hrm": "withheld", "vfs": "fresh"}


def test_a_diff_of_end_dates_alone_shows_what_would_stop_and_what_would_be_lost_by_unit(summer: Place) -> None:
    """contract#quarantined"""
    withheld, = summer.do("status", "--json").json["systems"]["hrm"]["withheld"]
    first, second = withheld["summary"]
    assert (first["org_name"], first["stopping"], first["end_changed"], first["end_lost"], first["gone"]) == (
        "Lia skole", 20, 20, 1, 0)
    assert (second["org_number"], second["stopping"], second["end_lost"]) == ("S1", 20, 0)
    lines = (summer.data / withheld["diff"]).read_text().splitlines()
    assert "positions,h001,stopping,001,S1,Fossen skole,,2025-03-09" in lines
    assert "positions,h060,end_lost,060,S2,Lia skole,2025-06-30," in lines
    shown = summer.do("status").out
    assert "Lia skole (S2): 20 positions would stop, 1 end dates lost, 20 end dates changed" in shown
    assert "current extract 2025-03-09, 1 days old: withheld" in shown
    assert "what 2025-03-10 and the days after it changed is missing in the lists" in shown


def test_a_preview_shows_the_cases_that_would_open_and_writes_nothing(summer: Place) -> None:
    """contract#command-accept"""
    before = {f: f.stat().st_mtime_ns for f in summer.data.rglob("*") if f.is_file() and "dbt" not in f.parts}
    shown = summer.do("accept", "hrm", "2025-03-10", "--preview")
    assert shown.code == 0
    assert "40 cases would open" in shown.out
    assert "1 case would be resolved\n  Sluttdato ikke overført, Lia skole (S2) (1)" in shown.out
    assert "Aktiv VFS - Inaktiv HRM, Fossen skole (S1) (20)" in shown.out and "001  Test001 Testesen" in shown.out
    as_json = summer.do("accept", "hrm", "2025-03-10", "--preview", "--json").json
    assert {c["subject_id"] for c in as_json["opened"]} == {f"v{n:03d}" for n in range(1, 41)}
    assert [c["subject_id"] for c in as_json["resolved"]] == ["v060"]
    assert {f: f.stat().st_mtime_ns for f in summer.data.rglob("*") if f.is_file() and "dbt" not in f.parts} == before
    assert len(summer.mart("cases")) == 1 and not (summer.data / "decisions" / "accepted.jsonl").exists()
    accepted = summer.do("accept", "hrm", "2025-03-10", "--reason", "skoleslutt", "--by", "Kari")
    assert accepted.code == 0
    assert {(c["subject_id"], c["case_number"]) for c in summer.mart("cases")} == {
        (c["subject_id"], c["case_number"]) for c in as_json["opened"]}
    assert '"decided_by": "Kari"' in (summer.data / "decisions" / "accepted.jsonl").read_text()
    nothing = summer.do("accept", "hrm", "2025-03-10", "--preview")
    assert nothing.code == 2 and "no quarantined extract" in nothing.err


def test_while_an_extract_is_withheld_no_page_and_no_workbook_shows_an_all_clear(summer: Place) -> None:
    """contract#withheld-system"""
    assert {f["system"]: f["status"] for f in summer.mart("data_freshness")} == {"hrm": "withheld", "vfs": "fresh"}
    report = summer.data / "published" / "report"
    for file in report.rglob("*.html"):
        page = " ".join(file.read_text(encoding="utf-8").split())
        assert '<p class="state bad"><strong>HRM:</strong> uttrekk fra i går (09.03.2025). 1 nyere uttrekk er holdt' in page, file
        assert "<strong>Listen kan mangle personer som sluttet etter 09.03.2025.</strong>" in page, file
        assert '<p class="state good"><strong>VFS:</strong>' in page, file
    first = (report / "index.html").read_text(encoding="utf-8")
    assert '<span class="count">0</span>' not in first and first.count('<span class="count none">ingen kjente</span>') == 9
    assert first.count(' doubted">') == 10
    overview = openpyxl.load_workbook(summer.data / "published" / "worklists" / "arbeidsliste.xlsx")["Oversikt"]
    told = [r[0].value for r in overview.iter_rows() if str(r[0].value).startswith("HRM:")]
    assert "1 nyere uttrekk er holdt tilbake" in told[0]
    assert 0 not in [r[1].value for r in overview.iter_rows()]


# --- what no guard holds back is said ----------------------------------------------------------------------------------


def _shifted(rows: list[dict[str, Any]], column: str) -> list[dict[str, Any]]:
    return [{**row, column: other[column]} for row, other in zip(rows, [*rows[3:], *rows[:3]], strict=True)]


@pytest.mark.parametrize(("system", "table", "change", "told"), [
    ("vfs", "accesses", lambda rows: [{**r, "end_date": "2025-03-09"} for r in rows],
     "vfs accesses: end_date has passed in 20 of 20 rows"),
    ("vfs", "persons", lambda rows: _shifted(rows, "employee_number"),
     "vfs persons: employee_number is another in 20 of 20 rows"),
    ("hrm", "positions", lambda rows: _shifted(rows, "employee_number"),
     "hrm positions: employee_number is another in 20 of 20 rows"),
    ("hrm", "positions", lambda rows: [{**r, "start_date": ""} for r in rows],
     "hrm positions: start_date lost its value in 20 of 20 rows"),
    ("vfs", "persons", lambda rows: [{**r, "registered_by": ""} for r in rows],
     "vfs persons: registered_by lost its value in 20 of 20 rows"),
])
def test_a_column_that_is_emptied_or_moved_in_most_rows_at_once_is_told(
    place: Place, system: str, table: str, change: Any, told: str
) -> None:
    """contract#first-law"""
    of_system = dict(zip(("hrm", "vfs"), town(20), strict=True))
    for name, tables in of_system.items():
        place.deliver(name, "2025-03-09", tables)
    for name, tables in of_system.items():
        place.deliver(name, "2025-03-10", {**tables, table: change(tables[table])} if name == system else tables)
    done = place.do("run")
    assert "check failed: data_freshness.contents_hold" in done.err and told in done.err, done.err


def test_a_kommuneadmin_group_renamed_for_some_is_told(place: Place) -> None:
    """contract#renamed-group"""
    hrm, vfs = town()
    admins = [{"person_id": f"P00{n}", "access_group": "Kommuneadmin", "org_number": "K"} for n in (2, 3)]
    place.deliver("hrm", "2025-03-10", hrm)
    place.deliver("vfs", "2025-03-09", {**vfs, "accesses": [*vfs["accesses"], *admins]})
    place.deliver("vfs", "2025-03-10", {**vfs, "accesses": [
        *vfs["accesses"], {**admins[0], "access_group": "Kommuneadmin 2"}, admins[1]]})
    done = place.do("run")
    assert "1 of those who had a kommuneadmin group in the extract before have another at the same unit now: Kommuneadmin 2" in (
        done.err)
