"""The text of a message: one digest in bokmål for one recipient, with no more about people than `identify_by` allows.

Does not belong here: which events are due (`due`), labels for codes (`labels`).
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any

from publish import labels
from publish.alerts.due import Event, Item
from publish.alerts.items import State, days_since, removed_rows
from publish.alerts.recipients import Alerts, Recipient
from publish.labels import norwegian
from publish.schools import file_stem

_MOST_GONE = 20
_WHOM_TO_ASK = ("not_sent", "sent_not_applied")  # causes whose meaning says whom to ask (contract#transfer-case)


@dataclass(frozen=True)
class Message:
    """Title and body of a message. `still_open` counts the recipient's open cases that are not new in it."""

    title: str
    body: str
    still_open: int


def compose(
    alerts: Alerts, recipient: Recipient, state: State, events: list[Event], is_uncertain: Callable[[Event], bool]
) -> Message:
    """The digest of these events. `is_uncertain`: whether an event may have been sent before."""
    cases = [e for e in events if not e.item.is_problem]
    problems = [e for e in events if e.item.is_problem]
    resolved = {e.item.key for e in cases if e.kind == "resolved"}
    new = [e for e in cases if e.kind == "opened" and e.item.key not in resolved]
    mine = [i for i in state.items if not i.is_problem and recipient.concerns(i.finding_type, i.org_number)]
    new_keys = {e.item.key for e in new}
    open_now = [i for i in mine if i.status == "open"]
    still_open = sum(i.key not in new_keys for i in open_now)

    sections: list[list[str]] = []
    emptied = [e for e in problems if e.item.finding_type == "units_emptied"]
    grouped = {e.item.key: _cases_of(e.item, new) for e in emptied}
    in_a_group = {e.item.key for of_unit in grouped.values() for e in of_unit}
    wrong = [e for e in problems if e.kind != "resolved" and e not in emptied]
    if wrong:
        sections.append([f"Problemer med dataene ({len(wrong)})", *(
            line for e in wrong for line in _problem(recipient, e.item, is_uncertain(e)))])
    if over := [e for e in problems if e.kind == "resolved"]:
        sections.append([f"Problemer som er over ({len(over)})", *(f"- {_problem_name(e.item)}" for e in over)])

    if emptied:
        sections.append([f"Enheter uten stillinger igjen ({len(emptied)})", *(
            _emptied_unit(recipient, e.item, len(grouped[e.item.key]), is_uncertain(e)) for e in emptied)])

    def listed(heading: str, shown: list[Event], note: Callable[[Event], str]) -> None:
        if not shown:
            return
        newest = sorted(shown, key=lambda e: e.item.since, reverse=True)[:alerts.newest]
        lines = [f"- {_case(recipient, e.item, state.as_of)}{note(e)}" for e in newest]
        more = len(shown) - len(newest)
        sections.append([f"{heading} ({len(shown)})", *lines, *([f"- og {more} til, se listen"] if more else [])])

    def maybe(event: Event) -> str:
        return " (kan være sendt før)" if is_uncertain(event) else ""

    listed("Nye saker", [e for e in new if e.item.key not in in_a_group], maybe)
    listed("Saker som er blitt noe annet", [e for e in cases if e.kind == "changed"], maybe)
    listed("Saker som har stått lenge", [e for e in cases if e.kind == "escalated"],
           lambda e: f", over {e.step} dager{maybe(e)}")
    listed("Unntatt", [e for e in cases if e.kind == "excepted"], maybe)
    if resolved:
        sections.append([f"Løst siden sist: {len(resolved)}"])
    if state.cases_are_known and recipient.findings:
        sections.append([f"Åpne saker i alt: {len(open_now)}", *(f"- {name}: {count}" for name, count in _counts(open_now))])
        if unknown := [n for n in state.not_assessable if recipient.finding_types is None or n in recipient.finding_types]:
            sections.append(["Kan ikke vurderes nå: " + "; ".join(labels.NOT_ASSESSABLE[n] for n in unknown)])
    if alerts.report_url and recipient.findings:
        sections.append([f"Listen med hva du skal gjøre: {alerts.report_url.rstrip('/')}/{_page(recipient, open_now)}"])
    has_cases = state.cases_are_known and recipient.findings
    return Message(_title(state.as_of, len(new), len(wrong), len(emptied), len(resolved), len(open_now) if has_cases else None),
                   "\n\n".join("\n".join(lines) for lines in sections), still_open)


def _page(recipient: Recipient, open_now: list[Item]) -> str:
    """The page of the report to link to: the school's own for a recipient of one school, which exists while it has cases."""
    if recipient.org_numbers and len(recipient.org_numbers) == 1 and open_now:
        return f"skoler/{file_stem(recipient.org_numbers[0])}.html"
    return "saker.html"


def _title(as_of: date, new: int, wrong: int, emptied: int, resolved: int, open_now: int | None) -> str:
    parts = []
    if wrong:
        parts.append(f"{wrong} {'problem' if wrong == 1 else 'problemer'} med dataene")
    if emptied:
        parts.append(f"{emptied} {'enhet' if emptied == 1 else 'enheter'} uten stillinger")
    if new:
        parts.append(f"{new} {'ny sak' if new == 1 else 'nye saker'}")
    if resolved:
        parts.append(f"{resolved} løst")
    if open_now is not None:
        parts.append(f"{open_now} åpne")
    return f"Sluttdato {norwegian(as_of)}: {', '.join(parts) or 'ingenting nytt'}"


def _counts(items: list[Item]) -> list[tuple[str, int]]:
    counts = {t: sum(i.finding_type == t for i in items) for t in labels.FINDING_TYPES}
    return [(labels.FINDING_TYPES[t], count) for t, count in counts.items() if count]


def _case(recipient: Recipient, item: Item, as_of: date) -> str:
    """One case in a line: type, org unit, person (as `identify_by` allows), since when, case number, and whom to ask."""
    details: Any = item.details or {}
    parts = [labels.FINDING_TYPES[item.finding_type]]
    if where := details.get("org_name") or item.org_number:
        parts.append(where)
    if recipient.identify_by == "name" and (name := labels.full_name(details)):
        parts.append(name)
    if recipient.identify_by != "none" and (number := details.get("employee_number")):
        parts.append(f"ansatt {number}")
    days = days_since(item, as_of)
    parts.append(f"siden {norwegian(item.since)}" + (f" ({days} dager)" if days > 1 else ""))
    line = f"{', '.join(parts)}. Sak {item.case_number}"
    return f"{line}. {labels.CAUSES[details['cause']]}" if details.get("cause") in _WHOM_TO_ASK else line


def _cases_of(unit: Item, new: list[Event]) -> list[Event]:
    """The new cases that come of an emptied unit: at that unit, first seen on that day."""
    return [e for e in new if e.item.org_number == unit.org_number
            and (e.item.details or {}).get("first_seen_on", e.item.since) == unit.since]


def _emptied_unit(recipient: Recipient, item: Item, cases: int, is_uncertain: bool) -> str:
    """An emptied unit in a line, with the number of new cases that are counted here and not listed one by one."""
    details: Any = item.details or {}
    count = details["active_positions_before"]
    line = (f"- Enhet {details['org_name']} ({item.org_number}): {count} {'stilling' if count == 1 else 'stillinger'} borte "
            f"fra {labels.SYSTEMS[details['system']]} {norwegian(item.since)}. Er enheten lagt ned, eller mangler en del av "
            "uttrekket?")
    if recipient.findings and cases:
        line += f" {cases} {'ny sak' if cases == 1 else 'nye saker'}, se listen."
    return line + (" (kan være sendt før)" if is_uncertain else "")


def _outdated_lists(recipient: Recipient, item: Item) -> str:
    """What news that is withheld, too old or missing means for the lists that the recipient acts on."""
    details: Any = item.details or {}
    current, withheld = details["current"], details["withheld"]
    text = (f"de er laget av uttrekket fra {norwegian(current)}, og kan mangle det som har skjedd etter det." if current
            else f"{details['text'] or 'uttrekk mangler'}.")
    if withheld:
        text += f" Det som ble levert for {', '.join(map(norwegian, withheld))}, er holdt tilbake til datateamet har sett på det."
    stopping = sum(count for org, count in details["stopping"].items()
                   if recipient.org_numbers is None or org in recipient.org_numbers)
    if stopping:
        text += f" {stopping} {'stilling' if stopping == 1 else 'stillinger'} ville ha sluttet med det nyeste."
    return text


def _problem_name(item: Item) -> str:
    kind, about = item.key
    system, _, day = about.partition(":")
    name = labels.PROBLEMS[kind]
    if kind in ("check_failed", "run_failed"):
        return f"{name}: {about}"
    if kind == "unexpected_rows":
        return _unexpected_rows(about)
    return f"{labels.SYSTEMS[system]}{' ' + norwegian(date.fromisoformat(day)) if day else ''}: {name}"


def _unexpected_rows(about: str, count: int | None = None) -> str:
    """`about` is <system>_<table>/<expectation>/<column>."""
    place, expectation, column = about.split("/")
    system, _, table = place.partition("_")
    return f"{labels.SYSTEMS[system]}, {labels.TABLES[table]}: {labels.unexpected_rows(expectation, column, count)}"


def _problem(recipient: Recipient, item: Item, is_uncertain: bool) -> list[str]:
    details: Any = item.details or {}
    maybe = " (kan være sendt før)" if is_uncertain else ""
    if item.finding_type == "unexpected_rows":
        return [f"- {_unexpected_rows(item.key[1], details['count'])}{maybe}"]
    text = _outdated_lists(recipient, item) if item.finding_type == "lists_outdated" else details.get("text", "")
    lines = [f"- {_problem_name(item)}: {text}{maybe}"]
    if (keys := details.get("keys")) and recipient.identify_by != "none":
        lines.append(f"  Gjelder: {keys}")
    if diff := details.get("diff"):
        counts, owners = removed_rows(diff)
        if counts:
            lines.append("  Ville ha fjernet: " + ", ".join(f"{n} {labels.TABLES[t]}" for t, n in counts.items()))
        if owners and recipient.identify_by != "none":
            shown = ", ".join(owners[:_MOST_GONE])
            lines.append(f"  Gjelder: {shown}" + (f" og {len(owners) - _MOST_GONE} til" if len(owners) > _MOST_GONE else ""))
        lines.append(f"  Hele listen: {diff.parent.name}/{diff.name} under quarantined/. Er det riktig likevel: "
                     f"sluttdato accept {details['system']} {details['day']} --reason … --by …")
    return lines
