"""The helper that finds English words and codes in texts for people."""

import pytest

from tests.support.bokmaal import codes, english_words


@pytest.mark.parametrize(("text", "english", "raw"), [
    ("HRM: uttrekket er for gammelt, 7 dager", [], []),
    ("active positions fell from 1800 to 1470", ["active", "positions", "fell", "from"], ["active"]),
    ("Sak er has_left siden 2025-03-10", ["has", "left"], ["has_left", "2025-03-10"]),
    ("Årsak: backdated", [], ["backdated"]),
    ("filen «positions.csv», kolonne «start_date», gjør «sluttdato accept hrm 2025-03-09 --reason … --by …»", [], []),
    ("«the file is empty»", ["the", "file", "is", "empty"], []),
    ("Se https://report.test/the_file/is/empty.html", [], []),
    ("Sak S-ADD81359 er open", ["open"], ["open"]),
    ("Line Hansen og Are Dal. line", ["line"], []),
])
def test_english_words_and_codes_are_found_and_names_in_quotes_are_not(text: str, english: list[str], raw: list[str]) -> None:
    assert (english_words(text), codes(text)) == (english, raw)
