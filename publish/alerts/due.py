"""What is due for one recipient: today's cases and problems, compared with what was sent before.

Pure: no clock, no file, no database.
"""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any, Literal

from publish.alerts.recipients import Recipient

EventKind = Literal["opened", "changed", "escalated", "excepted", "contradicted", "resolved"]
Key = tuple[str, str]  # (subject_id, case_number); for a problem with the data (its kind, what it is about)


def fingerprint(
    recipient: str, key: Key, kind: str, *, finding_type: str = "", step: int = 0, claimed_on: date | None = None
) -> str:
    """The same for the same event of the same case, whichever run sends it; of each claim that is contradicted, another."""
    detail = {"escalated": str(step), "changed": finding_type, "contradicted": str(claimed_on or "")}.get(kind, "")
    return hashlib.sha256("|".join([recipient, *key, kind, detail]).encode()).hexdigest()[:16]


# Kinds of problems for whoever acts on the lists. The others are for those who look after the data.
FOR_LISTS = frozenset({"lists_outdated"})
# Kinds of problems that are one event: told once, and never over (contract#emptied-org-unit).
TOLD_ONCE = frozenset({"units_emptied"})


@dataclass(frozen=True)
class LookedAt:
    """What a state covers. Only of these does absence mean that it is over; a new LookedAt covers nothing.

    `finding_types`: types of cases that were evaluated and could be assessed; `counted_elsewhere`: subjects whose case is counted
    under another subject, and so is not over. `kinds`: kinds of problems that were looked at
    whole. `problems`: single problems that were looked at again, and found to be over where they are absent. `tables`: tables
    whose newest extract was examined.
    """

    finding_types: frozenset[str] = frozenset()
    counted_elsewhere: frozenset[str] = frozenset()
    kinds: frozenset[str] = frozenset()
    problems: frozenset[Key] = frozenset()
    tables: frozenset[str] = frozenset()

    def covers(self, key: Key, last: "Reported") -> bool:
        """Whether the absence of this case or problem, last reported so, means that it is over."""
        if not last.is_problem:
            return last.finding_type in self.finding_types and key[0] not in self.counted_elsewhere
        kind, about = key
        if kind in TOLD_ONCE:
            return False
        return kind in self.kinds or key in self.problems or (
            kind == "unexpected_rows" and about.partition("/")[0] in self.tables)


@dataclass(frozen=True)
class Item:
    """A case or a problem with the data, as of today. `details` are for the text: the row of the mart `cases`, or the problem's
    `text` and what belongs to it (see `items.problem`). `level`: how bad a problem is, where that can change; a higher level
    than the one that was told is told again."""

    key: Key
    finding_type: str
    status: Literal["open", "excepted", "resolved"]
    since: date
    org_number: str | None = None
    is_problem: bool = False
    details: Mapping[str, Any] | None = None
    level: int | None = None

    @property
    def case_number(self) -> str | None:
        return None if self.is_problem else self.key[1]

    @property
    def contradicted_on(self) -> date | None:
        """The day on which somebody said that an open case was done, where a newer VFS extract still shows it."""
        details = self.details or {}
        return details.get("claimed_on") if self.status == "open" and details.get("claim") == "contradicted" else None


@dataclass(frozen=True)
class Reported:
    """What a recipient was last sent about one case. `is_uncertain`: it opened in a message that may never have arrived.
    `contradicted_on`: the day of the claim of which they were told that it does not hold."""

    finding_type: str
    status: Literal["open", "excepted", "resolved"]
    step: int
    first_sent_on: date
    is_uncertain: bool = False
    is_problem: bool = False
    contradicted_on: date | None = None


@dataclass
class Memory:
    """What one recipient has been sent: the last report about each case, the fingerprints of events that may or may not have
    arrived, and the day of the last message about cases that arrived."""

    reported: dict[Key, Reported] = field(default_factory=dict)
    uncertain: set[str] = field(default_factory=set)
    last_sent_on: date | None = None


@dataclass(frozen=True)
class Event:
    """One piece of news about a case or a problem. `step`: the age step in days, or the level, that it has reached."""

    kind: EventKind
    item: Item
    step: int = 0

    def fingerprint(self, recipient: str) -> str:
        """The same for the same event of the same case, whichever run sends it."""
        return fingerprint(recipient, self.item.key, self.kind, finding_type=self.item.finding_type, step=self.step,
                           claimed_on=self.item.contradicted_on)


def age_step(recipient: Recipient, since: date, as_of: date) -> int:
    """The highest age step that a case has reached, in days; 0 when none."""
    return max((s for s in recipient.escalate_after_days if (as_of - since).days >= s), default=0)


def due(
    recipient: Recipient, items: Iterable[Item], memory: Memory, as_of: date, *, looked_at: LookedAt,
    short_lived: Iterable[Item] = (),
) -> list[Event]:
    """The events to send, oldest cases first. An event that arrived is never due again.

    `items`: every unresolved case and every problem with the data. `short_lived`: cases that opened after the recipient's last
    message and are already resolved, and problems that are over before they could be told. `looked_at`: what the items cover;
    whatever else is absent is not known to be over.
    """
    now = {i.key: i for i in items}
    passed = {i.key: i for i in short_lived}
    events = []
    for item in now.values():
        if not _concerns(recipient, item):
            continue
        last = memory.reported.get(item.key)
        if event := _event(recipient, item, last, as_of):
            events.append(event)
        if item.contradicted_on and item.contradicted_on != (last and last.contradicted_on):
            events.append(Event("contradicted", item, last.step if last else 0))
    for item in passed.values():
        if item.key not in memory.reported and item.key not in now and _concerns(recipient, item):
            events += [Event("opened", item), Event("resolved", item)]
    for key, last in memory.reported.items():
        if key not in now and last.status != "resolved" and looked_at.covers(key, last):
            gone = passed.get(key) or Item(key, last.finding_type, "resolved", last.first_sent_on, is_problem=last.is_problem)
            events += [*([Event("opened", gone)] if last.is_uncertain else []), Event("resolved", gone)]
    return sorted(events, key=lambda e: (e.item.since, e.item.key))


def _concerns(recipient: Recipient, item: Item) -> bool:
    """Whoever acts on the lists is told, too, that these stand still, and that a unit of theirs was emptied."""
    if not item.is_problem:
        return recipient.concerns(item.finding_type, item.org_number)
    if item.finding_type in FOR_LISTS:  # those who look after the data are told what is behind it
        return recipient.findings and not recipient.data_problems
    if item.finding_type in TOLD_ONCE:
        return recipient.data_problems or (
            recipient.findings and (recipient.org_numbers is None or item.org_number in recipient.org_numbers))
    return recipient.data_problems


def _event(recipient: Recipient, item: Item, last: Reported | None, as_of: date) -> Event | None:
    step = age_step(recipient, item.since, as_of) if item.level is None else item.level
    if last and item.finding_type in TOLD_ONCE:
        step = last.step
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
