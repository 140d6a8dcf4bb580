"""What an adapter is: it names its deliveries and reads one of them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Protocol

import pyarrow as pa

from ingest.contract import ExtractKind, System


@dataclass(frozen=True)
class RawTable:
    """One table as delivered: text columns under canonical names, in the order of the file, nothing judged yet.

    `lines_of` gives the line in `file` on which each of some rows (numbered from 0) begins; it is only asked for
    rows that are told to people. `translations` are {column: {value in the file: canonical value}}.
    """

    data: pa.Table
    file: str
    lines_of: Callable[[Sequence[int]], list[int]]
    extra_columns: tuple[str, ...] = ()
    date_format: str | None = None
    translations: Mapping[str, Mapping[str, str]] = field(default_factory=dict)


@dataclass(frozen=True)
class Delivery:
    """One day's delivery of one system, not yet read. `signature` changes when any file of it does."""

    system: System
    extract_date: date
    path: Path
    signature: str


class Source(Protocol):
    """One system's source. `settings_fingerprint` changes when a setting would make the same content read otherwise."""

    system: System
    extract_kind: ExtractKind
    settings_fingerprint: str

    def deliveries(self, until: date) -> list[Delivery]:
        """Every delivery dated `until` at the latest, oldest first."""
        ...

    def content(self, delivery: Delivery) -> dict[str, bytes]:
        """The files of a delivery by name. Raises DeliveryInProgress when they change meanwhile."""
        ...

    def read(self, content: dict[str, bytes]) -> dict[str, RawTable]:
        """The canonical tables by name. Raises RefusedExtract."""
        ...
