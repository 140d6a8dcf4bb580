"""Which kommuner there are: the settings files in the folder, as they were when Dagster loaded the definitions.

A kommune that is added or removed, or has another time of the day, is seen when the code location is reloaded. What else is in a
file is read anew by each run, so a wrong one fails its own run and nothing else.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import dagster as dg
import yaml

from orchestration.core.deployment import Deployment
from orchestration.core.settings import Schedule, Settings

PARTITION = "dagster/partition"
QUEUE = "dagster-celery/queue"


@dataclass(frozen=True)
class Kommuner:
    """The kommuner of a folder, by name."""

    folder: Path
    names: tuple[str, ...]

    @classmethod
    def of(cls, folder: Path) -> "Kommuner":
        return cls(folder.absolute(), tuple(Deployment(folder).files))

    @cached_property
    def partitions(self) -> dg.StaticPartitionsDefinition:
        return dg.StaticPartitionsDefinition(list(self.names))

    def settings(self, name: str) -> Settings:
        """The settings of a kommune as its file says now. Raises WrongSettings."""
        return Deployment(self.folder).settings(name)

    def schedule(self, name: str) -> Schedule:
        """When and where it runs; as if nothing was said where the file cannot be read. No other setting matters here."""
        try:
            written: Any = yaml.safe_load((self.folder / f"{name}.yaml").read_bytes())
            return Schedule.model_validate(written.get("schedule") or {})
        except (OSError, ValueError, yaml.YAMLError, AttributeError):
            return Schedule()

    @cached_property
    def config(self) -> dg.PartitionedConfig:
        """That runs of a job bear the tags of their kommune, however they are asked for."""
        return dg.PartitionedConfig(
            partitions_def=self.partitions, run_config_for_partition_key_fn=lambda _: {},
            tags_for_partition_key_fn=self._tags)

    def _tags(self, name: str) -> Mapping[str, str]:
        queue = self.schedule(name).queue
        return {QUEUE: queue} if queue else {}
