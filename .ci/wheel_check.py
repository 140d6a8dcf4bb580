"""Installs the wheel into an empty environment outside the checkout, and runs the product there.

    python .ci/wheel_check.py dist/sluttdato-0.3.0-py3-none-any.whl

Installing the pinned requirements a second time would take two minutes and a gigabyte. Instead the new
environment gets links to the packages installed beside this script's Python, but only to those that the wheel requires, and
that these require: what is installed for development (or the checkout itself) cannot be imported there. pip then installs the
wheel without an index, which fails when a requirement is missing. What is installed is made read-only, and compared afterwards.
"""

import os
import subprocess
import sys
import tempfile
import venv
from email.parser import Parser
from importlib.metadata import distribution
from pathlib import Path
from zipfile import ZipFile

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOMS = ("ingest", "dbt_project", "publish", "orchestration", "demo")
WHERE = f"""
import importlib, pathlib, sysconfig
for name in {ROOMS}:
    file = pathlib.Path(importlib.import_module(name).__file__)
    assert file.is_relative_to(sysconfig.get_path("purelib")), f"{{name}} was imported from {{file}}"
"""
MARTS = """
import duckdb
with duckdb.connect("data/published/marts.duckdb", read_only=True) as con:
    count, = con.execute("FROM findings SELECT count(*)").fetchone()
assert count, "the demo has no findings"
"""
DAGSTER = """
from orchestration.definitions import defs
assert defs().resolve_job_def("daily").nodes
"""


def requirements(wheel: Path) -> set[str]:
    """The names of all packages that the wheel requires, directly or not, on this machine."""
    with ZipFile(wheel) as archive:
        name = next(n for n in archive.namelist() if n.endswith(".dist-info/METADATA"))
        waiting = [(Requirement(r), "") for r in Parser().parsestr(archive.read(name).decode()).get_all("Requires-Dist", [])]
    seen: set[tuple[str, str]] = set()
    while waiting:
        requirement, extra = waiting.pop()
        if requirement.marker and not requirement.marker.evaluate({"extra": extra}):
            continue
        package = canonicalize_name(requirement.name)
        for wanted in {"", *requirement.extras} - {e for p, e in seen if p == package}:
            seen.add((package, wanted))
            waiting += [(Requirement(r), wanted) for r in distribution(package).requires or []]
    return {package for package, _ in seen}


def link(package: str, site: Path) -> None:
    """Make the files of an installed package visible in another site-packages."""
    installed = distribution(package)
    for top in {file.parts[0] for file in installed.files or []} - {"..", "__pycache__"}:
        if not (site / top).is_symlink():
            (site / top).symlink_to(installed.locate_file(top))


def installed_files(site: Path) -> dict[Path, tuple[int, int]]:
    """{path: (size, time)} of every installed file and folder, without links."""
    paths = (Path(folder) / name for folder, folders, files in os.walk(site) for name in (".", *folders, *files))
    return {p: (p.stat().st_size, p.stat().st_mtime_ns) for p in paths if not p.is_symlink()}


def protect(site: Path, *, writable: bool) -> None:
    for path in installed_files(site):
        path.chmod(path.stat().st_mode | 0o200 if writable else path.stat().st_mode & ~0o222)


def check(wheel: Path, place: Path) -> None:
    venv.create(place / "environment", symlinks=True)
    python = place / "environment" / "bin" / "python"
    site = place / "environment" / "lib" / f"python{sys.version_info[0]}.{sys.version_info[1]}" / "site-packages"
    work, home = place / "work", place / "home"
    work.mkdir()
    home.mkdir()
    # Nothing of the caller's environment: no PYTHONPATH, no settings, no DAGSTER_HOME.
    environment = {"PATH": f"{python.parent}:{os.defpath}", "HOME": str(home), "LANG": "C.UTF-8", "PYTHONDONTWRITEBYTECODE": "1"}

    def run(*command: str | Path) -> str:
        done = subprocess.run(command, cwd=work, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True)
        if done.returncode:
            sys.exit(f"wheel check: {' '.join(map(str, command))} ended with {done.returncode}\n{done.stdout}{done.stderr}")
        return done.stdout

    required = requirements(wheel)
    for package in required:
        link(package, site)
    run(sys.executable, "-m", "pip", "--python", python, "install", "--quiet", "--disable-pip-version-check", "--no-index", wheel)
    before = installed_files(site)
    protect(site, writable=False)
    try:
        run(python, "-c", WHERE)
        run("sluttdato", "demo", "--days", "5", "--employees", "200")
        run(python, "-c", MARTS)
        if not (work / "data" / "published" / "report" / "index.html").is_file():
            sys.exit("wheel check: the demo published no report")
        environment["DAGSTER_HOME"] = run("sluttdato", "dagster-home").strip()
        run(python, "-c", DAGSTER)
    finally:
        protect(site, writable=True)  # so that it can be removed
    # Read-only does not stop root, so compare as well.
    changed = {p for p, _ in installed_files(site).items() ^ before.items()}
    if changed:
        sys.exit("wheel check: written beside the installed code: " + ", ".join(sorted(map(str, changed))))
    print(f"wheel check: {wheel.name} runs where nothing but its {len(required)} requirements is installed")


if __name__ == "__main__":
    with tempfile.TemporaryDirectory(prefix="sluttdato-wheel-") as folder:
        check(Path(sys.argv[1]).resolve(), Path(folder))
