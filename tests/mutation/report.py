"""The figures, the survivors, and the explained ones among them.

`explained.yml` is a list of {where, why, changes}: `where` a model or a file, `why` nobody can notice the changes, each of
which is the lines of the diff as they are reported. A change that is listed and does not survive is stale.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import yaml

from tests.mutation.mutant import Mutant, Outcome

EXPLAINED = Path(__file__).with_name("explained.yml")
WANTED_PERCENT = 95.0


@dataclass(frozen=True)
class Explanation:
    """Why a change of a model or a file cannot be noticed."""

    where: str
    change: tuple[str, ...]
    why: str

    def explains(self, mutant: Mutant) -> bool:
        return (mutant.where, mutant.change) == (self.where, self.change)


def read_explanations(file: Path = EXPLAINED) -> list[Explanation]:
    entries = yaml.safe_load(file.read_text(encoding="utf-8")) or []
    return [Explanation(e["where"], tuple(change.splitlines()), e["why"]) for e in entries for change in e["changes"]]


@dataclass(frozen=True)
class Report:
    """The outcomes of all mutants of one run."""

    outcomes: Sequence[Outcome]
    explanations: Sequence[Explanation]

    def survivors(self) -> list[Mutant]:
        """Those that nobody noticed and nothing explains."""
        return [o.mutant for o in self.outcomes if not o.killed_by and not self._is_explained(o.mutant)]

    def stale(self) -> list[Explanation]:
        """Explanations of changes that were made in this run and noticed, or of a place where no such change is made."""
        alive = [o.mutant for o in self.outcomes if not o.killed_by]
        made = {o.mutant.where for o in self.outcomes}
        return [e for e in self.explanations if e.where in made and not any(e.explains(m) for m in alive)]

    def percent(self) -> float:
        """How many were noticed of those that can be."""
        killed = sum(bool(o.killed_by) for o in self.outcomes)
        counted = killed + len(self.survivors())
        return 100.0 * killed / counted if counted else 100.0

    def lines(self) -> Iterator[str]:
        """The report as text: survivors with their change, then a line for each model or file."""
        for mutant in self.survivors():
            yield mutant.name
            yield from (f"    {line}" for line in mutant.change)
        for explanation in self.stale():
            yield f"stale in {EXPLAINED.name}: {explanation.where}: {' / '.join(explanation.change)}"
        made = Counter(o.mutant.where for o in self.outcomes)
        killed = Counter(o.mutant.where for o in self.outcomes if o.killed_by)
        survived = Counter(m.where for m in self.survivors())
        yield f"{'':45} {'made':>5} {'killed':>6} {'explained':>9} {'survived':>8} {'%':>6}"
        for where in [*sorted(made), "all"]:
            m, k, s = ((c.total() if where == "all" else c[where]) for c in (made, killed, survived))
            yield f"{where:45} {m:5} {k:6} {m - k - s:9} {s:8} {100 * k / (k + s) if k + s else 100:6.1f}"

    def _is_explained(self, mutant: Mutant) -> bool:
        return any(e.explains(mutant) for e in self.explanations)
