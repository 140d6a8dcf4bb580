"""The headings of a worklist by which its rows are known and filled in, and the words for a status.

Belongs here: names alone, for those who write worklists and those who read them. Does not belong here: what a cell means.
"""

import re
from collections.abc import Iterable
from datetime import date
from typing import Any, Literal

from dbt_project import codes
from ingest.cells import clean
from ingest.dates import read_by_hand

Status = Literal["in_progress", "waiting", "done"]

# Which row it is.
CASE, PERSON = "Sak", "Profil i VFS"
# How a case is handled: filled in beforehand with what is known, so that an unchanged cell is no decision.
STATUS, HANDLED_BY, COMMENT = "Status", "Behandles av", "Kommentar"
# An exception; empty until somebody decides one.
UNTIL, REASON, DECIDED_BY = "Nytt unntak til", "Begrunnelse", "Besluttet av"
# In the roster of kommuneadmins: a confirmation.
CONFIRM_UNTIL, CONFIRMED_BY = "Bekreftes til", "Bekreftet av"

HANDLING, EXCEPTION, CONFIRMATION = (STATUS, HANDLED_BY, COMMENT), (UNTIL, REASON, DECIDED_BY), (CONFIRM_UNTIL, CONFIRMED_BY)
FILLED_IN = (*HANDLING, *EXCEPTION, *CONFIRMATION)
OLD_UNTIL = "Unntak til"  # in worklists of earlier versions, whose «Status» was the finding's

STATUS_WORDS: dict[Any, str] = {code: s.label_nb for code, s in codes.statuses("handling").items()}
NO_STATUS = "åpen"  # takes a status back
_ALSO: dict[str, Status | None] = {
    "i arbeid": "in_progress", "pågår": "in_progress", "påbegynt": "in_progress", "under behandling": "in_progress",
    "på vent": "waiting", "avventer": "waiting", "ventar": "waiting", "utført": "done", "ferdig": "done", "åpent": None}
_STATUSES: dict[str, Status | None] = {**{word: code for code, word in STATUS_WORDS.items()}, NO_STATUS: None, **_ALSO}
OLD_STATUSES = ("åpent", "åpen", "unntatt", "løst")  # of findings

_SYNONYMS = {"saksnummer": CASE, "saksnr": CASE, "sak nr": CASE, "person i vfs": PERSON, OLD_UNTIL.lower(): UNTIL}
_HEADINGS = {h.lower(): h for h in (CASE, PERSON, *FILLED_IN)} | _SYNONYMS
_PER = re.compile(r"\(per ([0-9.]+)\)", re.IGNORECASE)
_ASIDE = re.compile(r"[(\[].*?[)\]]|[:.*?]")


def bare(heading: str) -> str:
    """A heading in small letters, without what is put behind it, as `(fyll inn)`."""
    return clean(_ASIDE.sub(" ", clean(heading))).lower()


def status_heading(as_of: date) -> str:
    """The heading of the status, with the day of the list: what was filled in beforehand can be told from what somebody wrote."""
    return f"{STATUS} (per {as_of:%d.%m.%Y})"


def made_on(headings: Iterable[str | None]) -> date | None:
    """The day of the list with these headings; None when they do not say."""
    for heading in headings:
        if heading and known(heading) == STATUS and (found := _PER.search(clean(heading))):
            return read_by_hand(found[1])
    return None


def known(heading: str) -> str | None:
    """The one of the headings above that is meant, however it is written; None for any other."""
    return _HEADINGS.get(bare(heading))


def status(word: str) -> tuple[Status | None] | None:
    """The status that a cleaned cell says, in a tuple, as it may say that there is none; None when it says nothing known."""
    word = word.lower().rstrip(" .!")
    return (_STATUSES[word],) if word in _STATUSES else None
