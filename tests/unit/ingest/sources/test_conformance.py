"""What every adapter holds to, by itself as soon as it is registered. Its sample is in `tests/support/sources.py`."""

from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any, get_args

import pyarrow as pa
import pytest
from pydantic import SecretStr, TypeAdapter, ValidationError

from ingest.assessable import EVERYTHING
from ingest.canonical_tables import SOURCES, System, tables_of
from ingest.door import admit
from ingest.errors import PullFailed, RefusedExtract
from ingest.settings_model import is_secret
from ingest.sources.base import REGISTRY, Adapter, Fetched
from ingest.sources.catalogue import AdapterSettings, make_adapter
from ingest.sources.http import HttpSettings
from tests.support.sources import DAY, SAMPLES, Sample

EACH = [(name, system, number) for name, registered in REGISTRY.items() for system in registered.systems
        for number in range(len(SAMPLES.get(name, [])) or 1)]
WHERE = {"path", "url", "token_url"}


@pytest.fixture(params=EACH, ids=["-".join(map(str, each)) for each in EACH])
def case(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[System, Sample]]:
    name, system, number = request.param
    if name not in SAMPLES:
        pytest.fail(f'the adapter {name} has no sample: write a function with @sample("{name}") in tests/support/sources.py')
    with SAMPLES[name][number](tmp_path, system) as sample:
        yield system, sample


def made(system: System, settings: dict[str, Any]) -> Adapter:
    return make_adapter(system, TypeAdapter(AdapterSettings).validate_python(settings))


def fetched(adapter: Adapter) -> Fetched:
    return adapter.fetch(DAY, None if adapter.is_pulled else adapter.days(DAY)[DAY], lambda _: None)


def digest(content: Fetched) -> str:
    made_of = sha256()
    content.digest(made_of.update)
    return made_of.hexdigest()


def secrets(sample: Sample) -> list[str]:
    fields = REGISTRY[sample.settings["adapter"]].settings.model_fields
    return [value for name, value in sample.settings.items() if is_secret(fields[name].annotation)]


def test_its_name_systems_tables_and_what_it_carries_are_known_ones(case: tuple[System, Sample]) -> None:
    system, sample = case
    name = sample.settings["adapter"]
    registered = REGISTRY[name]
    assert get_args(registered.settings.model_fields["adapter"].annotation) == (name,)
    assert registered.systems and set(registered.systems) <= set(SOURCES)
    adapter = made(system, sample.settings)
    assert adapter.tables and set(adapter.tables) <= {t.name for t in tables_of(system)}
    assert adapter.carries <= EVERYTHING
    for other in set(SOURCES) - set(registered.systems):
        with pytest.raises(ValueError, match=f"the adapter {name} is for"):
            made(other, sample.settings)


def test_its_settings_refuse_unknown_keys(case: tuple[System, Sample]) -> None:
    system, sample = case
    with pytest.raises(ValidationError) as refused:
        made(system, sample.settings | {"no_such_setting": 1})
    assert [e["type"] for e in refused.value.errors()] == ["extra_forbidden"]


def test_its_fingerprint_changes_with_what_changes_the_reading_and_not_with_where_and_how_it_is_asked(
    case: tuple[System, Sample], tmp_path: Path
) -> None:
    system, sample = case
    fields = REGISTRY[sample.settings["adapter"]].settings.model_fields
    hidden = {name: "another" for name in fields if is_secret(fields[name].annotation)}
    elsewhere = {"path": str(tmp_path / "elsewhere"), "url": "https://elsewhere.test", "token_url": "https://elsewhere.test/t"}
    asking = sample.asking | {n: v for n, v in (hidden | elsewhere).items() if n in sample.settings}
    unaccounted = set(fields) - set(HttpSettings.model_fields) - set(sample.reading) - set(sample.asking) - set(hidden) - WHERE
    assert unaccounted - {"adapter", "tables"} == set(), "whether these settings change the reading is not in the sample"
    before = made(system, sample.settings).settings_fingerprint

    def changing(others: dict[str, Any]) -> set[str]:
        return {n for n, v in others.items() if made(system, sample.settings | {n: v}).settings_fingerprint != before}

    assert changing(sample.reading) == set(sample.reading)
    assert changing(asking) == set()
    assert not [s for s in secrets(sample) if s in before]


def test_it_delivers_canonical_tables_that_hold(case: tuple[System, Sample]) -> None:
    system, sample = case
    adapter = made(system, sample.settings)
    raw = fetched(adapter).read()
    assert set(raw) == set(adapter.tables)
    for table in tables_of(system):
        if table.name in raw:
            assert set(raw[table.name].data.column_names) <= {c.name for c in table.columns}
            assert set(raw[table.name].data.schema.types) == {pa.string()}
    extract = admit(system, DAY, raw, delta=False, key=b"key", max_rejected_percent=0)
    assert extract.rejected.num_rows == 0
    assert all(extract.tables[t.name].num_rows >= 3 for t in tables_of(system) if t.guarded)


def test_the_same_content_has_the_same_digest(case: tuple[System, Sample]) -> None:
    system, sample = case
    first, again = (digest(fetched(made(system, sample.settings))) for _ in range(2))
    assert first == again


def test_with_a_fault_in_the_middle_there_is_no_half_delivery_and_no_secret_is_shown(case: tuple[System, Sample]) -> None:
    system, sample = case
    fetched(made(system, sample.settings)).read()
    sample.break_midway()
    with pytest.raises((PullFailed, RefusedExtract)) as failure:
        fetched(made(system, sample.settings)).read()
    error = failure.value
    shown = error.describe(system, DAY) if isinstance(error, RefusedExtract) else str(error)
    assert len(shown) > 30
    assert not [s for s in secrets(sample) if s in shown or s in repr(error)]


def test_no_secret_stands_in_its_settings_text(case: tuple[System, Sample]) -> None:
    system, sample = case
    settings = TypeAdapter(AdapterSettings).validate_python(sample.settings)
    shown = f"{settings!r} {settings} {settings.model_dump_json()} {vars(make_adapter(system, settings))}"
    assert not [s for s in secrets(sample) if s in shown]
    assert all(isinstance(getattr(settings, n), SecretStr) for n, value in sample.settings.items() if value in secrets(sample))
