"""One module per source adapter: it turns one source into raw canonical tables for one extract date, whole or not at all.

Belongs here: protocols, files, encodings, headings. Does not belong here: what a valid row is (`ingest.door`),
where extracts are kept (`ingest.landing`).
"""

from ingest.sources.base import Delivery, RawTable, Source
from ingest.sources.catalogue import AdapterSettings, make_adapter, make_source
from ingest.sources.csv_folder import CsvFolder, CsvSettings

__all__ = ["AdapterSettings", "CsvFolder", "CsvSettings", "Delivery", "RawTable", "Source", "make_adapter", "make_source"]
