"""How a client shows who it is: OAuth tokens, and a user's name and password by basic or ntlm."""

import json
import re
import threading
from dataclasses import dataclass
from typing import Any

import requests
from pydantic import SecretStr
from requests.auth import AuthBase, HTTPBasicAuth

from ingest.errors import PullFailed
from ingest.sources.http.answers import BadAnswer, codes, read_whole
from ingest.sources.http.settings import HttpSettings
from ingest.sources.http.wire import Wire, origin, where

_PASSING = (429, 500, 502, 503, 504)
_MAX_TOKEN_BYTES = 1 << 20
_TOKEN = re.compile(r"[!-~]{1,65536}")  # what a header can hold


class OAuth:
    """A token of a client (`client_credentials`) or of a user (`password`), fetched when needed and renewed when it expires.

    `wire` is the pull's; its deadline holds for tokens too.
    """

    def __init__(self, name: str, settings: HttpSettings, *, token_url: str, client_id: str, client_secret: SecretStr,
                 scope: str | None, username: str | None = None, password: SecretStr | None = None,
                 extra: dict[str, str] | None = None):
        self.url, self.wire = token_url, Wire(name, settings)
        self._lock = threading.Lock()
        self._client_id, self._client_secret = client_id, client_secret
        self._grant: dict[str, str] = {"grant_type": "client_credentials", **(extra or {})}
        if scope:
            self._grant["scope"] = scope
        self._user = None if username is None else (username, password)
        self._by_basic: bool | None = None  # how the client's secret is taken; None until one way has worked
        self._token: str | None = None

    def auth(self) -> AuthBase:
        """Puts the token into a request. Raises PullFailed when there is none to have, BadAnswer when there may be one later."""
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
        """A token. Servers take the client's secret in the form, by HTTP Basic, or both ways: the second is tried by itself."""
        by_basic = bool(self._by_basic)
        told = self._ask(by_basic)
        if self._by_basic is None and told.may_want_basic:
            again = self._ask(True)
            if again.token or not again.may_want_basic:  # else the first refusal tells as much
                by_basic, told = True, again
        if told.token is None:
            if told.status == 401 or told.is_error:
                raise PullFailed(
                    f"{self.wire.name}: the token server {origin(self.url)} refuses ({told.code or 'no reason given'}); look at "
                    "client id, client secret, scope and tenant. A secret may have expired")
            raise PullFailed(f"{self.wire.name}: {where(self.url)} gives no token; look at `token_url` (status {told.status})")
        self._token, self._by_basic = told.token, by_basic

    def _ask(self, by_basic: bool) -> "_Told":
        """What the token server answers. Raises BadAnswer, naming it. Not redirected: the request holds the client's secret."""
        form, secret = dict(self._grant), self._client_secret
        if not by_basic:
            form |= {"client_id": self._client_id, "client_secret": secret.get_secret_value()}
        if self._user:
            name, password = self._user
            form |= {"grant_type": "password", "username": name, "password": password.get_secret_value() if password else ""}
        try:
            with self.wire.ask("POST", self.url, data=form, headers={"Accept": "application/json"},
                               auth=basic(self._client_id, secret) if by_basic else None) as answer:
                if answer.status_code in _PASSING:
                    raise BadAnswer(f"it answers {answer.status_code}")
                body = read_whole(answer, _MAX_TOKEN_BYTES)
        except BadAnswer as error:
            raise BadAnswer(f"the token server {origin(self.url)}: {error}") from None
        try:
            return _Told(answer.status_code, json.loads(body))
        except (ValueError, RecursionError):
            return _Told(answer.status_code, None)


@dataclass(frozen=True)
class _Told:
    """An answer of a token server; `body` is None when it is no JSON. The token's time of expiry is not read: a token is
    renewed when it is refused."""

    status: int
    body: Any

    @property
    def token(self) -> str | None:
        told = self.body.get("access_token") if isinstance(self.body, dict) and 200 <= self.status < 300 else None
        return told if isinstance(told, str) and _TOKEN.fullmatch(told) else None

    @property
    def is_error(self) -> bool:
        return isinstance(self.body, dict) and "error" in self.body

    @property
    def code(self) -> str | None:
        return next(codes(self.body), None)

    @property
    def may_want_basic(self) -> bool:
        return self.status == 401 or (self.status == 400 and self.code in ("invalid_client", "invalid_request"))


class _Bearer(AuthBase):
    def __init__(self, token: str):
        self._token = token

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = f"Bearer {self._token}"
        return request


def basic(username: str, password: SecretStr) -> AuthBase:
    """A name and its password, by HTTP Basic."""
    return HTTPBasicAuth(username.encode(), password.get_secret_value().encode())


def ntlm(username: str, password: SecretStr) -> AuthBase:
    """Windows' own authentication. Raises PullFailed when the optional extra is not installed."""
    try:
        from requests_ntlm import HttpNtlmAuth  # pyright: ignore[reportMissingImports]  an optional extra
    except ImportError:
        raise PullFailed("`auth: ntlm` needs an extra: pip install 'sluttdato[ntlm]'") from None
    return HttpNtlmAuth(username, password.get_secret_value())
