"""The simulated municipality records the truth about its people; the pipeline sees only its systems, and finds it."""

import json
import re
from datetime import date

import pytest

from demo.municipality import Case, simulate
from orchestration.core import demo_place
from tests.support.command_line import Place

LAST = date(2025, 3, 10)
# What happened to somebody, and the findings that may show it. A leftover position is stale when the employee has another
# position in HRM; with none, the person is inactive.
LEFT_OVER = {"active_vfs_inactive_hrm", "stale_position"}
SHOWN_BY = {
    "backdated": LEFT_OVER, "vanished": LEFT_OVER, "moved_school": LEFT_OVER, "forgotten": {"unknown_in_hrm"},
    "manual_position": {"manual_position"}, "manual_profile": {"manual_position"},
    "overridden": {"end_date_not_propagated"} | LEFT_OVER, "access_elsewhere": {"access_without_position"},
    "ended_early": {"ended_early_in_vfs"},
    "kommuneadmin_inactive_in_hrm": {"kommuneadmin_review"}, "kommuneadmin_unknown": {"kommuneadmin_review"},
    "kommuneadmin_without_position": {"kommuneadmin_review"},
}


def test_the_findings_are_what_really_happened_and_little_else(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(demo_place, "_FAULTS", 0.05)
    done = place.do("demo", "--employees", "800", "--days", "25", "--seed", "5")
    assert done.code == 0 and "was cut off on the way, and quarantined" in done.out
    requests, wrong = map(int, re.search(r"(\d+) requests, of which (\d+) went wrong on purpose", done.out).groups())
    assert requests > 25 * 8 and wrong > 5
    assert {r["status"] for r in place.mart("extracts")} == {"accepted", "quarantined"}
    assert len(place.mart("extracts")) == 50  # each day of both systems was pulled, whatever went wrong
    truth = [Case(**case) for case in json.loads((place.data / "demo" / "truth.json").read_text(encoding="utf-8"))]
    types_of: dict[str, set[str]] = {}
    for finding in place.mart("findings"):
        types_of.setdefault(finding["subject_id"], set()).add(finding["finding_type"])
    expected = [case for case in truth if case.kind in SHOWN_BY]
    assert {case.kind for case in expected} == set(SHOWN_BY)
    missed = [case for case in expected if not types_of.get(case.subject, set()) & SHOWN_BY[case.kind]]
    assert missed == []
    duplicates = sum(case.kind == "duplicate_profile" for case in truth)
    assert len(place.mart("findings", "finding_type = 'disputed_identity'")) == 2 * duplicates  # both profiles are in doubt
    # The rest follows from accesses left behind at the end of a position, and from the other positions of those who left.
    unexplained = set(types_of) - {case.subject for case in truth}
    assert len(unexplained) <= 0.3 * len(types_of)


def test_the_municipality_lives_on_after_the_demo(place: Place) -> None:
    assert place.do("demo", "--employees", "60", "--days", "6").code == 0
    assert place.mart("data_freshness", "system = 'vfs'")[0]["not_assessable"] == "manual_profile"
    hrm, vfs = (place.do("check-source", system, "--json").json for system in ("hrm", "vfs"))
    assert hrm["tables"][0]["rows"] >= 60 and vfs["not_assessable"] == ["manual_profile"]
    # The next day its systems answer the same, and the answer is that day's extract.
    assert place.do("run", today="2025-03-11").code == 0
    assert {r["current_extract_date"].isoformat() for r in place.mart("data_freshness")} == {"2025-03-11"}
    # Before its first day the municipality has no data.
    assert place.do("check-source", "hrm", today="2025-01-01").code == 1
    assert place.do("status", today="2025-01-01").code == 0


def test_the_same_seed_makes_the_same_municipality(place: Place) -> None:
    def written(name: str, seed: int) -> dict[str, bytes]:
        simulate(place.root / name, place.root / f"{name}.json", employees=60, days=6, last_day=LAST, seed=seed)
        return {str(f.relative_to(place.root / name)): f.read_bytes() for f in (place.root / name).rglob("*.csv")}

    first = written("first", 1)
    assert written("second", 1) == first != written("third", 2)
    assert json.loads((place.root / "first.json").read_text()) == json.loads((place.root / "second.json").read_text())
