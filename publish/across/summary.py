"""All kommuner together, in numbers and words in bokmål.

Belongs here: sums and sentences. Does not belong here: what may be shown of one kommune (`figures`), layout (`written`).
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from publish import labels
from publish.across.figures import LAGS, EndDates, Figure, added
from publish.across.kommune import STATUSES, Kommune
from publish.headline import Headline

LAG_LABELS = dict(zip(LAGS, ("0–1 dag", "2–7 dager", "8–30 dager", "31 dager eller mer"), strict=True))
OUTCOME_LABELS = {"arrived": "kom fram", "waiting": "venter, eller står i fare for å utebli", "failed": "kom ikke fram"}
NOT_ASSESSABLE = "kan ikke vurderes"
UNKNOWN = "ukjent"


@dataclass(frozen=True)
class Sum:
    """A count over kommuner, made of what is shown of each. `kommuner`: how many have some of it."""

    code: str
    label: str
    figure: Figure
    kommuner: int


@dataclass(frozen=True)
class Summary:
    """`statuses`: {status: kommuner}; `lags`, `causes`: of the end dates that arrived, and of those that did not; `assessed`: the
    kommuner of which that is known."""

    people: Figure
    statuses: dict[str, int]
    unread: tuple[str, ...]
    doubted: int
    few: int
    lags: tuple[Sum, ...]
    causes: tuple[Sum, ...]
    outcomes: tuple[Sum, ...]
    assessed: int


def summarize(kommuner: Sequence[Kommune]) -> Summary:
    """All together."""
    counted = Counter(k.status for k in kommuner)
    people = [k.people for k in kommuner]
    assessed = [k.figures.end_dates for k in kommuner if k.figures and k.figures.end_dates is not None]
    is_whole = len(assessed) == len(kommuner)
    causes = [_part(assessed, "failed", cause, label, is_whole) for cause, label in labels.SHORT_CAUSES.items()]
    return Summary(
        people=added(people), statuses={status: counted[status] for status in STATUSES if counted[status]},
        unread=tuple(k.shown for k in kommuner if k.people is None),
        doubted=sum(bool(p and p.is_doubted) for p in people), few=sum(bool(p and p.is_hidden) for p in people),
        lags=tuple(_part(assessed, "arrived", lag, label, is_whole) for lag, label in LAG_LABELS.items()),
        causes=tuple(sorted((c for c in causes if c.kommuner), key=lambda c: -c.figure.at_least)),
        outcomes=tuple(_sum(o, label, [ends[o].total for ends in assessed], is_whole) for o, label in OUTCOME_LABELS.items()),
        assessed=len(assessed))


def _part(assessed: Sequence[dict[str, EndDates]], outcome: str, code: str, label: str, is_whole: bool) -> Sum:
    """Of one lag or cause. Where an outcome is in doubt, there may be more of each."""
    of_outcome = [ends[outcome] for ends in assessed]
    return _sum(code, label, [ends.parts[code] for ends in of_outcome if code in ends.parts],
                is_whole and not any(ends.in_doubt for ends in of_outcome))


def _sum(code: str, label: str, found: list[Figure], is_whole: bool) -> Sum:
    return Sum(code, label, added([*found] if is_whole else [*found, None]), sum(f.at_least > 0 for f in found))


def text(figure: Figure | None) -> str:
    """A count as it is shown: that nobody is known is not said of a doubt, nor what is hidden."""
    if figure is None:
        return UNKNOWN
    if figure.is_hidden:
        return "få kjente" if figure.is_doubted else "få"
    if figure.is_doubted:
        return f"minst {figure.at_least}" if figure.at_least else "ingen kjente"
    return str(figure.at_least)


def sentence(summary: Summary) -> str:
    """The one figure, in a sentence."""
    told = Headline(summary.people.at_least, 0).sentence(in_doubt=not summary.people.is_exact)
    return f"Minst {told}" if summary.people.at_least and not summary.people.is_exact else told


def doubts(summary: Summary, count: int) -> list[str]:
    """Why the one figure may be higher, in sentences."""
    told = []
    if summary.unread:
        told.append(f"{_kommuner(len(summary.unread))} er ikke med i tallet: {', '.join(summary.unread)}.")
    if summary.doubted:
        told.append(f"I {_kommuner(summary.doubted)} kan listene mangle noen, fordi det siste fra HRM eller VFS ikke er med, "
                    "eller noe ikke kan vurderes.")
    if summary.few:
        told.append(f"I {_kommuner(summary.few)} er tallet så lite at det ikke vises; hver av dem er regnet som minst 1.")
    fresh = summary.statuses.get("fresh", 0)
    return [f"{fresh} av {_kommuner(count)} har ferske tall.", *told]


def _kommuner(count: int) -> str:
    return labels.counted(count, "kommune", "kommuner")
