"""What `sluttdato health` tells a monitor, day by day."""

import json

from orchestration.core.data_version import FORM
from tests.support.command_line import Place, town


def test_a_monitor_is_told_by_exit_status_and_in_a_line_without_persons(at_work: Place) -> None:
    """contract#command-health"""
    before = at_work.do("health")
    assert (before.code, before.out) == (
        2, "SLUTTDATO CRITICAL: no run is recorded; nothing is published; last run never; as of nothing\n")
    assert at_work.do("run").code == 0
    well = at_work.do("health", today="2025-03-11")
    assert (well.code, well.out) == (0, "SLUTTDATO OK: last run 2025-03-10; as of 2025-03-10; hrm fresh 0 d, vfs fresh 0 d; "
                                        "1 who left can get in\n")
    assert at_work.do("health", today="2025-03-12").code == 2
    assert at_work.do("health", "--max-age", "2", today="2025-03-12").code == 0

    hrm, _ = town(40)
    at_work.deliver("hrm", "2025-03-11", {**hrm, "positions": hrm["positions"][:5]})
    assert at_work.do("run", today="2025-03-11").code == 3
    withheld = at_work.do("health", "--json", today="2025-03-11")
    assert withheld.code == 1 and withheld.json["level"] == "warning" and withheld.json["withheld"] == 1
    assert withheld.json["systems"]["hrm"]["status"] == "withheld"
    line = at_work.do("health", today="2025-03-11").out
    assert "hrm is withheld" in line and "at least 1 who left" in line and "P001" not in line and "Test" not in line

    (at_work.data / "landed" / "vfs" / "2025-03-10").rename(at_work.root / "gone")
    (at_work.inbox / "vfs").rename(at_work.root / "gone too")
    assert at_work.do("run", today="2025-03-11").code == 1
    failed = at_work.do("health", today="2025-03-11")
    assert failed.code == 2 and "the last run failed in" in failed.out
    (at_work.data / "version.json").write_text(json.dumps({"form": FORM + 1, "written_by": "9.1.0"}))
    newer = at_work.do("health", today="2025-03-11")
    assert newer.code == 2 and "written by a newer version" in newer.out
