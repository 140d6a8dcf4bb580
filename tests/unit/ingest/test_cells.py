"""The text of cells: what is taken out, and that SQL and Python agree on it."""

import re
import unicodedata

import duckdb
import pyarrow as pa
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from ingest.cells import FORMAT, SPACE, clean, clean_sql, is_plain
from ingest.policy import Policy
from ingest.sql import scalar

CON = duckdb.connect()  # to open one for each example takes longer than all the rest
STRANGE = "\u00a0\t\u200b\u2009\u0301\ufeff\u00ad\u3000\u2028\x1f\x85 aAåé"


def in_sql(text: str) -> str | None:
    return scalar(CON, f"SELECT {clean_sql('t')} FROM (SELECT ?::VARCHAR AS t)", [text])


@pytest.mark.parametrize(("delivered", "meant"), [
    ("Lia  skole", "Lia skole"), ("\u00a0Lia\u00a0\tskole\u2009", "Lia skole"), ("Kommune\u200badmin", "Kommuneadmin"),
    ("\ufeffid", "id"), ("A\u030as", "Ås"), ("e\u200d\u0301", "é"), ("\u3000 \u200b\u00a0", ""), ("", ""), ("a\nb", "a b"),
    ("001", "001"), ("so\u00adft", "soft")])
def test_what_cannot_be_seen_goes_and_white_space_of_any_kind_is_one_space(delivered: str, meant: str) -> None:
    """contract#white-space."""
    assert clean(delivered) == meant and in_sql(delivered) == (meant or None)


@settings(max_examples=400, deadline=None, derandomize=True)
@given(st.text(st.sampled_from(STRANGE), max_size=8)
       | st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=12))
@example("\u1100\u1161\u11a8")
def test_sql_and_python_clean_a_text_alike_and_once_is_enough(text: str) -> None:
    """contract#white-space."""
    assert (in_sql(text) or "") == clean(text) == clean(clean(text))


def test_the_classes_of_characters_are_those_of_unicode() -> None:
    every = "".join(chr(c) for c in range(0x110000) if not 0xD800 <= c <= 0xDFFF)
    category = {c: unicodedata.category(c) for c in every}
    formats, spaces = (set(re.findall(f"[{ranges}]", every)) for ranges in (FORMAT, SPACE))
    # Python's Unicode may know more of them than the list; each that it names is listed.
    assert {c for c in every if category[c] == "Cf"} <= formats
    assert {category[c] for c in formats} <= {"Cf", "Cn", "Mn"}
    assert {c for c in every if category[c].startswith("Z") or c.isspace()} == spaces


@pytest.mark.parametrize(("cells", "plain"), [
    (["a", "B-1:2", None, ""], True), (["a b"], False), (["å"], False), (["a\t"], False), ([], True), ([None], True)])
def test_a_column_of_visible_ascii_needs_no_cleaning(cells: list[str | None], plain: bool) -> None:
    assert is_plain(pa.chunked_array([pa.array(cells, pa.string())])) is plain
    assert not is_plain(pa.chunked_array([pa.array(cells, pa.large_string())]))


def test_access_groups_of_the_settings_are_read_as_cells_are() -> None:
    """contract#white-space."""
    assert Policy(kommuneadmin_groups=["\u00a0Kommune\u200badmin ", "A\u030a  B"]).kommuneadmin_groups == ["Kommuneadmin", "Å B"]
