"""Dagster's assets, one module for each stage.

    extracts    each system's extracts, a partition a day
    versions    taking in what is delivered; `versions` and `ingest` in the warehouse
    marts       the dbt models
    published   the published set
    postgres    the published set in PostgreSQL
    evidence    the auditor's pack of each month

Belongs here: which step makes which asset, and what Dagster shows of it. Does not belong here: what a step does.
"""
