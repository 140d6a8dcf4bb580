"""The oracle against the cases written by hand: the contract's sentences, each with the value that it must give."""

import pytest

from tests.oracle import oracle
from tests.support.cases import CASES, Case
from tests.support.law import LAW, anchors
from tests.support.municipalities import oracle_policy


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_the_oracle_says_what_the_sentence_says(case: Case) -> None:
    assert case.differences(oracle.evaluate(case.deliveries, case.as_of, oracle_policy(case.policy), case.accepts)) == {}


def test_every_case_names_an_anchor_of_the_contract_and_no_two_are_named_alike() -> None:
    known = set(anchors(LAW.read_text(encoding="utf-8")))
    assert {case.anchor for case in CASES} <= known
    assert len({case.name for case in CASES}) == len(CASES) > 100
