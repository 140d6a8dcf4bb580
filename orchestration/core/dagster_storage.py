"""Dagster's SQLite files, kept open by a process that makes a run by itself.

Dagster opens and closes a file three to six times for each event, with a new engine each time: that is most of what its events
cost. What is stored, and where, is the same; the daemon and the web page go on with Dagster's own classes.
Does not belong here: the instance's settings (`dagster.yaml`), its home (`dagster_home`).
"""

from collections.abc import Iterator
from contextlib import contextmanager

import sqlalchemy
import sqlalchemy.event
from dagster import DagsterInstance
from dagster._core.instance.ref import InstanceRef
from dagster._core.storage.event_log.sqlite.sqlite_event_log import INDEX_SHARD_NAME, SqliteEventLogStorage
from dagster._core.storage.sqlite import SQLITE_BUSY_TIMEOUT_SECONDS
from dagster._core.storage.sqlite_storage import DagsterSqliteStorage


def instance_at(home: str) -> DagsterInstance:
    """The instance in a home of Dagster's; where its record is in SQLite files, they are kept open."""
    ref = InstanceRef.from_dir(home)
    storage = ref.storage_data
    if storage and storage.class_name == DagsterSqliteStorage.__name__:
        ref = ref._replace(storage_data=storage._replace(module_name=__name__, class_name=SqliteStorage.__name__))
    return DagsterInstance.from_ref(ref)


class EventLog(SqliteEventLogStorage):
    """Dagster's event log with the file of all runs open, and that of the run last written to."""

    def __init__(self, base_dir: str) -> None:
        self._open: dict[str, sqlalchemy.Engine] = {}
        super().__init__(base_dir)

    @contextmanager
    def _connect(self, shard: str) -> Iterator[sqlalchemy.Connection]:
        with self._db_lock, self._engine(shard).connect() as connection, connection.begin():
            yield connection

    def _engine(self, shard: str) -> sqlalchemy.Engine:
        if shard not in self._open:
            for other in self._open.keys() - {INDEX_SHARD_NAME}:
                self._open.pop(other).dispose()
            engine = sqlalchemy.create_engine(
                self.conn_string_for_shard(shard), connect_args={"timeout": SQLITE_BUSY_TIMEOUT_SECONDS})
            # A process that is killed loses nothing of it; a machine that loses power, at most the last events.
            sqlalchemy.event.listen(engine, "connect", lambda connection, _: connection.execute("PRAGMA synchronous=NORMAL"))
            self._initdb(engine)
            self._open[shard] = engine
        return self._open[shard]

    def dispose(self) -> None:
        while self._open:
            self._open.popitem()[1].dispose()
        super().dispose()


class SqliteStorage(DagsterSqliteStorage):
    """Dagster's storage in SQLite files, with this module's event log."""

    def __init__(self, base_dir: str, inst_data: object = None) -> None:
        super().__init__(base_dir, inst_data)  # pyright: ignore[reportArgumentType]
        self._event_log_storage = EventLog(self.event_log_storage._base_dir)  # pyright: ignore

    @classmethod
    def from_config_value(cls, inst_data, config_value):
        return cls(inst_data=inst_data, **config_value)
