"""The folder for worklists that somebody filled in, and what becomes of a file in it (contract#decisions-inbox).

    decisions/inbox/                                  what is to be taken in by the next run
    decisions/inbox/taken_in/<day>-<name>             what was, and beside it
    decisions/inbox/taken_in/<day>-<name>.svar.txt    the answer
    decisions/inbox.json                              files that could not be read once; files about to move

First all decisions are recorded, then the answers, then the answers are written, then the files move: a run that is killed on
the way is done again by the next, and records nothing twice. Belongs here: files. Does not belong here: what rows mean
(`reading`, `judging`).
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path

from ingest import files
from ingest.decisions import Decisions
from ingest.errors import RefusedExtract
from ingest.filled_in import answers, reading
from ingest.filled_in.answers import FileAnswer
from ingest.filled_in.judging import Answer, Exempt, Handling, Known, judge
from ingest.national_ids import holds_national_id, redact

TAKEN_IN = "taken_in"
_OF_WINDOWS = ("thumbs.db", "desktop.ini")
_LARGEST_BYTES = 100 << 20
_LONGEST_NAME = 180  # bytes, so that the day and the ending of the answer find room
_UNPUBLISHED = "Ingenting er publisert ennå, så det er ingen saker å koble radene til. Filen leses i neste kjøring."


@dataclass
class Outcome:
    """What a run took in. `decisions`: rows of which something was taken in; `not_understood`: a line for each row and file of
    which something was not; `left`: a line for each file that stays for the next run. No line names anybody."""

    decisions: int = 0
    not_understood: list[str] = field(default_factory=list)
    left: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class _Found:
    path: Path
    content: bytes
    signature: tuple[int, ...]

    @property
    def digest(self) -> str:
        return hashlib.sha256(self.content).hexdigest()


def folder(decisions: Decisions) -> Path:
    """The folder into which worklists are put."""
    return decisions.root / "inbox"


def waiting(decisions: Decisions) -> dict[str, tuple[int, ...]]:
    """What lies in the folder, by name: a signature that changes with the file. National ids in names are taken out."""
    return {redact(path.name): _signature(path) for path in _entries(folder(decisions))}


def take_in(decisions: Decisions, marts: Known | None, today: date) -> Outcome:
    """Take in what lies in the folder. `marts`: the cases that were published last; None when there are none yet. Only for the
    holder of the writer's lock."""
    place = folder(decisions)
    (place / TAKEN_IN).mkdir(parents=True, exist_ok=True)
    memory = _Memory(decisions.root / "inbox.json")
    outcome = Outcome(not_understood=memory.finish(place))
    found: list[_Found] = []
    for path in _entries(place):
        said = _look(path, is_published=marts is not None)
        if isinstance(said, _Found):
            found.append(said)
        elif path.is_dir():
            outcome.not_understood.append(f"{redact(path.name)}: {said}")
        else:
            outcome.left.append(f"{redact(path.name)}: {said}")
    if marts is None:
        return outcome
    read: dict[Path, reading.FilledFile | RefusedExtract] = {}
    for file in found:
        answer = _read(file)
        if isinstance(answer, RefusedExtract) and not memory.was_unreadable(file.digest):
            memory.remember_unreadable(file.digest)
            outcome.left.append(f"{redact(file.path.name)}: {answers.unreadable(answer)} "
                                "Filen står til neste kjøring, i tilfelle den ennå blir kopiert.")
        else:
            read[file.path] = answer
    taken = [f for f in found if f.path in read]
    told = _judge([(f, read[f.path]) for f in taken], decisions, marts, today)
    _record(told, decisions, today)
    targets = {}
    for file, answer in zip(taken, told, strict=True):
        target = targets[file.path] = _free(place / TAKEN_IN, f"{today}-{answer.name}")
        files.write_text(_letter(target), answer.letter(today))
        outcome.decisions += answer.decisions
    memory.about_to_move([(f.digest, targets[f.path] if a.is_kept else None, a.not_understood())
                          for f, a in zip(taken, told, strict=True)])
    for file, answer in zip(taken, told, strict=True):
        outcome.not_understood += answer.not_understood()
        if _signature(file.path) != file.signature:
            outcome.left.append(f"{answer.name}: Filen ble endret mens den ble lest. Den leses på nytt i neste kjøring.")
        else:
            _move(file.path, targets[file.path] if answer.is_kept else None)
    memory.moved(digests={f.digest for f in found})
    return outcome


def take_in_file(file: Path, decisions: Decisions, marts: Known, today: date) -> FileAnswer:
    """Take in one file, which stays where it is. Only for the holder of the writer's lock."""
    found = _Found(file, file.read_bytes(), ())
    told = _judge([(found, _read(found))], decisions, marts, today)
    _record(told, decisions, today)
    answer, = told
    return answer


# --- what lies there -------------------------------------------------------------------------------------------------


def _entries(place: Path) -> list[Path]:
    """What somebody put into the folder; not what programs leave beside open files, nor what Windows puts into each folder."""
    return [p for p in sorted(place.iterdir()) if p.name != TAKEN_IN and not p.name.startswith((".", "~"))
            and p.name.lower() not in _OF_WINDOWS] if place.is_dir() else []


def _look(path: Path, *, is_published: bool) -> _Found | str:
    """The content of a file; else why it is left, in Norwegian."""
    name = path.name
    if path.is_dir():
        return "Mappen blir ikke lest. Legg filene rett i innboksen."
    locks = [lock for lock in (f"~${name}", f"~${name[2:]}", f".~lock.{name}#") if (path.parent / lock).exists()]
    if locks:
        return ("Filen er åpen i et annet program. Lukk den, så leses den i neste kjøring. "
                f"(Er den ikke åpen, slett «{redact(locks[0])}».)")
    if not is_published:
        return _UNPUBLISHED
    try:
        before = _signature(path)
        if before[0] > _LARGEST_BYTES:
            return "Filen er for stor til å være en arbeidsliste, og blir ikke lest."
        content = path.read_bytes()
    except OSError:
        return "Filen kan ikke åpnes. Har den som kjører Sluttdato, lov til å lese den?"
    if _signature(path) != before or len(content) != before[0]:
        return "Filen endret seg mens den ble lest. Den leses i neste kjøring."
    return _Found(path, content, before)


def _signature(path: Path) -> tuple[int, ...]:
    try:
        stat = path.stat()
    except OSError:  # gone, or a link to nothing
        return (-1,)
    return stat.st_size, stat.st_mtime_ns, stat.st_ino


def _read(file: _Found) -> reading.FilledFile | RefusedExtract:
    try:
        return reading.read(file.path.name, file.content)
    except RefusedExtract as error:
        holds = any(holds_national_id(file.content.decode(encoding, "ignore")) for encoding in ("latin-1", "utf-16-le"))
        return error if not holds and not holds_national_id(file.path.name) else _WithNationalId(error)


class _WithNationalId(RefusedExtract):
    """Of a file that cannot be read, and in which a national id can be seen all the same."""

    def __init__(self, error: RefusedExtract):
        super().__init__(error.problem, file=error.file, line=error.line)


# --- what is recorded ------------------------------------------------------------------------------------------------


def _judge(
    read: list[tuple[_Found, reading.FilledFile | RefusedExtract]], decisions: Decisions, marts: Known, today: date
) -> list[FileAnswer]:
    """The answer to each of some files; the rows of all are judged together."""
    known = replace(marts, handling=decisions.handling(), exceptions=decisions.exceptions())
    rows = judge((row for _, file in read if isinstance(file, reading.FilledFile) for row in file.rows), known, today)
    told = []
    for found, file in read:
        if isinstance(file, RefusedExtract):
            told.append(FileAnswer(redact(found.path.name), found.digest, problems=[answers.unreadable(file)],
                                   is_kept=not isinstance(file, _WithNationalId)))
        else:
            problems = [f"Arket «{sheet}» er fylt ut, men har ingen kolonne «Sak», så radene kan ikke kobles til saker."
                        for sheet in file.without_key]
            own = [a for a in rows if (a.place.file, a.place.content) == (file.name, file.content)]
            told.append(FileAnswer(file.name, file.content, own, problems, is_kept=not file.holds_national_id))
    return told


def _record(told: list[FileAnswer], decisions: Decisions, today: date) -> None:
    """Record all decisions, then all answers."""
    rows = [a for file in told for a in file.answers]
    decisions.handle(_line(d, a, *subject, today) for a in rows for d in a.decisions if isinstance(d, Handling)
                     for subject in d.subjects)
    for decision in (d for a in rows for d in a.decisions if isinstance(d, Exempt)):
        for finding_type, subject in decision.subjects:
            decisions.except_(finding_type, subject, today, decision.until, decision.reason, decision.by)
    decisions.answer([
        {"taken_in_on": today, "file": a.place.file, "sheet": a.place.sheet, "line": a.place.line, "case_number": a.case_number,
         "person_id": a.person_id, "outcome": a.outcome, "text": a.text, "content": a.place.content} for a in rows] + [
        {"taken_in_on": today, "file": file.name, "sheet": None, "line": None, "case_number": None, "person_id": None,
         "outcome": "not_understood", "text": problem, "content": file.content} for file in told for problem in file.problems])


def _line(decision: Handling, answer: Answer, finding_type: str, subject_id: str, today: date) -> dict[str, object]:
    return {"case_number": decision.case_number, "finding_type": finding_type, "subject_id": subject_id,
            "status": decision.status, "handled_by": decision.handled_by, "comment": decision.comment,
            "claimed_on": decision.claimed_on, "recorded_on": today,
            "source": answer.place.file, "place": str(answer.place), "content": answer.place.content}


# --- what moves ------------------------------------------------------------------------------------------------------


def _letter(target: Path) -> Path:
    return target.with_name(f"{target.name}.svar.txt")


def _free(place: Path, name: str) -> Path:
    """A path for a file of this name, at which neither a file nor its answer stands."""
    stem, ending = Path(name).stem, Path(name).suffix
    stem = stem.encode()[:_LONGEST_NAME].decode(errors="ignore")
    candidates = (place / f"{stem}{f' ({n})' if n > 1 else ''}{ending}" for n in range(1, 1 << 20))
    return next(path for path in candidates if not path.exists() and not _letter(path).exists())


def _move(path: Path, target: Path | None) -> None:
    """Move a file, or delete it where nothing of it may stay."""
    if target is None:
        path.unlink()
    else:
        path.rename(target)
        target.chmod(0o600)
        files.flush(target.parent)
    files.flush(path.parent)


class _Memory:
    """What the next run must know: which contents could not be read once, and which files were about to move."""

    def __init__(self, file: Path):
        self._file = file
        held = files.read_cache(file)
        held = held if isinstance(held, dict) else {}
        self._before = {str(d) for d in held.get("unreadable", [])}
        self._unreadable: set[str] = set()
        self._to_move = [m for m in held.get("to_move", []) if isinstance(m, dict)]

    def finish(self, place: Path) -> list[str]:
        """Move what a killed run was about to move; returns what that run had to say of it."""
        said: list[str] = []
        for move in self._to_move:
            # Known by its content: a name may hold what must not be stored.
            path = next((p for p in _entries(place) if p.is_file() and files.digest(p) == move.get("content")), None)
            if path:
                _move(path, place / TAKEN_IN / move["target"] if move.get("target") else None)
                said += map(str, move.get("said", []))
        if self._to_move:
            self._to_move = []
            self._write(self._before)
        return said

    def was_unreadable(self, digest: str) -> bool:
        return digest in self._before

    def remember_unreadable(self, digest: str) -> None:
        self._unreadable.add(digest)

    def about_to_move(self, moves: Iterable[tuple[str, Path | None, list[str]]]) -> None:
        """For each file the digest of its content, where it goes (None: it is deleted), and what is to be said of it."""
        self._to_move = [{"content": digest, "target": target.name if target else None, "said": said}
                         for digest, target, said in moves]
        self._write(self._before | self._unreadable)

    def moved(self, digests: set[str]) -> None:
        """All has moved; forget contents that are no longer there."""
        self._to_move = []
        self._write((self._before & digests) | self._unreadable)

    def _write(self, unreadable: set[str]) -> None:
        if unreadable or self._to_move or self._file.exists():
            files.write_json(self._file, {"unreadable": sorted(unreadable), "to_move": self._to_move})
