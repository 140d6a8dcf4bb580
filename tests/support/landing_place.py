"""The landed extracts of a test: the one place that makes a `Landing`."""

from pathlib import Path

from ingest.landing import Landing


def landing_at(root: Path) -> Landing:
    """The landed extracts below `root`; diffs of quarantined ones lie in `quarantined` beside it."""
    return Landing(root)
