"""Registering an adapter at its class, and secrets by their type."""

import re
from typing import Any, Literal, get_args

import pytest
from pydantic import BaseModel, SecretStr, ValidationError

from ingest.settings_model import IN_CLEAR, FromFile, SettingsModel, is_secret
from ingest.sources.base import REGISTRY, SourceSettings, adapter
from orchestration.core.settings import Settings

LOOKS_SECRET = re.compile(r"(password|secret|key|token|send_to)(?!_url|s_dir)")


class KeyedSettings(SourceSettings):
    """Settings of an adapter that is not there yet."""

    adapter: Literal["keyed"]
    api_key: SecretStr
    more_keys: list[SecretStr] | None = None
    address: str = ""


def models(annotation: Any) -> set[type[BaseModel]]:
    """The models that a type is made of, and those of their fields."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        inner = [field.annotation for field in annotation.model_fields.values()]
        return {annotation}.union(*map(models, inner))
    return set().union(*map(models, get_args(annotation)))


ALL = sorted(models(Settings), key=lambda model: model.__name__)


def test_an_adapter_needs_a_name_of_its_own() -> None:
    class Nameless(SourceSettings):
        adapter: str

    with pytest.raises(TypeError, match="Nameless needs the name of its adapter"):
        adapter(Nameless, systems=("hrm",))
    with pytest.raises(TypeError, match="there is an adapter csv already: CsvSettings"):
        adapter(REGISTRY["csv"].settings, systems=("hrm",))


@pytest.mark.parametrize("changed", [{"api_key": FromFile("in clear")}, {"more_keys": [FromFile("in clear")]}])
def test_a_new_adapters_secret_in_clear_is_refused_by_its_type_alone(changed: dict[str, Any]) -> None:
    settings = {"adapter": "keyed", "api_key": "from the environment", "address": FromFile("https://x")}
    assert KeyedSettings.model_validate(settings).api_key.get_secret_value() == "from the environment"
    with pytest.raises(ValidationError) as refused:
        KeyedSettings.model_validate(settings | changed)
    error, = refused.value.errors()
    assert error["msg"] == f"Value error, {IN_CLEAR}"


def test_all_settings_are_of_the_model_that_knows_secrets() -> None:
    assert {r.settings for r in REGISTRY.values()} < set(ALL)
    assert [model.__name__ for model in ALL if not issubclass(model, SettingsModel)] == []


@pytest.mark.parametrize("model", ALL, ids=lambda model: model.__name__)
def test_what_looks_like_a_secret_is_typed_as_one(model: type[BaseModel]) -> None:
    assert {name for name, field in model.model_fields.items()
            if LOOKS_SECRET.search(name) and not is_secret(field.annotation)} == set()
