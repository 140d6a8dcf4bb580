"""National ids in validation: hashed as Python's HMAC does, recognised where they do not belong, checked by their digits."""

import hashlib
import hmac
from datetime import date

import duckdb
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from demo.people import national_id
from ingest.door import admit
from ingest.identity import check_digits_sql, digits_sql, hash_sql, hmac_pads, holds_national_id_sql
from ingest.sources.base import RawTable
from ingest.sql import scalar

DAY = date(2025, 3, 10)
CON = duckdb.connect()  # to open one for each example takes longer than all the rest


@settings(max_examples=60, deadline=None, derandomize=True)
@given(st.binary(min_size=1, max_size=150),
       st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1, max_size=40))
def test_the_hash_is_hmac_sha256_of_the_number_without_its_separators(key: bytes, number: str) -> None:
    pads = hmac_pads(key)
    (digits, hashed), = CON.execute(
        f"SELECT {digits_sql('n')}, {hash_sql(digits_sql('n'))} FROM (SELECT $n AS n)", {**pads, "n": number}).fetchall()
    assert hashed == (hmac.new(key, digits.encode(), hashlib.sha256).hexdigest() if digits else None)


def flag(sql: str, value: str) -> bool:
    with duckdb.connect() as con:
        return bool(scalar(con, f"SELECT {sql} FROM (SELECT ? AS v)", [value]))


@pytest.mark.parametrize(("text", "holds"), [
    (national_id(1), True), (f"Test {national_id(1)}", True), (f"({national_id(1)[:6]} {national_id(1)[6:]})", True),
    (f"A{national_id(1)}", False), (f"{national_id(1)}7", False), ("12345678901", False), ("974000001", False), ("", False),
])
def test_a_national_id_is_recognised_in_a_text_that_holds_one(text: str, holds: bool) -> None:
    assert flag(holds_national_id_sql("v"), text) is holds


def test_check_digits_are_checked_and_only_counted() -> None:
    right = national_id(1)
    wrong = right[:10] + str((int(right[10]) + 1) % 10)
    assert flag(check_digits_sql("v"), right) and not flag(check_digits_sql("v"), wrong)
    people = pa.table({"employee_number": ["1", "2", "3"], "national_id": [right, wrong, f" {right[:6]} {right[6:]} "]})
    extract = admit("hrm", DAY, {"employees": RawTable(people, "employees.csv", list)}, delta=False, key=b"key",
                    max_rejected_percent=5)
    assert extract.figures["employees"].warnings["wrong_check_digits"] == 1 and extract.figures["employees"].rows == 3
    hashes = dict(zip(extract.tables["employees"].column("employee_number").to_pylist(),
                      extract.tables["employees"].column("national_id_hash").to_pylist(), strict=True))
    assert hashes["1"] == hashes["3"] != hashes["2"]
    assert hashes["1"] == hmac.new(b"key", right.encode(), hashlib.sha256).hexdigest()
