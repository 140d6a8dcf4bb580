"""Dagster's record of runs below the data directory, written by one process that keeps its SQLite files open.

Dagster opens the file, makes an engine and compiles its statements anew for each event, and closing the file writes it twice:
of a run of a small kommune that was half the time. The files and their content are Dagster's own; its web page reads them.
Belongs here: how this process writes them. Does not belong here: where they lie (`dagster_home`), what is recorded (`defs`).
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import dagster as dg
from dagster._core.instance.ref import InstanceRef
from dagster._core.storage.event_log.sqlite.sqlite_event_log import SqliteEventLogStorage
from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.pool import QueuePool

_BUSY_SECONDS = 60


def own_instance(home: Path) -> dg.DagsterInstance:
    """The instance in a home below the data directory, whose record nobody else writes meanwhile."""
    return dg.DagsterInstance.from_ref(InstanceRef.from_dir(str(home), overrides={"event_log_storage": {
        "module": __name__, "class": KeptOpen.__name__, "config": {"base_dir": str(home / "history" / "runs")}}}))


class KeptOpen(SqliteEventLogStorage):
    """Dagster's storage of events in SQLite, with one connection to each file, kept until the instance is closed."""

    def __init__(self, base_dir: str, inst_data: Any = None):
        self._engines: dict[str, Engine] = {}
        super().__init__(base_dir, inst_data)

    @classmethod
    def from_config_value(cls, inst_data: Any, config_value: Any) -> "KeptOpen":
        return cls(inst_data=inst_data, **config_value)

    @contextmanager
    def _connect(self, shard: str) -> Iterator[Connection]:
        with self._db_lock:
            engine = self._engines.get(shard)
            if engine is None:
                engine = self._engines[shard] = create_engine(
                    self.conn_string_for_shard(shard), poolclass=QueuePool, pool_size=1, max_overflow=1,
                    connect_args={"timeout": _BUSY_SECONDS, "check_same_thread": False})
                event.listen(engine, "connect", _write_ahead)
                if shard not in self._initialized_dbs:
                    self._initdb(engine)
                    self._initialized_dbs.add(shard)
            with engine.connect() as con, con.begin():
                yield con

    def dispose(self) -> None:
        for engine in self._engines.values():
            engine.dispose()
        self._engines.clear()
        super().dispose()


def _write_ahead(connection: Any, _: Any) -> None:
    """Without waiting for the disk at each event: a loss of power can cost the last events, and never breaks the file."""
    connection.execute("PRAGMA synchronous=NORMAL")
