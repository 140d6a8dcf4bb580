"""The catalogue of codes: each code is complete, and an incomplete finding type is refused with a text that names what is
missing.

A new finding type makes these tests fail until nothing is missing: CONTRIBUTING.md walks through them.
"""

import csv
import re
from datetime import date
from pathlib import Path

import duckdb
import pytest

from dbt_project import PROJECT, codes
from ingest.assessable import EVERYTHING
from ingest.policy import Policy
from ingest.warehouse import set_run
from tests.oracle import oracle
from tests.support.models import Models, empty_warehouse

ROOT = PROJECT.parent
TODAY = date(2025, 1, 9)


def produced(models: Models) -> set[str]:
    """The finding types that the models int_findings__* name."""
    sql = " ".join(model.sql for model in models.steps if model.name.startswith("int_findings__"))
    return {code for code in codes.FINDING_TYPES if f"'{code}'" in sql}


@pytest.mark.parametrize("code", codes.FINDING_TYPES)
def test_a_finding_type_is_produced_listed_remedied_explained_and_in_the_law(models: Models, code: str) -> None:
    kind = codes.FINDING_TYPES[code]
    remedies = (PROJECT / "macros" / "remedies.sql").read_text(encoding="utf-8")
    law = (ROOT / "docs" / "contract.md").read_text(encoding="utf-8")
    oracle_text = Path(oracle.__file__).read_text(encoding="utf-8")
    required = {
        f"a model int_findings__… that produces '{code}', in int_present_findings.sql": code in produced(models),
        f"list_mart {kind.list_mart} is no mart": kind.list_mart in models.marts,
        f"a branch for '{code}' in the macro remedy of dbt_project/macros/remedies.sql":
            f"finding_type = '{code}'" in remedies or f"list_mart = '{kind.list_mart}'" in remedies,
        f"'{code}' in tests/oracle/oracle.py": f'"{code}"' in oracle_text,
        f"a row for {code} in the table of findings in docs/contract.md": f"| {code} |" in re.sub(r"<a [^>]*></a>", "", law),
    }
    assert [part for part, is_there in required.items() if not is_there] == []


def test_the_oracle_and_the_catalogue_agree_on_which_types_are_on_a_vfs_position() -> None:
    """contract#one-problem"""
    on_positions = {code: kind.exclusive_group for code, kind in codes.FINDING_TYPES.items() if kind.subject == "vfs_position"}
    assert set(on_positions) == oracle.ON_VFS_POSITIONS, "subject in finding_types.csv against ON_VFS_POSITIONS in the oracle"
    alone = {code for code, group in on_positions.items() if group == code}
    assert alone == {"end_date_not_propagated"}, "on a backed position; any other type needs the group of those on unbacked ones"


def test_a_code_needs_only_columns_that_an_adapter_may_carry() -> None:
    assert {need for needs in codes.needs().values() for need in needs} <= EVERYTHING


def test_an_incomplete_row_of_the_catalogue_is_named_with_file_code_and_column(tmp_path: Path) -> None:
    rows = list(csv.DictReader((codes.SEEDS / "finding_types.csv").read_text(encoding="utf-8").splitlines()))
    file = tmp_path / "finding_types.csv"
    with file.open("w", newline="", encoding="utf-8") as handle:
        writer = csv.DictWriter(handle, rows[0].keys())
        writer.writeheader()
        writer.writerow({**rows[0], "finding_type": "new_type", "meaning_nb": "", "sheet_nb": "x" * 32, "severity": "awful"})
    with pytest.raises(codes.IncompleteCode) as raised:
        codes.read(codes.FindingType, file)
    text = str(raised.value)
    assert "dbt_project/seeds/finding_types.csv, new_type" in text
    assert all(column in text for column in ("meaning_nb", "sheet_nb", "severity")) and "label_nb" not in text


def evaluate_with_finding(models: Models, con: duckdb.DuckDBPyConnection, finding_type: str) -> None:
    """Run every model on an empty town, then compute the cases again with one finding of an incomplete type."""
    for system in ("hrm", "vfs"):
        con.execute("INSERT INTO ingest.extracts BY NAME SELECT ? AS system, ?::DATE AS extract_date, 'accepted' AS status",
                    [system, TODAY])
    set_run(con, TODAY, Policy(), [])
    models.run(con)
    con.execute("INSERT INTO catalogue.finding_types SELECT * REPLACE ('no_remedy' AS finding_type) FROM catalogue.finding_types "
                "WHERE finding_type = 'disputed_identity'")
    con.execute("""CREATE TABLE intermediate.present AS FROM intermediate.int_present_findings LIMIT 0;
                   DROP VIEW intermediate.int_present_findings;
                   ALTER TABLE intermediate.present RENAME TO int_present_findings""")
    con.execute("""INSERT INTO intermediate.int_present_findings BY NAME
                   SELECT $1 AS finding_type, 'x' AS subject_id, 'x' AS person_id, $2 AS from_day, $2 + 1 AS to_day""",
                [finding_type, TODAY])
    for name in ("int_findings", "int_cases"):
        con.execute(f"CREATE OR REPLACE TABLE intermediate.{name} AS {models.by_name[name].sql}")


@pytest.mark.parametrize(("finding_type", "text"), [
    ("no_row", "finding type no_row is missing from dbt_project/seeds/finding_types.csv"),
    ("no_remedy", "finding type no_remedy has no remedy for x: add a branch to the macro remedy in "
                  "dbt_project/macros/remedies.sql"),
])
def test_a_finding_of_an_incomplete_type_stops_the_run_with_a_text_that_names_what_is_missing(
    models: Models, finding_type: str, text: str
) -> None:
    with empty_warehouse() as con, pytest.raises(duckdb.Error, match=re.escape(text)):
        evaluate_with_finding(models, con, finding_type)
