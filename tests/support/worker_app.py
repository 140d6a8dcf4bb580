"""The app of Celery's workers, for tests of what is around a run: within it, Great Expectations is imported once, and what dbt
compiled is executed without dbt, as in `Place.do`."""

from unittest import mock

from orchestration.defs.many.workers import app
from tests.support.command_line import ExaminerHere, Prepared
from tests.support.models import compiled, read_models

__all__ = ["app"]
_PREPARED = Prepared(compiled() / "dbt", read_models(compiled()))
mock.patch("orchestration.defs.resources.Examiner", ExaminerHere).start()
mock.patch("orchestration.core.dbt.invoke", _PREPARED.invoke).start()
