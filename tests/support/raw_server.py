"""A server that answers with bytes as they are, however wrong, and then closes the connection."""

import socket
import threading
from collections.abc import Callable, Iterable
from types import TracebackType

Answer = bytes | Iterable[bytes]


def http_answer(body: bytes = b"", status: str = "200 OK", *headers: str, length: bool = True) -> bytes:
    """An answer as it should be, with more headers."""
    lines = [f"HTTP/1.1 {status}", "Content-Type: application/json", "Connection: close", *headers]
    lines += [f"Content-Length: {len(body)}"] if length else []
    return "\r\n".join(lines).encode("utf-8") + b"\r\n\r\n" + body


class RawServer:
    """Answers every request with what `answer` gives for it: a head's bytes, and its body's.

    `requests` are the heads that came. `stopped` is set at the end: a generator that answers slowly waits for it.
    """

    def __init__(self, answer: Callable[[str, bytes], Answer]):
        self.answer = answer
        self.requests: list[str] = []
        self.stopped = threading.Event()
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}"

    def __enter__(self) -> "RawServer":
        threading.Thread(target=self._serve, daemon=True).start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.stopped.set()
        self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()

    def drip(self, *pieces: bytes, before: bytes = b"") -> Iterable[bytes]:
        """`before`, then the pieces one after the other for ever, a hundredth of a second apart."""
        yield before
        while not self.stopped.is_set():
            for piece in pieces:
                self.stopped.wait(0.01)
                yield piece

    def _serve(self) -> None:
        while not self.stopped.is_set():
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            threading.Thread(target=self._answer, args=[connection], daemon=True).start()

    def _answer(self, connection: socket.socket) -> None:
        with connection:
            try:
                head, _, body = self._received(connection)
                if not head:
                    return
                self.requests.append(head)
                answer = self.answer(head, body)
                for piece in [answer] if isinstance(answer, bytes) else answer:
                    connection.sendall(piece)
                connection.shutdown(socket.SHUT_WR)
                while connection.recv(1 << 16):  # else what was sent may be lost to a reset
                    pass
            except OSError:
                return  # the client has gone

    @staticmethod
    def _received(connection: socket.socket) -> tuple[str, bytes, bytes]:
        came = b""
        while b"\r\n\r\n" not in came:
            if not (piece := connection.recv(1 << 16)):
                return "", b"", b""
            came += piece
        head, end, body = came.partition(b"\r\n\r\n")
        text = head.decode("latin-1")
        wanted = next((int(line.split(":")[1]) for line in text.split("\r\n") if line.lower().startswith("content-length:")), 0)
        while len(body) < wanted and (piece := connection.recv(1 << 16)):
            body += piece
        return text, end, body
