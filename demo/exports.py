"""Exports of the employee search, as somebody in the kommune makes them in VFS: Norwegian headings, a title row, semicolons,
dd.mm.yyyy, Windows-1252. One file of positions and one of accesses: what OneRoster does not have.
"""

import csv
from collections.abc import Callable
from pathlib import Path
from typing import Any

Row = dict[str, str]
ENCODING = "windows-1252"
_ORIGIN = {"hrm": "HRM", "manual": "Manuelt"}


def _day(iso: str) -> str:
    return ".".join(reversed(iso.split("-")))


def _text(text: str) -> str:
    return text


# {file: (table, {canonical column: (heading, how a value is written)})}
FILES: dict[str, tuple[str, dict[str, tuple[str, Callable[[str], str]]]]] = {
    "stillinger.csv": ("positions", {
        "position_id": ("StillingsId", _text), "person_id": ("BrukerId", _text), "org_number": ("Org.nr", _text),
        "role": ("Stilling", _text), "hrm_position_id": ("HRM-stilling", _text), "start_date": ("Tilsatt fra", _day),
        "end_date": ("Tilsatt til", _day), "registered_by": ("Registrert", lambda origin: _ORIGIN.get(origin, ""))}),
    "tilganger.csv": ("accesses", {
        "person_id": ("BrukerId", _text), "access_group": ("Tilgangsgruppe", _text), "org_number": ("Org.nr", _text),
        "start_date": ("Fra", _day), "position_id": ("StillingsId", _text), "end_date": ("Til", _day)}),
}


def write(folder: Path, vfs: dict[str, list[Row]]) -> None:
    """Write both exports of what VFS holds."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, (table, columns) in FILES.items():
        with (folder / name).open("w", newline="", encoding=ENCODING) as handle:
            handle.write(f"Ansattsøk, utvalg: alle ({len(vfs[table])} rader)\r\n")
            writer = csv.writer(handle, delimiter=";", lineterminator="\r\n")
            writer.writerow(heading for heading, _ in columns.values())
            writer.writerows([written(row[name]) for name, (_, written) in columns.items()] for row in vfs[table])


def sources(folder: Path) -> list[dict[str, Any]]:
    """The settings of the sources that read them, as in sluttdato.yaml."""
    return [{
        "adapter": "export", "path": str(folder / name), "tables": [table], "skip_rows": 1, "encoding": ENCODING,
        "columns": {column: heading for column, (heading, _) in columns.items()},
        **({"values": {"registered_by": {text: origin for origin, text in _ORIGIN.items()}}} if table == "positions" else {})}
        for name, (table, columns) in FILES.items()]
