"""The warehouse file: waiting for it, opening one of an earlier version, and what replaces what in it."""

from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pytest

from ingest import warehouse
from ingest.canonical_tables import TABLES
from ingest.kommune import Kommune
from ingest.policy import Policy
from ingest.sql import rows, scalar
from ingest.warehouse import INGEST_TABLES, WarehouseBusy, WarehouseDamaged, create_tables, open_warehouse, set_alert_log, set_run

DAY = date(2025, 3, 10)
EXCEPTION = {"exception_id": "E1", "finding_type": "stale_position", "subject_id": "A1", "approved_on": DAY, "until": DAY,
             "reason": "x", "approved_by": "y", "revoked_on": None, "revoked_by": None}


def test_a_new_warehouse_has_every_table_and_can_be_opened_again(tmp_path: Path) -> None:
    file = tmp_path / "new" / "warehouse.duckdb"
    for _ in range(2):
        with open_warehouse(file) as con:
            tables = con.execute("SELECT table_schema, table_name FROM information_schema.tables").fetchall()
        assert set(tables) == {("ingest", name) for name in INGEST_TABLES} | {("versions", t.versions_name) for t in TABLES}
    with open_warehouse(file, read_only=True) as con, pytest.raises(duckdb.InvalidInputException):
        con.execute("DELETE FROM ingest.run")


def test_a_connection_is_closed_when_its_block_fails(tmp_path: Path) -> None:
    file = tmp_path / "warehouse.duckdb"
    with pytest.raises(ZeroDivisionError), open_warehouse(file):
        raise ZeroDivisionError
    with open_warehouse(file, read_only=True) as con:  # a connection of another kind would not open beside it
        assert scalar(con, "SELECT count(*) FROM ingest.run") == 0


class Held:
    """DuckDB's `connect` while another process holds the file, for the first few times."""

    def __init__(self, times: int, text: str = "Could not set lock on file: Conflicting lock is held in PID 7") -> None:
        self.times, self.text, self.waited = times, text, 0
        self._connect = duckdb.connect

    def connect(self, *given: Any, **options: Any) -> duckdb.DuckDBPyConnection:
        if self.times:
            self.times -= 1
            raise duckdb.IOException(self.text)
        return self._connect(*given, **options)

    def sleep(self, seconds: float) -> None:
        self.waited += 1


def held(monkeypatch: pytest.MonkeyPatch, *given: Any) -> Held:
    file = Held(*given)
    monkeypatch.setattr(warehouse.duckdb, "connect", file.connect)
    monkeypatch.setattr(warehouse.time, "sleep", file.sleep)
    return file


def test_a_warehouse_that_another_process_holds_is_waited_for_and_that_is_logged_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file, logged = held(monkeypatch, 3), []
    with open_warehouse(tmp_path / "w.duckdb", progress=logged.append) as con:
        assert scalar(con, "SELECT count(*) FROM ingest.run") == 0
    assert file.waited == 3 and logged == ["w.duckdb is held by another process; waiting"]


def test_patience_ends_with_the_name_of_the_process(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    held(monkeypatch, 9)
    with pytest.raises(WarehouseBusy, match=r"held by another process: .*PID 7"), open_warehouse(
            tmp_path / "w.duckdb", patience_seconds=-1):
        pass


def test_a_file_that_is_no_warehouse_is_not_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = held(monkeypatch, 1, "The file is not a valid DuckDB database file!")
    with pytest.raises(WarehouseDamaged, match="sluttdato rebuild"), open_warehouse(tmp_path / "w.duckdb"):
        pass
    assert file.waited == 0


def test_a_warehouse_of_an_earlier_version_gets_the_columns_it_has_not() -> None:
    con = duckdb.connect()
    create_tables(con)
    con.execute("ALTER TABLE ingest.extracts DROP figures; ALTER TABLE ingest.extracts ADD size_rows VARCHAR; "
                "ALTER TABLE ingest.extracts DROP kept_rows; ALTER TABLE ingest.extracts DROP may_miss_rows; "
                "ALTER TABLE ingest.rejected_rows DROP key; ALTER TABLE ingest.rejected_rows DROP kept_since; "
                "ALTER TABLE ingest.rejected_rows DROP is_unreadable; DROP TABLE ingest.kept_rows")
    con.execute("ALTER TABLE ingest.extracts DROP not_assessable; ALTER TABLE ingest.exceptions DROP exception_id; "
                "ALTER TABLE ingest.exceptions DROP revoked_on; ALTER TABLE ingest.exceptions DROP revoked_by; "
                "INSERT INTO ingest.extracts BY NAME SELECT 'hrm' AS system")
    create_tables(con)
    assert rows(con, "SELECT system, not_assessable, figures, kept_rows, may_miss_rows FROM ingest.extracts") == [
        {"system": "hrm", "not_assessable": None, "figures": None, "kept_rows": None, "may_miss_rows": None}]
    assert rows(con, "SELECT key, kept_since, is_unreadable FROM ingest.rejected_rows") == []
    assert rows(con, "FROM ingest.kept_rows") == []
    assert scalar(con, "SELECT count(*) FROM duckdb_columns() WHERE column_name = 'size_rows'") == 0
    set_run(con, DAY, Policy(), [EXCEPTION])
    assert rows(con, "FROM ingest.exceptions") == [EXCEPTION]


def test_a_run_replaces_the_day_the_numbers_and_the_exceptions_of_the_one_before() -> None:
    con = duckdb.connect()
    create_tables(con)
    set_run(con, DAY, Policy(), [EXCEPTION, {**EXCEPTION, "exception_id": "E2"}], DAY)
    policy = Policy(grace_days=2, backed_ahead_days=3, max_extract_age_days=4, kommuneadmin_groups=["a", "b"],
                    emptied_unit_positions=6, max_unchanged_days_warned=5)
    set_run(con, date(2025, 3, 11), policy, [{**EXCEPTION, "exception_id": "E3"}], kommune=Kommune(number="0301", name="Prøve"))
    assert rows(con, "FROM ingest.run") == [{
        "as_of_date": date(2025, 3, 11), "grace_days": 2, "backed_ahead_days": 3, "max_extract_age_days": 4,
        "kommuneadmin_groups": ["a", "b"], "purged_before": None, "emptied_unit_positions": 6,
        "max_unchanged_days_warned": 5, "kommune_number": "0301", "kommune_name": "Prøve"}]
    assert rows(con, "SELECT exception_id FROM ingest.exceptions") == [{"exception_id": "E3"}]


def test_the_log_of_messages_is_shown_as_it_is_now() -> None:
    con = duckdb.connect()
    create_tables(con)
    set_alert_log(con, [{"case_count": 1, "recipient": "a", "is_uncertain": None},
                        {"case_count": 2, "recipient": "b", "is_uncertain": True}])
    assert con.execute("SELECT recipient, case_count, is_uncertain, state FROM ingest.alert_log ORDER BY 1").fetchall() == [
        ("a", 1, None, None), ("b", 2, True, None)]
    set_alert_log(con, [])
    assert rows(con, "FROM ingest.alert_log") == []
