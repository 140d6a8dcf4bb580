"""What the marts promise to their readers: columns in order, types, keys, meanings, and what everybody may read.

It is declared in the yml beside each mart, and read from dbt's manifest. The published file, its Parquet files, PostgreSQL and
the open set are made from it.

Belongs here: reading it. Does not belong here: what is made of it (`snapshot`, `postgres`, `open_set`).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Column:
    """A column of a mart. `foreign_key`: the mart and its column whose values are the only ones."""

    name: str
    type: str = "VARCHAR"
    description: str = ""
    is_nullable: bool = True
    foreign_key: tuple[str, str] | None = None


@dataclass(frozen=True)
class Open:
    """What of a mart everybody may read (contract#open-set).

    `columns` as they are; `counts` without those of one or two people. Where rows are totals of the others, `total` is the flag
    of those rows, and `per` are the columns that a total and its parts have in common.
    """

    columns: tuple[str, ...]
    counts: tuple[str, ...] = ()
    total: str | None = None
    per: tuple[str, ...] = ()


@dataclass(frozen=True)
class Contract:
    """A mart. `key`: no two rows have the same values in these columns, null being one; with `is_key_of_some`, of the rows
    without null only. `open` is None where nobody but those who may see persons may read it."""

    description: str
    columns: tuple[Column, ...] = ()
    key: tuple[str, ...] = ()
    is_key_of_some: bool = False
    open: Open | None = None


def contracts(manifest: Mapping[str, Any]) -> dict[str, Contract]:
    """The contract of each mart, from dbt's manifest."""
    nodes = manifest["nodes"].values()
    keys: dict[str, list[dict[str, Any]]] = {}
    for node in nodes:
        if (node.get("test_metadata") or {}).get("name") == "unique_combination":
            keys.setdefault(node["attached_node"], []).append(node)
    return {node["name"]: _contract(node, keys.get(node.get("unique_id", ""), []))
            for node in nodes if node["resource_type"] == "model" and node["schema"] == "marts"}


def _contract(node: Mapping[str, Any], keys: list[dict[str, Any]]) -> Contract:
    columns = tuple(_column(name, column) for name, column in node["columns"].items())
    # The key of all rows, before one that holds of some.
    key = min(keys, key=lambda test: (bool(test["config"].get("where")), test["unique_id"]), default=None)
    return Contract(
        node["description"], columns,
        key=tuple(key["test_metadata"]["kwargs"]["columns"]) if key else (),
        is_key_of_some=bool(key and key["config"].get("where")),
        open=_open(_meta(node).get("open"), columns))


def _column(name: str, column: Mapping[str, Any]) -> Column:
    mart, _, key = _meta(column).get("foreign_key", "").partition(".")
    return Column(
        name, (column.get("data_type") or Column.type).upper(), column["description"],
        is_nullable=not any(c["type"] == "not_null" for c in column.get("constraints", [])),
        foreign_key=(mart, key) if key else None)


def _meta(node: Mapping[str, Any]) -> Mapping[str, Any]:
    return node.get("config", {}).get("meta") or {}


def _open(declared: Any, columns: tuple[Column, ...]) -> Open | None:
    """What is not declared is closed, a column that is not named too."""
    if not declared:
        return None
    if declared == "all":
        return Open(tuple(c.name for c in columns))
    lists = {name: tuple(declared.get(name, ())) for name in ("columns", "counts", "per")}
    return Open(**lists, total=declared.get("total"))
