"""All adapters: the modules that register them, the union of their settings, and the source made of them.

Belongs here: the list of modules, and which adapter delivers which table. An adapter's name, systems and settings are
at its class (`base.adapter`).
"""

from collections.abc import Sequence
from importlib import import_module
from typing import TYPE_CHECKING, Annotated, Any, Union

from pydantic import Discriminator, Tag

from ingest.canonical_tables import WITNESSES, System, tables_of
from ingest.sources.base import REGISTRY, Adapter, Source, SourceSettings

# For a new adapter, add the name of its module. Messages and docs name adapters by the alphabet, whatever was imported first.
_MODULES = ("csv_folder", "export", "visma_hrm", "visma_net", "fint", "oneroster", "pifu", "stamdata3", "paga")
_DEFAULT = "csv"

for _module in _MODULES:
    import_module(f"ingest.sources.{_module}")


def _name(value: Any) -> str:
    return value.get("adapter", _DEFAULT) if isinstance(value, dict) else getattr(value, "adapter", _DEFAULT)


if TYPE_CHECKING:
    AdapterSettings = SourceSettings
else:
    AdapterSettings = Annotated[
        Union[tuple(Annotated[registered.settings, Tag(name)] for name, registered in sorted(REGISTRY.items()))],  # noqa: UP007
        Discriminator(_name, custom_error_type="unknown_adapter",
                      custom_error_message=f"expected an adapter: {', '.join(sorted(REGISTRY))}")]


def make_adapter(system: System, settings: SourceSettings) -> Adapter:
    """The adapter of these settings. Raises ValueError when it is for another system."""
    registered = REGISTRY[settings.adapter]
    if system not in registered.systems:
        raise ValueError(f"the adapter {settings.adapter} is for {' and '.join(registered.systems)}")
    return registered.make(system, settings)


def make_source(system: System, settings: Sequence[SourceSettings]) -> Source:
    """The source made of these adapters. Raises ValueError when they do not fit together."""
    adapters = [make_adapter(system, one) for one in settings]
    return Source(system, adapters, _tables_by_adapter(system, settings, adapters))


def _tables_by_adapter(
    system: System, settings: Sequence[SourceSettings], adapters: Sequence[Adapter]
) -> list[tuple[str, ...]]:
    """The tables that each adapter delivers: those its settings name, or all it can deliver that no other names."""
    known = {t.name for t in tables_of(system)}
    named: dict[str, str] = {}
    for one, adapter in zip(settings, adapters, strict=True):
        for table in one.tables or ():
            if table not in known:
                raise ValueError(f"tables: {table} is no table of {system}; expected {', '.join(sorted(known))}")
            if table not in adapter.tables:
                raise ValueError(f"the adapter {one.adapter} cannot deliver {table}; it delivers {', '.join(adapter.tables)}")
            if table in named:
                raise ValueError(f"both {named[table]} and {one.adapter} deliver {table}; set `tables` so that one does")
            named[table] = one.adapter
    by_adapter, taken = [], dict(named)
    for one, adapter in zip(settings, adapters, strict=True):
        if one.tables is not None:
            by_adapter.append(tuple(one.tables))
            continue
        rest = tuple(t for t in adapter.tables if t not in named)
        for table in rest:
            if table in taken:
                raise ValueError(f"both {taken[table]} and {one.adapter} deliver {table}; set `tables` so that one does")
            taken[table] = one.adapter
        by_adapter.append(rest)
    missing = [t.name for t in tables_of(system) if (t.guarded or system in WITNESSES) and t.name not in taken]
    if missing:
        raise ValueError(f"no adapter delivers {', '.join(missing)}, without which nothing can be assessed")
    return by_adapter
