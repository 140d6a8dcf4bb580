"""The wheel holds what the product reads and nothing else, and the pinned requirements are those of pyproject.toml."""

import os
import re
import subprocess
import sys
import tomllib
from email.message import Message
from email.parser import Parser
from pathlib import Path
from zipfile import ZipFile

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[2]
ROOMS = {p.parent.name for p in ROOT.glob("*/__init__.py")} - {"tests", "benchmarks"}
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
GENERATED = {("dbt_project", "target"), ("dbt_project", "logs")}


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> ZipFile:
    """The wheel of the checkout, built offline by what is installed; nothing is written into the checkout."""
    place = tmp_path_factory.mktemp("wheel")
    (place / "build.cfg").write_text(f"[build]\nbuild_base = {place / 'build'}\n[egg_info]\negg_base = {place}\n")
    subprocess.run(
        [sys.executable, "-m", "pip", "wheel", "--quiet", "--disable-pip-version-check", "--no-index", "--no-deps",
         "--no-build-isolation", "--wheel-dir", place, ROOT],
        check=True, env=os.environ | {"DIST_EXTRA_CONFIG": str(place / "build.cfg")})
    return ZipFile(next(place.glob("*.whl")))


def product_files() -> set[str]:
    """All files of the rooms, below the root: code, SQL, templates, seeds; no READMEs and nothing that a tool wrote."""
    paths = [p.relative_to(ROOT) for room in ROOMS for p in (ROOT / room).rglob("*") if p.is_file()]
    return {p.as_posix() for p in paths if p.name != "README.md" and "__pycache__" not in p.parts
            and p.parts[:2] not in GENERATED and not any(part.startswith(".") for part in p.parts)}


def metadata_of(wheel: ZipFile) -> Message:
    name = next(n for n in wheel.namelist() if n.endswith(".dist-info/METADATA"))
    return Parser().parsestr(wheel.read(name).decode())


def test_the_wheel_holds_each_file_of_the_rooms_and_no_other(wheel: ZipFile) -> None:
    held = {name for name in wheel.namelist() if not name.split("/")[0].endswith(".dist-info")}
    assert {"dbt_project/macros/periods.sql", "orchestration/cli/app.py"} <= product_files()
    assert held == product_files()


def test_the_wheel_names_its_command_and_carries_the_license(wheel: ZipFile) -> None:
    entry_points = next(n for n in wheel.namelist() if n.endswith("/entry_points.txt"))
    assert b"sluttdato = orchestration.cli.app:main" in wheel.read(entry_points)
    assert metadata_of(wheel)["License-Expression"] == "Apache-2.0"
    license_file = next(n for n in wheel.namelist() if n.endswith("/licenses/LICENSE"))
    assert wheel.read(license_file) == (ROOT / "LICENSE").read_bytes()


def test_wheel_dbt_project_and_changelog_have_one_version(wheel: ZipFile) -> None:
    version = metadata_of(wheel)["Version"]
    assert yaml.safe_load((ROOT / "dbt_project" / "dbt_project.yml").read_text(encoding="utf-8"))["version"] == version
    newest = re.search(r"^## \[(.+?)\]", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert newest and newest[1] == version


def pins_of(lock: str) -> dict[str, str]:
    return dict(re.findall(r"^([a-z0-9.-]+)(?:\[[a-z0-9,-]+\])?==(\S+)", (ROOT / lock).read_text(encoding="utf-8"), re.MULTILINE))


@pytest.mark.parametrize(("lock", "extras"), [
    ("requirements.lock", ("dev", "production")), ("deploy/requirements.lock", ("production",))])
def test_the_lock_pins_what_pyproject_wants(lock: str, extras: tuple[str, ...]) -> None:
    wanted = {canonicalize_name(r.name): r for r in
              map(Requirement, [*PYPROJECT["dependencies"], *(r for e in extras for r in PYPROJECT["optional-dependencies"][e])])}
    locked, pins = (ROOT / lock).read_text(encoding="utf-8"), pins_of(lock)
    entries = re.split(r"^(?=\S+==)", locked, flags=re.MULTILINE)[1:]
    direct = {re.split(r"[\[=]", e)[0] for e in entries if "sluttdato (pyproject.toml)" in e}
    assert direct == set(wanted), "run `make lock`"
    for name, requirement in wanted.items():
        assert requirement.specifier.contains(pins[name]), f"{requirement} is pinned as {pins[name]}: run `make lock`"


def test_what_runs_in_production_is_what_the_tests_ran_with_and_nothing_for_development() -> None:
    tested, running, building = (pins_of(lock) for lock in ("requirements.lock", "deploy/requirements.lock", "deploy/build.lock"))
    assert running.items() | building.items() <= tested.items(), "run `make lock`"
    assert not set(running) & {"pytest", "hypothesis", "ruff", "basedpyright", "playwright", "uv", "setuptools"}
    assert set(building) == {"setuptools"}
