"""Folding: extracts become versions. A version is a row's content, the first extract that held it, and the first
that no longer did.

A batch of extracts, of any number and kind, is folded at once. A late, replaced or newly accepted extract is
folded by cutting the versions back to its day and folding again from there, so the order of arrival does not matter.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from itertools import groupby

import duckdb

from ingest.canonical_tables import System, Table, tables_of
from ingest.guard import Size, guarded_tables, why_quarantined
from ingest.landing import REJECTED_ROWS, Landed
from ingest.policy import Policy
from ingest.sql import literal, rows, scalar

_BATCH_ROWS = 20_000_000  # rows of landed extracts folded in one statement; bounds the memory


@dataclass(frozen=True)
class Verdict:
    """What became of a delivery: accepted, replaced, quarantined or refused, and why."""

    landed: Landed
    status: str
    reason: str | None
    size: Size | None = None


def fold(
    con: duckdb.DuckDBPyConnection, system: System, landed: list[Landed], accepted: set[tuple[date, str]],
    policy: Policy, frozen_until: date | None = None, progress: Callable[[str], None] | None = None,
) -> list[Verdict]:
    """Bring the versions of one system in line with all its landed extracts; returns those whose verdict is new.

    `landed` is in the order of extract date and arrival. `accepted`: (day, fingerprint) of the extracts that people let in.
    Verdicts up to `frozen_until` are kept, because their extracts are purged. All in one transaction.
    """
    con.execute("BEGIN")
    try:
        known = _known(con, system)
        verdicts = _Folding(con, system, accepted, policy, known, frozen_until, progress).run(landed)
        _record(con, system, verdicts)
        con.execute("COMMIT")
    except BaseException:
        con.execute("ROLLBACK")
        raise
    reported = {(k, status) for k, (status, _) in known.items()}
    reported_contents = {(v.landed.extract_date, v.landed.fingerprint) for v in verdicts
                         if (v.landed.key, v.status) in reported}
    return [v for v in verdicts if (v.landed.key, v.status) not in reported
            and (v.status == "accepted" or (v.landed.extract_date, v.landed.fingerprint) not in reported_contents)]


def _known(con: duckdb.DuckDBPyConnection, system: System) -> dict[str, tuple[str, Size | None]]:
    rows = con.execute(
        "SELECT delivery, status, size_rows, active_positions FROM ingest.extracts WHERE system = ?", [system]
    ).fetchall()
    return {d: (s, Size(json.loads(r), a) if r else None) for d, s, r, a in rows}


class _Folding:
    """One pass over the extract dates of one system: assess, collect a batch, fold it."""

    def __init__(
        self, con: duckdb.DuckDBPyConnection, system: System, accepted: set[tuple[date, str]], policy: Policy,
        known: dict[str, tuple[str, Size | None]], frozen_until: date | None, progress: Callable[[str], None] | None,
    ):
        self.con, self.accepted, self.policy, self.known = con, accepted, policy, known
        self.system: System = system
        self.frozen_until = frozen_until or date.min
        self.progress = progress or (lambda _: None)
        self.folded = [k for k, (status, _) in sorted(known.items()) if status == "accepted"]
        self.position = 0  # how many of the folded extracts are still valid
        self.diverged = False
        self.batch: list[Landed] = []

    def run(self, landed: list[Landed]) -> list[Verdict]:
        verdicts: list[Verdict] = []
        previous: Size | None = None
        for day, group in groupby(landed, key=lambda e: e.extract_date):
            of_day = self._assess_day(day, list(group), previous)
            verdicts += of_day
            winner = next((v for v in of_day if v.status == "accepted"), None)
            if winner:
                self._take(winner.landed)
                previous = winner.size
        if self.position < len(self.folded):
            self._diverge(date.max)
        self._flush()
        return verdicts

    def _assess_day(self, day: date, deliveries: list[Landed], previous: Size | None) -> list[Verdict]:
        """The latest delivery that passes counts; earlier ones are replaced, later ones withheld."""
        verdicts: list[Verdict] = []
        winner_found = False
        for landed in reversed(deliveries):
            if winner_found:
                status = "refused" if landed.refused else "replaced"
                verdicts.append(Verdict(landed, status, landed.refused))
                continue
            if landed.refused:
                verdicts.append(Verdict(landed, "refused", landed.refused))
                continue
            size = self._size(landed)
            reason = why_quarantined(size, previous, self.policy, day, full=landed.kind == "full")
            if day <= self.frozen_until:
                passes = self.known[landed.key][0] == "accepted"
            else:
                passes = not reason or (day, landed.fingerprint) in self.accepted
            if not passes:
                verdicts.append(Verdict(landed, "quarantined", reason, size))
                continue
            verdicts.append(Verdict(landed, "accepted", reason and f"let in by decision: {reason}", size))
            winner_found = True
        return verdicts[::-1]

    def _size(self, landed: Landed) -> Size:
        if landed.kind == "full":
            return Size({n: landed.figures[n].rows for n in guarded_tables(self.system)}, landed.active_positions)
        _, size = self.known.get(landed.key, (None, None))
        if not self.diverged and size is not None:
            return size
        self._diverge(landed.extract_date)  # a delta is measured against the state before it, so the versions must end there
        self._flush()
        return self._size_after(landed)

    def _size_after(self, delta: Landed) -> Size:
        counts, active = {}, 0
        for table in tables_of(self.system):
            if not table.guarded:
                continue
            has_dates = table.name == "positions"
            dates = "start_date, end_date" if has_dates else "NULL::DATE AS start_date, NULL::DATE AS end_date"
            keys = " AND ".join(f"d.{k} = v.{k}" for k in table.key)
            after, = rows(self.con, f"""
                WITH after AS (
                  SELECT {dates} FROM versions.{table.versions_name} v
                  WHERE valid_to IS NULL AND NOT EXISTS (SELECT 1 FROM read_parquet($file) d WHERE {keys})
                  UNION ALL
                  SELECT {dates} FROM read_parquet($file) WHERE NOT coalesce(deleted, false)
                )
                SELECT count(*) AS row_count, count(*) FILTER (
                  coalesce(start_date, $day) <= $day AND coalesce(end_date, $day) >= $day) AS active_count FROM after""",
                {"file": str(delta.table_file(table.name)), "day": delta.extract_date})
            counts[table.name] = after["row_count"]
            if has_dates:
                active = after["active_count"]
        return Size(counts, active)

    def _take(self, landed: Landed) -> None:
        if not self.diverged and self.folded[self.position:self.position + 1] == [landed.key]:
            self.position += 1
            return
        self._diverge(landed.extract_date)
        self.batch.append(landed)
        if sum(sum(f.rows for f in e.figures.values()) for e in self.batch) > _BATCH_ROWS:
            self._flush()

    def _diverge(self, day: date) -> None:
        """Cut the versions back to `day`, or to the first folded extract that is no longer valid; folding starts again there."""
        if self.diverged:
            return
        self.diverged = True
        if self.position < len(self.folded):
            day = min(day, date.fromisoformat(self.folded[self.position][:10]))
        for table in tables_of(self.system):
            name = f"versions.{table.versions_name}"
            touched = f"SELECT count(*) FROM {name} WHERE valid_from >= $day OR valid_to >= $day"
            if scalar(self.con, touched, {"day": day}):
                self.con.execute(f"DELETE FROM {name} WHERE valid_from >= $day", {"day": day})
                self.con.execute(f"UPDATE {name} SET valid_to = NULL WHERE valid_to >= $day", {"day": day})

    def _flush(self) -> None:
        if not self.batch:
            return
        days = f"{self.batch[0].extract_date} to {self.batch[-1].extract_date}" if len(self.batch) > 1 else str(
            self.batch[0].extract_date)
        self.progress(f"folding {self.system} {days}")
        for table in tables_of(self.system):
            _fold_table(self.con, table, self.batch)
        self.batch = []


def _fold_table(con: duckdb.DuckDBPyConnection, table: Table, batch: list[Landed]) -> None:
    """Fold a batch of extracts, which follow all that is in the versions, into one versions table.

    Step 0 is the state before the batch; step n the n-th extract. An entry of a key (a row, or a removal in a delta) holds until
    the next step with an entry of that key, or the next full extract.
    """
    name = f"versions.{table.versions_name}"
    steps = [(0, None, False)] + [(n, e.extract_date, e.kind == "full") for n, e in enumerate(batch, start=1)]
    fulls = [n for n, _, full in steps if full]
    con.execute("CREATE OR REPLACE TEMP TABLE steps (step INTEGER, extract_date DATE, next_full INTEGER)")
    con.executemany("INSERT INTO steps VALUES (?, ?, ?)", [
        (n, day, next((f for f in fulls if f > n), None)) for n, day, _ in steps])
    columns = ", ".join(c.stored_name for c in table.columns)
    key = ", ".join(table.key)
    content = ", ".join(c.stored_name for c in table.content)
    entries = [f"SELECT {columns}, 0 AS step, false AS is_removal FROM {name} WHERE valid_to IS NULL"]
    for n, extract in enumerate(batch, start=1):
        if file := extract.table_file(table.name):
            removal = "coalesce(deleted, false)" if extract.kind == "delta" else "false"
            entries.append(f"SELECT {columns}, {n}, {removal} FROM read_parquet({literal(file)})")
    is_first = len(batch) == 1 and not _has_open_rows(con, name)  # the first extract: nothing to compare with
    if is_first:
        folding = f"SELECT {columns}, step AS first_step, NULL::INTEGER AS end_step FROM entries WHERE NOT is_removal"
    else:
        folding = f"""
          , pieces AS (
            SELECT entries.*,
              least(lead(entries.step) OVER (PARTITION BY {key} ORDER BY entries.step), steps.next_full) AS end_step
            FROM entries JOIN steps USING (step)
          ), marked AS (
            SELECT *, coalesce(
              lag(end_step) OVER same_key = step
              AND lag(row({content})) OVER same_key IS NOT DISTINCT FROM row({content}), false) AS goes_on
            FROM pieces WHERE NOT is_removal
            WINDOW same_key AS (PARTITION BY {key} ORDER BY step)
          ), numbered AS (
            SELECT *, count(*) FILTER (NOT goes_on) OVER (PARTITION BY {key} ORDER BY step) AS version FROM marked
          )
          SELECT {key}, {", ".join(f"any_value({c.stored_name}) AS {c.stored_name}" for c in table.content)},
                 min(step) AS first_step, arg_max_null(end_step, step) AS end_step
          FROM numbered GROUP BY {key}, version"""
    kept_as = "VIEW" if is_first else "TABLE"
    con.execute(f"CREATE OR REPLACE TEMP {kept_as} folded AS WITH entries AS ({' UNION ALL '.join(entries)}) {folding}")
    same_key = " AND ".join(f"v.{k} IS NOT DISTINCT FROM f.{k}" for k in table.key)
    con.execute(f"""
        UPDATE {name} v SET valid_to = s.extract_date FROM folded f JOIN steps s ON s.step = f.end_step
        WHERE v.valid_to IS NULL AND f.first_step = 0 AND {same_key}""")
    con.execute(f"""
        INSERT INTO {name}
        SELECT {', '.join('f.' + c.stored_name for c in table.columns)}, b.extract_date, e.extract_date
        FROM folded f JOIN steps b ON b.step = f.first_step LEFT JOIN steps e ON e.step = f.end_step
        WHERE f.first_step > 0 ORDER BY ALL""")
    con.execute(f"DROP {kept_as} folded; DROP TABLE steps")


def _has_open_rows(con: duckdb.DuckDBPyConnection, name: str) -> bool:
    return scalar(con, f"SELECT count(*) > 0 FROM (SELECT 1 FROM {name} WHERE valid_to IS NULL LIMIT 1)")


def _record(con: duckdb.DuckDBPyConnection, system: System, verdicts: list[Verdict]) -> None:
    """Store what became of each delivery, and the rejected rows of those that count."""
    con.execute("DELETE FROM ingest.extracts WHERE system = ?", [system])
    rows = [(
        system, v.landed.extract_date, v.landed.key, v.landed.arrival, v.landed.fingerprint, v.landed.kind,
        v.status, v.reason,
        sum(f.rows for f in v.landed.figures.values()), sum(f.rejected for f in v.landed.figures.values()),
        json.dumps(v.size.rows) if v.size else None, v.size.active_positions if v.size else None, v.landed.not_assessable,
    ) for v in verdicts]
    if rows:
        con.executemany(f"INSERT INTO ingest.extracts VALUES ({', '.join('?' * 13)})", rows)
    wanted = {v.landed.key: v.landed for v in verdicts if v.status == "accepted"}
    con.execute(
        "DELETE FROM ingest.rejected_rows WHERE system = ? AND NOT list_contains(?, delivery)", [system, list(wanted)])
    have = {d for (d,) in con.execute(
        "SELECT DISTINCT delivery FROM ingest.rejected_rows WHERE system = ?", [system]).fetchall()}
    for key, landed in wanted.items():
        if key not in have and not landed.is_purged and any(f.rejected for f in landed.figures.values()):
            con.execute(
                "INSERT INTO ingest.rejected_rows SELECT ?, ?, ?, * FROM read_parquet(?)",
                [system, landed.extract_date, key, str(landed.table_file(REJECTED_ROWS))])
