"""The auditor's pack, for the command line and for Dagster.

Belongs here: which period, where, and reading while nothing changes. Does not belong here: what is in it (`publish.evidence`).
"""

from collections.abc import Callable
from datetime import date
from pathlib import Path

import duckdb

from ingest.decisions import Decisions
from ingest.warehouse import open_warehouse
from orchestration.core.lock import writer
from orchestration.core.settings import Settings

_NOT_EVALUATED = "another version of Sluttdato evaluated what is in the warehouse; `sluttdato run` evaluates it anew"


def make_pack(settings: Settings, first: date, last: date, to: Path, progress: Callable[[str], None] = lambda _: None) -> bool:
    """Make the pack of these days in the folder `to`; False when the same one is there already.

    Holds the writer's lock, as a run changes the warehouse step by step. Raises NotCovered and PackDiffers.
    """
    from publish.evidence import make_pack as make
    from publish.evidence.contents import NotCovered

    paths = settings.paths
    with writer(settings.data_dir, settings.lock_patience_seconds, progress):
        if not paths.warehouse.exists() or not paths.marts.exists():
            raise NotCovered("nothing is published yet; `sluttdato run` does that")
        with open_warehouse(paths.warehouse, read_only=True, progress=progress) as con:
            try:
                return make(con, paths.marts, Decisions(paths.decisions), first, last, settings.kommune.name, to)
            except duckdb.CatalogException:
                raise NotCovered(_NOT_EVALUATED) from None


def make_month(settings: Settings, month: str, progress: Callable[[str], None] = lambda _: None) -> bool:
    """Make the pack of a month, as YYYY-MM, where the monthly ones lie; False when the same one is there already.

    Of the month in which the evaluation began, the days since then. Raises NotCovered and PackDiffers.
    """
    from publish.evidence import month_of
    from publish.evidence.contents import NotCovered, covered

    first, last = month_of(month)
    paths = settings.paths
    with writer(settings.data_dir, settings.lock_patience_seconds, progress):
        if paths.warehouse.exists():
            with open_warehouse(paths.warehouse, read_only=True, progress=progress) as con:
                try:
                    days = covered(con, paths.marts)
                except duckdb.CatalogException:
                    raise NotCovered(_NOT_EVALUATED) from None
            if days and days[0] > last:
                raise NotCovered(f"{month}: the first day that is evaluated is {days[0]}")
            first = max(first, days[0]) if days else first
        return make_pack(settings, first, last, paths.evidence / month, progress)


def remove_old(settings: Settings, before: date) -> int:
    """Remove the monthly packs of months that ended before a day. For the holder of the writer's lock."""
    from publish.evidence import remove_packs

    return remove_packs(settings.paths.evidence, before)
