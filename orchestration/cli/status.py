"""What `sluttdato status` and the end of `sluttdato demo` tell: days delivered, extracts withheld, open findings by type.

It reads the published set, so it never waits for a run.
"""

from datetime import date, timedelta
from typing import Any

import duckdb
from rich.console import Console
from rich.table import Table

from ingest.canonical_tables import SYSTEMS
from ingest.landing import Landing
from ingest.quarantine import diff_file
from orchestration.core.settings import Settings
from orchestration.defs.resources import relative
from publish import labels

_SIGNS = {"accepted": "[green]■[/]", "replaced": "[green]■[/]", "quarantined": "[yellow]Q[/]", "refused": "[red]X[/]",
          "missing": "[dim]·[/]", "pending": "[cyan]?[/]"}


def read_status(settings: Settings, today: date, days: int) -> dict[str, Any]:
    """The status as plain values.

    {"as_of_date", "systems": {system: {"current_extract_date", "age_days", "status", "days": {day: state},
    "withheld": [{"extract_date", "status", "reason", "diff"}], "pending": [day]}}, "findings": {type: {"open",
    "excepted"}}, "not_assessable": [name]}. A state is accepted, quarantined, refused, missing or pending (delivered, not
    taken in yet). Of a type that cannot be told, the findings are those that were open when it last could; none is null.
    """
    marts = settings.published / "marts.duckdb"
    published = marts.exists()
    with duckdb.connect(str(marts) if published else ":memory:", read_only=published) as con:
        as_of = con.execute("SELECT any_value(as_of_date) FROM data_freshness").fetchone()[0] if published else None
        return {
            "as_of_date": as_of,
            "systems": {s: _system(settings, con if published else None, s, today, days) for s in SYSTEMS},
            "findings": _findings(con) if published else {},
            "not_assessable": _not_assessable(con) if published else [],
        }


def _system(
    settings: Settings, con: duckdb.DuckDBPyConnection | None, system: str, today: date, days: int
) -> dict[str, Any]:
    landing = Landing(settings.landed)
    pending = sorted({d.extract_date for d in landing.pending(settings.source(system), today)})
    found: dict[str, Any] = {"current_extract_date": None, "age_days": None, "status": "missing", "days": {},
                             "withheld": [], "pending": pending}
    states: dict[date, tuple[str, str | None]] = {}
    if con is not None:
        found["current_extract_date"], found["age_days"], found["status"] = con.execute(
            "SELECT current_extract_date, age_days, status FROM data_freshness WHERE system = ?", [system]).fetchone()
        states = {day: (state, reason) for day, state, reason in con.execute("""
            SELECT extract_date, status, reason FROM extracts WHERE system = ? QUALIFY row_number() OVER (
              PARTITION BY extract_date ORDER BY status = 'accepted' DESC, arrival DESC) = 1
            ORDER BY extract_date""", [system]).fetchall()}
    for offset in range(days - 1, -1, -1):
        day = today - timedelta(days=offset)
        state = "pending" if day in pending else states.get(day, ("missing", None))[0]
        found["days"][day.isoformat()] = state
    for day, (state, reason) in states.items():
        if state in ("quarantined", "refused"):
            diff = next((diff_file(landing.quarantined, e) for e in reversed(landing.of_day(system, day)) if not e.refused), None)
            found["withheld"].append({
                "extract_date": day, "status": state, "reason": reason,
                "diff": relative(diff, settings) if state == "quarantined" and diff and diff.exists() else None})
    return found


def _not_assessable(con: duckdb.DuckDBPyConnection) -> list[str]:
    names = con.execute("SELECT not_assessable FROM data_freshness WHERE system = 'vfs'").fetchone()
    return [n for n in names[0].split(", ") if n] if names else []


def _findings(con: duckdb.DuckDBPyConnection) -> dict[str, dict[str, int | None]]:
    """How many of each type are open or excepted; None instead of a zero that nobody measured."""
    unmeasured = set(_not_assessable(con))
    counts: dict[str, dict[str, int | None]] = {
        t: dict.fromkeys(("open", "excepted"), None if t in unmeasured else 0) for t in labels.FINDING_TYPES}
    for finding_type, state, count in con.execute(
            "SELECT finding_type, status, count(*) FROM findings WHERE status <> 'resolved' GROUP BY ALL").fetchall():
        counts[finding_type][state] = count
    return counts


def show_status(found: dict[str, Any], out: Console) -> None:
    """Draw the status."""
    if found["as_of_date"] is None:
        out.print("Nothing is published yet; `sluttdato run` does that.")
    else:
        out.print(f"As of {found['as_of_date']}")
    for system, s in found["systems"].items():
        days = list(s["days"])
        out.print(f"\n[b]{system}[/]  {''.join(_SIGNS[state] for state in s['days'].values())}  {days[0]} to {days[-1]}")
        if s["current_extract_date"]:
            out.print(f"     current extract {s['current_extract_date']}, {s['age_days']} days old: {s['status']}")
        for w in s["withheld"]:
            out.print(f"     {w['extract_date']} {w['status']}: {w['reason']}", markup=False, soft_wrap=True)
            if w["diff"]:
                out.print(f"       who would have come or gone: {w['diff']}", markup=False, soft_wrap=True)
        missing = [day for day, state in s["days"].items() if state == "missing"]
        if missing:
            shown = ", ".join(missing[-5:])
            out.print(f"     missing: {shown}{f' and {len(missing) - 5} earlier' if len(missing) > 5 else ''}", soft_wrap=True)
    out.print(f"\n{_SIGNS['accepted']} taken in  {_SIGNS['quarantined']} quarantined  {_SIGNS['refused']} refused  "
              f"{_SIGNS['missing']} missing  {_SIGNS['pending']} delivered, not taken in yet")
    if found["findings"]:
        out.print()
        out.print(findings_table(found["findings"]))
    if found["not_assessable"]:
        out.print(f"\nCannot be told from these sources: {', '.join(found['not_assessable'])}", soft_wrap=True)


def findings_table(findings: dict[str, dict[str, int | None]]) -> Table:
    """Open findings by type, with the label that people know."""
    table = Table("finding type", "label", box=None, pad_edge=False)
    table.add_column("open", justify="right")
    table.add_column("excepted", justify="right")
    for finding_type, counts in findings.items():
        told = "not assessable" if counts["open"] is None else str(counts["open"])
        table.add_row(finding_type, labels.FINDING_TYPES[finding_type], told, str(counts["excepted"] or ""))
    return table


def show_demo(settings: Settings, out: Console) -> None:
    """What the demo found, and where to look."""
    marts = settings.published / "marts.duckdb"
    with duckdb.connect(str(marts), read_only=True) as con:
        persons, people_with_findings = con.execute("""
            SELECT (SELECT count(*) FROM employee_status),
              (SELECT count(DISTINCT person_id) FROM findings WHERE status = 'open' AND finding_type IN (
                'active_vfs_inactive_hrm', 'unknown_in_hrm', 'inactive_with_access'))""").fetchone()
        findings, unmeasured = _findings(con), _not_assessable(con)
        example = con.execute("""
            SELECT vfs_position_id FROM status_mismatches WHERE cause = 'backdated' AND can_log_in
            ORDER BY days_open DESC, vfs_position_id LIMIT 1""").fetchone()
        withheld = con.execute("SELECT system, extract_date FROM extracts WHERE status = 'quarantined' ORDER BY ALL").fetchall()
    out.print(f"\nOf {persons} people in Visma Flyt Skole, {people_with_findings} have left HRM, or were never in it, and "
              "still have access:\n", soft_wrap=True)
    out.print(findings_table({t: c for t, c in findings.items() if c["open"] != 0}))
    if unmeasured:
        out.print(f"\nCannot be told from these sources: {', '.join(unmeasured)}", soft_wrap=True)
    for system, day in withheld:
        out.print(f"\nThe {system} extract of {day} was cut off on the way, and quarantined: nobody was counted as gone.",
                  soft_wrap=True)
    people = settings.published.absolute()
    out.print("\nWhere to look:")
    for file, what in (("report/index.html", "in a browser: what the sysadmin opens in the morning"),
                       ("worklists/arbeidsliste.xlsx", "the same as a worklist")):
        out.print(f"  {people / file}  {what}", markup=False, soft_wrap=True)
    if example:
        out.print(f"  sluttdato explain {example[0]}    why one of them still has access, and what to click",
                  soft_wrap=True)
    out.print("  sluttdato status                 days delivered, open findings")
    out.print("  sluttdato messages --preview sysadmin   the message that would be sent")
    out.print(f"  {marts}  for BI tools and `duckdb`, read-only", markup=False, soft_wrap=True)
