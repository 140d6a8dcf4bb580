"""The `oneroster` adapter: by REST, or from CSV files where the settings have a path.

Belongs here: the choice, and the registration. The mapping to canonical columns is in `oneroster_format`.
"""

from ingest.canonical_tables import System
from ingest.sources.base import Adapter, adapter
from ingest.sources.oneroster_files import OneRosterFiles
from ingest.sources.oneroster_format import OneRosterSettings
from ingest.sources.oneroster_rest import OneRosterRest


@adapter(OneRosterSettings, systems=("vfs",))
def oneroster(system: System, settings: OneRosterSettings) -> Adapter:
    """The adapter that these settings ask for."""
    return OneRosterFiles(settings, settings.path) if settings.path else OneRosterRest(settings)
