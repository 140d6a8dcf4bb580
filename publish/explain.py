"""One case, explained: what HRM said and when, what VFS said and when, and why there is or is no finding.

It reads what dbt worked out in the warehouse and puts it into words. It decides nothing anew.
"""

from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

import duckdb

from publish import labels
from publish.labels import norwegian, period


class UnknownSubject(LookupError):
    """Nobody and nothing in either system has this id."""


@dataclass
class Event:
    """Something a system said for the first time in the extract of `day`."""

    day: date
    system: str
    text: str


@dataclass
class Verdict:
    """What holds of one subject today: `reasons` step by step, then `findings` (open ones) or none."""

    subject: str
    title: str
    reasons: list[str] = field(default_factory=list)
    findings: list[dict[str, Any]] = field(default_factory=list)


@dataclass
class Case:
    """All that is known of one person across both systems, as of one day."""

    subject: str
    as_of_date: date
    first_day: date | None
    who: list[str]
    timeline: list[Event]
    verdicts: list[Verdict]
    past_findings: list[dict[str, Any]]


def explain(con: duckdb.DuckDBPyConnection, subject: str) -> Case:
    """The case of a person_id, a position_id of either system, an employee number, or a finding. Raises UnknownSubject."""
    reader = _Reader(con)
    persons, employees = reader.resolve(subject)
    as_of = reader.one("SELECT as_of_date FROM staging.stg_run")["as_of_date"]
    window = reader.rows("SELECT first_day FROM intermediate.int_evaluation_window")
    findings = reader.findings(persons, employees)
    return Case(
        subject=subject, as_of_date=as_of, first_day=window[0]["first_day"] if window else None,
        who=_who(reader, persons, employees),
        timeline=sorted([*_hrm_events(reader, employees), *_vfs_events(reader, persons)], key=lambda e: (e.day, e.system)),
        verdicts=_verdicts(reader, persons, employees, [f for f in findings if f["status"] != "resolved"]),
        past_findings=[f for f in findings if f["status"] == "resolved"],
    )


class _Reader:
    """Queries on the warehouse, with rows as dictionaries and org units by name."""

    def __init__(self, con: duckdb.DuckDBPyConnection):
        self._con = con
        self._org_names = {r["org_number"]: r["name"] for r in self.rows("FROM intermediate.int_org_units")}

    def rows(self, sql: str, *parameters: Any) -> list[dict[str, Any]]:
        cursor = self._con.execute(sql, list(parameters))
        names = [d[0] for d in cursor.description]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]

    def one(self, sql: str, *parameters: Any) -> dict[str, Any]:
        return self.rows(sql, *parameters)[0]

    def column(self, sql: str, *parameters: Any) -> list[Any]:
        return sorted({next(iter(r.values())) for r in self.rows(sql, *parameters)} - {None})

    def org(self, org_number: str) -> str:
        name = self._org_names.get(org_number)
        return f"{name} ({org_number})" if name else org_number

    def resolve(self, subject: str) -> tuple[list[str], list[str]]:
        """The VFS persons and HRM employees that an id leads to."""
        persons = set(self.column("""
            SELECT person_id FROM staging.stg_vfs__persons WHERE person_id = $1
            UNION SELECT person_id FROM staging.stg_vfs__positions WHERE $1 IN (person_id, position_id)
            UNION SELECT person_id FROM staging.stg_vfs__accesses WHERE person_id = $1
            UNION SELECT person_id FROM marts.findings WHERE $1 IN (finding_id, subject_id)""", subject))
        employees = set(self.column("""
            SELECT employee_number FROM staging.stg_hrm__employees WHERE employee_number = $1
            UNION SELECT employee_number FROM staging.stg_hrm__positions WHERE $1 IN (employee_number, position_id)""",
            subject))
        if not persons and not employees:
            raise UnknownSubject(subject)
        if not persons:
            persons |= set(self.column(
                "SELECT person_id FROM intermediate.int_identity__matches_as_last_seen "
                "WHERE list_contains($1, employee_number) AND to_day > (SELECT as_of_date FROM staging.stg_run)",
                sorted(employees)))
        employees |= set(self.column(
            "SELECT employee_number FROM intermediate.int_identity__matches_as_last_seen "
            "WHERE list_contains($1, person_id) AND to_day > (SELECT as_of_date FROM staging.stg_run)", sorted(persons)))
        return sorted(persons), sorted(employees)

    def findings(self, persons: list[str], employees: list[str]) -> list[dict[str, Any]]:
        """Findings of the case, with cause and remedy where a list of today holds them."""
        return self.rows("""
            SELECT f.*, m.cause, m.hrm_position_id, coalesce(m.remedy, i.remedy, a.remedy) AS remedy, k.review_reason
            FROM marts.findings f
            LEFT JOIN marts.status_mismatches m
              ON m.vfs_position_id = f.subject_id AND m.finding_type = f.finding_type AND f.resolved_on IS NULL
            LEFT JOIN marts.inactive_with_access i
              ON i.person_id = f.subject_id AND f.finding_type = 'inactive_with_access' AND f.resolved_on IS NULL
            LEFT JOIN marts.access_without_position a
              ON a.person_id || ':' || a.org_number = f.subject_id AND f.finding_type = 'access_without_position'
              AND f.resolved_on IS NULL
            LEFT JOIN (SELECT person_id, any_value(review_reason) AS review_reason FROM marts.kommuneadmin_roster GROUP BY 1) k
              ON k.person_id = f.subject_id AND f.finding_type = 'kommuneadmin_review' AND f.resolved_on IS NULL
            WHERE list_contains($1, f.person_id) OR (f.finding_type = 'ended_early_in_vfs' AND f.subject_id IN (
              SELECT position_id FROM staging.stg_hrm__positions WHERE list_contains($2, employee_number)))
            ORDER BY f.first_seen_on, f.finding_type, f.subject_id""", persons, employees)


def _who(reader: _Reader, persons: list[str], employees: list[str]) -> list[str]:
    lines = []
    for p in reader.rows("SELECT * FROM intermediate.int_persons WHERE list_contains($1, person_id) ORDER BY person_id", persons):
        name = " ".join(filter(None, [p["given_name"], p["family_name"]])) or "uten navn"
        if not p["is_in_state"]:
            lines.append(f"{p['person_id']}: ingen profil i VFS nå, men stilling eller tilgang står der fortsatt")
            continue
        matched = (f"koblet til ansatt {p['matched_employee_number']} på {labels.MATCH_METHODS[p['match_method']]}"
                   if p["matched_employee_number"] else "ikke koblet til noen ansatt i HRM")
        login = "kan logge inn" if p["can_log_in"] else "kan ikke logge inn"
        lines.append(f"{name} (VFS {p['person_id']}): {labels.REGISTERED_BY[p['registered_by']]}, {login}, {matched}, "
                     f"{labels.HRM_STATUSES[p['hrm_status']]}")
    shown = set(reader.column("SELECT person_id FROM intermediate.int_persons WHERE list_contains($1, person_id)", persons))
    lines += [f"VFS {person}: finnes ikke lenger i VFS" for person in persons if person not in shown]
    for e in reader.rows("""
            SELECT employee_number, arg_max(given_name, from_day) AS given_name, arg_max(family_name, from_day) AS family_name
            FROM staging.stg_hrm__employees WHERE list_contains($1, employee_number) GROUP BY 1 ORDER BY 1""", employees):
        name = " ".join(filter(None, [e["given_name"], e["family_name"]])) or "uten navn"
        lines.append(f"{name} (HRM {e['employee_number']})")
    return lines


_TOLD = {
    "org_number": "enhet", "start_date": "startdato", "end_date": "sluttdato", "percentage": "prosent",
    "employee_number": "ansattnummer", "role": "rolle", "hrm_position_id": "HRM-stilling", "registered_by": "registrert av",
    "login_enabled": "kan logge inn", "person_id": "person", "position_id": "stilling", "national_id_hash": "fødselsnummer",
}


def _hrm_events(reader: _Reader, employees: list[str]) -> list[Event]:
    chosen = "WHERE list_contains($1, employee_number)"
    return [
        *_events(reader, "HRM", f"SELECT employee_number AS key, national_id_hash, from_day, to_day "
                 f"FROM staging.stg_hrm__employees {chosen}", employees, lambda r: f"ansatt {r['key']}"),
        *_events(reader, "HRM", f"SELECT position_id AS key, org_number, start_date, end_date, percentage, from_day, to_day "
                 f"FROM staging.stg_hrm__positions {chosen}", employees, lambda r: _position(reader, r)),
    ]


def _vfs_events(reader: _Reader, persons: list[str]) -> list[Event]:
    chosen = "WHERE list_contains($1, person_id)"
    return [
        *_events(reader, "VFS", f"SELECT person_id AS key, employee_number, national_id_hash, login_enabled, registered_by, "
                 f"from_day, to_day FROM staging.stg_vfs__persons {chosen}", persons, lambda r: f"profil {r['key']}"),
        *_events(reader, "VFS", f"SELECT position_id AS key, org_number, start_date, end_date, role, hrm_position_id, "
                 f"registered_by, from_day, to_day FROM staging.stg_vfs__positions {chosen}", persons,
                 lambda r: _position(reader, r)),
        *_events(reader, "VFS", f"SELECT concat_ws('|', person_id, access_group, org_number, start_date, position_id) AS key, "
                 f"access_group, org_number, end_date, from_day, to_day FROM staging.stg_vfs__accesses {chosen}", persons,
                 lambda r: f"tilgang {r['access_group']} ved {reader.org(r['org_number'])}"),
    ]


def _position(reader: _Reader, row: dict[str, Any]) -> str:
    return f"stilling {row['key']} ved {reader.org(row['org_number'])}, {period(row['start_date'], row['end_date'])}"


def _events(reader: _Reader, system: str, sql: str, ids: list[str], name: Any) -> list[Event]:
    """What was there first, what changed, what went away, in the words of one system."""
    end = reader.one("SELECT as_of_date FROM staging.stg_run")["as_of_date"] + timedelta(days=1)
    first_extract = reader.one(
        "SELECT min(extract_date) AS day FROM staging.stg_extracts WHERE system = $1", system.lower())["day"]
    events = []
    before: dict[str, Any] | None = None
    rows = reader.rows(f"{sql} ORDER BY key, from_day", ids)
    for row, after in zip(rows, [*rows[1:], None], strict=True):
        follows = before is not None and before["key"] == row["key"]
        if follows and before["to_day"] == row["from_day"]:
            changes = [_change(reader, column, before[column], row[column]) for column in _TOLD
                       if column in row and row[column] != before[column]]
            if changes:
                events.append(Event(row["from_day"], system, f"{name(row).split(',')[0]}: {', '.join(changes)}"))
        else:
            word = "igjen" if follows else ("fra før" if row["from_day"] == first_extract else "ny")
            events.append(Event(row["from_day"], system, f"{word}: {name(row)}"))
        goes_on = after is not None and after["key"] == row["key"] and after["from_day"] == row["to_day"]
        if not goes_on and row["to_day"] < end:
            events.append(Event(row["to_day"], system, f"borte: {name(row)}"))
        before = row
    return events


def _change(reader: _Reader, column: str, before: Any, after: Any) -> str:
    if column == "national_id_hash":
        return "fødselsnummer endret"  # only that it changed: the hash itself says nothing to people
    def told(value: Any) -> str:
        if isinstance(value, date):
            return norwegian(value)
        if isinstance(value, bool):
            return "ja" if value else "nei"
        if column == "org_number" and value:
            return reader.org(value)
        return "ingen" if value is None else str(value)

    return f"{_TOLD[column]} {told(before)} → {told(after)}"


def _verdicts(
    reader: _Reader, persons: list[str], employees: list[str], findings: list[dict[str, Any]]
) -> list[Verdict]:
    by_subject: dict[str, list[dict[str, Any]]] = {}
    for finding in findings:
        by_subject.setdefault(finding["subject_id"], []).append(finding)
    verdicts = [_of_vfs_position(reader, p, by_subject.pop(p["position_id"], [])) for p in reader.rows("""
        SELECT p.*, active.position_id IS NOT NULL AS is_active, persons.hrm_status, persons.matched_employee_number,
          persons.match_method
        FROM staging.stg_vfs__positions p
        JOIN intermediate.int_persons persons USING (person_id)
        LEFT JOIN (SELECT DISTINCT position_id FROM intermediate.int_vfs__active_positions
                   WHERE to_day > (SELECT as_of_date FROM staging.stg_run)) active USING (position_id)
        WHERE list_contains($1, p.person_id) AND p.to_day > (SELECT as_of_date FROM staging.stg_run)
        ORDER BY p.position_id""", persons)]
    hrm_positions = {p["position_id"]: p for p in reader.rows(
        "SELECT * FROM intermediate.int_hrm__end_dates WHERE list_contains($1, employee_number)", employees)}
    for subject, found in sorted(by_subject.items()):
        verdicts.append(_of_other_subject(reader, subject, found, hrm_positions))
    for person in persons:
        if person not in by_subject:
            verdicts.append(_of_accesses(reader, person))
    return verdicts


def _of_vfs_position(reader: _Reader, p: dict[str, Any], findings: list[dict[str, Any]]) -> Verdict:
    verdict = Verdict(p["position_id"], f"VFS-stilling {p['position_id']} ved {reader.org(p['org_number'])}", [], findings)
    say = verdict.reasons.append
    say(f"{'Aktiv' if p['is_active'] else 'Ikke aktiv'} i VFS: {period(p['start_date'], p['end_date'])}, "
        f"{labels.REGISTERED_BY[p['registered_by']]}.")
    if not p["is_active"]:
        return verdict
    if p["matched_employee_number"] is None:
        say("Personen er ikke koblet til noen ansatt i HRM, verken på ansattnummer eller fødselsnummer.")
    else:
        say(f"Koblet til ansatt {p['matched_employee_number']} på {labels.MATCH_METHODS[p['match_method']]}, som er "
            f"{labels.HRM_STATUSES[p['hrm_status']]}.")
        backing = reader.rows("""
            SELECT hrm_position_id, hrm_end_date, end_date_known_on FROM intermediate.int_backing
            WHERE vfs_position_id = $1 AND to_day > (SELECT as_of_date FROM staging.stg_run) ORDER BY 1""", p["position_id"])
        for b in backing:
            known = f", kjent siden {norwegian(b['end_date_known_on'])}" if b["hrm_end_date"] else ""
            end = f"sluttdato {norwegian(b['hrm_end_date'])}{known}" if b["hrm_end_date"] else "ingen sluttdato"
            say(f"Har grunnlag i HRM-stilling {b['hrm_position_id']} ({end}).")
        if not backing:
            say("Ingen stilling i HRM gir grunnlag for den. HRM har:")
            for h in reader.rows("SELECT * FROM intermediate.int_hrm__end_dates WHERE employee_number = $1 ORDER BY position_id",
                                 p["matched_employee_number"]):
                say(f"  – {_hrm_position(reader, h)}")
    for cause in reader.rows("""
            SELECT hrm_position_id, cause, status, hrm_end_date, hrm_end_date_known_on, last_held_on
            FROM marts.end_date_propagation WHERE vfs_position_id = $1 AND cause IS NOT NULL ORDER BY 1""", p["position_id"]):
        end = (f"sluttdato {norwegian(cause['hrm_end_date'])}, kjent siden {norwegian(cause['hrm_end_date_known_on'])}"
               if cause["hrm_end_date"] else f"sist i HRM {norwegian(cause['last_held_on'])}")
        say(f"HRM-stilling {cause['hrm_position_id']} ({end}): {labels.CAUSES[cause['cause']]}")
    for finding in findings:
        if finding.get("cause") in ("moved", "not_started", "no_counterpart", "manual_position"):
            say(labels.CAUSES[finding["cause"]])
    return verdict


def _hrm_position(reader: _Reader, h: dict[str, Any]) -> str:
    where = f"{h['position_id']} ved {reader.org(h['org_number'])}"
    if h["is_vanished"]:
        return f"{where}: forsvant uten sluttdato, sist sett {norwegian(h['last_held_on'])}"
    dates = f"{where}: {period(h['start_date'], h['hrm_end_date'])}"
    if h["hrm_end_date"]:
        dates += f", sluttdatoen kjent siden {norwegian(h['hrm_end_date_known_on'])}"
        dates += " (satt tilbake i tid)" if h["is_backdated"] else ""
    return dates if h["is_in_state"] else f"{dates}, ikke lenger i HRM"


def _of_other_subject(
    reader: _Reader, subject: str, findings: list[dict[str, Any]], hrm_positions: dict[str, dict[str, Any]]
) -> Verdict:
    verdict = Verdict(subject, f"{subject}", [], findings)
    for finding in findings:
        match finding["finding_type"]:
            case "ended_early_in_vfs":
                verdict.title = f"HRM-stilling {subject}"
                if subject in hrm_positions:
                    verdict.reasons.append(f"Aktiv i HRM: {_hrm_position(reader, hrm_positions[subject])}.")
                verdict.reasons.append("Personen hadde stilling ved enheten i VFS, men har ingen der nå som ikke er avsluttet.")
            case "kommuneadmin_review":
                reason = labels.REVIEW_REASONS.get(finding["review_reason"], "")
                verdict.reasons.append(f"Har kommuneadmin-tilgang og {reason}.")
            case "disputed_identity":
                verdict.reasons.append(
                    "Ansattnummer og fødselsnummer peker på ulike ansatte, eller flere deler det samme.")
            case "inactive_with_access" | "access_without_position":
                verdict.reasons += _access_lines(reader, finding["person_id"], finding["org_number"])
    if verdict.title == subject:
        verdict.title = f"Person {subject}" if ":" not in subject else f"Person og skole {subject}"
    return verdict


def _of_accesses(reader: _Reader, person: str) -> Verdict:
    """A person about whom nothing is found beside the positions: which accesses count, and that they are covered."""
    verdict = Verdict(person, f"Tilganger for {person}")
    verdict.reasons = _access_lines(reader, person, None) or ["Ingen tilgang virker nå."]
    return verdict


def _access_lines(reader: _Reader, person: str, org_number: str | None) -> list[str]:
    rows = reader.rows("""
        SELECT DISTINCT a.access_group, a.org_number, u.person_id IS NOT NULL AS is_uncovered
        FROM intermediate.int_vfs__effective_accesses a
        LEFT JOIN intermediate.int_vfs__uncovered_accesses u
          ON u.person_id = a.person_id AND u.access_group = a.access_group AND u.org_number = a.org_number
          AND u.to_day > (SELECT as_of_date FROM staging.stg_run)
        WHERE a.person_id = $1 AND a.to_day > (SELECT as_of_date FROM staging.stg_run)
          AND ($2 IS NULL OR a.org_number = $2) ORDER BY ALL""", person, org_number)
    return [
        f"Tilgangen {r['access_group']} ved {reader.org(r['org_number'])} virker nå"
        + (", men personen har ingen aktiv stilling der." if r["is_uncovered"] else ".")
        for r in rows
    ]
