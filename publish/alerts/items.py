"""What there is to report: the cases of the published marts, and the problems with the data.

Belongs here: reading them. Does not belong here: what is a case, which extract is withheld or stale (SQL in `dbt_project`).
"""

import json
from collections.abc import Collection
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import duckdb

from ingest import quarantine
from ingest.canonical_tables import SYSTEMS
from ingest.case_numbers import current_number
from ingest.sql import has_table, rows
from ingest.warehouse import open_published
from publish import deliveries, labels
from publish.alerts.due import Item, Key, LookedAt
from publish.headline import headline
from publish.trust import is_in_doubt

# A withheld extract is a problem until a newer one counts. It is reported for at least this many days.
_WITHHELD_DAYS = 3
# Problems that are read from a published set: looked at whenever that set was made anew.
_OF_A_PUBLISHED_SET = frozenset({"extract_refused", "extract_quarantined", "lists_outdated"})
Withheld = tuple[str, date, str]  # system, extract date, status: refused or quarantined


@dataclass(frozen=True)
class State:
    """The state of one day: unresolved cases and problems as items, resolved cases (rows with subject_id, case_number,
    finding_type, org_number, person_id, problem_since, and of whom it was, as far as that is known), and the finding types and
    marts that cannot be assessed.

    `looked_at`: what the state covers; `cases_are_known`: whether it holds the cases. `passed`: problems that are over before
    anybody was told of them. `headline`: the figure that matters most, in a sentence; None where the cases are not known.
    """

    as_of: date
    items: list[Item]
    resolved: list[dict[str, Any]]
    not_assessable: list[str]
    looked_at: LookedAt
    cases_are_known: bool = True
    passed: list[Item] = field(default_factory=list)
    headline: str | None = None

    def resolved_case(self, key: Key) -> dict[str, Any]:
        """The row of a resolved case; empty where it is not known."""
        return next((r for r in self.resolved if (r["subject_id"], r["case_number"]) == key), {})

    def short_lived(self, since: date | None) -> list[Item]:
        """Problems that have passed, and cases that opened after `since` and are already resolved; no case when `since` is
        None."""
        if since is None:
            return self.passed
        of_number = {r["case_number"]: r for r in reversed(self.resolved) if r["problem_since"] > since}  # a pair is one case
        return self.passed + [
            Item((r["subject_id"], r["case_number"]), r["finding_type"], "resolved", r["problem_since"], r["org_number"],
                 details=r) for r in of_number.values()]


def problem(kind: str, about: str, since: date, level: int | None = None, **details: Any) -> Item:
    """A problem with the data: `kind` is a key of data_problems.PROBLEMS; `details` are codes and figures, without personal data
    but in `keys`."""
    return Item((kind, about), kind, "open", since, is_problem=True, details=details, level=level)


def read_state(
    marts: Path, problems: list[Item], diffs: dict[tuple[str, date], Path], *, looked_at: LookedAt, is_new: bool,
    untold: Collection[Withheld] = (),
) -> State:
    """The state in a published file.

    `problems` and `looked_at` are what the file does not hold. `is_new`: the file was made by the run that is told about, so
    what is absent from it is over; of an older one nothing is concluded. `diffs` belong to quarantined extracts, by system and
    extract date. `untold`: withheld extracts that are told however old they are.
    """
    with open_published(marts) as con:
        cases = rows(con, "FROM cases ORDER BY problem_since, case_number")
        resolved = _resolved(con)
        freshness = deliveries.freshness(con)
        counted = headline(con)
        figure = counted.sentence(in_doubt=is_in_doubt(freshness)) if counted else None
        emptied = deliveries.emptied_org_units(con)
        withheld = rows(con, """
            SELECT *, extract_date > as_of_date - $1 AS is_recent FROM extracts
            WHERE status IN ('refused', 'quarantined') ORDER BY system, extract_date, arrival""", [_WITHHELD_DAYS])
    as_of = freshness[0]["as_of_date"]
    # Two persons whose identity is disputed are one case, and counted once, under one of them.
    items = [Item((c["subject_id"], current_number(c["case_number"])), c["finding_type"], c["status"], c["problem_since"],
                  c["org_number"], details=c) for c in cases if c.get("is_lead", True)]
    numbers = {item.case_number for item in items}
    resolved = [r for r in resolved if r["case_number"] not in numbers]
    current = {f["system"]: f["current_extract_date"] for f in freshness}
    passed = []
    for w in withheld:
        diff = diffs.get((w["system"], w["extract_date"])) if w["status"] == "quarantined" else None
        item = problem(f"extract_{w['status']}", f"{w['system']}:{w['extract_date']}", w["extract_date"],
                       system=w["system"], day=w["extract_date"], diff=diff, facts=json.loads(w.get("reason_facts") or "[]"),
                       is_withheld=w["is_withheld"] and w["system"] in SYSTEMS, current=current.get(w["system"]))
        if w["is_withheld"] or w["is_recent"]:
            items.append(item)
        elif (w["system"], w["extract_date"], w["status"]) in untold:
            passed.append(replace(item, status="resolved"))
    for f in freshness:
        items += _freshness_problems(f, as_of, [w for w in withheld if w["is_withheld"] and w["system"] == f["system"]], diffs)
    items += [_emptied_unit(unit) for unit in emptied]
    unknown = deliveries.not_assessable(freshness)
    if is_new:
        fresh = frozenset(("extract_stale", f["system"]) for f in freshness
                          if f["status"] != "missing" and not f["is_too_old"])
        looked_at = replace(looked_at, kinds=looked_at.kinds | _OF_A_PUBLISHED_SET, problems=looked_at.problems | fresh,
                            finding_types=frozenset(labels.FINDING_TYPES) - frozenset(unknown),
                            counted_elsewhere=frozenset(c["subject_id"] for c in cases if not c.get("is_lead", True)))
    return State(as_of, [*items, *problems], resolved, unknown, looked_at, passed=passed, headline=figure)


def _resolved(con: duckdb.DuckDBPyConnection) -> list[dict[str, Any]]:
    """Every case of which all findings are resolved, with whose and where it was, and of recent ones what was filled in."""
    recent: dict[str, dict[str, Any]] = {}
    if has_table(con, "resolved_cases"):
        recent = {current_number(r["case_number"]): r for r in rows(con, "FROM resolved_cases")}
    resolved = rows(con, """
        SELECT subject_id, case_number, any_value(finding_type) AS finding_type, any_value(org_number) AS org_number,
          any_value(person_id) AS person_id, min(problem_since) AS problem_since, any_value(org_units.name) AS org_name,
          any_value(employee_number) AS employee_number, any_value(given_name) AS given_name,
          any_value(family_name) AS family_name
        FROM findings LEFT JOIN employee_status USING (person_id) LEFT JOIN org_units USING (org_number)
        GROUP BY subject_id, case_number HAVING count(*) FILTER (status <> 'resolved') = 0""")
    by_number = [r | {"case_number": current_number(r["case_number"])} for r in resolved]
    return [r | {k: v for k, v in recent.get(r["case_number"], {}).items() if v is not None and r.get(k) is None}
            for r in by_number]


def _freshness_problems(
    freshness: dict[str, Any], as_of: date, withheld: list[dict[str, Any]], diffs: dict[tuple[str, date], Path]
) -> list[Item]:
    """What is wrong with how recent a system's current extract is; `withheld`: its extracts newer than that."""
    system, current, age = freshness["system"], freshness["current_extract_date"], freshness["age_days"]
    problems, is_old = [], freshness["status"] == "missing" or freshness["is_too_old"]
    if is_old:
        problems.append(problem("extract_stale", system, current or as_of, system=system, current=current, age_days=age))
    if (withheld or is_old) and system in SYSTEMS:  # no list is made from a witness
        # Of the newest that can be read: how many positions would stop with it, by org unit.
        readable = [(system, w["extract_date"]) for w in withheld if (system, w["extract_date"]) in diffs]
        stopping = {u.org_number: u.stopping for u in quarantine.summary(diffs[max(readable)])} if readable else {}
        days = sorted({w["extract_date"] for w in withheld})
        problems.append(problem("lists_outdated", system, current or as_of, system=system, current=current, withheld=days,
                                stopping=stopping))
    return problems


def _emptied_unit(unit: dict[str, Any]) -> Item:
    system, org_number, day = unit["system"], unit["org_number"], unit["emptied_on"]
    return Item(("units_emptied", f"{system}:{day}:{org_number}"), "units_emptied", "open", day, org_number, is_problem=True,
                details=unit)


def only_problems(as_of: date, problems: list[Item], looked_at: LookedAt | None = None) -> State:
    """The state when no case is known, as after a run that failed: only `problems` are, and nothing is over but what was
    `looked_at`."""
    return State(as_of, problems, [], [], looked_at or LookedAt(), cases_are_known=False)


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
