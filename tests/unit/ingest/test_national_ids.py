"""Finding national ids in text, however they are written, and taking them out; nothing else is taken."""

import duckdb
import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from demo.people import national_id
from ingest.cells import clean
from ingest.errors import IngestError, RefusedExtract
from ingest.national_ids import (
    PLACEHOLDER,
    found_in,
    has_check_digits,
    holds_national_id,
    identifies,
    identifies_sql,
    may_hold_sql,
    redact,
    undivided_sql,
)
from ingest.sql import scalar

CON = duckdb.connect()  # to open one for each example takes longer than all the rest
ID = national_id(4711)
FULLWIDTH = str.maketrans("0123456789", "".join(chr(0xFF10 + n) for n in range(10)))
ARABIC = str.maketrans("0123456789", "".join(chr(0x660 + n) for n in range(10)))
DIVIDERS = [" ", "-", ".", "/", "\u00a0", "\t", "\u2009", "\u2013", "\u2011", "\u2212", " - ", "\u00b7", "\\", "_", "\n",
            "\u2044"]
QUICK = settings(max_examples=150, deadline=None, derandomize=True)


def in_sql(expression: str, value: str) -> object:
    return scalar(CON, f"SELECT {expression} FROM (SELECT ?::VARCHAR AS v)", [value])


@st.composite
def written(draw: st.DrawFn, digits: str) -> str:
    """Eleven digits in some way that a person would read as one number."""
    cuts = sorted(draw(st.sets(st.integers(1, 10), max_size=10)))
    divider = draw(st.sampled_from(DIVIDERS))
    text = divider.join(digits[a:b] for a, b in zip([0, *cuts], [*cuts, 11], strict=True))
    text = text.translate(draw(st.sampled_from([{}, FULLWIDTH, ARABIC])))
    at = draw(st.integers(0, len(text)))
    return text[:at] + draw(st.sampled_from(["", "\u200b", "\u00ad", "\ufeff"])) + text[at:]


BESIDE = st.text(st.sampled_from("abcøÅ ,;:()|\"'@P"), max_size=5)


@QUICK
@given(st.data(), st.integers(0, 100_000), BESIDE, BESIDE)
def test_an_id_is_found_in_every_way_of_writing_beside_anything(
        data: st.DataObject, number: int, before: str, after: str) -> None:
    """contract#leaks."""
    digits = national_id(number)
    for text in (before + data.draw(written(digits)) + after, clean(before + data.draw(written(digits)) + after)):
        assert digits in found_in(text) and holds_national_id(text)
        assert PLACEHOLDER in redact(text) and not found_in(redact(text))
    assert in_sql(may_hold_sql("v"), clean(before + data.draw(written(digits)) + after))


@pytest.mark.parametrize("text", [
    f"fnr{ID}", f"P{ID}", f"{ID}x", f"12 {ID[:6]} {ID[6:]} 34", f"tlf 22334455, fnr {ID}", f"{national_id(5)} {ID}",
    f"{ID[:6]}-{ID[6:]}", f"{ID[:2]}.{ID[2:4]}.{ID[4:6]} {ID[6:9]} {ID[9:]}", " ".join(ID), f"{ID}@x.example", f"lønn-{ID}.csv",
    "\u20e3".join(ID), f"{ID[:6]}\u0332 {ID[6:]}"])
def test_an_id_beside_letters_other_digits_or_another_id_is_found(text: str) -> None:
    """contract#leaks."""
    assert ID in found_in(text) and ID not in redact(text)


@pytest.mark.parametrize("text", [
    "", "974000001", "12345678901", f"{ID}7", f"7{ID}", f"{ID[:6]}a{ID[6:]}", f"{ID[:6]}, {ID[6:]}", f"{ID[:6]}:{ID[6:]}",
    f"{ID[:6]} - - {ID[6:]}", f"{ID[:6]}|{ID[6:]}", "0" * 40 + ID + "a" * 40, "Lærer 2020-08-01"])
def test_what_no_person_would_read_as_one_number_is_left(text: str) -> None:
    """contract#leaks."""
    assert found_in(text) == [] and redact(text) == text


@QUICK
@given(st.data(), st.from_regex(r"[0-9]{11}", fullmatch=True), BESIDE, BESIDE)
@example(None, "00000000001", "", "")
def test_eleven_digits_with_wrong_check_digits_are_left(
        data: st.DataObject | None, digits: str, before: str, after: str) -> None:
    """contract#leaks."""
    assume(not has_check_digits(digits))
    text = before + (data.draw(written(digits)) if data else digits) + after
    assert redact(text) == text


def test_several_ids_in_one_text_are_each_replaced_by_what_stands_for_them() -> None:
    """contract#leaks."""
    first, second = national_id(1), national_id(2)
    replaced = redact(f"{first} {second[:6]} {second[6:]};{first}", lambda d: f"<{d[:2]}>")
    assert replaced == f"<{first[:2]}> <{second[:2]}>;<{first[:2]}>"


def with_check_digits(nine: str) -> str:
    return next(f"{nine}{n:02d}" for n in range(100) if has_check_digits(f"{nine}{n:02d}"))


@pytest.mark.parametrize(("nine", "identifying"), [
    ("010180123", True), ("310180123", True), ("320180123", False), ("000180123", False), ("411280123", True),
    ("711280123", True), ("721280123", False), ("400180123", False), ("014180123", True), ("015280123", True),
    ("015380123", False), ("018180123", True), ("019280123", True), ("019380123", False), ("010080123", False),
    ("011380123", False), ("000000000", False)])
def test_only_a_day_and_a_month_identify_somebody(nine: str, identifying: bool) -> None:
    """contract#valid-national-ids."""
    digits = with_check_digits(nine)
    assert identifies(digits) is identifying and in_sql(identifies_sql("v"), digits) is identifying
    wrong = digits[:10] + str((int(digits[10]) + 1) % 10)
    assert not identifies(wrong) and not in_sql(identifies_sql("v"), wrong)


def test_the_check_digit_rule_of_2032_is_included() -> None:
    """contract#valid-national-ids."""
    first = [sum(w * int(d) for w, d in zip((3, 7, 6, 1, 8, 9, 4, 5, 2, 1), f"018180{n:05d}", strict=False)) % 11
             for n in range(100_000) if has_check_digits(f"018180{n:05d}")]
    assert set(first) == {0, 1, 2, 3}


@QUICK
@given(st.data(), st.integers(0, 100_000))
def test_sql_reads_eleven_digits_with_nothing_but_dividers_between(data: st.DataObject, number: int) -> None:
    """contract#valid-national-ids."""
    text = clean(data.draw(written(national_id(number))))
    assert in_sql(undivided_sql("v"), text) == (national_id(number) if text.isascii() or all(
        not c.isdecimal() or c.isascii() for c in text) else None)
    assert in_sql(undivided_sql("v"), f"P{text}") is None and in_sql(undivided_sql("v"), f"{text}1") is None


def test_no_error_of_ingest_can_repeat_a_national_id() -> None:
    """contract#leaks."""
    told = str(IngestError(f"/inbox/{ID[:6]} {ID[6:]}.csv is away"))
    assert told == f"/inbox/{PLACEHOLDER}.csv is away"
    error = RefusedExtract(f"problem {ID}", file=f"{ID}.csv", line=1, column=f"fnr{ID}", remedy=f"Ask {ID}")
    assert ID not in f"{error.__dict__} {error} {error.args}" and error.problem == f"problem {PLACEHOLDER}"
