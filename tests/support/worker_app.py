"""The app of Celery's workers, for tests: Great Expectations is imported once in a worker, and not anew for each run."""

from unittest import mock

from orchestration.defs.many.workers import app
from tests.support.command_line import ExaminerHere

__all__ = ["app"]
mock.patch("orchestration.defs.resources.Examiner", ExaminerHere).start()
