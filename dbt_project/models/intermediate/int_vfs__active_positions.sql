{{ config(materialized='table') }}
-- The periods in which a VFS position is active. The end date is the last day of work.
select
  position_id, person_id, org_number, role, hrm_position_id, start_date, end_date, registered_by,
  greatest(from_day, start_date) as from_day,
  least(to_day, end_date + 1) as to_day
from {{ ref('stg_vfs__positions') }}
where greatest(from_day, start_date) < least(to_day, end_date + 1)
