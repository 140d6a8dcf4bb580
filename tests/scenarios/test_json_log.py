"""What a container's operator gathers: every line on standard error of the program as it is."""

import json
from typing import Any

from tests.support.command_line import Place, changed, town

EVENTS = {"progress", "check", "withheld", "not_fresh", "note", "run_ended"}


def lines_of(place: Place, *arguments: str, today: str | None = None, code: int) -> tuple[str, list[dict[str, Any]]]:
    process = place.start(*arguments, today=today)
    out, err = process.communicate(timeout=300)
    assert process.returncode == code, err
    return out, [json.loads(line) for line in err.splitlines()]


def test_every_line_of_run_and_rebuild_is_json_and_names_nobody(place: Place) -> None:
    """contract#json-log"""
    hrm, vfs = town(40)
    place.environment["SLUTTDATO_LOGS__FORMAT"] = "json"
    place.deliver("hrm", "2025-03-10", changed(hrm, "positions", "position_id", "h001", end_date="2025-03-04"))
    place.deliver("vfs", "2025-03-10", vfs)
    place.deliver("hrm", "2025-03-11", {**hrm, "positions": hrm["positions"][:5]})
    out, lines = lines_of(place, "run", today="2025-03-11", code=3)
    assert "published in" in out
    for line in lines:
        assert {"time", "level", "event", "run_id", "as_of_date", "message"} <= set(line)
        assert line["event"] in EVENTS and line["as_of_date"] == "2025-03-11"
    assert {line["event"] for line in lines} == EVENTS and len({line["run_id"] for line in lines}) == 1
    assert [line["extract_date"] for line in lines if line["event"] == "withheld"] == ["2025-03-11"]
    assert {line["passed"] for line in lines if line["event"] == "check"} == {True, False}
    end = lines[-1]
    assert end["event"] == "run_ended" and end["exit_status"] == 3 and end["published"] and end["seconds"] > 0
    assert not [word for word in ("Test001", "Testesen", "P001", "v001") if word in str(lines)]

    out, lines = lines_of(place, "rebuild", "--json", today="2025-03-11", code=0)
    assert json.loads(out)["run_id"] == lines[-1]["run_id"] and lines[-1]["event"] == "run_ended"
    assert [line for line in lines if line["event"] == "progress"]


def test_settings_that_are_wrong_are_told_as_json_too(place: Place) -> None:
    """contract#json-log"""
    place.environment["SLUTTDATO_LOGS__FORMAT"] = "json"
    place.configure(policy={"grace_dayz": 1})
    refused = place.do("run")
    line = json.loads(refused.err)
    assert (refused.code, line["event"], line["exit_status"]) == (2, "failed", 2) and "grace_dayz" in line["message"]
    place.environment["SLUTTDATO_LOGS__FORMAT"] = "xml"
    place.configure()
    assert "logs.format" in place.do("run").err


def test_the_settings_file_can_ask_for_json(place: Place) -> None:
    """contract#json-log"""
    place.configure(logs={"format": "json"})
    done = place.do("run")
    assert {json.loads(line)["event"] for line in done.err.splitlines()} >= {"progress", "run_ended"}
    place.configure()
    assert not place.do("run").err.startswith("{")
