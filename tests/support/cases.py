"""Sentences of the contract as cases: a tiny history written by hand, and what the marts must say of it.

The oracle is held against them (`tests/unit/test_oracle.py`), and so are fold and models
(`tests/integration/test_sentences.py`). A case is data: deliveries in the order of their arrival, the day, settings that
differ, decisions, and rows expected.

Belongs here: one case for each sentence. Does not belong here: random histories (`municipalities`).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from tests.oracle.extracts import Delivery, Unreadable
from tests.support.municipalities import CONTRACT, LENIENT, Arrival, Municipality

Row = dict[str, Any]
MONDAY = date(2025, 3, 3)


def day(number: int | None) -> date | None:
    """Day 0 is the Monday on which most histories begin; None is an empty date."""
    return None if number is None else MONDAY + timedelta(days=number)


def on(number: int) -> date:
    return MONDAY + timedelta(days=number)


# --- rows ------------------------------------------------------------------------------------------------------------

Told = tuple[str, Row]


def employee(number: str, national_id: str | None = None) -> Told:
    return "employees", {"employee_number": number, "national_id": national_id}


def job(position_id: str, number: str, org: str = "S1", start: int | None = -500, end: int | None = None) -> Told:
    return "positions", {"position_id": position_id, "employee_number": number, "org_number": org, "start_date": day(start),
                         "end_date": day(end)}


def person(person_id: str, number: str | None = None, national_id: str | None = None, *, login: bool | None = None,
           by: str | None = None, given_name: str = "Test") -> Told:
    return "persons", {"person_id": person_id, "employee_number": number, "national_id": national_id, "given_name": given_name,
                       "family_name": "Testesen", "login_enabled": login, "registered_by": by}


def post(position_id: str, person_id: str, org: str = "S1", start: int | None = -500, end: int | None = None,
         hrm: str | None = None, by: str | None = None) -> Told:
    return "positions", {"position_id": position_id, "person_id": person_id, "org_number": org, "hrm_position_id": hrm,
                         "start_date": day(start), "end_date": day(end), "registered_by": by}


def access(person_id: str, group: str = "Lærer", org: str = "S1", start: int | None = None,
           position_id: str | None = None) -> Told:
    return "accesses", {"person_id": person_id, "access_group": group, "org_number": org, "start_date": day(start),
                        "position_id": position_id, "end_date": None}


def unit(org_number: str, kind: str | None = "school") -> Told:
    return "org_units", {"org_number": org_number, "name": f"Enhet {org_number}", "type": kind}


UNITS = (unit("S1"), unit("S2"), unit("K", "kommune"))
TABLES = {"hrm": ("employees", "positions", "org_units"), "vfs": ("persons", "positions", "accesses", "org_units"),
          "transfer": ("positions",)}


def _delivery(system: str, number: int, rows: tuple[Told, ...], kind: str, unreadable: tuple[Unreadable, ...]) -> Delivery:
    return Delivery(system, on(number), kind, {t: [row for table, row in rows if table == t] for t in TABLES[system]}, unreadable)


def plain_hrm(number: int, *rows: Told, kind: str = "full", unreadable: tuple[Unreadable, ...] = ()) -> Delivery:
    """HRM's extract of a day."""
    return _delivery("hrm", number, rows, kind, unreadable)


def plain_vfs(number: int, *rows: Told, kind: str = "full", unreadable: tuple[Unreadable, ...] = ()) -> Delivery:
    """VFS's extract of a day."""
    return _delivery("vfs", number, rows, kind, unreadable)


# Somebody at work in both systems, without a finding, so that no table is empty: two rows in each full extract. Rows of this
# person are not compared.
BYSTANDER = "Z"


def hrm(number: int, *rows: Told, kind: str = "full", unreadable: tuple[Unreadable, ...] = ()) -> Delivery:
    """HRM's extract of a day, a full one with the bystander."""
    others = (employee("99"), job("h99", "99")) if kind == "full" else ()
    return plain_hrm(number, *rows, *others, kind=kind, unreadable=unreadable)


def vfs(number: int, *rows: Told, kind: str = "full", unreadable: tuple[Unreadable, ...] = ()) -> Delivery:
    """VFS's extract of a day, a full one with the bystander, the schools S1 and S2 and the kommune K: five rows more."""
    others = (person(BYSTANDER, "99"), post("v99", BYSTANDER), *UNITS) if kind == "full" else ()
    return plain_vfs(number, *rows, *others, kind=kind, unreadable=unreadable)


def transfer(number: int, *rows: Told, unreadable: tuple[Unreadable, ...] = ()) -> Delivery:
    """What HRM sent to VFS on a day."""
    return _delivery("transfer", number, rows, "full", unreadable)


def removed(told: Told) -> Told:
    """A row that a delta removes."""
    return told[0], {**told[1], "deleted": True}


# --- cases -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Expected:
    """The rows of a mart that hold `where`, cut to the columns named in `rows`, are exactly these."""

    mart: str
    rows: list[Row]
    where: Row = field(default_factory=dict)


@dataclass(frozen=True)
class Case:
    """One sentence of the contract. `policy`: settings that differ; most cases have guards that let everything through."""

    anchor: str
    sentence: str
    deliveries: list[Delivery]
    expected: list[Expected]
    as_of: date
    policy: Row = field(default_factory=lambda: LENIENT)
    accepts: frozenset[tuple[str, date]] = frozenset()

    @property
    def name(self) -> str:
        return f"{self.anchor}: {self.sentence}"

    def municipality(self) -> Municipality:
        """The case as a municipality, to be landed and folded."""
        arrivals = [Arrival(d.system, d.extract_date, d.kind, d.tables, d.unreadable, d.refused) for d in self.deliveries]
        return Municipality(arrivals, self.as_of, self.accepts, [], self.policy)

    def differences(self, marts: dict[str, list[Row]]) -> dict[str, tuple[list[Row], list[Row]]]:
        """{mart: (rows that it has, rows expected)} of the marts that do not say what is expected."""
        different = {}
        for expected in self.expected:
            rows = [row for row in marts[expected.mart] if row.get("person_id") != BYSTANDER
                    and all(row[c] == v for c, v in expected.where.items())]
            has, should_have = _cut(rows, expected.rows), _cut(expected.rows, expected.rows)
            if has != should_have:
                different[expected.mart] = has, should_have
        return different


def _cut(rows: list[Row], expected: list[Row]) -> list[Row]:
    """The columns that the expected rows name, sorted."""
    columns = list(expected[0]) if expected else sorted({c for row in rows for c in row})
    return sorted(({c: row[c] for c in columns} for row in rows), key=repr)


CASES: list[Case] = []


def _case(anchor: str, sentence: str, deliveries: list[Delivery], *expected: Expected, as_of: int | None = None,
          policy: Row | None = None, accepts: set[tuple[str, int]] | None = None) -> None:
    latest = max((d.extract_date - MONDAY).days for d in deliveries)
    CASES.append(Case(anchor, sentence, deliveries, list(expected), on(latest if as_of is None else as_of),
                      LENIENT if policy is None else policy, frozenset((s, on(n)) for s, n in accepts or ())))


def _findings(*found: tuple[str, str], **where: Any) -> Expected:
    return Expected("findings", [{"finding_type": t, "subject_id": s} for t, s in found], {"status": "open", **where})


def _of(mart: str, rows: list[Row], **where: Any) -> Expected:
    return Expected(mart, rows, where)


# A person missing from the state

_LEFT = [employee("1", "n1"), job("h1", "1", end=-10)]
_AT_WORK = [employee("1", "n1"), job("h1", "1")]
_IN_USE = [person("A", "1", "n1"), post("v1", "A")]

_case("missing-person", "a person missing from the state is matched, named and counted as last seen",
      [hrm(0, *_LEFT), vfs(0, *_IN_USE), vfs(1, post("v1", "A"))],
      _of("status_mismatches", [{"finding_type": "active_vfs_inactive_hrm", "person_id": "A", "employee_number": "1",
                                 "given_name": "Test", "family_name": "Testesen", "hrm_status": "inactive", "can_log_in": True}]),
      _of("employee_status", [{"person_id": "A", "match_method": "employee_number", "hrm_status": "inactive",
                               "vfs_status": "active", "has_left_with_access": True}]))
_case("missing-person", "a person missing from the state counts as able to log in, whatever was last seen",
      [hrm(0, *_LEFT), vfs(0, person("A", "1", login=False), post("v1", "A")), vfs(1, post("v1", "A"), access("A", org="S2"))],
      _of("status_mismatches", [{"person_id": "A", "can_log_in": True}]),
      _of("employee_status", [{"person_id": "A", "has_left_with_access": True}]),
      _findings(("active_vfs_inactive_hrm", "v1"), ("access_without_position", "A:S2")))
_case("missing-person", "a person whom VFS never showed is unknown, and has a row in employee_status while in use",
      [hrm(0, *_AT_WORK), vfs(0, *_IN_USE, access("B"))],
      _of("employee_status", [{"person_id": "B", "match_method": "none", "hrm_status": "unknown", "given_name": None,
                               "employee_number": None, "has_left_with_access": True}], person_id="B"))
_case("has-left-with-access", "a person missing from the state with nothing in use has no row in employee_status",
      [hrm(0, *_AT_WORK), vfs(0, *_IN_USE, person("B", "1")), vfs(1, *_IN_USE)],
      _of("employee_status", [{"person_id": "A"}]))
_case("missing-person", "the roster shows a missing person's name and origin as last seen",
      [hrm(0, *_AT_WORK), vfs(0, person("A", "1", by="manual"), post("v1", "A"), access("A", "Kommuneadmin", "K")),
       vfs(1, post("v1", "A"), access("A", "Kommuneadmin", "K"))],
      _of("kommuneadmin_roster", [{"person_id": "A", "given_name": "Test", "registered_by": "manual", "hrm_status": "active",
                                   "review_reason": "manual_profile"}]))
_case("missing-person", "a missing person who is at work is no finding",
      [hrm(0, *_AT_WORK), vfs(0, *_IN_USE), vfs(1, post("v1", "A"))], _findings())
_case("identity", "a person's national id is the last one seen, empty ones aside",
      [hrm(0, *_LEFT), vfs(0, person("A", None, "n1"), post("v1", "A")), vfs(1, person("A", None, None), post("v1", "A"))],
      _of("employee_status", [{"person_id": "A", "match_method": "national_id", "hrm_status": "inactive"}]))
_case("identity", "an employee's national id is the last one seen, empty ones aside",
      [hrm(0, *_LEFT), hrm(1, employee("1"), job("h1", "1", end=-10)), vfs(1, person("A", None, "n1"), post("v1", "A"))],
      _of("employee_status", [{"person_id": "A", "match_method": "national_id", "employee_number": "1"}]))

# Status and backing

_case("hrm-status", "a position to come that ends before it starts makes nobody not_started",
      [hrm(0, employee("1"), job("h1", "1", start=20, end=10)), vfs(0, *_IN_USE)],
      _of("employee_status", [{"person_id": "A", "hrm_status": "inactive"}]))
_case("hrm-status", "a position to come that ends on the day it starts makes its employee not_started",
      [hrm(0, employee("1"), job("h1", "1", start=20, end=20)), vfs(0, *_IN_USE)],
      _of("employee_status", [{"person_id": "A", "hrm_status": "not_started"}]))
_case("ends-before-it-starts", "a position that ends before it starts backs nothing",
      [hrm(0, employee("1"), job("h1", "1", start=20, end=10)), vfs(0, *_IN_USE)],
      _findings(("active_vfs_inactive_hrm", "v1")))
_case("backed", "a position that starts within 30 days backs",
      [hrm(0, employee("1"), job("h1", "1", start=30, end=40)), vfs(0, person("A", "1"), post("v1", "A", end=40))], _findings())

# Disputes

_case("disputed-identity", "a person whose national id differs from that of the employee with the number is contradicted",
      [hrm(0, *_AT_WORK), vfs(0, person("A", "1", "n2"), post("v1", "A"))], _findings(("disputed_identity", "A")))
_case("disputed-identity", "without a national id on one side nobody is contradicted",
      [hrm(0, *_AT_WORK, employee("2"), job("h2", "2")),
       vfs(0, person("A", "1"), post("v1", "A"), person("B", "2", "n2"), post("v2", "B"))], _findings())
_case("disputed-identity", "the national ids compared are those last seen",
      [hrm(0, *_AT_WORK), hrm(1, employee("1"), job("h1", "1")),
       vfs(0, person("A", "1", "n2"), post("v1", "A")), vfs(1, person("A", "1"), post("v1", "A"))],
      _findings(("disputed_identity", "A")))
_case("disputed-identity", "a person missing from the state is told, and counts as the other person",
      [hrm(0, *_AT_WORK), vfs(0, *_IN_USE, person("B", "1", "n1"), post("v2", "B", end=30)),
       vfs(1, post("v1", "A"), person("B", "1", "n1"), post("v2", "B", end=30))],
      _findings(("disputed_identity", "A"), ("disputed_identity", "B")))
_case("disputed-identity", "a person without position and access is not the other person",
      [hrm(0, *_AT_WORK), vfs(0, *_IN_USE, person("B", "1", "n1"))], _findings())
_case("disputed-identity", "number and national id point at two employees",
      [hrm(0, *_AT_WORK, employee("2", "n2")), vfs(0, person("A", "1", "n2"), post("v1", "A"))],
      _findings(("disputed_identity", "A")))
_case("disputed-identity", "two employees have the person's national id: the one seen latest, then one at work, is matched",
      [hrm(0, employee("1", "n1"), job("h1", "1", end=-3), employee("2", "n1"), job("h2", "2")),
       vfs(0, person("A", None, "n1"), post("v1", "A"))],
      _of("employee_status", [{"person_id": "A", "employee_number": "2"}]), _findings(("disputed_identity", "A")))

# Bearers

_FIRST_LEFT = [hrm(0, *_AT_WORK), hrm(1, employee("1", "n1"), job("h1", "1", end=0))]
_SECOND = hrm(2, employee("1", "n2"), job("h2", "1", start=2))
_case("bearer", "a number given to somebody else resolves nothing of the one who left",
      [*_FIRST_LEFT, _SECOND, vfs(0, *_IN_USE), vfs(2, *_IN_USE)],
      _of("status_mismatches", [{"finding_type": "active_vfs_inactive_hrm", "employee_number": "1", "hrm_status": "inactive",
                                 "hrm_position_id": "h1", "hrm_end_date": on(0), "cause": "not_transferred"}]),
      _findings(("active_vfs_inactive_hrm", "v1"), ("disputed_identity", "A")))
_case("bearer", "without the new bearer at work the earlier one is not disputed",
      [*_FIRST_LEFT, hrm(2, employee("1", "n2"), job("h2", "1", start=9)), vfs(0, *_IN_USE)],
      _findings(("active_vfs_inactive_hrm", "v1")))
_case("bearer-of-a-person", "the new bearer's person is matched with the new bearer, by the national id",
      [*_FIRST_LEFT, _SECOND, vfs(2, *_IN_USE, person("B", "1", "n2"), post("v2", "B", start=2))],
      _of("employee_status", [{"person_id": "A", "hrm_status": "inactive", "employee_number": "1", "active_hrm_positions": 0},
                              {"person_id": "B", "hrm_status": "active", "employee_number": "1", "active_hrm_positions": 1}]))
_case("bearer-of-a-person",
       "a person without a national id belongs to the bearer of the day on which VFS first showed the person",
      [*_FIRST_LEFT, _SECOND, vfs(1, person("A", "1")), vfs(2, person("A", "1"), person("B", "1")),
       vfs(3, person("A", "1"), post("v1", "A"), person("B", "1"), post("v2", "B", start=2))],
      _of("employee_status", [{"person_id": "A", "hrm_status": "inactive"}, {"person_id": "B", "hrm_status": "active"}]))
_case("bearer-of-a-person", "a person whom VFS showed before HRM knew the number belongs to its first bearer",
      [vfs(-5, person("A", "1"), post("v1", "A")), *_FIRST_LEFT, _SECOND],
      _of("employee_status", [{"person_id": "A", "hrm_status": "inactive"}]))
_case("bearer", "with a position that goes on, the national id was corrected, and nothing changes hands",
      [hrm(0, *_AT_WORK), hrm(1, employee("1", "n2"), job("h1", "1")), vfs(0, *_IN_USE), vfs(1, *_IN_USE)],
      _of("employee_status", [{"person_id": "A", "hrm_status": "active"}]), _findings(("disputed_identity", "A")))
_case("bearer", "a position that has ended on that day does not go on",
      [hrm(0, *_AT_WORK), hrm(1, employee("1", "n2"), job("h1", "1", end=0)), vfs(0, *_IN_USE), vfs(1, *_IN_USE)],
      _of("employee_status", [{"person_id": "A", "hrm_status": "inactive"}]), _findings(("active_vfs_inactive_hrm", "v1")))
_case("bearer", "a position whose last day is that day goes on",
      [hrm(0, *_AT_WORK), hrm(1, employee("1", "n2"), job("h1", "1", end=1)), vfs(0, *_IN_USE), vfs(1, *_IN_USE)],
      _of("employee_status", [{"person_id": "A", "hrm_status": "active"}]))
_case("bearer", "a position held by the extract before under another number does not go on",
      [hrm(0, *_AT_WORK, employee("2", "n3"), job("h2", "2")), hrm(1, employee("1", "n2"), job("h2", "1")), vfs(0, *_IN_USE)],
      _of("employee_status", [{"person_id": "A", "hrm_status": "inactive"}]))
_case("bearer", "an empty national id in between does not change hands",
      [hrm(0, *_AT_WORK), hrm(1, employee("1")), hrm(2, employee("1", "n1"), job("h2", "1")), vfs(0, *_IN_USE)],
      _of("employee_status", [{"person_id": "A", "hrm_status": "active"}]), _findings())
_case("bearer", "the first national id of a number does not change hands",
      [hrm(0, employee("1"), job("h1", "1")), hrm(1, employee("1", "n1"), job("h2", "1")),
       vfs(0, person("A", "1"), post("v1", "A"))],
      _of("employee_status", [{"person_id": "A", "hrm_status": "active"}]), _findings())
_case("bearer", "where the national id is one that an earlier bearer had, it is that bearer again",
      [*_FIRST_LEFT, _SECOND, hrm(3, employee("1", "n1"), job("h3", "1", start=3)), vfs(0, *_IN_USE),
       vfs(3, *_IN_USE, person("B", "1", "n2"), post("v2", "B", start=2))],
      _of("employee_status", [{"person_id": "A", "hrm_status": "active"}, {"person_id": "B", "hrm_status": "inactive"}]),
      _findings(("active_vfs_inactive_hrm", "v2"), ("disputed_identity", "B")))
_case("bearer", "positions that an earlier extract held stay the earlier bearer's",
      [hrm(0, *_AT_WORK), hrm(1, employee("1", "n1")), hrm(2, employee("1", "n2"), job("h1", "1")), vfs(0, *_IN_USE),
       vfs(2, *_IN_USE, person("B", "1", "n2"))],
      _of("employee_status", [{"person_id": "A", "hrm_status": "active", "active_hrm_positions": 1},
                              {"person_id": "B", "hrm_status": "inactive", "active_hrm_positions": 0}]))
_case("bearer", "an earlier bearer is disputed while the present one is at work, though HRM still delivers the ended position",
      [*_FIRST_LEFT, hrm(2, employee("1", "n2"), job("h1", "1", end=0), job("h2", "1", start=2)), vfs(0, *_IN_USE)],
      _findings(("active_vfs_inactive_hrm", "v1"), ("disputed_identity", "A")))
_case("bearer", "a position of the new bearer does not back the earlier bearer's position at the same school",
      [*_FIRST_LEFT, _SECOND, vfs(0, *_IN_USE)], _of("manual_registrations", []),
      _of("status_mismatches", [{"vfs_position_id": "v1", "suggested_end_date": on(0)}]))

# End dates and chains

_case("end-date-known-on", "where HRM has no end date, it has no day on which that became known",
      [hrm(0, employee("1"), job("h1", "1", org="S2")), vfs(0, person("A", "1"), post("v1", "A", hrm="h1"))],
      _of("status_mismatches", [{"cause": "moved", "hrm_position_id": "h1", "hrm_end_date": None,
          "hrm_end_date_known_on": None}]))


# What the transfer tells

_ENDING = job("h1", "1", end=20)
_END_KNOWN = [hrm(0, *_AT_WORK), hrm(2, employee("1", "n1"), _ENDING)]
_NOT_THERE = [*_END_KNOWN, vfs(0, *_IN_USE), vfs(5, *_IN_USE)]


def _caused_by(cause: str) -> Expected:
    return _of("end_date_propagation", [{"status": "failed", "cause": cause}], hrm_position_id="h1")


_case("transfer-cause", "an end date in a transfer since it was known was sent, and VFS does not have it",
      [*_NOT_THERE, transfer(3, _ENDING), transfer(4)], _caused_by("sent_not_applied"))
_case("transfer-cause", "an end date sent on the day on which it became known was sent",
      [*_NOT_THERE, transfer(2, _ENDING)], _caused_by("sent_not_applied"))
_case("transfer-cause", "an end date in no transfer since it was known was not sent",
      [*_NOT_THERE, transfer(3, job("h99", "99", end=20))], _caused_by("not_sent"))
_case("transfer-cause", "a transfer that never held a position of HRM has other ids, and cannot tell",
      [*_NOT_THERE, transfer(3, job("2", "2", end=20)), transfer(4)], _caused_by("not_transferred"))
_case("transfer-cause", "a transfer that held one on any day has HRM's ids",
      [*_NOT_THERE, transfer(0, job("h99", "99")), transfer(3, job("2", "2", end=20))], _caused_by("not_sent"))
_case("transfer-cause", "an empty transfer since it was known is one without it", [*_NOT_THERE, transfer(4)],
      _caused_by("not_sent"))
_case("transfer-cause", "a position sent without its end date, or with another one, was not sent with it",
      [*_NOT_THERE, transfer(2, job("h1", "1")), transfer(3, job("h1", "1", end=21))], _caused_by("not_sent"))
_case("transfer-cause", "what was sent before the end date was known does not count, also when it was the same",
      [*_NOT_THERE, transfer(1, _ENDING), transfer(3)], _caused_by("not_sent"))
_case("transfer-cause", "without a transfer since it was known nobody can tell",
      [*_NOT_THERE, transfer(1, _ENDING)], _caused_by("not_transferred"))
_case("transfer-cause", "on the days between two transfers nothing was sent, whatever the first of them held",
      [*_NOT_THERE, transfer(1, _ENDING), transfer(6)], _caused_by("not_sent"))
_case("transfer-cause", "a transfer that could not be read tells nothing",
      [*_NOT_THERE, Delivery("transfer", on(3), "full", {}, refused=True)], _caused_by("not_transferred"))
_case("transfer-cause", "a row of the position that could not be read may have been it",
      [*_NOT_THERE, transfer(3, unreadable=(Unreadable("positions", {"position_id": "h1"}),)), transfer(4)],
      _caused_by("not_transferred"))
_case("transfer-cause", "a row of the employee whose position could not be read may have been it",
      [*_NOT_THERE, transfer(3, unreadable=(Unreadable("positions", owner="1"),))], _caused_by("not_transferred"))
_case("transfer-cause", "a row that tells of nobody may have been it",
      [*_NOT_THERE, transfer(3, unreadable=(Unreadable("positions"),))], _caused_by("not_transferred"))
_case("transfer-cause", "a row of another position, of another employee, or of a day before was not it",
      [*_NOT_THERE, transfer(1, unreadable=(Unreadable("positions"),)),
       transfer(3, unreadable=(Unreadable("positions", {"position_id": "h2"}), Unreadable("positions", owner="2")))],
      _caused_by("not_sent"))
_case("transfer-cause", "what was sent readably was sent, whatever else could not be read",
      [*_NOT_THERE, transfer(3, unreadable=(Unreadable("positions"),)), transfer(4, _ENDING)], _caused_by("sent_not_applied"))
_case("transfer-cause", "of a position that vanished there is no date to send",
      [hrm(0, *_AT_WORK), hrm(2, employee("1", "n1")), vfs(0, *_IN_USE), vfs(5, *_IN_USE), transfer(3)], _caused_by("vanished"))
_case("transfer-first", "that it was not sent comes before that it was set back in time",
      [hrm(0, *_AT_WORK), hrm(2, employee("1", "n1"), job("h1", "1", end=-3)), vfs(0, *_IN_USE), vfs(5, *_IN_USE), transfer(3)],
      _caused_by("not_sent"), _of("status_mismatches", [{"cause": "not_sent", "hrm_position_id": "h1"}]))
_case("transfer-first", "nothing is sent for a position registered by hand",
      [*_END_KNOWN, *(vfs(n, person("A", "1", "n1"), post("v1", "A", hrm="h1", by="manual")) for n in (0, 5)), transfer(3)],
      _caused_by("manual_position"))
_case("transfer-first", "VFS had the end date, whatever was sent",
      [*_END_KNOWN, vfs(0, *_IN_USE), vfs(3, person("A", "1", "n1"), post("v1", "A", end=20)), vfs(5, *_IN_USE), transfer(3)],
      _caused_by("overridden"))
_case("transfer", "an extract may hold all, few or none, and the same for long",
      [*_NOT_THERE, *(transfer(n, *(job(f"h{m}", "2", end=20) for m in range(2, 2 + count)))
                      for n, count in enumerate((500, 0, 1, 500, 1)))],
      _of("data_freshness", [{"status": "fresh", "row_count": 1, "withheld_extracts": 0, "unchanged_since": None,
                              "kept_rows": 0}], system="transfer"), policy=CONTRACT)
_case("mart-data-freshness", "a transfer that was never delivered has no row", _NOT_THERE,
      _of("data_freshness", [{"system": "hrm"}, {"system": "vfs"}]))
_case("mart-data-freshness", "a transfer of which nothing could be used is missing",
      [*_NOT_THERE, Delivery("transfer", on(3), "full", {}, refused=True)],
      _of("data_freshness", [{"status": "missing", "withheld_extracts": 1, "row_count": 0}], system="transfer"))


def _chain(last_end: int | None, gap: int = 1, org: str = "S1") -> list[Told]:
    """One job told as two segments."""
    return [employee("1"), job("h1", "1", start=-500, end=-100), job("h2", "1", org=org, start=-100 + gap, end=last_end)]


_ONE_POST = [person("A", "1"), post("v1", "A", start=-500)]
_case("continuation", "the counterpart of a segment is one of the segment that continues it",
      [hrm(0, *_chain(None)), hrm(4, *_chain(None)), hrm(5, *_chain(2)), vfs(0, *_ONE_POST), vfs(5, *_ONE_POST)],
      _of("end_date_propagation", [
          {"hrm_position_id": "h1", "vfs_position_id": "v1", "status": "superseded", "cause": None},
          {"hrm_position_id": "h2", "vfs_position_id": "v1", "status": "at_risk", "cause": "backdated"}]),
      _of("status_mismatches", [{"finding_type": "active_vfs_inactive_hrm", "hrm_position_id": "h2", "hrm_end_date": on(2),
                                 "hrm_end_date_known_on": on(5), "cause": "backdated", "suggested_end_date": on(2)}]))
_case("continuation", "a counterpart by hrm_position_id goes on to the continuations as well",
      [hrm(0, *_chain(-1)), vfs(0, person("A", "1"), post("v1", "A", start=-3, hrm="h1"))],
      _of("end_date_propagation", [{"hrm_position_id": "h1", "status": "superseded"},
                                   {"hrm_position_id": "h2", "status": "pending"}]))
_case("continuation", "a segment that begins two days after the end of the other continues nothing",
      [hrm(0, *_chain(-1, gap=2)), vfs(0, *_ONE_POST)], _of("end_date_propagation", [{"hrm_position_id": "h1"}]))
_case("continuation", "segments may overlap",
      [hrm(0, *_chain(-1, gap=-50)), vfs(0, *_ONE_POST)],
      _of("end_date_propagation", [{"hrm_position_id": "h1", "status": "superseded"},
          {"hrm_position_id": "h2", "status": "pending"}]))
_case("continuation", "at another org unit nothing is continued",
      [hrm(0, *_chain(-1, org="S2")), vfs(0, *_ONE_POST)], _of("end_date_propagation", [{"hrm_position_id": "h1"}]))
_case("continuation", "two that start on one day do not continue each other",
      [hrm(0, employee("1"), job("h1", "1", start=-500, end=-10), job("h2", "1", start=-500, end=-1)),
       vfs(0, person("A", "1"), post("v1", "A", start=-3, hrm="h1"))],
      _of("end_date_propagation", [{"hrm_position_id": "h1"}]))
_case("continuation", "a position without an end date is not continued",
      [hrm(0, employee("1"), job("h1", "1"), job("h2", "1", start=-50, end=-1)), vfs(0, *_ONE_POST)],
      _of("end_date_propagation", []))
_case("continuation", "an empty start lies before all",
      [hrm(0, employee("1"), job("h1", "1", start=None, end=-10), job("h2", "1", start=-400, end=-1)),
       vfs(0, person("A", "1"), post("v1", "A", start=None))],
      _of("end_date_propagation", [{"hrm_position_id": "h1", "status": "superseded"},
          {"hrm_position_id": "h2", "status": "pending"}]))
_case("ends-before-it-starts", "a position that ends before it starts continues nothing",
      [hrm(0, employee("1"), job("h1", "1", end=-10), job("h2", "1", start=-50, end=-60)), vfs(0, *_ONE_POST)],
      _of("end_date_propagation", [{"hrm_position_id": "h1"}]))
_case("continuation", "a segment with a counterpart of its own takes none from the segment before, nor hands it on",
      [hrm(0, employee("1"), job("h1", "1", end=-100), job("h2", "1", start=-99, end=-50), job("h3", "1", start=-49, end=-1)),
       vfs(0, *_ONE_POST, post("v2", "A", start=-99))],
      _of("end_date_propagation", [
          {"hrm_position_id": "h1", "vfs_position_id": "v1", "status": "pending"},
          {"hrm_position_id": "h2", "vfs_position_id": "v2", "status": "superseded"},
          {"hrm_position_id": "h3", "vfs_position_id": "v2", "status": "pending"}]))
_case("continuation", "a chain is followed through all its segments",
      [hrm(0, employee("1"), job("h1", "1", end=-100), job("h2", "1", start=-99, end=-50), job("h3", "1", start=-49, end=-1)),
       vfs(0, *_ONE_POST)],
      _of("status_mismatches", [{"vfs_position_id": "v1", "hrm_position_id": "h3", "suggested_end_date": on(-1)}]),
      _of("end_date_propagation", [
          {"hrm_position_id": "h1", "status": "superseded"}, {"hrm_position_id": "h2", "status": "superseded"},
          {"hrm_position_id": "h3", "status": "pending"}]))
_case("continuation", "another bearer's segment continues nothing",
      [hrm(0, employee("1", "n1"), job("h1", "1", end=1)), hrm(2, employee("1", "n2"), job("h2", "1", start=2, end=3)),
       vfs(0, *_IN_USE)],
      _of("end_date_propagation", [{"hrm_position_id": "h1", "vfs_position_id": "v1"}]))
_case("continuation", "a segment that goes on backs the position, and the end of the one before is superseded",
      [hrm(0, *_chain(None)), vfs(0, *_ONE_POST)], _findings(),
      _of("end_date_propagation", [{"hrm_position_id": "h1", "status": "superseded"}]))
_case("propagation-status", "an end that arrived is propagated, though the position is continued",
      [hrm(0, *_chain(-1)), vfs(0, person("A", "1"), post("v1", "A", end=-100))],
      _of("end_date_propagation", [{"hrm_position_id": "h1", "status": "propagated"},
                                   {"hrm_position_id": "h2", "status": "propagated"}]))

# Access groups and kommuneadmins

_ADMIN = [person("A", "1"), post("v1", "A")]
_case("kommuneadmin-roster", "groups are compared without regard to capitals and surrounding space",
      [hrm(0, *_LEFT), vfs(0, *_ADMIN, access("A", "KOMMUNEadmin", "K"))],
      _of("kommuneadmin_roster", [{"access_group": "KOMMUNEadmin", "review_reason": "inactive_in_hrm"}]),
      policy={**LENIENT, "kommuneadmin_groups": [" kommuneADMIN "]})
_case("capitals", "one group spelled two ways is one row, of the spelling that is first by code point",
      [hrm(0, *_AT_WORK), vfs(0, *_ADMIN, access("A", "Kommuneadmin", "K"), access("A", "kommuneadmin", "K", start=-5))],
      _of("kommuneadmin_roster", [{"access_group": "Kommuneadmin", "org_number": "K"}]))
_case("capitals", "a list of access groups names each once, in the spelling that is first by code point",
      [hrm(0, *_AT_WORK),
       vfs(0, *_ADMIN, access("A", "lærer", "S2"), access("A", "Lærer", "S2", start=-5), access("A", "SFO", "S2"))],
      _of("access_without_position", [{"org_number": "S2", "access_groups": "Lærer, SFO"}]))
_case("capitals", "an access spelled with other capitals is the same access",
      [hrm(0, *_AT_WORK), vfs(0, *_ADMIN, access("A", "Lærer", "S2")), vfs(1, access("A", "LÆRER", "S2"), kind="delta")],
      _of("data_freshness", [{"row_count": 8}], system="vfs"),
      _of("access_without_position", [{"org_number": "S2", "access_groups": "LÆRER"}]))
_case("has-left-with-access", "whoever cannot log in has not left with access",
      [hrm(0, *_LEFT), vfs(0, person("A", "1", login=False), post("v1", "A"))],
      _of("employee_status", [{"hrm_status": "inactive", "vfs_status": "active", "has_left_with_access": False}]))
_case("has-left-with-access", "whoever has left, and has neither position nor access, cannot get in",
      [hrm(0, *_LEFT), vfs(0, person("A", "1"), post("v1", "A", end=-10))],
      _of("employee_status", [{"hrm_status": "inactive", "has_left_with_access": False}]))
_case("has-left-with-access", "an effective access alone is enough, and who is unknown counts",
      [hrm(0, *_LEFT), vfs(0, person("B"), post("v1", "B", end=-10), access("B"))],
      _of("employee_status", [{"hrm_status": "unknown", "vfs_status": "inactive", "has_left_with_access": True}]))
_case("has-left-with-access", "whoever is yet to start has not left",
      [hrm(0, employee("1"), job("h1", "1", start=9)), vfs(0, *_ADMIN)],
      _of("employee_status", [{"hrm_status": "not_started", "has_left_with_access": False}]))

_REVIEW = {"finding_type": "kommuneadmin_review"}


def _group_history(*later: tuple[Told, ...], first: tuple[Told, ...] = (access("A", "Kommuneadmin", "K"),)) -> list[Delivery]:
    """HRM's one extract, a kommuneadmin who has left on day 0, and the accesses of the days after."""
    return [hrm(0, *_LEFT), vfs(0, *_ADMIN, *first), *(vfs(n, *_ADMIN, *rows) for n, rows in enumerate(later, start=1))]


_case("renamed-group", "a group that appears at the kommune when the set group is gone: not assessable, what was open stays open",
      _group_history((access("A", "Kommune-admin", "K"),)),
      _of("findings", [{"subject_id": "A", "status": "open", "first_seen_on": on(0), "last_seen_on": on(3)}], **_REVIEW),
      _of("data_freshness", [{"system": "hrm", "not_assessable": ""}, {"system": "vfs",
          "not_assessable": "kommuneadmin_review"}]),
      as_of=3)
_case("renamed-group", "a group that appears where the set group had stood: not assessable",
      _group_history((access("A", "Admin", "S1"),), first=(access("A", "Kommuneadmin", "S1"),)),
      _of("findings", [{"status": "open"}], **_REVIEW))
_case("renamed-group", "a group that appears at another school: the accesses were removed",
      _group_history((access("A", "Admin", "S2"),), first=(access("A", "Kommuneadmin", "S1"),)),
      _of("findings", [{"status": "resolved", "resolved_on": on(1)}], **_REVIEW),
      _of("data_freshness", [{"not_assessable": ""}], system="vfs"))
_case("renamed-group", "groups that stood there before do not count: the accesses were removed",
      _group_history((access("A", "Rektor", "K"),), first=(access("A", "Kommuneadmin", "K"), access("A", "Rektor", "K"))),
      _of("findings", [{"status": "resolved", "resolved_on": on(1)}], **_REVIEW))
_case("renamed-group", "other capitals of a group that stood there are no new group",
      _group_history((access("A", "REKTOR", "K"),), first=(access("A", "Kommuneadmin", "K"), access("A", "Rektor", "K"))),
      _of("findings", [{"status": "resolved"}], **_REVIEW))
_case("renamed-group", "what appears later than the first extract without the group does not count",
      _group_history((access("A", "Lærer", "S2"),), (access("A", "Kommune-admin", "K"),)),
      _of("findings", [{"status": "resolved", "resolved_on": on(1)}], **_REVIEW),
      _of("data_freshness", [{"not_assessable": ""}], system="vfs"))
_case("renamed-group", "it stays not assessable on later days, whatever stands there then",
      _group_history((access("A", "Kommune-admin", "K"),), (access("A", "Lærer", "S2"),)),
      _of("findings", [{"status": "open", "last_seen_on": on(2)}], **_REVIEW),
      _of("data_freshness", [{"not_assessable": "kommuneadmin_review"}], system="vfs"))
_case("renamed-group", "when the group is back, the finding goes on as one",
      _group_history((access("A", "Kommune-admin", "K"),), (access("A", "Kommuneadmin", "K"),)),
      _of("findings", [{"status": "open", "first_seen_on": on(0), "last_seen_on": on(2)}], **_REVIEW),
      _of("data_freshness", [{"not_assessable": ""}], system="vfs"))
_case("renamed-group", "when the group is back without the person, the finding is resolved then",
      _group_history((access("A", "Kommune-admin", "K"),), (access("B", "Kommuneadmin", "K"),)),
      _of("findings", [{"subject_id": "A", "status": "resolved", "last_seen_on": on(1), "resolved_on": on(2)},
                       {"subject_id": "B", "status": "open", "last_seen_on": on(2), "resolved_on": None}], **_REVIEW))
_case("renamed-group", "where no extract ever held a set group, it is not assessable",
      [hrm(0, *_LEFT), vfs(0, *_ADMIN, access("A", "Lærer"))],
      _of("kommuneadmin_roster", []), _of("data_freshness", [{"not_assessable": "kommuneadmin_review"}], system="vfs"))
_case("renamed-group", "without any access there is nothing that could be renamed",
      _group_history(()), _of("findings", [{"status": "resolved"}], **_REVIEW),
      _of("data_freshness", [{"not_assessable": ""}], system="vfs"), accepts={("vfs", 1)})
_case("renamed-group", "a group renamed a second time, to a name that had been tried before, is not assessable again",
      _group_history((access("A", "Kommune-admin", "K"),), (access("A", "Kommuneadmin", "K"),), (access("A", "Kommune-admin",
       "K"),)),
      _of("findings", [{"status": "open"}], **_REVIEW))

# Rows that cannot be read

_KEPT_POST = Unreadable("positions", {"position_id": "v1"})
_case("rejected-row", "what the state held under the key of an unreadable row is kept, and its findings stay",
      [hrm(0, *_LEFT), vfs(0, *_IN_USE), vfs(1, person("A", "1", "n1"), unreadable=(_KEPT_POST,))],
      _findings(("active_vfs_inactive_hrm", "v1")),
      _of("data_freshness", [{"kept_rows": 1, "row_count": 7, "status": "fresh"}], system="vfs"),
      _of("rejected_rows", [{"system": "vfs", "extract_date": on(1), "table_name": "positions", "kept_since": on(1)}]))
_case("rejected-row", "it is kept for as long as it is delivered unreadable, and kept_since is the first of these days",
      [hrm(0, *_LEFT), vfs(0, *_IN_USE), vfs(1, person("A", "1", "n1"), unreadable=(_KEPT_POST,)),
       vfs(2, person("A", "1", "n1"), unreadable=(_KEPT_POST,))],
      _findings(("active_vfs_inactive_hrm", "v1")),
      _of("rejected_rows", [{"extract_date": on(1), "kept_since": on(1)}, {"extract_date": on(2), "kept_since": on(1)}]))
_case("rejected-row", "when it reads again, nothing is kept, and the next time begins anew",
      [hrm(0, *_LEFT), vfs(0, *_IN_USE), vfs(1, person("A", "1", "n1"), unreadable=(_KEPT_POST,)), vfs(2, *_IN_USE),
       vfs(3, person("A", "1", "n1"), unreadable=(_KEPT_POST,))],
      _of("rejected_rows", [{"extract_date": on(1), "kept_since": on(1)}, {"extract_date": on(3), "kept_since": on(3)}]))
_case("rejected-row", "a row that is absent is gone",
      [hrm(0, *_LEFT), vfs(0, *_IN_USE), vfs(1, person("A", "1", "n1"))], _findings(),
      _of("data_freshness", [{"kept_rows": 0, "row_count": 6}], system="vfs"))
_case("rejected-row", "of a key that the state did not hold, nothing is kept",
      [hrm(0, *_LEFT), vfs(0, person("A", "1")), vfs(1, person("A", "1"), unreadable=(_KEPT_POST,))],
      _of("data_freshness", [{"kept_rows": 0}], system="vfs"),
          _of("rejected_rows", [{"table_name": "positions", "kept_since": None}]))
_case("rejected-row", "an ended position delivered unreadable does not come to life",
      [hrm(0, *_AT_WORK), hrm(1, employee("1", "n1"), unreadable=(Unreadable("positions", {"position_id": "h1"}),)),
       vfs(1, *_IN_USE)],
      _findings(), _of("data_freshness", [{"kept_rows": 1}], system="hrm"))
_case("rejected-row", "of a key that can be read in part, all is kept that agrees and is not delivered otherwise",
      [hrm(0, *_LEFT), vfs(0, person("A", "1"), access("A", "Lærer", "S1"), access("A", "Lærer", "S2"), access("A", "SFO", "S2"),
                           access("B", "Lærer", "S2")),
       vfs(1, person("A", "1"), access("A", "Lærer", "S1"),
           unreadable=(Unreadable("accesses", {"person_id": "A", "access_group": "LÆRER"}),))],
      _of("data_freshness", [{"kept_rows": 1, "row_count": 8}], system="vfs"),
      _of("inactive_with_access", [{"person_id": "A", "access_groups": "Lærer"}]))
_case("rejected-row", "an empty part of a key is a value that must agree",
      [hrm(0, *_LEFT), vfs(0, person("A", "1"), access("A", "Lærer", "S1"), access("A", "Lærer", "S1", start=-5)),
       vfs(1, person("A", "1"), unreadable=(Unreadable("accesses", {"person_id": "A", "start_date": None}),))],
      _of("data_freshness", [{"kept_rows": 1}], system="vfs"))
_case("rejected-row", "of a key that cannot be read, all rows of the same person are kept",
      [hrm(0, *_LEFT), vfs(0, *_IN_USE, post("v2", "A", "S2"), post("v3", "B")),
       vfs(1, person("A", "1", "n1"), post("v2", "A", "S2"), unreadable=(Unreadable("positions", owner="A"),))],
      _findings(("active_vfs_inactive_hrm", "v1"), ("active_vfs_inactive_hrm", "v2")),
      _of("data_freshness", [{"kept_rows": 1}], system="vfs"))
_case("rejected-row",
       "of persons without a readable id, those of the same employee number are kept, else of the same national id",
      [hrm(0, *_LEFT), vfs(0, person("A", "1", "n1"), person("B", "2", "n2"), person("C", "3", "n3")),
       vfs(1, unreadable=(Unreadable("persons", owner="1", national_id="n3"), Unreadable("persons", national_id="n2")))],
      _of("employee_status", [{"person_id": "A"}, {"person_id": "B"}]))
_case("rejected-row", "of employees without a readable number, those of the same national id are kept",
      [hrm(0, *_LEFT, employee("2", "n2")), hrm(1, employee("2", "n2"), job("h1", "1", end=-10),
                                                unreadable=(Unreadable("employees", national_id="n1"),)), vfs(1, *_IN_USE)],
      _of("data_freshness", [{"kept_rows": 1, "row_count": 5}], system="hrm"))
_case("rejected-row", "of a row that says nothing at all, nothing can be kept",
      [hrm(0, *_LEFT), vfs(0, *_IN_USE), vfs(1, person("A", "1", "n1"), unreadable=(Unreadable("positions"),))],
      _of("data_freshness", [{"kept_rows": 0}], system="vfs"), _of("rejected_rows", [{"kept_since": None}]))
_case("same-key-twice", "a row that can be read stands before one of the same key that cannot",
      [hrm(0, *_LEFT), vfs(0, *_IN_USE), vfs(1, person("A", "1", "n1"), post("v1", "A", end=0), unreadable=(_KEPT_POST,))],
      _findings(), _of("data_freshness", [{"kept_rows": 0}], system="vfs"))
_case("rejected-row", "in a delta the row stays as it was, and counts as kept until it is read",
      [hrm(0, *_LEFT), vfs(0, *_IN_USE), vfs(1, kind="delta", unreadable=(_KEPT_POST,)), vfs(2, kind="delta")],
      _of("data_freshness", [{"kept_rows": 1}], system="vfs"), _findings(("active_vfs_inactive_hrm", "v1")))
_case("rejected-row", "a delta that removes the row can be read",
      [hrm(0, *_LEFT), vfs(0, *_IN_USE), vfs(1, kind="delta", unreadable=(_KEPT_POST,)),
       vfs(2, removed(post("v1", "A")), kind="delta")],
      _of("data_freshness", [{"kept_rows": 0}], system="vfs"), _findings())

# Guards. `people(n)` at work, one position each, with accounts, positions and an access.


def staff(numbers: range, ends: Mapping[int, int | None] | None = None, prefix: str = "h") -> list[Told]:
    """HRM rows of so many employees with one position each; `ends`: of some, by number."""
    return [row for n in numbers for row in (employee(f"{n}"), job(f"{prefix}{n}", f"{n}", end=(ends or {}).get(n)))]


def accounts(numbers: range, login: bool | None = None, with_access: bool = True) -> list[Told]:
    """VFS rows of so many persons with one position and one access each."""
    return [row for n in numbers for row in (
        person(f"P{n}", f"{n}", login=login), post(f"v{n}", f"P{n}"), *([access(f"P{n}")] if with_access else []))]


def _current(system: str, number: int | None, withheld: int = 0) -> Expected:
    return _of("data_freshness", [{"current_extract_date": None if number is None else on(number),
     "withheld_extracts": withheld}],
               system=system)


def _guard(anchor: str, sentence: str, deliveries: list[Delivery], *, lets_in: bool, policy: Row = CONTRACT) -> None:
    """The last delivery is let in or not; those before are."""
    *_, before, last = deliveries
    dates = [(d.extract_date - MONDAY).days for d in (before, last)]
    expected = _current(last.system, dates[1] if lets_in else dates[0], 0 if lets_in else 1)
    _case(anchor, f"{sentence}: {'let in' if lets_in else 'withheld'}", deliveries, expected, policy=policy, as_of=dates[1])


_guard("guard-size", "a tenth fewer", [plain_hrm(0, *staff(range(210))), plain_hrm(1, *staff(range(189)))], lets_in=True)
_guard("guard-size", "more than a tenth and 22 fewer", [plain_hrm(0, *staff(range(210))),
       plain_hrm(1, *staff(range(188)))], lets_in=False)
_guard("guard-size", "more than a tenth, but 20 fewer", [plain_hrm(0, *staff(range(150))),
       plain_hrm(1, *staff(range(130)))], lets_in=True)
_guard("guard-size", "more than a tenth and 21 fewer", [plain_hrm(0, *staff(range(150))),
       plain_hrm(1, *staff(range(129)))], lets_in=False)
_guard("guard-size", "half of a handful", [plain_vfs(0, *accounts(range(18))), plain_vfs(1, *accounts(range(9)))], lets_in=True)
_guard("guard-size", "more than half of a handful", [plain_vfs(0, *accounts(range(18))),
       plain_vfs(1, *accounts(range(8)))], lets_in=False)
_guard("guard-size", "eighteen persons to one", [plain_vfs(0, *accounts(range(18))), plain_vfs(1, *accounts(range(1)))],
       lets_in=False)
_guard("guard-size", "every login switched off", [plain_vfs(0, *accounts(range(6))),
       plain_vfs(1, *accounts(range(6), login=False))], lets_in=False)
_guard("guard-size", "accesses fewer by more than half",
       [plain_vfs(0, *accounts(range(9))),
        plain_vfs(1, *accounts(range(9), with_access=False), access("P1"), access("P2"))], lets_in=False)
_guard("guard-size", "active positions fewer by more than half, all still delivered",
       [plain_hrm(0, *staff(range(5))), plain_hrm(1, *staff(range(5), {0: 0, 1: 0, 2: 0}))], lets_in=False)
_guard("guard-size", "twice as many and more than 100 more", [plain_hrm(0, *staff(range(101))),
       plain_hrm(1, *staff(range(202)))], lets_in=True)
_guard("guard-size", "more than twice as many and more than 100 more",
       [plain_hrm(0, *staff(range(101))), plain_hrm(1, *staff(range(203)))], lets_in=False)
_guard("guard-size", "thrice as many, but 100 more", [plain_hrm(0, *staff(range(50))), plain_hrm(1, *staff(range(150)))],
       lets_in=True)
_guard("guard-size", "nine in a hundred a day, for two days",
       [plain_hrm(n, *staff(range(size))) for n, size in enumerate((300, 273, 248))], lets_in=False)
_guard("guard-size", "nine in a hundred, thirty days apart from the largest",
       [plain_hrm(n, *staff(range(size))) for n, size in ((0, 300), (1, 273), (31, 248))], lets_in=True)
_guard("guard-size", "nine in a hundred, thirty days after the largest",
       [plain_hrm(n, *staff(range(size))) for n, size in ((0, 300), (1, 273), (30, 248))], lets_in=False)
_guard("guard-size", "where no extract lies in the thirty days before, the one before is the reference",
       [plain_hrm(0, *staff(range(300))), plain_hrm(40, *staff(range(200)))], lets_in=False)
_case("guard-size", "the reference goes back to the latest that a decision let in, and no further",
      [plain_hrm(n, *staff(range(size))) for n, size in enumerate((300, 200, 190))], _current("hrm", 2), policy=CONTRACT,
      accepts={("hrm", 1)})
_case("guard-size", "a decision for an extract that passes by itself sets no new reference",
      [plain_hrm(n, *staff(range(size))) for n, size in enumerate((300, 273, 248))], _current("hrm", 1, 1), policy=CONTRACT,
      accepts={("hrm", 1)})
_case("quarantined", "without a decision the following extracts are held against the old reference",
      [plain_hrm(n, *staff(range(size))) for n, size in enumerate((300, 200, 190))], _current("hrm", 0, 2), policy=CONTRACT)

_guard("quarantined", "a full extract without accesses, once there were any",
       [plain_vfs(0, *accounts(range(3))), plain_vfs(1, *accounts(range(3), with_access=False))], lets_in=False, policy=LENIENT)
_case("quarantined", "a full extract without accesses, where there never were any: let in",
      [plain_vfs(0, *accounts(range(3), with_access=False))], _current("vfs", 0), policy=CONTRACT)
_case("quarantined", "a full extract without persons: withheld, the first one too",
      [plain_vfs(0, post("v1", "A"))], _current("vfs", None, 1), policy=LENIENT)
_guard("quarantined", "a delta may leave nothing", [plain_vfs(0, person("A"), post("v1", "A")),
       plain_vfs(1, removed(post("v1", "A")), kind="delta")], lets_in=True, policy=LENIENT)

_guard("guard-keys", "more than half of the position ids are new",
       [plain_hrm(0, *staff(range(5))), plain_hrm(1, *staff(range(2)), *staff(range(2, 5), prefix="x"))], lets_in=False)
_guard("guard-keys", "half of the position ids are new",
       [plain_hrm(0, *staff(range(4))), plain_hrm(1, *staff(range(2)), *staff(range(2, 4), prefix="x"))], lets_in=True)
_guard("guard-keys", "every employee renumbered",
       [plain_hrm(0, *staff(range(200))), plain_hrm(1, *staff(range(1000, 1200)))], lets_in=False)
_guard("guard-keys", "more than a tenth and 21 of the ids are new",
       [plain_vfs(0, *accounts(range(100))), plain_vfs(1, *accounts(range(21, 121)))], lets_in=False)
_guard("guard-keys", "20 of the ids are new", [plain_vfs(0, *accounts(range(100))),
       plain_vfs(1, *accounts(range(20, 120)))], lets_in=True)

_ENDED = dict.fromkeys(range(9), -20)
_guard("guard-end-dates", "five of nine that had ended are active again",
       [plain_hrm(0, *staff(range(30), _ENDED)), plain_hrm(1, *staff(range(30), dict.fromkeys(range(5, 9), -20)))], lets_in=False)
_guard("guard-end-dates", "four of seven that had ended are active again",
       [plain_hrm(0, *staff(range(30), dict.fromkeys(range(7), -20))),
        plain_hrm(1, *staff(range(30), dict.fromkeys(range(4, 7), -20)))], lets_in=True)
_guard("guard-end-dates", "five of ten that had ended are active again",
       [plain_hrm(0, *staff(range(30), dict.fromkeys(range(10), -20))),
        plain_hrm(1, *staff(range(30), dict.fromkeys(range(5, 10), -20)))], lets_in=True)
_guard("guard-end-dates", "five that stopped a year ago are active again",
       [plain_hrm(0, *staff(range(30), dict.fromkeys(range(5), -365))), plain_hrm(1, *staff(range(30)))], lets_in=False)
_guard("guard-end-dates", "five that stopped longer than a year ago are active again",
       [plain_hrm(0, *staff(range(30), dict.fromkeys(range(5), -366))), plain_hrm(1, *staff(range(30)))], lets_in=True)
_guard("guard-end-dates", "an old extract dated today: five who were gone are back",
       [plain_hrm(0, *staff(range(30))), plain_hrm(1, *staff(range(25))), plain_hrm(2, *staff(range(30)))], lets_in=False)
_guard("guard-end-dates", "five that were to end later have other dates, and were never stopped",
       [plain_hrm(0, *staff(range(30), dict.fromkeys(range(5), 20))),
        plain_hrm(1, *staff(range(30), dict.fromkeys(range(5), 40)))], lets_in=True)
_guard("guard-end-dates", "more than a tenth and 21 of many that had ended are active again",
       [plain_hrm(0, *staff(range(200), dict.fromkeys(range(90), -20))),
        plain_hrm(1, *staff(range(200), dict.fromkeys(range(21, 90), -20)))],
       lets_in=False)
_guard("guard-end-dates", "20 of many that had ended are active again",
       [plain_hrm(0, *staff(range(200), dict.fromkeys(range(90), -20))),
        plain_hrm(1, *staff(range(200), dict.fromkeys(range(20, 90), -20)))],
       lets_in=True)
_guard("guard-end-dates", "20 of 39 dates yet to come are lost",
       [plain_hrm(0, *staff(range(60), dict.fromkeys(range(39), 20))),
        plain_hrm(1, *staff(range(60), dict.fromkeys(range(20, 39), 20)))], lets_in=False)
_guard("guard-end-dates", "20 of 40 dates yet to come are lost",
       [plain_hrm(0, *staff(range(60), dict.fromkeys(range(40), 20))),
        plain_hrm(1, *staff(range(60), dict.fromkeys(range(20, 40), 20)))], lets_in=True)
_guard("guard-end-dates", "19 of 19 dates yet to come are lost",
       [plain_hrm(0, *staff(range(60), dict.fromkeys(range(19), 20))), plain_hrm(1, *staff(range(60)))], lets_in=True)
_guard("guard-end-dates", "25 dates that had passed long ago are lost: they were not yet to come",
       [plain_hrm(0, *staff(range(60), dict.fromkeys(range(25), -400))), plain_hrm(1, *staff(range(60)))], lets_in=True)
_guard("guard-end-dates", "five that were gone before they started, and have started now, are not active again",
       [plain_hrm(0, *staff(range(30)), *(job(f"x{n}", f"{n}", start=20) for n in range(5))), plain_hrm(1, *staff(range(30))),
        plain_hrm(2, *staff(range(30)), *(job(f"x{n}", f"{n}", start=2) for n in range(5)))], lets_in=True)
_guard("guard-end-dates", "end dates of VFS are not guarded",
       [plain_vfs(0, *accounts(range(20)), *(post(f"x{n}", f"P{n}", end=-20) for n in range(6))),
        plain_vfs(1, *accounts(range(20)), *(post(f"x{n}", f"P{n}") for n in range(6)))], lets_in=True)

_guard("guard-owners", "five of nine positions belong to nobody",
       [plain_hrm(0, *staff(range(9))), plain_hrm(1, *staff(range(4)), *(job(f"h{n}", f"0{n}") for n in range(4, 9)),
                                      *(employee(f"{n}") for n in range(4, 9)))], lets_in=False)
_guard("guard-owners", "four of seven positions belong to nobody",
       [plain_hrm(0, *staff(range(7))), plain_hrm(1, *staff(range(3)), *(job(f"h{n}", f"0{n}") for n in range(3, 7)),
                                      *(employee(f"{n}") for n in range(3, 7)))], lets_in=True)
_guard("guard-owners", "21 of 200 positions belong to nobody",
       [plain_vfs(0, *accounts(range(200))),
        plain_vfs(1, *accounts(range(200)), *(post(f"x{n}", f"Q{n}") for n in range(23)))], lets_in=False)
_guard("guard-owners", "20 of 120 positions belong to nobody",
       [plain_vfs(0, *accounts(range(100))),
        plain_vfs(1, *accounts(range(100)), *(post(f"x{n}", f"Q{n}") for n in range(20)))], lets_in=True)
_case("guard-owners", "the first extract is guarded as well: withheld",
      [plain_hrm(0, *(employee(f"{n}") for n in range(60)), *(job(f"h{n}", f"00{n}") for n in range(60)))], _current("hrm", None,
       1),
      policy=CONTRACT)

_AUGUST = (date(2025, 8, 1) - MONDAY).days
_guard("seasons", "from 31 July to 20 August two fifths may end",
       [plain_hrm(_AUGUST - 2, *staff(range(200))), plain_hrm(_AUGUST - 1, *staff(range(120)))], lets_in=True)
_guard("seasons", "more than two fifths may not",
       [plain_hrm(_AUGUST - 2, *staff(range(200))), plain_hrm(_AUGUST - 1, *staff(range(119)))], lets_in=False)
_guard("seasons", "on 20 August the season holds", [plain_hrm(_AUGUST, *staff(range(200))),
       plain_hrm(_AUGUST + 19, *staff(range(150)))], lets_in=True)
_guard("seasons", "on 21 August it does not", [plain_hrm(_AUGUST, *staff(range(200))),
       plain_hrm(_AUGUST + 20, *staff(range(150)))], lets_in=False)

_case("mistyped-year", "an extract of 60 days before the oldest is taken in",
      [plain_hrm(0, *staff(range(3))), plain_vfs(-61, *accounts(range(3))), plain_hrm(-60, *staff(range(2)))],
      _of("findings", [{"subject_id": "v2", "first_seen_on": on(-60), "resolved_on": on(0)}]), policy=LENIENT)
_case("mistyped-year", "an extract of 61 days before the oldest changes nothing",
      [plain_hrm(0, *staff(range(3))), plain_vfs(-61, *accounts(range(3))), plain_hrm(-61, *staff(range(2)))],
       _of("findings", []), policy=LENIENT)
_case("mistyped-year", "a history that arrives oldest first may be as long as it likes",
      [plain_hrm(-400, *staff(range(2))), plain_vfs(-400, *accounts(range(3))), plain_hrm(0, *staff(range(3)))],
      _of("findings", [{"subject_id": "v2", "first_seen_on": on(-400), "resolved_on": on(0)}]), policy=LENIENT)

_WITHHELD = [plain_hrm(0, *staff(range(3))), plain_hrm(1, employee("1"))]
_case("quarantined", "while an extract newer than the current one is withheld, the system is withheld, not fresh",
      _WITHHELD, _of("data_freshness", [{"status": "withheld", "withheld_extracts": 1, "age_days": 1}], system="hrm"))
_case("quarantined", "withheld comes before stale", _WITHHELD,
      _of("data_freshness", [{"status": "withheld", "age_days": 9}], system="hrm"), as_of=9)
_case("quarantined", "missing comes before withheld", [plain_hrm(1, employee("1"))],
      _of("data_freshness", [{"status": "missing", "withheld_extracts": 1}], system="hrm"))
_case("quarantined", "what is withheld and older than the current one makes nobody withheld",
      [*_WITHHELD, plain_hrm(2, *staff(range(3)))], _of("data_freshness", [{"status": "fresh", "withheld_extracts": 0}],
       system="hrm"))
_case("quarantined", "a decision lets it in",
      _WITHHELD, _of("data_freshness", [{"status": "fresh", "current_extract_date": on(1)}], system="hrm"), accepts={("hrm", 1)})

_case("mart-data-freshness", "unchanged_since is the first of the unbroken run of extracts with the same content",
      [plain_hrm(0, *staff(range(2))), plain_hrm(1, *staff(range(3))), plain_hrm(2, *staff(range(2))),
       plain_hrm(3, *staff(range(2))),
       plain_hrm(5, *staff(range(2)))],
      _of("data_freshness", [{"unchanged_since": on(2)}], system="hrm"))
_case("mart-data-freshness", "one extract alone is unchanged since its own day, none at all since never",
      [plain_hrm(4, *staff(range(2)))],
      _of("data_freshness", [{"system": "hrm", "unchanged_since": on(4)}, {"system": "vfs", "unchanged_since": None}]))
_case("mart-data-freshness", "what is withheld does not break the run",
      [plain_hrm(0, *staff(range(2))), plain_hrm(1, employee("1")), plain_hrm(2, *staff(range(2)))],
      _of("data_freshness", [{"unchanged_since": on(0)}], system="hrm"))
_case("mart-data-freshness", "rows that are kept leave the content as it was",
      [plain_hrm(0, *staff(range(2))), plain_hrm(1, *staff(range(1)), employee("1"),
       unreadable=(Unreadable("positions", {"position_id": "h1"}),))],
      _of("data_freshness", [{"unchanged_since": on(0), "kept_rows": 1}], system="hrm"))
