"""What is due to be told to one recipient: what is so now, against what they were told. Pure: no clock, no file, no database."""

import hashlib
from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any, Literal

from publish.alerts.recipients import Recipient

EventKind = Literal["opened", "changed", "escalated", "excepted", "resolved"]
Key = tuple[str, str]  # (subject_id, case_number); of a problem with the data (its kind, what it is about)


@dataclass(frozen=True)
class Item:
    """A case or a problem with the data, as it stands. `details` are for the text: the row of the mart, or what is wrong."""

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
class Told:
    """What a recipient was last told of one case. `is_maybe`: it opened in a message that perhaps never arrived."""

    finding_type: str
    status: Literal["open", "excepted", "resolved"]
    step: int
    first_told_on: date
    is_maybe: bool = False
    is_problem: bool = False


@dataclass
class Memory:
    """What one recipient was told so far: of each case the last that arrived; the fingerprints of what perhaps did; and when
    the last message about cases arrived."""

    told: dict[Key, Told] = field(default_factory=dict)
    unsure: set[str] = field(default_factory=set)
    last_sent_on: date | None = None


@dataclass(frozen=True)
class Event:
    """One thing to tell."""

    kind: EventKind
    item: Item
    step: int = 0

    def fingerprint(self, recipient: str) -> str:
        """The same for the same event of the same case, whatever run tells it."""
        detail = {"escalated": str(self.step), "changed": self.item.finding_type}.get(self.kind, "")
        return hashlib.sha256("|".join([recipient, *self.item.key, self.kind, detail]).encode()).hexdigest()[:16]


def step_of(recipient: Recipient, since: date, as_of: date) -> int:
    """The highest age step that a case has reached: how many days, or 0."""
    return max((s for s in recipient.escalate_after_days if (as_of - since).days >= s), default=0)


def due(
    recipient: Recipient, items: Iterable[Item], memory: Memory, as_of: date, *, passed: Iterable[Item] = (),
    not_looked_at: Container[str] = (),
) -> list[Event]:
    """The events to tell, oldest cases first. Nothing is due again once it arrived.

    `items`: every unresolved case and every problem with the data. `passed`: cases that opened after the recipient's last
    message and are resolved already. `not_looked_at`: finding types and kinds of problems of which the items say nothing, so
    that none of them is taken for resolved.
    """
    now = {i.key: i for i in items}
    events = []
    for item in now.values():
        if _concerns(recipient, item) and (event := _event(recipient, item, memory.told.get(item.key), as_of)):
            events.append(event)
    for item in passed:
        if item.key not in memory.told and item.key not in now and _concerns(recipient, item):
            events += [Event("opened", item), Event("resolved", item)]
    for key, last in memory.told.items():
        if key not in now and last.status != "resolved" and last.finding_type not in not_looked_at:
            gone = Item(key, last.finding_type, "resolved", last.first_told_on, is_problem=last.is_problem)
            events += [*([Event("opened", gone)] if last.is_maybe else []), Event("resolved", gone)]
    return sorted(events, key=lambda e: (e.item.since, e.item.key))


def _concerns(recipient: Recipient, item: Item) -> bool:
    return recipient.data_problems if item.is_problem else recipient.concerns(item.finding_type, item.org_number)


def _event(recipient: Recipient, item: Item, last: Told | None, as_of: date) -> Event | None:
    step = step_of(recipient, item.since, as_of)
    if item.status == "excepted":  # told to those who know of the case
        return Event("excepted", item, step) if last and last.status == "open" else None
    if last is None or last.is_maybe or last.status != "open":
        return Event("opened", item, step)
    if last.finding_type != item.finding_type:
        return Event("changed", item, step)
    return Event("escalated", item, step) if step > last.step else None


def is_weekly_due(recipient: Recipient, last_sent_on: date | None, as_of: date) -> bool:
    """Whether a summary is due on a day with no news: none was sent since the last weekday set."""
    if recipient.weekly_summary is None:
        return False
    weekdays = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
    latest = as_of - timedelta(days=(as_of.weekday() - weekdays.index(recipient.weekly_summary)) % 7)
    return last_sent_on is None or last_sent_on < latest
