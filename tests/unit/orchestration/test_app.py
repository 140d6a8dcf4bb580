"""How a command ends."""

import sys

import pytest

from orchestration.cli import health
from orchestration.cli.app import main


def test_an_interrupt_ends_a_command_with_a_word_and_130(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupted(_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(health, "settings_of", interrupted)
    monkeypatch.setattr(sys, "argv", ["sluttdato", "health"])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 130
    assert capsys.readouterr().err.endswith("sluttdato: stopped; the next run goes on where this one was\n")
