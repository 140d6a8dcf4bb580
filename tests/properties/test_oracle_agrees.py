"""The dbt models against the oracle, row for row, on random municipalities: at once, day by day, late, replaced, delta.

The normal run takes about a minute; `make soak` goes on for SLUTTDATO_SOAK_MINUTES.
"""

import os
import tempfile
import time
from collections.abc import Callable
from datetime import date
from itertools import count
from pathlib import Path
from typing import Any

import duckdb
import pytest
from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st

from ingest.canonical_tables import SOURCES
from ingest.landing import Landing
from ingest.policy import Policy
from ingest.versions import fold
from tests.oracle import oracle
from tests.support.deliveries import land
from tests.support.models import Models, empty_warehouse, evaluate
from tests.support.municipalities import Municipality, municipalities

# Not in the oracle: the product's own ids and texts, and columns beyond the contract's.
_NOT_COMPARED = {"finding_id", "remedy", "succeeded_by", "kommune_number", "kommune_name"}
_BEYOND_THE_CONTRACT = {
    "end_date_propagation": {"vfs_org_number", "person_id"}, "findings": {"case_number"},
    "kommuneadmin_roster": {"confirmed_until", "confirmed_by"},
    "data_freshness": {"is_too_old", "may_be_frozen", "may_miss_rows"}, "access_risk_daily": {"is_in_doubt"},
    "case_history": {"case_number"}}
# Of these marts only so much.
_COMPARED = {
    "cases": {"finding_type", "subject_id", "status", "person_id", "priority", "change", "has_left_with_access", "is_disputed",
              "first_seen_on", "problem_since", "age_days", "org_name", "as_of_date"},
    "rejected_rows": {"system", "extract_date", "table_name", "kept_since", "as_of_date"}}


def policy_of(town: Municipality) -> Policy:
    return Policy(**town.policy)


def take_in(con: duckdb.DuckDBPyConnection, town: Municipality, folded_each_day: bool) -> None:
    """Land and fold the deliveries of the municipality; fold after every arrival, or once at the end."""
    with tempfile.TemporaryDirectory(dir="/dev/shm" if Path("/dev/shm").is_dir() else None) as folder:
        root = Path(folder)
        arrived: dict[tuple[str, date], int] = {}
        began = town.histories()

        def fold_all() -> None:
            for system in SOURCES:
                landed = Landing(root).all(system)
                accepted = {(e.extract_date, e.fingerprint) for e in landed if (system, e.extract_date) in town.accepts}
                fold(con, system, landed, accepted, policy_of(town))

        for arrival, history_began_on in zip(town.arrivals, began, strict=True):
            key = (arrival.system, arrival.extract_date)
            arrived[key] = arrived.get(key, 0) + 1
            land(root, arrival.system, arrival.extract_date, arrival.tables, kind=arrival.kind, arrival=arrived[key],
                 unreadable=arrival.unreadable, refused="a file is missing" if arrival.refused else None,
                 history_began_on=history_began_on)
            if folded_each_day:
                fold_all()
        fold_all()


def product_marts(models: Models, town: Municipality, folded_each_day: bool) -> dict[str, list[dict[str, Any]]]:
    """The product's marts of the municipality, as rows."""
    with empty_warehouse() as con:
        take_in(con, town, folded_each_day)
        return evaluate(con, models, town.as_of, policy_of(town), town.exceptions)


def oracle_marts(town: Municipality) -> dict[str, list[dict[str, Any]]]:
    return oracle.evaluate(
        town.oracle_deliveries(), town.as_of, town.oracle_policy(), town.accepts,
        [oracle.Exception_(e["finding_type"], e["subject_id"], e["approved_on"], e["until"]) for e in town.exceptions])


def as_the_oracle_knows(mart: str, row: dict[str, Any]) -> dict[str, Any]:
    """A row without what the oracle does not know: open cases that two persons may share, and why a resolved case had stood."""
    if mart == "access_risk_daily" and row["org_number"] in (None, "all"):
        return row | {"open_cases": None}
    if mart == "case_history" and not row["is_open"]:
        return row | {"cause": None}
    return row


def comparable(mart: str, rows: list[dict[str, Any]]) -> list[tuple]:
    left_out = _NOT_COMPARED | _BEYOND_THE_CONTRACT.get(mart, set())
    rows = [as_the_oracle_knows(mart, r) for r in rows if mart != "case_history" or r["finding_type"] != "disputed_identity"]
    shown = [{**r, "is_succeeded": r["succeeded_by"] is not None} if "succeeded_by" in r else r for r in rows]
    return sorted((tuple(sorted((k, v) for k, v in r.items() if k not in left_out and k in _COMPARED.get(mart, r)))
                   for r in shown), key=repr)


def assert_same(product: dict[str, list[dict[str, Any]]], expected: dict[str, list[dict[str, Any]]]) -> None:
    for mart in sorted(expected):
        assert comparable(mart, product[mart]) == comparable(mart, expected[mart]), mart


def for_minutes(minutes: float, strategy: st.SearchStrategy, check: Callable[[Any], None]) -> int:
    """Check example after example, in batches of fixed seeds, until the time is over; returns how many.

    A failing example is shrunk by hypothesis and reported with its seed.
    """
    checked = 0

    def counted(example: Any) -> None:
        nonlocal checked
        checked += 1
        check(example)

    end = time.monotonic() + 60 * minutes
    for number in count():
        batch = settings(max_examples=20, deadline=None, database=None, suppress_health_check=list(HealthCheck))
        seed(number)(batch(given(strategy)(counted)))()
        if time.monotonic() > end:
            return checked


MINUTES = float(os.environ.get("SLUTTDATO_PROPERTY_MINUTES", "0.2"))
SOAK_MINUTES = float(os.environ.get("SLUTTDATO_SOAK_MINUTES", "30"))


def agrees_at_once(models: Models, town: Municipality) -> None:
    assert_same(product_marts(models, town, folded_each_day=False), oracle_marts(town))


def agrees_day_by_day(models: Models, town: Municipality) -> None:
    assert_same(product_marts(models, town, folded_each_day=True), oracle_marts(town))


def test_the_marts_equal_the_oracles_when_all_is_taken_in_at_once(models: Models) -> None:
    checked = for_minutes(MINUTES, municipalities(), lambda town: agrees_at_once(models, town))
    print(f"{checked} municipalities")
    assert checked >= 20


def test_the_marts_equal_the_oracles_when_each_delivery_is_taken_in_as_it_arrives(models: Models) -> None:
    checked = for_minutes(MINUTES, municipalities(), lambda town: agrees_day_by_day(models, town))
    print(f"{checked} municipalities")
    assert checked >= 20


@pytest.mark.soak
def test_soak_the_marts_equal_the_oracles(models: Models) -> None:
    def both(town: Municipality) -> None:
        agrees_at_once(models, town)
        agrees_day_by_day(models, town)

    print(f"{for_minutes(SOAK_MINUTES / 2, municipalities(), both)} municipalities")
