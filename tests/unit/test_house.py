"""The shape of the house: data walks one way, and so do imports."""

import ast
import re
from graphlib import TopologicalSorter
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
MAY_IMPORT = {"dbt_project": {"dbt_project"}, "ingest": {"ingest", "dbt_project"},
              "publish": {"publish", "ingest", "dbt_project"}, "demo": {"demo"},
              "orchestration": {"orchestration", "publish", "ingest", "demo", "dbt_project"}}
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
    for room in ("dbt_project", "ingest", "publish", "demo"):
        for file in (ROOT / room).rglob("*.py"):
            assert not imports(file) & {"dagster", "dagster_dbt", "dbt"}, file
    for file in (ROOT / "tests" / "oracle").glob("*.py"):
        assert not imports(file) & (OURS - {"tests"} | {"duckdb"}), file


# Within orchestration: what is higher may import what is lower.
STOREYS = ("orchestration.core", "orchestration.defs", "orchestration.definitions", "orchestration.cli")


def imported_modules(file: Path) -> set[str]:
    """The modules of orchestration that a module imports, anywhere in it."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {a.name for a in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names |= {node.module, *(f"{node.module}.{a.name}" for a in node.names)}
    return names & set(modules_of_orchestration())


def modules_of_orchestration() -> dict[str, Path]:
    return {".".join(f.relative_to(ROOT).with_suffix("").parts): f
            for f in (ROOT / "orchestration").rglob("*.py") if f.name != "__init__.py"}


def storey(module: str) -> int:
    return next(n for n, name in enumerate(STOREYS) if module == name or module.startswith(f"{name}."))


def test_in_orchestration_imports_go_down_and_in_no_circle() -> None:
    graph = {module: imported_modules(file) for module, file in modules_of_orchestration().items()}
    for module, others in graph.items():
        assert all(storey(other) <= storey(module) for other in others), (module, others)
    assert list(TopologicalSorter(graph).static_order())  # raises CycleError


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


def test_a_package_names_each_of_its_modules_in_a_line() -> None:
    rooms = (*MAY_IMPORT, "benchmarks")
    for package in sorted(file.parent for room in rooms for file in (ROOT / room).rglob("__init__.py")):
        docstring = ast.get_docstring(ast.parse((package / "__init__.py").read_text(encoding="utf-8"))) or ""
        modules = {file.stem for file in package.glob("*.py")} | {file.parent.name for file in package.glob("*/__init__.py")}
        missing = {m for m in modules - {"__init__"} if not re.search(rf"^    {m}  ", docstring, re.MULTILINE)}
        assert not missing, f"{package / '__init__.py'}: {missing}"


def test_a_file_that_a_document_names_is_there() -> None:
    documents = [file for file in ROOT.glob("*.md") if file.name != "CHANGELOG.md"] + sorted((ROOT / "docs").rglob("*.md"))
    named = [(document.name, path) for document in documents
             for path in re.findall(rf"\b(?:{'|'.join(OURS)}|docs)/[\w/.-]*\w", document.read_text(encoding="utf-8"))]
    assert len(named) > 20
    # The recipe in CONTRIBUTING makes files of its own.
    assert [n for n in named if "idle_login" not in n[1] and not (ROOT / n[1]).exists()] == []


def test_the_glossary_explains_norwegian_words_in_english_documents() -> None:
    glossary = (ROOT / "docs" / "glossary.md").read_text(encoding="utf-8")
    for document in [ROOT / "README.md", *(ROOT / "docs").rglob("*.md")]:
        if document.name not in ("sysadmin.md", "data-dictionary.md"):  # in Norwegian; its examples are
            for words in re.findall("«([^»]+)»", document.read_text(encoding="utf-8")):
                assert f"«{words}»" in glossary, f"{document.name}: {words}"
