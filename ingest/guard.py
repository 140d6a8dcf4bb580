"""Whether a landed extract is plausible enough to be let in (contract#quarantined): the guards, as functions of figures and
the policy.

Belongs here: which figures hold an extract back, as a code with figures, and in English for the terminal and Dagster. Does not
belong here: how they are measured (`measuring`), Norwegian words (`publish.data_problems`).
A verdict is a function of the landed extracts, the decisions and the policy, so the order of arrival does not matter.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from datetime import date, timedelta
from typing import Any

from ingest.policy import Policy

ACTIVE = "active positions"
MAY_LOG_IN = "persons who may log in"
_KEYS = {"employees": "employee keys", "persons": "person keys", "positions": "position keys"}


@dataclass(frozen=True)
class Share:
    """So many of so many."""

    count: int
    total: int


@dataclass(frozen=True)
class Measured:
    """What the guards look at in the state after one extract.

    `sizes`: rows by table, and under ACTIVE and MAY_LOG_IN; a table that a full extract does not deliver has none.
    `gone`: by table, how many keys of the previous accepted extract are gone. `ownerless`: positions that belong to nobody.
    HRM only: `active_again`, of the positions that had stopped within `stopped_days` of the previous accepted extract;
    `dates_lost`, of the end dates that were yet to come there. None where there is no previous extract.
    """

    sizes: dict[str, int]
    gone: dict[str, Share] = field(default_factory=dict)
    ownerless: Share | None = None
    active_again: Share | None = None
    dates_lost: Share | None = None
    stopped_days: int = 0

    def as_json(self) -> str:
        """The figures as text, for the warehouse."""
        return json.dumps({k: v for k, v in _plain(self).items() if v is not None})

    @classmethod
    def from_json(cls, text: str) -> "Measured":
        """The figures that `as_json` wrote."""
        record: dict[str, Any] = json.loads(text)
        for name in ("ownerless", "active_again", "dates_lost"):
            if name in record:
                record[name] = Share(*record[name])
        record["gone"] = {table: Share(*share) for table, share in record.get("gone", {}).items()}
        return cls(**record)


def _plain(measured: Measured) -> dict[str, Any]:
    def pair(share: Share | None) -> list[int] | None:
        return [share.count, share.total] if share else None

    return {
        "sizes": measured.sizes, "gone": {t: pair(s) for t, s in measured.gone.items()}, "ownerless": pair(measured.ownerless),
        "active_again": pair(measured.active_again), "dates_lost": pair(measured.dates_lost),
        "stopped_days": measured.stopped_days}


@dataclass(frozen=True)
class Ground:
    """One reason to hold an extract back, in English, and as a code with figures from which other words are made.

    The values are what JSON holds: days as YYYY-MM-DD, lists, numbers, texts.
    """

    text: str
    code: str
    figures: dict[str, Any]

    @property
    def fact(self) -> dict[str, Any]:
        """As it is stored."""
        return {"code": self.code, **self.figures}


def in_words(grounds: Sequence[Ground]) -> str | None:
    """All the reasons in a line; None where there is none."""
    return "; ".join(g.text for g in grounds) or None


@dataclass(frozen=True)
class Accepted:
    """An extract that counts: its day, its sizes, and whether a decision let it in that a guard had held back."""

    day: date
    sizes: dict[str, int]
    let_in: bool = False


@dataclass(frozen=True)
class Reference:
    """The sizes that an extract is compared with, and where they come from: in words, and as figures: `of`, the day of the one
    extract; `let_in`, the day since which; or `days`, the number of days in which they are the most."""

    sizes: dict[str, int]
    words: str
    figures: dict[str, Any] = field(default_factory=dict)


def reference_of(day: date, accepted: Sequence[Accepted], policy: Policy) -> Reference | None:
    """What the sizes of an extract of `day` are compared with; `accepted`: the extracts before it, oldest first.

    Per figure the largest of `policy.reference_days`, back to the latest that a decision let in; where no extract is that
    recent, the previous one. None where there is no earlier extract.
    """
    recent: list[Accepted] = []
    for extract in reversed(accepted):
        if extract.day < day - timedelta(days=policy.reference_days):
            break
        recent.append(extract)
        if extract.let_in:
            break
    if not recent:
        last = accepted[-1] if accepted else None
        return Reference(last.sizes, f"in the extract of {last.day}", {"of": last.day.isoformat()}) if last else None
    sizes: dict[str, int] = {}
    for extract in recent:
        for name, count in extract.sizes.items():
            sizes[name] = max(count, sizes.get(name, 0))
    if recent[-1].let_in:
        let_in = recent[-1].day
        return Reference(sizes, f"the most since the extract of {let_in} was let in", {"let_in": let_in.isoformat()})
    return Reference(sizes, f"the most in {policy.reference_days} days", {"days": policy.reference_days})


def why_mistyped(day: date, history_began_on: date | None, policy: Policy) -> Ground | None:
    """The reason to hold back an extract dated long before the oldest that had been accepted when it came, or None.

    contract#mistyped-year
    """
    if history_began_on is None or (history_began_on - day).days <= policy.max_days_before_history:
        return None
    days = (history_began_on - day).days
    text = f"dated {days} days before the oldest extract that was ever accepted ({history_began_on}); is the year mistyped?"
    return Ground(text, "mistyped", {"days": days, "oldest": history_began_on.isoformat()})


def why_quarantined(
    measured: Measured, reference: Reference | None, policy: Policy, day: date, *, full: bool, held_accesses: bool = False
) -> list[Ground]:
    """The reasons in figures; none when the extract passes. `held_accesses`: an earlier accepted extract held accesses."""
    policy = policy.on(day)
    if full:
        empty = [name for name in ("employees", "persons", "positions", "accesses")
                 if measured.sizes.get(name) == 0 and (name != "accesses" or held_accesses)]
        if empty:
            return [Ground(f"{' and '.join(empty)} empty", "empty", {"tables": empty})]
    return [*_sizes(measured, reference, policy), *_keys(measured, policy), *_end_dates(measured, policy),
            *_owners(measured, policy)]


def _sizes(measured: Measured, reference: Reference | None, policy: Policy) -> Iterator[Ground]:
    """contract#guard-size"""
    if reference is None:
        return
    for name, count in measured.sizes.items():
        if name not in reference.sizes:
            continue
        before = reference.sizes[name]
        grown = count > policy.max_growth_factor * before and count - before > policy.min_growth_rows
        figures = {"what": name, "before": before, "now": count, **reference.figures}
        if are_too_many(Share(before - count, before), policy):
            yield Ground(f"{name} fell from {before} to {count} ({reference.words})", "fell", figures)
        elif grown:
            yield Ground(f"{name} rose from {before} to {count} ({reference.words})", "rose", figures)


def _keys(measured: Measured, policy: Policy) -> Iterator[Ground]:
    """contract#guard-keys"""
    for table, gone in measured.gone.items():
        if are_too_many(gone, policy):
            yield Ground(f"{gone.count} of {gone.total} {_KEYS[table]} of the extract before are gone", "keys_gone",
                         {"what": table, **asdict(gone)})


def _end_dates(measured: Measured, policy: Policy) -> Iterator[Ground]:
    """contract#guard-end-dates"""
    again, lost = measured.active_again, measured.dates_lost
    if again and are_too_many(again, policy, at_least=policy.min_loss_rows):
        yield Ground(f"{again.count} of {again.total} positions that had ended are active again", "active_again", asdict(again))
    if lost and _more_than(lost, policy.max_loss_percent) and lost.count >= policy.min_lost_dates:
        yield Ground(f"{lost.count} of {lost.total} end dates yet to come are gone", "dates_lost", asdict(lost))


def _owners(measured: Measured, policy: Policy) -> Iterator[Ground]:
    """contract#guard-owners"""
    nobodys = measured.ownerless
    if nobodys and are_too_many(nobodys, policy, at_least=policy.min_loss_rows):
        yield Ground(f"{nobodys.count} of {nobodys.total} positions belong to nobody", "ownerless", asdict(nobodys))


def are_too_many(share: Share, policy: Policy, *, at_least: int = 0) -> bool:
    """More than the policy's share and number of rows; or more than half, and `at_least` so many."""
    return (_more_than(share, policy.max_drop_percent) and share.count > policy.min_drop_rows) or (
        _more_than(share, policy.max_loss_percent) and share.count >= at_least)


def _more_than(share: Share, percent: float) -> bool:
    return share.count * 100 > percent * share.total
