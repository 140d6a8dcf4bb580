"""How `sluttdato explain` draws a case. Its words are Norwegian: a sysadmin reads them."""

from rich.console import Console
from rich.padding import Padding
from rich.table import Table

from publish import labels
from publish.explain import Case, Verdict
from publish.labels import norwegian


def show_case(case: Case, out: Console) -> None:
    """Who it is, what is found and why, what to do, and the whole story day by day."""
    out.print(f"[b]{case.subject}[/], per {norwegian(case.as_of_date)}")
    for line in case.who:
        out.print(f"  {line}", markup=False, soft_wrap=True)
    for verdict in case.verdicts:
        _show_verdict(verdict, out)
    if case.timeline:
        out.print("\n[b]Hva systemene har sagt, og når[/]")
        table = Table(box=None, show_header=False, padding=(0, 2, 0, 0))
        day = None
        for event in case.timeline:
            table.add_row("" if event.day == day else norwegian(event.day), event.system, event.text)
            day = event.day
        out.print(Padding(table, (0, 0, 0, 2)))
    if case.past_findings:
        out.print("\n[b]Løst tidligere[/]")
        for f in case.past_findings:
            out.print(f"  {labels.FINDING_TYPES[f['finding_type']]} ({f['subject_id']}): {norwegian(f['first_seen_on'])} – "
                      f"{norwegian(f['last_seen_on'])}", markup=False, soft_wrap=True)


def _show_verdict(verdict: Verdict, out: Console) -> None:
    out.print(f"\n[b]{verdict.title}[/]", soft_wrap=True)
    for reason in verdict.reasons:
        out.print(f"  {reason}", markup=False, soft_wrap=True)
    if not verdict.findings:
        out.print("  [green]Ikke noe funn.[/]")
    for f in verdict.findings:
        since = norwegian(f["problem_since"])
        since = f"{since} eller tidligere" if f["is_age_lower_bound"] else since
        state = "" if f["status"] == "open" else f" ({labels.FINDING_STATUSES[f['status']]})"
        out.print(f"  [red]→ {labels.FINDING_TYPES[f['finding_type']]}[/]{state}, siden {since}", soft_wrap=True)
        if f.get("remedy"):
            out.print(f"  Gjør dette: {f['remedy']}", markup=False, soft_wrap=True)
