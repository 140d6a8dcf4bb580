"""What an adapter is, and the source of one system, made of one or several adapters.

An adapter delivers some canonical tables of one system for one day, whole or not at all. Dated adapters have a delivery
for each day, which can be read again; pulled ones show the present state, and are dated the day they are read.

Belongs here: what holds for every adapter. Does not belong here: files (`file_drop`), servers (`http`, `pulled`).
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from traceback import extract_tb
from typing import Any, NamedTuple, Protocol, TypeVar, get_args

import pyarrow as pa
from pydantic import Field

from ingest.canonical_tables import ExtractKind, System
from ingest.errors import IngestError, RefusedExtract, Unforeseen
from ingest.settings_model import SettingsModel

_INGEST = Path(__file__).resolve().parents[1]

Progress = Callable[[str], None]
Digest = Callable[[bytes], None]


class SourceSettings(SettingsModel):
    """Base of the settings of each adapter, which defines `adapter: Literal["<its name>"]`."""

    adapter: Any
    tables: list[str] | None = Field(
        default=None, description="The canonical tables to take from this adapter; left out: all that no other adapter names.")


@dataclass(frozen=True)
class Note:
    """A doubt about rows that are taken in all the same: counted among the warnings of the extract, and told once.

    `name`: of the warning, as `shared_org_number`; `count`: how many rows; `text`: what stands after the count, and says what to
    do, as "org units share a number: …", without a cell or a heading.
    """

    name: str
    count: int
    text: str


@dataclass(frozen=True)
class RawTable:
    """One table as delivered: text columns under canonical names, in the order of the file, not yet validated.

    `lines_of` gives the line in `file` on which each of some rows (numbered from 0) begins; it is called only for
    rows that are reported to people, and None where there are no lines. `translations` are {column: {value in the file:
    canonical value}}. `notes`: what the adapter has doubts about.
    """

    data: pa.Table
    file: str
    lines_of: Callable[[Sequence[int]], list[int]] | None = None
    extra_columns: tuple[str, ...] = ()
    date_format: str | None = None
    translations: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    notes: tuple[Note, ...] = ()


class Fetched(Protocol):
    """What an adapter delivered for one day: a full extract, or a delta."""

    @property
    def kind(self) -> ExtractKind: ...

    def digest(self, update: Digest) -> None:
        """Call `update` with bytes that identify the content."""
        ...

    def read(self) -> dict[str, RawTable]:
        """The canonical tables by name. Raises RefusedExtract."""
        ...


class Adapter(ABC):
    """Delivers some tables of one system. Made from (system, settings).

    `tables`: the canonical tables that it can deliver.
    `carries`: the optional columns and groups of rows that its tables hold (see `ingest.assessable`); what no adapter of
    a system carries is not assessable.
    `settings_fingerprint`: changes whenever a setting would make the same bytes read differently.
    """

    tables: tuple[str, ...]
    carries: frozenset[str] = frozenset()
    settings_fingerprint: str

    @property
    @abstractmethod
    def is_pulled(self) -> bool:
        """Whether it shows the present state only, and has no days of its own."""

    @abstractmethod
    def days(self, until: date) -> dict[date, str]:
        """For a dated adapter: {delivered day up to `until`: signature, which changes when the delivery does}."""

    def passed_over(self, until: date) -> list[str]:
        """Names, without national ids, of what lies in a dated adapter's place and is no day, or one after `until`."""
        return []

    @abstractmethod
    def fetch(self, day: date, signature: str | None, progress: Progress, *, few: bool = False) -> Fetched:
        """One day's delivery. With `few`, a pulled adapter may stop after its first rows.

        Raises DeliveryInProgress when the delivery changes meanwhile, PullFailed when there is none to read.
        """


MakeAdapter = Callable[[System, Any], Adapter]
M = TypeVar("M", bound=MakeAdapter)


class Registered(NamedTuple):
    """A registered adapter: its settings class, the systems it is for, and the class or function that makes it."""

    settings: type[SourceSettings]
    systems: tuple[System, ...]
    make: MakeAdapter


REGISTRY: dict[str, Registered] = {}


def adapter(settings: type[SourceSettings], *, systems: tuple[System, ...]) -> Callable[[M], M]:
    """Register an adapter's class, or a function that chooses one, under the name in its settings.

    Raises TypeError when the settings have no `adapter: Literal["<name>"]`, or the name is registered already.
    """
    names = get_args(settings.model_fields["adapter"].annotation)
    if len(names) != 1 or not isinstance(names[0], str):
        raise TypeError(f'{settings.__name__} needs the name of its adapter, as in adapter: Literal["csv"]')
    name = names[0]
    if name in REGISTRY:
        raise TypeError(f"there is an adapter {name} already: {REGISTRY[name].settings.__name__}")

    def register(make: M) -> M:
        REGISTRY[name] = Registered(settings, systems, make)
        return make

    return register


@dataclass(frozen=True)
class Delivery:
    """One day's delivery of one system, not yet read. `signatures`: one for each adapter, None for a pulled one."""

    system: System
    extract_date: date
    signatures: tuple[str | None, ...]

    @property
    def is_pulled(self) -> bool:
        return None in self.signatures


@dataclass(frozen=True)
class Content:
    """What all adapters of a system delivered for one day, each with the tables taken from it."""

    parts: tuple[tuple[Fetched, tuple[str, ...]], ...]

    @property
    def kind(self) -> ExtractKind:
        return self.parts[0][0].kind

    def digest(self, update: Digest) -> None:
        """Call `update` with bytes that identify the content of all parts."""
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
    """The source of one system: its adapters, and the tables that each of them delivers."""

    def __init__(self, system: System, adapters: Sequence[Adapter], tables: Sequence[tuple[str, ...]]):
        self.system: System = system
        self._adapters, self._tables = adapters, tables
        self.settings_fingerprint = "|".join(a.settings_fingerprint for a in adapters)
        self.is_pulled = any(a.is_pulled for a in adapters)

    @property
    def carries(self) -> frozenset[str]:
        """The optional columns that the adapters' tables hold, as table.column (see `ingest.assessable`)."""
        return frozenset(c for a, tables in zip(self._adapters, self._tables, strict=True) for c in a.carries
                         if c.split(".")[0] in tables)

    def deliveries(self, until: date, *, pull: bool = False) -> list[Delivery]:
        """Deliveries up to `until`, oldest first. A pulled source has only that of `until`, and only with `pull`."""
        days = [None if a.is_pulled else a.days(until) for a in self._adapters]
        if self.is_pulled:
            common = {until} if pull and all(d is None or until in d for d in days) else set()
        else:
            common = set.intersection(*(set(d) for d in days if d is not None))
        return [Delivery(self.system, day, tuple(None if d is None else d[day] for d in days)) for day in sorted(common)]

    def passed_over(self, until: date) -> list[str]:
        """What lies in the source's places and is passed over: no day, or one after `until` (contract#no-day). Sorted."""
        return sorted({name for a in self._adapters for name in a.passed_over(until)})

    def fetch(self, delivery: Delivery, progress: Progress = lambda _: None, *, few: bool = False) -> Content:
        """All of one delivery, or a few rows. Raises DeliveryInProgress or PullFailed; then there is no extract."""
        return Content(tuple(
            (_fetched(adapter, delivery.extract_date, signature, progress, few), tables)
            for adapter, signature, tables in zip(self._adapters, delivery.signatures, self._tables, strict=True)))


def _fetched(adapter: Adapter, day: date, signature: str | None, progress: Progress, few: bool) -> Fetched:
    """One adapter's delivery. Raises Unforeseen for any error of a pulled one that is no IngestError.

    A server may answer anything, and what an adapter did not think of must not stop the other system and the marts: the
    source fails, by name and with status 1, like one that does not answer. The text tells where the error arose, never its own
    words, which may hold a cell. The net hangs here alone, so that tests of an adapter see its mistakes as they are. Files have
    none: they are still there when the mistake is mended.
    """
    try:
        return adapter.fetch(day, signature, progress, few=few)
    except IngestError:
        raise
    except Exception as error:
        if not adapter.is_pulled:
            raise
        ours = [f for f in extract_tb(error.__traceback__) if Path(f.filename).is_relative_to(_INGEST)][-1]
        place = Path(ours.filename).relative_to(_INGEST.parent).as_posix()
        raise Unforeseen(f"its answers were not understood: unforeseen error {type(error).__name__} in {place}:{ours.lineno}. "
                         "Please report this line") from None
