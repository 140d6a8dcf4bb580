"""Visma.net's Employee API v2 over real HTTP, with Visma Connect's token, pages by cursor, and faults by rate and seed.

Written from the public descriptions of these services, independently of the adapter. It serves one day of HRM's tables.
"""

import base64
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from demo.servers import CLIENT, SECRET, Day, Faults

TENANT, SCOPE = "tenant-of-the-test", "visma_net_employee:employees:read"
JSON_V2 = "application/vnd.no.payroll.employee.V2.0+json"
# Faults that another attempt gets over, and that a client can notice: the API does not tell how many employees there are.
FAULTS = ("status_500", "status_503", "status_429", "reset", "broken_off", "half_json", "web_page", "expired", "page_twice",
          "cursor_twice", "no_list")


class VismaNetServer:
    """One company. Units have ids of Visma.net's own; `settings` says which organisation numbers they are.

    `moments`: dates are written with a time. `empty_pages`: an empty page comes between any two.
    """

    def __init__(self, day: Day, *, moments: bool = False, empty_pages: bool = False):
        self.employees, self.empty_pages = employees(day, moments), empty_pages
        self.faults = Faults()
        self.requests: list[str] = []
        self.tokens: set[str] = set()
        self.lock = threading.Lock()
        self._units = {unit_id(o["org_number"]): o["org_number"] for o in day.hrm["org_units"]}
        server = self

        class Handler(_Handler):
            service = server

        self._http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._http.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._http.server_address[1]}"
        self._thread = threading.Thread(target=self._http.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)

    def __enter__(self) -> "VismaNetServer":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._http.shutdown()
        self._http.server_close()
        self._thread.join()

    environment = {"VISMA_NET_SECRET": SECRET}  # noqa: RUF012

    def settings(self, secret: str = SECRET) -> dict[str, Any]:
        return {"adapter": "visma_net", "url": f"{self.url}/v2", "token_url": f"{self.url}/connect/token", "client_id": CLIENT,
                "client_secret": secret, "tenant_id": TENANT, "values": {"org_number": self._units}}


def unit_id(org_number: str) -> str:
    return f"unit-{org_number}"


def employees(day: Day, moments: bool) -> list[dict[str, Any]]:
    """Everybody whom HRM holds, with their positions, ended ones too."""
    def days(start: str, end: str) -> dict[str, str]:
        return {name: value + "T00:00:00" * moments for name, value in (("activeStart", start), ("activeEnd", end)) if value}

    positions: dict[str, list[Any]] = {}
    for p in {p["position_id"]: p for p in day.hrm["positions"]}.values():
        part = float(p["percentage"])
        positions.setdefault(p["employee_number"], []).append({
            "id": p["position_id"], "tenantId": TENANT, "typeOfPosition": "Ordinary", **days(p["start_date"], p["end_date"]),
            "employmentForm": [{"value": "fast"}], "typeOfWork": [{"value": "2341104"}],
            "partTimeFactors": [{"value": int(part) if part.is_integer() else part}],
            "taxUnitIds": [{"value": unit_id("before"), "activeEnd": "1999-12-31"},
                           {"value": unit_id(p["org_number"]), "activeStart": "2000-01-01"}]})
    return [{
        "id": f"employee-{n}", "number": e["employee_number"], "tenantId": TENANT, "isDraft": False,
        "personNames": [{"firstName": e["given_name"], "lastName": "Pikenavn", "activeEnd": "1999-12-31"},
                        {"firstName": e["given_name"], "lastName": e["family_name"], "activeStart": "2000-01-01"}],
        "personIds": [{"typeOfId": "NationalID", "id": e["national_id"]}] if e["national_id"] else [],
        "emails": [{"type": "private", "address": "privat@example.invalid"}], "lastChange": "2025-01-01T09:08:24.870Z",
        "_embedded": {"positions": positions.get(e["employee_number"], [])}} for n, e in enumerate(day.hrm["employees"])]


class _Handler(BaseHTTPRequestHandler):
    service: VismaNetServer
    protocol_version = "HTTP/1.1"

    def log_message(self, format: str, *args: Any) -> None:
        pass

    def do_POST(self) -> None:
        form = parse_qs(self.rfile.read(int(self.headers.get("Content-Length", 0))).decode())
        wanted = {"grant_type": "client_credentials", "client_id": CLIENT, "client_secret": SECRET, "tenant_id": TENANT,
                  "scope": SCOPE}
        if self.path != "/connect/token":
            return self._json({}, 404)
        if form != {name: [value] for name, value in wanted.items()}:
            return self._json({"error": "invalid_client"}, 400)
        with self.service.lock:
            token = f"token-{len(self.service.tokens)}-{self.service.faults.rng.getrandbits(32):x}"
            self.service.tokens.add(token)
        return self._json({"access_token": token, "token_type": "Bearer", "expires_in": 3600, "scope": SCOPE})

    def do_GET(self) -> None:
        server = self.service
        token = self.headers.get("Authorization", "").removeprefix("Bearer ")
        with server.lock:
            server.requests.append(self.path)
            fault = server.faults.next()
            if fault == "expired":
                server.tokens.discard(token)
            allowed = token in server.tokens
        parts = urlsplit(self.path)
        if not allowed:
            return self._json({}, 401)
        if parts.path != "/v2/employees":
            return self._json({}, 404)
        if JSON_V2 not in self.headers.get("Accept", ""):
            return self._json({}, 406)
        match fault:
            case "status_500":
                return self._answer(500, b"<html>Internal error</html>")
            case "status_503" | "status_429":
                return self._answer(int(fault[-3:]), b"", {"Retry-After": "0"})
            case "web_page":
                return self._answer(200, b"<html><body>Log in</body></html>", {"Content-Type": "text/html"})
            case "reset":
                self.close_connection = True
                return self.connection.close()
            case "no_list":
                return self._json({"data": None})
            case _:
                return self._page({name: value[0] for name, value in parse_qs(parts.query).items()}, fault)

    def _page(self, query: dict[str, str], fault: str | None) -> None:
        """A page from the cursor on. The cursor does not remember the other parameters, which belong to each request."""
        server, size = self.service, int(query.get("page-size", 50))
        asked = query.get("cursor")
        kind, _, begins = base64.urlsafe_b64decode(asked).decode().partition(" ") if asked else ("page", "", "0")
        offset = int(begins)
        shown = max(0, offset - size) if fault == "page_twice" else offset
        page = [e if query.get("embed") == "(positions)" else {k: v for k, v in e.items() if k != "_embedded"}
                for e in server.employees[shown:shown + size]]
        if query.get("onlyActive"):
            page = []
        following = f"{'empty' if server.empty_pages else 'page'} {offset + size}"
        if kind == "empty":
            page, following = [], f"page {offset}"
        body: dict[str, Any] = {"data": page}
        if kind == "empty" or offset + size < len(server.employees):
            cursor = base64.urlsafe_b64encode(following.encode()).decode()
            body["cursor"] = {"nextToken": asked if fault == "cursor_twice" and asked else cursor}
        self._json(body, 200, fault)

    def _json(self, body: Any, status: int = 200, fault: str | None = None) -> None:
        self._answer(status, json.dumps(body, ensure_ascii=False).encode(), {"Content-Type": JSON_V2}, fault)

    def _answer(self, status: int, body: bytes, headers: dict[str, str] | None = None, fault: str | None = None) -> None:
        if fault == "half_json":
            body = body[:len(body) // 2]
        self.send_response(status)
        for name, value in {**(headers or {}), "Content-Length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        if fault == "broken_off":
            body, self.close_connection = body[:len(body) // 2], True
        self.wfile.write(body)
