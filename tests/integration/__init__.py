"""Several parts at once: dbt itself, Dagster itself, adapters against files and real servers."""
