"""The explanation of one case: what HRM and VFS had, since when, and why there is or is not a finding.

Belongs here: putting into words what dbt has worked out. Does not belong here: rules about people (SQL in `dbt_project`),
reading the warehouse (`dossier`).
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

import duckdb

from dbt_project import codes
from ingest.sql import Row
from publish import labels
from publish.dossier import Dossier, resolve
from publish.labels import norwegian, period


class UnknownSubject(LookupError):
    """Neither system has ever held this id."""


@dataclass
class Event:
    """A change in one system: something that is new, changed or gone in the extract of `day`. `text` is Norwegian."""

    day: date
    system: str
    text: str


@dataclass
class Verdict:
    """The assessment of one subject today: `reasons` step by step in Norwegian, then its unresolved `findings`, if any."""

    subject: str
    title: str
    reasons: list[str] = field(default_factory=list)
    findings: list[Row] = field(default_factory=list)


@dataclass
class Case:
    """The explanation of one id, across both systems, as of one day. `who`: a line for each profile and employee."""

    subject: str
    as_of_date: date
    first_day: date | None
    who: list[str]
    timeline: list[Event]
    verdicts: list[Verdict]
    past_findings: list[Row]


def explain(con: duckdb.DuckDBPyConnection, subject: str) -> Case:
    """The explanation of a person_id, a position_id of either system, an employee number, a finding_id or a case number.

    Raises UnknownSubject.
    """
    persons, employees = resolve(con, subject)
    if not persons and not employees:
        raise UnknownSubject(subject)
    dossier = Dossier(con, persons, employees)
    findings = dossier.all_rows("findings")
    return Case(
        subject=subject, as_of_date=dossier.as_of_date, first_day=dossier.first_day,
        who=who(dossier, persons, employees), timeline=timeline(dossier, persons, employees),
        verdicts=_verdicts(dossier, persons, [f for f in findings if f["status"] != "resolved"]),
        past_findings=[f for f in findings if f["status"] == "resolved"],
    )


def timeline(dossier: Dossier, persons: list[str], employees: list[str]) -> list[Event]:
    """Every change of these people's rows in both systems, in order of days."""
    return sorted([*_hrm_events(dossier, employees), *_vfs_events(dossier, persons)], key=lambda e: (e.day, e.system))


def reasons_of(dossier: Dossier, finding: Row) -> list[str]:
    """Why there is this unresolved finding, step by step in Norwegian. `finding`: a row of marts.findings with the columns of
    marts.cases."""
    positions = [p for p in dossier.rows("positions_now", [finding["person_id"]]) if p["position_id"] == finding["subject_id"]]
    if positions and codes.FINDING_TYPES[finding["finding_type"]].subject == "vfs_position":
        return _position_verdict(dossier, positions[0], [finding]).reasons
    return _other_verdict(dossier, finding["subject_id"], [finding]).reasons


def who(dossier: Dossier, persons: list[str], employees: list[str]) -> list[str]:
    """A line in Norwegian for each of these profiles and employees: who they are, and what they are matched with."""
    lines = []
    profiles = dossier.rows("profiles", persons)
    for p in profiles:
        name = " ".join(filter(None, [p["given_name"], p["family_name"]])) or "uten navn"
        matched = (f"koblet til ansatt {p['matched_employee_number']} på {labels.MATCH_METHODS[p['match_method']]}"
                   if p["matched_employee_number"] else "ikke koblet til noen ansatt i HRM")
        if not p["is_in_state"]:
            lines.append(f"{name} (profil {p['person_id']}): finnes ikke i VFS nå, men stilling eller tilgang står der fortsatt, "
                         f"{matched}, {labels.HRM_STATUSES[p['hrm_status']]} i HRM")
            continue
        login = "kan logge inn" if p["can_log_in"] else "kan ikke logge inn"
        lines.append(f"{name} (profil {p['person_id']} i VFS): {labels.REGISTERED_BY[p['registered_by']]}, {login}, {matched}, "
                     f"{labels.HRM_STATUSES[p['hrm_status']]} i HRM")
    shown = {p["person_id"] for p in profiles}
    lines += [f"Profil {person}: finnes ikke lenger i VFS" for person in persons if person not in shown]
    for number in employees:
        versions = dossier.rows("employees", [number])
        if versions:
            name = " ".join(filter(None, [versions[-1]["given_name"], versions[-1]["family_name"]])) or "uten navn"
            lines.append(f"{name} (ansatt {number} i HRM)")
    return lines


_COMPARED = {
    "org_number": "enhet", "start_date": "startdato", "end_date": "sluttdato", "percentage": "stillingsprosent",
    "employee_number": "ansattnummer", "role": "rolle", "hrm_position_id": "HRM-stilling", "registered_by": "registrering",
    "login_enabled": "kan logge inn", "person_id": "profil", "position_id": "stilling", "national_id_hash": "fødselsnummer",
}


def _hrm_events(dossier: Dossier, employees: list[str]) -> list[Event]:
    return [
        *_events(dossier, "HRM", dossier.rows("employees", employees), ("employee_number",),
                 lambda r: f"ansatt {r['employee_number']}"),
        *_events(dossier, "HRM", dossier.rows("hrm_positions", employees), ("position_id",), lambda r: _position(dossier, r)),
    ]


def _vfs_events(dossier: Dossier, persons: list[str]) -> list[Event]:
    return [
        *_events(dossier, "VFS", dossier.rows("persons", persons), ("person_id",), lambda r: f"profil {r['person_id']}"),
        *_events(dossier, "VFS", dossier.rows("vfs_positions", persons), ("position_id",), lambda r: _position(dossier, r)),
        *_events(dossier, "VFS", dossier.rows("accesses", persons),
                 ("person_id", "access_group", "org_number", "start_date", "position_id"),
                 lambda r: f"tilgangen «{r['access_group']}» ved {dossier.org(r['org_number'])}"),
    ]


def _position(dossier: Dossier, row: Row) -> str:
    return f"stilling {row['position_id']} ved {dossier.org(row['org_number'])}, {period(row['start_date'], row['end_date'])}"


def _events(
    dossier: Dossier, system: str, versions: list[Row], key: tuple[str, ...], name: Callable[[Row], str]
) -> list[Event]:
    """The events in one system's versions, which are ordered by key and first day: what is new, what changed, what is gone.

    `name` names a row in Norwegian.
    """
    end = dossier.as_of_date + timedelta(days=1)
    events = []
    before: Row | None = None

    def same(one: Row | None, other: Row | None) -> bool:
        return one is not None and other is not None and all(one[k] == other[k] for k in key)

    for row, after in zip(versions, [*versions[1:], None], strict=False):
        if before and same(before, row) and before["to_day"] == row["from_day"]:
            changes = [_change(dossier, column, before[column], row[column]) for column in _COMPARED
                       if column in row and column not in key and row[column] != before[column]]
            if changes:
                events.append(Event(row["from_day"], system, f"{name(row).split(',')[0]}: {', '.join(changes)}"))
        else:
            first = row["from_day"] == dossier.first_extract.get(system)
            word = "igjen" if same(before, row) else ("fra før" if first else "ny")
            events.append(Event(row["from_day"], system, f"{word}: {name(row)}"))
        goes_on = after is not None and same(row, after) and after["from_day"] == row["to_day"]
        if not goes_on and row["to_day"] < end:
            events.append(Event(row["to_day"], system, f"borte: {name(row)}"))
        before = row
    return events


def _change(dossier: Dossier, column: str, before: Any, after: Any) -> str:
    if column == "national_id_hash":
        return "fødselsnummeret er endret"  # the hash itself means nothing to people

    def shown(value: Any) -> str:
        if isinstance(value, date):
            return norwegian(value)
        if isinstance(value, bool):
            return "ja" if value else "nei"
        if column == "registered_by":
            return labels.REGISTERED_BY[value]
        if column == "org_number":
            return dossier.org(value)
        return str(value)

    if before is None:
        return f"{_COMPARED[column]} satt til {shown(after)}"
    return f"{_COMPARED[column]} {shown(before)} " + ("fjernet" if after is None else f"→ {shown(after)}")


def _verdicts(dossier: Dossier, persons: list[str], findings: list[Row]) -> list[Verdict]:
    by_subject: dict[str, list[Row]] = {}
    for finding in findings:
        by_subject.setdefault(finding["subject_id"], []).append(finding)
    verdicts = [_position_verdict(dossier, p, by_subject.pop(p["position_id"], []))
                for p in sorted(dossier.rows("positions_now", persons), key=lambda p: p["position_id"])]
    for subject, of_subject in sorted(by_subject.items()):
        verdicts.append(_other_verdict(dossier, subject, of_subject))
    for person in persons:
        if person not in by_subject:
            verdicts.append(_access_verdict(dossier, person))
    return verdicts


def _position_verdict(dossier: Dossier, p: Row, findings: list[Row]) -> Verdict:
    verdict = Verdict(p["position_id"], f"VFS-stilling {p['position_id']} ved {dossier.org(p['org_number'])}", [], findings)
    add = verdict.reasons.append
    add(f"{'Aktiv' if p['is_active'] else 'Ikke aktiv'} i VFS: {period(p['start_date'], p['end_date'])}, "
        f"{labels.REGISTERED_BY[p['registered_by']]}.")
    if not p["is_active"]:
        return verdict
    profile, = dossier.rows("profiles", [p["person_id"]])
    if profile["matched_employee_number"] is None:
        add("Personen er ikke koblet til noen ansatt i HRM, verken på ansattnummer eller fødselsnummer.")
    else:
        add(f"Koblet på {labels.MATCH_METHODS[profile['match_method']]} til ansatt {profile['matched_employee_number']}, som er "
            f"{labels.HRM_STATUSES[profile['hrm_status']]} i HRM.")
        backing = dossier.rows("backing", [p["position_id"]])
        for b in backing:
            known = f", kjent siden {norwegian(b['end_date_known_on'])}" if b["hrm_end_date"] else ""
            end = f"sluttdato {norwegian(b['hrm_end_date'])}{known}" if b["hrm_end_date"] else "ingen sluttdato"
            add(f"Har grunnlag i HRM-stilling {b['hrm_position_id']} ({end}).")
        if not backing:
            add("Ingen stilling i HRM gir grunnlag for den. HRM har:")
            for h in dossier.rows("hrm_end_dates", [profile["matched_employee_number"]]):
                if h["employee_id"] == profile["matched_employee_id"]:  # not those of another bearer of the number
                    add(f"  – {_hrm_position(dossier, h)}")
    for cause in dossier.rows("not_propagated", [p["position_id"]]):
        end = (f"sluttdato {norwegian(cause['hrm_end_date'])}, kjent siden {norwegian(cause['hrm_end_date_known_on'])}"
               if cause["hrm_end_date"] else f"sist i HRM {norwegian(cause['last_held_on'])}")
        add(f"HRM-stilling {cause['hrm_position_id']} ({end}): {labels.CAUSES[cause['cause']]}")
    for finding in findings:
        if finding["cause"] and (finding["cause"] == "manual_position" or not codes.CAUSES[finding["cause"]].is_of_propagation):
            add(finding["why"])
    return verdict


def _hrm_position(dossier: Dossier, h: Row) -> str:
    where = f"{h['position_id']} ved {dossier.org(h['org_number'])}"
    if h["is_vanished"]:
        return f"{where}: forsvant uten sluttdato, sist sett {norwegian(h['last_held_on'])}"
    dates = f"{where}: {period(h['start_date'], h['hrm_end_date'])}"
    if h["hrm_end_date"]:
        dates += f", sluttdatoen kjent siden {norwegian(h['hrm_end_date_known_on'])}"
        dates += " (satt tilbake i tid)" if h["is_backdated"] else ""
    return dates if h["is_in_state"] else f"{dates}, ikke lenger i HRM"


def _other_verdict(dossier: Dossier, subject: str, findings: list[Row]) -> Verdict:
    about = labels.subject(findings[0]["finding_type"], subject, dossier.org)
    verdict = Verdict(subject, labels.capital(about), [], findings)
    for finding in findings:
        match finding["finding_type"]:
            case "ended_early_in_vfs":
                if held := dossier.hrm_position(subject):
                    verdict.reasons.append(f"Aktiv i HRM: {_hrm_position(dossier, held)}.")
                verdict.reasons.append("Personen hadde stilling ved enheten i VFS, men har ingen der nå som ikke er avsluttet.")
            case "inactive_with_access" | "access_without_position":
                verdict.reasons += _access_lines(dossier, finding["person_id"], finding["org_number"])
            case _:
                verdict.reasons.append(finding["why"])
    return verdict


def _access_verdict(dossier: Dossier, person: str) -> Verdict:
    """A person without a finding of their own: which accesses are effective, and whether a position covers them."""
    verdict = Verdict(person, f"Tilganger for profil {person}")
    verdict.reasons = _access_lines(dossier, person, None) or ["Ingen tilgang virker nå."]
    return verdict


def _access_lines(dossier: Dossier, person: str, org_number: str | None) -> list[str]:
    rows = [r for r in dossier.rows("effective_accesses", [person]) if org_number in (None, r["org_number"])]
    return [
        f"Tilgangen «{r['access_group']}» ved {dossier.org(r['org_number'])} virker nå"
        + (", men personen har ingen aktiv stilling der." if r["is_uncovered"] else ".")
        for r in rows
    ]
