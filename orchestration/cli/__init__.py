"""The command line `sluttdato`.

    app             which commands there are, and how errors end them
    running         run, rebuild, replay, purge
    decisions       accept, except, confirm, import-decisions, revoke, exceptions
    looking         status, messages, find, explain, check-source, propose, settings-schema, dagster-home
    evidence        evidence
    backup          backup, restore
    health          health
    overview        overview
    demo            demo
    context         the settings of a command
    console         output, progress, options that several commands have
    json_log        progress, outcomes and errors as JSON
    runs            the daily job in this process, through Dagster
    replay          a past day, evaluated beside the published marts
    preview         what would become of the cases if an extract were let in
    status          what `status` and the end of `demo` show
    show_case       what `explain` shows
    show_people     what `find` shows
    show_messages   what `messages` shows
    show_source     what `check-source` and `propose` show

Belongs here: parsing, calling, printing. Does not belong here: settings and paths (`core`), Dagster's definitions (`defs`).
"""
