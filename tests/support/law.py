"""The contract, `docs/contract.md`, as tests read it: its anchors, the references to them, and the tests that prove its rules.

A dbt unit test names the anchor of the rule it proves (or several) as `config: {meta: {contract: backed}}`, a Python test
in its docstring, as in `contract#backed`. `make docs` writes the names of these tests below the rules.

Belongs here: reading and rendering references. Does not belong here: the rules about them (`tests/unit/test_contract.py`).
"""

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[2]
LAW = ROOT / "docs" / "contract.md"
REFERENCE = re.compile(r"contract(?:\.md)?#([a-z0-9-]+)")
_ANCHOR = re.compile(r'<a id="([^"]*)"></a>')
_PROVED = re.compile(r"^ *(?:\* |<br>)?\*Proved")
_WRITTEN = {".py", ".sql", ".yml", ".yaml", ".md", ".html", ".xslt", ".toml"}
_MADE = {"target", "logs", "data", "node_modules", "build"}


def anchors(text: str) -> list[str]:
    """The anchors of a text, in order."""
    return _ANCHOR.findall(text)


def sources() -> Iterator[Path]:
    """Every written file of the repository in which a reference may stand, but the contract itself."""
    folders = [ROOT]
    while folders:
        for path in sorted(folders.pop().iterdir()):
            if path.is_dir() and path.name not in _MADE and not path.name.startswith(".") and not path.name.endswith(".egg-info"):
                folders.append(path)
            elif path.suffix in _WRITTEN and path != LAW:
                yield path


def dbt_unit_tests() -> Iterator[dict[str, Any]]:
    """Every dbt unit test, as its yml has it."""
    for file in sorted((ROOT / "dbt_project" / "models").rglob("*.yml")):
        yield from yaml.safe_load(file.read_text(encoding="utf-8")).get("unit_tests", [])


def proved_by(test: dict[str, Any]) -> list[str]:
    """The anchors of the rules that a dbt unit test proves."""
    proved = test.get("config", {}).get("meta", {}).get("contract", [])
    return [proved] if isinstance(proved, str) else proved


def proofs() -> dict[str, list[str]]:
    """{anchor: names of the tests that prove it}, dbt unit tests first."""
    names: dict[str, list[str]] = {}
    for test in dbt_unit_tests():
        for anchor in proved_by(test):
            names.setdefault(anchor, []).append(test["name"])
    for file in sorted((ROOT / "tests").rglob("test_*.py")):
        for node in ast.parse(file.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
                for anchor in REFERENCE.findall(ast.get_docstring(node) or ""):
                    names.setdefault(anchor, []).append(node.name.removeprefix("test_"))
    return names


def render(text: str, proofs: dict[str, list[str]]) -> str:
    """The contract with the names of its proofs below each paragraph, list item or table; earlier ones are replaced."""
    lines = [line for line in text.splitlines() if not _PROVED.match(line)]
    done: list[str] = []
    open_anchors: list[str] = []
    for line, following in zip(lines, [*lines[1:], ""], strict=True):
        done.append(line)
        open_anchors += anchors(line)
        if not following or following.startswith("* ") or line.startswith("#"):
            before = "  <br>*Proved by" if line.startswith(("* ", "  ")) else "<br>*Proved by"
            done += [(f"* *Proved, {anchor}:* " if line.startswith("|") else f"{before}:* ") + " · ".join(proofs[anchor])
                     for anchor in open_anchors if anchor in proofs]
            open_anchors = []
    return "\n".join(done) + "\n"


if __name__ == "__main__":
    LAW.write_text(render(LAW.read_text(encoding="utf-8"), proofs()), encoding="utf-8")
