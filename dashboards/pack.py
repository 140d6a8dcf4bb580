"""Packs the dashboards of Apache Superset into the zip that it imports: `make dashboards URI=...`.

Belongs here: the one thing that differs from place to place, where the published set lies. Does not belong here: what the
dashboards show (the YAML beside it).
"""

import argparse
from collections.abc import Iterator
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

SUPERSET = Path(__file__).parent / "superset"
_ADDRESS = "sqlalchemy_uri: "


def contents(uri: str | None = None) -> Iterator[tuple[str, str]]:
    """The path and text of each file of the export; `uri`: SQLAlchemy's address of the published set."""
    for file in sorted(SUPERSET.rglob("*.yaml")):
        text = file.read_text(encoding="utf-8")
        if uri and file.parent.name == "databases":
            text = "".join(f"{_ADDRESS}{uri}\n" if line.startswith(_ADDRESS) else line for line in text.splitlines(keepends=True))
        yield f"sluttdato/{file.relative_to(SUPERSET)}", text


def pack(target: Path, uri: str | None = None) -> None:
    """Write the zip. The same content gives the same bytes."""
    target.parent.mkdir(parents=True, exist_ok=True)
    with ZipFile(target, "w", ZIP_DEFLATED) as archive:
        for name, text in contents(uri):
            archive.writestr(ZipInfo(name), text)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Packs dist/sluttdato-superset.zip, for Superset to import.")
    parser.add_argument("--uri", help="where the published set lies, as duckdb:////srv/sluttdato/data/published/marts.duckdb"
                                      "?access_mode=READ_ONLY or postgresql+psycopg2://reader@server/database")
    parser.add_argument("--to", type=Path, default=Path("dist/sluttdato-superset.zip"))
    given = parser.parse_args()
    pack(given.to, given.uri)
    print(f"{given.to}: in Superset Dashboards > Import, or `superset import-dashboards --path {given.to} --username NAME`")
