"""Dates as sources write them: which are read, as which day, and which cannot be read."""

from datetime import date

import pytest

from ingest.dates import day_text, is_no_day, read_day


@pytest.mark.parametrize("written", ["2026-03-05", "2026-3-5", "05.03.2026", "5.3.2026", "5.03.2026"])
@pytest.mark.parametrize("time", ["", "T00:00:00", " 00:00", " 12:30:15", "T23:59:59", "T12:00:00.123", " 12:00:00,5"])
def test_a_date_is_read_in_every_form_with_or_without_a_time(written: str, time: str) -> None:
    """contract#date-forms, contract#times."""
    assert read_day(written + time) == date(2026, 3, 5)


@pytest.mark.parametrize(("written", "day"), [
    ("2026-03-05T22:59:59Z", "2026-03-05"), ("2026-03-05T23:00:00Z", "2026-03-06"), ("2026-07-05T22:00:00Z", "2026-07-06"),
    ("2026-07-05T21:59:00Z", "2026-07-05"), ("2026-03-05T00:30:00+02:00", "2026-03-04"),
    ("2026-03-05T00:30:00+0200", "2026-03-04"), ("2026-03-05T00:30:00+02", "2026-03-04"),
    ("2026-03-05T00:30:00+01:00", "2026-03-05"), ("05.03.2026 20:00 -05:00", "2026-03-06"),
    ("2026-03-05T23:58:59Z", "2026-03-06"), ("2026-03-05T23:59:00Z", "2026-03-05"), ("2026-03-05T23:59:59.999Z", "2026-03-05"),
    ("2026-03-05Z", "2026-03-05"), ("2026-03-05+02:00", "2026-03-05"),
    ("9999-12-31T23:30:00Z", "9999-12-31"), ("0001-01-01T00:00:00+02:00", "0001-01-01")])
def test_a_moment_with_an_offset_is_its_day_in_oslo_but_from_23_59_on_as_written(written: str, day: str) -> None:
    """contract#times."""
    assert read_day(written) == date.fromisoformat(day)
    assert day_text(written) == day


@pytest.mark.parametrize("written", [
    "2025-02-29", "29.02.2025", "32.01.2025", "2025-13-01", "2025/03/10", "10-03-2025", "20250310", "45000", "10.03.25",
    "tomorrow", "2025-03-10x", "0000-00-00", "2026-03-05T24:00:00", "2026-03-05 24:00", "2026-03-05 12:60", "2026-03-05 12:00:60",
    "2026-03-05T12", "2026-03-05T12:00:00+25:00", "2026-03-05T12:00:00+02:60", "2026-03-05T",
    "2026-03-05T24:00:00Z", "٢٠٢٦-٠٣-٠٥"])
def test_what_is_no_date_or_has_a_time_that_does_not_exist_cannot_be_read(written: str) -> None:
    """contract#times."""
    assert read_day(written) is None and day_text(written) == written


def test_an_adapter_gets_what_is_missing_as_missing_and_a_day_without_the_white_space_around_it() -> None:
    assert (day_text(None), day_text(""), day_text("\u00a005.03.2026 ")) == (None, "", "2026-03-05")


@pytest.mark.parametrize(("written", "date_format", "day"), [
    ("03/10/2025", "%m/%d/%Y", "2025-03-10"), ("2025-03-10", "%m/%d/%Y", "2025-03-10"), ("10/31/25", "%m/%d/%Y", None),
    ("10.03.25", "%d.%m.%y", "2025-03-10"), ("20250310", "%Y%m%d", "2025-03-10"), ("10/03/2025 12:00", "%d/%m/%Y", "2025-03-10"),
    ("10/03/2025 24:00", "%d/%m/%Y", None), ("10/03/2025 23:30Z", "%d/%m/%Y", "2025-03-11"),
    ("9/3/2025", "%-d/%-m/%Y", "2025-03-09"),
    ("10/03/2025 23:30 +0000", "%d/%m/%Y %H:%M %z", "2025-03-11"), ("10/03/2025 23:59 +0000", "%d/%m/%Y %H:%M %z", "2025-03-10"),
    ("x", "%d/%m/%Y", None)])
def test_a_source_may_have_a_format_of_its_own(written: str, date_format: str, day: str | None) -> None:
    assert read_day(written, date_format) == (date.fromisoformat(day) if day else None)


@pytest.mark.parametrize(("written", "start", "end"), [
    ("10.03.68", "1968-03-10", "2068-03-10"), ("10.03.69", "1969-03-10", "1969-03-10"), ("10.03.35", "2035-03-10", "2035-03-10"),
    ("11.03.35", "1935-03-11", "2035-03-11"), ("29.02.64", "1964-02-29", "2064-02-29"), ("31.12.99", "1999-12-31", "2099-12-31"),
    ("30.12.99", "1999-12-30", "1999-12-30"), ("31.12.2068", "2068-12-31", "2068-12-31"),
    ("10.03.00", "2000-03-10", "2000-03-10"), ("10.03.68 12:00", "1968-03-10", "2068-03-10")])
def test_a_year_of_two_digits_has_the_century_that_a_start_or_an_end_can_have(written: str, start: str, end: str) -> None:
    """contract#two-digit-years"""
    seen_on = date(2025, 3, 10)
    assert read_day(written, "%d.%m.%y", start_seen_on=seen_on) == date.fromisoformat(start)
    assert read_day(written, "%d.%m.%y") == date.fromisoformat(end)
    assert day_text(f" {written}", "%d.%m.%y", start_seen_on=seen_on) == start
    assert read_day("10.03.2068", "%d.%m.%Y", start_seen_on=seen_on) == date(2068, 3, 10)  # a year of four is as it is written


def test_a_day_before_1901_or_after_2090_says_that_there_is_none() -> None:
    """contract#placeholder-dates."""
    days = {"1900-12-31": True, "1901-01-01": False, "2090-12-31": False, "2091-01-01": True, "9999-12-31": True,
            "0001-01-01": True}
    assert {day: is_no_day(date.fromisoformat(day)) for day in days} == days
