"""What can befall a delivery on its way: rows that cannot be read, columns or tables emptied, numbers written otherwise, dates
lost, rows or whole files of another day, cut off.

Belongs here: changes of one delivery as the door would let it in. Does not belong here: what must then be said of it
(`tests/properties/test_a_doubt_is_no_all_clear.py`).
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from random import Random
from typing import Any

from ingest.canonical_tables import Kind, System, Table, tables_of
from tests.oracle.extracts import Delivery, Unreadable
from tests.support.municipalities import unreadable

Row = dict[str, Any]


@dataclass(frozen=True)
class Damage:
    """`kind`: a name of KINDS. `table`, `column`: numbers, modulo what there is. `share`: of the rows. `seed`: which rows."""

    kind: str
    table: int = 0
    column: int = 0
    share: float = 1
    seed: int = 0


def damaged(delivery: Delivery, earlier: list[Delivery], damage: Damage) -> Delivery:
    """The delivery as it arrives after the damage; `earlier` are its system's deliveries before, newest last."""
    return _refused_if_unreadable(KINDS[damage.kind](delivery, earlier, damage))


def _refused_if_unreadable(delivery: Delivery) -> Delivery:
    """contract#too-many-rejected: more than 5 % of a table's rows."""
    for table, rows in delivery.tables.items():
        rejected = sum(u.table == table for u in delivery.unreadable)
        if rejected * 100 > 5 * (len(rows) + rejected):
            return replace(delivery, tables={}, unreadable=(), refused=True)
    return delivery


def _system(delivery: Delivery) -> System:
    return "hrm" if delivery.system == "hrm" else "vfs"


def _table(delivery: Delivery, damage: Damage) -> Table:
    tables = tables_of(_system(delivery))
    return tables[damage.table % len(tables)]


def _with(delivery: Delivery, table: str, rows: list[Row], told: tuple[Unreadable, ...] = ()) -> Delivery:
    return replace(delivery, tables={**delivery.tables, table: rows}, unreadable=delivery.unreadable + told)


def _some(rows: list[Row], damage: Damage) -> set[int]:
    """The numbers of the rows that the damage hits."""
    return set(Random(damage.seed).sample(range(len(rows)), min(len(rows), max(1, round(len(rows) * damage.share)))))


def _rows_unreadable(delivery: Delivery, earlier: list[Delivery], damage: Damage) -> Delivery:
    """As many rows as may be rejected; the key can be read, or only the owner, or nothing."""
    table = _table(delivery, damage)
    rows = delivery.tables[table.name]
    few = max(1, int(len(rows) * 0.05))
    hit = _some(rows, replace(damage, share=min(damage.share, few / max(1, len(rows)))))
    readable = [frozenset(table.key), frozenset({"owner"}), frozenset({"national_id"}), frozenset(table.key[:1]), frozenset()]
    told = tuple(unreadable((table.system, table.name), rows[n], readable[damage.column % len(readable)]) for n in sorted(hit))
    return _with(delivery, table.name, [row for n, row in enumerate(rows) if n not in hit], told)


def _column_emptied(delivery: Delivery, earlier: list[Delivery], damage: Damage) -> Delivery:
    table = _table(delivery, damage)
    column = table.columns[damage.column % len(table.columns)]
    name = "national_id" if column.kind is Kind.NATIONAL_ID else column.name
    if column.needed:  # each of these rows is rejected
        return replace(delivery, tables={}, refused=True)
    rows = delivery.tables[table.name]
    hit = _some(rows, damage)
    emptied = [{**row, name: None} if n in hit else row for n, row in enumerate(rows)]
    return _with(delivery, table.name, list({tuple(r.get(k) for k in table.key): r for r in emptied}.values()))


def _table_emptied(delivery: Delivery, earlier: list[Delivery], damage: Damage) -> Delivery:
    return _with(delivery, _table(delivery, damage).name, [])


def _numbers_reformatted(delivery: Delivery, earlier: list[Delivery], damage: Damage) -> Delivery:
    """Leading zeros come or go, or another number is put in front; in one table or in all of the system."""
    written: list[Callable[[str], str]] = [lambda n: f"00{n}", lambda n: n.lstrip("01"), lambda n: f"{n} ", lambda n: f"9{n}"]
    write = written[damage.column % len(written)]
    names = [t.name for t in tables_of(_system(delivery)) if any(c.name == "employee_number" for c in t.columns)]
    for name in names if damage.seed % 2 else [names[damage.table % len(names)]]:
        rows = delivery.tables[name]
        hit = _some(rows, damage)
        delivery = _with(delivery, name, [
            {**r, "employee_number": write(r["employee_number"])} if n in hit and r["employee_number"] else r
            for n, r in enumerate(rows)])
    return delivery


def _dates_lost(delivery: Delivery, earlier: list[Delivery], damage: Damage) -> Delivery:
    rows = delivery.tables["positions"]
    dated = [n for n, r in enumerate(rows) if r["end_date"]]
    hit = set(Random(damage.seed).sample(dated, round(len(dated) * damage.share)))
    return _with(delivery, "positions", [{**r, "end_date": None} if n in hit else r for n, r in enumerate(rows)])


def _another_day(delivery: Delivery, earlier: list[Delivery], damage: Damage) -> Delivery:
    """The content of an earlier day, whole."""
    return replace(delivery, tables=earlier[damage.seed % len(earlier)].tables) if earlier else delivery


def _file_of_another_day(delivery: Delivery, earlier: list[Delivery], damage: Damage) -> Delivery:
    name = _table(delivery, damage).name
    return _with(delivery, name, earlier[damage.seed % len(earlier)].tables[name]) if earlier else delivery


def _cut_off(delivery: Delivery, earlier: list[Delivery], damage: Damage) -> Delivery:
    """The last rows of a table are missing."""
    name = _table(delivery, damage).name
    rows = delivery.tables[name]
    return _with(delivery, name, rows[:round(len(rows) * (1 - damage.share))])


def _logins_switched(delivery: Delivery, earlier: list[Delivery], damage: Damage) -> Delivery:
    if delivery.system == "hrm":
        return _table_emptied(delivery, earlier, damage)
    rows = delivery.tables["persons"]
    hit = _some(rows, damage)
    return _with(delivery, "persons", [{**r, "login_enabled": False} if n in hit else r for n, r in enumerate(rows)])


def _group_renamed(delivery: Delivery, earlier: list[Delivery], damage: Damage) -> Delivery:
    if delivery.system == "hrm":
        return _numbers_reformatted(delivery, earlier, damage)
    name = ["Kommune-admin", "KOMMUNEADMIN", "Administrator", "Lærer"][damage.column % 4]
    renamed = [{**r, "access_group": name} if r["access_group"] == "Kommuneadmin" else r for r in delivery.tables["accesses"]]
    key = next(t for t in tables_of("vfs") if t.name == "accesses").key
    return _with(delivery, "accesses", list({tuple(r[k] for k in key): r for r in renamed}.values()))


def _withheld(delivery: Delivery, earlier: list[Delivery], damage: Damage) -> Delivery:
    return replace(delivery, tables={}, refused=True)


KINDS: dict[str, Callable[[Delivery, list[Delivery], Damage], Delivery]] = {
    "rows unreadable": _rows_unreadable, "column emptied": _column_emptied, "table emptied": _table_emptied,
    "numbers re-formatted": _numbers_reformatted, "dates lost": _dates_lost, "another day": _another_day,
    "file of another day": _file_of_another_day, "cut off": _cut_off, "logins switched": _logins_switched,
    "group renamed": _group_renamed, "withheld": _withheld,
}
