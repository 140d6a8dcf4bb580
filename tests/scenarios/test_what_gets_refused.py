"""Every row of contract#refused that is built, through the command line."""

import pytest

from tests.support.command_line import Place, changed, town, without

REFUSED, DONE, WITHHELD = 1, 0, 3


def statuses(place: Place, system: str) -> dict[str, str]:
    """{extract date: status of its last delivery} from the published marts."""
    return {str(r["extract_date"]): r["status"] for r in place.mart("extracts", f"system = '{system}'")}


def test_files_that_cannot_be_read_are_refused_whole_and_the_message_says_where(place: Place) -> None:
    """contract#refused-extract, contract#withheld-extract, contract#reported-once"""
    hrm, vfs = town()
    place.deliver("vfs", "2025-03-01", vfs)
    place.deliver("hrm", "2025-03-01", hrm)
    (place.deliver("hrm", "2025-03-02", hrm) / "positions.csv").unlink()
    (place.deliver("vfs", "2025-03-02", vfs) / "persons.csv").write_text("person_id,given_name\nP001,Test\n")
    (place.deliver("hrm", "2025-03-03", hrm) / "employees.csv").write_bytes(
        "employee_number,given_name\n001,Test\n002,Søren\n".encode("latin-1"))
    (place.deliver("hrm", "2025-03-04", hrm) / "employees.csv").write_text('employee_number,given_name\n001,"open\n')
    (place.deliver("hrm", "2025-03-05", hrm) / "employees.csv").write_text("employee_number,given_name\n001,a\n002,b,c\n")
    (place.deliver("hrm", "2025-03-06", hrm) / "positions.csv").write_text("")
    (place.deliver("hrm", "2025-03-07", hrm) / "employees.csv").write_text("employee_number;given_name\n001;Test\n")
    done = place.do("run")
    assert done.code == WITHHELD
    for message in (
        "hrm 2025-03-02, positions.csv: a required file is missing",
        "vfs 2025-03-02, persons.csv, line 1, column family_name: a required column is missing",
        "hrm 2025-03-03, employees.csv, line 3: the file cannot be decoded as utf-8",
        "hrm 2025-03-04, employees.csv, line 2: quotes are not closed",
        "hrm 2025-03-05, employees.csv, line 3: the row has 3 cells, the heading 2",
        "hrm 2025-03-06, positions.csv, line 1: the file is empty",
        "separated by ';': set `delimiter`",
    ):
        assert message in done.err
    # Nothing else is held back: the marts are of today, made from the extracts before.
    assert [r["current_extract_date"].isoformat() for r in place.mart("data_freshness")] == ["2025-03-01", "2025-03-01"]
    assert {r["withheld_extracts"] for r in place.mart("data_freshness")} == {6, 1}
    assert place.mart("findings") == []
    # It is reported once.
    again = place.do("run")
    assert again.code == DONE
    assert not [line for line in again.err.splitlines() if line.startswith("refused: ")]


def test_rows_that_cannot_be_used_are_rejected_with_line_and_reason_and_the_rest_goes_on(place: Place) -> None:
    """contract#rejected-row"""
    hrm, vfs = town(60)
    hrm = changed(hrm, "positions", "position_id", "h001", start_date="31.02.2025")
    hrm = changed(hrm, "positions", "position_id", "h002", org_number="")
    hrm = changed(hrm, "positions", "position_id", "h003", start_date="01.08.2020", end_date="2030-01-31")
    vfs = changed(vfs, "persons", "person_id", "P004", login_enabled="kanskje")
    vfs = changed(vfs, "persons", "person_id", "P005", registered_by="robot")
    vfs = changed(vfs, "accesses", "person_id", "P006", person_id="")
    place.deliver("hrm", "2025-03-10", hrm)
    place.deliver("vfs", "2025-03-10", vfs)
    assert place.do("run").code == DONE
    rejected = {(r["system"], r["file"], r["line"], r["column_name"], r["reason"]) for r in place.mart("rejected_rows")}
    assert rejected == {
        ("hrm", "positions.csv", 2, "start_date", "not a date"),
        ("hrm", "positions.csv", 3, "org_number", "value is missing"),
        ("vfs", "persons.csv", 5, "login_enabled", "not true or false"),
        ("vfs", "persons.csv", 6, "registered_by", "not one of hrm, manual"),
        ("vfs", "accesses.csv", 7, "person_id", "value is missing"),
    }
    assert len(place.mart("employee_status", "family_name IS NOT NULL")) == 58  # the positions of the other two still stand
    # The row with the unreadable start date is rejected: the employee stays, without the position.
    assert [f["finding_type"] for f in place.mart("findings", "subject_id = 'v001'")] == ["active_vfs_inactive_hrm"]
    assert place.mart("findings", "subject_id = 'v003'") == []


def test_of_the_same_key_twice_an_identical_row_is_dropped_and_of_different_ones_the_last_is_kept(place: Place) -> None:
    """contract#same-key-twice"""
    hrm, vfs = town(60)
    first = hrm["positions"][0]
    hrm["positions"] += [first, {**hrm["positions"][1], "end_date": "2025-01-31"}]
    place.deliver("hrm", "2025-03-10", hrm)
    place.deliver("vfs", "2025-03-10", vfs)
    assert place.do("run").code == DONE
    assert [(r["line"], r["column_name"]) for r in place.mart("rejected_rows")] == [(3, "position_id")]
    assert {f["subject_id"] for f in place.mart("findings", "org_number is not null")} == {"v002"}


def test_a_position_that_ends_before_it_starts_is_kept_and_never_active(place: Place) -> None:
    """contract#end-before-start"""
    hrm, vfs = town()
    hrm = changed(hrm, "positions", "position_id", "h001", end_date="2020-07-01")
    place.deliver("hrm", "2025-03-10", hrm)
    place.deliver("vfs", "2025-03-10", vfs)
    assert place.do("run").code == DONE
    assert place.mart("rejected_rows") == []
    assert place.mart("employee_status", "person_id = 'P001'")[0]["hrm_status"] == "inactive"
    assert warnings(place, "hrm", "positions") == {"ends_before_start": 1, "unknown_org_number": 0}


def warnings(place: Place, system: str, table: str) -> dict[str, int]:
    from ingest.landing import Landing

    return Landing(place.data / "landed").all(system)[-1].figures[table].warnings


def test_an_unknown_org_number_and_wrong_check_digits_are_kept_and_counted(place: Place) -> None:
    """contract#unknown-org-number, contract#invalid-national-id, contract#org-units"""
    hrm, vfs = town()
    hrm = changed(hrm, "employees", "employee_number", "001", national_id="01819012345")
    vfs = changed(vfs, "accesses", "person_id", "P002", org_number="GONE")
    place.deliver("hrm", "2025-03-10", hrm)
    place.deliver("vfs", "2025-03-10", vfs)
    assert place.do("run").code == DONE
    assert warnings(place, "hrm", "employees") == {"wrong_check_digits": 1}
    assert warnings(place, "vfs", "accesses")["unknown_org_number"] == 1
    # An org number that nobody knows counts as a school.
    assert [f["subject_id"] for f in place.mart("findings")] == ["P002:GONE"]


@pytest.mark.parametrize(("bad", "code"), [(3, DONE), (4, WITHHELD)])
def test_more_than_five_percent_rejected_rows_refuse_the_extract(place: Place, bad: int, code: int) -> None:
    """contract#too-many-rejected"""
    hrm, vfs = town(60)
    place.deliver("vfs", "2025-03-10", vfs)
    place.deliver("hrm", "2025-03-09", hrm)
    for n in range(1, bad + 1):
        hrm = changed(hrm, "positions", "position_id", f"h{n:03d}", start_date="soon")
    place.deliver("hrm", "2025-03-10", hrm)
    done = place.do("run")
    assert done.code == code
    assert ("4 of 60 rows cannot be used, more than 5 %" in done.err) == (code == WITHHELD)


def test_a_shrunken_extract_is_quarantined_with_its_diff_until_it_is_accepted(place: Place) -> None:
    """contract#quarantined, contract#command-accept"""
    hrm, vfs = town(210)
    place.deliver("hrm", "2025-03-09", hrm)
    place.deliver("vfs", "2025-03-10", vfs)
    small = hrm
    for n in range(1, 23):
        small = without(small, "positions", "employee_number", f"{n:03d}")
    place.deliver("hrm", "2025-03-10", small)
    done = place.do("run")
    assert done.code == WITHHELD
    assert ("quarantined: hrm 2025-03-10: positions fell from 210 to 188 (the most in 30 days); "
            "active positions fell from 210 to 188 (the most in 30 days); "
            "22 of 210 position keys of the extract before are gone") in done.err
    assert place.mart("findings") == []
    shown = place.do("status", "--json").json["systems"]["hrm"]
    assert shown["days"]["2025-03-10"] == "quarantined"
    diff = (place.data / shown["withheld"][0]["diff"]).read_text().splitlines()
    assert diff[0] == "table_name,key,change,owner,org_number,org_name,end_date_before,end_date_after"
    assert len(diff) == 45 and "positions,h001,gone,001,S1,Fossen skole,," in diff
    assert "positions,h001,stopping,001,S1,Fossen skole,," in diff
    assert place.do("run").code == DONE  # reported once
    refused = place.do("accept", "hrm", "2025-03-09", "--reason", "x", "--by", "Kari")
    assert refused.code == 2 and "no quarantined extract" in refused.err
    for missing in ((), ("--reason", "x"), ("--reason", "x", "--by", " "), ("--by", "Kari")):
        assert place.do("accept", "hrm", "2025-03-10", *missing).code == 2
    accepted = place.do("accept", "hrm", "2025-03-10", "--reason", "school closed", "--by", "Kari")
    assert accepted.code == DONE
    assert len(place.mart("findings", "status = 'open'")) == 22
    assert {f["first_seen_on"].isoformat() for f in place.mart("findings")} == {"2025-03-10"}


@pytest.mark.parametrize(("gone", "code"), [(20, DONE), (21, WITHHELD)])
def test_a_drop_is_quarantined_when_it_is_more_than_ten_percent_and_more_than_twenty(place: Place, gone: int, code: int) -> None:
    """contract#guard-size"""
    hrm, vfs = town(60)
    place.deliver("hrm", "2025-03-09", hrm)
    place.deliver("vfs", "2025-03-09", vfs)
    for n in range(1, gone + 1):
        vfs = without(vfs, "persons", "person_id", f"P{n:03d}")
    place.deliver("vfs", "2025-03-10", vfs)
    assert place.do("run").code == code


def test_an_empty_table_and_one_more_than_doubled_are_quarantined_and_a_season_has_its_own_limits(place: Place) -> None:
    """contract#quarantined, contract#guard-size, contract#seasons"""
    hrm, vfs = town(100)
    grown, _ = town(201)
    place.configure(policy={"seasons": [{"first_day": "03-05", "last_day": "03-05", "max_growth_factor": 3}]})
    place.deliver("hrm", "2025-03-01", hrm)
    place.deliver("vfs", "2025-03-01", vfs)
    place.deliver("vfs", "2025-03-02", {**vfs, "positions": []})
    place.deliver("hrm", "2025-03-04", grown)
    place.deliver("hrm", "2025-03-05", grown)
    done = place.do("run", "--as-of", "2025-03-05")
    assert done.code == WITHHELD
    assert "vfs 2025-03-02: positions empty" in done.err
    assert "hrm 2025-03-04: employees rose from 100 to 201" in done.err
    assert statuses(place, "hrm") == {"2025-03-01": "accepted", "2025-03-04": "quarantined", "2025-03-05": "accepted"}


def test_the_same_extract_again_has_no_effect(place: Place) -> None:
    """contract#same-extract-again"""
    hrm, vfs = town()
    place.deliver("hrm", "2025-03-10", hrm)
    place.deliver("vfs", "2025-03-10", vfs)
    assert place.do("run").code == DONE
    before = place.all_marts()
    place.deliver("hrm", "2025-03-10", hrm)
    place.deliver("vfs", "2025-03-10", vfs)
    done = place.do("run")
    assert done.code == DONE and "0 new extracts" in done.out
    assert place.all_marts() == before
    assert len(list((place.data / "landed").glob("*/*/*"))) == 2


def test_another_content_for_a_day_replaces_it_and_a_late_extract_is_evaluated_as_if_in_time(place: Place) -> None:
    """contract#replaced-day, contract#late-extract"""
    hrm, vfs = town()
    ended = changed(hrm, "positions", "position_id", "h001", end_date="2025-03-05")
    for day in ("2025-03-03", "2025-03-07"):
        place.deliver("hrm", day, hrm)
        place.deliver("vfs", day, vfs)
    assert place.do("run").code == DONE
    assert place.mart("findings") == []
    place.deliver("hrm", "2025-03-07", ended)  # replaced
    place.deliver("hrm", "2025-03-05", ended)  # late
    assert place.do("run").code == DONE
    finding, = place.mart("findings")
    assert (finding["finding_type"], finding["first_seen_on"].isoformat()) == ("active_vfs_inactive_hrm", "2025-03-06")
    assert [r["status"] for r in place.mart("extracts", "system = 'hrm'")] == ["accepted", "accepted", "replaced", "accepted"]


def test_a_fallen_match_rate_and_differently_written_numbers_are_failed_checks(place: Place) -> None:
    """contract#matched-share"""
    hrm, vfs = town(20)
    for day in ("2025-03-08", "2025-03-09"):
        place.deliver("hrm", day, hrm)
        place.deliver("vfs", day, vfs)
    assert place.do("run", "--as-of", "2025-03-09").code == DONE
    for n in (1, 2, 3):
        vfs = changed(vfs, "persons", "person_id", f"P{n:03d}", employee_number=str(n))
    place.deliver("hrm", "2025-03-10", hrm)
    place.deliver("vfs", "2025-03-10", vfs)
    done = place.do("run")
    assert done.code == DONE
    assert "match_rate_holds: The share of VFS persons that match an employee fell from 100 % (2025-03-09) to 85 %" in done.err
    assert ("check failed: employee_status.numbers_are_written_alike: 3 employee numbers of VFS persons and HRM would match if "
            "leading zeros, white space and capitals were dropped.\n1 / 001, 2 / 002, 3 / 003\n") in done.err


def test_a_current_extract_older_than_three_days_is_stale_and_a_failed_check(place: Place) -> None:
    """contract#stale-extract"""
    hrm, vfs = town()
    place.deliver("hrm", "2025-03-07", hrm)
    place.deliver("vfs", "2025-03-06", vfs)
    done = place.do("run")
    assert done.code == DONE
    assert "extracts_are_recent: vfs: the current extract is 4 days old" in done.err
    assert {r["system"]: r["status"] for r in place.mart("data_freshness")} == {"hrm": "fresh", "vfs": "stale"}


def test_extra_columns_are_ignored_and_reported_once(place: Place) -> None:
    """contract#files"""
    hrm, vfs = town()
    place.deliver("vfs", "2025-03-10", vfs)
    for day in ("2025-03-09", "2025-03-10"):
        file = place.deliver("hrm", day, hrm) / "employees.csv"
        file.write_text("".join(line + (",Lønnstrinn\n" if n == 0 else ",42\n")
                                for n, line in enumerate(file.read_text().splitlines())))
    first = place.do("run", "--as-of", "2025-03-09")
    assert "employees: extra columns are ignored: Lønnstrinn" in first.err
    assert "extra columns" not in place.do("run").err
