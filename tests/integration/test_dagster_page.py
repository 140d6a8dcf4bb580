"""Dagster's web page with the settings that are shipped, as its own process serves it."""

import json
import os
import re
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from orchestration.core import dagster_home
from orchestration.core.paths import DataPaths

PROGRAM = Path(sys.executable).with_name("dagster-webserver")


def free_port() -> int:
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        return server.getsockname()[1]


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a page without code, which decides by the instance's settings alone."""
    place = tmp_path_factory.mktemp("page")
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("DAGSTER_HOME", raising=False)
        home = dagster_home.prepare(DataPaths(place / "data"))
    address = f"http://127.0.0.1:{(port := free_port())}"
    with (place / "log").open("w+") as log:
        server = subprocess.Popen(
            [PROGRAM, "--empty-workspace", "--port", str(port)], cwd=place, stdout=log, stderr=log,
            env=os.environ | {"DAGSTER_HOME": str(home)})
        try:
            for _ in range(240):
                assert server.poll() is None, (place / "log").read_text()
                try:
                    urllib.request.urlopen(f"{address}/server_info", timeout=5).close()
                    break
                except OSError:
                    time.sleep(0.25)
            yield address
        finally:
            server.terminate()
            server.wait(30)


def asked(page: str, query: str) -> dict:
    content = json.dumps({"query": query}).encode()
    request = urllib.request.Request(f"{page}/graphql", content, {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=30) as answer:
        return json.load(answer)["data"]


def test_the_page_asks_nobody_for_an_address_and_sends_nothing_home(page: str) -> None:
    """contract#dagster-page"""
    assert asked(page, "{ shouldShowNux }") == {"shouldShowNux": False}
    with urllib.request.urlopen(f"{page}/", timeout=30) as answer:
        assert re.search(r'"telemetryEnabled":\s*"?false', answer.read().decode())
