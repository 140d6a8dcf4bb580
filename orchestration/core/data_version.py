"""Which form a data directory has: `<data_dir>/version.json`, written by whoever writes there (contract#data-version).

    {"form": 1, "written_by": "0.3.0"}

FORM grows when an earlier version of Sluttdato would misread what this one writes. A directory without the record was written
before there was one, and is taken over as it is: all that is read from it has kept its form, and the rest is made anew.

Belongs here: reading, checking and writing the record. Does not belong here: the versions of marts and of the published set.
"""

import json
from importlib.metadata import version
from typing import Any

from ingest import files
from ingest.errors import Damaged, IngestError
from orchestration.core.paths import DataPaths

FORM = 1
_RESTORING = "restoring"


class NewerData(IngestError):
    """A newer version of Sluttdato wrote this. The text says which, and what to do."""


def record() -> dict[str, Any]:
    """The record of what this version writes."""
    return {"form": FORM, "written_by": version("sluttdato")}


def check(paths: DataPaths) -> dict[str, Any] | None:
    """The record of the data directory; None when it has none. Raises NewerData, or Damaged."""
    try:
        written = json.loads(paths.version.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except ValueError:  # no JSON, or no UTF-8
        written = None
    if isinstance(written, dict) and _RESTORING in written:
        raise Damaged(paths.root, "a restore of this data directory was cut short, and it is not whole",
                      "Delete what is in it, and restore again")
    if not isinstance(written, dict) or type(written.get("form")) is not int:
        raise Damaged(paths.version, "it cannot be told which version of Sluttdato wrote here", (
            f"Restore it from a backup; or, if no version newer than {version('sluttdato')} ever did, delete it"))
    check_form(written, f"the data directory {paths.root}")
    return written


def check_form(written: dict[str, Any], what: str) -> None:
    """Raises NewerData when a record is of a newer form than this version knows."""
    if written["form"] > FORM:
        raise NewerData(f"{what} was written by a newer version of Sluttdato ({written.get('written_by')}); this one, "
                        f"{version('sluttdato')}, would misread it. Install that version or a later one. Nothing was changed")


def take_over(paths: DataPaths) -> None:
    """Make the data directory one of this version. Raises NewerData, or Damaged. For the holder of the writer's lock."""
    if check(paths) != record():
        files.write_json(paths.version, record())


def mark_restoring(paths: DataPaths) -> None:
    """Until `take_over_restored`, nobody else takes the data directory for a whole one. For the holder of the writer's lock."""
    files.write_json(paths.version, {_RESTORING: True})


def take_over_restored(paths: DataPaths, written: dict[str, Any]) -> None:
    """The data directory is whole again, and has the form of this record. For the holder of the writer's lock."""
    files.write_json(paths.version, written)
