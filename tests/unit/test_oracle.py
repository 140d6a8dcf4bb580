"""The oracle against the cases written by hand: the contract's sentences, each with the value that it must give."""

from typing import Any

import pytest

from tests.oracle import oracle
from tests.support.cases import BYSTANDER, CASES, Case
from tests.support.law import LAW, anchors
from tests.support.municipalities import oracle_policy


def cut(rows: list[dict[str, Any]], expected: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The columns that the expected rows name, sorted."""
    columns = list(expected[0]) if expected else sorted({c for row in rows for c in row})
    return sorted(({c: row[c] for c in columns} for row in rows), key=repr)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_the_oracle_says_what_the_sentence_says(case: Case) -> None:
    marts = oracle.evaluate(case.deliveries, case.as_of, oracle_policy(case.policy), case.accepts)
    for expected in case.expected:
        rows = [row for row in marts[expected.mart] if row.get("person_id") != BYSTANDER
                and all(row[c] == v for c, v in expected.where.items())]
        assert cut(rows, expected.rows) == cut(expected.rows, expected.rows), expected.mart


def test_every_case_names_an_anchor_of_the_contract_and_no_two_are_named_alike() -> None:
    known = set(anchors(LAW.read_text(encoding="utf-8")))
    assert {case.anchor for case in CASES} <= known
    assert len({case.name for case in CASES}) == len(CASES) > 100
