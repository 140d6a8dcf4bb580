"""Every file below the data directory removed, cut in half, filled with zeros, one at a time: the next run heals it, or stops
with a line that names the file and says what to do (contract#damaged-extract, contract#damaged-record).

The files are found by walking, in a place that holds something of everything; of files that differ only in a day, a number or a
name, one stands for all.
"""

import os
import re
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.support.command_line import Done, Place, Prepared, changed, make_place, marts_of, town
from tests.support.post import webhook

TODAY = "2025-03-11"
DAMAGES: dict[str, Callable[[Path], object]] = {
    "removed": Path.unlink,
    "cut in half": lambda file: os.truncate(file, file.stat().st_size // 2),
    "filled with zeros": lambda file: file.write_bytes(bytes(file.stat().st_size)),
}
REMEDIES = ("Restore it from a backup", "Restore it from the backup", "Restore that key from the backup",
            "Restore its folder from a backup", "`sluttdato run`", "`sluttdato rebuild`")
HEALS = {  # groups of files that any run makes anew, or does without
    "dbt", "dagster", "published", "published.d", "quarantined", ".writer.lock", "warehouse.duckdb", "told.json", "last_run.json",
    "metrics.prom", "landed/seen.json", "landed expectations.json"}


@contextmanager
def a_place_lived_in(root: Path, prepared: Prepared) -> Iterator[Place]:
    """A town with a purge, decisions of every kind, a message sent, a quarantined extract, rejected rows, a published set."""
    place = make_place(root, prepared)
    place.today = TODAY
    hrm, vfs = town(40)
    vfs = {**vfs, "positions": [*vfs["positions"], {"position_id": "v999", "person_id": "P001"}]}  # has no org unit: rejected
    left = changed(changed(hrm, "positions", "position_id", "h001", end_date="2025-03-04"),
                   "positions", "position_id", "h002", end_date="2025-03-04")
    short, shorter = ({t: rows[:kept] if t in ("employees", "positions") else rows for t, rows in left.items()}
                      for kept in (15, 5))
    for day, delivered in (
            ("03-06", hrm), ("03-07", hrm), ("03-08", left), ("03-09", short), ("03-10", short), ("03-11", shorter)):
        place.deliver("hrm", f"2025-{day}", delivered)
        place.deliver("vfs", f"2025-{day}", vfs)
    with webhook() as hook:
        place.configure(retention={"keep_days": 3}, alerts={"recipients": {"sysadmin": {"send_to": "${HOOK}"}}})
        place.environment = {"HOOK": hook.address}
        done = [place.do("run"), place.do("accept", "hrm", "2025-03-09", "--reason", "x", "--by", "y")]
        cases = sorted({c["case_number"] for c in place.mart("cases", "finding_type = 'active_vfs_inactive_hrm'")})
        for case in cases[:2]:
            done.append(place.do("except", case, "--until", "2025-12-31", "--reason", "x", "--by", "x"))
        exceptions = place.do("exceptions", "--json").json
        done += [place.do("revoke", exceptions[0]["exception_id"], "--reason", "x", "--by", "x"), place.do("purge", "--yes"),
                 place.do("run", recorded=True)]
        assert [d.code for d in done] == [3, 0, 0, 0, 0, 0, 0], "\n".join(d.text for d in done)
        assert hook.posts
        yield place


@pytest.fixture(scope="module")
def lived_in(tmp_path_factory: pytest.TempPathFactory, prepared: Prepared) -> Iterator[Place]:
    with a_place_lived_in(tmp_path_factory.mktemp("lived_in") / "place", prepared) as place:
        yield place


def files_of(place: Place) -> list[Path]:
    """Every file below the data directory, by its path in it; of the published sets, those of the linked one."""
    linked = (place.data / "published").readlink()
    files = [p.relative_to(place.data) for p in sorted(place.data.rglob("*")) if p.is_file() and not p.is_symlink()]
    return [f for f in files if f.parts[0] != "published.d" or f.is_relative_to(linked)]


def kind_of(file: Path) -> str:
    """What a file is of, whatever its day, number or name."""
    if file.parts[0] in ("dbt", "dagster"):
        return str(file) if len(file.parts) <= 3 else f"{'/'.join(file.parts[:3])} {file.suffix}"
    if file.parts[0] == "published.d":
        return f"published.d {'/'.join(file.parts[2:-1])}{file.suffix}"
    return re.sub(r"\d{4}-\d\d-\d\d|\d{3}-[0-9a-f]{12}|[0-9a-f]{12}", "#", str(file))


def group_of(file: Path) -> str:
    if file.parts[0] == "landed":
        return "landed/seen.json" if file.name == "seen.json" else (
            "landed expectations.json" if file.name == "expectations.json" else f"landed/{file.parts[1]}")
    return file.parts[0]


def chosen(place: Place, group: str) -> list[Path]:
    """The last file of each kind in a group; of records of extracts also the first, whose tables a purge removed."""
    kinds: dict[str, list[Path]] = {}
    for file in files_of(place):
        if group_of(file) == group:
            kinds.setdefault(kind_of(file), []).append(file)
    return sorted({f for files in kinds.values() for f in (files[-1], *(files[:1] if files[0].name == "extract.json" else ()))})


@pytest.fixture
def place(lived_in: Place, tmp_path: Path) -> Iterator[Place]:
    """The lived-in place; what a test does to it is undone."""
    kept = tmp_path / "kept"
    lived_in.data.rename(kept)
    try:
        yield lived_in
    finally:
        shutil.rmtree(lived_in.data, ignore_errors=True)
        kept.rename(lived_in.data)


def begin_again(place: Place, kept: Path) -> None:
    shutil.rmtree(place.data, ignore_errors=True)
    shutil.copytree(kept, place.data, symlinks=True)


def wrong_with(done: Done, place: Place, file: Path, before: dict, published: Path) -> str | None:
    """What is wrong with the outcome of a command; None when the damage was healed, or said as it must be."""
    if "Traceback" in done.text:
        return "a traceback"
    if done.code in (0, 3):
        return None if place.all_marts() == before else "other marts"
    if done.code != 1:
        return f"exit status {done.code}"
    if str(file) not in done.err or not any(remedy in done.err for remedy in REMEDIES):
        return "no line with file and remedy"
    if (place.data / "published").readlink() != published:
        return "something was published"
    return None


GROUPS = ["landed/hrm", "landed/vfs", "landed/base", "landed/seen.json", "landed expectations.json", "decisions", "alerts",
          "published.d", "quarantined", "dbt", "dagster", "warehouse.duckdb", "told.json", "secrets", "id_key.fingerprint",
          "version.json", "last_run.json", "metrics.prom", ".writer.lock"]


def test_the_groups_hold_every_file(lived_in: Place) -> None:
    assert {group_of(f) for f in files_of(lived_in)} == set(GROUPS)
    decided = {f.name for f in chosen(lived_in, "decisions")}
    assert decided == {f"{n}.jsonl{seal}" for n in ("accepted", "exceptions", "revocations", "purges") for seal in ("", ".seal")}
    assert {"rejected_rows.parquet", "accesses.parquet", "extract.json"} <= {f.name for f in chosen(lived_in, "landed/vfs")}
    assert lived_in.mart("alert_log") and lived_in.mart("rejected_rows")


def commands_for(group: str, damage: str) -> list[str]:
    """What looks at the file: a run sees what is missing, a rebuild reads everything."""
    if group not in ("landed/hrm", "landed/vfs", "landed/base"):
        return ["run"]
    return ["run", "rebuild"] if damage == "removed" else ["rebuild"]


@pytest.mark.parametrize("group", GROUPS)
def test_a_damaged_file_is_healed_or_the_run_stops_and_says_which_file_and_what_to_do(
        group: str, place: Place, tmp_path: Path) -> None:
    wrong = wrong_after_damage(place, tmp_path / "kept", group, every=False)
    assert not wrong, f"{len(wrong)} wrong\n" + "\n".join(wrong[:5])


@pytest.mark.soak
@pytest.mark.parametrize("group", GROUPS)
def test_soak_every_file_is_damaged_in_every_way(group: str, place: Place, tmp_path: Path) -> None:
    wrong = wrong_after_damage(place, tmp_path / "kept", group, every=True)
    assert not wrong, f"{len(wrong)} wrong\n" + "\n".join(wrong[:5])


def wrong_after_damage(place: Place, kept: Path, group: str, *, every: bool) -> list[str]:
    """What went wrong when the files of a group were damaged, one at a time. `kept`: the data directory as it was.

    `every`: each file in every way; else each in one way, by turns, and of groups of many kinds every second: the others are for
    the soak.
    """
    published, before = (kept / "published").readlink(), marts_of(kept / "published" / "marts.duckdb")
    begin_again(place, kept)
    wrong: list[str] = []
    files = chosen(place, group)
    for turn, file in enumerate(files if every or len(files) <= 8 else files[::2]):
        for name, damage in list(DAMAGES.items()) if every else [list(DAMAGES.items())[turn % len(DAMAGES)]]:
            for command in commands_for(group, name) if (kept / file).stat().st_size else []:
                damage(place.data / file)
                done = place.do(command, recorded=group == "dagster")
                problem = wrong_with(done, place, file, before, published)
                if problem is None and group in HEALS and done.code == 1:
                    problem = "not healed"
                if problem:
                    wrong.append(f"{file} {name}, {command}: {problem}\n{done.text}")
                begin_again(place, kept)
    return wrong
