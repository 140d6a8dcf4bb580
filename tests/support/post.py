"""Where messages arrive in tests: a real mail server and a real web server on this machine."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes, policy
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from aiosmtpd.controller import Controller


class _Controller(Controller):
    def _trigger_server(self) -> None:
        self.port = self.server.sockets[0].getsockname()[1]  # it was asked for any free one
        super()._trigger_server()


class MailServer:
    """A mail server; `mails` are those it took. With `refuses` it takes none."""

    def __init__(self) -> None:
        self.mails: list[EmailMessage] = []
        self.refuses = False
        self._controller = _Controller(self, hostname="127.0.0.1", port=0)

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        if self.refuses:
            return "451 try again later"
        self.mails.append(message_from_bytes(envelope.content, policy=policy.default))
        return "250 OK"

    @property
    def address(self) -> str:
        return f"mailto://127.0.0.1:{self._controller.port}?from=sluttdato@x.test&to=admin@x.test"

    def texts(self) -> list[str]:
        return [f"{m['subject']}\n{m.get_body(('plain',)).get_content()}" for m in self.mails]


@contextmanager
def mail_server() -> Iterator[MailServer]:
    server = MailServer()
    server._controller.start()
    try:
        yield server
    finally:
        server._controller.stop()


class Webhook:
    """A web server that takes JSON; `posts` are the bodies. With `answers` 500 it takes none, and answers 500."""

    def __init__(self) -> None:
        self.posts: list[dict[str, Any]] = []
        self.answers = 200
        hook = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                if hook.answers == 200:
                    hook.posts.append(body)
                self.send_response(hook.answers)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, format: str, *args: Any) -> None:
                pass

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)

    @property
    def address(self) -> str:
        return f"json://127.0.0.1:{self.http.server_address[1]}/hook"


@contextmanager
def webhook() -> Iterator[Webhook]:
    hook = Webhook()
    thread = threading.Thread(target=hook.http.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield hook
    finally:
        hook.http.shutdown()
        hook.http.server_close()
        thread.join()
