"""One day of a very large municipality, for benchmarks: the same shapes, without the story."""

from datetime import date, timedelta
from pathlib import Path
from random import Random

from demo import extracts, people


def write_large(inbox: Path, *, employees: int, day: date, seed: int = 1) -> None:
    """Deliver one extract of each system: 1.5 positions for each employee; 40 % of them are in VFS. One in fifty is left over."""
    rng = Random(seed)
    orgs = [people.organisation_number(1000 + n) for n in range(max(20, employees // 500))]
    long_ago, ended = date(2015, 8, 1), day - timedelta(days=30)
    numbers = [f"{n:08d}" for n in range(employees)]
    first_org = [rng.choice(orgs) for _ in numbers]
    has_left = [rng.random() < 0.02 for _ in numbers]

    def hrm_positions():
        for n, number in enumerate(numbers):
            yield f"A{number}", number, first_org[n], "", "Lærer", "100", long_ago, ended if has_left[n] else None
            if n % 2:
                yield f"B{number}", number, orgs[n % len(orgs)], "", "Assistent", "20", long_ago, ended if has_left[n] else None

    in_vfs = range(0, employees * 4 // 10)
    extracts.write(inbox, "hrm", day, {
        "employees": ((number, people.national_id(n), f"Fik{n % 977}", f"Eksempelsen{n % 1009}", "")
                      for n, number in enumerate(numbers)),
        "positions": hrm_positions(),
        "org_units": ((o, f"Skole {o}", "school", "") for o in orgs),
    })
    extracts.write(inbox, "vfs", day, {
        "persons": ((f"P{n}", numbers[n], "", f"Fik{n % 977}", f"Eksempelsen{n % 1009}", "", "true", "hrm") for n in in_vfs),
        "positions": (row for n in in_vfs for row in (
            (f"V{n}", f"P{n}", first_org[n], "Lærer", f"A{numbers[n]}", long_ago, None, "hrm"),
            *([(f"W{n}", f"P{n}", orgs[n % len(orgs)], "Assistent", f"B{numbers[n]}", long_ago, None, "hrm")] if n % 2 else []))),
        "accesses": (row for n in in_vfs for row in (
            (f"P{n}", "Lærer", first_org[n], long_ago, f"V{n}", None),
            *([(f"P{n}", "Assistent", orgs[n % len(orgs)], long_ago, f"W{n}", None)] if n % 2 else []))),
        "org_units": ((o, f"Skole {o}", "school", "") for o in orgs),
    })
