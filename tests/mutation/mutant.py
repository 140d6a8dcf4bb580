"""One change of the code, and its outcome."""

import difflib
from dataclasses import dataclass

Key = tuple[str, str, tuple[str, ...], int]

@dataclass(frozen=True)
class Mutant:
    """`where`: a model, or a file of the checkout; `part`: the CTE, the macro, or the function and the line; `change`: the
    lines removed and added, as in a diff; `code`: the changed SQL of `model`, or the changed source of the file.

    A change of a macro is one mutant for each place that uses it; these are equal but for `model` and `code`. Others whose
    lines are the same are told apart by `occurrence`.
    """

    where: str
    part: str
    change: tuple[str, ...]
    code: str
    model: str = ""
    occurrence: int = 0

    @property
    def name(self) -> str:
        return f"{self.where} [{self.part}]"

    @property
    def key(self) -> Key:
        """Equal for those that are one change of the project's source."""
        return self.where, self.part, self.change, self.occurrence


@dataclass(frozen=True)
class Outcome:
    """A mutant and the first that noticed it: a unit test, a mart, a data test, or an error of the database; None: nobody."""

    mutant: Mutant
    killed_by: str | None


def diff(before: str, after: str) -> tuple[str, ...]:
    """The lines removed and added, each with - or + before it."""
    lines = difflib.unified_diff(before.splitlines(), after.splitlines(), n=0, lineterm="")
    return tuple(f"{line[0]} {line[1:].strip()}" for line in lines if line[0] in "+-" and line[:3] not in ("+++", "---"))
