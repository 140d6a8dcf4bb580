"""What assets and checks are handed: the settings, the writer's lock, the warehouse, a place to tell progress."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import dagster as dg
import duckdb

from ingest.decisions import Decisions
from ingest.expectations import Examiner
from ingest.identity import load_key
from ingest.intake import data_key_file
from ingest.landing import Landing
from ingest.warehouse import WarehouseBusy, open_warehouse
from orchestration.core.lock import writer
from orchestration.core.settings import Settings

MAX_RETRIES, SECONDS_BEFORE_RETRY = 3, 30


@dataclass
class Workplace:
    """All that the assets of one code location share. `say` gets one line on each longer step."""

    settings: Settings
    say: Callable[[str], None]
    examiner: Examiner

    @property
    def landing(self) -> Landing:
        return Landing(self.settings.landed)

    @property
    def decisions(self) -> Decisions:
        return Decisions(self.settings.data_dir / "decisions")

    def key(self) -> bytes:
        return load_key(data_key_file(self.settings.data_dir))

    @contextmanager
    def warehouse(self, *, read_only: bool = False) -> Iterator[duckdb.DuckDBPyConnection]:
        with open_warehouse(self.settings.warehouse, read_only=read_only, say=self.say) as con:
            yield con


@contextmanager
def retried_when_it_can_pass() -> Iterator[None]:
    """What can pass (somebody looks into the warehouse file, a disk is away) is tried again by Dagster."""
    try:
        yield
    except (WarehouseBusy, BlockingIOError, InterruptedError, TimeoutError, ConnectionError) as error:
        raise dg.RetryRequested(max_retries=MAX_RETRIES, seconds_to_wait=SECONDS_BEFORE_RETRY) from error


def workplace_resource(settings: Settings, say: Callable[[str], None]) -> dg.ResourceDefinition:
    """The workplace for one run, which holds the writer's lock from its first step to its last."""

    @dg.resource(description="The settings, the warehouse, and the right to write below the data directory.")
    def workplace(_: dg.InitResourceContext) -> Iterator[Workplace]:
        with writer(settings.data_dir, settings.lock_patience_seconds, say):
            workplace = Workplace(settings, say, Examiner())
            try:
                yield workplace
            finally:
                workplace.examiner.abandon()

    return workplace


def relative(path: Path, settings: Settings) -> str:
    """A path as people are told it: below the data directory."""
    return str(path.relative_to(settings.data_dir)) if path.is_relative_to(settings.data_dir) else str(path)
