"""What pulled adapters share: their rows become raw tables, and content that is the same gives the same digest."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

import pyarrow as pa

from ingest.canonical_tables import ExtractKind, Table
from ingest.sources.base import Digest, RawTable

_ROWS_AT_ONCE = 10_000


class Rows:
    """Rows of one canonical table on their way in, kept as Arrow columns, which take little room."""

    def __init__(self, table: Table, *, delta: bool = False):
        self.columns = [c.name for c in table.columns] + (["deleted"] if delta else [])
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

    def table(self, file: str, *, date_format: str | None = None) -> RawTable:
        self._pack()
        return RawTable(pa.Table.from_batches(self._batches), file, date_format=date_format)


def _text_array(values: Sequence[str | None]) -> pa.Array:
    try:
        return pa.array(values, pa.string())
    except UnicodeEncodeError:  # half a character, which JSON can spell and nothing can store
        return pa.array([v and v.encode("utf-8", "replace").decode() for v in values], pa.string())


@dataclass(frozen=True)
class PulledTables:
    """The tables of one pull. The digest does not depend on the order in which the server happened to tell the rows."""

    tables: dict[str, RawTable]
    kind: ExtractKind = "full"

    def digest(self, update: Digest) -> None:
        for name in sorted(self.tables):
            data = self.tables[name].data
            data = data.sort_by([(c, "ascending") for c in data.column_names]).combine_chunks()
            update(f"|{name}|{data.num_rows}|{','.join(data.column_names)}|".encode())
            for column in data.column_names:
                for value in data.column(column).to_pylist():
                    update(b"\0" if value is None else value.encode() + b"\1")

    def read(self) -> dict[str, RawTable]:
        return self.tables


class Pulled:
    """Base of pulled adapters: they have no days of their own."""

    is_pulled = True

    def days(self, until: date) -> dict[date, str]:
        return {}


def as_list(value: object) -> list:
    """What may be missing, one thing, or several, as a list."""
    if isinstance(value, list):
        return value
    if value is None or value == "":
        return []
    return list(value) if isinstance(value, tuple) else [value]


def text(value: object) -> str | None:
    """A scalar as text; whatever is no scalar is nothing."""
    if isinstance(value, str):
        return value.strip() or None
    if value is None or isinstance(value, dict | list):
        return None
    return str(value).lower() if isinstance(value, bool) else str(value)


def first(values: Iterable[str | None]) -> str | None:
    return next((v for v in values if v), None)
