"""Checks across systems and over time: deliveries, identity, whether end dates propagate, kommuneadmins.

Belongs here: what the data team sees as passed or failed. Does not belong here: how it is computed (dbt models
hold the rules), keys and types (dbt tests), the delivered rows (Great Expectations). Metadata holds counts and days.
"""

from datetime import date, timedelta
from typing import Any

import dagster as dg
import duckdb

from ingest.canonical_tables import SOURCES, SYSTEMS, TABLES, WITNESSES, System, Table
from ingest.expectations import RESULT_FILE, results
from ingest.guard import Share, are_too_many
from ingest.landing import Landed
from ingest.policy import Policy
from ingest.sql import Row, rows, scalar
from orchestration.core import clock
from orchestration.core.alerting import MESSAGES_WERE_SENT, alert_log, outcome_of
from orchestration.core.run_report import IS_AS_EXPECTED, PUBLISHED_ASSET, unexpected_metadata
from orchestration.defs.resources import Workplace, retried_when_it_can_pass
from publish import deliveries
from publish.alerts.send import Sent

_FRESHNESS = dg.AssetKey(["marts", "data_freshness"])
_PERSONS = dg.AssetKey(["marts", "employee_status"])
_END_DATES = dg.AssetKey(["marts", "end_date_propagation"])
_ROSTER = dg.AssetKey(["marts", "kommuneadmin_roster"])
_FINDINGS = dg.AssetKey(["marts", "findings"])
_REJECTED = dg.AssetKey(["marts", "rejected_rows"])
_EMPTIED = dg.AssetKey(["marts", "emptied_org_units"])
_TREND_DAYS = 14
_MOST_NAMED = 10
# The comparisons of int_numbers__written_differently: what is compared, and whether the numbers are those of people.
_COMPARISONS = {
    "vfs_persons_to_hrm_employees": ("employee numbers of VFS persons and HRM", True),
    "hrm_positions_to_hrm_employees": ("employee numbers of HRM positions and HRM employees", True),
    "vfs_positions_to_vfs_persons": ("person ids of VFS positions and VFS persons", True),
    "vfs_accesses_to_vfs_persons": ("person ids of VFS accesses and VFS persons", True),
    "hrm_org_units_to_vfs_org_units": ("org numbers of HRM and VFS", False),
}

SPECS = [
    dg.AssetCheckSpec("extracts_arrived", asset=_FRESHNESS,
                      description="Both systems' extracts of the as-of date are in. Warns."),
    dg.AssetCheckSpec("extracts_are_recent", asset=_FRESHNESS,
                      description="No system's current extract is missing or older than `policy.max_extract_age_days`."),
    dg.AssetCheckSpec("extracts_are_let_in", asset=_FRESHNESS,
                      description="No extract newer than the current one was refused or quarantined (volume)."),
    dg.AssetCheckSpec("contents_hold", asset=_FRESHNESS,
                      description="In no system's current extract did many rows at once lose a column's value, change whose they "
                                  "are, or end (`policy.max_drop_percent` and those beside it)."),
    dg.AssetCheckSpec("sources_are_alive", asset=_FRESHNESS,
                      description="No system's state has been the same for `policy.max_unchanged_days`; warns from "
                                  "`policy.max_unchanged_days_warned`."),
    dg.AssetCheckSpec("folders_are_days", asset=_FRESHNESS,
                      description="Nothing in a source's place is passed over: no day, or a day to come. Warns."),
    dg.AssetCheckSpec("rows_are_readable", asset=_REJECTED,
                      description="Every row of the current extracts can be read; what was known of the others is kept."),
    dg.AssetCheckSpec("no_unit_was_emptied", asset=_EMPTIED,
                      description="No org unit lost all its active positions (`policy.emptied_unit_positions` or more) with the "
                                  "current extract of a system."),
    dg.AssetCheckSpec("match_rate_holds", asset=_PERSONS,
                      description="The share of VFS persons that match an employee did not fall by more than "
                                  "`policy.max_match_drop_points`, and is not below `policy.min_match_percent`."),
    dg.AssetCheckSpec("numbers_are_written_alike", asset=_PERSONS,
                      description="No number that one table names and another holds would match only if leading zeros, white "
                                  "space or capitals were dropped; and HRM's positions are at units that VFS has, too."),
    dg.AssetCheckSpec("identities_are_certain", asset=_FINDINGS, description="No open finding disputed_identity. Warns."),
    dg.AssetCheckSpec("end_dates_propagate", asset=_END_DATES,
                      description="No end date of HRM failed to arrive in VFS; warns when one is at risk."),
    dg.AssetCheckSpec("kommuneadmins_are_in_order", asset=_ROSTER,
                      description="No kommuneadmin has a reason to be reviewed. Warns."),
    dg.AssetCheckSpec("kommuneadmin_groups_exist", asset=_ROSTER,
                      description="Some access is in a group of `policy.kommuneadmin_groups`, or never was: none was renamed."),
]


_AS_EXPECTED = [
    dg.AssetCheckSpec(IS_AS_EXPECTED, asset=["versions", t.versions_name],
                      description=f"Great Expectations on the newest {t.system.upper()} extract's `{t.name}`.")
    for t in TABLES
]


# The examination runs in its own process beside dbt, so the step that waits for it comes after dbt.
@dg.multi_asset_check(specs=_AS_EXPECTED, name="check_extracts", pool="warehouse", op_tags={"dagster/priority": "-1"})
def about_extracts(workplace: dg.ResourceParam[Workplace]):
    """Great Expectations' results on the newest extract of each system: counts only."""
    as_of = workplace.as_of
    newest = {s: max((e for e in workplace.landing.all(s) if not e.refused and e.extract_date <= as_of),
                     key=lambda e: (e.extract_date, e.arrival), default=None) for s in SOURCES}
    for landed in filter(None, newest.values()):
        if not landed.is_purged:
            workplace.examiner.examine(landed.folder)
    workplace.examiner.finish()
    for table in TABLES:
        yield _expectations(table, newest[table.system])


def _expectations(table: Table, newest: Landed | None) -> dg.AssetCheckResult:
    expected = results(newest.folder).get(table.name, []) if newest else []
    failed = {f"{e.expectation}/{e.column}": e.unexpected_count for e in expected if not e.success}
    if newest is None:
        text = "No extract has come yet."
    elif not expected:
        text = f"The extract of {newest.extract_date} holds no {table.name}, or it was not examined."
    else:
        text = "; ".join([
            f"{len(expected) - len(failed)} of {len(expected)} expectations are met by the extract of {newest.extract_date}",
            *(f"{name.rstrip('/')}: {count} rows" for name, count in failed.items())])
    # Which rows these are is in the file beside the extract, which the retention removes with it.
    where = {"keys_of_rows": dg.MetadataValue.path(str(newest.folder / RESULT_FILE))} if newest and failed else {}
    return _result(
        dg.AssetKey(["versions", table.versions_name]), IS_AS_EXPECTED, passed=not failed, text=text,
        warns=not any(e.critical for e in expected if not e.success), expectations=len(expected), failed=len(failed),
        **unexpected_metadata(failed if expected else None), **where)


@dg.multi_asset_check(specs=SPECS, name="check_people_and_deliveries", pool="warehouse")
def about_people_and_deliveries(workplace: dg.ResourceParam[Workplace]):
    """All checks on one connection."""
    with retried_when_it_can_pass():
        as_of, policy = workplace.as_of, workplace.settings.policy
        passed_over: dict[System, list[str]] = {
            s: workplace.settings.source(s).passed_over(max(as_of, clock.today())) for s in workplace.settings.systems}
        with workplace.warehouse(read_only=True) as con:
            freshness = deliveries.freshness(con)
            unknown = deliveries.not_assessable(freshness)
            results_by_page = [
                ("index.html", [*_deliveries(con, freshness, as_of), _contents(con, freshness, policy), _alive(freshness, policy),
                                _folders(passed_over),
                                _readable(con, freshness), _emptied(con, freshness)]),
                ("saker.html", _identity(con, policy)),
                ("index.html", [_end_dates(con, unknown, as_of)]),
                ("kommuneadmin.html", [_kommuneadmins(con, unknown), _kommuneadmin_groups(con, policy, unknown)]),
            ]
    for page, page_results in results_by_page:
        for result in page_results:
            yield result._replace(metadata={**result.metadata, "report": _link(workplace, page)})


def _link(workplace: Workplace, page: str) -> dg.MetadataValue:
    """The page of the report with the details."""
    url = workplace.settings.alerts.report_url
    if url:
        return dg.MetadataValue.url(f"{url.rstrip('/')}/{page}")
    return dg.MetadataValue.path(str(workplace.paths.report / page))


@dg.asset_check(
    asset=PUBLISHED_ASSET, name=MESSAGES_WERE_SENT, pool="warehouse",
    description="The last message to each recipient left. The next run sends the content of a failed one again.")
def about_messages(workplace: dg.ResourceParam[Workplace]) -> dg.AssetCheckResult:
    """The state of the messages before this run. Those about this run are sent and recorded here after it has ended."""
    last = {m["recipient"]: m["state"] for m in alert_log(workplace.settings).messages()}
    sent = Sent([r for r, state in last.items() if state == "sent"], [r for r, state in last.items() if state != "sent"])
    return dg.AssetCheckResult(
        passed=not sent.failed, severity=dg.AssetCheckSeverity.ERROR, description=outcome_of(sent),
        metadata={"sent": len(sent.sent), "failed": len(sent.failed)})


def _result(
    key: dg.AssetKey, name: str, *, passed: bool, text: str, warns: bool = False, **metadata: Any
) -> dg.AssetCheckResult:
    severity = dg.AssetCheckSeverity.WARN if warns else dg.AssetCheckSeverity.ERROR
    return dg.AssetCheckResult(asset_key=key, check_name=name, passed=passed, severity=severity, description=text,
                               metadata=metadata)


def _deliveries(con: duckdb.DuckDBPyConnection, freshness: list[Row], as_of: date) -> list[dg.AssetCheckResult]:
    late = [f"{f['system']} ({f['current_extract_date'] or 'no extract yet'})" for f in freshness
            if f["age_days"] != 0 and f["system"] in SYSTEMS]
    arrived = _result(
        _FRESHNESS, "extracts_arrived", passed=not late, warns=True,
        text=f"Not in for {as_of}: {', '.join(late)}" if late else "Both systems have delivered.",
        **{f"{f['system']}/current_extract_date": str(f["current_extract_date"]) for f in freshness},
        trend=_volumes(con, [f["system"] for f in freshness], as_of))
    old = {f["system"]: "no extract has come" if f["age_days"] is None else f"the current extract is {f['age_days']} days old"
           for f in freshness if f["status"] == "missing" or f["is_too_old"]}
    recent = _result(
        _FRESHNESS, "extracts_are_recent", passed=not old, warns=set(old) <= set(WITNESSES),
        text="; ".join(f"{s}: {text}" for s, text in old.items()) or "The current extracts are recent enough.",
        **{f"{f['system']}/age_days": f["age_days"] for f in freshness if f["age_days"] is not None})
    withheld = con.execute(
        "SELECT system, extract_date, status, reason FROM marts.extracts WHERE is_withheld ORDER BY ALL").fetchall()
    let_in = _result(
        _FRESHNESS, "extracts_are_let_in", passed=not withheld,
        text="; ".join(f"{s} {d} {status}: {reason}" for s, d, status, reason in withheld) or "Nothing is withheld.",
        withheld=len(withheld))
    return [arrived, recent, let_in]


def _last_days(as_of: date) -> list[date]:
    return [as_of - timedelta(days=n) for n in range(_TREND_DAYS - 1, -1, -1)]


def _volumes(con: duckdb.DuckDBPyConnection, systems: list[str], as_of: date) -> dg.TableMetadataValue:
    """Status and number of rows of each system's delivery on the last days."""
    came = {s: {e["extract_date"]: e for e in deliveries.newest_of_each_day(con, s)} for s in systems}
    missing: Row = {"status": "missing", "row_count": None}

    def row(day: date) -> tuple[Any, ...]:
        extracts = [came[s].get(day, missing) for s in systems]
        return day, *(e[column] for e in extracts for column in ("status", "row_count"))

    return _table(["day", *(name for s in systems for name in (s, f"{s}_rows"))], [row(d) for d in _last_days(as_of)])


def _contents(con: duckdb.DuckDBPyConnection, freshness: list[Row], policy: Policy) -> dg.AssetCheckResult:
    """contract#first-law: what a guard cannot hold back is said."""
    days = {f["system"]: f["current_extract_date"] for f in freshness}
    many = [c for c in rows(con, "FROM intermediate.int_extracts__column_changes ORDER BY ALL")
            if are_too_many(Share(c["row_count"], c["held_count"]), policy.on(days[c["system"]]),
                            at_least=policy.min_loss_rows)]
    told = [f"{c['system']} {c['table_name']}: {c['column_name']} {_CHANGES[c['change']]} in {c['row_count']} of "
            f"{c['held_count']} rows" for c in many]
    return _result(
        _FRESHNESS, "contents_hold", passed=not many,
        text=f"At once: {'; '.join(told)}. Is the extract what it should be?" if many
        else "No column changed in many rows at once.",
        **{f"{c['system']}/{c['table_name']}/{c['column_name']}": c["row_count"] for c in many})


_CHANGES = {"emptied": "lost its value", "changed": "is another", "ended": "has passed"}


def _alive(freshness: list[Row], policy: Policy) -> dg.AssetCheckResult:
    """contract#frozen-source"""
    unchanged = {f["system"]: (f["current_extract_date"] - f["unchanged_since"]).days for f in freshness
                 if f["unchanged_since"] is not None}
    frozen = {s: days for s, days in unchanged.items() if days >= policy.max_unchanged_days_warned and days > 0}
    is_long = any(days >= policy.max_unchanged_days for days in frozen.values())
    since = {f["system"]: f["unchanged_since"] for f in freshness}
    text = "; ".join(f"{s}: every extract since {since[s]} has the same content ({days} days)" for s, days in frozen.items())
    return _result(
        _FRESHNESS, "sources_are_alive", passed=not frozen, warns=not is_long,
        text=f"{text}. Does the source still deliver what it holds today?" if frozen else "The extracts change.",
        **{f"{s}/unchanged_days": days for s, days in unchanged.items()},
        **{f"{s}/frozen_days": days for s, days in frozen.items()})


def _folders(passed_over: dict[System, list[str]]) -> dg.AssetCheckResult:
    """contract#no-day"""
    told = [f"{s}: {_some(names)}" for s, names in passed_over.items() if names]
    return _result(
        _FRESHNESS, "folders_are_days", passed=not told, warns=True,
        text=f"Passed over, being no day (YYYY-MM-DD) up to today: {'; '.join(told)}." if told
        else "Every folder is a day.",
        **{f"{s}/passed_over": len(names) for s, names in passed_over.items()})


def _some(names: list[str]) -> str:
    """The first names, and how many more there are."""
    more = len(names) - _MOST_NAMED
    return ", ".join(names[:_MOST_NAMED]) + (f" and {more} more" if more > 0 else "")


def _readable(con: duckdb.DuckDBPyConnection, freshness: list[Row]) -> dg.AssetCheckResult:
    """contract#rejected-row"""
    unreadable = con.execute("""
        SELECT system, table_name, list(DISTINCT key ORDER BY key) FILTER (key <> '') AS keys,
          count(DISTINCT (file, line)) AS row_count, min(kept_since)
        FROM marts.rejected_rows JOIN marts.data_freshness USING (system)
        WHERE is_unreadable AND extract_date = current_extract_date GROUP BY ALL ORDER BY ALL""").fetchall()
    kept, missing = sum(f["kept_rows"] for f in freshness), sum(f["may_miss_rows"] for f in freshness)
    parts = [f"{s} {table}: {count} rows cannot be read" + (f", the first since {since}" if since else "")
             for s, table, _, count, since in unreadable]
    if kept:
        parts.append(f"what was known of them is kept ({kept} rows)")
    if missing:
        parts.append(f"of {missing} nothing can be told: rows may be missing")
    named = [f"{s} {table} {key}" for s, table, keys, _, _ in unreadable for key in keys or []]
    passed = not (kept or missing)
    return _result(
        _REJECTED, "rows_are_readable", passed=passed,
        text="Nothing is kept or missing because it cannot be read." if passed else _with_keys("; ".join(parts), named),
        kept_rows=kept, may_miss_rows=missing,
        **{f"unreadable/{s}/{table}": count for s, table, _, count, _ in unreadable})


def _with_keys(text: str, keys: list[str]) -> str:
    """A text, and on a line of their own the keys that it is about, which not every reader of messages may see."""
    return f"{text}.\n{_some(keys)}" if keys else f"{text}."


def _emptied(con: duckdb.DuckDBPyConnection, freshness: list[Row]) -> dg.AssetCheckResult:
    """contract#emptied-org-unit"""
    current = {f["system"]: f["current_extract_date"] for f in freshness}
    emptied = [u for u in deliveries.emptied_org_units(con) if u["emptied_on"] == current[u["system"]]]
    named = [f"{u['org_name']} ({u['org_number']}): {u['active_positions_before']} active positions in {u['system']} before, "
             "none now" for u in emptied]
    return _result(
        _EMPTIED, "no_unit_was_emptied", passed=not emptied, units=len(emptied),
        text="; ".join(named) + ". Was the unit closed, or is a part of the extract missing?" if emptied
        else "No unit lost all its active positions.",
        **{f"{u['system']}/{u['org_number']} {u['org_name']}": u["active_positions_before"] for u in emptied})


def _identity(con: duckdb.DuckDBPyConnection, policy: Policy) -> list[dg.AssetCheckResult]:
    rates = {today: (day, percent) for day, today, percent in con.execute(
        "SELECT day, is_today, matched_percent FROM intermediate.int_identity__match_rate").fetchall()}
    (_, now), (before_day, before) = rates[True], rates.get(False, (None, None))
    fallen = now is not None and before is not None and before - now > policy.max_match_drop_points
    low = now is not None and now < policy.min_match_percent
    if fallen:
        told = (f"The share of VFS persons that match an employee fell from {before:g} % ({before_day}) to {now:g} %. "
                "Has a column or its format changed?")
    elif low:
        told = (f"Only {now:g} % of the VFS persons match an employee, less than {policy.min_match_percent:g} %. "
                "Are the employee numbers of both systems the same?")
    else:
        told = "The share of matched persons holds."
    match_rate = _result(
        _PERSONS, "match_rate_holds", passed=not (fallen or low), text=told,
        **({"matched_percent": now} if now is not None else {}),
        **({"matched_percent_before": before} if before is not None else {}))
    disputed = scalar(
        con, "SELECT count(*) FROM marts.findings WHERE finding_type = 'disputed_identity' AND status = 'open'")
    identities = _result(
        _FINDINGS, "identities_are_certain", passed=not disputed, warns=True, open=disputed,
        text=f"Number and national id disagree, or several share one, for {disputed} persons." if disputed
        else "No identity is disputed.")
    return [match_rate, _numbers(con), identities]


def _numbers(con: duckdb.DuckDBPyConnection) -> dg.AssetCheckResult:
    """contract#matched-share"""
    different: dict[str, list[str]] = dict(con.execute("""
        SELECT comparison, list(number || ' / ' || counterpart ORDER BY number)
        FROM intermediate.int_numbers__written_differently GROUP BY comparison""").fetchall())
    counts: dict[str, Any] = {comparison: len(pairs) for comparison, pairs in different.items()}
    parts: list[str] = []
    keys: list[str] = []
    for comparison, (what, is_of_people) in _COMPARISONS.items():
        pairs = different.get(comparison, [])
        if pairs:
            parts.append(f"{len(pairs)} {what}" + ("" if is_of_people else f" ({_some(pairs)})"))
            keys += pairs if is_of_people else []
    text = _with_keys(f"{', '.join(parts)} would match if leading zeros, white space and capitals were dropped", keys)
    positions, shared = con.execute("""
        SELECT count(*), count(*) FILTER (org_number IN (SELECT org_number FROM staging.stg_vfs__positions))
        FROM intermediate.int_hrm__active_positions
        WHERE to_day > (SELECT as_of_date FROM staging.stg_run) AND EXISTS (FROM staging.stg_vfs__positions)""").fetchall()[0]
    told = [text] if different else []
    if positions and not shared:
        told.append(f"None of the {positions} active positions of HRM is at a unit where VFS ever had one: are HRM's org numbers "
                    "the schools' own organisation numbers, of nine digits?")
    return _result(_PERSONS, "numbers_are_written_alike", passed=not told,
                   text=" ".join(told) or "No number is written differently.", **counts,
                   **({"positions_elsewhere": positions} if positions and not shared else {}))


def _not_assessable(mart: str, key: dg.AssetKey, name: str) -> dg.AssetCheckResult:
    """A warning: the check cannot pass when nothing can be assessed."""
    return _result(key, name, passed=False, warns=True,
                   text=f"Not assessable: the sources of VFS do not carry what {mart} needs.")


def _end_dates(con: duckdb.DuckDBPyConnection, unknown: list[str], as_of: date) -> dg.AssetCheckResult:
    if "end_date_propagation" in unknown:
        return _not_assessable("end_date_propagation", _END_DATES, "end_dates_propagate")
    statuses = dict(con.execute("SELECT status, count(*) FROM marts.end_date_propagation GROUP BY 1 ORDER BY 1").fetchall())
    causes = con.execute("""
        SELECT status, cause, count(*) FROM marts.end_date_propagation WHERE cause IS NOT NULL
        GROUP BY ALL ORDER BY ALL""").fetchall()
    trend = con.execute("""
        WITH days AS (SELECT unnest(?::DATE[]) AS day)
        SELECT day, count(hrm_position_id), count(*) FILTER (status = 'propagated'), count(*) FILTER (status = 'failed'),
          count(*) FILTER (status = 'at_risk')
        FROM days LEFT JOIN marts.end_date_propagation ON hrm_end_date_known_on = day GROUP BY day ORDER BY day""",
        [_last_days(as_of)]).fetchall()
    failed, at_risk = statuses.get("failed", 0), statuses.get("at_risk", 0)
    text = f"{failed} end dates did not arrive in VFS, {at_risk} are at risk." if failed or at_risk else (
        "Every end date known long enough has arrived.")
    return _result(
        _END_DATES, "end_dates_propagate", passed=not failed and not at_risk, warns=not failed, text=text,
        **{f"status/{status}": count for status, count in statuses.items()},
        **{f"cause/{status}/{cause}": count for status, cause, count in causes},
        trend=_table(["known_on", "end_dates", "propagated", "failed", "at_risk"], trend))


def _kommuneadmins(con: duckdb.DuckDBPyConnection, unknown: list[str]) -> dg.AssetCheckResult:
    if "kommuneadmin_roster" in unknown:
        return _not_assessable("kommuneadmin_roster", _ROSTER, "kommuneadmins_are_in_order")
    if "kommuneadmin_review" in unknown:
        return _result(_ROSTER, "kommuneadmins_are_in_order", passed=False, warns=True,
                       text="Not assessable: see kommuneadmin_groups_exist.")
    reasons = dict(con.execute("""
        SELECT review_reason, count(DISTINCT person_id) FROM marts.kommuneadmin_roster WHERE review_reason IS NOT NULL
        GROUP BY 1 ORDER BY 1""").fetchall())
    persons = scalar(con, "SELECT count(DISTINCT person_id) FROM marts.kommuneadmin_roster")
    return _result(
        _ROSTER, "kommuneadmins_are_in_order", passed=not reasons, warns=True, kommuneadmins=persons,
        text=", ".join(f"{count} {reason}" for reason, count in reasons.items()) or "No kommuneadmin needs a review.",
        **{f"review_reason/{reason}": count for reason, count in reasons.items()})


def _kommuneadmin_groups(con: duckdb.DuckDBPyConnection, policy: Policy, unknown: list[str]) -> dg.AssetCheckResult:
    """contract#renamed-group; and, as doubts that are only said, somebody whose group became another at the same unit, and
    accesses that are delivered without a single one."""
    lost = rows(con, "SELECT * FROM intermediate.int_kommuneadmin__groups WHERE is_not_assessable "
                     "AND to_day > (SELECT as_of_date FROM staging.stg_run)")
    groups = sorted({group for period in lost for group in period["candidate_groups"] or []})
    exchanged = rows(con, "FROM intermediate.int_kommuneadmin__exchanged_groups")
    persons = len({row["person_id"] for row in exchanged})
    accesses = scalar(con, "SELECT count(*) FROM staging.stg_vfs__accesses "
                           "WHERE to_day > (SELECT as_of_date FROM staging.stg_run)")
    texts = []
    if lost:
        names = ", ".join(policy.kommuneadmin_groups)
        texts.append(f"No access is in a kommuneadmin group that is set (`policy.kommuneadmin_groups`: {names}): kommuneadmins "
                     "cannot be assessed.")
        texts.append(f"Groups at the kommune's own units, or where a set group stood: {', '.join(groups)}. Set the right one."
                     if groups else "No group stands at the kommune's own units.")
    elif not accesses and "kommuneadmin_roster" not in unknown:
        texts.append("VFS delivers accesses, but not one stands there: that nobody is kommuneadmin, or inactive with access, "
                     "is not known. Look at how the accesses are exported.")
    elif persons:
        names = ", ".join(sorted({row["access_group"] for row in exchanged}))
        texts.append(f"{persons} of those who had a kommuneadmin group in the extract before have another at the same unit now: "
                     f"{names}. Was the group renamed for some? Then it belongs in `policy.kommuneadmin_groups`.")
    return _result(
        _ROSTER, "kommuneadmin_groups_exist", passed=not texts, candidate_groups=len(groups), persons=persons, accesses=accesses,
        is_assessable=int(not lost),
        text=" ".join(texts) or "A kommuneadmin group that is set is found, or none is missed.")



def _table(columns: list[str], rows: list[tuple[Any, ...]]) -> dg.TableMetadataValue:
    def cell(value: Any) -> Any:
        if value is None:
            return ""  # every record needs every column
        return value.isoformat() if isinstance(value, date) else value

    return dg.MetadataValue.table([
        dg.TableRecord({c: cell(v) for c, v in zip(columns, row, strict=True)}) for row in rows
    ], schema=dg.TableSchema(columns=[dg.TableColumn(c) for c in columns]))
