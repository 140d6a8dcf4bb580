"""What the rows of worklists that came back decide, and what of them cannot be understood. Pure: nothing is read or written.

A row may hold three decisions: how its case is handled, an exception, a confirmation of a kommuneadmin. Each is understood or
refused by itself. Belongs here: the rules of that, and their words in Norwegian. Does not belong here: reading (`reading`),
recording (`inbox`, `ingest.decisions`).
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Literal

from ingest.case_numbers import case_number, current_number
from ingest.dates import is_no_day, read_by_hand
from ingest.filled_in import columns
from ingest.filled_in.columns import (
    CASE,
    COMMENT,
    CONFIRM_UNTIL,
    CONFIRMED_BY,
    DECIDED_BY,
    HANDLED_BY,
    PERSON,
    REASON,
    STATUS,
    UNTIL,
    Status,
)
from ingest.filled_in.reading import FilledRow, Place
from ingest.national_ids import redact

Row = Mapping[str, Any]
Outcome = Literal["taken_in", "unchanged", "not_understood"]
LONGEST_TEXT = 500
REVIEW, CONFIRMED = "kommuneadmin_review", "bekreftet ved gjennomgang"
_EXAMPLE = "31.12.2026"
_SPOILED = re.compile(r"[0-9]+(?:[.,][0-9]+)?E[+-]?[0-9]+|[0-9]{9,}|[+-]?INF(?:INITY)?|NAN")
_ERROR_OF_EXCEL = re.compile(r"#(?:N/A|REF!|VALUE!|NAME\?|DIV/0!|NUM!|NULL!|SPILL!|I/T|VERDI!|NAVN\?)")
_CHANGES = {STATUS: "status", HANDLED_BY: "handled_by", COMMENT: "comment"}


@dataclass(frozen=True)
class Handling:
    """How a case is handled from now on. `claimed_on`: since when it is said to be done."""

    case_number: str
    subjects: tuple[tuple[str, str], ...]  # finding type and subject of each of its findings
    status: Status | None
    handled_by: str | None
    comment: str | None
    claimed_on: date | None


@dataclass(frozen=True)
class Exempt:
    """An exception of all findings of a case, or a confirmation of a kommuneadmin."""

    subjects: tuple[tuple[str, str], ...]
    until: date
    reason: str
    by: str


@dataclass
class Answer:
    """What became of a row that held a decision. `taken`, `kept` (nothing had to change) and `refused`: sentences in Norwegian;
    those of `refused` repeat no cell. `decisions`: what is to be recorded."""

    place: Place
    case_number: str | None = None
    person_id: str | None = None
    name: str | None = None
    taken: list[str] = field(default_factory=list)
    kept: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    decisions: list[Handling | Exempt] = field(default_factory=list)

    @property
    def outcome(self) -> Outcome:
        return "not_understood" if self.refused else "taken_in" if self.taken else "unchanged"

    @property
    def text(self) -> str:
        return " ".join([*self.refused, *self.taken, *self.kept])

    @property
    def about(self) -> str:
        """What the row is about, without a name."""
        if self.case_number:
            return f"sak {self.case_number}"
        return f"profil {self.person_id}" if self.person_id else "ukjent sak eller profil"


@dataclass(frozen=True)
class Known:
    """What the rows are held against: rows of the marts `cases`, `resolved_cases` and `kommuneadmin_roster`; what was recorded
    before, by `Decisions.handling` and `Decisions.exceptions`."""

    cases: Sequence[Row] = ()
    resolved: Sequence[Row] = ()
    roster: Sequence[Row] = ()
    handling: Sequence[Row] = ()
    exceptions: Sequence[Row] = ()


def judge(rows: Iterable[FilledRow], known: Known, today: date) -> list[Answer]:
    """An answer for each row that holds a decision, in the order of the rows, which may be those of several files."""
    return _Judge(known, today).answers(rows)


@dataclass
class _Draft:
    """A row on its way to an answer."""

    row: FilledRow
    answer: Answer
    number: str | None = None  # the bare number of its case
    changes: dict[str, Any] = field(default_factory=dict)
    exception: Exempt | None = None
    confirmation: Exempt | None = None


class _Judge:
    def __init__(self, known: Known, today: date):
        self._today = today
        self._cases, self._resolved = _by_number(known.cases), _by_number(known.resolved)
        self._people = {r["person_id"]: r for r in known.roster}
        self._history: dict[str, list[Row]] = {}
        for line in known.handling:
            self._history.setdefault(current_number(line["case_number"]), []).append(line)
        self._state = {number: lines[-1] for number, lines in self._history.items()}
        self._in_force = [e for e in known.exceptions
                          if e["revoked_on"] is None and e["approved_on"] <= today <= e["until"]]

    def answers(self, rows: Iterable[FilledRow]) -> list[Answer]:
        drafts = [self._draft(row) for row in rows]
        self._settle_twice(drafts)
        return [d.answer for d in drafts if d.answer.taken or d.answer.kept or d.answer.refused]

    # --- one row ---------------------------------------------------------------------------------------------------

    def _draft(self, row: FilledRow) -> _Draft:
        draft = _Draft(row, Answer(row.place))
        answer = draft.answer
        wanted = [h for h in columns.FILLED_IN if row[h] and not _says_nothing(row, h)]
        if row.without_result and (wanted or row[CASE] or row[PERSON]):
            answer.refused.append("Raden har en formel som ikke er regnet ut. Åpne filen i Excel, og lagre den.")
        elif wanted and row.holds_national_id:
            answer.refused.append("Raden inneholder et fødselsnummer, og er derfor ikke tatt inn. Fjern det.")
        elif wanted:
            self._find(draft)
            twice = [h for h in row.written_twice if h in (CASE, PERSON, *wanted)]
            if twice:
                answer.refused.append(f"{_listed(twice)} står to ganger, med ulikt innhold.")
                return draft
            if any(row[h] for h in columns.CONFIRMATION):
                self._confirm(draft)
            if any(row[h] for h in wanted if h in columns.HANDLING + columns.EXCEPTION):
                self._decide(draft, wanted)
        return draft

    def _find(self, draft: _Draft) -> None:
        """Say which case and person a row is about, as far as that is known."""
        row, answer = draft.row, draft.answer
        draft.number = answer.case_number = case_number(row[CASE])
        if cases := self._cases.get(draft.number or "") or self._resolved.get(draft.number or ""):
            answer.case_number, answer.name = cases[0]["case_number"], _name(cases[0])
        person = self._person(row[PERSON])
        if person and any(row[h] for h in columns.CONFIRMATION):
            answer.person_id, answer.name = person["person_id"], answer.name or _name(person)

    def _person(self, written: str) -> Row | None:
        written = written.lstrip("'")
        if written in self._people:
            return self._people[written]
        fitting = [p for p in self._people if written.isdigit() and p.lstrip("0") == written]
        return self._people[fitting[0]] if len(fitting) == 1 else None

    def _decide(self, draft: _Draft, wanted: list[str]) -> None:
        row, answer, number = draft.row, draft.answer, draft.number
        cases = self._cases.get(number or "", [])
        if number and not cases and number in self._resolved:
            self._say_resolved(draft, wanted)
        elif not cases:
            # What was filled in beforehand into a list that is old by now decides nothing.
            if not number or row[UNTIL] or row[REASON] or self._changes(draft, self._state.get(number)):
                answer.refused.append(_no_case(row[CASE]))
                draft.changes.clear()
        else:
            state = self._state.get(number or "")
            is_contradicted = bool(state and state["claimed_on"] and cases[0].get("claim") == "contradicted"
                                   and state["claimed_on"] < cases[0]["as_of_date"])
            draft.changes = self._changes(draft, {**state, "status": None} if state and is_contradicted else state)
            if row[UNTIL] or row[REASON] or (row[DECIDED_BY] and not (draft.changes or answer.kept or answer.refused)):
                draft.exception = self._exception(draft, tuple((c["finding_type"], c["subject_id"]) for c in cases))

    def _changes(self, draft: _Draft, state: Row | None) -> dict[str, Any]:
        """What of the handling a row changes; what it repeats, from the very row that said it before, is told as that."""
        row, answer, changes = draft.row, draft.answer, dict[str, Any]()
        state = state or {}
        for heading, name in _CHANGES.items():
            if not row[heading] or _says_nothing(row, heading):
                continue
            if problem := _text_problem(heading, row[heading]):
                answer.refused.append(problem)
                continue
            value: Any = row[heading]
            if heading == STATUS:
                said = columns.status(value)
                if said is None:
                    words = ", ".join(f"«{w}»" for w in (*columns.STATUS_WORDS.values(), columns.NO_STATUS))
                    answer.refused.append(f"«Status» er ikke forstått. Skriv ett av ordene {words}.")
                    continue
                value, = said
            if value != state.get(name) and self._was_filled_in_beforehand(draft, name, value):
                now = f"{_said(name, state.get(name))}, {_norwegian(state['recorded_on'])}"
                answer.kept.append(f"Endret etter at listen ble laget, og står: {now}.")
            elif value != state.get(name):
                changes[name] = value
            elif state.get("place") == str(row.place) and state.get("content") == row.place.content:
                answer.kept.append(f"«{_said(name, value)}» ble tatt inn fra denne raden {_norwegian(state['recorded_on'])}.")
        return changes

    def _was_filled_in_beforehand(self, draft: _Draft, name: str, value: Any) -> bool:
        """Whether a list of an earlier day said this of its own, and something else was recorded on that day or later: then it is
        no decision, but an old list (contract#old-list). Of a contradicted claim, a newer list says nothing."""
        made_on, lines = draft.row.made_on, self._history.get(draft.number or "", [])
        if made_on is None or not lines or made_on < (lines[0]["recorded_on"]):
            return False
        if name == "status" and value == "done" and (lines[-1]["claimed_on"] or made_on) < made_on:
            return False
        before = [line for line in lines if line["recorded_on"] <= made_on]
        shown = [line for line in before if line["recorded_on"] == made_on] + [
            line for line in before if line["recorded_on"] < made_on][-1:]
        is_changed_since = lines[-1]["recorded_on"] >= made_on
        return is_changed_since and any(line[name] == value for line in shown)

    def _say_resolved(self, draft: _Draft, wanted: list[str]) -> None:
        resolved = self._resolved[draft.number or ""][0].get("resolved_on")
        since = f" {_norwegian(resolved)}" if resolved else ""
        changes = self._changes(draft, self._state.get(draft.number or ""))
        if changes.get("status") == "done":
            draft.answer.kept.append(f"Saken er løst{since}: Det virket.")
        elif changes:
            draft.answer.kept.append(f"Saken er løst{since}, så det er ikke mer å gjøre med den.")
        if any(h in columns.EXCEPTION for h in wanted) and (draft.row[UNTIL] or draft.row[REASON]):
            draft.answer.kept.append(f"Saken er løst{since}, så det er ingenting å unnta.")

    def _exception(self, draft: _Draft, subjects: tuple[tuple[str, str], ...]) -> Exempt | None:
        row = draft.row
        problems = [p for h in (REASON, DECIDED_BY) if (p := _text_problem(h, row[h], needed=True))]
        return self._exempt(draft, "Unntaket", "Unntatt", UNTIL, row[REASON], row[DECIDED_BY], problems, subjects)

    def _confirm(self, draft: _Draft) -> None:
        row, answer = draft.row, draft.answer
        if answer.person_id is None:
            answer.refused.append("Bekreftelsen er ikke tatt inn. " + (
                "Personen er ikke kommuneadmin nå." if row[PERSON] else f"«{PERSON}» mangler."))
            return
        problems = [p for h in (CONFIRMED_BY, REASON) if (p := _text_problem(h, row[h], needed=h == CONFIRMED_BY))]
        # A reason in the roster is that of the confirmation.
        reason = row[REASON] if row[REASON] and CASE not in row.cells else CONFIRMED
        draft.confirmation = self._exempt(
            draft, "Bekreftelsen", "Bekreftet", CONFIRM_UNTIL, reason, row[CONFIRMED_BY], problems, ((REVIEW, answer.person_id),))

    def _exempt(
        self, draft: _Draft, noun: str, verb: str, heading: str, reason: str, by: str, problems: list[str],
        subjects: tuple[tuple[str, str], ...],
    ) -> Exempt | None:
        """An exception or a confirmation; None when it is refused, or in force already, which the answer says."""
        row, answer = draft.row, draft.answer
        until = read_by_hand(row[heading], is_from_1904=row.is_from_1904)
        if not row[heading]:
            problems.insert(0, f"«{heading}» mangler.")
        elif until is None:
            problems.insert(0, f"«{heading}» kan ikke leses som en dato. Skriv den slik: {_EXAMPLE}.")
        elif until < self._today:
            problems.insert(0, f"Datoen i «{heading}» ({_norwegian(until)}) er passert.")
        elif is_no_day(until):
            problems.insert(0, f"Datoen i «{heading}» er for langt fram.")
        if problems or until is None:
            answer.refused.append(f"{noun} er ikke tatt inn. {' '.join(problems)}")
            return None
        standing = [[e for e in self._in_force if (e["finding_type"], e["subject_id"]) == s] for s in subjects]
        if all(any((e["until"], e["reason"], e["approved_by"]) == (until, reason, by) for e in of) for of in standing):
            answer.kept.append(f"{verb} til {_norwegian(until)} fra før.")
            return None
        one = "Et unntak" if noun == "Unntaket" else "En bekreftelse"
        last = max((e["until"] for of in standing for e in of), default=until)
        if last > until:
            answer.refused.append(
                f"{noun} er ikke tatt inn. {one} gjelder allerede til {_norwegian(last)}, og kan ikke gjøres kortere her. Be "
                "den som drifter Sluttdato, om å trekke tilbake det som gjelder.")
            return None
        return Exempt(subjects, until, reason, by)

    # --- all rows --------------------------------------------------------------------------------------------------

    def _settle_twice(self, drafts: list[_Draft]) -> None:
        """Take each decision once; where rows decide differently about the same, none of them (contract#said-twice)."""
        handled: dict[str, list[_Draft]] = {}
        for draft in drafts:
            if draft.number and draft.changes:
                handled.setdefault(draft.number, []).append(draft)
        for number, of_case in handled.items():
            said = {name: {d.changes[name] for d in of_case if name in d.changes} for name in _CHANGES.values()}
            if any(len(values) > 1 for values in said.values()):
                self._refuse_all(of_case, "Saken")
                continue
            for draft in of_case:
                self._handle(draft, number)
        for kind, noun in (("exception", "Unntaket"), ("confirmation", "Bekreftelsen")):
            exempt: dict[tuple[tuple[str, str], ...], list[_Draft]] = {}
            for draft in drafts:
                if decision := getattr(draft, kind):
                    exempt.setdefault(decision.subjects, []).append(draft)
            for same in exempt.values():
                if len({getattr(d, kind) for d in same}) > 1:
                    self._refuse_all(same, noun)
                    continue
                first, *others = same
                decision: Exempt = getattr(first, kind)
                reason = "" if decision.reason == CONFIRMED else f", begrunnelse: {decision.reason}"
                first.answer.taken.append(
                    f"{'Unntatt' if kind == 'exception' else 'Bekreftet'} til {_norwegian(decision.until)}{reason}, "
                    f"{'besluttet' if kind == 'exception' else 'bekreftet'} av {decision.by}.")
                first.answer.decisions.append(decision)
                for other in others:
                    other.answer.kept.append(f"{noun} står likt i {_elsewhere(first, other)}, og er tatt inn én gang.")

    def _handle(self, draft: _Draft, number: str) -> None:
        cases, answer, state = self._cases[number], draft.answer, self._state.get(number) or {}
        is_new_claim = draft.changes.get("status") == "done" and state.get("claimed_on") != self._today
        changes = {name: value for name, value in draft.changes.items()
                   if value != state.get(name) or (name == "status" and is_new_claim)}
        for name, value in draft.changes.items():
            if name in changes:
                answer.taken.append(f"{_said(name, value)}.")
            else:
                answer.kept.append(f"«{_said(name, value)}» står likt i en annen rad, og er tatt inn én gang.")
        if not changes:
            return
        after = {name: changes.get(name, state.get(name)) for name in _CHANGES.values()}
        claimed_on = (self._today if changes.get("status") == "done" else state.get("claimed_on") if after["status"] == "done"
                      else None)
        answer.decisions.append(Handling(
            cases[0]["case_number"], tuple((c["finding_type"], c["subject_id"]) for c in cases), claimed_on=claimed_on, **after))
        self._state[number] = {**after, "claimed_on": claimed_on, "recorded_on": self._today}

    @staticmethod
    def _refuse_all(drafts: list[_Draft], noun: str) -> None:
        for draft in drafts:
            other = next(d for d in drafts if d is not draft)
            draft.answer.refused.append(
                f"{noun} står også i {_elsewhere(other, draft)}, med noe annet. Ingen av dem er tatt inn. La én rad stå.")


def _by_number(cases: Iterable[Row]) -> dict[str, list[Row]]:
    found: dict[str, list[Row]] = {}
    for case in cases:
        found.setdefault(current_number(case["case_number"]), []).append(case)
    return found


def _says_nothing(row: FilledRow, heading: str) -> bool:
    """Whether a cell is the finding's status, which stood under «Status» in earlier worklists."""
    return row.is_old and heading == STATUS and row[STATUS].lower() in columns.OLD_STATUSES


def _no_case(written: str) -> str:
    if not written:
        return f"«{CASE}» mangler i raden."
    if _SPOILED.fullmatch(written.lstrip("'").upper()):
        return ("Excel har gjort saksnummeret om til et tall, og da kan det ikke leses. Skriv det slik det står i listen, "
                "med S- foran.")
    return "Det er ingen åpen sak med dette nummeret. Er det skrevet riktig? Saken kan også være løst for lenge siden."


def _text_problem(heading: str, text: str, *, needed: bool = False) -> str | None:
    if not text:
        return f"«{heading}» mangler." if needed else None
    if len(text) > LONGEST_TEXT:
        return f"«{heading}» er for lang: {len(text)} tegn. Det er plass til {LONGEST_TEXT}."
    if _ERROR_OF_EXCEL.fullmatch(text.upper()):
        return f"«{heading}» er en feilmelding fra Excel."
    return None


def _said(name: str, value: Any) -> str:
    if name == "status":
        return f"Status: {columns.STATUS_WORDS[value] if value else columns.NO_STATUS}"
    return f"{'Behandles av' if name == 'handled_by' else 'Kommentar'}: {value or 'ingen'}"


def _elsewhere(other: _Draft, than: _Draft) -> str:
    place, own = other.row.place, than.row.place
    return str(place) if place.file == own.file else f"filen «{redact(place.file)}», {place}"


def _name(row: Row) -> str | None:
    return " ".join(filter(None, [row.get("given_name"), row.get("family_name")])) or None


def _listed(headings: Sequence[str]) -> str:
    return " og ".join(f"«{h}»" for h in headings)


def _norwegian(day: date) -> str:
    return day.strftime("%d.%m.%Y")
