"""A listing that comes page by page is whole, or it is no listing."""

from threading import Barrier

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


# --- until an empty page ---------------------------------------------------------------------------------------------


def serve(*, cap: int | None, total: int | None, link: bool | None, records: int = 7, size: int = 3, attempts: int = 1,
          concurrency: int = 2) -> tuple[list[str], list[int]]:
    """The ids that a listing until an empty page gives, and the offsets asked for; the server gives `cap` records at most."""
    asked: list[int] = []

    def ask(offset: int) -> Page:
        asked.append(offset)
        return Page([{"id": str(n)} for n in range(records)][offset:offset + min(size, cap or size)], total, link)

    listing = Listing("server", "people", ask, lambda record: record.get("id"), size, concurrency, until_empty=True)
    return [record["id"] for record in listing.read(attempts, lambda came, total: None)], asked


@pytest.mark.parametrize("cap", [None, 1, 2, 3, 100])
@pytest.mark.parametrize("total", [7, None])
@pytest.mark.parametrize("link", [None, False, True])
@pytest.mark.parametrize("size", [1, 3, 7, 100])
def test_until_an_empty_page_nobody_is_lost_whatever_the_server_caps_and_says(
        cap: int | None, total: int | None, link: bool | None, size: int) -> None:
    ids, asked = serve(cap=cap, total=total, link=link, size=size)
    assert ids == [str(n) for n in range(7)]
    step = min(size, cap or size)
    assert sorted(asked) == [*range(0, 7, step), 7]  # each page once, then one that is empty


@pytest.mark.parametrize("cap", [None, 2])
@pytest.mark.parametrize(("total", "reason"), [
    (3, "3 records were announced, [46] or more came"), (6, "6 records were announced, 7 or more came"),
    (4, "4 records were announced, [67] or more came"), (9, "9 records were announced, 7 came"),
    (0, "0 records were announced, [23] or more came")])
def test_a_total_that_is_wrong_is_noticed_both_ways(cap: int | None, total: int, reason: str) -> None:
    with pytest.raises(PullFailed, match=reason):
        serve(cap=cap, total=total, link=False)


@pytest.mark.parametrize("total", [None, 0])
def test_an_empty_first_page_is_an_empty_listing(total: int | None) -> None:
    assert serve(cap=None, total=total, link=True, records=0) == ([], [0])


def test_an_empty_first_page_of_a_listing_that_has_records_is_no_listing() -> None:
    with pytest.raises(PullFailed, match="7 records were announced, 0 came"):
        serve(cap=None, total=7, link=None, records=0)


def test_pages_of_all_sizes_are_followed_by_what_came() -> None:
    sizes = {0: 3, 3: 3, 6: 1, 7: 2, 9: 3, 12: 0}
    for total in (None, 12):
        listing = Listing("server", "people", lambda offset, total=total: Page(
            [{"id": str(n)} for n in range(offset, offset + sizes.get(offset, 3 if offset < 10 else 0))], total),
            lambda record: record["id"], 3, 1, until_empty=True)
        assert [r["id"] for r in listing.read(1, lambda came, total: None)] == [str(n) for n in range(12)]


def test_a_server_that_caps_its_pages_and_states_a_total_is_read_whole_at_its_own_step() -> None:
    """Also without `until_empty`, as FINT is read."""
    asked: list[int] = []

    def ask(offset: int) -> Page:
        asked.append(offset)
        return Page(ALL[offset:offset + 2], 7)

    listing = Listing("server", "people", ask, lambda record: record["id"], 100, 2)
    assert listing.read(1, lambda came, total: None) == ALL and sorted(asked) == [0, 2, 4, 6]


def test_with_a_total_pages_are_asked_for_at_the_same_time() -> None:
    together = Barrier(2, timeout=5)  # breaks unless two requests wait for each other

    def ask(offset: int) -> Page:
        if offset in (3, 6):
            together.wait()
        return Page(ALL[offset:offset + 3], 7)

    listing = Listing("server", "people", ask, lambda record: record["id"], 3, 2, until_empty=True)
    assert listing.read(1, lambda came, total: None) == ALL


def test_a_listing_without_end_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ingest.sources.pulled.MAX_RECORDS", 100)
    for total in (None, 10**9):
        asked: list[int] = []

        def ask(offset: int, total: int | None = total, asked: list[int] = asked) -> Page:
            asked.append(offset)
            return Page([{"id": str(offset)}], total)

        listing = Listing("server", "people", ask, lambda record: record["id"], 100, 2, until_empty=True)
        with pytest.raises(PullFailed, match="server: people has more than 100 records, and does not end"):
            listing.read(3, lambda came, total: None)
        assert len(asked) < 110
