"""A PostgreSQL server of the tests' own, on a free port of this machine, with everything in a temporary directory.

The server refuses to run as root, so there it runs as the user that Debian's package makes, or as nobody. Durability is off.
"""

import os
import pwd
import secrets
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg
import pytest

_UNPRIVILEGED = ("postgres", "nobody")


def programs() -> Path | None:
    """The folder of the server's programs, the newest; None where there is none."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda p: int(p.parts[-3]))
    on_path = shutil.which("initdb")
    return found[-1].parent if found else Path(on_path).parent if on_path else None


def needed_programs() -> Path:
    """The same; without them, a test is skipped, and fails in CI."""
    found = programs()
    if found is None:
        reason = "there is no PostgreSQL server here (Debian: postgresql)"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    return found


@dataclass
class PostgresServer:
    """A server with a superuser, and databases that tests make."""

    programs: Path
    folder: Path
    port: int
    password: str = field(default_factory=lambda: secrets.token_hex(12))
    user: str = "eier"

    def url(self, database: str = "postgres", user: str | None = None) -> str:
        return f"postgresql://{user or self.user}:{self.password}@127.0.0.1:{self.port}/{database}"

    def connect(self, database: str = "postgres", user: str | None = None, **options: Any) -> psycopg.Connection[Any]:
        return psycopg.connect(self.url(database, user), autocommit=True, **options)

    def _call(self, program: str, *arguments: str) -> None:
        # Not to a pipe: the server inherits it, and it would never end.
        with (self.folder / "calls.log").open("ab") as log:
            subprocess.run([str(self.programs / program), "-D", str(self.folder / "data"), *arguments], check=True,
                           stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=self.folder, **_as_unprivileged())

    def prepare(self) -> None:
        password = self.folder / "password"
        password.write_text(self.password)
        if account := _account():
            os.chown(password, account.pw_uid, account.pw_gid)
        self._call("initdb", "-U", self.user, "--auth=scram-sha-256", f"--pwfile={password}", "-E", "UTF8", "--locale=C",
                   "--no-sync")

    def start(self) -> None:
        self._call("pg_ctl", "-w", "-l", str(self.folder / "server.log"), "-o", " ".join((
            f"-p {self.port}", "-c listen_addresses=127.0.0.1", "-c unix_socket_directories=''", "-c fsync=off",
            "-c synchronous_commit=off", "-c full_page_writes=off")), "start")

    def stop(self) -> None:
        self._call("pg_ctl", "-w", "-m", "immediate", "stop")

    @contextmanager
    def down(self) -> Iterator[None]:
        """The server is down in this block."""
        self.stop()
        try:
            yield
        finally:
            self.start()


def _account() -> pwd.struct_passwd | None:
    """Whom the server runs as, where that is somebody else."""
    if os.geteuid() != 0:
        return None
    names = {entry.pw_name: entry for entry in pwd.getpwall()}
    return next(names[name] for name in _UNPRIVILEGED if name in names)


def _as_unprivileged() -> dict[str, Any]:
    account = _account()
    return {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []} if account else {}


@contextmanager
def running() -> Iterator[PostgresServer]:
    """A server that runs in this block."""
    found = needed_programs()
    folder = Path(tempfile.mkdtemp(prefix="sluttdato-postgres-"))
    try:
        if account := _account():
            os.chown(folder, account.pw_uid, account.pw_gid)
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        server = PostgresServer(found, folder, port)
        server.prepare()
        server.start()
        try:
            yield server
        finally:
            server.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)
