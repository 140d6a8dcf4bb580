"""The command line: `sluttdato ...` (contract#commands): which commands there are, and how errors end them.

Exit status: 0 done; 1 failed; 2 wrong use or settings; 3 done, but an extract was newly refused or
quarantined, or a decision was not understood.
Results go to standard output, progress and errors to standard error.
"""

import sys

import typer

from orchestration.cli import backup, decisions, demo, evidence, health, looking, run, running
from orchestration.cli.console import err

app = typer.Typer(
    no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, rich_markup_mode="rich",
    help="Finds the people who left the HRM system but can still get into Visma Flyt Skole.\n\n"
         "Start with [b]sluttdato demo[/b]: a simulated municipality. With your own files: describe them in "
         "sluttdato.yaml, then [b]sluttdato run[/b] each morning.")

for command in (run.run, running.rebuild, running.replay, decisions.accept, running.purge,
                looking.status, looking.messages, looking.find, looking.explain, looking.check_source, looking.propose,
                looking.settings_schema, looking.dagster_home, health.health,
                evidence.evidence, backup.backup, backup.restore, demo.demo):
    app.command()(command)
app.command(name="except")(decisions.except_)
for command in (decisions.confirm, decisions.import_decisions, decisions.revoke, decisions.exceptions):
    app.command()(command)
app.command(name="import-exceptions", hidden=True)(decisions.import_decisions)  # its name in earlier versions


def main() -> None:
    """Entry point of `sluttdato`: an error that a person can act on becomes one line and an exit status."""
    from ingest import files
    from orchestration.cli.ending import ending

    files.write_privately()
    try:
        app()
    except KeyboardInterrupt:
        err.print("sluttdato: stopped; the next run goes on where this one was", markup=False)
        sys.exit(130)
    except Exception as error:
        status, told = ending(error)
        err.print(f"sluttdato: {told}", markup=False, soft_wrap=True)
        sys.exit(status)


if __name__ == "__main__":
    main()
