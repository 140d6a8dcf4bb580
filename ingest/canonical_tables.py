"""The canonical tables: their columns, keys and types. Adapters, validation, folding and checks read them here.

Source of every rule: contract#canonical-form. dbt's sources and staging, the demo, the tests' oracle and the docs repeat
columns or keys; `tests/unit/test_canonical_tables.py` compares them.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

System = Literal["hrm", "vfs", "transfer"]
SYSTEMS: tuple[System, ...] = ("hrm", "vfs")  # the two that are compared; without one of them nothing can be assessed
# Who tells what happened on a day, and shows no state: optional, and seen only in causes (contract#transfer).
WITNESSES: tuple[System, ...] = ("transfer",)
SOURCES: tuple[System, ...] = (*SYSTEMS, *WITNESSES)  # all that deliver extracts
ExtractKind = Literal["full", "delta"]


class Kind(StrEnum):
    """How a cell is read. TEXT covers ids and numbers: leading zeros matter, so they stay text."""

    TEXT = "text"
    DATE = "date"
    BOOLEAN = "boolean"
    ORIGIN = "origin"
    ORG_TYPE = "org_type"
    NATIONAL_ID = "national_id"


LISTED_VALUES = {Kind.ORIGIN: ("hrm", "manual"), Kind.ORG_TYPE: ("kommune", "school", "other")}
NATIONAL_ID_HASH = "national_id_hash"
# An id in this form (a pattern of RE2 and of Python) has lost digits (contract#exponent-form).
EXPONENT_FORM = "[0-9]+([.,][0-9]+)?[eE][+-][0-9]+"
# What a spreadsheet shows where it has no value, in English and Norwegian, or no room for it (contract#error-values).
ERROR_VALUE = "(?i)#(N/A|I/T|REF!|VALUE!|VERDI!|NAME[?]|NAVN[?]|DIV/0!|NULL!|NUM!|SPILL!|CALC!|#+)"


@dataclass(frozen=True)
class Column:
    """One column. `required`: the heading must be there; `needed`: each row must have a value.

    `is_id`: an id, or an employee or org number, its own or one that it points at. `ignore_case`: compared without regard to
    capitals, in keys too (contract#capitals); what was delivered is what is stored.
    """

    name: str
    kind: Kind = Kind.TEXT
    required: bool = False
    needed: bool = False
    is_id: bool = False
    ignore_case: bool = False

    @property
    def stored_name(self) -> str:
        """The name after validation, which keeps a national id only as a hash."""
        return NATIONAL_ID_HASH if self.kind is Kind.NATIONAL_ID else self.name

    def compared(self, alias: str = "") -> str:
        """The SQL expression by which rows are compared: the stored column (of the table `alias`), or its lower case."""
        name = f"{alias}.{self.stored_name}" if alias else self.stored_name
        return f"lower({name})" if self.ignore_case else name

    @property
    def sql_type(self) -> str:
        return {Kind.DATE: "DATE", Kind.BOOLEAN: "BOOLEAN"}.get(self.kind, "VARCHAR")


@dataclass(frozen=True)
class Table:
    """One canonical table of one system. `guarded`: its size is compared with the previous extract's (contract#guard-size).

    `owner`: the column that names the employee or person to whom a row belongs; None where rows belong to nobody.
    """

    system: System
    name: str
    key: tuple[str, ...]
    columns: tuple[Column, ...]
    optional_file: bool = False
    guarded: bool = False
    owner: str | None = None

    @property
    def versions_name(self) -> str:
        return f"{self.system}_{self.name}"

    @property
    def key_columns(self) -> tuple[Column, ...]:
        return tuple(next(c for c in self.columns if c.name == name) for name in self.key)

    def key_sql(self, alias: str = "") -> tuple[str, ...]:
        """The SQL expressions, in the order of the key, that are the same for two rows with one key."""
        return tuple(c.compared(alias) for c in self.key_columns)

    @property
    def content(self) -> tuple[Column, ...]:
        return tuple(c for c in self.columns if c.name not in self.key)


def _id(name: str) -> Column:
    return Column(name, required=True, needed=True, is_id=True)


def _date(name: str) -> Column:
    return Column(name, Kind.DATE, required=True)


_NATIONAL_ID = Column("national_id", Kind.NATIONAL_ID)
_REGISTERED_BY = Column("registered_by", Kind.ORIGIN)

TABLES: tuple[Table, ...] = (
    Table("hrm", "employees", ("employee_number",), (
        _id("employee_number"), _NATIONAL_ID, Column("given_name"), Column("family_name"), Column("email"),
    ), guarded=True, owner="employee_number"),
    Table("hrm", "positions", ("position_id",), (
        _id("position_id"), _id("employee_number"), _id("org_number"), Column("position_code"),
        Column("position_title"), Column("percentage"), _date("start_date"), _date("end_date"),
    ), guarded=True, owner="employee_number"),
    Table("hrm", "org_units", ("org_number",), (
        _id("org_number"), Column("name"), Column("type", Kind.ORG_TYPE), Column("parent_org_number", is_id=True),
    ), optional_file=True),
    Table("vfs", "persons", ("person_id",), (
        _id("person_id"), Column("employee_number", is_id=True), _NATIONAL_ID, Column("given_name", required=True),
        Column("family_name", required=True), Column("email"), Column("login_enabled", Kind.BOOLEAN),
        _REGISTERED_BY,
    ), guarded=True, owner="person_id"),
    Table("vfs", "positions", ("position_id",), (
        _id("position_id"), _id("person_id"), _id("org_number"), Column("role"), Column("hrm_position_id", is_id=True),
        _date("start_date"), _date("end_date"), _REGISTERED_BY,
    ), guarded=True, owner="person_id"),
    # start_date and position_id are part of the key, and an empty one is a value of it.
    Table("vfs", "accesses", ("person_id", "access_group", "org_number", "start_date", "position_id"), (
        _id("person_id"), Column("access_group", required=True, needed=True, ignore_case=True), _id("org_number"),
        _date("start_date"), Column("position_id", required=True, is_id=True), Column("end_date", Kind.DATE),
    ), owner="person_id"),
    Table("vfs", "org_units", ("org_number",), (
        _id("org_number"), Column("name", required=True), Column("type", Kind.ORG_TYPE, required=True),
        Column("parent_org_number", is_id=True),
    )),
    # The positions that HRM sent to VFS that day: HRM's columns, of which only the id and the end date matter.
    Table("transfer", "positions", ("position_id",), (
        _id("position_id"), Column("employee_number", is_id=True), Column("org_number", is_id=True), Column("position_code"),
        Column("position_title"), Column("percentage"), Column("start_date", Kind.DATE), _date("end_date"),
    ), owner="employee_number"),
)


def tables_of(system: System) -> tuple[Table, ...]:
    """The canonical tables of one system, in a fixed order."""
    return tuple(t for t in TABLES if t.system == system)


def owners_of(table: Table) -> Table | None:
    """The table that lists the owners of another table's rows (itself, for employees and persons)."""
    return next((t for t in tables_of(table.system) if table.owner and t.key == (table.owner,)), None)
