"""The command line: `sluttdato ...` (contract#commands): which commands there are, and how errors end them.

Exit status: 0 done; 1 failed; 2 wrong use or settings; 3 done, but an extract was newly refused or
quarantined, or a decision was not understood.
Results go to standard output, progress and errors to standard error.
"""

import contextlib
import sys

import typer

from orchestration.cli import backup, context, decisions, demo, evidence, health, looking, overview, running
from orchestration.cli.console import FAILED, WRONG_USE, WrongUse, err
from orchestration.core import clock
from orchestration.core.lock import LockHeld
from orchestration.core.settings import WrongSettings

app = typer.Typer(
    no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, rich_markup_mode="rich",
    help="Finds the people who left the HRM system but can still get into Visma Flyt Skole.\n\n"
         "Start with [b]sluttdato demo[/b]: a simulated municipality. With your own files: describe them in "
         "sluttdato.yaml, then [b]sluttdato run[/b] each morning.")

for command in (running.run, running.rebuild, running.replay, decisions.accept, running.purge,
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
    from filelock import Timeout

    from ingest import files
    from ingest.errors import IngestError
    from ingest.warehouse import WarehouseBusy
    from orchestration.core.dbt import DbtFailed

    files.write_privately()
    try:
        app()
    except (WrongSettings, clock.WrongToday, WrongUse) as error:
        err.print(f"sluttdato: {error}", markup=False, soft_wrap=True)
        sys.exit(WRONG_USE)
    except (IngestError, LockHeld, WarehouseBusy, DbtFailed, Timeout, OSError) as error:
        err.print(f"sluttdato: {error}", markup=False, soft_wrap=True)
        sys.exit(FAILED)
    except KeyboardInterrupt:
        err.print("sluttdato: stopped; the next run goes on where this one was", markup=False)
        sys.exit(130)
    except Exception as error:
        err.print(f"sluttdato: {_told(error)}", markup=False, soft_wrap=True)
        sys.exit(FAILED)


def _told(error: Exception) -> str:
    """What to say of an error that nobody foresaw: its kind and place. Its text, and a traceback's, may hold a cell."""
    from orchestration.core import faults

    fault, settings = faults.Fault(error), context.in_use()
    told = f"{fault}. What is published has not changed"
    if settings:
        with contextlib.suppress(OSError):
            log = faults.write_down(fault, settings.paths, " ".join(sys.argv[1:2]))
            return f"{told}. {log} says where it arose, without any content: please report it with that"
    return f"{told}. Please report it, with these places: {', '.join(fault.frames[-6:])}"


if __name__ == "__main__":
    main()
