"""The answer to a worklist that came back, in Norwegian: a text file for whoever filled it in, lines for whoever runs Sluttdato.

Belongs here: how it is said. Does not belong here: what became of a row (`judging`), where the file is put (`inbox`).
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date

from ingest.errors import RefusedExtract
from ingest.filled_in.judging import Answer, Outcome
from ingest.filled_in.reading import NO_CASES

_GROUPS: tuple[tuple[Outcome, str], ...] = (
    ("not_understood", "IKKE FORSTÅTT, OG IKKE TATT INN"), ("taken_in", "TATT INN"), ("unchanged", "INGENTING Å ENDRE"))
_AGAIN = "Legg den i mappen på nytt."
# By a part of what the reading says of a file (`ingest.sources`).
_UNREADABLE = {
    "password": f"Filen er beskyttet med passord. Åpne den i Excel, ta bort passordet, og lagre den. {_AGAIN}",
    "old Excel file": f"Filen er i et gammelt Excel-format (.xls). Åpne den i Excel, og lagre den som .xlsx. {_AGAIN}",
    ".xlsb": f"Filen er i formatet .xlsb. Åpne den i Excel, og lagre den som .xlsx. {_AGAIN}",
    "OpenDocument": f"Filen er et OpenDocument-regneark (.ods). Åpne den, og lagre den som .xlsx. {_AGAIN}",
    "Word document": "Filen er et Word-dokument. Fyll ut arbeidslisten i Excel, og legg den i mappen.",
    "PDF": "Filen er en PDF. Fyll ut arbeidslisten i Excel, og legg den i mappen.",
    "picture": "Filen er et bilde. Fyll ut arbeidslisten i Excel, og legg den i mappen.",
    "quote": f"Et anførselstegn slår sammen flere rader til én. Rett det, eller lagre listen som .xlsx. {_AGAIN}",
    NO_CASES: "Filen har ingen kolonne «Sak» (eller «Profil i VFS») sammen med kolonner som fylles ut, så radene kan ikke kobles "
              "til saker. Fyll ut arbeidslisten slik den er lastet ned.",
}
_UNREADABLE_OTHERWISE = ("Filen kan ikke leses som en Excel-arbeidsbok eller en CSV-fil. Åpne den i Excel, lagre den som .xlsx, "
                         "og legg den i mappen på nytt.")


def unreadable(error: RefusedExtract) -> str:
    """Why a file cannot be read, and what to do, in Norwegian."""
    found = next((text for part, text in _UNREADABLE.items() if part in error.problem), _UNREADABLE_OTHERWISE)
    return f"{found} (Linje {error.line}.)" if error.line else found


@dataclass
class FileAnswer:
    """What became of one file: an answer for each of its rows that held a decision. `problems`: of the file as a whole.
    `is_kept`: false where it holds a national id, so that nothing but the answer stays of it."""

    name: str
    content: str
    answers: list[Answer] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    is_kept: bool = True

    def of(self, outcome: Outcome) -> list[Answer]:
        return [a for a in self.answers if a.outcome == outcome]

    @property
    def decisions(self) -> int:
        """The number of rows of which something was taken in."""
        return sum(bool(a.taken) for a in self.answers)

    def not_understood(self) -> list[str]:
        """A line for each row, and for the file, of which something was not taken in; without names and cells."""
        return [*(f"{self.name}: {p}" for p in self.problems),
                *(f"{self.name}, {a.place}, {a.about}: {' '.join(a.refused)}" for a in self.of("not_understood"))]

    def summary(self) -> str:
        """The outcome in a line."""
        if not self.answers:
            return "Filen kunne ikke leses." if self.problems else "Ingen beslutninger: ingen av cellene å fylle ut er endret."
        refused, unchanged = len(self.of("not_understood")), len(self.of("unchanged"))
        parts = [_counted(self.decisions, "rad er tatt inn", "rader er tatt inn")]
        parts += [_counted(refused, "rad er ikke forstått", "rader er ikke forstått")] if refused else []
        parts += [_counted(unchanged, "rad endrer ingenting", "rader endrer ingenting")] if unchanged else []
        return f"{', '.join(parts)}."

    def lines(self) -> Iterable[str]:
        """Row by row, what was not understood first."""
        yield self.summary()
        yield from self.problems
        for outcome, title in _GROUPS:
            if of_kind := self.of(outcome):
                yield from ("", title)
            for a in of_kind:
                about = ", ".join(filter(None, [_capital(str(a.place)), a.about, a.name]))
                yield f"  {about}: {a.text}"

    def letter(self, today: date) -> str:
        """The text of the answer's file: UTF-8 with a mark and Windows' line ends, so that Notepad shows it as it is."""
        head = [f"Svar på «{self.name}», lest {today:%d.%m.%Y}", ""]
        if not self.is_kept:
            head += ["Filen inneholder fødselsnummer, som ikke skal lagres her. Den er derfor slettet.",
                     "Alt som er forstått, står nedenfor.", ""]
        return "\ufeff" + "".join(f"{line}\r\n" for line in [*head, *self.lines()])


def _counted(count: int, one: str, many: str) -> str:
    return f"{count} {one if count == 1 else many}"


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
