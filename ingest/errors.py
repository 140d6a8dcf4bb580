"""Errors of what enters. Their texts are read by people: system, day, file, line and column, and what to do.

No value from a file may stand in them: it could be a national id.
"""

from datetime import date


class IngestError(Exception):
    """Anything that went wrong on the way in and that a person has to know of."""


class RefusedExtract(IngestError):
    """An extract that cannot be read whole. `problem` is why; `file`, `line` and `column` are where; `remedy` is what to do."""

    def __init__(
        self, problem: str, *, file: str | None = None, line: int | None = None, column: str | None = None,
        remedy: str | None = None,
    ):
        self.problem, self.file, self.line, self.column, self.remedy = problem, file, line, column, remedy
        super().__init__(problem)

    def describe(self, system: str, extract_date: date) -> str:
        """One sentence for people: where, what, and what to do."""
        place = [f"{system} {extract_date.isoformat()}"]
        if self.file:
            place.append(self.file)
        if self.line is not None:
            place.append(f"line {self.line}")
        if self.column:
            place.append(f"column {self.column}")
        text = f"{', '.join(place)}: {self.problem}"
        return f"{text}. {self.remedy}" if self.remedy else text


class DeliveryInProgress(IngestError):
    """A delivery changed while it was read: it is taken in by a later run, when it is complete."""


class PullFailed(IngestError):
    """A source could not be pulled, or not whole: there is no extract. The text says which, why, and what to do."""
