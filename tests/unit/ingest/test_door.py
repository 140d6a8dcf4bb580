"""Validation of cells and rows: what is read, what is rejected and why, what is kept with a warning."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import pytest

from demo.people import national_id
from ingest.canonical_tables import TABLES, System
from ingest.door import CanonicalExtract, admit
from ingest.errors import RefusedExtract
from ingest.identity import hash_of
from tests.support.memory_source import raw_table

DAY = date(2025, 3, 10)
KEY = b"0123456789abcdef"
FULLWIDTH = str.maketrans("0123456789", "".join(chr(0xFF10 + n) for n in range(10)))
HRM_POSITIONS = next(t for t in TABLES if t.name == "positions" and t.system == "hrm")
Row = Mapping[str, str | None]
POSITION = {"position_id": "A1", "employee_number": "1", "org_number": "S1"}


def validate(
    table: str, rows: Sequence[Row], *, system: System = "hrm", delta: bool = False, limit: float = 100, **options: Any
) -> CanonicalExtract:
    raw = {table: raw_table(rows, f"{table}.csv", **options)}
    return admit(system, DAY, raw, delta=delta, key=KEY, max_rejected_percent=limit)


def kept(extract: CanonicalExtract, table: str, *columns: str) -> list[Any]:
    rows = extract.tables[table].select(columns).to_pylist()
    return [row[columns[0]] if len(columns) == 1 else tuple(row.values()) for row in rows]


def rejected(extract: CanonicalExtract) -> list[tuple[int | None, str, str]]:
    return [(r["line"], r["column_name"], r["reason"]) for r in extract.rejected.to_pylist()]


# --- cells -----------------------------------------------------------------------------------------------------------


def with_cells(row: Row, key: str, column: str, cells: Sequence[str | None]) -> list[Row]:
    """The same row again and again with a key of its own, and one of these cells each."""
    return [{**row, key: str(number), column: cell} for number, cell in enumerate(cells)]


def test_a_date_is_read_in_both_forms_and_a_blank_is_none() -> None:
    dates = {"2025-03-10": DAY, "10.03.2025": DAY, "10.3.2025": DAY, " 2025-03-10 ": DAY, "2024-02-29": date(2024, 2, 29),
             "29.02.2024": date(2024, 2, 29), None: None, "": None, "   ": None}
    extract = validate("positions", with_cells(POSITION, "position_id", "start_date", list(dates)))
    assert dict(zip(dates, kept(extract, "positions", "start_date"), strict=True)) == dates and not rejected(extract)


def test_a_date_that_cannot_be_read_rejects_its_row() -> None:
    cells = ["2025-02-29", "2025-02-30", "29.02.2025", "32.01.2025", "2025-13-01", "2025/03/10", "10-03-2025", "20250310",
             "45000", "10.03.25", "tomorrow", "2025-03-10x", "0000-00-00"]
    extract = validate("positions", with_cells(POSITION, "position_id", "end_date", cells))
    assert kept(extract, "positions", "end_date") == []
    assert rejected(extract) == [(line, "end_date", "not a date") for line in range(2, len(cells) + 2)]


def test_a_source_may_have_a_date_format_of_its_own_beside_the_two() -> None:
    rows = with_cells(POSITION, "position_id", "end_date", ["03/10/2025", "2025-03-10", "10/31/25"])
    extract = validate("positions", rows, date_format="%m/%d/%Y")
    assert kept(extract, "positions", "end_date") == [DAY, DAY] and rejected(extract) == [(4, "end_date", "not a date")]


def test_true_and_false_are_read_without_regard_to_capitals() -> None:
    flags = {"true": True, "FALSE": False, " True ": True, "": None, None: None}
    extract = validate("persons", with_cells({}, "person_id", "login_enabled", list(flags)), system="vfs")
    assert dict(zip(flags, kept(extract, "persons", "login_enabled"), strict=True)) == flags


def test_what_is_neither_true_nor_false_rejects_its_row() -> None:
    cells = ["1", "0", "yes", "ja", "t", "truefalse"]
    extract = validate("persons", with_cells({}, "person_id", "login_enabled", cells), system="vfs")
    assert kept(extract, "persons", "login_enabled") == []
    assert rejected(extract) == [(line, "login_enabled", "not true or false") for line in range(2, len(cells) + 2)]


@pytest.mark.parametrize(("table", "row", "column", "expected", "reason"), [
    ("persons", {"person_id": "P", "registered_by": " Manual "}, "registered_by", "manual", None),
    ("persons", {"person_id": "P", "registered_by": "HRM"}, "registered_by", "hrm", None),
    ("persons", {"person_id": "P", "registered_by": ""}, "registered_by", None, None),
    ("persons", {"person_id": "P", "registered_by": "Manuelt"}, "registered_by", None, "not one of hrm, manual"),
    ("org_units", {"org_number": "S1", "type": "School"}, "type", "school", None),
    ("org_units", {"org_number": "S1", "type": "skole"}, "type", None, "not one of kommune, school, other"),
])
def test_a_listed_value_is_one_of_the_list(table: str, row: Row, column: str, expected: str | None, reason: str | None) -> None:
    extract = validate(table, [row], system="vfs")
    assert rejected(extract) == ([(2, column, reason)] if reason else [])
    assert kept(extract, table, column) == ([] if reason else [expected])


def test_a_translation_replaces_whole_cells_before_they_are_read() -> None:
    translations = {"registered_by": {"Manuelt": "manual", "Fra 'HRM'": "hrm"}}
    cells = [" Manuelt ", "Fra 'HRM'", "manual", "Manuelt x"]
    rows = [{"person_id": str(n), "registered_by": text} for n, text in enumerate(cells)]
    extract = validate("persons", rows, system="vfs", translations=translations)
    assert kept(extract, "persons", "registered_by") == ["manual", "hrm", "manual"]
    assert rejected(extract) == [(5, "registered_by", "not one of hrm, manual")]


def test_ids_stay_text_with_their_zeros_and_columns_not_delivered_are_empty() -> None:
    rows = [{"employee_number": "0012", "given_name": "Åse"}, {"employee_number": "12", "given_name": " "}]
    extract = validate("employees", rows)
    assert kept(extract, "employees", "employee_number", "given_name", "email") == [("0012", "Åse", None), ("12", None, None)]


ID = national_id(3)
HASH = hash_of(ID, KEY)


@pytest.mark.parametrize("written", [
    ID, f"{ID[:6]} {ID[6:]}", f"{ID[:6]}-{ID[6:]}", f"{ID[:6]}.{ID[6:]}", f"{ID[:6]}/{ID[6:]}", f"{ID[:6]}\u00a0{ID[6:]}",
    f"{ID[:6]}\t{ID[6:]}", f"{ID[:6]}\u200b{ID[6:]}", ID.translate(FULLWIDTH), f"{ID[:6]}\u2013{ID[6:]}"])
@pytest.mark.parametrize(("before", "after"), [("", ""), ("P", ""), ("fnr", " x"), ("12345 ", " 99"), ("(", ")")])
def test_a_national_id_is_taken_out_of_every_cell_and_counted(written: str, before: str, after: str) -> None:
    """contract#leaks."""
    cell = f"{before}{written}{after}"
    extract = validate("positions", [{**POSITION, "position_id": cell, "employee_number": cell, "org_number": cell,
                                      "position_title": cell, "position_code": cell, "percentage": cell}, {**POSITION}])
    by_hash, by_word = (f"{before}{new}{after}" for new in (HASH, "[national id]"))
    assert kept(extract, "positions", *(c.name for c in HRM_POSITIONS.columns[:6])) == [
        (by_hash, by_hash, by_hash, by_word, by_word, by_word), ("A1", "1", "S1", None, None, None)]
    assert extract.figures["positions"].warnings["national_ids_replaced"] == 6 and not rejected(extract)


def test_the_same_national_id_as_a_number_is_the_same_hash_everywhere_and_two_stay_apart() -> None:
    """contract#leaks."""
    people = [{"person_id": i, "employee_number": f"P{i}", "national_id": i} for i in (ID, national_id(4))]
    access = [{"person_id": national_id(3), "access_group": f"Gruppe {ID}", "org_number": "S", "position_id": ID}]
    persons, accesses = (validate(t, rows, system="vfs") for t, rows in (("persons", people), ("accesses", access)))
    assert kept(persons, "persons", "person_id", "employee_number", "national_id_hash") == [
        (h, f"P{h}", h) for h in (hash_of(national_id(n), KEY) for n in (3, 4))]
    assert kept(accesses, "accesses", "person_id", "access_group", "position_id") == [(HASH, f"Gruppe {HASH}", HASH)]


def test_eleven_digits_without_valid_check_digits_are_no_national_id() -> None:
    """contract#leaks."""
    extract = validate("positions", [{**POSITION, "position_title": "12345678901", "position_code": "974000001 12"}])
    assert kept(extract, "positions", "position_title", "position_code") == [("12345678901", "974000001 12")]
    assert "national_ids_replaced" not in extract.figures["positions"].warnings


@pytest.mark.parametrize("written", [
    ID, f"{ID[:6]} {ID[6:]}", f"{ID[:6]}-{ID[6:]}", f" {ID[:6]}\u00a0{ID[6:]}", f"fnr{ID}", f"P{ID[:6]}.{ID[6:]}",
    ID.translate(FULLWIDTH), f"{ID}, {ID}", f"12 {ID}", f"{ID} 000000000000", f"{ID[:6]}\u200b{ID[6:]}"])
def test_a_national_id_in_its_column_is_read_in_every_way_of_writing(written: str) -> None:
    """contract#valid-national-ids."""
    extract = validate("employees", [{"employee_number": "1", "national_id": written}])
    assert kept(extract, "employees", "national_id_hash") == [HASH]
    assert extract.figures["employees"].warnings == {"wrong_check_digits": 0}


@pytest.mark.parametrize("written", [
    "018585*****", "00000000000", "Ukjent", ID[:10], f"{ID}1", ID[:10] + str((int(ID[10]) + 1) % 10), f"{ID} {national_id(4)}",
    "99999999999", "-"])
def test_what_identifies_nobody_is_read_as_empty_and_counted(written: str) -> None:
    """contract#valid-national-ids, contract#invalid-national-id."""
    rows = [{"employee_number": "1", "national_id": written}, {"employee_number": "2", "national_id": " "}]
    extract = validate("employees", rows)
    assert kept(extract, "employees", "national_id_hash") == [None, None] and not rejected(extract)
    assert extract.figures["employees"].warnings == {"wrong_check_digits": 1}


def test_a_national_id_in_its_column_is_kept_as_a_hash_alone() -> None:
    extract = validate("employees", [{"employee_number": "1", "national_id": national_id(3)}])
    hashed, = kept(extract, "employees", "national_id_hash")
    assert len(hashed) == 64 and national_id(3) not in str(extract.tables)
    assert "national_id" not in extract.tables["employees"].schema.names


# --- rows ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("system", "table", "row", "column"), [
    ("hrm", "employees", {"given_name": "Test"}, "employee_number"),
    ("hrm", "positions", {**POSITION, "position_id": " "}, "position_id"),
    ("hrm", "positions", {**POSITION, "employee_number": None}, "employee_number"),
    ("hrm", "positions", {**POSITION, "org_number": ""}, "org_number"),
    ("vfs", "positions", {"position_id": "v1", "org_number": "S1"}, "person_id"),
    ("vfs", "accesses", {"person_id": "P", "org_number": "S1"}, "access_group"),
])
def test_a_row_without_its_key_or_a_needed_value_is_rejected(system: System, table: str, row: Row, column: str) -> None:
    assert rejected(validate(table, [row], system=system)) == [(2, column, "value is missing")]


def test_an_access_may_be_without_start_date_and_position() -> None:
    row = {"person_id": "P", "access_group": "Lærer", "org_number": "S1", "start_date": "", "position_id": None, "end_date": ""}
    assert kept(validate("accesses", [row], system="vfs"), "accesses", "start_date", "position_id") == [(None, None)]


def test_identical_rows_are_one_and_no_fault() -> None:
    extract = validate("positions", [POSITION, {**POSITION, "position_id": "B"}, {**POSITION, "position_title": " "}, POSITION])
    assert kept(extract, "positions", "position_id") == ["B", "A1"] and not rejected(extract)
    assert (extract.figures["positions"].rows, extract.figures["positions"].repeated) == (2, 2)


def test_of_different_rows_with_one_key_the_last_is_kept_and_the_others_are_rejected() -> None:
    rows = [{**POSITION, "org_number": org} for org in ("S1", "S2", "S3", "S2")]
    extract = validate("positions", rows)
    assert kept(extract, "positions", "org_number") == ["S2"]
    assert rejected(extract) == [(n, "position_id", "another row with the same key stands further down") for n in (2, 4)]
    assert (extract.figures["positions"].rejected, extract.figures["positions"].repeated) == (2, 1)


def test_empty_parts_of_a_key_are_compared_like_values() -> None:
    access = {"person_id": "P", "access_group": "Lærer", "org_number": "S1", "start_date": None, "position_id": None}
    rows = [{**access, "end_date": "2025-01-01"}, {**access, "end_date": "2025-01-02"}, {**access, "start_date": "2025-01-01"}]
    extract = validate("accesses", rows, system="vfs")
    assert kept(extract, "accesses", "start_date", "end_date") == [(None, date(2025, 1, 2)), (date(2025, 1, 1), None)]
    assert [line for line, _, _ in rejected(extract)] == [2]


ACCESS = {"person_id": "P", "access_group": "Lærer", "org_number": "S1", "start_date": None, "position_id": None}


@pytest.mark.parametrize(("ends", "kept_end"), [
    (["2025-01-02", "2025-01-01"], date(2025, 1, 2)), (["2025-01-01", "2025-01-02"], date(2025, 1, 2)),
    ([None, "2025-01-02"], None), (["2025-01-02", "9999-12-31", "2026-01-01"], None)])
def test_of_different_accesses_with_one_key_the_one_that_ends_last_is_kept(
        ends: list[str | None], kept_end: date | None) -> None:
    """contract#same-key-twice."""
    extract = validate("accesses", [{**ACCESS, "end_date": end} for end in ends], system="vfs")
    assert kept(extract, "accesses", "end_date") == [kept_end] and len(rejected(extract)) == len(ends) - 1
    assert not any(r["is_unreadable"] for r in extract.rejected.to_pylist())


def test_access_groups_that_differ_only_in_capitals_are_one_and_the_first_spelling_by_code_point_is_kept() -> None:
    """contract#capitals, contract#same-key-twice."""
    groups = ["kommuneadmin", "KommuneAdmin", "KOMMUNEADMIN", "Kommuneadmin\u00a0", "Å", "å"]
    extract = validate("accesses", [{**ACCESS, "access_group": g} for g in groups], system="vfs")
    assert kept(extract, "accesses", "access_group") == ["KOMMUNEADMIN", "Å"] and not rejected(extract)
    assert extract.figures["accesses"].repeated == 4
    ends = [{**ACCESS, "access_group": g, "end_date": e} for g, e in (("A", "2025-01-01"), ("b", None), ("a", None), ("B", None))]
    assert kept(validate("accesses", ends, system="vfs"), "accesses", "access_group", "end_date") == [("a", None), ("B", None)]


def test_ids_keep_their_capitals() -> None:
    """contract#capitals."""
    assert kept(validate("positions", [POSITION, {**POSITION, "position_id": "a1"}]), "positions", "position_id") == ["A1", "a1"]


def pattern(extract: CanonicalExtract) -> list[tuple[Any, ...]]:
    """(whether nothing with its key stands, its key as far as it can be read, whose it is) of each rejected row."""
    return [(r["is_unreadable"], dict(zip(r["key_columns"], r["key_values"], strict=True)), r["owner"])
            for r in extract.rejected.to_pylist()]


def test_a_row_that_cannot_be_read_takes_no_other_rows_place() -> None:
    """contract#same-key-twice."""
    for count in (1, 2):
        extract = validate("positions", [*[POSITION] * count, {**POSITION, "org_number": "S2", "end_date": "never"}])
        assert kept(extract, "positions", "org_number") == ["S1"]
        assert rejected(extract) == [(count + 2, "end_date", "not a date")]
        assert pattern(extract) == [(False, {"position_id": "A1"}, "1")]


def test_a_row_that_cannot_be_read_leaves_what_could_be_read_of_its_key() -> None:
    """contract#rejected-row."""
    rows = [{**POSITION, "end_date": "x"}, {**POSITION, "position_id": None},
            {**POSITION, "position_id": "1,0E+5", "employee_number": ""},
            {**POSITION, "position_id": f"h{ID}", "employee_number": ID, "end_date": "x"},
            {**POSITION, "position_id": " B\u00a0 1 ", "employee_number": "2E+3"}]
    assert pattern(validate("positions", rows)) == [
        (True, {"position_id": "A1"}, "1"), (True, {}, "1"), (True, {}, None), (True, {"position_id": f"h{HASH}"}, HASH),
        (True, {"position_id": "B 1"}, None)]


def test_of_an_access_each_part_of_the_key_is_read_by_itself_and_an_empty_part_is_a_value() -> None:
    """contract#rejected-row."""
    rows = [{**ACCESS, "start_date": "x", "position_id": "v1"}, {**ACCESS, "access_group": "", "start_date": "1.2.2025"},
            {**ACCESS, "person_id": None, "start_date": "9999-12-31"}, {**ACCESS, "position_id": "1E+5", "end_date": "x"},
            {**ACCESS, "access_group": "LÆRER", "end_date": "x"}, {**ACCESS, "org_number": "S2"},
            {**ACCESS, "org_number": "S2", "end_date": "x"}]
    extract = validate("accesses", rows, system="vfs")
    known = {"person_id": "P", "access_group": "Lærer", "org_number": "S1", "start_date": None, "position_id": None}

    def without(*names: str, **others: Any) -> dict[str, Any]:
        return {n: v for n, v in {**known, **others}.items() if n not in names}

    assert pattern(extract) == [
        (True, without("start_date", position_id="v1"), "P"), (True, without("access_group", start_date="2025-02-01"), "P"),
        (True, without("person_id"), None), (True, without("position_id"), "P"), (True, without(access_group="LÆRER"), "P"),
        (False, without(org_number="S2"), "P")]


def test_of_a_person_the_employee_number_and_the_national_id_are_left_behind() -> None:
    """contract#rejected-row."""
    rows = [{"person_id": None, "employee_number": "001", "national_id": ID}, {"person_id": "", "employee_number": "1E+3"},
            {"person_id": "P1", "login_enabled": "x"}]
    extract = validate("persons", rows, system="vfs")
    assert pattern(extract) == [(True, {}, "001"), (True, {}, None), (True, {"person_id": "P1"}, None)]
    assert [r["national_id_hash"] for r in extract.rejected.to_pylist()] == [HASH, None, None]
    employees = validate("employees", [{"employee_number": "", "national_id": f"{ID[:6]} {ID[6:]}"}])
    assert pattern(employees) == [(True, {}, None)] and employees.rejected.to_pylist()[0]["national_id_hash"] == HASH


def test_the_name_of_the_file_is_told_without_a_national_id() -> None:
    """contract#leaks."""
    raw = {"employees": raw_table([{"employee_number": None}], f"{ID}.csv")}
    extract = admit("hrm", DAY, raw, delta=False, key=KEY, max_rejected_percent=100)
    assert extract.rejected.to_pylist()[0]["file"] == "[national id].csv"


@pytest.mark.parametrize("written", ["1,00E+05", "9.74E+08", "1e+5", "2E-3"])
@pytest.mark.parametrize(("system", "table", "row", "column"), [
    ("hrm", "positions", POSITION, "position_id"), ("hrm", "positions", POSITION, "employee_number"),
    ("hrm", "positions", POSITION, "org_number"), ("hrm", "org_units", {"org_number": "S"}, "parent_org_number"),
    ("vfs", "persons", {"person_id": "P"}, "employee_number"), ("vfs", "accesses", ACCESS, "position_id"),
    ("vfs", "positions", {"position_id": "v", "person_id": "P", "org_number": "S"}, "hrm_position_id")])
def test_a_number_in_exponent_form_rejects_its_row_and_says_how_to_export_it(
        written: str, system: System, table: str, row: Row, column: str) -> None:
    """contract#exponent-form."""
    extract = validate(table, [{**row, column: written}], system=system)
    assert rejected(extract) == [(2, column, (
        "in exponent form, which has lost digits. Export the column as text; in Excel, format it as text before the numbers come "
        "in"))]


def test_an_id_or_title_that_only_looks_like_an_exponent_is_kept() -> None:
    """contract#exponent-form."""
    rows = [{**POSITION, "position_id": i, "position_title": "1E+05"} for i in ("1E05", "E+05", "1E+", "A1E+05")]
    assert kept(validate("positions", rows), "positions", "position_id") == ["1E05", "E+05", "1E+", "A1E+05"]


@pytest.mark.parametrize("written", [
    "#N/A", "#n/a ", "#REF!", "#VALUE!", "#NAME?", "#DIV/0!", "#NULL!", "#NUM!", "#I/T", "#VERDI!", "#NAVN?", "########"])
@pytest.mark.parametrize("column", ["position_id", "employee_number", "org_number"])
def test_an_error_of_a_spreadsheet_is_no_id_and_rejects_its_row(written: str, column: str) -> None:
    """contract#error-values."""
    other = {**POSITION, "position_id": "other"}
    extract = validate("positions", [{**POSITION, column: written}, other])
    (line, named, reason), = rejected(extract)
    assert (line, named) == (2, column) and reason.startswith("an error of the spreadsheet instead of a value")
    assert kept(extract, "positions", "position_id") == ["other"]
    assert extract.rejected.to_pylist()[0]["is_unreadable"]
    assert extract.rejected.to_pylist()[0]["owner"] == (None if column == "employee_number" else POSITION["employee_number"])


def test_two_people_whose_numbers_are_errors_are_not_one_and_a_title_may_be_any_text() -> None:
    """contract#error-values."""
    people = validate("employees", [{"employee_number": "#N/A"}, {"employee_number": "#N/A"}, {"employee_number": "N/A"}])
    assert kept(people, "employees", "employee_number") == ["N/A"] and len(rejected(people)) == 2
    titles = validate("positions", [{**POSITION, "position_id": "#1", "position_title": "#N/A"}])
    assert kept(titles, "positions", "position_title") == ["#N/A"]


def test_rejected_rows_come_in_the_order_of_the_file_each_with_one_reason() -> None:
    rows = [{"position_id": "1"}, POSITION, {**POSITION, "position_id": "2", "end_date": "x"}, {**POSITION, "org_number": "S2"}]
    extract = validate("positions", rows)
    assert rejected(extract) == [(2, "employee_number", "value is missing"),
                                 (3, "position_id", "another row with the same key stands further down"),
                                 (4, "end_date", "not a date")]
    assert {r["table_name"] for r in extract.rejected.to_pylist()} == {"positions"}
    assert {r["file"] for r in extract.rejected.to_pylist()} == {"positions.csv"}


@pytest.mark.parametrize(("wrong", "limit", "passes"), [
    (5, 5, True), (6, 5, False), (0, 0, True), (1, 0, False), (100, 100, True), (7, 7.5, True), (8, 7.5, False)])
def test_an_extract_is_refused_when_more_than_a_share_of_a_table_is_rejected(wrong: int, limit: float, passes: bool) -> None:
    rows = [{"employee_number": str(n) if n >= wrong else None, "given_name": "Test"} for n in range(100)]
    if passes:
        assert validate("employees", rows, limit=limit).figures["employees"].rejected == wrong
        return
    with pytest.raises(RefusedExtract) as refused:
        validate("employees", rows, limit=limit)
    assert refused.value.describe("hrm", DAY) == (
        f"hrm 2025-03-10, employees.csv, line 2, column employee_number: {wrong} of 100 rows cannot be used, "
        f"more than {limit:g} %; the first: employee_number: value is missing. Correct the file and deliver it again")


def test_the_share_is_counted_for_each_table_by_itself() -> None:
    raw = {"employees": raw_table([{"employee_number": str(n)} for n in range(1000)]), "positions": raw_table([POSITION, {}, {}])}
    with pytest.raises(RefusedExtract, match="2 of 3 rows"):
        admit("hrm", DAY, raw, delta=False, key=KEY, max_rejected_percent=50)


def test_a_table_without_rows_is_read_as_one_without_rows() -> None:
    extract = validate("employees", [], limit=0)
    assert extract.figures["employees"].rows == 0 and extract.tables["employees"].schema.names[0] == "employee_number"


# --- deltas ----------------------------------------------------------------------------------------------------------


def test_in_a_delta_a_removal_needs_nothing_but_its_key() -> None:
    rows = [{"position_id": "A", "deleted": "TRUE"}, {"position_id": "B"}, {**POSITION, "deleted": "false"}, {"deleted": "true"},
            {**POSITION, "position_id": "C", "deleted": ""}, {**POSITION, "position_id": "D", "deleted": "perhaps"}]
    extract = validate("positions", rows, delta=True)
    assert kept(extract, "positions", "position_id", "deleted") == [("A", True), ("A1", False), ("C", None)]
    assert rejected(extract) == [(3, "employee_number", "value is missing"), (5, "position_id", "value is missing"),
                                 (7, "deleted", "not true or false")]


def test_a_delta_that_removes_and_holds_one_key_keeps_the_last() -> None:
    extract = validate("positions", [POSITION, {"position_id": "A1", "deleted": "true"}], delta=True)
    assert kept(extract, "positions", "position_id", "deleted") == [("A1", True)] and len(rejected(extract)) == 1


def test_in_a_full_extract_a_column_called_deleted_means_nothing() -> None:
    extract = validate("positions", [{**POSITION, "deleted": "true"}])
    assert kept(extract, "positions", "position_id") == ["A1"] and "deleted" not in extract.tables["positions"].schema.names


# --- warnings and figures --------------------------------------------------------------------------------------------


def test_positions_that_end_before_they_start_are_kept_and_counted() -> None:
    dates = [("2025-03-10", "2025-03-09"), ("2025-03-10", "2025-03-10"), ("2025-03-10", None), (None, "2025-03-10")]
    rows = [{**POSITION, "position_id": str(n), "start_date": s, "end_date": e} for n, (s, e) in enumerate(dates)]
    assert (validate("positions", rows).figures["positions"].rows, validate("positions", rows).figures["positions"].warnings) == (
        4, {"ends_before_start": 1})


def test_wrong_check_digits_are_counted_in_rows_that_are_kept() -> None:
    wrong = national_id(3)[:10] + str((int(national_id(3)[10]) + 1) % 10)
    rows = [{"employee_number": "1", "national_id": wrong}, {"employee_number": "1", "national_id": wrong},
            {"employee_number": None, "national_id": wrong}, {"employee_number": "2", "national_id": national_id(3)},
            {"employee_number": "3", "national_id": None}]
    assert validate("employees", rows).figures["employees"].warnings == {"wrong_check_digits": 1}


def test_org_numbers_that_the_extracts_own_org_units_do_not_hold_are_counted() -> None:
    raw = {"positions": raw_table([{"position_id": str(n), "person_id": "P", "org_number": org} for n, org in enumerate("ABB")]),
           "accesses": raw_table([{"person_id": "P", "access_group": "g", "org_number": "C"}])}
    units = {"org_units": raw_table([{"org_number": "A"}])}

    def counted(tables: dict[str, Any]) -> list[int | None]:
        figures = admit("vfs", DAY, tables, delta=False, key=KEY, max_rejected_percent=5).figures
        return [figures[t].warnings.get("unknown_org_number") for t in ("positions", "accesses")]

    assert counted(raw | units) == [2, 1] and counted(raw) == [None, None]


def test_extra_columns_are_named_unless_they_look_like_data() -> None:
    """contract#leaks."""
    headings = ("shoe size", ID, "010180 12345", "kari@x.example", "Adresse 2")
    extract = validate("employees", [{"employee_number": "1"}], extra_columns=headings)
    assert extract.extra_columns == {"employees": ["shoe size", "4 with digits or an address in the heading"]}


def test_a_placeholder_for_no_date_is_read_as_empty_and_counted() -> None:
    """contract#placeholder-dates."""
    dates = ["9999-12-31", "31.12.2099", "1900-01-01", "1901-01-01", "2090-12-31", "1900-01-01T00:00:00"]
    rows = with_cells(POSITION, "position_id", "end_date", dates)
    extract = validate("positions", [*rows, rows[0]])
    assert kept(extract, "positions", "end_date") == [None, None, date(1901, 1, 1), date(2090, 12, 31), None, None]
    assert extract.figures["positions"].warnings == {"ends_before_start": 0, "placeholder_dates": 4} and not rejected(extract)


def test_cells_are_cleaned_before_they_are_read_or_compared() -> None:
    """contract#white-space."""
    rows = [{**POSITION, "position_id": "A\u00a01\t", "org_number": "\u200bS1", "end_date": "\u00a02025-03-10 "},
            {**POSITION, "position_id": " A 1", "end_date": "10.3.2025 00:00"}]
    extract = validate("positions", rows)
    assert kept(extract, "positions", "position_id", "org_number", "end_date") == [("A 1", "S1", DAY)] and not rejected(extract)
    translations = {"org_number": {"Lia\u00a0 skole": "S1"}, "registered_by": {"manuell": "manual"}}
    row = {"position_id": "v", "person_id": "P", "org_number": " Lia skole", "registered_by": "MANUELL\u00a0"}
    extract = validate("positions", [row], system="vfs", translations=translations)
    assert kept(extract, "positions", "org_number", "registered_by") == [("S1", "manual")]
