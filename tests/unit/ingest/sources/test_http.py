"""What of a server's error is shown: its code, where that is one; addresses in settings; errors of the libraries; the pace."""

import http.client
import io
from typing import Any

import pytest
import requests
import urllib3
from pydantic import SecretStr, ValidationError

from demo.people import national_id
from ingest.errors import PullFailed
from ingest.sources.http import Client, HttpSettings, OAuth, json_body, wire
from ingest.sources.http.answers import codes


def minor(*values: Any) -> dict[str, Any]:
    return {"imsx_codeMinorField": [{"imsx_codeMinorFieldName": "httpStatus", "imsx_codeMinorFieldValue": v} for v in values]}


@pytest.mark.parametrize(("body", "code"), [
    ({"imsx_StatusInfo": {"imsx_codeMajor": "failure", "imsx_severity": "error", "imsx_CodeMinor": minor("forbidden")}},
     "forbidden"),
    ({"imsx_codeMajor": "failure", "imsx_CodeMinor": minor("Ola Oppdikta", "unknownobject")}, "unknownobject"),
    ({"imsx_CodeMinor": {"imsx_codeMinorField": {"imsx_codeMinorFieldValue": "invaliddata"}}}, "invaliddata"),
    ({"imsx_codeMajor": "failure", "imsx_codeMinor": "unauthorisedrequest"}, "unauthorisedrequest"),
    ({"imsx_StatusInfo": {"imsx_codeMajor": "failure", "imsx_codeMinor": "server_busy"}}, "server_busy"),
    ({"imsx_CodeMinor": "forbidden"}, "forbidden"),
    ({"imsx_StatusInfo": {"imsx_codeMajor": "failure", "imsx_description": "Ola"}}, "failure"),
    ({"imsx_StatusInfo": None, "error": "invalid_scope", "error_description": "Ola"}, "invalid_scope"),
    ({"type": "about:blank", "title": "forbidden", "detail": "Ola"}, None),
    ({"error": f"no access for {national_id(3)}"}, None),
    ({"error": {"message": "forbidden"}}, None),
    ({"error": "ola@oppdikta.invalid"}, None),
    ({"imsx_CodeMinor": minor(5, None, ["forbidden"], "x" * 100)}, None),
    (["forbidden"], None),
    ("forbidden", None),
    (None, None),
])
def test_the_telling_code_of_an_error_is_shown_and_nothing_else(body: object, code: str | None) -> None:
    assert next(codes(body), None) == code


class Settings(HttpSettings):
    """Settings with an address."""

    url: str


@pytest.mark.parametrize("url", ["http://[", "https://host:99999/x", "https://host:0", "https://", "ftp://host", "https://me@host",
                                 "https://host:port"])
def test_an_address_that_cannot_be_one_is_refused_in_the_settings(url: str) -> None:
    with pytest.raises(ValidationError):
        Settings(adapter="x", url=url)


# --- what the libraries raise, and the pace -----------------------------------------------------------------------------


class Plain(HttpSettings):
    """Settings of a source of these tests."""

    adapter: str = "plain"
    backoff_seconds: float = 0
    attempts: int = 2


CELL = f"Kari Oppdikta {national_id(7)}"
RAISED = [requests.exceptions.InvalidHeader(CELL), requests.exceptions.ContentDecodingError(CELL), requests.ConnectionError(CELL),
          urllib3.exceptions.LocationParseError(CELL), urllib3.exceptions.ProtocolError(CELL), http.client.BadStatusLine(CELL),
          http.client.CannotSendRequest(CELL), UnicodeError(CELL), ValueError(CELL), AttributeError(CELL), RecursionError(CELL),
          OSError(CELL), EOFError(CELL), requests.exceptions.SSLError(CELL), MemoryError(CELL)]


@pytest.mark.parametrize("raised", RAISED, ids=lambda e: type(e).__name__)
@pytest.mark.parametrize("at", ["the server", "the token server"])
def test_whatever_a_library_raises_is_a_failed_pull(at: str, raised: Exception, monkeypatch: pytest.MonkeyPatch) -> None:
    def request(*_: object, **__: object) -> None:
        raise raised

    monkeypatch.setattr(wire._Session, "request", request)
    oauth = OAuth("plain", Plain(), token_url="https://t.invalid/token", client_id="me", client_secret=SecretStr("secret"),
                  scope=None) if at == "the token server" else None
    with pytest.raises(PullFailed) as failure:
        Client("plain", Plain(), oauth=oauth).get("https://s.invalid/people", json_body)
    text = str(failure.value)
    assert text.startswith("plain: https://s.invalid/people did not answer as it should, 2 times: ") and "Kari" not in text
    assert ("the token server https://t.invalid: " in text) == (oauth is not None)


class Line:
    """A socket on which something has come, and whose patience is written down."""

    def __init__(self) -> None:
        self.patience: list[float] = []

    def makefile(self, *_: object, **__: object) -> io.BytesIO:
        return io.BytesIO(b"something")

    def settimeout(self, seconds: float) -> None:
        self.patience.append(seconds)


@pytest.mark.parametrize(("left", "silence", "least", "most"), [(100, 5, 5, 5), (2, 5, 1, 2)])
def test_each_piece_may_take_as_long_as_the_deadline_leaves(left: float, silence: float, least: float, most: float) -> None:
    line: Any = Line()
    incoming = wire._Incoming(wire.Pace(left, silence), line)
    assert incoming.read(4) + incoming.read(9) == b"something"
    assert len(line.patience) == 2 and all(least <= seconds <= most for seconds in line.patience)


def test_after_the_deadline_nothing_is_read_even_if_it_has_come() -> None:
    line: Any = Line()
    with pytest.raises(TimeoutError):
        wire._Incoming(wire.Pace(0, 5), line).read(4)
    assert line.patience == []
