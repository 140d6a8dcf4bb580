"""Metrics for Prometheus: a text file for node_exporter's textfile collector, written after each run (contract#metrics).

A file and no server: a run is over in seconds, and nothing of ours listens on the machine.

Belongs here: names, labels and values of the metrics. Does not belong here: reading what they tell (`core.standing`), what of
it is wrong (`core.health`, and the monitor's own rules). What is not known is absent, never 0; a count that may lack somebody is
in doubt, and where it is 0, absent. Names of systems, steps, checks and types, and counts; never a person.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, date, datetime, time
from errno import ENOENT
from importlib.metadata import version

from ingest import files
from ingest.kommune import Kommune
from orchestration.core.last_run import LastRun
from orchestration.core.settings import Settings
from orchestration.core.standing import Standing, standing
from publish import deliveries

STATUSES = ("fresh", "stale", "withheld", "missing")
# Name: what it tells, and its labels beside those of the kommune.
METRICS: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "info": ("1; which version of Sluttdato wrote this.", ("version",)),
    "last_run_end_timestamp_seconds": ("When the last run ended, well or not.", ()),
    "last_run_day_timestamp_seconds": ("The calendar day in Oslo on which the last run ended, as its midnight in UTC.", ()),
    "last_run_success": ("1 when the last run succeeded, 0 when it failed.", ("job",)),
    "last_run_duration_seconds": ("Seconds that the last run took.", ()),
    "last_run_step_duration_seconds": ("Seconds that each step of the last run took, of those that ended well.", ("step",)),
    "last_run_failed_step": ("1 for each step in which the last run failed or was stopped.", ("step",)),
    "last_run_failed_checks": ("Checks of the last run that failed as an error.", ()),
    "last_run_failed_check": ("1 for each check of the last run that failed as an error.", ("check",)),
    "last_run_not_pulled": ("1 for each system whose source did not answer the last run.", ("system",)),
    "last_run_unsent_messages": ("Messages of the last run that did not leave.", ()),
    "published_day_timestamp_seconds": ("The as-of date of the published set, as its midnight in UTC.", ()),
    "extract_age_days": ("Days from a system's current extract to the as-of date; absent when it has none.", ("system",)),
    "system_status": ("1 for the status that a system has on the as-of date, 0 for the others.", ("system", "status")),
    "withheld_extracts": ("Extracts of a system, newer than its current one, that are refused or quarantined.", ("system",)),
    "people_left_with_access": (
        "People who left HRM, or are unknown there, and can get into VFS; absent when it is not known.", ()),
    "people_left_with_access_is_in_doubt": (
        "1 when people may be missing from what is published: a system is not fresh, or the last run failed.", ()),
    "open_findings": ("Open findings of a type; absent when it is not known.", ("finding_type",)),
    "not_assessable": ("1 for each finding type, mart or review reason that the sources do not deliver enough for.", ("name",)),
}
Sample = tuple[str, tuple[str, ...], float]  # a name of METRICS, the values of its labels, the value


def write(settings: Settings, say: Callable[[str], None]) -> None:
    """Write the metrics, after a run was recorded. What stops that is said, and stops no run. Only for the lock's holder."""
    file = settings.metrics.textfile or settings.paths.metrics
    try:
        if not file.parent.is_dir():
            raise FileNotFoundError(ENOENT, "there is no such folder")  # node_exporter's: not to be made by us
        files.write_text(file, exposition(settings.kommune, samples(standing(settings.paths))), group=settings.metrics.readers)
    except OSError as error:
        say(f"metrics were not written to {file}: {error.strerror}")


def samples(now: Standing) -> Iterator[Sample]:
    """What there is to tell."""
    yield "info", (version("sluttdato"),), 1
    if now.run:
        yield from _of_run(now.run)
    yield "people_left_with_access_is_in_doubt", (), now.people is None or now.is_in_doubt
    if now.as_of_date:
        yield from _of_published(now, now.as_of_date)


def _of_run(run: LastRun) -> Iterator[Sample]:
    yield "last_run_day_timestamp_seconds", (), _midnight(run.ended_on)
    if run.ended_at is not None:
        yield "last_run_end_timestamp_seconds", (), run.ended_at
        if run.began_at is not None:
            yield "last_run_duration_seconds", (), run.ended_at - run.began_at
    yield "last_run_success", (run.job,), run.succeeded
    yield from (("last_run_step_duration_seconds", (step,), seconds) for step, seconds in run.seconds.items())
    yield from (("last_run_failed_step", (step,), 1) for step in run.failed_steps)
    yield "last_run_failed_checks", (), len(run.failed_checks)
    yield from (("last_run_failed_check", (check,), 1) for check in run.failed_checks)
    yield from (("last_run_not_pulled", (system,), 1) for system in dict.fromkeys(run.not_pulled))
    yield "last_run_unsent_messages", (), run.unsent


def _of_published(now: Standing, as_of: date) -> Iterator[Sample]:
    yield "published_day_timestamp_seconds", (), _midnight(as_of)
    for row in now.freshness:
        system = row["system"]
        if row["age_days"] is not None:
            yield "extract_age_days", (system,), row["age_days"]
        yield from (("system_status", (system, status), row["status"] == status) for status in STATUSES)
        yield "withheld_extracts", (system,), row["withheld_extracts"]
    if now.people and (now.people.total or not now.is_in_doubt):
        yield "people_left_with_access", (), now.people.total
    for finding_type, counts in now.findings.items():
        if counts["open"] or (counts["open"] == 0 and not now.is_in_doubt):
            yield "open_findings", (finding_type,), counts["open"]
    yield from (("not_assessable", (name,), 1) for name in deliveries.not_assessable(now.freshness))


def exposition(kommune: Kommune, told: Iterable[Sample]) -> str:
    """The samples as Prometheus reads them, each with the kommune's number and name."""
    from prometheus_client.core import CollectorRegistry, GaugeMetricFamily
    from prometheus_client.exposition import generate_latest
    from prometheus_client.registry import Collector

    families = {name: GaugeMetricFamily(f"sluttdato_{name}", text, labels=["kommune_number", "kommune_name", *labels])
                for name, (text, labels) in METRICS.items()}
    for name, values, value in told:
        families[name].add_metric([kommune.number, kommune.name, *values], float(value))

    class Told(Collector):
        def collect(self) -> Iterable[GaugeMetricFamily]:
            return [family for family in families.values() if family.samples]

    registry = CollectorRegistry(auto_describe=False)
    registry.register(Told())
    return generate_latest(registry).decode()


def _midnight(day: date) -> float:
    return datetime.combine(day, time(), UTC).timestamp()

