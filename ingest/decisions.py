"""What people decided: quarantined extracts let in, exceptions from findings, the purge horizon.

Append-only, with who and why:

    decisions/accepted.jsonl, decisions/exceptions.jsonl, decisions/purges.jsonl
"""

import json
import os
from datetime import date
from pathlib import Path
from typing import Any

from ingest import files
from ingest.contract import System


class Decisions:
    """Recorded decisions below one folder. A line cut short by a crash is not a decision and is skipped."""

    def __init__(self, root: Path):
        self.root = root

    def accept(self, system: System, extract_date: date, fingerprint: str, reason: str, decided_on: date) -> None:
        """Let in the quarantined content `fingerprint` of one day."""
        self._append("accepted", system=system, extract_date=extract_date, fingerprint=fingerprint, reason=reason,
                     decided_on=decided_on)

    def accepted(self, system: System) -> set[tuple[date, str]]:
        """(extract date, fingerprint) of the contents let in."""
        return {(date.fromisoformat(d["extract_date"]), d["fingerprint"])
                for d in self._read("accepted") if d["system"] == system}

    def except_(
        self, finding_type: str, subject_id: str, approved_on: date, until: date, reason: str, approved_by: str
    ) -> None:
        """Approve that a subject has a finding of this type, from `approved_on` to `until`, both included."""
        self._append("exceptions", finding_type=finding_type, subject_id=subject_id, approved_on=approved_on,
                     until=until, reason=reason, approved_by=approved_by)

    def exceptions(self) -> list[dict[str, Any]]:
        return [{**e, "approved_on": date.fromisoformat(e["approved_on"]), "until": date.fromisoformat(e["until"])}
                for e in self._read("exceptions")]

    def purge(self, before: date, purged_on: date) -> None:
        """Record that what ended before a day is gone for good."""
        self._append("purges", before=before, purged_on=purged_on)

    def purged_before(self) -> date | None:
        return max((date.fromisoformat(p["before"]) for p in self._read("purges")), default=None)

    def _append(self, name: str, **decision: Any) -> None:
        self.root.mkdir(parents=True, exist_ok=True)
        line = json.dumps(decision, ensure_ascii=False, default=str)
        with (self.root / f"{name}.jsonl").open("a", encoding="utf-8") as handle:
            handle.write(f"\n{line}\n")  # the leading break keeps it whole behind a line cut short
            handle.flush()
            os.fsync(handle.fileno())
        files.flush(self.root)

    def _read(self, name: str) -> list[dict[str, Any]]:
        file = self.root / f"{name}.jsonl"
        if not file.exists():
            return []
        decisions = []
        for line in file.read_text(encoding="utf-8").split("\n"):
            try:
                decisions.append(json.loads(line))
            except json.JSONDecodeError:
                continue
        return decisions
