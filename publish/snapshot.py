"""The published set: all marts of one as-of date, the report and the worklists, swapped as a whole.

    published -> published.d/<as-of date>-<number>/    a symbolic link, replaced by one rename
      marts.duckdb        the marts, in schema main, with their descriptions as comments
      parquet/<mart>.parquet
      report/             static pages, see `report`
      worklists/          Excel and CSV, see `worklists`
      set.json            as-of date and marts

A set never changes once it is linked. Old sets are removed when newer ones have been published; a reader that has a file of an
old set open can go on reading it.

Belongs here: writing, swapping and removing sets. Does not belong here: what the report and the worklists show.
"""

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import duckdb

from ingest import files
from ingest.sql import literal, rows, scalar
from publish import deliveries

_KEPT_SETS = 3


class PublishedIsNewer(Exception):
    """The published set is of a later day. The text names both days, and what to do instead."""


@dataclass(frozen=True)
class Description:
    """What a mart and its columns mean: the comments in the published file."""

    text: str
    columns: dict[str, str] = field(default_factory=dict)


def published_as_of(link: Path) -> date | None:
    """The as-of date of the published set; None when there is none."""
    try:
        return date.fromisoformat(json.loads((link / "set.json").read_text(encoding="utf-8"))["as_of_date"])
    except FileNotFoundError:
        return None


def write_set(
    warehouse: duckdb.DuckDBPyConnection, folder: Path, as_of: date, descriptions: dict[str, Description]
) -> dict[str, int]:
    """Write all marts of the warehouse, evaluated as of `as_of`, into an empty folder; returns {mart: number of rows}."""
    marts = [name for (name,) in warehouse.execute(
        "SELECT table_name FROM information_schema.tables WHERE table_catalog = current_database() AND table_schema = 'marts' "
        "ORDER BY table_name").fetchall()]
    (folder / "parquet").mkdir()
    written = {}
    with _attached(warehouse, folder / "marts.duckdb"):
        for mart in marts:
            written[mart] = _write_mart(warehouse, folder, mart, descriptions.get(mart))
    files.write_json(folder / "set.json", {"as_of_date": as_of.isoformat(), "marts": written})
    return written


@contextmanager
def _attached(warehouse: duckdb.DuckDBPyConnection, file: Path) -> Iterator[None]:
    """Attach a published file for writing, as the database `published`."""
    warehouse.execute(f"ATTACH {literal(file)} AS published")
    try:
        yield
        warehouse.execute("CHECKPOINT published")
    finally:
        warehouse.execute("DETACH published")


def _write_mart(warehouse: duckdb.DuckDBPyConnection, folder: Path, mart: str, description: Description | None) -> int:
    # In schema main, both `findings` and `marts.findings` work; a schema named as the file would make the latter ambiguous.
    warehouse.execute(f"CREATE OR REPLACE TABLE published.main.{mart} AS FROM marts.{mart} ORDER BY ALL")
    warehouse.execute(f"COPY published.main.{mart} TO {literal(folder / 'parquet' / f'{mart}.parquet')} (FORMAT parquet)")
    if description:
        _describe(warehouse, mart, description)
    return scalar(warehouse, f"SELECT count(*) FROM published.main.{mart}")


def publish(
    warehouse: duckdb.DuckDBPyConnection, link: Path, as_of: date, descriptions: dict[str, Description]
) -> dict[str, int]:
    """Publish the marts of the warehouse, which are evaluated as of `as_of`, with the report and the worklists made from them.

    `link` is what readers open. Returns {mart: number of rows}. Raises PublishedIsNewer. The caller must hold the writer's lock.
    """
    published = published_as_of(link)
    if published and as_of < published:
        raise PublishedIsNewer(
            f"{as_of} is not published: the published set is of {published}, and dashboards would go back in time. "
            "To look at a past day beside it, use `sluttdato replay`")
    with _new_set(link, as_of) as folder:
        written = write_set(warehouse, folder, as_of, descriptions)
        write_report_and_worklists(warehouse, folder, as_of)
    return written


def write_report_and_worklists(warehouse: duckdb.DuckDBPyConnection, folder: Path, as_of: date) -> None:
    """Write the report and the worklists into the folder of a set."""
    from publish import report, worklists  # slow to import, and most commands publish nothing

    cases = rows(warehouse, "FROM marts.cases")
    roster = rows(warehouse, """
        FROM marts.kommuneadmin_roster ORDER BY family_name, given_name, person_id, access_group, org_number""")
    freshness = deliveries.freshness(warehouse)
    with worklists.writing(folder / "worklists", cases, roster, freshness, as_of):
        report.write(warehouse, folder / "report", cases, roster, freshness, as_of)


def publish_again(warehouse: duckdb.DuckDBPyConnection, link: Path, mart: str) -> None:
    """Publish a copy of the current set with one mart as the warehouse has it now; all other files are hard links.

    Raises FileNotFoundError when nothing is published.
    """
    current = link.resolve(strict=True)
    contents = json.loads((current / "set.json").read_text(encoding="utf-8"))
    with _new_set(link, date.fromisoformat(contents["as_of_date"])) as folder:
        for file in current.rglob("*"):
            target = folder / file.relative_to(current)
            if file.is_dir():
                target.mkdir(exist_ok=True)
            elif file.name in ("marts.duckdb", f"{mart}.parquet"):
                shutil.copyfile(file, target)
            elif file.name != "set.json":
                target.hardlink_to(file)
        with _attached(warehouse, folder / "marts.duckdb"):
            count = _write_mart(warehouse, folder, mart, None)
        files.write_json(folder / "set.json", contents | {"marts": contents["marts"] | {mart: count}})


@contextmanager
def _new_set(link: Path, as_of: date) -> Iterator[Path]:
    """A folder to fill. It is published in one step when the block ends without an error."""
    sets = link.with_name(f"{link.name}.d")
    number = max((_number(s) for s in sets.glob("*-*")), default=0) + 1
    target = sets / f"{as_of.isoformat()}-{number:06d}"
    with files.new_folder(target) as folder:
        yield folder
    temporary = link.with_name(f"{files.TEMPORARY_PREFIX}{link.name}")
    temporary.unlink(missing_ok=True)
    temporary.symlink_to(Path(sets.name) / target.name)
    temporary.replace(link)
    files.flush(link.parent)
    remove_old_sets(link)


def remove_old_sets(link: Path, kept: int = _KEPT_SETS) -> None:
    """Remove all but the `kept` newest sets; the published one is never removed."""
    sets = sorted(link.with_name(f"{link.name}.d").glob("*-*"), key=_number, reverse=True)
    for old in sets[kept:]:
        if old.name != link.readlink().name:
            shutil.rmtree(old, ignore_errors=True)


def _number(published_set: Path) -> int:
    return int(published_set.name.rsplit("-", 1)[1]) if not published_set.name.startswith(".") else 0


def _describe(warehouse: duckdb.DuckDBPyConnection, mart: str, description: Description) -> None:
    warehouse.execute(f"COMMENT ON TABLE published.main.{mart} IS {literal(description.text)}")
    columns = {c for (c,) in warehouse.execute(
        "SELECT column_name FROM duckdb_columns() WHERE database_name = 'published' AND table_name = ?", [mart]).fetchall()}
    for column, text in description.columns.items():
        if column in columns and text:
            warehouse.execute(f"COMMENT ON COLUMN published.main.{mart}.{column} IS {literal(text)}")
