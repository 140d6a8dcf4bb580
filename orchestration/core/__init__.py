"""What Dagster's definitions and the command line both stand on: settings, paths, the clock, the lock, dbt, messages.

Belongs here: what needs neither Dagster's definitions nor a terminal. Does not belong here: assets and checks (`defs`),
commands and what they print (`cli`).
"""
