"""The sensors that send messages about runs that Dagster's daemon made, once they have ended, well or not.

Failed checks that do not block leave a run successful, so both sensors report all checks of a run.
The command line sends its own messages, so after its runs the sensors find nothing left to send.
"""

from collections.abc import Sequence
from typing import Any

import dagster as dg

from orchestration.core import clock
from orchestration.core.alerting import outcome_of, send_messages, show_in_dagster
from orchestration.core.lock import writer
from orchestration.core.run_report import RunReport
from orchestration.core.settings import Settings

# A tick fails while the next run is at work, and is tried again; it must not wait longer than Dagster lets a tick last.
_PATIENCE_SECONDS = 20


def build(settings: Settings, jobs: Sequence[Any]) -> list[dg.SensorDefinition]:
    """Sensors on the success and on the failure of `jobs`."""

    def after(context: dg.RunStatusSensorContext) -> dg.SkipReason:
        run = RunReport.of_recorded(context.dagster_run, context.instance)
        with writer(settings.data_dir, min(_PATIENCE_SECONDS, settings.lock_patience_seconds)):
            sent = send_messages(settings, clock.today(), run)
        show_in_dagster(context.instance, sent)
        return dg.SkipReason(outcome_of(sent))

    common: dict[str, Any] = {"monitored_jobs": list(jobs), "default_status": dg.DefaultSensorStatus.RUNNING}

    @dg.run_status_sensor(
        name="tell_after_success", run_status=dg.DagsterRunStatus.SUCCESS, **common,
        description="Sends each recipient one digest of the run's outcome, its failed checks included.")
    def tell_after_success(context: dg.RunStatusSensorContext):
        return after(context)

    @dg.run_status_sensor(
        name="tell_after_failure", run_status=dg.DagsterRunStatus.FAILURE, **common,
        description="Sends the data team a message at once when a run failed.")
    def tell_after_failure(context: dg.RunStatusSensorContext):
        return after(context)

    return [tell_after_success, tell_after_failure]
