"""The model for Power BI fits the marts: columns, types, keys, what each measure reads; no persons, nothing summed by default.

DAX itself runs nowhere here.
"""

import re

import duckdb
import pytest

from ingest.sql import scalar
from tests.integration.test_dashboards import PERSONAL
from tests.support import tmdl

TABLES = tmdl.tables()
TYPES = {"dateTime": "DATE", "string": "VARCHAR", "int64": "INTEGER", "boolean": "BOOLEAN"}


@pytest.mark.parametrize("table", TABLES)
def test_a_table_has_columns_of_its_mart_with_their_types_and_no_persons(con: duckdb.DuckDBPyConnection, table: str) -> None:
    described = TABLES[table]
    mart = con.table(described.mart)
    types = dict(zip(mart.columns, map(str, mart.types), strict=True))
    assert list(described.columns) == described.selected and described.columns
    for column, properties in described.columns.items():
        assert TYPES[re.findall(r"dataType: (\w+)", properties)[0]] == types[column]
        assert f"sourceColumn: {column}\n" in properties and "summarizeBy: none\n" in properties
    assert not PERSONAL & set(described.columns)


def test_a_relationship_leads_to_a_key_and_loses_no_row(con: duckdb.DuckDBPyConnection) -> None:
    assert len(tmdl.relationships()) == tmdl.FILE.read_text(encoding="utf-8").count("\trelationship ") > 10
    for table, column, other, key in tmdl.relationships():
        assert "isKey" in TABLES[other].columns[key] and column in TABLES[table].columns
        condition = {"case_status": "status_of = 'finding'", "propagation_status": "status_of = 'propagation'",
                     "org_unit": "NOT is_total"}.get(other, "true")
        keys = f"(SELECT {'DISTINCT' if other == 'org_unit' else ''} {key} FROM {TABLES[other].mart} WHERE {condition})"
        assert scalar(con, f"SELECT count(*) = count(DISTINCT {key}) FROM {keys}"), other
        rows = f"(SELECT {column} FROM {TABLES[table].mart} WHERE {'NOT is_total' if table == 'access_risk_daily' else 'true'})"
        assert scalar(con, f"SELECT count(*) FROM {rows} WHERE {column} NOT IN {keys}") == 0, (table, column)


def test_a_measure_reads_only_what_is_there() -> None:
    measures = {name: dax for table in TABLES.values() for name, dax in table.measures.items()}
    assert len(measures) == tmdl.FILE.read_text(encoding="utf-8").count("\t\tmeasure ") > 10
    for name, dax in measures.items():
        assert dax.count("(") == dax.count(")"), name
        for table, column in re.findall(r"(\w+)?\[([^\]]+)\]", dax):
            assert column in (TABLES[table].columns if table else measures), (name, table, column)
        for table in re.findall(r"COUNTROWS\((\w+)\)", dax):
            assert table in TABLES
    text = tmdl.FILE.read_text(encoding="utf-8")
    assert all(re.search(rf"^\t\t/// .+\n\t\tmeasure '{re.escape(name)}' =", text, re.MULTILINE) for name in measures)
