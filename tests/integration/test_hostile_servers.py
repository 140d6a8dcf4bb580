"""Servers on hostile days, over real sockets: the right records, or one failed pull that names its source and shows nothing."""

import gzip
import json
import logging
import time
import zlib
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, date, datetime
from email.utils import format_datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import SecretStr, TypeAdapter

from demo.people import national_id
from ingest.errors import PullFailed, Unforeseen
from ingest.sources import pulled
from ingest.sources.base import Adapter
from ingest.sources.catalogue import AdapterSettings, make_adapter, make_source
from ingest.sources.http import Client, HttpSettings, OAuth, answers, json_body
from tests.support.raw_server import Answer, RawServer, http_answer
from tests.support.taking_in import FEW, broken

DAY = date(2025, 3, 10)
SECRET, TOKEN, NUMBER = "my-secret-word", "token-of-mine", national_id(7)
BODY = b'{"told": "whole"}'
CELL = f"Kari Oppdikta {NUMBER}"  # stands wherever a server can put something
Hidden = (SECRET, TOKEN, NUMBER, "Oppdikta", "oppdikta")


class Settings(HttpSettings):
    """Settings of a source of these tests."""

    adapter: str = "hostile"
    backoff_seconds: float = 0
    attempts: int = 2
    read_timeout_seconds: float = 5


def failed(pull: Callable[[], object], caplog: pytest.LogCaptureFixture | None = None) -> str:
    """The text of the failed pull, which names its source and shows nothing of what came."""
    with pytest.raises(PullFailed) as failure:
        pull()
    text = str(failure.value)
    assert not isinstance(failure.value, Unforeseen), text
    assert text.startswith(("hostile: ", "fint: ", "oneroster: ", "visma_hrm: ")) and len(text) < 500
    assert not [h for h in Hidden if h in text or h in repr(failure.value)]
    assert failure.value.__cause__ is None and (failure.value.__context__ is None or failure.value.__suppress_context__)
    if caplog:
        assert not [h for h in Hidden if h in caplog.text]
    return text


def get(url: str, **changed: Any) -> Any:
    return Client("hostile", Settings(**changed)).get(f"{url}/people", json_body)


# --- heads and bodies ------------------------------------------------------------------------------------------------

REDIRECTS = {
    "no address": ("http://[", "redirects to what is no address"),
    "a port that is none": ("http://127.0.0.1:99999999/", "redirects to what is no address"),
    "nothing": ("", "redirects in circles"),
    "a script": ("javascript:alert('Oppdikta')", "redirects to what is no address"),
    "very long": ("http://127.0.0.1/" + "x" * 10_000_000, "the connection breaks off"),
    "long": ("http://" + "x" * 10_000 + ".test/", "redirects to what is no address"),
    "another host": ("https://elsewhere.test/Oppdikta", "redirects to https://elsewhere.test, and credentials are not sent"),
    "another port": ("http://127.0.0.1:1/", "redirects to http://127.0.0.1:1, and credentials are not sent along"),
    "a name as host": (f"http://{CELL}/", "redirects to what is no address"),
    "a file": ("file:///etc/passwd", "redirects to what is no address"),
    "a line break": ("http://127.0.0.1\r\n /Oppdikta", "redirects to what is no address"),
    "a user": (f"http://{SECRET}@127.0.0.1:1/", "redirects to http://127.0.0.1:1, and credentials are not sent along"),
}


@pytest.mark.parametrize("kind", REDIRECTS)
def test_a_redirect_to_anywhere_is_one_error(kind: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    location, message = REDIRECTS[kind]
    with RawServer(lambda head, body: http_answer(b"", "302 Found", f"Location: {location}")) as server:
        assert message in failed(lambda: get(server.url), caplog)


def test_a_redirect_from_https_to_http_is_not_followed() -> None:
    client = Client("hostile", Settings())
    assert "credentials are not sent along" in failed(lambda: client._redirected("https://a.test/x", "http://a.test/x"))
    assert client._redirected("https://a.test/x", "/y") == "https://a.test/y"


WHOLE = "whole"
BREAKS_OFF = "the connection breaks off"
ANSWERS: dict[str, tuple[bytes, str]] = {
    "control characters in headers": (http_answer(BODY, "200 OK", f"X-Total-Count: \x00\x07{CELL}"), WHOLE),
    "a header that is none": (http_answer(BODY, "200 OK", CELL, "X: y"), WHOLE),
    "a thousand headers": (http_answer(BODY, "200 OK", *["X: y"] * 1000), BREAKS_OFF),
    "a cookie with a line break": (http_answer(b"", "503 Busy", "Set-Cookie: a=b\r\n c; path=/"), "status 503"),
    "too short a length": (http_answer(BODY, "200 OK", "Content-Length: 5", length=False), "broken JSON"),
    "too long a length": (http_answer(BODY, "200 OK", "Content-Length: 500", length=False), BREAKS_OFF),
    "a negative length": (http_answer(BODY, "200 OK", "Content-Length: -5", length=False), WHOLE),
    "two lengths": (http_answer(BODY, "200 OK", "Content-Length: 5"), BREAKS_OFF),
    "a length in words": (http_answer(BODY, "200 OK", f"Content-Length: {CELL}", length=False), WHOLE),
    "a transfer of its own": (http_answer(BODY, "200 OK", f"Transfer-Encoding: {CELL}"), WHOLE),
    "chunks that are none": (http_answer(BODY, "200 OK", "Transfer-Encoding: chunked"), BREAKS_OFF),
    "a negative chunk": (http_answer(b"-5\r\n" + BODY, "200 OK", "Transfer-Encoding: chunked", length=False), "makes no sense"),
    "a chunk without an end": (http_answer(b"f" * 100_000, "200 OK", "Transfer-Encoding: chunked", length=False), BREAKS_OFF),
    "an unknown charset": (http_answer(BODY, "200 OK", f"Content-Type: text/json; charset={CELL}"), WHOLE),
    "gzip that is none": (http_answer(BODY, "200 OK", "Content-Encoding: gzip"), "the compressed answer is broken"),
    "half a gzip": (http_answer(gzip.compress(BODY)[:20], "200 OK", "Content-Encoding: gzip"), "broken JSON"),
    "an unknown encoding": (http_answer(BODY, "200 OK", f"Content-Encoding: {CELL}"), WHOLE),
    "ever the same encoding": (http_answer(BODY, "200 OK", f"Content-Encoding: {', '.join(['gzip'] * 50)}"),
                               "the compressed answer is broken"),
    "no UTF-8": (http_answer(b'{"told": "\xff\xfe"}'), "broken JSON"),
    "deep JSON": (http_answer(b"[" * 1_000_000), "broken JSON"),
    "a number of a million digits": (http_answer(b"1" * 1_000_000), "broken JSON"),
    "a web page": (http_answer(f"  <html>{CELL}".encode()), "a web page instead of data"),
    "processing": (http_answer(BODY, "102 Processing"), "answers 102: that is no answer to what was asked"),
    "switching protocols": (http_answer(BODY, "101 Switching Protocols"), "answers 101: that is no answer"),
    "no content": (http_answer(b"", "204 No Content"), "answers 204: that is no answer to what was asked"),
    "a part": (http_answer(BODY, "206 Partial Content"), "answers 206: that is no answer to what was asked"),
    "not modified": (http_answer(b"", "304 Not Modified"), "answers 304: that is no answer to what was asked"),
    "a redirect to nowhere": (http_answer(b"", "302 Found"), "answers 302: that is no answer to what was asked"),
    "a teapot": (http_answer(json.dumps({"error": CELL}).encode(), "418 Oppdikta"), "answers 418: it refuses"),
    "status 999": (http_answer(BODY, "999 Oppdikta"), "answers 999: it refuses"),
    "a status that is none": (f"HTTP/1.1 {CELL}\r\n\r\n".encode(), BREAKS_OFF),
    "no HTTP": (CELL.encode() * 100_000, BREAKS_OFF),
    "HTTP of the future": (b"HTTP/9.9 200 OK\r\n\r\n" + BODY, BREAKS_OFF),
    "nothing": (b"", BREAKS_OFF),
    "half a head": (b"HTTP/1.1 200 OK\r\nContent-", "broken JSON"),
    "continue for ever": (b"HTTP/1.1 100 Continue\r\n\r\n" * 200_000 + http_answer(BODY), BREAKS_OFF),
}


@pytest.mark.parametrize("kind", ANSWERS)
def test_an_answer_of_any_kind_is_read_or_is_one_error(kind: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    answer, expected = ANSWERS[kind]
    with RawServer(lambda head, body: answer) as server:
        if expected == WHOLE:
            assert get(server.url) == {"told": "whole"}
        else:
            assert expected in failed(lambda: get(server.url), caplog)
    assert not [h for h in Hidden if h in caplog.text]


# --- waits ------------------------------------------------------------------------------------------------------------

IN_A_CENTURY = format_datetime(datetime(2125, 1, 1, tzinfo=UTC), usegmt=True)
LONG_AGO = format_datetime(datetime(2015, 1, 1, tzinfo=UTC), usegmt=True)


@pytest.mark.parametrize("asked", ["-5", LONG_AGO, "NaN", "Infinity", "soon, Oppdikta", "", "0x10", "1" * 5000,
                                   "Mon, 99 Foo 99999 99:99:99"])
def test_a_wait_that_makes_no_sense_is_not_waited(asked: str) -> None:
    """The server is asked again after the usual wait, here none."""
    def answer(head: str, body: bytes) -> Answer:
        return http_answer(BODY) if len(server.requests) > 1 else http_answer(b"", "429 Slowly", f"Retry-After: {asked}")

    with RawServer(answer) as server:
        assert get(server.url) == {"told": "whole"}


@pytest.mark.parametrize("asked", [IN_A_CENTURY, "1" + "0" * 400, "301"])
def test_a_wait_that_is_too_long_is_not_waited_but_an_error(asked: str) -> None:
    with RawServer(lambda head, body: http_answer(b"", "503 Busy", f"Retry-After: {asked}")) as server:
        assert "more than `max_retry_after_seconds`" in failed(lambda: get(server.url))
        assert len(server.requests) == 1


# --- the deadline of a pull ------------------------------------------------------------------------------------------

SOON = 0.3 / 60  # minutes
LATE = f"the pull is not done after {SOON:g} minutes (`max_pull_minutes`)"
PERSON = b"<person><employments><employment><employeeId>1</employeeId></employment></employments></person>"


def xml_head(*headers: str) -> bytes:
    return http_answer(b"", "200 OK", *headers, length=False).replace(b"application/json", b"application/xml")


DRIPS: dict[str, Callable[[RawServer], Iterable[bytes]]] = {
    "a status line": lambda server: server.drip(b"H"),
    "headers": lambda server: server.drip(b"X: y\r\n", before=b"HTTP/1.1 200 OK\r\n"),
    "continue": lambda server: server.drip(b"HTTP/1.1 100 Continue\r\n\r\n"),
    "a body": lambda server: server.drip(b" ", before=http_answer(b"", length=False)),
    "a body of a length": lambda server: server.drip(b" ", before=http_answer(
        b"", "200 OK", "Content-Length: 90000", length=False)),
    "chunks": lambda server: server.drip(b"1\r\n \r\n", before=http_answer(
        b"", "200 OK", "Transfer-Encoding: chunked", length=False)),
    "the body of a refusal": lambda server: server.drip(b" ", before=http_answer(b"", "500 No", length=False)),
    "nothing at all": lambda server: server.drip(b""),
}


@pytest.mark.parametrize("kind", DRIPS)
def test_however_slowly_bytes_drip_a_pull_ends_at_its_deadline(kind: str) -> None:
    with RawServer(lambda head, body: DRIPS[kind](server)) as server:
        began = time.monotonic()
        text = failed(lambda: get(server.url, max_pull_minutes=SOON, attempts=100, backoff_seconds=0.1))
        assert time.monotonic() - began < 2
        assert LATE in text and " MB in all, and it was at http://127.0.0.1" in text


def test_an_error_page_that_drips_is_left_at_the_deadline() -> None:
    with RawServer(lambda head, body: server.drip(b" ", before=http_answer(b"", "403 No", length=False))) as server:
        assert "answers 403: the credentials are right" in failed(lambda: get(server.url, max_pull_minutes=SOON))


def test_the_deadline_holds_for_a_stream_of_xml_for_tokens_and_for_the_wait_between_attempts() -> None:
    with RawServer(lambda head, body: server.drip(PERSON, before=xml_head() + b"<persons>")) as server:
        assert LATE in failed(lambda: pull(server, "visma_hrm", max_pull_minutes=SOON))
    with RawServer(lambda head, body: server.drip(b" ", before=http_answer(b"", length=False))) as server:
        text = failed(lambda: pull(server, "fint", max_pull_minutes=SOON))
        assert LATE in text and "1 answers" in text
    with RawServer(lambda head, body: http_answer(b"", "503 Busy", "Retry-After: 200")) as server:
        began = time.monotonic()
        assert "not done after 1 minutes" in failed(lambda: get(server.url, max_pull_minutes=1))
        assert time.monotonic() - began < 5  # a wait that would pass the deadline is not begun


def test_pages_of_new_people_without_end_are_one_error(monkeypatch: pytest.MonkeyPatch) -> None:
    def answer(head: str, body: bytes) -> Answer:
        if "/token" in head:
            return http_answer(json.dumps({"access_token": TOKEN}).encode())
        users = [{"sourcedId": f"{len(server.requests)}-{n}"} for n in range(100)]
        return http_answer(json.dumps({"orgs": users, "users": users}).encode())

    with RawServer(answer) as server:
        assert LATE in failed(lambda: pull(server, "oneroster", max_pull_minutes=SOON))
        monkeypatch.setattr(pulled, "MAX_RECORDS", 1000)
        assert failed(lambda: pull(server, "oneroster")) == "oneroster: orgs has more than 1,000 records, and does not end"


def test_a_total_of_a_billion_costs_nothing() -> None:
    def answer(head: str, body: bytes) -> Answer:
        if "/token" in head:
            return http_answer(json.dumps({"access_token": TOKEN}).encode())
        return http_answer(json.dumps({"total_items": 10**30, "_embedded": {"_entries": [
            {"_links": {"self": [{"href": "/x"}]}}] if "offset=0" in head else []}}).encode())

    with RawServer(answer) as server:
        assert "were announced, 1 came" in failed(lambda: pull(server, "fint", attempts=1))
        assert len(server.requests) < 10


# --- too much --------------------------------------------------------------------------------------------------------


def bomb(begin: bytes, piece: bytes, megabytes: int) -> bytes:
    """A gzip that unpacks to many megabytes of pieces."""
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    block = piece * ((1 << 20) // len(piece))
    return packer.compress(begin) + b"".join(packer.compress(block) for _ in range(megabytes)) + packer.flush()


def test_a_small_gzip_that_unpacks_to_gigabytes_is_left_at_the_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    packed = bomb(b"", b" ", 80)
    assert len(packed) < 100_000
    for status, message in (("200 OK", "an answer is larger than any page of data; look at `url`"), ("302 Found", "answers 302")):
        with RawServer(lambda head, body, status=status: http_answer(packed, status, "Content-Encoding: gzip")) as server:
            assert message in failed(lambda: get(server.url))
            assert len(server.requests) == 1
    monkeypatch.setattr(answers, "_MAX_STREAM_BYTES", 3 << 20)
    people = http_answer(bomb(b"<persons>", PERSON, 5), "200 OK", "Content-Encoding: gzip").replace(b"/json", b"/xml")
    with RawServer(lambda head, body: people) as server:
        assert "larger than that of any municipality; look at `url`" in failed(lambda: pull(server, "visma_hrm"))
        assert len(server.requests) == 1


# --- tokens ----------------------------------------------------------------------------------------------------------


def client(server: RawServer, **changed: Any) -> Client:
    values = Settings(**changed)
    return Client("hostile", values, oauth=OAuth("hostile", values, token_url=f"{server.url}/token", client_id="me",
                                                 client_secret=SecretStr(SECRET), scope=None))


NO_TOKEN = "/token gives no token; look at `token_url` (status 200)"
TOKENS: dict[str, tuple[bytes, str]] = {
    **{f"a token that is {name}": (http_answer(json.dumps({"access_token": value}).encode()), NO_TOKEN) for name, value in {
        "a number": 5, "null": None, "a list": [TOKEN], "empty": "", "true": True, "an object": {"token": TOKEN},
        "two lines": f"{TOKEN}\r\nX: y", "with a space": f"{TOKEN} x", "not of latin letters": f"{TOKEN}Ж",
        "of latin letters": f"{TOKEN}ø", "half a pair": "\ud800", "endless": "x" * 100_000}.items()},
    "fifty megabytes": (http_answer(json.dumps({"access_token": "x" * 50_000_000}).encode()),
                        "an answer is larger than any page of data"),
    "a web page": (http_answer(f"<html>{CELL}".encode()), NO_TOKEN),
    "a list": (http_answer(b"[1]"), NO_TOKEN),
    "a number": (http_answer(b"1" * 10_000), NO_TOKEN),
    "no text": (http_answer(b"\xff\xfe\x00"), NO_TOKEN),
    "nothing": (http_answer(b"", "204 No Content"), "gives no token; look at `token_url` (status 204)"),
    "a redirect": (http_answer(b"", "307 Over There", "Location: https://elsewhere.test"), "(status 307)"),
    "an error that is a name": (http_answer(json.dumps({"error": CELL}).encode(), "400 No"), "refuses (no reason given)"),
    "an error that is a list": (http_answer(b'{"error": [1]}', "400 No"), "refuses (no reason given); look at client id"),
    "a wrong grant": (http_answer(b'{"error": "invalid_grant"}', "400 No"), "refuses (invalid_grant); look at client id"),
    "a fault": (http_answer(b"", "502 Bad Gateway"), "2 times: the token server http://127.0.0.1"),
    "a broken answer": (http_answer(BODY, "200 OK", "Content-Encoding: gzip"), ": the compressed answer is broken"),
    "no HTTP": (CELL.encode(), ": the connection breaks off"),
}


@pytest.mark.parametrize("kind", TOKENS)
def test_a_token_of_any_kind_is_one_error(kind: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    answer, message = TOKENS[kind]
    with RawServer(lambda head, body: answer) as server:
        assert message in failed(lambda: client(server).get(f"{server.url}/people", json_body), caplog)


@pytest.mark.parametrize("expires", ["abc", None, -1, 10**400, float("nan"), [], {}])
def test_when_a_token_expires_is_of_no_interest(expires: object) -> None:
    def answer(head: str, body: bytes) -> Answer:
        if "/token" in head:
            return http_answer(json.dumps({"access_token": TOKEN, "expires_in": expires, "token_type": 7}).encode())
        return http_answer(BODY) if f"Bearer {TOKEN}" in head else http_answer(b"", "401 No")

    with RawServer(answer) as server:
        assert client(server).get(f"{server.url}/people", json_body) == {"told": "whole"}


@pytest.mark.parametrize("refusal", [
    http_answer(b"", "401 No"), http_answer(b'{"error": "invalid_client"}', "401 No"),
    http_answer(b'{"error": "invalid_client"}', "400 No"), http_answer(b'{"error": "invalid_request"}', "400 No")])
def test_a_token_server_that_takes_only_basic_is_found_out_and_remembered(refusal: bytes) -> None:
    ways: list[str] = []

    def answer(head: str, body: bytes) -> Answer:
        if "/token" not in head:
            return http_answer(b"", "401 No") if len(ways) < 3 else http_answer(BODY)
        ways.append("basic" if "Authorization: Basic bWU6bXktc2VjcmV0LXdvcmQ=" in head and b"client_" not in body.replace(
            b"client_credentials", b"") else "form")
        return refusal if ways[-1] == "form" else http_answer(json.dumps({"access_token": TOKEN}).encode())

    with RawServer(answer) as server:
        assert client(server).get(f"{server.url}/people", json_body) == {"told": "whole"}
    assert ways == ["form", "basic", "basic"]  # the token was refused once, and renewed


@pytest.mark.parametrize(("by_form", "by_basic", "tries", "shown"), [
    ("invalid_client", "invalid_client", 2, "invalid_client"),
    ("invalid_client", "invalid_request", 2, "invalid_client"),
    ("invalid_request", "invalid_scope", 2, "invalid_scope"),
    ("invalid_scope", "invalid_client", 1, "invalid_scope"),
])
def test_a_token_that_is_refused_both_ways_says_look_at_the_client(by_form: str, by_basic: str, tries: int, shown: str) -> None:
    def answer(head: str, body: bytes) -> Answer:
        return http_answer(json.dumps({"error": by_basic if "Authorization: Basic" in head else by_form}).encode(), "400 No")

    with RawServer(answer) as server:
        text = failed(lambda: client(server).get(f"{server.url}/people", json_body))
        assert f"refuses ({shown}); look at client id, client secret, scope and tenant. A secret may have expired" in text
        assert len(server.requests) == tries


# --- adapters --------------------------------------------------------------------------------------------------------

URLS = {"visma_hrm": "/hrm_ws", "fint": "", "oneroster": ""}


def adapter(server: RawServer, name: str, **changed: Any) -> Adapter:
    values: dict[str, Any] = {
        "adapter": name, "url": server.url, "token_url": f"{server.url}/token", "client_id": "me", "client_secret": SECRET,
        "username": "me", "password": SECRET, "company": "1", "backoff_seconds": 0, "attempts": 2, **changed}
    unknown = {"visma_hrm": ("token_url", "client_id", "client_secret"), "fint": ("company",),
               "oneroster": ("company", "username", "password")}[name]
    made = TypeAdapter(AdapterSettings).validate_python({k: v for k, v in values.items() if k not in unknown})
    return make_adapter("vfs" if name == "oneroster" else "hrm", made)


def pull(server: RawServer, name: str, **changed: Any) -> dict[str, list[dict[str, Any]]]:
    return {table: raw.data.to_pylist()
            for table, raw in adapter(server, name, **changed).fetch(DAY, None, lambda _: None).read().items()}


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | st.sampled_from(
        ["\ud800", "2025-03-09", "1" * 99]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3), max_leaves=8)
ENTRIES = {
    "fint": {
        "_links": {"self": [{"href": "/a/1"}], "person": [{"href": "/a/1"}], "personalressurs": [{"href": "/a/1"}],
                   "arbeidssted": [{"href": "/a/1"}], "overordnet": [{"href": "/a/1"}], "skole": [{"href": "/a/1"}]},
        "ansattnummer": {"identifikatorverdi": "1"}, "fodselsnummer": {"identifikatorverdi": NUMBER}, "systemId": {
            "identifikatorverdi": "1"}, "navn": {"fornavn": "Test", "etternavn": "Testesen"}, "kontaktinformasjon": {
            "epostadresse": "a@b.invalid"}, "gyldighetsperiode": {"start": "2020-08-01T00:00:00Z", "slutt": None},
        "arbeidsforholdsperiode": {"start": "2020-08-01"}, "ansettelsesperiode": {"start": "2020-08-01"},
        "arbeidsforholdstype": "S", "stillingstittel": "Test", "ansettelsesprosent": 10000,
        "organisasjonsnummer": {"identifikatorverdi": "974000001"}, "organisasjonsId": {"identifikatorverdi": "1"}},
    "oneroster": {
        "sourcedId": "1", "status": "active", "enabledUser": "true", "identifier": "1", "givenName": "Test",
        "familyName": "Testesen", "email": "a@b.invalid", "name": "Lia skole", "type": "school", "parent": {"sourcedId": "1"},
        "userIds": [{"type": "national_id", "identifier": NUMBER}], "metadata": {"x": "y"}, "role": "teacher",
        "orgs": [{"sourcedId": "1"}],
        "roles": [{"role": "teacher", "org": {"sourcedId": "1"}, "beginDate": "2020-08-01", "endDate": "2030-07-31"},
                  {"role": "districtAdministrator", "org": {"sourcedId": "1"}}]},
}


@st.composite
def bent(draw: st.DrawFn, value: Any) -> Any:
    """The value, with anything in some places."""
    if draw(st.integers(0, 19)) == 0:
        return draw(ANYTHING)
    if isinstance(value, dict):
        return {k: draw(bent(v)) for k, v in value.items()}
    return [draw(bent(v)) for v in value] if isinstance(value, list) else value


def page(name: str, listing: str, entries: list[Any]) -> Any:
    return {"total_items": len(entries), "_embedded": {"_entries": entries}} if name == "fint" else {listing: entries}


@pytest.fixture(scope="module")
def any_body() -> Iterator[RawServer]:
    """A server that gives a token, and one answer to all else (set as `answer.body`) but the pages after the first."""
    with RawServer(lambda head, body: b"") as server:
        yield server


def serve(server: RawServer, give: Callable[[str], bytes]) -> None:
    def answer(head: str, body: bytes) -> Answer:
        if "/token" in head:
            return http_answer(json.dumps({"access_token": TOKEN}).encode())
        listing = head.split("?")[0].rpartition("/")[2]
        return http_answer(give(listing if "offset=0" in head or "offset" not in head else ""))

    server.answer = answer


def right_or_one_error(server: RawServer, name: str) -> bool:
    """Whether the pull gave tables; else it failed with one error."""
    try:
        tables = pull(server, name, attempts=1)
    except PullFailed as error:
        assert str(error).startswith(f"{name}: ") and not [h for h in Hidden if h in str(error)]
        return False
    assert all(value is None or isinstance(value, str) for rows in tables.values() for row in rows for value in row.values())
    return True


@pytest.mark.parametrize("name", ["fint", "oneroster", "visma_hrm"])
@given(body=st.binary(max_size=300) | ANYTHING.map(lambda value: json.dumps(value).encode()))
@settings(FEW, max_examples=60)
def test_any_body_gives_a_right_extract_or_one_error(any_body: RawServer, name: str, body: bytes) -> None:
    serve(any_body, lambda listing: body)
    assert not right_or_one_error(any_body, name)


@pytest.mark.parametrize("name", ["fint", "oneroster"])
@given(data=st.data())
@settings(FEW, max_examples=150)
def test_records_bent_in_any_way_give_a_right_extract_or_one_error(any_body: RawServer, name: str, data: st.DataObject) -> None:
    entries = data.draw(st.lists(bent(ENTRIES[name]), max_size=3))
    serve(any_body, lambda listing: json.dumps(page(name, listing, entries if listing else [])).encode())
    right_or_one_error(any_body, name)


PEOPLE = (b"<persons><person personIdHRM='1'><givenName>Test</givenName><familyName>Testesen</familyName><ssn>" + NUMBER.encode()
          + b"</ssn><employments><employment><employeeId>1</employeeId><positions><position><positionPercentage>100.0"
          b"</positionPercentage><positionStartDate>2020-08-01</positionStartDate><positionInfo><positionCode positionId='1'/>"
          b"</positionInfo><positionStatistics><businessNumber value='974000001'/></positionStatistics></position></positions>"
          b"</employment></employments></person></persons>")


@given(body=broken(PEOPLE))
@settings(FEW, max_examples=100)
def test_xml_damaged_in_any_way_gives_a_right_extract_or_one_error(any_body: RawServer, body: bytes) -> None:
    serve(any_body, lambda listing: body)
    right_or_one_error(any_body, "visma_hrm")


# --- a mistake of the program ----------------------------------------------------------------------------------------


def test_a_mistake_in_an_adapter_fails_its_source_and_says_where_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    def mistaken(*_: object) -> None:
        raise KeyError(CELL)

    monkeypatch.setattr("ingest.sources.fint.Fint._page", mistaken)
    with RawServer(lambda head, body: http_answer()) as server:
        with pytest.raises(KeyError):  # tests of an adapter see the mistake itself
            pull(server, "fint")
        values = TypeAdapter(AdapterSettings).validate_python({
            "adapter": "fint", "url": server.url, "token_url": server.url, "client_id": "me", "client_secret": SECRET,
            "username": "me", "password": SECRET})
        source = make_source("hrm", [values])
        delivery, = source.deliveries(DAY, pull=True)
        with pytest.raises(Unforeseen, match=r"unforeseen error KeyError in ingest/sources/[a-z]+\.py:\d+. Please") as failure:
            source.fetch(delivery)
    assert CELL not in str(failure.value) and failure.value.__suppress_context__
