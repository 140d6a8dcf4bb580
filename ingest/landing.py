"""Extracts on disk: immutable, hashed ids only. Which deliveries came, and in which order.

    landed/<system>/<extract date>/<arrival>-<fingerprint>/extract.json and one Parquet file a table

`extract.json` is written with the tables, in one rename. A refused delivery has only its `extract.json`.
Does not belong here: whether a landed extract counts. `versions` and `guard` decide that on each run from all that landed.
"""

import hashlib
import hmac
import json
from dataclasses import asdict, dataclass, field
from datetime import date
from pathlib import Path

import pyarrow.parquet as pq

from ingest import files
from ingest.assessable import not_assessable
from ingest.canonical_tables import ExtractKind, System
from ingest.door import CanonicalExtract, Figures, admit
from ingest.errors import RefusedExtract
from ingest.sources.base import Content, Delivery, Progress, Source

REJECTED_ROWS = "rejected_rows"


@dataclass(frozen=True)
class Landed:
    """One delivery as it was taken in.

    `arrival`: 1 for the first of its day; `fingerprint`: keyed digest of its content and of the settings that read it;
    `refused`: why; `figures` and `extra_columns`: by table. `history_began_on`: the system's oldest accepted extract when this
    one was taken in.
    """

    system: System
    extract_date: date
    arrival: int
    fingerprint: str
    kind: ExtractKind
    folder: Path
    refused: str | None = None
    figures: dict[str, Figures] = field(default_factory=dict)
    active_positions: int = 0
    extra_columns: dict[str, list[str]] = field(default_factory=dict)
    not_assessable: list[str] = field(default_factory=list)
    history_began_on: date | None = None

    @property
    def key(self) -> str:
        """Identifies the delivery within its system; never changes."""
        return f"{self.extract_date.isoformat()}/{self.folder.name}"

    def table_file(self, table: str) -> Path | None:
        file = self.folder / f"{table}.parquet"
        return file if file.exists() else None


class Landing:
    """The landed extracts of both systems below one folder."""

    def __init__(self, root: Path):
        self.root = root
        self._seen_file = root / "seen.json"

    def all(self, system: System) -> list[Landed]:
        """Every landed delivery, by extract date and arrival."""
        return self._matching(system, "*")

    def of_day(self, system: System, extract_date: date) -> list[Landed]:
        """The landed deliveries of one day, by arrival."""
        return self._matching(system, extract_date.isoformat())

    def _matching(self, system: System, day: str) -> list[Landed]:
        landed = [self._load(f) for f in (self.root / system).glob(f"{day}/*/extract.json")
                  if not f.parent.name.startswith(files.TEMPORARY_PREFIX)]
        return sorted(landed, key=lambda extract: (extract.extract_date, extract.arrival))

    def pending(self, source: Source, until: date, *, pull: bool = False) -> list[Delivery]:
        """Deliveries that look new or changed, oldest first. Compares signatures only; `take_in` compares the content.

        A pulled delivery is always pending.
        """
        seen = self._seen().get(source.system, {})
        return [d for d in source.deliveries(until, pull=pull)
                if d.is_pulled or seen.get(d.extract_date.isoformat()) != _signature(source, d)]

    def take_in(
        self, source: Source, delivery: Delivery, key: bytes, max_rejected_percent: float, progress: Progress = lambda _: None,
        oldest_accepted: date | None = None,
    ) -> Landed | None:
        """Land one delivery. None when the day's latest has the same content. Raises DeliveryInProgress, PullFailed.

        `oldest_accepted`: the system's oldest accepted extract until now; kept with the delivery.
        """
        content = source.fetch(delivery, progress)
        limit = f"{max_rejected_percent:g}"
        fingerprint = _fingerprint(content, f"{source.settings_fingerprint}|{limit}", key)
        same_day = self.of_day(source.system, delivery.extract_date)
        landed = None
        if not same_day or same_day[-1].fingerprint != fingerprint:
            arrival = same_day[-1].arrival + 1 if same_day else 1
            landed = self._land(source, delivery, content, arrival, fingerprint, key, max_rejected_percent, oldest_accepted)
        if not delivery.is_pulled:
            self._remember(source, delivery)
        return landed

    def _land(
        self, source: Source, delivery: Delivery, content: Content, arrival: int, fingerprint: str,
        key: bytes, max_rejected_percent: float, oldest_accepted: date | None,
    ) -> Landed:
        extract: CanonicalExtract | None = None
        refused = None
        try:
            extract = admit(
                source.system, delivery.extract_date, content.read(), delta=content.kind == "delta",
                key=key, max_rejected_percent=max_rejected_percent)
        except RefusedExtract as error:
            refused = error.describe(source.system, delivery.extract_date)
        day = delivery.extract_date.isoformat()
        folder = self.root / source.system / day / f"{arrival:03d}-{fingerprint[:12]}"
        record = {
            "system": source.system, "extract_date": day, "arrival": arrival, "fingerprint": fingerprint,
            "kind": content.kind, "refused": refused,
            "figures": {n: asdict(f) for n, f in extract.figures.items()} if extract else {},
            "active_positions": extract.active_positions if extract else 0,
            "extra_columns": extract.extra_columns if extract else {},
            "not_assessable": not_assessable(source.carries, extract.tables) if extract and source.system == "vfs" else [],
            "history_began_on": oldest_accepted.isoformat() if oldest_accepted else None,
        }
        with files.new_folder(folder) as writing:
            if extract:
                for name, table in extract.tables.items():
                    pq.write_table(table, writing / f"{name}.parquet", compression="zstd")
                pq.write_table(extract.rejected, writing / f"{REJECTED_ROWS}.parquet", compression="zstd")
            files.write_json(writing / "extract.json", record)
        return self._load(folder / "extract.json")

    @staticmethod
    def _load(file: Path) -> Landed:
        record = json.loads(file.read_text(encoding="utf-8"))
        record["extract_date"] = date.fromisoformat(record["extract_date"])
        if began := record.get("history_began_on"):
            record["history_began_on"] = date.fromisoformat(began)
        record["figures"] = {n: Figures(**f) for n, f in record["figures"].items()}
        return Landed(folder=file.parent, **record)

    def _seen(self) -> dict[str, dict[str, str]]:
        """{system: {day: signature}} of the deliveries read. A cache: without it every file is read and compared again."""
        try:
            return json.loads(self._seen_file.read_text(encoding="utf-8"))
        except (FileNotFoundError, json.JSONDecodeError):
            return {}

    def _remember(self, source: Source, delivery: Delivery) -> None:
        seen = self._seen()
        seen.setdefault(source.system, {})[delivery.extract_date.isoformat()] = _signature(source, delivery)
        files.write_json(self._seen_file, seen)


def _signature(source: Source, delivery: Delivery) -> str:
    return hashlib.sha256(f"{delivery.signatures}|{source.settings_fingerprint}".encode()).hexdigest()


def _fingerprint(content: Content, settings: str, key: bytes) -> str:
    """HMAC, because the few unknown digits of a small file could be guessed from an unkeyed digest."""
    digest = hmac.new(key, settings.encode(), hashlib.sha256)
    content.digest(digest.update)
    return digest.hexdigest()
