"""What is due for one recipient: today's cases and problems, compared with what was sent before.

Pure: no clock, no file, no database.
"""

import hashlib
from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any, Literal

from publish.alerts.recipients import Recipient

EventKind = Literal["opened", "changed", "escalated", "excepted", "resolved"]
# Kinds of problems that are events: told once, and never over (contract#emptied-org-unit).
TOLD_ONCE = frozenset({"units_emptied"})
Key = tuple[str, str]  # (subject_id, case_number); for a problem with the data (its kind, what it is about)


@dataclass(frozen=True)
class Item:
    """A case or a problem with the data, as of today. `details` are for the text: the row of the mart `cases`, or the problem's
    `text` and what belongs to it (see `items.problem`)."""

    key: Key
    finding_type: str
    status: Literal["open", "excepted", "resolved"]
    since: date
    org_number: str | None = None
    is_problem: bool = False
    details: Mapping[str, Any] | None = None

    @property
    def case_number(self) -> str | None:
        return None if self.is_problem else self.key[1]


@dataclass(frozen=True)
class Reported:
    """What a recipient was last sent about one case. `is_uncertain`: it opened in a message that may never have arrived."""

    finding_type: str
    status: Literal["open", "excepted", "resolved"]
    step: int
    first_sent_on: date
    is_uncertain: bool = False
    is_problem: bool = False


@dataclass
class Memory:
    """What one recipient has been sent: the last report about each case, the fingerprints of events that may or may not have
    arrived, and the day of the last message about cases that arrived."""

    reported: dict[Key, Reported] = field(default_factory=dict)
    uncertain: set[str] = field(default_factory=set)
    last_sent_on: date | None = None


@dataclass(frozen=True)
class Event:
    """One piece of news about a case or a problem. `step`: the age step in days that it has reached."""

    kind: EventKind
    item: Item
    step: int = 0

    def fingerprint(self, recipient: str) -> str:
        """The same for the same event of the same case, whichever run sends it."""
        detail = {"escalated": str(self.step), "changed": self.item.finding_type}.get(self.kind, "")
        return hashlib.sha256("|".join([recipient, *self.item.key, self.kind, detail]).encode()).hexdigest()[:16]


def age_step(recipient: Recipient, since: date, as_of: date) -> int:
    """The highest age step that a case has reached, in days; 0 when none."""
    return max((s for s in recipient.escalate_after_days if (as_of - since).days >= s), default=0)


def due(
    recipient: Recipient, items: Iterable[Item], memory: Memory, as_of: date, *, short_lived: Iterable[Item] = (),
    not_looked_at: Container[str] = (),
) -> list[Event]:
    """The events to send, oldest cases first. An event that arrived is never due again.

    `items`: every unresolved case and every problem with the data. `short_lived`: cases that opened after the recipient's last
    message and are already resolved. `not_looked_at`: finding types and kinds of problems that the items do not cover; their
    absence does not mean that they are resolved.
    """
    now = {i.key: i for i in items}
    events = []
    for item in now.values():
        if _concerns(recipient, item) and (event := _event(recipient, item, memory.reported.get(item.key), as_of)):
            events.append(event)
    for item in short_lived:
        if item.key not in memory.reported and item.key not in now and _concerns(recipient, item):
            events += [Event("opened", item), Event("resolved", item)]
    for key, last in memory.reported.items():
        if (key not in now and last.status != "resolved" and last.finding_type not in not_looked_at
                and last.finding_type not in TOLD_ONCE):
            gone = Item(key, last.finding_type, "resolved", last.first_sent_on, is_problem=last.is_problem)
            events += [*([Event("opened", gone)] if last.is_uncertain else []), Event("resolved", gone)]
    return sorted(events, key=lambda e: (e.item.since, e.item.key))


def _concerns(recipient: Recipient, item: Item) -> bool:
    """Whoever acts on the lists is told, too, that a newer extract is withheld, and that a unit of theirs was emptied."""
    if not item.is_problem:
        return recipient.concerns(item.finding_type, item.org_number)
    if item.finding_type == "system_withheld":  # others are told of each extract that is withheld
        return recipient.findings and not recipient.data_problems
    if item.finding_type == "units_emptied":
        return recipient.data_problems or (
            recipient.findings and (recipient.org_numbers is None or item.org_number in recipient.org_numbers))
    return recipient.data_problems


def _event(recipient: Recipient, item: Item, last: Reported | None, as_of: date) -> Event | None:
    step = 0 if item.finding_type in TOLD_ONCE else age_step(recipient, item.since, as_of)
    if item.status == "excepted":  # only recipients who know the case as open get this
        return Event("excepted", item, step) if last and last.status == "open" else None
    if last is None or last.is_uncertain or last.status != "open":
        return Event("opened", item, step)
    if last.finding_type != item.finding_type:
        return Event("changed", item, step)
    return Event("escalated", item, step) if step > last.step else None


def is_weekly_due(recipient: Recipient, last_sent_on: date | None, as_of: date) -> bool:
    """Whether a summary is due on a day without news: none was sent on or after the latest such weekday."""
    if recipient.weekly_summary is None:
        return False
    weekdays = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
    latest = as_of - timedelta(days=(as_of.weekday() - weekdays.index(recipient.weekly_summary)) % 7)
    return last_sent_on is None or last_sent_on < latest
