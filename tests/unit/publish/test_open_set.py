"""The open set: small counts are hidden, and what would tell them; what is not declared is closed (contract#open-set)."""

import json
import re
from pathlib import Path
from typing import Any

import duckdb
import pytest
import yaml

from ingest.sql import rows
from publish import open_set
from publish.contracts import Column, Contract, Open

MARTS = Path(__file__).resolve().parents[3] / "dbt_project" / "models" / "marts"
RISK = Contract("Risk", (
    Column("day", is_nullable=False), Column("org_number"), Column("is_total", "BOOLEAN"),
    Column("people", "INTEGER", is_nullable=False), Column("checked", "INTEGER"), Column("names"), Column("kommune_number"),
    Column("as_of_date")), key=("day", "org_number"),
    open=Open(("day", "org_number", "is_total"), ("people", "checked"), total="is_total", per=("day",)))


def shown(contract: Contract, table: list[tuple[Any, ...]]) -> list[dict[str, Any]]:
    assert contract.open
    with duckdb.connect() as con:
        con.execute("CREATE SCHEMA marts; CREATE TABLE marts.risk (day VARCHAR, org_number VARCHAR, is_total BOOLEAN, "
                    "people INTEGER, checked INTEGER, names VARCHAR, kommune_number VARCHAR, as_of_date DATE)")
        for day, org_number, people in table:
            con.execute("INSERT INTO marts.risk VALUES (?, ?, ?, ?, 40, 'Ola', '3301', '2025-03-10')",
                        [day, org_number, org_number == "all", people])
        return rows(con, f"FROM ({open_set.query('risk', contract, contract.open)}) "
                         "ORDER BY day, coalesce(org_number = 'all', false) DESC, org_number NULLS LAST")


def counts(*people: int | None) -> list[int | None]:
    """What is shown of the counts of a day: the total first, then its parts."""
    units = ["all", *(f"S{n}" for n in range(len(people) - 2)), None] if len(people) > 1 else ["all"]
    return [row["people"] for row in shown(RISK, [("1", unit, n) for unit, n in zip(units, people, strict=True)])]


@pytest.mark.parametrize(("people", "told"), [
    ((12, 0, 3, 9), (12, 0, 3, 9)),  # nothing to hide
    ((2, 2, 0, 0), (None, None, 0, 0)),  # the total is small, too
    ((13, 1, 3, 9), (13, None, None, 9)),  # 13 - 3 - 9 would tell the one: the smallest other is hidden with it
    ((11, 2, 9, 0), (11, None, None, 0)),
    ((3, 1, 2, 0), (3, None, None, 0)),  # which is the one, and which the two, is not told
    ((4, 2, 2, 0), (None, None, None, 0)),  # both must be two, and no other is left to hide: the total is hidden
    ((11, 1, 1, 9), (11, None, None, None)),  # both must be one
    ((12, 1, 2, 9), (12, None, None, 9)),
    ((12, None, 3, 9), (12, None, 3, 9)),  # what is null in the mart is not known, and hides nothing
    ((12, None, 2, 9), (12, None, None, None)),
    ((1,), (None,)),
])
def test_counts_of_one_and_two_are_hidden_and_so_is_what_would_tell_them(
    people: tuple[int | None, ...], told: tuple[int | None, ...]
) -> None:
    """contract#open-set"""
    assert counts(*people) == list(told)


def test_one_day_hides_nothing_of_another_and_each_count_is_hidden_by_itself() -> None:
    """contract#open-set"""
    table = shown(RISK, [("1", "all", 10), ("1", "S1", 1), ("1", "S2", 9), ("2", "all", 9), ("2", "S1", 0), ("2", "S2", 9)])
    assert [(r["day"], r["people"], r["checked"]) for r in table] == [
        ("1", 10, 40), ("1", None, 40), ("1", None, 40), ("2", 9, 40), ("2", 0, 40), ("2", 9, 40)]


def test_a_column_that_is_not_named_stays_closed_but_for_those_that_say_whose_set_it_is() -> None:
    """contract#open-set"""
    contract = open_set.opened(RISK)
    assert contract and [(c.name, c.is_nullable) for c in contract.columns] == [
        ("day", False), ("org_number", True), ("is_total", True), ("people", True), ("checked", True), ("kommune_number", True),
        ("as_of_date", True)]
    assert list(shown(RISK, [("1", "all", 5)])[0]) == [c.name for c in contract.columns]
    assert open_set.opened(Contract("Closed.", RISK.columns)) is None


# --- what the marts declare --------------------------------------------------------------------------------------------

MODELS = {model["name"]: model for file in sorted(MARTS.glob("*.yml"))
          for model in yaml.safe_load(file.read_text(encoding="utf-8")).get("models", [])}
# Of people, positions, accesses and cases; and texts that people write.
OF_PERSONS = re.compile(
    r"person|employee|given|family|other_name|(?<!org_)(?<!kommune_)names?$|position_id|position_key|subject|finding_id|case_number|case_id"
    r"|access_group|email|role|comment|reason|remedy|why|text|key|note|file|sheet|place|handled|approved|excepted_by|_by$|recipient")
# Names of what is no person.
KNOWN_NAMES = {("org_units", "name"), ("settings_in_force", "name")}
# Whole numbers that count no people, in marts that are open.
NO_PEOPLE = re.compile(r"^(arrival|age_days|withheld_extracts|sort_order|year|quarter|month|iso_year|iso_week|weekday)$")


def declared(mart: str) -> Any:
    return MODELS[mart].get("config", {}).get("meta", {}).get("open")


@pytest.mark.parametrize("mart", MODELS)
def test_each_mart_says_whether_it_is_open_and_shows_no_column_about_persons(mart: str) -> None:
    """contract#open-set"""
    columns = {column["name"]: column for column in MODELS[mart]["columns"]}
    said = declared(mart)
    assert said is not None, f"{mart}: say `config: {{meta: {{open: …}}}}` (docs/data-team.md)"
    assert said in (False, "all") or set(said) <= {"columns", "counts", "total", "per"}
    if not said:
        return
    as_they_are = set(columns) if said == "all" else {*said["columns"], *said.get("per", []), *filter(None, [said.get("total")])}
    counted = set() if said == "all" else set(said.get("counts", []))
    assert as_they_are | counted <= columns.keys() and not as_they_are & counted
    assert not [c for c in as_they_are | counted if OF_PERSONS.search(c) and (mart, c) not in KNOWN_NAMES]
    assert not [c for c in as_they_are if columns[c]["data_type"] == "integer" and not NO_PEOPLE.match(c)], "in counts?"
    assert all(columns[c]["data_type"] == "integer" for c in counted)


def test_the_names_of_columns_about_persons_are_known_as_such() -> None:
    """contract#open-set"""
    of_persons = {c["name"] for c in MODELS["cases"]["columns"]} & {
        "case_number", "finding_id", "subject_id", "person_id", "employee_number", "given_name", "family_name", "role",
        "hrm_position_id", "access_groups", "review_reason", "exception_reason", "excepted_by", "handled_by", "handling_comment",
        "why", "remedy"}
    assert len(of_persons) == 17 and all(OF_PERSONS.search(name) for name in of_persons)
    assert not [c for c in ("org_number", "org_name", "kommune_name", "system", "finding_type") if OF_PERSONS.search(c)]


def test_the_declarations_are_read_from_dbts_manifest() -> None:
    from publish.contracts import contracts

    node = {"name": "m", "unique_id": "model.m", "resource_type": "model", "schema": "marts", "description": "M.", "columns": {
        "a": {"description": "A.", "data_type": "varchar", "constraints": [{"type": "not_null"}],
              "config": {"meta": {"foreign_key": "dim_a.code"}}},
        "n": {"description": "", "data_type": "integer"}}, "config": {"meta": {"open": {"columns": ["a"], "counts": ["n"]}}}}

    def key(name: str, columns: list[str], where: str | None = None) -> dict[str, Any]:
        return {"name": name, "unique_id": f"test.{name}", "resource_type": "test", "schema": "x", "attached_node": "model.m",
                "config": {"where": where}, "test_metadata": {"name": "unique_combination", "kwargs": {"columns": columns}}}

    manifest = json.loads(json.dumps({"nodes": {"k": key("1", ["n"], "n > 0"), "m": node, "l": key("2", ["a", "n"])}}))
    columns = (Column("a", "VARCHAR", "A.", is_nullable=False, foreign_key=("dim_a", "code")), Column("n", "INTEGER"))
    assert contracts(manifest) == {"m": Contract("M.", columns, key=("a", "n"), open=Open(("a",), ("n",)))}
    del manifest["nodes"]["l"]
    manifest["nodes"]["m"]["config"]["meta"]["open"] = "all"
    assert contracts(manifest) == {
        "m": Contract("M.", columns, key=("n",), is_key_of_some=True, open=Open(("a", "n")))}
    manifest["nodes"]["m"]["config"]["meta"]["open"] = False
    assert contracts(manifest)["m"].open is None
