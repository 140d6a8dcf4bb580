"""One case, explained: what HRM said and when, what VFS said and when, and why there is or is no finding.

It reads what dbt worked out in the warehouse and puts it into words. It decides nothing anew.
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
    findings: list[Row] = field(default_factory=list)


@dataclass
class Case:
    """All that is known of one person across both systems, as of one day."""

    subject: str
    as_of_date: date
    first_day: date | None
    who: list[str]
    timeline: list[Event]
    verdicts: list[Verdict]
    past_findings: list[Row]


def explain(con: duckdb.DuckDBPyConnection, subject: str) -> Case:
    """The case of a person_id, a position_id of either system, an employee number, or a finding. Raises UnknownSubject."""
    persons, employees = resolve(con, subject)
    if not persons and not employees:
        raise UnknownSubject(subject)
    dossier = Dossier(con, persons, employees)
    findings = dossier.everything("findings")
    return Case(
        subject=subject, as_of_date=dossier.as_of_date, first_day=dossier.first_day,
        who=_who(dossier, persons, employees), timeline=timeline(dossier, persons, employees),
        verdicts=_verdicts(dossier, persons, [f for f in findings if f["status"] != "resolved"]),
        past_findings=[f for f in findings if f["status"] == "resolved"],
    )


def timeline(dossier: Dossier, persons: list[str], employees: list[str]) -> list[Event]:
    """What both systems said of these people, from the first day on."""
    return sorted([*_hrm_events(dossier, employees), *_vfs_events(dossier, persons)], key=lambda e: (e.day, e.system))


def reasons_of(dossier: Dossier, finding: Row) -> list[str]:
    """Why one open finding (a row of marts.findings with the columns of marts.cases) is there, step by step."""
    positions = [p for p in dossier.of("positions_now", [finding["person_id"]]) if p["position_id"] == finding["subject_id"]]
    if positions and codes.FINDING_TYPES[finding["finding_type"]].subject == "vfs_position":
        return _of_vfs_position(dossier, positions[0], [finding]).reasons
    return _of_other_subject(dossier, finding["subject_id"], [finding]).reasons


def _who(dossier: Dossier, persons: list[str], employees: list[str]) -> list[str]:
    lines = []
    profiles = dossier.of("profiles", persons)
    for p in profiles:
        name = " ".join(filter(None, [p["given_name"], p["family_name"]])) or "uten navn"
        if not p["is_in_state"]:
            lines.append(f"{p['person_id']}: ingen profil i VFS nå, men stilling eller tilgang står der fortsatt")
            continue
        matched = (f"koblet til ansatt {p['matched_employee_number']} på {labels.MATCH_METHODS[p['match_method']]}"
                   if p["matched_employee_number"] else "ikke koblet til noen ansatt i HRM")
        login = "kan logge inn" if p["can_log_in"] else "kan ikke logge inn"
        lines.append(f"{name} (VFS {p['person_id']}): {labels.REGISTERED_BY[p['registered_by']]}, {login}, {matched}, "
                     f"{labels.HRM_STATUSES[p['hrm_status']]}")
    shown = {p["person_id"] for p in profiles}
    lines += [f"VFS {person}: finnes ikke lenger i VFS" for person in persons if person not in shown]
    for number in employees:
        versions = dossier.of("employees", [number])
        if versions:
            name = " ".join(filter(None, [versions[-1]["given_name"], versions[-1]["family_name"]])) or "uten navn"
            lines.append(f"{name} (HRM {number})")
    return lines


_TOLD = {
    "org_number": "enhet", "start_date": "startdato", "end_date": "sluttdato", "percentage": "prosent",
    "employee_number": "ansattnummer", "role": "rolle", "hrm_position_id": "HRM-stilling", "registered_by": "registrert av",
    "login_enabled": "kan logge inn", "person_id": "person", "position_id": "stilling", "national_id_hash": "fødselsnummer",
}


def _hrm_events(dossier: Dossier, employees: list[str]) -> list[Event]:
    return [
        *_events(dossier, "HRM", dossier.of("employees", employees), ("employee_number",),
                 lambda r: f"ansatt {r['employee_number']}"),
        *_events(dossier, "HRM", dossier.of("hrm_positions", employees), ("position_id",), lambda r: _position(dossier, r)),
    ]


def _vfs_events(dossier: Dossier, persons: list[str]) -> list[Event]:
    return [
        *_events(dossier, "VFS", dossier.of("persons", persons), ("person_id",), lambda r: f"profil {r['person_id']}"),
        *_events(dossier, "VFS", dossier.of("vfs_positions", persons), ("position_id",), lambda r: _position(dossier, r)),
        *_events(dossier, "VFS", dossier.of("accesses", persons),
                 ("person_id", "access_group", "org_number", "start_date", "position_id"),
                 lambda r: f"tilgang {r['access_group']} ved {dossier.org(r['org_number'])}"),
    ]


def _position(dossier: Dossier, row: Row) -> str:
    return f"stilling {row['position_id']} ved {dossier.org(row['org_number'])}, {period(row['start_date'], row['end_date'])}"


def _events(
    dossier: Dossier, system: str, versions: list[Row], key: tuple[str, ...], name: Callable[[Row], str]
) -> list[Event]:
    """What was there first, what changed, what went away, in the words of one system. `versions` stand in order."""
    end = dossier.as_of_date + timedelta(days=1)
    events = []
    before: Row | None = None

    def same(one: Row | None, other: Row | None) -> bool:
        return one is not None and other is not None and all(one[k] == other[k] for k in key)

    for row, after in zip(versions, [*versions[1:], None], strict=False):
        if before and same(before, row) and before["to_day"] == row["from_day"]:
            changes = [_change(dossier, column, before[column], row[column]) for column in _TOLD
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
        return "fødselsnummer endret"  # only that it changed: the hash itself says nothing to people
    def told(value: Any) -> str:
        if isinstance(value, date):
            return norwegian(value)
        if isinstance(value, bool):
            return "ja" if value else "nei"
        if column == "org_number" and value:
            return dossier.org(value)
        return "ingen" if value is None else str(value)

    return f"{_TOLD[column]} {told(before)} → {told(after)}"


def _verdicts(dossier: Dossier, persons: list[str], findings: list[Row]) -> list[Verdict]:
    by_subject: dict[str, list[Row]] = {}
    for finding in findings:
        by_subject.setdefault(finding["subject_id"], []).append(finding)
    verdicts = [_of_vfs_position(dossier, p, by_subject.pop(p["position_id"], []))
                for p in sorted(dossier.of("positions_now", persons), key=lambda p: p["position_id"])]
    for subject, found in sorted(by_subject.items()):
        verdicts.append(_of_other_subject(dossier, subject, found))
    for person in persons:
        if person not in by_subject:
            verdicts.append(_of_accesses(dossier, person))
    return verdicts


def _of_vfs_position(dossier: Dossier, p: Row, findings: list[Row]) -> Verdict:
    verdict = Verdict(p["position_id"], f"VFS-stilling {p['position_id']} ved {dossier.org(p['org_number'])}", [], findings)
    say = verdict.reasons.append
    say(f"{'Aktiv' if p['is_active'] else 'Ikke aktiv'} i VFS: {period(p['start_date'], p['end_date'])}, "
        f"{labels.REGISTERED_BY[p['registered_by']]}.")
    if not p["is_active"]:
        return verdict
    profile, = dossier.of("profiles", [p["person_id"]])
    if profile["matched_employee_number"] is None:
        say("Personen er ikke koblet til noen ansatt i HRM, verken på ansattnummer eller fødselsnummer.")
    else:
        say(f"Koblet til ansatt {profile['matched_employee_number']} på {labels.MATCH_METHODS[profile['match_method']]}, som er "
            f"{labels.HRM_STATUSES[profile['hrm_status']]}.")
        backing = dossier.of("backing", [p["position_id"]])
        for b in backing:
            known = f", kjent siden {norwegian(b['end_date_known_on'])}" if b["hrm_end_date"] else ""
            end = f"sluttdato {norwegian(b['hrm_end_date'])}{known}" if b["hrm_end_date"] else "ingen sluttdato"
            say(f"Har grunnlag i HRM-stilling {b['hrm_position_id']} ({end}).")
        if not backing:
            say("Ingen stilling i HRM gir grunnlag for den. HRM har:")
            for h in dossier.of("hrm_end_dates", [profile["matched_employee_number"]]):
                say(f"  – {_hrm_position(dossier, h)}")
    for cause in dossier.of("not_propagated", [p["position_id"]]):
        end = (f"sluttdato {norwegian(cause['hrm_end_date'])}, kjent siden {norwegian(cause['hrm_end_date_known_on'])}"
               if cause["hrm_end_date"] else f"sist i HRM {norwegian(cause['last_held_on'])}")
        say(f"HRM-stilling {cause['hrm_position_id']} ({end}): {labels.CAUSES[cause['cause']]}")
    for finding in findings:
        if finding["cause"] and (finding["cause"] == "manual_position" or not codes.CAUSES[finding["cause"]].is_of_propagation):
            say(finding["why"])
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


_SUBJECTS = {"vfs_position": "VFS-stilling", "hrm_position": "HRM-stilling", "person": "Person",
             "person_at_org_unit": "Person og skole"}


def _of_other_subject(dossier: Dossier, subject: str, findings: list[Row]) -> Verdict:
    kind = codes.FINDING_TYPES[findings[0]["finding_type"]].subject
    verdict = Verdict(subject, f"{_SUBJECTS[kind]} {subject}", [], findings)
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


def _of_accesses(dossier: Dossier, person: str) -> Verdict:
    """A person about whom nothing is found beside the positions: which accesses count, and that they are covered."""
    verdict = Verdict(person, f"Tilganger for {person}")
    verdict.reasons = _access_lines(dossier, person, None) or ["Ingen tilgang virker nå."]
    return verdict


def _access_lines(dossier: Dossier, person: str, org_number: str | None) -> list[str]:
    rows = [r for r in dossier.of("effective_accesses", [person]) if org_number in (None, r["org_number"])]
    return [
        f"Tilgangen {r['access_group']} ved {dossier.org(r['org_number'])} virker nå"
        + (", men personen har ingen aktiv stilling der." if r["is_uncovered"] else ".")
        for r in rows
    ]
