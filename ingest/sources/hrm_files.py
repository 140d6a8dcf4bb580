"""What files of HRM systems have in common: people of one employer, and positions at units known by codes of the system's own.

Belongs here: the way up to a unit that has an organisation number, the canonical tables, and what is doubted about them.
Does not belong here: how a format writes people, positions and units (the adapters).
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from ingest.canonical_tables import Table, tables_of
from ingest.cells import clean
from ingest.errors import RefusedExtract
from ingest.sources.base import Note, RawTable
from ingest.sources.delimited import part_for
from ingest.sources.rows import Rows

_TABLES: dict[str, Table] = {t.name: t for t in tables_of("hrm")}


class Employer:
    """Whose people count. `wanted`: its number, or None where only one may come; `field`: the format's name of it; `setting`."""

    def __init__(self, wanted: str | None, field: str, setting: str):
        self._wanted, self._field, self._setting = wanted, field, setting
        self._one: str | None = None

    def counts(self, employer: str | None, file: str, line: int | None) -> bool:
        """Whether somebody of this employer counts; whose is not told does. Raises RefusedExtract at a second employer."""
        if employer is None or self._wanted:
            return employer in (None, self._wanted)
        self._one = self._one or employer
        if employer != self._one:
            raise RefusedExtract(
                f"people of more than one employer ({self._field}) are delivered, and an employee number is one person's only "
                "within one", file=file, line=line, remedy=f"Set `{self._setting}`")
        return True


@dataclass
class _Unit:
    name: str | None = None
    parent: str | None = None
    number: str | None = None


class People:
    """Employees, positions and units as they come, before it is known which unit has which organisation number.

    `values`: the setting, whose translations of org_number say which code has which number. `same`: how a code is compared,
    where a format writes one in several ways.
    """

    def __init__(self, values: Mapping[str, object], same: Callable[[str], str] = clean):
        self._values, self._same = values, same
        translations = part_for(_TABLES["positions"], values).get("org_number", {})
        self._numbers = {same(code): number for code, number in translations.items()}
        self._units: dict[str, _Unit] = {}
        self._rows = {name: Rows(table) for name, table in _TABLES.items()}
        self._positions: list[tuple[str | None, dict[str, str | None]]] = []  # (code of the unit, cells)
        self.seen = self._numbered = 0

    def employee(self, **cells: str | None) -> None:
        self._numbered += cells["employee_number"] is not None
        self._rows["employees"].add(**cells)

    def position(self, unit: str | None, **cells: str | None) -> None:
        """A position at the unit with this code."""
        self._positions.append((unit, cells))

    def unit(self, code: str | None, *, name: str | None, parent: str | None, number: str | None = None) -> None:
        """One unit; what was told of it before stays."""
        if code is None:
            return
        code, parent = self._same(code), self._same(parent) if parent else None
        unit = self._units.setdefault(code, _Unit())
        unit.name = unit.name or name
        unit.parent = unit.parent or (None if parent == code else parent)
        unit.number = unit.number or number

    def tables(self, file: str) -> dict[str, RawTable]:
        """The canonical tables. Raises RefusedExtract when nobody can be read, or no position has a place."""
        if self.seen and not self._numbered:
            raise RefusedExtract(f"nobody can be read: none of {self.seen} people has an employee number and is of the employer "
                                 "that is set", file=file, remedy="Look at the settings, and deliver the whole file again")
        at_top, placed, top = 0, False, self._top_numbers()
        for unit, cells in self._positions:
            number = next(self._numbers_of(self._upward(unit)), None)
            at_top, placed = at_top + (number in top), placed or number is not None
            self._rows["positions"].add(org_number=number, **cells)
        if self._positions and not placed:
            raise RefusedExtract(
                "no position stands at a unit with an organisation number: the file knows units by codes of its own", file=file,
                remedy="Say under `values: org_number` which code has which number; quote codes that begin with 0")
        for number, (unit, above) in self._org_units().items():
            self._rows["org_units"].add(org_number=number, name=unit.name, type=None if unit.parent else "kommune",
                                        parent_org_number=above)
        notes = (Note("topmost_org_number", at_top, "positions stand at the organisation number of the topmost unit, which tells "
                      "no schools apart: say under `values: org_number` which unit below has which number"),) if at_top else ()
        tables = {name: self._translated(name, rows.table(file)) for name, rows in self._rows.items()}
        return tables | {"positions": replace(tables["positions"], notes=notes)}

    def _translated(self, name: str, table: RawTable) -> RawTable:
        others = {column: values for column, values in part_for(_TABLES[name], self._values).items() if column != "org_number"}
        return replace(table, translations=others)

    def _upward(self, code: str | None) -> Iterator[str]:
        """The code of a unit and those of the units above it, nearest first; of a circle, each once."""
        code = self._same(code) if code else None
        seen: set[str] = set()
        while code and code not in seen:
            yield code
            seen.add(code)
            code = self._units[code].parent if code in self._units else None

    def _numbers_of(self, codes: Iterable[str]) -> Iterator[str]:
        for code in codes:
            if number := self._numbers.get(code) or (self._units[code].number if code in self._units else None):
                yield number

    def _org_units(self) -> dict[str, tuple[_Unit, str | None]]:
        """{organisation number: (the topmost unit that has it, the nearest other number above)}."""
        found: dict[str, tuple[_Unit, str | None]] = {}
        for code, *above in sorted((list(self._upward(code)) for code in self._units), key=len):
            for number in self._numbers_of([code]):
                others = (n for n in self._numbers_of(above) if n != number)
                found.setdefault(number, (self._units[code], next(others, None)))
        return found

    def _top_numbers(self) -> set[str]:
        return {n for code in self._units for n in self._numbers_of(list(self._upward(code))[-1:])}
