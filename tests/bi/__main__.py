"""`make bi`: readers and Superset, in `build/bi`, on a set that is swapped while they look. Says how long each took."""

import json
import shutil
import subprocess
import sys
import time
from calendar import timegm
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb

from dashboards import pack
from ingest.sql import rows
from tests.support import superset
from tests.support.models import compiled, read_models
from tests.support.published import published_from, warehouse_of_the_demo

HERE = Path(__file__).parent
BUILD = HERE.parents[1] / "build"
PYTHON = BUILD / "bi" / "bin" / "python"
# The oldest version that reads a set, those between, and the newest.
DUCKDB_VERSIONS = ("1.1.3", "1.2.2", "1.3.2", "1.4.4", "1.5.5", "2.0.0")


@contextmanager
def timed(what: str) -> Iterator[None]:
    began = time.monotonic()
    yield
    print(f"{what}: {time.monotonic() - began:.0f} s", flush=True)


def seen(reader: subprocess.Popen[str]) -> Any:
    assert reader.stdout
    line = reader.stdout.readline()
    assert line, f"a reader stopped: {reader.args}"
    return json.loads(line)


def truth(published: Path) -> list[Any]:
    with duckdb.connect(str(published / "marts.duckdb"), read_only=True) as con:
        row = con.execute("SELECT evaluation_date::VARCHAR, org_name, is_total, people_left_with_access FROM access_risk_daily "
                          "WHERE is_total AND evaluation_date = as_of_date").fetchall()[0]
        return [list(row), sorted(n for (n,) in con.execute("SELECT DISTINCT org_name FROM access_risk_daily").fetchall())]


def readers(warehouse: Path, published: Path) -> None:
    """Each reader sees the set, and the new one after a swap."""
    started: dict[str, subprocess.Popen[str]] = {}
    for way in ("sqlalchemy", "pandas", "polars", *DUCKDB_VERSIONS):
        environment = {}
        if way in DUCKDB_VERSIONS:
            place = BUILD / "bi" / f"duckdb-{way}"
            if not place.exists():
                install = [str(PYTHON), "-m", "pip", "install", "--quiet", "--no-deps", "--target", str(place)]
                subprocess.run([*install, f"duckdb=={way}"], check=True)
            environment = {"PYTHONPATH": str(place)}
        started[way] = subprocess.Popen(
            [str(PYTHON), str(HERE / "read_set.py"), "duckdb" if environment else way, str(published)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment or None)
    before = truth(published)
    for way, reader in started.items():
        assert seen(reader) == before, way
    with duckdb.connect(str(warehouse)) as con:  # the next day brings something new, letters too
        con.execute("UPDATE marts.access_risk_daily SET people_left_with_access = 4711 WHERE is_total")
        con.execute("UPDATE marts.access_risk_daily SET org_name = 'Ærøy og Čahppi skole' WHERE org_number IS NULL")
    published_from(warehouse, published)
    after = truth(published)
    assert after != before and "Ærøy og Čahppi skole" in after[1] and after[0][3] == 4711
    for way, reader in started.items():
        assert reader.stdin
        print("", file=reader.stdin, flush=True)
        assert seen(reader) == after, way
        reader.communicate("\n")
        assert reader.returncode == 0, way
        print(f"  {way}: reads it, and the new set after a swap")


def dashboard(published: Path, folder: Path) -> None:
    """Superset imports the dashboard, and shows in every chart what the marts hold."""
    folder.mkdir()
    pack.pack(folder / "dashboard.zip", f"duckdb:///{published / 'marts.duckdb'}?access_mode=READ_ONLY")
    done = subprocess.run([str(PYTHON), str(HERE / "ask_superset.py"), str(folder), str(folder / "dashboard.zip")],
                          capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-3000:]
    answer = json.loads(done.stdout.splitlines()[-1])
    assert answer["dashboards"] == ["Sluttdato"]
    datasets = superset.read("datasets")
    with duckdb.connect(str(published / "marts.duckdb"), read_only=True) as con:
        for chart in superset.read("charts").values():
            expected = rows(con, superset.query(chart, datasets[chart["dataset_uuid"]]))
            got = answer["charts"].pop(chart["slice_name"])
            assert comparable(got) == comparable(expected), (chart["slice_name"], got, expected)
            print(f"  {chart['slice_name']}: {len(got)} rows, as in the marts")
    assert answer["charts"] == {}


def comparable(found: list[dict[str, Any]]) -> list[str]:
    """Rows as text, in one order: Superset gives dates in milliseconds, and numbers as floats."""
    def plain(value: Any) -> Any:
        if isinstance(value, (date, datetime)):
            return float(timegm(value.timetuple())) * 1000
        return round(float(value), 9) if isinstance(value, (int, float, Decimal)) and not isinstance(value, bool) else value

    return sorted(json.dumps({key: plain(value) for key, value in row.items()}, sort_keys=True) for row in found)


def main() -> None:
    place = BUILD / "bi-demo"
    shutil.rmtree(place, ignore_errors=True)
    with timed("a simulated municipality, published"):
        warehouse = warehouse_of_the_demo(place, read_models(compiled()))
        published = published_from(warehouse, place / "published").parent
    with timed("Superset: database, import, every chart"):
        dashboard(published, place / "superset")
    with timed("readers"):
        readers(warehouse, published)


if __name__ == "__main__":
    sys.exit(main())
