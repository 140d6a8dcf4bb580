"""What Dagster's definitions and the command line share.

    settings      the settings file and its overrides
    secret_files  what ${NAME} in the settings file stands for
    settings_reference  the reference of all settings and the JSON schema, from their fields
    paths         every file and folder below the data directory
    data_version  which version wrote the data directory
    backup        the archive of what cannot be made anew
    clock         what day it is
    lock          one writer at a time
    privacy       who may read what lies below the data directory
    faults        errors that nobody foresaw
    dagster_home  Dagster's home below the data directory
    dagster_storage  Dagster's SQLite files, kept open during a run
    dbt           running dbt in this process; the manifest
    run_report    what a run did, to Dagster's events and back
    filled_in     what is published about cases, for who takes in worklists
    told          which withheld deliveries an ended run has told
    last_run      how the last run ended
    standing      how things stand: the last run and the published set
    health        what a monitor is told
    metrics       the same and more for Prometheus
    alerting      messages after a run
    after_run     what is left of a run when it has ended
    evidence      the auditor's pack of a period or a month
    history       what a purge removes of Dagster's record
    overview      how the kommuner of a deployment stand, together
    workers       warm processes that do one task after another
    deployment    a folder of settings files, one for each kommune, and what keeps them apart
    demo_place    the demo in a data directory: its simulated systems as sources

Belongs here: what needs neither Dagster's definitions nor a terminal. Does not belong here: assets and checks (`defs`),
commands and what they print (`cli`).
"""
