"""Reading the settings file: what comes from the environment, and that the file and errors hold no secret."""

from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from ingest.settings_model import IN_CLEAR
from orchestration.core.settings import Settings, WrongSettings, load_settings


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "sluttdato.yaml"


def write(file: Path, **settings: object) -> Path:
    file.write_text(yaml.safe_dump(settings), encoding="utf-8")
    return file


def recipient(settings: Settings) -> str | None:
    send_to = settings.alerts.recipients["a"].send_to
    return send_to and send_to.get_secret_value()


@pytest.mark.parametrize("send_to", ["mailto://u:p@x", "mailto://u:${P}@x", "$P"])
def test_a_secret_comes_whole_from_the_environment(file: Path, monkeypatch: pytest.MonkeyPatch, send_to: str) -> None:
    monkeypatch.setenv("P", "json://hidden")
    assert recipient(load_settings(write(file, alerts={"recipients": {"a": {"send_to": "${P}"}}}))) == "json://hidden"
    with pytest.raises(WrongSettings) as wrong:
        load_settings(write(file, alerts={"recipients": {"a": {"send_to": send_to}}}))
    assert str(wrong.value) == f"{file}: alerts.recipients.a.send_to: {IN_CLEAR}"


def test_a_secret_may_be_set_by_the_variable_of_its_path(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SLUTTDATO_ALERTS__RECIPIENTS__A__SEND_TO", "json://hidden")
    assert recipient(load_settings(write(file, alerts={"recipients": {"a": {"identify_by": "none"}}}))) == "json://hidden"


def test_a_part_of_any_other_text_may_come_from_the_environment(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOST", "fint.example")
    monkeypatch.setenv("DAYS", "2")
    monkeypatch.setenv("P", "hidden")
    settings = load_settings(write(file, policy={"grace_days": "${DAYS}"}, sources={"vfs": {"path": "${HOST}/x"}, "hrm": {
        "adapter": "fint", "url": "https://${HOST}/x", "token_url": "https://${HOST}/t", "client_id": "c", "username": "u",
        "client_secret": "${P}", "password": "${P}"}}))
    assert settings.policy.grace_days == 2
    fint, csv = settings.sources.hrm[0].model_dump(), settings.sources.vfs[0].model_dump()
    assert fint["url"] == "https://fint.example/x" and type(fint["url"]) is str
    assert csv["path"] == file.parent / "fint.example/x"
    assert "hidden" not in repr(settings) + str(settings)


@pytest.mark.parametrize("url", ["postgresql://u:hidden@db/bi", "postgresql://u:${P}@db/bi"])
def test_the_address_of_the_database_comes_whole_from_the_environment_and_is_never_shown(
    file: Path, monkeypatch: pytest.MonkeyPatch, url: str
) -> None:
    """contract#postgres"""
    monkeypatch.setenv("P", "postgresql://u:hidden@db/bi")
    settings = load_settings(write(file, publish={"postgres": {"url": "${P}", "schema": "drammen", "reader_role": "bi"}}))
    postgres = settings.publish.postgres
    assert postgres.url and postgres.url.get_secret_value() == "postgresql://u:hidden@db/bi"
    assert (postgres.schema_name, postgres.reader_role) == ("drammen", "bi") and "hidden" not in repr(settings)
    with pytest.raises(WrongSettings) as wrong:
        load_settings(write(file, publish={"postgres": {"url": url}}))
    assert str(wrong.value) == f"{file}: publish.postgres.url: {IN_CLEAR}"


@pytest.mark.parametrize("schema", ["", "pg_catalog", "information_schema", "Drammen", "dram men", 'x"; DROP', "x" * 64])
def test_a_schema_is_a_plain_name_and_none_of_the_servers_own(file: Path, schema: str) -> None:
    assert load_settings(write(file)).publish.postgres.url is None
    with pytest.raises(WrongSettings, match=r"publish\.postgres\.schema: "):
        load_settings(write(file, publish={"postgres": {"schema": schema}}))


def test_a_variable_that_is_not_set_is_named_with_the_path_of_the_setting(file: Path) -> None:
    with pytest.raises(WrongSettings, match=r"sources\.hrm\.0\.path: the environment variable NOT_SET is not set"):
        load_settings(write(file, sources={"hrm": [{"path": "a/${NOT_SET}"}]}))


def test_everything_wrong_is_named_at_once_and_no_secret_with_it(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("P", "hidden")
    with pytest.raises(WrongSettings) as wrong:
        load_settings(write(file, sources={"vfs": {"path": "y"}, "hrm": {
            "adapter": "fint", "url": "https://x.test", "token_url": "https://x.test/t", "client_id": "c", "username": "u",
            "client_secret": "hidden", "password": "hidden", "passwrd": "${P}", "page_size": "hidden"}}))
    lines = str(wrong.value).splitlines()
    assert [line.split(": ")[1] for line in lines] == [f"sources.hrm.{n}" for n in (
        "client_secret", "password", "page_size", "passwrd")]
    assert "hidden" not in str(wrong.value)


@pytest.fixture
def secrets(tmp_path: Path) -> Path:
    folder = tmp_path / "secrets"
    folder.mkdir()
    folder.chmod(0o755)  # whatever the umask
    return folder


def secret(folder: Path, name: str, content: bytes, mode: int = 0o600) -> None:
    (folder / name).write_bytes(content)
    (folder / name).chmod(mode)


SENT_TO = {"alerts": {"recipients": {"a": {"send_to": "${URL}"}}}}


@pytest.mark.parametrize("content", [b"json://from-file", b"json://from-file\n", b"json://from-file\r\n"])
def test_a_secret_is_the_content_of_its_file_without_the_line_end(
    file: Path, secrets: Path, monkeypatch: pytest.MonkeyPatch, content: bytes
) -> None:
    """contract#secrets"""
    monkeypatch.setenv("URL", "json://from-environment")
    secret(secrets, "URL", content)
    settings = load_settings(write(file, secrets_dir="secrets", **SENT_TO))
    assert recipient(settings) == "json://from-file" and settings.secrets_dir == secrets
    assert "from-file" not in repr(settings) + str(settings)


def test_a_secret_that_has_no_file_comes_from_the_environment(file: Path, secrets: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """contract#secrets"""
    monkeypatch.setenv("URL", "json://from-environment")
    assert recipient(load_settings(write(file, secrets_dir="secrets", **SENT_TO))) == "json://from-environment"


def test_the_folder_of_secrets_may_be_named_by_the_environment(
    file: Path, secrets: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """contract#secrets"""
    secret(secrets, "URL", b"json://from-file")
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(secrets))
    assert recipient(load_settings(write(file, secrets_dir="${CREDENTIALS_DIRECTORY}", **SENT_TO))) == "json://from-file"
    monkeypatch.setenv("SLUTTDATO_SECRETS_DIR", "secrets")
    assert recipient(load_settings(write(file, secrets_dir="not/there", **SENT_TO))) == "json://from-file"


def test_a_setting_of_any_type_may_be_a_secret_and_no_list_says_which(file: Path, secrets: Path) -> None:
    """contract#secrets"""
    secret(secrets, "FINT", b"hidden\n")
    fint = {"adapter": "fint", "url": "https://x.test", "token_url": "https://x.test/t", "client_id": "c", "username": "u",
            "client_secret": "${FINT}", "password": "${FINT}"}
    settings = load_settings(write(file, secrets_dir="secrets", sources={"hrm": fint, "vfs": {"path": "y"}}))
    password = settings.sources.hrm[0].model_dump()["password"]
    assert password.get_secret_value() == "hidden" and "hidden" not in repr(settings)


def _nothing(_: Path) -> None:
    pass


@pytest.mark.parametrize(("prepare", "told"), [
    (_nothing, "there is no file URL in {folder} (secrets_dir), and the environment variable URL is not set"),
    (lambda folder: secret(folder, "URL", b"\n"), "the file of URL is empty: {folder}/URL"),
    (lambda folder: secret(folder, "URL", b"hidden\xff"), "the file of URL is no text in UTF-8: {folder}/URL"),
    (lambda folder: (folder / "URL").mkdir(mode=0o700), "the file of URL cannot be read: Is a directory: {folder}/URL"),
    (lambda folder: (folder / "URL").symlink_to("gone"),
     "the file of URL cannot be read: No such file or directory: {folder}/URL"),
    (lambda folder: secret(folder, "URL", b"hidden", 0o644),
     "others on this machine can read or change the file {folder}/URL; close it: chmod o= {folder}/URL"),
    (lambda folder: secret(folder, "URL", b"hidden", 0o602),
     "others on this machine can read or change the file {folder}/URL; close it: chmod o= {folder}/URL"),
])
def test_a_secret_that_cannot_be_had_is_named_with_its_setting_and_never_its_value(
    file: Path, secrets: Path, prepare: Callable[[Path], object], told: str
) -> None:
    """contract#secrets"""
    prepare(secrets)
    with pytest.raises(WrongSettings) as wrong:
        load_settings(write(file, secrets_dir="secrets", **SENT_TO))
    assert str(wrong.value) == f"{file}: alerts.recipients.a.send_to: {told.format(folder=secrets)}"


def test_a_file_in_a_folder_that_is_closed_to_others_can_be_read_by_nobody_else(file: Path, secrets: Path) -> None:
    secret(secrets, "URL", b"json://from-file", 0o444)
    secrets.chmod(0o750)
    assert recipient(load_settings(write(file, secrets_dir="secrets", **SENT_TO))) == "json://from-file"


def test_a_folder_of_secrets_that_is_not_there_is_wrong(file: Path) -> None:
    with pytest.raises(WrongSettings, match=f"{file}: secrets_dir: there is no folder {file.parent}/gone"):
        load_settings(write(file, secrets_dir="gone"))
