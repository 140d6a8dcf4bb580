"""Whatever breaks in a delivery, a leaver who can still get in stays listed: the extract is held back, or the row is kept."""

from typing import Any

import pytest

from tests.support.command_line import Done, Place, changed, town

DONE, WITHHELD = 0, 3
LEAVERS = 12
Tables = dict[str, Any]


def with_leavers(size: int = 60, leavers: int = LEAVERS) -> tuple[Tables, Tables]:
    """A town whose first employees left a while ago, and are still in VFS."""
    hrm, vfs = town(size)
    for n in range(1, leavers + 1):
        hrm = changed(hrm, "positions", "position_id", f"h{n:03d}", end_date="2025-02-20")
    return hrm, vfs


def open_findings(place: Place) -> set[tuple[str, str]]:
    return {(f["finding_type"], f["subject_id"]) for f in place.mart("findings", "status = 'open'")}


@pytest.fixture
def leavers(place: Place) -> Place:
    """The town, taken in on 8 and 9 March; today is the 10th."""
    hrm, vfs = with_leavers()
    for day in ("2025-03-08", "2025-03-09"):
        place.deliver("hrm", day, hrm)
        place.deliver("vfs", day, vfs)
    assert place.do("run", "--as-of", "2025-03-09", today="2025-03-09").code == DONE
    assert len(open_findings(place)) == LEAVERS
    return place


def held_back(place: Place, hrm: Tables | None = None, vfs: Tables | None = None, **options: Any) -> Done:
    """Deliver today's extracts; whatever is broken in them, nothing is resolved."""
    before = open_findings(place)
    good_hrm, good_vfs = with_leavers()
    place.deliver("hrm", "2025-03-10", hrm or good_hrm, delta=bool(hrm) and options.get("delta", False))
    place.deliver("vfs", "2025-03-10", vfs or good_vfs, delta=bool(vfs) and options.get("delta", False))
    done = place.do("run")
    assert done.code == WITHHELD
    assert open_findings(place) == before
    return done


def test_an_extract_without_end_dates_resolves_nothing(leavers: Place) -> None:
    """contract#guard-end-dates"""
    hrm, _ = with_leavers()
    done = held_back(leavers, {**hrm, "positions": [{**p, "end_date": ""} for p in hrm["positions"]]})
    assert "quarantined: hrm 2025-03-10: active positions rose" not in done.err
    assert "12 of 12 positions that had ended are active again" in done.err


def test_an_old_extract_dated_today_resolves_nothing(leavers: Place) -> None:
    """contract#guard-end-dates: HRM holds only active positions, and the old extract those that are gone."""
    old, vfs = town(60)
    only_active = {**old, "positions": old["positions"][LEAVERS:], "employees": old["employees"][LEAVERS:]}
    for day in ("2025-03-07", "2025-03-08"):
        leavers.deliver("hrm", day, old if day == "2025-03-07" else only_active)
        leavers.deliver("vfs", day, vfs)
    leavers.deliver("hrm", "2025-03-09", only_active)
    assert leavers.do("run", "--as-of", "2025-03-09", today="2025-03-09").code == DONE
    assert len(open_findings(leavers)) == LEAVERS
    assert "12 of 12 positions that had ended are active again" in held_back(leavers, old).err


def test_accesses_with_a_heading_only_empty_no_roster(leavers: Place) -> None:
    """contract#quarantined"""
    _, vfs = with_leavers()
    assert "quarantined: vfs 2025-03-10: accesses empty" in held_back(leavers, vfs={**vfs, "accesses": []}).err


def test_when_nobody_may_log_in_any_more_nothing_is_resolved(leavers: Place) -> None:
    """contract#guard-size"""
    _, vfs = with_leavers()
    done = held_back(leavers, vfs={**vfs, "persons": [{**p, "login_enabled": False} for p in vfs["persons"]]})
    assert "persons who may log in fell from 60 to 0 (the most in 30 days)" in done.err


def test_all_numbers_renumbered_are_no_leavers(leavers: Place) -> None:
    """contract#guard-keys"""
    hrm, _ = with_leavers()
    renumbered = {**hrm, **{t: [{**r, "employee_number": f"N{r['employee_number']}"} for r in hrm[t]]
                            for t in ("employees", "positions")}}
    assert "60 of 60 employee keys of the extract before are gone" in held_back(leavers, renumbered).err


def test_numbers_written_otherwise_in_one_table_than_in_another_are_no_leavers(leavers: Place) -> None:
    """contract#guard-owners"""
    hrm, _ = with_leavers()
    hrm = {**hrm, "positions": [{**p, "employee_number": p["employee_number"].lstrip("0")} for p in hrm["positions"]]}
    assert "quarantined: hrm 2025-03-10: 60 of 60 positions belong to nobody" in held_back(leavers, hrm).err


def test_coming_end_dates_that_are_lost_hold_an_extract_back(leavers: Place) -> None:
    """contract#guard-end-dates"""
    hrm, vfs = with_leavers()
    coming = {**hrm, "positions": [{**p, "end_date": p.get("end_date") or "2025-06-30"} for p in hrm["positions"]]}
    leavers.deliver("hrm", "2025-03-09", coming)
    assert leavers.do("run", "--as-of", "2025-03-09", today="2025-03-09").code == DONE
    assert "48 of 48 end dates yet to come are gone" in held_back(leavers, hrm, vfs).err


def test_a_delta_that_removes_most_is_held_back_like_a_full_extract(place: Place) -> None:
    """contract#guard-size, contract#guard-keys, contract#full-or-delta"""
    place.configure(sources={s: {"adapter": "csv", "path": f"inbox/{s}", "extract": "delta" if s == "vfs" else "full"}
                             for s in ("hrm", "vfs")})
    hrm, vfs = with_leavers(20, 6)
    place.deliver("hrm", "2025-03-09", hrm)
    place.deliver("hrm", "2025-03-10", hrm)
    place.deliver("vfs", "2025-03-09", vfs, delta=True)
    assert place.do("run", "--as-of", "2025-03-09", today="2025-03-09").code == DONE
    before = open_findings(place)
    removed = {t: [{**r, "deleted": True} for r in vfs[t][:12]] for t in ("persons", "positions", "accesses")}
    place.deliver("vfs", "2025-03-10", {**removed, "org_units": vfs["org_units"]}, delta=True)
    done = place.do("run")
    assert done.code == WITHHELD and open_findings(place) == before and len(before) == 6
    assert "persons fell from 20 to 8 (the most in 30 days)" in done.err
    assert "12 of 20 person keys of the extract before are gone" in done.err


def test_a_system_that_loses_a_little_each_day_is_held_back_when_it_has_lost_too_much(place: Place) -> None:
    """contract#guard-size"""
    hrm, vfs = with_leavers(300, 20)
    left = 300
    for n in range(1, 11):
        kept = {**vfs, **{t: vfs[t][300 - left:] for t in ("persons", "positions", "accesses")}}
        place.deliver("vfs", f"2025-03-{n:02d}", kept)
        place.deliver("hrm", f"2025-03-{n:02d}", hrm)
        left = left * 91 // 100
    done = place.do("run")
    assert done.code == WITHHELD
    assert "quarantined: vfs 2025-03-02" not in done.err  # 9 %
    for day in range(3, 11):
        assert f"quarantined: vfs 2025-03-{day:02d}: persons fell from 300 to " in done.err
    assert place.do("run").code == DONE  # told once


def test_of_eighteen_persons_one_is_not_enough(place: Place) -> None:
    """contract#guard-size"""
    hrm, vfs = with_leavers(18, 2)
    place.deliver("hrm", "2025-03-09", hrm)
    place.deliver("vfs", "2025-03-09", vfs)
    place.do("run", "--as-of", "2025-03-09", today="2025-03-09")
    before = open_findings(place)
    place.deliver("vfs", "2025-03-10", {**vfs, **{t: vfs[t][-1:] for t in ("persons", "positions", "accesses")}})
    done = place.do("run")
    assert done.code == WITHHELD and open_findings(place) == before and len(before) == 2
    assert "persons fell from 18 to 1 (the most in 30 days)" in done.err


def test_an_extract_with_a_mistyped_year_is_held_back(leavers: Place) -> None:
    """contract#mistyped-year"""
    before = leavers.all_marts()["findings"]
    hrm, _ = town(60)
    leavers.deliver("hrm", "2015-03-09", hrm)
    done = leavers.do("run", "--as-of", "2025-03-09", today="2025-03-09")
    assert done.code == WITHHELD
    assert ("quarantined: hrm 2015-03-09: dated 3652 days before the oldest extract that was ever accepted (2025-03-08); "
            "is the year mistyped?") in done.err
    assert leavers.all_marts()["findings"] == before
    assert leavers.do("rebuild").code == DONE
    assert leavers.all_marts()["findings"] == before


def test_a_date_that_cannot_be_read_resolves_nothing_and_the_next_day_it_is_as_before(leavers: Place) -> None:
    """contract#rejected-row"""
    hrm, vfs = with_leavers()
    vfs = {**vfs, "accesses": [{**vfs["accesses"][0], "access_group": "Kommuneadmin", "org_number": "K", "position_id": ""},
                               *vfs["accesses"]]}
    leavers.deliver("vfs", "2025-03-09", vfs)
    assert leavers.do("run", "--as-of", "2025-03-09", today="2025-03-09").code == DONE
    before, roster = open_findings(leavers), leavers.mart("kommuneadmin_roster")
    propagation = leavers.mart("end_date_propagation")
    assert [r["person_id"] for r in roster] == ["P001"]
    broken = changed(hrm, "positions", "position_id", "h001", end_date="31.02.2025")
    broken = changed(broken, "positions", "position_id", "h030", start_date="snart")
    broken_vfs = {**vfs, "accesses": [{**vfs["accesses"][0], "end_date": "i morgen"}, *vfs["accesses"][1:]]}
    leavers.deliver("hrm", "2025-03-10", broken)
    leavers.deliver("vfs", "2025-03-10", broken_vfs)
    assert leavers.do("run").code == DONE
    assert open_findings(leavers) == before
    assert [r["person_id"] for r in leavers.mart("kommuneadmin_roster")] == ["P001"]
    kept = {(r["key"], str(r["kept_since"])) for r in leavers.mart("rejected_rows")}
    assert {k for k in kept if k[0].startswith("position_id")} == {
        ("position_id=h001", "2025-03-10"), ("position_id=h030", "2025-03-10")}
    assert any(key.startswith("person_id=P001, access_group=Kommuneadmin") for key, _ in kept)
    leavers.deliver("hrm", "2025-03-11", hrm)
    leavers.deliver("vfs", "2025-03-11", vfs)
    assert leavers.do("run", today="2025-03-11").code == DONE
    assert open_findings(leavers) == before
    ignored = {"as_of_date", "vfs_end_date_late_by_days", "days_open"}

    def comparable(rows: list[dict[str, Any]]) -> list[tuple]:
        return sorted(tuple(sorted((k, str(v)) for k, v in r.items() if k == "cause" or (k.endswith("_id") and k not in ignored)))
                      for r in rows)

    assert comparable(leavers.mart("end_date_propagation")) == comparable(propagation)
    assert "overridden" not in {r.get("cause") for r in leavers.mart("end_date_propagation")}


@pytest.mark.parametrize(("before", "after", "code"), [
    ("2025-07-31", "2025-08-01", DONE), ("2025-09-30", "2025-10-01", WITHHELD)])
def test_the_end_of_the_school_year_passes_and_as_much_in_autumn_does_not(
    place: Place, before: str, after: str, code: int
) -> None:
    """contract#seasons"""
    hrm, vfs = town(100)
    ended = {**hrm, "positions": hrm["positions"][30:]}
    for day, tables in ((before, hrm), (after, ended)):
        place.deliver("hrm", day, tables)
        place.deliver("vfs", day, vfs)
    assert place.do("run", "--as-of", before, today=before).code == DONE
    done = place.do("run", today=after)
    assert done.code == code
    assert ("quarantined: hrm 2025-10-01: positions fell from 100 to 70" in done.err) == (code == WITHHELD)
