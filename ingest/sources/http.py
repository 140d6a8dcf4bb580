"""Requests to a server: time-outs, retries, tokens, redirects, and clear errors.

Belongs here: what holds for every pulled source. Does not belong here: what the pages mean (the adapters). No error text
holds a secret, or anything of an answer's body but a server's own error code.
"""

import json
import os
import re
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, NoReturn, TypeVar
from urllib.parse import urljoin, urlsplit

import requests
import urllib3
from pydantic import Field, SecretStr, field_validator
from requests.auth import AuthBase, HTTPBasicAuth
from urllib3.util import Retry

from ingest.errors import PullFailed
from ingest.sources.base import SourceSettings

T = TypeVar("T")
_PASSING = (429, 500, 502, 503, 504)
_MAX_REDIRECTS = 5
_MAX_PAGE_BYTES = 64 << 20
_LOCAL = ("localhost", "127.0.0.1", "::1")


class HttpSettings(SourceSettings):
    """Settings that every pulled source has."""

    connect_timeout_seconds: float = Field(default=10, gt=0, description="Seconds that the server has to accept a connection.")
    read_timeout_seconds: float = Field(default=120, gt=0, description="Seconds that the server may be silent while it answers.")
    attempts: int = Field(
        default=6, ge=1, description="How many times a request that fails in passing is made in all; a listing too.")
    backoff_seconds: float = Field(
        default=1, ge=0, description="Seconds to wait before the second attempt; doubled for each one after, with jitter.")
    max_retry_after_seconds: float = Field(
        default=300, ge=0, description="The longest wait, in seconds, that a server may ask for; it fails when that is more.")
    concurrency: int = Field(default=2, ge=1, le=16, description="Requests made at the same time.")
    max_requests_per_second: float | None = Field(
        default=None, gt=0, description="Limit for all requests to the server together; left out: none.")
    ca_bundle: str | None = Field(
        default=None, description="File with your own authority's certificate; left out: REQUESTS_CA_BUNDLE, or the usual ones.")
    allow_http: bool = Field(
        default=False, description="true: send credentials and national ids unencrypted, on a network that you trust.")

    @field_validator("url", "token_url", check_fields=False)
    @classmethod
    def _web_address(cls, value: str) -> str:
        parts = urlsplit(value)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError("expected an address such as https://host/path")
        if parts.username or parts.password:
            raise ValueError("no user or password in the address; there are settings for them")
        return value.rstrip("/")

    @property
    def verify(self) -> str | bool:
        """The trusted certificates: the file set here, else the one in REQUESTS_CA_BUNDLE, else the usual ones (True)."""
        return self.ca_bundle or os.environ.get("REQUESTS_CA_BUNDLE") or True

    def refuse_plain_http(self, *addresses: str) -> None:
        """Raise PullFailed for an http address, unless it is on this machine or `allow_http` is set."""
        for address in addresses:
            parts = urlsplit(address)
            if parts.scheme == "http" and parts.hostname not in _LOCAL and not self.allow_http:
                raise PullFailed(f"{address} is not encrypted. Use https, or set `allow_http: true` if your network is trusted")


class BadAnswer(Exception):
    """An answer is unusable (broken off, a web page instead of data); another attempt may succeed."""


class AnswerTooLarge(BadAnswer):
    """An answer is larger than any page of data; another attempt would not help."""


class NothingThere(PullFailed):
    """The server answers 404."""


class Client:
    """One server with one kind of credentials. Threads may share it."""

    def __init__(self, name: str, settings: HttpSettings, auth: AuthBase | None = None, oauth: "OAuth | None" = None):
        self.name, self._settings, self._oauth = name, settings, oauth
        self._local = threading.local()
        self._auth = auth
        self._slot, self._next_slot = threading.Lock(), 0.0

    def get(self, url: str, parse: Callable[[requests.Response], T], *, params: dict[str, Any] | None = None,
            accept: str = "application/json") -> T:
        """The result of `parse`, which reads the body of the answer, and is called again when the body breaks off.

        Raises PullFailed when the server refuses, or does not answer as it should after all attempts.
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
            except requests.exceptions.SSLError:
                raise PullFailed(f"{self.name}: {urlsplit(url).hostname}'s certificate is not trusted. If your kommune has its "
                                 "own authority, set `ca_bundle` to its certificate file") from None
            except AnswerTooLarge as error:
                raise PullFailed(f"{self.name}: {_where(url)}: {error}; look at `url`") from None
            except (requests.exceptions.InvalidURL, requests.exceptions.InvalidSchema):
                raise PullFailed(f"{self.name}: {url} is no address") from None
            except (requests.RequestException, urllib3.exceptions.HTTPError, BadAnswer, ConnectionError, EOFError) as error:
                retry = self._wait(retry, url, answer, error)

    def _ask(self, url: str, params: dict[str, Any] | None, accept: str) -> requests.Response:
        origin = _origin(url)
        for _ in range(_MAX_REDIRECTS):
            self._await_slot()
            answer = self._session().get(
                url, params=params, headers={"Accept": accept}, auth=self._oauth.auth() if self._oauth else self._auth,
                stream=True, allow_redirects=False, verify=self._settings.verify, proxies=requests.utils.get_environ_proxies(url),
                timeout=(self._settings.connect_timeout_seconds, self._settings.read_timeout_seconds))
            if not answer.is_redirect:
                return answer
            target = urljoin(url, answer.headers["Location"])
            answer.close()
            if _origin(target) != origin:
                raise PullFailed(f"{self.name}: {origin} redirects to {_origin(target)}, and credentials are not sent along. "
                                 "If that is the right server, set `url` to it")
            url, params = target, None
        raise PullFailed(f"{self.name}: {origin} redirects in circles")

    def _session(self) -> requests.Session:
        if not hasattr(self._local, "session"):
            self._local.session = requests.Session()
            self._local.session.trust_env = False  # no credentials from a .netrc
        return self._local.session

    def _await_slot(self) -> None:
        if self._settings.max_requests_per_second:
            with self._slot:
                now = time.monotonic()
                wait, self._next_slot = self._next_slot - now, max(
                    now, self._next_slot) + 1 / self._settings.max_requests_per_second
            if wait > 0:
                time.sleep(wait)

    def _wait(self, retry: Retry, url: str, answer: requests.Response | None, error: Exception) -> Retry:
        """Wait before the next attempt, as long as the server asks or longer each time; raise PullFailed after the last."""
        try:
            retry = retry.increment("GET", urlsplit(url).path, error=urllib3.exceptions.ProtocolError(str(error)))
        except urllib3.exceptions.MaxRetryError:
            raise PullFailed(f"{self.name}: {_where(url)} did not answer as it should, {self._settings.attempts} times: "
                             f"{_describe(error)}. The next run tries again") from None
        asked = retry.get_retry_after(answer.raw) if answer is not None and answer.status_code in (429, 503) else None
        if asked and asked > self._settings.max_retry_after_seconds:
            raise PullFailed(f"{self.name}: {_origin(url)} asks to wait {asked:.0f} seconds, more than "
                             "`max_retry_after_seconds`. The next run tries again") from None
        time.sleep(asked or retry.get_backoff_time())
        return retry

    def _refused(self, url: str, answer: requests.Response) -> NoReturn:
        advice = {
            400: "it does not accept the request; look at the settings of this source",
            401: "the credentials are not accepted; look at the user and password, or client id and secret. A secret may have "
                 "expired",
            403: "the credentials are right, but may not read this; ask for the scope or role, and look at the tenant",
            404: "there is nothing at this address; look at `url`, and at the company or tenant in it",
        }.get(answer.status_code, "it refuses")
        failure = NothingThere if answer.status_code == 404 else PullFailed
        raise failure(f"{self.name}: {_where(url)} answers {answer.status_code}{_error_code(answer)}: {advice}")


class OAuth:
    """A token of a client (`client_credentials`) or of a user (`password`), fetched when needed and renewed when it expires."""

    def __init__(self, name: str, settings: HttpSettings, *, token_url: str, client_id: str, client_secret: SecretStr,
                 scope: str | None, username: str | None = None, password: SecretStr | None = None,
                 extra: dict[str, str] | None = None):
        from authlib.integrations.requests_client import OAuth2Session

        self.name, self.url, self._settings = name, token_url, settings
        self._lock = threading.Lock()
        self._grant: dict[str, Any] = {"grant_type": "client_credentials", **(extra or {})}
        if username is not None:
            self._grant |= {"grant_type": "password", "username": username,
                            "password": password.get_secret_value() if password else ""}
        # Any: the published stubs leave out that it is a requests.Session.
        self._session: Any = OAuth2Session(
            client_id, client_secret.get_secret_value(), scope=scope, token_endpoint_auth_method="client_secret_post",
            default_timeout=(settings.connect_timeout_seconds, settings.read_timeout_seconds))
        self._session.trust_env = False
        self._session.proxies = requests.utils.get_environ_proxies(token_url)
        self._token: str | None = None

    def auth(self) -> AuthBase:
        with self._lock:
            if self._token is None:
                self._fetch()
            token = self._token
        return _Bearer(str(token))

    def renew(self, refused: str | bytes | None) -> None:
        """Fetch another token, unless another thread has since the refused one was sent."""
        with self._lock:
            if refused == f"Bearer {self._token}":
                self._fetch()

    def _fetch(self) -> None:
        from authlib.integrations.base_client import OAuthError

        try:
            # Not redirected: the body holds the client's secret.
            token = self._session.fetch_token(self.url, verify=self._settings.verify, allow_redirects=False, **self._grant)
            self._token = token["access_token"]
        except OAuthError as error:
            raise PullFailed(f"{self.name}: the token server {_origin(self.url)} refuses ({_code(error.error)}); look at client "
                             "id, client secret, scope and tenant. A secret may have expired") from None
        except (KeyError, ValueError, TypeError):
            raise PullFailed(f"{self.name}: {self.url} gives no token; look at `token_url`") from None
        except requests.HTTPError as error:
            if error.response is not None and error.response.status_code in _PASSING:
                raise BadAnswer(f"the token server answers {error.response.status_code}") from None
            raise PullFailed(f"{self.name}: {self.url} gives no token; look at `token_url`") from None


class _Bearer(AuthBase):
    def __init__(self, token: str):
        self._token = token

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = f"Bearer {self._token}"
        return request


def basic(username: str, password: SecretStr) -> AuthBase:
    return HTTPBasicAuth(username.encode(), password.get_secret_value().encode())


def ntlm(username: str, password: SecretStr) -> AuthBase:
    """Windows' own authentication. Raises PullFailed when the optional extra is not installed."""
    try:
        from requests_ntlm import HttpNtlmAuth  # pyright: ignore[reportMissingImports]  an optional extra
    except ImportError:
        raise PullFailed("`auth: ntlm` needs an extra: pip install 'sluttdato[ntlm]'") from None
    return HttpNtlmAuth(username, password.get_secret_value())


def json_body(answer: requests.Response) -> Any:
    """The body as JSON. Raises BadAnswer when it is broken off, a web page, or larger than any page."""
    if "html" in answer.headers.get("Content-Type", "").lower():
        raise BadAnswer("a web page instead of data")
    body = bytearray()
    for piece in answer.iter_content(1 << 16):
        body += piece
        if len(body) > _MAX_PAGE_BYTES:
            raise AnswerTooLarge("an answer is larger than any page of data")
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        raise BadAnswer("a web page instead of data" if body.lstrip()[:1] == b"<" else "broken JSON") from None


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


def _origin(url: str) -> str:
    parts = urlsplit(url)
    port = f":{parts.port}" if parts.port else ""
    return f"{parts.scheme}://{parts.hostname}{port}"


def _where(url: str) -> str:
    return f"{_origin(url)}{urlsplit(url).path}"


def _describe(error: Exception) -> str:
    match error:
        case BadAnswer():
            return str(error)
        case requests.exceptions.ConnectTimeout() | requests.exceptions.ReadTimeout():
            return "it takes too long"
        case requests.exceptions.ConnectionError() if "Name or service not known" in str(error) or "resolve" in str(error):
            return "there is no host of that name; look at `url`"
        case requests.exceptions.ConnectionError() if "refused" in str(error):
            return "nobody listens there"
        case requests.exceptions.ContentDecodingError():
            return "the compressed answer is broken"
        case _:
            return "the connection breaks off"


def _error_code(answer: requests.Response) -> str:
    """The server's error code, e.g. OneRoster's imsx_codeMinor; no free text, which could hold anything."""
    try:
        body = json.loads(answer.raw.read(10_000, decode_content=True))
    except Exception:  # an error page may be anything
        return ""
    if not isinstance(body, dict):
        return ""
    body = body.get("imsx_StatusInfo", body)
    for key in ("imsx_codeMinor", "imsx_CodeMinor", "imsx_codeMajor", "error"):
        value = body.get(key) if isinstance(body, dict) else None
        if isinstance(value, dict | str) and (code := re.search(r"[a-z][a-z_]{3,40}", str(value))):
            return f" ({code.group()})"
    return ""


def _code(text: object) -> str:
    return str(text) if re.fullmatch(r"[a-z_]{1,40}", str(text)) else "no reason given"
