"""Messages from run to reader, over real mail and web servers: sent once, to those they concern, whatever fails on the way."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from ingest.case_numbers import current_number
from orchestration.cli.runs import dagster_instance
from orchestration.core.last_run import last_run
from orchestration.core.lock import LockHeld
from orchestration.core.paths import DataPaths
from orchestration.core.run_report import RunReport
from orchestration.core.settings import load_settings
from orchestration.definitions import build_definitions
from tests.support.bokmaal import codes, english_words
from tests.support.command_line import Place, changed, town, without
from tests.support.metrics import read_metrics
from tests.support.post import MailServer, Webhook, mail_server, webhook


@pytest.fixture
def mail() -> Iterator[MailServer]:
    with mail_server() as server:
        yield server


@pytest.fixture
def hook() -> Iterator[Webhook]:
    with webhook() as server:
        yield server


def recipients(**options: dict[str, Any]) -> dict[str, Any]:
    return {"recipients": {name: {"send_to": f"${{SEND_TO_{name.upper()}}}", **of_one} for name, of_one in options.items()}}


@pytest.fixture
def alerted(place: Place, mail: MailServer, hook: Webhook) -> Place:
    """A town where 001 (at S1) got an end date in the past; a sysadmin has mail, a leader of S2 and a data team a webhook."""
    place.configure(alerts={**recipients(
        sysadmin={"identify_by": "name"}, leader={"org_numbers": ["S2"]},
        datateam={"findings": False, "data_problems": True}), "report_url": "https://share.test/report"})
    place.environment = {"SEND_TO_SYSADMIN": mail.address, "SEND_TO_LEADER": hook.address, "SEND_TO_DATATEAM": hook.address}
    hrm, vfs = town(60)
    for day in ("2025-03-07", "2025-03-08"):
        place.deliver("hrm", day, hrm)
        place.deliver("vfs", day, vfs)
    place.deliver("hrm", "2025-03-10", changed(hrm, "positions", "position_id", "h001", end_date="2025-03-04"))
    place.deliver("vfs", "2025-03-10", vfs)
    return place


def test_a_finding_is_sent_once_to_those_it_concerns_and_is_in_the_published_log(
    alerted: Place, mail: MailServer, hook: Webhook
) -> None:
    assert alerted.do("run").code == 0
    text, = mail.texts()
    number, = (c["case_number"] for c in alerted.mart("cases"))
    assert "Advarsel – Sluttdato 10.03.2025: 1 ny sak, 1 åpen" in text
    assert "1 person har sluttet eller er ukjent i HRM, og kommer fortsatt inn i VFS." in text.splitlines()
    number = current_number(number)
    assert f"- Aktiv VFS - Inaktiv HRM, Fossen skole, Test001 Testesen, ansatt 001, siden 10.03.2025. Sak {number}" in text
    assert "Listen med hva du skal gjøre: https://share.test/report/saker.html" in text
    assert hook.posts == []  # nothing at S2, nothing wrong with the data
    assert [(r["recipient"], r["event"], r["subject_id"], r["state"], r["is_uncertain"]) for r in alerted.mart("alert_log")] == [
        ("sysadmin", "opened", "v001", "sent", False)]
    for command in (("run",), ("rebuild",)):
        assert alerted.do(*command).code == 0
    assert alerted.do("replay", "--as-of", "2025-03-08", "--to", "replayed").code == 0
    assert len(mail.mails) == 1 and hook.posts == []
    assert alerted.mart("alert_log")[0]["event"] == "opened"
    assert "sysadmin" in alerted.do("messages").out and alerted.do("messages", "--json").json[0]["opened"] == 1


def test_a_channel_that_is_down_fails_a_check_only_and_the_next_run_sends_the_message(
    alerted: Place, mail: MailServer
) -> None:
    mail.refuses = True
    done = alerted.do("run")
    assert done.code == 0 and "check failed: published.messages_were_sent: The message to sysadmin did not leave" in done.err
    assert mail.address not in done.text and alerted.mart("cases")
    assert [r["state"] for r in alerted.mart("alert_log")] == ["failed"]
    mail.refuses = False
    done = alerted.do("run")
    assert "messages_were_sent" not in done.err
    text, = mail.texts()
    assert "(kan være sendt før)" in text
    assert sorted((r["state"], r["is_uncertain"]) for r in alerted.mart("alert_log")) == [("failed", False), ("sent", True)]


def test_a_message_of_a_run_killed_while_sending_is_sent_again_and_marked(
    alerted: Place, mail: MailServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    from publish.alerts.log import AlertLog

    with monkeypatch.context() as patch:
        def killed(*_: Any, **__: Any) -> None:
            raise KeyboardInterrupt

        patch.setattr(AlertLog, "end", killed)  # the message has left, and its outcome is not recorded
        assert alerted.do("run").code == 130
    assert len(mail.mails) == 1
    assert alerted.do("run").code == 0
    assert len(mail.mails) == 2 and "(kan være sendt før)" in mail.texts()[1]
    assert alerted.do("run").code == 0 and len(mail.mails) == 2


def test_a_quarantined_extract_is_reported_to_the_data_team_with_what_it_would_have_removed(
    alerted: Place, mail: MailServer, hook: Webhook
) -> None:
    alerted.do("run")
    hrm, _ = town(60)
    short = {t: rows[:20] if t in ("employees", "positions") else rows for t, rows in hrm.items()}
    alerted.deliver("hrm", "2025-03-11", short)
    assert alerted.do("run", today="2025-03-11").code == 3
    post, of_leader = hook.posts
    assert post["type"] == of_leader["type"] == "failure"
    assert "Listene er ikke oppdatert" in of_leader["message"] and "karantene" not in of_leader["message"]
    assert "20 stillinger ville ha sluttet med det nyeste." in of_leader["message"]  # at S2
    assert post["title"] == "Feil – Sluttdato 11.03.2025: 1 problem med dataene"
    lines = post["message"].splitlines()
    assert lines[1].startswith("- HRM 11.03.2025: Uttrekket er i karantene. Antallet ansatte er falt fra 60 (det høyeste "
                               "antallet på 30 dager) til 20; antallet stillinger er falt fra 60")
    assert lines[1].endswith("Til det er avgjort, lages listene av uttrekket fra 10.03.2025, og kan mangle det som har skjedd "
                             "etter det. Datateamet slipper det inn eller ber om et nytt.")
    assert lines[2] == "  Ville ha fjernet: 40 ansatte, 40 stillinger"
    assert lines[3].startswith("  Gjelder: 021, 022") and lines[3].endswith("og 20 til")
    assert "sluttdato accept hrm 2025-03-11 --reason" in lines[4]
    # Those who act on the lists are told what it means for them, and no more of it.  contract#reported-once
    assert mail.texts()[1].splitlines()[1:6] == [
        "1 person har sluttet eller er ukjent i HRM, og kommer fortsatt inn i VFS.", "", "Problemer med dataene (1)",
        "- HRM: Listene er ikke oppdatert. De er laget av uttrekket fra 10.03.2025, og kan mangle det som har skjedd etter det. "
        "Det som ble levert for 11.03.2025, er holdt tilbake. 40 stillinger ville ha sluttet med det nyeste. Datateamet ser på "
        "det, og slipper det inn eller ber om et nytt. Sakene som står i listene, kan du arbeide videre med.", ""]
    assert "Ville ha fjernet" not in mail.texts()[1] and len(mail.mails) == 2
    assert alerted.do("run", today="2025-03-11").code == 0 and len(hook.posts) == 2
    alerted.deliver("hrm", "2025-03-11", hrm)
    alerted.do("run", today="2025-03-11")
    assert "Problemer som er over (1)\n- HRM 11.03.2025: Uttrekket er i karantene" in hook.posts[-2]["message"]
    assert hook.posts[-2]["title"] == "Sluttdato 11.03.2025: 1 problem er over" and hook.posts[-2]["type"] == "info"
    assert mail.texts()[2].splitlines()[3:5] == ["Problemer som er over (1)", "- HRM: Listene er ikke oppdatert"]


def test_a_case_that_is_mended_is_reported_as_resolved(alerted: Place, mail: MailServer) -> None:
    alerted.do("run")
    number, = (c["case_number"] for c in alerted.mart("cases"))
    _, vfs = town(60)
    ended = without(without(vfs, "positions", "position_id", "v001"), "accesses", "position_id", "v001")
    alerted.deliver("vfs", "2025-03-11", ended)
    alerted.do("run", today="2025-03-11")
    text = mail.texts()[1]
    assert text.startswith("Sluttdato 11.03.2025: 1 løst, ingen åpne")
    assert "Ingen som har sluttet eller er ukjente i HRM, kommer inn i VFS." in text
    lines = text.splitlines()
    assert lines[lines.index("Løst siden sist: 1") + 1] == (
        f"- Aktiv VFS - Inaktiv HRM, Fossen skole, Test001 Testesen, ansatt 001. Sak {current_number(number)}")
    assert [r["event"] for r in alerted.mart("alert_log", "told_on = '2025-03-11'")] == ["resolved"]


def test_without_an_address_nothing_is_sent_and_a_preview_shows_what_would_be(alerted: Place, mail: MailServer) -> None:
    alerted.configure(alerts={"recipients": {"sysadmin": {"identify_by": "none"}}})
    alerted.do("run")
    assert mail.mails == []
    preview = alerted.do("messages", "--preview", "sysadmin").out
    assert "Nye saker (1)" in preview and "001" not in preview
    assert alerted.do("messages").out.startswith("Nothing was sent yet")
    assert alerted.do("messages", "--test", "sysadmin").code == 2
    assert "no such recipient; there is sysadmin" in alerted.do("messages", "--preview", "nobody").err


def test_a_test_message_shows_that_an_address_works(alerted: Place, mail: MailServer) -> None:
    assert alerted.do("messages", "--test", "sysadmin").code == 0
    assert "Sluttdato: prøvemelding" in mail.texts()[0]
    alerted.environment["SEND_TO_SYSADMIN"] = "json://127.0.0.1:1/secret-token"
    failed = alerted.do("messages", "--test", "sysadmin")
    assert failed.code == 1 and "is `send_to` right" in failed.err and "secret-token" not in failed.text


@pytest.mark.parametrize(("alerts", "message"), [
    ({"recipients": {"a": {"send_to": "mailto://u:p@x"}}}, "alerts.recipients.a.send_to: a secret must not stand in"),
    ({"recipients": {"a": {"finding_types": ["nonsense"]}}}, "alerts.recipients.a.finding_types: nonsense: expected some of"),
    ({"recipients": {"a": {"identify_by": "face"}}}, "alerts.recipients.a.identify_by: Input should be"),
    ({"recipient": {}}, "alerts.recipient: there is no such setting"),
])
def test_a_wrong_setting_of_alerts_is_named(place: Place, alerts: dict[str, Any], message: str) -> None:
    place.configure(alerts=alerts)
    done = place.do("status")
    assert done.code == 2 and message in done.err and "u:p" not in done.err


# --- Dagster's daemon ------------------------------------------------------------------------------------------------


@dataclass
class Daemon:
    """Dagster's daemon on a place: runs of its own, and real ticks of the sensor that keep a cursor."""

    place: Place
    instance: dg.DagsterInstance
    cursor: str | None = None

    @property
    def definitions(self) -> dg.Definitions:
        return build_definitions(load_settings(self.place.root / "sluttdato.yaml"))

    def run(self, job: str = "daily", **options: Any) -> dg.DagsterRun:
        """A run as the daemon makes it; no message is sent yet."""
        result = self.definitions.resolve_job_def(job).execute_in_process(
            instance=self.instance, raise_on_error=False, **options)
        return self.recorded(result.run_id)

    def killed_run(self, monkeypatch: pytest.MonkeyPatch) -> dg.DagsterRun:
        """A run whose process dies while it publishes, as Dagster's run monitoring leaves it."""
        with monkeypatch.context() as patch:
            def dies(*_: Any, **__: Any) -> None:
                patch.setattr(self.instance, "handle_new_event", lambda *_, **__: None)  # nothing more is recorded
                raise RuntimeError("killed")

            patch.setattr("orchestration.defs.assets.published.publish", dies)
            run = self.run()
        assert run.status is dg.DagsterRunStatus.STARTED
        self.instance.report_run_failed(run, "Run worker died")
        return self.recorded(run.run_id)

    def resume(self, run: dg.DagsterRun) -> dg.DagsterRun:
        """Resume a run that failed, as Dagster does."""
        job = dg.build_reconstructable_job(__name__, "daily_job", (str(self.place.root / "sluttdato.yaml"),), {})
        with dg.execute_job(job, instance=self.instance,
                            reexecution_options=dg.ReexecutionOptions.from_failure(run.run_id, self.instance)) as result:
            return self.recorded(result.run_id)

    def recorded(self, run_id: str) -> dg.DagsterRun:
        run = self.instance.get_run_by_id(run_id)
        assert run
        return run

    def tick(self) -> str:
        """One look of the sensor; what it says."""
        sensor = self.definitions.resolve_sensor_def("tell_after_runs")
        with dg.build_sensor_context(instance=self.instance, cursor=self.cursor) as context:
            data = sensor.evaluate_tick(context)
        self.cursor = data.cursor
        return data.skip_message or ""


def daily_job(settings_file: str) -> dg.JobDefinition:
    return build_definitions(load_settings(Path(settings_file))).resolve_job_def("daily")


@pytest.fixture
def daemon(alerted: Place, monkeypatch: pytest.MonkeyPatch) -> Iterator[Daemon]:
    for name, value in {"SLUTTDATO_TODAY": alerted.today, **alerted.environment}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("DAGSTER_HOME", raising=False)
    monkeypatch.setattr("orchestration.core.dbt.invoke", alerted.prepared.invoke)
    with dagster_instance(load_settings(alerted.root / "sluttdato.yaml")) as instance:
        daemon = Daemon(alerted, instance)
        assert "from now on" in daemon.tick()
        yield daemon


def check(instance: dg.DagsterInstance) -> Any:
    key = dg.AssetCheckKey(dg.AssetKey("published"), "messages_were_sent")
    record, = instance.event_log_storage.get_asset_check_execution_history(key, limit=1)
    return record.event.dagster_event.event_specific_data


def test_the_sensor_sends_once_and_shows_it_on_the_published_set(
    daemon: Daemon, mail: MailServer, hook: Webhook
) -> None:
    _, vfs = town(60)
    daemon.place.deliver("vfs", "2025-03-10", {**vfs, "persons": [{**p, "employee_number": p["employee_number"].lstrip("0")}
                                                                 for p in vfs["persons"]]})
    daemon.run()
    assert mail.mails == []
    assert "Messages left for" in daemon.tick()
    assert len(mail.mails) == 1
    # Non-blocking checks that failed, which leave the run a success, reach the data team all the same.
    post, = [p for p in hook.posts if "kontroll" in p["message"].lower()]
    assert "- Kontrollen «Personene kan kobles» slår ut. Bare 0 % av personene i VFS kan kobles" in post["message"]
    assert "- Kontrollen «Numrene er skrevet likt» slår ut. 60 ansattnumre i VFS og HRM er skrevet ulikt" in post["message"]
    assert english_words(post["message"]) == [] and codes(post["message"]) == []
    assert check(daemon.instance).passed and check(daemon.instance).metadata["sent"].value == 3
    assert daemon.tick() == "no run has ended since"
    assert len(mail.mails) == 1 and len(hook.posts) == 2


def broken(*_: Any, **__: Any) -> None:
    raise ValueError("no such column")


def test_a_run_that_failed_is_told_to_the_data_team_and_tells_nothing_as_over(
    daemon: Daemon, mail: MailServer, hook: Webhook, monkeypatch: pytest.MonkeyPatch
) -> None:
    daemon.run()
    daemon.tick()
    with monkeypatch.context() as patch:
        patch.setattr("orchestration.defs.assets.published.publish", broken)
        failed = daemon.run()
        daemon.tick()
        ended = last_run(DataPaths(daemon.place.data))
        assert ended and not ended.succeeded  # as a monitor is told it
        told = read_metrics(DataPaths(daemon.place.data).metrics)
        assert told["last_run_success"] == {("daily",): 0} and told["last_run_failed_step"] == {("published",): 1}
        assert told["last_run_step_duration_seconds"]["evaluate",] > 0 and told["last_run_duration_seconds"][()] > 0
    assert failed.tags["dagster/will_retry"] == "false"  # a step failed: Dagster does not run it again as a whole
    post, = hook.posts
    assert "- Den daglige kjøringen stoppet. Den stoppet i publiseringen." in post["message"] and len(mail.mails) == 1
    assert post["title"].startswith("Feil – ") and post["type"] == "failure"
    daemon.run()
    daemon.tick()
    ended = last_run(DataPaths(daemon.place.data))
    assert ended and ended.succeeded
    assert "Problemer som er over (1)\n- Den daglige kjøringen stoppet" in hook.posts[1]["message"]
    assert len(mail.mails) == 1


def test_what_a_resumed_run_did_not_look_at_again_is_not_over(  # contract#first-law
    daemon: Daemon, hook: Webhook, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, vfs = town(60)
    daemon.place.deliver("vfs", "2025-03-10", {**vfs, "accesses": [{**a, "start_date": "1920-08-01"} for a in vfs["accesses"]]})
    daemon.run()
    daemon.tick()
    rows = "VFS, tilganger: 61 rader med en urimelig startdato"
    assert f"Problemer med dataene (1)\n- {rows}" in hook.posts[-1]["message"]
    with monkeypatch.context() as patch:
        patch.setattr("orchestration.defs.assets.published.publish", broken)
        failed = daemon.run()
        daemon.tick()
    assert "Den daglige kjøringen stoppet. Den stoppet i publiseringen" in hook.posts[-1]["message"]
    resumed = daemon.resume(failed)
    assert resumed.status is dg.DagsterRunStatus.SUCCESS and resumed.parent_run_id == failed.run_id
    report = RunReport.of_recorded(resumed, daemon.instance)
    assert set(resumed.step_keys_to_execute or ()) == {"published", "published_messages_were_sent"}
    assert report.published and report.sources_asked and "vfs_accesses.is_as_expected" in {c.name for c in report.checks}
    daemon.tick()
    assert hook.posts[-1]["message"] == "Problemer som er over (1)\n- Den daglige kjøringen stoppet"


def test_a_killed_run_is_told_when_dagster_does_not_resume_it_with_the_step_that_it_was_in(
    daemon: Daemon, hook: Webhook, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = daemon.killed_run(monkeypatch)
    assert run.tags["dagster/will_retry"] == "true"
    with monkeypatch.context() as patch:
        patch.setattr("orchestration.defs.sensors._came_from_a_code_location", lambda _: True)
        assert "about to resume" in daemon.tick() and "about to resume" in daemon.tick()
        daemon.instance.add_run_tags(run.run_id, {"dagster/auto_retry_run_id": "another"})
        before = daemon.cursor
        assert daemon.tick() == "no run has ended since" and daemon.cursor != before
        daemon.cursor = before
    with monkeypatch.context() as patch:
        def held(*_: Any) -> None:
            raise LockHeld("process 1 is at work")

        patch.setattr("orchestration.defs.sensors.writer", held)
        assert "at work" in daemon.tick() and daemon.cursor == before
    assert hook.posts == []
    daemon.tick()
    assert "Den daglige kjøringen stoppet. Den ble avbrutt i publiseringen." in hook.posts[-1]["message"]
    daemon.resume(run)
    daemon.tick()
    assert "Problemer som er over (1)\n- Den daglige kjøringen stoppet" in hook.posts[-1]["message"]


@pytest.mark.parametrize("killed_at", ["orchestration.defs.assets.versions.set_run", "orchestration.defs.jobs.send_messages",
                                       "orchestration.cli.running._print_deliveries"])
def test_what_a_killed_run_withheld_is_told_by_the_next_with_its_exit_status(  # contract#reported-once
    alerted: Place, hook: Webhook, monkeypatch: pytest.MonkeyPatch, killed_at: str
) -> None:
    alerted.deliver("hrm", "2025-03-10", {**town(60)[0], "positions": []})
    with monkeypatch.context() as patch:
        def killed(*_: Any, **__: Any) -> None:
            raise KeyboardInterrupt

        patch.setattr(killed_at, killed)
        assert alerted.do("run").code in (1, 130)
    line = "quarantined: hrm 2025-03-10: positions empty"
    told = alerted.do("run")
    assert told.code == 3 and line in told.err
    assert sum("HRM 10.03.2025: Uttrekket er i karantene" in p["message"] for p in hook.posts) == 1
    for command in (("run",), ("rebuild",), ("run",)):
        again = alerted.do(*command)
        assert again.code == 0 and line not in again.err
    assert sum("Uttrekket er i karantene" in p["message"] for p in hook.posts) == 1


def test_checks_point_to_the_report(daemon: Daemon) -> None:
    place, instance = daemon.place, daemon.instance
    daemon.run()
    key = dg.AssetCheckKey(dg.AssetKey(["marts", "end_date_propagation"]), "end_dates_propagate")
    record, = instance.event_log_storage.get_asset_check_execution_history(key, limit=1)
    assert record.event.dagster_event.event_specific_data.metadata["report"].value == "https://share.test/report/index.html"
    assert place.mart("data_freshness")[0]["as_of_date"] == date(2025, 3, 10)
