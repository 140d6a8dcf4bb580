"""Norwegian words for codes and dates. All texts for people take their words from here or from the marts.

Belongs here: labels that come from the catalogue of codes (`dbt_project.codes`), and words that only the pages, workbooks
and messages use. Does not belong here: why there is a case and what to click (columns `why` and `remedy` of the mart `cases`).
"""

from collections.abc import Callable
from datetime import date
from typing import Any

from dbt_project import codes

FINDING_TYPES = {code: t.label_nb for code, t in codes.FINDING_TYPES.items()}
SHEETS = {code: t.sheet_nb for code, t in codes.FINDING_TYPES.items()}
# The meaning of a type, in a sentence or two.
MEANINGS = {code: t.meaning_nb for code, t in codes.FINDING_TYPES.items()}
SEARCHED_IN_VFS = {code for code, t in codes.FINDING_TYPES.items() if t.vfs_search}
FINDING_STATUSES = {code: s.label_nb for code, s in codes.statuses("finding").items()}
HRM_STATUSES = {code: s.label_nb for code, s in codes.statuses("hrm").items()}
FRESHNESS = {code: s.label_nb for code, s in codes.statuses("freshness").items()}
CAUSES = {code: c.meaning_nb for code, c in codes.CAUSES.items()}
SHORT_CAUSES = {code: c.label_nb for code, c in codes.CAUSES.items()}
REVIEW_REASONS = {code: r.label_nb for code, r in codes.REVIEW_REASONS.items()}
# What a source may leave unassessable: finding types, marts and review reasons.
NOT_ASSESSABLE = FINDING_TYPES | {code: m.label_nb for code, m in codes.ASSESSED_MARTS.items()} | {
    code: r.not_assessable_nb for code, r in codes.REVIEW_REASONS.items() if r.not_assessable_nb}

# What a finding is about; `subject` in the catalogue.
_SUBJECTS = {"vfs_position": "VFS-stilling", "hrm_position": "HRM-stilling", "person": "profil", "person_at_org_unit": "profil"}

MATCH_METHODS = {
    "employee_number": "ansattnummer", "national_id": "fødselsnummer", "none": "ikke koblet",
}

REGISTERED_BY = {"hrm": "overført fra HRM", "manual": "registrert manuelt"}

SYSTEMS = {"hrm": "HRM", "vfs": "VFS", "transfer": "Overføringen"}

# How far somebody has come with a case, as it is filled into a worklist.
HANDLING = {code: s.label_nb for code, s in codes.statuses("handling").items()}

CHANGES = {"new": "ny siden i går", "returned": "kom tilbake", "changed_type": "har skiftet type",
           "exception_ended": "unntaket er over"}

# As the marts call what has no org unit.
NO_UNIT = "Uten enhet"

YES_NO = {True: "ja", False: "nei", None: None}

TABLES = {"employees": "ansatte", "positions": "stillinger", "persons": "personer", "accesses": "tilganger",
          "org_units": "enheter"}


def norwegian(day: date | None) -> str:
    """A date as dd.mm.yyyy; a dash for None."""
    return day.strftime("%d.%m.%Y") if day else "–"


def number(value: float) -> str:
    """A number as it is written in Norwegian."""
    return f"{value:g}".replace(".", ",")


def counted(count: float, one: str, many: str) -> str:
    """A number with its noun, e.g. "1 rad" or "3 rader"."""
    return f"{number(count)} {one if count == 1 else many}"


def period(start: date | None, end: date | None) -> str:
    """The days from `start` to `end`, both included, e.g. "01.08.2020 – uten sluttdato"."""
    return f"{norwegian(start) if start else 'uten startdato'} – {norwegian(end) if end else 'uten sluttdato'}"


def full_name(row: dict[str, Any]) -> str:
    """Given and family name of a row; empty when both are null."""
    return " ".join(filter(None, [row["given_name"], row["family_name"]]))


def remark(case: dict[str, Any]) -> str | None:
    """What is to be noticed about a case: that it was said to be done, and what is new since yesterday; None when nothing is."""
    parts = []
    if case["claim"] == "contradicted":
        parts.append(f"meldt gjort {norwegian(case['claimed_on'])}, men VFS viser den fortsatt")
    elif case["claim"] == "pending":
        parts.append(f"meldt gjort {norwegian(case['claimed_on'])}: kontrolleres mot neste uttrekk fra VFS")
    if case["change"]:
        parts.append(CHANGES[case["change"]])
    return f"{capital('; '.join(parts))}." if parts else None


def resolved_remark(case: dict[str, Any]) -> str:
    """That a case is resolved, and that it worked where somebody had said that it was done."""
    return "Det virket." if case["done_on"] else "Løst."


def subject(finding_type: str, subject_id: str, org: Callable[[str], str] = str) -> str:
    """What a finding is about, e.g. "VFS-stilling V1" or "profil P1 ved Lia skole". `org`: the name of an org unit."""
    if finding_type not in codes.FINDING_TYPES:  # of an earlier version
        return subject_id
    kind = codes.FINDING_TYPES[finding_type].subject
    person, _, org_number = subject_id.rpartition(":")
    name = f"{person} ved {org(org_number)}" if kind == "person_at_org_unit" else subject_id
    return f"{_SUBJECTS[kind]} {name}"


def capital(text: str) -> str:
    """A text with a capital letter first: what a sentence begins with, also after a colon."""
    return text[:1].upper() + text[1:]
