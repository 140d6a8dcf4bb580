"""Every adapter against the shapes that third parties have, and the samples beside the project."""

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from pydantic import TypeAdapter

from ingest.dates import day_text
from ingest.sources import fint_format, oneroster_format
from ingest.sources.base import REGISTRY
from ingest.sources.catalogue import AdapterSettings, make_adapter
from tests.support.sources import DAY
from tests.support.third_parties import SHAPES, SHARED, TABLE, Shape, delivered, table

OWN_CHOICE = {"csv", "export"}  # the form is ours, or each kommune's own
KNOWN_TO_ONE = {"visma_net"}  # only the vendor's own documentation is public
SAMPLES = SHARED / "third-party"
WHOSE = {"hrm": ("employees", "employee_number", "employee_number"), "vfs": ("persons", "person_id", "person_id")}


def read(system: Any, settings: dict[str, Any], day: date = DAY) -> dict[str, Any]:
    adapter = make_adapter(system, TypeAdapter(AdapterSettings).validate_python(settings))
    return adapter.fetch(day, None, lambda _: None).read()


@pytest.mark.parametrize("shape", SHAPES, ids=lambda s: f"{s.adapter} {s.party}")
def test_what_a_third_party_has_is_read_as_it_is_meant(shape: Shape, tmp_path: Path) -> None:
    """contract#adapters"""
    with delivered(shape, tmp_path) as settings:
        tables = read(shape.system, settings)
    people, key, owner = WHOSE[shape.system]
    numbers = tables["positions"].translations.get("org_number", {})  # the door translates
    assert [(p[key], p["employee_number"]) for p in tables[people].data.to_pylist()] == shape.people
    assert [(p["position_id"], p[owner], numbers.get(p["org_number"], p["org_number"]),
             day_text(p["start_date"]), day_text(p["end_date"])) for p in tables["positions"].data.to_pylist()] == shape.positions
    assert {note.name: note.count for t in tables.values() for note in t.notes} == shape.doubts


def test_each_adapter_is_held_against_two_third_parties_and_the_page_names_them() -> None:
    parties = {name: len({s.party for s in SHAPES if s.adapter == name}) for name in REGISTRY.keys() - OWN_CHOICE}
    assert {name for name, number in parties.items() if number < (1 if name in KNOWN_TO_ONE else 2)} == set()
    assert TABLE.read_text(encoding="utf-8") == table(), "run `make docs`"


# --- the samples beside the project, which need not be there ------------------------------------------------------------


def sample(name: str) -> str:
    file = SAMPLES / name
    if not file.exists():
        pytest.skip("the samples are not beside the project")
    return file.read_text(encoding="utf-8")


@pytest.mark.parametrize(("name", "expected"), [
    ("hrm_ws_root.xml", [("1001:4:2026-08-01", "974000001", "2026-08-01")]),
    ("hrm_ws_no_code.xml", [("1001::2026-08-01:974000001", "974000001", "2026-08-01"),
                            ("1001::2026-08-01:974000002", "974000002", "2026-08-01")])])
def test_the_samples_of_hrm_ws(name: str, expected: list[tuple[str, str, str]], tmp_path: Path) -> None:
    shape = next(s for s in SHAPES if s.party == "vtfk/azf-dust-api")
    path = next(iter(shape.answers))
    with delivered(Shape(**{**vars(shape), "answers": {path: sample(name).encode()}}), tmp_path) as settings:
        tables = read("hrm", settings)
    assert [e["employee_number"] for e in tables["employees"].data.to_pylist()] == ["1001"]
    assert [(p["position_id"], p["org_number"], p["start_date"]) for p in tables["positions"].data.to_pylist()] == expected


def test_the_samples_of_fint() -> None:
    def canonical(positions: list[Any], units: list[Any]) -> dict[str, Any]:
        return fint_format.canonical({"person": [], "personalressurs": [], "arbeidsforhold": positions,
                                      "organisasjonselement": units}, 100)

    ended = canonical([json.loads(sample("fint_job_ended.json"))], [])["positions"].data.to_pylist()
    assert [(p["position_id"], p["percentage"], day_text(p["end_date"])) for p in ended] == [("jobended", "100", "2026-06-30")]
    dated = canonical(json.loads(sample("fint_dates.json")), [])["positions"].data.to_pylist()
    assert [day_text(p["end_date"]) for p in dated] == ["2021-09-30", "2026-12-31"]
    units = canonical([], json.loads(sample("fint_shared_number.json")))["org_units"]
    assert [(u["org_number"], u["name"], u["type"]) for u in units.data.to_pylist()] == [("821227062", "Kommune", "kommune")]
    assert [(n.name, n.count) for n in units.notes] == [("shared_org_number", 1)]


def test_the_sample_of_oneroster_1p1() -> None:
    users = json.loads(sample("oneroster_1p1_user.json"))["users"]
    settings = oneroster_format.OneRosterSettings(adapter="oneroster", path=Path())
    tables = oneroster_format.Roster(settings, {}, oneroster_format.gather(users)).tables("oneroster")
    assert [(p["person_id"], p["employee_number"]) for p in tables["persons"].data.to_pylist()] == [("u1", "1001")]
    assert [(p["role"], p["org_number"]) for p in tables["positions"].data.to_pylist()] == [("teacher", "11004")]
