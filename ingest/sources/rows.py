"""Raw canonical tables from single records, for adapters that read them one by one.

Belongs here: what several formats need. Does not belong here: what a field of one format means (the adapters).
"""

from collections.abc import Iterable, Sequence

import pyarrow as pa

from ingest.canonical_tables import Table
from ingest.sources.base import RawTable

_ROWS_AT_ONCE = 10_000


class Rows:
    """Collects the rows of one canonical table as Arrow columns, which take little memory."""

    def __init__(self, table: Table):
        self.columns = [c.name for c in table.columns]
        self._waiting: list[list[str | None]] = []
        self._batches: list[pa.RecordBatch] = []

    def add(self, **values: str | None) -> None:
        """One row; columns left out are empty."""
        self._waiting.append([values.get(c) or None for c in self.columns])
        if len(self._waiting) >= _ROWS_AT_ONCE:
            self._pack()

    def _pack(self) -> None:
        columns = list(zip(*self._waiting, strict=True)) if self._waiting else [()] * len(self.columns)
        self._batches.append(pa.record_batch([_text_array(c) for c in columns], names=self.columns))
        self._waiting = []

    def table(self, file: str) -> RawTable:
        """All rows, in the order in which they came."""
        self._pack()
        return RawTable(pa.Table.from_batches(self._batches), file)


def _text_array(values: Sequence[str | None]) -> pa.Array:
    try:
        return pa.array(values, pa.string())
    except UnicodeEncodeError:  # half of a surrogate pair, which JSON allows and UTF-8 does not
        return pa.array([v and v.encode("utf-8", "replace").decode() for v in values], pa.string())


def as_list(value: object) -> list:
    """A value that may be missing, single or several, as a list."""
    if isinstance(value, list):
        return value
    if value is None or value == "":
        return []
    return list(value) if isinstance(value, tuple) else [value]


def text(value: object) -> str | None:
    """A scalar as text; None for a blank, a list or an object."""
    if isinstance(value, str):
        return value.strip() or None
    if value is None or isinstance(value, dict | list):
        return None
    return str(value).lower() if isinstance(value, bool) else str(value)


def day_field(value: object) -> str | None:
    """The text of a field that holds a day, None where it is empty; "?" for what is no text, as a list or an object,
    which validation rejects: an end that came in another shape is not no end."""
    return text(value) if value is None or isinstance(value, str) else "?"


def first(values: Iterable[str | None]) -> str | None:
    """The first value that is not empty."""
    return next((v for v in values if v), None)
