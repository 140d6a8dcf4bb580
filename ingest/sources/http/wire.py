"""One request at a time: who is trusted, how many a second, how long the whole pull may take, and how much may come.

Belongs here: what protects from a server that is slow, endless, or makes no sense, and from the libraries' many errors. Does
not belong here: attempts and redirects (`client`), bodies (`answers`).
"""

import http.client
import io
import logging
import re
import socket
import threading
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter
from requests.auth import AuthBase

from ingest.errors import PullFailed
from ingest.sources.http.answers import BadAnswer, describe
from ingest.sources.http.settings import HttpSettings

_MAX_HEAD_BYTES = 1 << 20  # of a status line and headers: http.client reads answers of status 100 for ever

# It logs addresses, and what it could not read of an answer: that could be anything.
logging.getLogger("urllib3").setLevel(logging.CRITICAL)


class Pace:
    """The deadline of a pull; the seconds that a server may be silent; and the bytes that came until now.

    Does not know the connections, which know it: what is in no circle is closed as soon as it is left.
    """

    def __init__(self, seconds: float, silence: float):
        self.silence, self.came = silence, 0
        self._deadline = time.monotonic() + seconds

    @property
    def left(self) -> float:
        """The seconds until the deadline, 0 when it has passed."""
        return max(0.0, self._deadline - time.monotonic())


class Wire:
    """The requests of one pull, to its server and its token server. Threads may share it. The pull begins when it is made."""

    def __init__(self, name: str, settings: HttpSettings):
        self.name, self._settings = name, settings
        self.pace = Pace(60 * settings.max_pull_minutes, settings.read_timeout_seconds)
        self._answers = 0
        self._local = threading.local()
        self._slot, self._next_slot = threading.Lock(), 0.0
        if isinstance(settings.verify, str) and not Path(settings.verify).exists():
            raise PullFailed(f"{name}: there is no certificate file {settings.verify}; look at `ca_bundle`")

    def ask(self, method: str, url: str, *, auth: AuthBase | None = None, **request: Any) -> requests.Response:
        """One answer, its body not read yet; redirects are not followed.

        Raises BadAnswer where another attempt may help, else PullFailed: at the deadline, or when the server is not trusted.
        """
        self._await_slot()
        self.check(url)
        settings, left = self._settings, self.pace.left
        try:
            answer = self._session().request(
                method, url, auth=auth, stream=True, allow_redirects=False, verify=settings.verify,
                proxies=requests.utils.get_environ_proxies(url),
                timeout=(min(settings.connect_timeout_seconds, left), min(settings.read_timeout_seconds, left)), **request)
        except requests.exceptions.SSLError as error:
            if "CERTIFICATE_VERIFY_FAILED" not in str(error) and "hostname" not in str(error):
                raise BadAnswer("no encrypted connection can be made; look at `url`, its port, and `ca_bundle`") from None
            raise PullFailed(f"{self.name}: {urlsplit(url).hostname}'s certificate is not trusted. If your kommune has its "
                             "own authority, set `ca_bundle` to its certificate file") from None
        except (requests.exceptions.InvalidURL, requests.exceptions.InvalidSchema):
            raise PullFailed(f"{self.name}: {where(url)} is no address") from None
        except Exception as error:  # of the libraries alone: nothing of ours runs in there, and their kinds of errors are many
            raise BadAnswer(describe(error)) from None
        self._answers += 1
        return answer

    def check(self, url: str) -> None:
        """Raise PullFailed when the deadline has passed."""
        if not self.pace.left:
            raise self.too_long(url) from None

    def too_long(self, url: str) -> PullFailed:
        """The error of a pull whose deadline has passed, or would pass before the server is asked again."""
        return PullFailed(
            f"{self.name}: the pull is not done after {self._settings.max_pull_minutes:g} minutes (`max_pull_minutes`): "
            f"{self._answers} answers began to come, {self.pace.came / 1e6:.1f} MB in all, and it was at {where(url)}. The next "
            "run tries again; if the server is always so slow, set more minutes")

    def _session(self) -> requests.Session:
        if not hasattr(self._local, "session"):
            self._local.session = _Session()
            self._local.session.trust_env = False  # no credentials from a .netrc
            for scheme in ("http://", "https://"):
                self._local.session.mount(scheme, _Adapter(partial(_Head, self.pace)))
        return self._local.session

    def _await_slot(self) -> None:
        if self._settings.max_requests_per_second:
            with self._slot:
                now = time.monotonic()
                wait, self._next_slot = self._next_slot - now, max(
                    now, self._next_slot) + 1 / self._settings.max_requests_per_second
            if wait > 0:
                time.sleep(min(wait, self.pace.left))


class _Session(requests.Session):
    """Leaves redirects alone. Told not to follow them, the library would still read all of the body, and where they lead."""

    def get_redirect_target(self, resp: requests.Response) -> None:
        return None


class _Adapter(HTTPAdapter):
    """Connections that read every answer by `head`."""

    def __init__(self, head: Callable[..., http.client.HTTPResponse]):
        self._head = head
        super().__init__()

    def get_connection_with_tls_context(self, *args: Any, **kwargs: Any) -> Any:
        pool: Any = super().get_connection_with_tls_context(*args, **kwargs)
        kind = type(pool).ConnectionCls
        pool.ConnectionCls = type(kind.__name__, (kind,), {"response_class": staticmethod(self._head)})
        return pool


class _Head(http.client.HTTPResponse):
    """An answer that is read in the pace that the deadline leaves."""

    def __init__(self, pace: Pace, sock: socket.socket, *args: Any, **kwargs: Any):
        super().__init__(sock, *args, **kwargs)
        self.fp.close()
        self._incoming = _Incoming(pace, sock)
        self.fp = io.BufferedReader(self._incoming)

    def begin(self) -> None:
        self._incoming.left = _MAX_HEAD_BYTES
        super().begin()
        self._incoming.left = None
        lengths = {one.strip() for line in self.headers.get_all("Content-Length", []) for one in line.split(",")}
        if len(lengths) > 1:  # urllib3 refuses these too, and leaves the socket open
            raise http.client.HTTPException


class _Incoming(io.RawIOBase):
    """What a socket receives. Each time it has to wait it looks at the deadline, however slowly the bytes drip."""

    def __init__(self, pace: Pace, sock: socket.socket):
        self._pace, self._sock = pace, sock
        self._file = sock.makefile("rb", buffering=0)
        self.left: int | None = None  # bytes that may still come

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        left = self._pace.left
        if not left:
            raise TimeoutError
        if self.left is not None and self.left <= 0:
            raise http.client.HTTPException
        self._sock.settimeout(min(left, self._pace.silence))
        count = self._file.readinto(buffer)
        self._pace.came += count or 0
        if self.left is not None:
            self.left -= count or 0
        return count

    def close(self) -> None:
        self._file.close()
        super().close()


def origin(url: str) -> str:
    """Scheme, host and port. Raises ValueError when the address cannot be parsed."""
    parts = urlsplit(url)
    host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname
    port = f":{parts.port}" if parts.port else ""
    return f"{parts.scheme}://{host}{port}"


def is_plain(address: str) -> bool:
    """Whether an origin is short and made of the letters of hosts, so that it may be shown."""
    return re.fullmatch(r"https?://[a-z0-9.:\[\]-]{1,255}", address) is not None


def where(url: str) -> str:
    """The address without its query."""
    return f"{origin(url)}{urlsplit(url).path}"
