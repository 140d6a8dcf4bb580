"""Checks across systems and over time: deliveries, identity, whether end dates propagate, kommuneadmins.

Belongs here: what the data team sees as passed or failed. Does not belong here: how it is computed (dbt models
hold the rules), keys and types (dbt tests), the delivered rows (Great Expectations). Metadata holds counts and days.
"""

from datetime import date, timedelta
from typing import Any

import dagster as dg
import duckdb

from ingest.canonical_tables import SYSTEMS, TABLES, Table
from ingest.expectations import results
from ingest.landing import Landed
from ingest.sql import Row, scalar
from orchestration.core.alerting import MESSAGES_WERE_SENT, alert_log, outcome_of
from orchestration.core.run_report import PUBLISHED_ASSET
from orchestration.defs.resources import Workplace, retried_when_it_can_pass
from publish import deliveries
from publish.alerts.send import Sent

_FRESHNESS = dg.AssetKey(["marts", "data_freshness"])
_PERSONS = dg.AssetKey(["marts", "employee_status"])
_END_DATES = dg.AssetKey(["marts", "end_date_propagation"])
_ROSTER = dg.AssetKey(["marts", "kommuneadmin_roster"])
_FINDINGS = dg.AssetKey(["marts", "findings"])
_TREND_DAYS = 14

SPECS = [
    dg.AssetCheckSpec("extracts_arrived", asset=_FRESHNESS,
                      description="Both systems' extracts of the as-of date are in. Warns."),
    dg.AssetCheckSpec("extracts_are_recent", asset=_FRESHNESS,
                      description="No system's current extract is missing or older than `policy.max_extract_age_days`."),
    dg.AssetCheckSpec("extracts_are_let_in", asset=_FRESHNESS,
                      description="No extract newer than the current one was refused or quarantined (volume)."),
    dg.AssetCheckSpec("match_rate_holds", asset=_PERSONS,
                      description="The share of VFS persons that match an employee did not fall by more than "
                                  "`policy.max_match_drop_points`."),
    dg.AssetCheckSpec("numbers_are_written_alike", asset=_PERSONS,
                      description="No employee number would match if leading zeros or spaces were dropped. Warns."),
    dg.AssetCheckSpec("identities_are_certain", asset=_FINDINGS, description="No open finding disputed_identity. Warns."),
    dg.AssetCheckSpec("end_dates_propagate", asset=_END_DATES,
                      description="No end date of HRM failed to arrive in VFS; warns when one is at risk."),
    dg.AssetCheckSpec("kommuneadmins_are_in_order", asset=_ROSTER,
                      description="No kommuneadmin has a reason to be reviewed. Warns."),
]


_AS_EXPECTED = [
    dg.AssetCheckSpec("is_as_expected", asset=["versions", t.versions_name],
                      description=f"Great Expectations on the newest {t.system.upper()} extract's `{t.name}`.")
    for t in TABLES
]


# The examination runs in its own process beside dbt, so the step that waits for it comes after dbt.
@dg.multi_asset_check(specs=_AS_EXPECTED, name="check_extracts", pool="warehouse", op_tags={"dagster/priority": "-1"})
def about_extracts(workplace: dg.ResourceParam[Workplace]):
    """Great Expectations' results on the newest extract of each system: counts and keys only."""
    as_of = workplace.as_of
    newest = {s: max((e for e in workplace.landing.all(s) if not e.refused and e.extract_date <= as_of),
                     key=lambda e: (e.extract_date, e.arrival), default=None) for s in SYSTEMS}
    for landed in filter(None, newest.values()):
        if not landed.is_purged:
            workplace.examiner.examine(landed.folder)
    workplace.examiner.finish()
    for table in TABLES:
        yield _expectations(table, newest[table.system])


def _expectations(table: Table, newest: Landed | None) -> dg.AssetCheckResult:
    expected = results(newest.folder).get(table.name, []) if newest else []
    failed = [e for e in expected if not e.success]
    if newest is None:
        text = "No extract has come yet."
    elif not expected:
        text = f"The extract of {newest.extract_date} holds no {table.name}."
    else:
        text = f"{len(expected) - len(failed)} of {len(expected)} expectations are met by the extract of {newest.extract_date}."
    return _result(
        dg.AssetKey(["versions", table.versions_name]), "is_as_expected", passed=not failed, text=text,
        warns=not any(e.critical for e in failed), expectations=len(expected), failed=len(failed),
        **{f"{e.expectation}/{e.column}": {"unexpected_count": e.unexpected_count, "keys": e.keys} for e in failed})


@dg.multi_asset_check(specs=SPECS, name="check_people_and_deliveries", pool="warehouse")
def about_people_and_deliveries(workplace: dg.ResourceParam[Workplace]):
    """All checks on one connection."""
    with retried_when_it_can_pass():
        as_of = workplace.as_of
        with workplace.warehouse(read_only=True) as con:
            freshness = deliveries.freshness(con)
            unknown = deliveries.not_assessable(freshness)
            results_by_page = [
                ("index.html", _deliveries(con, freshness, as_of)),
                ("saker.html", _identity(con, workplace.settings.policy.max_match_drop_points)),
                ("index.html", [_end_dates(con, unknown, as_of)]), ("kommuneadmin.html", [_kommuneadmins(con, unknown)]),
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
    late = [f"{f['system']} ({f['current_extract_date'] or 'no extract yet'})" for f in freshness if f["age_days"] != 0]
    arrived = _result(
        _FRESHNESS, "extracts_arrived", passed=not late, warns=True,
        text=f"Not in for {as_of}: {', '.join(late)}" if late else "Both systems have delivered.",
        **{f"{f['system']}/current_extract_date": str(f["current_extract_date"]) for f in freshness},
        trend=_volumes(con, as_of))
    old = [f"{f['system']}: " + ("no extract has come" if f["age_days"] is None
                                 else f"the current extract is {f['age_days']} days old")
           for f in freshness if f["status"] != "fresh"]
    recent = _result(
        _FRESHNESS, "extracts_are_recent", passed=not old,
        text="; ".join(old) or "Both current extracts are recent enough.",
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


def _volumes(con: duckdb.DuckDBPyConnection, as_of: date) -> dg.TableMetadataValue:
    """Status and number of rows of each system's delivery on the last days."""
    came = {s: {e["extract_date"]: e for e in deliveries.newest_of_each_day(con, s)} for s in SYSTEMS}
    missing: Row = {"status": "missing", "row_count": None}

    def row(day: date) -> tuple[Any, ...]:
        extracts = [came[s].get(day, missing) for s in SYSTEMS]
        return day, *(e[column] for e in extracts for column in ("status", "row_count"))

    return _table(["day", *(name for s in SYSTEMS for name in (s, f"{s}_rows"))], [row(d) for d in _last_days(as_of)])


def _identity(con: duckdb.DuckDBPyConnection, max_drop_points: float) -> list[dg.AssetCheckResult]:
    rates = {today: (day, percent) for day, today, percent in con.execute(
        "SELECT day, is_today, matched_percent FROM intermediate.int_identity__match_rate").fetchall()}
    (_, now), (before_day, before) = rates[True], rates.get(False, (None, None))
    fallen = now is not None and before is not None and before - now > max_drop_points
    match_rate = _result(
        _PERSONS, "match_rate_holds", passed=not fallen,
        text=(f"The share of VFS persons that match an employee fell from {before:g} % ({before_day}) to {now:g} %. "
              "Has a column or its format changed?") if fallen else "The share of matched persons holds.",
        **({"matched_percent": now} if now is not None else {}),
        **({"matched_percent_before": before} if before is not None else {}))
    alike = scalar(con, "SELECT count(DISTINCT person_id) FROM intermediate.int_identity__numbers_written_differently")
    numbers = _result(
        _PERSONS, "numbers_are_written_alike", passed=not alike, warns=True, persons=alike,
        text=f"{alike} employee numbers in VFS would match if leading zeros or spaces were dropped." if alike
        else "No number is written differently.")
    disputed = scalar(
        con, "SELECT count(*) FROM marts.findings WHERE finding_type = 'disputed_identity' AND status = 'open'")
    identities = _result(
        _FINDINGS, "identities_are_certain", passed=not disputed, warns=True, open=disputed,
        text=f"Number and national id disagree, or several share one, for {disputed} persons." if disputed
        else "No identity is disputed.")
    return [match_rate, numbers, identities]


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
    reasons = dict(con.execute("""
        SELECT review_reason, count(DISTINCT person_id) FROM marts.kommuneadmin_roster WHERE review_reason IS NOT NULL
        GROUP BY 1 ORDER BY 1""").fetchall())
    persons = scalar(con, "SELECT count(DISTINCT person_id) FROM marts.kommuneadmin_roster")
    return _result(
        _ROSTER, "kommuneadmins_are_in_order", passed=not reasons, warns=True, kommuneadmins=persons,
        text=", ".join(f"{count} {reason}" for reason, count in reasons.items()) or "No kommuneadmin needs a review.",
        **{f"review_reason/{reason}": count for reason, count in reasons.items()})


def _table(columns: list[str], rows: list[tuple[Any, ...]]) -> dg.TableMetadataValue:
    def cell(value: Any) -> Any:
        if value is None:
            return ""  # every record needs every column
        return value.isoformat() if isinstance(value, date) else value

    return dg.MetadataValue.table([
        dg.TableRecord({c: cell(v) for c, v in zip(columns, row, strict=True)}) for row in rows
    ], schema=dg.TableSchema(columns=[dg.TableColumn(c) for c in columns]))
