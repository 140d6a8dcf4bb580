"""Fold and models against the cases written by hand: each sentence of the contract with the value that the marts must give.

The same cases hold the oracle (`tests/unit/test_oracle.py`).
"""

from dataclasses import fields

import pytest

from ingest.landing import Landed
from tests.properties.test_oracle_agrees import product_marts
from tests.support.cases import CASES, Case
from tests.support.models import Models

# Gone when all of contract version 2 is built.
pytestmark = pytest.mark.skipif("history_began_on" not in {field.name for field in fields(Landed)},
                                reason="what landed does not know the history yet")


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_the_marts_say_what_the_sentence_says(models: Models, case: Case) -> None:
    assert case.differences(product_marts(models, case.municipality(), folded_each_day=False)) == {}
