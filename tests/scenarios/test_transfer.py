"""What HRM sent to VFS, as a third source: the causes that it tells, in all their words, and that it decides nothing else.

Through the command line. The rule itself is in `tests/support/cases.py`, as sentences.
"""

from pathlib import Path
from typing import Any

import pytest

from tests.support.command_line import Done, Place, changed, town

SOURCES: dict[str, Any] = {s: {"adapter": "csv", "path": f"inbox/{s}"} for s in ("hrm", "vfs", "transfer")}
Tables = dict[str, Any]


def sent(*positions: str, **columns: Any) -> Tables:
    """What was sent of these positions: employee 001 has h001, and so on."""
    return {"positions": [{"position_id": p, "employee_number": p[1:], "org_number": "S1", "start_date": "2020-08-01", **columns}
                          for p in positions]}


@pytest.fixture
def place(place: Place) -> Place:
    """A town in which end dates became known on 5 March and are in VFS nowhere: two past ones, one of them set back in time, and
    two to come."""
    place.configure(sources=SOURCES)
    hrm, vfs = town()
    for system, tables in (("hrm", hrm), ("vfs", vfs)):
        place.deliver(system, "2025-03-03", tables)
    for position, end in (("h001", "2025-03-06"), ("h002", "2025-03-06"), ("h003", "2025-02-28"), ("h004", "2025-04-30"),
                          ("h005", "2025-04-30")):
        hrm = changed(hrm, "positions", "position_id", position, end_date=end)
    for day in ("2025-03-05", "2025-03-10"):
        place.deliver("hrm", day, hrm)
        place.deliver("vfs", day, vfs)
    return place


def causes(place: Place) -> dict[str, str]:
    return {row["hrm_position_id"]: row["cause"] for row in place.mart("end_date_propagation")}


def doubts(done: Done) -> list[str]:
    """What a run says of the transfer, but for its progress."""
    return [line for line in done.text.splitlines()
            if "transfer" in line and not line.startswith(("transfer: taking in", "folding transfer"))]


WITHOUT = {"h001": "not_transferred", "h002": "not_transferred", "h003": "backdated", "h004": "not_transferred",
           "h005": "not_transferred"}


def test_an_end_date_that_was_sent_is_told_from_one_that_was_not_with_whom_to_ask(place: Place) -> None:
    """contract#transfer-cause contract#transfer-case contract#transfer-first"""
    place.deliver("transfer", "2025-03-06", {"positions": [
        *sent("h001", end_date="06.03.2025")["positions"], *sent("h004", end_date="2025-04-30")["positions"],
        *sent("h005", "h006")["positions"]]})
    place.deliver("transfer", "2025-03-08", sent())
    done = place.do("run")
    assert (done.code, doubts(done)) == (0, [])
    assert causes(place) == {"h001": "sent_not_applied", "h002": "not_sent", "h003": "not_sent", "h004": "sent_not_applied",
                             "h005": "not_sent"}
    cases = {case["subject_id"]: case for case in place.mart("cases")}
    assert {subject: case["cause"] for subject, case in cases.items()} == {
        "v001": "sent_not_applied", "v002": "not_sent", "v003": "not_sent", "v004": "sent_not_applied", "v005": "not_sent"}
    was_sent = "Sluttdatoen var med i overføringen fra HRM, men VFS har den ikke. Leverandøren av VFS kan finne ut hvorfor."
    was_not = ("Sluttdatoen var ikke med i overføringen fra HRM etter at den ble kjent. Den som drifter overføringen, kan finne "
               "ut hvorfor.")
    back = " Den ble satt tilbake i tid, og slike datoer overføres ikke til VFS."
    known = "HRM har sluttdato 30.04.2025, kjent siden 05.03.2025. VFS har ingen."
    assert {subject: case["why"] for subject, case in cases.items()} == {
        "v001": was_sent, "v002": was_not, "v003": was_not + back, "v004": f"{known} {was_sent}", "v005": f"{known} {was_not}"}
    of_vfs = " Spør leverandøren av VFS hvorfor sluttdatoen ikke ble tatt imot."
    of_hrm = " Spør den som drifter overføringen fra HRM, hvorfor sluttdatoen ikke ble sendt."
    assert all(case["remedy"].endswith(of_vfs if case["cause"] == "sent_not_applied" else of_hrm) for case in cases.values())
    explained = place.do("explain", "v001").out
    assert was_sent in explained.replace("\n", " ") and of_vfs.strip() in explained.replace("\n", " ")


def test_report_status_and_check_source_show_the_transfer(place: Place) -> None:
    """contract#mart-data-freshness"""
    place.deliver("transfer", "2025-03-10", sent("h001", "h004", end_date="2025-04-30"))
    assert place.do("status", "--json").json["systems"]["transfer"]["pending"] == ["2025-03-10"]
    place.do("run")
    shown = place.do("status", "--json").json["systems"]["transfer"]
    assert (shown["status"], shown["current_extract_date"], shown["pending"]) == ("fresh", "2025-03-10", [])
    assert place.mart("data_freshness", "system = 'transfer'")[0]["row_count"] == 2
    assert "Overføringen:</strong> uttrekk fra i dag (10.03.2025)." in (place.data / "published/report/index.html").read_text()
    seen = place.do("check-source", "transfer", "--json").json
    assert [(t["name"], t["rows"]) for t in seen["tables"]] == [("positions", 2)]
    assert (seen["not_delivered"], seen["not_assessable"], seen["advice"]) == ([], [], [])


def comparable(place: Place) -> dict[str, list[dict[str, Any]]]:
    """All marts, without what tells of the transfer, and without causes and their words."""
    return {name: [{c: v for c, v in row.items() if c not in ("cause", "why", "remedy")} for row in rows
                   if row.get("system") != "transfer"] for name, rows in place.all_marts().items()}


def test_a_transfer_changes_causes_and_their_words_and_nothing_else(place: Place) -> None:
    """contract#transfer"""
    place.configure()
    place.do("run")
    without, bare = causes(place), place.all_marts()
    assert without == WITHOUT
    assert [row["system"] for row in bare["data_freshness"]] == ["hrm", "vfs"]
    assert list(place.do("status", "--json").json["systems"]) == ["hrm", "vfs"]
    assert "Overføringen" not in (place.data / "published/report/index.html").read_text()
    place.configure(sources=SOURCES)
    place.do("run")
    assert place.all_marts() == bare
    assert place.do("status", "--json").json["systems"]["transfer"]["status"] == "missing"
    assert "nothing has been delivered yet" in place.do("status").out
    before = comparable(place)
    place.deliver("transfer", "2025-03-10", sent("h001", end_date="2025-03-06"))
    place.do("run")
    assert (causes(place)["h001"], causes(place)["h002"]) == ("sent_not_applied", "not_sent")
    assert comparable(place) == before


def test_what_is_sent_may_be_all_or_nothing_and_days_may_be_without(place: Place) -> None:
    """contract#transfer"""
    place.configure(sources=SOURCES)
    many, others = (sent(*(f"h{n:03d}" for n in of)) for of in (range(300), range(100, 500)))
    for day, tables in (("2025-02-20", many), ("2025-03-05", sent()), ("2025-03-06", sent("h006")), ("2025-03-09", others)):
        place.deliver("transfer", day, tables)
    done = place.do("run")
    assert (done.code, doubts(done)) == (0, [])
    assert {row["status"] for row in place.mart("extracts", "system = 'transfer'")} == {"accepted"}
    assert set(causes(place).values()) == {"not_sent"}
    *_, shown = place.do("status").out.split("\ntransfer ")
    assert "2025-02-20 to 2025-03-10" in shown and "missing:" not in shown


def test_an_old_transfer_is_told_and_leaves_the_lists_as_trustworthy_as_they_were(place: Place) -> None:
    """contract#transfer-not-fresh"""
    place.deliver("transfer", "2025-03-05", sent("h001", end_date="2025-03-06"))
    done = place.do("run")
    assert done.code == 0
    assert "check warns: data_freshness.extracts_are_recent: transfer: the current extract is 5 days old" in done.err
    assert "transfer is stale: why an end date did not arrive is told from what came before. The lists lack nothing." in done.err
    page = (place.data / "published/report/index.html").read_text()
    assert ("Årsaken til at en sluttdato mangler i VFS, kan være en annen enn den som vises. Listene mangler ingen av den grunn."
            in page)
    assert "listen kan mangle noen" not in page and "lists" not in place.do("status").out


def test_a_transfer_that_cannot_be_read_tells_nothing_and_withholds_no_list(place: Place) -> None:
    """contract#transfer-not-fresh"""
    folder = place.deliver("transfer", "2025-03-10", sent("h001", end_date="2025-03-06"))
    (folder / "positions.csv").write_text("position_id\nh001\n")
    done = place.do("run")
    assert done.code == 3
    assert "transfer 2025-03-10" in done.err and "column end_date" in done.err
    assert causes(place) == WITHOUT
    assert {row["system"]: row["status"] for row in place.mart("data_freshness")} == {
        "hrm": "fresh", "vfs": "fresh", "transfer": "missing"}
    assert "listen kan mangle noen" not in (place.data / "published/report/index.html").read_text()
    folder = place.deliver("transfer", "2025-03-10", sent("h001", end_date="2025-03-06"))
    assert place.do("run").code == 0
    assert causes(place)["h001"] == "sent_not_applied"


@pytest.mark.parametrize(("rows", "told"), [
    ([{"position_id": "h002", "end_date": "2025-03-06x"}], {"h002"}),
    ([{"position_id": "1,00E+05", "employee_number": "002", "end_date": "2025-03-06"}], {"h002"}),
    ([{"position_id": "1,00E+05", "end_date": "2025-03-06"}], {"h001", "h002", "h003", "h004", "h005"}),
    ([{"position_id": "h002", "end_date": "2025-03-06"}, {"position_id": "h002", "end_date": ""}], {"h002"}),
], ids=["its end date", "its position", "nothing of whose it is", "sent twice"])
def test_a_row_that_was_rejected_may_have_been_the_end_date_so_nobody_says_it_was_not_sent(
    place: Place, rows: list[Tables], told: set[str]
) -> None:
    """contract#transfer-cause"""
    place.configure(sources=SOURCES)
    others = sent("h006", *(f"h{n}" for n in range(500, 530)))["positions"]
    place.deliver("transfer", "2025-03-06", {"positions": [*rows, *others]})
    place.do("run")
    assert place.mart("rejected_rows", "system = 'transfer'")
    assert {position: cause for position, cause in causes(place).items() if cause != "not_sent"} == {
        position: cause for position, cause in WITHOUT.items() if position in told}


def test_a_transfer_with_a_mistyped_year_is_quarantined_and_can_be_let_in(place: Place) -> None:
    """contract#mistyped-year"""
    place.deliver("transfer", "2025-03-10", sent("h001"))
    place.do("run")
    place.deliver("transfer", "2024-03-10", sent("h001", "h002"))
    done = place.do("run")
    assert done.code == 3 and "quarantined: transfer 2024-03-10" in done.err
    diff, = (place.data / "quarantined" / "transfer").iterdir()
    assert diff.read_text().count("new") == 2
    assert place.do("accept", "transfer", "2024-03-10", "--by", "Test", "--reason", "history").code == 0
    assert {row["status"] for row in place.mart("extracts", "system = 'transfer'")} == {"accepted"}


def test_without_its_source_a_transfer_that_came_stands_and_replay_and_rebuild_say_the_same(place: Place, tmp_path: Path) -> None:
    """contract#evaluation-days"""
    place.deliver("transfer", "2025-03-10", sent("h001", end_date="2025-03-06"))
    place.do("run")
    marts = place.all_marts()
    place.configure()
    place.do("run")
    assert place.all_marts() == marts
    assert place.do("status", "--json").json["systems"]["transfer"]["current_extract_date"] == "2025-03-10"
    assert place.do("rebuild").code == 0
    assert place.all_marts() == marts
    assert place.do("replay", "--as-of", "2025-03-09", "--to", str(tmp_path / "then")).code == 0
    done = place.do("check-source", "transfer")
    assert done.code == 2 and "sources.transfer is not set" in done.err


def test_a_transfer_is_never_a_delta(place: Place) -> None:
    """contract#transfer"""
    place.configure(sources={**SOURCES, "transfer": {**SOURCES["transfer"], "extract": "delta"}})
    done = place.do("run")
    assert done.code == 2 and "sources.transfer: extract: of transfer it is full" in done.err
