"""What can be assessed from a delivery: what no adapter carries is not assessable, never zero.

Source of the rules: contract#not-assessable and contract#adapters. What each finding type, mart and review reason needs
stands in the catalogue of codes (`dbt_project/seeds`). Which days that concerns, and what then becomes of findings that were
open before, is SQL (`int_not_assessable`, `int_findings`).
"""

import pyarrow as pa

from dbt_project import codes

# What an adapter may carry beyond the columns that every one must, as table.column. `accesses.access_group` stands for
# every access group, `accesses.kommuneadmin` for those of kommuneadmins.
REGISTERED_BY = frozenset({"persons.registered_by", "positions.registered_by"})
COUNTERPARTS = frozenset({"positions.hrm_position_id", "positions.start_date"})
ACCESSES = frozenset({"accesses.access_group", "accesses.kommuneadmin"})
EVERYTHING = REGISTERED_BY | COUNTERPARTS | ACCESSES


def not_assessable(carries: frozenset[str], tables: dict[str, pa.Table]) -> list[str]:
    """Names of what cannot be assessed from an extract of VFS with these tables, sorted. An empty column carries nothing."""
    positions = tables.get("positions")
    carried = {c for c in carries if c not in COUNTERPARTS or positions is None or positions.num_rows == 0
               or positions.column(c.split(".")[1]).null_count < positions.num_rows}
    return sorted(name for name, needs in codes.needs().items() if not needs & carried)
