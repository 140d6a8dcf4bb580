"""A fixed corpus of random municipalities: for each, the tables that dbt reads and the oracle's marts.

The oracle shares no code with the SQL, so a mart of changed SQL is wrong when it differs from the oracle's.
"""

import hashlib
import pickle
from collections.abc import Iterator
from concurrent.futures import Executor
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pyarrow as pa
from hypothesis import HealthCheck, Phase, given, seed, settings

from ingest.warehouse import set_run
from tests.properties.test_oracle_agrees import comparable, oracle_marts, policy_of, take_in
from tests.support.models import empty_warehouse
from tests.support.municipalities import Municipality, municipalities

ROOT = Path(__file__).resolve().parents[2]
CACHE = ROOT / "build" / "mutation"
_SEEDS = range(8)
_TOWNS_OF_A_SEED = 25

Marts = dict[str, list[tuple]]


@dataclass(frozen=True)
class Town:
    """A municipality: the tables that ingest writes (by schema.name), and the oracle's marts as `comparable` rows."""

    ingested: dict[str, pa.Table]
    marts: Marts

    def load(self, con: duckdb.DuckDBPyConnection) -> None:
        """Fill the tables of an empty warehouse."""
        for name, table in self.ingested.items():
            con.register("loaded", table)
            con.execute(f"INSERT INTO {name} BY NAME FROM loaded")
            con.unregister("loaded")


def corpus(executor: Executor) -> list[Town]:
    """The municipalities, those with most rows in their marts first. Kept until the code that makes them changes."""
    file = CACHE / f"corpus-{_fingerprint()}.pickle"
    if not file.exists():
        towns = [town for towns in executor.map(_towns_of, _SEEDS) for town in towns]
        towns.sort(key=lambda town: -sum(map(len, town.marts.values())))
        CACHE.mkdir(parents=True, exist_ok=True)
        for old in CACHE.glob("corpus-*.pickle"):
            old.unlink()
        file.write_bytes(pickle.dumps(towns))
    return pickle.loads(file.read_bytes())


def _towns_of(number: int) -> list[Town]:
    drawn: list[Municipality] = []
    batch = settings(max_examples=_TOWNS_OF_A_SEED, phases=[Phase.generate], deadline=None, database=None,
                     suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
    seed(number)(batch(given(municipalities())(lambda municipality: drawn.append(municipality))))()
    return [_town(municipality) for municipality in drawn]


def _town(municipality: Municipality) -> Town:
    with empty_warehouse() as con:
        take_in(con, municipality, folded_each_day=False)
        set_run(con, municipality.as_of, policy_of(municipality), municipality.exceptions)
        names = [f"{schema}.{name}" for schema, name in con.execute(
            "SELECT schema_name, table_name FROM duckdb_tables() WHERE schema_name IN ('versions', 'ingest')").fetchall()]
        ingested = {name: con.execute(f"FROM {name}").to_arrow_table() for name in names}
    return Town({name: table for name, table in ingested.items() if table.num_rows},
                {mart: comparable(mart, rows) for mart, rows in oracle_marts(municipality).items()})


def _fingerprint() -> str:
    digest = hashlib.sha256()
    for file in _sources():
        digest.update(f"{file.relative_to(ROOT)}|".encode() + file.read_bytes())
    return digest.hexdigest()[:16]


def _sources() -> Iterator[Path]:
    yield from sorted((ROOT / "ingest").rglob("*.py"))
    yield from sorted((ROOT / "tests/oracle").glob("*.py"))
    yield from (Path(__file__), ROOT / "tests/support/municipalities.py", ROOT / "tests/support/deliveries.py",
                ROOT / "tests/properties/test_oracle_agrees.py")
