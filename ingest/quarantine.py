"""The diff of a quarantined extract: which rows would be new or gone. A person looks at it before `accept`.

    quarantined/<system>/<extract date>-<fingerprint>.csv: table_name, key, change (gone | new), owner, org_number
"""

from pathlib import Path

import duckdb

from ingest import files
from ingest.canonical_tables import Table, tables_of
from ingest.landing import Landed
from ingest.sql import literal


def diff_file(root: Path, landed: Landed) -> Path:
    """The file of a delivery's diff."""
    return root / landed.system / f"{landed.extract_date.isoformat()}-{landed.fingerprint[:12]}.csv"


def write_diff(con: duckdb.DuckDBPyConnection, root: Path, landed: Landed) -> Path:
    """Compare a quarantined delivery with the state of its day without it, write the diff, and return its file."""
    parts = [_diff_sql(t, landed, file) for t in tables_of(landed.system) if t.guarded and (file := landed.table_file(t.name))]
    diff = con.execute(" UNION ALL ".join(parts) + " ORDER BY ALL", {"day": landed.extract_date}).to_arrow_table()
    file = diff_file(root, landed)
    file.parent.mkdir(parents=True, exist_ok=True)
    con.register("diff", diff)
    temporary = file.with_name(f"{files.TEMPORARY_PREFIX}{file.name}")
    con.execute(f"COPY diff TO {literal(temporary)} (FORMAT csv, HEADER)")
    con.unregister("diff")
    temporary.replace(file)
    return file


def _diff_sql(table: Table, landed: Landed, file: Path) -> str:
    """The rows of one guarded table that are gone or new. Every guarded table has owners."""
    key = table.key[0]
    org_number = "org_number" if table.name == "positions" else "NULL::VARCHAR"
    columns = f"{key} AS key, {table.owner} AS owner, {org_number} AS org_number"
    held = (f"SELECT {columns} FROM versions.{table.versions_name} "
            "WHERE valid_from < $day AND (valid_to IS NULL OR valid_to > $day)")
    delivered = (f"SELECT {columns}, {'deleted' if landed.kind == 'delta' else 'false'} AS deleted "
                 f"FROM read_parquet({literal(file)})")
    if landed.kind == "delta":
        gone = f"SELECT held.* FROM ({held}) held SEMI JOIN (FROM ({delivered}) WHERE deleted) d USING (key)"
    else:
        gone = f"SELECT held.* FROM ({held}) held ANTI JOIN ({delivered}) d USING (key)"
    new = (f"SELECT d.* EXCLUDE (deleted) FROM ({delivered}) d ANTI JOIN ({held}) held USING (key) "
           "WHERE NOT coalesce(deleted, false)")
    return (f"SELECT '{table.name}' AS table_name, key, 'gone' AS change, owner, org_number FROM ({gone}) "
            f"UNION ALL SELECT '{table.name}', key, 'new', owner, org_number FROM ({new})")
