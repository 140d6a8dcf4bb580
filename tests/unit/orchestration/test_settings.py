"""Reading the settings file: what comes from the environment, and that the file and errors hold no secret."""

from pathlib import Path

import pytest
import yaml

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
    assert str(wrong.value) == (f"{file}: alerts.recipients.a.send_to: a secret comes from the environment; "
                                "write ${NAME} here, and set NAME there")


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
    assert str(wrong.value) == (f"{file}: publish.postgres.url: a secret comes from the environment; "
                                "write ${NAME} here, and set NAME there")


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
