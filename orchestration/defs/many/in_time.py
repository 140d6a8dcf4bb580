"""Work for each kommune in a thread of its own: one whose file system hangs, or whose settings are wrong, holds no other back."""

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar

from ingest.errors import IngestError
from orchestration.core.faults import Fault
from orchestration.core.lock import LockHeld
from orchestration.core.settings import WrongSettings

T = TypeVar("T")


@dataclass(frozen=True)
class NotDone:
    """Why there is no answer for a kommune."""

    reason: str


class InTime(Generic[T]):
    """Answers for each kommune, waited for until `seconds` have passed. Who has not answered is not asked again before that."""

    def __init__(self, seconds: float):
        self._seconds = seconds
        self._at_work: dict[str, threading.Thread] = {}

    def ask(self, work: Callable[[str], T], names: list[str]) -> Mapping[str, T | NotDone]:
        """{name: the answer, or why there is none}, for all names."""
        answers: dict[str, T | NotDone] = {}
        waited_for: dict[str, threading.Thread] = {}
        for name in names:
            if (thread := self._at_work.get(name)) and thread.is_alive():
                continue
            thread = threading.Thread(target=_answer, args=(work, name, answers), daemon=True, name=f"kommune-{name}")
            self._at_work[name] = waited_for[name] = thread
            thread.start()
        until = time.monotonic() + self._seconds
        for thread in waited_for.values():
            thread.join(max(0.0, until - time.monotonic()))
        came = dict(answers)  # late ones are of no use any more
        return {name: came.get(name, NotDone(f"no answer within {self._seconds:g} seconds: does a file system hang?"))
                for name in names}


def _answer(work: Callable[[str], T], name: str, answers: dict[str, T | NotDone]) -> None:
    try:
        answers[name] = work(name)
    except (WrongSettings, IngestError, LockHeld, OSError) as error:
        answers[name] = NotDone(str(error))
    except Exception as error:  # its text may hold a cell
        answers[name] = NotDone(str(Fault(error)))
