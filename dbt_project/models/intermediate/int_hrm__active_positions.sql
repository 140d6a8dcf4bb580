{{ config(materialized='table') }}
-- The periods in which an HRM position is active. The end date is the last day of work.
select
  position_id, employee_id, org_number, start_date, end_date,
  greatest(from_day, start_date) as from_day,
  least(to_day, end_date + 1) as to_day
from {{ ref('int_hrm__positions') }}
where greatest(from_day, start_date) < least(to_day, end_date + 1)
