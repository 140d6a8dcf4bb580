"""The cost of a pull beside that of its bare requests, each as a process of its own (`python -m benchmarks.pull WHAT URL|FILE`).

`bare` requests the same pages of a OneRoster server as `oneroster`, and parses them as JSON. `iterparse` reads an answer of
hrm_ws with lxml alone, `parse` with the adapter, `forget` with the adapter but without keeping rows: its memory is what the
answer itself takes.
"""

import sys
from datetime import date
from pathlib import Path

PAGE = 100


def bare(url: str) -> None:
    import requests

    from demo.servers import CLIENT, SECRET

    with requests.Session() as session:
        token = session.post(f"{url}/oauth/token", data={
            "grant_type": "client_credentials", "client_id": CLIENT, "client_secret": SECRET}).json()["access_token"]
        session.headers["Authorization"] = f"Bearer {token}"
        for listing in ("orgs", "users"):
            offset = 0
            while True:
                page = session.get(f"{url}/ims/oneroster/rostering/v1p2/{listing}", params={
                    "limit": PAGE, "offset": offset}).json()[listing]
                offset += PAGE
                if len(page) < PAGE:
                    break


def oneroster(url: str) -> None:
    from pydantic import TypeAdapter

    from demo.servers import CLIENT, SECRET
    from ingest.sources.catalogue import AdapterSettings, make_source

    source = make_source("vfs", [TypeAdapter(AdapterSettings).validate_python({
        "adapter": "oneroster", "url": f"{url}/ims/oneroster/rostering/v1p2", "token_url": f"{url}/oauth/token",
        "client_id": CLIENT, "client_secret": SECRET, "concurrency": 1})])
    source.fetch(source.deliveries(date.today(), pull=True)[0]).read()


def write(count: str, file: str) -> None:
    """Write an answer of hrm_ws with `count` people."""
    from demo import hrm_ws
    from demo.people import national_id

    numbers = range(int(count))
    employees = [{"employee_number": f"{n:08d}", "national_id": national_id(n), "given_name": "Test", "email": "",
                  "family_name": "Testesen"} for n in numbers]
    positions = [{"position_id": f"A{n}", "employee_number": f"{n:08d}", "org_number": "1", "position_title": "Lærer",
                  "percentage": "100", "start_date": "2020-08-01", "end_date": ""} for n in numbers]
    Path(file).write_text(hrm_ws.at_work({"employees": employees, "positions": positions}, "2026-06-12"), encoding="utf-8")


def iterparse(file: str) -> None:
    from lxml import etree

    with Path(file).open("rb") as stream:
        for _, person in etree.iterparse(stream, tag="person"):
            person.clear()
            while person.getprevious() is not None:
                del person.getparent()[0]


def parse(file: str) -> None:
    from ingest.sources.hrm_ws import read_people, tables

    with Path(file).open("rb") as stream:
        tables((lines for _, lines in read_people(stream)), "1")


def forget(file: str) -> None:
    from ingest.sources.hrm_ws import read_people

    with Path(file).open("rb") as stream:
        for _ in read_people(stream):
            pass


if __name__ == "__main__":
    {"bare": bare, "oneroster": oneroster, "iterparse": iterparse, "parse": parse, "forget": forget, "write": write}[
        sys.argv[1]](*sys.argv[2:])
