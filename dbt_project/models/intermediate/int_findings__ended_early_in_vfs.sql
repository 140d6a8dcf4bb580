-- Active HRM positions whose employee had VFS positions at that org unit, all of which have ended or are gone.
with hrm_active as (
  select active.position_id, active.employee_id, active.org_number, active.to_day,
    greatest(active.from_day, extracts.extract_date) as from_day
  from (
    select active.*, active.start_date + run.grace_days as last_day_of_grace
    from {{ ref('int_hrm__active_positions') }} as active
    cross join {{ ref('stg_run') }} as run
  ) as active
  {{ join_first_extract_after('active.last_day_of_grace', 'vfs') }}
  -- VFS gets the grace to carry over a new position; a position without a start date began long ago.
  where active.start_date is null or extracts.extract_date is not null
),

vfs_positions as (
  select
    position_id, person_id, org_number, end_date, from_day, to_day,
    lead(from_day, 1, run.as_of_date + 1) over (partition by position_id order by from_day) as last_seen_to_day
  from {{ ref('stg_vfs__positions') }}
  cross join {{ ref('stg_run') }} as run
),

employee_vfs_positions as (
  select
    matches.employee_id, positions.person_id, positions.org_number,
    greatest(positions.from_day, matches.from_day) as from_day,
    least(positions.last_seen_to_day, matches.to_day) as last_seen_to_day,
    least(positions.to_day, positions.end_date + 1, matches.to_day) as open_to_day
  from vfs_positions as positions
  inner join {{ ref('int_identity__matches') }} as matches
    on positions.person_id = matches.person_id
    and positions.from_day < matches.to_day and matches.from_day < positions.last_seen_to_day
),

still_open as (
  {{ merge_periods('(select employee_id, org_number, from_day, open_to_day as to_day from employee_vfs_positions)',
    ['employee_id', 'org_number']) }}
),

had_a_position as (
  select
    hrm_active.position_id, hrm_active.employee_id, hrm_active.org_number, employee_vfs_positions.person_id,
    greatest(hrm_active.from_day, employee_vfs_positions.from_day) as from_day,
    least(hrm_active.to_day, employee_vfs_positions.last_seen_to_day) as to_day
  from hrm_active
  inner join employee_vfs_positions
    on hrm_active.employee_id = employee_vfs_positions.employee_id
    and hrm_active.org_number = employee_vfs_positions.org_number
    and hrm_active.from_day < employee_vfs_positions.last_seen_to_day and employee_vfs_positions.from_day < hrm_active.to_day
),

ended_early as (
  {{ subtract_periods('had_a_position', 'still_open', ['employee_id', 'org_number'],
    ['position_id', 'employee_id', 'org_number', 'person_id']) }}
)

select distinct
  'ended_early_in_vfs' as finding_type, position_id as subject_id, person_id, org_number, from_day, to_day
from ended_early
