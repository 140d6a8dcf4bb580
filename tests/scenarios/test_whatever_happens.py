"""Killed at any moment, read at any moment, run twice at once: nothing is lost, nothing half-written is ever read."""

import contextlib
import os
import random
import signal
import subprocess
import sys
from datetime import date, timedelta
from pathlib import Path

import duckdb
import pytest

import dbt_project
from demo.municipality import simulate
from tests.support.command_line import Place, Prepared, make_place, town

LAST = date(2025, 3, 31)
MARTS = sorted(file.stem for file in (dbt_project.PROJECT / "models" / "marts").glob("*.sql"))
MARKS = ["taking in", "folding hrm", "folding vfs", "evaluating", "publishing"]


def deliver_day(source: Path, place: Place, day: date) -> None:
    """Bring one day's simulated deliveries to the place."""
    for system in ("hrm", "vfs"):
        target = place.inbox / system / day.isoformat()
        target.parent.mkdir(parents=True, exist_ok=True)
        (source / system / day.isoformat()).rename(target)


def check_published(place: Place) -> None:
    """What a reader sees is whole: every mart there, all of one day, the same in both forms."""
    if not place.marts.exists():
        return
    with duckdb.connect(str(place.marts), read_only=True) as con:
        marts = [n for (n,) in con.execute("SELECT table_name FROM duckdb_tables() ORDER BY 1").fetchall()]
        assert marts == MARTS
        days = {d for m in marts for (d,) in con.execute(f"SELECT DISTINCT as_of_date FROM {m}").fetchall()}
        assert len(days) == 1
        for mart in marts:
            parquet = place.data / "published" / "parquet" / f"{mart}.parquet"
            assert con.execute(f"SELECT count(*) FROM {mart}").fetchone() == con.execute(
                "SELECT count(*) FROM read_parquet(?)", [str(parquet)]).fetchone()
    day, = days
    published = (place.data / "published").resolve()  # the pages and lists are of the same set
    assert f"Per {day:%d.%m.%Y}" in (published / "report" / "index.html").read_text(encoding="utf-8")
    assert (published / "worklists" / "arbeidsliste.xlsx").stat().st_size > 5000


def kill_at(place: Place, moment: str | float, today: str) -> bool:
    """Start a run; kill it when its progress shows `moment`, or after that many seconds. Returns whether it was still alive."""
    process = place.start("run", today=today)
    if isinstance(moment, str):
        for line in process.stderr:
            if moment in line:
                break
    else:
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(timeout=moment)
    alive = process.poll() is None
    process.send_signal(signal.SIGKILL)
    process.communicate()
    return alive


def killed_again_and_again(tmp_path: Path, prepared: Prepared, moments: list[str | float]) -> None:
    """Kill a run at each of the moments, with a new day delivered before some; then compare with an undisturbed place."""
    days = [LAST - timedelta(days=n) for n in range(5, -1, -1)]
    source = tmp_path / "source"
    simulate(source, tmp_path / "truth.json", employees=80, days=len(days), last_day=LAST, seed=2)
    calm, stormy = make_place(tmp_path / "calm", prepared), make_place(tmp_path / "stormy", prepared)
    waiting = list(days)
    killed = 0
    for number, moment in enumerate(moments):
        if waiting and number % max(1, len(moments) // len(days)) == 0:
            deliver_day(source, stormy, waiting.pop(0))
        killed += kill_at(stormy, moment, LAST.isoformat())
        check_published(stormy)
    for day in waiting:
        deliver_day(source, stormy, day)
    assert killed >= len(moments) // 2
    last = stormy.do("run", today=LAST.isoformat())
    assert last.code in (0, 3), last.err
    check_published(stormy)
    calm.inbox.parent.mkdir(exist_ok=True)
    stormy.inbox.rename(calm.inbox)
    assert calm.do("run", today=LAST.isoformat()).code in (0, 3)
    assert stormy.all_marts() == calm.all_marts()
    leftovers = list(stormy.data.rglob(".incoming-*"))
    assert leftovers == []


def test_killed_again_and_again_the_next_run_completes_with_the_same_result(tmp_path: Path, prepared: Prepared) -> None:
    rng = random.Random(1)
    moments: list[str | float] = [*MARKS, *(rng.uniform(2, 7) for _ in range(2))]
    rng.shuffle(moments)
    killed_again_and_again(tmp_path, prepared, moments)


@pytest.mark.soak
def test_soak_killed_two_hundred_times(tmp_path: Path, prepared: Prepared) -> None:
    rng = random.Random(2)
    moments: list[str | float] = [*MARKS * 16, *(rng.uniform(1, 12) for _ in range(200 - 16 * len(MARKS)))]
    rng.shuffle(moments)
    killed_again_and_again(tmp_path, prepared, moments)


READER = """
import duckdb, sys, pathlib
marts, stop, mart_count = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]), int(sys.argv[3])
reads, seen = 0, set()
while not stop.exists():
    with duckdb.connect(str(marts), read_only=True, config={"threads": 1}) as con:
        names = [n for (n,) in con.execute("SELECT table_name FROM duckdb_tables()").fetchall()]
        union = " UNION ".join(f"SELECT as_of_date FROM {n}" for n in names)
        days = {str(d) for (d,) in con.execute(union).fetchall()}
    assert len(days) == 1 and len(names) == mart_count, (days, names)
    reads, seen = reads + 1, seen | days
print(reads, len(seen))
"""


def test_a_reader_never_sees_an_error_or_a_mix_during_five_runs(tmp_path: Path, prepared: Prepared) -> None:
    place = make_place(tmp_path / "place", prepared)
    hrm, vfs = town(60)
    days = [LAST - timedelta(days=n) for n in range(5, -1, -1)]
    for day in days:
        place.deliver("hrm", day, hrm)
        place.deliver("vfs", day, vfs)
    assert place.do("run", "--as-of", days[0].isoformat()).code in (0, 3)
    stop = tmp_path / "stop"
    with duckdb.connect(str(place.marts), read_only=True) as old_reader:
        reader = subprocess.Popen([sys.executable, "-c", READER, str(place.marts), str(stop), str(len(MARTS))],
                                  stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=dict(os.environ))
        for day in days[1:]:
            assert place.do("run", "--as-of", day.isoformat()).code in (0, 3)
        stop.touch()
        out, err = reader.communicate()
        assert reader.returncode == 0, err
        reads, seen = map(int, out.split())
        assert reads > 25 and seen >= 3
        # A reader that had the old set open keeps it.
        assert old_reader.execute("SELECT DISTINCT as_of_date FROM data_freshness").fetchall() == [(days[0],)]


def test_of_two_runs_at_once_the_second_waits_and_both_succeed(tmp_path: Path, prepared: Prepared) -> None:
    place = make_place(tmp_path / "place", prepared)
    place.today = LAST.isoformat()
    hrm, vfs = town()
    place.deliver("hrm", LAST, hrm)
    place.deliver("vfs", LAST, vfs)
    runs = [place.start("run"), place.start("run")]
    output = [run.communicate() for run in runs]
    assert [run.returncode for run in runs] == [0, 0]
    assert sum("waiting: process" in err and "is at work on" in err for _, err in output) == 1
    impatient = make_place(tmp_path / "impatient", prepared)
    impatient.configure(lock_patience_seconds=0)
    from orchestration.core.lock import writer

    holder = subprocess.Popen([sys.executable, "-c", (
        "import sys; from pathlib import Path; from orchestration.core.lock import writer\n"
        "with writer(Path(sys.argv[1]), 0): print('held', flush=True); sys.stdin.read()"), str(impatient.data)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert holder.stdout.readline() == "held\n"
    refused = impatient.do("run")
    assert refused.code == 1 and f"process {holder.pid}" in refused.err
    holder.communicate()
    with writer(impatient.data, 0):
        pass
