"""What a warm process of `run --all` does in tests: runs without dbt, Great Expectations and Dagster's records, in a tenth of the
time, and dies where a file in the data directory says so."""

import os
import signal
from datetime import date
from functools import partial
from pathlib import Path
from unittest import mock

from orchestration.core.deployment import Deployment
from orchestration.core.workers import Tell, Work

KILLED_ONCE, KILLED_ALWAYS = "killed-once", "killed-always"
_MOMENT = "evaluating"


class NoExaminer:
    """Examines nothing."""

    def examine(self, folder: Path) -> None:
        pass

    finish = abandon = lambda _: None


def get_ready(folder: Path, as_of: date | None) -> Work:
    from tests.support.command_line import Prepared, _forgetful_instance
    from tests.support.models import compiled, read_models

    prepared = Prepared(compiled() / "dbt", read_models(compiled()))
    mock.patch("orchestration.cli.runs.dagster_instance", _forgetful_instance).start()
    mock.patch("orchestration.defs.resources.Examiner", NoExaminer).start()
    mock.patch("orchestration.core.dbt.invoke", prepared.invoke).start()
    return partial(run_kommune, Deployment(folder), as_of)


def run_kommune(deployment: Deployment, as_of: date | None, name: str, tell: Tell) -> None:
    from orchestration.cli import run_all

    def tell_or_die(said: str | dict) -> None:
        tell(said)
        if isinstance(said, str) and said.startswith(_MOMENT):
            data = deployment.settings(name).data_dir
            if (data / KILLED_ONCE).exists():
                (data / KILLED_ONCE).unlink()
                os.kill(os.getpid(), signal.SIGKILL)
            if (data / KILLED_ALWAYS).exists():
                os.kill(os.getpid(), signal.SIGKILL)

    run_all.run_kommune(deployment, as_of, name, tell_or_die)
