with accesses as (
  select distinct person_id, access_group, org_number
  from {{ ref('int_kommuneadmin_accesses') }} where {{ holds_today() }}
),

active_positions as (
  select distinct person_id from {{ ref('int_vfs__active_positions') }} where {{ holds_today() }}
)

select
  accesses.person_id,
  accesses.access_group,
  accesses.org_number,
  persons.employee_number,
  persons.given_name,
  persons.family_name,
  persons.registered_by,
  active_positions.person_id is not null as has_active_position,
  persons.hrm_status,
  case
    when persons.hrm_status = 'inactive' then 'inactive_in_hrm'
    when persons.hrm_status = 'unknown' then 'not_in_hrm'
    when active_positions.person_id is null then 'no_position'
    when persons.registered_by = 'manual' then 'manual_profile'
  end as review_reason,
  run.as_of_date
from accesses
inner join {{ ref('int_persons') }} as persons using (person_id)
left join active_positions using (person_id)
cross join {{ ref('stg_run') }} as run
