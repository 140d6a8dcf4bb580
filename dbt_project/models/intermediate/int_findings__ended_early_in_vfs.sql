-- Active HRM positions whose employee had a VFS position at that org unit, and has none there now that is not ended.
with hrm_active as (
  select active.position_id, active.employee_number, active.org_number, active.to_day,
    greatest(active.from_day, extracts.extract_date) as from_day
  from (
    select active.*, active.start_date + run.grace_days as last_day_of_grace
    from {{ ref('int_hrm__active_positions') }} as active
    cross join {{ ref('stg_run') }} as run
  ) as active
  {{ join_first_extract_after('active.last_day_of_grace', 'vfs') }}
  -- A start that VFS had no time to carry over is no finding; a position without a start began long ago.
  where active.start_date is null or extracts.extract_date is not null
),

vfs_positions as (
  select
    position_id, person_id, org_number, end_date, from_day, to_day,
    lead(from_day, 1, run.as_of_date + 1) over (partition by position_id order by from_day) as last_seen_to_day
  from {{ ref('stg_vfs__positions') }}
  cross join {{ ref('stg_run') }} as run
),

of_employees as (
  select
    matches.employee_number, positions.person_id, positions.org_number,
    greatest(positions.from_day, matches.from_day) as from_day,
    least(positions.last_seen_to_day, matches.to_day) as last_seen_to_day,
    least(positions.to_day, positions.end_date + 1, matches.to_day) as open_to_day
  from vfs_positions as positions
  inner join {{ ref('int_identity__matches_as_last_seen') }} as matches
    on positions.person_id = matches.person_id
    and positions.from_day < matches.to_day and matches.from_day < positions.last_seen_to_day
),

still_open as (
  {{ merge_periods('(select employee_number, org_number, from_day, open_to_day as to_day from of_employees)',
    ['employee_number', 'org_number']) }}
),

had_a_position as (
  select
    hrm_active.position_id, hrm_active.employee_number, hrm_active.org_number, of_employees.person_id,
    greatest(hrm_active.from_day, of_employees.from_day) as from_day,
    least(hrm_active.to_day, of_employees.last_seen_to_day) as to_day
  from hrm_active
  inner join of_employees
    on hrm_active.employee_number = of_employees.employee_number
    and hrm_active.org_number = of_employees.org_number
    and hrm_active.from_day < of_employees.last_seen_to_day and of_employees.from_day < hrm_active.to_day
),

ended_early as (
  {{ subtract_periods('had_a_position', 'still_open', ['employee_number', 'org_number'],
    ['position_id', 'employee_number', 'org_number', 'person_id']) }}
)

select distinct
  'ended_early_in_vfs' as finding_type, position_id as subject_id, person_id, org_number, from_day, to_day
from ended_early
