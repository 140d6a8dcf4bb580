-- Two matches or statuses at once would double a person's findings, and make a position both backed and not backed.
-- depends_on: {{ ref('employee_status') }} (of which it is a check in Dagster)
{{ config(meta={'dagster': {'ref': {'name': 'employee_status'}}}) }}
with periods as (
  select 'match' as kind, person_id as subject, from_day, to_day from {{ ref('int_identity__matches') }}
  union all
  select 'status', person_id, from_day, to_day from {{ ref('int_identity__hrm_status') }}
  union all
  select 'national id', national_id_hash, from_day, to_day from {{ ref('int_hrm__national_id_owners') }}
)

select * from periods
qualify from_day < lag(to_day) over (partition by kind, subject order by from_day, to_day)
