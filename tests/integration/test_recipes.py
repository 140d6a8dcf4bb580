"""The recipe of CONTRIBUTING.md for a new finding type, applied block by block to a copy of the project, and run."""

import re
import shutil
import sys
import types
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings

from dbt_project import codes
from orchestration.core import dbt
from tests.oracle import oracle
from tests.properties import test_oracle_agrees as agreement
from tests.support import dbt_unit_tests
from tests.support.models import Models, compile_project, read_models
from tests.support.municipalities import Municipality, municipalities

ROOT = Path(__file__).resolve().parents[2]
MOST_FILES = 8


def blocks() -> dict[str, str]:
    """{file: the block that the recipe has for it}, without the list's indentation."""
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    recipe = text[text.index("**A new finding type**"):text.index("Then `make docs` and `make check`")]
    steps = re.findall(r"^\d\. `([^`]+)`.*?^   ```\w+\n(.*?)^   ```$", recipe, re.MULTILINE | re.DOTALL)
    return {file: re.sub(r"^   ", "", block, flags=re.MULTILINE) for file, block in steps}


def inserted(text: str, block: str, before: str) -> str:
    assert text.count(before) == 1, before
    return text.replace(before, f"{block}{before}")


@pytest.fixture(scope="module")
def recipe() -> dict[str, str]:
    return blocks()


@pytest.fixture(scope="module")
def extended(recipe: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Models:
    """The project with the new type, compiled."""
    project = tmp_path_factory.mktemp("recipe") / "dbt_project"
    shutil.copytree(dbt.PROJECT, project, ignore=shutil.ignore_patterns("target", "logs", "__pycache__"))
    for name, block in recipe.items():
        if not name.startswith("dbt_project/"):
            continue
        file = project.parent / name
        before = file.read_text(encoding="utf-8") if file.exists() else ""
        if name.endswith("remedies.sql"):
            file.write_text(inserted(before, block, "  end || {{ remedy_ask"), encoding="utf-8")
        else:
            file.write_text(before + block, encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(dbt, "PROJECT", project)
        folder = project.parent / "compiled"
        compile_project(folder)
        return read_models(folder)


def test_the_recipe_touches_eight_files_at_most(recipe: dict[str, str]) -> None:
    assert 6 <= len(recipe) <= MOST_FILES
    assert all((ROOT / file).exists() or "idle_login" in file for file in recipe)


def test_the_new_type_is_whole_in_the_catalogue(recipe: dict[str, str], tmp_path: Path) -> None:
    seed = codes.SEEDS / "finding_types.csv"
    file = tmp_path / seed.name
    file.write_text(seed.read_text(encoding="utf-8") + recipe["dbt_project/seeds/finding_types.csv"], encoding="utf-8")
    new = codes.read(codes.FindingType, file)[-1]
    assert (new.finding_type, new.subject, new.list_mart) == ("idle_login", "person", "cases")


def test_its_unit_test_passes(extended: Models) -> None:
    test, = [t for t in dbt_unit_tests.unit_tests(extended) if t.name.startswith("a_login_is_idle")]
    with dbt_unit_tests.prepare(test, dbt_unit_tests.column_types(extended)) as con:
        assert dbt_unit_tests.difference(test, con, test.model.sql) is None


def test_model_and_oracle_agree_on_it_and_it_becomes_a_case_with_its_meaning_and_remedy(
    extended: Models, recipe: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    source = Path(oracle.__file__).read_text(encoding="utf-8")
    present = source.index("    def present(self)")
    end = source.index("        return findings\n", present)
    changed = types.ModuleType("changed_oracle")
    monkeypatch.setitem(sys.modules, changed.__name__, changed)  # dataclasses look their module up
    exec(source[:end] + recipe["tests/oracle/oracle.py"] + source[end:], changed.__dict__)
    monkeypatch.setattr(agreement, "oracle", changed)
    seen = 0

    @settings(max_examples=25, deadline=None, database=None, derandomize=True, suppress_health_check=list(HealthCheck))
    @given(municipalities())
    def agree(town: Municipality) -> None:
        nonlocal seen
        marts = agreement.product_marts(extended, town, folded_each_day=False)
        agreement.assert_same(marts, agreement.oracle_marts(town))
        for case in marts["cases"]:
            if case["finding_type"] == "idle_login":
                seen += 1
                assert case["why"] == "Personen kan logge inn, men har verken stilling eller tilgang igjen."
                assert case["remedy"] == "Ansattkort > Info > sperr innloggingen > Lagre."

    agree()
    assert seen > 0
