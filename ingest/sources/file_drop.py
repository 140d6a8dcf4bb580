"""Adapters that read files. `path` is (a) a file or folder that is overwritten in place, dated today, or (b) a folder
with one subfolder per day, dated by its name.

Raw files are read in place; nothing of them is copied. Does not belong here: what the files hold (the adapters).
"""

import hashlib
import re
import zipfile
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date
from io import BufferedReader
from pathlib import Path

from ingest.canonical_tables import ExtractKind
from ingest.cells import clean
from ingest.errors import DeliveryInProgress, PullFailed, RefusedExtract
from ingest.national_ids import redact
from ingest.sources.base import Adapter, Digest, Fetched, Progress, RawTable

MAX_UNPACKED_BYTES = 512 << 20
_WITHIN_LIMITS_BYTES, _MAX_RATIO = 16 << 20, 100
# Windows puts these into every folder that somebody looks at.
_OF_WINDOWS = ("thumbs.db", "desktop.ini")
_AN_ENDING = re.compile(r"\.[A-Za-z]{1,5}\d?")  # no part of a name that might be anybody's
_LIKE_A_DAY = re.compile(r"\d{4}\D?\d{1,2}\D?\d{1,2}|\d{1,2}\D\d{1,2}\D\d{2,4}")


def dated_folders(path: Path, until: date) -> dict[date, Path]:
    """The folders below `path` that are named YYYY-MM-DD, at the latest `until`."""
    folders = {}
    for folder in sorted(path.iterdir()) if path.is_dir() else []:
        try:
            day = date.fromisoformat(folder.name)
        except ValueError:
            continue
        if folder.name == day.isoformat() and day <= until and folder.is_dir():
            folders[day] = folder
    return folders


@dataclass(frozen=True)
class FileDrop:
    """The files of one day: their paths by name, and the day of the extract that is made of them, once they are fetched."""

    paths: dict[str, Path]
    day: date | None = None

    def names(self) -> list[str]:
        return sorted(self.paths)

    @contextmanager
    def open(self, name: str) -> Iterator[BufferedReader]:
        with self.paths[name].open("rb") as stream:
            yield stream

    def signature(self) -> str:
        """Changes when a file is written or replaced; made from the file system's metadata alone."""
        stats = {name: path.stat() for name, path in self.paths.items()}
        return "|".join(f"{n}:{s.st_size}:{s.st_mtime_ns}:{s.st_ctime_ns}:{s.st_ino}" for n, s in stats.items())


@dataclass(frozen=True)
class FileDropContent:
    """The files of one day; the adapter reads them when `read` is called."""

    adapter: "FileDropAdapter"
    files: FileDrop
    progress: Progress
    signature: str
    kind: ExtractKind = "full"

    def digest(self, update: Digest) -> None:
        """Call `update` with bytes that identify the content of the files."""
        for name in self.files.names():
            with self.files.open(name) as stream:
                update(f"|{name}|".encode() + hashlib.file_digest(stream, hashlib.sha256).digest())

    def read(self) -> dict[str, RawTable]:
        """The canonical tables. Raises RefusedExtract, and DeliveryInProgress when a file changes meanwhile."""
        tables = self.adapter.read_files(self.files, self.progress)
        if self.files.signature() != self.signature:
            raise DeliveryInProgress("a file changed while it was read")
        return tables


class FileDropAdapter(Adapter):
    """Base of adapters that read files whose names end with one of `suffixes`."""

    suffixes: tuple[str, ...] = ()

    def __init__(self, path: Path):
        self.path = path

    @property
    def is_pulled(self) -> bool:
        """Whether the path holds no folder of a day: its files then show the state of the day they are read."""
        return not dated_folders(self.path, date.max)

    def days(self, until: date) -> dict[date, str]:
        """{day up to `until` that has a folder: signature of its files}; other folders are ignored."""
        return {day: self.files(folder).signature() for day, folder in dated_folders(self.path, until).items()}

    def passed_over(self, until: date) -> list[str]:
        """Names at the path that are no day up to `until`; hidden files are not told.

        Where the path itself is read, and no folder of a day is there, these are only folders whose names look like days.
        """
        if not self.path.is_dir():
            return []
        read = dated_folders(self.path, until).values()
        is_undated = self.is_pulled
        return [redact(entry.name) for entry in sorted(self.path.iterdir())
                if entry not in read and not entry.name.startswith((".", "~")) and entry.name.lower() not in _OF_WINDOWS
                and not (is_undated and not (entry.is_dir() and _LIKE_A_DAY.search(entry.name)))]

    def fetch(self, day: date, signature: str | None, progress: Progress, *, few: bool = False) -> Fetched:
        """The files of one day. Raises PullFailed when there is none."""
        path = self.path if signature is None else self.path / day.isoformat()
        files = replace(self.files(path), day=day)
        if not files.paths:
            listed = f", but {lies}" if (lies := what_lies_in(path)) else ""
            raise PullFailed(f"{path}: there is no file ending in {' or '.join(self.suffixes)}{listed}; look at `path`")
        return FileDropContent(self, files, progress, files.signature())

    def read_files(self, files: FileDrop, progress: Progress) -> dict[str, RawTable]:
        """The canonical tables of the files. Raises RefusedExtract."""
        raise NotImplementedError

    def files(self, path: Path) -> FileDrop:
        """The files to read at `path`: itself, or those in the folder that it is."""
        if path.is_dir():
            return FileDrop({p.name: p for p in sorted(path.iterdir()) if p.is_file()
                             and p.name.lower().endswith(self.suffixes) and not p.name.startswith((".", "~"))})
        return FileDrop({path.name: path} if path.is_file() else {})


class OneFileEach:
    """Which file of a delivery each of some things stands in. Yesterday's file beside today's would keep whoever has left."""

    def __init__(self, what: str):
        self._what = what
        self._files: dict[str, str] = {}

    def stands(self, key: str | None, file: str, line: int | None) -> None:
        """Raise RefusedExtract where it stands in an earlier file, too."""
        if key and (earlier := self._files.setdefault(clean(key), file)) != file:
            raise RefusedExtract(f"{self._what} stands in two files, in {earlier} too", file=file, line=line,
                                 remedy="Leave one day's files in the folder, or put each day's into a folder of its own")


def what_lies_in(path: Path) -> str:
    """The files of a folder, counted by how their names end, as "2 ending in .xls"; empty where there is none."""
    endings = Counter(p.suffix.lower() if _AN_ENDING.fullmatch(p.suffix) else "something else" for p in path.iterdir()
                      if p.is_file() and not p.name.startswith((".", "~")) and p.name.lower() not in _OF_WINDOWS
                      ) if path.is_dir() else Counter()
    return " and ".join(f"{count} ending in {ending}" for ending, count in sorted(endings.items()))


def is_bomb(archive: zipfile.ZipFile) -> bool:
    """Whether a zip unpacks to more than the limits for its size; a member never gives more bytes than its entry states."""
    packed = sum(i.compress_size for i in archive.infolist())
    unpacked = sum(i.file_size for i in archive.infolist())
    return unpacked > MAX_UNPACKED_BYTES or (unpacked > _WITHIN_LIMITS_BYTES and unpacked > _MAX_RATIO * packed)
