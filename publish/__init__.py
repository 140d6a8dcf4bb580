"""What leaves: the published set for BI tools, the report and worklists made from it, messages, the explanation of one case.

Belongs here: what outsiders see, read from the marts. Does not belong here: rules about people (SQL in `dbt_project`),
Dagster.
"""
