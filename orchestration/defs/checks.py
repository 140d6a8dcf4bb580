"""Checks across systems and over time: deliveries, identity, whether end dates propagate, kommuneadmins.

Belongs here: what is told to the data team as passed or failed. Does not belong here: how it is computed (dbt models
hold the rules), keys and types (dbt tests), the delivered rows (Great Expectations). Metadata holds counts and days.
"""

from collections.abc import Iterator
from datetime import date

import dagster as dg
import duckdb

from ingest.canonical_tables import SYSTEMS, TABLES, Table
from ingest.expectations import results
from ingest.landing import REJECTED_ROWS, Landed
from orchestration.core.alerting import CHECK, alert_log, outcome_of
from orchestration.defs.resources import Workplace, retried_when_it_can_pass
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


# The examination works in a process of its own; waiting for it comes after dbt, or it would not be beside it.
@dg.multi_asset_check(specs=_AS_EXPECTED, name="check_extracts", pool="warehouse", op_tags={"dagster/priority": "-1"})
def about_extracts(workplace: dg.ResourceParam[Workplace]):
    """What Great Expectations found in the newest extract of each system: counts and keys only."""
    with workplace.warehouse(read_only=True) as con:
        as_of = con.execute("SELECT as_of_date FROM ingest.run").fetchone()[0]
    newest = {s: max((e for e in workplace.landing.all(s) if not e.refused and e.extract_date <= as_of),
                     key=lambda e: (e.extract_date, e.arrival), default=None) for s in SYSTEMS}
    for landed in filter(None, newest.values()):
        if landed.table_file(REJECTED_ROWS):  # not purged
            workplace.examiner.examine(landed.folder)
    workplace.examiner.finish()
    for table in TABLES:
        yield _expectations(table, newest[table.system])


def _expectations(table: Table, newest: Landed | None) -> dg.AssetCheckResult:
    expected = results(newest.folder).get(table.name, []) if newest else []
    failed = [e for e in expected if not e.success]
    if newest is None:
        says = "No extract has come yet."
    elif not expected:
        says = f"The extract of {newest.extract_date} holds no {table.name}."
    else:
        says = f"{len(expected) - len(failed)} of {len(expected)} expectations are met by the extract of {newest.extract_date}."
    return _result(
        dg.AssetKey(["versions", table.versions_name]), "is_as_expected", passed=not failed, says=says,
        warns=not any(e.critical for e in failed), expectations=len(expected), failed=len(failed),
        **{f"{e.expectation}/{e.column}": {"unexpected_count": e.unexpected_count, "keys": e.keys} for e in failed})


@dg.multi_asset_check(specs=SPECS, name="check_people_and_deliveries", pool="warehouse")
def about_people_and_deliveries(workplace: dg.ResourceParam[Workplace]):
    """All checks on one connection."""
    with retried_when_it_can_pass(), workplace.warehouse(read_only=True) as con:
        for page, found in (
            ("index.html", _deliveries(con)), ("saker.html", _identity(con, workplace.settings.policy.max_match_drop_points)),
            ("index.html", [_end_dates(con)]), ("kommuneadmin.html", [_kommuneadmins(con)]),
        ):
            for result in found:
                yield result._replace(metadata={**result.metadata, "report": _link(workplace, page)})


def _link(workplace: Workplace, page: str) -> dg.MetadataValue:
    """Where people find the page of the report that tells more."""
    url = workplace.settings.alerts.report_url
    if url:
        return dg.MetadataValue.url(f"{url.rstrip('/')}/{page}")
    return dg.MetadataValue.path(str(workplace.settings.published / "report" / page))


@dg.asset_check(
    asset="published", name=CHECK, pool="warehouse",
    description="The last message to each recipient left. What did not is told again by the next run.")
def about_messages(workplace: dg.ResourceParam[Workplace]) -> dg.AssetCheckResult:
    """What became of the messages before this run; those about it are sent when it has ended, and shown here then."""
    last = {m["recipient"]: m["state"] for m in alert_log(workplace.settings).messages()}
    told = Sent([r for r, state in last.items() if state == "sent"], [r for r, state in last.items() if state != "sent"])
    return dg.AssetCheckResult(
        passed=not told.failed, severity=dg.AssetCheckSeverity.ERROR, description=outcome_of(told),
        metadata={"sent": len(told.sent), "failed": len(told.failed)})


def _result(
    key: dg.AssetKey, name: str, *, passed: bool, says: str, warns: bool = False, **metadata: object
) -> dg.AssetCheckResult:
    severity = dg.AssetCheckSeverity.WARN if warns else dg.AssetCheckSeverity.ERROR
    return dg.AssetCheckResult(asset_key=key, check_name=name, passed=passed, severity=severity, description=says,
                               metadata=metadata)


def _deliveries(con: duckdb.DuckDBPyConnection) -> Iterator[dg.AssetCheckResult]:
    rows = con.execute(
        "SELECT system, current_extract_date, age_days, status, withheld_extracts, as_of_date FROM marts.data_freshness "
        "ORDER BY system").fetchall()
    late = [f"{system} ({current or 'no extract yet'})" for system, current, age, *_ in rows if age != 0]
    yield _result(
        _FRESHNESS, "extracts_arrived", passed=not late, warns=True,
        says=f"Not in for {rows[0][5]}: {', '.join(late)}" if late else "Both systems have delivered.",
        **{f"{system}/current_extract_date": str(current) for system, current, *_ in rows}, trend=_volumes(con))
    old = [f"{system}: {'no extract has come' if age is None else f'the current extract is {age} days old'}"
           for system, _, age, status, *_ in rows if status != "fresh"]
    yield _result(
        _FRESHNESS, "extracts_are_recent", passed=not old,
        says="; ".join(old) or "Both current extracts are recent enough.",
        **{f"{system}/age_days": age for system, _, age, *_ in rows if age is not None})
    withheld = con.execute("""
        SELECT e.system, e.extract_date, e.status, e.reason FROM marts.extracts e JOIN marts.data_freshness f USING (system)
        WHERE e.status IN ('refused', 'quarantined')
          AND coalesce(e.extract_date > f.current_extract_date, true) ORDER BY ALL""").fetchall()
    yield _result(
        _FRESHNESS, "extracts_are_let_in", passed=not withheld,
        says="; ".join(f"{s} {d} {status}: {reason}" for s, d, status, reason in withheld) or "Nothing is withheld.",
        withheld=len(withheld))


def _volumes(con: duckdb.DuckDBPyConnection) -> dg.TableMetadataValue:
    """Of the last days: what came, and how many rows."""
    rows = con.execute(f"""
        WITH days AS (
          SELECT unnest(generate_series(as_of_date - {_TREND_DAYS - 1}, as_of_date, INTERVAL 1 DAY))::DATE AS day
          FROM ingest.run
        ), newest AS (
          SELECT * FROM marts.extracts QUALIFY row_number() OVER (
            PARTITION BY system, extract_date ORDER BY status = 'accepted' DESC, arrival DESC) = 1
        )
        SELECT day, coalesce(h.status, 'missing'), h.row_count, coalesce(v.status, 'missing'), v.row_count
        FROM days LEFT JOIN newest h ON h.extract_date = day AND h.system = 'hrm'
        LEFT JOIN newest v ON v.extract_date = day AND v.system = 'vfs' ORDER BY day""").fetchall()
    return _table(["day", "hrm", "hrm_rows", "vfs", "vfs_rows"], rows)


def _identity(con: duckdb.DuckDBPyConnection, max_drop_points: float) -> Iterator[dg.AssetCheckResult]:
    rates = {today: (day, percent) for day, today, percent in con.execute(
        "SELECT day, is_today, matched_percent FROM intermediate.int_identity__match_rate").fetchall()}
    (_, now), (before_day, before) = rates[True], rates.get(False, (None, None))
    fallen = now is not None and before is not None and before - now > max_drop_points
    yield _result(
        _PERSONS, "match_rate_holds", passed=not fallen,
        says=(f"The share of VFS persons that match an employee fell from {before:g} % ({before_day}) to {now:g} %. "
              "Has a column or its format changed?") if fallen else "The share of matched persons holds.",
        **({"matched_percent": now} if now is not None else {}),
        **({"matched_percent_before": before} if before is not None else {}))
    alike = con.execute(
        "SELECT count(DISTINCT person_id) FROM intermediate.int_identity__numbers_written_differently").fetchone()[0]
    yield _result(
        _PERSONS, "numbers_are_written_alike", passed=not alike, warns=True, persons=alike,
        says=f"{alike} employee numbers in VFS would match if leading zeros or spaces were dropped." if alike
        else "No number is written differently.")
    disputed = con.execute(
        "SELECT count(*) FROM marts.findings WHERE finding_type = 'disputed_identity' AND status = 'open'").fetchone()[0]
    yield _result(
        _FINDINGS, "identities_are_certain", passed=not disputed, warns=True, open=disputed,
        says=f"Number and national id disagree, or several share one, for {disputed} persons." if disputed
        else "No identity is disputed.")


def _cannot_be_told(con: duckdb.DuckDBPyConnection, mart: str, key: dg.AssetKey, name: str) -> dg.AssetCheckResult | None:
    """A warning instead of a check that passes because nobody could look."""
    told = con.execute("SELECT not_assessable FROM marts.data_freshness WHERE system = 'vfs'").fetchone()[0]
    if mart not in told.split(", "):
        return None
    return _result(key, name, passed=False, warns=True,
                   says=f"Not assessable: the sources of VFS do not carry what {mart} needs.")


def _end_dates(con: duckdb.DuckDBPyConnection) -> dg.AssetCheckResult:
    if unmeasured := _cannot_be_told(con, "end_date_propagation", _END_DATES, "end_dates_propagate"):
        return unmeasured
    statuses = dict(con.execute("SELECT status, count(*) FROM marts.end_date_propagation GROUP BY 1 ORDER BY 1").fetchall())
    causes = con.execute("""
        SELECT status, cause, count(*) FROM marts.end_date_propagation WHERE cause IS NOT NULL
        GROUP BY ALL ORDER BY ALL""").fetchall()
    trend = con.execute(f"""
        WITH days AS (
          SELECT unnest(generate_series(as_of_date - {_TREND_DAYS - 1}, as_of_date, INTERVAL 1 DAY))::DATE AS day
          FROM ingest.run
        )
        SELECT day, count(hrm_position_id), count(*) FILTER (status = 'propagated'), count(*) FILTER (status = 'failed'),
          count(*) FILTER (status = 'at_risk')
        FROM days LEFT JOIN marts.end_date_propagation ON hrm_end_date_known_on = day GROUP BY day ORDER BY day""").fetchall()
    failed, at_risk = statuses.get("failed", 0), statuses.get("at_risk", 0)
    says = f"{failed} end dates did not arrive in VFS, {at_risk} are at risk." if failed or at_risk else (
        "Every end date known long enough has arrived.")
    return _result(
        _END_DATES, "end_dates_propagate", passed=not failed and not at_risk, warns=not failed, says=says,
        **{f"status/{status}": count for status, count in statuses.items()},
        **{f"cause/{status}/{cause}": count for status, cause, count in causes},
        trend=_table(["known_on", "end_dates", "propagated", "failed", "at_risk"], trend))


def _kommuneadmins(con: duckdb.DuckDBPyConnection) -> dg.AssetCheckResult:
    if unmeasured := _cannot_be_told(con, "kommuneadmin_roster", _ROSTER, "kommuneadmins_are_in_order"):
        return unmeasured
    reasons = dict(con.execute("""
        SELECT review_reason, count(DISTINCT person_id) FROM marts.kommuneadmin_roster WHERE review_reason IS NOT NULL
        GROUP BY 1 ORDER BY 1""").fetchall())
    persons = con.execute("SELECT count(DISTINCT person_id) FROM marts.kommuneadmin_roster").fetchone()[0]
    return _result(
        _ROSTER, "kommuneadmins_are_in_order", passed=not reasons, warns=True, kommuneadmins=persons,
        says=", ".join(f"{count} {reason}" for reason, count in reasons.items()) or "No kommuneadmin needs a review.",
        **{f"review_reason/{reason}": count for reason, count in reasons.items()})


def _table(columns: list[str], rows: list[tuple]) -> dg.TableMetadataValue:
    def cell(value: object) -> object:
        if value is None:
            return ""  # every record needs every column
        return value.isoformat() if isinstance(value, date) else value

    return dg.MetadataValue.table([
        dg.TableRecord({c: cell(v) for c, v in zip(columns, row, strict=True)}) for row in rows
    ], schema=dg.TableSchema(columns=[dg.TableColumn(c) for c in columns]))
