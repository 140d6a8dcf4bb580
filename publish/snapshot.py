"""The published set: all marts of one as-of date, the report and the worklists, swapped as a whole.

    published -> published.d/<as-of date>-<number>/    a symbolic link, replaced by one rename
      marts.duckdb        the marts, in schema main, with their descriptions as comments
      parquet/<mart>.parquet
      report/             static pages, see `report`
      report/skoler/      a folder for each school, see `schools`
      worklists/          Excel and CSV, see `worklists`
      set.json            as-of date and marts

What else lies in `published.d`, e.g. a copy that somebody made, is left alone.

A set never changes once it is linked; its files are read-only. Only their owner can read them, or also a group. Old sets are
removed when newer ones have been published; a reader that has a file of an old set open can go on reading it.

Belongs here: writing, swapping and removing sets. Does not belong here: what the report and the worklists show.
"""

import json
import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import duckdb

from ingest import files
from ingest.errors import Damaged
from ingest.sql import literal, scalar
from ingest.warehouse import is_damage

_KEPT_SETS = 3
_SET = re.compile(r"(\d{4}-\d\d-\d\d)-(\d{6,})")


class PublishedIsNewer(Exception):
    """The published set is of a later day. The text names both days, and what to do instead."""


@dataclass(frozen=True)
class Description:
    """What a mart and its columns mean: the comments in the published file."""

    text: str
    columns: dict[str, str] = field(default_factory=dict)


def published_as_of(link: Path) -> date | None:
    """The as-of date of the published set; None when there is none.

    Read from `set.json`; where that is damaged, from the name of the set's folder. Raises Damaged when both are no help.
    """
    record = link / "set.json"
    named = _SET.fullmatch(link.readlink().name) if link.is_symlink() else None
    try:
        return date.fromisoformat(json.loads(record.read_text(encoding="utf-8"))["as_of_date"])
    except FileNotFoundError:
        return date.fromisoformat(named[1]) if named else None
    except (ValueError, KeyError, TypeError, OSError):
        if named:
            return date.fromisoformat(named[1])
        raise Damaged(record, "the record of the published set cannot be read", (
            f"Move {link.name} away; `sluttdato run` publishes a set anew"), line=1) from None


def write_set(
    warehouse: duckdb.DuckDBPyConnection, folder: Path, as_of: date, descriptions: dict[str, Description]
) -> dict[str, int]:
    """Write all marts of the warehouse, evaluated as of `as_of`, into an empty folder; returns {mart: number of rows}."""
    marts = [name for (name,) in warehouse.execute(
        "SELECT table_name FROM information_schema.tables WHERE table_catalog = current_database() AND table_schema = 'marts' "
        "ORDER BY table_name").fetchall()]
    if not marts:
        raise Damaged(folder, "the warehouse holds no marts, so there is nothing to publish", "`sluttdato rebuild` makes it anew")
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
    warehouse: duckdb.DuckDBPyConnection, link: Path, as_of: date, descriptions: dict[str, Description], group: int | None = None
) -> dict[str, int]:
    """Publish the marts of the warehouse, which are evaluated as of `as_of`, with the report and the worklists made from them.

    `link` is what readers open; `group`: the number of a group that may read the set. Returns {mart: number of rows}. Raises
    PublishedIsNewer. The caller must hold the writer's lock.
    """
    published = published_as_of(link)
    if published and as_of < published:
        raise PublishedIsNewer(
            f"{as_of} is not published: the published set is of {published}, and dashboards would go back in time. "
            "To look at a past day beside it, use `sluttdato replay`")
    with _new_set(link, as_of, group) as folder:
        written = write_set(warehouse, folder, as_of, descriptions)
        write_report_and_worklists(warehouse, folder)
    return written


def write_report_and_worklists(warehouse: duckdb.DuckDBPyConnection, folder: Path) -> None:
    """Write the report and the worklists into the folder of a set."""
    from publish import lists, report, worklists  # slow to import, and most commands publish nothing

    read = lists.read(warehouse)
    for school in read.schools:
        (folder / "report" / "skoler" / school.folder).mkdir(parents=True)
    with worklists.writing(folder / "worklists", folder / "report" / "skoler", read):
        report.write(warehouse, folder / "report", read)


def publish_again(warehouse: duckdb.DuckDBPyConnection, link: Path, mart: str, group: int | None = None) -> None:
    """Publish a copy of the current set with one mart as the warehouse has it now; all other files are hard links.

    Raises FileNotFoundError when nothing is published, Damaged when what is published cannot be copied.
    """
    current = link.resolve(strict=True)
    contents = files.read_cache(current / "set.json")
    as_of = published_as_of(link)
    if not isinstance(contents, dict) or not isinstance(contents.get("marts"), dict) or as_of is None:
        raise _not_whole(current / "set.json")
    with _new_set(link, as_of, group) as folder:
        for file in current.rglob("*"):
            target = folder / file.relative_to(current)
            if file.is_dir():
                target.mkdir(exist_ok=True)
            elif file.name in ("marts.duckdb", f"{mart}.parquet"):
                shutil.copyfile(file, target)
            elif file.name != "set.json":
                target.hardlink_to(file)
        try:
            with _attached(warehouse, folder / "marts.duckdb"):
                count = _write_mart(warehouse, folder, mart, None)
        except duckdb.Error as error:
            if is_damage(error):
                raise _not_whole(current / "marts.duckdb") from None
            raise
        files.write_json(folder / "set.json", contents | {"marts": contents["marts"] | {mart: count}})


def _not_whole(file: Path) -> Damaged:
    return Damaged(file, "the published set is damaged", "`sluttdato run` publishes it anew")


@contextmanager
def _new_set(link: Path, as_of: date, group: int | None) -> Iterator[Path]:
    """A folder to fill. It is published in one step when the block ends without an error."""
    if link.exists() and not link.is_symlink():
        raise Damaged(link, f"this is not the link to a set in {link.name}.d that is made here", (
            "Move it away; `sluttdato run` then publishes a set anew"))
    sets = link.with_name(f"{link.name}.d")
    number = max(map(_number, _sets(link)), default=0) + 1
    target = sets / f"{as_of.isoformat()}-{number:06d}"
    with files.new_folder(target) as folder:
        yield folder
        _give_rights(folder, group)
    _open_to(sets, group, 0o700)
    temporary = link.with_name(f"{files.TEMPORARY_PREFIX}{link.name}")
    temporary.unlink(missing_ok=True)
    temporary.symlink_to(Path(sets.name) / target.name)
    temporary.replace(link)
    files.flush(link.parent)
    remove_old_sets(link)
    for older in _sets(link):
        if older != target:
            _give_rights(older, group)  # an earlier version, or an earlier setting, gave others


def _give_rights(published_set: Path, group: int | None) -> None:
    """Make a set's files read-only, for its owner and the group alone."""
    for path in [published_set, *published_set.rglob("*")]:
        _open_to(path, group, 0o700 if path.is_dir() else 0o400)


def _open_to(path: Path, group: int | None, mode: int) -> None:
    """Give the owner these rights; the group the same, but to write."""
    if group is not None:
        if path.stat().st_gid != group:
            os.chown(path, -1, group)
        mode |= mode >> 3 & 0o050
    path.chmod(mode)


def remove_old_sets(link: Path, kept: int = _KEPT_SETS) -> None:
    """Remove all but the `kept` newest sets; the published one is never removed."""
    sets = sorted(_sets(link), key=_number, reverse=True)
    for old in sets[kept:]:
        if old.name != link.readlink().name:
            shutil.rmtree(old, ignore_errors=True)


def _sets(link: Path) -> list[Path]:
    """The sets there are. What somebody else put beside them is none."""
    return [s for s in link.with_name(f"{link.name}.d").glob("*-*")
            if _SET.fullmatch(s.name) and s.is_dir() and not s.is_symlink()]


def _number(published_set: Path) -> int:
    return int(published_set.name.rsplit("-", 1)[1])


def _describe(warehouse: duckdb.DuckDBPyConnection, mart: str, description: Description) -> None:
    warehouse.execute(f"COMMENT ON TABLE published.main.{mart} IS {literal(description.text)}")
    columns = {c for (c,) in warehouse.execute(
        "SELECT column_name FROM duckdb_columns() WHERE database_name = 'published' AND table_name = ?", [mart]).fetchall()}
    for column, text in description.columns.items():
        if column in columns and text:
            warehouse.execute(f"COMMENT ON COLUMN published.main.{mart}.{column} IS {literal(text)}")
