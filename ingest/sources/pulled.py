"""Adapters that pull from a server. They have no days of their own, and are dated the day of the pull.

Belongs here: listings that come page by page, whole or not at all, and tables whose digest does not depend on the order of
the answers. Does not belong here: one request and its retries (`http`), what a record means (the adapters).
"""

from collections.abc import Callable, Generator
from contextlib import closing
from dataclasses import dataclass
from datetime import date
from typing import Any

from ingest.canonical_tables import ExtractKind
from ingest.errors import PullFailed
from ingest.sources.base import Adapter, Digest, RawTable
from ingest.sources.http import in_order

Record = dict[str, Any]

# More than any municipality has users, pupils and guardians included; each takes a kilobyte of memory or two.
MAX_RECORDS = 2_000_000


class PulledAdapter(Adapter):
    """Base of adapters that pull from a server."""

    @property
    def is_pulled(self) -> bool:
        return True

    def days(self, until: date) -> dict[date, str]:
        return {}


@dataclass(frozen=True)
class PulledTables:
    """The tables of one pull. The digest does not depend on the order of the rows."""

    tables: dict[str, RawTable]
    kind: ExtractKind = "full"

    def digest(self, update: Digest) -> None:
        """Call `update` with bytes that identify the content of the tables."""
        for name in sorted(self.tables):
            data = self.tables[name].data
            data = data.sort_by([(c, "ascending") for c in data.column_names]).combine_chunks()
            update(f"|{name}|{data.num_rows}|{','.join(data.column_names)}|".encode())
            for column in data.column_names:
                for value in data.column(column).to_pylist():
                    update(b"\0" if value is None else value.encode() + b"\1")

    def read(self) -> dict[str, RawTable]:
        return self.tables


class ListingChanged(Exception):
    """The pages do not fit together: the listing changed while it was read, or the server's total is wrong."""


@dataclass(frozen=True)
class Page:
    """Some records of a listing; `total` of the listing, and whether more follow: None where the server does not state it."""

    records: list[Record]
    total: int | None = None
    has_next: bool | None = None


@dataclass(frozen=True)
class Listing:
    """A listing of a server that comes page by page.

    `ask` requests the page that begins at an offset; `identity` gives a record's id, to notice one that
    comes twice (None: it has no id). `until_empty`: pages are asked for until an empty one, as the server's total and links may
    be missing or wrong, and its pages shorter than asked for; then every record needs an id. `one` and `many` name the records
    in messages; `advice` ends an error.
    """

    server: str
    name: str
    ask: Callable[[int], Page]
    identity: Callable[[Record], str | None]
    page_size: int
    concurrency: int
    one: str = "a record"
    many: str = "records"
    advice: str = ""
    until_empty: bool = False

    def read(self, attempts: int, progress: Callable[[int, int | None], None]) -> list[Record]:
        """All records. `progress` gets the number read so far, and the total if it is known.

        Raises PullFailed when the pages did not fit together in any of the `attempts`.
        """
        reason = ""
        for _ in range(attempts):
            try:
                return self._read_once(progress)
            except ListingChanged as error:
                reason = str(error)
        raise PullFailed(f"{self.server}: {self.name} changed while it was read, {attempts} times: {reason}. "
                         f"The next run tries again{self.advice}")

    def _read_once(self, progress: Callable[[int, int | None], None]) -> list[Record]:
        records: list[Record] = []
        identities: set[str] = set()
        page, total = Page([]), None
        with closing(self._pages()) as pages:
            for number, page in enumerate(pages):
                if number == 0:
                    total = page.total
                elif total is not None and page.records and page.total is not None and page.total != total:
                    raise ListingChanged(f"{total} {self.many} became {page.total}")
                named = [name for record in page.records if (name := self.identity(record)) is not None]
                if len(records) == total and named and identities.issuperset(named):
                    break  # all had come, and it begins anew: a server that takes no offset
                records.extend(page.records)
                # Checked after each page: a server that repeats a page, or never ends, must not be asked forever.
                if len(set(named)) < len(named) or not identities.isdisjoint(named):
                    raise ListingChanged(f"{self.one} came twice")
                if total is not None and len(records) > total:
                    raise ListingChanged(f"{total} {self.many} were announced, {len(records)} or more came")
                if len(records) > MAX_RECORDS:
                    raise PullFailed(f"{self.server}: {self.name} has more than {MAX_RECORDS:,} {self.many}, and does not end")
                identities.update(named)
                if number > 0:
                    progress(len(records), total)
        if total is not None and len(records) != total:
            raise ListingChanged(f"{total} {self.many} were announced, {len(records)} came")
        if total is not None and page.has_next and not self.until_empty:
            raise ListingChanged(f"{total} {self.many} were announced, and more are linked to")
        return records

    def _pages(self) -> Generator[Page]:
        """The pages in order. With a total on the first page, the others are requested concurrently; else one after the other.

        An offset is the number of records before it, so pages that are shorter than asked for leave nothing out.
        """
        page = self.ask(0)
        total, size, came = page.total, len(page.records), len(page.records)
        yield page
        if total is not None and size:
            for following in in_order(self.ask, range(size, total, size), self.concurrency):
                page = following
                came += len(page.records)
                yield page
                if len(page.records) != size:  # the last; or the offsets after it are wrong
                    break
        while page.records and (self.until_empty or (total is None and self._is_followed(page))):
            page = self.ask(came)
            came += len(page.records)
            yield page

    def _is_followed(self, page: Page) -> bool:
        return len(page.records) >= self.page_size if page.has_next is None else page.has_next
