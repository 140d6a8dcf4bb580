"""A look at a few rows of a source (`sluttdato check-source`): what they hold, and what is not assessable.

Belongs here: counts and shares. No cell is shown: it could identify a person.
"""

from collections import Counter
from dataclasses import dataclass, field
from datetime import date

from ingest.assessable import not_assessable
from ingest.canonical_tables import tables_of
from ingest.door import CanonicalExtract, admit
from ingest.national_ids import redact
from ingest.sources.base import Progress, RawTable, Source


@dataclass
class TableSeen:
    """One table: its rows, the share of rows with a value by column (percent), why rows were rejected."""

    name: str
    rows: int
    filled: dict[str, int]
    rejected: dict[str, int] = field(default_factory=dict)
    extra_columns: tuple[str, ...] = ()


@dataclass
class Seen:
    """What the rows of a source show. `advice`: what to check in the settings; `unusable`: why nothing of a table can be used;
    one sentence each."""

    system: str
    tables: list[TableSeen]
    not_delivered: list[str]
    not_assessable: list[str]
    advice: list[str]
    unusable: list[str] = field(default_factory=list)


def look_into(source: Source, day: date, key: bytes, *, pull: bool, progress: Progress = lambda _: None) -> Seen | None:
    """Read a few rows of the newest delivery; None when nothing is delivered.

    Raises PullFailed when the source cannot be asked, RefusedExtract when its delivery cannot be read.
    """
    deliveries = source.deliveries(day, pull=pull)
    if not deliveries:
        return None
    content = source.fetch(deliveries[-1], progress, few=True)
    raw = content.read()
    extract = admit(source.system, day, raw, delta=content.kind == "delta", key=key, max_rejected_percent=100)
    reasons: dict[str, Counter[str]] = {}
    for row in extract.rejected.to_pylist():
        reasons.setdefault(row["table_name"], Counter())[f"{row['column_name']}: {row['reason']}"] += 1
    tables = [TableSeen(t.name, raw[t.name].data.num_rows, _filled(raw[t.name]), dict(reasons.get(t.name, {})),
                        tuple(extract.extra_columns.get(t.name, ()))) for t in tables_of(source.system) if t.name in raw]
    cannot = not_assessable(source.carries, extract.tables) if source.system == "vfs" else []
    unusable = [f"{raw[t.name].file}: no row of {t.name} can be used ({', '.join(t.rejected)})" for t in tables
                if t.rejected and not extract.figures[t.name].rows]
    return Seen(source.system, tables, [t.name for t in tables_of(source.system) if t.name not in raw], cannot,
                [*_advice(tables), *_doubts(extract)], [redact(line) for line in unusable])


def _doubts(extract: CanonicalExtract) -> list[str]:
    return [f"{table}: {extract.figures[table].warnings[name]} {text}" for table, notes in extract.notes.items()
            for name, text in notes.items()]


def _filled(table: RawTable) -> dict[str, int]:
    rows = table.data.num_rows
    return {c: round(100 * (rows - table.data.column(c).null_count) / rows) if rows else 0 for c in table.data.column_names}


def _advice(tables: list[TableSeen]) -> list[str]:
    by_name = {t.name: t for t in tables}
    advice = []
    people = by_name.get("persons") or by_name.get("employees")
    if people and people.rows and not people.filled.get("employee_number") and not people.filled.get("national_id"):
        advice.append("Nobody has an employee number or a national id, so nobody will match. Set where they are: "
                      "`employee_number_from`, `national_id_from`, or `columns`.")
    elif people and people.rows and people.filled.get("employee_number", 0) < 50:
        advice.append(f"Only {people.filled.get('employee_number', 0)} % of people have an employee number. Is that the right "
                      "column?")
    if people and not people.rows:
        advice.append("No people came. Look at the company, tenant, range or filter.")
    positions = by_name.get("positions")
    if positions and positions.rows and not positions.filled.get("end_date"):
        advice.append("No position has an end date. Does the source deliver end dates?")
    advice += [f"{t.name}: {count} of {t.rows} rows cannot be used ({reason})." for t in tables
               for reason, count in t.rejected.items()]
    return advice
