"""What can be assessed from a delivery of VFS: what nobody delivers is not assessable, whatever else is there."""

import pyarrow as pa
import pytest

from ingest.assessable import ACCESSES, COUNTERPARTS, EVERYTHING, REGISTERED_BY, not_assessable

ORIGINS = {"manual_position", "manual_registrations", "manual_profile"}
END_DATES = {"end_date_propagation", "end_date_not_propagated"}
OF_ACCESSES = {"inactive_with_access", "access_without_position"}
KOMMUNEADMINS = {"kommuneadmin_review", "kommuneadmin_roster"}


def positions(hrm_position_id: list[str | None], start_date: list[str | None]) -> dict[str, pa.Table]:
    return {"persons": pa.table({}), "accesses": pa.table({}), "positions": pa.table({
        "hrm_position_id": pa.array(hrm_position_id, pa.string()), "start_date": pa.array(start_date, pa.string())})}


FILLED = positions(["h1", None], [None, "2025-01-01"])


@pytest.mark.parametrize(("carried", "missing"), [
    (EVERYTHING, set()),
    (EVERYTHING - REGISTERED_BY, ORIGINS),
    (EVERYTHING - {"persons.registered_by"}, {"manual_profile"}),
    (EVERYTHING - {"positions.registered_by"}, {"manual_position", "manual_registrations"}),
    (EVERYTHING - ACCESSES, OF_ACCESSES | KOMMUNEADMINS),
    (EVERYTHING - {"accesses.access_group"}, OF_ACCESSES),
    (EVERYTHING - {"accesses.kommuneadmin"}, KOMMUNEADMINS),
    (EVERYTHING - COUNTERPARTS, END_DATES),
    (EVERYTHING - {"positions.hrm_position_id"}, set()), (EVERYTHING - {"positions.start_date"}, set()),  # one is enough
    (frozenset(), ORIGINS | OF_ACCESSES | KOMMUNEADMINS | END_DATES),
])
def test_what_no_adapter_carries_is_not_assessable(carried: frozenset[str], missing: set[str]) -> None:
    assert not_assessable(frozenset(carried), FILLED) == sorted(missing)


@pytest.mark.parametrize(("tables", "missing"), [
    (positions([None, None], [None, None]), END_DATES),  # carried, but no row has a value, so no position has a counterpart
    (positions(["h1", None], [None, None]), set()), (positions([None, None], [None, "2025-01-01"]), set()),
    (positions([], []), set()),  # nobody has a position: that is known
    ({}, set()),  # a delta without any table changes none
    ({n: t for n, t in FILLED.items() if n != "accesses"}, OF_ACCESSES | KOMMUNEADMINS),  # carried, but did not come
])
def test_columns_without_any_value_are_as_if_not_carried(tables: dict[str, pa.Table], missing: set[str]) -> None:
    assert not_assessable(EVERYTHING, tables) == sorted(missing)
