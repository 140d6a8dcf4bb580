"""Prints a case for `sluttdato explain`, in Norwegian, for the sysadmin."""

from rich.console import Console

from publish import labels
from publish.explain import Case, Verdict
from publish.labels import norwegian


def show_case(case: Case, out: Console) -> None:
    """The person or position, the findings with reasons and remedies, and the history day by day."""
    out.print(f"[b]{case.subject}[/], per {norwegian(case.as_of_date)}")
    for line in case.who:
        out.print(f"  {line}", markup=False, soft_wrap=True)
    for verdict in case.verdicts:
        _show_verdict(verdict, out)
    if case.timeline:
        out.print("\n[b]Hva systemene har sagt, og når[/]")
        day = None
        for event in case.timeline:
            when = "" if event.day == day else norwegian(event.day)
            out.print(f"  {when:<10}  {event.system}  {event.text}", markup=False, soft_wrap=True)
            day = event.day
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
