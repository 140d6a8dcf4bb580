"""dbt's unit tests, executed from the compiled SQL as dbt executes them: all of them in two seconds.

Each gets an in-memory database with the inputs it gives and nothing else. A column that a row does not give is null, of the
type that the real relation has; only the columns of the first expected row are compared, as a multiset.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import duckdb

from ingest.sql import Row, literal
from tests.support.models import Model, Models, empty_warehouse

ColumnTypes = dict[str, dict[str, str]]  # schema.name: column: SQL type
_REFERENCE = re.compile(r"""(ref|source)\(\s*['"](\w+)['"]\s*(?:,\s*['"](\w+)['"]\s*)?\)""")


class Unsupported(Exception):
    """The unit test is written in a way that dbt refuses, or that nothing here executes yet."""


@dataclass(frozen=True)
class UnitTest:
    """One unit test of the manifest. `given`: rows by schema.name of the input."""

    name: str
    model: Model
    given: dict[str, list[Row]]
    expect: list[Row]

    @property
    def compared(self) -> list[str]:
        """The columns that are compared; all, when no row is expected."""
        return [column.lower() for column in self.expect[0]] if self.expect else []


def unit_tests(models: Models) -> list[UnitTest]:
    """All unit tests of the project. Raises Unsupported for overrides, versions and rows in SQL."""
    return [_unit_test(models, definition) for definition in models.manifest["unit_tests"].values()]


def column_types(models: Models) -> ColumnTypes:
    """The columns of every relation, of an empty build."""
    with empty_warehouse() as con:
        models.run(con)
        types: ColumnTypes = {}
        for schema, table, column, sql_type in con.execute(
                "SELECT schema_name, table_name, column_name, data_type FROM duckdb_columns() "
                "WHERE database_name = 'warehouse' ORDER BY table_oid, column_index").fetchall():
            types.setdefault(f"{schema}.{table}", {})[column.lower()] = sql_type
    return types


def prepare(test: UnitTest, types: ColumnTypes) -> duckdb.DuckDBPyConnection:
    """A database that holds the inputs of the unit test and nothing else.

    Raises Unsupported when an input that the model reads is missing, or has a column that the relation does not.
    """
    con = duckdb.connect()
    con.execute("SET threads = 1; ATTACH ':memory:' AS warehouse; USE warehouse")
    for relation, given in test.given.items():
        columns = types[relation]
        wrong = {c for row in given for c in row if c.lower() not in columns}
        if wrong:
            raise Unsupported(f"{test.name}: {relation} has no column {', '.join(sorted(wrong))}")
        con.execute(f"CREATE SCHEMA IF NOT EXISTS {relation.split('.')[0]}")
        con.execute(f"CREATE TABLE {relation} ({', '.join(f'{_quoted(c)} {t}' for c, t in columns.items())})")
        for row in given:
            con.execute(f"INSERT INTO {relation} BY NAME SELECT {_selected(row, columns)}")
    return con


def difference(test: UnitTest, con: duckdb.DuckDBPyConnection, sql: str) -> str | None:
    """The expected and the actual rows of `sql` on the inputs in `con`, as text; None when they are equal. Raises Unsupported
    when a compared column is missing."""
    result = con.sql(sql)
    types = {c.lower(): str(t) for c, t in zip(result.columns, result.types, strict=True)}
    missing = [c for c in test.compared if c not in types]
    if missing:
        raise Unsupported(f"{test.name}: {test.model.name} has no column {', '.join(missing)}")
    actual = _multiset(result.select(*map(_quoted, test.compared)).fetchall() if test.expect else result.fetchall())
    expected = _multiset(con.execute(
        " UNION ALL ".join(f"SELECT {_selected(row, types)}" for row in test.expect)).fetchall() if test.expect else [])
    if actual == expected:
        return None
    return "\n  ".join([f"{test.name}: {', '.join(test.compared or types)}", "expected", *expected, "actual", *actual])


def _unit_test(models: Models, definition: dict[str, Any]) -> UnitTest:
    name = definition["name"]
    if definition["overrides"] or definition["version"]:
        raise Unsupported(f"{name}: overrides and versions of a model are not executed here")
    for part in (*definition["given"], definition["expect"]):
        if not isinstance(part["rows"], list):  # of csv, dbt's parser has made rows
            raise Unsupported(f"{name}: rows as {part['format']} are not executed here")
    model = models.by_name[definition["model"]]
    given = {_relation(models, name, part["input"]): part["rows"] for part in definition["given"]}
    missing = {models.relations[key] for key in model.reads} - set(given)
    if missing:
        raise Unsupported(f"{name}: {model.name} reads {', '.join(sorted(missing))}, which is not given")
    expect = definition["expect"]["rows"]
    if any(set(row) != set(expect[0]) for row in expect):
        raise Unsupported(f"{name}: the expected rows do not all have the same columns")
    return UnitTest(name, model, given, expect)


def _relation(models: Models, test: str, text: str) -> str:
    match = _REFERENCE.fullmatch(text.strip())
    if not match:
        raise Unsupported(f"{test}: the input {text} is neither ref('…') nor source('…', '…')")
    kind, first, second = match.groups()
    ends = f".{second or first}" if kind == "ref" else f".{first}.{second}"
    for key, relation in models.relations.items():
        if key.startswith("source.") == (kind == "source") and key.endswith(ends):
            return relation
    raise Unsupported(f"{test}: there is no {text}")


def _selected(row: Row, types: dict[str, str]) -> str:
    return ", ".join(f"CAST({_value(v)} AS {types[c.lower()]}) AS {_quoted(c.lower())}" for c, v in row.items())


def _value(value: Any) -> str:
    """A value of a yml file as SQL."""
    match value:
        case None:
            return "NULL"
        case str():
            return literal(value)
        case bool() | int() | float():
            return str(value)
        case list():
            return f"[{', '.join(map(_value, value))}]"
        case _:
            raise Unsupported(f"a value of type {type(value).__name__} is not executed here")


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _multiset(rows: Sequence[tuple[Any, ...]]) -> list[str]:
    return sorted(map(repr, rows))
