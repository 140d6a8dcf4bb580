"""pandas: a script that reads the newest extract of each system and lists what HRM does not back. Nothing is kept."""

import sys
from pathlib import Path

import pandas as pd


def newest(system: Path, table: str) -> pd.DataFrame:
    frame = pd.read_csv(max(system.iterdir()) / f"{table}.csv", dtype="str")
    for column in {"start_date", "end_date"} & set(frame):
        frame[column] = pd.to_datetime(frame[column], format="%Y-%m-%d", errors="coerce")
    return frame


def unended(positions: pd.DataFrame, day: pd.Timestamp, start_by: pd.Timestamp) -> pd.DataFrame:
    start, end = positions["start_date"], positions["end_date"]
    return positions[(start.isna() | (start <= start_by)) & (end.isna() | (end >= day))]


def search(inbox: Path, today: str) -> pd.DataFrame:
    day, hrm, vfs = pd.Timestamp(today), inbox / "hrm", inbox / "vfs"
    employees, hrm_positions, persons = newest(hrm, "employees"), newest(hrm, "positions"), newest(vfs, "persons")
    by_id = employees.dropna(subset="national_id").groupby("national_id")["employee_number"].min()
    number = persons["employee_number"]
    persons["employee"] = number.where(number.isin(employees["employee_number"]), persons["national_id"].map(by_id))
    persons["can_log_in"] = persons["login_enabled"].ne("false")

    at_work = unended(hrm_positions, day, day)["employee_number"]
    backing = unended(hrm_positions, day, day + pd.Timedelta(days=30))
    there = pd.MultiIndex.from_frame(backing[["employee_number", "org_number"]])
    elsewhere = backing[~backing["org_number"].isin(newest(vfs, "org_units")["org_number"])]
    by_link = pd.MultiIndex.from_frame(elsewhere[["employee_number", "position_id"]])

    left = unended(newest(vfs, "positions"), day, day).merge(persons[["person_id", "employee", "can_log_in"]], on="person_id")
    left = left[~pd.MultiIndex.from_frame(left[["employee", "org_number"]]).isin(there)
                & ~pd.MultiIndex.from_frame(left[["employee", "hrm_position_id"]]).isin(by_link)]
    unknown, gone = left["employee"].isna(), ~left["employee"].isin(at_work)
    left["finding_type"] = "stale_position"
    left.loc[gone, "finding_type"] = "active_vfs_inactive_hrm"
    left.loc[unknown, "finding_type"] = "unknown_in_hrm"
    manual = left["registered_by"].eq("manual") & left["finding_type"].ne("active_vfs_inactive_hrm")
    return left.loc[~manual, ["finding_type", "position_id", "person_id", "can_log_in"]]


if __name__ == "__main__":
    search(Path(sys.argv[1]), sys.argv[2]).to_csv("found.csv", index=False)
