"""What people decided: quarantined extracts let in, exceptions from findings and their revocations, the purge horizon.

Append-only, with who and why; only a purge removes lines:

    decisions/accepted.jsonl, decisions/exceptions.jsonl, decisions/revocations.jsonl, decisions/purges.jsonl
"""

import hashlib
from datetime import date
from pathlib import Path
from typing import Any

from ingest import journal
from ingest.canonical_tables import System
from ingest.errors import IngestError
from ingest.national_ids import holds_national_id


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

    def purge(self, before: date, purged_on: date) -> None:
        """Record a purge of what ended before a day, and remove the exceptions that ended before it."""
        self._append("purges", before=before, purged_on=purged_on)
        ended = {e["exception_id"] for e in self.exceptions() if min(e["until"], e["revoked_on"] or e["until"]) < before}
        for name in ("exceptions", "revocations"):
            journal.keep_appended(self.root / f"{name}.jsonl", [
                r for r in self._read(name) if (r.get("exception_id") or _digest(r)) not in ended])

    def purged_before(self) -> date | None:
        """The latest day of `purge(before)`; None when nothing was purged."""
        return max((date.fromisoformat(p["before"]) for p in self._read("purges")), default=None)

    def _append(self, name: str, **decision: Any) -> None:
        if holds_national_id(" | ".join(v for v in decision.values() if isinstance(v, str))):
            raise IngestError("the decision holds a national id, which must not be stored; use a number of the person instead")
        journal.append_json(self.root / f"{name}.jsonl", decision)

    def _read(self, name: str) -> list[dict[str, Any]]:
        return journal.read_appended(self.root / f"{name}.jsonl")


def _digest(exception: dict[str, Any]) -> str:
    text = "|".join(str(exception[k]) for k in ("finding_type", "subject_id", "approved_on", "until", "reason", "approved_by"))
    return hashlib.sha256(text.encode()).hexdigest()[:8].upper()
