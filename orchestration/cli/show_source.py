"""Prints the results of `sluttdato check-source` and `sluttdato propose`."""

from pathlib import Path

import yaml
from rich.console import Console
from rich.table import Table

from ingest.inspection import Seen
from ingest.national_ids import redact
from ingest.sources.propose import Proposal


def show_seen(seen: Seen, out: Console) -> None:
    """Tables, the share of filled cells by column, what is not assessable, and advice."""
    for table in seen.tables:
        out.print(f"[b]{table.name}[/], {table.rows} rows seen")
        shown = Table(box=None, show_header=False, padding=(0, 2, 0, 0))
        for column, percent in table.filled.items():
            shown.add_row(f"  {column}", f"{'■' * (percent // 10)}{'·' * (10 - percent // 10)}", f"{percent} %")
        out.print(shown)
        if table.extra_columns:
            out.print(f"  ignored: {', '.join(table.extra_columns)}", markup=False, soft_wrap=True)
    if seen.not_delivered:
        out.print(f"\nNot delivered: {', '.join(seen.not_delivered)}", soft_wrap=True)
    if seen.not_assessable:
        out.print(f"\nNot assessable from this source: {', '.join(seen.not_assessable)}", soft_wrap=True)
    elif seen.system == "vfs":
        out.print("\nEverything is assessable from this source.")
    for line in seen.advice:
        out.print(f"→ {line}", markup=False, soft_wrap=True)


def show_proposal(proposal: Proposal, file: Path, out: Console) -> None:
    """The settings as YAML to paste, then as comments what a person has to decide."""
    settings = yaml.safe_dump({"sources": {proposal.system: [proposal.settings]}}, allow_unicode=True, sort_keys=False)
    out.print(f"# {redact(file.name)}: {proposal.rows} rows. Paste this into sluttdato.yaml, and correct it.", markup=False,
              soft_wrap=True)
    out.print(settings.rstrip(), markup=False, soft_wrap=True)
    if proposal.is_guessed:
        other = "vfs" if proposal.system == "hrm" else "hrm"
        out.print(f"# guessed by its headings: a file of {proposal.system}. If it is of {other}: --system {other}", markup=False,
                  soft_wrap=True)
    for question in proposal.questions:
        out.print(f"# ? {question}", markup=False, soft_wrap=True)
    if proposal.unused:
        out.print(f"# not used: {', '.join(proposal.unused)}", markup=False, soft_wrap=True)
