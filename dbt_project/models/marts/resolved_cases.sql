-- Cases that were resolved in the last 90 days, as they were on their last day.
with ended as (
  -- The subject in one column for each kind. A join with a condition on the type would compare every finding with every row.
  select
    *,
    if(is_on_vfs_position, subject_id, null) as vfs_position_id,
    if(finding_type = 'ended_early_in_vfs', subject_id, null) as hrm_position_id
  from {{ ref('int_findings') }}
  cross join (select as_of_date, purged_before from {{ ref('stg_run') }}) as run
  where resolved_on > run.as_of_date - 90 and succeeded_by is null and coalesce(resolved_on >= run.purged_before, true)
    and case_number not in (select case_number from {{ ref('int_findings') }} where resolved_on is null)
  qualify row_number() over (partition by case_number order by resolved_on desc, first_seen_on, subject_id) = 1
),

-- Persons, positions and employees as last seen: what made the case may be gone.
profiles as (
  select * from {{ ref('int_vfs__persons_as_last_seen') }} where {{ holds_today() }}
),

vfs_positions as (
  select * from {{ ref('stg_vfs__positions') }}
  qualify row_number() over (partition by position_id order by from_day desc) = 1
),

matches as (
  select person_id, employee_number, employee_id from {{ ref('int_identity__matches') }} where {{ holds_today() }}
),

employees as (
  select
    employee_number, arg_max(given_name, from_day) as given_name, arg_max(family_name, from_day) as family_name
  from {{ ref('int_hrm__employees') }} group by employee_number
),

described as (
  select
    ended.*,
    coalesce(hrm.employee_number, matches.employee_number, profiles.employee_number) as employee_number,
    profiles.given_name as vfs_given_name,
    profiles.family_name as vfs_family_name,
    vfs_positions.role
  from ended
  left join profiles using (person_id)
  left join matches using (person_id)
  left join {{ ref('int_hrm__end_dates') }} as hrm on ended.hrm_position_id = hrm.position_id
  left join vfs_positions on ended.vfs_position_id = vfs_positions.position_id
)

select
  described.case_number,
  described.finding_id,
  described.finding_type,
  described.subject_id,
  described.person_id,
  described.employee_number,
  coalesce(described.vfs_given_name, employees.given_name) as given_name,
  coalesce(described.vfs_family_name, employees.family_name) as family_name,
  described.org_number,
  {{ org_name('described.org_number') }} as org_name,
  described.role,
  described.problem_since,
  described.first_seen_on,
  described.resolved_on,
  described.is_age_lower_bound,
  (described.resolved_on - described.problem_since)::integer as days_to_resolve,
  handling.handled_by,
  handling.claimed_on as done_on,
  {{ of_the_run() }}
from described
left join employees using (employee_number)
left join {{ ref('int_case_handling') }} as handling on described.case_number = handling.case_number
left join {{ ref('int_org_units__names') }} as org_units on described.org_number = org_units.org_number
cross join {{ ref('stg_run') }} as run
