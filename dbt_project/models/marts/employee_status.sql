with vfs_counts as (
  select person_id, count(*) as active_positions
  from {{ ref('int_vfs__active_positions') }} where {{ holds_today() }} group by person_id
),

hrm_counts as (
  select employee_id, count(*) as active_positions
  from {{ ref('int_hrm__active_positions') }} where {{ holds_today() }} group by employee_id
),

effective_accesses as (
  select distinct person_id from {{ ref('int_vfs__effective_accesses') }} where {{ holds_today() }}
),

present as (
  select
    person_id,
    bool_or(finding_type = 'active_vfs_inactive_hrm') as is_active_vfs_inactive_hrm,
    bool_or(finding_type = 'inactive_with_access') as is_inactive_with_access
  from {{ ref('int_findings') }} where resolved_on is null group by person_id
)

select
  persons.person_id,
  persons.employee_number,
  persons.given_name,
  persons.family_name,
  persons.match_method,
  if(vfs_counts.active_positions is null, 'inactive', 'active') as vfs_status,
  persons.hrm_status,
  coalesce(vfs_counts.active_positions, 0)::integer as active_vfs_positions,
  coalesce(hrm_counts.active_positions, 0)::integer as active_hrm_positions,
  coalesce(present.is_active_vfs_inactive_hrm, false) as is_active_vfs_inactive_hrm,
  coalesce(present.is_inactive_with_access, false) as is_inactive_with_access,
  persons.hrm_status in ('inactive', 'unknown') and persons.can_log_in
    and (vfs_counts.person_id is not null or effective_accesses.person_id is not null) as has_left_with_access,
  {{ of_the_run() }}
from {{ ref('int_persons') }} as persons
left join vfs_counts using (person_id)
left join hrm_counts on persons.matched_employee_id = hrm_counts.employee_id
left join effective_accesses using (person_id)
left join present using (person_id)
cross join {{ ref('stg_run') }} as run
-- Somebody whom VFS holds no longer, and who can get in all the same, must not be overlooked.
where persons.is_in_state or vfs_counts.person_id is not null or effective_accesses.person_id is not null
