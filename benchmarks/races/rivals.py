"""Who races: what each rival runs for a day, and what it keeps from one day to the next."""

import csv
import shutil
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import NamedTuple

from benchmarks.measure import Cost, run

HERE = Path(__file__).parent
ENVIRONMENT = HERE.parents[1] / "build" / "races"  # made by `make races`
KINDS = ("active_vfs_inactive_hrm", "stale_position", "unknown_in_hrm")


class Row(NamedTuple):
    """A line of a rival's answer."""

    kind: str
    position: str
    person: str
    can_log_in: bool


Found = set[Row]


@dataclass(frozen=True)
class Rival:
    """A rival in a folder, in which it runs: below it are the deliveries, as `inbox`, and whatever it keeps."""

    name: str
    root: Path
    environment: Path
    day: tuple[str, ...]
    """The command for a day, in which `{day}` stands for it."""
    earlier: tuple[str, ...] = ()
    """The command for many days at once, which are added to it; empty where nothing is kept."""
    project: str = ""
    at_most: str = ""
    """What our CPU should be, of this one's."""

    def one_day(self, day: date) -> Cost:
        return self._run([part.format(day=day) for part in self.day], day)

    def with_history(self, inbox: Path, days: list[date]) -> None:
        """Ready for the next day: project and deliveries are there, these days taken in, the last of them as every other day."""
        if self.project:
            shutil.copytree(HERE / self.project, self.root)
        self.root.mkdir(exist_ok=True)
        (self.root / "inbox").symlink_to(inbox)
        if self.earlier:
            self._run([*self.earlier, *(day.isoformat() for day in days[:-1])], days[-1])
            self.one_day(days[-1])
        shutil.copytree(self.root, self._saved, symlinks=True)

    def restored(self) -> "Rival":
        shutil.rmtree(self.root)
        shutil.copytree(self._saved, self.root, symlinks=True)
        return self

    def found(self) -> Found:
        with (self.root / "found.csv").open(encoding="utf-8", newline="") as file:
            return {Row(row["finding_type"], row["position_id"], row["person_id"], row["can_log_in"].lower() == "true")
                    for row in csv.DictReader(file)}

    @property
    def _saved(self) -> Path:
        return self.root.with_name(f"{self.root.name}-before")

    def _run(self, command: list[str], day: date) -> Cost:
        program = str(self.environment / "bin" / command[0])
        return run([program, *command[1:]], self.root, {
            "DAY": day.isoformat(), "PYTHONPATH": "", "DAGSTER_HOME": str(self.root), "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
            "SQLMESH__DISABLE_ANONYMIZED_ANALYTICS": "true"})


def rivals(work: Path, environment: Path) -> list[Rival]:
    environment = environment.absolute()  # each runs in its own folder

    def script(name: str) -> tuple[str, ...]:
        return ("python", str(HERE / f"with_{name}.py"), "inbox", "{day}")

    return [
        Rival("usual stack", work / "usual", environment, ("dagster", "job", "execute", "-f", "definitions.py", "-j", "daily"),
              ("python", "take_in.py"), "usual_stack", "<= 0.3"),
        Rival("SQLMesh", work / "sqlmesh", environment, ("python", "day.py", "{day}"),
              ("python", "day.py"), "with_sqlmesh", "<= 3"),
        Rival("pandas", work / "pandas", environment, script("pandas")),
        Rival("polars", work / "polars", environment, script("polars")),
    ]
