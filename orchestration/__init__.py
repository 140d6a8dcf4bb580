"""Wires everything together, thin: settings, clock, Dagster's assets, checks, jobs and sensors, the command line.

Belongs here: what runs when, with which settings, and what is told about it. Does not belong here: rules about people
(SQL in `dbt_project`), reading of sources (`ingest`), what the published set looks like (`publish`).
"""
