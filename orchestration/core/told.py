"""Which withheld deliveries have been told: `<data_dir>/told.json`, written after a run has ended and its messages have left.

A delivery is refused or quarantined in the middle of a run, and the run may be killed before anybody reads of it. So a run
tells every withheld delivery that is not in this record, and not only those that it withheld itself. Without the record, or
with a damaged one, all are told again.

Belongs here: reading and writing the record. Does not belong here: what is withheld (`ingest.versions`), what is sent
(`publish.alerts`).
"""

import json
from collections.abc import Iterable
from pathlib import Path

import duckdb

from ingest import files
from orchestration.core.run_report import SHOWN_OF_FINGERPRINT, DeliveryOutcome, DeliveryStatus

_Told = tuple[str, str, str, str]  # system, extract date, status, beginning of the fingerprint


class ToldRecord:
    """The record in one file. A delivery is known by its system, day, status and content."""

    def __init__(self, file: Path):
        self._file = file

    def untold(self, deliveries: Iterable[DeliveryOutcome]) -> list[DeliveryOutcome]:
        """Those of the deliveries that have not been told, in their order; of the same content on one day, the first."""
        told, untold = self._read(), dict[_Told, DeliveryOutcome]()
        for delivery in deliveries:
            if _identity(delivery) not in told:
                untold.setdefault(_identity(delivery), delivery)
        return list(untold.values())

    def add(self, deliveries: Iterable[DeliveryOutcome]) -> None:
        """Record that these have been told. Only for the holder of the writer's lock."""
        self._write(self._read() | {_identity(d) for d in deliveries})

    def keep_only(self, deliveries: Iterable[DeliveryOutcome]) -> None:
        """Forget all others: a delivery that is let in and withheld again is told again."""
        self._write(self._read() & {_identity(d) for d in deliveries})

    def _read(self) -> set[_Told]:
        try:
            system_day_status_fingerprint = json.loads(self._file.read_text(encoding="utf-8"))["withheld"]
            return {(str(s), str(d), str(status), str(f)) for s, d, status, f in system_day_status_fingerprint}
        except (OSError, ValueError, TypeError, KeyError):
            return set()

    def _write(self, told: set[_Told]) -> None:
        if told != self._read():
            files.write_json(self._file, {"withheld": sorted(told)})


def withheld_now(con: duckdb.DuckDBPyConnection) -> list[DeliveryOutcome]:
    """Every delivery that is refused or quarantined now, by system, day and arrival."""
    found = con.execute("""
        SELECT system, extract_date, status, reason, fingerprint FROM ingest.extracts
        WHERE status IN ('refused', 'quarantined') ORDER BY system, extract_date, arrival""").fetchall()
    return [DeliveryOutcome(system, day, DeliveryStatus(status), reason, fingerprint[:SHOWN_OF_FINGERPRINT])
            for system, day, status, reason, fingerprint in found]


def _identity(delivery: DeliveryOutcome) -> _Told:
    return delivery.system, delivery.day.isoformat(), delivery.status.value, delivery.fingerprint
