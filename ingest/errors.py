"""Errors of ingest. Their texts are for people: system, day, file, line and column, and what to do.

They must not hold a value from a file, or a heading that could not be placed: it could be anybody's. National ids that stand
in the name of a file or folder, or in an address, are taken out here, of every error (contract#leaks).
"""

from datetime import date
from pathlib import Path
from typing import Any

from ingest.national_ids import redact


class IngestError(Exception):
    """Base of all errors of ingest; people read its text. National ids in it are taken out."""

    def __init__(self, *texts: object):
        super().__init__(*(redact(t) if isinstance(t, str) else t for t in texts))


class RefusedExtract(IngestError):
    """An extract is refused as a whole. `problem`: why; `file`, `line` and `column`: where; `remedy`: what to do."""

    def __init__(
        self, problem: str, *, file: str | None = None, line: int | None = None, column: str | None = None,
        remedy: str | None = None,
    ):
        self.problem, self.line = redact(problem), line
        self.file, self.column, self.remedy = file and redact(file), column and redact(column), remedy and redact(remedy)
        super().__init__(problem)

    @property
    def place(self) -> dict[str, Any]:
        """Where it is, as far as that is known: file, line, column."""
        return {name: value for name in ("file", "line", "column") if (value := getattr(self, name)) is not None}

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
    """A source could not be pulled, or only in part: there is no extract. The text names source, reason and remedy."""


class Unforeseen(PullFailed):
    """An error in a source that nobody foresaw, most likely a mistake of this program. The text says where it arose."""


class WrongKey(IngestError):
    """The key of the national-id hash is missing, too short, or another than before. The text says what to do."""


class Damaged(IngestError):
    """A file below the data directory is missing or damaged, and cannot be made anew from others.

    `problem`: what is wrong with `file` (at `line`, where that is known); `remedy`: a sentence that says what to do.
    """

    def __init__(self, file: Path, problem: str, remedy: str, *, line: int | None = None):
        self.file, self.problem, self.remedy, self.line = file, problem, remedy, line
        place = f"{file}, line {line}" if line is not None else str(file)
        super().__init__(f"{place}: {problem}. {remedy}")
