"""The tables of the sysadmin's guide, docs/sysadmin.md, made from the catalogue of codes by `make docs`.

Belongs here: their layout. Does not belong here: their words (`dbt_project/seeds`).
"""

import re
from collections.abc import Iterable
from pathlib import Path

from dbt_project import codes

PAGE = Path(__file__).resolve().parents[1] / "docs" / "sysadmin.md"
_END = "<!-- end of what `make docs` makes -->"


def with_tables(page: str) -> str:
    """The page with both tables replaced between their markers. Raises ValueError unless each marker is there once."""
    page = _between(page, "finding_types", _table(
        ("funn", "betyr", "gjør dette i VFS"),
        ((f"**{t.label_nb}**", t.meaning_nb, t.what_to_do_nb) for t in codes.FINDING_TYPES.values())))
    return _between(page, "causes", _table(
        ("årsak", "betyr"), ((c.label_nb, c.meaning_nb) for c in codes.CAUSES.values())))


def _between(page: str, seed: str, table: str) -> str:
    begin = f"<!-- made by `make docs`, from dbt_project/seeds/{seed}.csv -->"
    marked = re.compile(f"{re.escape(begin)}.*?{re.escape(_END)}", re.DOTALL)
    made, times = marked.subn(lambda _: f"{begin}\n\n{table}\n{_END}", page)
    if times != 1:
        raise ValueError(f"expected the lines {begin} and {_END} once")
    return made


def _table(heading: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [heading, ("---",) * len(heading), *rows]
    return "".join(f"| {' | '.join(cells)} |\n" for cells in lines)


if __name__ == "__main__":
    PAGE.write_text(with_tables(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
