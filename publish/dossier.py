"""Everything the warehouse has about some people, read at once: their rows in both systems, and what dbt derived from them.

Belongs here: reading, by person and employee, for one case or for all of a report. Does not belong here: words for people
(`explain`), rules about people (SQL in `dbt_project`).
"""

from collections import defaultdict
from collections.abc import Iterable
from datetime import date
from typing import Any

import duckdb
import pyarrow as pa

from ingest.case_numbers import case_number
from ingest.sql import Row, rows, scalar

_NOW = "to_day > (SELECT as_of_date FROM staging.stg_run)"
_PERSONS, _EMPLOYEES = "IN (FROM chosen_persons)", "IN (FROM chosen_employees)"

# {name: (key, query)}; rows come in the order of their versions.
_QUERIES = {
    "profiles": ("person_id", f"SELECT * FROM intermediate.int_persons WHERE person_id {_PERSONS}"),
    "employees": ("employee_number", f"""
        SELECT * FROM staging.stg_hrm__employees WHERE employee_number {_EMPLOYEES} ORDER BY employee_number, from_day"""),
    "hrm_positions": ("employee_number", f"""
        SELECT * FROM staging.stg_hrm__positions WHERE employee_number {_EMPLOYEES} ORDER BY position_id, from_day"""),
    "hrm_end_dates": ("employee_number", f"""
        SELECT * FROM intermediate.int_hrm__end_dates WHERE employee_number {_EMPLOYEES} ORDER BY position_id"""),
    "persons": ("person_id", f"SELECT * FROM staging.stg_vfs__persons WHERE person_id {_PERSONS} ORDER BY person_id, from_day"),
    "vfs_positions": ("person_id", f"""
        SELECT * FROM staging.stg_vfs__positions WHERE person_id {_PERSONS} ORDER BY position_id, from_day"""),
    "accesses": ("person_id", f"""
        SELECT * FROM staging.stg_vfs__accesses WHERE person_id {_PERSONS}
        ORDER BY person_id, access_group, org_number, start_date, position_id, from_day"""),
    "positions_now": ("person_id", f"""
        SELECT p.*, p.position_id IN (SELECT position_id FROM intermediate.int_vfs__active_positions WHERE {_NOW}) AS is_active
        FROM staging.stg_vfs__positions p WHERE person_id {_PERSONS} AND {_NOW} ORDER BY position_id"""),
    "backing": ("vfs_position_id", f"""
        SELECT DISTINCT vfs_position_id, hrm_position_id, hrm_end_date, end_date_known_on FROM intermediate.int_backing
        WHERE vfs_position_id IN (SELECT position_id FROM staging.stg_vfs__positions WHERE person_id {_PERSONS}) AND {_NOW}
        ORDER BY ALL"""),
    "not_propagated": ("vfs_position_id", f"""
        SELECT vfs_position_id, hrm_position_id, cause, status, hrm_end_date, hrm_end_date_known_on, last_held_on
        FROM marts.end_date_propagation WHERE cause IS NOT NULL AND person_id {_PERSONS} ORDER BY hrm_position_id"""),
    "effective_accesses": ("person_id", f"""
        SELECT DISTINCT a.person_id, a.access_group, a.org_number, u.person_id IS NOT NULL AS is_uncovered
        FROM intermediate.int_vfs__effective_accesses a
        LEFT JOIN (SELECT * FROM intermediate.int_vfs__uncovered_accesses WHERE {_NOW}) u
          ON u.person_id = a.person_id AND u.access_group = a.access_group AND u.org_number = a.org_number
        WHERE a.person_id {_PERSONS} AND a.{_NOW} ORDER BY ALL"""),
    "findings": ("person_id", f"""
        SELECT f.*, c.cause, c.hrm_position_id, c.hrm_end_date, c.access_groups, c.why, c.remedy, c.review_reason
        FROM marts.findings f JOIN catalogue.finding_types t USING (finding_type) LEFT JOIN marts.cases c USING (finding_id)
        WHERE f.person_id {_PERSONS} OR (t.subject = 'hrm_position' AND f.subject_id IN (
          SELECT position_id FROM staging.stg_hrm__positions WHERE employee_number {_EMPLOYEES}))
        ORDER BY f.first_seen_on, f.finding_type, f.subject_id"""),
    "employees_of": ("person_id", f"""
        SELECT DISTINCT person_id, employee_number FROM intermediate.int_identity__matches
        WHERE person_id {_PERSONS} AND {_NOW} ORDER BY ALL"""),
    "persons_of": ("employee_number", f"""
        SELECT DISTINCT person_id, employee_number FROM intermediate.int_identity__matches
        WHERE employee_number {_EMPLOYEES} AND {_NOW} ORDER BY ALL"""),
}


class Dossier:
    """All rows about some VFS persons and HRM employees, by kind and key, e.g. `rows("persons", [person_id])`.

    The kinds and their keys are those of `_QUERIES`.
    """

    def __init__(
        self, con: duckdb.DuckDBPyConnection, persons: Iterable[str], employees: Iterable[str], *, and_matched: bool = False
    ):
        """`and_matched`: also read the employees that the persons are matched with."""
        for name, ids in (("chosen_persons", persons), ("chosen_employees", employees)):
            con.register(name, pa.table({"id": pa.array(sorted(set(ids)), pa.string())}))
        if and_matched:
            con.register("chosen_employees", con.execute(f"""
                SELECT employee_number AS id FROM intermediate.int_identity__matches
                WHERE person_id {_PERSONS} AND {_NOW} UNION FROM chosen_employees""").to_arrow_table())
        self.as_of_date: date = scalar(con, "SELECT as_of_date FROM staging.stg_run")
        window = con.execute("SELECT first_day FROM intermediate.int_evaluation_window").fetchone()
        self.first_day: date | None = window[0] if window else None
        self.first_extract: dict[str, date] = dict(con.execute(
            "SELECT upper(system), min(extract_date) FROM staging.stg_extracts GROUP BY system").fetchall())
        self._org_names: dict[str, str] = dict(con.execute("SELECT org_number, name FROM intermediate.int_org_units").fetchall())
        self._rows: dict[str, dict[str, list[Row]]] = {}
        for name, (key, sql) in _QUERIES.items():
            by_key: dict[str, list[Row]] = defaultdict(list)
            for row in rows(con, sql):
                by_key[row[key]].append(row)
            self._rows[name] = by_key
        for name in ("chosen_persons", "chosen_employees"):
            con.unregister(name)
        self._hrm_positions = {row["position_id"]: row for row in self.all_rows("hrm_end_dates")}

    def rows(self, name: str, keys: Iterable[str]) -> list[Row]:
        """The rows of one kind with these keys, in the order of the keys."""
        return [row for key in keys for row in self._rows[name].get(key, ())]

    def all_rows(self, name: str) -> list[Row]:
        """All rows of one kind."""
        return [row for with_one_key in self._rows[name].values() for row in with_one_key]

    def hrm_position(self, position_id: str) -> Row | None:
        """The row of int_hrm__end_dates for one HRM position; None when it is not in the dossier."""
        return self._hrm_positions.get(position_id)

    def org(self, org_number: str) -> str:
        """Name and number of an org unit; the number alone when neither system knows the unit."""
        name = self._org_names.get(org_number)
        return f"{name} ({org_number})" if name else org_number


def resolve(con: duckdb.DuckDBPyConnection, subject: str) -> tuple[list[str], list[str]]:
    """The VFS persons and HRM employees that an id belongs to, as (person ids, employee numbers); both are empty when neither
    system has ever held the id.

    `subject`: a person_id, a position_id of either system, an employee number, a finding_id or a case number.
    """
    def column(sql: str, parameter: Any) -> set[str]:
        return {value for (value,) in con.execute(sql, [parameter]).fetchall()} - {None}

    persons = column("""
        SELECT person_id FROM staging.stg_vfs__persons WHERE person_id = $1
        UNION SELECT person_id FROM staging.stg_vfs__positions WHERE $1 IN (person_id, position_id)
        UNION SELECT person_id FROM staging.stg_vfs__accesses WHERE person_id = $1
        UNION SELECT person_id FROM marts.findings WHERE $1 IN (finding_id, subject_id)""", subject)
    persons |= column("SELECT person_id FROM marts.findings WHERE case_number = ?", case_number(subject))
    employees = column("""
        SELECT employee_number FROM staging.stg_hrm__employees WHERE employee_number = $1
        UNION SELECT employee_number FROM staging.stg_hrm__positions WHERE $1 IN (employee_number, position_id)""", subject)
    matched = f"SELECT {{}} FROM intermediate.int_identity__matches WHERE list_contains($1, {{}}) AND {_NOW}"
    if not persons:
        persons = column(matched.format("person_id", "employee_number"), sorted(employees))
    # The others of a dispute belong to the same story.
    disputed = f"SELECT {{}} FROM intermediate.int_identity__disputes WHERE list_contains($1, person_id) AND {_NOW}"
    others = column(disputed.format("other_employee_number"), sorted(persons))
    persons |= column(disputed.format("other_person_id"), sorted(persons))
    employees |= others | column(matched.format("employee_number", "person_id"), sorted(persons))
    return sorted(persons), sorted(employees)
