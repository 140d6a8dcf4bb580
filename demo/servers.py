"""The simulated systems over real HTTP: hrm_ws, FINT and OneRoster, with tokens, pages, limits, and faults by rate and seed.

They serve one day of the simulated municipality, as `municipality.simulate` wrote it. Does not belong here: the formats
(`hrm_ws`, `fint`, `oneroster`).
"""

import base64
import csv
import gzip
import json
import re
import ssl
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from random import Random
from typing import Any
from urllib.parse import parse_qs, urlsplit

from demo import fint, hrm_ws, oneroster

Row = dict[str, str]
Tables = dict[str, list[Row]]
USER, PASSWORD, CLIENT, SECRET = "demo", "demo-password", "demo-client", "demo-secret"
# Faults that another attempt gets over. There are two more: `redirect` to a host of another name, and `wait`, a long Retry-After.
FAULTS = ("status_500", "status_503", "status_429", "reset", "broken_off", "half_json", "web_page", "expired", "page_twice",
          "one_missing", "wrong_total")


@dataclass
class Faults:
    """Which share of requests goes wrong, in which ways; the same seed, the same faults."""

    rate: float = 0
    kinds: tuple[str, ...] = FAULTS
    seed: int = 1
    rng: Random = field(init=False)
    given: int = field(init=False, default=0)

    def __post_init__(self) -> None:
        self.rng = Random(self.seed)

    def next(self) -> str | None:
        if self.rng.random() >= self.rate:
            return None
        self.given += 1
        return self.rng.choice(self.kinds)


def tables_of_day(folder: Path, system: str, day: date) -> Tables:
    """What one system held on one day, by table."""
    tables = {}
    for file in sorted((folder / system / day.isoformat()).glob("*.csv")):
        with file.open(newline="", encoding="utf-8") as handle:
            tables[file.stem] = list(csv.DictReader(handle))
    return tables


class Day:
    """One day of both systems in each service's format. Files are read, and formats made, once, on first use."""

    def __init__(self, today: date, hrm: Callable[[], Tables], vfs: Callable[[], Tables]):
        self.today, self._hrm, self._vfs = today, hrm, vfs
        self._lock, self._made = threading.RLock(), {}

    def _once(self, what: str, make: Callable[[], Any]) -> Any:
        with self._lock:
            if what not in self._made:
                self._made[what] = make()
            return self._made[what]

    @property
    def hrm(self) -> Tables:
        return self._once("hrm", self._hrm)

    @property
    def vfs(self) -> Tables:
        return self._once("vfs", self._vfs)

    def hrm_ws(self) -> bytes:
        return self._once("hrm_ws", lambda: hrm_ws.at_work(self.hrm, self.today.isoformat()).encode())

    def hrm_ws_yet_to_start(self, first: str, last: str) -> bytes:
        return hrm_ws.yet_to_start(self.hrm, self.today.isoformat(), first, last).encode()

    def fint(self, url: str) -> dict[str, list[Any]]:
        return self._once(f"fint {url}", lambda: fint.entries(self.hrm, url))

    def oneroster(self) -> dict[str, list[Any]]:
        return self._once("oneroster", lambda: oneroster.records(self.vfs))


def day_of(folder: Path, day: date) -> Day:
    """The day as `municipality.simulate` wrote it below `folder`."""
    return Day(day, lambda: tables_of_day(folder, "hrm", day), lambda: tables_of_day(folder, "vfs", day))


class Server:
    """All three services on one port of this machine. They serve `day`, which may be replaced at any time."""

    def __init__(self, day: Day, faults: Faults | None = None, tls: ssl.SSLContext | None = None):
        self.day = day
        self.faults = faults or Faults()
        self.requests: list[str] = []
        self.tokens: set[str] = set()
        self.lock = threading.Lock()
        server = self

        class Handler(_Handler):
            service = server

        self._http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._http.daemon_threads = True
        if tls:
            self._http.socket = tls.wrap_socket(self._http.socket, server_side=True)
        self.url = f"{'https' if tls else 'http'}://127.0.0.1:{self._http.server_address[1]}"
        self._thread = threading.Thread(target=self._http.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)

    def start(self) -> "Server":
        self._thread.start()
        return self

    def stop(self) -> None:
        self._http.shutdown()
        self._http.server_close()
        self._thread.join()

    def __enter__(self) -> "Server":
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    def sources(self, *, with_secrets: bool = False) -> dict[str, Any]:
        """The settings of a source of each kind: as in sluttdato.yaml, secrets as `${NAME}` (see `environment`);
        or `with_secrets`, with their values."""
        sources = self._sources()
        if with_secrets:
            for settings in sources.values():
                settings |= {k: self.environment[v[2:-1]] for k, v in settings.items() if str(v).startswith("${")}
        return sources

    def _sources(self) -> dict[str, Any]:
        oauth = {"token_url": f"{self.url}/oauth/token", "client_id": CLIENT, "client_secret": "${DEMO_SECRET}"}
        return {
            "visma_hrm": {"adapter": "visma_hrm", "url": f"{self.url}/hrm_ws", "company": "1", "username": USER,
                          "password": "${DEMO_PASSWORD}", "include_not_started_days": 400},
            "fint": {"adapter": "fint", "url": f"{self.url}/fint", "username": USER, "password": "${DEMO_PASSWORD}", **oauth},
            "oneroster": {"adapter": "oneroster", "url": f"{self.url}/ims/oneroster/rostering/v1p2",
                          "national_id_from": "userIds/national_id", **oauth},
        }

    environment = {"DEMO_SECRET": SECRET, "DEMO_PASSWORD": PASSWORD}  # noqa: RUF012


class _Handler(BaseHTTPRequestHandler):
    service: Server
    protocol_version = "HTTP/1.1"

    def log_message(self, format: str, *args: Any) -> None:
        """Requests are not logged: their addresses are of no interest."""

    def do_POST(self) -> None:
        server = self.service
        body = parse_qs(self.rfile.read(int(self.headers.get("Content-Length", 0))).decode())
        form = {k: v[0] for k, v in body.items()}
        if urlsplit(self.path).path != "/oauth/token":
            return self._answer(404, b"{}")
        right = form.get("client_id") == CLIENT and form.get("client_secret") == SECRET
        if form.get("grant_type") == "password":
            right = right and form.get("username") == USER and form.get("password") == PASSWORD
        elif form.get("grant_type") != "client_credentials":
            return self._json({"error": "unsupported_grant_type"}, status=400)
        if not right:
            return self._json({"error": "invalid_client"}, status=401)
        with server.lock:
            token = f"token-{len(server.tokens)}-{server.faults.rng.getrandbits(32):x}"
            server.tokens.add(token)
        self._json({"access_token": token, "token_type": "Bearer", "expires_in": 3600})

    def do_GET(self) -> None:
        server = self.service
        parts = urlsplit(self.path)
        query = {k: v[0] for k, v in parse_qs(parts.query).items()}
        with server.lock:
            server.requests.append(self.path)
            fault = server.faults.next()
        if parts.path.startswith("/hrm_ws/"):
            return self._hrm_ws(parts.path, fault)
        token = self.headers.get("Authorization", "").removeprefix("Bearer ")
        with server.lock:
            if fault == "expired":
                server.tokens.discard(token)
            allowed = token in server.tokens
        if not allowed:
            return self._json({"imsx_codeMajor": "failure", "imsx_codeMinor": "unauthorisedrequest"}, status=401)
        if self._goes_wrong(fault):
            return None
        if match := re.fullmatch(r"/ims/oneroster/rostering/v1p2/(orgs|users)", parts.path):
            return self._oneroster(match.group(1), query, fault)
        if match := re.fullmatch(r"/fint/administrasjon/(?:personal|organisasjon)/(\w+)", parts.path):
            return self._fint(match.group(1), query, fault)
        return self._json({"imsx_StatusInfo": {"imsx_codeMajor": "failure", "imsx_codeMinor": "unknownobject"}}, status=404)

    # --- hrm_ws ------------------------------------------------------------------------------------------------

    def _hrm_ws(self, path: str, fault: str | None) -> None:
        wanted = "Basic " + base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
        if self.headers.get("Authorization") != wanted:
            return self._answer(401, b"", {"WWW-Authenticate": 'Basic realm="hrm_ws"'})
        day = self.service.day
        if re.fullmatch(r"/hrm_ws/secure/persons/company/1/start-id/(\d+)/end-id/(\d+)", path):
            make = day.hrm_ws
        elif match := re.fullmatch(r"/hrm_ws/secure/persons/company/1/not-started/date-interval/([\d-]+)/([\d-]+)", path):
            make = partial(day.hrm_ws_yet_to_start, *match.groups())
        else:  # not-started without a company too
            return self._answer(404, b"")
        if self._goes_wrong(fault):
            return None
        return self._answer(200, make(), {"Content-Type": "application/xml;charset=UTF-8"}, broken=fault)

    # --- FINT --------------------------------------------------------------------------------------------------

    def _fint(self, collection: str, query: dict[str, str], fault: str | None) -> None:
        entries = self.service.day.fint(f"{self.service.url}/fint").get(collection)
        if entries is None:
            return self._json({}, status=404)
        size, offset = int(query.get("size", 0)) or len(entries), int(query.get("offset", 0))
        page, total = self._page(entries, offset, size, fault)
        return self._json({"total_items": total, "size": len(page), "offset": offset, "_links": {"self": [{"href": self.path}]},
                           "_embedded": {"_entries": page}}, broken=fault)

    # --- OneRoster ---------------------------------------------------------------------------------------------

    def _oneroster(self, listing: str, query: dict[str, str], fault: str | None) -> None:
        limit, offset = int(query.get("limit", 100)), int(query.get("offset", 0))
        if limit > 100:
            return self._json({"imsx_codeMajor": "failure", "imsx_codeMinor": "invaliddata"}, status=400)
        page, total = self._page(self.service.day.oneroster()[listing], offset, limit, fault)
        return self._json({listing: page}, headers={"X-Total-Count": str(total)}, broken=fault)

    # --- answers and faults ------------------------------------------------------------------------------------

    def _page(self, records: list[Any], offset: int, size: int, fault: str | None) -> tuple[list[Any], int]:
        total = len(records)
        if fault == "page_twice" and offset >= size:
            offset -= size
        page = records[offset:offset + size]
        if fault == "one_missing" and len(page) > 1:
            page = page[1:]
        return page, total - 1 if fault == "wrong_total" else total

    def _goes_wrong(self, fault: str | None) -> bool:
        """Whether the fault has answered already."""
        match fault:
            case "status_500":
                self._answer(500, b"<html>Internal error</html>")
            case "status_503":
                self._answer(503, b"", {"Retry-After": "0"})
            case "status_429":
                self._answer(429, b"", {"Retry-After": "0"})
            case "web_page":
                self._answer(200, b"<html><body>Log in</body></html>", {"Content-Type": "text/html"})
            case "redirect":
                self._answer(302, b"", {"Location": self.service.url.replace("127.0.0.1", "localhost") + self.path})
            case "wait":
                self._answer(429, b"", {"Retry-After": "7"})
            case "reset":
                self.close_connection = True
                self.connection.close()
            case _:
                return False
        return True

    def _json(self, body: Any, *, status: int = 200, headers: dict[str, str] | None = None, broken: str | None = None) -> None:
        self._answer(status, json.dumps(body, ensure_ascii=False).encode(),
                     {"Content-Type": "application/json", **(headers or {})}, broken=broken)

    def _answer(self, status: int, body: bytes, headers: dict[str, str] | None = None, broken: str | None = None) -> None:
        if broken == "half_json":
            body = body[:len(body) // 2]
        if "gzip" in self.headers.get("Accept-Encoding", "") and body:
            body, headers = gzip.compress(body, 1), {**(headers or {}), "Content-Encoding": "gzip"}
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if broken == "broken_off":
            self.wfile.write(body[:len(body) // 2])
            self.close_connection = True
        else:
            self.wfile.write(body)
