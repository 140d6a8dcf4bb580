"""Prints people for `sluttdato find`, in Norwegian, for the sysadmin."""

from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from rich.console import Console

from ingest.canonical_tables import SYSTEMS
from ingest.national_ids import redact
from ingest.sql import Row
from ingest.warehouse import open_published
from publish import deliveries, trust
from publish.people import access, ids, name, place, read_people, search

MOST_SHOWN = 50


@dataclass(frozen=True)
class Found:
    """Those whom `words` fit, and what makes that uncertain: `doubts`, in Norwegian."""

    words: str
    as_of_date: date | None
    people: list[Row]
    doubts: list[str]


def find_people(marts: Path, words: str) -> Found:
    """Everybody in a published file whom words fit."""
    with open_published(marts) as con:
        freshness, people = deliveries.freshness(con), read_people(con)
    # What cannot be assessed is said of each person whom it concerns.
    systems = [{**row, "not_assessable": []} for row in freshness if row["system"] in SYSTEMS]
    doubts = [line.whole for line in trust.lines(systems) if line.level != "good"]
    return Found(words, freshness[0]["as_of_date"] if freshness else None, search(people, words), doubts)


def as_json(found: Found) -> dict[str, Any]:
    return {"as_of_date": found.as_of_date, "doubts": found.doubts, "people": found.people}


def show_people(found: Found, out: Console) -> None:
    """Each of them in a few lines; whom there is no room for is counted."""
    for doubt in found.doubts:
        out.print(f"! {doubt}", markup=False, soft_wrap=True)
    if not found.people:
        out.print(f"Ingen i HRM eller VFS har et navn med «{redact(found.words)}» i seg.", markup=False, soft_wrap=True)
        out.print("Prøv med færre ord, eller med en del av navnet: «ber han» finner Berit Hansen. Ansattnummer og profilens id "
                  "skrives helt ut.", soft_wrap=True)
        return
    for row in found.people[:MOST_SHOWN]:
        _show(row, out)
    more = len(found.people) - MOST_SHOWN
    if more > 0:
        out.print(f"… og {more} til. Skriv flere ord for å få færre.")


def _show(row: Row, out: Console) -> None:
    cases = row["case_numbers"]
    shown = [f"{name(row)}: {ids(row)}", f"  {place(row)}", f"  har tilgang: {access(row)}", *(
             [f"  {'saker' if ', ' in cases else 'sak'}: {cases}"] if cases else [])]
    for line in shown:
        out.print(line, markup=False, soft_wrap=True)
