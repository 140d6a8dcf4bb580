"""What there is to report: the cases of the published marts, and the problems with the data.

Belongs here: reading them. Does not belong here: what is a case, which extract is withheld or stale (SQL in `dbt_project`).
"""

from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import duckdb

from ingest.sql import rows
from ingest.warehouse import open_published
from publish import deliveries, labels
from publish.alerts.due import Item
from publish.labels import norwegian

# A withheld extract is a problem until a newer one counts. It is reported for at least this many days.
_WITHHELD_DAYS = 3


@dataclass(frozen=True)
class State:
    """The state of one day: unresolved cases and problems as items, resolved cases (rows with subject_id, case_number,
    finding_type, org_number, person_id, problem_since), and the finding types and marts that cannot be assessed.

    `not_looked_at`: finding types and kinds of problems that the state does not cover.
    """

    as_of: date
    items: list[Item]
    resolved: list[dict[str, Any]]
    not_assessable: list[str]
    not_looked_at: frozenset[str] = frozenset()

    @property
    def cases_are_known(self) -> bool:
        """Whether the state covers the cases; false after a run that failed."""
        return not self.not_looked_at & labels.FINDING_TYPES.keys()

    def short_lived(self, since: date | None) -> list[Item]:
        """Cases that opened after `since` and are already resolved; none when `since` is None."""
        if since is None:
            return []
        return [Item((r["subject_id"], r["case_number"]), r["finding_type"], "resolved", r["problem_since"], r["org_number"],
                     details=r) for r in self.resolved if r["problem_since"] > since]


def problem(kind: str, about: str, since: date, text: str, **details: Any) -> Item:
    """A problem with the data: `kind` is a key of labels.PROBLEMS; `text` describes it, without personal data."""
    return Item((kind, about), kind, "open", since, is_problem=True, details={"text": text, **details})


def read_state(
    marts: Path, problems: list[Item], diffs: dict[tuple[str, date], Path], not_looked_at: frozenset[str] = frozenset()
) -> State:
    """The state in a published file. `problems` are those that it does not hold; `diffs` belong to quarantined extracts, by
    system and extract date."""
    with open_published(marts) as con:
        cases = rows(con, "FROM cases ORDER BY problem_since, case_number")
        resolved = rows(con, """
            SELECT subject_id, case_number, any_value(finding_type) AS finding_type, any_value(org_number) AS org_number,
              any_value(person_id) AS person_id, min(problem_since) AS problem_since
            FROM findings GROUP BY ALL HAVING count(*) FILTER (status <> 'resolved') = 0""")
        freshness = deliveries.freshness(con)
        withheld = rows(con, """
            SELECT system, extract_date, status, reason FROM extracts
            WHERE is_withheld OR (status IN ('refused', 'quarantined') AND extract_date > as_of_date - $1)
            ORDER BY ALL""", [_WITHHELD_DAYS])
    as_of = freshness[0]["as_of_date"]
    items = [Item((c["subject_id"], c["case_number"]), c["finding_type"], c["status"], c["problem_since"], c["org_number"],
                  details=c) for c in cases]
    for w in withheld:
        diff = diffs.get((w["system"], w["extract_date"])) if w["status"] == "quarantined" else None
        items.append(problem(f"extract_{w['status']}", f"{w['system']}:{w['extract_date']}", w["extract_date"],
                             w["reason"] or "", system=w["system"], day=w["extract_date"], diff=diff))
    for f in freshness:
        if f["status"] == "fresh":
            continue
        current = f["current_extract_date"]
        text = (f"siste uttrekk er av {norwegian(current)}, {f['age_days']} dager gammelt" if current
                else "har ikke levert noe uttrekk")
        items.append(problem("extract_stale", f["system"], current or as_of, text, system=f["system"]))
    return State(as_of, [*items, *problems], resolved, deliveries.not_assessable(freshness), not_looked_at)


def only_problems(as_of: date, problems: list[Item]) -> State:
    """The state after a run that failed: only `problems` are known, and no case."""
    return State(as_of, problems, [], [], frozenset(labels.FINDING_TYPES) | frozenset(labels.PROBLEMS))


def removed_rows(diff: Path) -> tuple[dict[str, int], list[str]]:
    """The rows that a quarantined extract would remove, from its diff: {table: rows}, and their owners (employee numbers and
    person ids)."""
    with duckdb.connect() as con:
        removed = con.execute(
            "SELECT table_name, owner FROM read_csv(?, all_varchar = true) WHERE change = 'gone' ORDER BY ALL",
            [str(diff)]).fetchall()
    counts: dict[str, int] = {}
    for table, _ in removed:
        counts[table] = counts.get(table, 0) + 1
    return counts, sorted({owner for _, owner in removed if owner})


def days_since(item: Item, as_of: date) -> int:
    """The age of a case, in days."""
    return (as_of - item.since) // timedelta(days=1)
