"""A data directory knows which version wrote it; a newer one's is never misread."""

import json
from pathlib import Path

import pytest

from ingest.errors import Damaged
from orchestration.cli.context import settings_of
from orchestration.core import data_version
from orchestration.core.data_version import FORM, NewerData, record
from orchestration.core.lock import writer
from orchestration.core.paths import DataPaths


@pytest.fixture
def paths(tmp_path: Path) -> DataPaths:
    paths = DataPaths(tmp_path / "data")
    paths.decisions.mkdir(parents=True)
    (paths.decisions / "exceptions.jsonl").write_text("{}\n")
    return paths


def written(paths: DataPaths) -> object:
    return json.loads(paths.version.read_text(encoding="utf-8"))


@pytest.mark.parametrize("earlier", [None, {"form": 0, "written_by": "0.2.0"}, {"form": FORM, "written_by": "0.2.0"}])
def test_who_writes_takes_an_earlier_versions_directory_over(paths: DataPaths, earlier: dict[str, object] | None) -> None:
    """contract#data-version"""
    if earlier is not None:
        paths.version.write_text(json.dumps(earlier))
    with writer(paths.root, 0):
        assert written(paths) == record()
        assert (paths.decisions / "exceptions.jsonl").read_text() == "{}\n"


def test_a_newer_versions_directory_is_refused_with_words_and_left_as_it_is(paths: DataPaths) -> None:
    """contract#data-version"""
    paths.version.write_text(json.dumps({"form": FORM + 1, "written_by": "9.1.0"}))
    leftover = paths.root / ".incoming-x"  # a newer version's may be another's work
    leftover.touch()
    words = rf"the data directory {paths.root} was written by a newer version of Sluttdato \(9\.1\.0\).*Nothing was changed"
    with pytest.raises(NewerData, match=words), writer(paths.root, 0):
        pass
    assert written(paths) == {"form": FORM + 1, "written_by": "9.1.0"} and leftover.exists()
    with pytest.raises(NewerData):  # nor does any command read it
        config = paths.root.parent / "sluttdato.yaml"
        config.write_text("data_dir: data")
        settings_of(config)
    paths.version.write_text(json.dumps(record()))
    with writer(paths.root, 0):  # the lock is free
        pass


@pytest.mark.parametrize("content", ["", "{", "[]", "{}", '{"form": "1"}', '{"form": true}', '{"form": null}'])
def test_a_record_that_cannot_be_read_is_an_error_and_no_earlier_version(paths: DataPaths, content: str) -> None:
    """contract#data-version"""
    paths.version.write_text(content)
    with pytest.raises(Damaged, match="it cannot be told which version of Sluttdato wrote here"), writer(paths.root, 0):
        pass
    assert paths.version.read_text() == content


def test_a_restore_that_was_cut_short_is_told_to_whoever_opens_the_directory(paths: DataPaths) -> None:
    """contract#command-backup"""
    with writer(paths.root, 0):
        data_version.mark_restoring(paths)
    with pytest.raises(Damaged, match="a restore of this data directory was cut short"), writer(paths.root, 0):
        pass
