"""What can be assessed from a delivery. What needs a column that no adapter carries is not assessable; it is not zero.

Source of the rules: contract#not-assessable and contract#adapters. The catalogue of codes (`dbt_project/seeds`) holds what
each finding type, mart and review reason needs. Which days are affected, and what happens to findings that were open, is SQL
(`int_not_assessable`, `int_findings`).
"""

import pyarrow as pa

from dbt_project import codes

# The optional columns that an adapter may carry, as table.column. `accesses.access_group` stands for
# every access group, `accesses.kommuneadmin` for those of kommuneadmins.
REGISTERED_BY = frozenset({"persons.registered_by", "positions.registered_by"})
COUNTERPARTS = frozenset({"positions.hrm_position_id", "positions.start_date"})
ACCESSES = frozenset({"accesses.access_group", "accesses.kommuneadmin"})
EVERYTHING = REGISTERED_BY | COUNTERPARTS | ACCESSES


def not_assessable(carries: frozenset[str], tables: dict[str, pa.Table]) -> list[str]:
    """Sorted names of the finding types, marts and review reasons that a VFS extract with these tables cannot support.

    A column of a table that did not come (though others did), and one of COUNTERPARTS without any value, count as not carried.
    """
    positions = tables.get("positions")
    carried = {c for c in carries if not tables or c.split(".")[0] in tables}
    if positions is not None and positions.num_rows:
        carried -= {c for c in COUNTERPARTS if positions.column(c.split(".")[1]).null_count == positions.num_rows}
    return sorted(name for name, needs in codes.needs().items() if not needs & carried)
