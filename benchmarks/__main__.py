"""`python -m benchmarks`: the command line. Each command prints one table, each figure beside what it should be."""

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from benchmarks import against as before_and_after
from benchmarks import many as many_kommuner
from benchmarks import ratios
from benchmarks.races import race
from benchmarks.races.rivals import ENVIRONMENT

app = typer.Typer(add_completion=False, no_args_is_help=True, help=__doc__)
Runs = Annotated[int, typer.Option(min=1, help="How often each is timed; the median counts.")]


def show(title: str, rows: list[ratios.Row]) -> None:
    table = Table("figure", "measured", "should be", title=title)
    for row in rows:
        table.add_row(*row)
    Console(width=130).print(table)


def in_a_folder(measure: Callable[[Path], list[ratios.Row]]) -> list[ratios.Row]:
    with tempfile.TemporaryDirectory(prefix="sluttdato-bench-") as work:
        return measure(Path(work))


@app.command()
def floors(
    only: Annotated[list[str] | None, typer.Option(help="daily, history, pulls or large; may be given several times.")] = None,
    runs: Runs = 5, employees: int = 5000, large_employees: int = 1_000_000, long_history: int = 365,
) -> None:
    """Measure the pipeline against its floors. All take about half an hour and 5 GB below the temporary folder."""
    parts: dict[str, Callable[[Path], list[ratios.Row]]] = {
        "daily": lambda work: ratios.one_more_day(work, employees, 60, runs),
        "history": lambda work: ratios.history(work, employees, 30, long_history, runs),
        "pulls": lambda work: ratios.pulls(work, 50_000, 100_000, runs),
        "large": lambda work: ratios.large(work, large_employees, max(1, runs // 2)),
    }
    show("floors", [row for name in only or parts for row in in_a_folder(parts[name])])


@app.command()
def against(
    commit: Annotated[str, typer.Argument(help="The commit to compare with: a hash, a tag, a branch.")],
    employees: Annotated[list[int] | None, typer.Option(help="Sizes of one more day; may be given several times.")] = None,
    days: Annotated[int, typer.Option(help="Days behind the one that is timed.")] = 60,
    large: Annotated[bool, typer.Option(help="Instead: the first extract of 1,000,000 employees.")] = False,
    large_employees: int = 1_000_000, runs: Runs = 5,
) -> None:
    """Measure this checkout against another commit, in turn."""
    def measure(work: Path) -> list[ratios.Row]:
        with before_and_after.checked_out(commit, work) as code:
            if large:
                return before_and_after.one_extract(work, code, large_employees, runs)
            sizes = employees or [5000, 300]
            return [row for size in sizes for row in before_and_after.one_more_day(work / str(size), code, size, days, runs)]
    show(f"this checkout / {commit}", in_a_folder(measure))


@app.command()
def many(
    kommuner: Annotated[int, typer.Option(help="How many.")] = 357,
    largest: Annotated[int, typer.Option(help="None has more employees.")] = 20_000,
    workers: Annotated[int, typer.Option(help="Processes at a time.")] = 2,
    again: Annotated[int, typer.Option(help="How many of them, evenly by size, are run for one more day.")] = 60,
    cold: Annotated[int, typer.Option(help="How many of these are also run cold.")] = 12,
    days: Annotated[int, typer.Option(min=2, help="Days of deliveries; the last is measured.")] = 3,
    keep: Annotated[Path | None, typer.Option(help="An empty or new folder to work in, which is left as it is.")] = None,
) -> None:
    """Measure many kommuner in one command, and some of them cold."""
    def measure(work: Path) -> list[ratios.Row]:
        return many_kommuner.measure(keep or work, kommuner, largest, workers, again, cold, days)
    show("many kommuner", in_a_folder(measure))


@app.command()
def races(
    employees: int = 5000, days: Annotated[int, typer.Option(min=2)] = 60, runs: Runs = 5,
    active_only: Annotated[bool, typer.Option("--active-only", help="HRM delivers only those who work or will.")] = False,
    environment: Annotated[Path, typer.Option(help="The environment of the rivals, made by `make races`.")] = ENVIRONMENT,
) -> None:
    """Measure one more day against what a team would build instead."""
    with tempfile.TemporaryDirectory(prefix="sluttdato-races-") as work:
        Console(width=180).print(race.main(Path(work), employees, days, runs, environment, active_only=active_only))


if __name__ == "__main__":
    app()
