-- Everybody to look up: whom VFS holds, or lets in though it holds them no longer, and HRM's employees without a profile.
with vfs_positions as (
  select
    positions.person_id,
    string_agg(distinct positions.role, ', ' order by positions.role) as roles,
    string_agg(distinct coalesce(org_units.name, positions.org_number), ', '
      order by coalesce(org_units.name, positions.org_number)) as org_names
  from {{ ref('int_vfs__active_positions') }} as positions
  left join {{ ref('int_org_units__names') }} as org_units using (org_number)
  where {{ holds_today('positions') }}
  group by positions.person_id
),

-- A group that is spelled in several ways is listed once.
accesses as (
  select person_id, string_agg(access_group, ', ' order by access_group) as access_groups
  from (
    select person_id, min(access_group) as access_group
    from {{ ref('int_vfs__effective_accesses') }} where {{ holds_today() }}
    group by person_id, lower(access_group)
  )
  group by person_id
),

hrm_names as (
  select employee_id, arg_max(given_name, from_day) as given_name, arg_max(family_name, from_day) as family_name
  from {{ ref('int_hrm__employees') }} group by employee_id
),

-- The last day of work; not known while some position has no end.
last_days as (
  select employee_id, max(coalesce(hrm_end_date, last_held_on)) as last_day_in_hrm
  from {{ ref('int_hrm__end_dates') }}
  group by employee_id
  having count(*) filter (where is_in_state and hrm_end_date is null) = 0
),

case_numbers as (
  select person_id, string_agg(distinct case_number, ', ' order by case_number) as case_numbers
  from {{ ref('cases') }} group by person_id
),

profiles as (
  select
    statuses.person_id, statuses.employee_number, persons.matched_employee_id as employee_id, statuses.given_name,
    statuses.family_name, statuses.vfs_status, statuses.hrm_status, persons.can_log_in
  from {{ ref('employee_status') }} as statuses
  inner join {{ ref('int_persons') }} as persons using (person_id)
),

without_profile as (
  select
    null::varchar as person_id, present.employee_number, present.employee_id, null::varchar as given_name,
    null::varchar as family_name, null::varchar as vfs_status, statuses.hrm_status, false as can_log_in
  from {{ ref('int_hrm__presence') }} as present
  inner join {{ ref('int_hrm__status') }} as statuses
    on present.employee_id = statuses.employee_id and {{ holds_today('statuses') }}
  where {{ holds_today('present') }}
    and present.employee_id not in (select employee_id from profiles where employee_id is not null)
),

people as (
  select * from profiles
  union all
  select * from without_profile
),

named as (
  select
    people.* replace (
      coalesce(people.given_name, hrm_names.given_name) as given_name,
      coalesce(people.family_name, hrm_names.family_name) as family_name
    ),
    nullif(concat_ws(' ', hrm_names.given_name, hrm_names.family_name), '') as hrm_name
  from people
  left join hrm_names using (employee_id)
)

select
  named.person_id,
  named.employee_number,
  named.given_name,
  named.family_name,
  nullif(named.hrm_name, concat_ws(' ', named.given_name, named.family_name)) as other_name,
  vfs_positions.roles,
  vfs_positions.org_names,
  accesses.access_groups,
  named.vfs_status,
  named.hrm_status,
  named.can_log_in,
  case
    when not named.can_log_in then false
    when vfs_positions.person_id is not null or accesses.person_id is not null then true
    -- An access that no source delivers is not known to be missing.
    when 'inactive_with_access' not in (select name from {{ ref('int_not_assessable') }} where {{ holds_today() }}) then false
  end as can_get_in,
  last_days.last_day_in_hrm,
  case_numbers.case_numbers,
  {{ of_the_run() }}
from named
left join vfs_positions using (person_id)
left join accesses using (person_id)
left join last_days using (employee_id)
left join case_numbers using (person_id)
cross join {{ ref('stg_run') }} as run
