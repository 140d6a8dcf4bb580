"""Exports of the employee search, as somebody in the kommune makes them in VFS: Norwegian headings, a title row, semicolons,
dd.mm.yyyy, Windows-1252. One file of positions and one of accesses: what OneRoster cannot tell.
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


def _as_it_is(text: str) -> str:
    return text


# Of each file: the table it tells, and of each canonical column the heading and how a value is written.
FILES: dict[str, tuple[str, dict[str, tuple[str, Callable[[str], str]]]]] = {
    "stillinger.csv": ("positions", {
        "position_id": ("StillingsId", _as_it_is), "person_id": ("BrukerId", _as_it_is), "org_number": ("Org.nr", _as_it_is),
        "role": ("Stilling", _as_it_is), "hrm_position_id": ("HRM-stilling", _as_it_is), "start_date": ("Tilsatt fra", _day),
        "end_date": ("Tilsatt til", _day), "registered_by": ("Registrert", lambda origin: _ORIGIN.get(origin, ""))}),
    "tilganger.csv": ("accesses", {
        "person_id": ("BrukerId", _as_it_is), "access_group": ("Tilgangsgruppe", _as_it_is), "org_number": ("Org.nr", _as_it_is),
        "start_date": ("Fra", _day), "position_id": ("StillingsId", _as_it_is), "end_date": ("Til", _day)}),
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
    """The settings of the sources that read them, as they stand in sluttdato.yaml."""
    return [{
        "adapter": "export", "path": str(folder / name), "tables": [table], "skip_rows": 1, "encoding": ENCODING,
        "columns": {column: heading for column, (heading, _) in columns.items()},
        **({"values": {"registered_by": {told: origin for origin, told in _ORIGIN.items()}}} if table == "positions" else {})}
        for name, (table, columns) in FILES.items()]
