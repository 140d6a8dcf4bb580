"""What enters: source -> landed extract -> versions.

Belongs here: reading the sources, hashing national ids, refusing and quarantining, folding into versions.
Does not belong here: rules about people (they are SQL in `dbt_project`), Dagster, anything that leaves (`publish`).
"""
