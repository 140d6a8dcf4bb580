"""When the demo's systems are the sources, and when that is refused."""

from datetime import date
from pathlib import Path

import pytest

from orchestration.cli.context import settings_of
from orchestration.core.demo_place import with_demo_sources
from orchestration.core.settings import WrongSettings, load_settings

TODAY = date(2025, 3, 10)


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SLUTTDATO_TODAY", TODAY.isoformat())
    file = tmp_path / "sluttdato.yaml"
    file.write_text("{data_dir: data, alerts: {recipients: {real: {send_to: '${SEND_TO}'}}}}")
    monkeypatch.setenv("SEND_TO", "json://127.0.0.1:1")
    return file


def test_without_a_demo_the_settings_are_as_they_are_loaded(config: Path) -> None:
    assert list(settings_of(config).alerts.recipients) == ["real"]


def test_with_a_demo_nobody_real_is_written_to_and_the_settings_given_are_left_as_they_were(config: Path) -> None:
    settings = load_settings(config)
    settings.paths.demo.mkdir(parents=True)
    assert list(settings_of(config).alerts.recipients) == ["sysadmin", "datateam"]
    changed = with_demo_sources(settings, TODAY)
    assert all(r.send_to is None for r in changed.alerts.recipients.values())
    assert list(settings.alerts.recipients) == ["real"] and changed.paths == settings.paths


def test_the_demo_is_not_mixed_with_deliveries(config: Path) -> None:
    settings = load_settings(config)
    settings.paths.demo.mkdir(parents=True)
    inbox = config.parent / "inbox/vfs"
    inbox.mkdir(parents=True)
    (inbox / ".keep").touch()
    settings_of(config)  # nothing is delivered there
    (inbox / "2025-03-10").mkdir()
    with pytest.raises(WrongSettings, match=r"holds the demo, and .*vfs holds data of its own: they must not be mixed"):
        settings_of(config)
