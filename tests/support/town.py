"""A town in memory, day by day: hires, leavers, sick leave, the school year, what is done by hand, and the nightly transfer.

Undamaged: everything in its extracts is true, or was truly done in VFS. Somebody always has left and can still get in. The
same arguments give the same town. Rows are never changed, only replaced, so that extracts of many days share them.

Belongs here: what happens to people. Does not belong here: what happens to files on their way (`damage`).
"""

from collections.abc import Callable, Iterator
from datetime import date, timedelta
from random import Random
from typing import Any

from tests.oracle.extracts import Delivery

Row = dict[str, Any]
ONE_DAY = timedelta(days=1)


class Town:
    """Both systems. `people` are employees; seven in ten work at schools.

    `keep_ended_days`: how long HRM delivers ended positions; 0 is an HRM that delivers active ones (and those to come) only,
    None one that keeps all. `yearly_share`: of the positions, engaged for a school year. `busy`: how many times as much happens.
    """

    def __init__(self, people: int, today: date, seed: int, *, keep_ended_days: int | None = None, yearly_share: float = 0.15,
                 busy: float = 1):
        self.rng = Random(seed)
        self.busy = busy
        self.people, self.today, self.keep_ended_days, self.yearly_share = people, today, keep_ended_days, yearly_share
        self.schools = [f"S{n}" for n in range(1, max(2, people // 25) + 1)]
        self.others = [f"O{n}" for n in range(1, max(1, people // 60) + 1)]
        self.units = [{"org_number": o, "name": o, "type": kind} for kind, orgs in
                      (("kommune", ["K"]), ("school", self.schools), ("other", self.others)) for o in orgs]
        self.employees: dict[str, Row] = {}
        self.jobs: dict[str, Row] = {}
        self.persons: dict[str, Row] = {}
        self.posts: dict[str, Row] = {}
        self.accesses: dict[tuple, Row] = {}
        self.post_of: dict[str, str] = {}  # HRM position: VFS position
        self.carried: dict[str, date | None] = {}  # HRM position: the end date that the transfer saw last
        self.serial = 0
        self._settle()

    # --- rows ------------------------------------------------------------------------------------------------------

    def _id(self, prefix: str) -> str:
        self.serial += 1
        return f"{prefix}{self.serial:05d}"

    def _hire(self, org: str, start: date, end: date | None = None, number: str | None = None) -> Row:
        if number is None:
            number = self._id("1")
            self.employees[number] = {"employee_number": number, "national_id": f"id{number}", "given_name": "Test"}
        job = {"position_id": self._id("h"), "employee_number": number, "org_number": org, "percentage": "100",
               "start_date": start, "end_date": end}
        self.jobs[job["position_id"]] = job
        return job

    def _account(self, number: str | None, by: str | None = None) -> str:
        known = next((p for p, row in self.persons.items() if number and row["employee_number"] == number), None)
        if known:
            return known
        person = self._id("P")
        national_id = f"id{number}" if number and self.rng.random() < 0.9 else None
        self.persons[person] = {"person_id": person, "employee_number": number, "national_id": national_id, "given_name": "Test",
                                "family_name": "Testesen", "login_enabled": True, "registered_by": by}
        return person

    def _grant(self, person: str, group: str, org: str, start: date | None = None, position: str | None = None) -> None:
        self.accesses[person, group, org, start, position] = {
            "person_id": person, "access_group": group, "org_number": org, "start_date": start, "position_id": position,
            "end_date": None}

    def _post(self, person: str, org: str, start: date, end: date | None, hrm: str | None, by: str | None) -> str:
        post = self._id("v")
        self.posts[post] = {"position_id": post, "person_id": person, "org_number": org, "hrm_position_id": hrm,
                            "start_date": start, "end_date": end, "registered_by": by}
        self._grant(person, self.rng.choice(["Lærer", "Lærer", "SFO"]), org, start, post)
        return post

    def _change(self, table: dict[str, Row], key: str, **values: Any) -> None:
        table[key] = {**table[key], **values}

    # --- the start -------------------------------------------------------------------------------------------------

    def _settle(self) -> None:
        """The town as it is on the first day, with leftovers that are old already."""
        for n in range(self.people):
            org = self.rng.choice(self.schools if n % 10 < 7 else self.others)
            start = self.today - timedelta(days=self.rng.randint(40, 4000))
            self._hire(org, start, self._end_of_engagement(start))
        for n in range(max(6, self.people // 6)):  # those who left in the year before; every second is still open in VFS
            start = self.today - timedelta(days=self.rng.randint(400, 4000))
            end = self.today - timedelta(days=self.rng.randint(5, 300))
            job = self._hire(self.rng.choice(self.schools), start, end)
            self._transfer_job(job, None if n % 2 else end)
        for job in list(self.jobs.values()):
            if job["org_number"] in self.schools and job["position_id"] not in self.post_of:
                self._transfer_job(job, job["end_date"])
            self.carried[job["position_id"]] = job["end_date"]
        at_work = [row["person_id"] for row in self.posts.values() if row["end_date"] is None or row["end_date"] > self.today]
        for person in self.rng.sample(at_work, max(2, self.people // 100)):
            self._grant(person, "Kommuneadmin", "K")
        left = [r["person_id"] for r in self.posts.values() if r["hrm_position_id"] in self.jobs
                and (self.jobs[r["hrm_position_id"]]["end_date"] or self.today) < self.today]
        self._grant(left[0], "Kommuneadmin", "K")  # an admin who has left
        self._grant(left[-1], "SFO", self.schools[0])
        for _ in range(max(2, self.people // 60)):
            self._by_hand()
            self._access_elsewhere()
        self._drop_accesses()

    def _end_of_engagement(self, start: date) -> date | None:
        """Some are engaged for a school year, or for a while."""
        share = self.rng.random()
        year = self.today.year + (self.today.month >= 8)
        if share < self.yearly_share:
            return date(year, 7, 31)
        if share < self.yearly_share + 0.03:
            return date(year, 8, 31) if self.rng.random() < 0.5 else date(self.today.year, 12, 31)
        if share < self.yearly_share + 0.06:
            return max(start, self.today) + timedelta(days=self.rng.randint(10, 120))
        return None

    # --- what happens ----------------------------------------------------------------------------------------------

    def _at_work(self) -> list[str]:
        return [k for k, j in self.jobs.items() if j["end_date"] is None and j["start_date"] < self.today]

    def _leave(self) -> None:
        """Mostly entered ahead of time; else too late for the transfer, or the position is deleted."""
        key = self.rng.choice(self._at_work())
        how = self.rng.random()
        if how < 0.75:
            self._change(self.jobs, key, end_date=self.today + timedelta(days=self.rng.randint(3, 60)))
        elif how < 0.95:
            self._change(self.jobs, key, end_date=self.today - timedelta(days=self.rng.randint(2, 20)))
        else:
            del self.jobs[key]

    def _join(self) -> None:
        org = self.rng.choice(self.schools if self.rng.random() < 0.7 else self.others)
        start = self.today + timedelta(days=self.rng.randint(0, 40))
        self._hire(org, start, self._end_of_engagement(start))

    def _move(self) -> None:
        key = self.rng.choice(self._at_work())
        if self.jobs[key]["org_number"] in self.schools:
            end = self.today + timedelta(days=self.rng.randint(-5, 20))
            self._change(self.jobs, key, end_date=end)
            self._hire(self.rng.choice(self.schools), end + ONE_DAY, None, self.jobs[key]["employee_number"])

    def _sick_leave(self) -> None:
        key = self.rng.choice(self._at_work())
        self._change(self.jobs, key, percentage=self.rng.choice(["0", "50", "100"]))

    def _by_hand(self) -> None:
        """Somebody is registered by hand: a stranger, or somebody at work elsewhere."""
        keys = [k for k in self._at_work() if self.jobs[k]["org_number"] in self.schools]
        number = self.jobs[self.rng.choice(keys)]["employee_number"] if self.rng.random() < 0.5 else None
        self._post(self._account(number, "manual"), self.rng.choice(self.schools), self.today, None, None, "manual")

    def _access_elsewhere(self) -> None:
        post = self.posts[self.rng.choice(sorted(self.posts))]
        if post["end_date"] is None:
            self._grant(post["person_id"], "SFO", self.rng.choice(self.schools), self.today)

    def _clean_up(self) -> None:
        """The sysadmin ends a leftover."""
        leftovers = [k for k, p in self.posts.items() if p["end_date"] is None and p["hrm_position_id"]
                     and ((job := self.jobs.get(p["hrm_position_id"])) is None or (job["end_date"] or self.today) < self.today)]
        if leftovers:
            self._change(self.posts, self.rng.choice(leftovers), end_date=self.today - ONE_DAY)

    def _new_school_year(self) -> None:
        """Most engagements of the year before go on: mostly as a new position, some as the old one with a new date, some late."""
        ended = [k for k, j in self.jobs.items() if j["end_date"] and j["end_date"].month in (7, 8)
                 and timedelta(0) <= self.today - j["end_date"] < timedelta(days=25) and j["end_date"].day == 31
                 and not any(o["employee_number"] == j["employee_number"] and o["start_date"] > j["end_date"]
                             for o in self.jobs.values())]
        for key in ended:
            if self.rng.random() < 0.08:
                job, end = self.jobs[key], date(self.today.year + 1, 7, 31)
                if self.rng.random() < 0.8:
                    self._hire(job["org_number"], job["end_date"] + ONE_DAY, end, job["employee_number"])
                else:
                    self._change(self.jobs, key, end_date=end)

    def live(self, day: date) -> None:
        """One day: the nightly transfer of yesterday's HRM, then what people do."""
        self.today = day
        self._transfer()
        is_holiday = (day.month, day.day) > (12, 20) or (day.month == 7 and day.day < 25)
        for what, times_a_year in self._rates():
            expected = self.busy * times_a_year / 365 * (0.2 if is_holiday else 1)
            for _ in range(int(expected) + (self.rng.random() < expected % 1)):
                what()
        if (day.month, day.day) == (8, 1):  # the new school year: those who are engaged for it
            for _ in range(round(self.people * self.yearly_share / 3)):
                self._hire(self.rng.choice(self.schools), day, date(day.year + 1, 7, 31))
        if day.month == 8 or (day.month, day.day) >= (8, 31):
            self._new_school_year()

    def _rates(self) -> Iterator[tuple[Callable[[], None], float]]:
        n = self.people
        yield from ((self._leave, n * 0.10), (self._join, n * 0.10), (self._move, n * 0.04), (self._sick_leave, n * 0.8),
                    (self._by_hand, n * 0.02), (self._access_elsewhere, n * 0.02), (self._clean_up, n * 0.05))

    # --- the transfer ----------------------------------------------------------------------------------------------

    def _transfer_job(self, job: Row, end: date | None) -> None:
        self.post_of[job["position_id"]] = self._post(
            self._account(job["employee_number"]), job["org_number"], job["start_date"], end, job["position_id"], None)

    def _transfer(self) -> None:
        """Yesterday's HRM reaches VFS, but an end date that had passed when it was entered."""
        for key, job in self.jobs.items():
            if job["org_number"] not in self.schools:
                continue
            if key not in self.post_of:
                if job["end_date"] is None or job["end_date"] >= self.today:
                    self._transfer_job(job, job["end_date"])
            elif self.carried.get(key) != job["end_date"] and (job["end_date"] or self.today) >= self.today - ONE_DAY:
                self._change(self.posts, self.post_of[key], end_date=job["end_date"])
            self.carried[key] = job["end_date"]
        self._drop_accesses()

    def _drop_accesses(self) -> None:
        """VFS removes an access with its position."""
        for key, access in list(self.accesses.items()):
            post = self.posts.get(access["position_id"] or "")
            if post and post["end_date"] and post["end_date"] < self.today:
                del self.accesses[key]

    # --- extracts --------------------------------------------------------------------------------------------------

    def deliveries(self) -> list[Delivery]:
        """Today's full extracts of HRM and VFS."""
        oldest = None if self.keep_ended_days is None else self.today - timedelta(days=self.keep_ended_days)
        jobs = [j for j in self.jobs.values() if oldest is None or j["end_date"] is None or j["end_date"] >= oldest]
        held = {j["employee_number"] for j in jobs}
        employees = [e for n, e in self.employees.items() if n in held or self.keep_ended_days is None]
        posts = [p for p in self.posts.values() if p["end_date"] is None or p["end_date"] > self.today - timedelta(days=365)]
        return [
            Delivery("hrm", self.today, "full", {"employees": employees, "positions": jobs, "org_units": self.units}),
            Delivery("vfs", self.today, "full", {"persons": list(self.persons.values()), "positions": posts,
                                                 "accesses": list(self.accesses.values()), "org_units": self.units})]


def days_of(town: Town, last_day: date, *, weekends: bool = False) -> Iterator[list[Delivery]]:
    """The extracts of each day from the town's today to the last day; none on Saturdays and Sundays."""
    while True:
        if weekends or town.today.weekday() < 5:
            yield town.deliveries()
        if town.today >= last_day:
            return
        town.live(town.today + ONE_DAY)
