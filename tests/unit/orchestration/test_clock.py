"""What day it is."""

from datetime import date

import pytest

from orchestration.core import clock


def test_the_environment_sets_the_day_and_a_day_given_goes_before_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SLUTTDATO_TODAY", "2025-03-10")
    assert clock.today() == clock.day(None) == date(2025, 3, 10)
    assert clock.day("2025-03-08") == date(2025, 3, 8)


def test_a_day_that_is_none_is_refused_with_its_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SLUTTDATO_TODAY", "10.03.2025")
    with pytest.raises(clock.WrongToday, match=r"SLUTTDATO_TODAY=10\.03\.2025: expected a day as YYYY-MM-DD"):
        clock.today()
    with pytest.raises(ValueError, match="Invalid isoformat"):
        clock.day("10.03.2025")
