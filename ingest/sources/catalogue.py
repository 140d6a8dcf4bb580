"""Every adapter there is: the name in the settings, its settings, the system it is for, and how one is made.

A new adapter is a module beside this one, and a line in `_ADAPTERS`.
"""

from collections.abc import Callable, Sequence
from typing import Annotated, Any

from pydantic import Discriminator, Tag

from ingest.canonical_tables import System, tables_of
from ingest.sources.base import Adapter, Source
from ingest.sources.csv_folder import CsvFolder, CsvSettings
from ingest.sources.export import Export, ExportSettings
from ingest.sources.fint import Fint, FintSettings
from ingest.sources.oneroster_files import OneRosterFiles
from ingest.sources.oneroster_rest import OneRosterRest, OneRosterSettings
from ingest.sources.pifu import Pifu, PifuSettings
from ingest.sources.visma_hrm import VismaHrm, VismaHrmSettings


def _oneroster(system: System, settings: OneRosterSettings) -> Adapter:
    return OneRosterFiles(system, settings) if settings.path else OneRosterRest(system, settings)


_ADAPTERS: dict[str, tuple[tuple[System, ...], Callable[[System, Any], Adapter]]] = {
    "csv": (("hrm", "vfs"), CsvFolder),
    "export": (("vfs",), Export),
    "visma_hrm": (("hrm",), VismaHrm),
    "fint": (("hrm",), Fint),
    "oneroster": (("vfs",), _oneroster),
    "pifu": (("vfs",), Pifu),
}


def _adapter_of(value: Any) -> str:
    return value.get("adapter", "csv") if isinstance(value, dict) else getattr(value, "adapter", "csv")


AdapterSettings = Annotated[
    Annotated[CsvSettings, Tag("csv")] | Annotated[ExportSettings, Tag("export")]
    | Annotated[VismaHrmSettings, Tag("visma_hrm")] | Annotated[FintSettings, Tag("fint")]
    | Annotated[OneRosterSettings, Tag("oneroster")] | Annotated[PifuSettings, Tag("pifu")],
    Discriminator(_adapter_of, custom_error_type="unknown_adapter",
                  custom_error_message=f"expected an adapter: {', '.join(_ADAPTERS)}"),
]


def make_adapter(system: System, settings: Any) -> Adapter:
    """The adapter of these settings. Raises ValueError when it is for the other system."""
    systems, make = _ADAPTERS[settings.adapter]
    if system not in systems:
        raise ValueError(f"the adapter {settings.adapter} is for {' and '.join(systems)}")
    return make(system, settings)


def make_source(system: System, settings: Sequence[Any]) -> Source:
    """The source that these adapters make up. Raises ValueError when they do not fit together."""
    adapters = [make_adapter(system, one) for one in settings]
    return Source(system, adapters, _whose(system, settings, adapters))


def _whose(system: System, settings: Sequence[Any], adapters: Sequence[Adapter]) -> list[tuple[str, ...]]:
    """Which tables each adapter delivers: those named, or all it can that no other names."""
    known = {t.name for t in tables_of(system)}
    named: dict[str, str] = {}
    for one, adapter in zip(settings, adapters, strict=True):
        for table in one.tables or ():
            if table not in known:
                raise ValueError(f"tables: {table} is no table of {system}; expected {', '.join(sorted(known))}")
            if table not in adapter.tables:
                raise ValueError(f"the adapter {one.adapter} cannot deliver {table}; it delivers {', '.join(adapter.tables)}")
            if table in named:
                raise ValueError(f"both {named[table]} and {one.adapter} deliver {table}; say with `tables` whose it is")
            named[table] = one.adapter
    whose, taken = [], dict(named)
    for one, adapter in zip(settings, adapters, strict=True):
        if one.tables is not None:
            whose.append(tuple(one.tables))
            continue
        rest = tuple(t for t in adapter.tables if t not in named)
        for table in rest:
            if table in taken:
                raise ValueError(f"both {taken[table]} and {one.adapter} deliver {table}; say with `tables` whose it is")
            taken[table] = one.adapter
        whose.append(rest)
    missing = [t.name for t in tables_of(system) if t.guarded and t.name not in taken]
    if missing:
        raise ValueError(f"no adapter delivers {', '.join(missing)}, without which nothing can be told")
    return whose
