"""The sysadmin's guide shows every finding type and cause, in the words of the catalogue."""

from dbt_project import codes
from publish import guide


def test_the_guide_is_as_make_docs_writes_it() -> None:
    page = guide.PAGE.read_text(encoding="utf-8")
    assert guide.with_tables(page) == page
    assert all(kind.label_nb in page and kind.meaning_nb in page for kind in codes.FINDING_TYPES.values())
    assert all(cause.label_nb in page and cause.meaning_nb in page for cause in codes.CAUSES.values())
