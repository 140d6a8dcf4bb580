"""Whether what was taken in and decided is still on the disk.

What is gone looks like what never was, but for who knew it. The warehouse knows each delivery that was taken in, and each
decision about a case. It can be made anew from the landed extracts and the decisions; that is why this is looked at before it is
removed, and before it is brought in line with them.

Belongs here: what is gone. Does not belong here: what is damaged (`landing`, `journal`, `retention` see that when they read).
"""

from datetime import date
from pathlib import Path

import duckdb

from ingest.canonical_tables import SOURCES, System
from ingest.decisions import Decisions
from ingest.errors import Damaged
from ingest.landing import Landed, Landing
from ingest.retention import base_date, check_base
from ingest.sql import rows

_IF_MEANT = "If that was meant, `sluttdato rebuild --without-lost` makes everything anew without it"


def check_landed(landed: Path, system: System) -> list[Landed]:
    """Every landed extract. Raises Damaged when the retention's base, a landed table, or a record of one is missing. Opens no
    table."""
    base, extracts = check_base(landed), Landing(landed).all(system)
    for extract in extracts:
        if base is None or extract.extract_date > base:
            extract.check_presence()
    return extracts


def check_content(landed: Path, system: System) -> None:
    """Raises Damaged when a landed table that the retention kept is missing, or is not what was written. Reads every one."""
    base = base_date(landed)
    for extract in check_landed(landed, system):
        if base is None or extract.extract_date > base:
            for table in extract.tables:
                extract.table_file(table)


def check_known(con: duckdb.DuckDBPyConnection, landed: Path, decisions: Decisions) -> None:
    """Raises Damaged when the warehouse knows an extract or a decision about a case that is no longer there."""
    for system in SOURCES:
        _check_extracts(con, landed, system)
    _check_exceptions(con, decisions)
    _check_handling(con, decisions)


def _check_extracts(con: duckdb.DuckDBPyConnection, landed: Path, system: System) -> None:
    known = rows(con, "SELECT extract_date, delivery FROM ingest.extracts WHERE system = ? ORDER BY ALL", [system])
    keys = {e["delivery"] for e in known}
    here = {extract.key: extract.extract_date for extract in Landing(landed).all(system)}
    taken_in_anew = {day for key, day in here.items() if key not in keys}
    base = base_date(landed) or date.min
    gone = [e["delivery"] for e in known
            if e["delivery"] not in here and e["extract_date"] > base and e["extract_date"] not in taken_in_anew]
    if gone:
        more = f", and {len(gone) - 1} more of {system}," if len(gone) > 1 else ""
        raise Damaged(landed / system / gone[0], f"this landed extract{more} was taken in, and is gone", (
            "Nothing is published from what is left. Restore it from a backup; or deliver that day again, and the next run takes "
            f"it in. {_IF_MEANT}"))


def _check_exceptions(con: duckdb.DuckDBPyConnection, decisions: Decisions) -> None:
    now = {e["exception_id"]: e["revoked_on"] for e in decisions.exceptions()}
    purged = decisions.purged_before() or date.min
    for known in rows(con, "SELECT exception_id, until, revoked_on FROM ingest.exceptions ORDER BY ALL"):
        ended = min(known["until"], known["revoked_on"] or known["until"])
        if ended < purged:
            continue
        is_gone = known["exception_id"] not in now
        if is_gone or (known["revoked_on"] and now[known["exception_id"]] != known["revoked_on"]):
            file = decisions.root / f"{'exceptions' if is_gone else 'revocations'}.jsonl"
            raise Damaged(file, f"what was recorded about the exception {known['exception_id']} is gone",
                          f"Restore the file from a backup. {_IF_MEANT}")


def _check_handling(con: duckdb.DuckDBPyConnection, decisions: Decisions) -> None:
    # Of what is purged, only the last line of an open case stays.
    columns = ("case_number", "finding_type", "subject_id", "status", "handled_by", "comment", "recorded_on")
    here = {tuple(h[c] for c in columns) for h in decisions.handling()}
    for line in con.execute(f"SELECT {', '.join(columns)} FROM ingest.case_handling WHERE recorded_on >= ? ORDER BY ALL",
                            [decisions.purged_before() or date.min]).fetchall():
        if line not in here:
            raise Damaged(decisions.root / "handling.jsonl", f"what was recorded about the case {line[0]} is gone",
                          f"Restore the file from a backup. {_IF_MEANT}")
