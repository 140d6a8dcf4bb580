"""Places to measure in: a folder with settings, deliveries and a data directory, and copies of it."""

import shutil
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from datetime import date, timedelta
from multiprocessing import get_context
from pathlib import Path

from benchmarks.measure import BIN, Cost, run
from orchestration.core import dbt

LAST = date(2026, 6, 12)
ROOT = Path(__file__).parents[1]
SETTINGS = """data_dir: data
sources:
  hrm: {adapter: csv, path: inbox/hrm}
  vfs: {adapter: csv, path: inbox/vfs}
"""


@dataclass(frozen=True)
class Place:
    """Where `sluttdato` runs, and the checkout whose code does."""

    root: Path
    code: Path = ROOT

    def __post_init__(self) -> None:
        self.root.mkdir(parents=True, exist_ok=True)
        (self.root / "sluttdato.yaml").write_text(SETTINGS)

    @property
    def inbox(self) -> Path:
        return self.root / "inbox"

    @property
    def warehouse(self) -> Path:
        return self.root / "data" / "warehouse.duckdb"

    @property
    def published(self) -> Path:
        return self.root / "data" / "published" / "marts.duckdb"

    def copy(self, name: str) -> "Place":
        """The same place elsewhere; an earlier copy is replaced."""
        target = self.root.with_name(name)
        shutil.rmtree(target, ignore_errors=True)
        shutil.copytree(self.root, target, symlinks=True)
        return replace(self, root=target)

    def restored(self, saved: "Place") -> "Place":
        """The same place with the data directory as `saved` has it. (In another place dbt would parse the project again.)"""
        shutil.rmtree(self.root / "data")
        shutil.copytree(saved.root / "data", self.root / "data", symlinks=True)
        return self

    def sluttdato_run(self, as_of: date) -> Cost:
        return run([str(BIN / "sluttdato"), "run"], self.root, {
            "SLUTTDATO_TODAY": as_of.isoformat(), "PYTHONPATH": str(self.code)})

    def dbt_build(self) -> Cost:
        """Floor A: `dbt build` alone, as its own process, on this place's warehouse."""
        return run(
            [str(BIN / "dbt"), "--quiet", "build", "--exclude-resource-type", "unit_test", "--project-dir", str(dbt.PROJECT),
             "--profiles-dir", str(dbt.PROJECT), "--target-path", str(self.root / "data/dbt/target"),
             "--log-path", str(self.root / "data/dbt/logs")],
            self.root, {"SLUTTDATO_WAREHOUSE": str(self.warehouse)})

    def used_bytes(self) -> int:
        """Bytes of the warehouse's data, without DuckDB's free blocks in the file."""
        import duckdb

        with duckdb.connect(str(self.warehouse)) as con:
            con.execute("CHECKPOINT")
            block_size, used = con.execute("SELECT block_size, used_blocks FROM pragma_database_size()").fetchone()
        return block_size * used

    def version_rows(self) -> int:
        """Rows in all versions tables."""
        import duckdb

        with duckdb.connect(str(self.warehouse), read_only=True) as con:
            names = con.execute("SELECT table_name FROM duckdb_tables() WHERE schema_name = 'versions'").fetchall()
            return sum(con.execute(f"SELECT count(*) FROM versions.{name}").fetchone()[0] for (name,) in names)


def simulated(work: Path, employees: int, days: int, *, active_only: bool = False) -> Path:
    """The inbox of a simulated municipality with so many days before the last one; of HRM all it holds, or only those at work."""
    inbox = work / f"simulated-{employees}-{days}"
    # In a process of its own: the peak of a process that is timed later would include what this one once took.
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as elsewhere:
        elsewhere.submit(_simulate, inbox, work / "truth.json", employees, days, active_only).result()
    return inbox


def _simulate(inbox: Path, truth: Path, employees: int, days: int, active_only: bool) -> None:
    from demo import municipality

    municipality.simulate(inbox, truth, employees=employees, days=days + 1, last_day=LAST, seed=1, active_only=active_only)


def with_history(place: Place, inbox: Path, days: int) -> Place:
    """Takes so many days of the inbox in, and delivers the last one; the place as it is then, copied."""
    for system in ("hrm", "vfs"):
        (place.inbox / system).mkdir(parents=True, exist_ok=True)
        for n in range(1, days + 1):
            deliver(inbox, place, system, LAST - timedelta(days=n))
    place.sluttdato_run(LAST - timedelta(days=1))
    for system in ("hrm", "vfs"):
        deliver(inbox, place, system, LAST)
    return place.copy(f"{place.root.name}-before")


def deliver(inbox: Path, place: Place, system: str, day: date) -> None:
    (place.inbox / system / day.isoformat()).symlink_to(inbox / system / day.isoformat())
