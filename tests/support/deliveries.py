"""Deliveries for tests: as CSV folders for the whole pipeline, and landed directly for tests of what follows validation."""

import csv
import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import fields
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from ingest.canonical_tables import Kind, tables_of
from ingest.landing import REJECTED_ROWS, Landed
from tests.oracle.extracts import Unreadable

Row = Mapping[str, Any]

# What stands in `rejected_rows.parquet` (contract#rejected-row).
_REJECTED_SCHEMA = pa.schema([
    ("table_name", pa.string()), ("file", pa.string()), ("line", pa.int64()),
    ("column_name", pa.string()), ("reason", pa.string()),
    ("is_unreadable", pa.bool_()), ("key_columns", pa.list_(pa.string())), ("key_values", pa.list_(pa.string())),
    ("owner", pa.string()), ("national_id_hash", pa.string())])


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
    root: Path, system: str, day: date, tables: Mapping[str, Sequence[Row]], *, kind: str = "full", arrival: int = 1,
    unreadable: Sequence[Unreadable] = (), refused: str | None = None, history_began_on: date | None = None,
) -> None:
    """Write an extract among the landed ones, as if validated; national ids are hashes already (any text).

    `unreadable`: what could be told of the rows that could not be read. `refused`: why nothing of it was taken in.
    `history_began_on`: the system's oldest accepted extract when this one arrived.
    """
    figures = {}
    content = [kind, {n: list(t) for n, t in tables.items()}, [repr(row) for row in unreadable], refused]
    fingerprint = hashlib.sha256(json.dumps(content, default=str, sort_keys=True).encode()).hexdigest()
    folder = root / system / day.isoformat() / f"{arrival:03d}-{fingerprint[:12]}"
    folder.mkdir(parents=True)
    for table in tables_of(system):
        if table.name not in tables or refused:
            continue
        rows = tables[table.name]
        types = {"DATE": pa.date32(), "BOOLEAN": pa.bool_(), "VARCHAR": pa.string()}
        columns = {c.stored_name: pa.array([r.get("national_id" if c.kind is Kind.NATIONAL_ID else c.name) for r in rows],
                                           types[c.sql_type]) for c in table.columns}
        if kind == "delta":
            columns["deleted"] = pa.array([bool(r.get("deleted")) for r in rows], pa.bool_())
        pq.write_table(pa.table(columns), folder / f"{table.name}.parquet")
        rejected = sum(row.table == table.name for row in unreadable)
        figures[table.name] = {"rows": len(rows), "rejected": rejected, "repeated": 0, "warnings": {}}
    if not refused:
        pq.write_table(_rejected_rows(unreadable), folder / f"{REJECTED_ROWS}.parquet")
    record = {
        "system": system, "extract_date": day.isoformat(), "arrival": arrival, "fingerprint": fingerprint, "kind": kind,
        "refused": refused, "figures": figures, "extra_columns": {},
        "history_began_on": history_began_on and history_began_on.isoformat()}
    known = {field.name for field in fields(Landed)}
    (folder / "extract.json").write_text(json.dumps({name: value for name, value in record.items() if name in known}))


def _rejected_rows(unreadable: Sequence[Unreadable]) -> pa.Table:
    return pa.Table.from_pylist([{
        "table_name": row.table, "file": f"{row.table}.csv", "line": number, "column_name": "start_date", "reason": "not a date",
        "is_unreadable": True, "key_columns": list(row.key),
        "key_values": [None if value is None else str(value) for value in row.key.values()],
        "owner": row.owner, "national_id_hash": row.national_id,
    } for number, row in enumerate(unreadable, start=2)], _REJECTED_SCHEMA)
