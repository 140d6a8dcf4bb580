"""From the sources to the versions: source -> landed extract -> versions.

    sources            one module per adapter: a delivery becomes raw text tables
    canonical_tables   columns, types and keys of the tables that adapters deliver
    settings_model     base of all settings: unknown keys are refused, secrets come from the environment
    kommune            whose data it is, as settings
    policy             the numbers of the rules as settings, with their defaults
    cells              the text of a cell or heading as it is meant, without what cannot be seen
    dates              dates and times as sources write them
    national_ids       finding national ids in text, however they are written, and taking them out
    door               validation: raw tables become canonical ones; ids are hashed, rows rejected
    identity           the keyed hash of national ids, and the key
    landing            extracts on disk, as they were taken in
    guard              whether an extract is plausible: let in or quarantined
    measuring          the figures that the guards look at, from the versions
    kept               rows that stay because they could not be read
    quarantine         the diff of a quarantined extract
    expectations       Great Expectations on each landed extract, in a process of its own
    versions           folding: extracts that count become versions
    intake             runs these steps for everything that is delivered
    assessable         which finding types a delivery can carry
    inspection         counts from a few rows of a source, for `sluttdato check-source`
    decisions          what people decided, append-only
    case_numbers       numbers of cases as people and spreadsheets write them
    filled_in          worklists that somebody filled in: decisions, and an answer for each row
    retention          removes what ended long ago
    warehouse          the warehouse file, and the tables that dbt reads
    integrity          whether what was taken in and decided is still there
    journal            append-only files of records, sealed against loss
    short_lived        what a process does that ends within minutes
    files              atomic writes, and who may read what is written
    sql                one value, rows, tables that are there, and literals of DuckDB
    errors             errors with system, day, file, line and what to do

Belongs here: reading the sources, hashing national ids, refusing and quarantining, folding into versions.
Does not belong here: rules about people (they are SQL in `dbt_project`), Dagster, what is published or sent (`publish`).
"""
