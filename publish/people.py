"""Finding people: the rows of the mart `people`, and those whom words fit.

Belongs here: reading them, what it means that a word fits, and what is said of each. Does not belong here: who is in the mart
(SQL in `dbt_project`), how it is shown.
"""

import re
import unicodedata

import duckdb

from ingest.case_numbers import case_number
from ingest.sql import Row, rows
from publish.labels import HRM_STATUSES, full_name, norwegian

# The letters that Norwegian has of its own, as they are written where a keyboard lacks them. An å is no a: only who types without
# these letters finds them by plain ones.
_AS_TWO = str.maketrans({"æ": "ae", "ø": "oe", "å": "aa"})
_AS_ONE = str.maketrans({"æ": "ae", "ø": "o", "å": "a"})
_NEIGHBOURS = str.maketrans({"ä": "æ", "ö": "ø"})


_CAN_GET_IN = {True: "ja", False: "nei", None: "ikke kjent, for kildene leverer ikke tilganger"}


def read_people(con: duckdb.DuckDBPyConnection) -> list[Row]:
    """All rows of the mart `people`, by name. `con` is the warehouse or a published file."""
    return rows(con, "FROM marts.people ORDER BY family_name, given_name, person_id, employee_number")


def search(people: list[Row], text: str) -> list[Row]:
    """Those whom every word of a text fits; nobody when the text is empty.

    A word fits a part of the name in either system, whatever the order, the capitals and the accents, or else a whole id,
    employee number or case number, or a word of a role (contract#command-find).
    """
    number = case_number(text)
    words = [number] if number and not text.strip().isdigit() else text.split()  # an old number, as another list may have it
    return [row for row in people if _fits(words, row)] if words else []


def name(row: Row) -> str:
    """Somebody's name, and HRM's where it is another."""
    return f"{full_name(row) or 'uten navn'}{f' (i HRM: {other})' if (other := row['other_name']) else ''}"


def ids(row: Row) -> str:
    """By which numbers somebody is known in both systems."""
    number = f"ansattnummer {row['employee_number']}" if row["employee_number"] else "uten ansattnummer"
    profile = f"profil {row['person_id']}" if row["person_id"] else "ingen profil i VFS"
    return f"{number}, {profile}"


def access(row: Row) -> str:
    """Whether somebody can get in, what they are in HRM, and their last day there."""
    last_day = f", siste dag i HRM {norwegian(row['last_day_in_hrm'])}" if row["last_day_in_hrm"] else ""
    return f"{_CAN_GET_IN[row['can_get_in']]}, {HRM_STATUSES[row['hrm_status']]} i HRM{last_day}"


def place(row: Row) -> str:
    """Where somebody works and has access in VFS."""
    where = f"{row['roles'] or 'stilling'} ved {row['org_names']}" if row["org_names"] else "ingen aktiv stilling i VFS"
    groups = f", tilgang: {row['access_groups']}" if row["access_groups"] else ""
    return f"{where}{groups}"


def _fits(words: list[str], row: Row) -> bool:
    name = _ways_of_writing(" ".join(filter(None, [full_name(row), row["other_name"]])))
    whole = {row["person_id"], row["employee_number"], *(row["case_numbers"] or "").split(", ")} - {None, ""}
    whole = {w.casefold() for w in whole} | set(_plain(row["roles"] or "").split())
    return all(word.casefold() in whole or _plain(word) in whole or _is_in(word, name) for word in words)


def _is_in(word: str, name: set[str]) -> bool:
    """Whether every part of a word, which may be divided by a hyphen, is part of a name."""
    parts = _plain(word).split()
    return bool(parts) and all(any(way in written for written in name for way in (part, part.translate(_AS_TWO)))
                               for part in parts)


def _ways_of_writing(name: str) -> set[str]:
    plain = _plain(name)
    return {plain, plain.translate(_AS_TWO), plain.translate(_AS_ONE)}


def _plain(text: str) -> str:
    """Small letters and figures, divided by single spaces; of letters with marks only æ, ø and å stay."""
    composed = unicodedata.normalize("NFC", text).casefold().translate(_NEIGHBOURS)
    letters = "".join(c if c in "æøå" else unicodedata.normalize("NFD", c)[0] for c in composed)
    return re.sub(r"[\W_]+", " ", letters).strip()
