"""The machine's Chromium, driven by Playwright. Without it the tests skip with a reason; in CI they fail."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

_FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
          "--disable-component-update", "--disable-sync"]


def needed(*programs: str) -> str:
    """The path of the first of these programs that is installed. Without any: skips the test, and fails it in CI."""
    for program in programs:
        if path := shutil.which(program):
            return path
    if os.environ.get("CI"):
        pytest.fail(f"{programs[0]} is not installed; .ci/run does that")
    pytest.skip(f"{programs[0]} is not installed")


@contextmanager
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=needed("chromium", "chromium-browser", "google-chrome"), args=_FLAGS)
        try:
            yield browser
        finally:
            browser.close()


@contextmanager
def watched(browser: Browser, **options: object) -> Iterator[Page]:
    """A page that fails the test when it logs to its console, raises an error, or requests anything but files."""
    context = browser.new_context(**options)
    page, wrong = context.new_page(), []
    page.on("console", lambda message: wrong.append(f"console: {message.text}"))
    page.on("pageerror", lambda error: wrong.append(f"error: {error}"))
    page.on("request", lambda request: None if request.url.startswith(("file:", "data:")) else wrong.append(request.url))
    try:
        yield page
    finally:
        context.close()
    assert wrong == []


def address(file: Path) -> str:
    return file.resolve().as_uri()
