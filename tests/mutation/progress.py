"""The progress line, on standard error."""

import sys


def progress(text: str) -> None:
    print(f"\r{text:100}", end="", file=sys.stderr, flush=True)
