"""What can be told from a delivery, and so which findings: what no adapter delivers is not assessable, never zero.

Source of the rules: contract#not-assessable and contract#adapters. Which days that concerns, and what then becomes of
findings that were open before, is SQL (`int_not_assessable`, `int_findings`).
"""

import pyarrow as pa

# What an adapter may carry beyond the columns that every one must, as table.column. `accesses.access_group` stands for
# every access group, `accesses.kommuneadmin` for those of kommuneadmins.
REGISTERED_BY = frozenset({"persons.registered_by", "positions.registered_by"})
COUNTERPARTS = frozenset({"positions.hrm_position_id", "positions.start_date"})
ACCESSES = frozenset({"accesses.access_group", "accesses.kommuneadmin"})
EVERYTHING = REGISTERED_BY | COUNTERPARTS | ACCESSES

# Finding type, mart or review reason: it can be told where one of these is carried.
_NEEDS = {
    "manual_position": {"positions.registered_by"},
    "manual_registrations": {"positions.registered_by"},
    "manual_profile": {"persons.registered_by"},
    "inactive_with_access": {"accesses.access_group"},
    "access_without_position": {"accesses.access_group"},
    "kommuneadmin_review": {"accesses.kommuneadmin"},
    "kommuneadmin_roster": {"accesses.kommuneadmin"},
    "end_date_propagation": COUNTERPARTS,
    "end_date_not_propagated": COUNTERPARTS,
}


def not_assessable(carries: frozenset[str], tables: dict[str, pa.Table]) -> list[str]:
    """What cannot be told from an extract of VFS with these tables, sorted. Columns without any value tell nothing."""
    positions = tables.get("positions")
    said = {c for c in carries if c not in COUNTERPARTS or positions is None or positions.num_rows == 0
            or positions.column(c.split(".")[1]).null_count < positions.num_rows}
    return sorted(name for name, needs in _NEEDS.items() if not needs & said)
