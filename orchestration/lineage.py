"""From which columns of which tables each column of a dbt model comes, for Dagster's column lineage.

Read from the SQL that dbt compiled. Keys are asset keys: schema and name. A column that is made of nothing but constants
or counts of rows has no origin.
"""

import contextlib
import json
from pathlib import Path
from typing import Any

from ingest import files

Origins = dict[str, list[list[str]]]  # column -> [schema, table, column] of each origin


def column_lineage(manifest_file: Path, cache: Path) -> dict[str, Origins]:
    """Lineage by model ("schema.name"), of the models that dbt has compiled. Kept in `cache` until the manifest changes."""
    stamp = manifest_file.stat().st_mtime_ns
    try:
        kept = json.loads(cache.read_text(encoding="utf-8"))
    except (FileNotFoundError, json.JSONDecodeError):
        kept = {}
    if kept.get("stamp") != stamp:
        manifest = json.loads(manifest_file.read_text(encoding="utf-8"))
        models = [n for n in manifest["nodes"].values() if n["resource_type"] == "model"]
        kept = {"stamp": stamp, "lineage": _read_all(models, manifest, manifest_file.parent / "compiled")}
        if len(kept["lineage"]) == len(models):  # a run of some models only leaves the others uncompiled
            files.write_json(cache, kept)
    return kept["lineage"]


def _read_all(models: list[dict[str, Any]], manifest: dict[str, Any], compiled: Path) -> dict[str, Origins]:
    from sqlglot import MappingSchema
    from sqlglot.errors import SqlglotError

    schema: dict[str, Any] = {}
    for table in (*models, *manifest["sources"].values()):
        name = table.get("identifier") or table["name"]
        schema.setdefault(table["database"], {}).setdefault(table["schema"], {})[name] = dict.fromkeys(table["columns"], "text")
    known = MappingSchema(schema, dialect="duckdb")
    found = {}
    for model in models:
        sql = compiled / model["package_name"] / model["original_file_path"]
        if sql.exists():
            with contextlib.suppress(SqlglotError):  # a broken model: dbt says what is wrong with it
                found[f"{model['schema']}.{model['name']}"] = _read(
                    sql.read_text(encoding="utf-8"), list(model["columns"]), known)
    return found


def _read(sql: str, columns: list[str], known: Any) -> Origins:
    import sqlglot
    from sqlglot import exp
    from sqlglot.lineage import lineage
    from sqlglot.optimizer.qualify import qualify
    from sqlglot.optimizer.scope import build_scope

    query = qualify(sqlglot.parse_one(sql, dialect="duckdb"), schema=known, dialect="duckdb")
    scope = build_scope(query)
    origins: Origins = {}
    for column in columns:
        node = lineage(column, query, known, scope=scope, dialect="duckdb", trim_selects=False, copy=False)
        leaves = [n for n in node.walk() if not n.downstream and isinstance(n.expression, exp.Table)]
        origins[column] = sorted({(n.expression.db, n.expression.name, n.name.split(".")[-1].strip('"')) for n in leaves})
    return origins
