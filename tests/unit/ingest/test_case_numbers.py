"""Numbers of cases as people, spreadsheets and earlier versions write them."""

import pytest

from ingest.case_numbers import case_number, current_number


@pytest.mark.parametrize(("written", "number"), [
    ("S-3F9A12C4", "S-3F9A12C4"), (" s-3f9a12c4 ", "S-3F9A12C4"), ("3F9A12C4", "S-3F9A12C4"), ("S 3F9A12C4", "S-3F9A12C4"),
    ("S\u20133F9A12C4", "S-3F9A12C4"), ("S3F9A12C4", "S-3F9A12C4"), ("'00123456", "S-00123456"), ("123456", "S-00123456"),
    ("1,8E+308", None), ("1E308", None), ("S-3F9A12C", None), ("S-3F9A12C4X", None), ("", None), ("S-", None)])
def test_a_number_is_understood_as_people_and_spreadsheets_write_it(written: str, number: str | None) -> None:
    assert case_number(written) == number


@pytest.mark.parametrize(("written", "number"), [
    ("3F9A12C4", "S-3F9A12C4"), ("00000012", "S-00000012"), ("S-3F9A12C4", "S-3F9A12C4"), ("3F9A12C", "3F9A12C"),
    ("hrm:2025-03-10", "hrm:2025-03-10")])
def test_a_number_of_an_earlier_version_gets_its_beginning(written: str, number: str) -> None:
    assert current_number(written) == number
