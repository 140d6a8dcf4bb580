"""Wires everything together, thin: what runs when, with which settings, and what is reported about it.

    core          shared by the others: settings, paths, clock, lock, dbt, a run's report, messages after a run
    defs          Dagster's side: assets, checks, jobs, sensors, resources
    definitions   puts `defs` together; what Dagster loads
    cli           the command line `sluttdato`

Imports go one way: core <- defs <- definitions <- cli. `dagster.yaml` holds the settings of the Dagster instance.
Does not belong here: rules about people (SQL in `dbt_project`), reading of sources (`ingest`), what the published set looks
like (`publish`).
"""
