-- A dashboard of daily counts that disagrees with the list of findings makes people distrust both.
{{ config(meta={'dagster': {'ref': {'name': 'finding_daily_counts'}}}) }}
with counted as (
  select finding_type, sum(open_count) as open_count from {{ ref('finding_daily_counts') }}
  where evaluation_date = as_of_date group by finding_type having sum(open_count) > 0
),

listed as (
  select finding_type, count(*) as open_count from {{ ref('findings') }} where status = 'open'
  -- What cannot be assessed today has no count.
  and finding_type not in (select name from {{ ref('int_not_assessable') }} where {{ holds_today() }}) group by finding_type
)

(select * from counted except select * from listed)
union all
(select * from listed except select * from counted)
