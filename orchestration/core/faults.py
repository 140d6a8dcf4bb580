"""Errors that nobody foresaw: told by where in the program they arose, never by their text, which may hold a cell.

Belongs here: what such an error may say. Does not belong here: errors that people can act on; each is raised where it arises.
"""

from pathlib import Path

from ingest import files
from orchestration.core.paths import DataPaths

_PROGRAM = Path(__file__).resolve().parents[2]
_ROOMS = {"ingest", "dbt_project", "publish", "orchestration", "demo"}


class Fault(Exception):
    """An error that nobody foresaw. Its text says what kind it is and where it arose."""

    def __init__(self, error: BaseException):
        self.frames = list(frames(error))
        ours = [frame for frame in self.frames if frame.split("/")[0] in _ROOMS]
        super().__init__(f"unforeseen error: {type(error).__name__} in {(ours or self.frames or ['the program'])[-1]}")


def frames(error: BaseException) -> list[str]:
    """`file:line` of each call that led to an error, the innermost last; of its causes too, theirs first."""
    before = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    found = frames(before) if before else []
    trace = error.__traceback__
    while trace is not None:
        file = Path(trace.tb_frame.f_code.co_filename)
        shown = file.relative_to(_PROGRAM) if file.is_relative_to(_PROGRAM) else Path(*file.parts[-2:])
        found.append(f"{shown.as_posix()}:{trace.tb_lineno}")
        trace = trace.tb_next
    return found


def write_down(fault: Fault, paths: DataPaths, command: str) -> Path:
    """Append to the log of errors where a fault arose; returns the log. Raises OSError."""
    paths.root.mkdir(parents=True, exist_ok=True)
    files.write_privately()
    with paths.error_log.open("a", encoding="utf-8") as log:
        log.write(f"sluttdato {command}: {fault}\n" + "".join(f"    {frame}\n" for frame in fault.frames))
    return paths.error_log
