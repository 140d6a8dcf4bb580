"""The metrics as Prometheus reads them."""

from pathlib import Path

from prometheus_client.parser import text_string_to_metric_families

from orchestration.core.metrics import METRICS

Told = dict[tuple[str, ...], float]  # the labels' values without the kommune's: the value


def read_metrics(file: Path) -> dict[str, Told]:
    """{name without `sluttdato_`: samples}. Fails where one stands twice, or a name is not ours."""
    found: dict[str, Told] = {}
    for family in text_string_to_metric_families(file.read_text(encoding="utf-8")):
        assert family.name.startswith("sluttdato_") and family.documentation and family.type == "gauge"
        told = found.setdefault(family.name.removeprefix("sluttdato_"), {})
        for sample in family.samples:
            names = METRICS[family.name.removeprefix("sluttdato_")][1]
            labels = tuple(sample.labels[name] for name in names)
            assert labels not in told and set(sample.labels) == {"kommune_number", "kommune_name", *names}
            told[labels] = sample.value
    return found
