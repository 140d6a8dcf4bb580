"""The requests of a source to its server: attempts, waits, redirects, and errors that say what to do."""

import http.client
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, NoReturn, TypeVar
from urllib.parse import urljoin, urlsplit

import requests
import urllib3
from requests.auth import AuthBase
from urllib3.util import Retry

from ingest.errors import PullFailed
from ingest.sources.http.answers import AnswerTooLarge, BadAnswer, describe, error_code
from ingest.sources.http.oauth import OAuth
from ingest.sources.http.settings import HttpSettings
from ingest.sources.http.wire import Wire, is_plain, origin, where

T = TypeVar("T")
_PASSING = (429, 500, 502, 503, 504)
_MAX_REDIRECTS = 5


class NothingThere(PullFailed):
    """The server answers 404."""


class Client:
    """One server with one kind of credentials, for one pull. Threads may share it."""

    def __init__(self, name: str, settings: HttpSettings, auth: AuthBase | None = None, oauth: OAuth | None = None):
        self.name, self._settings, self._auth, self._oauth = name, settings, auth, oauth
        self._wire = oauth.wire if oauth else Wire(name, settings)  # one deadline for both servers

    def get(self, url: str, parse: Callable[[requests.Response], T], *, params: dict[str, Any] | None = None,
            accept: str = "application/json") -> T:
        """The result of `parse`, which reads the body of the answer (by `json_body` or `stream`), and is called again when the
        body breaks off.

        Raises PullFailed (of a 404, NothingThere) when the server refuses, or does not answer as it should after all attempts,
        or before the deadline.
        """
        retry = Retry(total=self._settings.attempts - 1, backoff_factor=self._settings.backoff_seconds, backoff_jitter=min(
            1.0, self._settings.backoff_seconds), status_forcelist=_PASSING)
        renewed = False
        while True:
            answer: requests.Response | None = None
            try:
                with self._ask(url, params, accept) as answer:
                    if answer.status_code == 401 and self._oauth and not renewed:
                        self._oauth.renew(answer.request.headers.get("Authorization"))
                        renewed = True
                        continue
                    if answer.status_code in _PASSING:
                        raise BadAnswer(f"status {answer.status_code}")
                    if answer.status_code != 200:
                        self._refused(url, answer)
                    return parse(answer)
            except AnswerTooLarge as error:
                raise PullFailed(f"{self.name}: {where(url)}: {error}; look at `url`") from None
            except (BadAnswer, requests.RequestException, urllib3.exceptions.HTTPError, http.client.HTTPException, OSError,
                    EOFError) as error:  # the others where `parse` reads the body by itself
                retry = self._wait(retry, url, answer, error)

    def _ask(self, url: str, params: dict[str, Any] | None, accept: str) -> requests.Response:
        asked = origin(url)
        for _ in range(_MAX_REDIRECTS):
            answer = self._wire.ask("GET", url, params=params, headers={"Accept": accept},
                                    auth=self._oauth.auth() if self._oauth else self._auth)
            if not answer.is_redirect:
                return answer
            answer.close()
            url, params = self._redirected(url, answer.headers["Location"]), None
        raise PullFailed(f"{self.name}: {asked} redirects in circles")

    def _redirected(self, url: str, location: str) -> str:
        """The address that a server redirects to. Raises PullFailed unless it is one on the same server."""
        try:
            target = urljoin(url, location)
            there = origin(target)
        except ValueError:
            there = target = ""
        if there == origin(url):
            return target
        if not is_plain(there):
            raise PullFailed(f"{self.name}: {where(url)} redirects to what is no address; look at `url`")
        raise PullFailed(f"{self.name}: {origin(url)} redirects to {there}, and credentials are not sent along. "
                         "If that is the right server, set `url` to it")

    def _wait(self, retry: Retry, url: str, answer: requests.Response | None, error: Exception) -> Retry:
        """Wait before the next attempt, as long as the server asks or longer each time; raise PullFailed after the last."""
        self._wire.check(url)
        try:
            retry = retry.increment("GET", urlsplit(url).path, error=urllib3.exceptions.ProtocolError(str(error)))
        except urllib3.exceptions.MaxRetryError:
            raise PullFailed(f"{self.name}: {where(url)} did not answer as it should, {self._settings.attempts} times: "
                             f"{describe(error)}. The next run tries again") from None
        asked = _asked_for(retry, answer) if answer is not None and answer.status_code in (429, 503) else None
        if asked and asked > self._settings.max_retry_after_seconds:
            raise PullFailed(f"{self.name}: {origin(url)} asks to wait {asked:.0f} seconds, more than "
                             "`max_retry_after_seconds`. The next run tries again") from None
        wait = asked or retry.get_backoff_time()
        if wait >= self._wire.pace.left:
            raise self._wire.too_long(url) from None
        time.sleep(wait)
        return retry

    def _refused(self, url: str, answer: requests.Response) -> NoReturn:
        advice = {
            400: "it does not accept the request; look at the settings of this source",
            401: "the credentials are not accepted; look at the user and password, or client id and secret. A secret may have "
                 "expired",
            403: "the credentials are right, but may not read this; ask for the scope or role, and look at the tenant",
            404: "there is nothing at this address; look at `url`, and at the company or tenant in it",
        }.get(answer.status_code, "it refuses" if answer.status_code >= 400 else "that is no answer to what was asked")
        failure = NothingThere if answer.status_code == 404 else PullFailed
        raise failure(f"{self.name}: {where(url)} answers {answer.status_code}{error_code(answer)}: {advice}")


def _asked_for(retry: Retry, answer: requests.Response) -> float | None:
    """The seconds that a server asks to wait, at most six hours; None where it does not, or not in a way that can be read."""
    try:
        return retry.get_retry_after(answer.raw)
    except Exception:  # a date that is none is told by several kinds of errors
        return None


def in_order(ask: Callable[[int], T], offsets: Iterable[int], concurrency: int) -> Iterator[T]:
    """Yields `ask(offset)` for each offset, in order. At most `concurrency` run at a time, however many are announced."""
    with ThreadPoolExecutor(concurrency) as pool:
        begun: deque[Future[T]] = deque()
        try:
            for offset in offsets:
                begun.append(pool.submit(ask, offset))
                if len(begun) >= concurrency:
                    yield begun.popleft().result()
            while begun:
                yield begun.popleft().result()
        finally:
            for future in begun:
                future.cancel()
