"""A place with a settings file and deliveries, and the `sluttdato` command run in it as a user would.

Most tests call the command's entry point in this process (`Place.do`), which saves seconds of imports each; there, Dagster
records nothing, Great Expectations works in this process too, and what dbt compiled is executed without dbt (see
`tests.support.models`). Some start the program as it is (`Place.start`).
"""

import hashlib
import json
import os
import shutil
import subprocess
import sys
import warnings
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from io import StringIO
from pathlib import Path
from typing import Any, ClassVar
from unittest import mock

import dagster as dg
import duckdb
import yaml

from ingest import expectations
from ingest.canonical_tables import Table, owners_of
from ingest.landing import Landed
from orchestration.core import dbt
from tests.support import deliveries
from tests.support.models import Models, rows

PROGRAM = Path(sys.executable).with_name("sluttdato")


@dataclass(frozen=True)
class Done:
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)

    @property
    def text(self) -> str:
        return self.out + self.err


@cache
def _one_instance() -> dg.DagsterInstance:
    instance = dg.DagsterInstance.ephemeral()  # making one takes as long as half a run
    instance.event_log_storage.store_event = lambda _: None  # takes a third of a run, and no test reads them
    # So nothing is ever found; to look for it takes a tenth.
    instance.get_asset_records = lambda *_, **__: []
    instance.fetch_observations = lambda *_, **__: dg.EventRecordsResult(records=[], cursor="", has_more=False)
    return instance


@contextmanager
def _forgetful_instance(*_: Any) -> Iterator[dg.DagsterInstance]:
    yield _one_instance()


class KnownTables(expectations.Examination):
    """Examines a table with the same content once for all tests."""

    _known: ClassVar[dict[tuple[str, ...], list[dict[str, Any]]]] = {}

    def __init__(self) -> None:
        self._is_made = False  # which takes a while

    def of_table(self, landed: Landed, table: Table, con: duckdb.DuckDBPyConnection) -> list[dict[str, Any]]:
        read = [table, *filter(None, [owners_of(table)])]
        digests = [hashlib.sha256(f.read_bytes()).hexdigest() if (f := landed.table_file(t.name)) else "" for t in read]
        key = (landed.kind, table.versions_name, *digests)
        if key not in self._known:
            if not self._is_made:
                super().__init__()
                self._is_made = True
            self._known[key] = super().of_table(landed, table, con)
        return self._known[key]


class ExaminerHere(expectations.Examiner):
    """Examines in this process, where Great Expectations is imported once for all tests."""

    def __init__(self) -> None:
        self._folders: list[Path] = []

    def examine(self, folder: Path) -> None:
        if not expectations.is_examined(folder):
            self._folders.append(folder)

    def finish(self) -> None:
        if self._folders:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # those of Great Expectations itself
                expectations.examine_folders(map(str, dict.fromkeys(self._folders)), KnownTables())

    def abandon(self) -> None:
        self._folders.clear()


@dataclass(frozen=True)
class Prepared:
    """What places have in common: the `dbt` folder of a data directory for which dbt has compiled, and what it compiled."""

    dbt_folder: Path
    models: Models

    def invoke(self, arguments: list[str], data_dir: Path, warehouse: Path) -> list[dbt.NodeResult]:
        """Like `orchestration.core.dbt.invoke`, but a build of everything, or of what a day changes, runs without dbt."""
        if arguments in (dbt.BUILD, dbt.DAILY_BUILD):
            return self.models.build(warehouse, daily=arguments == dbt.DAILY_BUILD)
        return _DBT_INVOKE(arguments, data_dir, warehouse)


_DBT_INVOKE = dbt.invoke


@dataclass
class Place:
    """A folder with sluttdato.yaml, inbox and data directory. `today` is the injected clock."""

    root: Path
    prepared: Prepared | None = None  # without it, dbt itself builds
    today: str = "2025-03-10"
    environment: dict[str, str] = field(default_factory=dict)

    @property
    def data(self) -> Path:
        return self.root / "data"

    @property
    def inbox(self) -> Path:
        return self.root / "inbox"

    @property
    def marts(self) -> Path:
        return self.data / "published" / "marts.duckdb"

    def configure(self, **settings: Any) -> None:
        """Write sluttdato.yaml: the sources of this place, and these settings."""
        defaults = {"data_dir": "data", "sources": {
            s: {"adapter": "csv", "path": f"inbox/{s}"} for s in ("hrm", "vfs")}}
        (self.root / "sluttdato.yaml").write_text(yaml.safe_dump({**defaults, **settings}))

    def deliver(self, system: str, day: date | str, tables: dict[str, Any], **options: Any) -> Path:
        return deliveries.write_csv(self.inbox, system, day, tables, **options)

    def _environment(self, today: str | None) -> dict[str, str]:
        kept = {k: v for k, v in os.environ.items() if not k.startswith("SLUTTDATO_") and k != "DAGSTER_HOME"}
        return {**kept, "SLUTTDATO_TODAY": today or self.today, "COLUMNS": "200", **self.environment}

    def do(self, *arguments: str, today: str | None = None, as_it_is: bool = False, recorded: bool = False) -> Done:
        """Run the command in this process. `as_it_is`: with dbt, with Dagster's records on disk, and with Great Expectations in
        a process of its own; `recorded`: only with Dagster's records."""
        from orchestration.cli.app import main

        out, err = StringIO(), StringIO()
        before = Path.cwd()
        os.chdir(self.root)
        try:
            with ExitStack() as stack:
                if not (as_it_is or recorded):
                    stack.enter_context(mock.patch("orchestration.cli.runs.dagster_instance", _forgetful_instance))
                if not as_it_is:
                    stack.enter_context(mock.patch("orchestration.defs.resources.Examiner", ExaminerHere))
                    if self.prepared:
                        stack.enter_context(mock.patch("orchestration.core.dbt.invoke", self.prepared.invoke))
                stack.enter_context(mock.patch.dict(os.environ, self._environment(today), clear=True))
                stack.enter_context(mock.patch.object(sys, "argv", ["sluttdato", *arguments]))
                stack.enter_context(redirect_stdout(out))
                stack.enter_context(redirect_stderr(err))
                code = 0
                try:
                    main()
                except SystemExit as stop:
                    code = stop.code or 0
        finally:
            os.chdir(before)
        return Done(code, out.getvalue(), err.getvalue())

    def start(self, *arguments: str, today: str | None = None) -> subprocess.Popen:
        """Start the command as a program of its own."""
        return subprocess.Popen([str(PROGRAM), *arguments], cwd=self.root, env=self._environment(today),
                                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def copied(self, root: Path) -> "Place":
        """A place of its own with all that is here: for what many tests begin with and each of them changes."""
        shutil.copytree(self.root, root, symlinks=True)
        return Place(root, self.prepared, self.today, dict(self.environment))

    def mart(self, name: str, where: str = "true") -> list[dict[str, Any]]:
        """Rows of a published mart."""
        with duckdb.connect(str(self.marts), read_only=True) as con:
            return rows(con, f"FROM {name} WHERE {where} ORDER BY ALL")

    def all_marts(self) -> dict[str, list[dict[str, Any]]]:
        return marts_of(self.marts)


def marts_of(file: Path) -> dict[str, list[dict[str, Any]]]:
    """All marts of a published file, sorted."""
    with duckdb.connect(str(file), read_only=True) as con:
        names = [n for (n,) in con.execute("SELECT table_name FROM duckdb_tables() ORDER BY 1").fetchall()]
        return {n: rows(con, f"FROM {n} ORDER BY ALL") for n in names}


def make_place(root: Path, prepared: Prepared) -> Place:
    """A new place with a copy of what dbt has parsed (parsing takes seconds)."""
    root.mkdir(parents=True, exist_ok=True)
    place = Place(root, prepared)
    place.configure()
    shutil.copytree(prepared.dbt_folder, place.data / "dbt")
    return place


def town(size: int = 6) -> tuple[dict[str, Any], dict[str, Any]]:
    """HRM and VFS of a small town in which all is well: employee 001 works as v001 at S1 or S2, and so on."""
    ids = [f"{n:03d}" for n in range(1, size + 1)]
    units = [{"org_number": "K", "name": "Eksempel kommune", "type": "kommune"},
             {"org_number": "S1", "name": "Fossen skole", "type": "school", "parent_org_number": "K"},
             {"org_number": "S2", "name": "Lia skole", "type": "school", "parent_org_number": "K"}]
    school = {i: "S1" if int(i) % 2 else "S2" for i in ids}
    hrm = {
        "employees": [{"employee_number": i, "given_name": f"Test{i}", "family_name": "Testesen"} for i in ids],
        "positions": [{"position_id": f"h{i}", "employee_number": i, "org_number": school[i], "start_date": "2020-08-01"}
                      for i in ids],
        "org_units": units,
    }
    vfs = {
        "persons": [{"person_id": f"P{i}", "employee_number": i, "given_name": f"Test{i}", "family_name": "Testesen",
                     "login_enabled": True, "registered_by": "hrm"} for i in ids],
        "positions": [{"position_id": f"v{i}", "person_id": f"P{i}", "org_number": school[i], "role": "Lærer",
                       "hrm_position_id": f"h{i}", "start_date": "2020-08-01", "registered_by": "hrm"} for i in ids],
        # The last one ended long ago: with it VFS's accesses hold the group of kommuneadmins.
        "accesses": [*({"person_id": f"P{i}", "access_group": "Lærer", "org_number": school[i], "start_date": "2020-08-01",
                        "position_id": f"v{i}"} for i in ids),
                     {"person_id": "P001", "access_group": "Kommuneadmin", "org_number": "K", "start_date": "2019-01-01",
                      "position_id": "", "end_date": "2019-12-31"}],
        "org_units": units,
    }
    return hrm, vfs


def changed(tables: dict[str, Any], table: str, key: str, value: str, **columns: Any) -> dict[str, Any]:
    """The tables, with `columns` set in the rows whose `key` is `value`."""
    assert any(r[key] == value for r in tables[table])
    return {**tables, table: [{**r, **columns} if r[key] == value else r for r in tables[table]]}


def without(tables: dict[str, Any], table: str, key: str, value: str) -> dict[str, Any]:
    """The tables without the rows whose `key` is `value`."""
    return {**tables, table: [r for r in tables[table] if r[key] != value]}
