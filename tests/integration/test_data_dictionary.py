"""The data dictionary is as the contracts and the demo make it, in docs/ and in the published report."""

import re
from pathlib import Path

import duckdb

from ingest.national_ids import holds_national_id
from publish import dictionary
from tests.support import data_dictionary
from tests.support.models import Models


def test_the_dictionary_is_as_make_docs_writes_it(models: Models, demo_warehouse: Path) -> None:
    with duckdb.connect(str(demo_warehouse), read_only=True) as con:
        marts = data_dictionary.gathered(models, con)
    assert dictionary.read() == marts, "run `make docs`"
    assert dictionary.DICTIONARY.read_text(encoding="utf-8") == dictionary.written(marts)
    assert data_dictionary.PAGE.read_text(encoding="utf-8") == dictionary.page(marts)


def test_it_names_every_mart_with_its_key_and_every_column_with_its_meaning(models: Models) -> None:
    marts = dictionary.read()
    assert [mart.name for mart in marts] == models.marts
    assert [mart.name for mart in marts if not mart.key] == ["rejected_rows"]  # the same line may be wrong twice
    assert all(set(mart.key) <= {c.name for c in mart.columns} and all(c.description for c in mart.columns) for mart in marts)
    columns = {f"{mart.name}.{column.name}" for mart in marts for column in mart.columns}
    assert {c.refers_to for mart in marts for c in mart.columns if c.refers_to} <= columns


def test_the_report_has_it_as_a_page_that_every_page_for_all_leads_to(published_demo: Path) -> None:
    report = published_demo.parent / "report"
    page = (report / "ordbok.html").read_text(encoding="utf-8")
    for mart in dictionary.read():
        assert f'<h2 id="{mart.name}">' in page
        assert all(f'<th scope="row">{column.name}</th>' in page for column in mart.columns)
    assert "{{" not in page and not re.search(r"https?://", page)
    for name in ("index", "saker", "finn", "kommuneadmin", "svar"):
        assert '<a href="ordbok.html">' in (report / f"{name}.html").read_text(encoding="utf-8")
    schools = list(report.glob("skoler/*/index.html"))
    assert schools and not any("ordbok" in school.read_text(encoding="utf-8") for school in schools)  # they lead nowhere else


def test_no_example_is_a_national_id() -> None:
    assert not any(holds_national_id(column.example or "") for mart in dictionary.read() for column in mart.columns)
