"""The reference of all settings, made from their fields: the tables in docs/settings.md, and a JSON schema for editors.

`make docs` writes both. Belongs here: how a field is shown. Does not belong here: what a setting means; that is the
description of its field.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ingest.canonical_tables import SOURCES
from ingest.sources.base import REGISTRY
from ingest.sources.http import HttpSettings
from orchestration.core.settings import Settings

Schema = dict[str, Any]
_DOCS = Path(__file__).resolve().parents[2] / "docs"
PAGE, SCHEMA = _DOCS / "settings.md", _DOCS / "sluttdato.schema.json"
_BEGIN, _END = "<!-- made by `make docs`, from the descriptions of the fields -->", "<!-- end of what `make docs` makes -->"
_FROM_ENVIRONMENT = {"type": "string", "pattern": r"^\$\{\w+\}$"}
_ANNOTATIONS = ("description", "default")


def schema() -> Schema:
    """The JSON schema of the settings file. Every scalar may be `${NAME}`, a secret must be."""
    made = _for_editors(Settings.model_json_schema())
    for system in SOURCES:
        others = {f"#/$defs/{r.settings.__name__}" for r in REGISTRY.values() if system not in r.systems}
        for choice in made["$defs"]["Sources"]["properties"][system]["anyOf"]:  # one adapter, or a list of them
            adapters = choice.get("items", choice)
            adapters["oneOf"] = [one for one in adapters["oneOf"] if one["$ref"] not in others]
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **made}


def schema_text() -> str:
    """The JSON schema as it is written to docs/sluttdato.schema.json."""
    return json.dumps(schema(), ensure_ascii=False, indent=1) + "\n"


def with_tables(page: str) -> str:
    """The page with new tables between its markers. Raises ValueError when the markers are not there."""
    before, begin, rest = page.partition(_BEGIN)
    _, end, after = rest.partition(_END)
    if not (begin and end):
        raise ValueError(f"expected the lines {_BEGIN} and {_END}")
    return "\n".join([f"{before}{begin}", "", *_tables(), f"{end}{after}"])


def _for_editors(node: Schema) -> Schema:
    """A schema, and those inside it, without titles, and with `${NAME}` for scalars."""
    made = {key: value for key, value in node.items() if key != "title"}
    for key in ("properties", "$defs"):
        if key in made:
            made[key] = {name: _for_editors(value) for name, value in made[key].items()}
    for key in ("anyOf", "oneOf", "prefixItems"):
        if key in made:
            made[key] = [_for_editors(value) for value in made[key]]
    for key in ("items", "additionalProperties"):
        if isinstance(made.get(key), dict):
            made[key] = _for_editors(made[key])
    if made.get("format") == "password":
        return made | _FROM_ENVIRONMENT
    limited = made.get("type") in ("integer", "number", "boolean") or "enum" in made or "maxLength" in made
    if not limited:
        return made
    annotations = {key: made.pop(key) for key in _ANNOTATIONS if key in made}
    return {**annotations, "anyOf": [made, _FROM_ENVIRONMENT]}


def _tables() -> Iterator[str]:
    whole = Settings.model_json_schema()
    definitions = whole["$defs"]
    yield from _table(_rows(whole, definitions, skip=frozenset({"sources"})))
    yield "Of each adapter below `sources.hrm`, `sources.vfs` or `sources.transfer`:"
    yield ""
    servers = HttpSettings.model_json_schema()
    for name, registered in sorted(REGISTRY.items()):
        own = definitions[registered.settings.__name__]
        inherited = set(servers["properties"]) if issubclass(registered.settings, HttpSettings) else set()
        rewritten = {field for field in inherited if own["properties"].get(field) != servers["properties"][field]}
        systems = " or ".join(registered.systems)
        yield f"### `{name}` ({systems})"
        yield ""
        yield own["properties"]["adapter"]["description"]
        yield ""
        yield from _table(_rows(own, definitions, skip=frozenset({"adapter"} | (inherited - rewritten))))
    yield "### Every server"
    yield ""
    pulled = ", ".join(f"`{n}`" for n, r in sorted(REGISTRY.items()) if issubclass(r.settings, HttpSettings))
    yield f"Of {pulled} beside their own:"
    yield ""
    yield from _table(_rows(servers, definitions, skip=frozenset({"adapter"})))


def _table(rows: Iterator[tuple[str, str, str, str]]) -> Iterator[str]:
    yield "| setting | value | default | meaning |"
    yield "|---|---|---|---|"
    for cells in rows:
        yield f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"
    yield ""


def _rows(
    model: Schema, definitions: Schema, prefix: str = "", skip: frozenset[str] = frozenset()
) -> Iterator[tuple[str, str, str, str]]:
    """Yields (path, value, default, meaning) of each setting of a model, then of its sections."""
    needed = model.get("required", [])
    for name, field in model["properties"].items():
        if name in skip:
            continue
        path = f"{prefix}{name}"
        if "$ref" in field:
            yield from _rows(_referred(field, definitions), definitions, f"{path}.")
            continue
        default = "needed" if name in needed else _default(field.get("default"))
        yield f"`{path}`", _value(field), default, field["description"]
        for inner, below in (("items", f"{path}[]."), ("additionalProperties", f"{path}.<name>.")):
            if isinstance(field.get(inner), dict) and "$ref" in field[inner]:
                yield from _rows(_referred(field[inner], definitions), definitions, below)


def _referred(node: Schema, definitions: Schema) -> Schema:
    return definitions[node["$ref"].rpartition("/")[2]]


def _default(value: Any) -> str:
    if value is None or value in ([], {}):
        return "none"
    return f"`{value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)}`"


def _value(field: Schema) -> str:
    """A description of a field's values."""
    if "anyOf" in field:
        return " or ".join(_value(one) for one in field["anyOf"] if one.get("type") != "null")
    if "enum" in field:
        return ", ".join(f"`{value}`" for value in field["enum"])
    if field.get("format") == "password":
        return "secret: `${NAME}`"
    match field.get("type"):
        case "boolean":
            return "`true` or `false`"
        case "integer" | "number":
            kind = "whole number" if field["type"] == "integer" else "number"
            limits = [f"{words} {field[key]:g}" for key, words in (
                ("minimum", "at least"), ("exclusiveMinimum", "above"), ("maximum", "at most")) if key in field]
            return ", ".join([kind, *limits])
        case "array":
            if "prefixItems" in field:
                return f"list of {len(field['prefixItems'])}"
            return "list" if "$ref" in field["items"] else f"list: {_value(field['items'])}"
        case "object":
            return "mapping"
    return "path" if field.get("format") == "path" else "one character" if field.get("maxLength") == 1 else "text"


if __name__ == "__main__":
    PAGE.write_text(with_tables(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
    SCHEMA.write_text(schema_text(), encoding="utf-8")
