"""The base of all settings: unknown keys are refused, and so is a secret in clear in the settings file.

Belongs here: rules for all settings. Does not belong here: a setting, or how the file is read (`orchestration.core.settings`).
"""

from typing import Any, get_args

from pydantic import BaseModel, ConfigDict, SecretStr, ValidationInfo, field_validator

IN_CLEAR = ("a secret must not stand in the settings file; write ${NAME} here, and its value into the file NAME in secrets_dir, "
            "or into the environment variable NAME")


class FromFile(str):
    """A text that the settings file holds, at least in part: it is not as a whole what one `${NAME}` stands for."""

    __slots__ = ()


class SettingsModel(BaseModel):
    """Base of all settings. A setting of type `SecretStr` is a secret: in clear in the file it is refused."""

    model_config = ConfigDict(extra="forbid")

    @field_validator("*", mode="before")
    @classmethod
    def _secrets_are_not_in_clear(cls, value: Any, info: ValidationInfo) -> Any:
        field = cls.model_fields.get(info.field_name or "")
        if field and is_secret(field.annotation) and _holds_text_of_the_file(value):
            raise ValueError(IN_CLEAR)
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
