"""Dagster for several kommuner (contract#kommuner-in-dagster): a partition for each, one code location.

    partitions   which kommuner there are, their tags, their time of the day
    kommune      the steps: a kommune's daily run, its auditor's pack; and a check for each kommune
    asking       the schedules, and the sensor that sees a delivery land
    telling      the sensor that tells of runs that could not tell of themselves
    workers      Celery: the workers' app, and the launcher
    in_time      work for each kommune that must not hold the others back

The step of a kommune runs the one-kommune job of `definitions` in its process: the same steps, checks and messages, recorded in
memory, and what came of it in few events of the shared instance (docs/adr/0018-many-kommuner-in-dagster.md).
"""
