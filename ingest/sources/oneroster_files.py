"""OneRoster's CSV binding 1.2.1 from a folder or a zip: `users.csv`, `roles.csv`, `orgs.csv`, and `manifest.csv`, which marks
each of them as complete (bulk) or as changes (delta); in 1.1 roles stand in `users.csv`. A delta is applied to the deliveries
before it, so that every extract is a full one. A file that was cut off inside its last cell cannot be told from a whole one."""

import csv
import io
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import IO, Any

from ingest.cells import clean
from ingest.errors import RefusedExtract
from ingest.sources.base import Note, Progress, RawTable
from ingest.sources.delimited import whole
from ingest.sources.file_drop import FileDrop, FileDropAdapter, dated_folders, is_bomb
from ingest.sources.oneroster_format import CARRIES, TABLES, NoStaff, OneRosterSettings, Roster, gather, is_removed

_FILES = ("orgs", "users", "roles")
_FILES_1P1 = ("orgs", "users")
_ROLES_WITHOUT_USER = ("roles are of users who are not delivered, and count for nobody: look at whether users.csv and roles.csv "
                       "are of one export")
_NEEDED = {"manifest": ("propertyName", "value"), "roles": ("sourcedId", "userSourcedId", "orgSourcedId")}
_IDS = ("sourcedId", "userSourcedId", "orgSourcedId", "parentSourcedId")
csv.field_size_limit(1 << 24)


class OneRosterFiles(FileDropAdapter):
    """A OneRoster CSV delivery."""

    suffixes = (".csv", ".zip")
    tables = TABLES
    carries = CARRIES

    def __init__(self, settings: OneRosterSettings, path: Path):
        super().__init__(path)
        self._settings = settings
        self.settings_fingerprint = settings.fingerprint

    def files(self, path: Path) -> FileDrop:
        """A day's files. With one folder per day also the earlier days that a delta builds upon, as `<day>/<file>`."""
        if path == self.path:
            return super().files(path)
        paths: dict[str, Path] = {}
        waiting = set(_FILES)
        for day, folder in sorted(dated_folders(self.path, date.fromisoformat(path.name)).items(), reverse=True):
            files = super().files(folder)
            paths |= {f"{day}/{name}": file for name, file in files.paths.items()}
            with suppress(RefusedExtract):  # a delivery that cannot be read is refused when it is read itself
                kinds = _manifest(files, "")
                waiting = {name for name in waiting & kinds.keys() if kinds[name] != "bulk"}
            if not waiting:
                break
        return FileDrop(paths)

    def read_files(self, files: FileDrop, progress: Progress) -> dict[str, RawTable]:
        days = sorted({name.rpartition("/")[0] for name in files.names()})
        state: dict[str, dict[str, dict[str, str]]] = {}  # {file: {sourcedId: record}}, removed ones too; without bulk: absent
        for day in days:
            prefix = f"{day}/" if day else ""
            for name, kind in _manifest(files, prefix).items():
                if kind == "bulk":
                    state[name] = {}
                elif name not in state:
                    continue
                state[name] |= _by_id(files, f"{prefix}{name}.csv", is_bulk=kind == "bulk")
        without_bulk = [name for name in _manifest(files, f"{days[-1]}/" if days[-1] else "") if name not in state]
        if without_bulk:
            raise RefusedExtract(
                f"the delta of {', '.join(without_bulk)} has no bulk delivery before it", file="manifest.csv",
                remedy="Deliver bulk files, or keep every delivery in a folder named as its day, from the last bulk one on")
        users = [{**u, **_roles_1p1(u), "userIds": _user_ids(u.get("userIds", ""))} for u in state["users"].values()]
        lost = 0
        if "roles" in state:
            roles: dict[str, list[dict[str, Any]]] = {}
            for role in state["roles"].values():
                roles.setdefault(role["userSourcedId"], []).append({**role, "org": {"sourcedId": role["orgSourcedId"]}})
                lost += role["userSourcedId"] not in state["users"] and not is_removed(role)
            users = [{**u, "roles": roles.get(u["sourcedId"], [])} for u in users]
        orgs = [{**o, "parent": {"sourcedId": o.get("parentSourcedId")}} for o in state["orgs"].values()]
        try:
            tables = Roster(self._settings, gather(orgs), gather(users)).tables("users.csv")
        except NoStaff as error:
            raise RefusedExtract(str(error), file="users.csv", remedy="Look at which users and roles are exported") from None
        if lost:
            note = Note("roles_without_user", lost, _ROLES_WITHOUT_USER)
            tables["positions"] = replace(tables["positions"], notes=(*tables["positions"].notes, note))
        return tables


def _manifest(files: FileDrop, prefix: str) -> dict[str, str]:
    """{file: bulk or delta} of the files that matter here; 1.1 has no roles. Raises RefusedExtract when one is absent."""
    _refuse_several(files, prefix.rstrip("/"))
    rows = {r["propertyName"]: r["value"].strip() for _, r in _records(files, f"{prefix}manifest.csv")}
    kinds = {name: kind for name in _FILES if (kind := rows.get(f"file.{name}")) in ("bulk", "delta")}
    needed = _FILES if rows.get("oneroster.version", "1.2") != "1.1" else _FILES_1P1
    absent = [name for name in needed if name not in kinds]
    if absent:
        raise RefusedExtract(f"the manifest has no {', '.join(absent)}", file="manifest.csv",
                             remedy="Deliver orgs, users and roles")
    return kinds


def _refuse_several(files: FileDrop, folder: str) -> None:
    """Raise RefusedExtract where a zip, which is a whole delivery, is not the only file of its folder."""
    names = [name for name in files.names() if name.rpartition("/")[0] == folder]
    zips = [name for name in names if name.lower().endswith(".zip")]
    if zips and len(names) > 1:
        raise RefusedExtract(f"there are several files, {len(names)} with this one, and a zip is a whole delivery", file=zips[0],
                             remedy="Leave one delivery in the folder, or name it in `path`")


@contextmanager
def _open(files: FileDrop, name: str) -> Iterator[IO[bytes]]:
    """One file of the delivery, in the folder or in its zip."""
    prefix, _, plain = name.rpartition("/")
    zips = [n for n in files.names() if n.lower().endswith(".zip") and n.rpartition("/")[0] == prefix]
    if name in files.paths:
        with files.open(name) as stream:
            yield stream
    elif zips:
        try:
            with files.open(zips[0]) as stream, zipfile.ZipFile(stream) as archive:
                if is_bomb(archive):
                    raise RefusedExtract("the zip unpacks to more than 512 MB, or 100 times its size", file=zips[0],
                                         remedy="Deliver it again")
                members = [m for m in archive.namelist() if m.rsplit("/", 1)[-1] == plain]
                if not members:
                    raise RefusedExtract("a required file is missing", file=name, remedy="Deliver the whole zip again")
                if len(members) > 1:
                    raise RefusedExtract("the zip holds several files of this name", file=name,
                                         remedy="Deliver a zip that holds one delivery")
                with archive.open(members[0]) as unpacked:
                    yield unpacked
        except (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError, NotImplementedError, OSError):
            raise RefusedExtract("the zip is broken, or cannot be unpacked", file=zips[0],
                                 remedy="Deliver it again") from None
    else:
        raise RefusedExtract("a required file is missing", file=name, remedy="Deliver the whole folder again")


def _by_id(files: FileDrop, name: str, *, is_bulk: bool) -> dict[str, dict[str, str]]:
    """{sourcedId: record} of a file; of several with one id the last, which only a delta may have.

    Raises RefusedExtract for a record without an id, and for two of a bulk file that have one id and differ.
    """
    found: dict[str, dict[str, str]] = {}
    for line, record in _records(files, name):
        record |= {column: clean(record[column]) for column in _IDS if column in record}
        if not record["sourcedId"]:
            raise RefusedExtract("the row has no sourcedId", file=name, line=line, column="sourcedId", remedy="Deliver it again")
        if found.setdefault(record["sourcedId"], record) != record and is_bulk:
            raise RefusedExtract("the row has the sourcedId of an earlier one, and differs from it", file=name, line=line,
                                 column="sourcedId", remedy="Deliver it again, with one row for each sourcedId")
        found[record["sourcedId"]] = record
    return found


def _records(files: FileDrop, name: str) -> list[tuple[int, dict[str, str]]]:
    """The rows, each with the line on which it ends."""
    needed = _NEEDED.get(name.rpartition("/")[2].removesuffix(".csv"), ("sourcedId",))
    with _open(files, name) as stream:
        try:
            content = io.BytesIO(whole(name, stream))
            reader = csv.DictReader(io.TextIOWrapper(content, encoding="utf-8-sig", newline=""), strict=True)
            reader.fieldnames = [clean(heading) for heading in reader.fieldnames or []]
            missing = [column for column in needed if column not in reader.fieldnames]
            if missing:
                raise RefusedExtract("a required column is missing", file=name, line=1, column=", ".join(missing),
                                     remedy="Deliver it again")
            records = []
            for row in reader:
                if None in row:
                    raise RefusedExtract("the row has more cells than the heading", file=name, line=reader.line_num,
                                         remedy="Deliver it again")
                if None in row.values():
                    raise RefusedExtract("the row has fewer cells than the heading: the file may be cut off", file=name,
                                         line=reader.line_num, remedy="Deliver the whole file again")
                records.append((reader.line_num, row))
            return records
        except UnicodeDecodeError:
            raise RefusedExtract("the file is not in UTF-8", file=name, remedy="Deliver it again in UTF-8") from None
        except csv.Error:
            raise RefusedExtract("quotes are not closed", file=name, remedy="Deliver it again") from None


def _roles_1p1(user: dict[str, str]) -> dict[str, Any]:
    """Where a user's role and orgs stand in `users.csv`, as the REST service of 1.1 has them."""
    ids = [i for i in map(clean, user.get("orgSourcedIds", "").split(",")) if i]
    return {"orgs": [{"sourcedId": i} for i in ids]} if "orgSourcedIds" in user else {}


def _user_ids(written: str) -> list[dict[str, str]]:
    """`{type:identifier},{type:identifier}` as a list."""
    pairs = (part.strip().strip("{}").split(":", 1) for part in written.split("},") if ":" in part)
    return [{"type": kind.strip(), "identifier": identifier.strip()} for kind, identifier in pairs]

