"""The figures that the guards look at (`guard`), measured from the versions.

Only what the versions hold up to an extract's day is looked at, so the figures of an extract are the same whenever they are
measured. What is counted are intervals of days, so that many extracts cost no more than one.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import duckdb

from ingest.canonical_tables import WITNESSES, System, Table, owners_of, tables_of
from ingest.guard import ACTIVE, MAY_LOG_IN, Measured, Share
from ingest.landing import Landed

_NEVER = "DATE 'infinity'"
_UNTIL = f"coalesce(valid_to, {_NEVER})"
_AFTER_END = f"coalesce(end_date + 1, {_NEVER})"
_STARTED = "coalesce(start_date, DATE '-infinity')"
_OWNED = "owned positions"
_STOPPED = "stopped"
_COMING_ENDS = "end dates yet to come"


@dataclass(frozen=True)
class Step:
    """An extract to measure, and the day of the accepted one before it; None for the first."""

    landed: Landed
    previous: date | None


def measure(con: duckdb.DuckDBPyConnection, system: System, steps: Sequence[Step], stopped_days: int) -> list[Measured]:
    """The figures of these extracts, all of them folded into the versions, each next to the one before it.

    Of a witness there are none: what happened on a day may be much, little or nothing.
    """
    if system in WITNESSES:
        return [Measured({}, stopped_days=stopped_days) for _ in steps]
    con.execute("CREATE OR REPLACE TEMP TABLE measured (day DATE, previous DATE)")
    con.executemany("INSERT INTO measured VALUES (?, ?)", [(s.landed.extract_date, s.previous) for s in steps])
    held = _held(con, system, stopped_days)
    changed = _changed(con, system, stopped_days)
    con.execute("DROP TABLE measured")
    return [_figures(system, step, held, changed, stopped_days) for step in steps]


_Counts = dict[tuple[str, date], int]


def _figures(system: System, step: Step, held: _Counts, changed: _Counts, stopped_days: int) -> Measured:
    landed, previous = step.landed, step.previous
    day = landed.extract_date
    delivered = [t.name for t in tables_of(system) if landed.kind == "delta" or t.name in landed.figures]
    of_table = {ACTIVE: "positions", MAY_LOG_IN: "persons"}
    sizes = {name: held[name, day] for name in _sized(system) if of_table.get(name, name) in delivered}
    positions = held["positions", day]
    gone, again, lost = {}, None, None
    if previous:
        gone = {t.name: Share(changed[f"gone {t.name}", day], held[t.name, previous])
                for t in tables_of(system) if t.guarded}
        if system == "hrm":
            again = Share(changed["active again", day], held[_STOPPED, previous])
            lost = Share(changed["end dates lost", day], held[_COMING_ENDS, previous] - changed["gone with an end date", day])
    return Measured(sizes, gone, Share(positions - held[_OWNED, day], positions), again, lost, stopped_days)


def _sized(system: System) -> list[str]:
    tables = [t.name for t in tables_of(system) if t.guarded or t.name == "accesses"]
    return [*tables, ACTIVE] if system == "hrm" else [*tables, ACTIVE, MAY_LOG_IN]


# --- the state on a day ------------------------------------------------------------------------------------------------


def _held(con: duckdb.DuckDBPyConnection, system: System, stopped_days: int) -> _Counts:
    """By figure and day, how many intervals hold it: on the measured days and on the days before them."""
    counts = con.execute(f"""
        WITH intervals AS ({" UNION ALL ".join(_intervals(system, stopped_days))}),
        changes AS (
          SELECT figure, since AS starting, count(*) AS change FROM intervals WHERE since < until GROUP BY ALL
          UNION ALL SELECT figure, until, -count(*) FROM intervals WHERE since < until GROUP BY ALL
        )
        SELECT figure, day, sum(change)::BIGINT
        FROM changes JOIN (SELECT day FROM measured UNION SELECT previous FROM measured) ON starting <= day
        GROUP BY ALL""").fetchall()
    return defaultdict(int, {(figure, day): count for figure, day, count in counts})


def _intervals(system: System, stopped_days: int) -> list[str]:
    """Queries (figure, since, until): the days from `since` to the day before `until` hold the figure once more."""
    parts = []
    positions = next(t for t in tables_of(system) if t.name == "positions")
    owners = owners_of(positions)
    assert owners
    for table in tables_of(system):
        if not (table.guarded or table.name == "accesses"):
            continue
        parts.append(f"SELECT '{table.name}' AS figure, valid_from AS since, {_UNTIL} AS until FROM {_name(table)}")
        if table.name == "persons":
            parts.append(f"SELECT '{MAY_LOG_IN}', valid_from, {_UNTIL} FROM {_name(table)} WHERE coalesce(login_enabled, true)")
    parts.append(f"SELECT '{ACTIVE}', greatest(valid_from, {_STARTED}), least({_UNTIL}, {_AFTER_END}) FROM {_name(positions)}")
    parts.append(f"""
        SELECT '{_OWNED}', greatest(p.valid_from, o.valid_from),
               least(coalesce(p.valid_to, {_NEVER}), coalesce(o.valid_to, {_NEVER}))
        FROM {_name(positions)} p JOIN {_name(owners)} o ON p.{positions.owner} = o.{owners.key[0]}""")
    if system == "hrm":
        # Ended, and still delivered: from the day it was seen to have ended.
        parts.append(f"""
            SELECT '{_STOPPED}', greatest(valid_from, end_date + 1), least({_UNTIL}, end_date + 1 + {stopped_days})
            FROM {_name(positions)} WHERE end_date + 1 > {_STARTED}""")
        # Gone, until it comes back.
        parts.append(f"""
            SELECT '{_STOPPED}', v.valid_to,
                   least((SELECT coalesce(min(back.valid_from), {_NEVER}) FROM {_name(positions)} back
                          WHERE back.position_id = v.position_id AND back.valid_from >= v.valid_to
                            AND back.valid_from >= (SELECT min(valid_to) FROM {_name(positions)})),
                         least({_AFTER_END}, v.valid_to) + {stopped_days})
            FROM {_name(positions)} v WHERE v.valid_to IS NOT NULL AND least({_AFTER_END}, v.valid_to) > {_STARTED}
              AND v.valid_to > (SELECT min(coalesce(previous, day)) FROM measured) - {stopped_days}""")
        parts.append(f"SELECT '{_COMING_ENDS}', valid_from, least({_UNTIL}, end_date) FROM {_name(positions)} "
                     "WHERE end_date IS NOT NULL")
    return parts


# --- from one extract to the next --------------------------------------------------------------------------------------


def _changed(con: duckdb.DuckDBPyConnection, system: System, stopped_days: int) -> _Counts:
    """By figure and measured day, how many rows went or changed since the extract before."""
    parts = []
    for table in tables_of(system):
        if table.guarded:
            parts.append(f"SELECT 'gone {table.name}' AS figure, day FROM ({_closed(table)}) "
                         f"ANTI JOIN ({_opened(table)}) USING ({table.key[0]}, day)")
    if system == "hrm":
        positions = next(t for t in tables_of(system) if t.name == "positions")
        opened, closed = _opened(positions), f"{_closed(positions)} WHERE end_date > previous"
        parts.append(f"SELECT 'gone with an end date', day FROM ({closed}) ANTI JOIN ({opened}) USING (position_id, day)")
        parts.append(f"SELECT 'end dates lost', day FROM ({closed}) "
                     f"SEMI JOIN ({opened} WHERE end_date IS NULL) USING (position_id, day)")
        parts.append(f"""
            SELECT 'active again', day FROM (
              SELECT day, previous, seen.start, least(
                coalesce(seen."end" + 1, {_NEVER}), CASE WHEN seen.gone <= previous THEN seen.gone ELSE {_NEVER} END) AS stopped
              FROM (
                SELECT o.day, o.previous, o.position_id,
                       max_by({{'start': l.start_date, 'end': l.end_date, 'gone': l.valid_to}}, l.valid_from) AS seen
                FROM ({opened} WHERE {_STARTED} <= day AND {_AFTER_END} > day) o
                JOIN {_name(positions)} l ON l.position_id = o.position_id AND l.valid_from < o.day GROUP BY ALL
              )
            ) WHERE stopped <= previous AND stopped > previous - {stopped_days}
                AND stopped > coalesce(start, DATE '-infinity')""")
    counts = con.execute(f"SELECT figure, day, count(*) FROM ({' UNION ALL '.join(parts)}) GROUP BY ALL").fetchall()
    return defaultdict(int, {(figure, day): count for figure, day, count in counts})


def _opened(table: Table) -> str:
    """Versions that begin on a measured day; where there is no extract before it, nothing is compared."""
    return f"SELECT v.*, day, previous FROM {_name(table)} v JOIN measured ON v.valid_from = day AND previous IS NOT NULL"


def _closed(table: Table) -> str:
    return f"SELECT v.*, day, previous FROM {_name(table)} v JOIN measured ON v.valid_to = day AND previous IS NOT NULL"


def _name(table: Table) -> str:
    return f"versions.{table.versions_name}"
