"""The canonical tables stand in `ingest/canonical_tables.py`; whoever must write them down again (the demo, the oracle, the docs,
dbt's sources and staging) agrees with it."""

import re
from pathlib import Path

import yaml

from dbt_project import PROJECT
from demo import extracts
from ingest.canonical_tables import SOURCES, SYSTEMS, TABLES
from tests.oracle import oracle

ROOT = PROJECT.parent


def test_the_demo_delivers_the_canonical_columns_in_their_order() -> None:
    assert {(t.system, t.name): tuple(c.name for c in t.columns) for t in TABLES if t.system in SYSTEMS} == extracts.COLUMNS


def test_the_oracle_knows_the_canonical_keys() -> None:
    assert {s: {t.name: t.key for t in TABLES if t.system == s} for s in SOURCES} == oracle.KEYS


def test_a_transfer_has_the_columns_of_hrms_positions() -> None:
    hrm, transfer = ([(c.stored_name, c.sql_type) for c in t.columns] for t in TABLES
                     if t.versions_name in ("hrm_positions", "transfer_positions"))
    assert transfer == hrm


def test_the_docs_of_extracts_name_every_table_and_column() -> None:
    page = Path(ROOT / "docs" / "extracts.md").read_text(encoding="utf-8")
    for table in TABLES:
        row = re.search(rf"^\| {table.system} \| `{table.name}\.csv`[^|]*\|(.*)$", page, re.MULTILINE)
        assert row, table
        assert re.findall(r"[a-z_]{4,}", row[1]) == [c.name for c in table.columns], table


def test_dbts_sources_and_staging_are_the_canonical_tables() -> None:
    staging = PROJECT / "models" / "staging"
    sources = yaml.safe_load((staging / "_sources.yml").read_text(encoding="utf-8"))["sources"][0]["tables"]
    models = {m["name"]: m for m in yaml.safe_load((staging / "_staging.yml").read_text(encoding="utf-8"))["models"]}
    stored = {t: [c.stored_name for c in t.columns] for t in TABLES}
    assert {s["name"]: [c["name"] for c in s["columns"]] for s in sources} == {
        t.versions_name: [*columns, "valid_from", "valid_to"] for t, columns in stored.items()}
    for table, columns in stored.items():
        assert [c["name"] for c in models[f"stg_{table.system}__{table.name}"]["columns"]] == [*columns, "from_day", "to_day"]
