"""For tests of broken deliveries: take in one delivery of any source, and damage bytes at random."""

from datetime import date
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter

from ingest.errors import PullFailed
from ingest.landing import Landed
from ingest.sources.catalogue import AdapterSettings, make_source
from tests.support.landing_place import landing_at

DAY = date(2025, 3, 10)
FEW = settings(max_examples=30, deadline=None, database=None, derandomize=True, suppress_health_check=[
    HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much, HealthCheck.large_base_example])


def take_in(root: Path, system: Any, source_settings: dict[str, Any]) -> Landed | str:
    """Take in today's delivery. Returns the landed extract (refused or not), or as text why there is none."""
    landing = landing_at(root / "landed")
    before = {e.key for e in landing.all(system)}
    source = make_source(system, [TypeAdapter(AdapterSettings).validate_python(source_settings)])
    delivery, = source.deliveries(DAY, pull=True)
    try:
        landed = landing.take_in(source, delivery, b"key", 5)
    except PullFailed as error:
        assert {e.key for e in landing.all(system)} == before
        return str(error)
    finally:
        assert not list(root.rglob(".incoming-*"))
    if landed is None:
        return "the same again"
    files = {f.name for f in landed.folder.iterdir()}
    assert files == {"extract.json"} if landed.refused else files > {"extract.json", "rejected_rows.parquet"}
    return landed


def broken(whole: bytes) -> st.SearchStrategy[bytes]:
    """The bytes of a file, cut off and partly overwritten; or arbitrary bytes."""
    def damage(cut: int, at: int, junk: bytes) -> bytes:
        return (whole[:at] + junk + whole[at + len(junk):])[:cut]

    place = st.integers(0, len(whole))
    return st.binary(max_size=200) | st.builds(damage, place, place, st.binary(max_size=12))
