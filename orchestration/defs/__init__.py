"""Dagster's side: assets, checks, jobs, schedules, sensors and resources. `orchestration.definitions` puts them together.

Belongs here: what Dagster runs and shows. Does not belong here: what a step does (`ingest`, `dbt_project`, `publish`).
"""
