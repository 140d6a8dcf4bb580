"""Deliveries for tests: as CSV folders for the whole pipeline, and landed directly for tests of what follows validation."""

import csv
import hashlib
import json
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from ingest.canonical_tables import Kind, tables_of

Row = Mapping[str, Any]


def write_csv(inbox: Path, system: str, day: date | str, tables: Mapping[str, Sequence[Row]], *, delta: bool = False) -> Path:
    """Write one day's folder with every file of the system; tables left out become empty files."""
    folder = inbox / system / str(day)
    folder.mkdir(parents=True, exist_ok=True)
    for table in tables_of(system):
        columns = [c.name for c in table.columns] + (["deleted"] if delta else [])
        with (folder / f"{table.name}.csv").open("w", newline="", encoding="utf-8") as handle:
            writer = csv.DictWriter(handle, columns, restval="")
            writer.writeheader()
            for row in tables.get(table.name, ()):
                writer.writerow({k: as_text(v) for k, v in row.items()})
    return folder


def as_text(value: Any) -> str:
    """A value as a cell of a CSV file."""
    if value is None:
        return ""
    return str(value).lower() if isinstance(value, bool) else str(value)


def land(
    root: Path, system: str, day: date, tables: Mapping[str, Sequence[Row]], *, kind: str = "full", arrival: int = 1
) -> None:
    """Write an extract among the landed ones, as if validated; national ids are hashes already (any text)."""
    active, figures = 0, {}
    fingerprint = hashlib.sha256(json.dumps([kind, {n: list(t) for n, t in tables.items()}], default=str, sort_keys=True)
                                 .encode()).hexdigest()
    folder = root / system / day.isoformat() / f"{arrival:03d}-{fingerprint[:12]}"
    folder.mkdir(parents=True)
    for table in tables_of(system):
        if table.name not in tables:
            continue
        rows = tables[table.name]
        types = {"DATE": pa.date32(), "BOOLEAN": pa.bool_(), "VARCHAR": pa.string()}
        columns = {c.stored_name: pa.array([r.get("national_id" if c.kind is Kind.NATIONAL_ID else c.name) for r in rows],
                                           types[c.sql_type]) for c in table.columns}
        if kind == "delta":
            columns["deleted"] = pa.array([bool(r.get("deleted")) for r in rows], pa.bool_())
        pq.write_table(pa.table(columns), folder / f"{table.name}.parquet")
        figures[table.name] = {"rows": len(rows), "rejected": 0, "repeated": 0, "warnings": {}}
        if table.name == "positions":
            active = sum((r.get("start_date") or day) <= day <= (r.get("end_date") or day) for r in rows)
    (folder / "extract.json").write_text(json.dumps({
        "system": system, "extract_date": day.isoformat(), "arrival": arrival, "fingerprint": fingerprint, "kind": kind,
        "refused": None, "figures": figures, "active_positions": active, "extra_columns": {}}))
