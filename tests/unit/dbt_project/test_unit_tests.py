"""Each dbt unit test as a pytest test, executed from the compiled SQL (`tests.support.dbt_unit_tests`)."""

from typing import Any

import pytest
import yaml

import dbt_project
from tests.support.dbt_unit_tests import ColumnTypes, UnitTest, Unsupported, column_types, difference, prepare, unit_tests
from tests.support.models import Models

# Read from the yml, so that collecting tests does not compile dbt. A test below compares them with dbt's.
_DECLARED = [test["name"] for file in sorted((dbt_project.PROJECT / "models").rglob("*.yml"))
             for test in yaml.safe_load(file.read_text(encoding="utf-8")).get("unit_tests", [])]


@pytest.fixture(scope="module")
def tests(models: Models) -> dict[str, UnitTest]:
    return {test.name: test for test in unit_tests(models)}


@pytest.fixture(scope="module")
def types(models: Models) -> ColumnTypes:
    return column_types(models)


@pytest.mark.parametrize("name", _DECLARED)
def test_dbt(name: str, tests: dict[str, UnitTest], types: ColumnTypes) -> None:
    test = tests[name]
    with prepare(test, types) as con:
        wrong = difference(test, con, test.model.sql)
    if wrong:
        pytest.fail(wrong, pytrace=False)


def test_every_declared_unit_test_is_executed(tests: dict[str, UnitTest]) -> None:
    assert sorted(_DECLARED) == sorted(tests)


def example(models: Models, **changed: Any) -> Models:
    """The project with one unit test, of the model `stg_extracts`, with changes."""
    right = {
        "name": "example", "model": "stg_extracts", "overrides": None, "version": None,
        "given": [
            {"input": "source('ingest', 'extracts')", "format": "dict", "rows": [
                {"system": "hrm", "status": "accepted", "extract_date": "2025-01-01"},
                {"system": "hrm", "status": "refused", "extract_date": "2025-01-02"}]},
            {"input": "ref('stg_run')", "format": "dict", "rows": [{"as_of_date": "2025-01-09"}]}],
        "expect": {"format": "dict", "rows": [{"sequence_number": 1, "to_day": "2025-01-10", "kind": None}]}}
    return Models(models.seeds, models.steps, models.tests, {**models.manifest, "unit_tests": {"example": right | changed}})


def outcome(models: Models, types: ColumnTypes, **changed: Any) -> str | None:
    (test,) = unit_tests(example(models, **changed))
    with prepare(test, types) as con:
        return difference(test, con, test.model.sql)


def rows(*expected: dict[str, Any]) -> dict[str, Any]:
    return {"format": "dict", "rows": list(expected)}


def test_the_columns_of_the_first_expected_row_are_compared_as_a_multiset(models: Models, types: ColumnTypes) -> None:
    assert outcome(models, types) is None
    assert outcome(models, types, expect=rows({"sequence_number": "1"})) is None
    for wrong in (rows(), rows({"kind": "full"}), rows({"to_day": "2025-01-09"}), rows({"sequence_number": None}),
                  rows({"sequence_number": 1}, {"sequence_number": 1})):
        assert "expected" in (outcome(models, types, expect=wrong) or "")


@pytest.mark.parametrize(("changed", "reason"), [
    ({"given": [{"input": "ref('stg_run')", "format": "dict", "rows": []}]}, r"reads ingest\.extracts, which is not given"),
    ({"given": [{"input": "ref('stg_walk')", "format": "dict", "rows": []}]}, "there is no ref"),
    ({"given": [{"input": "this", "format": "dict", "rows": []}]}, "neither ref"),
    ({"given": [{"input": "source('ingest', 'extracts')", "format": "dict", "rows": [{"colour": "red"}]},
                {"input": "ref('stg_run')", "format": "dict", "rows": []}]}, "has no column colour"),
    ({"expect": rows({"colour": "red"})}, "has no column colour"),
    ({"expect": rows({"system": "hrm"}, {"kind": "full"})}, "do not all have the same columns"),
    ({"expect": rows({"to_day": {"year": 2025}})}, "a value of type dict"),
    ({"expect": {"format": "sql", "rows": "select 1"}}, "rows as sql"),
    ({"overrides": {"vars": {}}}, "overrides"),
])
def test_an_unsupported_unit_test_is_refused(models: Models, types: ColumnTypes, changed: dict[str, Any], reason: str) -> None:
    with pytest.raises(Unsupported, match=reason):
        outcome(models, types, **changed)
