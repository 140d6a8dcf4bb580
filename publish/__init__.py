"""What leaves: the published set for BI tools, and the explanation of one case for people.

Belongs here: what outsiders see, read from the marts. Does not belong here: rules about people (SQL in `dbt_project`),
Dagster.
"""
