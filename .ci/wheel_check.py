"""Installs the wheel by deploy/install.sh into an empty environment, and runs the product there as the image does.

    python .ci/wheel_check.py dist/sluttdato-0.3.0-py3-none-any.whl

Installing the pinned requirements a second time would take two minutes and a gigabyte. Instead the new
environment gets links to the packages installed beside this script's Python, but only to those that the wheel requires, and
that these require; what is installed for development (or the checkout itself) cannot be imported there. deploy/install.sh
then finds each pin of deploy/requirements.lock met, or fails, as there is no index here.

What runs, runs in a root of its own (bubblewrap), read-only: system, Python and the environment. It can write on a data
directory, and on /tmp and /dev/shm, which are forgotten. There is no network, no home, no variable; the user has no rights,
and comes, as the entry point does, from deploy/Containerfile. Afterwards the modes of all that was written are looked at.
"""

import json
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from email.parser import Parser
from importlib.metadata import distribution
from pathlib import Path
from zipfile import ZipFile

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

DEPLOY = Path(__file__).resolve().parents[1] / "deploy"
USER, READERS = 10001, 10002        # of deploy/Containerfile
EXTRA = "production"                # what the image has beside what the wheel must have
DATA, SETTINGS = Path("/var/lib/sluttdato"), Path("/etc/sluttdato")
ROOMS = ("ingest", "dbt_project", "publish", "orchestration", "demo")
WHERE = f"""
import importlib, pathlib, sysconfig
for name in {ROOMS}:
    file = pathlib.Path(importlib.import_module(name).__file__)
    assert file.is_relative_to(sysconfig.get_path("purelib")), f"{{name}} was imported from {{file}}"
"""
ALONE = f"""
import os, pathlib
assert os.geteuid() == {USER} and "HOME" not in os.environ, "not the user of the image"
for folder in ("/", "/usr", "{SETTINGS}", os.path.dirname(os.path.dirname(__import__("dagster").__file__))):
    try:
        pathlib.Path(folder, "written").touch()
    except OSError:
        continue
    raise SystemExit(f"{{folder}} can be written")
"""
FINDINGS = """
import duckdb
with duckdb.connect("{data}/published/marts.duckdb", read_only=True) as con:
    count, = con.execute("FROM findings SELECT count(*)").fetchone()
assert count, "there are no findings"
"""
DAGSTER = """
import dagster_postgres
from orchestration.definitions import defs
assert defs().resolve_job_def("daily").nodes
"""
# Somebody left, and can still get in.
DELIVERY = {
    "hrm/employees": "employee_number,national_id,given_name,family_name,email\n1,,Kari,Test,\n2,,Ola,Test,\n",
    "hrm/positions": "position_id,employee_number,org_number,position_code,position_title,percentage,start_date,end_date\n"
                     "a,1,900,,,100,2020-01-01,2020-06-30\nb,2,900,,,100,2020-01-01,\n",
    "vfs/persons": "person_id,employee_number,national_id,given_name,family_name,email,login_enabled,registered_by\n"
                   "P1,1,,Kari,Test,,true,hrm\nP2,2,,Ola,Test,,true,hrm\n",
    "vfs/positions": "position_id,person_id,org_number,role,hrm_position_id,start_date,end_date,registered_by\n"
                     "V1,P1,900,,,2020-01-01,,hrm\nV2,P2,900,,,2020-01-01,,hrm\n",
    "vfs/accesses": "person_id,access_group,org_number,start_date,position_id,end_date\nP2,Lærer,900,2020-01-01,V2,\n"
                    "P2,Kommuneadmin,900,2019-01-01,,2019-12-31\n",   # ended: the group is there, and nobody has it
    "vfs/org_units": "org_number,name,type,parent_org_number\n900,Lille skole,school,\n",
}


def requirements(wheel: Path) -> set[str]:
    """The names of all packages that the wheel requires, directly or not, on this machine."""
    with ZipFile(wheel) as archive:
        name = next(n for n in archive.namelist() if n.endswith(".dist-info/METADATA"))
        declared = Parser().parsestr(archive.read(name).decode()).get_all("Requires-Dist", [])
        waiting = [(Requirement(r), extra) for r in declared for extra in ("", EXTRA)]
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


class CleanRoot:
    """A root that holds system, Python and the environment, all read-only, and a data directory below `place`."""

    def __init__(self, place: Path, environment: Path) -> None:
        self.data, self.settings, etc = place / "data", place / "settings", place / "etc"
        for folder in (self.data, self.settings, etc):
            folder.mkdir()
        self.data.chmod(0o711)
        (etc / "passwd").write_text(f"sluttdato:x:{USER}:{USER}::/nonexistent:/usr/sbin/nologin\n")
        (etc / "group").write_text(f"sluttdato:x:{USER}:\nlesere:x:{READERS}:sluttdato\n")
        packages = Path(sysconfig.get_path("purelib"))  # that the environment's links point to
        shown = {p: p for p in (Path("/usr"), Path("/etc/ld.so.cache"), Path(sys.base_prefix), packages, environment)}
        shown |= {Path("/etc/passwd"): etc / "passwd", Path("/etc/group"): etc / "group", SETTINGS: self.settings}
        self.options = ["--clearenv", "--setenv", "PATH", f"{environment / 'bin'}:/usr/bin:/bin", "--chdir", "/",
                        "--die-with-parent", "--unshare-net", "--unshare-pid", "--unshare-ipc"]
        for name in ("bin", "sbin", "lib", "lib64"):
            self.options += ["--symlink", f"usr/{name}", f"/{name}"]
        self.options += ["--proc", "/proc", "--dev", "/dev"]
        for folder in ("/dev/shm", "/tmp"):
            self.options += ["--perms", "1777", "--tmpfs", folder]
        seen: set[Path] = set()
        for inside in [*shown, DATA]:
            for parent in reversed(inside.parents[:-1]):  # or bubblewrap makes them for its own user only
                if parent != Path("/tmp") and not any(parent.is_relative_to(mounted) for mounted in seen):
                    self.options += ["--perms", "0755", "--dir", str(parent)]
            if inside != DATA:
                self.options += ["--ro-bind-try", str(shown[inside]), str(inside)]
                seen.add(inside)
        self.options += ["--bind", str(self.data), str(DATA), "--remount-ro", "/"]
        self.entry_point = json.loads(re.search(r"^ENTRYPOINT (.*)$", (DEPLOY / "Containerfile").read_text(), re.M)[1])
        if os.geteuid() == 0:
            os.chown(self.data, USER, USER)
            self.become = ["setpriv", f"--reuid={USER}", f"--regid={USER}", f"--groups={USER},{READERS}", "--no-new-privs",
                           "--bounding-set=-all", "--inh-caps=-all"]
        else:  # in a user namespace there is one group only
            self.options += ["--unshare-user", "--uid", str(USER), "--gid", str(USER)]
            self.become = []

    def run(self, *command: str, may_end_with: tuple[int, ...] = (0,), **environment: object) -> str:
        variables = [o for name, value in environment.items() for o in ("--setenv", name, str(value))]
        done = subprocess.run(["bwrap", *self.options, *variables, *self.become, *self.entry_point, *command],
                              stdin=subprocess.DEVNULL, capture_output=True, text=True)
        if done.returncode not in may_end_with:
            sys.exit(f"wheel check: {' '.join(command)} ended with {done.returncode}\n{done.stdout}{done.stderr}")
        return done.stdout

    def deliver(self, today: str) -> None:
        for table, content in DELIVERY.items():
            system, name = table.split("/")
            file = self.settings / "inbox" / system / today / f"{name}.csv"
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(content, encoding="utf-8")

    def open_to_others(self) -> list[str]:
        """What somebody else could read or change, beyond what `publish.group` opens to the readers."""
        wrong = []
        for folder, folders, files in os.walk(self.data):
            for path in (Path(folder, name) for name in (*folders, *files)):
                found, below = path.lstat(), path.relative_to(self.data).parts
                readable = below == ("eksempel",) or below[:2] == ("eksempel", "published.d")
                allowed = 0o750 if readable and found.st_gid == READERS else 0o700
                if not path.is_symlink() and (found.st_mode & 0o777 & ~allowed or found.st_uid != self.data.stat().st_uid):
                    wrong.append(f"{oct(found.st_mode)} {found.st_uid}:{found.st_gid} {path.relative_to(self.data)}")
        return wrong


def check(wheel: Path, place: Path) -> None:
    if not shutil.which("bwrap"):
        sys.exit("wheel check: bubblewrap is needed (Debian: bubblewrap)")
    environment = place / "environment"
    site = environment / "lib" / f"python{sys.version_info[0]}.{sys.version_info[1]}" / "site-packages"
    site.mkdir(parents=True)
    place.chmod(0o755)
    required = requirements(wheel)
    for package in required:
        link(package, site)
    offline = {"PIP_NO_INDEX": "1", "PIP_CONFIG_FILE": os.devnull, "LANG": "C.UTF-8"}
    done = subprocess.run([DEPLOY / "install.sh", wheel, environment],
                          env={"PATH": os.environ["PATH"], "PYTHON": sys.executable, **offline})
    if done.returncode:
        sys.exit("wheel check: deploy/install.sh failed")

    root, today = CleanRoot(place, environment), datetime.now(UTC).date().isoformat()
    root.deliver(today)
    settings: dict[str, object] = {
        "data_dir": f"{DATA}/eksempel", "secrets_dir": "secrets", "publish": {"group": "lesere"} if os.geteuid() == 0 else {},
        "sources": {system: {"adapter": "csv", "path": f"inbox/{system}"} for system in ("hrm", "vfs")}}
    (root.settings / "secrets").mkdir()
    (root.settings / "eksempel.yaml").write_text(json.dumps(settings))
    (root.settings / "demo.yaml").write_text(json.dumps({"data_dir": f"{DATA}/demo"}))
    kommune = {"SLUTTDATO_CONFIG": SETTINGS / "eksempel.yaml", "SLUTTDATO_TODAY": today}

    root.run("python", "-c", WHERE)
    root.run("python", "-c", ALONE)
    with ThreadPoolExecutor() as beside:
        demo = beside.submit(root.run, "sluttdato", "demo", "--days", "5", "--employees", "50",
                             SLUTTDATO_CONFIG=SETTINGS / "demo.yaml")
        root.run("sluttdato", "run", **kommune)
        root.run("python", "-c", FINDINGS.format(data=DATA / "eksempel"))
        said = root.run("sluttdato", "health", **kommune)
        if "SLUTTDATO OK" not in said:
            sys.exit(f"wheel check: {said}")
        home = root.run("sluttdato", "dagster-home", **kommune).strip()
        root.run("python", "-c", DAGSTER, DAGSTER_HOME=home, **kommune)
        demo.result()
    root.run("python", "-c", FINDINGS.format(data=DATA / "demo"))
    for name in ("eksempel", "demo"):
        if not (root.data / name / "published" / "report" / "index.html").is_file():
            sys.exit(f"wheel check: {name} published no report")
    if wrong := root.open_to_others():
        sys.exit("wheel check: open to others: " + ", ".join(wrong))
    print(f"wheel check: {wheel.name} runs in a read-only root where nothing but its {len(required)} requirements is installed")


if __name__ == "__main__":
    with tempfile.TemporaryDirectory(prefix="sluttdato-wheel-") as folder:
        check(Path(sys.argv[1]).resolve(), Path(folder))
