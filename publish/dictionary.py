"""The data dictionary: each mart with its key and columns, types, meanings and an example; as a page of docs/ and of the report.

`make docs` makes it from dbt's contracts and a simulated municipality (`tests/support/data_dictionary.py`), and keeps it in
`report/dictionary.json`, so that the report needs neither. Belongs here: reading it, and its layout as a document. Does not
belong here: what a column means (the yml beside each mart), how the report's page looks (`report/templates/dictionary.html`).
"""

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from dbt_project import codes

DICTIONARY = Path(__file__).parent / "report" / "dictionary.json"


@dataclass(frozen=True)
class Column:
    """A column of a mart. `example`: a value of the demo, where it has one; `refers_to`: the mart and column that explains it."""

    name: str
    type: str
    may_be_null: bool
    description: str
    example: str | None = None
    refers_to: str | None = None


@dataclass(frozen=True)
class Mart:
    """A mart: what one row is, the columns that tell its rows apart, and all columns in their order."""

    name: str
    description: str
    key: tuple[str, ...]
    columns: tuple[Column, ...]


@dataclass(frozen=True)
class Code:
    """A code, the column that has it, and its labels."""

    column: str
    code: str
    label_nb: str
    label_en: str


def read() -> list[Mart]:
    """The marts, by name."""
    marts = json.loads(DICTIONARY.read_text(encoding="utf-8"))
    return [Mart(m["name"], m["description"], tuple(m["key"]), tuple(Column(**c) for c in m["columns"])) for m in marts]


def written(marts: list[Mart]) -> str:
    """The marts as they are kept."""
    return json.dumps([asdict(mart) for mart in marts], ensure_ascii=False, indent=1) + "\n"


def code_labels() -> Iterator[Code]:
    """Every code that marts hold, with its labels."""
    catalogues = {"finding_type": codes.FINDING_TYPES, "cause": codes.CAUSES, "review_reason": codes.REVIEW_REASONS}
    for column, catalogue in catalogues.items():
        for code, entry in catalogue.items():
            yield Code(column, code, entry.label_nb, entry.label_en)
    for status in codes.STATUSES:
        yield Code(f"status of {status.status_of}", status.status, status.label_nb, status.label_en)


def page(marts: list[Mart]) -> str:
    """The dictionary as docs/data-dictionary.md."""
    return "\n".join([*_head(), *(line for mart in marts for line in _section(mart)), *_codes()])


def _head() -> Iterator[str]:
    yield "# Data dictionary"
    yield ""
    yield "<!-- made by `make docs`, from the contracts of the marts and a simulated municipality -->"
    yield ""
    yield "Every mart with its key (no two rows have the same values in these columns, null being one value; in `people`,"
    yield "of those with a profile) and its columns."
    yield "Examples are from a simulated municipality: no such person or school exists. How marts join and what adds up:"
    yield "[for BI users](bi.md)."
    yield ""


def _section(mart: Mart) -> Iterator[str]:
    yield f"## {mart.name}"
    yield ""
    yield mart.description
    yield ""
    yield f"Key: {', '.join(f'`{column}`' for column in mart.key) or 'none'}."
    yield ""
    yield "| column | type | null | meaning | example |"
    yield "|---|---|---|---|---|"
    for c in mart.columns:
        meaning = f"{c.description} See `{c.refers_to}`." if c.refers_to else c.description
        cells = (f"`{c.name}`", c.type, "yes" if c.may_be_null else "no", meaning, c.example or "")
        yield f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"
    yield ""


def _codes() -> Iterator[str]:
    yield "## Codes"
    yield ""
    yield "| column | code | label in bokmål | label in English |"
    yield "|---|---|---|---|"
    for code in code_labels():
        yield f"| {code.column} | `{code.code}` | {code.label_nb} | {code.label_en} |"
    yield ""
