"""Running the daily job from the command line: in this process, through Dagster, recorded in its instance."""

import contextlib
import io
import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from orchestration.core.alerting import CHECK, RunRecord, report, tell
from orchestration.core.settings import Settings
from publish.alerts.send import Sent

if TYPE_CHECKING:  # importing Dagster takes a second; commands that only read do without
    import dagster as dg

_OURS = "sluttdato/run-by"


@dataclass
class Outcome:
    """What a run did. `withheld` are extracts newly refused or quarantined, `not_pulled` sources that failed; a line each."""

    success: bool
    run_id: str
    errors: list[str] = field(default_factory=list)
    withheld: list[str] = field(default_factory=list)
    not_pulled: list[str] = field(default_factory=list)
    taken_in: int = 0
    failed_checks: list[tuple[str, str, str]] = field(default_factory=list)  # severity, name, what it says
    published: bool = False
    not_published_because: str | None = None
    told: Sent = field(default_factory=Sent)


def dagster_home(settings: Settings) -> Path:
    """DAGSTER_HOME, or a folder below the data directory with the project's dagster.yaml."""
    if os.environ.get("DAGSTER_HOME"):
        return Path(os.environ["DAGSTER_HOME"])
    home = settings.data_dir / "dagster"
    home.mkdir(parents=True, exist_ok=True)
    shipped = Path(__file__).resolve().parents[1] / "dagster.yaml"
    if not (home / "dagster.yaml").exists() or (home / "dagster.yaml").read_bytes() != shipped.read_bytes():
        shutil.copyfile(shipped, home / "dagster.yaml")
    return home


@contextlib.contextmanager
def dagster_instance(settings: Settings) -> "Iterator[dg.DagsterInstance]":
    """The instance in `dagster_home`; for the holder of the writer's lock."""
    import dagster as dg

    with dg.DagsterInstance.from_config(str(dagster_home(settings))) as instance:
        _close_killed_runs(instance)
        yield instance



def _close_killed_runs(instance: "dg.DagsterInstance") -> None:
    """A run of this kind that is still open was killed: whoever asks holds the writer's lock, so no such run is alive."""
    import dagster as dg

    open_runs = dg.RunsFilter(statuses=[dg.DagsterRunStatus.STARTED, dg.DagsterRunStatus.STARTING], tags={_OURS: "command line"})
    for run in instance.get_runs(open_runs):
        instance.report_run_failed(run, "The process was killed; the next run went on where it was.")


def run_daily(
    settings: Settings, as_of: date, *, deliveries: bool, say: Callable[[str], None]
) -> Outcome:
    """Take in (unless `deliveries` is false), evaluate, check, publish, tell. The caller holds the writer's lock."""
    from orchestration.definitions import build_definitions

    said = io.StringIO()
    with dagster_instance(settings) as instance:
        job = build_definitions(settings, say).resolve_job_def("daily")
        with contextlib.redirect_stdout(said):  # dbt's own lines; what failed is in its results
            result = job.execute_in_process(
                instance=instance, raise_on_error=False, tags={_OURS: "command line"},
                run_config={
                    "ops": {"take_in": {"config": {"as_of": as_of.isoformat(), "deliveries": deliveries}}},
                    "loggers": {"console": {"config": {"log_level": "CRITICAL"}}},
                })
        outcome = _outcome(result)
        if outcome.published or not outcome.success:
            record = RunRecord(
                result.run_id, "daily", result.success, list(result.get_asset_check_evaluations()),
                sorted({e.step_key for e in result.all_events if e.is_step_failure}), asked_sources=deliveries)
            outcome.told = tell(settings, as_of, record, say)
            report(instance, outcome.told)
    return outcome


def _outcome(result: "dg.ExecuteInProcessResult") -> Outcome:
    outcome = Outcome(success=result.success, run_id=result.run_id)
    for event in result.all_events:
        if event.is_step_failure:
            outcome.errors.append(f"{event.step_key}: {_innermost(event.step_failure_data.error)}")
        elif event.is_asset_observation:
            seen = event.asset_observation_data.asset_observation
            status = seen.metadata.get("status")
            if status and status.value == "not pulled":
                outcome.not_pulled.append(str(seen.metadata["reason"].value))
                continue
            if status and status.value in ("refused", "quarantined"):
                outcome.withheld.append(_line(seen))
            outcome.taken_in += 1
        elif event.is_step_materialization:
            made = event.step_materialization_data.materialization
            if made.partition:
                outcome.taken_in += 1
            if made.asset_key.path == ["published"]:
                outcome.published = bool(made.metadata["published"].value)
                reason = made.metadata.get("reason")
                outcome.not_published_because = str(reason.value) if reason else None
    for check in result.get_asset_check_evaluations():
        if not check.passed and check.check_name not in ("is_let_in", CHECK):  # each is told with more words
            name = f"{check.asset_key.path[-1]}.{check.check_name}"
            outcome.failed_checks.append((check.severity.value, name, check.description or ""))
    outcome.failed_checks.sort()
    return outcome


def _line(seen: Any) -> str:
    system = seen.asset_key.path[-1].removesuffix("_extract")
    reason = seen.metadata.get("reason")
    text = str(reason.value) if reason else ""
    if seen.metadata["status"].value == "refused":
        return f"refused: {text}"
    return f"quarantined: {system} {seen.partition}: {text}"


def _innermost(error: Any) -> str:
    while error.cause:
        error = error.cause
    text = error.message.strip()
    return text.split(":", 1)[1].strip() if ":" in text.split("\n")[0] else text
