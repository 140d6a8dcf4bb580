{{ config(materialized='table') }}
-- The HRM positions that back an active VFS position, and when (contract#backed): not ended, started or starting within
-- `backed_ahead_days`, at the same org unit; or named by the VFS position, where VFS does not hold HRM's org unit. A position
-- that ends before it starts backs nothing.
with hrm_positions as (
  select
    position_id, employee_id, org_number, end_date, end_date_known_on,
    greatest(from_day, start_date - run.backed_ahead_days) as from_day,
    least(to_day, end_date + 1) as to_day
  from {{ ref('int_hrm__position_versions') }}
  cross join {{ ref('stg_run') }} as run
  where coalesce(start_date <= end_date, true)
),

-- Each VFS position with the HRM positions of the matched employee at its org unit or named by it, while the match holds.
pairs as (
  select
    vfs.position_id as vfs_position_id,
    hrm.position_id as hrm_position_id,
    vfs.org_number as vfs_org_number,
    hrm.org_number,
    vfs.hrm_position_id as named_hrm_position_id,
    vfs.end_date as vfs_end_date,
    hrm.end_date as hrm_end_date,
    hrm.end_date_known_on,
    {{ intersection(['vfs', 'matches', 'hrm']) }}
  from {{ ref('int_vfs__active_positions') }} as vfs
  inner join {{ ref('int_identity__matches') }} as matches using (person_id)
  inner join hrm_positions as hrm using (employee_id)
  where vfs.org_number = hrm.org_number or vfs.hrm_position_id = hrm.position_id
),

at_the_same_unit as (
  select * from pairs where vfs_org_number = org_number and from_day < to_day
),

named_only as (
  select * from pairs where vfs_org_number <> org_number and from_day < to_day
),

units_in_vfs as (
  {{ merge_periods(ref('stg_vfs__org_units'), ['org_number']) }}
),

named_at_units_unknown_to_vfs as (
  {{ subtract_periods('named_only', 'units_in_vfs', ['org_number'],
    ['vfs_position_id', 'hrm_position_id', 'vfs_end_date', 'hrm_end_date', 'end_date_known_on', 'org_number']) }}
)

select vfs_position_id, hrm_position_id, vfs_end_date, hrm_end_date, end_date_known_on, from_day, to_day
from at_the_same_unit
union all
select vfs_position_id, hrm_position_id, vfs_end_date, hrm_end_date, end_date_known_on, from_day, to_day
from named_at_units_unknown_to_vfs
