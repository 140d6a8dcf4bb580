"""What HRM holds in the words of `hrm_ws`: written from what the service's public clients read, independently of the adapter.

People at work, and people yet to start, are two answers. As real ones do, it tells some ends at the employment, leaves out
some codes and some starts (a position is then valid from its start), and pads its numbers with spaces.
"""

from collections.abc import Callable
from xml.sax.saxutils import escape, quoteattr

from demo.people import serial

Row = dict[str, str]
_EVERY_NTH_HAS_NO_CODE, _EVERY_NTH_HAS_NO_START = 11, 5


def at_work(hrm: dict[str, list[Row]], today: str) -> str:
    """People with a position that has begun and not ended, with all their positions."""
    return _document(hrm, lambda positions: any(_begun(p, today) and not _ended(p, today) for p in positions))


def yet_to_start(hrm: dict[str, list[Row]], today: str, first: str, last: str) -> str:
    """People who are not at work, and have a position that begins on a day of the interval."""
    return _document(hrm, lambda positions: not any(_begun(p, today) and not _ended(p, today) for p in positions)
                     and any(first <= p["start_date"] <= last for p in positions))


def _begun(position: Row, today: str) -> bool:
    return position["start_date"] <= today


def _ended(position: Row, today: str) -> bool:
    return bool(position["end_date"]) and position["end_date"] < today


def _document(hrm: dict[str, list[Row]], includes: Callable[[list[Row]], bool]) -> str:
    by_employee: dict[str, list[Row]] = {}
    for position in {p["position_id"]: p for p in hrm["positions"]}.values():
        by_employee.setdefault(position["employee_number"], []).append(position)
    people = [_person(n, e, positions) for n, e in enumerate(hrm["employees"])
              if includes(positions := by_employee.get(e["employee_number"], []))]
    return f'<?xml version="1.0" encoding="UTF-8"?><personsXML>{"".join(people)}</personsXML>'


def _person(n: int, person: Row, positions: list[Row]) -> str:
    ends = {p["end_date"] for p in positions}
    end = next(iter(ends)) if len(ends) == 1 and n % 2 else ""
    told = f"<startDate>{min(p['start_date'] for p in positions)}</startDate>" + (f"<endDate>{end}</endDate>" if end else "")
    elements = "".join(_position(i, p, end) for i, p in enumerate(positions))
    return (f"<person personIdHRM={quoteattr(person['employee_number'])}><givenName>{escape(person['given_name'])}</givenName>"
            f"<familyName>{escape(person['family_name'])}</familyName><ssn>{person['national_id']}</ssn>"
            f"<contactInfo><email>{escape(person['email'])}</email></contactInfo><employments><employment>"
            f"<company><companyId>1</companyId></company><employeeId>{person['employee_number']}  </employeeId>{told}"
            f"<positions>{elements}</positions></employment></employments></person>")


def _position(n: int, p: Row, told_end: str) -> str:
    number = serial(p["position_id"])
    end = f"<positionEndDate>{p['end_date']}</positionEndDate>" if p["end_date"] and p["end_date"] != told_end else ""
    start, valid_from = f"<positionStartDate>{p['start_date']}</positionStartDate>", "2000-01-01"
    if number % _EVERY_NTH_HAS_NO_START == 0:
        start, valid_from = "", p["start_date"]
    code = f"<positionCode positionId={quoteattr(p['position_id'])} positionCode='6559 ' name={quoteattr(p['position_title'])}/>"
    return (f"<position isPrimaryPosition='{str(n == 0).lower()}' validFromDate='{valid_from}'>"
            f"<positionPercentage>{float(p['percentage']):.1f}</positionPercentage>{start}{end}<positionInfo>"
            f"{code if number % _EVERY_NTH_HAS_NO_CODE else ''}<positionType value='FA'/></positionInfo><positionStatistics>"
            f"<businessNumber value='{p['org_number']}'/></positionStatistics></position>")
