"""The reference of the settings: what is committed is made from the fields, and an editor can rely on it."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator

from orchestration.core import settings_reference as reference

ROOT = Path(__file__).resolve().parents[3]


def wrong(settings: dict[str, Any]) -> list[str]:
    """The paths at which the schema finds a settings file wrong."""
    return [e.json_path for e in Draft202012Validator(reference.schema()).iter_errors(settings)]


def test_what_is_committed_is_current() -> None:
    page = reference.PAGE.read_text(encoding="utf-8")
    assert reference.with_tables(page) == page, "run `make docs`"
    assert reference.SCHEMA.read_text(encoding="utf-8") == reference.schema_text(), "run `make docs`"


def test_a_page_without_markers_is_not_overwritten() -> None:
    with pytest.raises(ValueError, match="expected the lines"):
        reference.with_tables("# Settings\n")


def test_every_setting_has_a_description() -> None:
    schema = reference.schema()
    models = {"Settings": schema, **schema["$defs"]}
    assert {f"{model}.{name}" for model, made in models.items() for name, field in made["properties"].items()
            if not field.get("description") and "$ref" not in field} == set()


def test_the_settings_that_the_docs_show_are_right_by_the_schema() -> None:
    Draft202012Validator.check_schema(reference.schema())
    assert wrong(yaml.safe_load((ROOT / "sluttdato.yaml").read_text(encoding="utf-8"))) == []
    shown = [part for page in ("settings.md", "sources.md")
             for part in re.findall(r"```yaml\n(.*?)```", (ROOT / "docs" / page).read_text(encoding="utf-8"), re.DOTALL)]
    examples = [e for part in shown if (e := yaml.safe_load(part))]
    assert len(examples) >= 3
    for example in examples:
        if "sources" in example:
            example["sources"] = {"hrm": {"path": "inbox/hrm"}, "vfs": {"path": "inbox/vfs"}} | example["sources"]
        assert wrong(example) == []


@pytest.mark.parametrize(("settings", "path"), [
    ({"polcy": {}}, "$"),
    ({"policy": {"grace_days": "two"}}, "$.policy.grace_days"),
    ({"sources": {"hrm": {"adapter": "oneroster", "path": "x"}, "vfs": {"path": "y"}}}, "$.sources.hrm"),
    ({"sources": {"hrm": {"path": "x"}, "vfs": [{"path": "y", "colums": {}}]}}, "$.sources.vfs"),
    ({"alerts": {"recipients": {"a": {"send_to": "mailto://u:p@x"}}}}, "$.alerts.recipients.a.send_to"),
])
def test_the_schema_refuses_what_the_settings_refuse(settings: dict[str, Any], path: str) -> None:
    assert wrong(settings) == [path]


def test_a_value_may_come_from_the_environment_by_the_schema() -> None:
    assert wrong({"policy": {"grace_days": "${DAYS}"}, "data_dir": "${HOME}/data", "alerts": {"recipients": {
        "a": {"send_to": "${URL}", "findings": "${FINDINGS}", "weekly_summary": "${DAY}"}}}}) == []
