"""How far the lists can be trusted, in bokmål: a line for each system, and one for each doubt, with what it means for the lists.

Pages and workbooks show the same lines. Belongs here: which doubts there are to show, and their words. Does not belong here:
what is withheld, too old or kept (SQL; mart `data_freshness`), colours and layout (`report`, `worklists`).
"""

from dataclasses import dataclass
from typing import Literal

from ingest.canonical_tables import SYSTEMS, WITNESSES
from ingest.sql import Row
from publish import labels
from publish.labels import norwegian

Level = Literal["good", "doubt", "bad"]
GROUP_LOST = ("Ingen tilgang i VFS hører til en gruppe som er satt opp som kommuneadmin. Gruppen kan ha fått nytt navn, eller "
              "være skrevet på en annen måte.")


@dataclass(frozen=True)
class Line:
    """`subject`: the system, or what cannot be assessed; `text`: what is so; `meaning`: what that means for the lists, or empty.

    `level`: bad: news is withheld, too old or missing; doubt: the lists may be wrong in part; good: neither.
    """

    level: Level
    subject: str
    text: str
    meaning: str = ""

    @property
    def whole(self) -> str:
        """The line as one text."""
        return f"{self.subject}: {self.text}{f' {self.meaning}' if self.meaning else ''}"


def lines(freshness: list[Row]) -> list[Line]:
    """The lines to show above every list. `freshness` is what `deliveries.freshness` returns."""
    shown = [line for row in freshness for line in (_of_witness(row) if row["system"] in WITNESSES else _of_system(row))]
    unknown = [name for row in freshness for name in row["not_assessable"]]
    if is_group_lost(unknown):
        unknown.remove("kommuneadmin_review")
        shown.append(Line("doubt", "Kommuneadmin", GROUP_LOST, "Derfor kan listen over kommuneadministratorer mangle noen."))
    names = [labels.NOT_ASSESSABLE[name] for name in unknown]
    if names:
        shown.append(Line("doubt", "Kan ikke vurderes", f"{'; '.join(names)}. Kildene leverer ikke det som trengs.",
                          "Derfor kan disse listene mangle noen."))
    return shown


def is_group_lost(unknown: list[str]) -> bool:
    """Whether kommuneadmins cannot be assessed though the sources deliver accesses: none is in a group that is set."""
    return "kommuneadmin_review" in unknown and "kommuneadmin_roster" not in unknown


def is_in_doubt(freshness: list[Row]) -> bool:
    """Whether a list without cases may only be a list without news. A witness makes no case, and hides none."""
    return any(row["system"] in SYSTEMS and (row["status"] != "fresh" or row["may_miss_rows"]) for row in freshness)


def _of_witness(row: Row) -> list[Line]:
    """contract#transfer-not-fresh"""
    is_fresh = row["status"] == "fresh"
    text = _extract(row) if row["current_extract_date"] else "Ikke noe av det som er levert, kan brukes."
    if row["withheld_extracts"]:
        text += f" {_withheld(row)}"
    meaning = "" if is_fresh else (
        "Årsaken til at en sluttdato mangler i VFS, kan være en annen enn den som vises. Listene mangler ingen av den grunn.")
    return [Line("good" if is_fresh else "doubt", labels.SYSTEMS[row["system"]], text, meaning)]


def _of_system(row: Row) -> list[Line]:
    system, current = labels.SYSTEMS[row["system"]], row["current_extract_date"]
    if current is None:
        withheld = f" {_withheld(row)}" if row["withheld_extracts"] else ""
        return [Line("bad", system, f"har ikke levert noe uttrekk som kan brukes.{withheld}",
                     "Uten det kan ingenting vurderes: En tom liste betyr ikke at alt er i orden.")]
    text, meaning = _extract(row), ""
    if row["status"] != "fresh":
        meaning = (f"Listen kan mangle personer som sluttet etter {norwegian(current)}." if row["system"] == "hrm" else
                   f"Listen kan mangle personer som har fått tilgang i VFS etter {norwegian(current)}, og vise saker som er "
                   "ryddet siden da.")
    if row["withheld_extracts"]:
        text += f" {_withheld(row)}"
    if row["is_too_old"]:
        text += " Uttrekket er for gammelt."
    shown: list[Line] = []
    if row["may_be_frozen"]:
        shown.append(Line("doubt", system, f"Alle uttrekk siden {norwegian(row['unchanged_since'])} har hatt samme innhold.",
                          "Kilden kan ha stoppet, og listen kan mangle det som har skjedd siden da."))
    if count := row["kept_rows"]:
        shown.append(Line("doubt", system, f"{_rows(count)} i uttrekket kan ikke leses. Det som var kjent om "
                                           f"{'den' if count == 1 else 'dem'}, er beholdt.",
                          f"Endringer i {'raden' if count == 1 else 'disse radene'} vises ikke i listen."))
    if count := row["may_miss_rows"]:
        shown.append(Line("doubt", system, f"{_rows(count)} i uttrekket kan ikke leses i det hele tatt.",
                          "Listen kan mangle dem som står der."))
    level: Level = "bad" if row["status"] != "fresh" else "doubt" if shown or row["not_assessable"] else "good"
    return [Line(level, system, text, meaning), *shown]


def _extract(row: Row) -> str:
    day, age = norwegian(row["current_extract_date"]), row["age_days"]
    if age == 0:
        return f"uttrekk fra i dag ({day})."
    return f"uttrekk fra i går ({day})." if age == 1 else f"uttrekk fra {day}, {age} dager gammelt."


def _withheld(row: Row) -> str:
    count = row["withheld_extracts"]
    return f"{count} nyere uttrekk er holdt tilbake." if row["current_extract_date"] else f"{count} uttrekk er holdt tilbake."


def _rows(count: int) -> str:
    return f"{count} {'rad' if count == 1 else 'rader'}"
