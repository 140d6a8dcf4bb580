"""The text of a message: one digest in bokmål for one recipient, with no more about people than `identify_by` allows.

Does not belong here: which events are due (`due`), words for what is wrong with the data (`data_problems`), labels for codes
(`labels`).
"""

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

from dbt_project import codes
from publish import data_problems, labels
from publish.alerts.due import Event, Item
from publish.alerts.items import State, days_since, removed_rows
from publish.alerts.recipients import Alerts, Recipient
from publish.data_problems import counted
from publish.labels import norwegian
from publish.schools import file_stem

Severity = Literal["info", "warning", "failure"]
_BEGINNINGS: dict[Severity, str] = {"info": "", "warning": "Advarsel – ", "failure": "Feil – "}  # of titles
# The kinds of problems because of which something was not done, or the lists stand still.
_FAILURES = frozenset({"run_failed", "source_down", "extract_stale", "lists_outdated"})
_MOST_GONE = 20
_MOST_URGENT = 3  # single cases that are named where the others are counted by unit
_LAST = 9  # the priority of a case without one
_WHOM_TO_ASK = ("not_sent", "sent_not_applied")  # causes whose meaning says whom to ask (contract#transfer-case)


@dataclass(frozen=True)
class Message:
    """Title and body of a message. `still_open` counts the recipient's open cases that are not new in it."""

    title: str
    body: str
    still_open: int
    severity: Severity = "info"


def compose(
    alerts: Alerts, recipient: Recipient, state: State, events: list[Event], is_uncertain: Callable[[Event], bool]
) -> Message:
    """The digest of these events. `is_uncertain`: whether an event may have been sent before."""
    cases = [e for e in events if not e.item.is_problem]
    problems = [e for e in events if e.item.is_problem]
    resolved = [e for e in cases if e.kind == "resolved"]
    contradicted = [e for e in cases if e.kind == "contradicted"]
    resolved_keys, told_keys = {e.item.key for e in resolved}, {e.item.key for e in contradicted}
    opened = [e for e in cases if e.kind == "opened" and e.item.key not in resolved_keys]
    new = [e for e in opened if e.item.key not in told_keys]
    open_now = [i for i in state.items if not i.is_problem and i.status == "open"
                and recipient.concerns(i.finding_type, i.org_number)]
    opened_keys = {e.item.key for e in opened}
    still_open = sum(i.key not in opened_keys for i in open_now)
    emptied = [e for e in problems if e.item.finding_type == "units_emptied"]
    grouped = {e.item.key: _cases_of(e.item, new) for e in emptied}
    in_a_group = {e.item.key for of_unit in grouped.values() for e in of_unit}
    wrong = [e for e in problems if e.kind != "resolved" and e.item.finding_type != "units_emptied"]
    over = [e for e in problems if e.kind == "resolved"]
    has_cases = state.cases_are_known and recipient.findings

    def maybe(event: Event) -> str:
        return " (kan være sendt før)" if is_uncertain(event) else ""

    def of_cases(heading: str, kind: str, note: Callable[[Event], str] = lambda _: "") -> list[str]:
        shown = _in_order(e for e in cases if e.kind == kind)
        named = [f"- {_case(recipient, e.item, state.as_of)}{note(e)}{maybe(e)}" for e in shown[:alerts.newest]]
        return [f"{heading} ({len(shown)})", *named, *_rest(len(shown) - len(named))] if shown else []

    sections = [
        [_headline(recipient, state.headline)] if has_cases and state.headline else [],
        _wrong(recipient, wrong, maybe),
        [f"Problemer som er over ({len(over)})", *(f"- {_problem_name(e.item)}" for e in over)] if over else [],
        [f"Enheter uten stillinger igjen ({len(emptied)})", *(
            _emptied_unit(recipient, e.item, len(grouped[e.item.key])) + maybe(e) for e in emptied)] if emptied else [],
        of_cases("Meldt gjort, men VFS viser dem fortsatt", "contradicted",
                 lambda e: f". Meldt gjort {norwegian(e.item.contradicted_on)}, men VFS viser den fortsatt"),
        _new(alerts, recipient, state, [e for e in new if e.item.key not in in_a_group], maybe),
        of_cases("Saker som er blitt noe annet", "changed"),
        of_cases("Saker som har stått lenge", "escalated", lambda e: f", over {e.step} dager"),
        of_cases("Unntatt", "excepted"),
        _resolved(alerts, recipient, state, resolved),
    ]
    if has_cases:
        sections.append([f"Åpne saker i alt: {len(open_now)}", *(f"- {name}: {count}" for name, count in _counts(open_now))])
        if unknown := [n for n in state.not_assessable if recipient.finding_types is None or n in recipient.finding_types]:
            sections.append(["Kan ikke vurderes nå: " + "; ".join(labels.NOT_ASSESSABLE[n] for n in unknown)])
    if alerts.report_url and recipient.findings:
        sections.append([f"Listen med hva du skal gjøre: {alerts.report_url.rstrip('/')}/{_page(recipient)}"])

    kinds = Counter(e.kind for e in cases)
    news = [
        (len(wrong), "problem med dataene", "problemer med dataene"), (len(over), "problem er over", "problemer er over"),
        (len(emptied), "enhet uten stillinger", "enheter uten stillinger"),
        (len(contradicted), "meldt gjort som VFS fortsatt viser", "meldt gjort som VFS fortsatt viser"),
        (len(new), "ny sak", "nye saker"), (kinds["changed"], "blitt noe annet", "blitt noe annet"),
        (kinds["escalated"], "har stått lenge", "har stått lenge"), (kinds["excepted"], "unntatt", "unntatt"),
        (len(resolved), "løst", "løst")]
    parts = [counted(*words) for words in news if words[0]] or ["ingenting nytt"]
    if has_cases:
        parts.append(counted(len(open_now), "åpen", "åpne") if open_now else "ingen åpne")
    severity = _severity(events)
    return Message(f"{_BEGINNINGS[severity]}Sluttdato {norwegian(state.as_of)}: {', '.join(parts)}",
                   "\n\n".join("\n".join(lines) for lines in sections if lines), still_open, severity)


# --- how grave ---------------------------------------------------------------------------------------------------------


def _severity(events: list[Event]) -> Severity:
    """That of the gravest event."""
    found = {_severity_of(e) for e in events}
    return "failure" if "failure" in found else "warning" if "warning" in found else "info"


def _severity_of(event: Event) -> Severity:
    item, details = event.item, event.item.details or {}
    if event.kind == "resolved":
        return "info"
    if item.is_problem:
        is_failure = (item.finding_type in _FAILURES or details.get("is_error") or details.get("is_withheld"))
        return "failure" if is_failure else "warning"
    is_grave = event.kind in ("opened", "changed") and codes.FINDING_TYPES[item.finding_type].severity == "high"
    return "warning" if is_grave or event.kind == "contradicted" else "info"


# --- cases -------------------------------------------------------------------------------------------------------------


def _headline(recipient: Recipient, headline: str) -> str:
    """The one figure; it counts the whole kommune, which is said to whoever has a part of it."""
    is_part = recipient.org_numbers is not None or recipient.finding_types is not None
    return f"I hele kommunen: {headline}" if is_part else headline


def _page(recipient: Recipient) -> str:
    """The page of the report to link to: the school's own for a recipient of one school."""
    if recipient.org_numbers and len(recipient.org_numbers) == 1:
        return f"skoler/{file_stem(recipient.org_numbers[0])}/index.html"
    return "saker.html"


def _details(item: Item) -> dict[str, Any]:
    return dict(item.details or {})


def _unit(item: Item) -> str:
    return _details(item).get("org_name") or item.org_number or ""


def _priority(item: Item) -> int:
    return _details(item).get("priority") or _LAST


def _in_order(events: Iterable[Event]) -> list[Event]:
    """The most urgent first, then by unit and name; of those that are alike, the newest."""
    def order(event: Event) -> tuple[Any, ...]:
        item, details = event.item, _details(event.item)
        name = (details.get("family_name") or "", details.get("given_name") or "", details.get("employee_number") or "")
        return _priority(item), _unit(item), name, -item.since.toordinal(), item.key

    return sorted(events, key=order)


def _rest(count: int) -> list[str]:
    return [f"- og {count} til, se listen"] if count > 0 else []


def _new(alerts: Alerts, recipient: Recipient, state: State, new: list[Event], maybe: Callable[[Event], str]) -> list[str]:
    """The new cases one by one; where they are more than is named, by unit, with the most urgent ones."""
    if not new:
        return []
    in_order = _in_order(new)
    units: dict[str, list[Item]] = {}
    for event in in_order:
        units.setdefault(_unit(event.item) or "Uten enhet", []).append(event.item)
    by_unit = len(new) > alerts.newest and len(units) > 1
    named = in_order[:min(_MOST_URGENT, alerts.newest) if by_unit else alerts.newest]
    lines = [f"- {_case(recipient, e.item, state.as_of)}{maybe(e)}" for e in named]
    if not by_unit:
        return [f"Nye saker ({len(new)})", *lines, *_rest(len(new) - len(named))]
    most_urgent_first = sorted(units.items(), key=lambda unit: (_by_priority(unit[1]), unit[0]))
    shown, others = most_urgent_first[:alerts.newest], most_urgent_first[alerts.newest:]
    more = sum(len(of_unit) for _, of_unit in others)
    return [f"Nye saker ({len(new)}), de enhetene som haster mest først",
            *(f"- {name}: {counted(len(of_unit), 'ny', 'nye')}{_can_get_in(of_unit)}" for name, of_unit in shown),
            *([f"- og {counted(more, 'ny', 'nye')} ved {counted(len(others), 'enhet til', 'enheter til')}"] if others else []),
            *(["De som haster mest:", *lines, *_rest(len(new) - len(named))] if named else [])]


def _by_priority(items: list[Item]) -> tuple[int, ...]:
    """How many there are of each priority; the more of an urgent one, the earlier in order."""
    counts = Counter(_priority(i) for i in items)
    return tuple(-counts[priority] for priority in range(1, _LAST + 1))


def _can_get_in(items: list[Item]) -> str:
    count = sum(bool(_details(i).get("has_left_with_access")) for i in items)
    return f", {count} av dem kan logge inn uten å være {'aktiv' if count == 1 else 'aktive'} i HRM" if count else ""


def _resolved(alerts: Alerts, recipient: Recipient, state: State, resolved: list[Event]) -> list[str]:
    """How many cases are resolved, and the first of them, with «det virket» where somebody said that it was done."""
    known = {e.item.key: _details(e.item) or state.resolved_case(e.item.key) for e in resolved}

    def place(event: Event) -> tuple[str, str, str]:
        row = known[event.item.key]
        return row.get("org_name") or "", row.get("family_name") or "", event.item.key[1]

    shown = sorted(resolved, key=place)[:alerts.newest]
    lines = []
    for event in shown:
        row = known[event.item.key]
        lines.append(f"- {', '.join(_who(recipient, event.item, row))}. Sak {event.item.case_number}"
                     + (": Det virket" if row.get("done_on") else ""))
    return [f"Løst siden sist: {len(resolved)}", *lines, *_rest(len(resolved) - len(lines))] if resolved else []


def _counts(items: list[Item]) -> list[tuple[str, int]]:
    counts = Counter(i.finding_type for i in items)
    return [(label, counts[code]) for code, label in labels.FINDING_TYPES.items() if counts[code]]


def _who(recipient: Recipient, item: Item, details: dict[str, Any]) -> list[str]:
    """Type, org unit, and person as `identify_by` allows."""
    place = details.get("org_name") or item.org_number
    parts = [labels.FINDING_TYPES[item.finding_type], place if place != labels.NO_UNIT else None]
    if recipient.identify_by == "name":
        parts.append(" ".join(filter(None, [details.get("given_name"), details.get("family_name")])))
    if recipient.identify_by != "none" and (number := details.get("employee_number")):
        parts.append(f"ansatt {number}")
    return [part for part in parts if part]


def _case(recipient: Recipient, item: Item, as_of: date) -> str:
    """One case in a line: type, org unit, person, since when, case number, and whom to ask."""
    details = _details(item)
    days = days_since(item, as_of)
    since = f"siden {norwegian(item.since)}" + (f" ({days} dager)" if days > 1 else "")
    line = f"{', '.join([*_who(recipient, item, details), since])}. Sak {item.case_number}"
    return f"{line}. {labels.CAUSES[details['cause']]}" if details.get("cause") in _WHOM_TO_ASK else line


# --- problems ----------------------------------------------------------------------------------------------------------


def _cases_of(unit: Item, new: list[Event]) -> list[Event]:
    """The new cases that come of an emptied unit: at that unit, first seen on that day."""
    return [e for e in new if e.item.org_number == unit.org_number
            and (e.item.details or {}).get("first_seen_on", e.item.since) == unit.since]


def _emptied_unit(recipient: Recipient, item: Item, cases: int) -> str:
    """An emptied unit in a line, with the number of new cases that are counted here and not listed one by one."""
    details = _details(item)
    line = (f"- Enhet {details['org_name']} ({item.org_number}): "
            f"{counted(details['active_positions_before'], 'stilling', 'stillinger')} borte "
            f"fra {labels.SYSTEMS[details['system']]} {norwegian(item.since)}. Er enheten lagt ned, eller mangler en del av "
            "uttrekket?")
    if recipient.findings and cases:
        line += f" {counted(cases, 'ny sak', 'nye saker')}, se listen."
    return line


def _wrong(recipient: Recipient, wrong: list[Event], maybe: Callable[[Event], str]) -> list[str]:
    """The problems, those of single rows last."""
    if not wrong:
        return []
    rows = [e for e in wrong if e.item.finding_type == "unexpected_rows"]
    others = [e for e in wrong if e.item.finding_type != "unexpected_rows"]
    lines = [line for e in others for line in _problem(recipient, e.item, maybe(e))]
    lines += [f"- {data_problems.unexpected_rows(e.item.key[1], _details(e.item).get('count'))}{maybe(e)}" for e in rows]
    return [f"Problemer med dataene ({len(wrong)})", *lines, *(
        ["  Hvilke rader det er, ser datateamet i Dagster."] if rows else [])]


def _problem_name(item: Item) -> str:
    kind, about = item.key
    if kind == "check_failed":
        return data_problems.check_label(about)
    if kind == "run_failed":
        return data_problems.run_label(about)
    if kind == "unexpected_rows":
        return data_problems.unexpected_rows(about)
    system, _, day = about.partition(":")
    when = f" {norwegian(date.fromisoformat(day))}" if day else ""
    return f"{labels.SYSTEMS[system]}{when}: {labels.capital(data_problems.PROBLEMS[kind])}"


def _problem(recipient: Recipient, item: Item, maybe: str) -> list[str]:
    details = _details(item)
    says = _says(recipient, item, details) if details else ""
    lines = [f"- {_problem_name(item)}{f'. {labels.capital(says)}' if says else ''}{maybe}"]
    if (keys := details.get("keys")) and recipient.identify_by != "none":
        lines.append(f"  Gjelder: {data_problems.keys_in_norwegian(keys)}")
    if diff := details.get("diff"):
        counts, owners = removed_rows(diff)
        if counts:
            lines.append("  Ville ha fjernet: " + ", ".join(data_problems.rows_of(t, n) for t, n in counts.items()))
        if owners and recipient.identify_by != "none":
            shown = ", ".join(owners[:_MOST_GONE])
            lines.append(f"  Gjelder: {shown}" + (f" og {len(owners) - _MOST_GONE} til" if len(owners) > _MOST_GONE else ""))
        lines.append(f"  Hele listen: «quarantined/{diff.parent.name}/{diff.name}». Er det riktig likevel: "
                     f"«sluttdato accept {details['system']} {details['day']} --reason … --by …»")
    return lines


def _says(recipient: Recipient, item: Item, details: dict[str, Any]) -> str:
    """What a problem means, and who does what."""
    kind = item.finding_type
    if kind == "check_failed":
        return data_problems.check_says(item.key[1], details["figures"])
    if kind == "run_failed":
        return data_problems.run_says(**details)
    if kind == "source_down":
        return data_problems.source_down_says()
    if kind == "extract_stale":
        return (f"det siste er av {norwegian(details['current'])}, {counted(details['age_days'], 'dag', 'dager')} gammelt"
                if details["current"] else "det er ikke levert noe") + (
            ". Listene kan mangle det som har skjedd etter det. Datateamet finner ut hvorfor det ikke er kommet et nytt.")
    if kind == "lists_outdated":
        return _outdated_lists(recipient, details)
    if kind == "extract_quarantined":
        says, next_step = data_problems.why_quarantined(details["facts"]), "slipper det inn eller ber om et nytt"
    else:
        says = data_problems.why_refused(details["facts"])
        next_step = "ser den tekniske teksten i Dagster eller med «sluttdato status», og ber om et nytt"
    return f"{says}.{_until_then(details)} Datateamet {next_step}."


def _until_then(details: dict[str, Any]) -> str:
    """What it means for the lists that an extract is withheld; nothing where a newer one is used."""
    if not details.get("is_withheld"):
        return ""
    return (f" Til det er avgjort, lages listene av uttrekket fra {norwegian(details['current'])}, og kan mangle det som har "
            "skjedd etter det." if details["current"] else " Til det er avgjort, er det ikke noe å lage lister av.")


def _outdated_lists(recipient: Recipient, details: dict[str, Any]) -> str:
    """What news that is withheld, too old or missing means for the lists that the recipient acts on."""
    current, withheld = details["current"], details["withheld"]
    text = (f"de er laget av uttrekket fra {norwegian(current)}, og kan mangle det som har skjedd etter det." if current
            else "det er ikke levert noe uttrekk som kan brukes.")
    if withheld:
        text += f" Det som ble levert for {data_problems.listed(map(norwegian, withheld))}, er holdt tilbake."
    stopping = sum(count for org, count in details["stopping"].items()
                   if recipient.org_numbers is None or org in recipient.org_numbers)
    if stopping:
        text += f" {counted(stopping, 'stilling', 'stillinger')} ville ha sluttet med det nyeste."
    who = ("Datateamet ser på det, og slipper det inn eller ber om et nytt." if withheld
           else "Datateamet finner ut hvorfor det ikke er kommet et nytt.")
    return f"{text} {who}" + (" Sakene som står i listene, kan du arbeide videre med." if current else "")
