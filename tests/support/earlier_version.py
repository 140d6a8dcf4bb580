"""A small data directory as an earlier version left it, in `earlier/<version>`, and what had happened in it.

It was made by that version with `python -m tests.support.earlier_version FOLDER`; a new one is added when the form of the data
directory changes, and none is made anew. Kept is what a backup keeps, without the published sets and the warehouse (a DuckDB file
of megabytes; that one of an earlier version is completed is tested in `tests/unit/ingest/test_warehouse.py`).
"""

import shutil
import sys
from pathlib import Path

from demo.people import national_id
from tests.support.command_line import Place, Prepared, changed, make_place, town
from tests.support.post import webhook

EARLIER = Path(__file__).with_name("earlier")
LAST_DAY = "2025-03-10"
_KEY = "a key of the tests, which protects nothing"
_KEPT = ("landed", "quarantined", "decisions", "alerts", "told.json", "id_key.fingerprint", "version.json")


def live(place: Place) -> None:
    """Four days: 001, matched by a (synthetic) national id, and 002 leave; of 001 one case is excepted; one extract is refused,
    one quarantined, one case said to be done; a message is sent."""
    with webhook() as hook:
        place.environment = {"SLUTTDATO_ID_KEY": _KEY, "HOOK": hook.address}
        place.configure(alerts={"recipients": {"sysadmin": {"send_to": "${HOOK}"}}})
        hrm, vfs = town(6)
        hrm = changed(hrm, "employees", "employee_number", "001", national_id=national_id(1))
        vfs = changed(vfs, "persons", "person_id", "P001", employee_number="", national_id=national_id(1))
        left = changed(changed(hrm, "positions", "position_id", "h001", end_date="2025-03-04"),
                       "positions", "position_id", "h002", end_date="2025-03-04")
        for day, tables in (("2025-03-03", hrm), ("2025-03-05", left)):
            place.deliver("hrm", day, tables)
            place.deliver("vfs", day, vfs)
        assert place.do("run", today="2025-03-05").code == 0
        case = min(c["case_number"] for c in place.mart("cases") if c["person_id"] == "P001")
        assert place.do("except", case, "--until", "2025-12-31", "--reason", "har nøkler", "--by", "rektor",
                        today="2025-03-05").code == 0
        other = min(c["case_number"] for c in place.mart("cases") if c["person_id"] == "P002")
        inbox = place.data / "decisions" / "inbox"
        inbox.mkdir(parents=True, exist_ok=True)
        (inbox / "liste.csv").write_text(f"Saksnummer;Status\n{other};gjort\n", encoding="utf-8")
        place.deliver("hrm", "2025-03-07", {**left, "positions": []})
        place.deliver("vfs", LAST_DAY, {**vfs, "positions": [{**p, "person_id": ""} for p in vfs["positions"]]})
        assert place.do("run", today=LAST_DAY).code == 3
        assert hook.posts


def take(place: Place, earlier: Path) -> None:
    """Put the data directory of an earlier version into a place, with the settings that it had."""
    place.environment = {"SLUTTDATO_ID_KEY": _KEY, "HOOK": "json://127.0.0.1:9/nobody-listens"}
    place.configure(alerts={"recipients": {"sysadmin": {"send_to": "${HOOK}"}}})
    shutil.copytree(earlier, place.data, dirs_exist_ok=True)


def keep(place: Place, to: Path) -> None:
    for name in _KEPT:
        source = place.data / name
        if source.is_dir():
            shutil.copytree(source, to / name)
        elif source.exists():
            to.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, to / name)


if __name__ == "__main__":
    from tempfile import TemporaryDirectory

    from tests.support.models import compiled, read_models

    with TemporaryDirectory() as root:
        place = make_place(Path(root) / "place", Prepared(compiled() / "dbt", read_models(compiled())))
        live(place)
        keep(place, Path(sys.argv[1]))
