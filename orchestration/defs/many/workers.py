"""Celery for the runs of several kommuner (contract#more-machines): the app of its workers, and the launcher of its runs.

    DAGSTER_CELERY_BROKER_URL=redis://… DAGSTER_HOME=… celery -A orchestration.defs.many.workers worker -c 1 -Q dagster -n NAME@%h

dagster-celery's own app ignores a broker in the settings, and its launcher takes a task for at work for as long as Redis says so,
which of a worker that was killed is for good. Needs the extra `production`.
"""

import os

from celery import Celery
from dagster import DagsterRun
from dagster._core.launcher import CheckRunHealthResult, WorkerStatus
from dagster_celery.launcher import CeleryRunLauncher
from dagster_celery.make_app import make_app
from dagster_celery.tags import DAGSTER_CELERY_TASK_ID_TAG
from dagster_celery.tasks import create_execute_job_task

BROKER_VARIABLE = "DAGSTER_CELERY_BROKER_URL"
_SECONDS_TO_ANSWER = 5.0
_DAY = 86_400


class Launcher(CeleryRunLauncher):
    """Launches runs as Celery tasks, and asks the worker whether it is still at work on one."""

    def check_run_worker_health(self, run: DagsterRun) -> CheckRunHealthResult:
        """Whether the run's task is at work. Raises when the broker does not answer, which is no verdict on the run."""
        known = super().check_run_worker_health(run)
        if known.status is WorkerStatus.SUCCESS:  # Dagster looks again whether the run has ended meanwhile
            return CheckRunHealthResult(WorkerStatus.FAILED, "The task has ended, and the run has not.")
        if known.status is not WorkerStatus.RUNNING:
            return known
        task = self.celery.AsyncResult(run.tags[DAGSTER_CELERY_TASK_ID_TAG])
        worker = (task.info or {}).get("hostname") if isinstance(task.info, dict) else None
        if worker is None:
            return known
        answers = self.celery.control.inspect([worker], timeout=_SECONDS_TO_ANSWER).active() or {}
        if any(at_work["id"] == task.id for at_work in answers.get(worker, [])):
            return known
        return CheckRunHealthResult(WorkerStatus.FAILED, f"The worker {worker} is not at work on it any more.")


def make_worker_app(broker: str) -> Celery:
    """The app of a worker. A task is acknowledged when it has ended, so that a worker takes only what it works on; who was killed
    is seen by Dagster's run monitoring, and not by Celery, which would deliver a long run twice."""
    app = make_app({"broker": broker, "backend": broker, "config_source": {
        "worker_prefetch_multiplier": 1, "task_default_queue": "dagster",
        "broker_transport_options": {"visibility_timeout": _DAY}, "broker_connection_retry_on_startup": True}})
    create_execute_job_task(app, acks_late=True)  # pyright: ignore[reportArgumentType]  its type says dict
    return app


if os.environ.get(BROKER_VARIABLE):  # the launcher needs no app
    app = make_worker_app(os.environ[BROKER_VARIABLE])
