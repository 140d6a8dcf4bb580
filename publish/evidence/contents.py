"""What is in an auditor's pack, read from the warehouse, the published marts and the recorded decisions.

Of what happened after the last day nothing is read, but for what is known now of the days themselves: an extract let in later, a
delivery that came late.

Belongs here: reading, and which rows belong to a period. Does not belong here: layout (`written`).
"""

import json
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import duckdb

from ingest import journal
from ingest.canonical_tables import SOURCES, SYSTEMS
from ingest.decisions import Decisions
from ingest.national_ids import redact
from ingest.sql import Row, literal, rows, scalar
from publish import data_problems, labels
from publish.evidence.said import Said
from publish.labels import norwegian

_REVIEW = "kommuneadmin_review"
# What somebody said of the work on a case (decisions/handling.jsonl).
_HANDLING: dict[str | None, str] = {"in_progress": "under arbeid", "waiting": "venter", "done": "meldt gjort"}


class NotCovered(Exception):
    """Not every day of the period was evaluated. The text says which days are."""


@dataclass(frozen=True)
class Decision:
    """`what` and `about` are Norwegian; `why` is what the person wrote; `hrm` and `vfs`: what both systems said on that day."""

    day: date
    what: str
    about: str
    by: str
    why: str
    case_number: str = ""
    name: str = ""
    until: date | None = None
    hrm: str = ""
    vfs: str = ""


@dataclass(frozen=True)
class Contents:
    """The rows of a pack.

    `freshness`: rows of int_freshness__daily. `deliveries`: rows of ingest.extracts, with `why_withheld`, `let_in_by`,
    `let_in_on`, `let_in_why`. `counts`: {(day, finding type): {"open", "excepted", "opened", "resolved"}}; None for a type that
    was not assessable. `cases`: case_number, finding_types, person_id, name, org_name, opened_on, is_age_lower_bound,
    resolved_on.
    """

    first: date
    last: date
    first_evaluated: date
    max_extract_age_days: int
    systems: tuple[str, ...]
    freshness: list[Row]
    deliveries: list[Row]
    counts: dict[tuple[date, str], dict[str, int] | None]
    decisions: list[Decision]
    cases: list[Row]

    @property
    def days(self) -> list[date]:
        return days_from(self.first, self.last)

    @property
    def withheld(self) -> list[Row]:
        """The deliveries that were refused or quarantined, those that were let in later among them."""
        return [d for d in self.deliveries if d["status"] in ("refused", "quarantined") or d["let_in_on"]]

    @property
    def days_in_doubt(self) -> set[date]:
        """The days on which HRM or VFS was not fresh, so that a count may lack somebody."""
        return {f["evaluation_date"] for f in self.freshness if f["system"] in SYSTEMS and f["status"] != "fresh"}


def days_from(first: date, last: date) -> list[date]:
    """The days from `first` to `last`, both included."""
    return [first + timedelta(days=n) for n in range((last - first).days + 1)]


def covered(con: duckdb.DuckDBPyConnection, marts: Path) -> tuple[date, date] | None:
    """The first and the last day of which a pack can tell; None when nothing was evaluated yet."""
    if not marts.exists():
        return None
    window = con.execute("SELECT first_day, as_of_date FROM intermediate.int_evaluation_window").fetchone()
    if window is None:
        return None
    with _published(con, marts):
        as_of = scalar(con, "SELECT min(as_of_date) FROM published.data_freshness")
    purged_before = scalar(con, "SELECT purged_before FROM staging.stg_run")
    return max(filter(None, [window[0], purged_before])), min(window[1], as_of)


@contextmanager
def _published(con: duckdb.DuckDBPyConnection, marts: Path) -> Iterator[None]:
    """While the block runs, the published file is attached as `published`."""
    con.execute(f"ATTACH {literal(marts)} AS published (READ_ONLY)")
    try:
        yield
    finally:
        con.execute("DETACH published")


def read_contents(
    con: duckdb.DuckDBPyConnection, marts: Path, decisions: Decisions, first: date, last: date
) -> Contents:
    """The contents of the pack of the days `first` to `last`. `con` is the warehouse. Raises NotCovered."""
    days = covered(con, marts)
    if days is None:
        raise NotCovered("nothing is published yet; `sluttdato run` does that")
    if first < days[0] or last > days[1]:
        raise NotCovered(f"{first} to {last}: the days that are evaluated are {days[0]} to {days[1]}")
    period = {"first": first, "last": last}
    freshness = rows(con, """
        FROM intermediate.int_freshness__daily WHERE evaluation_date BETWEEN $first AND $last ORDER BY evaluation_date, system""",
        period)
    shown = {f["system"] for f in freshness}
    current = {(f["system"], f["evaluation_date"]): f["current_extract_date"] for f in freshness}
    accepted = journal.read_appended(decisions.root / "accepted.jsonl")
    with _published(con, marts):
        return Contents(
            first, last, scalar(con, "SELECT first_day FROM intermediate.int_evaluation_window"),
            scalar(con, "SELECT max_extract_age_days FROM staging.stg_run"), tuple(s for s in SOURCES if s in shown), freshness,
            _deliveries(con, accepted, period), read_counts(con, first, last),
            sorted(_decisions(con, decisions, accepted, Said(con, current), first, last),
                   key=lambda d: (d.day, d.what, d.about, d.by, d.why, str(d.until))),
            _cases(con, period))


def _deliveries(con: duckdb.DuckDBPyConnection, accepted: list[Row], period: dict[str, date]) -> list[Row]:
    """Every delivery dated in the period. Of one that was held back, why; of one that was let in, by whom, when and why."""
    let_in = {(a["system"], a["extract_date"], a["fingerprint"]): a for a in accepted}
    listed = rows(con, """
        SELECT system, extract_date, arrival, fingerprint, status, reason, reason_facts, row_count, rejected_count
        FROM ingest.extracts
        WHERE extract_date BETWEEN $first AND $last ORDER BY extract_date, system, arrival, fingerprint""", period)
    for delivery in listed:
        decided = let_in.get((delivery["system"], delivery["extract_date"].isoformat(), delivery.pop("fingerprint")), {})
        delivery["why_withheld"] = _why_withheld(delivery["status"], delivery.pop("reason"),
                                                 json.loads(delivery.pop("reason_facts") or "[]"))
        delivery["let_in_by"] = decided.get("decided_by")
        delivery["let_in_on"] = date.fromisoformat(decided["decided_on"]) if decided else None
        delivery["let_in_why"] = redact(decided["reason"]) if decided else None
    return listed


def _why_withheld(status: str, reason: str | None, facts: list[Row]) -> str | None:
    """Why an extract was held back, in Norwegian; None for one that was not."""
    if reason is None:
        return None
    is_refused = status == "refused" or any(f["code"] == "refused" for f in facts)
    return f"{labels.capital(data_problems.why_refused(facts) if is_refused else data_problems.why_quarantined(facts))}."


def read_counts(con: duckdb.DuckDBPyConnection, first: date, last: date) -> dict[tuple[date, str], dict[str, int] | None]:
    """The counts of each day and type, from the attached published file. A type that could not be assessed on a day has none,
    never zero."""
    period = {"first": first, "last": last}
    counted = {(r.pop("evaluation_date"), r.pop("finding_type")): r for r in rows(con, """
        SELECT evaluation_date, finding_type, sum(open_count)::INTEGER AS open, sum(excepted_count)::INTEGER AS excepted,
          sum(opened_count)::INTEGER AS opened, sum(resolved_count)::INTEGER AS resolved
        FROM published.finding_daily_counts WHERE evaluation_date BETWEEN $first AND $last GROUP BY ALL""", period)}
    unknown = set(con.execute("""
        SELECT days.day, name FROM intermediate.int_not_assessable
        JOIN (SELECT unnest(generate_series($first, $last, INTERVAL 1 DAY))::DATE AS day) AS days
          ON from_day <= days.day AND days.day < to_day""", period).fetchall())
    nothing = {"open": 0, "excepted": 0, "opened": 0, "resolved": 0}
    return {(day, t): None if (day, t) in unknown else counted.get((day, t), nothing)
            for day in days_from(first, last) for t in labels.FINDING_TYPES}


def _cases(con: duckdb.DuckDBPyConnection, period: dict[str, date]) -> list[Row]:
    """The cases that opened or were resolved in the period. One that was resolved after it is open."""
    listed = rows(con, """
        WITH known AS (
          SELECT * REPLACE (if(resolved_on > $last, NULL, resolved_on) AS resolved_on)
          FROM published.findings WHERE first_seen_on <= $last
        ), chains AS (
          SELECT case_number, list(finding_type ORDER BY first_seen_on, finding_type) AS finding_types,
            min(first_seen_on) AS opened_on, bool_or(is_age_lower_bound) AS is_age_lower_bound,
            if(bool_or(resolved_on IS NULL), NULL, max(resolved_on)) AS resolved_on,
            arg_min(person_id, (first_seen_on, person_id)) AS person_id, arg_max(org_number, first_seen_on) AS org_number
          FROM known GROUP BY case_number
        )
        SELECT chains.*, org_units.name AS org_name FROM chains
        LEFT JOIN published.org_units USING (org_number)
        WHERE opened_on >= $first OR resolved_on >= $first
        ORDER BY opened_on, case_number""", period)
    names = {r["person_id"]: labels.full_name(r) for r in rows(con, """
        SELECT person_id, given_name, family_name FROM intermediate.int_vfs__persons_as_last_seen WHERE from_day <= $last
        QUALIFY row_number() OVER (PARTITION BY person_id ORDER BY from_day DESC) = 1""", {"last": period["last"]})}
    return [{**c, "finding_types": list(dict.fromkeys(c["finding_types"])), "name": names.get(c["person_id"], "")}
            for c in listed]


def _decisions(
    con: duckdb.DuckDBPyConnection, recorded: Decisions, accepted: list[Row], said: Said, first: date, last: date
) -> list[Decision]:
    """Every decision made in the period."""
    case_numbers = _case_numbers(con)

    def read(name: str) -> list[Row]:
        return journal.read_appended(recorded.root / f"{name}.jsonl")

    def about(finding_type: str, subject_id: str, day: date) -> dict[str, Any]:
        name, hrm, vfs = said.of(finding_type, subject_id, day)
        return {"about": f"{labels.FINDING_TYPES.get(finding_type, finding_type)}: {labels.subject(finding_type, subject_id)}",
                "name": name, "hrm": hrm, "vfs": vfs, "case_number": _case_on(case_numbers[finding_type, subject_id], day)}

    made: list[Decision] = []
    exceptions = {e["exception_id"]: e for e in recorded.exceptions()}
    for e in exceptions.values():
        if first <= (day := e["approved_on"]) <= last:
            made.append(Decision(
                day, "Kommuneadmin bekreftet" if e["finding_type"] == _REVIEW else "Unntak", by=e["approved_by"],
                why=redact(e["reason"]), until=e["until"], **about(e["finding_type"], e["subject_id"], day)))
    for r in read("revocations"):
        if first <= (day := date.fromisoformat(r["revoked_on"])) <= last and (e := exceptions.get(r["exception_id"])):
            made.append(Decision(
                day, "Bekreftelse tilbakekalt" if e["finding_type"] == _REVIEW else "Unntak tilbakekalt", by=r["revoked_by"],
                why=redact(r.get("reason") or ""), **about(e["finding_type"], e["subject_id"], day)))
    for a in accepted:
        if first <= (day := date.fromisoformat(a["decided_on"])) <= last:
            extract = f"{labels.SYSTEMS[a['system']]}: uttrekk av {norwegian(date.fromisoformat(a['extract_date']))}"
            made.append(Decision(day, "Uttrekk sluppet inn", extract, a.get("decided_by", ""), redact(a["reason"])))
    for p in read("purges"):
        if first <= (day := date.fromisoformat(p["purged_on"])) <= last:
            made.append(Decision(day, "Sletting", f"det som tok slutt før {norwegian(date.fromisoformat(p['before']))}", "", ""))
    for h in read("handling"):
        if first <= (day := date.fromisoformat(h["recorded_on"][:10])) <= last:
            told = about(h["finding_type"], h["subject_id"], day)
            told["case_number"] = h["case_number"]
            made.append(Decision(day, f"Oppfølging: {_HANDLING.get(h.get('status'), 'uten status')}",
                                 by=h.get("handled_by") or "", why=redact(h.get("comment") or ""), **told))
    return made


def _case_numbers(con: duckdb.DuckDBPyConnection) -> defaultdict[tuple[str, str], list[Row]]:
    """{(finding type, subject): its findings, in order}."""
    by_subject: defaultdict[tuple[str, str], list[Row]] = defaultdict(list)
    for row in rows(con, "SELECT finding_type, subject_id, case_number, first_seen_on, resolved_on FROM published.findings "
                         "ORDER BY first_seen_on, case_number"):
        by_subject[row["finding_type"], row["subject_id"]].append(row)
    return by_subject


def _case_on(findings: list[Row], day: date) -> str:
    """The number of the case that stood on a day: of the one that began last, that day or before."""
    return next((f["case_number"] for f in reversed(findings) if f["first_seen_on"] <= day), "")
