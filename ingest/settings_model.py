"""What every section of the settings is: unknown keys are refused, and a secret never stands in the settings file.

Belongs here: rules for all settings. Does not belong here: a setting, or how the file is read (`orchestration.core.settings`).
"""

from typing import Any, get_args

from pydantic import BaseModel, ConfigDict, SecretStr, ValidationInfo, field_validator


class FromFile(str):
    """A text as it stands in the settings file, not replaced by what the environment holds."""

    __slots__ = ()


class SettingsModel(BaseModel):
    """Base of all settings. What makes a setting secret is its type, `SecretStr`: a secret in clear in the file is refused."""

    model_config = ConfigDict(extra="forbid")

    @field_validator("*", mode="before")
    @classmethod
    def _secrets_come_from_the_environment(cls, value: Any, info: ValidationInfo) -> Any:
        field = cls.model_fields.get(info.field_name or "")
        if field and is_secret(field.annotation) and _holds_text_of_the_file(value):
            raise ValueError("a secret comes from the environment; write ${NAME} here, and set NAME there")
        return value


def is_secret(annotation: Any) -> bool:
    """Whether a type is SecretStr, or is made of it, as a list of them."""
    return annotation is SecretStr or any(is_secret(part) for part in get_args(annotation))


def _holds_text_of_the_file(value: Any) -> bool:
    if isinstance(value, dict):
        return any(_holds_text_of_the_file(v) for v in value.values())
    if isinstance(value, list | tuple):
        return any(_holds_text_of_the_file(v) for v in value)
    return isinstance(value, FromFile)
