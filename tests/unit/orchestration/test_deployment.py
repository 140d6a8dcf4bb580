"""contract#several-kommuner"""

from pathlib import Path

import pytest

from orchestration.core.deployment import Deployment
from orchestration.core.settings import WrongSettings


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "kommuner").mkdir()
    return tmp_path / "kommuner"


def add(folder: Path, name: str, text: str = "") -> None:
    sources = "" if "sources" in text else f"\nsources: {{hrm: {{path: in/{name}/hrm}}, vfs: {{path: in/{name}/vfs}}}}"
    places = "" if "data_dir" in text else f"\ndata_dir: data/{name}"
    (folder / f"{name}.yaml").write_text(text + places + sources)


def error(folder: Path, name: str) -> str:
    with pytest.raises(WrongSettings) as raised:
        Deployment(folder).settings(name)
    return str(raised.value)


def test_each_file_of_the_folder_is_a_kommune(folder: Path) -> None:
    add(folder, "b")
    add(folder, "a")
    (folder / "README.md").write_text("no settings")
    (folder / ".a.yaml").write_text("being edited")
    deployment = Deployment(folder)
    assert list(deployment.files) == ["a", "b"]
    assert deployment.settings("b").data_dir == folder / "data/b"


@pytest.mark.parametrize("make", [lambda folder: folder.rmdir(), lambda folder: None], ids=["no folder", "an empty one"])
def test_a_folder_without_settings_files_is_refused(folder: Path, make) -> None:
    make(folder)
    with pytest.raises(WrongSettings, match="expected one"):
        Deployment(folder)


@pytest.mark.parametrize("variable", [
    "SLUTTDATO_POLICY__GRACE_DAYS", "SLUTTDATO_DATA_DIR", "SLUTTDATO_ID_KEY", "SLUTTDATO_CONFIG", "SLUTTDATO_SECRETS_DIR"])
def test_no_variable_reaches_into_all_kommuner(folder: Path, variable: str, monkeypatch: pytest.MonkeyPatch) -> None:
    add(folder, "a")
    monkeypatch.setenv(variable, "1")
    with pytest.raises(WrongSettings, match=variable):
        Deployment(folder)


def test_the_day_may_be_set_for_all(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    add(folder, "a")
    monkeypatch.setenv("SLUTTDATO_TODAY", "2026-06-12")
    assert Deployment(folder).settings("a")


def test_a_mistake_in_one_file_is_that_ones_alone(folder: Path) -> None:
    add(folder, "a")
    add(folder, "b", "polisy: {}")
    (folder / "c.yaml").write_text("data_dir: [")
    assert Deployment(folder).settings("a")
    assert "polisy" in error(folder, "b")
    assert "this is not YAML" in error(folder, "c")


def test_a_secret_comes_from_a_file_and_never_from_a_variable(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("URL", "postgresql://everybody@example.no")
    wanted = "publish: {postgres: {url: '${URL}'}}"
    add(folder, "without", wanted)
    assert "with several kommuner, a secret is never read from the environment" in error(folder, "without")
    (folder / "secrets/a").mkdir(parents=True)
    add(folder, "a", f"{wanted}\nsecrets_dir: secrets/a")
    assert f"there is no file URL in {folder / 'secrets/a'} (secrets_dir)" in error(folder, "a")
    (folder / "secrets/a/URL").write_text("postgresql://a@example.no")
    (folder / "secrets/a/URL").chmod(0o600)
    url = Deployment(folder).settings("a").publish.postgres.url
    assert url and url.get_secret_value() == "postgresql://a@example.no"


@pytest.mark.parametrize("grab", [
    "secrets_dir: secrets/oslo", "secrets_dir: secrets", "secrets_dir: link", "data_dir: data/oslo", "data_dir: data/oslo/below",
    "data_dir: data", "sources: {hrm: {path: data/oslo/landed}, vfs: {path: v}}",
    "sources: {hrm: {path: secrets/oslo}, vfs: {path: v}}",
])
def test_a_file_that_names_anothers_place_is_refused_and_the_other_is_not(folder: Path, grab: str) -> None:
    for name in ("oslo", "evil"):
        (folder / "secrets" / name).mkdir(parents=True)
    (folder / "link").symlink_to(folder / "secrets/oslo")
    add(folder, "oslo", "secrets_dir: secrets/oslo")
    add(folder, "evil", grab)
    assert "of oslo; each kommune needs places of its own" in error(folder, "evil")
    assert Deployment(folder).settings("oslo")


def test_of_a_place_that_two_name_and_that_carries_neither_name_nobody_gets_it(folder: Path) -> None:
    add(folder, "a", "data_dir: data")
    add(folder, "b", "data_dir: ./data")
    assert "of b" in error(folder, "a")
    assert "of a" in error(folder, "b")


def test_a_file_with_a_mistake_keeps_its_places_to_itself(folder: Path) -> None:
    (folder / "secrets/oslo").mkdir(parents=True)
    add(folder, "oslo", "secrets_dir: secrets/oslo\npolisy: {}")
    add(folder, "evil", "secrets_dir: secrets/oslo")
    assert "of oslo" in error(folder, "evil")


def test_the_biggest_is_first_and_before_it_one_of_which_nobody_knows_how_big_it_is(folder: Path) -> None:
    for name, size in (("a", 10), ("b", None), ("c", 3000)):
        add(folder, name)
        if size is not None:
            (folder / "data" / name).mkdir(parents=True)
            (folder / "data" / name / "warehouse.duckdb").write_bytes(bytes(size))
    assert Deployment(folder).biggest_first() == ["b", "c", "a"]
