"""The municipality day by day: what happens to people, what HRM records, and what the nightly transfer carries to VFS.

To add a fault: write a method of `_World` that does it to somebody and notes the truth, and give it a rate in `Rates`.
"""

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass, fields
from datetime import date, timedelta
from pathlib import Path
from random import Random

from demo import extracts, people

SCHOOLS = ("Bjørnebu", "Fjellglimt", "Granli", "Havnås", "Kvernbekk", "Lauvåsen", "Myrvoll", "Nordlia", "Rognebær", "Solbakken",
           "Steinrøys", "Tjernet", "Ulvedal", "Vindhella")
OTHER_UNITS = ("Skolekontoret", "PPT", "Kulturskolen")
OUTSIDE_VFS = ("Hjemmetjenesten", "Sykehjemmet", "Teknisk drift", "Økonomi", "Biblioteket")
ROLES = {"Lærer": 60, "Assistent": 20, "SFO-ansatt": 14, "Kontor": 4, "Rektor": 2}


@dataclass(frozen=True)
class Rates:
    """How often a day something happens in a municipality of 5,000 employees."""

    hire: float = 6
    hire_temp: float = 3
    end_ahead_of_time: float = 5
    end_back_in_time: float = 0.9
    vanish: float = 0.5
    move_in_time: float = 1
    move_back_in_time: float = 0.4
    extend: float = 0.8
    renew: float = 0.6
    rehire: float = 0.3
    go_on_leave: float = 0.7
    register_by_hand: float = 0.5
    register_stranger_by_hand: float = 0.3
    override_end_date: float = 0.25
    end_early_in_vfs: float = 0.35
    duplicate_profile: float = 0.1
    grant_access_elsewhere: float = 0.5
    leave_access_behind: float = 0.4
    clean_up: float = 0.6


@dataclass
class HrmPosition:
    position_id: str
    employee_number: str
    org_number: str
    title: str
    percentage: str
    start: date
    end: date | None = None
    end_recorded_on: date | None = None


@dataclass
class VfsPosition:
    position_id: str
    person_id: str
    org_number: str
    role: str
    hrm_position_id: str
    start: date
    end: date | None
    registered_by: str = "hrm"


@dataclass
class Access:
    person_id: str
    access_group: str
    org_number: str
    start: date | None
    position_id: str
    end: date | None = None


@dataclass(frozen=True)
class Case:
    """Something that went wrong: its kind, the id of the position or person, its first day."""

    kind: str
    subject: str
    since: date


class _World:
    """Both systems and what really happened. One call of `live` is one day."""

    def __init__(self, employees: int, first_day: date, seed: int):
        self.rng = Random(seed)
        self.rates = Rates()
        self.scale = max(employees / 5000, 0.1)
        self.today = first_day
        self.truth: list[Case] = []
        self.employees: dict[str, tuple[str, str, str, str]] = {}  # number: (national id, given, family, email)
        self.hrm: dict[str, HrmPosition] = {}
        self.persons: dict[str, list] = {}
        self.person_of: dict[str, str] = {}  # employee number: VFS person
        self.vfs: dict[str, VfsPosition] = {}
        self.counterpart: dict[str, str] = {}  # HRM position: VFS position
        self.accesses: dict[tuple, Access] = {}
        self.transferred: dict[str, tuple[str, date | None]] = {}  # HRM's state last night: (org unit, end)
        self._serial = 0
        self.kommune = people.organisation_number(1)
        self.schools = [people.organisation_number(10 + n) for n in range(len(SCHOOLS))]
        self.others = [people.organisation_number(100 + n) for n in range(len(OTHER_UNITS))]
        self.outside = [people.organisation_number(200 + n) for n in range(len(OUTSIDE_VFS))]
        self._settle(employees)

    # --- the start -----------------------------------------------------------------------------------------------

    def _settle(self, employees: int) -> None:
        """The municipality as it was before the first day, with faults that are old already."""
        for n in range(employees):
            start = self.today - timedelta(days=self.rng.randint(30, 5000))
            at_school = n % 9 < 4
            org = self.rng.choice(self.schools if at_school else self.outside)
            position = self._employ(org, start, end=None)
            if at_school and self.rng.random() < 0.12:
                self._add_position(position.employee_number, self.rng.choice(self.schools), start, None)
            if self.rng.random() < 0.03:
                position.end = self.today + timedelta(days=self.rng.randint(5, 200))
        for position in list(self.hrm.values()):
            if position.org_number in self.schools:
                self._to_vfs(position)
            self.transferred[position.position_id] = (position.org_number, position.end)
        for person in self._some(list(self.persons), 5):  # Excel has been at work
            number = self.persons[person][0]
            self.persons[person][0] = number.lstrip("0")
        for number in self._some(list(self.employees), 2):
            national_id, given_name, family_name, email = self.employees[number]
            wrong = national_id[:10] + str((int(national_id[10]) + 1) % 10)
            self.employees[number] = (wrong, given_name, family_name, email)
        self._appoint_kommuneadmins()
        for _ in range(round(8 * self.scale)):
            self._forget()
        for _ in range(round(15 * self.scale)):
            self.end_back_in_time()
            self.register_by_hand()
            self.grant_access_elsewhere()

    def _appoint_kommuneadmins(self) -> None:
        """Some as they should be, and one or two of each kind that should be looked at."""
        at_work = self._active_in_vfs()
        for position in self._some(at_work, 5):
            self._grant(position.person_id, "Kommuneadmin", self.kommune)
        left = self.rng.choice(at_work)
        self._grant(left.person_id, "Kommuneadmin", self.kommune)
        if left.hrm_position_id in self.hrm:
            for position in self.hrm.values():
                if self.person_of.get(position.employee_number) == left.person_id:
                    position.end = position.end_recorded_on = self.today - timedelta(days=40)
                    self.transferred[position.position_id] = (position.org_number, position.end)
        self._note("kommuneadmin_inactive_in_hrm", left.person_id)
        for kind in ("kommuneadmin_unknown", "kommuneadmin_unknown"):
            person = self._profile(None, registered_by="manual")
            self._grant(person, "Kommuneadmin", self.kommune)
            self._note(kind, person)
        outsider = self.rng.choice([p for p in self.hrm.values() if p.org_number in self.outside and p.end is None])
        person = self._profile(outsider.employee_number, registered_by="hrm")
        self._grant(person, "Kommuneadmin", self.kommune)
        self._note("kommuneadmin_without_position", person)

    def _forget(self) -> None:
        """Somebody who left before the first day: HRM has forgotten the person, VFS has not."""
        number = self.rng.choice(self._active_in_hrm()).employee_number
        for position in [p for p in self.hrm.values() if p.employee_number == number]:
            del self.hrm[position.position_id]
            if position.position_id in self.counterpart:
                self._note("forgotten", self.counterpart[position.position_id])
        del self.employees[number]

    # --- who and what --------------------------------------------------------------------------------------------

    def _next(self) -> int:
        self._serial += 1
        return self._serial

    def _note(self, kind: str, subject: str) -> None:
        self.truth.append(Case(kind, subject, self.today))

    def _some(self, population: list, count: int) -> list:
        return self.rng.sample(population, min(count, len(population)))

    def _employ(self, org: str, start: date, end: date | None) -> HrmPosition:
        serial = self._next()
        number = f"{serial:06d}"
        given, family = people.name(self.rng)
        self.employees[number] = (people.national_id(serial), given, family, f"{given}.{family}{serial}@eksempel.example".lower())
        return self._add_position(number, org, start, end)

    def _add_position(self, number: str, org: str, start: date, end: date | None) -> HrmPosition:
        title = self.rng.choices(list(ROLES), list(ROLES.values()))[0] if org not in self.outside else "Fagarbeider"
        percentage = self.rng.choice(("100", "100", "100", "80", "60", "50", "0"))
        position = HrmPosition(f"A{self._next()}", number, org, title, percentage, start, end, self.today if end else None)
        self.hrm[position.position_id] = position
        return position

    def _profile(self, number: str | None, registered_by: str) -> str:
        """A profile in VFS; by hand it often lacks the number, and sometimes the national id."""
        person = f"P{self._next()}"
        if number:
            national_id, given, family, email = self.employees[number]
        else:
            (given, family), national_id, email = people.name(self.rng), people.national_id(500_000 + self._next()), ""
        number_in_vfs = number or ""
        if registered_by == "manual" or self.rng.random() < 0.06:
            number_in_vfs = ""
        id_in_vfs = national_id if registered_by == "hrm" or self.rng.random() < 0.6 else ""
        self.persons[person] = [number_in_vfs, id_in_vfs, given, family, email, "true", registered_by]
        return person

    def _grant(self, person: str, group: str, org: str, start: date | None = None, position: str = "") -> None:
        access = Access(person, group, org, start, position)
        self.accesses[person, group, org, start, position] = access

    def _to_vfs(self, hrm: HrmPosition) -> None:
        """The transfer makes a profile where there is none, a position, and the access that goes with it."""
        if hrm.employee_number not in self.person_of:
            self.person_of[hrm.employee_number] = self._profile(hrm.employee_number, "hrm")
        person = self.person_of[hrm.employee_number]
        named = "" if self.rng.random() < 0.2 and hrm.start < self.today - timedelta(days=700) else hrm.position_id
        position = VfsPosition(f"V{self._next()}", person, hrm.org_number, hrm.title, named, hrm.start, hrm.end)
        self.vfs[position.position_id] = position
        self.counterpart[hrm.position_id] = position.position_id
        self._grant(person, hrm.title, hrm.org_number, hrm.start, position.position_id)

    def _active_in_hrm(self, at_schools: bool = True) -> list[HrmPosition]:
        return [p for p in self.hrm.values() if p.end is None and p.start < self.today - timedelta(days=10)
                and (p.org_number in self.schools) == at_schools and p.position_id in self.counterpart]

    def _active_in_vfs(self) -> list[VfsPosition]:
        return [p for p in self.vfs.values() if p.end is None and p.registered_by == "hrm" and p.start < self.today]

    # --- what happens to people ----------------------------------------------------------------------------------

    def hire(self) -> None:
        """Somebody is hired, to start in some days; half of them at a school."""
        org = self.rng.choice(self.schools if self.rng.random() < 0.5 else self.outside)
        self._employ(org, self.today + timedelta(days=self.rng.randint(0, 45)), None)

    def hire_temp(self) -> None:
        """A temp is hired for some weeks; the end is known from the start."""
        start = self.today + timedelta(days=self.rng.randint(0, 3))
        self._employ(self.rng.choice(self.schools), start, start + timedelta(days=self.rng.randint(7, 40)))

    def end_ahead_of_time(self) -> None:
        """Somebody gives notice: the end date lies ahead, and the transfer carries it."""
        position = self.rng.choice(self._active_in_hrm())
        position.end, position.end_recorded_on = self.today + timedelta(days=self.rng.randint(2, 30)), self.today

    def end_back_in_time(self) -> None:
        """Somebody has left already when the end date is entered: the transfer does not carry it."""
        position = self.rng.choice(self._active_in_hrm())
        position.end, position.end_recorded_on = self.today - timedelta(days=self.rng.randint(2, 20)), self.today
        self._note("backdated", self.counterpart[position.position_id])

    def vanish(self) -> None:
        """A position is deleted in HRM, without an end date."""
        position = self.rng.choice(self._active_in_hrm())
        del self.hrm[position.position_id]
        self._note("vanished", self.counterpart[position.position_id])

    def _move(self, days: int) -> HrmPosition:
        old = self.rng.choice(self._active_in_hrm())
        old.end, old.end_recorded_on = self.today + timedelta(days=days), self.today
        new_school = self.rng.choice([s for s in self.schools if s != old.org_number])
        self._add_position(old.employee_number, new_school, old.end + timedelta(days=1), None)
        return old

    def move_in_time(self) -> None:
        """Somebody moves to another school, entered ahead of time."""
        self._move(self.rng.randint(2, 20))

    def move_back_in_time(self) -> None:
        """Somebody has moved already: the old position stays in VFS."""
        self._note("moved_school", self.counterpart[self._move(-self.rng.randint(2, 15)).position_id])

    def extend(self) -> None:
        """A temp is extended before the end."""
        soon = self.today + timedelta(days=2)
        ending = [(p, p.end) for p in self.hrm.values() if p.end and p.end > soon and p.org_number in self.schools]
        if ending:
            position, end = self.rng.choice(ending)
            position.end, position.end_recorded_on = end + timedelta(days=self.rng.randint(10, 30)), self.today

    def renew(self) -> None:
        """A temp goes on at the same school under a new position, without a day between."""
        ending = [(p, p.end) for p in self.hrm.values()
                  if p.end and 0 <= (p.end - self.today).days <= 5 and p.org_number in self.schools]
        if ending:
            old, end = self.rng.choice(ending)
            self._add_position(old.employee_number, old.org_number, end + timedelta(days=1), end + timedelta(days=40))

    def rehire(self) -> None:
        """Somebody who left comes back to the same school."""
        gone = [p for p in self.hrm.values() if p.end and p.end < self.today - timedelta(days=5) and p.org_number in self.schools]
        if gone:
            old = self.rng.choice(gone)
            self._add_position(old.employee_number, old.org_number, self.today + timedelta(days=1), None)

    def go_on_leave(self) -> None:
        """Leave: 0 %, and still a position."""
        self.rng.choice(self._active_in_hrm()).percentage = "0"

    def register_by_hand(self) -> None:
        """A school registers a substitute by hand who is in HRM as well, at another unit: it never ends by itself."""
        position = self.rng.choice(self._active_in_hrm())
        person = self.person_of[position.employee_number]
        org = self.rng.choice([s for s in self.schools if s != position.org_number])
        self._register(person, org, "manual_position")

    def register_stranger_by_hand(self) -> None:
        """A school registers somebody by hand who is not in HRM at all."""
        self._register(self._profile(None, "manual"), self.rng.choice(self.schools), "manual_profile")

    def _register(self, person: str, org: str, kind: str) -> None:
        position = VfsPosition(f"V{self._next()}", person, org, "Vikar", "", self.today, None, "manual")
        self.vfs[position.position_id] = position
        self._grant(person, "Lærer", org, self.today, position.position_id)
        self._note(kind, position.position_id)

    def override_end_date(self) -> None:
        """Somebody clears a transferred end date in VFS; HRM does not send it again."""
        ending = [p for p in self.vfs.values() if p.end and p.end > self.today and p.registered_by == "hrm"]
        if ending:
            position = self.rng.choice(ending)
            position.end = None
            self._note("overridden", position.position_id)

    def end_early_in_vfs(self) -> None:
        """Somebody at work is ended in VFS by mistake, and calls."""
        position = self.rng.choice(self._active_in_vfs())
        position.end = self.today - timedelta(days=1)
        self._note("ended_early", position.hrm_position_id or position.position_id)

    def duplicate_profile(self) -> None:
        """A second profile for the same employee."""
        position = self.rng.choice(self._active_in_hrm())
        national_id, given, family, email = self.employees[position.employee_number]
        person = f"P{self._next()}"
        self.persons[person] = ["", national_id, given, family, email, "true", "manual"]
        self._register(person, position.org_number, "duplicate_profile")

    def grant_access_elsewhere(self) -> None:
        """An access by hand at a school where the person has no position; it was meant for a week."""
        position = self.rng.choice(self._active_in_vfs())
        org = self.rng.choice([s for s in self.schools if s != position.org_number])
        self._grant(position.person_id, "Lærer", org, self.today)
        self._note("access_elsewhere", f"{position.person_id}:{org}")

    def leave_access_behind(self) -> None:
        """A position is about to end; its access will stay, because somebody gave it by hand as well."""
        ending = [p for p in self.vfs.values() if p.end and p.end >= self.today]
        if ending:
            position = self.rng.choice(ending)
            self._grant(position.person_id, position.role, position.org_number, position.start)
            self._note("access_left_behind", position.person_id)

    def clean_up(self) -> None:
        """The sysadmin finds a leftover and ends it."""
        leftovers = [c for c in self.truth if c.subject in self.vfs and self.vfs[c.subject].end is None]
        if leftovers:
            self.vfs[self.rng.choice(leftovers).subject].end = self.today - timedelta(days=1)

    # --- the days ------------------------------------------------------------------------------------------------

    def live(self, day: date) -> None:
        """One day: the nightly transfer of yesterday's HRM, then what people do."""
        self.today = day
        self._transfer(day)
        for rate in fields(Rates):
            expected = getattr(self.rates, rate.name) * self.scale
            times = int(expected) + (self.rng.random() < expected % 1)
            for _ in range(times):
                getattr(self, rate.name)()

    def _transfer(self, day: date) -> None:
        """Yesterday's HRM reaches VFS, except end dates that had passed when they were entered."""
        yesterday = day - timedelta(days=1)
        for position in list(self.hrm.values()):
            state = (position.org_number, position.end)
            before = self.transferred.get(position.position_id)
            if before == state or position.org_number in self.outside:
                continue
            self.transferred[position.position_id] = state
            if before is None:
                if position.end is None or position.end >= yesterday:
                    self._to_vfs(position)
                continue
            counterpart = self.vfs.get(self.counterpart.get(position.position_id, ""))
            entered_too_late = position.end is not None and position.end < (position.end_recorded_on or yesterday)
            if counterpart and not entered_too_late:
                counterpart.end = position.end
        for key, access in list(self.accesses.items()):  # an access goes with its position, the day after
            position = self.vfs.get(access.position_id)
            if position and position.end and position.end < day:
                del self.accesses[key]

    def hrm_tables(self, active_only: bool, truncated: bool) -> dict[str, list[tuple]]:
        positions = [p for p in self.hrm.values() if not active_only or p.end is None or p.end >= self.today]
        held = {p.employee_number for p in positions}
        rows = [(p.position_id, p.employee_number, p.org_number, "", p.title, p.percentage, p.start, p.end) for p in positions]
        employees = [(n, *e) for n, e in self.employees.items() if not active_only or n in held]
        if truncated:
            return {"employees": employees[:len(employees) * 6 // 10], "positions": rows[:len(rows) * 6 // 10],
                    "org_units": self._hrm_org_units()}
        # Everyday faults: a row delivered twice, and a date that does not exist.
        rows += [rows[0], ("A0", rows[0][1], rows[0][2], "", "Lærer", "100", "2020-08-01", "31.02.2026")]
        return {"employees": employees, "positions": rows, "org_units": self._hrm_org_units()}

    def _hrm_org_units(self) -> list[tuple]:
        return [(self.kommune, "Oppdikta kommune", "kommune", ""),
                *((o, n, "other", self.kommune) for o, n in zip(self.outside, OUTSIDE_VFS, strict=True)),
                *((s, f"{n} skole", "school", self.kommune) for s, n in zip(self.schools, SCHOOLS, strict=True))]

    def vfs_tables(self) -> dict[str, list[tuple]]:
        return {
            "persons": [(p, *row) for p, row in self.persons.items()],
            "positions": [(p.position_id, p.person_id, p.org_number, p.role, p.hrm_position_id, p.start, p.end, p.registered_by)
                          for p in self.vfs.values()],
            "accesses": [(a.person_id, a.access_group, a.org_number, a.start, a.position_id, a.end)
                         for a in self.accesses.values()],
            "org_units": [(self.kommune, "Oppdikta kommune", "kommune", ""),
                          *((o, n, "other", self.kommune) for o, n in zip(self.others, OTHER_UNITS, strict=True)),
                          *((s, f"{n} skole", "school", self.kommune) for s, n in zip(self.schools, SCHOOLS, strict=True))],
        }


def simulate(
    inbox: Path, truth: Path, *, employees: int = 5000, days: int = 60, last_day: date, seed: int = 1,
    truncated: bool = True, active_only: bool = False, weekend_gaps: bool = False,
    progress: Callable[[date], None] = lambda _: None,
) -> list[Case]:
    """Write `days` daily extracts of both systems, the last one of `last_day`, and the truth as JSON; returns the truth.

    `truncated`: HRM's extract of one day two thirds through is cut off. `active_only`: HRM delivers active and coming
    positions only. `weekend_gaps`: nothing is delivered on Saturdays and Sundays. The same arguments give the same files.
    """
    first_day = last_day - timedelta(days=days - 1)
    world = _World(employees, first_day, seed)
    delivered = [d for n in range(days) if (d := first_day + timedelta(days=n)).weekday() < 5 or not weekend_gaps]
    cut = delivered[len(delivered) * 2 // 3] if truncated and len(delivered) > 3 else None
    for n in range(days):
        day = first_day + timedelta(days=n)
        if n:
            world.live(day)
        if day in delivered:
            progress(day)
            extracts.write(inbox, "hrm", day, world.hrm_tables(active_only, truncated=day == cut))
            extracts.write(inbox, "vfs", day, world.vfs_tables())
    truth.parent.mkdir(parents=True, exist_ok=True)
    truth.write_text(json.dumps([asdict(c) for c in world.truth], default=str, indent=0), encoding="utf-8")
    return world.truth
