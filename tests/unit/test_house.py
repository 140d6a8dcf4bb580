"""The shape of the house: data walks one way, and so do imports."""

import ast
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
MAY_IMPORT = {"ingest": {"ingest"}, "publish": {"publish", "ingest"}, "demo": {"demo"},
              "orchestration": {"orchestration", "publish", "ingest", "demo"}}
OURS = set(MAY_IMPORT) | {"tests", "benchmarks"}


def imports(file: Path) -> set[str]:
    """The top-level packages that a module imports, anywhere in it."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {a.name.split(".")[0] for a in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module.split(".")[0])
    return found


def test_no_room_imports_from_above() -> None:
    for room, allowed in MAY_IMPORT.items():
        for file in (ROOT / room).rglob("*.py"):
            assert imports(file) & OURS <= allowed, file


def test_only_orchestration_knows_dagster_and_the_oracle_knows_nothing_of_the_product() -> None:
    for room in ("ingest", "publish", "demo"):
        for file in (ROOT / room).rglob("*.py"):
            assert not imports(file) & {"dagster", "dagster_dbt", "dbt"}, file
    for file in (ROOT / "tests" / "oracle").glob("*.py"):
        assert not imports(file) & (OURS - {"tests"} | {"duckdb"}), file


def test_one_place_asks_what_day_it_is() -> None:
    for room in MAY_IMPORT:
        for file in (ROOT / room).rglob("*.py"):
            words = file.read_text(encoding="utf-8")
            if file.name != "clock.py":
                assert "date.today(" not in words and "datetime.now(" not in words, file


def test_every_module_says_what_it_is_for() -> None:
    for room in MAY_IMPORT:
        for file in (ROOT / room).rglob("*.py"):
            assert ast.get_docstring(ast.parse(file.read_text(encoding="utf-8"))), file
