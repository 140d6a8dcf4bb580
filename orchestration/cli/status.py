"""What `sluttdato status` and the end of `sluttdato demo` show: days delivered, extracts withheld, open findings by type.

It reads the published set, so it never waits for a run.
"""

from datetime import date, timedelta
from typing import Any

from rich.console import Console
from rich.table import Table

from ingest import quarantine
from ingest.canonical_tables import SOURCES, WITNESSES, System
from ingest.decisions import Decisions
from ingest.filled_in import inbox
from ingest.landing import Landing
from ingest.sql import Row, scalar
from ingest.warehouse import open_published
from orchestration.core.paths import DataPaths
from orchestration.core.settings import Settings
from orchestration.core.standing import findings_by_type
from publish import deliveries, labels
from publish.headline import headline

_SIGNS = {"accepted": "[green]■[/]", "replaced": "[green]■[/]", "quarantined": "[yellow]Q[/]", "refused": "[red]X[/]",
          "missing": "[dim]·[/]", "pending": "[cyan]?[/]"}

_MOST_UNITS = 10
_SUMMARY = {"gone": "rows gone", "new": "rows new", "stopping": "positions would stop", "starting": "positions would begin",
            "end_lost": "end dates lost", "end_changed": "end dates changed", "login_lost": "may no longer log in",
            "login_given": "may log in again"}


def read_status(settings: Settings, today: date, days: int) -> dict[str, Any]:
    """The status as plain values.

    {"as_of_date", "systems": {system: {"current_extract_date", "age_days", "status", "unchanged_since", "kept_rows",
    "may_miss_rows", "missing_since", "days": {day: state}, "withheld": [{"extract_date", "status", "reason", "diff",
    "summary"}], "pending": [day], "passed_over": [name]}}, "findings": {type: {"open", "excepted"}}, "not_assessable": [name],
    "inbox": [name], "people_left_with_access": count (None before anything is published)}.
    A state is accepted, quarantined, refused, missing or pending (delivered, not taken in yet). `missing_since`: the day after
    the current extract, where the system is not fresh. `summary`: what a quarantined extract would change, by org unit (see
    `ingest.quarantine`). For a type that is not assessable, the counts are those of its last assessable day; null instead of
    zero. A witness is among the systems when it has a source, or ever delivered.
    """
    freshness: list[Row] = []
    extracts: dict[System, list[Row]] = {system: [] for system in SOURCES}
    findings: dict[str, dict[str, int | None]] = {}
    people: int | None = None
    if settings.paths.marts.exists():
        with open_published(settings.paths.marts) as con:
            freshness = deliveries.freshness(con)
            extracts = {system: deliveries.newest_of_each_day(con, system) for system in SOURCES}
            findings = findings_by_type(con, deliveries.not_assessable(freshness))
            counted = headline(con)
            people = counted.total if counted else None
    of_system = {row["system"]: row for row in freshness}
    shown: list[System] = [system for system in SOURCES if system in settings.systems or system in of_system]
    return {
        "as_of_date": freshness[0]["as_of_date"] if freshness else None,
        "systems": {s: _system(settings, s, of_system.get(s), extracts[s], today, days) for s in shown},
        "findings": findings, "not_assessable": deliveries.not_assessable(freshness),
        "people_left_with_access": people,
        "inbox": list(inbox.waiting(Decisions(settings.paths.decisions))),
    }


def _system(
    settings: Settings, system: System, freshness: Row | None, extracts: list[Row], today: date, days: int
) -> dict[str, Any]:
    landing = Landing(settings.paths.landed)
    source = settings.source(system) if system in settings.systems else None
    pending = sorted({d.extract_date for d in landing.pending(source, today)}) if source else []
    state_of = {e["extract_date"]: e["status"] for e in extracts} | dict.fromkeys(pending, "pending")
    first = min(state_of, default=date.min)  # nothing is missing before the first delivery
    shown_days = [day for n in range(days - 1, -1, -1) if (day := today - timedelta(days=n)) >= first] or [today]
    return {
        "current_extract_date": freshness["current_extract_date"] if freshness else None,
        "age_days": freshness["age_days"] if freshness else None,
        "status": freshness["status"] if freshness else "missing",
        "unchanged_since": freshness["unchanged_since"] if freshness else None,
        "kept_rows": freshness["kept_rows"] if freshness else 0,
        "may_miss_rows": freshness["may_miss_rows"] if freshness else 0,
        "missing_since": deliveries.missing_since(freshness) if freshness else None,
        "days": {day.isoformat(): state_of.get(day, "missing") for day in shown_days},
        "withheld": [{"extract_date": e["extract_date"], "status": e["status"], "reason": e["reason"],
                      **_diff(settings.paths, landing, e)}
                     for e in extracts if e["status"] in ("quarantined", "refused")],
        "pending": pending, "passed_over": source.passed_over(today) if source else []}


def _diff(paths: DataPaths, landing: Landing, extract: Row) -> dict[str, Any]:
    """Where the diff of a quarantined day is, unless it was purged, and its summary by org unit."""
    of_day = landing.of_day(extract["system"], extract["extract_date"])
    file = next((quarantine.diff_file(paths.quarantined, e) for e in reversed(of_day) if not e.refused), None)
    if extract["status"] != "quarantined" or not file or not file.exists():
        return {"diff": None, "summary": []}
    return {"diff": paths.shown(file), "summary": [vars(unit) for unit in quarantine.summary(file)]}


def show_status(status: dict[str, Any], out: Console) -> None:
    """Draw the status."""
    if status["as_of_date"] is None:
        out.print("Nothing is published yet; `sluttdato run` does that.")
    else:
        out.print(f"As of {status['as_of_date']}")
    for system, s in status["systems"].items():
        days = list(s["days"])
        out.print(f"\n[b]{system}[/]  {''.join(_SIGNS[state] for state in s['days'].values())}  {days[0]} to {days[-1]}")
        _show_freshness(s, "yellow" if system in WITNESSES else "red", out)
        if system in WITNESSES and not s["current_extract_date"] and set(s["days"].values()) == {"missing"}:
            out.print("     nothing has been delivered yet")
        for w in s["withheld"]:
            out.print(f"     {w['extract_date']} {w['status']}: {w['reason']}", markup=False, soft_wrap=True)
            for unit in w["summary"][:_MOST_UNITS]:
                out.print(f"       {unit_line(unit)}", markup=False, soft_wrap=True)
            if len(w["summary"]) > _MOST_UNITS:
                out.print(f"       and {len(w['summary']) - _MOST_UNITS} more units", soft_wrap=True)
            if w["diff"]:
                out.print(f"       row by row: {w['diff']}", markup=False, soft_wrap=True)
        if s["passed_over"]:
            out.print(f"     passed over, no day up to today: {', '.join(s['passed_over'])}", markup=False, soft_wrap=True)
        missing = [day for day, state in s["days"].items() if state == "missing" and system not in WITNESSES]
        if missing:
            shown = ", ".join(missing[-5:])
            out.print(f"     missing: {shown}{f' and {len(missing) - 5} earlier' if len(missing) > 5 else ''}", soft_wrap=True)
    out.print(f"\n{_SIGNS['accepted']} taken in  {_SIGNS['quarantined']} quarantined  {_SIGNS['refused']} refused  "
              f"{_SIGNS['missing']} missing  {_SIGNS['pending']} delivered, not taken in yet")
    if status["findings"]:
        out.print(f"\n{left_with_access(status['people_left_with_access'])}", soft_wrap=True)
        if any(s["status"] != "fresh" or s["may_miss_rows"] for n, s in status["systems"].items() if n not in WITNESSES):
            out.print("[red]The lists may miss somebody: see above.[/]", soft_wrap=True)
        out.print(findings_table(status["findings"]))
    if status["not_assessable"]:
        out.print(f"\nNot assessable from these sources: {', '.join(status['not_assessable'])}", soft_wrap=True)
    if status["inbox"]:
        out.print(f"\nIn decisions/inbox, taken in by the next run: {', '.join(status['inbox'])}", markup=False, soft_wrap=True)


def _show_freshness(system: dict[str, Any], alarm: str, out: Console) -> None:
    """How far the lists can be trusted: red where something newer is withheld, too old or missing, yellow for a doubt. `alarm`:
    the colour where it is not fresh."""
    if system["current_extract_date"]:
        colour = "green" if system["status"] == "fresh" else alarm
        out.print(f"     current extract {system['current_extract_date']}, {system['age_days']} days old: "
                  f"[{colour}]{system['status']}[/]", soft_wrap=True)
    if system["missing_since"]:
        out.print(f"     [red]what {system['missing_since']} and the days after it changed is missing in the lists[/]",
                  soft_wrap=True)
    if system["unchanged_since"] and system["unchanged_since"] != system["current_extract_date"]:
        out.print(f"     unchanged since {system['unchanged_since']}", soft_wrap=True)
    if system["kept_rows"]:
        out.print(f"     [yellow]{system['kept_rows']} rows cannot be read; what was known of them is kept[/]", soft_wrap=True)
    if system["may_miss_rows"]:
        out.print(f"     [yellow]{system['may_miss_rows']} rows cannot be read at all: rows may be missing[/]", soft_wrap=True)


def left_with_access(people: int) -> str:
    """The headline figure in a sentence (contract#has-left-with-access)."""
    who = "1 person has left HRM, or is" if people == 1 else f"{people} people have left HRM, or are"
    return f"{who} unknown there, and can still get into Visma Flyt Skole."


def unit_line(unit: dict[str, Any]) -> str:
    """What a withheld extract would change at an org unit, in a line."""
    counts = ", ".join(f"{unit[name]} {words}" for name, words in _SUMMARY.items() if unit[name])
    return f"{unit['org_name']} ({unit['org_number']}): {counts}" if unit["org_number"] else f"no unit: {counts}"


def findings_table(findings: dict[str, dict[str, int | None]]) -> Table:
    """Open findings by type, with the label that people know."""
    table = Table("finding type", "label", box=None, pad_edge=False)
    table.add_column("open", justify="right")
    table.add_column("excepted", justify="right")
    for finding_type, counts in findings.items():
        is_open = "not assessable" if counts["open"] is None else str(counts["open"])
        table.add_row(finding_type, labels.FINDING_TYPES[finding_type], is_open, str(counts["excepted"] or ""))
    return table


def show_demo(settings: Settings, out: Console) -> None:
    """The result of the demo, and where to look."""
    marts = settings.paths.marts
    with open_published(marts) as con:
        persons = scalar(con, "SELECT count(*) FROM employee_status")
        counted = headline(con)
        people = counted.total if counted else 0
        not_assessable = deliveries.not_assessable(deliveries.freshness(con))
        findings = findings_by_type(con, not_assessable)
        example = con.execute("""
            SELECT vfs_position_id FROM status_mismatches WHERE cause = 'backdated' AND can_log_in
            ORDER BY days_open DESC, vfs_position_id LIMIT 1""").fetchone()
        withheld = con.execute("SELECT system, extract_date FROM extracts WHERE status = 'quarantined' ORDER BY ALL").fetchall()
    out.print(f"\nChecked {persons} people in Visma Flyt Skole. {left_with_access(people)}\n", soft_wrap=True)
    out.print(findings_table({t: c for t, c in findings.items() if c["open"] != 0}))
    if not_assessable:
        out.print(f"\nNot assessable from these sources: {', '.join(not_assessable)}", soft_wrap=True)
    for system, day in withheld:
        out.print(f"\nThe {system} extract of {day} was cut off on the way, and quarantined: nobody was counted as gone.",
                  soft_wrap=True)
    published = settings.paths.published.absolute()
    out.print("\nWhere to look:")
    for file, what in (("report/index.html", "in a browser: what the sysadmin opens in the morning"),
                       ("worklists/arbeidsliste.xlsx", "the same as a worklist")):
        out.print(f"  {published / file}  {what}", markup=False, soft_wrap=True)
    if example:
        out.print(f"  sluttdato explain {example[0]}    why one of them still has access, and what to click",
                  soft_wrap=True)
    out.print("  sluttdato status                 days delivered, open findings")
    out.print("  sluttdato messages --preview sysadmin   the message that would be sent")
    out.print(f"  {marts}  for BI tools and `duckdb`, read-only", markup=False, soft_wrap=True)
