"""Retention: what ended long ago is deleted from the disk.

A purge writes a base: the versions of everybody whom a system still held after the horizon, and of everybody they may be
matched with. Folding continues from it; the extracts up to it are deleted.

    landed/base/<date>/<system>_<table>.parquet, extracts.parquet, kept_rows.parquet, access_risk.parquet, base.json (digests)

What was counted of the days before, without persons, stays in access_risk.parquet: a curve has no gap where somebody is forgotten
(contract#retention-leaves-no-gap).
"""

import shutil
from datetime import date
from pathlib import Path

import duckdb

from ingest import files
from ingest.canonical_tables import SYSTEMS, TABLES, WITNESSES, System, Table, owners_of, tables_of
from ingest.errors import Damaged
from ingest.expectations import RESULT_FILE
from ingest.sql import has_table, literal, scalar

_BASE = "base"
_RECORD, _KEPT_ROWS, _RISK = "base.json", "kept_rows.parquet", "access_risk.parquet"
_FIGURES_OF_SIZES = """
    '{"sizes": ' || rtrim(size_rows, '}') || ', "active positions": ' || active_positions || '}}' AS figures"""


def base_date(landed: Path) -> date | None:
    """The extract date up to which only the base is kept; None when nothing was purged."""
    folders = [f.name for f in (landed / _BASE).glob("????-??-??")]
    return date.fromisoformat(max(folders)) if folders else None


def check_base(landed: Path) -> date | None:
    """The base's date, as `base_date`. Raises Damaged when a file of it is missing, or its record is damaged. Opens no table."""
    base = base_date(landed)
    if base is not None:
        _digests(landed / _BASE / base.isoformat())
    return base


def _digests(folder: Path) -> dict[str, str | None]:
    """{name: SHA-256} of the files of a base; None for each where an earlier version wrote no record. Raises Damaged."""
    record = folder / _RECORD
    names = [*(_file(t) for t in TABLES if t.system in SYSTEMS), "extracts.parquet"]
    added = {_KEPT_ROWS, _RISK, *(_file(t) for t in TABLES if t.system in WITNESSES)}  # which an earlier version did not write
    digests: dict[str, str | None] = dict.fromkeys(names)
    if record.exists():
        written = files.read_cache(record)
        if not isinstance(written, dict) or not set(names) <= set(written.get("sha256", ())) <= {*names, *added}:
            raise _damaged(record, "the record of what the retention kept cannot be read", line=1)
        digests = written["sha256"]
    for name in digests:
        if not (folder / name).is_file():
            raise _damaged(folder / name, "a table that the retention kept is missing")
    return digests


def _file(table: Table) -> str:
    return f"{table.versions_name}.parquet"


def _damaged(file: Path, problem: str, *, line: int | None = None) -> Damaged:
    return Damaged(file, problem, "Nothing is published without it. Restore its folder from a backup: it holds what is left of "
                   "the extracts that were purged", line=line)


def restore(con: duckdb.DuckDBPyConnection, landed: Path, system: System) -> date | None:
    """Load a system's versions from the base when the warehouse is new. Returns the base's date, None without a base.

    Raises Damaged.
    """
    base = base_date(landed)
    if base is None:
        return None
    if not scalar(con, "SELECT count(*) FROM ingest.extracts WHERE system = ?", [system]):
        folder = landed / _BASE / base.isoformat()
        loaded = {*map(_file, tables_of(system)), "extracts.parquet", _KEPT_ROWS, _RISK}
        digests = _digests(folder)
        for name, digest in digests.items():
            if digest and name in loaded and files.digest(folder / name) != digest:
                raise _damaged(folder / name, f"a table that the retention kept is damaged: it is not what {_RECORD} recorded")
        con.execute("BEGIN")
        for table in tables_of(system):
            con.execute(f"DELETE FROM versions.{table.versions_name}")
            if _file(table) in digests:
                _load(con, folder / _file(table), f"versions.{table.versions_name}")
        _load(con, folder / "extracts.parquet", "ingest.extracts", f"WHERE system = {literal(system)}")
        con.execute("DELETE FROM ingest.kept_rows WHERE system = ?", [system])
        if (folder / _KEPT_ROWS).exists():
            _load(con, folder / _KEPT_ROWS, "ingest.kept_rows", f"WHERE system = {literal(system)}")
        con.execute("DELETE FROM ingest.access_risk_before_purge")
        if (folder / _RISK).exists():
            _load(con, folder / _RISK, "ingest.access_risk_before_purge")
        con.execute("COMMIT")
    return base


def _load(con: duckdb.DuckDBPyConnection, file: Path, table: str, where: str = "") -> None:
    try:
        columns = {name for name, *_ in con.execute(f"DESCRIBE FROM read_parquet({literal(file)})").fetchall()}
        # A base that an earlier version wrote has the sizes in another form, and no other figures.
        listed = f"* EXCLUDE (size_rows), {_FIGURES_OF_SIZES}" if "size_rows" in columns else "*"
        con.execute(f"INSERT INTO {table} BY NAME SELECT {listed} FROM read_parquet(?) {where}", [str(file)])
    except duckdb.Error:  # an earlier version wrote no digests
        con.execute("ROLLBACK")
        raise _damaged(file, "a table that the retention kept cannot be read") from None


def purge(con: duckdb.DuckDBPyConnection, landed: Path, quarantined: Path, before: date) -> int:
    """Make a new base from the versions as of the day before `before` and delete the extracts up to it.

    Returns the number of extract days deleted; 0 when there is nothing that old. The warehouse must be rebuilt and the
    marts published again afterwards: until then they still hold what was purged.
    """
    # A system whose newest extract is older keeps it: the current state must survive. A witness has none.
    last = scalar(con, """
        SELECT min(newest) FROM (SELECT max(extract_date) FILTER (extract_date < ?) AS newest FROM ingest.extracts
        WHERE status = 'accepted' AND list_contains(?, system) GROUP BY system)""", [before, list(SYSTEMS)])
    previous = base_date(landed)
    if last is None or (previous and last <= previous):
        _remove_up_to(landed, quarantined, previous)
        return 0
    _choose_kept(con, last)
    with files.new_folder(landed / _BASE / last.isoformat()) as folder:
        for table in TABLES:
            con.execute(f"""
                COPY (SELECT * REPLACE (CASE WHEN valid_to <= DATE '{last}' THEN valid_to END AS valid_to)
                      FROM versions.{table.versions_name} WHERE valid_from <= DATE '{last}' AND {_is_kept(table)})
                TO {literal(folder / _file(table))} (FORMAT parquet, COMPRESSION zstd)""")
        con.execute(f"""
            COPY (SELECT * FROM ingest.extracts WHERE extract_date <= DATE '{last}')
            TO {literal(folder / "extracts.parquet")} (FORMAT parquet)""")
        con.execute(f"""
            COPY (SELECT * REPLACE (NULL::DATE AS kept_to) FROM ingest.kept_rows
                  WHERE kept_since <= DATE '{last}' AND (kept_to IS NULL OR kept_to > DATE '{last}'))
            TO {literal(folder / _KEPT_ROWS)} (FORMAT parquet)""")
        _keep_counts(con, folder / _RISK, before)
        files.write_json(folder / _RECORD, {"sha256": {f.name: files.digest(f) for f in sorted(folder.glob("*.parquet"))}})
    return _remove_up_to(landed, quarantined, last)


def _keep_counts(con: duckdb.DuckDBPyConnection, file: Path, before: date) -> None:
    """Write the counts of the days before `before`, as they were evaluated last; nothing where nothing was."""
    if has_table(con, "access_risk_daily"):
        columns = ", ".join(name for name, *_ in con.execute("DESCRIBE ingest.access_risk_before_purge").fetchall())
        con.execute(f"COPY (SELECT {columns} FROM marts.access_risk_daily WHERE evaluation_date < DATE '{before}' ORDER BY ALL) "
                    f"TO {literal(file)} (FORMAT parquet)")


def _is_kept(table: Table) -> str:
    """The SQL condition for the rows of a table that stay: those of `kept`; of a witness, what it tells of theirs in HRM."""
    if table.system in WITNESSES:
        return f"position_id IN (SELECT position_id FROM versions.hrm_positions WHERE {_of_kept('employee_number', 'employees')})"
    owners = owners_of(table)
    return _of_kept(table.owner, owners.name) if owners else "true"


def _of_kept(column: str | None, owners: str) -> str:
    return f"{column} IN (SELECT id FROM kept WHERE owners = '{owners}')"


def _choose_kept(con: duckdb.DuckDBPyConnection, last: date) -> None:
    """Fill `kept` (owners, id): everybody a system held after `last`, and everybody they may be matched with, in any number
    of steps.

    `owners` names the table of employees or of persons.
    """
    held = " UNION ALL ".join(
        f"SELECT '{owners.name}' AS owners, {table.owner} AS id FROM versions.{table.versions_name} "
        f"WHERE valid_to IS NULL OR valid_to > DATE '{last}'"
        for table in TABLES if (owners := owners_of(table)))
    con.execute(f"""
        CREATE OR REPLACE TEMP TABLE kept AS
        WITH RECURSIVE matches AS (
          SELECT p.person_id, e.employee_number FROM versions.vfs_persons p JOIN versions.hrm_employees e
          ON p.employee_number = e.employee_number OR p.national_id_hash = e.national_id_hash
          UNION SELECT p.person_id, h.employee_number FROM versions.vfs_persons p
          JOIN versions.hrm_positions h USING (employee_number)
        ), links AS (
          SELECT 'persons' AS of_owners, person_id AS of_id, 'employees' AS owners, employee_number AS id FROM matches
          UNION ALL SELECT 'employees', employee_number, 'persons', person_id FROM matches
        ), kept AS (
          SELECT owners, id FROM ({held})
          UNION SELECT links.owners, links.id FROM kept JOIN links ON of_owners = kept.owners AND of_id = kept.id
        )
        FROM kept""")


def _remove_up_to(landed: Path, quarantined: Path, last: date | None) -> int:
    """Delete the tables of extracts up to `last` (`extract.json` stays), and older bases."""
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
