"""The log of messages sent: `<data_dir>/alerts/log.jsonl`. It is append-only, except for a purge.

A message is logged before it is sent, and its outcome afterwards. A message without an outcome was interrupted: the run was
killed, and nobody knows whether the message arrived. Events of interrupted and failed messages are sent again, marked as
uncertain.

An earlier version wrote case numbers without `S-`. They are read as they are now, with the fingerprints that belong to them, so
that an upgrade tells nothing anew, and nothing as over.

Belongs here: writing and reading the log. Does not belong here: which events are due (`due`).
"""

import uuid
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

from ingest import journal
from ingest.case_numbers import current_number
from publish.alerts.due import TOLD_ONCE, Event, Key, Memory, Reported, fingerprint

Record = dict[str, Any]


class AlertLog:
    """The log below one folder."""

    def __init__(self, root: Path):
        self._file = root / "log.jsonl"

    def begin(
        self, recipient: str, told_on: date, events: list[Event], still_open: int, uncertain: set[str], *, is_problem_only: bool
    ) -> str:
        """Log a message that is about to be sent; returns its message_id. `uncertain`: fingerprints of events that may have
        been sent before."""
        message_id = uuid.uuid4().hex[:12]
        journal.append_json(self._file, {
            "kind": "message", "message_id": message_id, "recipient": recipient, "told_on": told_on, "still_open": still_open,
            "is_problem_only": is_problem_only,
            "events": [{
                "event": e.kind, "key": list(e.item.key), "finding_type": e.item.finding_type, "status": e.item.status,
                "org_number": e.item.org_number, "step": e.step, "is_problem": e.item.is_problem,
                "claimed_on": e.item.contradicted_on if e.kind == "contradicted" else None,
                "is_uncertain": e.fingerprint(recipient) in uncertain, "fingerprint": e.fingerprint(recipient)} for e in events]})
        return message_id

    def end(self, message_id: str, *, sent: bool) -> None:
        """Log the outcome of a message."""
        journal.append_json(self._file, {"kind": "outcome", "message_id": message_id, "state": "sent" if sent else "failed"})

    def messages(self) -> list[Record]:
        """Every message, oldest first, with its `state`: sent, failed or interrupted."""
        records = self._records()
        outcomes = {r["message_id"]: r["state"] for r in records if r["kind"] == "outcome"}
        return [{**r, "told_on": date.fromisoformat(r["told_on"]), "state": outcomes.get(r["message_id"], "interrupted")}
                for r in records if r["kind"] == "message"]

    def memory(self, recipient: str) -> Memory:
        """What a recipient has been sent."""
        memory = Memory()
        for message in self.messages():
            if message["recipient"] != recipient:
                continue
            arrived = message["state"] == "sent"
            if arrived and not message["is_problem_only"]:
                memory.last_sent_on = message["told_on"]
            for e in message["events"]:
                key: Key = (e["key"][0], e["key"][1])
                if arrived:
                    memory.uncertain.discard(e["fingerprint"])
                else:
                    memory.uncertain.add(e["fingerprint"])
                if not arrived and e["event"] != "opened":
                    continue  # keep what they know; the event is due again
                before = memory.reported.get(key)
                if e["event"] == "contradicted":
                    if before:
                        memory.reported[key] = replace(before, contradicted_on=_claimed_on(e))
                    continue
                memory.reported[key] = Reported(
                    e["finding_type"], e["status"] if arrived else "open", e["step"],
                    before.first_sent_on if before else message["told_on"], is_uncertain=not arrived, is_problem=e["is_problem"],
                    contradicted_on=before.contradicted_on if before else None)
        return memory

    def purge(self, before: date) -> None:
        """Remove the events of messages sent before a day, where the recipient knows the case or problem as resolved, or where
        it is one that is never over."""
        memories = {name: self.memory(name).reported for name in {m["recipient"] for m in self.messages()}}
        records, dropped = [], set()
        for record in self._records():
            if record["kind"] == "message" and date.fromisoformat(record["told_on"]) < before:
                reported = memories[record["recipient"]]
                events = [e for e in record["events"] if e["finding_type"] not in TOLD_ONCE
                          and reported[e["key"][0], e["key"][1]].status != "resolved"]
                if not events:
                    dropped.add(record["message_id"])
                    continue
                record = record | {"events": events}
            if record["message_id"] not in dropped:
                records.append(record)
        journal.keep_appended(self._file, records)

    def rows(self) -> list[Record]:
        """The log as rows of `ingest.alert_log`: one for each event, and one that counts the cases still open."""
        alert_rows = []
        for m in self.messages():
            common = {"message_id": m["message_id"], "recipient": m["recipient"], "told_on": m["told_on"], "state": m["state"]}
            for e in m["events"]:
                alert_rows.append({
                    **common, "event": e["event"], "finding_type": e["finding_type"],
                    "subject_id": e["key"][1 if e["is_problem"] else 0], "case_number": None if e["is_problem"] else e["key"][1],
                    "org_number": e["org_number"], "case_count": 1, "fingerprint": e["fingerprint"],
                    "is_uncertain": e["is_uncertain"]})
            if m["still_open"]:
                alert_rows.append({
                    **common, "event": "still_open", "finding_type": None, "subject_id": None, "case_number": None,
                    "org_number": None, "case_count": m["still_open"], "fingerprint": m["message_id"], "is_uncertain": False})
        return alert_rows

    def _records(self) -> list[Record]:
        return [_with_current_numbers(record) if record["kind"] == "message" else record
                for record in journal.read_appended(self._file)]


def _with_current_numbers(message: Record) -> Record:
    """A message with the case numbers of today, and with the fingerprints of the events that have them."""
    def current(e: Record) -> Record:
        key: Key = (e["key"][0], current_number(e["key"][1]))
        if e["is_problem"] or key[1] == e["key"][1]:
            return e
        return e | {"key": list(key), "fingerprint": fingerprint(
            message["recipient"], key, e["event"], finding_type=e["finding_type"], step=e["step"], claimed_on=_claimed_on(e))}

    return message | {"events": [current(e) for e in message["events"]]}


def _claimed_on(event: Record) -> date | None:
    """The day of the claim; an earlier version knew none."""
    text = event.get("claimed_on")
    return date.fromisoformat(text) if text else None
