"""Files that lie somewhere and are overwritten: `path` is a file or a folder of files, dated the day they are read, or a
folder of folders named as days, each dated by its name, as with the csv adapter.

A raw file is read where it lies; nothing of it is copied.
"""

import hashlib
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import BinaryIO

from ingest.canonical_tables import ExtractKind
from ingest.errors import DeliveryInProgress, PullFailed
from ingest.sources.base import Digest, Progress, RawTable
from ingest.sources.csv_folder import dated_folders

MAX_UNPACKED_BYTES = 512 << 20
_ALWAYS_HONEST_BYTES, _MAX_RATIO = 16 << 20, 100


@dataclass(frozen=True)
class LyingFiles:
    """The files of one day, by name, where they lie."""

    paths: dict[str, Path]

    def names(self) -> list[str]:
        return sorted(self.paths)

    @contextmanager
    def open(self, name: str) -> Iterator[BinaryIO]:
        with self.paths[name].open("rb") as stream:
            yield stream

    def signature(self) -> str:
        stats = {n: p.stat() for n, p in sorted(self.paths.items())}
        return "|".join(f"{n}:{s.st_size}:{s.st_mtime_ns}:{s.st_ino}" for n, s in stats.items())


@dataclass
class LyingContent:
    """What an adapter read from the files of one day; they are read once, when asked for."""

    adapter: "Lying"
    files: LyingFiles
    say: Progress
    signature: str
    kind: ExtractKind = "full"

    def digest(self, update: Digest) -> None:
        for name in self.files.names():
            with self.files.open(name) as stream:
                update(f"|{name}|".encode() + hashlib.file_digest(stream, hashlib.sha256).digest())

    def read(self) -> dict[str, RawTable]:
        tables = self.adapter.read_files(self.files, self.say)
        if self.files.signature() != self.signature:
            raise DeliveryInProgress("a file changed while it was read")
        return tables


class Lying:
    """Base of adapters that read files. `suffixes` of those it reads."""

    suffixes: tuple[str, ...] = ()

    def __init__(self, path: Path):
        self.path = path

    @property
    def is_pulled(self) -> bool:
        """Files without a day in their path show what is so when they are read."""
        return not dated_folders(self.path, date.max)

    def days(self, until: date) -> dict[date, str]:
        return {day: self._files(folder).signature() for day, folder in dated_folders(self.path, until).items()}

    def fetch(self, day: date, signature: str | None, say: Progress, *, few: bool = False) -> LyingContent:
        files = self._files(self.path if signature is None else self.path / day.isoformat())
        if not files.paths:
            raise PullFailed(f"{self.path}: there is no file ending in {' or '.join(self.suffixes)}; look at `path`")
        return LyingContent(self, files, say, files.signature())

    def read_files(self, files: LyingFiles, say: Progress) -> dict[str, RawTable]:
        """The canonical tables of the files. Raises RefusedExtract."""
        raise NotImplementedError

    def _files(self, path: Path) -> LyingFiles:
        if path.is_dir():
            return LyingFiles({p.name: p for p in path.iterdir() if p.is_file() and p.name.lower().endswith(self.suffixes)
                               and not p.name.startswith((".", "~"))})
        return LyingFiles({path.name: path} if path.is_file() else {})


def is_bomb(archive: zipfile.ZipFile) -> bool:
    """Whether a zip unpacks to more than any honest one of its size; a member never gives more than it says."""
    packed = sum(i.compress_size for i in archive.infolist())
    unpacked = sum(i.file_size for i in archive.infolist())
    return unpacked > MAX_UNPACKED_BYTES or (unpacked > _ALWAYS_HONEST_BYTES and unpacked > _MAX_RATIO * packed)
