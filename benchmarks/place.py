"""Places to measure in: a folder with settings, deliveries and a data directory, and copies of it."""

import shutil
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from benchmarks.measure import BIN, Cost, run
from orchestration.core import dbt

SETTINGS = """data_dir: data
sources:
  hrm: {adapter: csv, path: inbox/hrm}
  vfs: {adapter: csv, path: inbox/vfs}
"""


@dataclass(frozen=True)
class Place:
    """Where `sluttdato` runs."""

    root: Path

    def __post_init__(self) -> None:
        self.root.mkdir(parents=True, exist_ok=True)
        (self.root / "sluttdato.yaml").write_text(SETTINGS)

    @property
    def inbox(self) -> Path:
        return self.root / "inbox"

    @property
    def warehouse(self) -> Path:
        return self.root / "data" / "warehouse.duckdb"

    def copy(self, name: str) -> "Place":
        """The same place elsewhere; an earlier copy is replaced."""
        target = self.root.with_name(name)
        shutil.rmtree(target, ignore_errors=True)
        shutil.copytree(self.root, target, symlinks=True)
        return Place(target)

    def restored(self, saved: "Place") -> "Place":
        """The same place with the data directory as `saved` has it. (In another place dbt would parse the project again.)"""
        shutil.rmtree(self.root / "data")
        shutil.copytree(saved.root / "data", self.root / "data", symlinks=True)
        return self

    def sluttdato_run(self, as_of: date) -> Cost:
        return run([str(BIN / "sluttdato"), "run"], self.root, {"SLUTTDATO_TODAY": as_of.isoformat()})

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
