"""polars: a script that reads the newest extract of each system and lists what HRM does not back. Nothing is kept."""

import sys
from datetime import date, timedelta
from pathlib import Path

import polars as pl


def newest(system: Path, table: str) -> pl.LazyFrame:
    frame = pl.scan_csv(max(system.iterdir()) / f"{table}.csv", infer_schema=False)
    if table != "positions":
        return frame
    return frame.with_columns(pl.col("start_date", "end_date").str.to_date("%Y-%m-%d", strict=False))


def unended(positions: pl.LazyFrame, day: date, start_by: date) -> pl.LazyFrame:
    start, end = pl.col("start_date"), pl.col("end_date")
    return positions.filter((start <= start_by).fill_null(True), (end >= day).fill_null(True))


def search(inbox: Path, today: str) -> pl.DataFrame:
    day, hrm, vfs = date.fromisoformat(today), inbox / "hrm", inbox / "vfs"
    employees = newest(hrm, "employees").select(pl.col("employee_number").alias("employee"), "national_id")
    by_id = employees.drop_nulls("national_id").group_by("national_id").agg(pl.col("employee").min().alias("by_id"))
    by_number = employees.select("employee", employee_number="employee")
    persons = newest(vfs, "persons").join(by_number, on="employee_number", how="left").join(
        by_id, on="national_id", how="left").select(
        "person_id", employee=pl.coalesce("employee", "by_id"), can_log_in=pl.col("login_enabled").ne_missing("false"))

    hrm_positions = newest(hrm, "positions").rename({"employee_number": "employee"})
    at_work = unended(hrm_positions, day, day).select("employee", at_work=True).unique()
    backing = unended(hrm_positions, day, day + timedelta(days=30))
    elsewhere = backing.join(newest(vfs, "org_units"), on="org_number", how="anti").select(
        "employee", hrm_position_id="position_id")

    kind = (pl.when(pl.col("employee").is_null()).then(pl.lit("unknown_in_hrm"))
            .when(pl.col("at_work").is_null()).then(pl.lit("active_vfs_inactive_hrm"))
            .otherwise(pl.lit("stale_position")))
    return (
        unended(newest(vfs, "positions"), day, day).join(persons, on="person_id")
        .join(backing, on=["employee", "org_number"], how="anti").join(elsewhere, on=["employee", "hrm_position_id"], how="anti")
        .join(at_work, on="employee", how="left").with_columns(finding_type=kind)
        .filter(pl.col("registered_by").ne_missing("manual") | (pl.col("finding_type") == "active_vfs_inactive_hrm"))
        .select("finding_type", "position_id", "person_id", "can_log_in").collect()
    )


if __name__ == "__main__":
    search(Path(sys.argv[1]), sys.argv[2]).write_csv("found.csv")
