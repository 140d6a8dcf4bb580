"""What assets and checks share: the settings, the writer's lock, the warehouse, the as-of date, progress.

A resource function and not a `dg.ConfigurableResource`: see `workplace_resource`.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from typing import TypeVar

import dagster as dg
import duckdb

from ingest.decisions import Decisions
from ingest.errors import IngestError
from ingest.expectations import Examiner
from ingest.identity import load_key
from ingest.landing import Landing
from ingest.warehouse import WarehouseBusy, WarehouseDamaged, as_of_date, open_warehouse
from orchestration.core.dbt import DbtFailed
from orchestration.core.faults import Fault
from orchestration.core.lock import LockHeld, writer
from orchestration.core.paths import DataPaths
from orchestration.core.settings import Settings

T = TypeVar("T")
FORESEEN = (dg.Failure, dg.RetryRequested, dg.DagsterError, IngestError, DbtFailed, LockHeld, OSError)
MAX_RETRIES, SECONDS_BEFORE_RETRY = 3, 30


@dataclass
class Workplace:
    """What the steps of one run share. `progress` gets a line for each longer step."""

    settings: Settings
    progress: Callable[[str], None]
    examiner: Examiner
    _as_of: date | None = None

    @property
    def paths(self) -> DataPaths:
        return self.settings.paths

    @property
    def landing(self) -> Landing:
        return Landing(self.paths.landed)

    @property
    def decisions(self) -> Decisions:
        return Decisions(self.paths.decisions)

    @property
    def as_of(self) -> date:
        """The as-of date of this run, as `take_in` set it; in a run resumed after that step, read from the warehouse."""
        if self._as_of is None:
            with self.warehouse(read_only=True) as con:
                self._as_of = as_of_date(con)
        return self._as_of

    @as_of.setter
    def as_of(self, day: date) -> None:
        self._as_of = day

    def key(self) -> bytes:
        """The key that national ids are hashed with; made on first use."""
        return load_key(self.paths.key_file, self.paths.key_fingerprint, self.paths.landed)

    @contextmanager
    def warehouse(self, *, read_only: bool = False) -> Iterator[duckdb.DuckDBPyConnection]:
        """A connection to the warehouse, one at a time."""
        with open_warehouse(self.paths.warehouse, read_only=read_only, progress=self.progress) as con:
            yield con

    def bring_in_line(self, work: Callable[[duckdb.DuckDBPyConnection], T]) -> T:
        """Do what brings the warehouse in line with all that landed; one that is damaged is made anew for it."""
        try:
            with self.warehouse() as con:
                return work(con)
        except WarehouseDamaged:
            self.progress(f"{self.paths.warehouse.name} is damaged; it is made anew from what landed")
            self.paths.remove_warehouse()
            with self.warehouse() as con:
                return work(con)


@contextmanager
def retried_when_it_can_pass() -> Iterator[None]:
    """Have Dagster retry after an error that may pass: the warehouse file is in use, a disk is away.

    An error that nobody foresaw becomes a Fault, as Dagster would record, show and send its text, which may hold a cell.
    """
    try:
        yield
    except (WarehouseBusy, BlockingIOError, InterruptedError, TimeoutError, ConnectionError) as error:
        raise dg.RetryRequested(max_retries=MAX_RETRIES, seconds_to_wait=SECONDS_BEFORE_RETRY) from error
    except FORESEEN:
        raise
    except Exception as error:
        raise Fault(error) from None


def workplace_resource(settings: Settings, progress: Callable[[str], None]) -> dg.ResourceDefinition:
    """The workplace for one run, which holds the writer's lock from its first step to its last.

    Not a ConfigurableResource: its fields would be Dagster's configuration, which neither loaded settings nor a callback
    can be.
    """

    @dg.resource(description="The settings, the warehouse, and the right to write below the data directory.")
    def workplace(context: dg.InitResourceContext) -> Iterator[Workplace]:
        def waiting(line: str) -> None:
            if context.log:
                context.log.info(line)
            progress(line)

        with writer(settings.data_dir, settings.lock_patience_seconds, waiting):
            workplace = Workplace(settings, progress, Examiner())
            try:
                yield workplace
            finally:
                workplace.examiner.abandon()

    return workplace
