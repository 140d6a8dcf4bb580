"""A source in memory, whose deliveries the test sets."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

import pyarrow as pa

from ingest.canonical_tables import ExtractKind, System
from ingest.sources.base import Digest, Progress, RawTable, Source

Lines = Sequence[Mapping[str, str | None]]


def raw_table(rows: Lines, file: str = "file.csv", **options: object) -> RawTable:
    """A raw table with these rows; row n is on line n + 2, after a heading."""
    names = list(dict.fromkeys(name for row in rows for name in row))
    data = pa.table({n: pa.array([row.get(n) for row in rows], pa.string()) for n in names})
    return RawTable(data, file, lambda wanted: [n + 2 for n in wanted], **options)  # pyright: ignore[reportArgumentType]


@dataclass
class MemoryFetched:
    """One day's delivery."""

    tables: dict[str, RawTable]
    kind: ExtractKind = "full"
    error: Exception | None = None

    def digest(self, update: Digest) -> None:
        update(repr({name: table.data.to_pylist() for name, table in self.tables.items()}).encode())

    def read(self) -> dict[str, RawTable]:
        if self.error:
            raise self.error
        return self.tables


@dataclass
class MemoryAdapter:
    """Deliveries by day, each with its signature. `fetched` counts how often a delivery was read."""

    delivered: dict[date, tuple[str, MemoryFetched]] = field(default_factory=dict)
    tables: tuple[str, ...] = ("employees", "positions", "persons", "accesses", "org_units")
    settings_fingerprint: str = "settings"
    is_pulled: bool = False
    carries: frozenset[str] = frozenset()
    fetched: int = 0

    def deliver(self, day: date, tables: Mapping[str, Lines], *, signature: str = "", kind: ExtractKind = "full",
                error: Exception | None = None) -> None:
        """Set a day's delivery; replaces an earlier one."""
        raw = {name: raw_table(rows, f"{name}.csv") for name, rows in tables.items()}
        self.delivered[day] = (signature, MemoryFetched(raw, kind, error))

    def days(self, until: date) -> dict[date, str]:
        return {day: signature for day, (signature, _) in self.delivered.items() if day <= until}

    def passed_over(self, until: date) -> list[str]:
        return []

    def fetch(self, day: date, signature: str | None, progress: Progress, *, few: bool = False) -> MemoryFetched:
        self.fetched += 1
        return self.delivered[day][1]

    def source(self, system: System) -> Source:
        """The source of one system, with this adapter alone."""
        return Source(system, [self], [self.tables])
