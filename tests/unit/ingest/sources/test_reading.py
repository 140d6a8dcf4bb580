"""What several formats share: headings, settings for all tables and for one, which folders are a day."""

from datetime import date
from pathlib import Path

import pyarrow as pa
import pytest

from demo.people import national_id
from ingest.canonical_tables import tables_of
from ingest.errors import RefusedExtract
from ingest.sources.catalogue import make_source
from ingest.sources.csv_folder import CsvSettings
from ingest.sources.delimited import Delimited, headings_for, known_encoding, part_for
from ingest.sources.export import ExportSettings
from ingest.sources.file_drop import FileDropAdapter, dated_folders
from ingest.sources.hrm_ws import _day
from ingest.sources.propose import propose

ID = national_id(4711)
PERSONS = next(t for t in tables_of("vfs") if t.name == "persons")


def test_the_day_in_an_id_of_hrm_is_that_of_its_start_date() -> None:
    written = ["2025-06-30", "2025-06-30T22:00:00", "2025-06-30+02:00", "2025-06-301", None, "2025-06-30"]
    assert _day(pa.chunked_array([written], pa.string())).to_pylist() == [
        "2025-06-30", "2025-06-30", "2025-06-30", "2025-06-301", None, "2025-06-30"]


def test_headings_are_cleaned_in_files_and_in_settings() -> None:
    """contract#white-space."""
    content = "\ufeff\u00a0A\u030arstall ;Fra\u200b\t dato\n".encode()
    assert Delimited("utf-8", ";").table("f.csv", content).heading == ["Årstall", "Fra dato"]
    columns = {"email": "E\u2011post ", "persons": {"email": " Mail\u00a0 adresse"}, "positions": {"role": "R"}}
    assert headings_for(PERSONS, columns) == {"email": "Mail adresse"}


@pytest.mark.parametrize(("heading", "columns"), [
    ("a;b;a", "1 and 3"), ("a;a;b;a ", "1, 2 and 4"), (f"{ID};x;{ID}", "1 and 3"), ("a;a\u00a0", "1 and 2")])
def test_a_heading_that_stands_twice_is_told_by_its_place_alone(heading: str, columns: str) -> None:
    """contract#leaks."""
    with pytest.raises(RefusedExtract, match="columns have the same heading, or the file has no row of headings") as refused:
        _ = Delimited("utf-8", ";").table("f.csv", f"{heading}\n".encode()).heading
    assert refused.value.column == columns and ID not in refused.value.describe("hrm", date(2025, 3, 10))


def test_a_setting_holds_for_all_tables_and_a_tables_own_goes_before() -> None:
    columns = {"person_id": "Id", "email": "E-post", "persons": {"email": "Mail"}, "positions": {"role": "Rolle"}}
    assert part_for(PERSONS, columns) == {"person_id": "Id", "email": "Mail"}
    values = {"registered_by": {"M": "manual"}, "persons": {"login_enabled": {"ja": "true"}}}
    assert part_for(PERSONS, values) == {"registered_by": {"M": "manual"}, "login_enabled": {"ja": "true"}}


def test_only_folders_named_as_a_day_are_days(tmp_path: Path) -> None:
    for name in ("2025-03-10", "2025-03-09", "20250308", "2025-W10-1", "2025-02-30", "2025-03-07-old", ".2025-03-06"):
        (tmp_path / name).mkdir()
    (tmp_path / "2025-03-05").write_text("a file")
    assert list(dated_folders(tmp_path, date.max)) == [date(2025, 3, 9), date(2025, 3, 10)]
    assert list(dated_folders(tmp_path, date(2025, 3, 9))) == [date(2025, 3, 9)]
    assert dated_folders(tmp_path / "nowhere", date.max) == {}


TODAY = date(2025, 3, 10)


def test_what_is_no_day_and_a_day_to_come_are_passed_over_and_hidden_files_are_not_told(tmp_path: Path) -> None:
    """contract#no-day"""
    for name in ("2025-03-10", "2025-03-09", "20250308", "08.03.2025", "2025-03-07 (1)", "2025-03-11", "2052-03-09", ".trash",
                 "~old", "arkiv"):
        (tmp_path / name).mkdir()
    for name in ("2025-03-05", "employees.csv", ".DS_Store", "Thumbs.db", "~$liste.xlsx"):
        (tmp_path / name).write_text("x")
    source = make_source("hrm", [CsvSettings(path=tmp_path)])
    assert source.passed_over(TODAY) == [
        "08.03.2025", "2025-03-05", "2025-03-07 (1)", "2025-03-11", "20250308", "2052-03-09", "arkiv", "employees.csv"]
    assert "2025-03-11" not in source.passed_over(date(2025, 3, 11))
    assert make_source("hrm", [CsvSettings(path=tmp_path / "nowhere")]).passed_over(TODAY) == []


def test_where_files_are_overwritten_in_place_only_a_folder_that_looks_like_a_day_is_told(tmp_path: Path) -> None:
    """contract#no-day"""
    adapter = FileDropAdapter(tmp_path)
    (tmp_path / "persons.csv").write_text("x")
    (tmp_path / "2025-03-09.csv").write_text("x")
    for name in ("arkiv", "20250310", "uttrekk 10.3.2025"):
        (tmp_path / name).mkdir()
    assert adapter.is_pulled and adapter.passed_over(TODAY) == ["20250310", "uttrekk 10.3.2025"]
    (tmp_path / "2025-03-10").mkdir()
    assert not adapter.is_pulled and adapter.passed_over(TODAY) == [
        "2025-03-09.csv", "20250310", "arkiv", "persons.csv", "uttrekk 10.3.2025"]
    file = ExportSettings(adapter="export", path=tmp_path / "persons.csv", tables=["persons"])
    other = CsvSettings(path=tmp_path / "other", tables=["positions", "accesses", "org_units"])
    assert make_source("vfs", [file, other]).passed_over(TODAY) == []


def test_a_national_id_in_a_name_that_is_passed_over_is_not_told(tmp_path: Path) -> None:
    """contract#leaks"""
    (tmp_path / f"uttrekk {national_id(7)}").mkdir()
    assert make_source("hrm", [CsvSettings(path=tmp_path)]).passed_over(TODAY) == ["uttrekk [national id]"]


@pytest.mark.parametrize("value", ["utf-9", "hex", "base64", "rot13"])
def test_what_is_no_encoding_of_text_is_refused_as_a_setting(value: str) -> None:
    with pytest.raises(ValueError, match="expected an encoding such as utf-8"):
        known_encoding(value)
    assert (known_encoding("Windows-1252"), known_encoding("latin1")) == ("cp1252", "iso8859-1")


def test_of_a_file_without_headings_a_proposal_shows_no_cell(tmp_path: Path) -> None:
    """contract#leaks"""
    file = tmp_path / "uten.csv"
    file.write_text("P1;Ola;Nordmann;Fossen skole\nP2;Kari;Test;Lia skole\n", encoding="utf-8")
    proposal = propose(file)
    assert proposal.unused == [] and "does the file begin with a row of headings?" in proposal.questions[0]
    assert not any(name in str(proposal) for name in ("Ola", "Nordmann", "Fossen", "Kari"))
