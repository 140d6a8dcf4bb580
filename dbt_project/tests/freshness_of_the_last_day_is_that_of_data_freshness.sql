-- The auditor's pack would say of a day what the report of that day did not.
{{ config(meta={'dagster': {'ref': {'name': 'data_freshness'}}}) }}
with now as (
  select system, current_extract_date, status, withheld_extracts from {{ ref('data_freshness') }}
),

last_day as (
  select system, current_extract_date, status, withheld_extracts
  from {{ ref('int_freshness__daily') }}
  where evaluation_date = (select as_of_date from {{ ref('stg_run') }})
)

-- Without an evaluation day there is nothing to compare.
select * from (from last_day except from now)
union all
select * from (from now except from last_day)
where (select count(*) from last_day) > 0
