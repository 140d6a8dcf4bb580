"""Retention: what ended long ago is removed, and really gone from the disk.

A purge keeps the versions of everybody who is still in a system (or was, on or after the horizon), and of everybody
they could be matched with, as the base from which folding goes on; the extracts up to the base are deleted.

    landed/base/<date>/<system>_<table>.parquet, extracts.parquet
"""

import shutil
from datetime import date
from pathlib import Path

import duckdb

from ingest import files
from ingest.canonical_tables import TABLES, tables_of
from ingest.expectations import RESULT_FILE

_BASE = "base"


def base_date(landed: Path) -> date | None:
    """The extract date up to which only the base is kept; None when nothing was purged."""
    folders = [f.name for f in (landed / _BASE).glob("????-??-??")]
    return date.fromisoformat(max(folders)) if folders else None


def restore(con: duckdb.DuckDBPyConnection, landed: Path, system: str) -> date | None:
    """Begin the versions of a system with the base, where the warehouse is new. Returns the base's date."""
    base = base_date(landed)
    if base is None:
        return None
    known = con.execute("SELECT count(*) FROM ingest.extracts WHERE system = ?", [system]).fetchone()[0]
    if not known:
        folder = landed / _BASE / base.isoformat()
        con.execute("BEGIN")
        for table in tables_of(system):
            con.execute(f"DELETE FROM versions.{table.versions_name}")
            con.execute(f"INSERT INTO versions.{table.versions_name} BY NAME SELECT * FROM read_parquet(?)",
                        [str(folder / f"{table.versions_name}.parquet")])
        con.execute("INSERT INTO ingest.extracts BY NAME SELECT * FROM read_parquet(?) WHERE system = ?",
                    [str(folder / "extracts.parquet"), system])
        con.execute("COMMIT")
    return base


def purge(con: duckdb.DuckDBPyConnection, landed: Path, quarantined: Path, before: date) -> int:
    """Make a new base from the versions as of the day before `before` and delete the extracts up to it.

    Returns the number of extract days deleted; 0 when there is nothing that old. The warehouse must be rebuilt and the
    marts published again afterwards: until then they still hold what was purged.
    """
    # A system whose newest extract is older keeps it: the current state must survive.
    last = con.execute("""
        SELECT min(newest) FROM (SELECT max(extract_date) FILTER (extract_date < ?) AS newest FROM ingest.extracts
        WHERE status = 'accepted' GROUP BY system)""", [before]).fetchone()[0]
    previous = base_date(landed)
    if last is None or (previous and last <= previous):
        _remove_up_to(landed, quarantined, previous)
        return 0
    _choose_kept(con, last)
    with files.new_folder(landed / _BASE / last.isoformat()) as folder:
        for table in TABLES:
            owner = _OWNER[table.versions_name]
            condition = "true" if owner is None else (
                f"v.{owner[0]} IN (SELECT id FROM kept_{owner[1]})")
            con.execute(f"""
                COPY (SELECT * REPLACE (CASE WHEN valid_to <= DATE '{last}' THEN valid_to END AS valid_to)
                      FROM versions.{table.versions_name} v WHERE valid_from <= DATE '{last}' AND {condition})
                TO '{folder / (table.versions_name + ".parquet")}' (FORMAT parquet, COMPRESSION zstd)""")
        con.execute(f"""
            COPY (SELECT * FROM ingest.extracts WHERE extract_date <= DATE '{last}')
            TO '{folder / "extracts.parquet"}' (FORMAT parquet)""")
    return _remove_up_to(landed, quarantined, last)


# The column by which a row belongs to somebody, and whether that is a person (VFS) or an employee (HRM).
_OWNER = {
    "hrm_employees": ("employee_number", "employees"), "hrm_positions": ("employee_number", "employees"),
    "hrm_org_units": None,
    "vfs_persons": ("person_id", "persons"), "vfs_positions": ("person_id", "persons"),
    "vfs_accesses": ("person_id", "persons"), "vfs_org_units": None,
}


def _choose_kept(con: duckdb.DuckDBPyConnection, last: date) -> None:
    """Fill kept_persons and kept_employees: whoever a system held after `last`, and whoever may be the same person."""
    alive = f"(valid_to IS NULL OR valid_to > DATE '{last}')"
    con.execute(f"""
        CREATE OR REPLACE TEMP TABLE kept_persons AS SELECT DISTINCT person_id AS id FROM (
          SELECT person_id FROM versions.vfs_persons WHERE {alive} UNION ALL
          SELECT person_id FROM versions.vfs_positions WHERE {alive} UNION ALL
          SELECT person_id FROM versions.vfs_accesses WHERE {alive});
        CREATE OR REPLACE TEMP TABLE kept_employees AS SELECT DISTINCT employee_number AS id FROM (
          SELECT employee_number FROM versions.hrm_employees WHERE {alive} UNION ALL
          SELECT employee_number FROM versions.hrm_positions WHERE {alive});
        CREATE OR REPLACE TEMP TABLE links AS
          SELECT DISTINCT p.person_id, e.employee_number FROM versions.vfs_persons p JOIN versions.hrm_employees e
          ON p.employee_number = e.employee_number OR p.national_id_hash = e.national_id_hash
          UNION SELECT DISTINCT p.person_id, h.employee_number FROM versions.vfs_persons p
          JOIN versions.hrm_positions h USING (employee_number)""")
    while True:
        added = 0
        for kept, mine, other, theirs in (("kept_persons", "person_id", "kept_employees", "employee_number"),
                                          ("kept_employees", "employee_number", "kept_persons", "person_id")):
            added += con.execute(f"""
                INSERT INTO {kept} SELECT DISTINCT {mine} FROM links
                WHERE {theirs} IN (SELECT id FROM {other}) AND {mine} NOT IN (SELECT id FROM {kept})""").fetchone()[0]
        if not added:
            return


def _remove_up_to(landed: Path, quarantined: Path, last: date | None) -> int:
    """Delete the tables of extracts up to `last` (what became of them stays known), and older bases."""
    if last is None:
        return 0
    removed = set()
    for diff in quarantined.glob("*/????-??-??-*.csv"):
        if diff.name[:10] <= last.isoformat():
            diff.unlink()
    for record in landed.glob("*/????-??-??/*/extract.json"):
        if record.parents[1].name <= last.isoformat():
            for file in [*record.parent.glob("*.parquet"), record.parent / RESULT_FILE]:
                file.unlink(missing_ok=True)
                removed.add(record.parents[1].name)
    for folder in (landed / _BASE).glob("????-??-??"):
        if folder.name < last.isoformat():
            shutil.rmtree(folder)
    return len(removed)
