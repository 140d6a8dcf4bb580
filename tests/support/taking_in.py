"""Taking in one delivery of any source, and bytes that are damaged in any way, for tests of what nobody should deliver."""

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
    """What became of today's delivery: landed (refused or not), or why it could not be had."""
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
    """Bytes that are a file, cut off, with some of it overwritten; or no such file at all."""
    def damage(cut: int, at: int, junk: bytes) -> bytes:
        return (whole[:at] + junk + whole[at + len(junk):])[:cut]

    place = st.integers(0, len(whole))
    return st.binary(max_size=200) | st.builds(damage, place, place, st.binary(max_size=12))
