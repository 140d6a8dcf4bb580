"""What lies in `deploy/`: the login before the pages with a real nginx, systemd's units as systemd reads them, and that image,
compose file, units and manifests agree with one another. The program itself in a root of its own: `.ci/wheel_check.py`.
"""

import base64
import os
import re
import shutil
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import yaml

from orchestration.core.settings import WrongSettings, load_settings

ROOT = Path(__file__).resolve().parents[2]
DEPLOY = ROOT / "deploy"
COMPOSE = yaml.safe_load((DEPLOY / "compose.yaml").read_text(encoding="utf-8"))
SLUTTDATO, READERS, PROXY = 10001, 10002, 10003
AS_ROOT = os.geteuid() == 0


def needed(program: str, package: str) -> str:
    """The path of a program; without it a test is skipped, and fails in CI."""
    found = shutil.which(program) or shutil.which(program, path="/usr/sbin:/sbin")
    if found is None:
        if os.environ.get("CI"):
            pytest.fail(f"there is no {program} here (Debian: {package})")
        pytest.skip(f"there is no {program} here (Debian: {package})")
    return found


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


# The login


class Dagster(BaseHTTPRequestHandler):
    """Stands for Dagster's page: says what arrived."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(f"{self.path} {self.headers.get('Authorization', 'no password')}".encode())

    do_POST = do_GET

    def log_message(self, *_: Any) -> None:
        pass


def lay(folder: Path, name: str, content: str, mode: int, *, user: int = SLUTTDATO, group: int = SLUTTDATO) -> None:
    file = folder / name
    file.write_text(content)
    own(file, mode, user, group)


def own(path: Path, mode: int, user: int, group: int) -> None:
    path.chmod(mode)
    if AS_ROOT:
        os.chown(path, user, group)


def publish(data: Path, kommune: str) -> None:
    """A data directory with the rights that `publish.group` gives (contract#file-modes)."""
    root = data / kommune
    chosen = root / "published.d" / "1"
    for folder in (chosen / "report" / "sider", chosen / "worklists", root / "landed"):
        folder.mkdir(parents=True)
    lay(chosen / "report", "index.html", f"rapport for {kommune}", 0o440, group=READERS)
    lay(chosen / "worklists", "arbeidsliste.xlsx", "arbeidsliste", 0o440, group=READERS)
    lay(chosen, "marts.duckdb", "marts", 0o440, group=READERS)
    lay(root / "landed", "positions.parquet", "landed", 0o600)
    (root / "published").symlink_to("published.d/1")
    for folder in (chosen / "report" / "sider", chosen / "report", chosen / "worklists", chosen, chosen.parent):
        own(folder, 0o750, SLUTTDATO, READERS)
    own(root / "landed", 0o700, SLUTTDATO, SLUTTDATO)
    own(root, 0o710, SLUTTDATO, READERS)


@contextmanager
def proxy() -> Iterator[str]:
    """nginx with the shipped configuration, as the user of the compose file; yields its address."""
    nginx, openssl = needed("nginx", "nginx-light"), needed("openssl", "openssl")
    mask = os.umask(0o022)  # nginx is another user, and a command that ran before here closes what is written
    place = Path(tempfile.mkdtemp(prefix="sluttdato-proxy-"))
    backend = ThreadingHTTPServer(("127.0.0.1", 0), Dagster)
    threading.Thread(target=backend.serve_forever, daemon=True).start()
    try:
        place.chmod(0o755)
        data, users, scratch = place / "data", place / "users", place / "tmp"
        for folder in (data, users / "rapport", scratch):
            folder.mkdir(parents=True)
        own(scratch, 0o700, PROXY, READERS)
        for kommune in ("lillevik", "storevik", "uten"):
            publish(data, kommune)
        for name, user in (("dagster", "drift"), ("rapport/lillevik", "lise"), ("rapport/storevik", "stian")):
            hashed = subprocess.run([openssl, "passwd", "-6", f"passord-{user}"], check=True, capture_output=True).stdout
            lay(users, name, f"{user}:{hashed.decode()}", 0o400, user=PROXY, group=READERS)
        subprocess.run([openssl, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=localhost", "-days", "2",
                        "-keyout", place / "tls_key", "-out", place / "tls_certificate"], check=True, capture_output=True)
        for name in ("tls_key", "tls_certificate"):
            own(place / name, 0o400, PROXY, READERS)
        port = free_port()
        settings = (DEPLOY / "nginx.conf").read_text(encoding="utf-8")
        here = {"/run/secrets/": f"{place}/", "/etc/nginx/users/": f"{users}/", " /tmp/": f" {scratch}/",
                "/var/lib/sluttdato/": f"{data}/", "http://web:3000": f"http://127.0.0.1:{backend.server_port}",
                "listen 8443": f"listen 127.0.0.1:{port}", "/dev/std": f"{scratch}/std"}
        assert all(shipped in settings for shipped in here)
        settings = re.sub("|".join(map(re.escape, here)), lambda match: here[match[0]], settings)
        (place / "nginx.conf").write_text(settings)
        as_proxy: dict[str, Any] = {"user": PROXY, "group": READERS, "extra_groups": []} if AS_ROOT else {}
        server = subprocess.Popen([nginx, "-e", scratch / "first.log", "-c", place / "nginx.conf"], cwd=scratch, **as_proxy)
        try:
            address = f"https://localhost:{port}"
            for _ in range(1500):
                with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
                    break
                assert server.poll() is None, (scratch / "first.log").read_text()
                time.sleep(0.02)
            yield address
        finally:
            os.umask(mask)
            server.terminate()
            server.wait(30)
    finally:
        backend.shutdown()
        backend.server_close()
        shutil.rmtree(place)


def ask(address: str, user: str | None = None, method: str = "GET", **headers: str) -> tuple[int, str]:
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    if user:
        headers["Authorization"] = "Basic " + base64.b64encode(f"{user}:passord-{user}".encode()).decode()
    request = urllib.request.Request(address, headers=headers, method=method)
    try:
        with urllib.request.urlopen(request, context=context, timeout=20) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, ""


def test_dagsters_page_and_each_kommunes_report_open_only_to_their_own_users_and_nothing_else_is_shown() -> None:
    with proxy() as at:
        assert ask(f"{at}/")[0] == 404
        assert ask(f"{at}/dagster/")[0] == 401
        assert ask(f"{at}/dagster/", "lise")[0] == 401
        assert ask(f"{at}/dagster/runs", "drift") == (200, "/dagster/runs no password")
        # A report: its kommune's users, not another's, not those of Dagster; and of a kommune without users nobody.
        assert ask(f"{at}/rapport/lillevik/report/index.html")[0] == 401
        assert ask(f"{at}/rapport/lillevik", "lise") == (200, "rapport for lillevik")
        assert ask(f"{at}/rapport/lillevik/worklists/arbeidsliste.xlsx", "lise") == (200, "arbeidsliste")
        for stranger in ("stian", "drift"):
            assert ask(f"{at}/rapport/lillevik/report/", stranger)[0] == 401
        assert ask(f"{at}/rapport/uten/report/", "lise")[0] == 403
        # What else lies there is not shown, however the address is written; folders are not listed.
        for path in ("marts.duckdb", "report/../marts.duckdb", "report/%2e%2e/marts.duckdb",
                     "report/..%2f..%2flanded/positions.parquet", "landed/positions.parquet", "../storevik/report/index.html"):
            assert ask(f"{at}/rapport/lillevik/{path}", "lise")[0] in (401, 403, 404), path
        assert ask(f"{at}/rapport/lillevik/report/sider/", "lise")[0] == 403
        # A page of somebody else cannot start runs with the login that the browser remembers.
        assert ask(f"{at}/dagster/graphql", "drift", "POST", Origin="https://example.org")[0] == 403
        assert ask(f"{at}/dagster/graphql", "drift", "POST", Origin="null")[0] == 403
        assert ask(f"{at}/dagster/graphql", "drift", "POST", Origin=at)[0] == 200


# systemd


@pytest.fixture(scope="module")
def units(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A root for `systemd-analyze --root`: our units and systemd's own, and the commands that they call."""
    needed("systemd-analyze", "systemd")
    root = tmp_path_factory.mktemp("root")
    shutil.copytree("/usr/lib/systemd/system", root / "usr" / "lib" / "systemd" / "system", symlinks=True)
    ours, commands = root / "etc" / "systemd" / "system", root / "opt" / "sluttdato" / "bin"
    ours.mkdir(parents=True)
    commands.mkdir(parents=True)
    for file in (*(DEPLOY / "systemd").glob("*.service"), *(DEPLOY / "systemd").glob("*.timer")):
        shutil.copy(file, ours)
    for name in ("sluttdato", "dagster", "dagster-daemon", "dagster-webserver"):
        assert Path(sys.executable).with_name(name).exists()
        (commands / name).write_text("#!/bin/sh\n")
        (commands / name).chmod(0o755)
    return root


UNITS = sorted(f.name.replace("@.", "@eksempel.") for f in (DEPLOY / "systemd").glob("sluttdato-*.*"))


def analyze(root: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["systemd-analyze", f"--root={root}", "--no-pager", *arguments], capture_output=True, text=True)


def test_systemd_reads_each_unit_without_a_word(units: Path) -> None:
    assert len(UNITS) == 7
    for unit in UNITS:
        done = analyze(units, "verify", unit)
        assert (done.returncode, done.stderr) == (0, ""), unit


def test_each_service_is_shut_in(units: Path) -> None:
    """Exposure of 2.0 at most, where 10 is that of a service without any protection."""
    for unit in UNITS:
        if unit.endswith(".service"):
            done = analyze(units, "security", "--offline=true", "--threshold=20", unit)
            assert done.returncode == 0, done.stdout
            settings = (units / "etc" / "systemd" / "system" / unit.replace("@eksempel", "@")).read_text()
            for line in ("UMask=0077", "User=sluttdato", "ProtectSystem=strict", "NoNewPrivileges=yes", "PrivateTmp=yes"):
                assert f"\n{line}\n" in settings, (unit, line)


def test_dagsters_page_listens_on_this_machine_only_and_its_code_server_on_a_socket() -> None:
    web, code = ((DEPLOY / "systemd" / f"sluttdato-{name}.service").read_text(encoding="utf-8") for name in ("web", "code"))
    assert "--host 127.0.0.1" in web and "--socket /run/sluttdato/" in code
    assert "InaccessiblePaths=-/var/lib/sluttdato" in web


# The image and the compose file


def instructions() -> list[tuple[str, str]]:
    words = re.sub(r"\\\n", "", (DEPLOY / "Containerfile").read_text(encoding="utf-8"))
    return [(line.split()[0], line.split(maxsplit=1)[1]) for line in words.splitlines() if line and not line.startswith("#")]


def test_the_image_is_made_by_the_script_that_the_clean_root_is_made_by_and_has_no_root() -> None:
    steps = instructions()
    assert ("RUN", "deploy/install.sh dist/*.whl /opt/sluttdato") in steps
    assert "deploy/install.sh" in (ROOT / ".ci" / "wheel_check.py").read_text(encoding="utf-8").replace('" / "', "/")
    assert {value for name, value in steps if name == "USER"} == {f"{SLUTTDATO}:{SLUTTDATO}"}
    assert ("HEALTHCHECK", '--interval=15m --timeout=1m --start-period=30m CMD ["sluttdato", "health"]') in steps
    assert all(value.startswith("${BASE}") for name, value in steps if name == "FROM")
    for room in (p.parent.name for p in ROOT.glob("*/__init__.py")):
        assert (("COPY", f"{room} {room}") in steps) is (room not in ("tests", "benchmarks")), room
    # The wheel is made as `make wheel` makes it.
    arguments = "--no-index --no-deps --no-build-isolation --wheel-dir dist ."
    assert arguments in (ROOT / "Makefile").read_text(encoding="utf-8")
    assert any(name == "RUN" and arguments in value for name, value in steps)


def test_every_container_is_read_only_without_rights_and_only_the_proxy_is_reachable() -> None:
    for name, service in COMPOSE["services"].items():
        assert service["read_only"] is True and service["cap_drop"] == ["ALL"], name
        assert service["security_opt"] == ["no-new-privileges:true"] and not service.get("privileged"), name
        assert int(service["user"].split(":")[0]) > 0, name
        assert ("ports" in service) is (name == "proxy"), name
        assert ("outgoing" in service["networks"]) is (name in ("code", "proxy")), name
        writable = [v for v in service.get("volumes", []) if isinstance(v, str) or not v.get("read_only")]
        assert len(writable) == (name in ("code", "postgres")), name
        assert not [k for k in service.get("environment", {}) if "PASSWORD" in k and not k.endswith("_FILE")], name
    assert COMPOSE["networks"]["inside"] == {"internal": True}
    secrets = {s for service in COMPOSE["services"].values() for s in service.get("secrets", [])}
    assert secrets == set(COMPOSE["secrets"])


def test_only_the_code_server_sees_settings_secrets_and_what_is_not_published() -> None:
    """The proxy, too, has the data directory, but as a user to whom only the published set is open."""
    mounted = {name: {v["target"] for v in service.get("volumes", []) if isinstance(v, dict)}
               for name, service in COMPOSE["services"].items()}
    data = "/var/lib/sluttdato"
    assert {name for name, targets in mounted.items() if data in targets} == {"code", "proxy"}
    for private in ("/etc/sluttdato/kommuner", "/etc/sluttdato/secrets"):
        assert {name for name, targets in mounted.items() if private in targets} == {"code"}
    assert COMPOSE["services"]["proxy"]["user"] == f"{PROXY}:{READERS}"
    assert COMPOSE["services"]["code"]["user"] == f"{SLUTTDATO}:{SLUTTDATO}"


def test_dagster_on_postgresql_is_set_as_the_shipped_one_but_for_records_output_and_runs_at_once() -> None:
    shipped = yaml.safe_load((ROOT / "orchestration" / "dagster.yaml").read_text(encoding="utf-8"))
    ours = yaml.safe_load((DEPLOY / "dagster-postgres.yaml").read_text(encoding="utf-8"))
    in_containers = yaml.safe_load((DEPLOY / "docker-launcher" / "dagster.yaml").read_text(encoding="utf-8"))
    assert in_containers.pop("run_launcher")["class"] == "DockerRunLauncher" and in_containers == ours
    assert ours.pop("storage") == {"postgres": {"postgres_url": {"env": "DAGSTER_POSTGRES_URL"}}}
    assert ours.pop("compute_logs")["class"] == "NoOpComputeLogManager"
    assert ours["concurrency"].pop("runs")["tag_concurrency_limits"][0]["limit"] == 1
    assert ours == shipped | {"nux": {"enabled": False}}


def test_the_example_of_a_kommune_is_read_but_for_what_is_on_no_other_machine(tmp_path: Path) -> None:
    example = (DEPLOY / "kommuner" / "eksempel.yaml").read_text(encoding="utf-8")
    settings = yaml.safe_load(example)
    (tmp_path / "secrets").mkdir()
    settings["secrets_dir"] = "secrets"
    file = tmp_path / "eksempel.yaml"
    file.write_text(yaml.safe_dump(settings))
    with pytest.raises(WrongSettings, match=r"publish\.group: there is no such group on this machine"):
        load_settings(file)
    del settings["publish"]
    file.write_text(yaml.safe_dump(settings))
    assert load_settings(file).data_dir == Path("/var/lib/sluttdato/eksempel")


# Kubernetes


def test_the_job_in_kubernetes_is_shut_in_and_has_each_kommunes_secrets_as_files() -> None:
    manifests = list(yaml.safe_load_all((DEPLOY / "kubernetes" / "sluttdato.yaml").read_text(encoding="utf-8")))
    of_kind = {m["kind"]: m for m in manifests}
    assert set(of_kind) == {"PersistentVolumeClaim", "ConfigMap", "Secret", "CronJob"}
    pod = of_kind["CronJob"]["spec"]["jobTemplate"]["spec"]["template"]["spec"]
    container, = pod["containers"]
    assert pod["securityContext"]["runAsNonRoot"] is True and pod["securityContext"]["runAsUser"] == SLUTTDATO
    assert pod["enableServiceLinks"] is False  # or Kubernetes sets SLUTTDATO_*, and every run is refused
    assert container["securityContext"] == {
        "readOnlyRootFilesystem": True, "allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}}
    assert not container.get("env") and "command" not in container  # the image's entry point sets the umask
    mounted = {m["mountPath"] for m in container["volumeMounts"] if not m.get("readOnly")}
    assert mounted == {"/var/lib/sluttdato", "/tmp"}
    for name, text in of_kind["ConfigMap"]["data"].items():
        settings = yaml.safe_load(text)
        assert settings["data_dir"] == f"/var/lib/sluttdato/{name.removesuffix('.yaml')}"
        assert settings["secrets_dir"] in {m["mountPath"] for m in container["volumeMounts"]}
    values = yaml.safe_load((DEPLOY / "kubernetes" / "dagster-values.yaml").read_text(encoding="utf-8"))
    assert values["ingress"] == {"enabled": False}


def test_no_committed_text_names_a_registry() -> None:
    for file in DEPLOY.rglob("*"):
        if file.is_file() and file.suffix != ".lock":
            for image in re.findall(r"^\s*(?:image|FROM|ARG BASE)[:=\s]\s*(\S+)", file.read_text(encoding="utf-8"), re.MULTILINE):
                assert "/" not in image.partition(":-")[2] if image.startswith("${") else "/" not in image, (file, image)
