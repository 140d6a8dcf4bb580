"""A run on a day on which HRM's server is hostile: the other source is pulled, the marts are made, and the error is told."""

import json
from collections.abc import Callable, Iterable

from demo.people import national_id
from tests.support.command_line import Place, town
from tests.support.raw_server import Answer, RawServer, http_answer

NUMBER = national_id(7)
SECRET = "my-secret-word"
TOKEN = http_answer(json.dumps({"access_token": "token-of-mine"}).encode())
Ways = dict[str, tuple[Callable[[RawServer, str], Answer], str]]


def after_token(answer: Callable[[RawServer], Answer]) -> Callable[[RawServer, str], Answer]:
    return lambda server, head: TOKEN if "/token" in head else answer(server)


def drip(server: RawServer) -> Iterable[bytes]:
    return server.drip(b" ", before=http_answer(b"", length=False))


HOSTILE: Ways = {
    "a redirect that is no address": (after_token(lambda server: http_answer(b"", "302 Found", f"Location: http://[{NUMBER}")),
                                      "redirects to what is no address"),
    "a wait that is no number": (after_token(lambda server: http_answer(b"", "503 Busy", "Retry-After: -5")),
                                 "did not answer as it should, 2 times: status 503"),
    "a token of two lines": (lambda server, head: http_answer(json.dumps({"access_token": f"a\r\nb: {NUMBER}"}).encode()),
                             "gives no token; look at `token_url`"),
    "bytes that drip": (after_token(drip), "is not done after 0.01 minutes (`max_pull_minutes`)"),
    "no HTTP": (after_token(lambda server: f"{NUMBER}\r\n".encode() * 10_000), "the connection breaks off"),
    "records that are none": (after_token(lambda server: http_answer(f'{{"total_items": "{NUMBER}"}}'.encode())),
                              "did not answer as it should, 2 times"),
}


def test_a_hostile_server_fails_its_source_and_holds_up_neither_the_other_nor_the_marts(place: Place) -> None:
    """contract#adapter"""
    hrm, vfs = town()
    place.deliver("hrm", "2025-03-09", hrm)
    place.deliver("vfs", "2025-03-09", vfs)
    assert place.do("run", today="2025-03-09").code == 0
    place.environment = {"SECRET": SECRET}
    with RawServer(lambda head, body: b"") as server:
        place.configure(sources={
            "hrm": {"adapter": "fint", "url": server.url, "token_url": f"{server.url}/token", "client_id": "me",
                    "client_secret": "${SECRET}", "username": "me", "password": "${SECRET}", "attempts": 2, "backoff_seconds": 0,
                    "max_pull_minutes": 0.01},
            "vfs": {"adapter": "csv", "path": "inbox/vfs"}})
        for day, (way, (answer, message)) in enumerate(HOSTILE.items(), start=10):
            server.answer = lambda head, body, answer=answer: answer(server, head)
            today = f"2025-03-{day}"
            place.deliver("vfs", today, vfs)
            done = place.do("run", today=today)
            assert done.code == 1, way
            assert f"hrm {today}: fint: " in done.err and message in done.err, way
            assert not [h for h in (NUMBER, SECRET, "token-of-mine", "Traceback") if h in done.text], way
            fresh, = place.mart("data_freshness", "system = 'vfs'")
            behind, = place.mart("data_freshness", "system = 'hrm'")
            assert (str(fresh["current_extract_date"]), str(behind["current_extract_date"])) == (today, "2025-03-09"), way
