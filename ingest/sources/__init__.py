"""One module per source adapter: it turns one source into raw canonical tables for one extract date, whole or not at all.

Belongs here: protocols, files, encodings, headings. Does not belong here: what a valid row is (`ingest.door`),
where extracts are kept (`ingest.landing`).
"""
