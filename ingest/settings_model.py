"""The base of all settings: unknown keys are refused, and so is a secret in clear in the settings file.

Belongs here: rules for all settings. Does not belong here: a setting, or how the file is read (`orchestration.core.settings`).
"""

from typing import Any, get_args

from pydantic import BaseModel, ConfigDict, SecretStr, ValidationInfo, field_validator


class FromFile(str):
    """A text that the settings file holds, at least in part: it is not one environment variable's value as a whole."""

    __slots__ = ()


class SettingsModel(BaseModel):
    """Base of all settings. A setting of type `SecretStr` is a secret: in clear in the file it is refused."""

    model_config = ConfigDict(extra="forbid")

    @field_validator("*", mode="before")
    @classmethod
    def _secrets_come_from_the_environment(cls, value: Any, info: ValidationInfo) -> Any:
        field = cls.model_fields.get(info.field_name or "")
        if field and is_secret(field.annotation) and _holds_text_of_the_file(value):
            raise ValueError("a secret comes from the environment; write ${NAME} here, and set NAME there")
        return value


def is_secret(annotation: Any) -> bool:
    """Whether a type is SecretStr, or contains it, as a list of them does."""
    return annotation is SecretStr or any(is_secret(part) for part in get_args(annotation))


def _holds_text_of_the_file(value: Any) -> bool:
    if isinstance(value, dict):
        return any(_holds_text_of_the_file(v) for v in value.values())
    if isinstance(value, list | tuple):
        return any(_holds_text_of_the_file(v) for v in value)
    return isinstance(value, FromFile)
