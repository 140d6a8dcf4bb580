"""A listing that comes page by page is whole, or it is no listing."""

import pytest

from ingest.errors import PullFailed
from ingest.sources.pulled import Listing, Page

ALL = [{"id": str(n)} for n in range(7)]


def read(*, total: int | None = 7, says_next: bool = False, size: int = 3, attempts: int = 2, **changed: list[Page]) -> list[str]:
    """The ids that a listing of seven records gives; `changed`: other pages at an offset, one for each time it is asked for."""
    asked: list[int] = []

    def ask(offset: int) -> Page:
        asked.append(offset)
        others = changed.get(f"at_{offset}", [])
        if asked.count(offset) <= len(others):
            return others[asked.count(offset) - 1]
        return Page(ALL[offset:offset + size], total, offset + size < len(ALL) if says_next else None)

    listing = Listing("server", "people", ask, lambda record: record.get("id"), size, 2, advice="; try at night")
    return [record["id"] for record in listing.read(attempts, lambda came, total: None)]


@pytest.mark.parametrize("total", [7, None])
@pytest.mark.parametrize("says_next", [True, False])
@pytest.mark.parametrize("size", [1, 3, 7, 100])
def test_it_is_whole_however_the_server_shows_its_end(total: int | None, says_next: bool, size: int) -> None:
    assert read(total=total, says_next=says_next, size=size) == [str(n) for n in range(7)]


@pytest.mark.parametrize("page", [
    Page(ALL[2:5], 7), Page(ALL[3:5], 7), Page(ALL[3:6], 8), Page([*ALL[3:5], ALL[4]], 7), Page([], 7)])
def test_pages_that_do_not_fit_together_once_are_all_asked_for_again(page: Page) -> None:
    assert read(at_3=[page]) == [str(n) for n in range(7)]


@pytest.mark.parametrize(("total", "page", "reason"), [
    (7, Page(ALL[2:5], 7), "a record came twice"),
    (None, Page(ALL[0:3]), "a record came twice"),
    (7, Page(ALL[3:6], 8), "7 records became 8"),
    (7, Page(ALL[3:5], 7), "7 records were announced, 5 came"),
])
def test_pages_that_never_fit_together_are_no_listing(total: int | None, page: Page, reason: str) -> None:
    with pytest.raises(PullFailed) as failure:
        read(total=total, at_3=[page, page])
    assert str(failure.value) == (
        f"server: people changed while it was read, 2 times: {reason}. The next run tries again; try at night")


def test_more_than_was_announced_is_no_listing() -> None:
    with pytest.raises(PullFailed, match="6 records were announced, and more are linked to"):
        read(total=6, says_next=True)


def test_records_without_a_name_are_only_counted() -> None:
    listing = Listing("server", "people", lambda offset: Page([{}, {}], 4), lambda record: None, 2, 2)
    assert len(listing.read(1, lambda came, total: None)) == 4
