"""What a run leaves for Prometheus, well or not."""

import grp
import os
import stat

import pytest

from tests.support.command_line import Place, town
from tests.support.metrics import read_metrics


def test_a_run_that_went_well_a_withheld_extract_and_a_run_that_failed_are_told(at_work: Place) -> None:
    """contract#metrics"""
    file = at_work.data / "metrics.prom"
    assert at_work.do("run").code == 0
    well = read_metrics(file)
    assert well["last_run_success"] == {("daily",): 1} and well["people_left_with_access"] == {(): 1}
    assert well["people_left_with_access_is_in_doubt"] == {(): 0} and well["withheld_extracts"] == {("hrm",): 0, ("vfs",): 0}
    assert {("take_in",), ("evaluate",), ("published",)} <= set(well["last_run_step_duration_seconds"])
    assert well["open_findings"]["active_vfs_inactive_hrm",] == 1 and well["open_findings"]["stale_position",] == 0
    assert stat.S_IMODE(file.stat().st_mode) == 0o600

    hrm, _ = town(40)
    at_work.deliver("hrm", "2025-03-11", {**hrm, "positions": hrm["positions"][:5]})
    assert at_work.do("run", today="2025-03-11").code == 3
    withheld = read_metrics(file)
    assert withheld["system_status"]["hrm", "withheld"] == 1 and withheld["withheld_extracts"]["hrm",] == 1
    assert withheld["people_left_with_access"] == {(): 1} and withheld["people_left_with_access_is_in_doubt"] == {(): 1}
    assert ("stale_position",) not in withheld["open_findings"]

    (at_work.data / "landed" / "vfs" / "2025-03-10").rename(at_work.root / "gone")
    (at_work.inbox / "vfs").rename(at_work.root / "gone too")
    assert at_work.do("run", today="2025-03-11").code == 1
    failed = read_metrics(file)
    assert failed["last_run_success"] == {("daily",): 0} and failed["last_run_failed_step"]
    assert failed["people_left_with_access_is_in_doubt"] == {(): 1}
    words = file.read_text()
    assert "Test" not in words and "P001" not in words and "h001" not in words


def test_without_a_system_nobody_is_said_to_be_nobody(place: Place) -> None:
    """contract#metrics"""
    hrm, _ = town()
    place.deliver("hrm", "2025-03-10", hrm)
    place.do("run")
    found = read_metrics(place.data / "metrics.prom")
    assert found["system_status"]["vfs", "missing"] == 1 and "vfs" not in {s for s, in found["extract_age_days"]}
    assert "people_left_with_access" not in found and found["people_left_with_access_is_in_doubt"] == {(): 1}
    assert "open_findings" not in found


def test_the_file_lies_where_it_is_set_and_its_group_can_read_it(at_work: Place) -> None:
    """contract#metrics"""
    group = grp.getgrgid(os.getgid())
    at_work.configure(metrics={"textfile": "collected/eksempel.prom", "group": group.gr_name},
                      kommune={"number": "0301", "name": "Eksempel"})
    (at_work.root / "collected").mkdir()
    assert at_work.do("run").code == 0
    file, = (at_work.root / "collected").iterdir()
    assert (stat.S_IMODE(file.stat().st_mode), file.stat().st_gid) == (0o640, group.gr_gid)
    assert 'kommune_number="0301"' in file.read_text() and not (at_work.data / "metrics.prom").exists()


@pytest.mark.parametrize(("metrics", "told"), [
    ({"textfile": "metrics.txt"}, "metrics.textfile: expected a file whose name ends in .prom"),
    ({"group": "root"}, "metrics: group needs textfile"),
    ({"textfile": "a.prom", "group": "nobody-has-this"}, "metrics.group: there is no such group"),
])
def test_what_nobody_could_read_is_refused(place: Place, metrics: dict[str, str], told: str) -> None:
    """contract#metrics"""
    place.configure(metrics=metrics)
    refused = place.do("run")
    assert refused.code == 2 and told in refused.err
