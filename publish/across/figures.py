"""What is read of one kommune: counts of its published open set, and end dates by outcome, counted in SQL, small counts hidden.

No row about a person is read into this process. What a set's file says is not trusted: it can reach nothing outside itself, and a
code that this version does not know is an error.
Belongs here: reading and counting. Does not belong here: words and sums over kommuner (`summary`).
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import duckdb

from dbt_project import codes
from ingest.canonical_tables import SOURCES, SYSTEMS
from ingest.errors import Damaged
from ingest.sql import Row, rows
from ingest.warehouse import open_published
from publish import deliveries, open_set
from publish.snapshot import OPEN

TREND_DAYS = 30
PROPAGATION_DAYS = 26 * 7
# Days from known to arrived, by their upper limit; None: longer.
LAGS: dict[str, int | None] = {"0-1": 1, "2-7": 7, "8-30": 30, "31+": None}
OUTCOMES = ("arrived", "waiting", "failed")
WAITING = "waiting"  # the only part of that outcome


@dataclass(frozen=True)
class Figure:
    """A count as it may be shown.

    `is_hidden`: it is not 0, and too small to be shown, or it would tell one that is; `is_doubted`: there may be more.
    """

    at_least: int
    is_hidden: bool = False
    is_doubted: bool = False

    @property
    def is_exact(self) -> bool:
        return not self.is_hidden and not self.is_doubted


def figure(shown: int | None, *, in_doubt: bool) -> Figure:
    """Of a count as it is shown in an open set; None is a hidden one."""
    return Figure(1, is_hidden=True, is_doubted=in_doubt) if shown is None else Figure(shown, is_doubted=in_doubt)


def added(figures: Iterable[Figure | None]) -> Figure:
    """The sum, made of what is shown: of a hidden count 1, of an unknown one (None) nothing. It is exact only when all are."""
    found = list(figures)
    return Figure(sum(f.at_least for f in found if f), is_doubted=not all(f and f.is_exact for f in found))


@dataclass(frozen=True)
class EndDates:
    """End dates of one kommune with one outcome, by lag or cause; those there are none of are left out. `in_doubt`: there may be
    more."""

    parts: dict[str, Figure]
    in_doubt: bool = False

    @property
    def total(self) -> Figure:
        """Made of what is shown, as every sum here: a total that is known whole would tell the part that is hidden."""
        if len(self.parts) == 1:
            return next(iter(self.parts.values()))
        return added(self.parts.values()) if self.parts else Figure(0, is_doubted=self.in_doubt)


@dataclass(frozen=True)
class Figures:
    """`statuses`: {system: freshness as of today}; `trend`: what is shown of the headline, by day; `end_dates`: by outcome, None
    where they cannot be assessed or read."""

    as_of: date
    statuses: dict[str, str]
    extract_dates: dict[str, date | None]
    in_doubt: bool
    people: Figure | None
    open_cases: Figure | None
    people_checked: Figure | None
    trend: tuple[tuple[date, int | None], ...]
    end_dates: dict[str, EndDates] | None
    is_end_dates_unassessable: bool = False


def read(published: Path, data_dir: Path, today: date, max_age_days: int, in_doubt: Callable[[date], bool]) -> Figures:
    """The figures of a published set. `in_doubt`: whether something else than a set of this day says that it may lack news.

    Raises Damaged when it cannot be read, and when it lies outside `data_dir`: the set of somebody else is not this kommune's.
    """
    published = published.resolve()  # one set, whatever is published meanwhile
    opened, marts = published / OPEN / "marts.duckdb", published / "marts.duckdb"
    for file in (opened, marts):
        if not file.resolve().is_relative_to(data_dir.resolve()):
            raise Damaged(file, "the published set lies outside its kommune's data directory", "Remove the link")
        if not file.exists():
            raise Damaged(file, "it is missing from the published set", "`sluttdato run` publishes it anew")
    with _isolated(opened) as con:
        freshness = deliveries.freshness(con)
        if not {row["system"] for row in freshness} >= set(SYSTEMS):
            raise Damaged(opened, "it does not say how recent HRM and VFS are", "`sluttdato run` publishes it anew")
        as_of = freshness[0]["as_of_date"]
        statuses = {row["system"]: _status(row, today, max_age_days) for row in freshness}
        unassessable = deliveries.not_assessable(freshness)
        days = rows(con, """
            SELECT evaluation_date AS day, people_left_with_access AS people, open_cases, people_checked, is_in_doubt
            FROM marts.access_risk_daily WHERE is_total AND evaluation_date > as_of_date - ?::INTEGER ORDER BY day""",
                    [TREND_DAYS])
    last = days[-1] if days and days[-1]["day"] == as_of else None
    doubted = in_doubt(as_of) or as_of > today or last is None or last["is_in_doubt"] or any(
        statuses[system] != "fresh" for system in SYSTEMS) or any(
        row["may_miss_rows"] != 0 for row in freshness if row["system"] in SYSTEMS)  # a hidden count is none of 0
    can_be_assessed = "end_date_propagation" not in unassessable

    def of_today(column: str) -> Figure | None:
        return figure(last[column], in_doubt=doubted) if last else None

    with _isolated(marts) as con:
        end_dates = _end_dates(con, in_doubt=doubted) if can_be_assessed and last else None
    return Figures(
        as_of, statuses, {row["system"]: row["current_extract_date"] for row in freshness}, doubted, of_today("people"),
        of_today("open_cases"), of_today("people_checked"), tuple((d["day"], d["people"]) for d in days), end_dates,
        is_end_dates_unassessable=not can_be_assessed)


@contextmanager
def _isolated(file: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection to a published file; what stands in it, e.g. a view, can read no other file."""
    with open_published(file) as con:
        con.execute("SET enable_external_access = false")
        yield con


def _status(row: Row, today: date, max_age_days: int) -> str:
    """The freshness of a system today, which is later than the day that the set was made for when no run has ended since."""
    if row["system"] not in SOURCES or row["status"] not in codes.statuses("freshness"):
        raise ValueError("the published set has a code that is not known")
    current = row["current_extract_date"]
    is_too_old = current is None or today - current > timedelta(days=max_age_days)
    return "stale" if row["status"] == "fresh" and is_too_old and row["system"] in SYSTEMS else row["status"]


def _end_dates(con: duckdb.DuckDBPyConnection, *, in_doubt: bool) -> dict[str, EndDates]:
    """The end dates that became known in the last half year, by outcome.

    Each count is hidden by itself: that another one is hidden tells nothing of it, nor does a total, for none is shown.
    """
    lags = " ".join(f"WHEN lag_days <= {limit} THEN '{lag}'" if limit is not None else f"ELSE '{lag}'"
                    for lag, limit in LAGS.items())
    counted = rows(con, f"""
        WITH ends AS (
          SELECT CASE status WHEN 'propagated' THEN 'arrived' WHEN 'failed' THEN 'failed' ELSE 'waiting' END AS outcome,
            CASE status WHEN 'propagated' THEN CASE {lags} END WHEN 'failed' THEN cause ELSE '{WAITING}' END AS part
          FROM marts.end_date_propagation
          WHERE status <> 'superseded' AND hrm_end_date_known_on > as_of_date - {PROPAGATION_DAYS}
        ), counted AS (
          SELECT outcome, part, count(*)::INTEGER AS number FROM ends GROUP BY ALL
        )
        SELECT outcome, part, CASE WHEN NOT {open_set.is_hidden_by_itself('number')} THEN number END AS number
        FROM counted ORDER BY outcome, part""")
    found = {outcome: EndDates({}, in_doubt) for outcome in OUTCOMES}
    for row in counted:
        if row["part"] not in (*LAGS, WAITING, *codes.CAUSES):
            raise ValueError("the published set has a code that is not known")
        found[row["outcome"]].parts[row["part"]] = figure(row["number"], in_doubt=in_doubt)
    return found
