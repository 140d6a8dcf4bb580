-- The day of the extracts: a run that is repeated later gives the same.
{{ config(materialized='view') }}
select max(extract_date) as day from {{ source('raw', 'vfs_org_units') }}
