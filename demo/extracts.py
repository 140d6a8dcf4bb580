"""The files that the simulated systems deliver: one folder a day, which appears as a whole."""

import csv
import shutil
from collections.abc import Iterable, Mapping
from datetime import date
from pathlib import Path

COLUMNS = {
    ("hrm", "employees"): ("employee_number", "national_id", "given_name", "family_name", "email"),
    ("hrm", "positions"): ("position_id", "employee_number", "org_number", "position_code", "position_title", "percentage",
                           "start_date", "end_date"),
    ("hrm", "org_units"): ("org_number", "name", "type", "parent_org_number"),
    ("vfs", "persons"): ("person_id", "employee_number", "national_id", "given_name", "family_name", "email", "login_enabled",
                         "registered_by"),
    ("vfs", "positions"): ("position_id", "person_id", "org_number", "role", "hrm_position_id", "start_date", "end_date",
                           "registered_by"),
    ("vfs", "accesses"): ("person_id", "access_group", "org_number", "start_date", "position_id", "end_date"),
    ("vfs", "org_units"): ("org_number", "name", "type", "parent_org_number"),
}


def write(inbox: Path, system: str, day: date, tables: Mapping[str, Iterable[tuple]]) -> None:
    """Deliver one extract: {table: rows in the order of COLUMNS}. Dates are written as YYYY-MM-DD, None as nothing."""
    folder = inbox / system / day.isoformat()
    writing = folder.with_name(f".{folder.name}")
    shutil.rmtree(writing, ignore_errors=True)
    writing.mkdir(parents=True)
    for table, rows in tables.items():
        with (writing / f"{table}.csv").open("w", newline="", encoding="utf-8") as handle:
            writer = csv.writer(handle, lineterminator="\n")
            writer.writerow(COLUMNS[system, table])
            writer.writerows(rows)
    shutil.rmtree(folder, ignore_errors=True)
    writing.rename(folder)
