"""National ids exist nowhere after validation: not in files, databases, logs or Dagster's records of a full demo run."""

import base64
import csv
import gzip
import re
import zipfile
from pathlib import Path

import duckdb

from demo.people import national_id
from demo.servers import SECRET
from tests.support.command_line import Place, town
from tests.support.post import webhook

SIMULATED = ("demo", "systems")


def ids_below(folder: Path) -> set[str]:
    ids = set()
    for file in folder.rglob("*.csv"):
        with file.open(newline="", encoding="utf-8") as handle:
            ids |= {row["national_id"] for row in csv.DictReader(handle) if row.get("national_id")}
    return ids


def everything_written(data: Path) -> dict[Path, str]:
    """Every file below the data directory as text; of databases, Parquet and packed files also the values in them."""
    texts = {}
    for file in (f for f in data.rglob("*") if f.is_file() and not f.is_symlink()):
        if file.is_relative_to(data.joinpath(*SIMULATED)):
            continue
        texts[file] = file.read_bytes().decode("latin-1")
        if file.suffix == ".parquet":
            texts[file] += str(duckdb.sql(f"SELECT * FROM read_parquet('{file}')").fetchall())
        elif file.suffix == ".xlsx":
            with zipfile.ZipFile(file) as book:
                texts[file] += "".join(book.read(name).decode() for name in book.namelist())
        elif file.suffix == ".html" and (packed := re.search(r'id="historier">([^<]+)<', texts[file])):
            texts[file] += gzip.decompress(base64.b64decode(packed.group(1))).decode()
        elif file.suffix == ".duckdb":
            with duckdb.connect(str(file), read_only=True) as con:
                for schema, table in con.execute("SELECT schema_name, table_name FROM duckdb_tables()").fetchall():
                    texts[file] += str(con.execute(f'FROM "{schema}"."{table}"').fetchall())
    return texts


def test_after_a_full_demo_run_no_national_id_is_found_anywhere(place: Place) -> None:
    assert place.do("demo", "--employees", "300", "--days", "12", as_it_is=True).code == 0
    ids = ids_below(place.data.joinpath(*SIMULATED))
    assert len(ids) > 300
    assert SECRET not in "".join(file.read_bytes().decode("latin-1") for file in place.data.rglob("*") if file.is_file())
    texts = everything_written(place.data)
    assert {".parquet", ".duckdb", ".db", ".json", ".log", ".html", ".xlsx", ".csv"} <= {f.suffix for f in texts}
    assert any("fødselsnummer" in text for file, text in texts.items() if file.suffix == ".html")  # the stories were unpacked
    for file, text in texts.items():
        digits = set(re.findall(r"(?<!\d)\d{11}(?!\d)", text)) | {
            m.replace(" ", "") for m in re.findall(r"(?<!\d)\d{6} \d{5}(?!\d)", text)}
        assert not digits & ids, file


def test_a_national_id_in_a_wrong_column_or_a_broken_file_is_not_repeated_anywhere(place: Place) -> None:
    secret = national_id(4711)
    hrm, vfs = town(60)
    for table in ("employees", "positions"):
        hrm[table][0] = {**hrm[table][0], "given_name": f"Test {secret}", "position_title": f"Lærer ({secret})"}
        hrm[table][0].pop("position_title" if table == "employees" else "given_name")
    hrm["positions"][1] = {**hrm["positions"][1], "start_date": secret}
    place.deliver("hrm", "2025-03-10", hrm)
    vfs["persons"][0] = {**vfs["persons"][0], "person_id": secret, "registered_by": secret}
    place.deliver("vfs", "2025-03-10", vfs)
    broken = place.deliver("vfs", "2025-03-09", vfs)
    (broken / "persons.csv").write_text(f'person_id,given_name,family_name\nA,"{secret},x\n')
    wide = place.deliver("vfs", "2025-03-08", vfs)
    (wide / "persons.csv").write_text(f"person_id,given_name,family_name\nA,B,C,{secret}\n")
    heading = place.deliver("hrm", "2025-03-09", hrm)
    (heading / "employees.csv").write_text(f"employee_number,{secret}\n001,x\n")
    with webhook() as hook:
        place.configure(alerts={"recipients": {"all": {
            "send_to": "${SEND_TO}", "identify_by": "name", "data_problems": True}}})
        place.environment = {"SEND_TO": hook.address}
        done = place.do("run")
        assert len(hook.posts) == 1 and secret not in str(hook.posts)
    assert done.code == 3
    assert secret not in done.text
    reasons = {(r["column_name"], r["reason"]) for r in place.mart("rejected_rows")}
    assert ("given_name", "holds a national id, which belongs in no such column") in reasons
    for file, text in everything_written(place.data).items():
        assert secret not in text, file
