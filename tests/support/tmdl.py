"""The model for Power BI as tests read it: tables with their columns and mart, relationships, and measures, from TMDL.

Knows as much of TMDL as `dashboards/powerbi` uses: an object is a line with its kind and name, what belongs to it is indented by
tabs. Belongs here: reading. Does not belong here: what must hold (`tests/integration/test_power_bi.py`).
"""

import re
from dataclasses import dataclass, field
from pathlib import Path

FILE = Path(__file__).resolve().parents[2] / "dashboards" / "powerbi" / "Sluttdato.tmdl"
_COLUMN = re.compile(r"^\t\tcolumn (\w+)\n((?:\t\t\t.*\n)+)", re.MULTILINE)
_MEASURE = re.compile(r"^\t\tmeasure '([^']+)' =(.*\n(?:\t\t\t\t.*\n)*)", re.MULTILINE)
_RELATION = re.compile(
    r"^\trelationship \w+\n(?:\t\tisActive: false\n)?\t\tfromColumn: (\w+)\.(\w+)\n\t\ttoColumn: (\w+)\.(\w+)$", re.MULTILINE)


@dataclass
class Table:
    """A table: the mart that it is read from, its columns with their properties, its measures with their DAX."""

    mart: str
    selected: list[str]
    columns: dict[str, str] = field(default_factory=dict)
    measures: dict[str, str] = field(default_factory=dict)


def tables() -> dict[str, Table]:
    """The tables of the model."""
    found: dict[str, Table] = {}
    for part in re.split(r"^\ttable ", FILE.read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]:
        mart = re.search(r'Item = "(\w+)"', part)
        selected = re.search(r"Table\.SelectColumns\(\w+, \{(.*?)\}\)", part)
        assert mart and selected, part
        found[part.splitlines()[0]] = Table(
            mart[1], re.findall(r'"(\w+)"', selected[1]), dict(_COLUMN.findall(part)), dict(_MEASURE.findall(part)))
    return found


def relationships() -> list[tuple[str, str, str, str]]:
    """(table, column, table it refers to, its key) of each relationship."""
    return _RELATION.findall(FILE.read_text(encoding="utf-8"))
