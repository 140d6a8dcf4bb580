"""Who is who (contract#identity, contract#bearer): the bearers of each employee number, from the HRM extracts up to a day.

Belongs here: employees, which are bearers of numbers. Does not belong here: matching persons with them (`oracle`).
"""

from dataclasses import dataclass, field
from datetime import date

from tests.oracle.extracts import Extract, is_not_ended


@dataclass(eq=False)
class Employee:
    """One bearer of an employee number. `ids`: every national id seen while he bore it, in order; `tenures`: the extracts from
    which on he bore it; `last_seen`: the last extract that held him, or a position of his."""

    number: str
    first_seen: date
    last_seen: date
    tenures: list[date]
    ids: list[str] = field(default_factory=list)

    @property
    def national_id(self) -> str | None:
        """The last one seen, empty ones aside."""
        return self.ids[-1] if self.ids else None


class Staff:
    """Every known employee. An employee number that changed hands has several bearers."""

    def __init__(self, extracts: list[Extract]):
        self.bearers: dict[str, list[Employee]] = {}  # by number, first bearer first
        self._tenures: dict[str, list[tuple[date, Employee]]] = {}
        self._holders: dict[tuple[str, str], Employee] = {}  # (position_id, employee number): whose position it is
        self._last_ids: dict[str, str] = {}
        before: Extract | None = None
        for extract in extracts:
            self._read(extract, before)
            before = extract

    def _read(self, extract: Extract, before: Extract | None) -> None:
        employees = {k[0]: row for k, row in extract.state["employees"].items()}
        positions = list(extract.state["positions"].values())
        for number in employees.keys() | {p["employee_number"] for p in positions}:
            if number not in self.bearers:
                self._begin(number, extract.day)
            row = employees.get(number)
            national_id = row.get("national_id") if row else None
            if national_id is not None:
                last_id = self._last_ids.get(number)
                if last_id is not None and national_id != last_id and not self._goes_on(number, extract, before):
                    self._change_hands(number, national_id, extract.day)
                self.present(number).ids.append(national_id)
                self._last_ids[number] = national_id
            if row:
                self.present(number).last_seen = extract.day
        for p in positions:
            number = p["employee_number"]
            holder = self._holders.setdefault((p["position_id"], number), self.present(number))
            holder.last_seen = extract.day

    def _begin(self, number: str, day: date) -> None:
        employee = Employee(number, day, day, [day])
        self.bearers.setdefault(number, []).append(employee)
        self._tenures.setdefault(number, []).append((day, employee))

    def _goes_on(self, number: str, extract: Extract, before: Extract | None) -> bool:
        """One of the number's positions that is not ended was held under that number by the extract before."""
        if before is None:
            return False
        held = {k for k, p in before.state["positions"].items() if p["employee_number"] == number}
        return any(p["employee_number"] == number and is_not_ended(p, extract.day) and k in held
                   for k, p in extract.state["positions"].items())

    def _change_hands(self, number: str, national_id: str, day: date) -> None:
        present = self.present(number)
        earlier = [b for b in self.bearers[number] if b is not present]
        earlier.sort(key=lambda b: b.tenures[-1], reverse=True)
        again = next((b for b in [present, *earlier] if national_id in b.ids), None)
        if again is None:
            self._begin(number, day)
        elif again is not present:
            again.tenures.append(day)
            again.last_seen = day
            self._tenures[number].append((day, again))

    def present(self, number: str) -> Employee:
        """The bearer of the number now."""
        return self._tenures[number][-1][1]

    def on(self, number: str, day: date) -> Employee:
        """The bearer of the number on a day; the first one, where the day lies before all."""
        return next((b for since, b in reversed(self._tenures[number]) if since <= day), self.bearers[number][0])

    def holder(self, position_id: str, number: str) -> Employee:
        """Whose position it is."""
        return self._holders[position_id, number]

    def with_national_id(self, national_id: str | None) -> list[Employee]:
        if national_id is None:
            return []
        return [b for bearers in self.bearers.values() for b in bearers if b.national_id == national_id]
