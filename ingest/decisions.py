"""What people decided: quarantined extracts let in, exceptions from findings and their revocations, how cases are handled, the
answers to worklists that were filled in, the purge horizon.

Append-only, with who and why; only a purge removes lines:

    decisions/accepted.jsonl, exceptions.jsonl, revocations.jsonl, handling.jsonl, answers.jsonl, purges.jsonl
"""

import hashlib
from collections.abc import Collection, Iterable, Mapping
from datetime import date
from pathlib import Path
from typing import Any

from ingest import journal
from ingest.canonical_tables import System
from ingest.errors import IngestError
from ingest.national_ids import holds_national_id

_ROW = ("content", "sheet", "line", "outcome")
_DAYS = ("recorded_on", "claimed_on", "taken_in_on")


class Decisions:
    """Recorded decisions below one folder. Reading them raises Damaged when a line cannot be read, or is gone (`journal`)."""

    def __init__(self, root: Path):
        self.root = root

    def accept(
        self, system: System, extract_date: date, fingerprint: str, reason: str, decided_on: date, decided_by: str = ""
    ) -> None:
        """Let in the quarantined content `fingerprint` of one day. Decisions of earlier versions do not say who decided."""
        self._append("accepted", system=system, extract_date=extract_date, fingerprint=fingerprint, reason=reason,
                     decided_on=decided_on, **({"decided_by": decided_by} if decided_by else {}))

    def accepted(self, system: System) -> set[tuple[date, str]]:
        """(extract date, fingerprint) of the contents let in."""
        return {(date.fromisoformat(d["extract_date"]), d["fingerprint"])
                for d in self._read("accepted") if d["system"] == system}

    def except_(
        self, finding_type: str, subject_id: str, approved_on: date, until: date, reason: str, approved_by: str
    ) -> str:
        """Approve that a subject has a finding of this type, from `approved_on` to `until`, both included.

        Returns the exception_id. If the same exception is in force already, nothing is recorded and its id is returned.
        """
        new = {"finding_type": finding_type, "subject_id": subject_id, "until": until, "reason": reason,
               "approved_by": approved_by}
        for standing in self.exceptions():
            in_force = standing["revoked_on"] is None and standing["approved_on"] <= approved_on
            if in_force and all(standing[k] == v for k, v in new.items()):
                return standing["exception_id"]
        exception = {"approved_on": approved_on, **new}
        known = {e["exception_id"] for e in self.exceptions()}
        exception_id = _digest(exception)
        while exception_id in known:  # the same again on one day, after it was revoked
            exception_id += "-2"
        self._append("exceptions", exception_id=exception_id, **exception)
        return exception_id

    def revoke(self, exception_id: str, revoked_on: date, reason: str, revoked_by: str) -> None:
        """Take an exception back, from `revoked_on` on. Raises KeyError when none with that id is in force."""
        if not any(e["exception_id"] == exception_id and e["revoked_on"] is None for e in self.exceptions()):
            raise KeyError(exception_id)
        self._append("revocations", exception_id=exception_id, revoked_on=revoked_on, reason=reason, revoked_by=revoked_by)

    def exceptions(self) -> list[dict[str, Any]]:
        """Every exception ever approved, oldest first: exception_id, finding_type, subject_id, approved_on, until, reason,
        approved_by, and revoked_on and revoked_by (None where it was not revoked)."""
        revoked = {r["exception_id"]: r for r in self._read("revocations")}
        listed = []
        for e in self._read("exceptions"):
            exception_id = e.get("exception_id") or _digest(e)  # an earlier version wrote none
            by = revoked.get(exception_id, {})
            listed.append({
                **e, "exception_id": exception_id, "approved_on": date.fromisoformat(e["approved_on"]),
                "until": date.fromisoformat(e["until"]),
                "revoked_on": date.fromisoformat(by["revoked_on"]) if by else None, "revoked_by": by.get("revoked_by")})
        return listed

    def handle(self, lines: Iterable[Mapping[str, Any]]) -> None:
        """Record how cases are handled from now on, all of it or nothing: a line for each finding of a case, with case_number,
        finding_type, subject_id, status (None: taken back), handled_by, comment, claimed_on (since when it is said to be done),
        recorded_on, source (a file's name), place and content (its digest)."""
        self._append_all("handling", lines)

    def handling(self) -> list[dict[str, Any]]:
        """Every line ever recorded by `handle`, in that order, with its sequence_number, counted from 1 among those that a purge
        left."""
        return [{**line, "sequence_number": number} for number, line in enumerate(self._read_days("handling"), start=1)]

    def answer(self, lines: Iterable[Mapping[str, Any]]) -> None:
        """Record what became of the rows of a file: taken_in_on, file, sheet, line, case_number, person_id, outcome, text and
        content (the file's digest). What was recorded of the same row is not recorded again."""
        known = {tuple(a[k] for k in _ROW) for a in self._read("answers")}
        judged = known | {(*a[:-1], "unchanged") for a in known}
        self._append_all("answers", [a for a in lines if tuple(a[k] for k in _ROW) not in judged])

    def answers(self) -> list[dict[str, Any]]:
        """Every line ever recorded by `answer`, in that order, with its sequence_number."""
        return [{**line, "sequence_number": number} for number, line in enumerate(self._read_days("answers"), start=1)]

    def purge(self, before: date, purged_on: date, open_cases: Collection[str] | None = None) -> None:
        """Record a purge of what ended before a day, and remove what ended before it: exceptions, answers, and how cases were
        handled, but for the last that is known of one of the `open_cases` (by number; None: of any)."""
        self._append("purges", before=before, purged_on=purged_on)
        ended = {e["exception_id"] for e in self.exceptions() if min(e["until"], e["revoked_on"] or e["until"]) < before}
        for name in ("exceptions", "revocations"):
            journal.keep_appended(self.root / f"{name}.jsonl", [
                r for r in self._read(name) if (r.get("exception_id") or _digest(r)) not in ended])
        last = {(h["case_number"], h["finding_type"], h["subject_id"]): n for n, h in enumerate(self._read("handling"))
                if open_cases is None or h["case_number"] in open_cases}
        journal.keep_appended(self.root / "handling.jsonl", [
            h for n, h in enumerate(self._read("handling")) if h["recorded_on"] >= before.isoformat() or n in last.values()])
        journal.keep_appended(self.root / "answers.jsonl", [
            a for a in self._read("answers") if a["taken_in_on"] >= before.isoformat()])

    def purged_before(self) -> date | None:
        """The latest day of `purge(before)`; None when nothing was purged."""
        return max((date.fromisoformat(p["before"]) for p in self._read("purges")), default=None)

    def _append(self, name: str, **decision: Any) -> None:
        self._append_all(name, [decision])

    def _append_all(self, name: str, decisions: Iterable[Mapping[str, Any]]) -> None:
        records = [dict(d) for d in decisions]
        if any(holds_national_id(" | ".join(v for v in d.values() if isinstance(v, str))) for d in records):
            raise IngestError("the decision holds a national id, which must not be stored; use a number of the person instead")
        if records:
            journal.append_json(self.root / f"{name}.jsonl", *records)

    def _read_days(self, name: str) -> list[dict[str, Any]]:
        return [{k: date.fromisoformat(v) if k in _DAYS and v else v for k, v in record.items()} for record in self._read(name)]

    def _read(self, name: str) -> list[dict[str, Any]]:
        return journal.read_appended(self.root / f"{name}.jsonl")


def _digest(exception: dict[str, Any]) -> str:
    text = "|".join(str(exception[k]) for k in ("finding_type", "subject_id", "approved_on", "until", "reason", "approved_by"))
    return hashlib.sha256(text.encode()).hexdigest()[:8].upper()
