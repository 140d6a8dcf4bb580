"""The guards' other side: a year of an undamaged town raises no guard, in towns of several sizes and habits.

What a guard would hold back is let in by a decision, as somebody would do, and counted. The numbers of the longer run stand in
the output of `make soak`.

Belongs here: alarms about what is true. Does not belong here: damage (`test_a_doubt_is_no_all_clear`).
"""

from collections import Counter
from datetime import date

import pytest

from tests.oracle.doubts import units_emptied
from tests.oracle.extracts import Delivery, Policy, judge
from tests.oracle.oracle import unchanged_since
from tests.support.town import Town, days_of

FIRST_DAY, LAST_DAY = date(2025, 1, 1), date(2025, 12, 31)


def alarms(deliveries: list[Delivery], policy: Policy) -> tuple[Counter[str], list[str]]:
    """How many extracts each guard would hold back, and which of them, with day and guards."""
    everything = frozenset((d.system, d.extract_date) for d in deliveries)
    _, verdicts = judge(deliveries, LAST_DAY, policy, everything)
    held_back = [v for v in verdicts if v.guards]
    return (Counter(guard for v in held_back for guard in v.guards),
            [f"{v.delivery.system} {v.delivery.extract_date}: {', '.join(v.guards)}" for v in held_back])


def softer_alarms(deliveries: list[Delivery], policy: Policy) -> Counter[str]:
    """Checks that do not hold back: extracts after which an org unit is emptied, or a source looks frozen."""
    accepted, _ = judge(deliveries, LAST_DAY, policy, frozenset((d.system, d.extract_date) for d in deliveries))
    found: Counter[str] = Counter()
    for system, extracts in accepted.items():
        for n in range(2, len(extracts) + 1):
            found[f"{system}: an org unit is emptied"] += bool(units_emptied(extracts[n - 2:n]))
            since = unchanged_since(extracts[max(0, n - 20):n])
            days = (extracts[n - 1].day - since).days if since else 0
            found[f"{system}: unchanged for 7 to 13 days"] += 7 <= days < 14
            found[f"{system}: unchanged for 14 days or more"] += days >= 14
    return +found


def year_of(people: int, seed: int, keep_ended_days: int | None, yearly_share: float) -> list[Delivery]:
    town = Town(people, FIRST_DAY, seed, keep_ended_days=keep_ended_days, yearly_share=yearly_share)
    return [delivery for day in days_of(town, LAST_DAY) for delivery in day]


@pytest.mark.parametrize("keep_ended_days", [None, 0, 365])
@pytest.mark.parametrize("people", [40, 300])
def test_a_year_of_an_undamaged_town_raises_no_guard(people: int, keep_ended_days: int | None) -> None:
    """contract#quarantined, contract#guard-size, contract#guard-keys, contract#guard-end-dates, contract#guard-owners"""
    assert alarms(year_of(people, 1, keep_ended_days, 0.1), Policy())[1] == []


@pytest.mark.soak
def test_soak_years_of_undamaged_towns() -> None:
    """Prints what would be held back; the test above says what must not be."""
    for people, seeds in ((40, 10), (300, 5), (2000, 1)):
        for keep_ended_days in (None, 0, 365):
            for yearly_share in (0.05, 0.1, 0.2):
                guards: Counter[str] = Counter()
                softer: Counter[str] = Counter()
                extracts, examples = 0, []
                for seed in range(seeds):
                    deliveries = year_of(people, seed, keep_ended_days, yearly_share)
                    found, which = alarms(deliveries, Policy())
                    extracts += len(deliveries)
                    examples += which
                    guards += found
                    softer += softer_alarms(deliveries, Policy())
                print(f"{people} people, ended kept {keep_ended_days}, {yearly_share:.0%} by the year: {extracts} extracts, "
                      f"held back {len(examples)} {dict(guards)} {examples[:4]}; checks {dict(softer)}", flush=True)
