with accesses as (
  -- Of several spellings of a group the first is shown.
  select person_id, min(access_group) as access_group, org_number
  from {{ ref('int_kommuneadmin_accesses') }} where {{ holds_today() }}
  group by person_id, lower(access_group), org_number
),

active_positions as (
  select distinct person_id from {{ ref('int_vfs__active_positions') }} where {{ holds_today() }}
),

-- A confirmation is an exception from reviewing that person, with or without a reason for a review.
confirmations as (
  select exceptions.subject_id as person_id, max(exceptions.until) as confirmed_until,
    arg_max(exceptions.approved_by, exceptions.until) as confirmed_by
  from {{ ref('stg_exceptions') }} as exceptions
  cross join {{ ref('stg_run') }} as run
  where exceptions.finding_type = 'kommuneadmin_review'
    and exceptions.from_day <= run.as_of_date and run.as_of_date < exceptions.to_day
  group by exceptions.subject_id
)

select
  accesses.person_id,
  accesses.access_group,
  accesses.org_number,
  {{ org_name('accesses.org_number') }} as org_name,
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
  confirmations.confirmed_until,
  confirmations.confirmed_by,
  {{ of_the_run() }}
from accesses
inner join {{ ref('int_persons') }} as persons using (person_id)
left join {{ ref('int_org_units__names') }} as org_units on accesses.org_number = org_units.org_number
left join active_positions using (person_id)
left join confirmations using (person_id)
cross join {{ ref('stg_run') }} as run
