"""What the marts of the project promise can be kept wherever they are published (contract#every-mart, contract#postgres)."""

from publish.contracts import contracts
from publish.postgres.tables import _TYPES
from tests.support.models import Models

WITHOUT_KEY = {"rejected_rows"}  # one line may have several errors


def test_every_mart_has_a_key_and_columns_of_known_types_and_refers_to_keys(models: Models) -> None:
    """contract#postgres"""
    marts = contracts(models.manifest)
    assert sorted(marts) == models.marts
    assert {mart for mart, contract in marts.items() if not contract.key} == WITHOUT_KEY
    for mart, contract in marts.items():
        assert contract.description and all(c.description for c in contract.columns), mart
        assert {c.type for c in contract.columns} <= _TYPES.keys(), mart
        assert set(contract.key) <= {c.name for c in contract.columns}, mart
        for column in contract.columns:
            if column.foreign_key:
                other, key = column.foreign_key
                assert marts[other].key == (key,) and not marts[other].is_key_of_some, f"{mart}.{column.name} refers to no key"
