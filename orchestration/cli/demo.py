"""The command `demo`."""

from typing import Annotated

import typer

from orchestration.cli.console import FAILED, Config, out, progress_line
from orchestration.cli.running import evaluate
from orchestration.core import clock
from orchestration.core.lock import writer
from orchestration.core.settings import load_settings


def demo(
    config: Config = None,
    employees: Annotated[int, typer.Option(min=20, help="Employees in HRM.")] = 5000,
    days: Annotated[int, typer.Option(min=5, help="Days of extracts, the last one today's.")] = 60,
    seed: Annotated[int, typer.Option(help="Another seed, another municipality.")] = 1,
) -> None:
    """A simulated municipality, its HRM and VFS pulled day by day, evaluated, published. Nothing in it is real."""
    from demo.municipality import simulate
    from orchestration.cli.status import show_demo
    from orchestration.core import demo_place

    settings, today = load_settings(config), clock.today()
    paths = settings.paths
    with progress_line() as progress, writer(settings.data_dir, settings.lock_patience_seconds, progress):
        demo_place.prepare(paths)
        simulate(paths.demo_systems, paths.demo_truth, employees=employees, days=days, last_day=today, seed=seed,
                 progress=lambda day: progress(f"simulating {day}"))
        requests, wrong = demo_place.pull_history(settings, today, progress)
        out.print(f"{days} days of FINT, OneRoster and exports: {requests} requests, of which {wrong} went wrong on purpose and "
                  "were made again", soft_wrap=True)
        code = evaluate(demo_place.simulated(settings, today), today, deliveries=True)
    if code == FAILED:
        raise typer.Exit(FAILED)
    show_demo(settings, out)
