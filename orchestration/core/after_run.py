"""What is left of a run when it has ended and its end was said: what was told, how it ended, metrics.

Does not belong here: saying it (`cli.running`, `alerting`), the record that Dagster keeps.
"""

from collections.abc import Callable

from orchestration.core import clock, metrics
from orchestration.core.alerting import remember_told
from orchestration.core.last_run import remember_run
from orchestration.core.run_report import PACKS_JOB, RunReport
from orchestration.core.settings import Settings
from publish.alerts.send import Sent


def remember(settings: Settings, report: RunReport, sent: Sent, say: Callable[[str], None]) -> None:
    """Record a run. For the holder of the writer's lock. `say` gets a line where metrics could not be written."""
    remember_told(settings, report, sent)
    if report.job != PACKS_JOB:  # that one says nothing of the lists
        remember_run(settings.paths, report, sent, clock.today())
        metrics.write(settings, say)
