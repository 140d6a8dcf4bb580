"""`python -m tests.mutation [model or file ...]`: exit 1 when fewer than 95 % of the changes are noticed."""

import argparse
import sys
from collections.abc import Sequence

from tests.mutation import python_tests
from tests.mutation.mutant import Mutant, Outcome
from tests.mutation.progress import progress
from tests.mutation.python_mutants import mutants as python_mutants
from tests.mutation.report import WANTED_PERCENT, Report, read_explanations
from tests.mutation.sql_mutants import MACROS
from tests.mutation.sql_mutants import mutants as sql_mutants


def main() -> int:
    # Here, as the processes that change Python import this module, and must not have imported what they change.
    from tests.mutation import sql_tests

    parser = argparse.ArgumentParser(prog="python -m tests.mutation", description=__doc__)
    parser.add_argument("only", nargs="*", help=f"models, {MACROS}, {', '.join(python_tests.TESTS)}; without any: all")
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--municipalities", type=int, help="for a quick look, only so many of the corpus, the largest first")
    wanted = parser.parse_args()
    steps = sql_tests.models().steps
    known = {*(model.name for model in steps), MACROS, *python_tests.TESTS}
    if unknown := set(wanted.only) - known:
        parser.error(f"neither a model nor one of {MACROS}, {', '.join(python_tests.TESTS)}: {', '.join(sorted(unknown))}")
    only = set(wanted.only) or known
    changed_sql = [mutant for model in steps if MACROS in only or model.name in only
                   for mutant in sql_mutants(model.name, model.sql) if mutant.where in only]
    changed_python = [mutant for file in python_tests.TESTS if file in only for mutant in python_mutants(file)]
    outcomes = [*_python_outcomes(changed_python, wanted.processes),
                *sql_tests.outcomes(changed_sql, wanted.processes, wanted.municipalities)]
    report = Report(outcomes, read_explanations())
    print("\n".join(report.lines()))
    return int(report.percent() < WANTED_PERCENT or bool(report.stale()))


def _python_outcomes(made: Sequence[Mutant], processes: int) -> list[Outcome]:
    outcomes = []
    for outcome in python_tests.outcomes(made, processes):
        outcomes.append(outcome)
        progress(f"{len(outcomes)} of {len(made)} changes of Python tried, "
                 f"{sum(not o.killed_by for o in outcomes)} not noticed")
    return outcomes


if __name__ == "__main__":
    sys.exit(main())
