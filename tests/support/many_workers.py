"""Dagster on several machines, as programs: PostgreSQL, Redis, the daemon with the code server, Celery's workers."""

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

import pytest
import yaml
from redis import Redis, RedisError

from tests.support.postgres_server import PostgresServer

ROOT = Path(__file__).resolve().parents[2]
SETTINGS = ROOT / "deploy" / "dagster-production.yaml"
T = TypeVar("T")


@dataclass
class Started:
    """A process with a group of its own, and what it says in a file."""

    name: str
    popen: "subprocess.Popen[bytes]"
    log: Path
    may_end: bool = False

    def said(self) -> str:
        return f"--- {self.name}\n{self.log.read_text(errors='replace')[-3000:]}"

    def holds(self, pid: int) -> bool:
        """Whether a process is of its group."""
        try:
            return os.getpgid(pid) == self.popen.pid
        except ProcessLookupError:
            return False

    def kill(self) -> None:
        """As when a machine loses its power."""
        self.may_end = True
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.popen.pid, signal.SIGKILL)
        self.popen.wait()

    def stop(self, seconds: float = 10) -> None:
        self.may_end = True
        self.popen.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.popen.wait(seconds)
        self.kill()


@dataclass
class Machines:
    """What runs on the machines. `environment`: of each program."""

    root: Path
    environment: dict[str, str]
    started: list[Started] = field(default_factory=list)

    def start(self, name: str, *command: str) -> Started:
        log = self.root / f"{name}.log"
        with log.open("ab") as out:
            popen = subprocess.Popen(
                command, cwd=self.root, env=self.environment,
                stdin=subprocess.DEVNULL, stdout=out, stderr=out, start_new_session=True)
        self.started.append(Started(name, popen, log))
        return self.started[-1]

    def do(self, *command: str) -> None:
        """Run a program to its end."""
        program = self.start(command[0], *command)
        self.until(" ".join(command), lambda: program.popen.poll() is not None, may_end=program)
        if program.popen.returncode:
            pytest.fail(f"{' '.join(command)} ended with {program.popen.returncode}\n{program.said()}")

    def worker(self, name: str, *queues: str) -> Started:
        return self.start(name, "celery", "-A", "tests.support.worker_app", "worker", "-c", "1", "-Q", ",".join(queues),
                          "-n", f"{name}@here", "--loglevel", "warning")

    def until(self, what: str, condition: Callable[[], T], seconds: float = 600, may_end: Started | None = None) -> T:
        """What the condition gives, once that is true. Fails when a program has ended that must not, or after `seconds`."""
        end = time.monotonic() + seconds
        if may_end:
            may_end.may_end = True
        while not (found := condition()):
            dead = [s for s in self.started if not s.may_end and s.popen.poll() is not None]
            if dead or time.monotonic() > end:
                pytest.fail(f"{what}: {'a program has ended' if dead else f'not within {seconds:g} seconds'}\n"
                            + "\n".join(s.said() for s in dead or self.started))
            time.sleep(0.2)
        return found

    def stop(self) -> None:
        for started in reversed(self.started):
            started.stop()


def needed_redis() -> str:
    """The program; without it, a test is skipped, and fails in CI."""
    if found := shutil.which("redis-server"):
        return found
    reason = "there is no Redis server here (Debian: redis-server)"
    if os.environ.get("CI"):
        pytest.fail(reason)
    pytest.skip(reason)


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


@contextlib.contextmanager
def machines(root: Path, server: PostgresServer, kommuner: Path, today: str) -> Iterator[Machines]:
    """PostgreSQL and Redis with a home of Dagster for which storage is made; neither daemon nor workers."""
    redis = needed_redis()
    with server.connect() as con:
        con.execute("CREATE DATABASE dagster")
    port, home = _free_port(), root / "home"
    home.mkdir()
    settings = yaml.safe_load(SETTINGS.read_text(encoding="utf-8"))
    settings["concurrency"]["runs"]["max_concurrent_runs"] = 3  # two at work, and one that waits for a worker
    settings["run_monitoring"]["poll_interval_seconds"] = 1  # nobody wants to wait for half a minute here
    (home / "dagster.yaml").write_text(yaml.safe_dump(settings))
    (root / "workspace.yaml").write_text((ROOT / "workspace.yaml").read_text(encoding="utf-8"))
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("SLUTTDATO_", "DAGSTER_"))}
    found = Machines(root, {
        **kept, "DAGSTER_HOME": str(home), "SLUTTDATO_KOMMUNER": str(kommuner), "SLUTTDATO_TODAY": today, "PYTHONPATH": str(ROOT),
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "DAGSTER_POSTGRES_URL": server.url("dagster").replace("postgresql://", "postgresql+psycopg2://"),
        "DAGSTER_CELERY_BROKER_URL": f"redis://127.0.0.1:{port}/0"})
    try:
        found.start("redis", redis, "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", str(root))
        found.until("Redis answers", lambda: _answers(port), 30)
        found.do("dagster", "instance", "migrate")
        yield found
    finally:
        found.stop()


def _answers(port: int) -> bool:
    with contextlib.suppress(RedisError), Redis(port=port) as redis:
        return bool(redis.ping())
    return False
