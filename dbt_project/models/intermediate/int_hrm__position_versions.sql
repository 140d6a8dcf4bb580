{{ config(materialized='table') }}
-- Versions of HRM positions with the first extract that had their end date (contract#end-date-known-on): the first one of the
-- unbroken run, among the extracts that hold the position.
with marked as (
  select
    *,
    row_number() over history = 1 or end_date is distinct from lag(end_date) over history as is_change
  from {{ ref('int_hrm__positions') }}
  window history as (partition by position_id order by from_day)
),

runs as (
  select
    * exclude (is_change),
    count(*) filter (where is_change) over (
      partition by position_id order by from_day rows unbounded preceding
    ) as end_date_run
  from marked
)

select
  *,
  min(from_day) over (partition by position_id, end_date_run) as end_date_known_on
from runs
