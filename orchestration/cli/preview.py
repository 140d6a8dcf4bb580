"""What would become of the cases if a quarantined extract were let in: `sluttdato accept --preview`. Writes nothing.

Belongs here: evaluating it in a scratch copy, comparing, printing. Does not belong here: how a copy is evaluated (`replay`).
"""

import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from pathlib import Path
from typing import Any

import duckdb
from rich.console import Console

from ingest import files
from ingest.canonical_tables import System
from ingest.decisions import Decisions
from ingest.sql import Row, rows
from ingest.warehouse import open_published, open_warehouse
from orchestration.cli.replay import evaluate_beside
from orchestration.core.paths import DataPaths
from orchestration.core.settings import Settings
from publish import labels


class _WithOneMore(Decisions):
    """The recorded decisions, and one that is only supposed."""

    def __init__(self, root: Path, system: System, content: tuple[date, str]):
        super().__init__(root)
        self._system, self._content = system, content

    def accepted(self, system: System) -> set[tuple[date, str]]:
        return super().accepted(system) | ({self._content} if system == self._system else set())


@dataclass(frozen=True)
class Preview:
    """The cases (rows of the mart `cases`) that would open, be resolved, or become another type (with the type they have now)."""

    opened: list[Row]
    resolved: list[Row]
    changed: list[Row]


def preview(
    settings: Settings, system: System, extract_date: date, fingerprint: str, as_of: date, progress: Callable[[str], None]
) -> Preview:
    """Compare the published cases with those of a copy in which this content is let in. Raises DbtFailed when dbt fails."""
    paths = settings.paths
    decisions = _WithOneMore(paths.decisions, system, (extract_date, fingerprint))
    # Below the data directory, whose rights hold for what it has about people.
    with tempfile.TemporaryDirectory(dir=paths.root, prefix=f"{files.TEMPORARY_PREFIX}preview-") as folder:
        scratch = DataPaths(Path(folder))
        evaluate_beside(settings, as_of, scratch, decisions, scratch.quarantined, progress)
        with open_warehouse(scratch.warehouse, read_only=True) as con:
            supposed = _cases(con)
    now: dict[tuple[str, str], Row] = {}
    if paths.marts.exists():
        with open_published(paths.marts) as con:
            now = _cases(con)
    return Preview(
        [c for number, c in supposed.items() if number not in now], [c for number, c in now.items() if number not in supposed],
        [{**c, "finding_type_now": now[number]["finding_type"]} for number, c in supposed.items()
         if number in now and now[number]["finding_type"] != c["finding_type"]])


def _cases(con: duckdb.DuckDBPyConnection) -> dict[tuple[str, str], Row]:
    """The cases by subject and number, in the order in which they are shown: by type, unit and number."""
    order = list(labels.FINDING_TYPES)
    cases = sorted(rows(con, "FROM marts.cases"), key=lambda c: (
        order.index(c["finding_type"]), c["org_name"] or c["org_number"] or "", c["case_number"], c["subject_id"]))
    return {(c["subject_id"], c["case_number"]): c for c in cases}


def as_json(shown: Preview) -> dict[str, Any]:
    """The same for scripts: the columns that identify a case."""
    columns = ("case_number", "finding_type", "subject_id", "person_id", "employee_number", "given_name", "family_name",
               "org_number", "org_name")
    return {kind: [{c: case[c] for c in columns} for case in cases] for kind, cases in vars(shown).items()}


def show(shown: Preview, system: System, extract_date: date, out: Console) -> None:
    """Draw it: counts by type and unit, with the number and name of each case."""
    out.print(f"If the {system} extract of {extract_date} were let in (nothing is written):", soft_wrap=True)
    for cases, words in ((shown.opened, "would open"), (shown.resolved, "would be resolved"),
                         (shown.changed, "would become another type")):
        out.print(f"\n[b]{len(cases)} {'case' if len(cases) == 1 else 'cases'} {words}[/]")
        for (finding_type, unit), group in groupby(cases, key=lambda c: (c["finding_type"], _unit(c))):
            listed = list(group)
            out.print(f"  {labels.FINDING_TYPES[finding_type]}, {unit} ({len(listed)})", markup=False, soft_wrap=True)
            for case in listed:
                out.print(f"    {_line(case)}", markup=False, soft_wrap=True)


def _unit(case: Row) -> str:
    return f"{case['org_name'] or case['org_number']} ({case['org_number']})" if case["org_number"] else "no unit"


def _line(case: Row) -> str:
    parts = [case["case_number"], case["employee_number"] or case["person_id"] or "", labels.full_name(case)]
    if was := case.get("finding_type_now"):
        parts.append(f"now: {labels.FINDING_TYPES[was]}")
    return "  ".join(filter(None, parts))
