"""What is published about cases, for whoever takes in filled-in worklists.

Belongs here: handing the marts to `ingest.filled_in`, which knows none. Does not belong here: what a row decides.
"""

from ingest.errors import Damaged
from ingest.filled_in.judging import Known
from ingest.sql import has_table, rows
from ingest.warehouse import open_published
from orchestration.core.settings import Settings

_RESOLVED = "resolved_cases"


def published_cases(settings: Settings) -> Known | None:
    """The open cases, the resolved ones that are published, and the roster; None where nothing is, or it cannot be read."""
    marts = settings.paths.marts
    if not marts.exists():
        return None
    try:
        with open_published(marts) as con:
            return Known(
                cases=rows(con, "FROM cases ORDER BY case_number, finding_type, subject_id"),
                resolved=rows(con, f"FROM {_RESOLVED} ORDER BY ALL") if has_table(con, _RESOLVED) else [],
                roster=rows(con, "FROM kommuneadmin_roster ORDER BY person_id, access_group, org_number"))
    except Damaged:  # the run that asks publishes anew
        return None
