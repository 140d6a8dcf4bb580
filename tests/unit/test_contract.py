"""The law and those who refer to it: every reference resolves, every dbt unit test proves a sentence, and readers of marts
are spared references that they cannot look up."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.support import law

ANCHORS = law.anchors(law.LAW.read_text(encoding="utf-8"))
BY_NUMBER = re.compile(r"\bsections? \d|§ ?\d", re.IGNORECASE)
MODELS = law.ROOT / "dbt_project" / "models"
CHANGE_LOG = "CHANGELOG.md"  # what was so once


def test_anchors_are_unique() -> None:
    assert len(ANCHORS) > 150
    assert sorted(ANCHORS) == sorted(set(ANCHORS))

EXAMPLE = ("CONTRIBUTING.md", "idle-login")  # a finding type that its readers add


def test_every_reference_resolves() -> None:
    references = [(str(file.relative_to(law.ROOT)), anchor) for file in law.sources()
                  for anchor in law.REFERENCE.findall(file.read_text(encoding="utf-8"))]
    assert len({file for file, _ in references}) > 20
    assert [r for r in references if r[1] not in ANCHORS and r != EXAMPLE] == []


def test_nothing_is_referred_to_by_the_number_of_its_section() -> None:
    numbered = [f"{file.relative_to(law.ROOT)}:{number}" for file in law.sources() if file.name != CHANGE_LOG
                for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), 1) if BY_NUMBER.search(line)]
    assert numbered == [f"tests/unit/test_contract.py:{number}" for number in _own_examples()]


def _own_examples() -> list[int]:
    """The lines of this file that hold such a reference to show that it would be seen."""
    lines = Path(__file__).read_text(encoding="utf-8").splitlines()
    return [number for number, line in enumerate(lines, 1) if line.endswith("# example")]


@pytest.mark.parametrize("reference", [
    "Contract, section 5.",  # example
    "(contract, sections 2 and 9)",  # example
    "the law says so (section 7)",  # example
])
def test_a_reference_by_number_is_recognised(reference: str) -> None:
    assert BY_NUMBER.search(reference)


def test_readers_of_marts_get_the_rule_and_not_a_reference() -> None:
    texts = [(file.name, text) for file in sorted((MODELS / "marts").glob("*.yml"))
             for text in _descriptions(yaml.safe_load(file.read_text(encoding="utf-8")))]
    texts += [(file.name, file.read_text(encoding="utf-8")) for file in [MODELS / "docs.md", *(MODELS / "marts").glob("*.sql")]]
    assert len(texts) > 100
    assert [t for t in texts if law.REFERENCE.search(t[1]) or BY_NUMBER.search(t[1]) or "the contract" in t[1].lower()] == []


def _descriptions(node: Any) -> Iterator[str]:
    """All descriptions in a yml file, at any depth."""
    if isinstance(node, dict):
        yield from (v for k, v in node.items() if k == "description")
    for value in node.values() if isinstance(node, dict) else node if isinstance(node, list) else ():
        yield from _descriptions(value)


def test_every_dbt_unit_test_proves_a_sentence_of_the_law() -> None:
    tests = list(law.dbt_unit_tests())
    assert len(tests) > 80
    assert [t["name"] for t in tests if not law.proved_by(t) or set(law.proved_by(t)) - set(ANCHORS)] == []


def test_the_law_names_its_proofs_as_they_are_now() -> None:
    text = law.LAW.read_text(encoding="utf-8")
    assert text == law.render(text, law.proofs()), "make docs"


def test_proofs_stand_below_their_paragraph_list_item_or_table_and_replace_older_ones() -> None:
    bare = ('## 1 <a id="a"></a>\n\n<a id="b"></a>Two\nlines.\n\n* <a id="c"></a>One,\n  more.\n* <a id="d"></a>Two.\n\n'
            '| x |\n|---|\n| <a id="e"></a>1 |\n| <a id="f"></a>2 |\n\n<a id="g"></a>Without.\n')
    proofs = {"b": ["p1", "p2"], "c": ["p3"], "e": ["p4"], "f": ["p5"]}
    proved = ('## 1 <a id="a"></a>\n\n<a id="b"></a>Two\nlines.\n<br>*Proved by:* p1 · p2\n\n'
              '* <a id="c"></a>One,\n  more.\n  <br>*Proved by:* p3\n* <a id="d"></a>Two.\n\n'
              '| x |\n|---|\n| <a id="e"></a>1 |\n| <a id="f"></a>2 |\n* *Proved, e:* p4\n* *Proved, f:* p5\n\n'
              '<a id="g"></a>Without.\n')
    assert law.render(bare, proofs) == proved
    assert law.render(proved, proofs) == proved
    assert law.render(proved, {}) == bare
