"""Dagster's side; `orchestration.definitions` puts it together.

    assets      one module for each stage: extracts -> versions -> marts -> published
    checks      checks across systems and over time
    jobs        the daily job, one day again, the auditor's pack, the schedules, the sensor that sees a delivery land
    sensors     messages after runs of the daemon
    many        the same for several kommuner: a partition for each
    resources   what steps share: settings, warehouse, lock, as-of date

Belongs here: what Dagster runs and shows. Does not belong here: what a step does (`ingest`, `dbt_project`, `publish`).
"""
