"""Every file and folder below the data directory, by name; nothing else in the project builds such a path.

    warehouse.duckdb          versions, and what dbt makes of them
    landed/                   extracts as they were taken in (`ingest.landing`)
    quarantined/              diffs of quarantined extracts (`ingest.quarantine`)
    decisions/                what people decided (`ingest.decisions`)
    alerts/                   the log of messages (`publish.alerts.log`)
    told.json                 which withheld deliveries an ended run has told (`core.told`)
    published, published.d/   the published set, a link, and the sets it may point to (`publish.snapshot`)
    evidence/                 the auditor's monthly packs (`publish.evidence`)
    secrets/id_key            the generated key that national ids are hashed with
    id_key.fingerprint        which key it is: another is never used in silence
    last_run.json             how the last run ended (`core.last_run`)
    metrics.prom              the same and more for Prometheus, unless `metrics.textfile` names another place (`core.metrics`)
    version.json              which version wrote here (`core.data_version`)
    dbt/target, dbt/logs      what dbt writes; dbt/parsed.json: the state of the project that was parsed
    dagster/                  Dagster's home, unless DAGSTER_HOME is set
    demo/                     the simulated systems (`core.demo_place`)
    errors.log                where in the program unforeseen errors arose
    .writer.lock, .parse.lock

Does not belong here: paths inside a folder that one module owns, such as `landed/<system>/<day>`.
"""

from dataclasses import dataclass
from datetime import date
from pathlib import Path


@dataclass(frozen=True)
class DataPaths:
    """The paths below the data directory `root`. Creates nothing."""

    root: Path

    @property
    def warehouse(self) -> Path:
        return self.root / "warehouse.duckdb"

    @property
    def landed(self) -> Path:
        return self.root / "landed"

    @property
    def quarantined(self) -> Path:
        return self.root / "quarantined"

    @property
    def decisions(self) -> Path:
        return self.root / "decisions"

    @property
    def alerts(self) -> Path:
        return self.root / "alerts"

    @property
    def told(self) -> Path:
        return self.root / "told.json"

    @property
    def published(self) -> Path:
        return self.root / "published"

    @property
    def published_sets(self) -> Path:
        """The sets that `published` may point to."""
        return self.root / "published.d"

    @property
    def marts(self) -> Path:
        """The published marts, for readers."""
        return self.published / "marts.duckdb"

    @property
    def report(self) -> Path:
        return self.published / "report"

    @property
    def worklists(self) -> Path:
        return self.published / "worklists"

    @property
    def evidence(self) -> Path:
        """The auditor's packs, a folder for each month: YYYY-MM."""
        return self.root / "evidence"

    @property
    def key_file(self) -> Path:
        return self.root / "secrets" / "id_key"

    @property
    def key_fingerprint(self) -> Path:
        """Which key the landed extracts were hashed with; apart from the key, so that it outlives it."""
        return self.root / "id_key.fingerprint"

    @property
    def last_run(self) -> Path:
        """How the last run ended."""
        return self.root / "last_run.json"

    @property
    def metrics(self) -> Path:
        return self.root / "metrics.prom"

    @property
    def version(self) -> Path:
        """Which form the data directory has, and which version wrote it."""
        return self.root / "version.json"

    @property
    def dbt(self) -> Path:
        return self.root / "dbt"

    @property
    def dbt_target(self) -> Path:
        return self.dbt / "target"

    @property
    def dbt_logs(self) -> Path:
        return self.dbt / "logs"

    @property
    def dbt_manifest(self) -> Path:
        return self.dbt_target / "manifest.json"

    @property
    def dbt_partial_parse(self) -> Path:
        """dbt's cache of its last parse."""
        return self.dbt_target / "partial_parse.msgpack"

    @property
    def dbt_parsed(self) -> Path:
        """The state of the project that the manifest was parsed from."""
        return self.dbt / "parsed.json"

    @property
    def dagster_home(self) -> Path:
        return self.root / "dagster"

    @property
    def writer_lock(self) -> Path:
        return self.root / ".writer.lock"

    @property
    def writer(self) -> Path:
        """Who holds the writer's lock."""
        return self.root / ".writer.json"

    @property
    def error_log(self) -> Path:
        """Where in the program errors arose that nobody foresaw (`cli.app`)."""
        return self.root / "errors.log"

    @property
    def parse_lock(self) -> Path:
        return self.root / ".parse.lock"

    @property
    def demo(self) -> Path:
        return self.root / "demo"

    @property
    def demo_systems(self) -> Path:
        """What the simulated systems hold: {hrm,vfs}/<day>."""
        return self.demo / "systems"

    @property
    def demo_truth(self) -> Path:
        return self.demo / "truth.json"

    @property
    def holds_demo(self) -> bool:
        return self.demo.is_dir()

    def demo_exports(self, day: date) -> Path:
        """The simulated exports of VFS's employee search on a day."""
        return self.demo / "exports" / day.isoformat()

    def remove_warehouse(self) -> None:
        """Delete the warehouse with its write-ahead log; the next run makes it again from the landed extracts."""
        for file in self.root.glob(f"{self.warehouse.name}*"):
            file.unlink()

    def shown(self, path: Path) -> str:
        """A path for people: relative to the data directory if it is below it."""
        return str(path.relative_to(self.root)) if path.is_relative_to(self.root) else str(path)
