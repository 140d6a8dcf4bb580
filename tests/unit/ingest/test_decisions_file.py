"""Decisions from a list that somebody filled in: read in every way that Excel saves it, or refused with all that is wrong."""

from datetime import date
from pathlib import Path

import pytest

from ingest import decisions_file
from ingest.decisions_file import FilledIn
from ingest.errors import IngestError

HEADING = "Sak;Type;Navn;Unntak til;Begrunnelse;Besluttet av"


def read(tmp_path: Path, text: str, encoding: str = "utf-8-sig") -> list[FilledIn]:
    file = tmp_path / "liste.csv"
    file.write_bytes(text.encode(encoding))
    return decisions_file.read(file)


EXPECTED = [FilledIn(2, "A1B2", date(2026, 12, 31), "Langtidssyk", "Åse Rektor"),
            FilledIn(4, "C3D4", date(2026, 1, 2), "Vikar", "Rektor")]
LINES = [HEADING, "A1B2;x;Test;31.12.2026;Langtidssyk;Åse Rektor", "E5F6;x;Test;;;", "C3D4;x;Test;2026-01-02; Vikar ;Rektor"]


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-8", "cp1252"])
@pytest.mark.parametrize("delimiter", [";", ",", "\t"])
@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
def test_rows_with_a_date_are_read_however_the_file_was_saved(
    tmp_path: Path, encoding: str, delimiter: str, line_end: str
) -> None:
    assert read(tmp_path, line_end.join(LINES).replace(";", delimiter), encoding) == EXPECTED


def test_columns_may_be_moved_and_others_be_missing(tmp_path: Path) -> None:
    text = "Besluttet av;Unntak til;Sak;Begrunnelse\nRektor;1.2.2026;A1;Vikar\n"
    assert read(tmp_path, text) == [FilledIn(2, "A1", date(2026, 2, 1), "Vikar", "Rektor")]


def test_a_cell_that_the_worklist_quoted_against_formulas_is_read_without_its_quote(tmp_path: Path) -> None:
    assert read(tmp_path, f"{HEADING}\n'-A1;x;x;31.12.2026;'=Vikar;Rektor")[0] == FilledIn(
        2, "-A1", date(2026, 12, 31), "=Vikar", "Rektor")


def test_a_text_with_a_line_break_is_one_cell_and_the_line_is_the_last_of_the_row(tmp_path: Path) -> None:
    rows = read(tmp_path, f'{HEADING}\nA1;x;x;31.12.2026;"Vikar\nog syk";Rektor\nA2;x;x;31.12.2026;y;z')
    assert [(r.line, r.reason) for r in rows] == [(3, "Vikar\nog syk"), (4, "y")]


def test_missing_columns_are_all_named(tmp_path: Path) -> None:
    with pytest.raises(IngestError, match=r"liste.csv, line 1: the columns Unntak til, Besluttet av are missing"):
        read(tmp_path, "Sak;Begrunnelse\nA1;x")
    with pytest.raises(IngestError, match="Sak, Unntak til, Begrunnelse, Besluttet av are missing"):
        read(tmp_path, "")


def test_everything_that_is_wrong_is_named_at_once_and_nothing_of_the_file_counts(tmp_path: Path) -> None:
    with pytest.raises(IngestError) as error:
        read(tmp_path, "\n".join([HEADING, "A1;x;x;31.12.2026;Vikar;Rektor", "A2;x;x;31.2.2026;Vikar;Rektor", ";x;x;1.1.2026;;",
                                  "A3;x;x;til jul;;Rektor", "A4"]))
    assert str(error.value) == (
        "liste.csv: nothing was taken in. line 3, Unntak til: expected a date such as 31.12.2026; "
        "line 4, Sak: is empty; line 4, Begrunnelse: is empty; line 4, Besluttet av: is empty; "
        "line 5, Unntak til: expected a date such as 31.12.2026; line 5, Begrunnelse: is empty")
