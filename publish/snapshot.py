"""The published set: all marts of one as-of date, the report and the worklists, swapped as a whole.

    published -> published.d/<as-of date>-<number>/    a symbolic link, replaced by one rename
      marts.duckdb        the marts, in schema main: columns, NOT NULL and comments as their contracts say
      parquet/<mart>.parquet   with the same comments as metadata, see `_metadata`
      open/               marts.duckdb, parquet/ and set.json without persons, see `open_set`
      report/             static pages, see `report`
      report/skoler/      a folder for each school, see `schools`
      worklists/          Excel and CSV, see `worklists`
      set.json            as-of date, marts and their version

What else lies in `published.d`, e.g. a copy that somebody made, is left alone.

A set never changes once it is linked; its files are read-only. Only their owner can read them, or also a group, and a wider one
what is open. Old sets are removed when newer ones have been published; a reader that has a file of an old set open can go on
reading it.

Belongs here: writing, swapping and removing sets. Does not belong here: what the report, the worklists and the open set show.
"""

import json
import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import duckdb

from dbt_project import MARTS_VERSION
from ingest import files
from ingest.errors import Damaged
from ingest.sql import identifier, literal, scalar
from ingest.warehouse import is_damage
from publish import open_set
from publish.contracts import Contract

OPEN = "open"  # the folder of the open set
_KEPT_SETS = 3
_SET = re.compile(r"(\d{4}-\d\d-\d\d)-(\d{6,})")


class PublishedIsNewer(Exception):
    """The published set is of a later day. The text names both days, and what to do instead."""


@dataclass(frozen=True)
class Readers:
    """The groups, by number, that may read: `group` the whole set, `open_group` only what is open."""

    group: int | None = None
    open_group: int | None = None


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


def write_set(warehouse: duckdb.DuckDBPyConnection, folder: Path, as_of: date, contracts: dict[str, Contract]) -> dict[str, int]:
    """Write all marts of the warehouse, evaluated as of `as_of`, into an empty folder; returns {mart: number of rows}."""
    marts = [name for (name,) in warehouse.execute(
        "SELECT table_name FROM information_schema.tables WHERE table_catalog = current_database() AND table_schema = 'marts' "
        "ORDER BY table_name").fetchall()]
    if not marts:
        raise Damaged(folder, "the warehouse holds no marts, so there is nothing to publish", "`sluttdato rebuild` makes it anew")
    return _write_tables(warehouse, folder, as_of, {mart: (f"FROM marts.{mart}", contracts.get(mart)) for mart in marts})


def write_open_set(warehouse: duckdb.DuckDBPyConnection, folder: Path, as_of: date, contracts: dict[str, Contract]) -> None:
    """Write what is open of the marts of the warehouse into a new folder."""
    folder.mkdir()
    _write_tables(warehouse, folder, as_of, {
        mart: (open_set.query(mart, contract, contract.open), open_set.opened(contract))
        for mart, contract in contracts.items() if contract.open})


def _write_tables(
    warehouse: duckdb.DuckDBPyConnection, folder: Path, as_of: date, tables: dict[str, tuple[str, Contract | None]]
) -> dict[str, int]:
    """Write the results of queries, by the names and the contracts of their tables, in all forms."""
    (folder / "parquet").mkdir()
    with _attached(warehouse, folder / "marts.duckdb"):
        written = {table: _write_table(warehouse, folder, table, query, contract, as_of)
                   for table, (query, contract) in tables.items()}
    files.write_json(folder / "set.json", _record(as_of, written))
    return written


def _record(as_of: date, written: dict[str, int]) -> dict[str, object]:
    return {"as_of_date": as_of.isoformat(), "marts": written, "marts_version": MARTS_VERSION}


@contextmanager
def _attached(warehouse: duckdb.DuckDBPyConnection, file: Path) -> Iterator[None]:
    """Attach a published file for writing, as the database `published`."""
    warehouse.execute(f"ATTACH {literal(file)} AS published")
    try:
        yield
        warehouse.execute("CHECKPOINT published")
    finally:
        warehouse.execute("DETACH published")


def _write_table(
    warehouse: duckdb.DuckDBPyConnection, folder: Path, name: str, query: str, contract: Contract | None, as_of: date
) -> int:
    # In schema main, both `findings` and `marts.findings` work; a schema named as the file would make the latter ambiguous.
    table = f"published.main.{identifier(name)}"
    if contract is None:
        warehouse.execute(f"CREATE OR REPLACE TABLE {table} AS FROM ({query}) ORDER BY ALL")
    else:
        columns = ", ".join(f"{identifier(c.name)} {c.type}{'' if c.is_nullable else ' NOT NULL'}" for c in contract.columns)
        warehouse.execute(f"CREATE OR REPLACE TABLE {table} ({columns})")
        warehouse.execute(f"INSERT INTO {table} BY NAME FROM ({query}) ORDER BY ALL")
        _describe(warehouse, table, contract)
    metadata = ", ".join(f"{literal(key)}: {literal(value)}" for key, value in _metadata(as_of, contract).items())
    warehouse.execute(f"COPY {table} TO {literal(folder / 'parquet' / f'{name}.parquet')} "
                      f"(FORMAT parquet, KV_METADATA {{{metadata}}})")
    return scalar(warehouse, f"SELECT count(*) FROM {table}")


def _metadata(as_of: date, contract: Contract | None) -> dict[str, str]:
    """What a Parquet file says of itself, under keys of its footer; the columns' descriptions as JSON."""
    described = {} if contract is None else {
        "sluttdato.description": contract.description,
        "sluttdato.columns": json.dumps({c.name: c.description for c in contract.columns}, ensure_ascii=False)}
    return {"sluttdato.as_of_date": as_of.isoformat(), "sluttdato.marts_version": MARTS_VERSION, **described}


def publish(
    warehouse: duckdb.DuckDBPyConnection, link: Path, as_of: date, contracts: dict[str, Contract], readers: Readers = Readers()
) -> dict[str, int]:
    """Publish the marts of the warehouse, which are evaluated as of `as_of`, with the report and the worklists made from them.

    `link` is what readers open. Returns {mart: number of rows}. Raises PublishedIsNewer. The caller must hold the writer's lock.
    """
    published = published_as_of(link)
    if published and as_of < published:
        raise PublishedIsNewer(
            f"{as_of} is not published: the published set is of {published}, and dashboards would go back in time. "
            "To look at a past day beside it, use `sluttdato replay`")
    with _new_set(link, as_of, readers) as folder:
        written = write_set(warehouse, folder, as_of, contracts)
        write_open_set(warehouse, folder / OPEN, as_of, contracts)
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


def publish_again(
    warehouse: duckdb.DuckDBPyConnection, link: Path, mart: str, contract: Contract | None = None, readers: Readers = Readers()
) -> None:
    """Publish a copy of the current set with one mart, which is not open, as the warehouse has it now; all other files are hard
    links.

    Raises FileNotFoundError when nothing is published, Damaged when what is published cannot be copied.
    """
    current = link.resolve(strict=True)
    contents = files.read_cache(current / "set.json")
    as_of = published_as_of(link)
    if not isinstance(contents, dict) or not isinstance(contents.get("marts"), dict) or as_of is None:
        raise _not_whole(current / "set.json")
    written = {Path("marts.duckdb"), Path("parquet") / f"{mart}.parquet", Path("set.json")}
    with _new_set(link, as_of, readers) as folder:
        for file in current.rglob("*"):
            target = folder / file.relative_to(current)
            if file.is_dir():
                target.mkdir(exist_ok=True)
            elif file.relative_to(current) not in written:
                target.hardlink_to(file)
        shutil.copyfile(current / "marts.duckdb", folder / "marts.duckdb")
        try:
            with _attached(warehouse, folder / "marts.duckdb"):
                count = _write_table(warehouse, folder, mart, f"FROM marts.{mart}", contract, as_of)
        except duckdb.Error as error:
            if is_damage(error):
                raise _not_whole(current / "marts.duckdb") from None
            raise
        files.write_json(folder / "set.json", contents | {"marts": contents["marts"] | {mart: count}})


def _not_whole(file: Path) -> Damaged:
    return Damaged(file, "the published set is damaged", "`sluttdato run` publishes it anew")


@contextmanager
def _new_set(link: Path, as_of: date, readers: Readers) -> Iterator[Path]:
    """A folder to fill. It is published in one step when the block ends without an error."""
    if link.exists() and not link.is_symlink():
        raise Damaged(link, f"this is not the link to a set in {link.name}.d that is made here", (
            "Move it away; `sluttdato run` then publishes a set anew"))
    sets = link.with_name(f"{link.name}.d")
    number = max(map(_number, _sets(link)), default=0) + 1
    target = sets / f"{as_of.isoformat()}-{number:06d}"
    with files.new_folder(target) as folder:
        yield folder
        _give_rights(folder, readers)
    _open_to(sets, readers.group, 0o700, let_through=readers.open_group)
    temporary = link.with_name(f"{files.TEMPORARY_PREFIX}{link.name}")
    temporary.unlink(missing_ok=True)
    temporary.symlink_to(Path(sets.name) / target.name)
    temporary.replace(link)
    files.flush(link.parent)
    remove_old_sets(link)
    for older in _sets(link):
        if older != target:
            _give_rights(older, readers)  # an earlier version, or an earlier setting, gave others


def _give_rights(published_set: Path, readers: Readers) -> None:
    """Make a set's files read-only, for its owner and the group alone, and what is open for the wider group instead."""
    opened = published_set / OPEN
    for path in [published_set, *published_set.rglob("*")]:
        mode = 0o700 if path.is_dir() else 0o400
        if path == opened or opened in path.parents:
            _open_to(path, readers.group if readers.open_group is None else readers.open_group, mode)
        else:
            _open_to(path, readers.group, mode, let_through=readers.open_group if path == published_set else None)


def _open_to(path: Path, group: int | None, mode: int, *, let_through: int | None = None) -> None:
    """Give the owner these rights; the group the same, but to write. Who is in the group `let_through` may only pass through.

    A folder has one group: where there are two, everybody may pass through.
    """
    if group is not None:
        mode |= mode >> 3 & 0o050
    if group is None and let_through is not None:
        group, mode = let_through, mode | 0o010
    elif let_through not in (group, None):
        mode |= 0o001
    if group is not None and path.stat().st_gid != group:
        os.chown(path, -1, group)
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


def _describe(warehouse: duckdb.DuckDBPyConnection, table: str, contract: Contract) -> None:
    warehouse.execute(f"COMMENT ON TABLE {table} IS {literal(contract.description)}")
    for column in contract.columns:
        if column.description:
            warehouse.execute(f"COMMENT ON COLUMN {table}.{identifier(column.name)} IS {literal(column.description)}")
