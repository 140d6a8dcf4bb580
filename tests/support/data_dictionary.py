"""The data dictionary, made anew from dbt's contracts and a simulated municipality: `make docs` writes it.

Belongs here: gathering. Does not belong here: its layout (`publish.dictionary`).
"""

import tempfile
from pathlib import Path

import duckdb

from publish.contracts import Column as Contracted
from publish.contracts import contracts
from publish.dictionary import DICTIONARY, Column, Mart, page, written
from tests.support.models import Models, compiled, read_models
from tests.support.published import warehouse_of_the_demo

PAGE = Path(__file__).resolve().parents[2] / "docs" / "data-dictionary.md"
_LONGEST = 60  # an example that is longer is cut


def gathered(models: Models, con: duckdb.DuckDBPyConnection) -> list[Mart]:
    """The marts as their contracts have them, with examples from the warehouse `con`."""
    return [Mart(name, mart.description, mart.key, tuple(_column(name, column, con) for column in mart.columns))
            for name, mart in sorted(contracts(models.manifest).items())]


def _column(mart: str, column: Contracted, con: duckdb.DuckDBPyConnection) -> Column:
    return Column(column.name, column.type, column.is_nullable, column.description, _example(mart, column.name, con),
                  ".".join(column.foreign_key) if column.foreign_key else None)


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
