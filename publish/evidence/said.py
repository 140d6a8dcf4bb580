"""What both systems said of somebody on a day, in Norwegian: a few sentences from each.

Belongs here: finding whom a decision is about, and putting their rows of that day into words. Does not belong here: rules about
people (SQL in `dbt_project`), the history of a case (`publish.explain`).
"""

from datetime import date
from typing import Any

import duckdb

from dbt_project import codes
from ingest.sql import Row, rows
from publish import labels
from publish.labels import full_name, norwegian, period

_ON_DAY = "from_day <= $day AND $day < to_day"
_UNTIL = "from_day <= $day"


class Said:
    """What HRM and VFS said, read from the warehouse. `current`: {(system, day): the current extract's date}."""

    def __init__(self, con: duckdb.DuckDBPyConnection, current: dict[tuple[str, date], date | None]):
        self._con, self._current = con, current
        self._org_names: dict[str, str] = dict(con.execute("SELECT org_number, name FROM intermediate.int_org_units").fetchall())

    def of(self, finding_type: str, subject_id: str, day: date) -> tuple[str, str, str]:
        """(name, what HRM said, what VFS said) about the subject of a finding on a day."""
        persons, employees = self._who(finding_type, subject_id, day)
        told_by_vfs = [self._person(person, subject_id, day) for person in persons]
        told_by_hrm = [self._employee(employee, day) for employee in employees]
        names = [name for name, _ in (*told_by_vfs, *told_by_hrm) if name]
        return (names[0] if names else "",
                self._whole("hrm", day, [text for _, text in told_by_hrm] or ["Ingen ansatt i HRM svarer til personen."]),
                self._whole("vfs", day, [text for _, text in told_by_vfs] or ["Ingen profil i VFS svarer til den ansatte."]))

    def _whole(self, system: str, day: date, sentences: list[str]) -> str:
        extract = self._current.get((system, day))
        return " ".join([f"Uttrekk av {norwegian(extract)}:" if extract else "Uten uttrekk:", *sentences])

    def _rows(self, sql: str, day: date, **parameters: Any) -> list[Row]:
        return rows(self._con, sql, {"day": day, **parameters})

    def _who(self, finding_type: str, subject_id: str, day: date) -> tuple[list[str], list[Row]]:
        """The VFS persons and the HRM employees (employee_id, employee_number, match_method) of a subject."""
        known = codes.FINDING_TYPES.get(finding_type)
        kind = known.subject if known else "person"
        matched = "SELECT DISTINCT person_id, employee_id, employee_number, match_method FROM intermediate.int_identity__matches"
        if kind == "hrm_position":
            owners = self._rows(f"""
                SELECT employee_id, employee_number, NULL AS match_method FROM intermediate.int_hrm__positions
                WHERE position_id = $id AND {_UNTIL} ORDER BY from_day DESC LIMIT 1""", day, id=subject_id)
            persons = [r["person_id"] for o in owners for r in self._rows(
                f"{matched} WHERE employee_id = $id AND {_ON_DAY} ORDER BY ALL", day, id=o["employee_id"])]
            return persons, owners
        if kind == "vfs_position":
            persons = [r["person_id"] for r in self._rows(f"""
                SELECT person_id FROM staging.stg_vfs__positions WHERE position_id = $id AND {_UNTIL}
                ORDER BY from_day DESC LIMIT 1""", day, id=subject_id)]
        else:
            persons = [subject_id.rpartition(":")[0] if kind == "person_at_org_unit" else subject_id]
        return persons, [r for p in persons for r in self._rows(
            f"{matched} WHERE person_id = $id AND {_ON_DAY} ORDER BY ALL", day, id=p)]

    def _person(self, person: str, subject_id: str, day: date) -> tuple[str, str]:
        profile = self._rows(f"""
            SELECT given_name, family_name, login_enabled, in_state_to_day > $day AS is_in_state
            FROM intermediate.int_vfs__persons_as_last_seen WHERE person_id = $id AND {_ON_DAY}""", day, id=person)
        positions = self._rows(f"""
            SELECT position_id, org_number, role, start_date, end_date FROM staging.stg_vfs__positions
            WHERE person_id = $id AND {_ON_DAY} AND (position_id = $subject OR end_date IS NULL OR end_date >= $day)
            ORDER BY position_id""", day, id=person, subject=subject_id)
        accesses = self._rows(f"""
            SELECT DISTINCT access_group, org_number FROM intermediate.int_vfs__effective_accesses
            WHERE person_id = $id AND {_ON_DAY} ORDER BY ALL""", day, id=person)
        name = full_name(profile[0]) if profile else ""
        if profile and profile[0]["is_in_state"]:
            told = [f"{name or 'Uten navn'} ({person}) {'kan' if profile[0]['login_enabled'] else 'kan ikke'} logge inn."]
        else:
            told = [f"{name or 'Uten navn'} ({person}) har ingen profil."]
        told += [f"Stilling {p['position_id']}{f' ({role})' if (role := p['role']) else ''} ved {self._org(p['org_number'])}: "
                 f"{period(p['start_date'], p['end_date'])}." for p in positions] or ["Ingen stilling som ikke er avsluttet."]
        if accesses or self._are_accesses_known(day):
            told += [f"Tilgangen «{a['access_group']}» ved {self._org(a['org_number'])} virker." for a in accesses] or [
                "Ingen tilgang virker."]
        else:
            told.append("Tilganger leveres ikke.")
        return name, " ".join(told)

    def _are_accesses_known(self, day: date) -> bool:
        return not self._rows(f"""
            SELECT 1 FROM intermediate.int_not_assessable WHERE name = 'inactive_with_access' AND {_ON_DAY}""", day)

    def _employee(self, employee: Row, day: date) -> tuple[str, str]:
        latest = self._rows(f"""
            SELECT given_name, family_name FROM intermediate.int_hrm__employees WHERE employee_id = $id AND {_UNTIL}
            ORDER BY from_day DESC LIMIT 1""", day, id=employee["employee_id"])
        positions = self._rows(f"""
            SELECT position_id, org_number, start_date, end_date, to_day > $day AS is_in_state
            FROM intermediate.int_hrm__positions WHERE employee_id = $id AND {_UNTIL}
            QUALIFY row_number() OVER (PARTITION BY position_id ORDER BY from_day DESC) = 1
            ORDER BY position_id""", day, id=employee["employee_id"])
        name = full_name(latest[0]) if latest else ""
        by = f", koblet på {labels.MATCH_METHODS[employee['match_method']]}" if employee["match_method"] else ""
        told = [f"Ansatt {employee['employee_number']}, {name or 'uten navn'}{by}."]
        told += [f"Stilling {p['position_id']} ved {self._org(p['org_number'])}: {period(p['start_date'], p['end_date'])}"
                 f"{'' if p['is_in_state'] else ', ikke lenger i HRM'}." for p in positions] or ["Ingen stilling."]
        return name, " ".join(told)

    def _org(self, org_number: str) -> str:
        name = self._org_names.get(org_number)
        return f"{name} ({org_number})" if name else org_number
