"""The machine is lost, a backup restored: the same marts (the drill of docs/data-team.md)."""

import shutil
from pathlib import Path

import pytest

from demo.people import national_id
from tests.support.command_line import Place, Prepared, changed, make_place, town

WRONG_USE = 2


def with_national_ids(town: tuple[dict, dict]) -> tuple[dict, dict]:
    """Employee 001 is matched by a (synthetic) national id only."""
    hrm, vfs = town
    return (changed(hrm, "employees", "employee_number", "001", national_id=national_id(1)),
            changed(vfs, "persons", "person_id", "P001", employee_number="", national_id=national_id(1)))


@pytest.fixture(scope="module")
def lived_in_as_it_was(tmp_path_factory: pytest.TempPathFactory, prepared: Prepared) -> Place:
    """A place with a purge behind it, an exception, an extract that was let in, one that waits, and a worklist in the inbox."""
    place = make_place(tmp_path_factory.mktemp("lived_in") / "place", prepared)
    place.configure(retention={"keep_days": 3})
    hrm, vfs = with_national_ids(town(40))
    left = changed(hrm, "positions", "position_id", "h001", end_date="2025-03-04")
    left = changed(left, "positions", "position_id", "h002", end_date="2025-03-04")
    for day, tables in (("2025-03-01", hrm), ("2025-03-05", left), ("2025-03-09", left)):
        place.deliver("hrm", day, tables)
        place.deliver("vfs", day, vfs)
    assert place.do("run", today="2025-03-09").code == 0
    case = next(c["case_number"] for c in place.mart("cases"))
    assert place.do("except", case, "--until", "2025-04-01", "--reason", "har nøkler", "--by", "rektor",
                    today="2025-03-09").code == 0
    assert place.do("purge", "--yes", today="2025-03-09").code == 0
    place.deliver("hrm", "2025-03-10", {**left, "employees": left["employees"][:5], "positions": left["positions"][:5]})
    place.deliver("vfs", "2025-03-10", vfs)
    assert place.do("run").code == 3
    inbox = place.data / "decisions" / "inbox"
    inbox.mkdir(parents=True, exist_ok=True)
    (inbox / "liste.csv").write_text("Saksnummer;Status\nS-x;gjort\n", encoding="utf-8")
    assert place.do("run").code in (0, 3)
    assert place.do("rebuild").code in (0, 3)
    return place


@pytest.fixture
def lived_in(lived_in_as_it_was: Place, tmp_path: Path) -> Place:
    """A copy of it."""
    return lived_in_as_it_was.copied(tmp_path / "lived_in")


def lose_the_machine(place: Place) -> None:
    shutil.rmtree(place.data)
    shutil.rmtree(place.inbox)


def parsed(place: Place) -> None:
    """As dbt would parse it again, which takes seconds."""
    assert place.prepared
    shutil.copytree(place.prepared.dbt_folder, place.data / "dbt")


def test_the_machine_is_lost_and_a_backup_gives_the_same_marts_row_for_row(lived_in: Place) -> None:
    """contract#command-backup"""
    expected = lived_in.all_marts()
    assert len(expected["findings"]) > 1 and any(c["status"] == "excepted" for c in expected["cases"])
    kept = lived_in.do("backup", "--to", "kept.tar", "--with-key")
    assert kept.code == 0 and "read back and whole" in kept.out and "Keep it apart" in kept.out, kept.text
    files = {p.relative_to(lived_in.data): p.read_bytes() for top in ("landed", "decisions", "alerts", "quarantined")
             for p in (lived_in.data / top).rglob("*") if p.is_file()}
    assert any(p.is_relative_to("landed/base") for p in files) and any("taken_in" in p.parts for p in files)
    lose_the_machine(lived_in)
    done = lived_in.do("restore", "kept.tar", "--with-key")
    assert done.code == 0 and "restored to" in done.out and done.err.count("key") == 0, done.text
    assert {p: (lived_in.data / p).read_bytes() for p in files} == files
    parsed(lived_in)
    assert lived_in.do("run").code == 0  # what was told is not told again
    assert lived_in.all_marts() == expected
    assert lived_in.do("rebuild").code == 0
    assert lived_in.all_marts() == expected


def test_without_its_key_or_with_another_a_restored_place_says_so_and_publishes_nothing(lived_in: Place) -> None:
    """contract#command-backup"""
    kept = lived_in.do("backup", "--to", "kept.tar")
    assert kept.code == 0 and "The key of the national-id hash is not in it" in kept.out
    key = (lived_in.data / "secrets" / "id_key").read_text()
    assert [p.name for p in lived_in.root.glob("kept*")] == ["kept.tar"] and key.encode() not in Path(
        lived_in.root / "kept.tar").read_bytes()
    lose_the_machine(lived_in)
    done = lived_in.do("restore", "kept.tar")
    assert done.code == 0 and "put it into" in done.err and "before the next run" in done.err
    parsed(lived_in)
    lived_in.deliver("hrm", "2025-03-11", town(40)[0])
    run = lived_in.do("run", today="2025-03-11")
    assert run.code == 1 and "is gone, the key" in run.err and not lived_in.marts.exists()
    (lived_in.data / "secrets").mkdir()
    (lived_in.data / "secrets" / "id_key").write_text("f" * 64)
    run = lived_in.do("run", today="2025-03-11")
    assert run.code == 1 and "another key than the one" in run.err and not lived_in.marts.exists()


@pytest.mark.parametrize(("arguments", "code", "told"), [
    (("backup", "--to", "data/kept.tar"), WRONG_USE, "would be lost with it"),
    (("backup", "--to", "sluttdato.yaml"), WRONG_USE, "there is sluttdato.yaml already"),
    (("backup", "--to", "nowhere/kept.tar"), WRONG_USE, "there is no folder"),
    (("restore", "nothing.tar"), WRONG_USE, "there is no such file"),
    (("restore", "sluttdato.yaml"), 1, "is not empty (there is dbt): nothing is restored over it"),
])
def test_a_wrong_use_is_told(place: Place, arguments: tuple[str, ...], code: int, told: str) -> None:
    (place.data / "landed").mkdir()
    done = place.do(*arguments)
    assert (done.code, told in done.err) == (code, True), done.text


def test_a_place_in_which_nothing_was_taken_in_has_nothing_to_keep(place: Place) -> None:
    done = place.do("backup", "--to", "kept.tar")
    assert done.code == WRONG_USE and "there is nothing to keep" in done.err and not (place.root / "kept.tar").exists()
