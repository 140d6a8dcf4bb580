"""The command line: `sluttdato ...` (contract#commands): which commands there are, and how errors end them.

Exit status: 0 done; 1 failed; 2 wrong use or settings; 3 done, but an extract was newly refused or
quarantined, or a decision was not understood.
Results go to standard output, progress and errors to standard error.
"""

import logging
import os
import sys
from typing import NoReturn

import typer

from orchestration.cli import backup, decisions, demo, evidence, health, json_log, looking, overview, run, running
from orchestration.cli.console import STOPPED, say
from orchestration.core.settings import LOG_FORMAT_VARIABLE

app = typer.Typer(
    no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, rich_markup_mode="rich",
    help="Finds the people who left the HRM system but can still get into Visma Flyt Skole.\n\n"
         "Start with [b]sluttdato demo[/b]: a simulated municipality. With your own files: describe them in "
         "sluttdato.yaml, then [b]sluttdato run[/b] each morning.")

for command in (run.run, running.rebuild, running.replay, decisions.accept, running.purge,
                looking.status, looking.messages, looking.find, looking.explain, looking.check_source, looking.propose,
                looking.settings_schema, looking.dagster_home, health.health, overview.overview,
                evidence.evidence, backup.backup, backup.restore, demo.demo):
    app.command()(command)
app.command(name="except")(decisions.except_)
for command in (decisions.confirm, decisions.import_decisions, decisions.revoke, decisions.exceptions):
    app.command()(command)
app.command(name="import-exceptions", hidden=True)(decisions.import_decisions)  # its name in earlier versions


def main() -> None:
    """Entry point of `sluttdato`: an error that a person can act on becomes one line and an exit status."""
    from ingest import files
    from ingest.short_lived import collecting_seldom
    from orchestration.cli.ending import ending
    from orchestration.core.dbt import DbtFailed

    files.write_privately()
    if os.environ.get(LOG_FORMAT_VARIABLE) == "json":  # before the settings are read, as these may be wrong
        json_log.begin()
    try:
        with collecting_seldom():
            app()
    except (SystemExit, KeyboardInterrupt) as ended:
        # Of an interrupt in a command typer makes the status, without a word.
        if isinstance(ended, KeyboardInterrupt) or ended.code == STOPPED:
            _fail("sluttdato: stopped; the next run goes on where this one was", STOPPED)
        raise
    except Exception as error:
        status, told = ending(error)
        logged = "dbt failed" if isinstance(error, DbtFailed) else None  # its text may quote a value
        _fail(f"sluttdato: {told}", status, logged)
    finally:
        json_log.end()


def _fail(line: str, status: int, message: str | None = None) -> NoReturn:
    say(line, "failed", logging.ERROR, message, exit_status=status)
    sys.exit(status)


if __name__ == "__main__":
    main()
