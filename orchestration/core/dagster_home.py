"""Dagster's home below the data directory: its settings, and its SQLite files, which are only a record of past runs.

A file of Dagster's that is damaged is moved aside and said, and Dagster begins a new one: a run must not stop for its history.
"""

import os
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from orchestration.core.paths import DataPaths

_DAGSTER_YAML = Path(__file__).resolve().parents[1] / "dagster.yaml"
_MAGIC = b"SQLite format 3\0"
ASIDE = ".damaged"


def is_below(paths: DataPaths) -> bool:
    """Whether Dagster's home is the folder below the data directory; DAGSTER_HOME may name it, too."""
    return _place(paths).resolve() == paths.dagster_home.resolve()


def _place(paths: DataPaths) -> Path:
    named = os.environ.get("DAGSTER_HOME")
    return Path(named) if named else paths.dagster_home


def prepare(paths: DataPaths, progress: Callable[[str], None] = lambda _: None) -> Path:
    """DAGSTER_HOME, or a folder below the data directory with the project's dagster.yaml. Damaged databases there go aside."""
    home = _place(paths)
    if not os.environ.get("DAGSTER_HOME"):
        home.mkdir(parents=True, exist_ok=True)
        copy = home / _DAGSTER_YAML.name
        if not copy.exists() or copy.read_bytes() != _DAGSTER_YAML.read_bytes():
            shutil.copyfile(_DAGSTER_YAML, copy)
    for database in [*home.glob("schedules/*.db"), *home.glob("history/*.db"), *home.glob("history/runs/*.db")]:
        if not is_sound(database):
            _move_aside(database)
            progress(f"{database} is damaged; moved aside as {database.name}{ASIDE}. Dagster's record begins anew")
    return home


def is_sound(database: Path) -> bool:
    """Whether a SQLite file looks whole. Reads little: a damaged page deep inside is not seen."""
    with database.open("rb") as handle:
        head = handle.read(100)
    if not head:
        return True  # empty: SQLite takes it as new
    if len(head) < 100 or not head.startswith(_MAGIC):
        return False
    page, pages = int.from_bytes(head[16:18], "big"), int.from_bytes(head[28:32], "big")
    counted = head[24:28] == head[92:96]  # else an older SQLite wrote the file, and the number of pages does not hold
    if counted and database.stat().st_size < (65536 if page == 1 else page) * pages:
        return False
    try:
        with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as con:
            con.execute("SELECT count(*) FROM sqlite_master").fetchone()
    except sqlite3.OperationalError:
        return True  # in use by another process, or not to be opened here: Dagster will say
    except sqlite3.DatabaseError:
        return False
    return True


def _move_aside(database: Path) -> None:
    database.replace(database.with_name(f"{database.name}{ASIDE}"))
    for companion in ("-wal", "-shm", "-journal"):
        database.with_name(f"{database.name}{companion}").unlink(missing_ok=True)
