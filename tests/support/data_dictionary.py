"""The data dictionary, made anew from dbt's contracts and a simulated municipality: `make docs` writes it.

Belongs here: gathering. Does not belong here: its layout (`publish.dictionary`).
"""

import tempfile
from pathlib import Path
from typing import Any

import duckdb

from publish.dictionary import DICTIONARY, Column, Mart, page, written
from tests.support.models import Models, compiled, read_models
from tests.support.published import warehouse_of_the_demo

PAGE = Path(__file__).resolve().parents[2] / "docs" / "data-dictionary.md"
_LONGEST = 60  # an example that is longer is cut


def gathered(models: Models, con: duckdb.DuckDBPyConnection) -> list[Mart]:
    """The marts as their contracts have them, with examples from the warehouse `con`."""
    nodes = models.manifest["nodes"]
    marts = {n["name"]: n for n in nodes.values() if n["resource_type"] == "model" and n["schema"] == "marts"}
    return [Mart(name, mart["description"], _key(mart["unique_id"], nodes),
                 tuple(_column(name, column, con) for column in mart["columns"].values()))
            for name, mart in sorted(marts.items())]


def _key(unique_id: str, nodes: dict[str, Any]) -> tuple[str, ...]:
    keys = [n for n in nodes.values() if n.get("attached_node") == unique_id
            and (n.get("test_metadata") or {}).get("name") == "unique_combination"]
    keys.sort(key=lambda n: bool(n["config"].get("where")))  # the key of all rows, before one of some
    return tuple(keys[0]["test_metadata"]["kwargs"]["columns"]) if keys else ()


def _column(mart: str, column: dict[str, Any], con: duckdb.DuckDBPyConnection) -> Column:
    never_null = any(constraint["type"] == "not_null" for constraint in column["constraints"])
    return Column(column["name"], column["data_type"].upper(), not never_null, column["description"],
                  _example(mart, column["name"], con), (column["config"].get("meta") or {}).get("foreign_key"))


def _example(mart: str, column: str, con: duckdb.DuckDBPyConnection) -> str | None:
    """The most common value, so that a change of the demo changes few of them; of equally common ones the first."""
    name = f'"{column}"'
    found = con.execute(f"SELECT {name}::VARCHAR FROM marts.{mart} WHERE {name}::VARCHAR <> '' "
                        "GROUP BY 1 ORDER BY count(*) DESC, 1 LIMIT 1").fetchone()
    if not found:
        return None
    return found[0] if len(found[0]) <= _LONGEST else f"{found[0][:_LONGEST - 1].rstrip()}…"


def main() -> None:
    models = read_models(compiled())
    with tempfile.TemporaryDirectory() as folder:
        warehouse = warehouse_of_the_demo(Path(folder), models)
        with duckdb.connect(str(warehouse), read_only=True) as con:
            marts = gathered(models, con)
    DICTIONARY.write_text(written(marts), encoding="utf-8")
    PAGE.write_text(page(marts), encoding="utf-8")


if __name__ == "__main__":
    main()
