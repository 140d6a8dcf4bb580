"""Extracts on disk: immutable, hashed ids only. Which deliveries came, and in which order.

    landed/<system>/<extract date>/<arrival>-<fingerprint>/extract.json and one Parquet file a table

`extract.json` is written with the tables, in one rename; it records the digest of each. A refused delivery has only its
`extract.json`. A table that is missing or differs is an error: there is no other copy.
Does not belong here: whether a landed extract counts. `versions` and `guard` decide that on each run from all that landed.
"""

import hashlib
import hmac
import json
from dataclasses import asdict, dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from ingest import files
from ingest.assessable import not_assessable
from ingest.canonical_tables import ExtractKind, System
from ingest.door import CanonicalExtract, Figures, admit
from ingest.errors import Damaged, RefusedExtract
from ingest.sources.base import Content, Delivery, Progress, Source

REJECTED_ROWS = "rejected_rows"


@dataclass(frozen=True)
class Landed:
    """One delivery as it was taken in.

    `arrival`: 1 for the first of its day; `fingerprint`: keyed digest of its content and of the settings that read it;
    `refused`: why; `refused_at`: file, line and column, as far as they are known; `figures`, `extra_columns` and `notes`: by
    table; `sha256`: of each Parquet file, by table (an earlier version recorded none). `history_began_on`: the system's oldest
    accepted extract when this one was taken in.
    """

    system: System
    extract_date: date
    arrival: int
    fingerprint: str
    kind: ExtractKind
    folder: Path
    refused: str | None = None
    figures: dict[str, Figures] = field(default_factory=dict)
    extra_columns: dict[str, list[str]] = field(default_factory=dict)
    notes: dict[str, dict[str, str]] = field(default_factory=dict)
    not_assessable: list[str] = field(default_factory=list)
    history_began_on: date | None = None
    sha256: dict[str, str] = field(default_factory=dict)
    refused_at: dict[str, Any] = field(default_factory=dict)
    _checked: set[str] = field(default_factory=set, init=False, repr=False, compare=False)

    @property
    def key(self) -> str:
        """Identifies the delivery within its system; never changes."""
        return f"{self.extract_date.isoformat()}/{self.folder.name}"

    @property
    def tables(self) -> list[str]:
        """The tables that must be on the disk, unless the retention removed them."""
        if self.sha256:
            return list(self.sha256)
        rejected = [REJECTED_ROWS] if any(f.rejected for f in self.figures.values()) else []
        return [*self.figures, *rejected]

    @property
    def is_purged(self) -> bool:
        """Whether no table is left, as after a purge."""
        return not any(self.folder.glob("*.parquet"))

    def table_file(self, table: str) -> Path | None:
        """The Parquet file of a table, checked to be what was written; None when the delivery did not hold the table.

        Raises Damaged.
        """
        if table not in self.tables:
            return None
        file = self._file(table)
        if table not in self._checked:
            self._check(table, file)
            self._checked.add(table)
        return file

    def check_presence(self) -> None:
        """Raises Damaged when a table is missing. Opens nothing."""
        for table in self.tables:
            if not self._file(table).is_file():
                raise self._damaged(self._file(table), "the landed table is missing")

    def _file(self, table: str) -> Path:
        return self.folder / f"{table}.parquet"

    def _check(self, table: str, file: Path) -> None:
        if not file.is_file():
            raise self._damaged(file, "the landed table is missing")
        if self.sha256:
            is_whole = files.digest(file) == self.sha256[table]
        else:
            is_whole = _count_rows(file) == (self.figures[table].rows if table in self.figures else _rejected(self.figures))
        if not is_whole:
            raise self._damaged(file, "the landed table is damaged: it is not what extract.json recorded")

    def _damaged(self, file: Path, problem: str) -> Damaged:
        return _damaged(file, problem, self.folder)


def _damaged(file: Path, problem: str, folder: Path, *, line: int | None = None) -> Damaged:
    return Damaged(file, problem, (
        f"Nothing is published from what is left. Restore it from a backup; or, where the source still delivers that day, delete "
        f"the folder {folder.name} it is in, and the next run takes the day in again"), line=line)


def _count_rows(file: Path) -> int | None:
    """The rows of a Parquet file, each of them read; None when one cannot be read."""
    try:
        with pq.ParquetFile(file) as parquet:
            return sum(batch.num_rows for batch in parquet.iter_batches())
    except (pa.ArrowException, OSError):
        return None


def _rejected(figures: dict[str, Figures]) -> int:
    return sum(f.rejected for f in figures.values())


class Landing:
    """The landed extracts of both systems below one folder."""

    def __init__(self, root: Path):
        self.root = root
        self._seen_file = root / "seen.json"

    def all(self, system: System) -> list[Landed]:
        """Every landed delivery, by extract date and arrival. Raises Damaged when the record of one is missing or damaged."""
        return self._matching(system, "*")

    def of_day(self, system: System, extract_date: date) -> list[Landed]:
        """The landed deliveries of one day, by arrival."""
        return self._matching(system, extract_date.isoformat())

    def _matching(self, system: System, day: str) -> list[Landed]:
        landed = [load(folder) for folder in (self.root / system).glob(f"{day}/*")
                  if folder.is_dir() and not folder.name.startswith(files.TEMPORARY_PREFIX)]
        return sorted(landed, key=lambda extract: (extract.extract_date, extract.arrival))

    def pending(self, source: Source, until: date, *, pull: bool = False) -> list[Delivery]:
        """Deliveries that look new or changed, oldest first. Compares signatures only; `take_in` compares the content.

        A pulled delivery is always pending.
        """
        seen = self._seen().get(source.system, {})
        return [d for d in source.deliveries(until, pull=pull)
                if d.is_pulled or not self._is_seen(source, d, seen.get(d.extract_date.isoformat()))]

    def _is_seen(self, source: Source, delivery: Delivery, seen: str | None) -> bool:
        """Whether a delivery looks as when it was read, and what landed then is still there."""
        signature, _, folder = (seen or "").partition(" ")
        day = self.root / source.system / delivery.extract_date.isoformat()
        landed = (day / folder).is_dir() if folder else day.is_dir()  # an earlier version wrote no folder
        return landed and signature == _signature(source, delivery)

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
            self._remember(source, delivery, (landed or same_day[-1]).folder.name)
        return landed

    def _land(
        self, source: Source, delivery: Delivery, content: Content, arrival: int, fingerprint: str,
        key: bytes, max_rejected_percent: float, oldest_accepted: date | None,
    ) -> Landed:
        extract: CanonicalExtract | None = None
        refused, refused_at = None, {}
        try:
            extract = admit(
                source.system, delivery.extract_date, content.read(), delta=content.kind == "delta",
                key=key, max_rejected_percent=max_rejected_percent)
        except RefusedExtract as error:
            refused, refused_at = error.describe(source.system, delivery.extract_date), error.place
        day = delivery.extract_date.isoformat()
        folder = self.root / source.system / day / f"{arrival:03d}-{fingerprint[:12]}"
        record = {
            "system": source.system, "extract_date": day, "arrival": arrival, "fingerprint": fingerprint,
            "kind": content.kind, "refused": refused, "refused_at": refused_at,
            "figures": {n: asdict(f) for n, f in extract.figures.items()} if extract else {},
            "extra_columns": extract.extra_columns if extract else {}, "notes": extract.notes if extract else {},
            "not_assessable": not_assessable(source.carries, extract.tables) if extract and source.system == "vfs" else [],
            "history_began_on": oldest_accepted.isoformat() if oldest_accepted else None,
        }
        with files.new_folder(folder) as writing:
            digests: dict[str, str] = {}
            for name, table in {**extract.tables, REJECTED_ROWS: extract.rejected}.items() if extract else ():
                pq.write_table(table, writing / f"{name}.parquet", compression="zstd")
                digests[name] = files.digest(writing / f"{name}.parquet")
            files.write_json(writing / "extract.json", {**record, "sha256": digests})
        return load(folder)

    def _seen(self) -> dict[str, dict[str, str]]:
        """{system: {day: signature, and the folder of what landed}} of the deliveries read. A cache: without it every file is
        read and compared again."""
        seen = files.read_cache(self._seen_file)
        if not isinstance(seen, dict):
            return {}
        return {system: {day: value for day, value in days.items() if isinstance(value, str)}
                for system, days in seen.items() if isinstance(days, dict)}

    def _remember(self, source: Source, delivery: Delivery, folder: str) -> None:
        seen = self._seen()
        seen.setdefault(source.system, {})[delivery.extract_date.isoformat()] = f"{_signature(source, delivery)} {folder}"
        files.write_json(self._seen_file, seen)


def load(folder: Path) -> Landed:
    """The landed extract in a folder. Raises Damaged when its record is missing, damaged, or that of another."""
    file = folder / "extract.json"
    if not file.is_file():
        raise _damaged(file, "the record of a landed extract is missing", folder)
    try:
        text = file.read_text(encoding="utf-8")
        record = json.loads(text)
        record.pop("active_positions", None)  # an earlier version counted them here
        record["extract_date"] = date.fromisoformat(record["extract_date"])
        if began := record.get("history_began_on"):
            record["history_began_on"] = date.fromisoformat(began)
        record["figures"] = {n: Figures(**f) for n, f in record["figures"].items()}
        landed = Landed(folder=folder, **record)
        place = (landed.system, landed.extract_date.isoformat(), f"{landed.arrival:03d}-{landed.fingerprint[:12]}")
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        line = error.lineno if isinstance(error, json.JSONDecodeError) else 1
        raise _damaged(file, "the record of a landed extract cannot be read", folder, line=line) from None
    if place != (file.parents[2].name, file.parents[1].name, folder.name):
        raise _damaged(file, f"the record is of another extract: {' '.join(place)}", folder)
    return landed


def _signature(source: Source, delivery: Delivery) -> str:
    return hashlib.sha256(f"{delivery.signatures}|{source.settings_fingerprint}".encode()).hexdigest()


def _fingerprint(content: Content, settings: str, key: bytes) -> str:
    """HMAC, because the few unknown digits of a small file could be guessed from an unkeyed digest."""
    digest = hmac.new(key, settings.encode(), hashlib.sha256)
    content.digest(digest.update)
    return digest.hexdigest()
