"""What an adapter is, and the source of one system that one or several adapters make up.

An adapter delivers some canonical tables of one system for one day, whole or not at all. Dated adapters have a delivery
for each day, which can be read again; pulled ones show what is so when they are asked, and are dated that day.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Protocol

import pyarrow as pa

from ingest.canonical_tables import ExtractKind, System
from ingest.errors import RefusedExtract

Progress = Callable[[str], None]
Digest = Callable[[bytes], None]


@dataclass(frozen=True)
class RawTable:
    """One table as delivered: text columns under canonical names, in the order of the file, nothing judged yet.

    `lines_of` gives the line in `file` on which each of some rows (numbered from 0) begins; it is only asked for
    rows that are told to people, and None where there are no lines. `translations` are {column: {value in the file:
    canonical value}}.
    """

    data: pa.Table
    file: str
    lines_of: Callable[[Sequence[int]], list[int]] | None = None
    extra_columns: tuple[str, ...] = ()
    date_format: str | None = None
    translations: Mapping[str, Mapping[str, str]] = field(default_factory=dict)


class Fetched(Protocol):
    """What an adapter brought for one day. `not_assessable`: what cannot be told from it (see `ingest.assessable`)."""

    kind: ExtractKind

    def digest(self, update: Digest) -> None:
        """Feed `update` with bytes that are the same when the content is."""
        ...

    def read(self) -> dict[str, RawTable]:
        """The canonical tables by name. Raises RefusedExtract."""
        ...


class Adapter(Protocol):
    """Delivers some tables of one system. `settings_fingerprint` changes when a setting would read the same otherwise.

    `columns` are the optional canonical columns whose content says something, by table: what no adapter carries cannot
    be assessed.
    """

    tables: tuple[str, ...]
    settings_fingerprint: str
    is_pulled: bool
    carries: frozenset[str]

    def days(self, until: date) -> dict[date, str]:
        """Of a dated adapter: each delivered day up to `until`, with what changes when its delivery does."""
        ...

    def fetch(self, day: date, signature: str | None, say: Progress, *, few: bool = False) -> Fetched:
        """One day's delivery; with `few`, of a pulled one no more than its first rows, to look at.

        Raises DeliveryInProgress when it changes meanwhile, PullFailed when it cannot be had.
        """
        ...


@dataclass(frozen=True)
class Delivery:
    """One day's delivery of one system, not yet read. `signatures` by adapter; None of one that is pulled."""

    system: System
    extract_date: date
    signatures: tuple[str | None, ...]

    @property
    def is_pulled(self) -> bool:
        return None in self.signatures


@dataclass(frozen=True)
class Content:
    """What all adapters of a system brought for one day, each for its own tables."""

    parts: tuple[tuple[Fetched, tuple[str, ...]], ...]

    @property
    def kind(self) -> ExtractKind:
        return self.parts[0][0].kind

    def digest(self, update: Digest) -> None:
        for fetched, tables in self.parts:
            if len(self.parts) > 1:
                update(f"|{','.join(tables)}|".encode())
            fetched.digest(update)

    def read(self) -> dict[str, RawTable]:
        """The canonical tables by name. Raises RefusedExtract."""
        if len({fetched.kind for fetched, _ in self.parts}) > 1:
            raise RefusedExtract("one adapter delivered a full extract and another a delta",
                                 remedy="Have all of them deliver full extracts")
        return {name: table for fetched, tables in self.parts for name, table in fetched.read().items() if name in tables}


class Source:
    """The source of one system: its adapters, and which tables are whose."""

    def __init__(self, system: System, adapters: Sequence[Adapter], tables: Sequence[tuple[str, ...]]):
        self.system: System = system
        self._adapters, self._tables = adapters, tables
        self.settings_fingerprint = "|".join(a.settings_fingerprint for a in adapters)
        self.is_pulled = any(a.is_pulled for a in adapters)

    @property
    def delivered_tables(self) -> frozenset[str]:
        return frozenset(t for tables in self._tables for t in tables)

    @property
    def carries(self) -> frozenset[str]:
        """What can be told from the tables that each adapter delivers here ("table.column")."""
        return frozenset(c for a, tables in zip(self._adapters, self._tables, strict=True) for c in a.carries
                         if c.split(".")[0] in tables)

    def deliveries(self, until: date, *, pull: bool = False) -> list[Delivery]:
        """Every delivery dated `until` at the latest, oldest first; of a pulled source that of `until`, if it may `pull`."""
        days = [None if a.is_pulled else a.days(until) for a in self._adapters]
        if self.is_pulled:
            common = {until} if pull and all(d is None or until in d for d in days) else set()
        else:
            common = set.intersection(*(set(d) for d in days if d is not None))
        return [Delivery(self.system, day, tuple(None if d is None else d[day] for d in days)) for day in sorted(common)]

    def fetch(self, delivery: Delivery, say: Progress = lambda _: None, *, few: bool = False) -> Content:
        """All of one delivery, or a few rows. Raises DeliveryInProgress or PullFailed; then there is no extract."""
        return Content(tuple(
            (adapter.fetch(delivery.extract_date, signature, say, few=few), tables)
            for adapter, signature, tables in zip(self._adapters, delivery.signatures, self._tables, strict=True)))
