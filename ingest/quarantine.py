"""The diff of a quarantined extract: what would change if it were let in. A person looks at it before `accept`.

    quarantined/<system>/<extract date>-<fingerprint>.csv

One row for each change: table_name, key, change, owner, org_number, org_name, end_date_before, end_date_after.

    gone, new                 the row is no longer, or newly, there
    stopping, starting        the position stops, or begins, to be active at the org unit on the extract's date
    end_lost, end_changed     the position is there before and after; its end date goes, or becomes another one
    login_lost, login_given   the person may no longer, or again, log in
"""

import csv
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import duckdb

from ingest import files
from ingest.canonical_tables import TABLES, Table, tables_of
from ingest.landing import Landed
from ingest.sql import literal

CHANGES = ("gone", "new", "stopping", "starting", "end_lost", "end_changed", "login_lost", "login_given")


@dataclass
class UnitSummary:
    """How many changes of each kind a diff has at an org unit; those without one have an empty `org_number`.

    `gone` and `new` count positions and accesses, and without an org unit employees and persons.
    """

    org_number: str
    org_name: str
    gone: int = 0
    new: int = 0
    stopping: int = 0
    starting: int = 0
    end_lost: int = 0
    end_changed: int = 0
    login_lost: int = 0
    login_given: int = 0

    def changes(self) -> dict[str, int]:
        """The kinds of changes that there are, and how many."""
        return {name: count for name, count in asdict(self).items() if name in CHANGES and count}


def diff_file(root: Path, landed: Landed) -> Path:
    """The file of a delivery's diff."""
    return root / landed.system / f"{landed.extract_date.isoformat()}-{landed.fingerprint[:12]}.csv"


def write_diff(con: duckdb.DuckDBPyConnection, root: Path, landed: Landed) -> Path:
    """Compare a quarantined delivery with the state of its day without it, write the diff, and return its file."""
    parts = [_diff_sql(t, landed, file) for t in tables_of(landed.system) if t.owner and (file := landed.table_file(t.name))]
    diff = con.execute(f"""
        WITH names AS ({_names_sql(landed)})
        SELECT table_name, key, change, owner, org_number, coalesce(name, org_number) AS org_name, end_date_before, end_date_after
        FROM ({" UNION ALL ".join(parts)}) LEFT JOIN names USING (org_number) ORDER BY ALL""",
        {"day": landed.extract_date}).to_arrow_table()
    file = diff_file(root, landed)
    file.parent.mkdir(parents=True, exist_ok=True)
    con.register("diff", diff)
    temporary = file.with_name(f"{files.TEMPORARY_PREFIX}{file.name}")
    con.execute(f"COPY diff TO {literal(temporary)} (FORMAT csv, HEADER)")
    con.unregister("diff")
    temporary.replace(file)
    return file


def summary(diff: Path) -> list[UnitSummary]:
    """A diff counted by org unit, those where most positions would stop first."""
    units: dict[str, UnitSummary] = {}
    for row in _rows(diff):
        unit = units.setdefault(row["org_number"], UnitSummary(row["org_number"], row.get("org_name") or row["org_number"]))
        if row["change"] in CHANGES:
            setattr(unit, row["change"], getattr(unit, row["change"]) + 1)
    return sorted(units.values(), key=lambda u: (-u.stopping, -u.end_lost, -u.gone, not u.org_number, u.org_number))


def _rows(diff: Path) -> Iterator[dict[str, str]]:
    with diff.open(newline="", encoding="utf-8") as handle:
        yield from csv.DictReader(handle)


def _key_sql(table: Table) -> str:
    """The key as one text."""
    return " || ':' || ".join(f"coalesce(({k})::VARCHAR, '')" for k in table.key_sql())


def _diff_sql(table: Table, landed: Landed, file: Path) -> str:
    """The changes of one table: rows before and after, side by side by key, each with the changes that it shows."""
    has_dates = table.name == "positions"
    has_unit = any(c.name == "org_number" for c in table.columns)
    has_login = any(c.name == "login_enabled" for c in table.columns)
    is_active = "coalesce(start_date, $day) <= $day AND coalesce(end_date, $day) >= $day"
    columns = ", ".join([
        f"{_key_sql(table)} AS key", f"{table.owner} AS owner",
        f"{'org_number' if has_unit else 'NULL::VARCHAR'} AS org", f"{'end_date' if has_dates else 'NULL::DATE'} AS end_date",
        f"{is_active if has_dates else 'false'} AS is_active",
        f"{'coalesce(login_enabled, true)' if has_login else 'true'} AS login"])
    held = (f"SELECT {columns} FROM versions.{table.versions_name} "
            "WHERE valid_from < $day AND (valid_to IS NULL OR valid_to > $day)")
    removal = "coalesce(deleted, false)" if landed.kind == "delta" else "false"
    delivered = f"SELECT {columns}, {removal} AS is_removal FROM read_parquet({literal(file)})"
    after = f"SELECT * EXCLUDE (is_removal) FROM ({delivered}) WHERE NOT is_removal"
    if landed.kind == "delta":
        after += f" UNION ALL SELECT held.* FROM ({held}) held ANTI JOIN ({delivered}) d USING (key)"
    changes = {
        "gone": ("a.key IS NULL", "b.org"), "new": ("b.key IS NULL", "a.org"),
        "stopping": ("b.is_active AND NOT (coalesce(a.is_active, false) AND a.org IS NOT DISTINCT FROM b.org)", "b.org"),
        "starting": ("a.is_active AND NOT (coalesce(b.is_active, false) AND a.org IS NOT DISTINCT FROM b.org)", "a.org"),
        "end_lost": ("a.key IS NOT NULL AND b.end_date IS NOT NULL AND a.end_date IS NULL", "b.org"),
        "end_changed": ("b.key IS NOT NULL AND a.end_date IS NOT NULL AND a.end_date IS DISTINCT FROM b.end_date", "b.org"),
        "login_lost": ("b.login AND NOT a.login", "b.org"), "login_given": ("a.login AND NOT b.login", "b.org"),
    }
    found = ", ".join(f"CASE WHEN {condition} THEN {{'change': '{change}', 'org': {org}}} END"
                      for change, (condition, org) in changes.items())
    return f"""
        SELECT '{table.name}' AS table_name, key, found.change AS change, owner, found.org AS org_number,
          end_date_before, end_date_after
        FROM (
          SELECT coalesce(b.key, a.key) AS key, coalesce(b.owner, a.owner) AS owner,
            b.end_date AS end_date_before, a.end_date AS end_date_after, unnest([{found}]) AS found
          FROM ({held}) b FULL JOIN ({after}) a USING (key)
        ) WHERE found IS NOT NULL"""


def _names_sql(landed: Landed) -> str:
    """A name for each org unit: VFS's before HRM's, the newest before older ones, those of the delivery itself before all."""
    known = [f"SELECT org_number, name, {1 if t.system == 'vfs' else 2} AS preference, valid_from "
             f"FROM versions.{t.versions_name} WHERE name IS NOT NULL" for t in TABLES if t.name == "org_units"]
    if file := landed.table_file("org_units"):
        known.append(f"SELECT org_number, name, 0, NULL::DATE FROM read_parquet({literal(file)}) WHERE name IS NOT NULL")
    return (f"SELECT org_number, first(name ORDER BY preference, valid_from DESC) AS name FROM ({' UNION ALL '.join(known)}) "
            "GROUP BY org_number")
