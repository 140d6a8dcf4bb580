"""The body of an answer, read within limits; and what was wrong with an answer, in words.

Belongs here: bytes and JSON. Does not belong here: what a page must hold (the adapters). Of a body, only a server's own error
code is ever shown: one word of a known place.
"""

import io
import json
import re
from collections.abc import Callable, Iterator
from typing import Any, BinaryIO

import requests
import urllib3

_MAX_PAGE_BYTES = 64 << 20
_MAX_STREAM_BYTES = 2 << 30  # unpacked; hrm_ws tells some four kilobytes of a person, so this is half a million people
_MAX_ERROR_BYTES = 10_000


class BadAnswer(Exception):
    """An answer is unusable (broken off, a web page instead of data); another attempt may succeed. No part of it is told."""


class AnswerTooLarge(BadAnswer):
    """An answer is larger than any page of data; another attempt would not help."""


def json_body(answer: requests.Response) -> Any:
    """The body as JSON. Raises BadAnswer when it is broken off, a web page, or larger than any page."""
    _refuse_web_page(answer)
    body = read_whole(answer, _MAX_PAGE_BYTES)
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        raise BadAnswer("a web page instead of data" if body.lstrip()[:1] == b"<" else "broken JSON") from None


def stream(answer: requests.Response) -> BinaryIO:
    """The unpacked body, for what parses it as it comes. Reading raises BadAnswer: web page, broken off, endless."""
    _refuse_web_page(answer)
    return io.BufferedReader(_Unpacked(answer))


def read_whole(answer: requests.Response, limit: int) -> bytes:
    """The unpacked body. Raises BadAnswer when it breaks off, AnswerTooLarge at the limit: little may unpack to very much."""
    body = bytearray()
    pieces = answer.iter_content(1 << 16)
    while piece := _of_library(lambda: next(pieces, b"")):
        body += piece
        if len(body) > limit:
            raise AnswerTooLarge("an answer is larger than any page of data")
    return bytes(body)


class _Unpacked(io.RawIOBase):
    """An answer's body, as a file."""

    def __init__(self, answer: requests.Response):
        self._answer, self._came = answer, 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        piece: bytes = _of_library(lambda: self._answer.raw.read(len(buffer), decode_content=True))
        self._came += len(piece)
        if self._came > _MAX_STREAM_BYTES:
            raise AnswerTooLarge("an answer is larger than that of any municipality")
        buffer[:len(piece)] = piece
        return len(piece)


def _of_library(read: Callable[[], bytes]) -> bytes:
    """A piece of a body. Raises BadAnswer, whatever the library raises: its kinds of errors are many, and change."""
    try:
        return read()
    except Exception as error:
        raise BadAnswer(describe(error)) from None


def _refuse_web_page(answer: requests.Response) -> None:
    if "html" in answer.headers.get("Content-Type", "").lower():
        raise BadAnswer("a web page instead of data")


def describe(error: Exception) -> str:
    """What went wrong with a request, without the error's own text, which may hold what came."""
    within = error.args[0] if error.args else None
    match error:
        case BadAnswer():
            return str(error)
        case requests.exceptions.Timeout() | urllib3.exceptions.TimeoutError() | TimeoutError():
            return "it takes too long"
        case requests.exceptions.ConnectionError() if isinstance(within, urllib3.exceptions.ReadTimeoutError):
            return "it takes too long"
        case requests.exceptions.ConnectionError() if "Name or service not known" in str(error) or "resolve" in str(error):
            return "there is no host of that name; look at `url`"
        case requests.exceptions.ConnectionError() if "refused" in str(error):
            return "nobody listens there"
        case requests.exceptions.ContentDecodingError() | urllib3.exceptions.DecodeError():
            return "the compressed answer is broken"
        case OSError() | EOFError() | urllib3.exceptions.ProtocolError() if not isinstance(error, ValueError):
            return "the connection breaks off"
        case _:
            return f"the answer makes no sense ({type(error).__name__})"


def error_code(answer: requests.Response) -> str:
    """The server's error code in brackets, as OneRoster's " (forbidden)"; no free text, which could hold anything."""
    try:
        body = json.loads(answer.raw.read(_MAX_ERROR_BYTES, decode_content=True))
    except Exception:  # an error page may be anything
        return ""
    code = next(codes(body), None)
    return f" ({code})" if code else ""


def codes(body: object) -> Iterator[str]:
    """The codes in the body of an error, the telling one first."""
    if isinstance(body, dict):
        status = body.get("imsx_StatusInfo")
        status = status if isinstance(status, dict) else body
        minor = status.get("imsx_CodeMinor")
        fields = minor.get("imsx_codeMinorField") if isinstance(minor, dict) else None
        values = [f.get("imsx_codeMinorFieldValue") for f in (fields if isinstance(fields, list) else [fields])
                  if isinstance(f, dict)]
        for value in (status.get("imsx_codeMinor"), minor, *values, body.get("error"), status.get("imsx_codeMajor")):
            if isinstance(value, str) and re.fullmatch(r"[a-z][a-z_]{3,40}", value):
                yield value
