"""Readers of the published set: DuckDB and pandas see it with types and letters right, and the new one after a swap.

`make bi` looks with SQLAlchemy, polars, Superset and other versions of DuckDB too.
"""

import shutil
from datetime import date
from pathlib import Path

import duckdb
import pandas as pd
import pytest

from tests.bi import read_set
from tests.support.published import AS_OF, published_from


@pytest.fixture
def warehouse(tmp_path: Path, demo_warehouse: Path) -> Path:
    return Path(shutil.copyfile(demo_warehouse, tmp_path / "warehouse.duckdb"))


def test_a_reader_keeps_the_old_set_and_sees_the_new_one_when_it_opens_again(tmp_path: Path, warehouse: Path) -> None:
    published = published_from(warehouse, tmp_path / "published").parent
    before = read_set.by_duckdb(published)
    assert before == read_set.by_pandas(published) and before[0][0] == AS_OF
    with duckdb.connect(str(published / "marts.duckdb"), read_only=True) as old:
        with duckdb.connect(str(warehouse)) as con:
            con.execute("UPDATE marts.access_risk_daily SET people_left_with_access = 4711 WHERE is_total")
            con.execute("UPDATE marts.access_risk_daily SET org_name = 'Ærøy og Čahppi skole' WHERE org_number IS NULL")
        published_from(warehouse, tmp_path / "published")
        assert list(old.execute(read_set.FIGURE).fetchall()[0]) == before[0]
    # Another name of the same file: within one process, DuckDB gives what it has open.
    after = read_set.by_duckdb(published.resolve())
    assert after == read_set.by_pandas(published)
    assert after[0][3] == 4711 and "Ærøy og Čahppi skole" in after[1]


def test_types_are_the_same_in_the_file_and_in_parquet(published_demo: Path) -> None:
    con = duckdb.connect(str(published_demo), read_only=True)
    with con:
        for mart in [name for (name,) in con.execute("SELECT table_name FROM duckdb_tables()").fetchall()]:
            parquet = published_demo.parent / "parquet" / f"{mart}.parquet"
            table, file = con.table(mart), con.read_parquet(str(parquet))
            assert (table.columns, table.types, len(table)) == (file.columns, file.types, len(file)), mart
    frame = pd.read_parquet(published_demo.parent / "parquet" / "case_history.parquet")
    assert isinstance(frame["opened_on"].iloc[0], date) and str(frame["exposure_days"].dtype) == "int32"
    assert frame["is_open"].dtype == bool and frame["case_number"].iloc[0].startswith("S-")
