"""What is read from dbt's results and manifest, and when dbt parses again."""

import json
from pathlib import Path
from typing import Any

import pytest

from orchestration.core import dbt
from orchestration.core.paths import DataPaths
from publish.contracts import Column, Contract


def result(name: str, status: str) -> dbt.NodeResult:
    return dbt.NodeResult(f"model.sluttdato.{name}", status, f"{name} is {status}", 0.1, None)


def test_what_broke_or_failed_is_named_and_warnings_and_what_was_skipped_are_not() -> None:
    results = [result(s, s) for s in ("success", "pass", "warn", "skipped", "error", "fail")]
    assert dbt.failures(results) == ["error: error is error", "fail: fail is fail"]


def test_contracts_are_those_of_the_marts(tmp_path: Path) -> None:
    def node(name: str, kind: str = "model", schema: str = "marts") -> dict[str, Any]:
        return {"name": name, "resource_type": kind, "schema": schema, "description": f"What {name} is.",
                "columns": {"id": {"description": "Its key.", "data_type": "integer"}}}

    manifest = tmp_path / "manifest.json"
    manifest.write_text(json.dumps({"nodes": {
        "a": node("cases"), "b": node("int_cases", schema="intermediate"), "c": node("is_unique", kind="test")}}))
    assert dbt.contracts(manifest) == {"cases": Contract("What cases is.", (Column("id", "INTEGER", "Its key."),))}


def test_the_project_is_parsed_again_only_when_it_changed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    project, data = tmp_path / "project", DataPaths(tmp_path / "data")
    project.mkdir()
    (project / "a.sql").write_text("select 1")
    parsed: list[list[str]] = []

    def invoke(arguments: list[str], data_dir: Path, warehouse: Path) -> list[dbt.NodeResult]:
        parsed.append(arguments)
        data.dbt_target.mkdir(parents=True, exist_ok=True)
        data.dbt_manifest.write_text('{"nodes": {"a": {}}}')
        return []

    monkeypatch.setattr(dbt, "PROJECT", project)
    monkeypatch.setattr(dbt, "invoke", invoke)
    for _ in range(2):
        assert dbt.manifest(data.root, data.warehouse) == data.dbt_manifest
    assert parsed == [["parse"]]
    (project / "a.sql").write_text("select 2")
    dbt.manifest(data.root, data.warehouse)
    assert len(parsed) == 2
    data.dbt_parsed.write_text("half a fi")
    dbt.manifest(data.root, data.warehouse)
    assert len(parsed) == 3


@pytest.mark.parametrize("damage", [None, b"", b'{"nodes": {"a"', bytes(30), b"{}"])
def test_a_manifest_that_is_missing_or_damaged_is_parsed_anew(
        tmp_path: Path, monkeypatch: pytest.MonkeyPatch, damage: bytes | None) -> None:
    """contract#damaged-record"""
    data = DataPaths(tmp_path)

    def invoke(arguments: list[str], data_dir: Path, warehouse: Path) -> list[dbt.NodeResult]:
        assert not data.dbt_partial_parse.exists()
        data.dbt_target.mkdir(parents=True, exist_ok=True)
        data.dbt_manifest.write_text('{"nodes": {"a": {}}}')
        data.dbt_partial_parse.write_text("x")
        return []

    monkeypatch.setattr(dbt, "invoke", invoke)
    manifest = dbt.manifest(data.root, data.warehouse)
    manifest.unlink() if damage is None else manifest.write_bytes(damage)
    assert json.loads(dbt.manifest(data.root, data.warehouse).read_text()) == {"nodes": {"a": {}}}
