"""How an error ends a command: its exit status, and what is said of it."""

import contextlib
import sys

from orchestration.cli import context
from orchestration.cli.console import FAILED, WRONG_USE, WrongUse
from orchestration.core import clock, faults
from orchestration.core.lock import LockHeld
from orchestration.core.settings import WrongSettings
from orchestration.core.workers import NoWorkers


def ending(error: Exception) -> tuple[int, str]:
    """The exit status and the words for an error."""
    from filelock import Timeout

    from ingest.errors import IngestError
    from ingest.warehouse import WarehouseBusy
    from orchestration.core.dbt import DbtFailed

    if isinstance(error, WrongSettings | clock.WrongToday | WrongUse):
        return WRONG_USE, str(error)
    if isinstance(error, IngestError | LockHeld | WarehouseBusy | DbtFailed | NoWorkers | Timeout | OSError):
        return FAILED, str(error)
    return FAILED, _unforeseen(error)


def _unforeseen(error: Exception) -> str:
    """What to say of an error that nobody foresaw: its kind and place. Its text, and a traceback's, may hold a cell."""
    fault, settings = faults.Fault(error), context.in_use()
    told = f"{fault}. What is published has not changed"
    if settings:
        with contextlib.suppress(OSError):
            log = faults.write_down(fault, settings.paths, " ".join(sys.argv[1:2]))
            return f"{told}. {log} says where it arose, without any content: please report it with that"
    return f"{told}. Please report it, with these places: {', '.join(fault.frames[-6:])}"
