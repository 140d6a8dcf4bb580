"""The auditor's pack: what it tells, that it is the same when made again, and that it is made whole or not at all."""

import csv
import hashlib
import shutil
import stat
import subprocess
from pathlib import Path

import duckdb
import pytest

from ingest import journal
from orchestration.core.evidence import make_month
from orchestration.core.settings import load_settings
from publish.evidence import PackDiffers
from publish.evidence.contents import NotCovered
from tests.support.command_line import Place, Prepared, changed, make_place, town

WRONG_USE = 2
MARCH = ("--from", "2025-03-03", "--to", "2025-03-12")


def table(folder: Path, name: str) -> list[dict[str, str]]:
    """The rows of a CSV file of a pack."""
    with (folder / f"{name}.csv").open(newline="", encoding="utf-8-sig") as handle:
        return list(csv.DictReader(handle, delimiter=";"))


def contents(folder: Path) -> dict[str, bytes]:
    return {f.name: f.read_bytes() for f in folder.iterdir()}


@pytest.fixture(scope="module")
def march_as_it_was(tmp_path_factory: pytest.TempPathFactory, prepared: Prepared) -> Place:
    """Ten days: Kåre (001) leaves on the 4th, told on the 5th, excepted on the 6th, revoked on the 7th, closed on the 10th;
    HRM's extract of the 8th is empty by mistake, and that of the 9th rightly small and let in."""
    place = make_place(tmp_path_factory.mktemp("march") / "place", prepared)
    hrm, vfs = town(60)
    hrm = changed(hrm, "employees", "employee_number", "001", given_name="Kåre", family_name="Lien")
    vfs = changed(vfs, "persons", "person_id", "P001", given_name="Kåre", family_name="Lien")
    left = changed(hrm, "positions", "position_id", "h001", end_date="2025-03-04")
    for day in ("2025-03-03", "2025-03-05"):
        place.deliver("hrm", day, hrm if day == "2025-03-03" else left)
        place.deliver("vfs", day, vfs)
    assert place.do("run", today="2025-03-05").code == 0
    case, = {c["case_number"] for c in place.mart("cases")}
    assert place.do("except", case, "--until", "2025-04-01", "--reason", "=har nøkler", "--by", "rektor",
                    today="2025-03-06").code == 0
    exception, = place.do("exceptions", "--json", today="2025-03-06").json
    assert place.do("revoke", exception["exception_id"], "--reason", "leverte nøklene", "--by", "inspektør",
                    today="2025-03-07").code == 0
    place.deliver("hrm", "2025-03-08", {**left, "positions": []})
    place.deliver("hrm", "2025-03-09", {**left, "employees": left["employees"][:30], "positions": left["positions"][:30]})
    place.deliver("vfs", "2025-03-10", changed(vfs, "positions", "position_id", "v001", end_date="2025-03-04"))
    assert place.do("run", today="2025-03-10").code == 3
    assert place.do("accept", "hrm", "2025-03-09", "--reason", "en skole ble delt ut", "--by", "personalsjefen",
                    today="2025-03-11").code == 0
    assert place.do("run", today="2025-03-12").code == 0
    return place


@pytest.fixture
def march(march_as_it_was: Place, tmp_path: Path) -> Place:
    """A copy of it."""
    return march_as_it_was.copied(tmp_path / "march")


def test_the_pack_tells_of_sources_what_was_let_in_by_whom_of_counts_decisions_and_cases(march: Place) -> None:
    """contract#command-evidence"""
    done = march.do("evidence", *MARCH, "--out", "pack", today="2025-03-12")
    assert done.code == 0, done.err
    pack = march.root / "pack"
    sources = {(r["Dag"], r["System"]): r for r in table(pack, "kilder")}
    assert len(sources) == 20
    assert sources["04.03.2025", "HRM"]["Alder i dager"] == "1" and sources["04.03.2025", "HRM"]["Status"] == "ferskt"
    assert sources["08.03.2025", "HRM"] == {
        "Dag": "08.03.2025", "System": "HRM", "Gjeldende uttrekk": "05.03.2025", "Alder i dager": "3", "Status": "holdt tilbake",
        "Nyere uttrekk holdt tilbake": "1"}
    assert sources["09.03.2025", "HRM"]["Status"] == "ferskt" and sources["09.03.2025", "VFS"]["Status"] == "for gammelt"

    deliveries = {(r["Uttrekk av"], r["System"]): r for r in table(pack, "uttrekk")}
    let_in, held_back = deliveries["09.03.2025", "HRM"], deliveries["08.03.2025", "HRM"]
    assert (let_in["Status"], let_in["Sluppet inn av"], let_in["Sluppet inn dato"], let_in["Begrunnelse"]) == (
        "mottatt", "personalsjefen", "11.03.2025", "en skole ble delt ut")
    assert (held_back["Status"], held_back["Sluppet inn av"], held_back["Hvorfor holdt tilbake"]) == (
        "i karantene", "", "Det har ingen stillinger.")
    assert let_in["Hvorfor holdt tilbake"].startswith("Antallet ansatte er falt fra 60 (")

    counts = {(r["Dag"], r["Type"]): r for r in table(pack, "saker_per_dag")}
    kind = "Aktiv VFS - Inaktiv HRM"
    assert [counts[f"{day:02}.03.2025", kind][c] for day in (4, 5, 6, 7) for c in ("Åpne", "Unntatt", "Nye")] == [
        "0", "0", "0", "1", "0", "1", "0", "1", "0", "1", "0", "0"]
    assert counts["10.03.2025", kind]["Løst"] == "1"
    assert [counts[f"{day:02}.03.2025", kind]["Kan mangle noen"] for day in (5, 8)] == ["", "ja"]

    excepted, revoked, accepted = table(pack, "beslutninger")
    assert [excepted[c] for c in ("Dato", "Beslutning", "Besluttet av", "Begrunnelse", "Til og med")] == [
        "06.03.2025", "Unntak", "rektor", "'=har nøkler", "01.04.2025"]
    assert (excepted["Navn"], excepted["Gjelder"]) == ("Kåre Lien", f"{kind}: VFS-stilling v001")
    assert excepted["HRM sa"] == ("Uttrekk av 05.03.2025: Ansatt 001, Kåre Lien, koblet på ansattnummer. "
                                  "Stilling h001 ved Fossen skole (S1): 01.08.2020 – 04.03.2025.")
    assert excepted["VFS sa"] == (
        "Uttrekk av 05.03.2025: Kåre Lien (P001) kan logge inn. Stilling v001 (Lærer) ved Fossen skole (S1): 01.08.2020 – uten "
        "sluttdato. Tilgangen «Lærer» ved Fossen skole (S1) virker.")
    assert (revoked["Dato"], revoked["Beslutning"], revoked["Besluttet av"], revoked["Begrunnelse"], revoked["Sak"]) == (
        "07.03.2025", "Unntak tilbakekalt", "inspektør", "leverte nøklene", excepted["Sak"])
    assert (accepted["Dato"], accepted["Beslutning"], accepted["Gjelder"], accepted["Besluttet av"]) == (
        "11.03.2025", "Uttrekk sluppet inn", "HRM: uttrekk av 09.03.2025", "personalsjefen")

    case = next(c for c in table(pack, "saker") if c["Profil i VFS"] == "P001")
    assert (case["Sak"], case["Typer"], case["Åpnet"], case["Løst"], case["Enhet"]) == (
        excepted["Sak"], kind, "05.03.2025", "10.03.2025", "Fossen skole")
    page = (pack / "revisjon.html").read_text(encoding="utf-8")
    assert "sluppet inn 11.03.2025 av personalsjefen" in page and "i karantene, ikke brukt" in page
    assert "Kåre Lien" in page and "<script" not in page


def test_the_pack_tells_what_somebody_said_of_the_work_on_a_case_and_that_a_purge_was_made(march: Place) -> None:
    """contract#command-evidence"""
    record = {"case_number": "S-00000001", "finding_type": "inactive_with_access", "subject_id": "P002", "status": "waiting",
              "handled_by": "Anne", "comment": "venter på skolen", "recorded_on": "2025-03-06"}
    journal.append_json(march.data / "decisions" / "handling.jsonl", record)
    journal.append_json(march.data / "decisions" / "handling.jsonl", record | {"recorded_on": "2025-03-13"})
    journal.append_json(march.data / "decisions" / "purges.jsonl", {"before": "2023-01-01", "purged_on": "2025-03-09"})
    assert march.do("evidence", *MARCH, "--out", "pack").code == 0
    decisions = table(march.root / "pack", "beslutninger")
    told, purged = [d for d in decisions if d["Beslutning"].startswith(("Oppfølging", "Sletting"))]
    assert [told[c] for c in ("Dato", "Beslutning", "Sak", "Besluttet av", "Begrunnelse", "Navn")] == [
        "06.03.2025", "Oppfølging: venter", "S-00000001", "Anne", "venter på skolen", "Test002 Testesen"]
    assert told["HRM sa"].startswith("Uttrekk av 05.03.2025: Ansatt 002, Test002 Testesen")
    assert (purged["Gjelder"], purged["Besluttet av"]) == ("det som tok slutt før 01.01.2023", "ikke oppgitt")


def test_a_pack_is_made_again_byte_by_byte_and_its_manifest_holds(march: Place) -> None:
    """contract#command-evidence"""
    assert march.do("evidence", *MARCH, "--out", "one", today="2025-03-12").code == 0
    march.deliver("hrm", "2025-03-13", town(60)[0])
    march.deliver("vfs", "2025-03-13", town(60)[1])
    march.do("run", today="2025-03-13")
    assert march.do("evidence", *MARCH, "--out", "two", today="2025-03-13").code == 0
    one, two = (contents(march.root / name) for name in ("one", "two"))
    assert one == two and len(one) == 7
    manifest = dict(reversed(line.split("  ")) for line in one["manifest.txt"].decode().splitlines())
    assert manifest == {name: hashlib.sha256(content).hexdigest() for name, content in one.items() if name != "manifest.txt"}
    subprocess.run(["sha256sum", "--check", "--strict", "--quiet", "manifest.txt"], cwd=march.root / "one", check=True)
    assert stat.S_IMODE((march.root / "one").stat().st_mode) == 0o700
    assert {stat.S_IMODE(f.stat().st_mode) for f in (march.root / "one").iterdir()} == {0o600}


def test_a_pack_is_never_written_over_something_else_and_never_half(march: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """contract#command-evidence"""
    pack = march.root / "pack"
    assert march.do("evidence", *MARCH, "--out", "pack").code == 0
    assert "uendret" in march.do("evidence", *MARCH, "--out", "pack").out
    (pack / "saker.csv").write_text("x", encoding="utf-8")
    again = march.do("evidence", *MARCH, "--out", "pack")
    assert again.code == WRONG_USE and "there is something else already" in again.err
    assert (pack / "saker.csv").read_text(encoding="utf-8") == "x"
    (march.root / "empty").mkdir()
    assert march.do("evidence", *MARCH, "--out", "empty").code == 0 and (march.root / "empty" / "manifest.txt").exists()

    def fail(*_: object) -> None:
        raise OSError("the disk is full")

    monkeypatch.setattr(Path, "write_bytes", fail)
    assert march.do("evidence", *MARCH, "--out", "half").code == 1
    assert {f.name for f in march.root.iterdir()} == {"sluttdato.yaml", "inbox", "data", "pack", "empty"}


def test_a_period_that_is_no_period_or_was_not_evaluated_is_wrong_use_and_says_which_days_are(march: Place) -> None:
    """contract#command-evidence"""
    for first, last, message in (
            ("2025-03-12", "2025-03-03", "is after"), ("2025-03-02", "2025-03-12", "are evaluated are 2025-03-03 to 2025-03-12"),
            ("2025-03-03", "2025-03-13", "are evaluated are 2025-03-03 to 2025-03-12"), ("soon", "2025-03-12", "--from soon")):
        done = march.do("evidence", "--from", first, "--to", last, "--out", "pack")
        assert done.code == WRONG_USE and message in done.err, done.err
    with duckdb.connect(str(march.data / "warehouse.duckdb")) as con:
        con.execute("DROP VIEW intermediate.int_freshness__daily")
    done = march.do("evidence", *MARCH, "--out", "pack")
    assert done.code == WRONG_USE and "another version of Sluttdato evaluated" in done.err
    shutil.rmtree(march.data)
    done = march.do("evidence", *MARCH, "--out", "pack")
    assert done.code == WRONG_USE and "nothing is published yet" in done.err and not (march.root / "pack").exists()


def test_a_month_has_the_days_since_the_evaluation_began_and_is_removed_by_a_purge_after_the_retention(march: Place) -> None:
    """contract#command-evidence"""
    settings = load_settings(march.root / "sluttdato.yaml")
    with pytest.raises(NotCovered, match="2025-02: the first day that is evaluated is 2025-03-03"):
        make_month(settings, "2025-02")
    with pytest.raises(NotCovered, match="2025-03-03 to 2025-03-31: the days that are evaluated are 2025-03-03 to 2025-03-12"):
        make_month(settings, "2025-03")
    assert march.do("run", today="2025-04-01").code == 0
    assert make_month(settings, "2025-03") and not make_month(settings, "2025-03")
    pack = march.data / "evidence" / "2025-03"
    assert (len(table(pack, "kilder")), table(pack, "kilder")[0]["Dag"]) == (2 * 29, "03.03.2025")
    (pack / "extra.txt").touch()
    with pytest.raises(PackDiffers):
        make_month(settings, "2025-03")
    (pack.parent / "copied").mkdir()
    march.configure(retention={"keep_days": 30})
    march.do("purge", "--yes", today="2025-04-30")
    assert pack.exists()
    march.do("purge", "--yes", today="2025-05-01")
    assert not pack.exists() and (pack.parent / "copied").exists()
