"""The auditor's pack of a period: what the systems delivered, what was withheld and who let it in, counts, decisions, cases.

    <pack>/revisjon.html      a page to read and print
    <pack>/kilder.csv         how fresh each system was, day by day
    <pack>/uttrekk.csv        every delivery, what became of it, and who let it in
    <pack>/saker_per_dag.csv  open, excepted, new and resolved cases by day and type
    <pack>/beslutninger.csv   every decision: who, when, why, and what both systems said then
    <pack>/saker.csv          the cases that opened or were resolved
    <pack>/manifest.txt       the SHA-256 of each file, as `sha256sum -c` reads it

    contents    what is in it, read from the warehouse, the published marts and the recorded decisions
    said        what both systems said of somebody on a day
    written     the page and the CSV files

A pack holds nothing of when it was made: made again from the same, it has the same bytes. It is what is known of each day now.

Belongs here: making, comparing and removing packs. Does not belong here: rules about people and deliveries (SQL).
"""

import hashlib
import re
import shutil
from datetime import date, timedelta
from pathlib import Path

import duckdb

from ingest import files
from ingest.decisions import Decisions
from publish.evidence.contents import read_contents
from publish.evidence.written import write_files

MANIFEST = "manifest.txt"
_MONTH = re.compile(r"(\d{4})-(0[1-9]|1[0-2])")


class PackDiffers(Exception):
    """There is something else where the pack is to be. The text says what, and what to do."""


def make_pack(
    con: duckdb.DuckDBPyConnection, marts: Path, decisions: Decisions, first: date, last: date, kommune: str, to: Path
) -> bool:
    """Make the pack of the days `first` to `last` in the folder `to`; False when the same one is there already.

    `con` is the warehouse, `marts` the published file. `kommune`: its name, or empty. Raises PackDiffers, and NotCovered when
    not every day was evaluated.
    """
    made = write_files(read_contents(con, marts, decisions, first, last), kommune)
    digests = {name: hashlib.sha256(content).hexdigest() for name, content in sorted(made.items())}
    made[MANIFEST] = "".join(f"{digest}  {name}\n" for name, digest in digests.items()).encode()
    if to.exists() and not (to.is_dir() and not any(to.iterdir())):
        if _holds(to, made):
            return False
        raise PackDiffers(f"{to}: there is something else already, and it stays as it is; name a folder that does not exist or "
                          "is empty. A pack differs from an earlier one of its days when something was delivered or let in later")
    if to.exists():
        to.rmdir()
    with files.new_folder(to) as folder:
        folder.chmod(0o700)
        for name, content in made.items():
            (folder / name).write_bytes(content)
            (folder / name).chmod(0o600)
    return True


def _holds(folder: Path, made: dict[str, bytes]) -> bool:
    """Whether a folder holds these files, and no others."""
    return folder.is_dir() and {f.name for f in folder.iterdir()} == set(made) and all(
        (folder / name).read_bytes() == content for name, content in made.items())


def month_of(text: str) -> tuple[date, date]:
    """The first and the last day of a month, as YYYY-MM. Raises ValueError."""
    matched = _MONTH.fullmatch(text)
    if not matched:
        raise ValueError(f"{text}: expected a month as YYYY-MM")
    first = date(int(matched[1]), int(matched[2]), 1)
    return first, (first + timedelta(days=31)).replace(day=1) - timedelta(days=1)


def remove_packs(folder: Path, before: date) -> int:
    """Remove the monthly packs of months that ended before a day; returns how many."""
    old = [pack for pack in folder.glob("*") if _MONTH.fullmatch(pack.name) and month_of(pack.name)[1] < before]
    for pack in old:
        shutil.rmtree(pack)
    return len(old)
