"""What everybody may read of a set: no cell of it is about a person (contract#open-set)."""

from typing import Any

import duckdb

from tests.support.command_line import Place, changed, marts_of, town


def test_no_cell_of_the_open_set_holds_a_name_an_id_or_what_somebody_wrote(place: Place) -> None:
    """contract#open-set"""
    hrm, vfs = town(9)
    hrm = changed(changed(hrm, "positions", "position_id", "h001", end_date="2025-03-01"),
                  "positions", "position_id", "h003", end_date="2025-03-02")
    vfs = {**vfs, "accesses": [*vfs["accesses"], {"person_id": "P002", "access_group": "Kommuneadmin", "org_number": "K",
                                                  "start_date": "2024-01-01", "position_id": ""}]}
    for day in ("2025-03-08", "2025-03-10"):
        place.deliver("hrm", day, hrm)
        place.deliver("vfs", day, vfs)
    assert place.do("run", today="2025-03-08").code == 0
    place.deliver("vfs", "2025-03-09", {**vfs, "persons": []})
    assert place.do("run").code == 3
    assert place.do("accept", "vfs", "2025-03-09", "--reason", "Skrevet av Kari", "--by", "Kari").code == 0
    case = place.mart("cases")[0]["case_number"]
    (place.data / "decisions" / "inbox" / "liste.csv").write_text(
        f"Sak;Status;Behandles av;Kommentar\n{case};venter;Kari;Ola er syk\n")
    assert place.do("run").code == 0
    whole, opened = marts_of(place.marts), marts_of(place.data / "published" / "open" / "marts.duckdb")
    assert opened.keys() == {
        "access_risk_daily", "finding_daily_counts", "org_units", "data_freshness", "extracts", "emptied_org_units", "dim_date",
        "dim_finding_type", "dim_cause", "dim_status", "settings_in_force"}
    about = {str(row[column]) for table in (*hrm.values(), *vfs.values()) for row in table for column in (
        "employee_number", "given_name", "family_name", "person_id", "position_id", "hrm_position_id") if row.get(column)}
    about |= {str(row[column]) for mart in ("findings", "cases") for row in whole[mart] for column in (
        "finding_id", "case_number", "subject_id")}
    assert {"Test001", "001", "P001", "v001", "Kari", "Ola er syk"} <= cells(whole), "what is looked for is in the closed marts"
    assert any(row["reason"] for row in whole["extracts"])
    assert not about & cells(opened)
    assert not [cell for cell in cells(opened) if "Kari" in cell or "Ola" in cell or "Test" in cell]


def cells(marts: dict[str, list[dict[str, Any]]]) -> set[str]:
    """Every text and number, and each part of a list in a text."""
    values = {str(v) for table in marts.values() for row in table for v in row.values()}
    return values | {part for value in values for part in value.split(", ")}


def test_no_count_of_one_or_two_is_shown_and_the_rest_is_that_of_the_marts(place: Place) -> None:
    """contract#open-set"""
    hrm, vfs = town(12)
    for i in ("001", "003", "005", "002"):  # three at the one school, one at the other
        hrm = changed(hrm, "positions", "position_id", f"h{i}", end_date="2025-03-01")
    place.deliver("hrm", "2025-03-10", hrm)
    place.deliver("vfs", "2025-03-10", vfs)
    assert place.do("run").code == 0
    folder = place.data / "published" / "open"
    counted, whole = ({(r["finding_type"], r["org_number"]): r["open_count"] for r in table} for table in (
        marts_of(folder / "marts.duckdb")["finding_daily_counts"], place.mart("finding_daily_counts")))
    assert {1, 3} <= set(whole.values())
    assert counted == {key: None if n in (1, 2) else n for key, n in whole.items()}
    with duckdb.connect() as con:
        parquet = con.execute(f"SELECT open_count FROM '{folder}/parquet/finding_daily_counts.parquet'").fetchall()
    assert sorted(map(repr, parquet)) == sorted(repr((n,)) for n in counted.values())
