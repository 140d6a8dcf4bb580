"""A data directory that an earlier version wrote is taken over by the next run, without loss."""

import json
import shutil
from pathlib import Path

import pytest

from orchestration.core.data_version import FORM, record
from tests.support.command_line import Place, Prepared, make_place
from tests.support.earlier_version import EARLIER, LAST_DAY, live, take

NOT_COMPARED = {"alert_log"}  # its fingerprints hold the recipient's address, which has a port of its own


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory, prepared: Prepared) -> Place:
    """The same days, lived by this version."""
    place = make_place(tmp_path_factory.mktemp("lived") / "place", prepared)
    live(place)
    return place


def contents(root: Path) -> dict[Path, bytes]:
    return {p.relative_to(root): p.read_bytes() for p in root.rglob("*") if p.is_file()}


@pytest.mark.parametrize("earlier", sorted(EARLIER.iterdir()), ids=lambda folder: folder.name)
def test_a_run_takes_an_earlier_versions_data_directory_over_without_loss(lived: Place, place: Place, earlier: Path) -> None:
    """contract#data-version"""
    take(place, earlier)
    done = place.do("run", today=LAST_DAY)
    assert done.code == 0, done.text  # what was told is not told again, and no message is sent again
    assert json.loads((place.data / "version.json").read_text()) == record()
    expected, made = lived.all_marts(), place.all_marts()
    assert {c["status"] for c in expected["cases"]} == {"open", "excepted"} and expected["decision_answers"] is not None
    for mart in expected.keys() - NOT_COMPARED:
        assert made[mart] == expected[mart], mart
    assert len(made["alert_log"]) == len(expected["alert_log"]) > 0
    here = contents(place.data)
    for file, content in contents(earlier).items():
        if file.name not in ("seen.json", "expectations.json"):
            assert here[file] == content, file


def test_a_newer_versions_data_directory_is_refused_by_every_command_and_left_as_it_is(place: Place) -> None:
    """contract#data-version"""
    take(place, next(EARLIER.iterdir()))
    (place.data / "version.json").write_text(json.dumps({"form": FORM + 1, "written_by": "9.1.0"}))
    before = contents(place.data)
    shutil.copyfile(place.root / "sluttdato.yaml", place.root / "list.csv")
    for command in (["run"], ["rebuild"], ["status"], ["purge", "--yes"], ["replay", "--as-of", LAST_DAY, "--to", "there"],
                    ["accept", "hrm", "2025-03-07", "--reason", "x", "--by", "y"], ["explain", "P001"], ["find", "Test1"],
                    ["evidence", "--from", LAST_DAY, "--to", LAST_DAY, "--out", "pack"], ["import-decisions", "list.csv"],
                    ["confirm", "P001", "--until", "2025-12-31", "--by", "x"], ["messages"], ["demo"],
                    ["except", "S-x", "--until", "2025-12-31", "--reason", "x", "--by", "x"], ["exceptions"],
                    ["revoke", "x", "--reason", "x", "--by", "x"], ["backup", "--to", "kept.tar"], ["restore", "list.csv"],
                    ["dagster-home"]):
        done = place.do(*command)
        assert (done.code, "was written by a newer version of Sluttdato (9.1.0)" in done.err) == (1, True), (command, done.text)
    assert {f: c for f, c in contents(place.data).items() if f.name != ".writer.lock"} == before
