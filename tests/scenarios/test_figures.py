"""One definition of each figure: the terminal, the report, the workbook, the message and the marts say the same.

Belongs here: comparing places that show a figure. Does not belong here: how it is counted (the oracle; dbt's unit tests).
"""

from datetime import date

import openpyxl
import pytest

from demo.municipality import simulate
from publish.headline import Headline
from tests.support.command_line import Place, Prepared, make_place
from tests.support.post import webhook

LAST = date(2025, 3, 10)


@pytest.fixture(scope="module")
def evaluated(tmp_path_factory: pytest.TempPathFactory, prepared: Prepared) -> Place:
    place = make_place(tmp_path_factory.mktemp("figures") / "place", prepared)
    simulate(place.inbox, place.root / "truth.json", employees=150, days=4, last_day=LAST, seed=4)
    assert place.do("run").code in (0, 3)
    return place


def test_who_has_left_and_can_get_in_is_one_figure_in_all_places(evaluated: Place) -> None:
    """contract#has-left-with-access"""
    place = evaluated
    cases = place.mart("cases")
    excepted = next(c for c in cases if c["has_left_with_access"]
                    and sum(other["person_id"] == c["person_id"] for other in cases) == 1)
    done = place.do("except", excepted["case_number"], "--until", "2025-04-01", "--reason", "vikar", "--by", "rektor")
    assert done.code == 0, done.text
    with webhook() as hook:
        place.configure(alerts={"recipients": {"all": {"send_to": "${SEND_TO}"}}})
        place.environment = {"SEND_TO": hook.address}
        assert place.do("run").code in (0, 3)
        message, = hook.posts
    row, = place.mart("access_risk_daily", f"is_total AND evaluation_date = '{LAST}'")
    figure = Headline(row["people_left_with_access"] - row["people_unknown_with_access"], row["people_unknown_with_access"])
    assert figure.left > 1 and figure.unknown > 0
    left = {r["person_id"] for r in place.mart("employee_status", "has_left_with_access")}
    assert len(left - {excepted["person_id"]}) == figure.total == len(left) - 1
    assert place.do("status", "--json").json["people_left_with_access"] == figure.total
    assert str(figure.total) in place.do("status").out
    published = place.data / "published"
    assert figure.sentence() in (published / "report" / "index.html").read_text(encoding="utf-8")
    sheet = openpyxl.load_workbook(published / "worklists" / "arbeidsliste.xlsx")["Oversikt"]
    assert figure.sentence() in [cell.value for cell in sheet["A"]]
    assert figure.sentence() in str(message)


def test_open_cases_are_one_figure_and_the_units_add_up_to_the_kommune(evaluated: Place) -> None:
    """contract#access-risk"""
    place = evaluated
    today = place.mart("access_risk_daily", f"evaluation_date = '{LAST}'")
    total, = (r["open_cases"] for r in today if r["is_total"])
    listed = place.mart("cases", "is_lead AND status = 'open'")
    assert total == len(listed) == len(place.mart("case_history", "status = 'open'")) > 10
    assert total == sum(r["open_cases"] for r in today if not r["is_total"])
    assert any(r["org_number"] is None and r["org_name"] == "Uten enhet" and r["open_cases"] for r in today)
    counted = place.mart("finding_daily_counts", f"evaluation_date = '{LAST}'")
    assert sum(r["open_count"] or 0 for r in counted) == len(place.mart("findings", "status = 'open'"))
    page = (place.data / "published" / "report" / "index.html").read_text(encoding="utf-8")
    assert f"{total} åpne saker, som gjelder" in page
