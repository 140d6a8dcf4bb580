"""The commands beside `run`: what they print, and how they refuse."""

import stat

import pytest

from tests.support.command_line import Place, changed, town, without
from tests.support.post import webhook

WRONG_USE = 2


def test_explain_shows_the_whole_case_in_norwegian(ended: Place) -> None:
    for subject in ("v001", "P001", "h001", "001"):
        text = ended.do("explain", subject).out
        assert "Aktiv VFS - Inaktiv HRM, siden 10.03.2025" in text, subject
        assert "Sluttdatoen ble satt tilbake i tid i HRM" in text
        assert "sett «Tilsatt til» til 04.03.2025" in text
        assert "08.03.2025  HRM  fra før: ansatt 001" in text
        assert "10.03.2025  HRM  stilling h001 ved Fossen skole (S1): sluttdato satt til 04.03.2025" in text
    fine = ended.do("explain", "v002").out
    assert "Har grunnlag i HRM-stilling h002 (ingen sluttdato)." in fine and "Ikke noe funn." in fine
    assert ended.do("explain", "v001", "--json").json["verdicts"][0]["findings"][0]["cause"] == "backdated"
    unknown = ended.do("explain", "nobody")
    assert unknown.code == WRONG_USE and "er verken en profil, en ansatt, en stilling eller en sak" in unknown.err


def test_status_shows_days_and_findings_without_waiting_for_a_run(ended: Place) -> None:
    ended.deliver("hrm", "2025-03-09", town()[0])
    status = ended.do("status", "--json", "--days", "4").json
    assert list(status["systems"]["hrm"]["days"].values()) == ["accepted", "pending", "accepted"]
    assert status["findings"]["active_vfs_inactive_hrm"] == {"open": 1, "excepted": 0}
    drawn = ended.do("status", "--days", "4").out
    assert "hrm  ■?■  2025-03-08 to 2025-03-10" in drawn
    assert "Aktiv VFS - Inaktiv HRM" in drawn


def test_status_before_the_first_run_shows_what_to_do(place: Place) -> None:
    done = place.do("status")
    assert done.code == 0 and "sluttdato run" in done.out


@pytest.mark.parametrize(("settings", "message"), [
    ({"polcy": {}}, "polcy: there is no such setting"),
    ({"policy": {"grace_days": "two"}}, "policy.grace_days: Input should be a valid integer"),
    ({"policy": {"max_drop_percent": 101}}, "policy.max_drop_percent: Input should be less than or equal to 100"),
    ({"sources": {"hrm": {"path": "x"}, "vfs": {}}}, "sources.vfs.path: this setting is needed"),
    ({"sources": {"hrm": {"path": "x", "encoding": "utf-9"}, "vfs": {"path": "y"}}}, "expected an encoding such as utf-8"),
    ({"schedule": {"daily_at": "25:00"}}, "schedule.daily_at: expected a time as HH:MM"),
])
def test_a_wrong_setting_is_named_with_its_path_and_what_was_expected(place: Place, settings: dict, message: str) -> None:
    place.configure(**settings)
    done = place.do("run")
    assert done.code == WRONG_USE
    assert "sluttdato.yaml" in done.err and message in done.err


def test_the_environment_goes_before_the_file_and_a_misspelled_variable_is_refused(place: Place) -> None:
    from orchestration.core.settings import load_settings

    place.environment["SLUTTDATO_POLICY__GRACE_DAY"] = "3"
    assert "policy.grace_day: there is no such setting" in place.do("status").err
    place.environment = {"SLUTTDATO_POLISY__GRACE_DAYS": "3"}
    assert "SLUTTDATO_POLISY__GRACE_DAYS: no such setting" in place.do("status").err
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SLUTTDATO_POLICY__GRACE_DAYS", "3")
        assert load_settings(place.root / "sluttdato.yaml").policy.grace_days == 3


@pytest.mark.parametrize("arguments", [
    ("run", "--as-of", "10.03.2025"), ("run", "--config", "nowhere.yaml"), ("accept", "hr", "2025-03-10", "--reason", "x"),
    ("replay", "--as-of", "2025-03-10", "--to", "."), ("explain",), ("frobnicate",), ("run", "--frob"),
])
def test_wrong_use_ends_with_2_and_advice(place: Place, arguments: tuple[str, ...]) -> None:
    done = place.do(*arguments)
    assert done.code == WRONG_USE
    assert len(done.err) > 20 and "Traceback" not in done.err


def test_a_wrong_today_is_an_error_that_names_the_variable(place: Place) -> None:
    done = place.do("status", today="tomorrow")
    assert done.code == WRONG_USE and "SLUTTDATO_TODAY=tomorrow: expected a day as YYYY-MM-DD" in done.err


def test_help_lists_every_command_and_each_has_its_own(place: Place) -> None:
    text = place.do("--help").out
    for command in ("run", "rebuild", "replay", "accept", "except", "confirm", "revoke", "exceptions", "import-decisions",
                    "purge", "status", "explain", "demo"):
        assert f" {command} " in text
        assert place.do(command, "--help").code == 0


def test_norwegian_headings_encodings_delimiters_dates_and_values_are_settings(place: Place) -> None:
    hrm, vfs = town()
    place.deliver("hrm", "2025-03-10", hrm)
    folder = place.deliver("vfs", "2025-03-10", vfs)
    heading = "PersonId;Ansattnr;Fornavn;Etternavn;Registrert\n"
    (folder / "persons.csv").write_bytes((heading + "P001;001;Åse;Tøv;Manuell\nP002;002;Test;Testesen;HRM\n").encode("cp1252"))
    (folder / "positions.csv").write_bytes(
        "Id;PersonId;Org;Fra;Til;Registrert\nv1;P001;S1;01.08.2020;;Manuell\nv2;P002;S2;2020-08-01;31.12.25;HRM\n".encode("cp1252"))
    for name in ("accesses", "org_units"):
        file = folder / f"{name}.csv"
        file.write_bytes(file.read_text().replace(",", ";").encode("cp1252"))
    place.configure(sources={
        "hrm": {"path": "inbox/hrm"},
        "vfs": {"path": "inbox/vfs", "encoding": "windows-1252", "delimiter": ";", "date_format": "%d.%m.%y",
                "columns": {"persons": {"person_id": "PersonId", "employee_number": "Ansattnr", "given_name": "Fornavn",
                                        "family_name": "Etternavn", "registered_by": "Registrert"},
                            "positions": {"position_id": "Id", "person_id": "PersonId", "org_number": "Org", "start_date": "Fra",
                                          "end_date": "Til", "registered_by": "Registrert"}},
                "values": {"registered_by": {"Manuell": "manual", "HRM": "hrm"}}}})
    assert place.do("run").code == 0
    assert [p["given_name"] for p in place.mart("employee_status", "given_name IS NOT NULL")] == ["Åse", "Test"]
    registration, = place.mart("manual_registrations")
    assert registration["start_date"].isoformat() == "2020-08-01"
    assert place.mart("end_date_propagation") == []


def test_delta_extracts_are_upserts_and_removals_on_the_last_full_one(place: Place) -> None:
    hrm, vfs = town()
    place.deliver("hrm", "2025-03-09", hrm, delta=True)
    place.deliver("vfs", "2025-03-10", vfs)
    place.configure(sources={"hrm": {"path": "inbox/hrm", "extract": "delta"}, "vfs": {"path": "inbox/vfs"}})
    place.deliver("hrm", "2025-03-10", {
        "positions": [{"position_id": "h001", "deleted": True},
                      {**hrm["positions"][1], "end_date": "2025-03-01"}]}, delta=True)
    assert place.do("run").code == 0
    assert {f["subject_id"] for f in place.mart("findings")} == {"v001", "v002"}
    assert len(place.mart("employee_status", "hrm_status = 'active'")) == 4


def test_deltas_from_now_on_do_not_change_how_earlier_full_extracts_are_read(place: Place) -> None:
    hrm, vfs = town()
    place.deliver("hrm", "2025-03-08", hrm)
    place.deliver("hrm", "2025-03-09", without(hrm, "positions", "position_id", "h001"))
    place.deliver("vfs", "2025-03-09", vfs)
    assert place.do("run", today="2025-03-09").code == 0
    before = place.mart("findings")
    assert [f["subject_id"] for f in before] == ["v001"]
    place.configure(sources={"hrm": {"path": "inbox/hrm", "extract": "delta"}, "vfs": {"path": "inbox/vfs"}})
    place.deliver("hrm", "2025-03-10", {"positions": [{**hrm["positions"][1], "percentage": "50"}]}, delta=True)
    done = place.do("run")
    assert done.code == 0 and "1 new extracts" in done.out
    assert [(f["finding_id"], f["status"]) for f in place.mart("findings")] == [(before[0]["finding_id"], "open")]


def test_the_key_is_made_once_and_readable_by_its_owner_alone(ended: Place) -> None:
    key = ended.data / "secrets" / "id_key"
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    before = key.read_text()
    assert ended.do("run").code == 0
    assert key.read_text() == before


def test_a_key_that_is_gone_another_or_too_short_stops_the_run_with_what_to_do(ended: Place) -> None:
    """contract#id-key."""
    key = ended.data / "secrets" / "id_key"
    before, marts = key.read_text(), ended.all_marts()
    key.unlink()
    gone = ended.do("run")
    assert gone.code == 1 and "id_key is gone" in gone.err and "Restore it from the backup" in gone.err
    assert "Traceback" not in gone.text
    assert not key.exists()
    ended.environment = {"SLUTTDATO_ID_KEY": "f" * 64}
    another = ended.do("run")
    assert another.code == 1 and "SLUTTDATO_ID_KEY holds another key" in another.err
    ended.environment = {"SLUTTDATO_ID_KEY": ""}
    assert "SLUTTDATO_ID_KEY is empty or too short" in ended.do("run").err
    assert ended.all_marts() == marts
    ended.environment = {"SLUTTDATO_ID_KEY": before}
    assert ended.do("run").code == 0


def test_what_is_older_than_the_retention_is_purged_and_gone_from_disk(place: Place) -> None:
    """contract#retention-leaves-no-gap"""
    hrm, vfs = town()
    gone = {"person_id": "P900", "given_name": "Borte", "family_name": "Vekkesen"}
    old_vfs = {**vfs, "persons": [*vfs["persons"], gone],
               "positions": [*vfs["positions"], {"position_id": "v900", "person_id": "P900", "org_number": "S1"}]}
    place.configure(retention={"keep_days": 30}, alerts={"recipients": {"all": {"send_to": "${SEND_TO}"}}})
    place.deliver("hrm", "2025-01-02", hrm)
    place.deliver("vfs", "2025-01-02", old_vfs)
    with webhook() as hook:
        place.environment = {"SEND_TO": hook.address}
        assert place.do("run", today="2025-01-02").code == 0
        case, = place.mart("cases")
        assert place.do("except", case["case_number"], "--until", "2025-01-02", "--reason", "Vekkesen is on leave", "--by", "x",
                        today="2025-01-02").code == 0
        for day, v in (("2025-01-03", vfs), ("2025-03-09", vfs)):
            place.deliver("hrm", day, hrm)
            place.deliver("vfs", day, v)
        place.deliver("hrm", "2025-03-10", changed(hrm, "positions", "position_id", "h001", end_date="2025-03-04"))
        place.deliver("vfs", "2025-03-10", vfs)
        assert place.do("run").code == 0
        assert {f["subject_id"] for f in place.mart("findings")} == {"v001", "v900"}
        before, counted = place.mart("status_mismatches"), place.mart("access_risk_daily")
        assert [r["active_positions"] for r in counted if r["is_total"]][:3] == [7, 6, 6]
        assert place.do("purge", "--yes").code == 0
        assert len(hook.posts) == 2 and place.do("run").code == 0 and len(hook.posts) == 2
    assert {r["subject_id"] for r in place.mart("alert_log", "told_on < '2025-02-08'")} == set()
    assert "v900" not in (place.data / "alerts" / "log.jsonl").read_text().split('"told_on": "2025-03-10"')[0]
    assert [f["subject_id"] for f in place.mart("findings")] == ["v001"]
    assert place.mart("status_mismatches") == before
    assert not list((place.data / "landed").glob("*/2025-01-0*/*/*.parquet"))
    for file in place.data.rglob("*"):
        if file.is_file() and "demo" not in file.parts:
            assert b"Vekkesen" not in file.read_bytes(), file
    assert place.mart("access_risk_daily") == counted
    again = place.do("run")
    assert again.code == 0 and place.mart("status_mismatches") == before
    assert place.do("rebuild").code == 0 and place.mart("status_mismatches") == before
    assert place.mart("access_risk_daily") == counted


def test_the_demo_is_never_mixed_with_real_data(place: Place) -> None:
    hrm, vfs = town()
    place.deliver("hrm", "2025-03-10", hrm)
    place.deliver("vfs", "2025-03-10", vfs)
    assert place.do("run").code == 0
    refused = place.do("demo", "--employees", "50", "--days", "6")
    assert refused.code == WRONG_USE and "holds data that is no demo" in refused.err
    place.environment["SLUTTDATO_DATA_DIR"] = "demo-data"
    done = place.do("demo", "--employees", "50", "--days", "6")
    assert done.code == 0 and "Where to look" in done.out
    mixed = place.do("run")
    assert mixed.code == WRONG_USE and "must not be mixed" in mixed.err
    place.inbox.rename(place.root / "elsewhere")
    assert place.do("status").code == 0
    assert place.do("demo", "--employees", "40", "--days", "5").code == 0  # again, from the start
    assert {p["current_extract_date"].isoformat() for p in place.mart("data_freshness")} == {"2025-03-10"}


def test_run_reports_to_a_script_what_it_did(ended: Place) -> None:
    report = ended.do("run", "--json").json
    assert report["success"] and report["published"] and report["as_of_date"] == "2025-03-10" and report["taken_in"] == 0
    propagation = "end_date_propagation.end_dates_propagate"
    assert ["WARN", propagation, "0 end dates did not arrive in VFS, 1 are at risk."] in report["failed_checks"]
    ended.deliver("vfs", "2025-03-12", town()[1])
    report = ended.do("run", "--json", today="2025-03-12").json
    assert ["ERROR", propagation, "1 end dates did not arrive in VFS, 0 are at risk."] in report["failed_checks"]
