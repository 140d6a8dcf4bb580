"""Folding: extracts become versions. A version is a row's content, the first extract that held it, and the first
that no longer did.

A batch of extracts, of any number and kind, is folded at once. A late, replaced or newly accepted extract is
folded by cutting the versions back to its day and folding again from there, so the order of arrival does not matter.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import date
from itertools import groupby
from typing import Any

import duckdb

from ingest.canonical_tables import WITNESSES, System, Table, tables_of
from ingest.guard import ACTIVE, Accepted, Measured, in_words, reference_of, why_mistyped, why_quarantined
from ingest.kept import Kept, KeptRows
from ingest.landing import Landed
from ingest.measuring import Step, measure
from ingest.policy import Policy
from ingest.sql import Row, literal, rows, scalar

_BATCH_ROWS = 20_000_000  # rows of landed extracts folded in one statement; bounds the memory


@dataclass(frozen=True)
class Verdict:
    """What became of a delivery: accepted, replaced, quarantined or refused, and why.

    `measured`: what the guards looked at; `kept`: of an accepted one, the rows that are there only because they were kept;
    `facts`: the reason as codes and figures, where it was held back or let in, or where in a delivery it was refused.
    """

    landed: Landed
    status: str
    reason: str | None
    measured: Measured | None = None
    kept: Kept | None = None
    facts: list[dict[str, Any]] = field(default_factory=list)


@dataclass(frozen=True)
class _Known:
    """What the warehouse knows of a delivery since the last fold."""

    status: str
    reason: str | None
    measured: Measured | None
    kept: Kept
    facts: list[dict[str, Any]]


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
    reported = {(k, known_as.status) for k, known_as in known.items()}
    reported_contents = {(v.landed.extract_date, v.landed.fingerprint) for v in verdicts
                         if (v.landed.key, v.status) in reported}
    return [v for v in verdicts if (v.landed.key, v.status) not in reported
            and (v.status == "accepted" or (v.landed.extract_date, v.landed.fingerprint) not in reported_contents)]


def _known(con: duckdb.DuckDBPyConnection, system: System) -> dict[str, _Known]:
    return {r["delivery"]: _Known(
        r["status"], r["reason"], Measured.from_json(r["figures"]) if r["figures"] else None,
        Kept(r["kept_rows"] or 0, r["may_miss_rows"] or 0), json.loads(r["reason_facts"] or "[]"))
        for r in rows(con, "SELECT delivery, status, reason, figures, kept_rows, may_miss_rows, reason_facts "
                           "FROM ingest.extracts WHERE system = ?", [system])}


@dataclass
class _Day:
    """The deliveries of one day, by arrival, and the verdicts found so far."""

    date: date
    deliveries: list[Landed]
    found: dict[str, Verdict] = field(default_factory=dict)
    winner: Verdict | None = None

    def next(self) -> Landed | None:
        """The latest delivery without a verdict, where none has been accepted."""
        return None if self.winner else next((e for e in reversed(self.deliveries) if e.key not in self.found), None)

    def add(self, verdict: Verdict) -> None:
        self.found[verdict.landed.key] = verdict
        if verdict.status == "accepted":
            self.winner = verdict

    def verdicts(self) -> list[Verdict]:
        """By arrival; a delivery that another one came before counts as replaced."""
        return [self.found.get(e.key) or (_refused(e) if e.refused else Verdict(e, "replaced", None)) for e in self.deliveries]


def _refused(landed: Landed) -> Verdict:
    return Verdict(landed, "refused", landed.refused, facts=[{"code": "refused", **landed.refused_at}])


class _Folding:
    """One pass over the extract dates of one system.

    As long as nothing is new, what was measured before is judged again. From the first day on which something is, the versions
    are cut back, and the extracts folded in batches as if all passed, measured, and judged in order; the first that does not
    pass cuts them back to its day, and folding goes on without it.
    """

    def __init__(
        self, con: duckdb.DuckDBPyConnection, system: System, accepted: set[tuple[date, str]], policy: Policy,
        known: dict[str, _Known], frozen_until: date | None, progress: Callable[[str], None] | None,
    ):
        self.con, self.accepted, self.policy, self.known = con, accepted, policy, known
        self.system: System = system
        self.frozen_until = frozen_until or date.min
        self.progress = progress or (lambda _: None)
        self.folded = [k for k, known_as in sorted(known.items()) if known_as.status == "accepted"]
        self.history: list[Accepted] = []
        # Of what is purged there may be no figures.
        self.held_accesses = system == "vfs" and frozen_until is not None and scalar(
            con, "SELECT count(*) > 0 FROM versions.vfs_accesses WHERE valid_from <= ?", [frozen_until])
        self.kept = KeptRows(con, system)

    def run(self, landed: list[Landed]) -> list[Verdict]:
        days = [_Day(day, list(group)) for day, group in groupby(landed, key=lambda e: e.extract_date)]
        position = 0  # how many of the folded extracts stand
        for number, day in enumerate(days):
            folded = self.folded[position] if position < len(self.folded) else None
            if not self._stands(day, folded):
                self._cut(min(day.date, _date_of(folded)) if folded else day.date)
                self._fold(days[number:])
                break
            position += day.winner is not None
        else:
            if position < len(self.folded):
                self._cut(_date_of(self.folded[position]))
        return [v for day in days for v in day.verdicts()]

    # --- judging ---------------------------------------------------------------------------------------------------

    def _stands(self, day: _Day, folded: str | None) -> bool:
        """Judge a day by what is known of it; false when that is not enough, or not what is folded."""
        if folded and _date_of(folded) < day.date:
            return False
        tried = _Day(day.date, day.deliveries)
        while landed := tried.next():
            known = self.known.get(landed.key)
            if verdict := self._without_figures(landed):
                tried.add(verdict)
            elif known and day.date <= self.frozen_until:
                tried.add(Verdict(landed, known.status, known.reason, known.measured, known.kept, known.facts))
            elif known and known.measured and known.measured.stopped_days == self.policy.stopped_days:
                tried.add(self._judge(landed, known.measured, known.kept))
            else:
                return False
        is_folded = folded is not None and _date_of(folded) == day.date
        if (tried.winner.landed.key if tried.winner else None) != (folded if is_folded else None):
            return False
        day.found, day.winner = tried.found, tried.winner
        self._count(day.winner)
        return True

    def _without_figures(self, landed: Landed) -> Verdict | None:
        """The verdict on a delivery that need not be looked into."""
        if landed.refused:
            return _refused(landed)
        mistyped = why_mistyped(landed.extract_date, landed.history_began_on, self.policy)
        if mistyped and not self._is_let_in(landed) and landed.extract_date > self.frozen_until:
            return Verdict(landed, "quarantined", mistyped.text, facts=[mistyped.fact])
        return None

    def _is_let_in(self, landed: Landed) -> bool:
        return (landed.extract_date, landed.fingerprint) in self.accepted

    def _judge(self, landed: Landed, measured: Measured, kept: Kept | None) -> Verdict:
        day = landed.extract_date
        mistyped = why_mistyped(day, landed.history_began_on, self.policy)
        grounds = [*([mistyped] if mistyped else []), *why_quarantined(
            measured, reference_of(day, self.history, self.policy), self.policy, day, full=landed.kind == "full",
            held_accesses=self.held_accesses)]
        reason, facts = in_words(grounds), [g.fact for g in grounds]
        if reason and not self._is_let_in(landed):
            return Verdict(landed, "quarantined", reason, measured, facts=facts)
        return Verdict(landed, "accepted", reason and f"let in by decision: {reason}", measured, kept, facts)

    def _count(self, winner: Verdict | None) -> None:
        """What later extracts are compared with."""
        if winner is None:
            return
        sizes = winner.measured.sizes if winner.measured else {}
        self.history.append(Accepted(winner.landed.extract_date, sizes, let_in=winner.reason is not None))
        self.held_accesses = self.held_accesses or sizes.get("accesses", 0) > 0

    # --- folding ---------------------------------------------------------------------------------------------------

    def _fold(self, days: list[_Day]) -> None:
        """Fold and judge the extracts of these days, which all follow what is in the versions."""
        concerned = self.kept.may_concern([e for day in days for e in day.deliveries if not e.refused])
        ahead: int | None = None  # how many extracts to fold before looking; few after one that did not pass
        while days:
            batch, count = self._batch(days, concerned, ahead)
            if self._fold_batch(batch, concerned):
                days = days[count:]
                ahead = ahead and ahead * 8
            else:
                days = days[next(n for n, day in enumerate(days) if (day.winner is None and day.next()) or n == count - 1):]
                ahead = 1

    def _batch(self, days: list[_Day], concerned: set[str], ahead: int | None) -> tuple[list[tuple[_Day, Landed]], int]:
        """The extracts to fold at once, and how many days they and those without one are.

        One that looks as if it would not pass is folded alone, because folding what comes after it would be in vain.
        """
        batch: list[tuple[_Day, Landed]] = []
        row_count = 0
        before = self.history[-1].sizes if self.history else {}
        for number, day in enumerate(days):
            while (landed := day.next()) and (verdict := self._without_figures(landed)):
                day.add(verdict)
            if landed is None:
                continue
            sizes = {name: f.rows for name, f in landed.figures.items()}
            doubtful = landed.kind == "full" and self.system not in WITNESSES and any(
                not 0.9 * before[n] <= count <= 2 * before[n] for n, count in sizes.items() if n in before)
            if batch and (doubtful or landed.key in concerned or len(batch) == ahead or row_count > _BATCH_ROWS):
                return batch, number
            batch.append((day, landed))
            if doubtful:
                return batch, number + 1
            row_count += sum(sizes.values())
            before = sizes if landed.kind == "full" else {}
        return batch, len(days)

    def _fold_batch(self, batch: list[tuple[_Day, Landed]], concerned: set[str]) -> bool:
        """Fold, measure and judge; false when one did not pass, and the versions end before its day."""
        if not batch:
            return True
        extracts = [landed for _, landed in batch]
        first = extracts[0]
        days = f"{first.extract_date} to {extracts[-1].extract_date}" if len(extracts) > 1 else str(first.extract_date)
        self.progress(f"folding {self.system} {days}")
        kept = self.kept.find(first) if first.key in concerned else []
        for table in tables_of(self.system):
            _fold_table(self.con, table, extracts, kept=table.name in kept and first.kind == "full")
        previous = [self.history[-1].day if self.history else None, *(e.extract_date for e in extracts[:-1])]
        steps = [Step(e, p) for e, p in zip(extracts, previous, strict=True)]
        passed: list[tuple[_Day, Verdict]] = []
        for (day, landed), measured in zip(batch, measure(self.con, self.system, steps, self.policy.stopped_days), strict=True):
            verdict = self._judge(landed, measured, None)
            if verdict.status != "accepted":
                day.add(verdict)
                break
            found = landed is first and first.key in concerned
            rows_kept = self.kept.settle(landed, found=found)
            may_miss = self.kept.tell([landed], found=True).get(landed.key, 0) if found else 0
            passed.append((day, replace(verdict, kept=Kept(rows_kept, may_miss))))
            self._count(verdict)
        missing = self.kept.tell([v.landed for _, v in passed if v.landed.key not in concerned])
        for day, verdict in passed:
            kept = verdict.kept or Kept()
            day.add(replace(verdict, kept=replace(kept, may_miss=kept.may_miss + missing.get(verdict.landed.key, 0))))
        if len(passed) < len(batch):
            self._cut(batch[len(passed)][0].date)
        return len(passed) == len(batch)

    def _cut(self, day: date) -> None:
        """Cut the versions back to `day`; folding starts again there."""
        for table in tables_of(self.system):
            name = f"versions.{table.versions_name}"
            touched = f"SELECT count(*) FROM {name} WHERE valid_from >= $day OR valid_to >= $day"
            if scalar(self.con, touched, {"day": day}):
                self.con.execute(f"DELETE FROM {name} WHERE valid_from >= $day", {"day": day})
                self.con.execute(f"UPDATE {name} SET valid_to = NULL WHERE valid_to >= $day", {"day": day})
        self.kept.cut(day)


def _date_of(delivery: str) -> date:
    return date.fromisoformat(delivery[:10])


def _fold_table(con: duckdb.DuckDBPyConnection, table: Table, batch: list[Landed], *, kept: bool) -> None:
    """Fold a batch of extracts, which follow all that is in the versions, into one versions table.

    Step 0 is the state before the batch; step n the n-th extract. An entry of a key (a row, or a removal in a delta) holds until
    the next step with an entry of that key, or the next full extract. `kept`: what the first extract keeps of the state before
    is in `kept_<table>`, and is an entry of that step.
    """
    name = f"versions.{table.versions_name}"
    steps = [(0, None, False)] + [(n, e.extract_date, e.kind == "full") for n, e in enumerate(batch, start=1)]
    fulls = [n for n, _, full in steps if full]
    con.execute("CREATE OR REPLACE TEMP TABLE steps (step INTEGER, extract_date DATE, next_full INTEGER)")
    con.executemany("INSERT INTO steps VALUES (?, ?, ?)", [
        (n, day, next((f for f in fulls if f > n), None)) for n, day, _ in steps])
    columns = ", ".join(c.stored_name for c in table.columns)
    key = ", ".join(table.key_sql())
    shown = [c.stored_name for c in table.columns if c.name not in table.key or c.ignore_case]  # what makes another version
    content = ", ".join(shown)
    exact = [k for k in table.key if k not in shown]
    entries = [f"SELECT {columns}, 0 AS step, false AS is_removal FROM {name} WHERE valid_to IS NULL"]
    for n, extract in enumerate(batch, start=1):
        if file := extract.table_file(table.name):
            removal = "coalesce(deleted, false)" if extract.kind == "delta" else "false"
            entries.append(f"SELECT {columns}, {n}, {removal} FROM read_parquet({literal(file)})")
    if kept:
        entries.append(f"SELECT {columns}, 1, false FROM kept_{table.name}")
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
          SELECT {", ".join(exact)}, {", ".join(f"any_value({c}) AS {c}" for c in shown)},
                 min(step) AS first_step, arg_max_null(end_step, step) AS end_step
          FROM numbered GROUP BY {key}, version"""
    kept_as = "VIEW" if is_first else "TABLE"
    con.execute(f"CREATE OR REPLACE TEMP {kept_as} folded AS WITH entries AS ({' UNION ALL '.join(entries)}) {folding}")
    same_key = " AND ".join(f"{v} IS NOT DISTINCT FROM {f}" for v, f in zip(table.key_sql("v"), table.key_sql("f"), strict=True))
    con.execute(f"""
        UPDATE {name} v SET valid_to = s.extract_date FROM folded f JOIN steps s ON s.step = f.end_step
        WHERE v.valid_to IS NULL AND f.first_step = 0 AND f.end_step > 0 AND {same_key}""")
    con.execute(f"""
        INSERT INTO {name}
        SELECT {', '.join('f.' + c.stored_name for c in table.columns)}, b.extract_date, e.extract_date
        FROM folded f JOIN steps b ON b.step = f.first_step LEFT JOIN steps e ON e.step = f.end_step
        WHERE f.first_step > 0 AND f.end_step IS DISTINCT FROM f.first_step ORDER BY ALL""")
    con.execute(f"DROP {kept_as} folded; DROP TABLE steps")


def _has_open_rows(con: duckdb.DuckDBPyConnection, name: str) -> bool:
    return scalar(con, f"SELECT count(*) > 0 FROM (SELECT 1 FROM {name} WHERE valid_to IS NULL LIMIT 1)")


def _record(con: duckdb.DuckDBPyConnection, system: System, verdicts: list[Verdict]) -> None:
    """Store what became of each delivery; the rejected rows of those that do not count go."""
    con.execute("DELETE FROM ingest.extracts WHERE system = ?", [system])
    stored = [_stored(v) for v in verdicts]
    if stored:
        con.executemany(f"INSERT INTO ingest.extracts ({', '.join(stored[0])}) VALUES ({', '.join('?' * len(stored[0]))})",
                        [list(v.values()) for v in stored])
    con.execute("DELETE FROM ingest.rejected_rows WHERE system = ? AND NOT list_contains(?, delivery)",
                [system, [v.landed.key for v in verdicts if v.status == "accepted"]])


def _stored(verdict: Verdict) -> Row:
    landed, measured, kept = verdict.landed, verdict.measured, verdict.kept
    figures = landed.figures.values()
    return {
        "system": landed.system, "extract_date": landed.extract_date, "delivery": landed.key, "arrival": landed.arrival,
        "fingerprint": landed.fingerprint, "kind": landed.kind, "status": verdict.status, "reason": verdict.reason,
        "row_count": sum(f.rows for f in figures), "rejected_count": sum(f.rejected for f in figures),
        "figures": measured.as_json() if measured else None, "active_positions": measured.sizes.get(ACTIVE) if measured else None,
        "not_assessable": landed.not_assessable, "reason_facts": json.dumps(verdict.facts) if verdict.facts else None,
        "kept_rows": kept.rows if kept else None, "may_miss_rows": kept.may_miss if kept else None}
