"""What the metrics tell of how things stand, read back with Prometheus' own parser."""

from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families

from ingest.kommune import Kommune
from orchestration.core.last_run import LastRun, last_run
from orchestration.core.metrics import METRICS, exposition, samples, write
from orchestration.core.paths import DataPaths
from orchestration.core.settings import Settings, load_settings
from orchestration.core.standing import Standing
from publish.headline import Headline
from tests.support.metrics import Told, read_metrics

DAY = date(2025, 3, 10)
RUN = LastRun(DAY, "daily", True, (), (), (), 0, {"take_in": 1.5}, 1000.25, 1004.5)
KOMMUNE = Kommune(number="0301", name='Øvre "Eks\\empel"\nkommune')


def system(name: str, status: str = "fresh", **known: Any) -> dict[str, Any]:
    return {"system": name, "status": status, "age_days": 0, "withheld_extracts": 0, "may_miss_rows": 0, "as_of_date": DAY,
            "not_assessable": [], **known}


def standing(*freshness: dict[str, Any], run: LastRun | None = RUN, people: int | None = 0, **findings: int | None) -> Standing:
    return Standing(run, None, list(freshness) or [system("hrm"), system("vfs")],
                    None if people is None else Headline(people, 0),
                    {name: {"open": count, "excepted": 0} for name, count in findings.items()})


def told(now: Standing, tmp_path: Path) -> dict[str, Told]:
    file = tmp_path / "m.prom"
    file.write_text(exposition(KOMMUNE, samples(now)), encoding="utf-8")
    return read_metrics(file)


def test_every_metric_stands_as_prometheus_reads_it_with_the_kommune(tmp_path: Path) -> None:
    """contract#metrics"""
    run = replace(RUN, succeeded=False, failed_steps=("publish",), failed_checks=("a.b",), not_pulled=("vfs",), unsent=2)
    now = standing(system("hrm", not_assessable=["people"]), system("vfs", "withheld", age_days=3, withheld_extracts=2),
                   run=run, people=3, manual_position=4)
    found = told(now, tmp_path)
    assert set(found) == set(METRICS)
    assert found["last_run_end_timestamp_seconds"] == {(): 1004.5} and found["last_run_duration_seconds"] == {(): 4.25}
    assert found["last_run_day_timestamp_seconds"] == found["published_day_timestamp_seconds"] == {(): 1741564800}
    assert found["last_run_success"] == {("daily",): 0} and found["last_run_step_duration_seconds"] == {("take_in",): 1.5}
    assert found["last_run_failed_step"] == {("publish",): 1} and found["last_run_failed_checks"] == {(): 1}
    assert found["last_run_failed_check"] == {("a.b",): 1} and found["last_run_unsent_messages"] == {(): 2}
    assert found["last_run_not_pulled"] == {("vfs",): 1} and found["extract_age_days"] == {("hrm",): 0, ("vfs",): 3}
    assert found["system_status"] == {(name, status): float((name, status) in {("hrm", "fresh"), ("vfs", "withheld")})
                                      for name in ("hrm", "vfs") for status in ("fresh", "stale", "withheld", "missing")}
    assert found["withheld_extracts"] == {("hrm",): 0, ("vfs",): 2} and found["not_assessable"] == {("people",): 1}
    assert found["open_findings"] == {("manual_position",): 4}
    family = next(iter(text_string_to_metric_families((tmp_path / "m.prom").read_text())))
    assert family.samples[0].labels["kommune_number"] == "0301" and family.samples[0].labels["kommune_name"] == KOMMUNE.name


def settings(folder: Path, **metrics: str) -> Settings:
    file = folder / "settings.yaml"
    file.write_text(yaml.safe_dump({"data_dir": ".", "metrics": metrics}))
    return load_settings(file)


FAILED = replace(RUN, succeeded=False)
STALE = (system("hrm"), system("vfs", "stale"))
OLD_TRANSFER = (system("hrm"), system("vfs"), system("transfer", "stale"))


@pytest.mark.parametrize(("now", "people", "in_doubt"), [
    (standing(people=2), 2, 0), (standing(people=0), 0, 0),
    (standing(*STALE, people=2), 2, 1), (standing(*STALE, people=0), None, 1),
    (standing(system("hrm"), system("vfs", "missing"), people=0), None, 1),
    (standing(system("hrm", may_miss_rows=1), system("vfs"), people=0), None, 1),
    (standing(run=FAILED, people=2), 2, 1), (standing(run=FAILED, people=0), None, 1),
    (standing(run=None, people=0), None, 1), (standing(people=None), None, 1),
    (standing(*OLD_TRANSFER, people=0), 0, 0), (Standing(RUN, "the published marts are damaged"), None, 1),
])
def test_who_left_with_access_is_absent_when_not_known_and_a_doubt_is_no_zero(
    tmp_path: Path, now: Standing, people: int | None, in_doubt: int
) -> None:
    """contract#metrics"""
    found = told(now, tmp_path)
    assert found.get("people_left_with_access") == (None if people is None else {(): people})
    assert found["people_left_with_access_is_in_doubt"] == {(): in_doubt}


def test_open_findings_of_a_type_are_absent_when_none_is_known_of_and_there_may_be_some(tmp_path: Path) -> None:
    """contract#metrics"""
    assert told(standing(a=0, b=2, c=None), tmp_path)["open_findings"] == {("a",): 0, ("b",): 2}
    assert told(standing(*STALE, a=0, b=2, c=None), tmp_path)["open_findings"] == {("b",): 2}


def test_a_record_of_an_earlier_version_tells_what_it_has(tmp_path: Path) -> None:
    """contract#metrics"""
    paths = DataPaths(tmp_path)
    paths.last_run.write_text('{"ended_on": "2025-03-10", "job": "daily", "succeeded": true, "failed_steps": [], '
                              '"failed_checks": [], "not_pulled": [], "unsent": 0}')
    assert last_run(paths) == replace(RUN, seconds={}, began_at=None, ended_at=None)
    write(settings(tmp_path), pytest.fail)
    found = read_metrics(paths.metrics)
    assert found["last_run_success"] == {("daily",): 1} and found["people_left_with_access_is_in_doubt"] == {(): 1}
    assert not {"last_run_end_timestamp_seconds", "last_run_duration_seconds", "people_left_with_access"} & set(found)


def test_a_file_that_cannot_be_written_is_said_and_stops_nothing(tmp_path: Path) -> None:
    """contract#metrics"""
    said: list[str] = []
    write(settings(tmp_path, textfile="none/a.prom"), said.append)
    assert said == [f"metrics were not written to {tmp_path}/none/a.prom: there is no such folder"]
