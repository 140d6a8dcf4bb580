"""Progress, outcomes and errors as JSON, one object per line on standard error, when `logs.format` is json (contract#json-log).

    {"time": "2025-03-10T05:00:12.345+00:00", "level": "warning", "event": "withheld", "run_id": "…", "as_of_date": "2025-03-10",
     "message": "quarantined: hrm 2025-03-10: …", "system": "hrm", …}

The standard library's logging, with a formatter of our own. `time` is when a line was written: with `core.clock`, the only place
where the machine's clock is read; nothing is computed from it. Such lines are gathered in places that more people can read than
Dagster's record, so none holds what a person could be known by: of a check's text only the first line (keys stand below it), of
dbt's errors only the models' names (DuckDB quotes values), of other libraries' lines only who wrote them.

Belongs here: how a line looks, and where it goes. Does not belong here: what is told (`running`, `console.say`).
"""

import json
import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, date, datetime
from typing import Any

from ingest.national_ids import redact

LOGGER = logging.getLogger("sluttdato")


class JsonLines(logging.Handler):
    """Writes each record as a line of JSON. `run_id` and `as_of_date` of the run that is at work stand in each."""

    def __init__(self) -> None:
        super().__init__()
        self.run_id: str | None = None
        self.as_of: date | None = None

    def format(self, record: logging.LogRecord) -> str:
        line = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(), "event": getattr(record, "event", "library"), "run_id": self.run_id,
            "as_of_date": self.as_of,
            # Another library's text may hold anything.
            "message": _clean(record.getMessage()) if record.name == LOGGER.name else f"a line of {record.name}, not shown here",
            **{name: _clean(value) for name, value in getattr(record, "facts", {}).items()}}
        return json.dumps(line, ensure_ascii=False, default=str)

    def emit(self, record: logging.LogRecord) -> None:
        with suppress(OSError, ValueError):  # nobody listens any more
            print(self.format(record), file=sys.stderr, flush=True)


def _clean(value: Any) -> Any:
    """Without national ids, e.g. in the name of a file."""
    if isinstance(value, list | tuple):
        return [_clean(v) for v in value]
    return redact(value) if isinstance(value, str) else value


_handlers: list[JsonLines] = []


def is_on() -> bool:
    return bool(_handlers)


def begin() -> None:
    """From now on, lines are JSON; those of other libraries, and Python's warnings, too."""
    if not _handlers:
        _handlers.append(JsonLines())
        _handlers[0].setLevel(logging.INFO)
        logging.getLogger().addHandler(_handlers[0])
        LOGGER.setLevel(logging.INFO)
        logging.captureWarnings(True)


def end() -> None:
    """No longer."""
    if _handlers:
        logging.getLogger().removeHandler(_handlers.pop())
        logging.captureWarnings(False)


@contextmanager
def run_at_work(run_id: str, as_of: date) -> Iterator[None]:
    """Within the block, each line names the run."""
    for handler in _handlers:
        handler.run_id, handler.as_of = run_id, as_of
    try:
        yield
    finally:
        for handler in _handlers:
            handler.run_id, handler.as_of = None, None


def write(level: int, event: str, message: str, **facts: Any) -> None:
    """One line, when lines are JSON. `facts`: codes, names of systems, steps and checks, days and counts; never a person."""
    if _handlers:
        LOGGER.log(level, "%s", message, extra={"event": event, "facts": facts})
